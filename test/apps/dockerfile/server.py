"""Serves the folder this file is in on $PORT."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

handler = partial(SimpleHTTPRequestHandler, directory=os.path.dirname(os.path.abspath(__file__)))
ThreadingHTTPServer(("", int(os.environ.get("PORT", "5000"))), handler).serve_forever()
