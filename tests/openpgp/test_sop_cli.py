"""The Stateless OpenPGP command line itself: options, arguments, exit codes,
and what is written where.  What others make of its messages: test_matrix.py."""

import os
import pathlib
import re
import resource
import subprocess

import pytest

TOP = pathlib.Path(__file__).parents[2]
WAYBILL = TOP / os.environ.get("BUILD", "build/gcc") / "waybill"
MANUAL = (TOP / "docs/waybill-sop.1").read_text()
TEXT = "Grüße\n- dashed\n\tblanks\n".encode()
LINE = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [0-9A-F]{40} [0-9A-F]{40} mode:(binary|text)\n"
NOBODY = 65534

(NO_SIGNATURE, UNSUPPORTED_ASYMMETRIC_ALGO, CERT_CANNOT_ENCRYPT, MISSING_ARG) = (3, 13, 17, 19)
(INCOMPLETE_VERIFICATION, CANNOT_DECRYPT, PASSWORD_NOT_HUMAN_READABLE) = (23, 29, 31)
(UNSUPPORTED_OPTION, BAD_DATA, EXPECTED_TEXT, OUTPUT_EXISTS) = (37, 41, 53, 59)
(MISSING_INPUT, KEY_IS_PROTECTED, UNSUPPORTED_SUBCOMMAND) = (61, 67, 69)
(UNSUPPORTED_SPECIAL_PREFIX, AMBIGUOUS_INPUT, KEY_CANNOT_SIGN) = (71, 73, 79)
(INCOMPATIBLE_OPTIONS, UNSUPPORTED_PROFILE, PRIMARY_KEY_BAD) = (83, 89, 103)


class Sop:
    """Runs it in a folder of its own, where files are made on the way."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *words, data=b"", env=None, command=(WAYBILL, "sop"), **how):
        if hasattr(data, "fileno"):
            how["stdin"] = data
        else:
            how["input"] = data
        how.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [*map(str, command), *map(str, words)],
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            timeout=60,
            **how,
        )

    def do(self, *words, **how):
        """What it says when it succeeds."""
        ran = self.run(*words, **how)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout

    def fails(self, code, *words, **how):
        """It says why, gives that code and nothing else; returns the words."""
        ran = self.run(*words, **how)
        assert (ran.returncode, ran.stdout) == (code, b""), ran.stderr.decode()
        assert ran.stderr.startswith(b"waybill sop"), ran.stderr
        return ran.stderr.decode()

    def file(self, name, content):
        (self.folder / name).write_bytes(content)
        return name

    def read(self, name):
        return (self.folder / name).read_bytes()

    def has(self, name):
        return (self.folder / name).exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Keys are made once; each test gets its own copies."""
    sop = Sop(tmp_path_factory.mktemp("made"))
    sop.file("pw", b"correct horse \xc3\xa4\n")
    for name, words in {
        "alice": (),
        "bob": (),
        "carol": ("--with-key-password=pw",),
        "signer": ("--signing-only",),
    }.items():
        key = sop.do("generate-key", *words, "--", f"{name} <{name}@example.org>")
        sop.file(f"{name}.key", key)
        sop.file(f"{name}.cert", sop.do("extract-cert", data=key))
    sop.file("gone.cert", sop.do("revoke-key", data=sop.read("alice.key")))
    sop.file("gone.key", with_revocation(sop, "alice.key", "gone.cert"))
    sop.file("message", sop.do("encrypt", "--sign-with=alice.key", "bob.cert", data=TEXT))
    sop.file("signature", sop.do("sign", "alice.key", data=TEXT))
    return sop


@pytest.fixture
def sop(made, tmp_path):
    for path in made.folder.iterdir():
        os.link(path, tmp_path / path.name)
    return Sop(tmp_path)


def split(packets):
    """Our own keys' packets, which have new headers and definite lengths."""
    at = 0
    while at < len(packets):
        first = packets[at + 1]
        head = 2 if first < 192 else 3
        length = first if first < 192 else ((first - 192) << 8) + packets[at + 2] + 192
        yield packets[at : at + head + length]
        at += head + length


