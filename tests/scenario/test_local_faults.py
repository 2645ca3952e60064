"""Faults at home: slow workers, folders that vanish, clocks that jump, reloads."""

import contextlib
import signal

import processes
from gateway import PATIENCE
from processes import wait_until


def no_restart(gateway):
    log = gateway.log.read_text(errors="replace")
    assert "restarting" not in log and "fatal" not in log, gateway.log_tail(20)


@contextlib.contextmanager
def frozen(gateway, role):
    """As on a machine that has no time for them."""
    pids = list(gateway.roles(role))
    assert pids
    for pid in pids:
        processes.send_signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            processes.send_signal(pid, signal.SIGCONT)


def test_large_signatures_do_not_clog_a_slow_verifier(new_pair):
    """A request that does not fit into the worker's channel comes later."""
    pair = new_pair(birch={"workers": 1})
    gpg, key = pair.partner_with_gpg("cedar")
    others = [gpg.new_key(f"{n} <edi@{n}.example>") for n in ("oak", "elm", "ash")]
    options = [o for k in others for o in ("--local-user", k)]
    options += [o for n in range(16) for o in ("--sig-notation", f"n{n:02}@c.example={'x' * 990}")]
    pair.start()
    pair.exchange({"first.txt": b"starts the workers"})
    messages = {
        f"{n}.pgp": gpg.make(b"%d" % n, f"{n}.txt", key, pair.birch.fingerprint, *options)
        for n in range(40)
    }
    assert min(map(len, messages.values())) > 65000
    with frozen(pair.birch, "verifier"):
        pair.birch.put_in_mailbox("cedar", messages)
        wait_until(
            lambda: {d["state"] for d in pair.birch.list("--partner", "cedar")} == {"unsealed"}
            and len(pair.birch.list("--partner", "cedar")) == len(messages),
            "all are unsealed",
            PATIENCE,
            0.1,
        )
    pair.birch.wait_delivered("cedar", [f"{n}.txt" for n in range(40)], seconds=PATIENCE / 2)
    no_restart(pair.birch)
