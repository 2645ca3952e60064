"""What the documents say about the tree must be true."""

import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).parent.parent
# Names that exist only in a running gateway or on somebody's machine.
FOLDERS = ("gateway", "transports", "spool", "keys", "tests", "etc", "docs", ".ci")


def named_files(text):
    """`path` in backquotes, [text](path), and bare folder/file.ext words;
    a `file.[ch]` means both."""
    words = re.findall(r"`([^`\n]+)`|\]\(([^)\s]+)\)|((?:[\w.-]+/)+[\w.*-]*(?:\[ch\])?)", text)
    for word in (next(filter(None, groups)) for groups in words):
        for part in word.split():
            part = part.strip(",;:()").removeprefix("./").split("#")[0]
            if re.fullmatch(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./\[\]*-]+", part):
                yield part.rstrip(".")


def exists(name):
    both = re.fullmatch(r"(.*)\.\[ch\]", name)
    if both:
        return all((TOP / f"{both[1]}.{end}").exists() for end in "ch")
    return any(TOP.glob(name)) if "*" in name else (TOP / name).exists()


@pytest.mark.parametrize("document", ["README.md", "docs/ARCHITECTURE.md", "docs/THREATS.md"])
def test_every_file_that_a_document_names_exists(document):
    names = set(named_files((TOP / document).read_text()))
    assert names, "it names no file at all"
    assert not sorted(n for n in names if not exists(n))

