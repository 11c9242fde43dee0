# SPDX-License-Identifier: MIT
"""A long line in front of a server: bytes arrive later, and no faster than its rate. What passes is
not looked at, only counted, so TLS and compression go through it.

    with Link(dovecot, rtt_msecs=40, mbit=10) as line: ... line.bytes_up, line.bytes_down"""

import collections
import queue
import socket
import threading
import time

CHUNK_BYTES = 16 * 1024
# What lies in the line waits here; a sender beyond that is held up, as by TCP's window.
WINDOW_BYTES = 4 * 1024 * 1024
BUFFER_SECS = 0.05


class _Direction:
    """One of the line's two directions, shared by all its connections."""

    def __init__(self, delay_secs, rate):
        self.delay_secs = delay_secs
        self.rate = rate  # bytes a second; None: no limit
        self.free_at = 0.0
        self.bytes = 0
        self.lock = threading.Lock()

    def due(self, size):
        """When these bytes arrive. Returns after the line has room for them."""
        with self.lock:
            now = time.monotonic()
            self.bytes += size
            if not self.rate:
                return now + self.delay_secs
            self.free_at = max(now, self.free_at) + size / self.rate
            free_at = self.free_at
        time.sleep(max(0, free_at - now - BUFFER_SECS))
        return free_at + self.delay_secs


class Link:
    def __init__(self, server, rtt_msecs=0, mbit=None):
        rate = mbit * 1_000_000 / 8 if mbit else None
        self._target = server.imaps_port
        self.host, self.ca, self.passwords = server.host, server.ca, server.passwords
        self._up = _Direction(rtt_msecs / 2000, rate)
        self._down = _Direction(rtt_msecs / 2000, rate)
        self._sockets = collections.deque()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.imaps_port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for sock in (self._listener, *self._sockets):
            _shut(sock)
        self._listener.close()

    @property
    def bytes_up(self):
        return self._up.bytes

    @property
    def bytes_down(self):
        return self._down.bytes

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(sock)
            _carry(client, server, self._up)
            _carry(server, client, self._down)


def _carry(source, sink, direction):
    chunks = queue.Queue(WINDOW_BYTES // CHUNK_BYTES)
    threading.Thread(target=_take_in, args=(source, chunks, direction), daemon=True).start()
    threading.Thread(target=_hand_out, args=(sink, chunks), daemon=True).start()


def _take_in(source, chunks, direction):
    while True:
        try:
            data = source.recv(CHUNK_BYTES)
        except OSError:
            data = b""
        chunks.put((direction.due(len(data)), data))
        if not data:
            return


def _hand_out(sink, chunks):
    """An empty chunk is the end. After a failure the rest is thrown away."""
    while True:
        due, data = chunks.get()
        time.sleep(max(0, due - time.monotonic()))
        if not data:
            return _shut(sink)
        try:
            sink.sendall(data)
        except OSError:
            pass


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