def with_revocation(sop, key, cert):
    """The secret key with the signature that follows the other's primary key."""
    primary, *rest = split(sop.do("dearmor", data=sop.read(key)))
    _, revocation, *_ = split(sop.do("dearmor", data=sop.read(cert)))
    return primary + revocation + b"".join(rest)


# Words.


def subcommands(sop):
    said = sop.do("help").decode()
    return re.findall(r"^  ([a-z-]+)  +", said, re.MULTILINE)


def test_help_and_manual_know_the_same(sop):
    names = subcommands(sop)
    assert {"version", "encrypt", "inline-verify"} <= set(names)
    assert sop.do("--help") == sop.do("help") == sop.do("-h")
    for name in names:
        said = sop.do("help", name).decode()
        assert said == sop.do(name, "--help").decode()
        synopsis = re.search(rf"^\.Nm\n\.Cm {name}\n((?!\.Nm).*\n)*", MANUAL, re.MULTILINE)[0]
        for option in re.findall(r"^  --([a-z-]+)", said, re.MULTILINE):
            if option not in ("help", "debug", "verify-out"):
                assert re.search(rf"(Fl|\|) -{option}\b", synopsis), (name, option)
    described = re.search(r"\.Sh EXIT STATUS\n(.*?)\.Sh", MANUAL, re.DOTALL)[1]
    codes = {int(c) for c in re.findall(r"^\.It (\d+)$", described, re.MULTILINE)}
    assert {v for k, v in globals().items() if k.isupper() and isinstance(v, int)} - {
        NOBODY
    } <= codes


@pytest.mark.parametrize(
    "code, words",
    [
        (UNSUPPORTED_SUBCOMMAND, ["frobnicate"]),
        (UNSUPPORTED_SUBCOMMAND, ["certify-userid", "--userid=x", "alice.key"]),
        (UNSUPPORTED_SUBCOMMAND, ["help", "frobnicate"]),
        (UNSUPPORTED_OPTION, ["armor", "--frobnicate"]),
        (UNSUPPORTED_OPTION, ["armor", "--labe=sig"]),
        (UNSUPPORTED_OPTION, ["armor", "-l"]),
        (UNSUPPORTED_OPTION, ["dearmor", "word"]),
        (UNSUPPORTED_OPTION, ["version", "--backend=x"]),
        (UNSUPPORTED_OPTION, ["armor", "--label=mime"]),
        (UNSUPPORTED_OPTION, ["sign", "--as=clearsigned", "alice.key"]),
        (UNSUPPORTED_OPTION, ["encrypt", "--as=mime", "bob.cert"]),
        (UNSUPPORTED_OPTION, ["encrypt", "--for=storage", "bob.cert"]),
        (UNSUPPORTED_OPTION, ["verify", "--not-after=soon", "signature", "alice.cert"]),
        (MISSING_ARG, ["armor", "--label"]),
        (MISSING_ARG, ["list-profiles"]),
        (MISSING_ARG, ["sign"]),
        (MISSING_ARG, ["inline-sign", "--as=text"]),
        (MISSING_ARG, ["verify", "signature"]),
        (MISSING_ARG, ["inline-verify"]),
        (MISSING_ARG, ["inline-detach"]),
        (MISSING_ARG, ["encrypt"]),
        (MISSING_ARG, ["decrypt"]),
        (INCOMPATIBLE_OPTIONS, ["version", "--backend", "--extended"]),
        (INCOMPATIBLE_OPTIONS, ["armor", "--label=sig", "--label=key"]),
        (INCOMPATIBLE_OPTIONS, ["inline-sign", "--as=clearsigned", "--no-armor", "alice.key"]),
        (INCOMPLETE_VERIFICATION, ["decrypt", "--verify-with=alice.cert", "bob.key"]),
        (INCOMPLETE_VERIFICATION, ["decrypt", "--verifications-out=v", "bob.key"]),
        (INCOMPLETE_VERIFICATION, ["decrypt", "--verify-not-after=now", "bob.key"]),
        (UNSUPPORTED_PROFILE, ["list-profiles", "sign"]),
        (UNSUPPORTED_PROFILE, ["generate-key", "--profile=rot13"]),
        (UNSUPPORTED_PROFILE, ["encrypt", "--profile=rot13", "bob.cert"]),
    ],
    ids=lambda value: value if isinstance(value, int) else "_".join(value),
)
def test_wrong_words(sop, code, words):
    sop.fails(code, *words, data=sop.read("message"))
    assert not sop.has("v")


