"""A file as it is sent: its header fields, and its content or where to read it from."""

import hashlib
import os
import re
import zlib
from time import gmtime

# Said here and not asked of the system, so that a site looks the same on every stack.
TYPES = {
    "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8", "json": "application/json", "map": "application/json",
    "webmanifest": "application/manifest+json", "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "xml": "application/xml", "rss": "application/rss+xml", "atom": "application/atom+xml",
    "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
    "gif": "image/gif", "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon",
    "bmp": "image/bmp", "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf",
    "otf": "font/otf", "eot": "application/vnd.ms-fontobject", "wasm": "application/wasm",
    "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip",
    "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "m4a": "audio/mp4",
    "mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
}
UNKNOWN_TYPE = "application/octet-stream"
COMPRESSED = ("text/", "application/json", "application/xml", "application/manifest", "application/rss",
              "application/atom", "image/svg", "application/wasm", "font/ttf", "font/otf")

# A file whose name carries a digest of its content never changes under that name.
HASHED = re.compile(r"[.-](?=[0-9a-zA-Z_]*\d)[0-9a-zA-Z_]{8,}\.\w+$")


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(seconds):
    """`Sun, 06 Nov 1994 08:49:37 GMT`. The standard library has this, but takes 30 ms to load it."""
    at = gmtime(seconds)
    day = f"{DAYS[at.tm_wday]}, {at.tm_mday:02} {MONTHS[at.tm_mon - 1]} {at.tm_year}"
    return f"{day} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"


class File:
    __slots__ = ("content", "etag", "fields", "gzipped", "modified", "path", "size")

    def __init__(self, path, status, content):
        name = os.path.basename(path)
        kind = TYPES.get(name.rpartition(".")[2].lower(), UNKNOWN_TYPE)
        self.path, self.size, self.content = path, status.st_size, content
        self.modified = int(status.st_mtime)
        # The content itself is named where it can be: the same file of the next release is not sent again.
        source = content if content is not None else f"{status.st_size}.{status.st_mtime_ns}".encode()
        self.etag = hashlib.sha256(source).hexdigest()[:24]
        self.gzipped = None
        if content is not None and len(content) > 512 and kind.startswith(COMPRESSED):
            squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
            squeezed = squeeze.compress(content) + squeeze.flush()
            self.gzipped = squeezed if len(squeezed) < len(content) * 0.9 else None
        cached = "public, max-age=31536000, immutable" if HASHED.search(name) else "public, max-age=0, must-revalidate"
        self.fields = (
            f"Content-Type: {kind}\r\nCache-Control: {cached}\r\n"
            f"Last-Modified: {http_date(self.modified)}\r\nX-Content-Type-Options: nosniff\r\n"
        )
        if self.gzipped is not None:
            self.fields += "Vary: Accept-Encoding\r\n"

    def tag(self, is_gzipped):
        return f'"{self.etag}-gz"' if is_gzipped else f'"{self.etag}"'
