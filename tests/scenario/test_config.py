"""A wrong configuration is told completely, with file and line, and changes nothing."""

import os
import re

import pytest


@pytest.fixture
def alder(world):
    gateway = world.gateway("alder")
    other = world.gateway("birch")
    identity, _ = gateway.new_identity("birch")
    gateway.add_partner(
        "birch",
        other.certificate(),
        send={
            "host": "127.0.0.1",
            "port": 2222,
            "user": "alder",
            "host-keys": ["SHA256:" + "A" * 43],
            "identity": identity,
        },
        **{"flow documents": {"direction": "out"}},
    )
    return gateway.write_config()


def complaints(gateway):
    """What `check` says; it must fail."""
    ran = gateway.try_waybill("check")
    assert ran.returncode == 1, ran
    assert not gateway.spool.exists() and not gateway.state.exists(), "check made folders"
    return ran.stdout + ran.stderr


def line_of(path, text):
    lines = path.read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


def test_a_good_configuration_passes_and_changes_nothing(alder):
    assert alder.try_waybill("check").returncode == 0
    assert not alder.spool.exists() and not alder.state.exists()


def test_all_errors_at_once_each_with_file_and_line(alder):
    alder.settings["log-level"] = "loud"
    alder.settings["wrokers"] = "2"
    alder.partners["birch"]["retry-first"] = "soon"
    alder.partners["birch"]["send"]["port"] = "70000"
    alder.partners["birch"]["flow documents"]["direction"] = "sideways"
    alder.write_config()
    told = complaints(alder)
    partner = alder.folder / "partners.d" / "birch.conf"
    for path, wrong in (
        (alder.config, "loud"),
        (alder.config, "wrokers"),
        (partner, "soon"),
        (partner, "70000"),
        (partner, "sideways"),
    ):
        assert re.search(rf"{path.name}:{line_of(path, wrong)}\b", told), (wrong, told)
    assert "workers" in told, "the near word is suggested"


@pytest.mark.parametrize("missing", ["gateway-id", "spool", "state", "signing-key"])
def test_what_is_required_is_asked_for(alder, missing):
    alder.settings[missing] = None
    alder.write_config()
    assert missing in complaints(alder)


@pytest.mark.parametrize(
    "file, mode",
    [("waybill.conf", 0o666), ("partners.d/birch.conf", 0o666), ("partners.d/birch.ssh", 0o644)],
)
def test_unsafe_modes_are_refused(alder, file, mode):
    os.chmod(alder.folder / file, mode)
    assert os.path.basename(file) in complaints(alder)


def test_a_secret_key_that_others_can_read_is_refused(alder):
    (key,) = (alder.folder / "keys").glob(f"*{alder.fingerprint}*")
    key.chmod(0o644)
    assert key.name in complaints(alder)


def test_a_missing_certificate_is_told(alder):
    (alder.folder / "partners.d" / "birch.asc").unlink()
    assert "birch.asc" in complaints(alder)


def test_a_certificate_that_is_none_is_told(alder):
    (alder.folder / "partners.d" / "birch.asc").write_text("hello\n")
    assert "birch.asc" in complaints(alder)


def test_one_certificate_cannot_speak_for_two_partners(alder):
    alder.add_partner(
        "again",
        (alder.folder / "partners.d" / "birch.asc").read_bytes(),
        **{"flow documents": {"direction": "in"}},
    )
    alder.write_config()
    told = complaints(alder)
    assert "again" in told and "birch" in told


def test_a_wrong_configuration_does_not_run(alder):
    alder.settings["log-level"] = "loud"
    alder.write_config()
    ran = alder.try_waybill("run")
    assert ran.returncode == 1 and "loud" in ran.stderr + ran.stdout
    assert not alder.state.exists()
