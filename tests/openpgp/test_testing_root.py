"""Post-quantum OpenPGP, where a libgcrypt that has it was made ready.

WAYBILL_TESTING_ROOT names a root of Debian testing (testing-root make ROOT);
without it this says that it was left out.
"""

import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parent / "testing-root"
ROOT = os.environ.get("WAYBILL_TESTING_ROOT")


@pytest.mark.skipif(not ROOT, reason="WAYBILL_TESTING_ROOT names no root of Debian testing")
def test_post_quantum_in_a_root_of_debian_testing():
    assert os.geteuid() == 0, "only root can enter it"
    ran = subprocess.run([SCRIPT, ROOT], capture_output=True, text=True, timeout=1800)
    print(ran.stdout[-20000:], ran.stderr[-20000:])
    last = ran.stdout.splitlines()[-1]
    assert ran.returncode == 0, last
    assert last.startswith("testing-root: good: libgcrypt 1."), last
    assert "with the samples of RFC 9980" in last or not (SCRIPT.parents[3] / "shared").is_dir()


def test_nothing_is_no_root():
    ran = subprocess.run([SCRIPT, "/nonexistent"], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stdout.startswith("testing-root: FAILED: there is no ")