def test_without_a_subcommand_it_lists_them(sop):
    ran = sop.run()
    assert (ran.returncode, ran.stdout) == (MISSING_ARG, b"") and b"encrypt" in ran.stderr


def test_options_stand_anywhere_and_take_either_form(sop):
    key = sop.do("generate-key", "--no-armor", "a", "--profile", "rfc4880", "--debug")
    assert key[0] & 0x80
    # But behind "--" nothing is one.
    assert sop.do("generate-key", "--", "--no-armor").startswith(b"-----BEGIN")


def test_its_other_name(sop):
    (sop.folder / "waybill-sop").symlink_to(WAYBILL)
    said = sop.do("version", command=["./waybill-sop"])
    assert re.fullmatch(rb"waybill-sop \d+\.\d+.*\n", said) and said == sop.do("version")
    ran = sop.run("sign", command=["./waybill-sop"])
    assert ran.returncode == MISSING_ARG and ran.stderr.startswith(b"waybill-sop sign: ")


def test_version(sop):
    first = sop.do("version")
    assert sop.do("version", "--extended").startswith(first)
    assert sop.do("version", "--backend").startswith(b"libgcrypt 1.")
    assert sop.do("version", "--sop-spec").startswith(b"~draft-dkg-openpgp-stateless-cli-")
    assert re.fullmatch(rb"\d+\.\d+(\.\d+)?\n", sop.do("version", "--sopv"))


@pytest.mark.parametrize("subcommand", ["generate-key", "encrypt"])
def test_profiles(sop, subcommand):
    lines = sop.do("list-profiles", subcommand).decode().splitlines()
    assert 1 < len(lines) <= 4 and lines[0].startswith("default: ")
    for name in (line.split(":")[0] for line in lines):
        assert name == "default" or f".It Cm {name}\n" in MANUAL


# Indirect arguments.


def test_environment_and_descriptors(sop):
    env = {"CERT": sop.read("bob.cert").decode(), "PW": "secret\n"}
    message = sop.do("encrypt", "--with-password=@ENV:PW", "@ENV:CERT", data=TEXT, env=env)
    with open(sop.folder / "bob.key", "rb") as key:
        words = ["decrypt", f"@FD:{key.fileno()}"]
        assert sop.do(*words, data=message, pass_fds=[key.fileno()]) == TEXT
    assert sop.do("decrypt", "--with-password=@ENV:PW", data=message, env=env) == TEXT


def test_results_go_to_descriptors(sop):
    out, into = os.pipe()
    words = ["decrypt", "--verify-with=alice.cert", f"--verify-out=@FD:{into}", "bob.key"]
    assert sop.do(*words, data=sop.read("message"), pass_fds=[into]) == TEXT
    os.close(into)
    with os.fdopen(out, "rb") as found:
        assert re.fullmatch(LINE, found.read())


@pytest.mark.parametrize(
    "code, argument",
    [
        (MISSING_INPUT, "nowhere.cert"),
        (MISSING_INPUT, "@ENV:NOT_THERE"),
        (MISSING_INPUT, "@FD:77"),
        (MISSING_INPUT, "@FD:x"),
        (UNSUPPORTED_SPECIAL_PREFIX, "@HARDWARE:1"),
        (AMBIGUOUS_INPUT, "@ENV:HOME"),
    ],
)
def test_arguments_that_lead_nowhere(sop, code, argument):
    sop.file("@ENV:HOME", b"")
    assert argument in sop.fails(code, "encrypt", argument, data=TEXT)


