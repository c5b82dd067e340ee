"""Fetches the newest patch release of a Go line from the module proxy.

    fetch_go.py 1.24.3 OUT       (1.24.3 or newer of 1.24)

Module archives carry no exec bits, so they are set here. The archive is checked against the checksum
database that GOSUMDB names unless that is `off`.
"""

import base64
import hashlib
import os
import platform
import re
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile

MODULE = "golang.org/toolchain"
TIMEOUT_SECONDS = 120


def main(wanted, out):
    system = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}[platform.machine()]
    try:
        version = newest(wanted, system)
        print(f"-----> Fetching Go {version}", flush=True)
        module = f"{MODULE}@v0.0.1-go{version}.{system}"
        with tempfile.TemporaryFile() as archive:
            download(f"{proxy()}/{module.replace('@', '/@v/')}.zip", archive)
            with zipfile.ZipFile(archive) as files:
                verify(module, files)
                unpack(files, module + "/", out)
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            no_such(wanted)
        fail(f"The Go module proxy {proxy()} answered {error.code}.", "Check GOPROXY of the platform.")
    except OSError as error:
        fail(f"The Go module proxy {proxy()} does not answer ({error}).",
             "Check the network, GOPROXY, the proxy and SLIPWAY_CA_BUNDLE of the platform.")
    print(f"version={version}")


def fail(message, hint):
    print(f"error: {message}\nhint: {hint}", flush=True)
    sys.exit(1)


def no_such(wanted):
    fail(f"There is no Go {wanted}.", "Correct the `go` or `toolchain` line of go.mod.")


def proxy():
    for entry in re.split(r"[,|]", os.environ.get("GOPROXY", "")):
        if entry.startswith(("http://", "https://")):
            return entry.rstrip("/")
    fail("This platform knows no Go module proxy.", "Its operator sets GOPROXY, as `go env GOPROXY` says it.")


def newest(wanted, system):
    """Proxies list what they have seen; a full version that is not listed may be there all the same."""
    with urllib.request.urlopen(f"{proxy()}/{MODULE}/@v/list", timeout=TIMEOUT_SECONDS) as response:
        listed = re.findall(rf"^v0\.0\.1-go(\d+\.\d+\.\d+)\.{system}$", response.read().decode(), re.MULTILINE)
    least = numbers(wanted)
    fitting = [numbers(v) for v in listed if numbers(v)[:2] == least[:2] and numbers(v) >= least]
    if not fitting and len(least) < 3:
        no_such(wanted)
    return ".".join(map(str, max(fitting, default=least)))


def numbers(version):
    return tuple(int(part) for part in version.split("."))


def download(url, file):
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        while chunk := response.read(1 << 20):
            file.write(chunk)


def verify(module, files):
    database = os.environ.get("GOSUMDB", "").split()
    if not database:
        fail("This platform knows no Go checksum database.", "Its operator sets GOSUMDB, as `go env GOSUMDB` says it.")
    if database[0] == "off":
        print("warning: GOSUMDB is off, so the Go toolchain is not checked against a checksum database.")
        return
    name, _, version = module.partition("@")
    path = f"/lookup/{name}@{version}"
    place = database[1].rstrip("/") if len(database) > 1 else f"https://{database[0].split('+')[0]}"
    record = lookup(place + path) or lookup(f"{proxy()}/sumdb/{database[0].split('+')[0]}{path}")
    if record is None:
        fail(f"The checksum database {place} does not answer, so the Go toolchain cannot be checked.",
             "Check the network, or set GOSUMDB=off for the platform to go without.")
    if f"{name} {version} {digest(files)}" not in record.splitlines():
        fail(f"{module} is not what the checksum database says it is.", "Try again; check GOPROXY if it stays.")


def lookup(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.read().decode()
    except OSError:
        return None


def digest(files):
    """`h1:` of golang.org/x/mod/sumdb/dirhash."""
    total = hashlib.sha256()
    for name in sorted(files.namelist()):
        with files.open(name) as file:
            total.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n".encode())
    return "h1:" + base64.b64encode(total.digest()).decode()


def unpack(files, prefix, out):
    for info in files.infolist():
        inside = info.filename.removeprefix(prefix)
        if info.is_dir() or inside == info.filename or {"", ".."} & set(inside.split("/")):
            continue
        # Tests and documents of Go itself are a third of it and build nothing.
        if inside.startswith(("test/", "doc/", "api/")) or "/testdata/" in inside:
            continue
        target = os.path.join(out, inside)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with files.open(info) as source, open(target, "wb") as file:
            while chunk := source.read(1 << 20):
                file.write(chunk)
        if inside.startswith(("bin/", "pkg/tool/")):
            os.chmod(target, 0o755)


main(*sys.argv[1:3])
