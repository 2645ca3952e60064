"""Faults at home: slow workers, full disks and folders, backlogs, reloads."""

import contextlib
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

import processes
from gateway import PATIENCE, SANITIZED, WAYBILL
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


def reload(gateway):
    """SIGHUP with the settings as they are now; returns when they count."""
    before = gateway.log.read_text(errors="replace").count("spooler recovered")
    gateway.write_config()
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(
        lambda: gateway.log.read_text(errors="replace").count("spooler recovered") > before,
        "it has begun anew",
        PATIENCE,
    )


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


def test_undeliverable_documents_leave_room_for_others(new_pair):
    """They are kept, but no more than a folder's share of them is taken."""
    pair = new_pair()
    gpg, key = pair.partner_with_gpg("cedar")
    pair.start()
    folder = pair.birch.spool / "in" / "alder" / "documents"
    folder.rename(folder.with_name("aside"))
    folder.write_text("where a folder should be")
    names = [f"{n:05}.txt" for n in range(800)]
    for name in names:
        pair.alder.drop("birch", name, name.encode())
    wait_until(
        lambda: pair.alder.status()["partners"]["birch"]["counts"].get("closed") == len(names),
        "all were sent",
        PATIENCE,
        0.2,
    )
    pair.birch.put_in_mailbox(
        "cedar", {"one.pgp": gpg.make(b"1", "one.txt", key, pair.birch.fingerprint)}
    )
    pair.birch.wait_delivered("cedar", ["one.txt"], seconds=PATIENCE / 2)
    assert 500 < pair.birch.status()["in_hand"] < 600
    # Once they have met the same cause several times, a person is told.
    problems = wait_until(lambda: pair.birch.status()["problems"], "a person is told", PATIENCE)
    assert "of partner alder" in problems[0]
    wait_until(lambda: pair.birch.try_waybill("status").returncode == 1, "and the exit code", PATIENCE)
    folder.unlink()
    folder.with_name("aside").rename(folder)
    pair.birch.wait_delivered("alder", names)
    no_restart(pair.birch)


@pytest.mark.skipif(os.getuid() != 0 or SANITIZED, reason="looks into other processes")
def test_roles_see_nothing_of_our_environment(new_pair, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "open sesame")
    pair = new_pair().start()
    pair.exchange({"one.txt": b"1"})
    for gateway in (pair.alder, pair.birch):
        roles = gateway.roles()
        assert len(roles) > 3
        for pid, role in roles.items():
            seen = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            assert len(seen) == 0, role


def test_documents_of_a_removed_partner_wait_for_its_return(new_pair):
    """Reloading without it strands them, and says so; with it they go on."""
    pair = new_pair()
    pair.birch.start()
    pair.alder.start()
    pair.alder.drop("birch", "one.txt", b"1")
    pair.alder.wait_state("one.txt", "sealed")
    birch = pair.alder.partners.pop("birch")
    file = pair.alder.folder / "partners.d" / "birch.conf"
    gpg = pair.gpg()
    other = gpg.new_key("elm <edi@elm.example>")
    pair.alder.add_partner(
        "elm", gpg.certificate(other), **{"flow documents": {"direction": "in"}}
    )
    file.unlink()
    began = time.monotonic()
    reload(pair.alder)
    assert SANITIZED or time.monotonic() - began < 4, "it waited for a dead server"
    assert pair.alder.states() == {"one.txt": "sealed"}
    assert pair.alder.try_waybill("status").returncode == 1
    assert "not configured any more: 1" in pair.alder.status()["problems"][0]
    pair.alder.partners["birch"] = birch
    pair.server.start()
    reload(pair.alder)
    assert pair.alder.status()["problems"] == []
    pair.birch.wait_delivered("alder", ["one.txt"])
    pair.alder.wait_state("one.txt", "closed")


@pytest.mark.parametrize("command", ["list", "status", "trace one.txt", "check", "key list"])
def test_an_answer_that_cannot_be_written_is_a_failure(pair, command):
    pair.exchange({"one.txt": b"1"})
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [WAYBILL, *command.split(), "-f", pair.alder.config],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    assert ran.returncode == 1
    assert b"No space left" in ran.stderr


@contextlib.contextmanager
def stream(gateway, partner, names):
    """Drops a document every few milliseconds; its name is added to names."""
    done = threading.Event()

    def run():
        while not done.wait(0.005):
            name = f"new-{len(names):05}.txt"
            gateway.drop(partner, name, name.encode())
            names.append(name)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(PATIENCE)


def test_a_backlog_that_meets_new_documents_is_sent_once(new_pair):
    """A document that is accepted while the ledger is looked through for
    waiting ones must not be found there and sent a second time."""
    pair = new_pair()
    pair.birch.start()
    pair.alder.start()
    names = [f"old-{n:05}.txt" for n in range(600)]
    for name in names:
        pair.alder.drop("birch", name, name.encode())
    wait_until(
        lambda: pair.alder.status()["partners"]["birch"]["counts"].get("sealed") == len(names),
        "all are accepted",
        PATIENCE,
        0.2,
    )
    with stream(pair.alder, "birch", names):
        pair.server.start()
        wait_until(
            lambda: len(pair.birch.delivered("alder")) > 900, "the backlog is sent", PATIENCE, 0.2
        )
    pair.birch.wait_delivered("alder", names)
    no_restart(pair.alder)
    assert {d["state"] for d in pair.birch.list("--limit", "9999")} == {"delivered"}
