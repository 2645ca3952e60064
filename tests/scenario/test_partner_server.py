"""The partner's server fails in every way it can; nothing is lost or "sent"."""

import os
import subprocess
import time

import pytest

from gateway import PATIENCE
from processes import wait_until

WAITING = {"sealed", "sending"}


def waits(pair, name, reason):
    """The document waits at alder for that reason and is nowhere else."""

    def there():
        docs = [d for d in pair.alder.list() if d["name"] == name]
        assert not docs or docs[0]["state"] in WAITING | {"claimed"}, docs
        return docs and docs[0]["state"] in WAITING and docs[0]["reason"] == reason

    wait_until(there, f"{name} waits because of {reason}", PATIENCE, 0.1)
    assert name not in pair.birch.delivered("alder")


def heals(pair, name, data):
    found = pair.birch.wait_delivered("alder", [name])
    assert found[name].read_bytes() == data
    pair.alder.wait_state(name, "closed")


def test_server_down(new_pair):
    pair = new_pair().start()
    pair.exchange({"before.txt": b"works"})
    pair.server.stop()
    pair.alder.drop("birch", "down.txt", b"down")
    waits(pair, "down.txt", "unreachable")
    pair.server.start()
    heals(pair, "down.txt", b"down")


def test_server_falls_silent_in_mid_connection(new_pair):
    """Frozen, so that nothing is answered, then gone and back."""
    pair = new_pair().start()
    pair.exchange({"before.txt": b"works"})
    pair.server.freeze()
    pair.alder.drop("birch", "silent.txt", b"silent")
    pair.alder.wait_state("silent.txt", "sending")
    pair.server.restart()
    heals(pair, "silent.txt", b"silent")


def test_host_key_changed(new_pair):
    pair = new_pair()
    pinned = pair.server.folder / "host_key"
    old = {p: p.read_bytes() for p in (pinned, pinned.with_suffix(".pub"))}
    pair.start()
    pair.exchange({"before.txt": b"works"})
    pair.server.new_host_key()
    pair.server.restart()
    pair.alder.drop("birch", "other-key.txt", b"not to a stranger")
    waits(pair, "other-key.txt", "host-key-changed")
    logins = pair.server.logins()
    doc = pair.alder.wait_state("other-key.txt", "sealed", "host-key-changed")
    assert pair.server.host_key in doc["why"], "the key that was shown is told"
    assert pair.server.logins() == logins, "we logged in to a stranger"
    for path, content in old.items():
        path.write_bytes(content)
    pair.server.restart()
    heals(pair, "other-key.txt", b"not to a stranger")


def test_a_second_pinned_host_key_is_good(new_pair):
    pair = new_pair()
    pair.server.new_host_key()
    pair.send["host-keys"].append(pair.server.host_key)
    pair.start()
    pair.exchange({"rotated.txt": b"works"})


def test_login_refused(new_pair):
    pair = new_pair().start()
    pair.exchange({"before.txt": b"works"})
    pair.server.shut_out(pair.login)
    pair.server.restart()
    pair.alder.drop("birch", "no-login.txt", b"patience")
    waits(pair, "no-login.txt", "login-refused")
    pair.server.admit(pair.login, pair.birch.mailbox("alder"))
    heals(pair, "no-login.txt", b"patience")


def test_remote_folder_missing(new_pair):
    pair = new_pair()
    inbox = pair.folder / "inbox"
    inbox.mkdir()
    pair.server.admit(pair.login, inbox)
    pair.send["remote"] = "later"
    pair.start()
    pair.alder.drop("birch", "no-folder.txt", b"soon")
    waits(pair, "no-folder.txt", "remote-folder")
    (inbox / "later").mkdir()
    pair.alder.wait_state("no-folder.txt", "closed")
    assert [p.suffix for p in (inbox / "later").iterdir()] == [".pgp"]


def test_remote_folder_closed_to_us(new_pair):
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    pair = new_pair()
    inbox = pair.folder / "inbox"
    inbox.mkdir(mode=0o555)
    pair.server.admit(pair.login, inbox)
    pair.start()
    pair.alder.drop("birch", "closed.txt", b"soon")
    waits(pair, "closed.txt", "remote-denied")
    inbox.chmod(0o755)
    pair.alder.wait_state("closed.txt", "closed")


