"""What must never be delivered, each with its own reason."""

import pytest

from gateway import PATIENCE, SANITIZED
from processes import wait_until


@pytest.fixture(scope="module")
def birch(pair_with_strangers):
    return pair_with_strangers.birch


@pytest.fixture(scope="module")
def pair_with_strangers():
    """birch has two partners with gpg, cedar and dogwood; a stranger is
    nobody's partner; elder's certificate runs out, and birch knows it."""
    import pair as worlds

    world = worlds.Pair()
    try:
        world.cedar, world.cedar_key = world.partner_with_gpg("cedar")
        world.dogwood, world.dogwood_key = world.partner_with_gpg("dogwood")
        world.stranger = world.gpg()
        world.stranger_key = world.stranger.new_key("Stranger <who@else.example>")
        world.stranger.add(world.birch.certificate())
        yield world.start()
    finally:
        world.close()


def refused(birch, messages, partner="cedar", seconds=PATIENCE):
    """Put the messages into the mailbox at once and wait until each of them
    lies in quarantine; returns the reasons by name."""
    before = birch.delivered(partner).keys()
    birch.put_in_mailbox(partner, messages)

    def reasons():
        found = {r["received_as"]: r["reason"] for r in birch.quarantined(partner).values()}
        return found if messages.keys() <= found.keys() else None

    found = wait_until(reasons, f"{len(messages)} in quarantine", seconds, 0.2)
    assert birch.delivered(partner).keys() == before
    assert not list(birch.mailbox(partner).iterdir())
    return {name: found[name] for name in messages}


def test_unsigned(pair_with_strangers, birch):
    w = pair_with_strangers
    message = w.cedar.make(b"order 1", "order.txt", None, birch.fingerprint)
    assert refused(birch, {"unsigned.pgp": message}) == {"unsigned.pgp": "unsigned"}


def test_not_encrypted(pair_with_strangers, birch):
    w = pair_with_strangers
    message = w.cedar.make(b"order 1", "order.txt", w.cedar_key, None)
    assert refused(birch, {"signed.pgp": message}) == {"signed.pgp": "not-encrypted"}


def test_signed_by_a_stranger(pair_with_strangers, birch):
    w = pair_with_strangers
    message = w.stranger.make(b"order 1", "order.txt", w.stranger_key, birch.fingerprint)
    assert refused(birch, {"stranger.pgp": message}) == {"stranger.pgp": "signer-unknown"}


def test_signed_by_another_partner(pair_with_strangers, birch):
    w = pair_with_strangers
    message = w.dogwood.make(b"order 1", "order.txt", w.dogwood_key, birch.fingerprint)
    assert refused(birch, {"other.pgp": message}) == {"other.pgp": "signer-other-partner"}


def test_encrypted_to_somebody_else(pair_with_strangers, birch):
    w = pair_with_strangers
    message = w.cedar.make(b"order 1", "order.txt", w.cedar_key, w.cedar_key)
    assert refused(birch, {"not-us.pgp": message}) == {"not-us.pgp": "not-for-us"}


def test_signed_for_somebody_else(new_pair):
    """birch opens what alder signed for birch and passes it on, encrypted to
    oak, as if alder had meant oak: surreptitious forwarding."""
    pair = new_pair(to_birch={"aead": "never"})
    oak = pair.gateway("oak")
    oak.add_partner("alder", pair.alder.certificate(), **{"flow documents": {"direction": "in"}})
    oak.start()
    pair.start()
    message = pair.sealed_message(b"I owe you 100 EUR")
    gpg = pair.gpg()
    for key in (pair.birch.secret_key(), pair.alder.certificate(), oak.certificate()):
        gpg.add(key)
    signed = gpg.run("--unwrap", "--decrypt", data=message).stdout
    forwarded = gpg.run(
        "--no-literal", "--compress-algo", "none", "--encrypt", "--recipient", oak.fingerprint,
        data=signed,
    ).stdout  # fmt: skip
    assert refused(oak, {"forwarded.pgp": forwarded}, "alder") == {
        "forwarded.pgp": "wrong-recipient"
    }


def test_garbage_is_no_message(birch):
    found = refused(
        birch,
        {
            "empty.pgp": b"",
            "text.pgp": b"Dear Sir or Madam, please find our order below.\n",
            "zeros.pgp": bytes(4096),
            "ones.pgp": b"\xff" * 4096,
            "armor.pgp": b"-----BEGIN PGP MESSAGE-----\n\n-----END PGP MESSAGE-----\n",
        },
    )
    assert set(found.values()) <= {"malformed", "damaged", "not-encrypted", "unsupported"}, found


