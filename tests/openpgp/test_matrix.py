"""Our messages and keys open at every other implementation, and theirs here.

A row is one operation by two programs; operations.py says what they do,
limits.py what is known not to work.  Rows of one operation make one test.
"""

import bench as benches
import limits
import operations
import peers
import pytest
from operations import FROM, TO, Row

SIZES = (0, 1, 8191, 8192, 8193, 65535, 65536, 65537, 1 << 20)
FEW = (0, 1, 65537)
BIG = 64 << 20

SIZES_OF = {
    "sign+encrypt": (*SIZES, BIG),
    "encrypt": FEW,
    "several recipients": FEW,
    "password": FEW,
    "password or key": (),
    "sign": SIZES,
    "detached": SIZES,
    "detached, text": FEW,
    "cleartext": (*FEW, 1 << 20),
    "secret key": (),
    "locked secret key": (),
}
SECRET = ("secret key", "locked secret key")
TEXT = ("cleartext", "detached, text")
# Operations that depend on the keys, and whose; the others are the same with each.
WITH_KEYS = {
    "sign+encrypt": ("make", "read"),
    "encrypt": ("read",),
    "sign": ("make",),
    "detached": ("make",),
    "cleartext": ("make",),
    "secret key": ("make",),
}
CONTAINERS = ("sign+encrypt", "password")
# Of them a spoilt copy is read as well.
TWINS = tuple(o for o in operations.OPERATIONS if o not in ("password or key", *SECRET))
COMPRESSED = ("sign+encrypt", "encrypt", "sign", "password")

# A program that takes half a second to start gets fewer rows: these sizes,
# none where they mean nothing new, and not each kind of key.
SLOW = {"pgpainless-cli": (0, 65537, BIG)}
SLOW_KINDS = "*3072|nistp521|brainpoolp512|ed448|rfc*"


def rows(bench, peer, direction, operation):
    """All rows of one operation with one peer."""
    ours, theirs = bench.peer("waybill"), bench.peer(peer)
    makes, reads = (theirs, ours) if direction == FROM else (ours, theirs)
    slow = SLOW.get(peer)
    fill = "text" if operation in TEXT else "table" if theirs.text_only else "noise"

    def row(size=1000, fill=fill, **more):
        return Row(peer, direction, operation, size=size, fill=fill, **more)

    if operation in SECRET and "rfc4880" in makes.containers:
        # What our keys announce, others may not know.
        yield row()
        fixed = row

        def row(**more):
            return fixed(**{"container": "rfc4880", **more})

    yield row(twin=operation in TWINS)
    if operation in CONTAINERS:
        for container in makes.containers:
            yield row(container=container)
    for size in SIZES_OF[operation]:
        if not slow or (size in slow and operation in ("sign+encrypt", "cleartext")):
            yield row(size)
    if SIZES_OF[operation] and not slow:
        yield row(65536, piped=True)
    if fill != "noise":
        yield row(fill="table" if operation in TEXT else "noise")
    for side in WITH_KEYS.get(operation, ()):
        for kind in (makes if side == "make" else reads).makes:
            if not slow or (operation == "sign+encrypt" and limits.matches(kind, SLOW_KINDS)):
                yield row(**{"theirs" if (side == "make") == (direction == FROM) else "ours": kind})
    if operation in COMPRESSED:
        for compression in makes.compressions or ("zlib",):
            for size in (0, 1000, 1 << 20) if operation == "sign+encrypt" else (1000,):
                yield row(size, fill="table", compression=compression)


def outcome(bench, row):
    """(what is recorded, what is wrong with it)."""
    version = bench.peer(row.peer).version
    waiting = limits.find(limits.WAITING, row, version)
    limit = limits.find(limits.LIMITS, row, version)
    try:
        operations.Job(bench, row).do()
        problem = None
    except operations.PROBLEMS as raised:
        problem = raised

    if waiting:
        wrong = None if problem else f"works now, though said to wait for: {waiting.why}"
        return f"waits: {waiting.why}", wrong
    if not limit:
        return "agrees", problem and f"{type(problem).__name__}: {problem}"
    culprit = "waybill" if limit.who == limits.US else row.peer
    if not problem and limits.known_system():
        return limit.why, f"works now, though said to be impossible: {limit.why}"
    if not problem:
        return "agrees", None
    if not isinstance(problem, limit.happens) or getattr(problem, "who", culprit) != culprit:
        return limit.why, f"should be “{limit.why}”, but {type(problem).__name__}: {problem}"
    return limit.why, None


GROUPS = [
    pytest.param(
        peer,
        direction,
        operation,
        id=f"{peer}, {direction}, {operation}",
        marks=[
            pytest.mark.skip(reason=f"{program} is not installed")
            for program in benches.lacking(peer)
        ],
    )
    for peer in benches.OTHERS
    for direction in (FROM, TO)
    for operation in operations.OPERATIONS
]


@pytest.mark.parametrize("peer,direction,operation", GROUPS)
def test_matrix(bench, report, peer, direction, operation):
    every = list(dict.fromkeys(rows(bench, peer, direction, operation)))
    found = bench.all(lambda row: (row, *outcome(bench, row)), every)
    for row, what, wrong in found:
        report.add(bench.peer(row.peer), row, f"FAILS: {wrong}" if wrong else what)
    bad = [f"{row}: {wrong}" for row, _, wrong in found if wrong]
    if bad:
        pytest.fail(f"{len(bad)} of {len(found)} rows:\n" + "\n".join(bad), pytrace=False)


@pytest.mark.skipif(benches.OURS == ["sqop"], reason="another program stands in our place")
class TestProfiles:
    def test_each_that_is_listed_is_in_the_matrix(self, bench):
        """A key that we can make and nobody else ever saw would be a hole."""
        ours = bench.peer("waybill")
        assert set(ours.profiles("generate-key")) <= set(ours.makes.values())

    @pytest.mark.parametrize("profile", benches.POST_QUANTUM)
    def test_post_quantum_is_possible_or_says_why_not(self, bench, profile):
        ours = bench.peer("waybill")
        if profile in ours.makes:
            return
        with pytest.raises(peers.Refused) as refused:
            ours.run("generate-key", f"--profile={profile}")
        assert refused.value.code == 89
        assert "needs libgcrypt 1.12" in refused.value.said
