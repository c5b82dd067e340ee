"""Turns a request into what is sent for it; touches no socket."""

from request import parse

REASONS = {
    200: "OK",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    416: "Range Not Satisfiable",
}


class Answer:
    """Bytes to send, then perhaps a piece of a file, then perhaps the end of the connection."""

    __slots__ = ("bytes", "length", "offset", "path", "wants_close")

    def __init__(self, status, fields, body, *, wants_close, length=None, path=None, offset=0):
        sized = "" if length is None else f"Content-Length: {length}\r\n"
        ending = "Connection: close\r\n" if wants_close else ""
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\n{fields}{sized}{ending}\r\n"
        self.bytes = head.encode("latin-1") + body
        self.path, self.offset, self.length = path, offset, length
        self.wants_close = wants_close


def answer(site, head, is_ending):
    """A request with a body is refused, and its connection closed, so that none need be read."""
    request = parse(head)
    if request is None:
        return plain(400, wants_close=True)
    request.wants_close = request.wants_close or is_ending
    if request.method not in ("GET", "HEAD"):
        return plain(405, "Allow: GET, HEAD\r\n", wants_close=request.wants_close or request.has_body)
    if request.has_body:
        return plain(413, wants_close=True)
    status, file, place = site.find(request.target)
    if file is None:
        more = "" if place is None else f"Location: {place}\r\n"
        return plain(status, more, wants_close=request.wants_close, is_head=request.method == "HEAD")
    said = whole(request, status, file) if status != 200 else page(request, file)
    return with_fields(said, site.fields(request.target))


def with_fields(said, fields):
    """The answer with fields of static.json, which win over those of the same name."""
    if fields:
        head, end, body = said.bytes.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        kept = [line for line in lines if line.partition(":")[0].lower() not in fields]
        added = "".join(fields.values()).removesuffix("\r\n")
        said.bytes = "\r\n".join([first, *kept, added]).encode("latin-1") + end + body
    return said


def plain(status, fields="", *, wants_close, is_head=False):
    body = f"{status} {REASONS[status]}\n".encode()
    fields = f"Content-Type: text/plain; charset=utf-8\r\n{fields}"
    return Answer(status, fields, b"" if is_head else body, length=len(body), wants_close=wants_close)


def page(request, file):
    """A file that is there: as a whole, compressed, in part, or not at all if the client has it."""
    is_gzipped = file.gzipped is not None and "range" not in request.fields and request.accepts_gzip()
    etag = file.tag(is_gzipped)
    if request.has(etag, file.modified):
        return Answer(304, file.fields + f"ETag: {etag}\r\n", b"", wants_close=request.wants_close)
    part = None if is_gzipped else request.range_of(etag, file.size)
    if part is None:
        return whole(request, 200, file, is_gzipped)
    if part == ():
        return plain(416, f"Content-Range: bytes */{file.size}\r\n", wants_close=request.wants_close)
    fields = f"Content-Range: bytes {part[0]}-{part[1]}/{file.size}\r\n"
    return piece(request, 206, file, fields, part[0], part[1] - part[0] + 1)


def whole(request, status, file, is_gzipped=False):
    if not is_gzipped:
        return piece(request, status, file, "Accept-Ranges: bytes\r\n", 0, file.size)
    fields = file.fields + f"ETag: {file.tag(True)}\r\nContent-Encoding: gzip\r\n"
    body = b"" if request.method == "HEAD" else file.gzipped
    return Answer(200, fields, body, length=len(file.gzipped), wants_close=request.wants_close)


def piece(request, status, file, fields, offset, length):
    fields = f"{file.fields}ETag: {file.tag(False)}\r\n{fields}"
    is_read = file.content is None and request.method == "GET"
    body = b"" if request.method == "HEAD" or file.content is None else file.content[offset : offset + length]
    path = file.path if is_read else None
    return Answer(
        status, fields, body, length=length, path=path, offset=offset, wants_close=request.wants_close
    )
