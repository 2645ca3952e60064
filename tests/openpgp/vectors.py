"""What each file of $WAYBILL_SHARED/vectors is, by its source, and what
`waybill sop` must therefore do with it.

A file has one row or more.  Where we knowingly do something else than the
source expects, `differs` says why.
"""

import os
import pathlib
from dataclasses import dataclass

import packets

TOP = pathlib.Path(__file__).parents[2]
SHARED = pathlib.Path(os.environ.get("WAYBILL_SHARED", TOP.parent / "shared"))
FOLDER = SHARED / "vectors"

# Exit codes of the Stateless OpenPGP command line.
NOBODY_SIGNED, UNSUPPORTED, CANNOT_ENCRYPT, CANNOT_DECRYPT = 3, 13, 17, 29
BAD_DATA, IS_LOCKED, CANNOT_SIGN = 41, 67, 79


@dataclass(frozen=True)
class File:
    """The content of a vector, perhaps changed, as input or argument."""

    path: str
    change: callable = None

    def read(self):
        data = (FOLDER / self.path).read_bytes()
        return self.change(data) if self.change else data


@dataclass(frozen=True)
class Row:
    """One command about a vector and what must come of it."""

    path: str
    meaning: str
    # Words; a File becomes the name of a file with its content.
    command: tuple
    data: object = b""
    code: int = 0
    # Of standard output; None: whatever.
    output: bytes = None
    # A part of what is said on standard error.
    says: str = ""
    # Whose signatures count.
    signers: tuple = None
    # Only where post-quantum algorithms are possible, or only where not.
    post_quantum: bool = None
    differs: str = None


TEXT = b"three lines\nfor somebody\nto sign\n"


def reads(path, **more):
    """A certificate, or several: canonical, and the same keys in it."""
    data = File(path)
    return Row(path, "a certificate", ("merge-certs", "--no-armor"), data, **more)


def encrypts(path, meaning="one can encrypt to it", **more):
    return Row(path, meaning, ("encrypt", File(path)), TEXT, **more)


def no_encryption(path, meaning, code=CANNOT_ENCRYPT, **more):
    return Row(path, meaning, ("encrypt", File(path)), TEXT, code=code, **more)


def signs(path, meaning="a secret key that signs", password=None, **more):
    words = (("--with-key-password", password),) if password else ()
    return Row(path, meaning, ("sign", *words, File(path)), TEXT, **more)


def cannot_sign(path, meaning, code, **more):
    return Row(path, meaning, ("sign", File(path)), TEXT, code=code, **more)


def opens(path, plain, *keys, password=None, **more):
    words = (("--with-password", password),) if password else ()
    return Row(
        path,
        "a message that opens",
        ("decrypt", *words, *map(File, keys)),
        File(path),
        output=plain,
        **more,
    )


def not_for(path, meaning, *keys, code=CANNOT_DECRYPT, **more):
    return Row(path, meaning, ("decrypt", *map(File, keys)), File(path), code=code, **more)


def verifies(path, data, *certs, signers=None, **more):
    return Row(
        path,
        "a good signature",
        ("verify", File(path), *certs),
        data,
        signers=signers,
        **more,
    )


def does_not_count(path, meaning, data, *certs, **more):
    return Row(path, meaning, ("verify", File(path), *certs), data, code=NOBODY_SIGNED, **more)


def inline(path, plain, *certs, signers, **more):
    return Row(
        path,
        "a signed message",
        ("inline-verify", *map(File, certs)),
        File(path),
        output=plain,
        signers=signers,
        **more,
    )


def no_message(path, meaning, **more):
    """Neither of the two readers takes it for one."""
    for command in (("decrypt", ("--with-password", "x")), ("inline-verify", File(BOB))):
        yield Row(path, meaning, command, File(path), code=BAD_DATA, **more)


def beside(path, cert):
    """That signature behind the primary key of this certificate."""

    def joined(data):
        (tag, body), *rest = packets.packets(packets.dearmored((FOLDER / cert).read_bytes()))
        every = [(tag, body), *packets.packets(packets.dearmored(data)), *rest]
        return b"".join(packets.packet(t, b) for t, b in every)

    return File(path, joined)


