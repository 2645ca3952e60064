"""Fixtures: the programs and their keys live as long as the session."""

import bench as benches
import pytest


@pytest.fixture(scope="session")
def bench():
    made = benches.Bench()
    yield made
    made.close()


@pytest.fixture(scope="session")
def report():
    """Outcomes of rows; the complete ones end in build/openpgp-matrix.md."""
    import report as reports

    made = reports.Report()
    yield made
    made.write(benches.BUILD.parent / "openpgp-matrix.md")
