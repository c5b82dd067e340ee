import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import greeting


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        page = greeting.to(os.environ.get("SLIPWAY_RELEASE")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


ThreadingHTTPServer(("", int(os.environ.get("PORT", "5000"))), Page).serve_forever()
