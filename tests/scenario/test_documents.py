"""Documents of every kind go from alder to birch bit for bit."""

import os
import pathlib
import shutil
import subprocess

import pytest

import pair as worlds
import processes
from gateway import PATIENCE, SANITIZED
from openpgp import Gpg
from pair import sftp_login

TESTS = pathlib.Path(__file__).resolve().parent.parent
OWN = sorted(p for p in (TESTS / "data").iterdir() if p.suffix != ".md")
SHARED = pathlib.Path(os.environ.get("WAYBILL_SHARED", TESTS.parent.parent / "shared"))
GIB = 1 << 30


@pytest.mark.parametrize("document", OWN, ids=lambda p: p.name)
def test_a_document_of_ours_arrives_bit_for_bit(pair, document):
    pair.exchange({document.name: document.read_bytes()})


def test_every_sample_arrives_bit_for_bit(pair):
    samples = [p for p in (SHARED / "samples").rglob("*") if p.is_file()]
    if not samples:
        pytest.skip("no folder ../shared/samples here")
    pair.exchange(
        {f"{number:04}-{p.name}": p.read_bytes() for number, p in enumerate(samples)},
        seconds=2 * PATIENCE,
    )


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 1 << 20])
def test_a_document_of_any_size_arrives(pair, size):
    pair.exchange({f"{size}-bytes.bin": os.urandom(size)})


@pytest.mark.parametrize(
    "name",
    [
        "with blanks in it.txt",
        "Größe und Öl.xml",
        "發票 二〇二六.pdf",
        "it's \"quoted\" `so`.txt",
        "$(touch hacked); & | > * ? [a] {b} \\ ~ # % !.txt",
        "no-extension",
        "dots.in.the.name.tar.gz",
        "n" * 200,
        "長" * 66,
    ],
)
def test_a_document_of_any_name_arrives(pair, name):
    pair.exchange({name: name.encode()})


def test_the_same_name_again_does_not_replace_the_first(pair):
    pair.exchange({"twice.txt": b"first"})
    pair.alder.drop("birch", "twice.txt", b"second")

    def both():
        return {p.read_bytes() for name, p in pair.birch.delivered("alder").items() if name.startswith("twice")}

    processes.wait_until(lambda: both() == {b"first", b"second"}, "both are there", PATIENCE)


def test_the_trail_tells_every_step_on_both_sides(pair):
    pair.exchange({"trail.xml": b"<trail/>"})
    sent = pair.alder.wait_state("trail.xml", "closed")
    received = pair.birch.wait_state("trail.xml", "delivered")
    steps = pair.alder.steps(sent["id"])
    assert steps[:1] == ["claimed"] and {"sealed", "sent"} <= set(steps), steps
    steps = pair.birch.steps(received["id"])
    assert steps[-1] == "delivered", steps


