"""What is taken from a drop folder, when, and what is not."""

import os
import socket
import stat

import pytest

from gateway import PATIENCE
from processes import wait_until


def passes(pair, name="canary"):
    """A later ordinary document has arrived: the folder was looked at since."""
    passes.count = getattr(passes, "count", 0) + 1
    pair.exchange({f"{name}-{passes.count}.txt": b"sings"})


def test_a_growing_file_is_not_taken_while_its_writer_has_it_open(pair):
    path = pair.alder.drop_folder("birch") / "growing.txt"
    with open(path, "wb") as file:
        for _ in range(3):
            file.write(b"line\n" * 1000)
            file.flush()
            passes(pair)
            assert path.exists(), "taken from under its writer"
    found = pair.birch.wait_delivered("alder", ["growing.txt"])
    assert found["growing.txt"].read_bytes() == b"line\n" * 3000


def test_a_writer_who_comes_back_is_waited_for(pair):
    """Opened for appending just before the gateway could look."""
    path = pair.alder.drop_folder("birch") / "log.txt"
    hidden = path.with_name(".log.tmp")
    hidden.write_bytes(b"first\n")
    with open(hidden, "ab") as file:
        hidden.rename(path)
        passes(pair)
        file.write(b"second\n")
    found = pair.birch.wait_delivered("alder", ["log.txt"])
    assert found["log.txt"].read_bytes() == b"first\nsecond\n"


@pytest.mark.parametrize("name", [".hidden.txt", "a.tmp", "b.part", "c.filepart"])
def test_temporary_names_are_left_alone(pair, name):
    path = pair.alder.drop_folder("birch") / name
    path.write_bytes(b"unfinished")
    passes(pair)
    assert path.read_bytes() == b"unfinished"
    path.unlink()


def wait_returned(pair, name, reason):
    def there():
        return pair.alder.returned("birch").get(name)

    found = wait_until(there, f"{name} was returned", PATIENCE)
    assert found["reason"] == reason
    assert not (pair.alder.drop_folder("birch") / name).exists()
    return pair.alder.spool / "returned" / "birch" / "documents" / name


def test_a_symlink_is_returned_and_not_followed(pair):
    secret = pair.folder / "secret.txt"
    secret.write_bytes(b"not for anybody")
    (pair.alder.drop_folder("birch") / "link.txt").symlink_to(secret)
    moved = wait_returned(pair, "link.txt", "not-a-regular-file")
    assert moved.is_symlink()
    assert "link.txt" not in pair.birch.delivered("alder")


def test_the_reason_of_a_refusal_outlives_a_failed_move(pair):
    """returned/ cannot take it at first; why it was refused stays the same."""
    returned = pair.alder.spool / "returned" / "birch" / "documents"
    kept = returned.with_name("kept")
    returned.rename(kept)
    returned.write_bytes(b"in the way")
    (pair.alder.drop_folder("birch") / "stuck.txt").symlink_to("/nowhere")
    wait_until(lambda: " spooler waits " in pair.alder.log.read_text(), "the move failed", PATIENCE)
    returned.unlink()
    kept.rename(returned)
    wait_returned(pair, "stuck.txt", "not-a-regular-file")


def test_a_dangling_symlink_too(pair):
    (pair.alder.drop_folder("birch") / "dangling.txt").symlink_to("/nowhere/at/all")
    wait_returned(pair, "dangling.txt", "not-a-regular-file")


def test_a_fifo_is_returned_and_does_not_block(pair):
    os.mkfifo(pair.alder.drop_folder("birch") / "fifo.txt")
    moved = wait_returned(pair, "fifo.txt", "not-a-regular-file")
    assert stat.S_ISFIFO(moved.lstat().st_mode)


def test_a_socket_is_returned(pair):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(pair.alder.drop_folder("birch") / "socket.txt"))
        wait_returned(pair, "socket.txt", "not-a-regular-file")


def test_a_directory_is_left_and_not_entered(pair):
    folder = pair.alder.drop_folder("birch") / "folder.txt"
    folder.mkdir()
    (folder / "inside.txt").write_bytes(b"not mine to take")
    passes(pair)
    assert (folder / "inside.txt").read_bytes() == b"not mine to take"
    assert "inside.txt" not in pair.birch.delivered("alder")


def test_a_hard_linked_file_is_returned(pair):
    """Whoever has the other name could change it behind our back."""
    outside = pair.folder / "outside.txt"
    outside.write_bytes(b"two names")
    os.link(outside, pair.alder.drop_folder("birch") / "linked.txt")
    wait_returned(pair, "linked.txt", "hard-linked")
    assert outside.read_bytes() == b"two names"


@pytest.mark.parametrize(
    "name",
    [b"-rf", b"new\nline.txt", b"bell\a.txt", b"latin1-\xfc.txt", b"x" * 201 + b".txt"],
)
def test_a_bad_name_is_returned_under_another(pair, name):
    before = set(pair.alder.returned("birch"))
    path = os.path.join(os.fsencode(pair.alder.drop_folder("birch")), name)
    with open(path, "wb") as file:
        file.write(b"content")
    found = wait_until(
        lambda: set(pair.alder.returned("birch")) - before, "it was returned", PATIENCE
    )
    assert [pair.alder.returned("birch")[n]["reason"] for n in found] == ["bad-name"]
    assert not os.path.exists(path)


def test_a_file_above_the_limit_is_returned(new_pair):
    pair = new_pair(flow_out={"max-size": "1000"}).start()
    pair.alder.drop("birch", "large.txt", b"x" * 1001)
    pair.alder.drop("birch", "just.txt", b"x" * 1000)
    wait_returned(pair, "large.txt", "too-large")
    pair.birch.wait_delivered("alder", ["just.txt"])


def test_a_quiet_flow_waits_until_nothing_changes(new_pair):
    pair = new_pair(flow_out={"complete": "quiet", "quiet": "2s"}).start()
    path = pair.alder.drop_folder("birch") / "quiet.txt"
    # A writer that opens, appends and closes, as some do for each line.
    with open(path, "wb") as file:
        file.write(b"one\n")
    wait_until(lambda: pair.alder.status(), "the gateway goes on", 10)
    with open(path, "ab") as file:
        file.write(b"two\n")
    found = pair.birch.wait_delivered("alder", ["quiet.txt"])
    assert found["quiet.txt"].read_bytes() == b"one\ntwo\n"


def test_a_marker_flow_waits_for_the_marker(new_pair):
    pair = new_pair(flow_out={"complete": "marker"}).start()
    folder = pair.alder.drop_folder("birch")
    (folder / "waits.txt").write_bytes(b"not yet")
    (folder / "ready.txt").write_bytes(b"go")
    (folder / "ready.txt.done").write_bytes(b"")
    pair.birch.wait_delivered("alder", ["ready.txt"])
    assert (folder / "waits.txt").read_bytes() == b"not yet"
    wait_until(lambda: not (folder / "ready.txt.done").exists(), "the marker is gone", 10)
    (folder / "waits.txt.done").write_bytes(b"")
    pair.birch.wait_delivered("alder", ["waits.txt"])


def test_a_drop_folder_that_is_removed_and_made_again_works(pair):
    folder = pair.alder.drop_folder("birch")
    passes(pair)
    folder.rename(folder.with_name("moved-away"))
    folder.mkdir(exist_ok=True)  # the gateway may have been faster
    (folder / "new-folder.txt").write_bytes(b"still watched")
    pair.birch.wait_delivered("alder", ["new-folder.txt"], seconds=90)
