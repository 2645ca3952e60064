"""What rows of the matrix do not do, and why: programs have limits, each named
here and each still true, or its row fails and tells."""

import pathlib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

import bench as benches
import operations
import peers

US, THEM = "us", "them"


def number(version):
    """2.2.40 as something that compares."""
    return tuple(map(int, re.findall(r"\d+", version.split("-")[0])))


def matches(word, patterns):
    return any(fnmatchcase(word, pattern) for pattern in patterns.split("|"))


@dataclass(frozen=True)
class Limit:
    """Which rows (patterns; None: all), whose limit, what happens."""

    peer: str
    why: str
    who: str = THEM
    direction: str = None
    operation: str = "*"
    ours: str = "*"
    theirs: str = "*"
    fill: str = "*"
    compression: str = None
    below: str = None  # of the peer's version
    since: str = None
    happens: tuple = (peers.Refused,)
    container: str = None
    size: range = None

    def holds(self, row, version):
        words = ("peer", "operation", "ours", "theirs", "fill")
        return (
            all(matches(getattr(row, word), getattr(self, word)) for word in words)
            and self.direction in (None, row.direction)
            and (self.compression is None or matches(row.compression or "", self.compression))
            and (self.container is None or matches(row.container or "", self.container))
            and (self.below is None or number(version) < number(self.below))
            and (self.since is None or number(version) >= number(self.since))
            and (self.size is None or row.size in self.size)
        )


def known_system():
    """Is it one of those whose programs these limits were seen with?  On others
    a limit may be gone."""
    try:
        about = pathlib.Path("/etc/os-release").read_text()
    except OSError:
        return False
    return re.search(r"^VERSION_CODENAME=(bookworm|trixie)$", about, re.M) is not None


FROM, TO = operations.FROM, operations.TO
DECRYPTS = "*encrypt|several recipients|password*"
SIGNED = "sign*|detached*|cleartext|*secret key"

UNSUPPORTED = (peers.Refused, operations.Unverified)
V6 = "rfc9580|*-v6"

NEVER = "999"
# When programs learned what RFC 9580 brought.
KEYS_SINCE = {"gpg": NEVER, "sqop": "0.35", "gosop": "1", "rnp": NEVER, "pgpainless-cli": "1.7"}
SEIPD2_SINCE = {**KEYS_SINCE, "pgpainless-cli": "1.6"}

# Ours, by policy.
OURS = [
    Limit(
        "*",
        "we refuse secp256k1, DSA and Elgamal",
        who=US,
        direction=FROM,
        operation=SIGNED,
        theirs="secp256k1|dsa*",
        happens=UNSUPPORTED,
    ),
    Limit(
        "*",
        "we encrypt to RSA of 3072 bits and more",
        who=US,
        direction=TO,
        operation="*encrypt",
        theirs="rsa2048",
    ),
    Limit(
        "*",
        "we refuse secp256k1, DSA and Elgamal",
        who=US,
        direction=TO,
        operation="*encrypt",
        theirs="secp256k1|dsa*",
    ),
    Limit(
        "*",
        "we compress only what we encrypt",
        who=US,
        direction=TO,
        operation="sign",
        compression="z*",
    ),
    *(
        Limit(
            peer,
            "cannot read SEIPD version 2, which our key announces",
            direction=TO,
            operation="*secret key",
            ours=benches.DEFAULT,
            container="",
            below=below,
        )
        for peer, below in SEIPD2_SINCE.items()
    ),
]

