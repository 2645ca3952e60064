"""
Goal: the keyword table, the manual page and the examples say the same; check
tells what is wrong and nothing else; key makes keys that gpg and ssh-keygen
understand.
"""

import datetime
import json
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess
import tempfile

import pytest

from gateway import WAYBILL

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIN = "SHA256:" + "A" * 43


def waybill(*arguments, code=0, **options):
    ran = subprocess.run(
        [WAYBILL, *map(str, arguments)],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )
    assert ran.returncode == code, f"exit {ran.returncode}\n{ran.stdout}{ran.stderr}"
    assert "ERROR: " not in ran.stderr, ran.stderr  # of a sanitizer
    return ran.stdout if code == 0 else ran.stdout + ran.stderr


@pytest.fixture
def tmp_path():
    """pytest's own keeps the folders of three runs."""
    with tempfile.TemporaryDirectory(prefix="waybill-config-") as folder:
        yield pathlib.Path(folder)


@pytest.fixture(scope="module")
def table():
    """(section, keyword) -> (kind, default, required), in order."""
    rows = {}
    for line in waybill("check", "--keywords").splitlines():
        section, name, kind, default, required = line.split("\t")
        rows[section, name] = (kind, default, required == "required")
    assert len(rows) > 40
    return rows


# The manual page


def manual():
    """The same, as waybill.conf(5) has it."""
    heads = {
        "THE GATEWAY": "",
        "USERS": "users",
        "PARTNERS": "partner",
        "SEND": "send",
        "COLLECT": "collect",
        "FLOWS": "flow",
    }
    rows, section = {}, None
    for line in (ROOT / "docs/waybill.conf.5").read_text().splitlines():
        if line.startswith(".Sh "):
            section = heads.get(line[4:])
        if section is None or not line.startswith(".It Ic "):
            continue
        plain = re.sub(r"\b(Qo|Qc|No|Ic|Ar|Pq|Cm|default)\b ?", "", line[7:]).strip()
        if "{ ..." in plain:
            words = plain.split()
            rows[section, words[0]] = (
                "named section" if words[1] == "name" else "section",
                "",
                False,
            )
            continue
        match = re.fullmatch(r"\.It Ic (\S+) = (?:Ar (\S+)|Cm ([a-z| ]+?))(?: Pq (.+))?", line)
        assert match, line
        name, kind, choice, rest = match.groups()
        default = ""
        if rest and rest != "required":
            assert rest.startswith("default Cm "), line
            default = rest[len("default Cm ") :]
        rows[section, name] = (kind or choice.replace(" ", ""), default, rest == "required")
    return rows


def test_manual_says_what_the_table_says(table):
    assert manual() == table
    assert list(manual()) == list(table), "in another order"


@pytest.mark.parametrize("page", ["waybill.8", "waybill.conf.5"])
def test_manual_is_sound(page):
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc")
    ran = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", ROOT / "docs" / page],
        capture_output=True,
        text=True,
    )
    assert not ran.stdout, ran.stdout


def test_manual_names_every_command():
    listed = re.findall(r"^  ([a-z]+) ", waybill("--help"), re.M)
    assert "check" in listed
    page = (ROOT / "docs/waybill.8").read_text()
    for command in listed:
        assert f".Cm {command}" in page, command


# The examples


def uncommented(file):
    """The example with every setting in force, explanations left out."""
    lines = []
    for line in (ROOT / "etc" / file).read_text().splitlines():
        bare = re.sub(r"^(\s*)#(?=[\t a-z}])", r"\1", line, count=1)
        setting = r"\s*([a-z-]+ = \S.*|[a-z]+( \"[a-z]+\")? \{|\})"
        if line == bare or re.fullmatch(setting, bare):
            lines.append("" if re.match(r"\s*#", bare) else bare)
        else:
            lines.append("")
    return "\n".join(lines) + "\n"


def example_rows():
    """(section, keyword) -> (value, commented out?)"""
    rows = {}
    for file in ("waybill.conf", "partner.conf"):
        at = [""]
        shown = (ROOT / "etc" / file).read_text().splitlines()
        for line, original in zip(uncommented(file).splitlines(), shown):
            line = line.strip()
            if opened := re.fullmatch(r'([a-z]+)( "\w+")? \{', line):
                rows[at[-1], opened[1]] = ("", False)
                at.append(opened[1])
            elif line == "}":
                at.pop()
            elif line:
                name, value = line.split(" = ", 1)
                value = value.strip('"')
                known = rows.get((at[-1], name))
                if known is None or not known[1]:
                    rows[at[-1], name] = (value, original.lstrip().startswith("#"))
        assert at == [""], file
    return rows


