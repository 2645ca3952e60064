"""Each C unit test program becomes one test; its output is shown when it fails."""

import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("BUILD", "build/gcc")).resolve()
PROGRAMS = sorted(
    p for p in BUILD.glob("tests/*/test_*") if p.suffix == "" and os.access(p, os.X_OK)
)


@pytest.mark.parametrize(
    "program", PROGRAMS, ids=[f"{p.parent.name}/{p.name}" for p in PROGRAMS]
)
def test_unit(program):
    ran = subprocess.run(
        [program],
        cwd=pathlib.Path(__file__).parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        text=True,
        errors="replace",
    )
    if ran.returncode != 0:
        pytest.fail(f"exit code {ran.returncode}\n{ran.stdout}", pytrace=False)


def test_every_unit_test_was_built():
    sources = {
        f"{p.parent.name}/{p.stem}" for p in pathlib.Path(__file__).parent.glob("*/test_*.c")
    }
    built = {f"{p.parent.name}/{p.name}" for p in PROGRAMS}
    assert sources <= built