def test_a_document_that_cannot_be_sent_in_its_lifetime_is_held(new_pair):
    pair = new_pair(to_birch={"lifetime": "3s"})
    pair.birch.start()
    pair.alder.start()  # no server
    pair.alder.drop("birch", "late.txt", b"too late")
    doc = pair.alder.wait_state("late.txt", "held", "tries-exhausted")
    assert (pair.alder.state / "sealed" / doc["id"]).exists()
    assert "unreachable" in doc["why"]


def test_a_dead_partner_does_not_slow_the_others(new_pair):
    pair = new_pair()
    gpg, key = pair.partner_with_gpg("dead")
    pair.alder.add_partner(
        "dead",
        gpg.certificate(key),
        send={**pair.send, "port": 1},
        **{"flow documents": {"direction": "out"}},
    )
    pair.start()
    for number in range(200):
        pair.alder.drop("dead", f"dead-{number}.txt", b"never")
    pair.exchange({f"live-{number}.txt": b"now" for number in range(50)})
    assert not {d["state"] for d in pair.alder.list("--partner", "dead")} & {"sent", "closed"}


# Full disks: small file systems of our own, so only as root.


@pytest.fixture
def small_disk(tmp_path_factory):
    """A mounted tmpfs of 8 MiB."""
    if os.getuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "waybill-test", folder],
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not possible here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder, leave):
    """Fill the file system but for `leave` bytes; returns the filler."""
    filler = folder / "filler"
    with open(filler, "wb") as file:
        space = os.statvfs(folder)
        os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - leave)
    return filler


def test_disk_full_there(new_pair, small_disk):
    pair = new_pair()
    pair.server.admit(pair.login, small_disk)
    pair.start()
    filler = fill(small_disk, leave=64 << 10)
    pair.alder.drop("birch", "there.bin", os.urandom(1 << 20))
    wait_until(
        lambda: [d for d in pair.alder.list() if d["reason"] in {"remote-full", "remote-failed"}],
        "alder was told",
        PATIENCE,
        0.1,
    )
    assert pair.alder.states()["there.bin"] in WAITING
    assert not list(small_disk.glob("*.pgp")), "half a message under its final name"
    filler.unlink()
    pair.alder.wait_state("there.bin", "closed")
    (message,) = small_disk.glob("*.pgp")
    assert message.stat().st_size > 1 << 20
    assert not list(small_disk.glob(".*.part"))


@pytest.mark.parametrize("min_free", ["2M", "0"])
def test_disk_full_here(new_pair, small_disk, min_free):
    """With a reserve nothing is claimed; without, sealing fails and is undone."""
    pair = new_pair(alder={"min_free": min_free})
    for path in ("spool", "state"):
        setattr(pair.alder, path, small_disk / path)
        pair.alder.settings[path] = small_disk / path
    pair.start()
    data = os.urandom(1 << 20)
    (small_disk / "here.bin").write_bytes(data)
    filler = fill(small_disk, leave=512 << 10)
    if min_free != "0":
        wait_until(lambda: pair.alder.status()["disk_full"], "it was noticed", 10)
    (small_disk / "here.bin").rename(pair.alder.drop_folder("birch") / "here.bin")
    if min_free == "0":
        pair.alder.wait_state("here.bin", "claimed", "no-space")
    else:
        time.sleep(1)  # that nothing happens has no event
        assert (pair.alder.drop_folder("birch") / "here.bin").exists()
        assert pair.alder.list() == []
    filler.unlink()
    heals(pair, "here.bin", data)
    pair.alder.stop()
    assert pair.alder.fsck() == ""


def test_disk_full_at_the_receiver(new_pair, small_disk):
    pair = new_pair(birch={"min_free": "0"})
    for path in ("spool", "state"):
        setattr(pair.birch, path, small_disk / path)
        pair.birch.settings[path] = small_disk / path
    pair.server.admit(pair.login, pair.birch.mailbox("alder"))
    pair.start()
    data = os.urandom(1 << 20)
    filler = fill(small_disk, leave=1536 << 10)
    pair.alder.drop("birch", "full.bin", data)
    wait_until(
        lambda: [d for d in pair.birch.list() if d["reason"] == "no-space"],
        "birch has no space to open it",
        PATIENCE,
        0.1,
    )
    assert not pair.birch.delivered("alder")
    filler.unlink()
    heals(pair, "full.bin", data)
