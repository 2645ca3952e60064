"""Many documents at once."""

import hashlib
import signal

import processes
from gateway import SANITIZED

COUNT = 20000


def test_20000_files_at_once_are_each_delivered_once(new_pair):
    """The spooler stands still while they appear, so that inotify's queue of
    16,384 events overflows."""
    pair = new_pair().start()
    folder = pair.alder.drop_folder("birch")
    aside = pair.folder / "ready"
    aside.mkdir()
    contents = {f"{n:05}.txt": f"{n:05} ".encode() * 683 for n in range(COUNT)}
    contents = {name: data[:4096] for name, data in contents.items()}
    for name, data in contents.items():
        (aside / name).write_bytes(data)
    (spooler,) = pair.alder.roles("spooler")
    processes.send_signal(spooler, signal.SIGSTOP)
    for name in contents:
        (aside / name).rename(folder / name)
    processes.send_signal(spooler, signal.SIGCONT)
    found = pair.birch.wait_delivered("alder", contents, seconds=1200 if SANITIZED else 300)
    assert found.keys() == contents.keys(), "something was delivered twice"
    for name, path in found.items():
        assert path.read_bytes() == contents[name]
    assert not [p for p in folder.iterdir() if not p.name.startswith(".")]
    assert pair.alder.status()["watch_overflows"] >= 1
    # Every message is another one, and each was sent once.
    pair.alder.wait_state("19999.txt", "closed")
    pair.alder.stop()
    pair.birch.stop()
    assert pair.alder.fsck() == "" and pair.birch.fsck() == ""
    archived = [p.read_bytes() for p in (pair.alder.state / "archive").iterdir()]
    assert len({hashlib.sha256(m).digest() for m in archived}) == len(archived) == COUNT