def test_a_file_with_such_a_name(sop):
    sop.file("@x", sop.read("bob.cert"))
    assert sop.do("encrypt", "./@x", data=TEXT)


def test_results_overwrite_nothing(sop):
    sop.file("there", b"precious")
    sop.fails(OUTPUT_EXISTS, "encrypt", "--session-key-out=there", "bob.cert", data=TEXT)
    assert sop.read("there") == b"precious"
    words = ["encrypt", "--session-key-out=@ENV:X", "bob.cert"]
    sop.fails(UNSUPPORTED_SPECIAL_PREFIX, *words, data=TEXT)


def test_what_fails_leaves_no_result(sop):
    words = ["--session-key-out=sk", "--verify-with=alice.cert", "--verifications-out=v"]
    sop.fails(CANNOT_DECRYPT, "decrypt", *words, "alice.key", data=sop.read("message"))
    assert not sop.has("sk") and not sop.has("v")


def test_only_the_owner_reads_a_session_key(sop):
    sop.do("encrypt", "--session-key-out=sk", "bob.cert", data=TEXT)
    assert (sop.folder / "sk").stat().st_mode & 0o777 == 0o600


def test_an_output_that_is_full(sop):
    with open("/dev/full", "wb") as full:
        for words in (["decrypt", "bob.key"], ["dearmor"], ["armor"]):
            ran = sop.run(*words, data=sop.read("message"), stdout=full)
            assert ran.returncode == 1 and ran.stderr


# Passwords.


def test_white_space_behind_a_password_does_not_count(sop):
    for typed in (b"open sesame", b"open sesame\r\n", b"open sesame \xe3\x80\x80\n"):
        sop.file("new", typed)
        message = sop.do("encrypt", "--with-password=new", data=TEXT)
        sop.file("bare", b"open sesame")
        assert sop.do("decrypt", "--with-password=bare", data=message) == TEXT
        assert sop.do("decrypt", "--with-password=new", data=message) == TEXT
    sop.file("other", b" open sesame")
    sop.fails(CANNOT_DECRYPT, "decrypt", "--with-password=other", data=message)


@pytest.mark.parametrize("password", [b"\xff\xfe", b"a\0b", b"a\x1b[1m", b"a\tb", b" \n", b""])
def test_passwords_that_nobody_can_type(sop, password):
    sop.file("new", password)
    for words in (["encrypt", "--with-password=new"], ["generate-key", "--with-key-password=new"]):
        sop.fails(PASSWORD_NOT_HUMAN_READABLE, *words, data=TEXT)


def test_many_passwords_are_tried(sop):
    """Each in two readings, which is more than the engine takes at once."""
    wrong = [sop.file(f"wrong{i}", b"wrong %d\n" % i) for i in range(4)]
    sop.file("right", b"right")
    message = sop.do("encrypt", "--with-password=right", data=TEXT)
    words = [f"--with-password={name}" for name in [*wrong, "right"]]
    assert sop.do("decrypt", *words, data=message) == TEXT
    sop.fails(CANNOT_DECRYPT, "decrypt", *words[:-1], data=message)


def test_locked_keys(sop):
    sop.file("wrong", b"wrong")
    message = sop.do("encrypt", "carol.cert", data=TEXT)
    for words in (["decrypt", "carol.key"], ["sign", "carol.key"], ["revoke-key"]):
        data = sop.read("carol.key") if words == ["revoke-key"] else message
        sop.fails(KEY_IS_PROTECTED, *words, data=data)
        sop.fails(KEY_IS_PROTECTED, words[0], "--with-key-password=wrong", *words[1:], data=data)
        assert sop.do(words[0], "--with-key-password=pw", *words[1:], data=data)


