# SPDX-License-Identifier: MIT
"""A stand-in for Exchange Online, in front of a real Dovecot whose separator is "/" and which has
no prefix.

Always: the greeting; the capabilities before and after login, of `era` "2022" (PLAIN and XOAUTH2)
or "2026" (XOAUTH2 only, LOGINDISABLED); no CONDSTORE, MULTIAPPEND, COMPRESS, SPECIAL-USE and no
keywords; commands above 10,240 bytes, SEARCH KEYWORD and SEARCH CHARSET UTF-8 are refused.
Behaviours:

throttle        a leaky bucket for each mailbox: `burst` messages, then `rate` a second (appended or
                fetched). Who asks for more is told to wait until it is empty, and nothing goes
                meanwhile; see throttle_answer ("NO" or "BAD") and throttle_bye
ten_errors      after the tenth error: BYE Connection closed. 14
token_expiry    the session ends when its token does
expire_after    the session ends after `expire_after` commands, as if its token had ended
max_size        messages above `max_size` are refused
max_line        messages with a line above `max_line` are refused
strict          messages are refused whose form is wrong: see malformed()
files_reserved  nobody may create Files
strict_names    nobody may create names with "*", "%" or "\\", or with blanks at the ends of a
                level, and who opens one of those loses the connection
no_case         names that differ only in case are the same
lose_flagged    \\Flagged given with APPEND is lost
refuse_keywords keywords in APPEND and STORE are an error; else they are dropped
rebuild         what is appended is stored with another size and another order of its headers
estimates       RFC822.SIZE is an estimate, too large or too small
no_data         messages that match `broken`: OK to FETCH BODY.PEEK[], and nothing with it; the
                invented message to BODY[]
placeholder     messages that match `broken`: the invented message, whoever asks
heals           the two above happen once for each message
rev2_trap       ENABLE IMAP4rev2 is offered and taken; then a SEARCH finds nothing
short_search    SEARCH finds less than EXISTS
not_connected   users in `without_mailbox` are signed in and get no mailbox
no_appenduid    the OK to APPEND does not say where the message is
connections     no more than `max_connections` for a mailbox; the others' sign-in fails"""

import base64
import re
import time

from tests.servers.standin import (
    ROLES,
    StandIn,
    StandInSession,
    behaviours_of,
    body_of,
    edit_outside_literals,
    outside_literals,
    quoted,
    uid_of,
)

LISTS = {
    "2022": (
        "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE "
        "NAMESPACE LITERAL+"
    ),
    "2026": (
        "IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE "
        "NAMESPACE LITERAL+"
    ),
    "after": (
        "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT "
        "CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE "
        "NAMESPACE LITERAL+"
    ),
    "rev2": (
        "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT ENABLE IMAP4rev2 "
        "CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE "
        "BACKENDAUTHENTICATE-IR CHILDREN IDLE NAMESPACE LITERAL+"
    ),
}
NAME = base64.b64encode("FR0P281CA0061.DEUP281.PROD.OUTLOOK.COM".encode("utf-16-le")).decode()
GREETINGS = {
    "2022": f"* OK The Microsoft Exchange IMAP4 service is ready. [{NAME}]",
    "2026": (
        "* OK Microsoft Exchange IMAP4 service ready. 6f9619ff-8b86-d011-b42d-00c04fc964ff "
        f"(tcpproxy/15.21.0406.000 BACKENDAUTHENTICATE) [{NAME}]"
    ),
}
ARGUMENT = "Command Argument Error. 11"
CLOSED = "Connection closed. 14"
THROTTLED = "Request is throttled. Suggested Backoff Time: {} milliseconds"


def malformed(body):
    """What RFC 5322 does not allow; and what nobody can help: a field X-Refused."""
    head = body.split(b"\r\n\r\n")[0]
    fields = re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n")
    return (
        re.search(rb"(?<!\r)\n|\r(?!\n)|\0", body)
        or re.search(rb"[\x80-\xff]", head)
        or not body.endswith(b"\r\n")
        or not all(re.match(rb"[!-9;-~]+:", field) for field in fields if field)
        or re.search(rb"(?mi)^X-Refused:", head)
    )

