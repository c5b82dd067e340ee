"""One client. Never blocks: it does what its socket allows and says what it waits for."""

import os
import select
import socket
import time

from answer import answer, plain

HEAD_BYTES = 32 * 1024
SEND_BYTES = 1 << 20


class Connection:
    def __init__(self, client, site):
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client, self._site = client, site
        self._read = b""
        self._unsent = b""
        self._file = None  # [descriptor, offset, bytes left]
        self._wants_close = False
        self.active_at = time.monotonic()

    @property
    def is_idle(self):
        return not self._unsent and self._file is None and not self._read

    def work(self, is_ending):
        """Reads, answers and sends as far as it goes. What to wait for; 0 when it is over."""
        self.active_at = time.monotonic()
        try:
            return self._work(is_ending)
        except OSError:
            return 0

    def _work(self, is_ending):
        while True:
            if not self._send():
                return select.EPOLLOUT
            if self._wants_close:
                return 0
            if b"\r\n\r\n" in self._read:
                head, _, self._read = self._read.partition(b"\r\n\r\n")
                self._begin(answer(self._site, head, is_ending))
            elif len(self._read) > HEAD_BYTES:
                self._begin(plain(400, wants_close=True))
            else:
                try:
                    more = self._client.recv(65536)
                except BlockingIOError:
                    return 0 if is_ending and not self._read else select.EPOLLIN
                if not more:
                    return 0
                self._read += more

    def _begin(self, found):
        self._unsent, self._wants_close = found.bytes, found.wants_close
        if found.path is not None:
            self._file = [os.open(found.path, os.O_RDONLY | os.O_CLOEXEC), found.offset, found.length]

    def _send(self):
        """True when nothing is left to send."""
        try:
            while self._unsent:
                self._unsent = self._unsent[self._client.send(self._unsent) :]
            while self._file is not None:
                self._send_file()
        except BlockingIOError:
            return False
        return True

    def _send_file(self):
        descriptor, offset, left = self._file
        sent = os.sendfile(self._client.fileno(), descriptor, offset, min(left, SEND_BYTES))
        if sent == 0:
            raise OSError("the file became shorter")  # the client sees that the answer is cut
        self._file = [descriptor, offset + sent, left - sent]
        if left == sent:
            os.close(descriptor)
            self._file = None

    def close(self):
        if self._file is not None:
            os.close(self._file[0])
            self._file = None
        self._client.close()
