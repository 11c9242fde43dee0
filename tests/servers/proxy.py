# SPDX-License-Identifier: MIT
"""A proxy that understands IMAP's lines and literals, in front of a real server: it ends TLS,
counts, delays, hides capabilities, answers chosen commands itself and cuts connections.

    proxy = Proxy(dovecot).on(r"APPEND", no("[TOOBIG] too big"), body=rb"guilty").start()

    proxy = Proxy(dovecot, cut=Cut("literal up", "inside", 3)).start()

cuts what it says at its third passage, whoever's it is. Rules are those of tests/servers/scripted.py, and with `body` a literal of the command must match
too. A command is passed on once it is complete, so what a rule refuses never reaches the server."""

import collections
import io
import queue
import re
import socket
import ssl
import threading
import time

from tests.servers.scripted import PASS, Dropped

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
PLACES = re.compile(rb"\[(APPENDUID|COPYUID) [^\]\r\n]*\] ?", re.I)
CAPABILITIES = re.compile(rb"(?:^\* CAPABILITY|\[CAPABILITY)([^\]\r\n]*)", re.I)

# is_asked_for: the body came after "+". connection: 1 is the first that came.
Append = collections.namedtuple("Append", "time size is_asked_for connection")


class Cut:
    """What happens at the k-th passage of a place, all connections together. Places: "literal up"
    (to the server, which gets what came until then), "literal down" and "answer" (tagged), each
    "before", "inside" and "after" it."""

    def __init__(self, kind, where, number, action=None):
        """Without an action the connections end."""
        self.place = kind, where
        self.action = action
        self.left = number
        self.lock = threading.Lock()

    @property
    def is_done(self):
        return self.left <= 0

    def pass_by(self, session, *place):
        if place != self.place:
            return
        with self.lock:
            self.left -= 1
            if self.left != 0:
                return
        if self.action is None:
            raise Dropped
        self.action(session)


NO_CUT = Cut(None, None, 0)


def say_bye(session):
    session.down.write(b"* BYE going down for maintenance\r\n")
    raise Dropped


def fall_silent(session):
    """The server does what it is asked to; nobody hears of it, and nobody hangs up."""
    session.server.stopped.wait(60)
    raise Dropped


def be_late(session):
    time.sleep(0.3)


def pass_then_drop(session, tag, command):
    """The server gets the command; the client never hears what became of it."""
    session.pass_on()
    session.wait_for_answer(tag)
    raise Dropped


