"""One company: a Waybill with its configuration, keys and folders."""

import json
import os
import pathlib
import random
import re
import signal
import subprocess

import processes
from processes import wait_until
from sshd import make_key

BUILD = pathlib.Path(os.environ.get("BUILD", "build/gcc")).resolve()
WAYBILL = BUILD / "waybill"
SANITIZED = bool(os.environ.get("SAN"))

# `waybill status`: 0 all is well, 1 something wants a person's attention.
UP = (0, 1)

# Nothing here depends on the speed of the machine; sanitizers are slow.
PATIENCE = 120 if SANITIZED else 40


def write_settings(settings, depth=0):
    """Settings as the configuration's text.  A dict becomes a section; its
    key is the keyword, or keyword and title with a blank between."""
    lines = []
    indent = "\t" * depth
    for key, value in settings.items():
        if isinstance(value, dict):
            word, _, title = key.partition(" ")
            lines.append(indent + word + (f' "{title}"' if title else "") + " {")
            lines += [write_settings(value, depth + 1), indent + "}"]
        elif isinstance(value, (list, tuple)):
            lines.append(f"{indent}{key} = {{ " + ", ".join(f'"{v}"' for v in value) + " }")
        elif value is not None:
            lines.append(f'{indent}{key} = "{value}"')
    return "\n".join(lines)