def test_examples_show_every_keyword_and_default(table):
    rows = example_rows()
    assert set(table) | {("", "partner")} == set(rows) | {("", "partner")}
    for (section, name), (kind, default, required) in table.items():
        if (section, name) == ("", "partner") or "section" in kind:
            continue
        value, commented = rows[section, name]
        if default:
            assert value == default, f"{section} {name}"
            assert commented or section in ("collect",), f"{section} {name}"
        if required and section != "collect":
            assert not commented, f"{section} {name}"


# A configuration that is good


@pytest.fixture(scope="module")
def keys():
    """Keys of ours and of a partner."""
    with tempfile.TemporaryDirectory(prefix="waybill-config-") as folder:
        yield make_keys(pathlib.Path(folder))


def make_keys(folder):
    made = {}
    for who in ("us", "acme", "birch"):
        text = waybill(
            "key", "generate", "--keys", folder / who, "--json",
            "--user-id", f"{who} <{who}@a.example>",
        )  # fmt: skip
        made[who] = json.loads(text)["fingerprint"]
    waybill("key", "generate", "--keys", folder / "us", "--ssh", "acme")
    return folder, made


class Place:
    def __init__(self, folder, keys):
        self.folder = folder
        source, self.fingerprints = keys
        shutil.copytree(source / "us", folder / "keys")
        (folder / "partners.d").mkdir()
        self.certificate("acme", source)
        self.fpr = self.fingerprints["us"]
        self.conf = folder / "waybill.conf"
        self.partner = folder / "partners.d/acme.conf"
        self.write()

    def certificate(self, who, source):
        file = source / who / f"{self.fingerprints[who]}.asc"
        shutil.copy(file, self.folder / f"partners.d/{who}.asc")

    def write(self, more="", partner="flow f { direction = in }", name="acme"):
        self.conf.write_text(
            f"gateway-id = gw\nspool = spool\nstate = state\nsigning-key = {self.fpr}\n{more}\n"
        )
        self.partner.write_text(
            f'partner "{name}" {{\ncertificates = {{ "acme.asc" }}\n{partner}\n}}\n'
        )

    def check(self, *options, code=0):
        return waybill("check", "-f", self.conf, *options, code=code)


@pytest.fixture
def place(tmp_path, keys):
    return Place(tmp_path, keys)


def test_check_says_what_it_found(place):
    before = sorted(str(p) for p in place.folder.rglob("*"))
    (line,) = place.check().splitlines()
    assert "partners: 1, flows: 0 out, 1 in" in line
    assert place.fpr[-8:] in line
    found = json.loads(place.check("--json"))
    assert found["ok"] and not found["problems"] and not found["warnings"]
    assert [key["owner"] for key in found["keys"]] == ["signing-key", "acme"]
    assert sorted(str(p) for p in place.folder.rglob("*")) == before, "check changed something"


def test_examples_are_good(place):
    me = pwd.getpwuid(os.geteuid()).pw_name
    text = uncommented("waybill.conf")
    text = text.replace("0" * 40, place.fpr).replace("passphrase-file", "#")
    text = re.sub(r'"waybill(-[a-z]+)?"', f'"{me}"', text)
    text = re.sub(r"admin-group.*", "", text)
    place.conf.write_text(text)
    partner = uncommented("partner.conf").replace('"erp"', f'"{me}"')
    place.partner.write_text(partner)
    assert "flows: 1 out, 1 in" in place.check()


def test_all_problems_at_once(place):
    place.write("spol = 3\nmin-free = much", "flow f { direction = out max_size = 1M }")
    out = place.check(code=1)
    assert f"{place.conf}:5: unknown keyword \"spol\"; did you mean spool?" in out
    assert f"{place.conf}:6: min-free: " in out
    assert f"{place.partner}:1: partner \"acme\" has a flow with direction = out" in out
    assert f"{place.partner}:3: unknown keyword \"max_size\"" in out
    assert "did you mean max-size?" in out
    assert len(out.splitlines()) == 4
    found = json.loads(place.check("--json", code=1))
    assert not found["ok"]
    assert [p["line"] for p in found["problems"]] == [5, 6, 1, 3]


def test_usage():
    for words in (
        ["check", "--nonsense"],
        ["check", "a"],
        ["key"],
        ["key", "forge"],
        ["key", "generate", "--type", "dsa"],
        ["key", "generate", "--expires", "soon"],
        ["key", "generate", "--ssh", "../x"],
        ["key", "generate", "--user-id", "a\nb"],
        ["key", "import"],
        ["key", "export", "a", "b"],
        ["key", "list", "x"],
    ):
        assert "--help" in waybill(*words, code=2), words
    for words in (
        ["check"],
        ["key"],
        ["key", "generate"],
        ["key", "import"],
        ["key", "export"],
        ["key", "list"],
    ):
        assert waybill(*words, "--help").startswith("usage: waybill"), words