def cut_in_literal(session, tag, command):
    """Both connections end when half of the command has reached the server."""
    session.pass_on(len(session.data) // 2)
    raise Dropped


class Proxy:
    def __init__(
        self,
        server,
        hide=(),
        latency_msecs=0,
        cut_download_after=None,
        cut_connection=None,
        download_rate=None,
        cut=None,
        greeting=None,
    ):
        """`greeting`: what it says instead of the server's first line. `hide`: capabilities nobody shall see. `cut_download_after`: the first connection that
        has sent the client that many bytes is cut there; with `cut_connection` the one of that
        number (1 is the first that came). `download_rate`: bytes a second of each connection."""
        self.server = server
        self.hide = {b"STARTTLS", *(word.encode() for word in hide)}
        self.latency_secs = latency_msecs / 1000
        self.cut_download_after = cut_download_after
        self.cut_connection = cut_connection
        self.download_rate = download_rate
        self.cut = cut or NO_CUT
        self.greeting = greeting and greeting.encode() + b"\r\n"
        self.host, self.ca, self.passwords = server.host, server.ca, server.passwords
        self.separator, self.prefix = server.separator, server.prefix
        self.rules = []
        self.commands = []  # without tags, literals as {n}
        self.appends = []  # one Append for each message that came, by arrival
        self.violations = []  # what the client must not do after what it was told
        self.connections = 0
        self.bytes_up = self.bytes_down = 0
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(server.cert, server.key)
        self._sockets = set()
        self._listener = None
        self.imaps_port = 0

    def on(self, pattern, action, times=None, body=None):
        expression = re.compile(pattern, re.I | re.S)
        self.rules.append([expression, body and re.compile(body, re.S), action, times])
        return self

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.imaps_port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        self.stopped.set()
        self._listener.close()
        for sock in list(self._sockets):
            _shut(sock)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def seen(self, pattern):
        """The commands so far that match."""
        expression = re.compile(pattern, re.I | re.S)
        with self.lock:
            return [c for c in self.commands if expression.search(c)]

    def forget(self):
        """What was counted and noted so far."""
        with self.lock:
            self.commands, self.appends = [], []
            self.connections = self.bytes_up = self.bytes_down = 0

    def wait_for_appends(self, count, timeout=30):
        deadline = time.monotonic() + timeout
        while len(self.appends) < count:
            assert time.monotonic() < deadline, f"only {len(self.appends)} messages came"
            time.sleep(0.005)

    def rule_for(self, command, literals):
        with self.lock:
            for rule in self.rules:
                expression, body, action, times = rule
                if times == 0 or not expression.search(command):
                    continue
                if body is None or any(body.search(literal) for literal in literals):
                    if times is not None:
                        rule[3] -= 1
                    return action
        return None

    def _accept(self):
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, raw):
        upstream = None
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = _TlsSocket(raw, self._tls)
            upstream = socket.create_connection(("127.0.0.1", self.server.port))
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets |= {raw, upstream}
            with self.lock:
                self.connections += 1
                number = self.connections
            Session(self, client, upstream, number).run()
        except (OSError, Dropped):
            pass
        finally:
            for sock in (raw, upstream):
                if sock:
                    self._sockets.discard(sock)
                    _shut(sock)
                    sock.close()


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class _TlsSocket:
    """The server end of TLS. Unlike ssl.SSLSocket, one thread may read while another writes."""

    def __init__(self, sock, context):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.lock = threading.Lock()  # the TLS state
        self.write_lock = threading.Lock()  # the order of records; taken before `lock`
        self._until_done(self.tls.do_handshake)

    def _flush(self):
        with self.write_lock:
            with self.lock:
                data = self.outgoing.read()
            self.sock.sendall(data)

    def _until_done(self, step, *args):
        while True:
            try:
                with self.lock:
                    result = step(*args)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
            data = self.sock.recv(65536)
            with self.lock:
                self.incoming.write(data) if data else self.incoming.write_eof()

    def recv(self, size):
        try:
            return self._until_done(self.tls.read, size)
        except ssl.SSLError:
            return b""  # closed without a good-bye

    def sendall(self, data):
        with self.write_lock:
            with self.lock:
                self.tls.write(data)
                records = self.outgoing.read()
            self.sock.sendall(records)

    def shutdown(self, how):
        self.sock.shutdown(how)


class _RawReader(io.RawIOBase):
    """What makefile() would give."""

    def __init__(self, sock):
        self.sock = sock

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self.sock.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Pipe:
    """Writes to a socket, each byte `delay_secs` after it came."""

    def __init__(self, sock, delay_secs):
        self.sock = sock
        self.delay_secs = delay_secs
        self.queue = queue.Queue()
        if delay_secs:
            threading.Thread(target=self._run, daemon=True).start()

    def write(self, data):
        if self.delay_secs:
            self.queue.put((time.monotonic() + self.delay_secs, data))
        else:
            self.sock.sendall(data)

    def close(self):
        """After all that was written."""
        if self.delay_secs:
            self.queue.put((time.monotonic() + self.delay_secs, None))
        else:
            _shut(self.sock)

    def _run(self):
        while True:
            due, data = self.queue.get()
            time.sleep(max(0, due - time.monotonic()))
            if data is None:
                return _shut(self.sock)
            try:
                self.sock.sendall(data)
            except OSError:
                return


