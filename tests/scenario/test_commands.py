"""What administrators can ask, for people and with --json."""

import pytest


def test_list_filters_by_partner_state_and_direction(pair):
    pair.exchange({f"list-{n}.txt": b"x" for n in range(3)})
    for name in ("list-0.txt", "list-1.txt", "list-2.txt"):
        pair.alder.wait_state(name, "closed")
    names = {d["name"] for d in pair.alder.list("--partner", "birch", "--state", "closed")}
    assert {"list-0.txt", "list-1.txt", "list-2.txt"} <= names
    assert pair.alder.list("--partner", "nobody") == []
    assert {d["direction"] for d in pair.birch.list()} == {"in"}


def test_list_is_also_for_people(pair):
    pair.exchange({"people.txt": b"x"})
    assert "people.txt" in pair.birch.waybill("list")
    assert "delivered" in pair.birch.waybill("list")


def test_trace_finds_by_name_id_and_digest(pair):
    pair.exchange({"find-me.txt": b"a document of its own"})
    doc = pair.alder.wait_state("find-me.txt", "closed")
    by_id = pair.alder.waybill("trace", doc["id"])
    for text in ("find-me.txt", doc["plain_sha256"], doc["sealed_sha256"]):
        assert pair.alder.waybill("trace", text) == by_id
    assert "sent" in by_id and "find-me.txt" in by_id


def test_trace_of_what_is_unknown_fails(pair):
    ran = pair.alder.try_waybill("trace", "never-seen.txt")
    assert ran.returncode == 1
    assert "never-seen.txt" in ran.stderr


def test_a_name_cannot_forge_a_line(pair):
    """Nothing that a partner chose reaches a terminal raw."""
    name = "x\u202etxt.exe"  # refused by name; shown escaped
    path = pair.alder.drop_folder("birch") / name
    path.write_bytes(b"x")
    pair.exchange({"later.txt": b"x"})
    shown = pair.alder.waybill("list") + pair.alder.log.read_text(errors="replace")
    assert "\u202e" not in shown


def test_status_tells_the_partners(pair):
    assert "birch" in pair.alder.status()["partners"]
    assert "birch" in pair.alder.try_waybill("status").stdout


def test_the_listings_work_when_the_gateway_is_down(new_pair):
    pair = new_pair().start()
    pair.exchange({"down.txt": b"x"})
    doc = pair.alder.wait_state("down.txt", "closed")
    pair.alder.stop()
    assert pair.alder.states() == {"down.txt": "closed"}
    assert "sent" in pair.alder.steps(doc["id"])
    assert pair.alder.fsck() == ""


@pytest.mark.parametrize("arguments", [["nonsense"], ["list", "--nonsense"], [], ["trace"]])
def test_wrong_usage_is_exit_code_2_with_a_hint(pair, arguments):
    ran = pair.alder.try_waybill(*arguments, config=False)
    assert ran.returncode == 2
    assert "usage" in ran.stderr.lower() or "waybill" in ran.stderr


# Keys


def test_a_gpg_key_can_be_imported_and_used(new_pair):
    pair = new_pair()
    gpg = pair.gpg()
    fingerprint = gpg.new_key("Alder <edi@alder.example>")
    secret = pair.folder / "secret.asc"
    secret.write_bytes(gpg.run("--armor", "--export-secret-keys", fingerprint).stdout)
    keys = pair.alder.folder / "keys"
    pair.alder.waybill("key", "import", "--keys", keys, secret, config=False)
    listed = pair.alder.waybill("key", "list", "--keys", keys, "--json", config=False)
    assert fingerprint in listed and pair.alder.fingerprint in listed
    pair.alder.settings["signing-key"] = pair.alder.fingerprint = fingerprint
    (pair.birch.folder / "partners.d" / "alder.asc").write_bytes(pair.alder.certificate())
    pair.start()
    pair.exchange({"imported.txt": b"signed with gpg's key"})


def test_an_ssh_identity_can_be_made(new_pair):
    pair = new_pair()
    keys = pair.alder.folder / "keys"
    pair.alder.waybill("key", "generate", "--keys", keys, "--ssh", "made", config=False)
    public = pair.alder.waybill("key", "export", "--keys", keys, "--ssh", "made", config=False)
    pair.server.admit(public.strip(), pair.birch.mailbox("alder"))
    pair.send["identity"] = keys / "made.ssh"
    pair.start()
    pair.exchange({"login.txt": b"with our own key"})
