"""Paths in node_modules that are there for development only, each ended by a zero byte.

    dev_paths.py LOCK

The lock marks such packages; with them go the links to their programs, and npm's own list of what is
installed, which would no longer be true.
"""

import json
import os
import sys


def dev_paths(packages):
    top = []
    for path, entry in sorted(packages.items()):
        if not entry.get("dev") or not os.path.isdir(path):
            continue
        if not top or not path.startswith(top[-1] + "/"):
            top.append(path)
            yield path
        yield from links_to(path, entry.get("bin") or {})
    if os.path.isfile("node_modules/.package-lock.json"):
        yield "node_modules/.package-lock.json"


def links_to(path, programs):
    folder = path.rpartition("node_modules/")[0] + "node_modules/.bin"
    inside = os.path.realpath(path) + "/"
    for name in programs:
        link = os.path.join(folder, name)
        if os.path.islink(link) and os.path.realpath(link).startswith(inside):
            yield link


with open(sys.argv[1], encoding="utf-8-sig") as file:
    for found in dev_paths(json.load(file)["packages"]):
        sys.stdout.write(found + "\0")
