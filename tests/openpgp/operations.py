"""What two programs do with each other's keys and messages.

Each operation is made by one side and read by the other, whichever of them is
ours.  It returns when both agree; otherwise peers.Refused tells who did not
do his part, Differs that something else came out, Accepted that a message was
taken which is not what was made.
"""

from dataclasses import dataclass

import bench as benches
import packets
import peers

FROM, TO = "from them", "to them"
PASSWORD = "Käse 12 Brot"


class Differs(Exception):
    """Both sides were content, but not with the same."""


class Unverified(Exception):
    """The document came out, but without the signatures it has."""


class Accepted(Exception):
    """The evil twin was taken for the good one."""


PROBLEMS = (peers.Refused, Differs, Unverified, Accepted)


@dataclass(frozen=True)
class Row:
    """One line of the matrix."""

    peer: str
    direction: str
    operation: str
    ours: str = benches.DEFAULT
    theirs: str = "ed25519"
    size: int = 1000
    # Of what: a function of bench.py.
    fill: str = "noise"
    compression: str = None
    # Ours: which container, whatever the recipients announce.
    container: str = None
    piped: bool = False
    # Is a spoilt copy read as well?
    twin: bool = False

    def __str__(self):
        words = [f"{self.size} octets of {self.fill}"]
        words += [f"our {self.ours}"] if self.ours != benches.DEFAULT else []
        words += [f"their {self.theirs}"] if self.theirs != "ed25519" else []
        words += [f"compression {self.compression}"] if self.compression else []
        words += [f"container {self.container}"] if self.container else []
        words += ["piped"] if self.piped else []
        words += ["and spoilt"] if self.twin else []
        return ", ".join(words)


class Job:
    """A row with the two programs that do it."""

    def __init__(self, bench, row):
        self.bench, self.row = bench, row
        ours, theirs = bench.peer("waybill"), bench.peer(row.peer)
        sides = [(theirs, row.theirs), (ours, row.ours)]
        if row.direction == TO:
            sides.reverse()
        (self.make, self.make_kind), (self.read, self.read_kind) = sides
        self.how = {"piped": True} if row.piped else {}
        self.style = {"compression": row.compression} if row.compression else {}
        self.style |= {"profile": row.container} if row.container else {}

    def maker(self, password=None):
        return self.bench.key(self.make, self.make_kind, password)

    def reader(self, nth=0):
        return self.bench.key(self.read, self.read_kind, nth=nth)

    def data(self):
        return getattr(benches, self.row.fill)(self.row.size)

    def do(self):
        OPERATIONS[self.row.operation](self)

    def expect(self, plain, signers, data, *keys):
        if plain != data:
            raise Differs(f"{len(plain)} octets came out, or others, of {len(data)}")
        if signers != {k.fingerprint for k in keys}:
            raise Unverified(f"signatures by {signers or 'nobody'} were found")

    def refuses(self, what, read, *arguments, **how):
        """The evil twin: whatever it looks like, nobody vouches for it."""
        try:
            taken = read(*arguments, **how)
        except peers.Refused:
            return
        if taken is None or taken[1] if isinstance(taken, tuple) else taken:
            raise Accepted(f"{self.read} took {what}")


