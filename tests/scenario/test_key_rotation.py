"""A company changes its keys while documents travel both ways: nothing is
refused, nothing waits for a person, and the other side's log says when the new
key came."""

import json
import threading
import time

import pytest
from gateway import SANITIZED
from pair import Pair
from processes import wait_until
from test_local_faults import reload

# Seconds until the new keys count; in real life days.
OVERLAP = 30 if SANITIZED else 8


class BothWays(Pair):
    """birch answers: its flow "replies" goes to alder."""

    def __init__(self):
        super().__init__()
        server = self.sshd("sshd-alder")
        self.back = server
        identity, login = self.birch.new_identity("alder")
        server.admit(login, self.alder.mailbox("birch"))
        self.birch.partners["alder"]["send"] = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": server.user,
            "host-keys": [server.host_key],
            "identity": identity,
        }
        self.birch.partners["alder"]["flow replies"] = {"direction": "out"}
        self.alder.partners["birch"]["flow replies"] = {"direction": "in"}

    def start(self):
        self.back.start()
        return super().start()


class Traffic:
    """A document each way, again and again, until it is told to end."""

    def __init__(self, pair):
        self.pair = pair
        self.count = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def run(self):
        while not self.ended.wait(0.1):
            name = f"{self.count:05}"
            self.pair.alder.drop("birch", f"order-{name}", b"order " * 100)
            self.pair.birch.drop("alder", f"reply-{name}", b"reply " * 100, flow="replies")
            self.count += 1

    def names(self, kind):
        return [f"{kind}-{n:05}" for n in range(self.count)]


def log_lines(gateway, word):
    return [line for line in gateway.log.read_text(errors="replace").splitlines() if word in line]


def keys_for(gateway, use):
    """Fingerprints of the gateway's own keys of that use, oldest first."""
    told = gateway.waybill(
        "key", "list", "--keys", gateway.folder / "keys", "--json", config=False
    )
    ours = [json.loads(line) for line in told.splitlines()][0]
    found = [key for key in ours["keys"] if use in key["use"]]
    return [key["fingerprint"] for key in sorted(found, key=lambda key: key["from"])]


def recipient(gateway, name):
    """The key that what we archived of that document was encrypted to: both
    read AEAD, so the message begins with a PKESK of version 6, which names
    length, version and fingerprint (RFC 9580, 5.1.2)."""
    doc = [d for d in gateway.list() if d["name"] == name][-1]
    sealed = (gateway.state / "archive" / doc["id"]).read_bytes()
    assert sealed[0] == 0xC1 and sealed[1] < 192 and sealed[2] == 6
    return sealed[5 : 4 + sealed[3]].hex().upper()


@pytest.fixture
def pair():
    made = BothWays()
    try:
        yield made.start()
    finally:
        made.close()


def test_keys_rotate_under_traffic(pair):
    alder, birch = pair.alder, pair.birch
    with Traffic(pair) as traffic:
        birch.wait_delivered("alder", ["order-00001"])
        alder.wait_delivered("birch", ["reply-00001"], flow="replies")
        assert len(log_lines(birch, "first-use-of-key")) == 1

        # The new certificate goes to the partner first, then comes its time.
        switch = int(time.time()) + OVERLAP
        alder.waybill(
            "key", "rotate", "--keys", alder.folder / "keys", "--from", f"@{switch}",
            alder.fingerprint, config=False,
        )  # fmt: skip
        (birch.folder / "partners.d" / "alder.asc").write_bytes(alder.certificate())
        reload(birch)
        reload(alder)
        assert time.time() < switch, "too slow to be a test of the overlap"

        wait_until(lambda: len(log_lines(birch, "first-use-of-key")) == 2, "new key used", 40)
        assert time.time() >= switch
        already = traffic.count
        birch.wait_delivered("alder", [f"order-{already + 5:05}"])
        alder.wait_delivered("birch", [f"reply-{already + 5:05}"], flow="replies")

    birch.wait_delivered("alder", traffic.names("order"))
    alder.wait_delivered("birch", traffic.names("reply"), flow="replies")
    # Each used the old key before and the new one after.
    old, new = keys_for(alder, "encrypt")
    assert recipient(birch, "reply-00001") == old
    assert recipient(birch, traffic.names("reply")[-1]) == new
    used = [line.split("detail=")[1].strip('"') for line in log_lines(birch, "first-use-of-key")]
    assert used == keys_for(alder, "sign")

    assert not birch.quarantined("alder") and not alder.quarantined("birch")
    assert not alder.returned("birch") and not birch.returned("alder", "replies")
