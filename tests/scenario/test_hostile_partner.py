"""A partner who means harm, with a key that birch trusts."""

import json
import pathlib
import signal
import sys
import time

import pytest

import pair as worlds
from gateway import PATIENCE
from processes import send_signal, wait_until
from sshd import Sshd

LYING_SFTP = pathlib.Path(__file__).with_name("lying_sftp.py")


@pytest.fixture(scope="module")
def world():
    """birch, and its partner cedar with gpg."""
    made = worlds.Pair()
    try:
        made.cedar, made.cedar_key = made.partner_with_gpg("cedar")
        made.birch.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def birch(world):
    return world.birch


def sealed(world, data, name, *options):
    return world.cedar.make(data, name, world.cedar_key, world.birch.fingerprint, *options)


class Watch:
    """The documents of a partner that come from now on."""

    def __init__(self, birch, partner="cedar"):
        self.birch, self.partner = birch, partner
        self.known = {d["id"] for d in self.list()}

    def list(self):
        return [d for d in self.birch.list() if d["partner"] == self.partner]

    def settled(self, count, seconds=PATIENCE):
        """Wait until so many are settled; returns them."""

        def all_of_them():
            docs = [d for d in self.list() if d["id"] not in self.known]
            over = {"delivered", "quarantined", "duplicate"}
            return len(docs) >= count and all(d["state"] in over for d in docs) and docs

        return wait_until(all_of_them, f"{count} documents are settled", seconds, 0.1)


def states(docs):
    return sorted(d["state"] for d in docs)


