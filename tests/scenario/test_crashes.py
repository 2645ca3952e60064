"""Killed at random moments, two hundred times, under a steady stream."""

import os
import random
import signal
import threading
import time

import pytest

import processes
from gateway import PATIENCE, SANITIZED

KILLS = 200
ROLES = ["spooler", "keyholder", "sealer", "unsealer", "verifier", "inspector", "courier"]


class Stream:
    """Drops documents, each of its own content, until it is told to stop."""

    def __init__(self, gateway, partner, pause, choice):
        self.gateway, self.partner, self.pause = gateway, partner, pause
        self.choice = choice
        self.dropped = {}
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        number = 0
        while not self.done.wait(self.pause):
            name = f"doc-{number:05}.txt"
            data = f"{number} ".encode() * self.choice.randrange(1, 4000)
            self.gateway.drop(self.partner, name, data)
            self.dropped[name] = data
            number += 1

    def stop(self):
        self.done.set()
        self.thread.join(PATIENCE)


def test_kill_9_at_random_moments(new_pair):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    choice = random.Random(seed)
    print(f"SEED={seed} repeats this run's choices")
    pair = new_pair().start()
    stream = Stream(pair.alder, "birch", 0.03, random.Random(seed))
    try:
        for number in range(KILLS):
            victim = choice.choice([pair.alder, pair.birch])
            # As random as the moments can be; nothing is waited for here.
            time.sleep(choice.uniform(0, 0.2))
            if number % 2:
                # The core begins anew when one of it died; then it has none.
                pids = processes.wait_until(victim.roles, "it has roles", PATIENCE)
                processes.send_signal(choice.choice(sorted(pids)), signal.SIGKILL)
                continue
            victim.kill()
            victim.start()
            victim.stop()  # fsck wants the ledger for itself
            assert victim.fsck() == "", f"after kill {number}"
            victim.start()
    finally:
        stream.stop()
    found = pair.birch.wait_delivered(
        "alder", stream.dropped, seconds=600 if SANITIZED else 180
    )
    assert found.keys() == stream.dropped.keys(), "something was delivered twice"
    for name, data in stream.dropped.items():
        assert found[name].read_bytes() == data
    for gateway in (pair.alder, pair.birch):
        # What was sent when the line broke is looked up at the next try.
        processes.wait_until(
            lambda: {d["state"] for d in gateway.list()} <= {"closed", "delivered", "duplicate"},
            f"all is settled at {gateway.name}",
            PATIENCE,
            0.5,
        )
        gateway.stop()
        assert gateway.fsck() == ""
        assert not (gateway.state / "lost").is_dir() or not os.listdir(gateway.state / "lost")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_dies_is_replaced(pair, role):
    pair.exchange({f"before-{role}.txt": b"before"})
    for gateway in (pair.alder, pair.birch):
        gateway.kill_role(role)
    pair.exchange({f"after-{role}.txt": b"after"})


def test_the_gateway_stops_when_asked_and_leaves_nobody(new_pair):
    pair = new_pair().start()
    pair.exchange({"one.txt": b"1"})
    family = processes.descendants(pair.alder.process.pid)
    assert family
    pair.alder.process.terminate()
    assert pair.alder.process.wait(PATIENCE) == 0
    processes.wait_until(lambda: not any(map(processes.alive, family)), "all have gone", 10)


def test_nobody_outlives_a_killed_supervisor(new_pair):
    pair = new_pair().start()
    family = processes.descendants(pair.alder.process.pid)
    pair.alder.process.kill()
    pair.alder.process.wait()
    processes.wait_until(lambda: not any(map(processes.alive, family)), "all have gone", 10)
    pair.alder.start()
    pair.exchange({"again.txt": b"works"})


def test_a_second_gateway_on_the_same_state_is_refused(pair):
    ran = pair.alder.try_waybill("run")
    assert ran.returncode != 0
    pair.exchange({"still.txt": b"the first one goes on"})