class Gateway:
    """
    `waybill run` in a folder of its own.  Settings can be changed in
    self.settings and self.partners (name -> settings) until start().
    """

    def __init__(self, folder, name, algorithm="ed25519", **settings):
        self.name = name
        self.folder = folder / name
        self.spool = self.folder / "spool"
        self.state = self.folder / "state"
        self.config = self.folder / "waybill.conf"
        self.log = self.folder / "log"
        self.process = None
        self.partners = {}
        (self.folder / "partners.d").mkdir(parents=True)
        (self.folder / "keys").mkdir(mode=0o700)
        self.fingerprint = self.new_key(algorithm, f"{name} <gateway@{name}.example>")
        self.settings = {
            "gateway-id": f"gw.{name}.example",
            "spool": self.spool,
            "state": self.state,
            "keys": "keys",
            "signing-key": self.fingerprint,
            "partners": "partners.d/*.conf",
            "log-level": "info",
            "min-free": "1M",
            **{key.replace("_", "-"): value for key, value in settings.items()},
        }

    # Keys

    def new_key(self, algorithm, user_id, *options):
        told = self.waybill(
            "key", "generate", "--keys", self.folder / "keys", "--json", "--type", algorithm,
            "--user-id", user_id, *options, config=False,
        )  # fmt: skip
        return json.loads(told)["fingerprint"]

    def certificate(self):
        return self.waybill(
            "key", "export", "--keys", self.folder / "keys", self.fingerprint, config=False
        ).encode()

    def secret_key(self):
        """The armored secret key, as gpg can import it."""
        return (self.folder / "keys" / f"{self.fingerprint}.key").read_bytes()

    # Configuration

    def add_partner(self, name, certificate, **settings):
        """`send` and `collect` are dicts; other keywords are flows, also dicts,
        or plain settings."""
        (self.folder / "partners.d" / f"{name}.asc").write_bytes(certificate)
        self.partners[name] = {
            "certificates": [f"{name}.asc"],
            "retry-first": "1s",
            "retry-max": "2s",
            **settings,
        }

    def new_identity(self, name):
        """A key for SSH logins; returns its file and its public line."""
        path = self.folder / "partners.d" / f"{name}.ssh"
        return path, make_key(path, f"{self.name}-to-{name}")

    def write_config(self):
        self.config.write_text(write_settings(self.settings) + "\n")
        for name, settings in self.partners.items():
            file = self.folder / "partners.d" / f"{name}.conf"
            file.write_text(write_settings({f"partner {name}": settings}) + "\n")
        return self

    # Commands

    def try_waybill(self, *arguments, config=True):
        command = [WAYBILL, *arguments]
        if config:
            command += ["-f", self.config]
        return subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )

    def waybill(self, *arguments, config=True):
        ran = self.try_waybill(*arguments, config=config)
        if ran.returncode != 0:
            raise AssertionError(
                f"waybill {' '.join(map(str, arguments))}: exit {ran.returncode}\n"
                f"{ran.stdout}{ran.stderr}"
            )
        return ran.stdout

    def json(self, *arguments):
        return [json.loads(line) for line in self.waybill(*arguments, "--json").splitlines()]

    def list(self, *options):
        """Oldest first; reason and why are there even when there is none."""
        return [{"reason": None, "why": "", **doc} for doc in self.json("list", *options)]

    def steps(self, text):
        """The steps of a document's life, in order."""
        return [line["step"] for line in self.json("trace", text) if line["type"] == "event"]

    def status(self):
        """The gateway's own facts, its partners' by name under "partners"."""
        ran = self.try_waybill("status", "--json")
        assert ran.returncode in UP, ran
        lines = [json.loads(line) for line in ran.stdout.splitlines()]
        partners = {p["partner"]: p for p in lines if p["type"] == "partner"}
        return {**lines[0], "partners": partners}

    def states(self, *options):
        return {doc["name"]: doc["state"] for doc in self.list(*options)}

    def fsck(self):
        """What ledger and folders disagree about; empty is good."""
        ran = self.try_waybill("fsck")
        return "" if ran.returncode == 0 else ran.stdout + ran.stderr

    # Running

    def start(self):
        self.write_config()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [WAYBILL, "run", "-f", self.config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._ready, f"{self.name} answers", PATIENCE)
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended:\n{self.log_tail()}")
        return self.try_waybill("status").returncode in UP

    def stop(self):
        processes.end(self.process, seconds=PATIENCE)
        self.process = None

    def kill(self):
        """kill -9 of every process at once, as far as that can be done."""
        processes.end(self.process, gently=False)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def roles(self, name=None):
        """pid -> role of our running processes; all, or those of that name."""
        if self.process is None:
            return {}
        found = {}
        for pid in processes.children(self.process.pid):
            words = processes.command_line(pid)
            if "role" in words:
                found[pid] = words[words.index("role") + 1]
        return {pid: role for pid, role in found.items() if name in (None, role)}

    def kill_role(self, name, choice=random):
        """kill -9 of one process of that role; False when there is none."""
        pids = sorted(self.roles(name))
        if not pids:
            return False
        processes.send_signal(choice.choice(pids), signal.SIGKILL)
        return True

    def log_tail(self, lines=60):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def faults(self):
        """Lines of the log that no test may cause: a role that ended by another
        signal than ours, a broken promise of its own, a sanitizer's report."""
        if not self.log.exists():
            return []
        wrong = re.compile(
            r"ended role=\S+ .*signal=(?!9\b)|waybill: fatal|Sanitizer|runtime error:"
        )
        return [ln for ln in self.log.read_text(errors="replace").splitlines() if wrong.search(ln)]

    # Folders

    def drop_folder(self, partner, flow="documents"):
        return self.spool / "out" / partner / flow

    def drop(self, partner, name, data, flow="documents"):
        """As an application should: write under another name, then rename."""
        folder = self.drop_folder(partner, flow)
        hidden = folder / f".{random.getrandbits(64):x}.tmp"
        hidden.write_bytes(data)
        hidden.rename(folder / name)

    def mailbox(self, partner):
        return self.spool / "mailbox" / partner / "to-us"

    def put_in_mailbox(self, partner, messages):
        """name -> bytes, made ready aside and then moved in at once."""
        aside = self.folder / "aside"
        aside.mkdir(exist_ok=True)
        for name, data in messages.items():
            (aside / name).write_bytes(data)
        for name in messages:
            (aside / name).rename(self.mailbox(partner) / name)

    def delivered(self, partner, flow="documents"):
        """name -> path of what arrived from that partner."""
        folder = self.spool / "in" / partner / flow
        if not folder.is_dir():
            return {}
        with os.scandir(folder) as entries:
            return {
                e.name: pathlib.Path(e.path)
                for e in entries
                if not e.name.endswith(".meta.json") and not e.name.startswith(".")
            }

    def wait_delivered(self, partner, names, flow="documents", seconds=PATIENCE):
        names = set(names)

        def missing():
            return names - self.delivered(partner, flow).keys()

        try:
            wait_until(lambda: not missing(), "delivered", seconds)
        except processes.Late:
            left = sorted(missing())
            raise processes.Late(
                f"{len(left)} of {len(names)} not delivered at {self.name}, e.g. {left[:5]}"
            ) from None
        return self.delivered(partner, flow)

    def _reasons(self, folder):
        """name of a document put aside -> its reason file."""
        if not folder.is_dir():
            return {}
        return {
            p.name.removesuffix(".reason.json"): json.loads(p.read_text())
            for p in folder.glob("*.reason.json")
        }

    def quarantined(self, partner):
        return self._reasons(self.spool / "quarantine" / partner)

    def returned(self, partner, flow="documents"):
        return self._reasons(self.spool / "returned" / partner / flow)

    def wait_state(self, name, state, reason=None, seconds=PATIENCE):
        """Wait until the newest document of that name is in that state, and
        (when given) for that reason; returns it as listed."""

        def there():
            docs = [d for d in self.list() if d["name"] == name]
            return docs and docs[-1]["state"] == state and reason in (None, docs[-1]["reason"]) and docs[-1]

        try:
            return wait_until(there, "so", seconds, 0.1)
        except processes.Late:
            docs = [d for d in self.list() if d["name"] == name]
            raise processes.Late(f"{name} is not {state} ({reason}) but {docs}") from None
