"""OpenPGP programs, ours among them, behind one interface.

Each call starts the real program.  What it turns down raises Refused with its
exit code and words; what its command line has no word for raises Refused,
too, with what it says when asked all the same.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field

import packets

# A call that takes longer hangs.  64 MiB take a few seconds.
PATIENCE = 120


# What programs say whatever happens.
NOISE = re.compile("JAVA_TOOL_OPTIONS|^Keyring directory|^Use .rnpkeys|radix64|unknown subpacket")


class Refused(Exception):
    """This program did not do what it was asked."""

    def __init__(self, who, code, said):
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        lines = [line.strip() for line in said.splitlines() if not NOISE.search(line)]
        self.who, self.code, self.said = who, code, " / ".join(filter(None, lines))
        super().__init__(f"{who}, exit code {code}: {self.said[-300:] or '(nothing said)'}")


@dataclass(frozen=True)
class Key:
    """A secret key as some program exported it."""

    maker: str
    kind: str
    secret: bytes = field(repr=False)
    cert: bytes = field(repr=False)
    password: str = None

    @property
    def fingerprint(self):
        return packets.fingerprints(self.cert)[0]


class Peer:
    """What all of them have: a folder, a version, files for what they read."""

    # Kinds of keys that it can make, and its own word for each.
    makes = {}
    # Ways of compressing that it can be asked for.
    compressions = ()
    # Containers of encrypted data that it can be asked for.
    containers = ()
    # Opens text only.
    text_only = False

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.folder = tempfile.mkdtemp(prefix="wbpgp-")
        self.lock = threading.Lock()
        self.version = self.find_version()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __str__(self):
        return f"{self.name} {self.version}"

    def file(self, data):
        """The name of a file with that content."""
        path = f"{self.folder}/{hashlib.sha256(data).hexdigest()[:24]}"
        with self.lock:
            if not os.path.exists(path):
                with open(path, "wb") as out:
                    out.write(data)
        return path

    def new_file(self):
        """The name of a file that does not exist."""
        return tempfile.mktemp(dir=self.folder)

    def run(self, *arguments, data=b"", command=None, piped=False):
        """Run to the end; Refused unless it exits with 0.  What it reads is a
        file, as from a shell, or a pipe."""
        command = [*(command or self.command), *map(str, arguments)]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "LC_ALL": "C.UTF-8",
            "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        given = {"input": data}
        if not piped:
            stdin = tempfile.TemporaryFile(dir=self.folder)
            stdin.write(data)
            stdin.seek(0)
            given = {"stdin": stdin}
        ran = subprocess.run(
            command, capture_output=True, env=environment, timeout=PATIENCE, **given
        )
        if ran.returncode != 0:
            raise Refused(self.name, ran.returncode, ran.stderr)
        return ran


class Sop(Peer):
    """Whatever speaks the Stateless OpenPGP command line."""

    verifications = "--verifications-out"

    def __init__(self, name, command):
        super().__init__(name, command)
        # The first one is what is made unasked.
        keys = self.profiles("generate-key")[1:]
        self.makes = {"ed25519": None, **{profile: profile for profile in keys}}
        self.containers = tuple(self.profiles("encrypt"))

    def find_version(self):
        return self.run("version").stdout.decode().split("\n")[0].split()[-1]

    def profiles(self, subcommand):
        """Names of the profiles, the default one first; none if it is older
        than they are."""
        try:
            listed = self.run("list-profiles", subcommand).stdout.decode()
        except Refused:
            return []
        return [line.split(":")[0].strip() for line in listed.splitlines() if line.strip()]

    def files(self, contents):
        return [self.file(c) for c in contents]

    def options(self, option, contents):
        return [f"{option}={self.file(c)}" for c in contents]

    def passwords(self, option, words):
        return self.options(option, [w.encode() for w in words if w])

    def unlocking(self, *keys):
        return self.passwords("--with-key-password", {k.password for k in keys if k})

    def new_key(self, kind, password=None):
        profile = self.makes[kind]
        asked = [f"--profile={profile}"] if profile else []
        asked += self.passwords("--with-key-password", [password])
        user = f"{self.name} {kind} <{kind}@example.org>"
        secret = self.run("generate-key", *asked, "--", user).stdout
        return Key(self.name, kind, secret, self.run("extract-cert", data=secret).stdout, password)

    def profile(self, profile, compression):
        """The option for both, where there is one."""
        if compression:
            raise Refused(self.name, None, "its command line has no word for it")
        return [f"--profile={profile}"] if profile else []

    def encrypt(
        self, data, to=(), signer=None, passwords=(), compression=None, profile=None, **how
    ):
        asked = self.profile(profile, compression)
        asked += self.options("--sign-with", [signer.secret] if signer else [])
        asked += self.unlocking(signer) + self.passwords("--with-password", passwords)
        return self.run("encrypt", *asked, "--", *self.files(to), data=data, **how).stdout

    def decrypt(self, message, key=None, signers=(), passwords=(), **how):
        found = self.new_file()
        asked = self.options("--verify-with", signers)
        asked += [f"{self.verifications}={found}"] if signers else []
        asked += self.unlocking(key) + self.passwords("--with-password", passwords)
        keys = self.files([key.secret] if key else [])
        plain = self.run("decrypt", *asked, "--", *keys, data=message, **how).stdout
        return plain, self.verified(found) if signers else set()

    def verified(self, path):
        """The certificates that verifications name."""
        if not os.path.exists(path):
            return set()
        with open(path) as lines:
            return self.certificates(lines)

    @staticmethod
    def certificates(lines):
        return {line.split()[2].upper() for line in lines if line.strip()}

    def sign(self, data, signer, text=False, **how):
        asked = (["--as=text"] if text else []) + self.unlocking(signer)
        return self.run("sign", *asked, "--", self.file(signer.secret), data=data, **how).stdout

    def verify(self, signature, data, signers, **how):
        said = self.run(
            "verify", "--", self.file(signature), *self.files(signers), data=data, **how
        ).stdout.decode()
        return self.certificates(said.splitlines())

    def inline_sign(self, data, signer, form="binary", compression=None, **how):
        if compression:
            raise Refused(self.name, None, "its command line has no word for it")
        asked = [f"--as={form}", *self.unlocking(signer)]
        return self.run(
            "inline-sign", *asked, "--", self.file(signer.secret), data=data, **how
        ).stdout

    def clear_sign(self, data, signer, **how):
        return self.inline_sign(data, signer, form="clearsigned", **how)

    def inline_verify(self, message, signers, **how):
        found = self.new_file()
        plain = self.run(
            "inline-verify",
            f"{self.verifications}={found}",
            "--",
            *self.files(signers),
            data=message,
            **how,
        ).stdout
        return plain, self.verified(found)

    clear_verify = inline_verify


class Waybill(Sop):
    """Ours."""

    compressions = ("zlib",)

    def profile(self, profile, compression):
        return super().profile("compressed" if compression else profile, None)


class Gosop(Sop):
    """Go's, whose first release lacks what the draft got later.  The keys it
    makes are of RSA and short; it uses others that it is given."""

    given = {"ed25519": ["sqop", "generate-key", "gosop <ed25519@example.org>"]}

    def __init__(self, name, command):
        super().__init__(name, command)
        if self.version < "1":
            self.makes = {"ed25519": "sqop's", "rsa2048": None}
            self.verifications = "--verify-out"
            self.text_only = True

    def find_version(self):
        try:
            return self.run("--version").stdout.decode().split()[-1]
        except Refused:
            return super().find_version()

    def new_key(self, kind, password=None):
        if self.makes[kind] != "sqop's":
            return super().new_key(kind, password)
        secret = self.run(command=self.given[kind]).stdout
        return Key(self.name, kind, secret, self.run("extract-cert", data=secret).stdout, password)


class Sqop(Sop):
    """Sequoia's; its sq makes keys of more kinds."""

    suites = {"rsa3072": "rsa3k", "rsa4096": "rsa4k"}

    def __init__(self, name, command):
        super().__init__(name, command)
        if shutil.which("sq"):
            self.makes = {**self.makes, **self.suites}

    def new_key(self, kind, password=None):
        if kind not in self.suites:
            return super().new_key(kind, password)
        made = self.new_file()
        options = ["--cipher-suite", self.suites[kind], "--userid", f"sq <{kind}@example.org>"]
        try:
            self.run("--version", command=["sq"])
            self.run(*("key", "generate", *options, "--export", made), command=["sq"])
        except Refused:
            # From version 1 on the options are others.
            options += ["--shared-key", "--without-password", "--output", made]
            options += ["--rev-cert", f"{made}.rev"]
            self.run("--home", "none", "key", "generate", *options, command=["sq"])
        with open(made, "rb") as secret:
            secret = secret.read()
        return Key(self.name, kind, secret, self.run("extract-cert", data=secret).stdout, None)


