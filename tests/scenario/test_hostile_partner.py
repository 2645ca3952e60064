"""A partner who means harm, with a key that birch trusts."""

import json

import pytest

from gateway import PATIENCE
from processes import wait_until


@pytest.fixture(scope="module")
def world():
    """birch, and its partner cedar with gpg."""
    import pair as worlds

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


def settled(birch, count, partner="cedar"):
    """Wait until so many documents of that partner are settled; returns the
    newest `count`."""

    def all_of_them():
        docs = [d for d in birch.list() if d["partner"] == partner]
        over = {"delivered", "quarantined", "duplicate"}
        return len(docs) >= count and all(d["state"] in over for d in docs) and docs[-count:]

    return wait_until(all_of_them, f"{count} documents are settled", PATIENCE, 0.1)


def everything_in(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_document_cannot_pose_as_the_text_beside_another(world, birch):
    """An empty x.meta.json was overwritten when x came."""
    before = len(birch.list())
    folder = birch.spool / "in" / "cedar" / "documents"
    birch.put_in_mailbox("cedar", {"first.pgp": sealed(world, b"", "x.meta.json")})
    settled(birch, before + 1)
    assert "x.meta.json" not in everything_in(folder)
    birch.put_in_mailbox("cedar", {"second.pgp": sealed(world, b"hello", "x")})
    settled(birch, before + 2)
    files = everything_in(folder)
    assert files["x"] == b"hello"
    assert json.loads(files["x.meta.json"])["name"] == "x"
    posers = [n for n in files if n.startswith("x.meta.") and n.endswith(".json") and files[n] == b""]
    assert len(posers) == 1
    assert json.loads(files[posers[0] + ".meta.json"])["name"] == "x.meta.json"