# Keys that are not right


def test_unsafe_secret_is_refused(place):
    secret = place.folder / f"keys/{place.fpr}.key"
    secret.chmod(0o640)
    assert "others can read the secret" in place.check(code=1)
    secret.chmod(0o600)
    (place.folder / "keys").chmod(0o770)
    assert "others can write to the folder" in place.check(code=1)
    (place.folder / "keys").chmod(0o700)
    place.check()


def test_wrong_signing_key(place):
    place.fpr = "0" * 40
    place.write()
    assert "there is no key 0000" in place.check(code=1)
    shutil.rmtree(place.folder / "keys")
    assert "waybill key generate" in place.check(code=1)


def test_certificate_for_two_partners(place):
    other = place.folder / "partners.d/other.conf"
    other.write_text(place.partner.read_text().replace("acme", "other", 1))
    assert "acme" in place.check(code=1)


def test_pitfall_15_revoked_in_another_copy(place, keys, tmp_path):
    """The signing key beside its own file, and a partner's in a second one."""
    place.write()
    conf = place.partner.read_text()
    place.partner.write_text(conf.replace('"acme.asc"', '"acme.asc", "newer.asc"'))
    newer = place.folder / "partners.d/newer.asc"
    shutil.copy(place.folder / "partners.d/acme.asc", newer)
    place.check()
    folder = tmp_path / "acme"
    shutil.copytree(keys[0] / "acme", folder)
    fpr = place.fingerprints["acme"]
    waybill("key", "revoke", "--keys", folder, "--reason", "compromised", fpr)
    shutil.copy(folder / f"{fpr}.asc", newer)
    assert "revoked" in place.check(code=1)
    newer.unlink()
    place.partner.write_text(conf)
    place.check()
    own = place.folder / "keys"
    revocation = own / f"{place.fpr}.revocation.asc"
    waybill("key", "revoke", "--keys", own, "--revocation", revocation, place.fpr)
    assert "cannot sign" in place.check(code=1)


def test_our_own_certificate_is_no_partner(place):
    shutil.copy(place.folder / f"keys/{place.fpr}.asc", place.folder / "partners.d/acme.asc")
    assert "is a key of our own" in place.check(code=1)


def test_damaged_certificate(place):
    file = place.folder / "partners.d/acme.asc"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert str(file) in place.check(code=1)
    file.write_text("hello")
    assert str(file) in place.check(code=1)


def test_post_quantum_is_a_promise(place):
    """Debian 12 and 13 cannot and say so; later ones ask the certificate."""
    flow = (
        f"flow f {{ direction = out }}\nsend {{ host = h user = u host-keys = {{ \"{PIN}\" }}"
        ' identity = "../keys/acme.ssh" }'
    )
    for word in ("auto", "off"):
        place.write(partner=f"post-quantum = {word}\n{flow}")
        place.check()
    place.write(partner=f"post-quantum = require\n{flow}")
    said = place.check(code=1)
    if "libgcrypt" in said:
        assert f"{place.partner}:3: post-quantum: ML-KEM-768+X25519 needs libgcrypt 1.12" in said
        place.write(partner=f"post-quantum = prefer\n{flow}")
        assert f"{place.partner}:3: post-quantum: " in place.check(code=1)
        return
    acme = place.fingerprints["acme"]
    assert f"partner acme: post-quantum = require, but certificate {acme}: no key for " in said
    place.write(partner=f"post-quantum = prefer\n{flow}")
    place.check()


def test_identity(place):
    send = (
        f"flow f {{ direction = out }}\nsend {{ host = h user = u host-keys = {{ \"{PIN}\" }}"
        ' identity = "../keys/acme.ssh" }'
    )
    place.write(partner=send)
    place.check()
    shutil.copyfile(place.folder / "keys/acme.ssh.pub", place.folder / "keys/acme.ssh")
    assert "not a private SSH key" in place.check(code=1)


def test_key_that_expires_soon(place):
    folder = place.folder / "keys"
    text = waybill(
        "key", "generate", "--keys", folder, "--json", "--user-id", "x", "--expires", "30d"
    )
    place.fpr = json.loads(text)["fingerprint"]
    place.write()
    out = place.check()
    assert re.search(r"warning: signing-key: key \w+ expires on \S+, in (29|30) days", out)


# Keys and other programs


def gpg(home, *arguments, **options):
    ran = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--quiet", "--no-autostart", *map(str, arguments)],
        capture_output=True,
        timeout=120,
        **options,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("kind", ["ed25519", "rsa3072", "rsa4096"])
