# SPDX-License-Identifier: MIT
"""Counts round trips. It stands in front of two servers as if both were equally far away, and lets
time pass in rounds: once the program waits for an answer and can do no more, what it sent goes to the
servers, and when they have answered all of it, all answers come back at once. So the rounds are those
of any long line, and no clock is involved.

    with Rounds(a, b) as rounds: ... rounds.follow(process) ... rounds.first(2, "APPEND")"""

import pathlib
import re
import socket
import ssl
import time

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
ANSWER_TIMEOUT_SECS = 30
# The program sleeps and has sent nothing, so often in a row: it has nothing to do.
QUIET_LOOKS = 4
LOOK_SECS = 0.005


class Rounds:
    def __init__(self, *servers, ports=(0, 0)):
        """`ports`: where to listen, so that a later run finds the same servers; 0: anywhere."""
        self.sides = [_Side(server, port) for server, port in zip(servers, ports)]
        self.connections = []
        self.rounds = []  # in each: {side: what it was sent}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for item in (*self.connections, *self.sides):
            item.close()

    def first(self, side, pattern):
        """The number of the round, from 1, in which a command came that matches."""
        expression = re.compile(pattern, re.I)
        for number, sent in enumerate(self.rounds, 1):
            if any(expression.search(command) for command in sent[side]):
                return number
        raise AssertionError(f"no {pattern} came:\n{self}")

    def __str__(self):
        lines = []
        for number, sent in enumerate(self.rounds, 1):
            for side, commands in sent.items():
                if commands:
                    lines.append(f"{number:3} host{side}: {'; '.join(commands)}")
        return "\n".join(lines)

    def follow(self, process):
        """Until it ends."""
        while process.poll() is None:
            sent = self._next_flight(process)
            if any(sent.values()):
                self.rounds.append(sent)
            for connection in self.connections:
                connection.read_answers()
            for connection in self.connections:
                connection.deliver()

    def _next_flight(self, process):
        sent = {number: [] for number, _ in enumerate(self.sides, 1)}
        quiet_looks = 0
        while quiet_looks < QUIET_LOOKS and process.poll() is None:
            is_asleep = _sleeps(process.pid)
            if self._take_in(sent) or not is_asleep:
                quiet_looks = 0
            else:
                quiet_looks += 1
            time.sleep(LOOK_SECS)
        return sent

    def _take_in(self, sent):
        """True if anything came."""
        came = False
        for number, side in enumerate(self.sides, 1):
            if connection := side.accept(number):
                self.connections.append(connection)
                came = True
        for connection in list(self.connections):
            commands = connection.take_in()
            if commands is None:
                connection.close()
                self.connections.remove(connection)
            elif commands:
                sent[connection.side] += commands
                came = True
        return came


def _sleeps(pid):
    """All its threads wait for something."""
    try:
        stats = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:
        return False
    return bool(stats) and all(text.rpartition(")")[2].split()[0] == "S" for text in stats)


class _Side:
    """What the program takes for the server."""

    def __init__(self, server, port):
        self.server = server
        self.host, self.ca, self.passwords = server.host, server.ca, server.passwords
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(server.cert, server.key)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.setblocking(False)
        self.imaps_port = self.listener.getsockname()[1]

    def accept(self, number):
        try:
            sock, _ = self.listener.accept()
        except BlockingIOError:
            return None
        return _Connection(number, sock, self)

    def close(self):
        self.listener.close()


class _Connection:
    def __init__(self, number, sock, side):
        self.side = number
        self.sock = sock
        sock.setblocking(False)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = side.tls.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.is_secured = False
        self.upstream = socket.create_connection(("127.0.0.1", side.server.port))
        self.upstream.settimeout(ANSWER_TIMEOUT_SECS)
        self.commands = _Lines()
        self.command = ""
        self.signing_in = None  # the tag of a sign-in of several messages
        self.answers = _Lines()
        self.awaited = {b"*"}  # tags; the greeting has none
        self.held = b""  # answers, to be delivered

    def close(self):
        self.sock.close()
        self.upstream.close()

    # From the program ----------------------------------------------------------------------------

    def take_in(self):
        """What it sent, one text for each command; None once it has closed the connection."""
        try:
            data = self.sock.recv(1 << 20)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self.incoming.write(data)
        if not self.is_secured:
            return self._shake_hands()
        return self._read_commands()

    def _shake_hands(self):
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return ["TLS hello"]
        self.is_secured = True
        return ["TLS finished", *self._read_commands()]

    def _read_commands(self):
        found = []
        while True:
            try:
                data = self.tls.read(1 << 20)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                return found
            self.upstream.sendall(data)
            for line, literal in self.commands.feed(data):
                self.command += line.decode(errors="replace").rstrip()
                if literal is None:
                    found.append(self._take_command())
                elif not literal:
                    self.awaited.add(b"+")

    def _take_command(self):
        tag, _, text = self.command.partition(" ")
        self.command = ""
        if self.signing_in:
            self.awaited |= {b"+", self.signing_in}
            return "SASL"
        self.awaited.add(tag.encode())
        if re.match(r"(?i)AUTHENTICATE (SCRAM|CRAM)", text):
            self.signing_in = tag.encode()
            self.awaited.add(b"+")
        return re.sub(r"(?i)^(AUTHENTICATE|LOGIN) .*", r"\1", text)

    # To the program ------------------------------------------------------------------------------

    def read_answers(self):
        """All that are due."""
        while self.is_secured and self.awaited:
            data = self.upstream.recv(1 << 20)
            if not data:
                self.awaited.clear()
            self.held += data
            for line, _ in self.answers.feed(data):
                self._hear(line.split(b" ", 1)[0].strip())

    def _hear(self, tag):
        self.awaited.discard(tag)
        if self.signing_in and tag in (b"+", self.signing_in):
            self.awaited -= {b"+", self.signing_in}
            self.signing_in = self.signing_in if tag == b"+" else None

    def deliver(self):
        if self.held:
            self.tls.write(self.held)
            self.held = b""
        data = self.outgoing.read()
        self.sock.setblocking(True)
        try:
            self.sock.sendall(data)
            self.sock.setblocking(False)
        except OSError:
            pass  # it has hung up; take_in() will find out


class _Lines:
    """Cuts a stream into lines, leaving out the literals between them."""

    def __init__(self):
        self.data = b""
        self.skip_bytes = 0

    def feed(self, data):
        """(line, literal) pairs; literal: None, b"" or b"+" as it ends in {n} or {n+}."""
        self.data += data
        found = []
        while True:
            skipped = min(self.skip_bytes, len(self.data))
            self.data = self.data[skipped:]
            self.skip_bytes -= skipped
            line, end, rest = self.data.partition(b"\n")
            if self.skip_bytes or not end:
                return found
            self.data = rest
            mark = LITERAL.search(line + end)
            if mark:
                self.skip_bytes = int(mark[1])
            found.append((line, mark[2] if mark else None))