SYSTEM_FLAGS = ("\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft", "$mdnsent")
PERMANENT = rb"(\Seen \Answered \Flagged \Deleted \Draft $MDNSent)"
# Commands that Exchange has.
KNOWN = set(
    "CAPABILITY NOOP LOGOUT LOGIN AUTHENTICATE ID NAMESPACE LIST LSUB STATUS SELECT EXAMINE CREATE "
    "DELETE RENAME SUBSCRIBE UNSUBSCRIBE APPEND FETCH STORE COPY MOVE SEARCH EXPUNGE CLOSE "
    "UNSELECT CHECK IDLE".split()
) | {"UID " + verb for verb in "FETCH STORE COPY MOVE SEARCH EXPUNGE".split()}
WITHOUT_LOGIN = {"CAPABILITY", "NOOP", "LOGOUT", "LOGIN", "AUTHENTICATE", "ID"}
MAX_COMMAND_BYTES = 10240


def placeholder(number, subject):
    """The message that Exchange invents for one it can't show."""
    return (
        "From: Microsoft Exchange Server 2010\r\n"
        "To: \r\n"
        "Subject: Retrieval using the IMAP4 protocol failed for the following message: "
        f"{number}\r\n"
        "Date: Mon, 2 Mar 2020 10:00:00 +0000\r\n"
        'Content-Type: text/plain; charset="us-ascii"\r\n'
        "MIME-Version: 1.0\r\n"
        "\r\n"
        "The server couldn't retrieve the following message:\r\n\r\n"
        f'Subject: "{subject}"\r\n'
        'From: "Somebody" ("/O=EXAMPLE/OU=X/CN=RECIPIENTS/CN=SOMEBODY")\r\n'
        "Sent date: 3/2/2020 10:00:00 AM\r\n\r\n"
        "The message hasn't been deleted. You might be able to view it using either Outlook or "
        "Outlook Web App.\r\nYou can also contact the sender to find out what the message says.\r\n"
    ).encode()


def rebuilt(body):
    """As the store gives it back: the same fields in another order, folding undone, two more."""
    head, blank, rest = body.partition(b"\r\n\r\n")
    fields = re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n")
    fields.sort(key=lambda f: (not f.lower().startswith(b"received"), f.partition(b":")[0].lower()))
    fields += [b"X-MS-Exchange-Organization-SCL: -1", b"X-MS-Has-Attach: "]
    return b"\r\n".join(fields) + blank + rest


def is_strange(name):
    levels = name.rstrip("/").split("/")
    return bool(re.search(r"[*%\\]", name)) or any(level != level.strip(" ") for level in levels)


class Bucket:
    """How much a mailbox may still do."""

    def __init__(self):
        self.level = 0.0
        self.seen = None
        self.shut_until = 0.0

    def take(self, now, rate, burst):
        """Seconds to wait; 0: go on."""
        if now < self.shut_until:
            return self.shut_until - now
        if self.seen is not None:
            self.level = max(0.0, self.level - (now - self.seen) * rate)
        self.seen = now
        if self.level + 1 > burst:
            return self.level / rate
        self.level += 1
        return 0


