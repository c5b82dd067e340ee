"""Reads static.json, checks it, and writes the settings of the file server.

    settings.py BUILD OUT

Prints lines of shell: `root` when all is well, else `problem` and `hint`.

    { "root": "dist", "clean_urls": true, "error_page": "404.html", "routes": { "/**": "index.html" } }

`root` is the folder to serve; left out, it is the first of `.`, `public`, `dist` and `build` that has an
index.html. `routes` may send every path that is no file to one page, as single-page apps want it.
"""

import json
import os
import shlex
import sys

ROOTS = (".", "public", "dist", "build")
KNOWN = {"root", "clean_urls", "error_page", "routes"}


class Problem(Exception):
    """Something the owner of the app must fix: a sentence and the next step."""


def main(build, out):
    try:
        settings = check(build, read(build))
        with open(out, "w", encoding="utf-8") as file:
            json.dump(settings, file, sort_keys=True)
        found = {"problem": "", "root": "the app" if settings["root"] == "." else settings["root"]}
    except Problem as problem:
        found = {"problem": problem.args[0], "hint": problem.args[1]}
    for name, value in found.items():
        print(f"{name}={shlex.quote(value)}")


def read(build):
    path = os.path.join(build, "static.json")
    if not os.path.isfile(path):
        return {}
    try:
        with open(path, encoding="utf-8-sig") as file:
            given = json.load(file)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise Problem(f"static.json is not valid JSON ({where}).", "Correct it there and push again.") from error
    except (OSError, ValueError) as error:
        raise Problem("static.json cannot be read.", "Save it as a plain UTF-8 file.") from error
    if not isinstance(given, dict):
        raise Problem("static.json does not hold a JSON object.", 'Write for example {"root": "dist"}.')
    return given


def check(build, given):
    for name in sorted(set(given) - KNOWN):
        print(f"warning: \"{name}\" in static.json is not known and has no effect.", file=sys.stderr)
    root = os.path.normpath(given["root"]) if isinstance(given.get("root"), str) else find_root(build)
    if not inside(build, root) or not os.path.isdir(os.path.join(build, root)):
        raise Problem(f'static.json names the folder "{root}", which is not in the app.',
                      'Correct "root" in static.json, or commit that folder.')
    routes = given.get("routes", {})
    if not isinstance(routes, dict) or set(routes) - {"/**"}:
        raise Problem('"routes" in static.json may hold one pattern only, "/**".',
                      'Write "routes": {"/**": "index.html"} or remove it.')
    return {
        "root": root,
        "clean_urls": given.get("clean_urls") is not False,
        "error_page": page(build, root, given.get("error_page", "404.html"), "error_page" in given),
        "fallback": page(build, root, routes.get("/**"), "/**" in routes),
    }


def find_root(build):
    for root in ROOTS:
        if os.path.isfile(os.path.join(build, root, "index.html")):
            return root
    raise Problem("No index.html is in the app, in public, dist or build.",
                  'Say in static.json where the pages are: {"root": "FOLDER"}.')


def inside(build, path):
    base = os.path.realpath(build)
    return (os.path.realpath(os.path.join(build, path)) + "/").startswith(base + "/")


def page(build, root, name, is_asked_for):
    """Path of a page below root, or None when there is none and nobody asked for it."""
    if isinstance(name, str):
        path = os.path.join(root, name.lstrip("/"))
        if inside(os.path.join(build, root), name.lstrip("/")) and os.path.isfile(os.path.join(build, path)):
            return name.lstrip("/")
    if is_asked_for:
        raise Problem(f'static.json names the page "{name}", which is not in "{root}".',
                      "Correct it in static.json, or commit that page.")
    return None


main(*sys.argv[1:3])