def test_gpg_reads_what_we_make(tmp_path, kind):
    keys = tmp_path / "keys"
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    text = waybill(
        "key", "generate", "--keys", keys, "--type", kind, "--json",
        "--user-id", "Grüße <a@b.example>",
    )  # fmt: skip
    fpr = json.loads(text)["fingerprint"]
    assert stat.S_IMODE((keys / f"{fpr}.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    certificate = waybill("key", "export", "--keys", keys, fpr.lower())
    gpg(home, "--import", input=certificate.encode())
    shown = gpg(home, "--with-colons", "--list-keys").decode()
    assert f"fpr:::::::::{fpr}:" in shown
    assert "Grüße <a@b.example>" in shown
    public = next(line.split(":") for line in shown.splitlines() if line.startswith("pub:"))
    years = (int(public[6]) - int(public[5])) / 86400 / 365
    assert 1.99 < years < 2.01
    (row,) = waybill("key", "list", "--keys", keys, "--json").splitlines()
    row = json.loads(row)
    assert row["fingerprint"] == fpr and row["sign"] == "ok" and row["encrypt"] == "ok"
    secret = waybill("key", "export", "--keys", keys, "--secret", fpr[-16:])
    assert secret == (keys / f"{fpr}.key").read_text()


def test_import_from_gpg(tmp_path):
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    agent = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback"]
    try:
        subprocess.run(
            [*agent, "--passphrase", "", "--quick-gen-key", "us <us@a.example>"]
            + ["default", "default", "1y"],
            check=True,
            capture_output=True,
        )
        exported = subprocess.run(
            [*agent, "--export-secret-keys"], check=True, capture_output=True
        ).stdout
        public = gpg(home, "--armor", "--export")
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
    (tmp_path / "secret").write_bytes(exported)
    (tmp_path / "public").write_bytes(public)
    keys = tmp_path / "keys"
    told = json.loads(waybill("key", "import", "--keys", keys, "--json", tmp_path / "secret"))
    assert (keys / f"{told['fingerprint']}.key").read_bytes() == exported
    with open(tmp_path / "secret") as again:
        told = waybill("key", "import", "--keys", keys, "-", code=1, stdin=again)
        assert "exists" in told
    assert "certificate without its secret key" in waybill(
        "key", "import", "--keys", keys, tmp_path / "public", code=1
    )
    assert "us <us@a.example>" in waybill("key", "list", "--keys", keys)


def test_passphrase(tmp_path):
    keys = tmp_path / "keys"
    word = tmp_path / "word"
    word.write_text("correct horse\n")
    word.chmod(0o600)
    fpr = json.loads(
        waybill(
            "key", "generate", "--keys", keys, "--json",
            "--user-id", "x", "--passphrase-file", word,
        )  # fmt: skip
    )["fingerprint"]
    secret = keys / f"{fpr}.key"
    other = tmp_path / "other"
    waybill("key", "import", "--keys", other, "--passphrase-file", word, secret)
    third = ["key", "import", "--keys", tmp_path / "third", secret]
    waybill(*third, code=1)
    word.write_text("wrong horse\n")
    waybill(*third, "--passphrase-file", word, code=1)
    word.chmod(0o644)
    assert "chmod 600" in waybill(*third, "--passphrase-file", word, code=1)


def test_ssh_key(tmp_path):
    keys = tmp_path / "keys"
    told = json.loads(waybill("key", "generate", "--keys", keys, "--ssh", "acme", "--json"))
    path = keys / "acme.ssh"
    assert told["identity"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = subprocess.run(["ssh-keygen", "-yf", path], check=True, capture_output=True, text=True)
    assert public.stdout.split()[:2] == told["authorized_key"].split()[:2]
    assert waybill("key", "export", "--keys", keys, "--ssh", "acme") == told["authorized_key"] + "\n"
    before = path.read_text()
    waybill("key", "generate", "--keys", keys, "--ssh", "acme", code=1)
    assert path.read_text() == before, "overwritten"


def test_expiry_dates(tmp_path):
    keys = tmp_path / "keys"
    for when, shown in (("never", "never"), ("2040-02-29", "2040-02-29")):
        text = waybill(
            "key", "generate", "--keys", keys, "--json", "--user-id", "x", "--expires", when
        )
        assert json.loads(text)["expires"] == shown
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    waybill("key", "generate", "--keys", keys, "--user-id", "x", "--expires", yesterday, code=2)


def test_list_shows_partners(place, keys):
    text = waybill("key", "list", "--json", "-f", place.conf)
    rows = [json.loads(line) for line in text.splitlines()]
    assert [(r["owner"], r.get("partner")) for r in rows] == [("us", None), ("partner", "acme")]
    assert rows[0]["signing_key"] and rows[1]["fingerprint"] == keys[1]["acme"]
    shown = waybill("key", "list", "-f", place.conf)
    assert "partner acme" in shown and "signing-key" in shown