def spoilt(message):
    """Its last packet with another octet in the middle, as binary."""
    binary = bytearray(packets.dearmored(message))
    *_, (_, last) = packets.packets(bytes(binary))
    binary[len(binary) - len(last) // 2 - 1] ^= 0x04
    return bytes(binary)


def must_fail(job, what, read, *arguments, **how):
    """For what must not be opened at all."""
    try:
        read(*arguments, **how)
    except peers.Refused:
        return
    raise Accepted(f"{job.read} took {what}")


def seal(job):
    data, maker, reader = job.data(), job.maker(), job.reader()
    message = job.make.encrypt(data, [reader.cert], maker, **job.style, **job.how)
    plain, signers = job.read.decrypt(message, reader, [maker.cert], **job.how)
    job.expect(plain, signers, data, maker)
    if job.row.twin:
        must_fail(job, "a spoilt message", job.read.decrypt, spoilt(message), reader, [maker.cert])
        other = job.bench.key(job.make, job.make_kind, nth=1)
        job.refuses("another's signature", job.read.decrypt, message, reader, [other.cert])


def encrypt(job):
    data, reader = job.data(), job.reader()
    message = job.make.encrypt(data, [reader.cert], **job.style, **job.how)
    plain, signers = job.read.decrypt(message, reader, **job.how)
    job.expect(plain, signers, data)
    if job.row.twin:
        must_fail(job, "a spoilt message", job.read.decrypt, spoilt(message), reader)


def several(job):
    """Two of the reader's keys and one's own: each opens it alone."""
    data, maker = job.data(), job.maker()
    readers = [job.reader(), job.reader(nth=1)]
    message = job.make.encrypt(data, [k.cert for k in (*readers, maker)], maker, **job.how)
    for who, key in ((job.read, readers[0]), (job.read, readers[1]), (job.make, maker)):
        plain, signers = who.decrypt(message, key, [maker.cert])
        job.expect(plain, signers, data, maker)
    if job.row.twin:
        must_fail(
            job, "a message for others", job.read.decrypt, message, job.reader(nth=2), [maker.cert]
        )


def password(job):
    data = job.data()
    message = job.make.encrypt(data, passwords=[PASSWORD], **job.style, **job.how)
    plain, signers = job.read.decrypt(message, passwords=[PASSWORD], **job.how)
    job.expect(plain, signers, data)
    if job.row.twin:
        must_fail(job, "a wrong password", job.read.decrypt, message, passwords=["Käse"])


def password_or_key(job):
    """Signed and encrypted to a key, and to a password as well."""
    data, maker, reader = job.data(), job.maker(), job.reader()
    message = job.make.encrypt(data, [reader.cert], maker, passwords=[PASSWORD], **job.how)
    for way in ({"key": reader}, {"passwords": [PASSWORD]}):
        plain, signers = job.read.decrypt(message, signers=[maker.cert], **way)
        job.expect(plain, signers, data, maker)


def sign(job):
    data, maker = job.data(), job.maker()
    message = job.make.inline_sign(data, maker, **job.style, **job.how)
    plain, signers = job.read.inline_verify(message, [maker.cert], **job.how)
    job.expect(plain, signers, data, maker)
    if job.row.twin:
        job.refuses("a spoilt one", job.read.inline_verify, spoilt(message), [maker.cert])


def detached(job, text=False):
    data, maker = job.data(), job.maker()
    signature = job.make.sign(data, maker, text=text, **job.how)
    signers = job.read.verify(signature, data, [maker.cert], **job.how)
    job.expect(data, signers, data, maker)
    if job.row.twin:
        job.refuses("other data", job.read.verify, signature, data + b".", [maker.cert])
        job.refuses("a spoilt one", job.read.verify, spoilt(signature), data, [maker.cert])


def as_text(data):
    """Without what the cleartext framework does not keep."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    return b"\n".join(line.rstrip(b" \t") for line in lines).rstrip(b"\n")


def cleartext(job):
    data, maker = job.data(), job.maker()
    message = job.make.clear_sign(data, maker, **job.how)
    plain, signers = job.read.clear_verify(message, [maker.cert], **job.how)
    job.expect(as_text(plain), signers, as_text(data), maker)
    if job.row.twin:
        changed = message.replace(b"item", b"time", 1)
        job.refuses("other text", job.read.clear_verify, changed, [maker.cert])


def secret_key(job, password=None):
    """The reader uses a secret key that the maker made."""
    data, maker = job.data(), job.maker(password)
    message = job.make.encrypt(data, [maker.cert], maker, **job.style)
    plain, signers = job.read.decrypt(message, maker, [maker.cert])
    job.expect(plain, signers, data, maker)
    signature = job.read.sign(data, maker)
    signers = job.make.verify(signature, data, [maker.cert])
    job.expect(data, signers, data, maker)


OPERATIONS = {
    "sign+encrypt": seal,
    "encrypt": encrypt,
    "several recipients": several,
    "password": password,
    "password or key": password_or_key,
    "sign": sign,
    "detached": detached,
    "detached, text": lambda job: detached(job, text=True),
    "cleartext": cleartext,
    "secret key": secret_key,
    "locked secret key": lambda job: secret_key(job, password="Schlüssel"),
}
