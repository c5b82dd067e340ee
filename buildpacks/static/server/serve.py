"""Serves the pages of an app on $PORT. SIGTERM ends it once the answers under way are sent.

One thread and one epoll: it starts in a few tens of milliseconds and holds thousands of clients.
"""

import json
import os
import select
import signal
import socket
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from connection import Connection  # noqa: E402
from pages import Site  # noqa: E402

# Longer than a router keeps connections that wait for the next request, so that it is not cut off.
IDLE_SECONDS = 120
DRAIN_SECONDS = 25


class Server:
    def __init__(self, site, port):
        self._site = site
        self._listener = socket.create_server(("", port), backlog=1024)
        self._listener.setblocking(False)
        self._connections = {}
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._epoll.register(self._wake, select.EPOLLIN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os.write(waker, b"."))
        self._ends_at = None

    def run(self):
        while self._ends_at is None or (self._connections and time.monotonic() < self._ends_at):
            for descriptor, _ in self._epoll.poll(1 if self._ends_at else 5):
                if descriptor == self._wake:
                    self._end()
                elif descriptor in self._connections:
                    self._work(descriptor)
                elif self._ends_at is None:
                    self._accept()
            self._close_idle(IDLE_SECONDS)

    def _accept(self):
        try:
            while True:
                client, _ = self._listener.accept()
                self._connections[client.fileno()] = Connection(client, self._site)
                self._epoll.register(client.fileno(), select.EPOLLIN)
        except BlockingIOError:
            return
        except OSError:
            self._close_idle(1)  # out of descriptors: make room and try again

    def _work(self, descriptor):
        connection = self._connections[descriptor]
        waits_for = connection.work(self._ends_at is not None)
        if waits_for:
            self._epoll.modify(descriptor, waits_for)
        else:
            del self._connections[descriptor]
            connection.close()

    def _close_idle(self, seconds):
        before = time.monotonic() - seconds
        for descriptor, connection in list(self._connections.items()):
            if connection.active_at < before:
                del self._connections[descriptor]
                connection.close()

    def _end(self):
        os.read(self._wake, 64)
        if self._ends_at is None:
            self._ends_at = time.monotonic() + DRAIN_SECONDS
            self._epoll.unregister(self._listener)
            self._listener.close()
        # Those that wait for a next request go now, unless it has just come in.
        for descriptor in list(self._connections):
            if self._connections[descriptor].is_idle:
                self._work(descriptor)


def main():
    with open(os.path.join(here, "site.json"), encoding="utf-8") as file:
        settings = json.load(file)
    app = os.path.dirname(os.path.dirname(here))
    server = Server(Site(os.path.join(app, settings["root"]), settings), int(os.environ.get("PORT", "5000")))
    print("listening", flush=True)
    server.run()


main()