def revokes(path, cert, meaning="a revocation of its certificate", **more):
    command = ("encrypt", beside(path, cert))
    return Row(path, meaning, command, TEXT, code=CANNOT_ENCRYPT, says="revoked", **more)


def from_armor(data):
    """Without what stands in front of the armor."""
    return data[data.index(b"-----BEGIN PGP") :]


# -- The interoperability test suite -----------------------------------------

SUITE = "interop-suite/data/"
CERTIFICATES = SUITE + "certificates/"
ALICE, BOB, CAROL, JOHN, RICARDA = (
    f"{CERTIFICATES}{name}.pgp" for name in ("alice", "bob", "carol", "john", "ricarda")
)
HELLO = b"Hello World :)"
OLD_KEYS = "its algorithm is out of use (FIELD: DSA and Elgamal are refused)"


def secret(cert):
    return cert.replace(".pgp", "-secret.pgp")


def suite_certificates():
    for cert in (ALICE, BOB, RICARDA):
        yield reads(cert)
        yield encrypts(cert)
        yield signs(secret(cert))
    yield revokes(ALICE.replace(".pgp", "-revocation.pgp"), ALICE)
    yield revokes(BOB.replace(".pgp", "-revocation.pgp"), BOB)
    yield reads(CAROL)
    yield no_encryption(CAROL, "DSA and Elgamal", code=UNSUPPORTED, differs=OLD_KEYS)
    yield cannot_sign(secret(CAROL), "DSA and Elgamal", UNSUPPORTED, differs=OLD_KEYS)
    yield no_encryption(JOHN, "a key of version 3", code=UNSUPPORTED, says="version 3")
    yield cannot_sign(secret(JOHN), "a key of version 3", UNSUPPORTED, says="version 3")


def suite_messages():
    messages = SUITE + "messages/"
    yield opens(messages + "alice-kdf-subkey.pgp", HELLO, secret(ALICE))
    yield not_for(
        messages + "alice-kdf-primary.pgp",
        "the fingerprint in its key derivation is not the subkey's (the source expects neither)",
        secret(ALICE),
    )
    yield not_for(
        messages + "7C2FAA4DF93C37B2.IDEA.pgp",
        "encrypted with IDEA (the source expects neither)",
        secret(BOB),
    )
    sha1 = "over SHA-1, for which collisions are known"
    baseline = messages + "shattered-baseline.asc"
    yield does_not_count(baseline, sha1, HELLO, File(BOB), says="SHA-1")
    for signature in ("shattered-1.pdf", "shattered-2.pdf"):
        for data in ("shattered-1.pdf", "shattered-2.pdf"):
            yield does_not_count(
                f"{messages}{signature}.asc", sha1, File(messages + data), File(BOB), says="SHA-1"
            )
        yield from no_message(messages + signature, "the document of a signature")


def suite_keys():
    path = SUITE + "rsa-keys/16k.pgp"
    yield Row(path, "a bare primary key of 16384 bits", ("extract-cert",), File(path))
    yield cannot_sign(path, "nothing says that it may", CANNOT_SIGN)
    path = SUITE + "rsa-keys/32k.pgp"
    yield cannot_sign(path, "a bare primary key of 32768 bits", BAD_DATA, says="modulus")


