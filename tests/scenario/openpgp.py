"""GnuPG as the independent other side: a partner who has no Waybill."""

import os
import shutil
import subprocess
import tempfile


class Gpg:
    """One GnuPG home with its own agent."""

    def __init__(self):
        # Short, because the agent's socket lives in it.
        self.home = tempfile.mkdtemp(prefix="wbgpg-")

    def close(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, *arguments, data=b"", check=True, when=None):
        command = ["gpg", "--homedir", self.home, "--batch", "--no-tty", "--quiet"]
        command += ["--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"]
        if when:
            command += ["--faked-system-time", when]
        ran = subprocess.run(
            [*command, *map(str, arguments)],
            input=data,
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        if check and ran.returncode != 0:
            raise AssertionError(f"gpg {arguments}: {ran.stderr.decode(errors='replace')}")
        return ran

    def new_key(self, user_id, algorithm="ed25519", expires="0", when=None):
        """Returns the fingerprint of a certificate that signs and decrypts."""
        sign, encrypt = {
            "ed25519": ("ed25519", "cv25519"),
            "rsa3072": ("rsa3072", "rsa3072"),
            "rsa4096": ("rsa4096", "rsa4096"),
        }[algorithm]
        made = self.run(
            "--status-fd", 1, "--quick-gen-key", user_id, sign, "sign,cert", expires, when=when
        )
        fingerprint = made.stdout.decode().split("KEY_CREATED P ")[1].split()[0]
        self.run("--quick-add-key", fingerprint, encrypt, "encrypt", expires, when=when)
        return fingerprint

    def certificate(self, fingerprint):
        return self.run("--armor", "--export", fingerprint).stdout

    def add(self, key):
        """Import a certificate or a secret key."""
        self.run("--import", data=key)

    def make(self, data, name, signer, recipient, *options, when=None):
        """What a partner's `gpg --sign --encrypt` writes; signer or recipient
        may be None to leave that half out."""
        what = ["--set-filename", name, *options]
        if signer:
            what += ["--sign", "--local-user", signer]
        if recipient:
            what += ["--encrypt", "--recipient", recipient]
        return self.run(*what, "--output", "-", data=data, when=when).stdout

    def open(self, message):
        """Decrypt and verify.  Returns the plaintext and GnuPG's status lines
        as a dict of keyword to arguments."""
        with tempfile.NamedTemporaryFile(dir=self.home) as status:
            ran = self.run("--status-file", status.name, "--decrypt", data=message)
            lines = status.read().decode(errors="replace").splitlines()
        words = (line.split(" ", 2)[1:] for line in lines)
        return ran.stdout, {w[0]: w[1] if len(w) > 1 else "" for w in words}