class Keyrings(Peer):
    """Programs that keep keys in a home: each key gets its own, so that what
    is opened was opened with that one.  Each thread has its own as well, as
    gpg loses sight of its keys while another one imports some."""

    def __init__(self, name, command):
        self.homes = {}
        super().__init__(name, command)

    def home(self, key=None, knows=()):
        """A home with this secret key, or none, and these certificates."""
        name = f"{key.fingerprint[:16] if key else 'nobody'}-{threading.get_ident()}"
        home = f"{self.folder}/{name}"
        if name not in self.homes:
            os.mkdir(home, 0o700)
            self.homes[name] = set()
        known = self.homes[name]
        for content in [*([key.secret] if key else []), *knows]:
            digest = hashlib.sha256(content).digest()
            if digest not in known:
                self.add(home, content, key.password if key else None)
                known.add(digest)
        return home


class Gpg(Keyrings):
    """GnuPG."""

    compressions = ("none", "zip", "zlib", "bzip2")
    makes = {
        "ed25519": ("ed25519", "cv25519"),
        "rsa2048": ("rsa2048", "rsa2048"),
        "rsa3072": ("rsa3072", "rsa3072"),
        "rsa4096": ("rsa4096", "rsa4096"),
        "nistp256": ("nistp256", "nistp256"),
        "nistp384": ("nistp384", "nistp384"),
        "nistp521": ("nistp521", "nistp521"),
        "brainpoolp256": ("brainpoolP256r1", "brainpoolP256r1"),
        "brainpoolp384": ("brainpoolP384r1", "brainpoolP384r1"),
        "brainpoolp512": ("brainpoolP512r1", "brainpoolP512r1"),
        "secp256k1": ("secp256k1", "secp256k1"),
        "dsa2048": ("dsa2048", "elg2048"),
    }

    def find_version(self):
        version = self.run("--version").stdout.decode().split()[2]
        if version >= "2.4":
            self.makes = {**self.makes, "ed448": ("ed448", "cv448")}
            self.containers = ("ocb",)
        return version

    def close(self):
        for name in self.homes:
            subprocess.run(
                ["gpgconf", "--homedir", f"{self.folder}/{name}", "--kill", "all"],
                check=False,
                capture_output=True,
            )
        super().close()

    def gpg(self, home, *arguments, password=None, **how):
        return self.run(
            *("--homedir", home, "--batch", "--no-tty", "--yes", "--quiet"),
            *("--trust-model", "always", "--pinentry-mode", "loopback"),
            *("--passphrase", password or ""),
            *arguments,
            **how,
        )

    def add(self, home, content, password):
        self.gpg(home, "--import", password=password, data=content)

    def new_key(self, kind, password=None):
        sign, encrypt = self.makes[kind]
        home = tempfile.mkdtemp(dir=self.folder)
        try:
            made = self.gpg(
                *(home, "--compliance", "gnupg", "--status-fd", 1, "--quick-gen-key"),
                *(f"gpg {kind} <{kind}@example.org>", sign, "sign,cert", "0"),
                password=password,
            )
            fpr = made.stdout.decode().split("KEY_CREATED P ")[1].split()[0]
            self.gpg(
                *(home, "--compliance", "gnupg", "--quick-add-key"),
                *(fpr, encrypt, "encrypt", "0"),
                password=password,
            )
            secret = self.gpg(home, "--armor", "--export-secret-keys", fpr, password=password)
            cert = self.gpg(home, "--armor", "--export", fpr)
        finally:
            subprocess.run(
                ["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True
            )
        return Key(self.name, kind, secret.stdout, cert.stdout, password)

    @staticmethod
    def compressing(compression):
        return ["--compress-algo", compression] if compression else []

    def encrypt(
        self, data, to=(), signer=None, passwords=(), compression=None, profile=None, **how
    ):
        asked = ["--armor", *self.compressing(compression)]
        asked += [f"--force-{profile}"] if profile else []
        for cert in to:
            asked += ["--recipient", packets.fingerprints(cert)[0]]
        asked += ["--local-user", signer.fingerprint, "--sign"] if signer else []
        asked += ["--encrypt"] if to else []
        asked += ["--symmetric"] if passwords else []
        password = passwords[0] if passwords else signer.password if signer else None
        return self.gpg(
            self.home(signer, to), *asked, "--output", "-", password=password, data=data, **how
        ).stdout

    def open(self, home, *arguments, password=None, signers=(), **how):
        """Content and the certificates that made valid signatures."""
        out = self.new_file()
        status = self.gpg(
            *(home, "--status-fd", 1, "--output", out, *arguments), password=password, **how
        ).stdout.decode(errors="replace")
        with open(out, "rb") as plain:
            return plain.read(), self.valid(status, signers)

    @staticmethod
    def valid(status, signers):
        found = set(re.findall(r"^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40,64})$", status, re.M))
        return found & {packets.fingerprints(cert)[0] for cert in signers}

    def decrypt(self, message, key=None, signers=(), passwords=(), **how):
        # An empty one, tried on a message that has a password, is an error.
        password = passwords[0] if passwords else key.password if key else None
        home = self.home(key, signers)
        return self.open(
            home, "--decrypt", password=password or "none", signers=signers, data=message, **how
        )

    def sign(self, data, signer, text=False, **how):
        asked = ["--textmode"] if text else []
        return self.gpg(
            *(self.home(signer), *asked, "--armor", "--detach-sign", "--output", "-"),
            password=signer.password,
            data=data,
            **how,
        ).stdout

    def verify(self, signature, data, signers, **how):
        status = self.gpg(
            *(self.home(None, signers), "--status-fd", 1, "--verify"),
            *(self.file(signature), self.file(data)),
            **how,
        ).stdout.decode(errors="replace")
        return self.valid(status, signers)

    def inline_sign(self, data, signer, compression=None, **how):
        asked = ["--armor", *self.compressing(compression), "--sign", "--output", "-"]
        return self.gpg(
            self.home(signer), *asked, password=signer.password, data=data, **how
        ).stdout

    def clear_sign(self, data, signer, **how):
        return self.gpg(
            *(self.home(signer), "--clear-sign", "--output", "-"),
            password=signer.password,
            data=data,
            **how,
        ).stdout

    def inline_verify(self, message, signers, **how):
        return self.open(
            self.home(None, signers), "--decrypt", signers=signers, data=message, **how
        )

    clear_verify = inline_verify


class Rnp(Keyrings):
    """RNP, Thunderbird's."""

    compressions = ("none", "zip", "zlib", "bzip")
    containers = ("EAX", "OCB")
    # What its menus are answered with.
    makes = {
        "ed25519": "22\n",
        "rsa2048": "1\n2048\n",
        "rsa3072": "1\n3072\n",
        "rsa4096": "1\n4096\n",
        "nistp256": "19\n1\n",
        "nistp384": "19\n2\n",
        "nistp521": "19\n3\n",
        "brainpoolp256": "19\n4\n",
        "brainpoolp384": "19\n5\n",
        "brainpoolp512": "19\n6\n",
        "secp256k1": "19\n7\n",
    }

    def find_version(self):
        return self.run("--version").stdout.decode().split()[1].split("-")[0]

    def rnpkeys(self, home, *arguments, password=None, **how):
        return self.run(
            *("--homedir", home, "--notty", "--password", password or ""),
            *arguments,
            command=["rnpkeys"],
            **how,
        )

    def rnp(self, home, *arguments, password=None, **how):
        return self.run(
            *("--homedir", home, "--notty", "--password", password or ""), *arguments, **how
        )

    def add(self, home, content, password):
        self.rnpkeys(home, "--import-keys", self.file(content), password=password)

    def new_key(self, kind, password=None):
        home = tempfile.mkdtemp(dir=self.folder)
        user = f"rnp {kind} <{kind}@example.org>"
        self.rnpkeys(
            *(home, "--generate-key", "--expert", "--userid", user),
            password=password,
            data=self.makes[kind].encode(),
        )
        secret = self.rnpkeys(home, "--export-key", "--secret", user, "--output", "-").stdout
        cert = self.rnpkeys(home, "--export-key", user, "--output", "-").stdout
        return Key(self.name, kind, secret, cert, password)

    @staticmethod
    def compressing(compression):
        if compression == "none":
            return ["-z", "0"]
        return [f"--{compression}", "-z", "6"] if compression else []

    def written(self, home, *arguments, **how):
        """What it writes into a file."""
        out = self.new_file()
        self.rnp(home, *arguments, "--output", out, **how)
        with open(out, "rb") as result:
            return result.read()

    def encrypt(
        self, data, to=(), signer=None, passwords=(), compression=None, profile=None, **how
    ):
        asked = ["--armor", *self.compressing(compression)]
        asked += [f"--aead={profile}"] if profile else []
        for cert in to:
            asked += ["--recipient", packets.fingerprints(cert)[0]]
        asked += ["--sign", "--userid", signer.fingerprint] if signer else []
        asked += ["--encrypt"] if to else []
        asked += ["--symmetric"] if passwords else []
        password = passwords[0] if passwords else signer.password if signer else None
        return self.written(self.home(signer, to), *asked, password=password, data=data, **how)

    def opened(self, home, *arguments, password=None, signers=(), **how):
        out = self.new_file()
        said = self.rnp(home, *arguments, "--output", out, password=password, **how).stderr
        with open(out, "rb") as plain:
            return plain.read(), self.valid(said.decode(errors="replace"), signers)

    @staticmethod
    def valid(said, signers):
        """Certificates of ours among the keys whose signatures were good."""
        said = "\n".join(line for line in said.splitlines() if not line.startswith("["))
        good = re.findall(r"Good signature made .*\nusing \S+ key ([0-9a-f]+)", said)
        good = {keyid.upper() for keyid in good}
        found = set()
        for cert in signers:
            prints = packets.fingerprints(cert)
            if any(f[-16:] in good for f in prints):
                found.add(prints[0])
        return found

    def decrypt(self, message, key=None, signers=(), passwords=(), **how):
        password = passwords[0] if passwords else key.password if key else None
        home = self.home(key, signers)
        return self.opened(
            home, "--decrypt", password=password, signers=signers, data=message, **how
        )

    def sign(self, data, signer, text=False, **how):
        if text:
            raise Refused(self.name, None, "its command line has no word for it")
        return self.written(
            *(self.home(signer), "--armor", "--sign", "--detach"),
            *("--userid", signer.fingerprint),
            password=signer.password,
            data=data,
            **how,
        )

    def verify(self, signature, data, signers, **how):
        said = self.rnp(
            *(self.home(None, signers), "--verify", "--source", self.file(data)),
            self.file(signature),
            **how,
        ).stderr
        return self.valid(said.decode(errors="replace"), signers)

    def inline_sign(self, data, signer, compression=None, **how):
        return self.written(
            *(self.home(signer), "--armor", *self.compressing(compression), "--sign"),
            *("--userid", signer.fingerprint),
            password=signer.password,
            data=data,
            **how,
        )

    def clear_sign(self, data, signer, **how):
        return self.written(
            *(self.home(signer), "--clearsign", "--userid", signer.fingerprint),
            password=signer.password,
            data=data,
            **how,
        )

    def inline_verify(self, message, signers, **how):
        return self.opened(
            self.home(None, signers), "--decrypt", signers=signers, data=message, **how
        )

    def clear_verify(self, message, signers, **how):
        return self.opened(
            self.home(None, signers), "--verify", signers=signers, data=message, **how
        )