def test_three_gib_in_constant_memory(pair):
    if shutil.disk_usage(pair.folder).free < 12 * GIB:
        pytest.skip("needs 12 GiB of disk")
    name = "three-gib.bin"
    hidden = pair.alder.drop_folder("birch") / f".{name}.tmp"
    with open(hidden, "wb") as file:
        file.write(b"start")
        file.seek(3 * GIB - 3)
        file.write(b"end")
    peaks = {}

    def arrived():
        for gateway in (pair.alder, pair.birch):
            for pid, role in gateway.roles().items():
                peak = processes.facts(pid).get("VmHWM", "0 kB").split()[0]
                key = f"{gateway.name} {role}"
                peaks[key] = max(peaks.get(key, 0), int(peak) // 1024)
        return name in pair.birch.delivered("alder")

    hidden.rename(hidden.with_name(name))
    processes.wait_until(arrived, "3 GiB delivered", 600, step=0.1)
    found = pair.birch.delivered("alder")[name]
    with open(found, "rb") as file:
        assert os.fstat(file.fileno()).st_size == 3 * GIB
        assert file.read(5) == b"start"
        file.seek(3 * GIB - 3)
        assert file.read() == b"end"
    found.unlink()
    # The sanitizers' shadow memory is not ours to count.
    if not SANITIZED:
        assert max(peaks.values()) < 64, f"MiB at their highest: {peaks}"


# With partners who have nothing but gpg and sftp.


@pytest.fixture(scope="module", params=["ed25519", "rsa3072", "rsa4096"])
def cedar(request):
    """alder and its partner cedar, who has gpg; both with keys of that kind."""
    world = worlds.World()
    try:
        world.alder = world.gateway("alder", request.param)
        world.gpg = world.keep(Gpg())
        world.key = world.gpg.new_key("Cedar <edi@cedar.example>", request.param)
        world.gpg.add(world.alder.certificate())
        world.server = world.sshd()
        world.inbox = world.folder / "inbox"
        world.inbox.mkdir()
        identity, login = world.alder.new_identity("cedar")
        world.server.admit(login, world.inbox)
        world.alder.add_partner(
            "cedar",
            world.gpg.certificate(world.key),
            send={
                "host": "127.0.0.1",
                "port": world.server.port,
                "user": world.server.user,
                "host-keys": [world.server.host_key],
                "identity": identity,
            },
            **{
                "flow documents": {"direction": "out", "remote-name": "{id}.{name}"},
                "flow orders": {"direction": "in"},
            },
        )
        world.server.start()
        world.alder.start()
        yield world
    finally:
        world.close()


def test_gpg_opens_and_verifies_what_we_send(cedar):
    documents = {p.name: p.read_bytes() for p in OWN} | {"empty": b"", "Größe 1": b"1"}
    for name, data in documents.items():
        cedar.alder.drop("cedar", name, data)
    for name, data in documents.items():
        (message,) = processes.wait_until(
            lambda: list(cedar.inbox.glob(f"*.{name}")), f"{name} was sent", PATIENCE
        )
        plain, status = cedar.gpg.open(message.read_bytes())
        assert plain == data
        assert status["VALIDSIG"].endswith(cedar.alder.fingerprint)
        assert "GOODSIG" in status and "GOODMDC" in status
        assert status["PLAINTEXT"].startswith("62 ")  # 'b', binary


def test_what_gpg_and_sftp_send_is_accepted(cedar):
    variants = {
        "default.txt": [],
        "armored.txt": ["--armor"],
        "plain.txt": ["--compress-algo", "none"],
        "bzip2.txt": ["--compress-algo", "bzip2"],
        "zlib.txt": ["--compress-algo", "zlib", "--armor"],
        "sha512.txt": ["--digest-algo", "SHA512"],
        "aes128.txt": ["--cipher-algo", "AES128"],
    }
    sent = {}
    batch = ""
    for number, (name, options) in enumerate(variants.items()):
        sent[name] = f"{name} says: order {number}\n".encode() * (1 << (2 * number))
        file = cedar.folder / f"{name}.pgp"
        file.write_bytes(
            cedar.gpg.make(sent[name], name, cedar.key, cedar.alder.fingerprint, *options)
        )
        batch += f"put {file} .{file.name}.part\nrename .{file.name}.part {file.name}\n"
    sftp = sftp_login(cedar, cedar.server, cedar.alder.mailbox("cedar"))
    subprocess.run(sftp, input=batch, text=True, check=True, stdout=subprocess.DEVNULL)
    found = cedar.alder.wait_delivered("cedar", sent, "orders")
    for name, data in sent.items():
        assert found[name].read_bytes() == data
        meta = found[name].with_name(f"{name}.meta.json").read_text()
        assert cedar.key in meta


def test_a_partner_with_gnupg_2_4_gets_its_own_packet(new_pair):
    """What `aead = librepgp` makes is packet 20, and it opens over there."""
    pair = new_pair(to_birch={"aead": "librepgp"}).start()
    sealed = pair.sealed_message(b"as GnuPG 2.4 likes it")
    # A PKESK of version 3 with a short length, then the packet.
    assert sealed[0] == 0xC1 and sealed[1] < 192 and sealed[2] == 3
    assert sealed[2 + sealed[1]] == 0xC0 | 20