def revoked_keys():
    """A key is made at t1, revoked at t2, vouched for again at t3; signatures
    are from before and between.  Hard revocations count for all time, soft
    ones from t2 to t3."""
    folder = SUITE + "revoked-key/"
    data = b"Hello, World"
    hard = ("no_subpacket", "unspecified", "compromised", "private", "unknown")
    soft = ("superseded", "key_retired", "uid_retired")
    yield Row(
        folder + "README",
        "says what made them",
        ("inline-verify", File(BOB)),
        File(folder + "README"),
        code=BAD_DATA,
    )
    kinds = ["not-revoked", *("revoked-" + kind for kind in (*hard, *soft))]
    for kind in kinds:
        # Who signs, who is revoked: primary key or subkey.
        for signer, revoked in (("", ""), (".sk", ""), (".sk", ".sk")):
            if kind == "not-revoked" and revoked:
                continue
            cert = f"{folder}revoked-key-cert-{kind}{revoked}.pgp"
            yield reads(cert)
            for when in ("t0", "t1-t2", "t2-t3", "t3-now"):
                good, differs = True, None
                if when == "t0" or kind.removeprefix("revoked-") in hard:
                    good = False
                elif when == "t1-t2" and signer:
                    # The subkey is bound after it signed.
                    good = kind == "not-revoked"
                    if good:
                        differs = "the newest binding counts: older ones may be missing in a copy"
                elif kind != "not-revoked":
                    good = when == "t1-t2"
                    if when == "t3-now":
                        differs = "a revoked key stays revoked: another can be made"
                path = f"{folder}revoked-key-sig-{when}{signer}.pgp"
                make = verifies if good else does_not_count
                words = () if good else (f"{kind}, signed at {when}",)
                row = make(path, *words, data, File(cert), differs=differs)
                yield row
                yield Row(cert, f"judges {when}{signer}", row.command, data, row.code)


def short_signatures():
    """With leading zeros of their numbers left out."""
    bits = (*(3048, 3053, 3054, 3055, 3056, 3058, 3059, 3061, 3062, 3063), *(3064, 3065, 3067))
    for n in (*bits, 3068, 3070, 3071, 3072):
        yield verifies(f"{SUITE}short-rsa-sigs/{n}-bit.sig", HELLO, File(BOB))


# -- RNP ---------------------------------------------------------------------

RFC9580 = "rnp/RFC9580/"
VALIDITY = "rnp/test_key_validity/"
ALICE_RNP, BASIL = VALIDITY + "alice-pub.asc", VALIDITY + "basil-pub.asc"
PASSWORD = ("--with-key-password", "password")
SECP256K1 = "we refuse secp256k1"


def rfc9580():
    """Appendix A."""
    cert = RFC9580 + "A.3.transferable-pubkey-v6.asc"
    key = RFC9580 + "A.4.transferable-seckey-v6.asc"
    fingerprint = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9"
    groceries = b"What we need from the grocery store:\n\n- tofu\n- vegetables\n- noodles\n"
    hello = b"Hello, world!"
    yield reads(cert)
    yield encrypts(cert)
    yield signs(key)
    # Argon2 with 2 GiB.
    yield signs(
        RFC9580 + "A.5.sample-locked-v6-seckey-argon2-aead.asc",
        "locked with Argon2 and AEAD",
        password="correct horse battery staple",
    )
    for name in ("A.6.-sample-cleartext-signed-message", "A.7.-sample-inline-signed-message"):
        yield inline(f"{RFC9580}{name}.asc", groceries, cert, signers=(fingerprint,))
    yield opens(RFC9580 + "A.8.5-v6pkesk-v2seipd", hello, key)
    for name in (
        *("A.9.5.v6_skesk_eax", "A.10.5.v6_skesk_ocb", "A.12.1.v4-skesk-argon2-aes128"),
        *("A.12.2.v4-skesk-argon2-aes192", "A.12.3.v4-skesk-argon2-aes256"),
    ):
        yield opens(f"{RFC9580}{name}.asc", hello, password="password")


def alice_signs(cert, good, path=None, who="alice", **more):
    """Does that certificate vouch for what its owner's key signs now?"""
    made = Made(("sign", PASSWORD, File(f"{VALIDITY}{who}-sec.asc")), TEXT)
    return Row(
        path or cert,
        f"{who}'s key is {'valid' if good else 'not valid'}",
        ("verify", made, File(cert)),
        TEXT,
        code=0 if good else NOBODY_SIGNED,
        **more,
    )


@dataclass(frozen=True)
class Made:
    """What a command writes, as an argument."""

    command: tuple
    data: bytes


NO_CLAIM = "nobody vouches for a primary key without user id and direct-key signature"


