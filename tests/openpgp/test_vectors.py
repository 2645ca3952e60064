"""Keys and messages of others do here what their source says of them.

The table is vectors.py; the files are $WAYBILL_SHARED/vectors (../shared
beside the checkout).
"""

from collections import defaultdict

import bench as benches
import packets
import peers
import pytest
import vectors

pytestmark = [
    pytest.mark.skipif(
        not vectors.FOLDER.is_dir(), reason="there is no $WAYBILL_SHARED/vectors, nor ../shared"
    ),
    pytest.mark.skipif(benches.OURS == ["sqop"], reason="another program stands in our place"),
]

READ = ("merge-certs", "--no-armor")
BY_FILE = defaultdict(list)
for row in vectors.ROWS:
    BY_FILE[row.path].append(row)


class Runner:
    def __init__(self, peer):
        self.peer = peer
        self.possible = "rfc9980" in peer.profiles("generate-key")
        self.made = {}

    def word(self, word):
        """An argument as the command line has it."""
        if isinstance(word, vectors.File):
            return self.peer.file(word.read())
        if isinstance(word, vectors.Made):
            if word not in self.made:
                self.made[word] = self.peer.file(self.run(word.command, word.data)[1])
            return self.made[word]
        if isinstance(word, tuple):
            option, content = word
            return f"{option}={self.peer.file(content.encode())}"
        return word

    def run(self, command, data):
        """(exit code, standard output, standard error)"""
        data = data.read() if isinstance(data, vectors.File) else data
        try:
            ran = self.peer.run(*map(self.word, command), data=data)
        except peers.Refused as refused:
            return refused.code, b"", refused.said
        return 0, ran.stdout, ran.stderr.decode(errors="replace")

    def problem(self, row):
        """What is wrong with this row, or None."""
        command, found = row.command, None
        if row.signers is not None and command[0] == "inline-verify":
            found = self.peer.new_file()
            command = (command[0], f"--verifications-out={found}", *command[1:])
        code, output, said = self.run(command, row.data)
        if code != row.code:
            return f"exit code {code}, not {row.code}: {said}"
        if row.output is not None and output != row.output:
            return f"wrote {output[:80]}"
        if row.says not in said:
            return f"said {said!r}"
        if row.signers is not None:
            verified = self.peer.verified(found) if found else signers(output)
            if verified != set(row.signers):
                return f"signatures by {verified}"
        if row.command[:2] == READ:
            return self.lost(row.data.read(), output)
        return None

    @staticmethod
    def lost(before, after):
        """Certificates that were read and written again are the same ones."""
        same = packets.primaries(before) == packets.primaries(after)
        return None if same else "it is not the same certificate any more"


def signers(lines):
    return {line.split()[2] for line in lines.decode().splitlines() if line.strip()}


@pytest.fixture(scope="module")
def runner(bench):
    return Runner(bench.peer("waybill"))


@pytest.mark.parametrize("path", BY_FILE)
def test_vector(runner, path):
    wrong = []
    for row in BY_FILE[path]:
        if row.post_quantum not in (None, runner.possible):
            continue
        problem = runner.problem(row)
        if problem:
            wrong.append(f"{row.meaning} ({row.command[0]}): {problem}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_no_vector_is_forgotten():
    there = {str(p.relative_to(vectors.FOLDER)) for p in vectors.FOLDER.rglob("*") if p.is_file()}
    assert not sorted(there - set(BY_FILE) - vectors.ABOUT), "no row"
    assert not sorted(set(BY_FILE) - there), "no file"
