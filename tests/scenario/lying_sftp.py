"""
An SFTP server on stdin and stdout that lies: run by sshd as a forced command.

    lying_sftp.py LIE FILE      FILE is what every file that it lists holds
"""

import pathlib
import struct
import sys

INIT, VERSION, OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR, REMOVE, REALPATH, STAT = (
    1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 17,
)  # fmt: skip
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
OK, EOF, DENIED, FAILURE = 0, 1, 3, 4


def string(data):
    return struct.pack(">I", len(data)) + data


class Server:
    names = [b"one.pgp"]

    def __init__(self, file):
        self.content = pathlib.Path(file).read_bytes()
        self.listed = False

    def size(self):
        return len(self.content)

    def data(self, offset, length):
        return self.content[offset : offset + length]

    def remove(self):
        return OK

    # The protocol, version 3

    def attrs(self):
        return struct.pack(">IQIII", 1 | 4 | 8, self.size(), 0o100644, 1, 1)

    def answer(self, kind, number, rest):
        def status(code):
            return STATUS, struct.pack(">I", code) + string(b"\x1b[2J said so") + string(b"")

        if kind in (OPENDIR, OPEN):
            self.listed = self.listed and kind == OPEN
            return HANDLE, string(b"h")
        if kind == READDIR and not self.listed:
            self.listed = True
            rows = (string(n) + string(b"-rw-r--r--") + self.attrs() for n in self.names)
            return NAME, struct.pack(">I", len(self.names)) + b"".join(rows)
        if kind == READ:
            offset, length = struct.unpack(">QI", rest[-12:])
            data = self.data(offset, length)
            if data is None:
                return None
            return (DATA, string(data)) if data else status(EOF)
        if kind in (STAT, LSTAT, FSTAT):
            return ATTRS, self.attrs()
        if kind == REMOVE:
            return status(self.remove())
        if kind == REALPATH:
            return NAME, struct.pack(">I", 1) + string(b"/") + string(b"/") + self.attrs()
        return status(EOF if kind == READDIR else OK)

    def run(self):
        def send(kind, body):
            sys.stdout.buffer.write(struct.pack(">IB", len(body) + 1, kind) + body)
            sys.stdout.buffer.flush()

        while head := sys.stdin.buffer.read(4):
            packet = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
            kind, number = struct.unpack(">BI", packet[:5])
            if kind == INIT:
                send(VERSION, struct.pack(">I", 3))
            elif (answer := self.answer(kind, number, packet[5:])) is not None:
                send(answer[0], struct.pack(">I", number) + answer[1])


class Silent(Server):
    """Lists a thousand files and never gives one."""

    names = [b"file-%d.pgp" % n for n in range(1000)]

    def data(self, offset, length):
        return None


class OddNames(Server):
    """Refuses to have anything removed, too."""

    names = [
        b"../up.pgp", b"..", b".", b"a/b.pgp", b"/etc/passwd", b"", b"nul\0.pgp", b"\xff\xfe.pgp",
        b"new\nline.pgp", b"\x1b]0;title.pgp", b"-rf.pgp", b"x" * 255, b"y" * 256, b"ok.pgp",
        b"ok.pgp", b"\xe2\x80\xaegpp.pgp", b"blank ",
    ]  # fmt: skip

    def remove(self):
        return DENIED


class Stubborn(Server):
    """A thousand files that stay."""

    names = Silent.names

    def remove(self):
        return DENIED


class Endless(Server):
    """A file of 4 EiB."""

    def size(self):
        return 1 << 62

    def data(self, offset, length):
        return bytes(length)


class Changing(Server):
    """Another size each time."""

    asked = 0

    def size(self):
        self.asked += 1
        return len(self.content) + self.asked % 3


LIES = {c.__name__: c for c in (Silent, OddNames, Stubborn, Endless, Changing)}

if __name__ == "__main__":
    LIES[sys.argv[1]](sys.argv[2]).run()