def key_validity():
    """cases.txt says which key is valid: the primary key signs, its subkey
    is encrypted to."""
    yield from no_message(VALIDITY + "cases.txt", "says what each case is")
    #        alice, her subkey, basil; None: not there
    cases = {
        1: (True, None, None),
        2: (False, None, True),
        3: (False, None, None),
        4: (True, False, None),
        5: (True, False, None),
        6: (False, False, None),
        7: (True, False, None),
        8: (False, False, None),
        9: (True, True, None),
        10: (False, False, None),
        11: (False, False, None),
        12: (False, False, None),
        13: (False, False, None),
        14: (False, False, None),
    }
    for case, (alice, subkey, basil) in cases.items():
        path = f"{VALIDITY}case{case}/pubring.gpg"
        differs = NO_CLAIM if case == 8 else None
        yield alice_signs(path, alice, differs=differs)
        if basil is not None:
            yield alice_signs(path, basil, who="basil")
        if subkey is not None:
            make = encrypts if subkey else no_encryption
            yield make(
                path, "its subkey is " + ("" if subkey else "not ") + "valid", differs=differs
            )
    path = VALIDITY + "case15/pubring.gpg"
    yield reads(path)
    yield no_encryption(path, "a subkey whose back signature expired", says="no key")


def case_8():
    folder = VALIDITY + "case8/"
    message, text = folder + "message.txt.asc", folder + "message.txt"
    alice = ("73EDCC9119AFC8E2DBBDCDE50451409669FFDE3C",)
    yield inline(message, b"Hello, world!\n\n\n", ALICE_RNP, signers=alice)
    yield from no_message(text, "what is signed there")
    yield Row(
        message,
        "with the user id taken away",
        ("inline-verify", File(folder + "pubring.gpg")),
        File(message),
        code=NOBODY_SIGNED,
        differs=NO_CLAIM,
    )
    yield reads(folder + "primary.pgp")
    yield no_encryption(folder + "primary.pgp", "a primary key alone")
    for part in ("subkey.pgp", "subkey-no-sig.pgp"):
        yield no_encryption(folder + part, "a subkey without its primary key", code=BAD_DATA)


def validity_keys():
    for cert in (ALICE_RNP, BASIL):
        yield reads(cert)
        yield alice_signs(cert, True, who="alice" if cert == ALICE_RNP else "basil")
    for name in ("alice-sec.asc", "basil-sec.asc", "alice-sub-sec.pgp"):
        yield signs(VALIDITY + name, "a secret key, locked", password="password")
    yield reads(VALIDITY + "claus-pub.asc")
    yield no_encryption(VALIDITY + "claus-pub.asc", SECP256K1, differs=SECP256K1)
    yield cannot_sign(VALIDITY + "claus-sec.asc", SECP256K1, UNSUPPORTED, differs=SECP256K1)

    path = VALIDITY + "alice-expired-claus-cert.asc"
    yield alice_signs(path, True)
    path = VALIDITY + "alice-sub-pub.pgp"
    yield alice_signs(path, True)
    yield encrypts(path)
    path = VALIDITY + "alice-sign-sub-pub.pgp"
    yield alice_signs(path, True)
    path = VALIDITY + "alice-sign-sub-exp-pub.asc"
    yield alice_signs(path, False, says="expired")
    whole = "a secret key with a subkey that we refuse is not used at all"
    for path in (VALIDITY + "alice-sign-sub-sec.pgp", VALIDITY + "alice-sign-sub-exp-sec.asc"):
        yield cannot_sign(path, "one subkey of secp256k1", UNSUPPORTED, differs=whole)

    path = VALIDITY + "alice-revoker.pgp"
    yield alice_signs(path, True)
    yield encrypts(path)


def validity_signatures():
    """Signatures without the certificate that they belong to."""
    cert = VALIDITY + "alice-sub-pub.pgp"
    for name in ("alice-rev.pgp", "alice-sigs.pgp", "alice-sigs.asc"):
        yield revokes(VALIDITY + name, cert)
    for name in ("alice-revoker-sig.asc", "alice-revoker-sig.pgp"):
        path = VALIDITY + name
        yield Row(path, "names who else may revoke", ("encrypt", beside(path, cert)), TEXT)
    path = VALIDITY + "alice-sigs-malf.pgp"
    yield no_encryption(path, "the third is malformed", code=BAD_DATA, says="cut short")
    path = VALIDITY + "alice-cert.pgp"
    yield no_encryption(path, "a self-signature alone", code=BAD_DATA)