class Session:
    """One connection: this thread reads the client, another one the server."""

    def __init__(self, proxy, client, upstream, number):
        self.server = proxy  # the name actions know
        self.number = number  # of the connection; 1 is the first that came
        self.client, self.upstream = client, upstream
        self.up = _Pipe(upstream, proxy.latency_secs)
        self.down = _Pipe(client, proxy.latency_secs)
        # Held from the start of a server response to its end: nothing gets into its middle.
        self.response_lock = threading.Lock()
        self.sent_bytes = 0
        self.answered = queue.Queue()
        self.awaited_tag = None
        self.data = b""

    def send(self, line):
        self.send_raw(line.encode() + b"\r\n")

    def send_raw(self, data):
        with self.response_lock:
            self.down.write(data)

    def pass_on(self, size=None):
        self.up.write(self.data[:size])

    def wait_for_answer(self, tag):
        """From now on the client hears nothing; returns when the server has answered."""
        try:
            self.answered.get(timeout=10)
        except queue.Empty:
            pass

    def run(self):
        threading.Thread(target=self._server_to_client, daemon=True).start()
        file = io.BufferedReader(_RawReader(self.client), 65536)
        while True:
            text, literals = self._read_command(file)
            tag, _, command = text.partition(" ")
            self._record(command)
            action = self.server.rule_for(command, literals)
            if action is pass_then_drop:
                self.awaited_tag = tag.encode()
            if action is None or action(self, tag, command) is PASS:
                self.pass_on()

    def _read_command(self, file):
        text, literals, data = b"", [], []
        while True:
            line = file.readline(1 << 20)
            if not line.endswith(b"\n"):
                raise Dropped
            mark = LITERAL.search(line)
            if not mark:
                data.append(line)
                self.data = b"".join(data)
                return (text + line.rstrip(b"\r\n")).decode("utf-8", "replace"), literals
            if mark[2]:
                if self.server.hide & {b"LITERAL+"}:
                    self.server.violations.append("LITERAL+ was not offered")
            else:
                self.send("+ go ahead")
            text += line.rstrip(b"\r\n")
            data += [line[: mark.start()], b"{%d+}\r\n" % int(mark[1])]
            literals.append(self._read_literal(file, int(mark[1]), data))
            # The first literal of an APPEND may be the folder's name.
            if re.match(rb"\S+ APPEND (?!\{\d+\+?\}$)", text, re.I):
                append = Append(time.monotonic(), len(literals[-1]), not mark[2], self.number)
                with self.server.lock:
                    self.server.appends.append(append)
            # The server gets it at once; the "+" was ours to give.
            data.append(literals[-1])

    def _read_literal(self, file, size, data):
        """`data`: what came before it."""
        literal = file.read(size)
        if len(literal) < size:
            raise Dropped
        for where, length in ("before", 0), ("inside", size // 2), ("after", size):
            try:
                self.server.cut.pass_by(self, "literal up", where)
            except Dropped:
                self.up.write(b"".join(data) + literal[:length])
                raise
        return literal

    def _record(self, command):
        with self.server.lock:
            self.server.bytes_up += len(self.data)
            self.server.commands.append(command)

    def _server_to_client(self):
        file = self.upstream.makefile("rb")
        try:
            if self.server.greeting and file.readline():
                self.send_raw(self.server.greeting)
            while line := file.readline():
                with self.response_lock:
                    is_tagged = not line.startswith((b"*", b"+"))
                    if is_tagged:
                        line = self._cut_answer(line)
                    while self._pass_line(file, line):
                        line = file.readline()
                    if is_tagged:
                        self.server.cut.pass_by(self, "answer", "after")
        except (OSError, Dropped):
            pass
        finally:
            self.down.close()

    def _cut_answer(self, line):
        self.server.cut.pass_by(self, "answer", "before")
        try:
            self.server.cut.pass_by(self, "answer", "inside")
        except Dropped:
            self._down(line[: len(line) // 2])
            raise
        return line

    def _pass_line(self, file, line):
        """Passes a line and its literal, if it has one: then the response goes on (true)."""
        if self.awaited_tag and line.startswith(self.awaited_tag + b" "):
            self.answered.put(line)
            return False
        self._down(self._without_hidden(line))
        mark = LITERAL.search(line)
        if mark:
            self._pass_literal(file, int(mark[1]))
        return bool(mark)

    def _pass_literal(self, file, size):
        self.server.cut.pass_by(self, "literal down", "before")
        self._pass_bytes(file, size // 2)
        self.server.cut.pass_by(self, "literal down", "inside")
        self._pass_bytes(file, size - size // 2)
        self.server.cut.pass_by(self, "literal down", "after")

    def _pass_bytes(self, file, left):
        while left > 0:
            chunk = file.read(min(left, 65536))
            if not chunk:
                raise OSError("the server went away")
            self._down(chunk)
            left -= len(chunk)

    def _down(self, data):
        limit = self.server.cut_download_after
        self.sent_bytes += len(data)
        is_to_be_cut = self.server.cut_connection in (None, self.number)
        if self.server.download_rate:
            time.sleep(len(data) / self.server.download_rate)
        if limit is not None and self.sent_bytes > limit and is_to_be_cut:
            self.server.cut_download_after = None
            self.down.write(data[: len(data) // 2])
            _shut(self.client)
            raise OSError("cut")
        with self.server.lock:
            self.server.bytes_down += len(data)
        self.down.write(data)

    def _without_hidden(self, line):
        if not self.server.hide:
            return line

        def cut(match):
            kept = [word for word in match[1].split(b" ") if word not in self.server.hide]
            return match[0][: match.start(1) - match.start(0)] + b" ".join(kept)

        if b"UIDPLUS" in self.server.hide:
            line = PLACES.sub(b"", line)
        return CAPABILITIES.sub(cut, line)
