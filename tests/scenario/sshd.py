"""OpenSSH's sshd on loopback: the SFTP server that a partner runs."""

import getpass
import os
import pathlib
import re
import signal
import socket
import subprocess

import processes

SSHD = "/usr/sbin/sshd"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_key(path, comment="waybill-test"):
    """An Ed25519 key pair for SSH; returns the public line."""
    path.unlink(missing_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path.with_name(path.name + ".pub").read_text().strip()


def fingerprint(public_key_file):
    told = subprocess.run(
        ["ssh-keygen", "-l", "-f", public_key_file], check=True, capture_output=True, text=True
    )
    return told.stdout.split()[1]


def _version():
    told = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr
    return tuple(map(int, re.search(r"OpenSSH_(\d+)\.(\d+)", told).groups()))


class Sshd:
    """
    One server with its own host key and accounts.  An account is a public key
    that is led into a folder and can do nothing but SFTP; the login name is
    always the user who runs the tests, so no privilege is needed.
    """

    def __init__(self, folder):
        self.folder = folder
        self.user = getpass.getuser()
        self.port = free_port()
        self.process = None
        self.accounts = {}
        folder.mkdir(parents=True)
        self.log = folder / "log"
        self.new_host_key()
        self._write_config()

    def _write_config(self):
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.folder}/host_key",
            f"PidFile {self.folder}/pid",
            f"AuthorizedKeysFile {self.folder}/authorized_keys",
            "Subsystem sftp internal-sftp",
            "UsePAM no",
            "StrictModes no",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "MaxStartups 200",
            "UseDNS no",
            "LogLevel VERBOSE",
        ]
        if _version() >= (9, 8):
            lines.append("PerSourcePenalties no")
        (self.folder / "config").write_text("\n".join(lines) + "\n")
        self._write_accounts()

    def _write_accounts(self):
        (self.folder / "authorized_keys").write_text(
            "".join(
                f'restrict,command="internal-sftp -d {path}" {key}\n'
                for key, path in self.accounts.items()
            )
        )

    @property
    def host_key(self):
        return fingerprint(self.folder / "host_key.pub")

    def new_host_key(self):
        """Counts from the next start."""
        make_key(self.folder / "host_key")

    def admit(self, public_key, folder):
        """Whoever holds that key may log in, and starts in that folder."""
        self.accounts[public_key] = folder
        self._write_accounts()

    def shut_out(self, public_key):
        del self.accounts[public_key]
        self._write_accounts()

    def start(self):
        if os.getuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", self.folder / "config"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        processes.wait_until(self._answers, f"sshd answers on port {self.port}", 10)
        return self

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"sshd ended:\n{self.log.read_text()[-2000:]}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:
            return False

    def stop(self):
        """The server and every session are gone, as after pulling the plug."""
        processes.end(self.process, gently=False)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def freeze(self):
        """Accepts connections and bytes, answers nothing."""
        for pid in [self.process.pid, *processes.descendants(self.process.pid)]:
            processes.send_signal(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in [self.process.pid, *processes.descendants(self.process.pid)]:
            processes.send_signal(pid, signal.SIGCONT)

    def logins(self):
        return self.log.read_text(errors="replace").count("Accepted publickey")