def validity_rsa():
    path = VALIDITY + "encrypting-primary.pgp"
    yield reads(path)
    yield encrypts(path)
    public = VALIDITY + "rsa_key_small_sig-pub.asc"
    yield reads(public)
    yield no_encryption(
        public,
        "RSA of 2048 bits",
        code=UNSUPPORTED,
        says="shorter than 3072",
        differs="we encrypt to RSA of 3072 bits and more",
    )
    made = Made(("sign", File(VALIDITY + "rsa_key_small_sig-sec.asc")), TEXT)
    yield Row(
        VALIDITY + "rsa_key_small_sig-sec.asc",
        "its self-signature is a small number",
        ("verify", made, File(public)),
        TEXT,
    )


def partial_lengths():
    folder = "rnp/test_partial_length/"

    def detach(name, meaning, **more):
        path = folder + name
        command = ("inline-detach", "--signatures-out=@FD:2")
        return Row(path, meaning, command, File(path), **more)

    yield detach("message.txt.partial-zero-last", "the last part has no octets")
    yield detach(
        "message.txt.partial-1g",
        "the first part has a GiB",
        code=BAD_DATA,
        says="unfold",
        differs="1 KiB that becomes a GiB is beyond our bound on compression",
    )
    yield detach("message.txt.partial-256", "the first part is too short", code=BAD_DATA)
    yield detach("message.txt.partial-signed", "a signature in parts", code=BAD_DATA)
    path = folder + "pubring.gpg.partial"
    yield no_encryption(path, "a public key in parts", code=BAD_DATA, says="partial length")


# -- RFC 9980 ----------------------------------------------------------------

PQ = "rfc9980/test-vectors/"


def post_quantum():
    testing = b"Testing\n"
    for name, messages in (
        ("v4-eddsa", ("-message-v1", "-message-v2")),
        ("v6-eddsa", ("-message",)),
        ("v6-mldsa-65", ("-message",)),
    ):
        cert, key = f"{PQ}{name}-sample-pk.asc", f"{PQ}{name}-sample-sk.asc"
        old = {"post_quantum": False, "says": "needs libgcrypt 1.12"}
        new = {"post_quantum": True}
        yield reads(cert)
        yield encrypts(cert, **new)
        yield no_encryption(cert, "ML-KEM-768+X25519 is not possible here", **old)
        yield signs(key, **new)
        yield cannot_sign(key, "not possible here", UNSUPPORTED, **old)
        for message in messages:
            path = f"{PQ}{name}-sample{message}.asc"
            yield opens(path, testing, key, **new)
            yield not_for(path, "not possible here", key, code=UNSUPPORTED, **old)
        if name == "v6-mldsa-65":
            path = f"{PQ}{name}-sample-signature.asc"
            yield verifies(path, testing, File(cert), **new)
            yield does_not_count(path, "not possible here", testing, File(cert), **old)

    optional = "algorithms that RFC 9980 leaves to choice: not supported"
    for name in ("v6-mldsa-87", "v6-slhdsa-128f", "v6-slhdsa-128s", "v6-slhdsa-256s"):
        cert, key = f"{PQ}{name}-sample-pk.asc", f"{PQ}{name}-sample-sk.asc"
        more = {"says": "is not accepted", "differs": optional}
        yield reads(cert)
        yield no_encryption(cert, optional, **more)
        yield cannot_sign(key, optional, UNSUPPORTED, **more)
        path = f"{PQ}{name}-sample-signature.asc"
        yield does_not_count(path, optional, testing, File(cert), **more)
        if name in ("v6-mldsa-87", "v6-slhdsa-128s"):
            path = f"{PQ}{name}-sample-message.asc"
            yield not_for(path, optional, key, code=UNSUPPORTED, **more)


# -- GnuPG -------------------------------------------------------------------