def test_passwords_change(sop):
    sop.file("new", b"battery staple\n")
    words = ["change-key-password", "--old-key-password=pw"]
    locked = sop.do(*words, "--new-key-password=new", data=sop.read("carol.key"))
    sop.fails(KEY_IS_PROTECTED, *words, data=locked)
    free = sop.do("change-key-password", "--old-key-password=new", data=locked)
    assert sop.do("extract-cert", data=free) == sop.read("carol.cert")
    sop.file("free", free)
    assert sop.do("decrypt", "free", data=sop.do("encrypt", "carol.cert", data=TEXT)) == TEXT


# Keys and certificates.


def test_user_ids_are_text(sop):
    for text in (b"\xff", b"two\nlines"):
        sop.fails(EXPECTED_TEXT, "generate-key", "--", os.fsdecode(text))
    assert sop.do("generate-key")


def test_a_certificate_is_no_key(sop):
    for words in (["extract-cert"], ["revoke-key"], ["change-key-password"], ["update-key"]):
        sop.fails(BAD_DATA, *words, data=sop.read("alice.cert"))
        sop.fails(BAD_DATA, *words, data=b"")
    sop.fails(BAD_DATA, "sign", "alice.cert", data=TEXT)
    sop.fails(BAD_DATA, "encrypt", "alice.key", data=TEXT)
    sop.fails(BAD_DATA, "encrypt", "message", data=TEXT)


def test_certificates_of_keys(sop):
    both = sop.read("alice.key") + sop.read("bob.key")
    certs = sop.do("extract-cert", data=both)
    assert certs.count(b"BEGIN") == 1
    sop.file("both", certs)
    message = sop.do("encrypt", "both", data=TEXT)
    assert [sop.do("decrypt", f"{k}.key", data=message) for k in ("alice", "bob")] == [TEXT] * 2
    # No password is needed for what is public.
    assert sop.do("extract-cert", data=sop.read("carol.key")) == sop.read("carol.cert")
    assert sop.do("extract-cert", "--no-armor", data=both) == sop.do("dearmor", data=certs)


def test_certificates_that_cannot_be_encrypted_to(sop):
    for name in ("signer.cert", "gone.cert"):
        sop.fails(CERT_CANNOT_ENCRYPT, "encrypt", "bob.cert", name, data=TEXT)


def test_keys_that_cannot_sign(sop):
    for words in (["sign"], ["inline-sign"], ["inline-sign", "--as=clearsigned"]):
        sop.fails(KEY_CANNOT_SIGN, *words, "gone.key", data=TEXT)
    sop.fails(KEY_CANNOT_SIGN, "encrypt", "--sign-with=gone.key", "bob.cert", data=TEXT)


def test_revocations_are_merged(sop):
    merged = sop.do("merge-certs", "gone.cert", "bob.cert", data=sop.read("alice.cert"))
    sop.file("merged", merged)
    sop.fails(CERT_CANNOT_ENCRYPT, "encrypt", "merged", data=TEXT)
    # And never lost, nor does a stranger come in.
    again = sop.do("merge-certs", "alice.cert", "bob.cert", data=merged)
    assert again == merged
    assert sop.do("merge-certs", "bob.cert", data=sop.read("alice.cert")) == sop.read("alice.cert")


def test_keys_are_kept_fit(sop):
    key = sop.read("alice.key")
    assert sop.do("update-key", data=key) == key
    fresh = sop.do("update-key", data=sop.read("signer.key"))
    sop.file("fresh.key", fresh)
    sop.file("fresh.cert", sop.do("extract-cert", data=fresh))
    message = sop.do("encrypt", "fresh.cert", data=TEXT)
    assert sop.do("decrypt", "fresh.key", data=message) == TEXT
    alone = sop.do("update-key", "--signing-only", data=sop.read("signer.key"))
    assert alone == sop.read("signer.key")


def test_a_revoked_key_is_not_revived(sop):
    words = ["update-key", "--merge-certs=gone.cert"]
    sop.fails(PRIMARY_KEY_BAD, *words, data=sop.read("alice.key"))


