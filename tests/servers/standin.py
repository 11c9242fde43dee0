# SPDX-License-Identifier: MIT
"""What the stand-ins of providers have in common: a proxy in front of a real Dovecot that takes one
command at a time, may answer it itself, and may change what Dovecot says. Mailboxes are real; the
manners are the provider's. Rules (`on`) are those of tests/servers/proxy.py.

    with Exchange(dovecot, "throttle", "lose_flagged", rate=4) as server: ...

Each behaviour is off until named. What a provider always does, such as its greeting and its lists
of capabilities, is no behaviour."""

import base64
import dataclasses
import imaplib
import re
import socket
import time

from tests.servers.proxy import Append, Proxy
from tests.servers.scripted import PASS, Dropped

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
FETCH_LINE = re.compile(rb"\* \d+ FETCH \(")
MAX_LINE_BYTES = 1 << 20
# Attributes of roles, which a provider gives or has not got.
ROLES = re.compile(rb" ?\\(?:All|Archive|Drafts|Flagged|Junk|Sent|Trash|Important)\b", re.I)


def behaviours_of(text):
    """The names that stand at the starts of lines in a description."""
    return tuple(re.findall(r"^([a-z]\w+) +\S", text.partition("Behaviours:")[2], re.M))


@dataclasses.dataclass
class Command:
    tag: str
    verb: str  # "UID FETCH"
    lines: list  # what stands between the literals, without tag, verb and "{n}"
    literals: list
    is_asked_for: bool = False  # the last literal waited for its invitation

    @property
    def text(self):
        """As one line; literals stand as {n}."""
        marks = [f"{{{len(literal)}}}" for literal in self.literals] + [""]
        parts = [line.decode("utf-8", "replace") + mark for line, mark in zip(self.lines, marks)]
        return f"{self.verb} {''.join(parts)}".rstrip(" ")

    def strings(self):
        """The arguments up to the first list, as bytes: atoms, quoted strings and literals."""
        return [item for item in tokens(self.lines, self.literals) if isinstance(item, bytes)]


def tokens(lines, literals):
    """What a command's arguments are: bytes, and lists of such."""
    found = [[]]
    for number, line in enumerate(lines):
        for match in re.finditer(rb'"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)', line):
            if match[2] == b"(":
                found.append([])
            elif match[2] == b")":
                found[-2].append(found.pop())
            elif match[1] is not None:
                found[-1].append(re.sub(rb"\\(.)", rb"\1", match[1]))
            else:
                found[-1].append(match[3])
        if number < len(literals):
            found[-1].append(literals[number])
    return found[0]


def quoted(text):
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", text) + b'"'


@dataclasses.dataclass
class Answer:
    untagged: list  # whole responses, literals included
    status: bytes  # "OK [..] done"

    @property
    def is_ok(self):
        return self.status.startswith(b"OK")


def outside_literals(response):
    """A response without the bytes of its literals: nothing in a message can be mistaken for
    protocol."""
    found, at = [], 0
    while mark := re.compile(rb"\{(\d+)\}\r\n").search(response, at):
        found.append(response[at : mark.end()])
        at = mark.end() + int(mark[1])
    return b"".join(found) + response[at:]


def edit_outside_literals(response, edit):
    """`edit(bytes)` for each piece between literals."""
    found, at = [], 0
    while mark := re.compile(rb"\{(\d+)\}\r\n").search(response, at):
        end = mark.end() + int(mark[1])
        found += [edit(response[at : mark.end()]), response[mark.end() : end]]
        at = end
    return b"".join(found) + edit(response[at:])


def uid_of(response):
    match = re.search(rb"\bUID (\d+)", outside_literals(response))
    return int(match[1]) if match and FETCH_LINE.match(response) else None


def body_of(response):
    """The first literal of a FETCH response, or None."""
    mark = re.search(rb"BODY\[\] \{(\d+)\}\r\n", response)
    return response[mark.end() : mark.end() + int(mark[1])] if mark else None


def lose_answer(session, tag, command):
    """An action: what is asked is done, the client never hears of it."""
    session.is_mute = True
    session.dispatch(session.command)
    raise Dropped