GNUPG = "gnupg/tests/openpgp/"
KEYS, MESSAGES = GNUPG + "samplekeys/", GNUPG + "samplemsgs/"
STEVE = KEYS + "rsa-rsa-sample-1.asc"
PATRICE = KEYS + "ed25519-cv25519-sample-1.asc"
STEVES = "5B83120DB1E3A65AE5A8DCF6AA43F1DCC7FED1B7"
PATRICES = "B21DEAB4F875FB3DA42F1D1D139563682A020D0A"
# Some secret keys, none of which any message is for.
OTHERS = KEYS + "silent-running.asc"
NO_SECRET = "the secret keys are not among the vectors: it is for others"
IN_FRONT = "text in front of a message's armor is refused, not skipped"
BEHIND = "text behind a message's armor is refused, not skipped"


def sample_messages():
    both = (STEVE, PATRICE)
    signed = {
        "clearsig-1-key-1.asc": (STEVES,),
        "clearsig-2-keys-1.asc": (STEVES, PATRICES),
        "clearsig-2-keys-2.asc": (STEVES, PATRICES),
        "signed-1-key-1.asc": (STEVES,),
        "signed-1-key-1.gpg": (STEVES,),
        "signed-1-key-2.asc": (PATRICES,),
        "signed-1-key-2.gpg": (PATRICES,),
        "signed-2-keys-1.asc": (STEVES, PATRICES),
        "signed-2-keys-1.gpg": (STEVES, PATRICES),
        "signed-2-keys-2.asc": (STEVES, PATRICES),
        "signed-2-keys-2.gpg": (STEVES, PATRICES),
        "signedz0-1-key-1.gpg": (STEVES,),
        "signedz0-1-key-2.gpg": (PATRICES,),
        "signedz0-2-keys-1.gpg": (STEVES, PATRICES),
        "signedz0-2-keys-2.gpg": (STEVES, PATRICES),
    }
    for name, signers in signed.items():
        yield inline(MESSAGES + name, None, *both, signers=signers)
    text = MESSAGES + "signed-data-1.txt"
    yield from no_message(text, "what the detached ones are over")
    certs = tuple(map(File, both))
    for end in (".asc", ".sig"):
        for name, signers in (
            ("sig-1-key-1", (PATRICES,)),
            ("sig-1-key-2", (STEVES,)),
            ("sig-2-keys-1", (STEVES, PATRICES)),
            ("sig-2-keys-2", (STEVES, PATRICES)),
        ):
            yield verifies(MESSAGES + name + end, File(text), *certs, signers=signers)


def encrypted_messages():
    for name in (
        *("enc-1-key-1", "enc-1-key-2", "enc-2-keys-1", "enc-2-keys-2"),
        *("encsig-2-2-keys-3", "encsig-2-2-keys-4", "encsig-2-keys-1", "encsig-2-keys-2"),
        *("encsig-2-keys-3", "encsig-2-keys-4"),
    ):
        for end in (".asc", ".gpg"):
            yield not_for(MESSAGES + name + end, NO_SECRET, OTHERS, says="to other keys")
    for name in ("encz0-1-key-1.asc", "encz0-1-key-2.asc"):
        yield not_for(MESSAGES + name, NO_SECRET, OTHERS, says="to other keys")
    for name in ("enc-2-keys-hh-1.asc", "enc-2-keys-hr-1.asc", "enc-2-keys-rh-1.asc"):
        path = MESSAGES + name
        yield not_for(
            path, "hidden recipients, with a title", OTHERS, code=BAD_DATA, differs=IN_FRONT
        )
        yield Row(
            path,
            NO_SECRET,
            ("decrypt", File(OTHERS)),
            File(path, from_armor),
            code=CANNOT_DECRYPT,
            says="to other keys",
        )
    for name in ("enc-sym-cfb-1", "enc-sym-cfb-2", "enc-sym-ocb-1", "enc-sym-ocb-2"):
        path = f"{MESSAGES}{name}.asc"
        command = ("decrypt", ("--with-password", "password"))
        yield Row(
            path, "a password, with a title", command, File(path), code=BAD_DATA, differs=IN_FRONT
        )
        yield Row(path, "a password", command, File(path, from_armor), output=b"Hello, world!\n")
    for n in range(1, 6):
        path = f"{MESSAGES}pqc-sample-{n}.enc.asc"
        yield not_for(
            path,
            "LibrePGP's post-quantum algorithm 8, with a text behind it",
            OTHERS,
            code=BAD_DATA,
            says="after the armor",
            differs=BEHIND,
        )
        yield Row(
            path,
            NO_SECRET,
            ("decrypt", File(OTHERS)),
            File(path, packets.dearmored),
            code=CANNOT_DECRYPT,
            says="to other keys",
        )


