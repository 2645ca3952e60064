"""Seeds for the fuzzers: small things of every kind, so that a fuzzer starts
behind the first checks.  usage: seeds.py FOLDER (as tests/fuzz/run makes it)"""

import os
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAYBILL = ROOT / os.environ.get("BUILD", "build/gcc") / "waybill"
SHARED = pathlib.Path(os.environ.get("WAYBILL_SHARED", ROOT.parent / "shared"))
PASSWORD = b"open sesame"
SEED_MAX = 60000

folder = pathlib.Path(sys.argv[1])


def put(harness, name, data):
    where = folder / harness
    if where.is_dir() and len(data) < SEED_MAX:
        (where / f"seed-{name}").write_bytes(data)


def sop(*arguments, data=b""):
    ran = subprocess.run(
        [WAYBILL, "sop", *map(str, arguments)], input=data, capture_output=True, timeout=60
    )
    return ran.stdout if ran.returncode == 0 else None


def profiles(subcommand):
    listed = sop("list-profiles", subcommand) or b""
    return [line.split(b":")[0].decode() for line in listed.splitlines()]


def keep(name, data, binary=None):
    """Store under a name; binary and armored forms."""
    path = folder / f"{name}.tmp"
    path.write_bytes(data)
    return path


def ours():
    text = b"one line \n- two\nthree\t\n"
    password = keep("password", PASSWORD)
    for profile in profiles("generate-key"):
        for locked in (False, True):
            more = [f"--with-key-password={password}"] if locked else []
            key = sop("generate-key", f"--profile={profile}", *more, "A <a@example.org>")
            if not key:
                continue
            name = f"{profile}-{locked}"
            key_file = keep("key", key)
            cert = sop("extract-cert", data=key)
            bare = sop("dearmor", data=key)
            put("armor", f"key-{name}", key)
            put("armor", f"cert-{name}", cert)
            put("certificate", f"armored-{name}", cert)
            put("certificate", name, sop("dearmor", data=cert))
            put("secret", name, struct.pack(">H", len(bare)) + bare)
            if locked:
                continue
            cert_file = keep("cert", cert)
            for mode in ("binary", "text", "clearsigned"):
                signed = sop("inline-sign", f"--as={mode}", key_file, data=text)
                if signed:
                    put("cleartext", f"{name}-{mode}", signed)
            for how in profiles("encrypt"):
                sealed = sop(
                    "encrypt", "--no-armor", f"--profile={how}", f"--sign-with={key_file}",
                    cert_file, data=text,
                )  # fmt: skip
                if sealed:
                    put("message", f"{name}-{how}", b"\0" + sealed)
            signed = sop("inline-sign", "--no-armor", key_file, data=text)
            if signed:
                put("message", f"inside-{name}", b"\1" + signed)
    for how in profiles("encrypt"):
        sealed = sop("encrypt", f"--profile={how}", f"--with-password={password}", data=text)
        if sealed:
            put("message", f"password-{how}", b"\2" + sealed)
            put("armor", f"message-{how}", sealed)
    for path in folder.glob("*.tmp"):
        path.unlink()


def vectors():
    for path in sorted((SHARED / "vectors").rglob("*")):
        if not path.is_file() or path.stat().st_size >= SEED_MAX:
            continue
        data = path.read_bytes()
        name = path.relative_to(SHARED / "vectors").as_posix().replace("/", "-")
        for harness in ("certificate", "armor", "cleartext"):
            put(harness, f"vector-{name}", data)
        put("message", f"vector-{name}", b"\0" + data)
        put("secret", f"vector-{name}", struct.pack(">H", min(len(data), 65535)) + data)


ours()
vectors()
