"""alder sends to birch: two gateways and birch's sshd between them."""

import pathlib
import shutil
import tempfile

from gateway import Gateway
from openpgp import Gpg
from sshd import Sshd, make_key

running = []  # whatever must end with the test; newest last


def new_folder():
    """Short, because sockets live below it."""
    return pathlib.Path(tempfile.mkdtemp(prefix="waybill-"))


class World:
    """A folder, and everything that was started in it."""

    def __init__(self, folder=None):
        self.folder = folder or new_folder()
        self.things = []
        running.append(self)

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def gateway(self, name, algorithm="ed25519", **settings):
        return self.keep(Gateway(self.folder, name, algorithm, **settings))

    def sshd(self, name="sshd"):
        return self.keep(Sshd(self.folder / name))

    def gpg(self):
        return self.keep(Gpg())

    def gateways(self):
        return [t for t in self.things if isinstance(t, Gateway)]

    def close(self):
        """End everything, whatever happens; complain about faults at last."""
        running.remove(self)
        faults = []
        try:
            while self.things:
                thing = self.things.pop()
                if isinstance(thing, Gateway):
                    thing.kill()
                    faults += thing.faults()
                elif isinstance(thing, Sshd):
                    thing.stop()
                else:
                    thing.close()
        finally:
            shutil.rmtree(self.folder)
        if faults:
            raise AssertionError("\n".join(faults[:30]))


class Pair(World):
    """
    alder's flow "documents" goes to birch, whose sshd leads alder's uploads
    into birch's mailbox for alder.  Options for either side's settings, for
    the two partner entries and for the flows are dicts.
    """

    def __init__(
        self, algorithm="ed25519", alder=None, birch=None, to_birch=None, from_alder=None,
        flow_out=None, flow_in=None, folder=None,
    ):  # fmt: skip
        super().__init__(folder)
        self.alder = self.gateway("alder", algorithm, **(alder or {}))
        self.birch = self.gateway("birch", algorithm, **(birch or {}))
        self.server = self.sshd()
        identity, self.login = self.alder.new_identity("birch")
        self.server.admit(self.login, self.birch.mailbox("alder"))
        self.send = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": self.server.user,
            "host-keys": [self.server.host_key],
            "identity": identity,
        }
        self.alder.add_partner(
            "birch",
            self.birch.certificate(),
            send=self.send,
            **{"flow documents": {"direction": "out", **(flow_out or {})}},
            **(to_birch or {}),
        )
        self.birch.add_partner(
            "alder",
            self.alder.certificate(),
            **{"flow documents": {"direction": "in", **(flow_in or {})}},
            **(from_alder or {}),
        )

    def start(self):
        self.birch.start()
        self.server.start()
        self.alder.start()
        return self

    def exchange(self, documents, seconds=None):
        """Drop name -> bytes at alder; wait; what birch got must be the same."""
        for name, data in documents.items():
            self.alder.drop("birch", name, data)
        found = self.birch.wait_delivered(
            "alder", documents, **({"seconds": seconds} if seconds else {})
        )
        for name, data in documents.items():
            assert found[name].read_bytes() == data, f"{name} was changed on its way"
        return found

    def sealed_message(self, data, name="message.txt"):
        """The bytes that alder really sends for such a document."""
        self.exchange({name: data})
        doc = self.alder.wait_state(name, "closed")
        return (self.alder.state / "archive" / doc["id"]).read_bytes()

    def partner_with_gpg(self, name="cedar", **key):
        """
        A company without Waybill: a gpg key, known to birch as a partner that
        delivers into its mailbox.  Returns (gpg, fingerprint).
        """
        gpg = self.gpg()
        fingerprint = gpg.new_key(f"{name} <edi@{name}.example>", **key)
        gpg.add(self.birch.certificate())
        self.birch.add_partner(
            name, gpg.certificate(fingerprint), **{"flow documents": {"direction": "in"}}
        )
        return gpg, fingerprint


def sftp_login(world, server, folder):
    """An account for OpenSSH's sftp; returns the arguments of the command."""
    key = world.folder / f"login-{len(server.accounts)}"
    server.admit(make_key(key), folder)
    return [
        "sftp", "-q", "-b", "-", "-P", str(server.port), "-i", str(key),
        "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
        f"{server.user}@127.0.0.1",
    ]  # fmt: skip
