"""The parts of HTTP/1.1 (RFC 9110, 9112) that a server of files must understand."""

import re
import time

START = re.compile(r"([A-Z]+) (/[!-~]*|\*) HTTP/1\.([01])")
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d) GMT")


class Request:
    __slots__ = ("fields", "method", "target", "wants_close")

    def __init__(self, method, target, fields, is_old):
        self.method, self.target, self.fields = method, target, fields
        self.wants_close = is_old or "close" in fields.get("connection", "").lower()

    @property
    def has_body(self):
        return "transfer-encoding" in self.fields or self.fields.get("content-length", "0") != "0"

    def accepts_gzip(self):
        for part in self.fields.get("accept-encoding", "").lower().split(","):
            name, _, weight = part.partition(";")
            if name.strip() == "gzip":
                return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
        return False

    def has(self, etag, modified):
        """Whether the client has this already. The tag decides, and the date only without one."""
        if "if-none-match" in self.fields:
            tags = [tag.strip().removeprefix("W/") for tag in self.fields["if-none-match"].split(",")]
            return etag in tags or "*" in tags
        since = DATE.fullmatch(self.fields.get("if-modified-since", ""))
        return since is not None and modified <= seconds_of(since[1])

    def range_of(self, etag, size):
        """(first, last) of the one range asked for; None to send all, () when it lies outside."""
        match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", self.fields.get("range", ""))
        if match is None or match[0] == "bytes=-" or self.fields.get("if-range", etag) != etag:
            return None
        if match[1] == "":
            first, last = max(0, size - int(match[2])), size - 1
        else:
            first, last = int(match[1]), min(int(match[2] or size), size - 1)
        return (first, last) if first <= last else ()


def parse(head):
    """The request of a head without its empty line; None when it is none."""
    lines = head.decode("latin-1").split("\r\n")
    start = START.fullmatch(lines[0])
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not NAME.fullmatch(name):
            return None
        name, value = name.lower(), value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return None if start is None else Request(start[1], start[2], fields, start[3] == "0")


def seconds_of(text):
    try:
        return time.mktime(time.strptime(text, "%d %b %Y %H:%M:%S")) - time.timezone
    except (ValueError, OverflowError):
        return -1