class StandIn(Proxy):
    BEHAVIOURS = ()
    session_class = None

    def __init__(self, server, *behaviours, clock=time.monotonic):
        unknown = set(behaviours) - set(self.BEHAVIOURS)
        assert not unknown, f"no such behaviour: {unknown}"
        super().__init__(server)
        self.behaviours = set(behaviours)
        self.clock = clock
        self.open_sessions = {}  # mailbox: how many
        self.byes = 0  # sessions that it ended

    def does(self, behaviour):
        return behaviour in self.behaviours

    def _serve(self, raw):
        client = upstream = session = None
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.add(raw)
            client = self._tls.wrap_socket(raw, server_side=True)
            self._sockets.discard(raw)
            upstream = socket.create_connection(("127.0.0.1", self.server.port))
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets |= {client, upstream}
            with self.lock:
                self.connections += 1
                number = self.connections
            session = self.session_class(self, client, upstream, number)
            session.run()
        except (OSError, ValueError, Dropped):
            pass
        finally:
            if session:
                session.end()
            for sock in (client or raw, upstream):
                if sock:
                    self._sockets.discard(sock)
                    sock.close()

    def behind(self, user):
        """A connection of our own to the mailbox, past all manners."""
        imap = imaplib.IMAP4("127.0.0.1", self.server.port)
        imap.login(user, self.passwords[user])
        return imap


