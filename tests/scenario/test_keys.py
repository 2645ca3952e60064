"""
Goal: a key of ours is made, lives longer, gets new subkeys, another passphrase
and an end by `waybill key`; gpg reads each step, nothing is ever lost, and what
goes wrong leaves everything as it was.
"""

import datetime
import fcntl
import json
import os
import pathlib
import stat
import subprocess
import tempfile

import pytest

from gateway import WAYBILL

DAY = 86400


class Keys:
    """A folder of keys."""

    def __init__(self, top):
        self.top = top
        self.folder = top / "keys"
        self.home = top / "gpg"
        self.home.mkdir(mode=0o700)

    def run(self, command, *arguments, code=0):
        ran = subprocess.run(
            [WAYBILL, "key", command, "--keys", self.folder, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == code, f"exit {ran.returncode}\n{ran.stdout}{ran.stderr}"
        assert "ERROR: " not in ran.stderr, ran.stderr  # of a sanitizer
        return ran.stdout if code == 0 else ran.stdout + ran.stderr

    def generate(self, *options):
        text = self.run("generate", "--json", "--user-id", "us <us@a.example>", *options)
        return json.loads(text)["fingerprint"]

    def list(self, *options):
        return [json.loads(line) for line in self.run("list", "--json", *options).splitlines()]

    def subkeys(self, use=None, state=None):
        (row,) = self.list()
        return [
            key
            for key in row["keys"]
            if use in (None, key["use"]) and state in (None, key["state"])
        ]

    def passphrase(self, name, text):
        file = self.top / name
        file.write_text(text + "\n")
        file.chmod(0o600)
        return file

    def gpg(self, *arguments, code=0, when=None):
        faked = [f"--faked-system-time={int(when)}!"] if when else []
        ran = subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet"]
            + ["--pinentry-mode", "loopback", "--passphrase", "one", *faked]
            + list(map(str, arguments)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == code, ran.stderr
        return ran.stdout

    def content(self):
        return {file.name: file.read_bytes() for file in self.folder.iterdir()}


@pytest.fixture
def keys():
    with tempfile.TemporaryDirectory(prefix="waybill-keys-") as folder:
        made = Keys(pathlib.Path(folder))
        yield made
        subprocess.run(["gpgconf", "--homedir", made.home, "--kill", "all"], check=False)


def now():
    return datetime.datetime.now().timestamp()


def mode(file):
    return stat.S_IMODE(file.stat().st_mode)


# Birth


def test_a_revocation_is_born_with_the_key(keys):
    fpr = keys.generate()
    file = keys.folder / f"{fpr}.revocation.asc"
    assert mode(file) == 0o600
    assert file.read_text().startswith("This is a revocation certificate")
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    assert "pub:-:" in keys.gpg("--with-colons", "--list-keys")
    keys.gpg("--import", file)
    assert "pub:r:" in keys.gpg("--with-colons", "--list-keys")
    # It is no key of the gateway's.
    assert len(keys.list()) == 1


@pytest.mark.parametrize(
    "kind",
    ["ed25519", "rsa3072", "nistp256", "nistp384", "nistp521"]
    + ["brainpoolp256", "brainpoolp384", "brainpoolp512"],
)
def test_gpg_takes_every_kind(keys, kind):
    keys.generate("--type", kind, "--passphrase-file", keys.passphrase("word", "one"))
    for file in keys.folder.glob("*.key"):
        keys.gpg("--import", file)
    document = keys.top / "document"
    document.write_text("order")
    keys.gpg(
        "--trust-model", "always", "-r", "us@a.example", "-o", keys.top / "sealed",
        "--sign", "--encrypt", document,
    )  # fmt: skip
    assert keys.gpg("-d", keys.top / "sealed") == "order"


@pytest.mark.parametrize("kind", ["ed25519", "ed448", "rsa3072", "nistp521"])
def test_version_6(keys, kind):
    fpr = keys.generate("--type", kind, "--v6", "--argon2", "--no-aead")
    assert len(fpr) == 64
    (row,) = keys.list()
    assert row["sign"] == row["encrypt"] == "ok"
    assert [key["use"] for key in row["keys"]] == ["certify", "sign", "encrypt"]


def test_several_names_and_an_audit_key(keys):
    fpr = keys.generate("--user-id", "and <also@a.example>", "--audit")
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    shown = keys.gpg("--with-colons", "--list-keys")
    assert shown.count("uid:") == 2 and shown.count("sub:") == 1
    (row,) = keys.list()
    assert row["sign"] == "ok" and row["encrypt"] != "ok"
    # Rotated, it is one still.
    keys.run("rotate", "--from", "now", fpr)
    assert [key["use"] for key in keys.subkeys()] == ["certify", "sign", "sign"]


def test_post_quantum_or_in_words_why_not(keys):
    ran = subprocess.run(
        [WAYBILL, "key", "generate", "--keys", keys.folder, "--user-id", "x"]
        + ["--type", "mlkem768"],
        capture_output=True,
        text=True,
    )
    if ran.returncode != 0:
        assert "libgcrypt" in ran.stderr and not keys.folder.exists()
    assert "mldsa65" in keys.run("generate", "--user-id", "x", "--type", "x", code=2)


# Expiry


def test_expire(keys):
    fpr = keys.generate("--expires", "30d")
    before = keys.content()
    told = keys.run("expire", "--expires", "2034-05-06")
    assert "2034-05-06" in told and "SIGHUP" in told
    assert all("2034-05-06" in key["until"] for key in keys.subkeys())
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    ends = {
        line.split(":")[6]
        for line in keys.gpg("--with-colons", "--list-keys").splitlines()
        if line.startswith(("pub:", "sub:"))
    }
    assert ends == {str(int(datetime.datetime(2034, 5, 6, tzinfo=datetime.timezone.utc).timestamp()))}
    # What was there before is there still, under another name.
    after = keys.content()
    kept = {name: data for name, data in after.items() if name not in before}
    for name in (f"{fpr}.key", f"{fpr}.asc"):
        assert before[name] in kept.values() and after[name] != before[name]
        assert any(other.startswith(name + ".") for other in kept)
    assert all(mode(file) == 0o600 for file in keys.folder.glob("*.key*"))
    told = json.loads(keys.run("expire", "--json"))
    assert told["fingerprint"] == fpr and len(told["kept"]) == 2
    after = keys.content()
    for wrong in (["--expires", "soon"], ["--expires", "2020-01-01"], ["--expires", "now"]):
        keys.run("expire", *wrong, code=2)
    assert keys.content() == after


def test_passphrase_is_asked_for(keys):
    word = keys.passphrase("word", "one")
    fpr = keys.generate("--passphrase-file", word)
    before = keys.content()
    assert "passphrase" in keys.run("expire", fpr, code=1)
    wrong = keys.passphrase("wrong", "two")
    assert "wrong passphrase" in keys.run("expire", "--passphrase-file", wrong, code=1)
    assert keys.content() == before
    keys.run("expire", "--passphrase-file", word)
    assert "passphrase" in keys.run("expire", fpr, code=1)


# Rotation


def test_rotate(keys):
    fpr = keys.generate("--expires", "90d")
    old = {key["use"]: key["fingerprint"] for key in keys.subkeys(state="valid")}
    told = keys.run("rotate")
    for word in ("certificate", "partner", "SIGHUP", "superseded", old["sign"], old["encrypt"]):
        assert word in told
    new = keys.subkeys(state="not yet valid")
    assert [key["use"] for key in new] == ["sign", "encrypt"]
    assert all(key["fingerprint"] in told for key in new)
    assert len(keys.subkeys(state="valid")) == 3
    # gpg uses the old one until then, and then the new one.
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    document = keys.top / "document"
    document.write_text("order")
    for days, used in ((1, old["encrypt"]), (15, new[1]["fingerprint"])):
        sealed = keys.top / f"sealed{days}"
        keys.gpg(
            "--trust-model", "always", "-r", fpr, "-o", sealed, "--encrypt", document,
            when=now() + days * DAY,
        )  # fmt: skip
        packets = subprocess.run(
            ["gpg", "--homedir", keys.home, "--batch", "--list-packets", sealed],
            capture_output=True,
            text=True,
        ).stdout
        assert used[-16:] in packets
    # The primary key is made to last as long as they do.
    assert "expires on" not in keys.run("list")
    assert keys.subkeys(use="certify")[0]["until"] == new[0]["until"]


def test_rotate_at_once_and_to_another_kind(keys):
    fpr = keys.generate("--type", "nistp256")
    told = json.loads(keys.run("rotate", "--from", "now", "--json", fpr[-16:]))
    assert {key["algorithm"] for key in told["subkeys"]} == {"NIST P-256"}
    keys.run("rotate", "--from", "now", "--type", "ed25519", "--expires", "1y")
    (row,) = keys.list()
    assert row["sign_algorithm"] == "Ed25519" and len(row["keys"]) == 7
    keys.run("rotate", "--from", f"@{int(now()) + 3600}")
    assert len(keys.subkeys(state="not yet valid")) == 2
    for wrong in (
        ["--from", "never"],
        ["--from", "2020-01-01"],
        ["--from", "@1"],
        ["--from", "@"],
        ["--from", "2030-01-01", "--expires", "2029-01-01"],
        ["--type", "dsa"],
        [fpr, fpr],
    ):
        keys.run("rotate", *wrong, code=2)


# Its end


def test_revoke(keys):
    fpr = keys.generate()
    for wrong in ([], [fpr], ["--reason", "superseded"], ["--reason", "tired", fpr]):
        keys.run("revoke", *wrong, code=2)
    told = keys.run("revoke", "--reason", "retired", "--text", "we moved", fpr)
    assert "for good" in told
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    assert "pub:r:" in keys.gpg("--with-colons", "--list-keys")
    assert keys.subkeys(state="revoked")[0]["use"] == "certify"
    for command in ("expire", "rotate"):
        assert "revoked" in keys.run(command, code=1)
    assert "revoked" in keys.run("list")


def test_revoke_a_subkey(keys):
    fpr = keys.generate()
    sign, encrypt = (key["fingerprint"] for key in keys.subkeys()[1:])
    keys.run("rotate", "--from", "now")
    keys.run("revoke", "--reason", "superseded", "--subkey", encrypt[-16:], code=2)
    assert "no subkey" in keys.run(
        "revoke", "--reason", "superseded", "--subkey", fpr, code=1
    )
    keys.run("revoke", "--reason", "superseded", "--subkey", encrypt)
    (gone,) = keys.subkeys(state="revoked")
    assert gone["fingerprint"] == encrypt and "revoked" in gone
    assert len(keys.subkeys(state="valid")) == 4
    (row,) = keys.list()
    assert row["sign"] == row["encrypt"] == "ok"
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    shown = keys.gpg("--with-colons", "--list-keys").splitlines()
    assert [line.split(":")[4] for line in shown if line.startswith("sub:r:")] == [encrypt[-16:]]


def test_revoke_without_the_passphrase(keys):
    """The day for which the revocation certificate was made."""
    fpr = keys.generate("--passphrase-file", keys.passphrase("word", "one"))
    other = keys.generate()
    file = keys.top / "elsewhere"
    (keys.folder / f"{fpr}.revocation.asc").rename(file)
    before = keys.content()
    assert "passphrase" in keys.run("revoke", "--reason", "none", fpr, code=1)
    keys.run("revoke", "--revocation", file, code=2)
    keys.run("revoke", "--revocation", file, "--reason", "none", fpr, code=2)
    keys.run("revoke", "--revocation", file, other, code=1)
    keys.run("revoke", "--revocation", keys.folder / f"{fpr}.asc", fpr, code=1)
    assert keys.content() == before
    keys.run("revoke", "--revocation", file, fpr)
    keys.gpg("--import", keys.folder / f"{fpr}.asc", keys.folder / f"{other}.asc")
    shown = keys.gpg("--with-colons", "--list-keys")
    assert "pub:r:" in shown and "pub:-:" in shown
    assert keys.content()[f"{fpr}.key"] == before[f"{fpr}.key"]
    rows = {row["fingerprint"]: row for row in keys.list()}
    assert "revoked" in rows[fpr]["sign"] and rows[other]["sign"] == "ok"


# Passphrases


def test_passwd(keys):
    one, two = keys.passphrase("one", "one"), keys.passphrase("two", "two")
    fprs = [keys.generate("--audit") for _ in range(2)]
    keys.run("passwd", code=2)
    keys.run("passwd", "--no-passphrase", "--new-passphrase-file", one, code=2)
    told = keys.run("passwd", "--new-passphrase-file", one)
    assert "remove the old files" in told
    for fpr in fprs:
        assert "passphrase" in keys.run("expire", fpr, code=1)
        keys.run("expire", fpr, "--passphrase-file", one)
        keys.gpg("--import", keys.folder / f"{fpr}.key")
    keys.run("passwd", "--passphrase-file", one, "--new-passphrase-file", two, "--argon2")
    # Argon2 is kept by what comes after.
    keys.run("expire", fprs[0], "--passphrase-file", two)
    before = keys.content()
    assert "passphrase" in keys.run("passwd", "--no-passphrase", "--passphrase-file", one, code=1)
    assert keys.content() == before
    keys.run("passwd", "--no-passphrase", "--passphrase-file", two)
    keys.run("expire", fprs[0])


def test_passwd_goes_on_where_it_was_cut(keys):
    one, two = keys.passphrase("one", "one"), keys.passphrase("two", "two")
    first, second = sorted(
        keys.generate("--audit", "--passphrase-file", one) for _ in range(2)
    )
    old = (keys.folder / f"{second}.key").read_bytes()
    keys.run("passwd", "--passphrase-file", one, "--new-passphrase-file", two)
    (keys.folder / f"{second}.key").write_bytes(old)
    keys.run("passwd", "--passphrase-file", one, "--new-passphrase-file", two)
    for fpr in (first, second):
        keys.run("expire", fpr, "--passphrase-file", two)


# Import


def test_import_writes_an_old_lock_anew(keys):
    """A passphrase that is hashed but once."""
    fpr = keys.generate("--audit", "--passphrase-file", keys.passphrase("word", "one"))
    made = keys.folder / f"{fpr}.key"
    keys.gpg("--import", made)
    exported = keys.top / "exported"
    keys.gpg("--s2k-mode", "1", "-o", exported, "--export-secret-keys")
    made.unlink()
    keys.run("import", "--passphrase-file", keys.top / "word", exported)
    packets = subprocess.run(
        ["gpg", "--homedir", keys.home, "--list-packets", made], capture_output=True, text=True
    ).stdout
    assert packets.count("iter+salt S2K") == 2


def test_import_locks_what_lies_open(keys):
    fpr = keys.generate("--audit")
    made, moved, word = keys.folder / f"{fpr}.key", keys.top / "k", keys.passphrase("word", "one")
    made.rename(moved)
    assert "not locked" in keys.run("import", moved)
    made.unlink()
    assert "not locked" not in keys.run("import", "--passphrase-file", word, moved)
    assert "passphrase" in keys.run("expire", fpr, code=1)
    assert "remove the old files" in keys.run("expire", fpr, "--passphrase-file", word)


# Two files of one key


def revoked_by_certificate(keys):
    """Only the certificate beside the key says so."""
    fpr = keys.generate("--audit")
    keys.run("revoke", "--revocation", keys.folder / f"{fpr}.revocation.asc", fpr)
    return fpr


def is_revoked(keys, fpr):
    (row,) = keys.list()
    assert "revoked" in row["sign"]
    keys.gpg("--import", keys.folder / f"{fpr}.asc")
    return "pub:r:" in keys.gpg("--with-colons", "--list-keys")


def test_pitfall_15_passwd_keeps_a_revocation(keys):
    fpr = revoked_by_certificate(keys)
    keys.run("passwd", "--new-passphrase-file", keys.passphrase("word", "one"))
    assert is_revoked(keys, fpr)
    (keys.folder / f"{fpr}.asc").unlink()
    (row,) = keys.list("--passphrase-file", keys.top / "word")
    assert "revoked" in row["sign"]


def test_pitfall_15_changes_need_a_live_certificate(keys):
    revoked_by_certificate(keys)
    for command in ("expire", "rotate"):
        assert "revoked" in keys.run(command, code=1)


def test_pitfall_15_import_beside_a_stale_certificate(keys):
    fpr = keys.generate("--audit")
    made, stale = keys.folder / f"{fpr}.key", (keys.folder / f"{fpr}.asc").read_bytes()
    keys.run("revoke", "--reason", "compromised", fpr)
    made.rename(keys.top / "gone")
    (keys.folder / f"{fpr}.asc").write_bytes(stale)
    keys.run("import", keys.top / "gone")
    assert is_revoked(keys, fpr)


def test_pitfall_15_list_reads_both(keys):
    fpr = keys.generate("--audit")
    stale = (keys.folder / f"{fpr}.asc").read_bytes()
    keys.run("revoke", "--reason", "compromised", fpr)
    (keys.folder / f"{fpr}.asc").write_bytes(stale)
    (row,) = keys.list()
    assert "revoked" in row["sign"]
    assert keys.run("export", fpr).encode() != stale


# What goes wrong


def test_one_command_at_a_time(keys):
    keys.generate()
    before = keys.content()
    fd = os.open(keys.folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        assert "another command" in keys.run("rotate", code=1)
    finally:
        os.close(fd)
    assert keys.content() == before
    keys.run("rotate")


def test_a_folder_that_cannot_be_written(keys):
    """Nothing half: a change that fails leaves both files as they were."""
    fpr = keys.generate()
    before = keys.content()
    # A folder where the certificate's new name must go.
    (keys.folder / f"{fpr}.asc").unlink()
    (keys.folder / f"{fpr}.asc").mkdir()
    keys.run("expire", fpr, code=1)
    assert not list(keys.folder.glob(".new*"))
    (keys.folder / f"{fpr}.asc").rmdir()
    assert any(before[f"{fpr}.key"] == f.read_bytes() for f in keys.folder.glob(f"{fpr}.key*"))
    # Whole in any case, and the next attempt mends it.
    keys.run("expire", fpr)
    assert (keys.folder / f"{fpr}.asc").read_text().startswith("-----BEGIN PGP PUBLIC")


def test_which_key(keys):
    one, two = keys.generate(), keys.generate()
    assert "name the fingerprint" in keys.run("rotate", code=1)
    assert "no key" in keys.run("rotate", "0" * 40, code=1)
    keys.run("rotate", two.lower())
    assert [len(row["keys"]) for row in keys.list() if row["fingerprint"] == one] == [3]
    assert [len(row["keys"]) for row in keys.list() if row["fingerprint"] == two] == [5]


@pytest.mark.parametrize("command", ["expire", "rotate", "revoke", "passwd"])
def test_help(keys, command):
    assert f"usage: waybill key {command}" in keys.run(command, "--help")
    keys.run(command, "--nonsense", code=2)
