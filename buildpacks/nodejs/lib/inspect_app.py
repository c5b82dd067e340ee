"""What the build must know of a Node.js app, as lines of shell: `name='value'`.

    inspect_app.py BUILD RUNTIMES

One process reads package.json, its lock and the store of runtimes: starting npm for each of these
questions would cost more than a whole build with dependencies in place.
"""

import json
import os
import re
import shlex
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "../../lib")]
import semver  # noqa: E402
from manager import find_manager  # noqa: E402
from problem import Problem  # noqa: E402

DEFAULT_NODE = "24.x"
ALIASES = {
    "lts/*": DEFAULT_NODE,
    "lts/krypton": "24.x",
    "lts/jod": "22.x",
    "lts/iron": "20.x",
    "lts/hydrogen": "18.x",
    "latest": "*",
    "current": "*",
    "stable": "*",
    "node": "*",
}
INSTALL_SCRIPTS = ("preinstall", "install", "postinstall", "prepublish", "prepare")


def main(build, runtimes):
    try:
        found = inspect(build, runtimes)
    except Problem as problem:
        found = {"problem": problem.args[0], "hint": problem.args[1]}
    for name, value in found.items():
        print(f"{name}={shlex.quote(str(value))}")


def inspect(build, runtimes):
    package = read_json(build, "package.json")
    scripts = section(package, "scripts")
    manager = find_manager(build, package)
    lock_name = manager["lock"]
    lock = read_json(build, lock_name) if lock_name.endswith(".json") else {}
    source, spec = wanted_node(build, package)
    wanted = has_packages(package, lock)
    return {
        "problem": "",
        "node_source": source,
        "node_spec": spec,
        "node_version": stored(runtimes, "node", source, spec),
        "lock": lock_name,
        "manager": manager["name"],
        "manager_spec": manager["spec"],
        "manager_version": manager["spec"] and stored(runtimes, manager["runtime"], manager["source"], manager["spec"]),
        "manager_script": manager["script"],
        "linker": manager["linker"],
        "has_packages": flag(wanted),
        "has_dev_packages": flag(section(package, "devDependencies")),
        "can_keep": flag(wanted and can_keep(build, package, scripts, lock)),
        "prebuild": flag("heroku-prebuild" in scripts),
        "build_script": next((name for name in ("heroku-postbuild", "build") if name in scripts), ""),
        "cleanup": flag("heroku-cleanup" in scripts),
        "install_scripts": " ".join(name for name in INSTALL_SCRIPTS if name in scripts),
        "start": start_command(scripts),
        "can_start": flag("start" in scripts or os.path.isfile(os.path.join(build, "server.js"))),
    }


def start_command(scripts):
    """As bin/release proposes it, which says why; empty when no script says."""
    start = scripts.get("start")
    if not isinstance(start, str):
        return ""
    needs_npm = scripts.get("prestart") or scripts.get("poststart") or "npm_" in start or "\n" in start
    return "npm start" if needs_npm else start


def read_json(build, name):
    try:
        with open(os.path.join(build, name), encoding="utf-8-sig") as file:
            value = json.load(file)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise Problem(f"{name} is not valid JSON ({where}).", "Correct it there and push again.") from error
    except (OSError, ValueError) as error:
        raise Problem(f"{name} cannot be read.", "Save it as a plain UTF-8 file.") from error
    if not isinstance(value, dict):
        raise Problem(f"{name} does not hold a JSON object.", "See `npm init` for one that does.")
    return value


def section(package, name):
    value = package.get(name)
    return value if isinstance(value, dict) else {}


def flag(value):
    return 1 if value else ""


def wanted_node(build, package):
    """(where it is written, range)"""
    engine = section(package, "engines").get("node")
    if isinstance(engine, str) and engine.strip():
        return "engines.node in package.json", plain_range(engine)
    for name in (".nvmrc", ".node-version"):
        path = os.path.join(build, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8-sig", errors="replace") as file:
                lines = [line.split("#")[0].strip() for line in file]
            text = next((line for line in lines if line), "")
            if text:
                return name, ALIASES.get(text.lower(), plain_range(text))
    return "", DEFAULT_NODE


def plain_range(text):
    text = " ".join(text.split())
    return ALIASES.get(text.lower(), text)


def stored(runtimes, name, source, spec):
    """The version of the store that fits, or nothing."""
    try:
        alternatives = semver.parse_range(spec)
    except ValueError:
        alternatives = None
    if alternatives is None or not re.fullmatch(r"[\w.*^~<>=| +-]{1,80}", spec):
        raise Problem(f'"{spec}" in {source} is not a range of versions.', 'Write for example "24.x" there.')
    try:
        names = os.listdir(os.path.join(runtimes, name))
    except OSError:
        names = []
    versions = filter(None, map(semver.parse_version, names))
    preferred = int(DEFAULT_NODE.split(".")[0]) if name == "node" else None
    found = semver.newest(versions, alternatives, preferred)
    return ".".join(map(str, found)) if found else ""


def has_packages(package, lock):
    names = ("dependencies", "devDependencies", "optionalDependencies", "workspaces")
    locked = [path for path in lock.get("packages", lock.get("dependencies", {})) if path]
    return bool(locked) or any(package.get(name) for name in names)


def can_keep(build, package, scripts, lock):
    """Whether node_modules follows from package.json and its lock alone, not from other files."""
    workspaces = package.get("workspaces") or os.path.isfile(os.path.join(build, "pnpm-workspace.yaml"))
    if workspaces or any(name in scripts for name in INSTALL_SCRIPTS):
        return False
    if section(package, "pnpm").get("patchedDependencies") or os.path.isdir(os.path.join(build, ".yarn/patches")):
        return False
    specs = [
        spec
        for name in ("dependencies", "devDependencies", "optionalDependencies")
        for spec in section(package, name).values()
    ]
    entries = lock.get("packages", {}).values()
    local = any(str(spec).startswith(("file:", "link:", "portal:", "workspace:", "patch:", ".", "/")) for spec in specs)
    return not local and not any(entry.get("link") for entry in entries if isinstance(entry, dict))


main(*sys.argv[1:3])