def test_expired_signer(new_pair):
    """elder has a new key, too, and signs with the old one."""
    pair = new_pair()
    gpg, _ = pair.partner_with_gpg("elder")
    old = gpg.new_key(
        "elder until 2020 <edi@elder.example>", expires="20200401T000000", when="20200101T000000"
    )
    (pair.birch.folder / "partners.d" / "old.asc").write_bytes(gpg.certificate(old))
    pair.birch.partners["elder"]["certificates"].append("old.asc")
    message = gpg.make(
        b"order 1",
        "order.txt",
        old,
        pair.birch.fingerprint,
        "--ignore-time-conflict",
        "--ignore-valid-from",
        when="20200201T000000",
    )
    pair.birch.start()
    assert refused(pair.birch, {"late.pgp": message}, "elder") == {"late.pgp": "signer-expired"}


def test_one_flipped_bit_anywhere(pair_with_strangers, birch):
    """Every single bit of a message that alder sent."""
    message = pair_with_strangers.sealed_message(b"pay 100 EUR")
    flips = {}
    for bit in range(8 * len(message)):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << bit % 8
        flips[f"bit-{bit}.pgp"] = bytes(changed)
    found = refused(birch, flips, "alder", seconds=600 if SANITIZED else 180)
    assert set(found.values()) <= {
        "damaged", "malformed", "not-for-us", "unsupported", "not-encrypted", "weak-algorithm",
    }, {n: r for n, r in found.items()}  # fmt: skip


def test_cut_at_any_length(pair_with_strangers, birch):
    message = pair_with_strangers.sealed_message(b"pay 200 EUR", "cut.txt")
    cuts = {f"cut-{n}.pgp": message[:n] for n in range(len(message))}
    found = refused(birch, cuts, "alder", seconds=180)
    assert set(found.values()) <= {"damaged", "malformed", "not-for-us", "unsupported"}, found
    # And one byte too many.
    longer = refused(birch, {"longer.pgp": message + b"\0"}, "alder")
    assert longer["longer.pgp"] in {"damaged", "malformed"}


def test_the_same_message_again_is_not_delivered_again(pair_with_strangers, birch):
    message = pair_with_strangers.sealed_message(b"pay 300 EUR", "again.txt")
    before = birch.delivered("alder").keys()
    birch.put_in_mailbox("alder", {"again-1.pgp": message, "again-2.pgp": message})
    wait_until(
        lambda: sum(d["state"] == "duplicate" for d in birch.list("--state", "duplicate")) >= 2,
        "both were seen to be duplicates",
        PATIENCE,
        0.2,
    )
    assert birch.delivered("alder").keys() == before


@pytest.mark.parametrize(
    "name, data, good",
    [
        ("invoice.xml", b"<?xml version='1.0'?><invoice/>", True),
        ("two-roots.xml", b"<a/><b/>", False),
        ("text.xml", b"no xml at all", False),
        ("entities.xml", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", False),
    ],
)
def test_a_flow_for_xml_takes_xml_only(xml_pair, name, data, good):
    xml_pair.alder.drop("birch", name, data)
    if good:
        xml_pair.birch.wait_delivered("alder", [name])
    else:
        xml_pair.birch.wait_state(name, "quarantined", "content")
        assert name not in xml_pair.birch.delivered("alder")


def test_eight_times_at_once_in_a_flow_for_xml_is_delivered_once(xml_pair):
    """The others come while the first is still being inspected."""
    data = b"<?xml version='1.0'?><first/>"
    xml_pair.server.stop()
    xml_pair.alder.drop("birch", "first.xml", data)
    doc = xml_pair.alder.wait_state("first.xml", "sealed")
    message = (xml_pair.alder.state / "sealed" / doc["id"]).read_bytes()
    before = len(xml_pair.birch.delivered("alder"))
    xml_pair.birch.put_in_mailbox("alder", {f"first-{n}.pgp": message for n in range(8)})

    def settled():
        states = [d["state"] for d in xml_pair.birch.list() if d["name"].startswith("first")]
        return len(states) == 8 and set(states) <= {"delivered", "duplicate"} and states

    states = wait_until(settled, "all eight are settled", PATIENCE, 0.2)
    assert states.count("delivered") == 1
    assert len(xml_pair.birch.delivered("alder")) == before + 1
    xml_pair.server.start()


@pytest.fixture(scope="module")
def xml_pair():
    import pair as worlds

    world = worlds.Pair(flow_in={"content": "xml"})
    try:
        yield world.start()
    finally:
        world.close()