def test_an_updated_key_stays_locked(sop):
    sop.fails(KEY_IS_PROTECTED, "update-key", data=sop.read("carol.key"))
    updated = sop.do("update-key", "--with-key-password=pw", data=sop.read("carol.key"))
    sop.file("updated", updated)
    sop.fails(KEY_IS_PROTECTED, "sign", "updated", data=TEXT)
    assert sop.do("sign", "--with-key-password=pw", "updated", data=TEXT)


# Signatures.


def test_signatures(sop):
    for words, mode in ([], b"binary"), (["--as=text"], b"text"):
        sop.file("s", sop.do("sign", *words, "alice.key", data=TEXT))
        assert re.fullmatch(LINE, sop.do("verify", "s", "alice.cert", data=TEXT))[1] == mode
    # Line ends are no part of a text.
    assert sop.do("verify", "s", "alice.cert", data=TEXT.replace(b"\n", b"\r\n"))
    sop.fails(NO_SIGNATURE, "verify", "signature", "alice.cert", data=TEXT + b"\n")
    sop.fails(NO_SIGNATURE, "verify", "signature", "bob.cert", data=TEXT)
    sop.fails(NO_SIGNATURE, "verify", "signature", "gone.cert", data=TEXT)
    sop.fails(BAD_DATA, "verify", "alice.cert", "alice.cert", data=TEXT)
    sop.fails(BAD_DATA, "verify", "signature", "signature", data=TEXT)


def test_pitfall_15_revoked_in_another_copy(sop):
    """Of two copies of a certificate the one that revokes it counts."""
    for copies in ("alice.cert", "gone.cert"), ("gone.cert", "alice.cert"):
        sop.fails(NO_SIGNATURE, "verify", "signature", *copies, data=TEXT)
        sop.fails(CERT_CANNOT_ENCRYPT, "encrypt", *copies, data=TEXT)
    sop.file("ring", sop.read("alice.cert") + sop.read("gone.cert"))
    sop.fails(NO_SIGNATURE, "verify", "signature", "ring", data=TEXT)
    assert sop.do("verify", "signature", "alice.cert", "alice.cert", data=TEXT)


def test_several_signers(sop):
    sop.file("s", sop.do("sign", "--no-armor", "alice.key", "signer.key", data=TEXT))
    lines = sop.do("verify", "s", "alice.cert", "signer.cert", data=TEXT)
    assert re.fullmatch(LINE + LINE, lines)
    assert re.fullmatch(LINE, sop.do("verify", "s", "signer.cert", data=TEXT))


def test_micalg(sop):
    sop.do("sign", "--micalg-out=m", "alice.key", data=TEXT)
    assert sop.read("m").strip() == b"pgp-sha256"


def test_time_ranges(sop):
    words = ["signature", "alice.cert"]
    for good in ("--not-before=-", "--not-before=2026-01-01T00:00:00Z", "--not-after=-"):
        assert sop.do("verify", good, *words, data=TEXT)
    for bad in ("--not-before=2100-01-01T00:00:00Z", "--not-after=2001-01-01"):
        sop.fails(NO_SIGNATURE, "verify", bad, *words, data=TEXT)
    message = sop.do("inline-sign", "alice.key", data=TEXT)
    sop.fails(NO_SIGNATURE, "inline-verify", "--not-after=2001-01-01", words[1], data=message)


@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_text_is_utf8(sop, piped):
    long = "ä".encode() * 70000
    for content, good in (long, True), (b"x" + long, True), (long + b"\xc3", False):
        for words in (
            ["sign", "--as=text", "alice.key"],
            ["inline-sign", "--as=text", "alice.key"],
            ["inline-sign", "--as=clearsigned", "alice.key"],
            ["encrypt", "--as=text", "bob.cert"],
        ):
            with open(sop.folder / sop.file("d", content), "rb") as data:
                given = content if piped else data
                if good:
                    assert sop.do(*words, data=given)
                else:
                    sop.fails(EXPECTED_TEXT, *words, data=given)


