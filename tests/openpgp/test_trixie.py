"""The matrix with Debian 13's programs, where a root of it was made ready.

WAYBILL_TRIXIE names the root (tests/openpgp/trixie make ROOT); without it
this says that it was left out.
"""

import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parent / "trixie"
ROOT = os.environ.get("WAYBILL_TRIXIE")


@pytest.mark.skipif(not ROOT, reason="WAYBILL_TRIXIE names no root of Debian 13")
def test_the_matrix_in_a_root_of_debian_13():
    assert os.geteuid() == 0, "only root can enter it"
    ran = subprocess.run([SCRIPT, ROOT], capture_output=True, text=True, timeout=3600)
    print(ran.stdout[-20000:], ran.stderr[-20000:])
    assert ran.returncode == 0, ran.stdout.splitlines()[-1]
    assert ran.stdout.endswith("trixie: good\n")


def test_another_system_is_no_root_of_debian_13(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text("VERSION_CODENAME=bookworm\n")
    ran = subprocess.run([SCRIPT, tmp_path], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stdout.startswith("trixie: FAILED: ")
    assert not (tmp_path / "srv").exists()
