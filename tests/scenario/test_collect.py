"""birch collects from a server of its partner's, who never calls us."""

import pytest

from gateway import PATIENCE
from processes import wait_until


@pytest.fixture
def collector(new_pair):
    """Returns make(**collect): birch collects from cedar's folder `offer`."""

    def make(**collect):
        pair = new_pair()
        gpg, key = pair.partner_with_gpg()
        offer = pair.folder / "offer"
        (offer / "done").mkdir(parents=True)
        identity, login = pair.birch.new_identity("cedar")
        pair.server.admit(login, offer)
        pair.birch.partners["cedar"]["collect"] = {
            "host": "127.0.0.1",
            "port": pair.server.port,
            "user": pair.server.user,
            "host-keys": [pair.server.host_key],
            "identity": identity,
            "every": "1s",
            **collect,
        }
        pair.server.start()
        pair.birch.start()
        pair.offer = offer
        pair.seal = lambda data, name: gpg.make(data, name, key, pair.birch.fingerprint)
        return pair

    return make


def offer(pair, documents):
    for name, data in documents.items():
        hidden = pair.offer / f".{name}.part"
        hidden.write_bytes(pair.seal(data, name))
        hidden.rename(pair.offer / f"{name}.pgp")


def left(folder):
    return sorted(p.name for p in folder.iterdir() if p.is_file())


def test_collected_documents_are_removed_there(collector):
    pair = collector()
    documents = {f"order-{n}.txt": f"order {n}".encode() for n in range(30)}
    offer(pair, documents)
    found = pair.birch.wait_delivered("cedar", documents)
    assert {n: found[n].read_bytes() for n in documents} == documents
    wait_until(lambda: not left(pair.offer), "they are gone there", PATIENCE)
    assert not left(pair.offer / "done")


def test_collected_documents_are_moved_there(collector):
    pair = collector(**{"move-to": "done"})
    offer(pair, {"order.txt": b"order 1"})
    pair.birch.wait_delivered("cedar", ["order.txt"])
    wait_until(lambda: left(pair.offer / "done") == ["order.txt.pgp"], "it was moved", PATIENCE)
    assert not left(pair.offer)


def test_only_matching_names_are_collected(collector):
    pair = collector(match=["ORDERS_*.pgp"])
    offer(pair, {"ORDERS_1.txt": b"1", "notes.txt": b"2"})
    pair.birch.wait_delivered("cedar", ["ORDERS_1.txt"])
    wait_until(lambda: left(pair.offer) == ["notes.txt.pgp"], "one was collected", PATIENCE)
    assert "notes.txt" not in pair.birch.delivered("cedar")


def test_what_is_no_finished_file_is_left(collector):
    pair = collector()
    (pair.offer / "folder").mkdir()
    (pair.offer / "link.pgp").symlink_to("/etc/passwd")
    (pair.offer / ".still.part").write_bytes(b"unfinished")
    offer(pair, {"order.txt": b"order 1"})
    pair.birch.wait_delivered("cedar", ["order.txt"])
    wait_until(lambda: not (pair.offer / "order.txt.pgp").exists(), "it is gone", PATIENCE)
    assert (pair.offer / "link.pgp").is_symlink() and (pair.offer / "folder").is_dir()
    assert (pair.offer / ".still.part").read_bytes() == b"unfinished"


def test_a_crash_between_our_commit_and_their_removal_delivers_once(collector):
    """What stays there because we died comes again and is known."""
    pair = collector()
    offer(pair, {"order.txt": b"order 1"})
    pair.birch.wait_delivered("cedar", ["order.txt"])
    wait_until(lambda: not left(pair.offer), "it is gone there", PATIENCE)
    (landed,) = [d for d in pair.birch.list() if d["name"] == "order.txt"]
    # The same bytes offered again: as after a crash before the removal.
    again = pair.seal(b"order 2", "second.txt")
    for name in ("first.pgp", "again.pgp"):
        (pair.offer / name).write_bytes(again)
    wait_until(lambda: not left(pair.offer), "both were collected", PATIENCE)
    wait_until(
        lambda: [d for d in pair.birch.list() if d["state"] == "duplicate"],
        "one is a duplicate",
        PATIENCE,
        0.1,
    )
    assert landed["state"] == "delivered"
    assert len(pair.birch.delivered("cedar")) == 2


def test_a_forgery_is_collected_and_quarantined(collector):
    pair = collector()
    message = bytearray(pair.seal(b"order 1", "order.txt"))
    message[-20] ^= 1
    (pair.offer / "forged.pgp").write_bytes(message)
    wait_until(lambda: pair.birch.quarantined("cedar"), "it is in quarantine", PATIENCE)
    assert not pair.birch.delivered("cedar")


def test_the_server_comes_back(collector):
    pair = collector()
    pair.server.stop()
    offer(pair, {"later.txt": b"later"})
    pair.server.start()
    pair.birch.wait_delivered("cedar", ["later.txt"])
