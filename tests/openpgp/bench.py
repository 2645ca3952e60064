"""Everything that the matrix needs, made once: programs, keys, results."""

import atexit
import os
import pathlib
import random
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import peers

TOP = pathlib.Path(__file__).parents[2]
BUILD = TOP / os.environ.get("BUILD", "build/gcc")
# WAYBILL_SOP=sqop puts another program in our place: a sound matrix agrees
# with that as well.
OURS = os.environ.get("WAYBILL_SOP", f"{BUILD}/waybill sop").split()
WORKERS = 2

OTHERS = {
    "gpg": lambda: peers.Gpg("gpg", ["gpg"]),
    "sqop": lambda: peers.Sqop("sqop", ["sqop"]),
    "gosop": lambda: peers.Gosop("gosop", ["gosop"]),
    "rnp": lambda: peers.Rnp("rnp", ["rnp"]),
    "pgpainless-cli": lambda: peers.Sop("pgpainless-cli", ["pgpainless-cli"]),
    "rsop": lambda: peers.Sop("rsop", ["rsop"]),
}


# Our keys, by their profile.  The first is what generate-key makes unasked.
DEFAULT = "default"
PROFILES = (
    *("default", "rfc4880", "rfc9580"),
    *("rsa3072", "rsa4096", "nistp256", "nistp384", "nistp521", "ed448"),
    *("brainpoolp256", "brainpoolp384", "brainpoolp512"),
    *("rsa3072-v6", "nistp256-v6", "brainpoolp512-v6", "ed448-v6"),
)
# Only where libgcrypt can.
POST_QUANTUM = ("rfc9980", "mlkem")


def copied(command):
    """A copy of the program: a build meanwhile changes nothing."""
    folder = tempfile.mkdtemp(prefix="wbpgp-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return [shutil.copy(command[0], folder), *command[1:]]


def ours():
    if OURS == ["sqop"]:
        made = peers.Sqop("waybill", OURS)
        made.makes = {DEFAULT: None, **made.suites}
        made.containers = ()
        return made
    made = peers.Waybill("waybill", copied(OURS))
    possible = "rfc9980" in made.profiles("generate-key")
    made.makes = {name: name for name in PROFILES + (POST_QUANTUM if possible else ())}
    return made


# The first gosop makes no key that is long enough; sqop's will do.
NEEDS = {"gosop": ("gosop", "sqop"), "rnp": ("rnp", "rnpkeys")}


def lacking(name):
    """Programs that must be installed and are not."""
    return [program for program in NEEDS.get(name, (name,)) if not shutil.which(program)]


def noise(size):
    """Octets of all kinds, always the same."""
    return random.Random(size).randbytes(size)


def text(size):
    """Lines that every way of signing text has trouble with."""
    lines = "- dashed item\n\n  indented\nFrom here\n-----BEGIN PGP\nGrüße\nblanks  \n\ttab\t\n".encode()
    body = (lines * (size // len(lines) + 1))[:size]
    return body.decode(errors="ignore").encode()


def table(size):
    """What compresses well."""
    return b"".join(b"%06d;item;%d.00\n" % (n, n % 90) for n in range(size // 14 + 1))[:size]


class Bench:
    def __init__(self):
        self.lock = threading.Lock()
        self.peers = {}
        self.keys = {}
        self.pool = ThreadPoolExecutor(WORKERS)

    def close(self):
        self.pool.shutdown()
        for peer in self.peers.values():
            peer.close()

    def peer(self, name):
        with self.lock:
            if name not in self.peers:
                self.peers[name] = ours() if name == "waybill" else OTHERS[name]()
            return self.peers[name]

    def key(self, peer, kind, password=None, nth=0):
        """A key that the peer made, the same for whoever asks."""
        which = (peer.name, kind, password, nth)
        with self.lock:
            made = self.keys.setdefault(which, [threading.Lock(), None])
        with made[0]:
            if not made[1]:
                made[1] = peer.new_key(kind, password)
            return made[1]

    def all(self, function, items):
        """Run it for each, several at a time; the results in order."""
        return list(self.pool.map(function, items))