PEERS = [
    Limit(
        "sqop|gosop|pgpainless-cli|rsop",
        "there is no option to compress",
        direction=FROM,
        compression="z*",
    ),
    # What came with RFC 9580, in 2024.
    *(
        limit
        for peer, below in KEYS_SINCE.items()
        for limit in (
            Limit(peer, "knows no keys of version 6", ours=V6, below=below, happens=UNSUPPORTED),
            Limit(
                peer,
                "knows no Ed448 and X448 by their new numbers",
                ours="ed448",
                below=below,
                happens=UNSUPPORTED,
            ),
        )
    ),
    *(
        limit
        for peer, below in SEIPD2_SINCE.items()
        for limit in (
            Limit(
                peer, "cannot read SEIPD version 2", direction=TO, container="rfc9580", below=below
            ),
        )
    ),
    Limit(
        "sqop|pgpainless-cli|rsop",
        "does not know LibrePGP's packet",
        direction=TO,
        container="librepgp",
    ),
    # Algorithms that not everybody has.
    *(
        Limit(peer, why, direction=direction, operation=operation, ours=ours, happens=UNSUPPORTED)
        for peer, ours, why in (
            ("sqop", "brain*", "has no brainpool curves (Nettle)"),
            ("rsop", "brain*", "has no brainpool curves"),
            ("rsop", "ed448*", "has no Ed448 and X448"),
        )
        for direction, operation in (
            (FROM, "*encrypt"),
            (TO, "sign*|detached|cleartext|secret key"),
        )
    ),
    Limit(
        "gosop",
        "signs with Ed448 over SHA-256, which RFC 9580 forbids",
        who=US,
        direction=FROM,
        operation="cleartext",
        theirs="security",
    ),
    *(
        Limit(
            "gpg",
            "makes Ed448 keys of LibrePGP's version 5, which we do not read",
            who=US,
            direction=direction,
            operation=operation,
            theirs="ed448",
        )
        for direction, operation in ((FROM, SIGNED), (TO, "*encrypt"))
    ),
    Limit(
        "rsop",
        "cannot sign what it encrypts with a locked key",
        direction=FROM,
        operation="locked*",
    ),
    # Post-quantum, where our libgcrypt can.  gosop knows it.
    *(
        limit
        for peer in ("gpg", "sqop", "rnp", "rsop", "pgpainless-cli")
        for limit in (
            Limit(peer, "knows no ML-DSA-65+Ed25519", ours="rfc9980", happens=UNSUPPORTED),
            Limit(
                peer,
                "knows no ML-KEM-768+X25519, to which we encrypt first",
                direction=TO,
                operation="*secret key",
                ours="mlkem",
            ),
        )
    ),
    Limit("rnp", "reads no key with a subkey that it does not know", ours="mlkem"),
    Limit(
        "sqop", "reads nothing that is compressed", direction=TO, compression="z*", since="0.37.3"
    ),
    # gosop as Debian 12 has it: from before the draft had the rest.
    Limit("gosop", "has no inline signatures", operation="sign|cleartext", below="1"),
    Limit("gosop", "has no option for a key's password", operation="locked*", below="1"),
    *(
        Limit(
            "gosop",
            "writes what it decrypts as text: other octets are replaced",
            direction=direction,
            operation=operation,
            fill="noise",
            size=range(2, 1 << 40),
            below="1",
            happens=(operations.Differs,),
        )
        for direction, operation in ((TO, f"{DECRYPTS}|secret key"), (FROM, "several recipients"))
    ),
    Limit(
        "gosop",
        "encrypts to a password as text: line ends become CR LF",
        direction=FROM,
        operation="password",
        size=range(2, 1 << 40),
        below="1",
        happens=(operations.Differs,),
    ),
    Limit(
        "gosop",
        "forgets the recipients when there is a password",
        who=US,
        direction=FROM,
        operation="password or key",
    ),
    Limit(
        "pgpainless-cli|rsop",
        "signs the white space at the ends of lines, even to itself",
        who=US,
        direction=FROM,
        operation="cleartext",
        fill="text",
        size=range(2, 1 << 40),
    ),
    Limit(
        "rsop",
        "does not read an empty cleartext",
        direction=TO,
        operation="cleartext",
        size=range(1),
    ),
    Limit("rnp", "cannot sign text", direction=FROM, operation="detached, text"),
    Limit(
        "pgpainless-cli",
        "signs the white space at the ends of lines, even to itself",
        who=US,
        direction=FROM,
        operation="cleartext",
        fill="text",
        size=range(2, 1 << 40),
        below="1.4",
    ),
]

# Another program in our place.
CURVES = "brain*|sec*"
SQOP = [
    Limit("*", "has no such curve", who=US, direction=FROM, operation=SIGNED, theirs=CURVES),
    Limit("*", "has no such curve", who=US, direction=TO, operation="*encrypt", theirs=CURVES),
    Limit("*", "has no Elgamal", who=US, direction=TO, operation="*encrypt", theirs="dsa*"),
    Limit("*", "has no Elgamal", who=US, direction=FROM, operation="secret key", theirs="dsa*"),
    Limit("*", "does not know LibrePGP's packet", who=US, direction=FROM, container="ocb|OCB"),
    Limit("*", "there is no option to compress", who=US, direction=TO, compression="z*"),
    Limit(
        "pgpainless-cli",
        "does not read an empty cleartext of sqop",
        direction=TO,
        operation="cleartext",
        size=range(1),
    ),
]

LIMITS = [*(SQOP if benches.OURS == ["sqop"] else OURS), *PEERS]

# What waits for a part of the engine: must fail, or the mark goes.
WAITING = []


def find(limits, row, version):
    return next((limit for limit in limits if limit.holds(row, version)), None)
