# SPDX-License-Identifier: MIT
"""A small fake IMAP server for faults no real one shows on demand. It keeps folders in memory and
answers like an ordinary server, except where a rule says otherwise:

    server = ScriptedServer(folders={"INBOX": [b"Subject: a\\r\\n\\r\\n"]})
    server.on(r"UID FETCH", bad("Request is throttled. Suggested Backoff Time: 300 milliseconds"))

A rule is a regular expression, searched in the command without its tag (any case), and an action
`action(session, tag, command)`. The first rule that matches answers instead of the server; an
action that returns PASS lets the server answer after all. `times` limits how often a rule is
used. Everything received is in `server.commands`."""

import collections
import hashlib
import re
import socket
import ssl
import threading
import time

PASS = object()
CAPABILITY = "IMAP4rev1 SASL-IR LITERAL+ AUTH=PLAIN NAMESPACE UIDPLUS"
GREETING = "* OK [CAPABILITY {capability}] scripted ready"


# What is kept of a message that was too large to be kept.
Digest = collections.namedtuple("Digest", "size sha256")


class Dropped(Exception):
    """The session ends now."""


# Actions ---------------------------------------------------------------------------------------


def answer(*lines):
    """Says these lines; "{tag}" in them is the command's tag."""

    def action(session, tag, command):
        for line in lines:
            session.send(line.replace("{tag}", tag))

    return action


def no(text):
    return answer("{tag} NO " + text)


def bad(text):
    return answer("{tag} BAD " + text)


def bye(text):
    def action(session, tag, command):
        session.send("* BYE " + text)
        raise Dropped

    return action


def drop(session, tag, command):
    """Closes the connection without a word."""
    raise Dropped


def hang(session, tag, command):
    """Says nothing and keeps the connection until the server is stopped or the client goes."""
    session.server.stopped.wait(60)
    raise Dropped


def rubbish(session, tag, command):
    session.send_raw(b"\x00\xff{{(((\x1b[31m * ) FETCH \r\n* 99999999999999999999 FETCH (UID\r\n")
    session.send_raw(b"* 1 FETCH (BODY[] {99999999999999999999}\r\n" + b"(" * 5000 + b"\r\n")
    raise Dropped


def wrong_tag(session, tag, command):
    session.send("ZZZ9999 OK that was somebody else's")
    raise Dropped


def endless_line(session, tag, command):
    """A line without an end, up to 64 MiB."""
    for _ in range(1024):
        session.send_raw(b"* OK " + b"x" * 65536)
    raise Dropped


class ScriptedServer:
    """start() it or use it in a `with`. With an authority it also has a TLS port."""

    def __init__(
        self,
        folders=None,
        authority=None,
        certificate=None,
        capability=CAPABILITY,
        greeting=GREETING,
        separator="/",
        fetch_order="normal",
        namespace='(("" "{separator}")) NIL NIL',
        permanent_flags=r"\Answered \Flagged \Deleted \Seen \Draft \*",
        keep_max_bytes=None,
        pause_secs=0,
    ):
        """Messages of `folders` are bytes or messages.Huge. fetch_order: "normal"; "reversed" (last
        UID first); "uid-last" (UID behind the body); "both". Of a literal above keep_max_bytes
        only its Digest is kept, and before it is read the server pauses."""
        self.messages = {name: list(items) for name, items in (folders or {"INBOX": []}).items()}
        self.capability = capability
        self.greeting = greeting
        self.separator = separator
        self.fetch_order = fetch_order
        self.namespace = namespace.replace("{separator}", separator)
        self.permanent_flags = permanent_flags
        self.keep_max_bytes = keep_max_bytes
        self.pause_secs = pause_secs
        self.rules = []
        self.commands = []
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.host = "localhost"
        self.ca = authority.ca if authority else None
        self._tls = None
        if authority:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(*(certificate or authority.issue("scripted")))
        self._listeners = []
        self._sockets = set()
        self.port = self.imaps_port = 0

    def on(self, pattern, action, times=None):
        self.rules.append([re.compile(pattern, re.I | re.S), action, times])
        return self

    def start(self):
        self.port = self._listen(None)
        if self._tls:
            self.imaps_port = self._listen(self._tls)
        return self

    def _listen(self, tls):
        listener = socket.create_server(("127.0.0.1", 0))
        self._listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener, tls), daemon=True).start()
        return listener.getsockname()[1]

    def _accept(self, listener, tls):
        while not self.stopped.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock, tls), daemon=True).start()

    def _serve(self, sock, tls):
        try:
            if tls:
                sock = tls.wrap_socket(sock, server_side=True)
            self._sockets.add(sock)
            Session(self, sock).run()
        except (OSError, Dropped, ValueError):
            pass
        finally:
            self._sockets.discard(sock)
            sock.close()

    def stop(self):
        self.stopped.set()
        for listener in self._listeners:
            listener.close()
        for sock in list(self._sockets):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def seen(self, pattern):
        """The commands so far that match."""
        expression = re.compile(pattern, re.I | re.S)
        with self.lock:
            return [c for c in self.commands if expression.search(c)]

    def wait_for(self, pattern, timeout=20):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if found := self.seen(pattern):
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no command {pattern!r} came, only: {self.commands}")

    def rule_for(self, command):
        with self.lock:
            for rule in self.rules:
                if rule[2] != 0 and rule[0].search(command):
                    if rule[2] is not None:
                        rule[2] -= 1
                    return rule[1]
        return None


