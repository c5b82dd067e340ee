"""Which program installs the packages of an app: what "packageManager" says, else what its lock says."""

import os
import re

from problem import Problem

LOCKS = {
    "npm-shrinkwrap.json": "npm",
    "package-lock.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
}
# Version of pnpm's lock -> pnpm that reads and writes it.
PNPM_OF_LOCK = {"5": "7.x", "6": "8.x", "9": "10.x"}
NEWEST = {"pnpm": "10.x", "yarn": "4.x"}


def find_manager(build, package):
    """How packages are installed; `berry` is Yarn from 2 on, another program than Yarn 1."""
    locks = [name for name in LOCKS if os.path.isfile(os.path.join(build, name))]
    name, spec, source = said_by_package(package)
    if not name:
        name = LOCKS[locks[0]] if locks else "npm"
        spec, source = spec_of(build, package, name)
    lock = next((lock for lock in locks if LOCKS[lock] == name), "")
    if locks and not lock:
        raise Problem(
            f"{source} says {name}, but the packages are locked by {locks[0]}.",
            f"Run `{name} install` and commit its lock file, or correct \"packageManager\" in package.json.",
        )
    settings = read_head(build, ".yarnrc.yml")
    script = own_script(build, settings) if name == "yarn" else ""
    if name == "yarn" and (script or not spec.startswith("1.")):
        name = "berry"
    linker = re.search(r"^nodeLinker: *[\"']?([\w-]+)", settings, re.MULTILINE) if name == "berry" else None
    return {
        "name": name,
        "runtime": "yarn" if name == "berry" else name,
        "spec": "" if script else spec,
        "source": source,
        "lock": lock,
        "script": script,
        "linker": linker[1] if linker else "",
    }


def said_by_package(package):
    """`"packageManager": "pnpm@10.1.0+sha512.…"`, as corepack reads it."""
    said = package.get("packageManager")
    if said is None:
        return "", "", ""
    source = '"packageManager" in package.json'
    match = re.fullmatch(r"(npm|pnpm|yarn)@v?(\d+\.\d+\.\d+)(\+.*)?", said) if isinstance(said, str) else None
    if match is None:
        raise Problem(f"{source} is not a package manager with its version.",
                      'Write for example "pnpm@10.18.0" there, or remove it.')
    return match[1], match[2], source


def spec_of(build, package, name):
    """(range, where it is written); none for npm, as the one of each Node.js reads every lock."""
    if name == "npm":
        return "", ""
    lock = "pnpm-lock.yaml" if name == "pnpm" else "yarn.lock"
    head = read_head(build, lock)
    if name == "yarn" and "__metadata:" not in head:
        return "1.x", lock
    engines = package.get("engines")
    said = engines.get(name) if isinstance(engines, dict) else None
    if isinstance(said, str) and said.strip():
        return " ".join(said.split()), f"engines.{name} in package.json"
    version = re.search(r"^lockfileVersion: *'?(\d+)", head, re.MULTILINE)
    return PNPM_OF_LOCK.get(version[1] if version and name == "pnpm" else "", NEWEST[name]), lock


def own_script(build, settings):
    """The Yarn that an app brings itself, as .yarnrc.yml says."""
    match = re.search(r"^yarnPath: *[\"']?([\w./-]+)", settings, re.MULTILINE)
    if match is None:
        return ""
    path = match[1]
    if ".." in path.split("/") or not os.path.isfile(os.path.join(build, path)):
        raise Problem(f"yarnPath in .yarnrc.yml names {path}, which is not in the app.",
                      "Commit that file, or remove the line and name Yarn under \"packageManager\" in package.json.")
    return path


def read_head(build, name):
    try:
        with open(os.path.join(build, name), encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""
