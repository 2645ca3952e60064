"""Every process gives up what it does not need (unit tests try to get it back)."""

import os

import pytest

import processes
from gateway import PATIENCE, SANITIZED

ROLES = {"spooler", "keyholder", "sealer", "unsealer", "verifier", "inspector", "courier"}


TWO_THREADS = {"sealer", "unsealer", "verifier"}  # they hash on a second one


def seen_confined(pair):
    """role -> facts of its threads, for every role that runs just now."""
    return {
        role: threads
        for gateway in (pair.alder, pair.birch)
        for pid, role in gateway.roles().items()
        if (threads := processes.thread_facts(pid))
    }


def test_every_role_is_confined(pair):
    pair.exchange({"work.txt": b"so that every role has work"})
    seen = {}

    def all_seen():
        pair.exchange({f"work-{len(pair.birch.delivered('alder'))}.txt": b"more"})
        seen.update(seen_confined(pair))
        return ROLES - {"inspector"} <= seen.keys()

    processes.wait_until(all_seen, "every role was seen", PATIENCE)
    two = len(os.sched_getaffinity(0)) > 1
    for role, threads in seen.items():
        if not SANITIZED:  # they may have threads of their own
            assert len(threads) == (2 if two and role in TWO_THREADS else 1), role
        for facts in threads:
            assert facts["NoNewPrivs"] == "1", role
            if not SANITIZED:
                assert facts["Seccomp"] == "2", role
            capabilities = int(facts["CapEff"], 16) | int(facts["CapPrm"], 16)
            lease = 1 << 28  # CAP_LEASE
            assert capabilities & ~(lease if role == "spooler" else 0) == 0, role


def test_no_role_has_a_door_of_its_own_open(pair):
    """No listening TCP socket in any process of ours."""
    pair.exchange({"door.txt": b"knock"})
    sockets = set()
    for gateway in (pair.alder, pair.birch):
        for pid in [gateway.process.pid, *gateway.roles()]:
            for fd in processes.open_files(pid):
                if fd.startswith("socket:["):
                    sockets.add(fd[8:-1])
    with open("/proc/net/tcp") as table:
        listening = {row.split()[9] for row in table if row.split()[3] == "0A"}
    assert not sockets & listening


@pytest.mark.parametrize("role", ["keyholder", "sealer", "unsealer", "verifier"])
def test_the_blind_roles_hold_no_file_of_others(pair, role):
    """While idle they hold sockets and pipes only, no path at all."""
    pair.exchange({f"blind-{role}.txt": b"work"})
    for gateway in (pair.alder, pair.birch):
        for pid in gateway.roles(role):
            paths = [f for f in processes.open_files(pid) if f.startswith("/")]
            allowed = {"/dev/null", "/dev/urandom", str(gateway.log)}
            left = [p for p in paths if p not in allowed and str(gateway.state) not in p]
            assert not left, (gateway.name, role)


def test_full_confinement_can_be_required(new_pair):
    """Where this kernel cannot give it, the gateway refuses to run."""
    pair = new_pair(alder={"require-confinement": "seccomp"})
    pair.start()
    pair.exchange({"strict.txt": b"works"})
