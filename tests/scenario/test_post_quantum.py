"""
Goal: gateways exchange documents with the keys of RFC 9980 where libgcrypt has
them, and require them where they were promised; where it has not, the first
command says so.
"""

import subprocess

import pytest
from gateway import PATIENCE, WAYBILL
from processes import wait_until


@pytest.fixture(scope="module")
def possible(tmp_path_factory):
    """Can keys of ML-DSA and ML-KEM be made?  If not, what is told."""
    ran = subprocess.run(
        [WAYBILL, "key", "generate", "--keys", tmp_path_factory.mktemp("pq") / "keys",
         "--user-id", "x <x@a.example>", "--type", "mldsa65"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if ran.returncode != 0:
        assert "needs libgcrypt 1.12 or later; this one is 1." in ran.stderr
    return ran.returncode == 0


@pytest.mark.parametrize("kind", ["mlkem768", "mldsa65"])
def test_documents_between_post_quantum_keys(possible, new_pair, kind):
    if not possible:
        pytest.skip("libgcrypt has neither ML-KEM nor ML-DSA")
    required = {"post-quantum": "require"}
    pair = new_pair(algorithm=kind, to_birch=required).start()
    pair.exchange({"small.txt": b"for years to come", "empty.txt": b"", "big.bin": bytes(1 << 20)})


def test_a_partner_without_is_refused_where_it_is_required(possible, new_pair):
    if not possible:
        pytest.skip("libgcrypt has neither ML-KEM nor ML-DSA")
    pair = new_pair(to_birch={"post-quantum": "require"}).start()
    pair.alder.drop("birch", "secret.txt", b"not like this")

    def came_back():
        return pair.alder.returned("birch").get("secret.txt")

    found = wait_until(came_back, "it came back", PATIENCE)
    assert found["reason"] == "recipient-unfit"
    log = pair.alder.log_tail()
    assert f"partner birch: recipient {pair.birch.fingerprint}: " in log
    assert "no key for post-quantum encryption" in log


def test_a_partner_without_gets_what_it_can_read_where_it_is_preferred(possible, new_pair):
    if not possible:
        pytest.skip("libgcrypt has neither ML-KEM nor ML-DSA")
    pair = new_pair(to_birch={"post-quantum": "prefer"}).start()
    pair.exchange({"plain.txt": b"as before"})