@pytest.mark.parametrize("form", ["binary", "text", "clearsigned"])
def test_signed_messages(sop, form):
    message = sop.do("inline-sign", f"--as={form}", "alice.key", data=TEXT)
    words = ["inline-verify", "--verifications-out=v"]
    assert sop.do(*words, "alice.cert", data=message) == TEXT
    assert re.fullmatch(LINE, sop.read("v"))
    sop.fails(NO_SIGNATURE, "inline-verify", "--verifications-out=w", "bob.cert", data=message)
    assert not sop.has("w")
    assert sop.do("inline-detach", "--signatures-out=s", data=message) == TEXT
    assert re.fullmatch(LINE, sop.do("verify", "s", "alice.cert", data=TEXT))
    sop.fails(BAD_DATA, "decrypt", "alice.key", data=message)
    if form == "clearsigned":
        sop.fails(NO_SIGNATURE, "inline-verify", "alice.cert", data=message.replace(b"da", b"de"))


# Encryption.


def test_decrypting(sop):
    words = ["--verify-with=alice.cert", "--verifications-out=v"]
    assert sop.do("decrypt", *words, "bob.key", data=sop.read("message")) == TEXT
    assert re.fullmatch(LINE, sop.read("v"))
    assert sop.do("decrypt", "alice.key", "bob.key", data=sop.read("message")) == TEXT
    sop.fails(CANNOT_DECRYPT, "decrypt", "alice.key", data=sop.read("message"))
    for nothing in (b"", b"plain text", sop.read("bob.cert"), TEXT):
        sop.fails(BAD_DATA, "decrypt", "bob.key", data=nothing)


def test_signatures_do_not_change_how_decrypting_ends(sop):
    words = ["--verify-with=carol.cert", "--verifications-out=v", "bob.key"]
    ran = sop.run("decrypt", *words, data=sop.read("message"))
    assert (ran.returncode, ran.stdout) == (0, TEXT) and b"warning" in ran.stderr
    assert sop.read("v") == b""
    unsigned = sop.do("encrypt", "bob.cert", data=TEXT)
    words[1] = "--verifications-out=w"
    assert sop.do("decrypt", *words, data=unsigned) == TEXT
    assert sop.read("w") == b""


@pytest.mark.parametrize("profile", ["rfc4880", "rfc9580", "librepgp"])
def test_nothing_is_shown_of_what_was_altered(sop, profile):
    content = os.urandom(100_000)
    words = ["--no-armor", f"--profile={profile}", "bob.cert"]
    message = bytearray(sop.do("encrypt", *words, data=content))
    message[-3] ^= 1
    sop.fails(CANNOT_DECRYPT, "decrypt", "bob.key", data=bytes(message))
    sop.fails(CANNOT_DECRYPT, "decrypt", "bob.key", data=bytes(message[:-20]))


@pytest.mark.parametrize("profile", ["default", "rfc4880", "rfc9580", "librepgp"])
def test_session_keys(sop, profile):
    words = ["encrypt", f"--profile={profile}", "--session-key-out=sk", "bob.cert"]
    message = sop.do(*words, data=TEXT)
    assert re.fullmatch(rb"9:[0-9A-F]{64}\n", sop.read("sk"))
    assert sop.do("decrypt", "--session-key-out=again", "bob.key", data=message) == TEXT
    assert sop.read("again") == sop.read("sk")
    sop.file("wrong", b"9:" + b"00" * 32)
    assert sop.do("decrypt", "--with-session-key=sk", data=message) == TEXT
    words = ["decrypt", "--with-session-key=wrong"]
    sop.fails(CANNOT_DECRYPT, *words, data=message)
    # Whatever opens it will do, also from a pipe that is read only once.
    assert sop.do(*words, "--with-session-key=sk", data=message) == TEXT
    assert sop.do(*words, "bob.key", data=message) == TEXT