class StandInSession:
    """One connection, served by one thread."""

    def __init__(self, server, client, upstream, number):
        self.server = server
        self.number = number  # of the connection; 1 is the first that came
        self.client, self.upstream = client, upstream
        self.client_file = client.makefile("rb")
        self.upstream_file = upstream.makefile("rb")
        self.user = None  # the mailbox that is open, once signed in
        self.folder = None
        self.command = None  # the last that came
        self.is_mute = False
        self.asked = 0
        self._read_response()  # the greeting of Dovecot

    def end(self):
        if self.user is not None:
            with self.server.lock:
                self.server.open_sessions[self.user] -= 1
        self.client_file.close()
        self.upstream_file.close()

    # Lines ---------------------------------------------------------------------------------------

    def send(self, line):
        self.send_raw(line.encode() + b"\r\n")

    def send_raw(self, data):
        with self.server.lock:
            self.server.bytes_down += len(data)
        if not self.is_mute:
            self.client.sendall(data)

    def no(self, command, text):
        self.send(f"{command.tag} NO {text}")

    def bad(self, command, text):
        self.send(f"{command.tag} BAD {text}")

    def ok(self, command, text):
        self.send(f"{command.tag} OK {text}")

    def bye(self, text):
        self.server.byes += 1
        self.send(f"* BYE {text}")
        raise Dropped

    def ask(self, verb, *lines, literals=()):
        """Asks Dovecot. Lines and literals alternate."""
        self.asked += 1
        tag = b"s%d" % self.asked
        lines = [line if isinstance(line, bytes) else line.encode() for line in lines]
        data = [tag, b" ", verb.encode(), b" " if lines and lines[0] else b""]
        for number, line in enumerate(lines):
            data.append(line)
            if number < len(literals):
                data.append(b"{%d+}\r\n%s" % (len(literals[number]), literals[number]))
        self.upstream.sendall(b"".join(data) + b"\r\n")
        untagged = []
        while True:
            response = self._read_response()
            if response.startswith(tag + b" "):
                return Answer(untagged, response[len(tag) + 1 :].rstrip(b"\r\n"))
            untagged.append(response)

    def _read_response(self):
        data = [self.upstream_file.readline()]
        if not data[0]:
            raise Dropped
        while data[0].startswith(b"* ") and (mark := LITERAL.search(data[-1])):
            data.append(self.upstream_file.read(int(mark[1])))
            data.append(self.upstream_file.readline())
        return b"".join(data)

    def say(self, command, answer):
        """Passes an answer on, as filter_response() leaves it."""
        kept = [self.filter_response(response, command) for response in answer.untagged]
        status = self.filter_status(answer.status, command)
        if self.server.does("no_appenduid"):
            status = re.sub(rb"\[APPENDUID [^]]*\] ", b"", status)
        tagged = command.tag.encode() + b" " + status + b"\r\n"
        self.send_raw(b"".join(r for r in kept if r is not None) + tagged)

    def pass_on(self, command):
        answer = self.ask(command.verb, *command.lines, literals=command.literals)
        self.say(command, answer)
        return answer

    # What a provider changes ---------------------------------------------------------------------

    def greeting(self):
        raise NotImplementedError

    def capabilities(self):
        raise NotImplementedError

    def filter_response(self, response, command):
        """Dovecot's response as the client gets it; None: not at all."""
        return response

    def filter_status(self, status, command):
        return status

    def refuse_literal(self, command, size, is_synchronising):
        """The answer (without a tag) to a command that is refused at its literal, or None."""
        return None

    def before(self, command):
        """True if the command was answered."""
        return False

    # Commands ------------------------------------------------------------------------------------

    def run(self):
        self.send(self.greeting())
        while True:
            command = self._read_command()
            if command is None:
                continue
            self.command = command
            action = self.server.rule_for(command.text, command.literals)
            if action is not None and action(self, command.tag, command.text) is not PASS:
                continue
            self.dispatch(command)

    def dispatch(self, command):
        if self.before(command):
            return
        handler = getattr(self, "do_" + command.verb.lower().replace(" ", "_"), None)
        if handler is not None:
            handler(command)
        else:
            self.pass_on(command)

    def _read_command(self):
        """A whole command; None if it was refused at a literal."""
        line = self._read_line()
        mark = LITERAL.search(line)
        head = line[: mark.start()] if mark else line.rstrip(b"\r\n")
        words = head.split(b" ")
        is_uid = len(words) > 2 and words[1].upper() == b"UID"
        verb = b" ".join(words[1 : 3 if is_uid else 2]).upper().decode()
        rest = b" ".join(words[3 if is_uid else 2 :])
        command = Command(words[0].decode(), verb, [rest], [])
        refusal = None
        while mark:
            size, is_synchronising = int(mark[1]), not mark[2]
            refusal = refusal or self.refuse_literal(command, size, is_synchronising)
            if refusal and is_synchronising:
                break
            command.is_asked_for = is_synchronising
            if is_synchronising:
                self.send("+ go ahead")
            command.literals.append(self._read_exactly(size))
            line = self._read_line()
            mark = LITERAL.search(line)
            command.lines.append(line[: mark.start()] if mark else line.rstrip(b"\r\n"))
        self._note(command, is_refused=refusal is not None)
        if refusal:
            self.send(f"{command.tag} {refusal}")
            self.after_refusal()
            return None
        return command

    def after_refusal(self):
        pass

    def _read_line(self):
        line = self.client_file.readline(MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise Dropped
        return line

    def _read_exactly(self, size):
        data = self.client_file.read(size)
        if len(data) < size:
            raise Dropped
        return data

    def _note(self, command, is_refused):
        with self.server.lock:
            self.server.bytes_up += sum(map(len, command.literals + command.lines))
            self.server.commands.append(command.text)
            if command.verb == "APPEND" and command.literals and not is_refused:
                size = len(command.literals[-1])
                self.server.appends.append(
                    Append(time.monotonic(), size, command.is_asked_for, self.number)
                )

    def do_capability(self, command):
        self.send("* CAPABILITY " + self.capabilities())
        self.ok(command, "CAPABILITY completed.")

    def do_noop(self, command):
        self.pass_on(command) if self.user else self.ok(command, "NOOP completed.")

    def do_logout(self, command):
        self.send("* BYE see you")
        self.ok(command, "LOGOUT completed.")
        raise Dropped

    def do_idle(self, command):
        self.send("+ IDLE accepted, awaiting DONE command.")
        self._read_line()
        self.ok(command, "IDLE completed.")

    def do_select(self, command):
        answer = self.pass_on(command)
        self.folder = command.strings()[0].decode() if answer.is_ok else None

    do_examine = do_select

    def do_unselect(self, command):
        self.folder = None
        self.pass_on(command)

    do_close = do_unselect

    # Sign-in -------------------------------------------------------------------------------------

    def sasl_message(self, command):
        """The client's first message: with the command (SASL-IR) or after "+"."""
        words = command.lines[0].split()
        if len(words) > 1:
            return base64.b64decode(words[1])
        self.send("+ ")
        return base64.b64decode(self._read_line().strip())

    def sign_in_plain(self, message):
        """SASL PLAIN against Dovecot; true if it agrees."""
        answer = self.ask("AUTHENTICATE", b"PLAIN " + base64.b64encode(message))
        if not answer.is_ok:
            return False
        authorized, authenticated, _ = message.decode().split("\0")
        self.signed_in(authorized or authenticated)
        return True

    def sign_in_as(self, user):
        """For whom the provider has let in by its own rules."""
        password = self.server.passwords[user]
        return self.sign_in_plain(f"\0{user}\0{password}".encode())

    def signed_in(self, login):
        self.user = login.rpartition("\\")[2]
        with self.server.lock:
            sessions = self.server.open_sessions
            sessions[self.user] = sessions.get(self.user, 0) + 1

    @staticmethod
    def xoauth2(message):
        """(user, token) of an XOAUTH2 message, or None."""
        match = re.fullmatch(rb"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", message)
        return match and (match[1].decode(), match[2].decode())