def everything_in(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_document_cannot_pose_as_the_text_beside_another(world, birch):
    """An empty x.meta.json was overwritten when x came."""
    watch = Watch(birch)
    folder = birch.spool / "in" / "cedar" / "documents"
    birch.put_in_mailbox("cedar", {"first.pgp": sealed(world, b"", "x.meta.json")})
    watch.settled(1)
    assert "x.meta.json" not in everything_in(folder)
    birch.put_in_mailbox("cedar", {"second.pgp": sealed(world, b"hello", "x")})
    watch.settled(2)
    files = everything_in(folder)
    assert files["x"] == b"hello"
    assert json.loads(files["x.meta.json"])["name"] == "x"
    (poser,) = [n for n, data in files.items() if data == b""]
    assert poser.startswith("x.meta.") and poser.endswith(".json")
    assert json.loads(files[poser + ".meta.json"])["name"] == "x.meta.json"


MARKER = bytes([0xC0 | 10, 3]) + b"PGP"


def respelled(message, gpg):
    """The same message for everybody who can open it, in other bytes, by
    somebody who cannot."""
    armor = gpg.run("--enarmor", data=message).stdout
    key, data = message[: 2 + message[1]], message[2 + message[1] :]
    assert message[0] == 0x84 and data[0] == 0xD2 and data[1] < 192  # old and new format
    nobody = bytes([3]) + bytes([7] * 8) + bytes([1, 0, 8, 255])
    return {
        "armored.pgp": armor.replace(b"ARMORED FILE", b"MESSAGE"),
        "marked.pgp": MARKER + message,
        "new-format.pgp": bytes([0xC1]) + message[1:],
        "one-more.pgp": bytes([0xC1, len(nobody)]) + nobody + message,
        "long-length.pgp": key + data[:1] + b"\xff" + data[1].to_bytes(4, "big") + data[2:],
    }


def test_a_message_wrapped_anew_is_not_delivered_again(world, birch):
    """gpg's messages have no id of their own."""
    watch = Watch(birch)
    message = sealed(world, b"7", "pay", "--compress-algo", "none")
    others = respelled(message, world.cedar)
    birch.put_in_mailbox("cedar", {"pay.pgp": message, **others})
    docs = watch.settled(1 + len(others))
    assert states(docs) == ["delivered"] + ["duplicate"] * len(others), docs


def test_the_same_content_under_two_names_is_two_documents(world, birch):
    """Signed by the same key in the same second, the signatures are equal."""
    watch = Watch(birch)
    when = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    messages = {
        f"{n}.pgp": world.cedar.make(
            b"OK\n", f"ack-{n}.txt", world.cedar_key, birch.fingerprint, when=when
        )
        for n in (1, 2)
    }
    birch.put_in_mailbox("cedar", messages)
    assert states(watch.settled(2)) == ["delivered"] * 2
    again = world.cedar.make(
        b"OK\n", "ack-1.txt", world.cedar_key, birch.fingerprint, when=when
    )
    birch.put_in_mailbox("cedar", {"again.pgp": again})
    assert states(watch.settled(3)) == ["delivered"] * 2 + ["duplicate"]


def test_no_document_looks_unfinished(world, birch):
    """Whoever collects leaves order.tmp alone, for ever."""
    watch = Watch(birch)
    messages = {
        "order.tmp.pgp": sealed(world, b"1", ""),
        "order.filepart.gpg": sealed(world, b"2", "..."),
        "order.pgp": sealed(world, b"3", "order.part"),
    }
    birch.put_in_mailbox("cedar", messages)
    assert states(watch.settled(3)) == ["delivered"] * 3
    names = birch.delivered("cedar")
    assert not [n for n in names if n.endswith((".tmp", ".part", ".filepart"))], names


SHAPES = {
    "text": ["--textmode"],
    "bzip2": ["--compress-algo", "bzip2"],
    "zlib": ["--compress-algo", "zlib"],
    "plain": ["--compress-algo", "none"],
    "nameless-recipient": ["--throw-keyids"],
    "hidden-recipient": ["--hidden-recipient", "ME"],
    "two-recipients": ["--recipient", "ME"],
    "two-signers": ["--local-user", "OTHER"],
    "armor": ["--armor", "--comment", "a: b", "--emit-version"],
    "sha512": ["--digest-algo", "SHA512"],
    "aes128": ["--cipher-algo", "AES128"],
    "notations": ["--sig-notation", "x@y.example=z", "--sig-policy-url", "http://y.example/"],
    "expires": ["--default-sig-expire", "1d"],
    "for-your-eyes": ["--for-your-eyes-only"],
}


def test_every_shape_that_gpg_gives_a_message_is_good(world, birch):
    watch = Watch(birch)
    other = world.cedar.new_key("another <another@cedar.example>")
    who = {"ME": world.cedar_key, "OTHER": other}
    messages = {
        f"{shape}.pgp": sealed(world, shape.encode(), shape, *(who.get(o, o) for o in options))
        for shape, options in SHAPES.items()
    }
    armor = messages["armor.pgp"]
    messages["no-sum.pgp"] = sealed(world, b"no sum", "no-sum", "--armor")
    messages["no-sum.pgp"] = b"\r\n".join(
        line for line in messages["no-sum.pgp"].split(b"\n") if not line.startswith(b"=")
    )
    assert b"Comment: a: b" in armor and b"Version: " in armor
    # A partial length, and a signature in front as PGP 2 wrote it.
    messages["large.pgp"] = sealed(world, bytes(100_000), "large", "--compress-algo", "none")
    run = world.cedar.run
    signature = run("--detach-sign", "--local-user", world.cedar_key, "--output", "-", data=b"hi")
    literal = bytes([0xCB, 8]) + b"b\0\0\0\0\0hi"
    messages["old-signature.pgp"] = run(
        "--no-literal", "--compress-algo", "none", "--encrypt", "--recipient", birch.fingerprint,
        "--output", "-", data=signature.stdout + literal,
    ).stdout  # fmt: skip
    birch.put_in_mailbox("cedar", messages)
    docs = watch.settled(len(messages))
    assert states(docs) == ["delivered"] * len(messages), docs
    for shape in SHAPES.keys() - {"for-your-eyes"}:
        assert birch.delivered("cedar")[shape].read_bytes() == shape.encode()


class LyingSshd(Sshd):
    """One whose accounts are led to lying_sftp.py, instead of into folders."""

    def _write_accounts(self):
        command = f"{sys.executable} {LYING_SFTP}"
        (self.folder / "authorized_keys").write_text(
            "".join(
                f'restrict,command="{command} {lie} {self.folder}/file" {key}\n'
                for key, lie in self.accounts.items()
            )
        )


def lied_to(*lies, every="1s"):
    """birch collects from partners called liar-0, ...; what they offer is a
    good message, of liar-0."""
    pair = worlds.Pair()
    server = pair.keep(LyingSshd(pair.folder / "lying-sshd"))
    for number, lie in enumerate(lies):
        name = f"liar-{number}"
        gpg, key = pair.partner_with_gpg(name)
        identity, login = pair.birch.new_identity(name)
        server.admit(login, lie)
        pair.birch.partners[name]["collect"] = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": server.user,
            "host-keys": [server.host_key],
            "identity": identity,
            "every": every,
        }
        if number == 0:
            message = gpg.make(b"order 1", "order.txt", key, pair.birch.fingerprint)
            (server.folder / "file").write_bytes(message)
    server.start()
    return pair.start()


@pytest.fixture(scope="module")
def liars():
    pair = lied_to("OddNames", "Endless", "Changing", "Silent", "Silent", "Silent")
    yield pair
    pair.close()