class Session:
    """One connection."""

    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.file = sock.makefile("rb")
        self.selected = None

    def send(self, line):
        self.send_raw(line.encode() + b"\r\n")

    def send_raw(self, data):
        self.sock.sendall(data)

    def run(self):
        if self.server.greeting is None:
            hang(self, "*", "")
        self.send(self.server.greeting.replace("{capability}", self.server.capability))
        while True:
            command, literals = self._read_command()
            tag, _, rest = command.partition(" ")
            with self.server.lock:
                self.server.commands.append(rest)
            action = self.server.rule_for(rest)
            if action is None or action(self, tag, rest) is PASS:
                self._answer(tag, rest, literals)

    def _read_command(self):
        """A whole command; its literals are taken out and stand as {n} in the text."""
        text, literals = "", []
        while True:
            line = self.file.readline(1 << 20)
            if not line.endswith(b"\n"):
                raise Dropped
            line = line.rstrip(b"\r\n").decode("utf-8", "replace")
            text += line
            mark = re.search(r"\{(\d+)(\+?)\}$", line)
            if not mark:
                return text, literals
            if not mark[2]:
                self.send("+ go ahead")
            literals.append(self._read_literal(int(mark[1])))

    def _read_literal(self, size):
        if self.server.keep_max_bytes is not None and size > self.server.keep_max_bytes:
            return self._read_digest(size)
        data = self.file.read(size)
        if len(data) < size:
            raise Dropped
        return data

    def _read_digest(self, size):
        time.sleep(self.server.pause_secs)
        digest, buffer = hashlib.sha256(), memoryview(bytearray(1 << 18))
        left = size
        while left > 0:
            got = self.file.readinto(buffer[: min(left, len(buffer))])
            if not got:
                raise Dropped
            digest.update(buffer[:got])
            left -= got
        return Digest(size, digest.hexdigest())

    def _answer(self, tag, command, literals):
        words = command.split()
        verb = words[0].upper() if words else ""
        if verb == "UID" and len(words) > 1:
            verb = "UID_" + words[1].upper()
        handler = getattr(self, "_do_" + verb.lower(), None)
        if handler is None:
            self.send(f"{tag} BAD unknown command")
        else:
            handler(tag, command, literals)

    def _ok(self, tag, text="done"):
        self.send(f"{tag} OK {text}")

    # Commands ------------------------------------------------------------------------------------

    def _do_capability(self, tag, command, literals):
        self.send("* CAPABILITY " + self.server.capability)
        self._ok(tag)

    def _do_noop(self, tag, command, literals):
        self._ok(tag)

    _do_check = _do_close = _do_unselect = _do_subscribe = _do_enable = _do_noop

    def _do_id(self, tag, command, literals):
        self.send('* ID ("name" "scripted")')
        self._ok(tag)

    def _do_starttls(self, tag, command, literals):
        self._ok(tag, "begin TLS")
        self.sock = self.server._tls.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")

    def _do_login(self, tag, command, literals):
        self._ok(tag, f"[CAPABILITY {self.server.capability}] signed in")

    def _do_authenticate(self, tag, command, literals):
        if len(command.split()) == 2:
            self.send("+ ")
            self.file.readline(1 << 16)
        self._do_login(tag, command, literals)

    def _do_logout(self, tag, command, literals):
        self.send("* BYE see you")
        self._ok(tag)
        raise Dropped

    def _do_namespace(self, tag, command, literals):
        self.send("* NAMESPACE " + self.server.namespace)
        self._ok(tag)

    def _do_list(self, tag, command, literals):
        verb = command.split()[0].upper()
        for name in self.server.messages:
            self.send(f'* {verb} () "{self.server.separator}" "{name}"')
        self._ok(tag)

    _do_lsub = _do_list

    def _folder(self, command, literals, word=1):
        match = re.match(r'(?:\S+ ){%d}(?:"((?:[^"\\]|\\.)*)"|(\S+))' % word, command)
        name = match[1] if match[1] is not None else match[2]
        if re.fullmatch(r"\{\d+\+?\}", name):
            name = literals[0].decode()
        name = re.sub(r"\\(.)", r"\1", name)
        return "INBOX" if name.upper() == "INBOX" else name

    def _do_status(self, tag, command, literals):
        name = self._folder(command, literals)
        if name not in self.server.messages:
            return self.send(f"{tag} NO [NONEXISTENT] no such folder")
        count = len(self.server.messages[name])
        self.send(f'* STATUS "{name}" (MESSAGES {count} UIDNEXT {count + 1} UIDVALIDITY 7)')
        self._ok(tag)

    def _do_create(self, tag, command, literals):
        self.server.messages.setdefault(self._folder(command, literals), [])
        self._ok(tag)

    def _do_select(self, tag, command, literals):
        name = self._folder(command, literals)
        if name not in self.server.messages:
            return self.send(f"{tag} NO [NONEXISTENT] no such folder")
        self.selected = name
        count = len(self.server.messages[name])
        self.send(r"* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)")
        self.send(f"* OK [PERMANENTFLAGS ({self.server.permanent_flags})] these")
        self.send(f"* {count} EXISTS")
        self.send("* 0 RECENT")
        self.send("* OK [UIDVALIDITY 7] fine")
        self.send(f"* OK [UIDNEXT {count + 1}] fine")
        mode = "READ-ONLY" if command.upper().startswith("EXAMINE") else "READ-WRITE"
        self._ok(tag, f"[{mode}] selected")

    _do_examine = _do_select

    def _do_uid_search(self, tag, command, literals):
        count = len(self.server.messages[self.selected])
        self.send("* SEARCH " + " ".join(str(uid) for uid in range(1, count + 1)))
        self._ok(tag)

    def uids(self, text):
        """The UIDs (here equal to sequence numbers) a set names."""
        count = len(self.server.messages[self.selected])
        found = []
        for part in text.split(","):
            low, _, high = part.partition(":")
            first, last = (count if x == "*" else int(x) for x in (low, high or low))
            found += [u for u in range(min(first, last), max(first, last) + 1) if 1 <= u <= count]
        return found

    def _do_fetch(self, tag, command, literals):
        if self.selected is None:
            return self.send(f"{tag} BAD no mailbox is selected")
        uid_set, items = re.match(r"(?:UID )?FETCH (\S+) (.*)", command, re.I | re.S).groups()
        uids = self.uids(uid_set)
        if self.server.fetch_order in ("reversed", "both"):
            uids.reverse()
        for uid in uids:
            self.send_message(uid, items)
        self._ok(tag)

    _do_uid_fetch = _do_fetch

    def send_message(self, uid, items, body=None):
        """One FETCH response with what `items` asks for."""
        content = self.server.messages[self.selected][uid - 1] if body is None else body
        parts = []
        if re.search(r"\bFLAGS\b", items, re.I):
            parts.append(rb"FLAGS (\Seen)")
        if re.search(r"INTERNALDATE", items, re.I):
            parts.append(b'INTERNALDATE "01-Mar-2020 10:%02d:00 +0000"' % (uid % 60))
        if re.search(r"RFC822\.SIZE", items, re.I):
            parts.append(b"RFC822.SIZE %d" % len(content))
        if match := re.search(r"BODY(?:\.PEEK)?(\[[^]]*\])", items, re.I):
            section = match[1].upper().encode()
            if section != b"[]":
                content = self._header_part(getattr(content, "head", content), match[1])
            elif not isinstance(content, bytes):
                return self._send_huge(uid, parts, content)
            parts.append(b"BODY%s {%d}\r\n%s" % (section, len(content), content))
        name = b"UID %d" % uid
        last = self.server.fetch_order in ("uid-last", "both")
        parts = [*parts, name] if last else [name, *parts]
        self.send_raw(b"* %d FETCH (" % uid + b" ".join(parts) + b")\r\n")

    def _send_huge(self, uid, parts, content):
        parts = [b"UID %d" % uid, *parts, b"BODY[] {%d}\r\n" % len(content)]
        self.send_raw(b"* %d FETCH (" % uid + b" ".join(parts))
        sent = 0
        for chunk in content.chunks():
            if content.cuts and sent >= content.cut_after:
                content.cuts -= 1
                raise Dropped
            self.send_raw(chunk)
            sent += len(chunk)
        self.send_raw(b")\r\n")

    @staticmethod
    def _header_part(content, section):
        header = content.partition(b"\r\n\r\n")[0] + b"\r\n"
        if match := re.search(r"\(([^)]*)\)", section):
            wanted = {n.strip('"').lower().encode() for n in match[1].split()}
            fields = re.findall(rb"[^\r\n][^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", header)
            header = b"".join(f for f in fields if f.partition(b":")[0].lower() in wanted)
        return header + b"\r\n"

    def _do_append(self, tag, command, literals):
        name = self._folder(command, literals)
        if name not in self.server.messages:
            return self.send(f"{tag} NO [TRYCREATE] no such folder")
        first = len(self.server.messages[name]) + 1
        name_is_literal = re.match(r"APPEND \{", command, re.I)
        bodies = literals[1:] if name_is_literal else literals
        self.server.messages[name] += bodies
        last = first + len(bodies) - 1
        uids = str(first) if first == last else f"{first}:{last}"
        self._ok(tag, f"[APPENDUID 7 {uids}] appended")