class ExchangeSession(StandInSession):
    def __init__(self, *args):
        super().__init__(*args)
        self.errors = self.commands = 0
        self.expires = None
        self.is_rev2 = False

    def greeting(self):
        return GREETINGS[self.server.era]

    def capabilities(self):
        if not self.user:
            return LISTS[self.server.era]
        return LISTS["rev2" if self.server.does("rev2_trap") else "after"]

    def no(self, command, text):
        super().no(command, text)
        self._count_error()

    def bad(self, command, text):
        super().bad(command, text)
        self._count_error()

    def say(self, command, answer):
        super().say(command, answer)
        if not answer.is_ok:
            self._count_error()

    def after_refusal(self):
        self._count_error()
        if self.server.throttle_bye and self.server.is_shut(self.user):
            self.bye(CLOSED)

    def _count_error(self):
        self.errors += 1
        if self.server.does("ten_errors") and self.errors >= 10:
            self.bye(CLOSED)

    # Sign-in -------------------------------------------------------------------------------------

    def do_authenticate(self, command):
        mechanism = command.lines[0].split()[0].upper().decode()
        if f"AUTH={mechanism}" not in LISTS[self.server.era]:
            return self.no(command, "AUTHENTICATE failed.")
        message = self.sasl_message(command)
        if mechanism == "XOAUTH2":
            is_in = self._sign_in_token(message)
        else:
            is_in = self.sign_in_plain(message)
        self._answer_sign_in(command, is_in, "AUTHENTICATE")

    def _sign_in_token(self, message):
        user, text = self.xoauth2(message) or (None, None)
        token = self.server.token_of(text)
        if token is None or token.expires <= self.server.clock():
            return False
        if token.users is not None and user not in token.users:
            return False
        self.expires = token.expires
        return self.sign_in_as(user)

    def do_login(self, command):
        if "LOGINDISABLED" in LISTS[self.server.era]:
            return self.bad(command, "Command Error. 12")
        user, password = (word.decode() for word in command.strings()[:2])
        is_in = self.sign_in_plain(f"\0{user}\0{password}".encode())
        self._answer_sign_in(command, is_in, "LOGIN")

    def _answer_sign_in(self, command, is_in, verb):
        server = self.server
        if is_in and server.does("connections"):
            is_in = server.open_sessions[self.user] <= server.max_connections
        if is_in:
            return self.ok(command, f"{verb} completed.")
        if self.user is not None:
            with server.lock:
                server.open_sessions[self.user] -= 1
            self.user = None
        self.no(command, f"{verb} failed.")

    # Before any command --------------------------------------------------------------------------

    def before(self, command):
        self.commands += 1
        if self._is_expired():
            self.bye("Session invalidated - AccessTokenExpired")
        if command.verb not in (WITHOUT_LOGIN if not self.user else KNOWN | self._more()):
            self.bad(command, "Command Error. 12" if command.verb in KNOWN else "Command Error. 10")
        elif sum(map(len, command.lines)) > MAX_COMMAND_BYTES:
            self.bad(command, ARGUMENT)
        elif self.user in self.server.without_mailbox and command.verb not in WITHOUT_LOGIN:
            self.bad(command, "User is authenticated but not connected.")
            self.bye(CLOSED)
        elif command.verb != "APPEND" and self.server.is_shut(self.user):
            self._throttle(command)
        else:
            return False
        return True

    def _more(self):
        return {"ENABLE"} if self.server.does("rev2_trap") else set()

    def _is_expired(self):
        server = self.server
        is_late = self.expires is not None and server.clock() >= self.expires
        if self.user and server.does("expire_after"):
            return self.commands > server.expire_after
        return server.does("token_expiry") and is_late

    def _throttle(self, command):
        text = self.server.throttle_text(self.user)
        (self.bad if self.server.throttle_answer == "BAD" else self.no)(command, text)
        if self.server.throttle_bye:
            self.bye(CLOSED)

    # Folders -------------------------------------------------------------------------------------

    def do_id(self, command):
        if command.lines[0].strip() == b"()":
            return self.bad(command, ARGUMENT)
        self.send('* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")')
        self.ok(command, "ID completed")

    def do_namespace(self, command):
        self.send('* NAMESPACE (("" "/")) NIL NIL')
        self.ok(command, "NAMESPACE completed.")

    def do_enable(self, command):
        if "IMAP4REV2" in command.text.upper():
            self.is_rev2 = True
            self.send("* ENABLED IMAP4rev2")
        self.ok(command, "ENABLE completed.")

    def do_list(self, command):
        if re.search(r"\bRETURN\b|^\w+ \(", command.text, re.I):
            return self.bad(command, ARGUMENT)
        self.pass_on(command)

    do_lsub = do_list

    def do_status(self, command):
        if re.search("HIGHESTMODSEQ|SIZE|MAILBOXID", command.lines[-1].decode(), re.I):
            return self.bad(command, ARGUMENT)
        self._with_real_name(command)

    def do_create(self, command):
        name = command.strings()[0].decode()
        if self.server.does("files_reserved") and name.rstrip("/").lower() == "files":
            return self.no(command, "Folder name is reserved")
        if self.server.does("strict_names") and is_strange(name):
            return self.no(command, "CREATE failed.")
        if self._real_name(name) is not None:
            return self.no(command, "Mailbox already exists")
        self.pass_on(command)

    def _real_name(self, name):
        """The folder that has this name, by the rules of Exchange; None: there is none."""
        for response in self.ask("LIST", '"" "*"').untagged:
            line = outside_literals(response).rstrip(b"\r\n")
            real = re.search(rb'"/" (?:"((?:[^"\\]|\\.)*)"|(\S+))$', line)
            text = re.sub(rb"\\(.)", rb"\1", real[1] or real[2] or b"").decode()
            is_same = text.lower() == name.lower() if self.server.does("no_case") else text == name
            if is_same and not (line.startswith(b"* LIST (\\Nonexistent")):
                return text
        return None

    def _with_real_name(self, command, then=None):
        name = command.strings()[0].decode()
        if self.server.does("no_case") and (real := self._real_name(name)):
            rest = re.sub(rb'^(?:"(?:[^"\\]|\\.)*"|[^ "]*)', b"", command.lines.pop(0), count=1)
            is_literal = not rest and command.literals
            if is_literal:
                command.literals.pop(0)
                rest = command.lines.pop(0)
            command.lines.insert(0, quoted(real.encode()) + rest)
        (then or self.pass_on)(command)

    def do_select(self, command):
        if self.server.does("strict_names") and is_strange(command.strings()[0].decode()):
            return self.bye(CLOSED)
        self._with_real_name(command, super().do_select)

    do_examine = do_select

    def filter_response(self, response, command):
        if response.startswith((b"* LIST", b"* LSUB")):
            return re.sub(
                rb"\(([^)]*)\)", lambda m: b"(" + ROLES.sub(b"", m[1]).strip() + b")", response, 1
            )
        if response.startswith((b"* CAPABILITY", b"* OK [HIGHESTMODSEQ", b"* OK [UNSEEN")):
            return None
        if b"[PERMANENTFLAGS" in response and b"[PERMANENTFLAGS ()]" not in response:
            return b"* OK [PERMANENTFLAGS " + PERMANENT + b"] Permanent flags\r\n"
        if response.startswith(b"* FLAGS"):
            return b"* FLAGS " + PERMANENT + b"\r\n"
        return response

    def filter_status(self, status, command):
        """Response codes are few, and Dovecot's timings are nobody's business."""
        status = re.sub(rb" \([\d.]+ \+ [^)]* secs\)", b"", status)
        if not status.startswith(b"OK"):
            status = re.sub(rb"\[[^]]*\] ", b"", status)
        return status

    # Messages ------------------------------------------------------------------------------------

    def refuse_literal(self, command, size, is_synchronising):
        if command.verb != "APPEND" or not self.user or not command.strings():
            return None
        if self.server.take(self.user):
            return f"{self.server.throttle_answer} {self.server.throttle_text(self.user)}"
        if self.server.does("max_size") and size > self.server.max_size:
            return "NO Maximum size of appendable message has been exceeded"
        return None

    def do_append(self, command):
        body = command.literals[-1]
        if self.server.does("max_line") and max(map(len, body.split(b"\n"))) > self.server.max_line:
            return self.bad(command, ARGUMENT)
        if self.server.does("strict") and malformed(body):
            return self.bad(command, ARGUMENT)
        if not self._keep_flags(command, -2):
            return self.bad(command, ARGUMENT)
        if self.server.does("rebuild"):
            command.literals[-1] = rebuilt(body)
        self._with_real_name(command)

    def _keep_flags(self, command, line):
        """Cuts the flags that are not kept out of a command's list; false if it is refused."""
        match = re.search(rb"\(([^()]*)\)", command.lines[line])
        if not match:
            return True
        given = match[1].decode().split()
        kept = [flag for flag in given if flag.lower() in SYSTEM_FLAGS]
        if self.server.does("refuse_keywords") and kept != given:
            return False
        if command.verb == "APPEND" and self.server.does("lose_flagged"):
            kept = [flag for flag in kept if flag.lower() != "\\flagged"]
        text = b"(" + " ".join(kept).encode() + b")"
        command.lines[line] = command.lines[line].replace(match[0], text, 1)
        return True

    def do_uid_store(self, command):
        if not self._keep_flags(command, 0):
            return self.bad(command, ARGUMENT)
        self.pass_on(command)

    do_store = do_uid_store

    def do_uid_search(self, command):
        text = command.text.upper()
        if re.search(r"\b(UN)?KEYWORD\b", text):
            return self.bad(command, ARGUMENT)
        if "CHARSET UTF-8" in text:
            words = "[BADCHARSET (US-ASCII)] The specified charset is not supported."
            return self.no(command, words)
        if re.search(r"\bRETURN\b", text) and not self.is_rev2:
            return self.bad(command, ARGUMENT)
        if self.is_rev2:
            self.send(f'* ESEARCH (TAG "{command.tag}") UID')
            return self.ok(command, "SEARCH completed.")
        answer = self.ask(command.verb, *command.lines, literals=command.literals)
        if self.server.does("short_search"):
            answer.untagged = [self._shortened(r) for r in answer.untagged]
        self.say(command, answer)

    do_search = do_uid_search

    @staticmethod
    def _shortened(response):
        if not response.startswith(b"* SEARCH"):
            return response
        found = response.split()[2:]
        return b" ".join([b"* SEARCH", *found[: len(found) * 2 // 3]]) + b"\r\n"

    def do_uid_fetch(self, command):
        text = command.text.upper()
        if re.search(r"\(\)|MODSEQ|CHANGEDSINCE|BINARY|X-GM-", text):
            return self.bad(command, ARGUMENT)
        answer = self.ask(command.verb, *command.lines, literals=command.literals)
        if "BODY[]" in text or "BODY.PEEK[]" in text or "RFC822 " in text:
            kept = []
            for response in answer.untagged:
                if body_of(response) is not None and self.server.take(self.user):
                    self.send_raw(b"".join(kept))
                    return self._throttle(command)
                response = self._as_shown(response, "PEEK" in text)
                if response is not None:
                    kept.append(self.filter_response(response, command))
            answer.untagged = kept
        if self.server.does("estimates"):
            answer.untagged = [self._estimated(r) for r in answer.untagged]
        self.say(command, answer)

    do_fetch = do_uid_fetch

    def _as_shown(self, response, is_peek):
        """The response to FETCH of a whole message; None: nothing is said of it."""
        server, body, uid = self.server, body_of(response), uid_of(response)
        if body is None or not re.search(server.broken, body):
            return response
        if server.does("heals") and not server.breaks_once((self.user, self.folder, uid)):
            return response
        if server.does("no_data") and is_peek:
            return None
        if not (server.does("no_data") or server.does("placeholder")):
            return response
        subject = re.search(rb"^Subject: ([^\r\n]*)", body, re.M | re.I)
        invented = placeholder(20004, subject[1].decode("latin-1") if subject else "")
        return response.replace(
            b"{%d}\r\n%s" % (len(body), body), b"{%d}\r\n%s" % (len(invented), invented), 1
        )

    def _estimated(self, response):
        uid = uid_of(response) or 0

        def estimate(match):
            size = int(match[1])
            return b"RFC822.SIZE %d" % (size * 107 // 100 + 113 if uid % 2 else size * 9 // 10)

        return edit_outside_literals(
            response, lambda piece: re.sub(rb"RFC822\.SIZE (\d+)", estimate, piece)
        )


class Token:
    """Without users it opens everybody's mailbox."""

    def __init__(self, users, expires):
        self.users, self.expires = users and set(users), expires


class Exchange(StandIn):
    BEHAVIOURS = behaviours_of(__doc__)
    session_class = ExchangeSession

    def __init__(
        self,
        server,
        *behaviours,
        era="2022",
        rate=4,
        burst=10,
        throttle_answer="NO",
        throttle_bye=False,
        expire_after=20,
        max_size=36_700_160,
        max_line=10_500,
        broken=rb"(?mi)^X-Broken:",
        without_mailbox=(),
        max_connections=16,
        issuer=None,
        **more,
    ):
        """`issuer`: whose tokens are taken (tests/servers/tokens.py), besides those of add_token()."""
        super().__init__(server, *behaviours, **more)
        self.era = era
        self.rate, self.burst = rate, burst
        self.throttle_answer, self.throttle_bye = throttle_answer, throttle_bye
        self.expire_after = expire_after
        self.max_size, self.max_line = max_size, max_line
        self.broken = broken
        self.without_mailbox = without_mailbox if self.does("not_connected") else ()
        self.max_connections = max_connections
        self.tokens = {}
        self.issuer = issuer
        self.throttled = 0  # commands that were told to wait
        self._buckets = {}
        self._broke = set()

    def add_token(self, text, users, lifetime_secs=3600):
        self.tokens[text] = Token(users, self.clock() + lifetime_secs)
        return text

    def token_of(self, text):
        token = self.issuer.tokens.get(text) if self.issuer else None
        if token is None:
            return self.tokens.get(text)
        return Token(token.users, self.clock() + token.expires - time.time())

    def breaks_once(self, place):
        with self.lock:
            if place in self._broke:
                return False
            self._broke.add(place)
            return True

    # The bucket ----------------------------------------------------------------------------------

    def is_shut(self, user):
        if not self.does("throttle") or user is None:
            return False
        with self.lock:
            return self.clock() < self._bucket(user).shut_until

    def _bucket(self, user):
        return self._buckets.setdefault(user, Bucket())

    def take(self, user):
        """One message of a mailbox. True: it may not pass, and nothing else for a while."""
        if not self.does("throttle"):
            return False
        with self.lock:
            bucket = self._bucket(user)
            wait_secs = bucket.take(self.clock(), self.rate, self.burst)
            if wait_secs:
                bucket.shut_until = self.clock() + wait_secs
            return wait_secs > 0

    def throttle_text(self, user):
        """What is said to one more command that may not pass."""
        with self.lock:
            self.throttled += 1
            left = self._bucket(user).shut_until - self.clock()
            return THROTTLED.format(max(1, round(left * 1000)))