@pytest.fixture
def stubborn():
    pair = lied_to("Stubborn", every="1h")
    yield pair
    pair.close()


def fails(pair, liar, reason):
    """Wait until birch has told that of one of the liar's files."""
    text = f"partner={liar} reason={reason}"
    wait_until(lambda: text in pair.birch.log.read_text(), text, PATIENCE, 0.1)


def test_silent_servers_take_no_place_from_the_others(liars):
    """Three have listed a thousand files each, and we wait for the first."""
    wait_until(lambda: liars.birch.status()["in_hand"] >= 3000, "all have listed", PATIENCE, 0.1)
    liars.exchange({"good.txt": b"good"}, seconds=PATIENCE / 4)
    assert not liars.birch.delivered("liar-3")


def test_an_endless_file_is_not_fetched(liars):
    """It would fill the disk, which stops everybody."""
    fails(liars, "liar-1", "too-large")
    assert all(d["state"] == "claimed" for d in Watch(liars.birch, "liar-1").list())
    assert sum(p.stat().st_size for p in (liars.birch.state / "landed").iterdir()) < 100_000


def test_a_file_that_changes_is_not_fetched(liars):
    fails(liars, "liar-2", "still-written")
    assert all(d["state"] == "claimed" for d in Watch(liars.birch, "liar-2").list())


def test_odd_names_and_files_that_stay(liars):
    """Many names for one message, and the server lets nothing be removed: it
    is delivered once, nothing gets out of its folder, all that we say of it
    is text."""
    birch = liars.birch
    birch.wait_delivered("liar-0", ["order.txt"])
    wait_until(lambda: len(birch.list("--state", "duplicate")) >= 22, "a third look", PATIENCE, 0.2)
    assert list(birch.delivered("liar-0")) == ["order.txt"]
    assert not birch.quarantined("liar-0")
    for text in birch.waybill("list"), birch.waybill("trace", "ok"), birch.log.read_text():
        assert not set(text) & {"\x1b", "\0", "\u202e"}


def test_what_cannot_be_removed_is_not_fetched_round_and_round(stubborn):
    """After a full listing the next one used to follow at once."""
    birch = stubborn.birch
    wait_until(lambda: "link up" in birch.log.read_text(), "there is a connection", PATIENCE, 0.1)
    wait_until(lambda: not birch.roles("courier"), "the server is left alone", PATIENCE, 0.2)
    wait_until(
        lambda: not birch.list("--state", "landed") and not birch.list("--state", "unsealed"),
        "all are settled", PATIENCE, 0.2,
    )  # fmt: skip
    assert states(birch.list()) == ["delivered"] + ["duplicate"] * 999


def many_certificates(gpg, count):
    block = "%no-protection\nKey-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\n"
    gpg.run(
        "--gen-key",
        data="".join(f"{block}Name-Real: partner {n}\n%commit\n" for n in range(count)).encode(),
    )
    told = gpg.run("--list-keys", "--with-colons").stdout.decode().splitlines()
    return [gpg.certificate(t.split(":")[9]) for t in told if t.startswith("fpr:")]


def test_all_partners_may_come_at_once(world):
    """More workers are wanted than are started for the time being."""
    maple = world.gateway("maple")
    identity, _ = maple.new_identity("all")
    nobody = {
        "host": "127.0.0.1", "port": 1, "user": "nobody", "host-keys": ["SHA256:" + "A" * 43],
        "identity": identity, "every": "1s",
    }  # fmt: skip
    names = []
    for number, certificate in enumerate(many_certificates(world.gpg(), 130)):
        names.append(f"partner-{number}")
        maple.add_partner(
            names[-1], certificate, collect=nobody, **{"flow documents": {"direction": "in"}}
        )
    maple.start()
    spooler = list(maple.roles("spooler"))
    send_signal(maple.process.pid, signal.SIGSTOP)
    for name in names:
        maple.put_in_mailbox(name, {f"{name}.pgp": b"garbage"})
    wait_until(lambda: len(maple.list()) == len(names), "all were found", PATIENCE, 0.1)
    time.sleep(1.2)  # until all servers are due to be looked at
    send_signal(maple.process.pid, signal.SIGCONT)
    wait_until(
        lambda: all(maple.quarantined(name) for name in names), "all were judged", PATIENCE, 0.2
    )
    assert list(maple.roles("spooler")) == spooler
    # Looking for the children of so many processes would take longer than all.
    maple.process.terminate()
    maple.process.wait(PATIENCE)
    maple.process = None