def other_samples():
    for name in ("mail-test-1.eml", "mail-test-2.eml"):
        yield from no_message(MESSAGES + name, "a letter")
    yield from no_message(MESSAGES + "issue2419.asc", "one octet that is no packet")
    path = MESSAGES + "revoke-2D727CC768697734.asc"
    yield no_encryption(path, "a revocation alone is no certificate", code=BAD_DATA)


def sample_keys():
    yield from no_message(KEYS + "README", "says what each is")
    for name in ("ecc-sample-1", "ecc-sample-2", "ecc-sample-3"):
        path = f"{KEYS}{name}-pub.asc"
        yield reads(path)
        yield encrypts(path)
    yield cannot_sign(
        KEYS + "ecc-sample-1-sec.asc",
        "locked with CAST5",
        UNSUPPORTED,
        says="cipher 3",
        differs="ciphers of 64-bit blocks are refused, even to unlock",
    )
    for name in ("ecc-sample-2-sec.asc", "ecc-sample-3-sec.asc"):
        yield Row(
            KEYS + name,
            "locked, without binding signatures",
            ("sign", ("--with-key-password", "ecc"), File(KEYS + name)),
            TEXT,
            code=CANNOT_SIGN,
            says="no valid self-signature",
        )
    yield reads(KEYS + "eddsa-sample-1-pub.asc")
    yield no_encryption(KEYS + "eddsa-sample-1-pub.asc", "a signing key alone", says="no key for")
    yield signs(KEYS + "eddsa-sample-1-sec.asc", "locked", password="abc")
    for path in (PATRICE, KEYS + "ed25519-cv25519-sample-2.asc"):
        yield reads(path)
        yield encrypts(path)
    yield reads(STEVE)
    yield no_encryption(
        STEVE,
        "RSA of 2048 bits",
        code=UNSUPPORTED,
        says="shorter than 3072",
        differs="we encrypt to RSA of 3072 bits and more",
    )
    yield signs(OTHERS)
    collision = "two of them share a long key id"
    for n in (1, 2):
        path = f"{KEYS}dda252ebb8ebe1af-{n}.asc"
        yield Row(path, collision, ("merge-certs", File(path)), File(path))
        yield no_encryption(path, collision, says="no key for encryption")
    path = KEYS + "whats-new-in-2.1.asc"
    yield reads(path)
    path = KEYS + "issue2346.gpg"
    yield signs(path)


def odd_keys():
    bits = "RSA of 1024 bits is refused"
    path = KEYS + "E657FB607BB4F21C90BB6651BC067AF28BC90111.asc"
    yield reads(path)
    yield no_encryption(path, bits, code=UNSUPPORTED, differs=bits)
    path = KEYS + "pgp-desktop-skr.asc"
    yield cannot_sign(path, "secret keys without signatures", UNSUPPORTED, says="RSA-1024")
    together = "a file of secret keys holds nothing else"
    for name in ("e2e-p256-1-clr.asc", "e2e-p256-1-prt.asc"):
        yield cannot_sign(
            KEYS + name, "secret key and certificate in one armor", BAD_DATA, differs=together
        )
    for name in ("authenticate-only", "rsa-primary-auth-only"):
        path = f"{KEYS}{name}.pub.asc"
        yield reads(path)
        yield no_encryption(path, "neither signs nor is encrypted to", says="no key for")
    yield cannot_sign(KEYS + "rsa-primary-auth-only.sec.asc", "may not sign", CANNOT_SIGN)
    path = KEYS + "authenticate-only.sec.asc"
    yield Row(path, "a certificate needs no password", ("extract-cert",), File(path))
    yield cannot_sign(path, "it is locked", IS_LOCKED)
    path = KEYS + "no-creation-time.gpg"
    yield reads(path)
    yield no_encryption(path, "DSA and Elgamal", code=UNSUPPORTED, differs=OLD_KEYS)
    for name in ("v5-sample-1-pub.asc",):
        yield no_encryption(KEYS + name, "version 5", code=UNSUPPORTED, says="version 5")
    yield cannot_sign(KEYS + "v5-sample-1-sec.asc", "version 5", UNSUPPORTED, says="version 5")
    for n in range(1, 6):
        path = f"{KEYS}pqc-sample-{n}.key.asc"
        yield reads(path)
        yield no_encryption(path, "a subkey of version 5, algorithm 8", says="no key for")
    for name in ("dsa", "ecdsa", "ed25519", "rsa"):
        yield cannot_sign(f"{KEYS}ssh-{name}.key", "no OpenPGP key", BAD_DATA)


