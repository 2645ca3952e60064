"""What the scenarios need to know of processes: read from /proc, ended by pid."""

import os
import pathlib
import signal
import time


class Late(AssertionError):
    """Something did not happen in time."""


def wait_until(happened, what, seconds=30.0, step=0.02):
    """Call happened() until it answers something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        answer = happened()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Late(f"after {seconds:g} s still not: {what}")
        time.sleep(step)


def _stat(pid):
    """State letter and parent of a process; None when it is gone."""
    try:
        after_name = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return after_name[0], int(after_name[1])


def alive(pid):
    found = _stat(pid)
    return found is not None and found[0] not in "ZX"


def children(pid):
    pids = [int(p.name) for p in pathlib.Path("/proc").iterdir() if p.name.isdigit()]
    return [p for p in pids if (found := _stat(p)) and found[1] == pid and found[0] not in "ZX"]


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except OSError:
        return []


def facts(pid, thread=None):
    """/proc/PID/status, or a thread's, as a dict; empty when it is gone."""
    place = f"/proc/{pid}/task/{thread}/status" if thread else f"/proc/{pid}/status"
    try:
        lines = pathlib.Path(place).read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def thread_facts(pid):
    """The facts of each thread."""
    try:
        threads = [t.name for t in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    return [found for t in threads if (found := facts(pid, t))]


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end(process, gently=True, seconds=20):
    """End a Popen; with its whole family when it does not want to go."""
    if process is None or process.poll() is not None:
        return
    family = descendants(process.pid)
    if gently:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except Exception:
            pass
    if process.poll() is None:
        family += descendants(process.pid)
        process.kill()
        process.wait(10)
    for pid in family:
        send_signal(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(alive, family)), "the processes are gone", 10)


def open_files(pid):
    """What the descriptors of a process lead to."""
    found = []
    try:
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.append(os.readlink(link))
            except OSError:
                pass
    except OSError:
        pass
    return found
