"""Fixtures: companies that live as long as a test module needs them."""

import signal

import pytest

import pair as worlds


def pytest_configure():
    """Whoever ends us gently must not leave gateways running."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))


@pytest.fixture(scope="module")
def pair():
    """alder and birch, running; shared by the tests of a module."""
    world = worlds.Pair(flow_out={"max-size": "4G"}, flow_in={"max-size": "4G"})
    try:
        yield world.start()
    finally:
        world.close()


@pytest.fixture
def new_pair():
    """Make a pair of one's own; it is not started."""
    made = []

    def make(**options):
        made.append(worlds.Pair(**options))
        return made[-1]

    yield make
    for world in reversed(made):
        world.close()


@pytest.fixture
def world():
    """An empty folder in which to start things."""
    made = worlds.World()
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the gateways said."""
    report = (yield).get_result()
    if report.failed:
        for made in worlds.running:
            for gateway in made.gateways():
                report.sections.append((f"log of {gateway.name}", gateway.log_tail()))