def demo_keys():
    for n in range(5):
        path = f"{GNUPG}key-selection/{n}.asc"
        yield reads(path)
        yield no_encryption(path, "expired long ago", says="expired")
    for name in ("pubdemo.asc", "pubring.asc"):
        yield reads(GNUPG + name)
        yield no_encryption(GNUPG + name, "DSA and Elgamal", code=UNSUPPORTED, differs=OLD_KEYS)
    for name in ("secdemo.asc", "secring.asc"):
        yield cannot_sign(GNUPG + name, "DSA and Elgamal", UNSUPPORTED, differs=OLD_KEYS)


def demo_messages():
    elgamal = "to an Elgamal key: it is for others"
    for name in ("plain-1", "plain-2", "plain-3", "plain-large"):
        yield not_for(f"{GNUPG}{name}.asc", elgamal, OTHERS, says="to other keys", differs=OLD_KEYS)
        yield from no_message(f"{GNUPG}{name}o.asc", "the same, in armor alone")
    for name in ("plain-1-pgp.asc", "bug537-test.data.asc"):
        path = GNUPG + name
        yield not_for(path, elgamal + ", with a title", OTHERS, code=BAD_DATA, differs=IN_FRONT)
        yield Row(
            path,
            elgamal,
            ("decrypt", File(OTHERS)),
            File(path, from_armor),
            code=CANNOT_DECRYPT,
            differs=OLD_KEYS,
        )
    yield Row(
        GNUPG + "4gb-packet.asc",
        "a literal of 4 GiB, compressed to 5 KiB",
        ("inline-verify", File(STEVE)),
        File(GNUPG + "4gb-packet.asc"),
        code=BAD_DATA,
        says="unfold",
        differs="it is beyond our bound on compression",
    )


def bug_keys():
    bits = "RSA of 1024 bits is refused"
    for name in ("bug1223-bogus.asc", "bug1223-good.asc"):
        yield reads(GNUPG + name)
        yield no_encryption(GNUPG + name, bits, code=UNSUPPORTED, differs=bits)
    good, bogus = GNUPG + "bug1223-good.asc", GNUPG + "bug1223-bogus.asc"
    yield Row(
        good,
        "both would merge",
        ("merge-certs", File(good)),
        File(bogus),
        code=BAD_DATA,
        says="RSA-1024",
        differs=bits,
    )
    yield reads(GNUPG + "bug894-test.asc")
    path = GNUPG + "forged-keyring.gpg"
    yield reads(path)
    yield no_encryption(path, "another's user ids on steve's key", says="no valid self-signature")


MAKERS = (
    *(suite_certificates, suite_messages, suite_keys, revoked_keys, short_signatures),
    *(rfc9580, key_validity, case_8, validity_keys, validity_signatures, validity_rsa),
    partial_lengths,
    *(post_quantum, sample_messages, encrypted_messages, other_samples, sample_keys),
    *(odd_keys, demo_keys, demo_messages, bug_keys),
)
ROWS = [row for make in MAKERS for row in make()]
# It says where they come from.
ABOUT = {"README.md"}
