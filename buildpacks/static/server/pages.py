"""What a request for a path is answered with: a file, another place, or nothing.

Only plain files below the root are ever served: no path gets out of it, by `..` or by a link, and
nothing whose name begins with a dot is there at all (but /.well-known/).
"""

import os
import re
import stat

from file import File

# Files up to here are kept in memory, all of them together up to the second figure.
SMALL_BYTES = 1 << 20
KEPT_BYTES = 32 << 20

class Site:
    def __init__(self, root, settings):
        self._root = os.path.realpath(root)
        self._settings = settings
        self._routes = [(compile_pattern(pattern), page) for pattern, page in settings["routes"]]
        self._redirects = [(compile_pattern(pattern), url, code) for pattern, url, code in settings["redirects"]]
        self._headers = [(compile_pattern(pattern), fields) for pattern, fields in settings["headers"]]
        self._files = {}
        self._kept_bytes = 0

    def find(self, target):
        """(status, file or None, place to go to or None) for the target of a request."""
        path, mark, query = target.partition("?")
        names = self._names(path)
        if names is None:
            return 404, self._error_page(), None
        inside = "/".join(names)
        whole = "/" + inside + ("/" if inside and path.endswith("/") else "")
        for pattern, url, status in self._redirects:
            if pattern.match(whole):
                return status, None, url
        file = self._file(os.path.join(inside, "index.html") if path.endswith("/") else inside)
        if file is not None:
            return 200, file, None
        if not path.endswith("/"):
            if inside and self._file(inside + "/index.html") is not None:
                return 301, None, "/" + encode(inside) + "/" + mark + query
            file = self._file(inside + ".html") if self._settings["clean_urls"] else None
            if file is not None:
                return 200, file, None
        for pattern, page in self._routes:
            if pattern.match(whole):
                return 200, self._file(page), None
        return 404, self._error_page(), None

    def fields(self, target):
        """What static.json wants to be said about a path, by lower-case name."""
        if not self._headers:
            return {}
        names = self._names(target.partition("?")[0])
        path = "/" + "/".join(names or ())
        found = {}
        for pattern, fields in self._headers:
            if pattern.match(path):
                found.update({name.lower(): f"{name}: {value}\r\n" for name, value in fields.items()})
        return found

    def _names(self, path):
        """The decoded parts of a path; None for one that cannot name a file here."""
        try:
            decoded = decode(path)
        except UnicodeDecodeError:
            return None
        if not decoded.startswith("/") or "\0" in decoded or "\\" in decoded:
            return None
        names = [name for name in decoded.split("/") if name]
        hidden = any(name.startswith(".") for name in names[1:])
        if hidden or (names and names[0].startswith(".") and names[0] != ".well-known"):
            return None
        return names

    def _error_page(self):
        name = self._settings["error_page"]
        return None if name is None else self._file(name)

    def _file(self, inside):
        path = os.path.join(self._root, inside)
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                return None
            known = self._files.get(path)
            if known is not None and known[0] == mark_of(status):
                return known[1]
            return self._load(path, status)
        except (OSError, ValueError):
            return None

    def _load(self, path, status):
        real = os.path.realpath(path)
        if not real.startswith(self._root + "/") or "/." in real[len(self._root):].replace("/.well-known/", "/"):
            return None
        content = None
        if status.st_size <= SMALL_BYTES:
            with open(real, "rb") as opened:
                content = opened.read(SMALL_BYTES + 1)
        file = File(real, status, content)
        self._keep(path, status, file)
        return file

    def _keep(self, path, status, file):
        size = len(file.content or b"") + len(file.gzipped or b"") + 1024
        if self._kept_bytes + size > KEPT_BYTES:
            self._files.clear()
            self._kept_bytes = 0
        self._files[path] = (mark_of(status), file)
        self._kept_bytes += size


def compile_pattern(pattern):
    """`*` is a part of a path, `**` any rest of it; a slash at the end may be there or not."""
    text = re.escape(pattern.rstrip("/")).replace(r"/\*\*", "(/.*)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
    return re.compile(text + "/?$", re.DOTALL)


def mark_of(status):
    """Changes whenever the file does."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def decode(path):
    """The bytes behind %-escapes as text; raises UnicodeDecodeError when they are none."""
    first, *parts = path.encode("latin-1").split(b"%")
    decoded = [first]
    for part in parts:
        try:
            decoded.append(bytes([int(part[:2], 16)]) + part[2:])
        except ValueError:
            decoded.append(b"%" + part)
    return b"".join(decoded).decode()


def encode(path):
    plain = b"/-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in path.encode())
