"""Just enough OpenPGP to say what lies in a file, independent of anybody's engine."""

import base64
import hashlib
import re

# Packets that a message or key is made of (RFC 9580, 5).
NAMES = {
    1: "PKESK",
    2: "signature",
    3: "SKESK",
    4: "one-pass",
    5: "secret key",
    6: "public key",
    7: "secret subkey",
    8: "compressed",
    9: "SED",
    10: "marker",
    11: "literal",
    13: "user id",
    14: "public subkey",
    18: "SEIPDv",
    20: "LibrePGP OCB",
    21: "padding",
}

# How long an RFC 4880 packet of "indeterminate length" is: to the end.
INDETERMINATE = 3


BLOCK = re.compile(
    rb"^-----BEGIN PGP (?!SIGNED)[A-Z ]+-----[ \t]*\r?\n(.*?)^-----END PGP",
    re.DOTALL | re.MULTILINE,
)


def blocks(data):
    """The packets of each armored block; the data if there is none."""
    found = BLOCK.findall(data)
    return [decoded(block) for block in found] or [data]


def decoded(block):
    body = re.split(rb"\r?\n\s*\r?\n", b"\n" + block, maxsplit=1)[1]
    lines = [line.strip() for line in body.splitlines()]
    return base64.b64decode(b"".join(line for line in lines if not line.startswith(b"=")))


def dearmored(data):
    """The packets of the first armored block, or the data if it has none."""
    return blocks(data)[0]


def new_length(data, at):
    """Length at that offset: (octets, offset behind it, partial?)."""
    first = data[at]
    if first < 192:
        return first, at + 1, False
    if first < 224:
        return ((first - 192) << 8) + data[at + 1] + 192, at + 2, False
    if first == 255:
        return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5, False
    return 1 << (first & 31), at + 1, True


def packets(data):
    """Yields (tag, body) of binary packets."""
    at = 0
    while at < len(data):
        head = data[at]
        if not head & 0x80:
            raise ValueError(f"no packet at offset {at}")
        at += 1
        if not head & 0x40:
            kind = head & 3
            size = 1 << kind
            length = len(data) - at if kind == INDETERMINATE else 0
            if kind != INDETERMINATE:
                length = int.from_bytes(data[at : at + size], "big")
                at += size
            yield (head >> 2) & 15, data[at : at + length]
            at += length
            continue
        body, more = b"", True
        while more:
            length, at, more = new_length(data, at)
            body += data[at : at + length]
            at += length
        yield head & 63, body


def packet(tag, body):
    """A packet with a new-format length of four octets."""
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4, "big") + body


def public_part(body):
    """The public half of a key packet's body (RFC 9580, 5.5.2)."""
    version, algorithm = body[0], body[5]
    at = 6
    if version in (5, 6):
        return body[: 10 + int.from_bytes(body[6:10], "big")]
    if algorithm in (18, 19, 22):
        at += 1 + body[at]
    numbers = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4, 18: 1, 19: 1, 22: 1}.get(algorithm)
    if numbers is None:
        return body[: at + {25: 32, 26: 56, 27: 32, 28: 57, 35: 1216}[algorithm]]
    for _ in range(numbers):
        at += 2 + (int.from_bytes(body[at : at + 2], "big") + 7) // 8
    if algorithm == 18:
        at += 1 + body[at]
    return body[:at]


def fingerprint(body):
    """Of a key packet's body, upper-case hex."""
    part = public_part(body)
    if body[0] in (5, 6):
        head = bytes([0x9A if body[0] == 5 else 0x9B])
        return hashlib.sha256(head + len(part).to_bytes(4, "big") + part).hexdigest().upper()
    return hashlib.sha1(b"\x99" + len(part).to_bytes(2, "big") + part).hexdigest().upper()


def fingerprints(key):
    """Of every key packet of a certificate or secret key, the primary first."""
    return [fingerprint(body) for tag, body in packets(dearmored(key)) if tag in (5, 6, 7, 14)]


def primaries(data):
    """The primary keys' packets, of all blocks."""
    return {body for block in blocks(data) for tag, body in packets(block) if tag in (5, 6)}


def outline(data):
    """What a message consists of on the outside: ["PKESK3", "SEIPDv1"]."""
    names = []
    for tag, body in packets(dearmored(data)):
        name = NAMES.get(tag, f"packet {tag}")
        names.append(f"{name}{body[0]}" if tag in (1, 3, 18) else name)
    return names
