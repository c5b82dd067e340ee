"""Reads static.json, checks it, and writes the settings of the file server.

    settings.py BUILD OUT

Prints lines of shell: `root` when all is well, else `problem` and `hint`.

    { "root": "dist", "clean_urls": true, "error_page": "404.html", "routes": { "/**": "index.html" },
      "redirects": { "/old/*": "/new/", "/gone": { "url": "https://example.com/", "status": 302 } },
      "headers": { "/assets/**": { "Cache-Control": "public, max-age=31536000" } } }

`root` is the folder to serve; left out, it is the first of `.`, `public`, `dist` and `build` that has an
index.html. `routes` send paths that are no file to a page, as single-page apps want it. In patterns `*`
is a part of a path and `**` any rest of it; the first that fits counts, of `headers` all that fit.

SLIPWAY_SITE=built says that a build script made the site: then the folders such scripts write to are
looked at first, and a site of one page gets every path.
"""

import glob
import json
import os
import re
import shlex
import sys

IS_BUILT = os.environ.get("SLIPWAY_SITE") == "built"
ROOTS = (".", "public", "dist", "build")
# Where the tools of the day write; the index.html beside package.json is what they read.
BUILT_ROOTS = ("dist", "build", "out", "_site", "build/client", ".output/public", "dist/*/browser", "dist/*", "public")
KNOWN = {"root", "clean_urls", "error_page", "routes", "redirects", "headers"}
REDIRECTS = {301, 302, 307, 308}
# What the server says itself about how it sends.
OWN_FIELDS = {"connection", "content-length", "content-range", "date", "location", "transfer-encoding", "content-encoding"}


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
    routes = [[pattern, page(build, root, name, True)] for pattern, name in pairs(given, "routes", 'routes": {"/**": "index.html"')]
    if not routes and IS_BUILT and is_one_page(os.path.join(build, root)):
        routes = [["/**", "index.html"]]
    return {
        "root": root,
        "clean_urls": given.get("clean_urls") is not False,
        "error_page": page(build, root, given.get("error_page", "404.html"), "error_page" in given),
        "routes": routes,
        "redirects": [redirect(pattern, to) for pattern, to in pairs(given, "redirects", 'redirects": {"/old": "/new"')],
        "headers": [[pattern, fields(pattern, said)]
                    for pattern, said in pairs(given, "headers", 'headers": {"/**": {"X-Frame-Options": "DENY"}')],
    }


def pairs(given, name, example):
    """What stands under a name, by pattern."""
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise Problem(f'"{name}" in static.json is not an object.', f'Write for example "{example}}}.')
    for pattern in value:
        if not re.fullmatch(r"/[^\s?#]*", pattern) or "***" in pattern:
            raise Problem(f'"{pattern}" under "{name}" in static.json is not a pattern of paths.',
                          'Patterns begin with a slash, such as "/**" or "/docs/*".')
    return value.items()


def redirect(pattern, to):
    url, status = (to.get("url"), to.get("status", 301)) if isinstance(to, dict) else (to, 301)
    is_place = isinstance(url, str) and re.fullmatch(r"(https?://|/)[!-~]*", url)
    if not is_place or type(status) is not int or status not in REDIRECTS:
        raise Problem(f'The redirect of "{pattern}" in static.json is not a place to go to.',
                      'Write for example "/new", or {"url": "https://example.com/", "status": 302}.')
    return [pattern, url, status]


def fields(pattern, said):
    """Lines of a response's head."""
    if not isinstance(said, dict):
        raise Problem(f'The headers of "{pattern}" in static.json are not an object.', 'Write {"NAME": "VALUE"} there.')
    for name, value in said.items():
        is_well = re.fullmatch(r"[A-Za-z0-9-]{1,60}", name) and isinstance(value, str) and re.fullmatch(r"[ -~]{0,4000}", value)
        if not is_well or name.lower() in OWN_FIELDS:
            raise Problem(f'The header "{name}" of "{pattern}" in static.json cannot be sent.',
                          "Correct its name or value; what the server says itself cannot be said again.")
    return said


def is_one_page(folder):
    found = [name for _, _, names in os.walk(folder) for name in names if name.endswith((".html", ".htm"))]
    return found == ["index.html"] and os.path.isfile(os.path.join(folder, "index.html"))


def find_root(build):
    for pattern in BUILT_ROOTS if IS_BUILT else ROOTS:
        for path in sorted(glob.glob(os.path.join(build, pattern))) or [os.path.join(build, pattern)]:
            if os.path.isfile(os.path.join(path, "index.html")):
                return os.path.relpath(path, build)
    if IS_BUILT:
        raise Problem("The build script wrote no index.html to dist, build, out, _site or public, and package.json has no start script.",
                      'Say in static.json where the pages are: {"root": "FOLDER"}, or add "start" to "scripts" in package.json.')
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