@pytest.mark.parametrize("text", [b"", b"9", b"9:zz", b"9:" + b"00" * 31, b"2:" + b"00" * 16])
def test_session_keys_that_are_none(sop, text):
    sop.file("sk", text)
    sop.fails(BAD_DATA, "decrypt", "--with-session-key=sk", data=sop.read("message"))


def test_keys_and_passwords_together(sop):
    sop.file("new", b"sesame")
    words = ["encrypt", "--with-password=new", "alice.cert", "bob.cert"]
    message = sop.do(*words, data=TEXT)
    for key in ("alice.key", "bob.key", "--with-password=new"):
        assert sop.do("decrypt", key, data=message) == TEXT


def test_without_locked_memory(sop):
    """It says so, and goes on."""
    sop.folder.chmod(0o755)
    for path in [sop.folder, *sop.folder.parents][:-2]:
        if os.geteuid() == 0:
            path.chmod(path.stat().st_mode | 0o055)
    limit = lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))  # noqa: E731
    how = {"preexec_fn": limit, "user": NOBODY} if os.geteuid() == 0 else {"preexec_fn": limit}
    ran = sop.run("decrypt", "bob.key", data=sop.read("message"), **how)
    assert (ran.returncode, ran.stdout) == (0, TEXT) and b"cannot be locked" in ran.stderr


def test_memory_is_constant(sop):
    """64 MiB through a pipe, both ways, with 48 MiB for everything."""
    content = os.urandom(1 << 20) * 64
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (48 << 20,) * 2)  # noqa: E731
    how = {} if os.environ.get("SAN") else {"preexec_fn": limit}
    words = ["encrypt", "--no-armor", "--sign-with=alice.key", "bob.cert"]
    message = sop.do(*words, data=content, **how)
    words = ["decrypt", "--verify-with=alice.cert", "--verifications-out=v", "bob.key"]
    assert sop.do(*words, data=message, **how) == content
    assert re.fullmatch(LINE, sop.read("v"))


# Armor.


def test_armor(sop):
    for name, label in {
        "alice.key": b"PRIVATE KEY BLOCK",
        "alice.cert": b"PUBLIC KEY BLOCK",
        "signature": b"SIGNATURE",
        "message": b"MESSAGE",
    }.items():
        text = sop.read(name)
        packets = sop.do("dearmor", data=text)
        assert text.startswith(b"-----BEGIN PGP " + label + b"-----\n") and packets[0] & 0x80
        assert sop.do("armor", data=packets) == text
        assert sop.do("armor", data=text) == text
        assert sop.do("dearmor", data=packets) == packets
    labelled = sop.do("armor", "--label=message", data=packets)
    assert labelled.startswith(b"-----BEGIN PGP MESSAGE-----\n")


def test_several_keys_in_a_letter(sop):
    letter = b"Dear all,\n" + sop.read("alice.cert") + b"\nand\n" + sop.read("bob.cert")
    assert sop.do("dearmor", data=letter) == b"".join(
        sop.do("dearmor", data=sop.read(f"{name}.cert")) for name in ("alice", "bob")
    )


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\xff" * 9, b"-----BEGIN PGP NOISE-----\n"])
def test_what_is_no_openpgp(sop, data):
    sop.fails(BAD_DATA, "dearmor", data=data)
    if not data.startswith(b"-----"):
        sop.fails(BAD_DATA, "armor", data=data)


def test_broken_armor(sop):
    cut = sop.read("message")[:-40]
    ran = sop.run("dearmor", data=cut)
    assert ran.returncode == BAD_DATA and ran.stderr
    bad = sop.read("alice.cert").replace(b"\n\n", b"\n\n!", 1)
    sop.fails(BAD_DATA, "dearmor", data=bad)


def test_foreign_text_in_messages_is_made_visible(sop):
    said = sop.fails(MISSING_INPUT, "encrypt", "no\x1b[31mwhere", data=TEXT)
    assert "\x1b" not in said and "no?[31mwhere" in said
