"""The matrix as a page: build/openpgp-matrix.md."""

from collections import defaultdict

import operations

HEAD = """# Who reads what

Written by `make test` (or `pytest tests/openpgp/test_matrix.py`): each row is
an operation that one program made and the other read, in this run. What does
not agree is named below, and was found to be so: nothing is left out.
"""


def size(octets):
    for unit, name in ((1 << 20, " MiB"), (1 << 10, " KiB")):
        if octets and octets % unit == 0:
            return f"{octets // unit}{name}"
    return str(octets)


class Report:
    def __init__(self):
        self.rows = []

    def add(self, peer, row, what):
        self.rows.append((str(peer), row, what))

    def complete(self):
        """Did every operation with somebody run both ways?"""
        seen = {(peer, row.direction, row.operation) for peer, row, _ in self.rows}
        peers = {peer for peer, _, _ in self.rows}
        return peers and len(seen) == len(peers) * 2 * len(operations.OPERATIONS)

    def write(self, path):
        if not self.complete():
            return
        peers = list(dict.fromkeys(peer for peer, _, _ in self.rows))
        lines = [HEAD, "| rows that agree |" + "".join(f" {peer} |" for peer in peers)]
        lines.append("|---" * (len(peers) + 1) + "|")
        for operation in operations.OPERATIONS:
            cells = []
            for peer in peers:
                found = [(r, w) for p, r, w in self.rows if p == peer and r.operation == operation]
                good = sum(w == "agrees" for _, w in found)
                cells.append(f" {good} of {len(found)} |")
            lines.append(f"| {operation} |" + "".join(cells))
        for peer in peers:
            lines += ["", f"## {peer}", "", *self.table(peer)]
        path.write_text("\n".join(lines) + "\n")

    def table(self, peer):
        """Rows with the same outcome, together."""
        groups = defaultdict(list)
        for who, row, what in self.rows:
            if who == peer:
                groups[row.direction, row.operation, what].append(row)
        yield "| direction | operation | our keys | theirs | octets | compression | container | |"
        yield "|---|---|---|---|---|---|---|---|"
        for (direction, operation, what), rows in groups.items():
            cells = [direction, operation]
            for name in ("ours", "theirs"):
                cells.append(", ".join(dict.fromkeys(getattr(r, name) for r in rows)))
            cells.append(", ".join(map(size, sorted({r.size for r in rows}))))
            for name in ("compression", "container"):
                cells.append(", ".join(dict.fromkeys(getattr(r, name) or "default" for r in rows)))
            yield "| " + " | ".join([*cells, what.replace("\n", " ")]) + " |"
