# SPDX-License-Identifier: MIT
"""A stand-in for Gmail, in front of a real Dovecot whose separator is "/" and which has no prefix.

Always: the greeting, the lists of capabilities before and after login (without X-GM-EXT-1 unless it
has labels), LITERAL-, APPENDLIMIT. Behaviours:

labels         X-GM-EXT-1: X-GM-LABELS, X-GM-MSGID and X-GM-THRID in FETCH, X-GM-LABELS in STORE. A
               label belongs to a message, whatever folders show it; the label of the folder that is
               open is not told. All copies of the same bytes are the same message.
one_message    with labels: a folder shows the messages that have its label. What is appended twice
               is there once; giving a label makes the message appear in that folder, taking it away
               makes it disappear; All Mail shows all.
special_use    [Gmail]/All Mail and the like, with their attributes
bandwidth      a day's bytes, down and up; then nothing goes until the next day
throttled      the OK to FETCH and APPEND says [THROTTLED]
connections    no more than `max_connections` for an account
strict_names   no blanks around the separator
no_appenduid   the OK to APPEND does not say where the message is

Flags are not shared between the folders that show a message; at Gmail they are."""

import base64
import collections
import hashlib
import json
import re
import threading
import time

from tests.servers.standin import (
    ROLES,
    StandIn,
    StandInSession,
    behaviours_of,
    body_of,
    edit_outside_literals,
    quoted,
    tokens,
    uid_of,
)

DAY_SECS = 86400
FOLDERS = {
    "INBOX": ("\\Inbox", None),
    "[Gmail]/All Mail": (None, "\\All"),
    "[Gmail]/Drafts": ("\\Draft", "\\Drafts"),
    "[Gmail]/Important": ("\\Important", "\\Important"),
    "[Gmail]/Sent Mail": ("\\Sent", "\\Sent"),
    "[Gmail]/Spam": ("\\Spam", "\\Junk"),
    "[Gmail]/Starred": ("\\Starred", "\\Flagged"),
    "[Gmail]/Trash": ("\\Trash", "\\Trash"),
}
ALL_MAIL = "[Gmail]/All Mail"
NOT_IN_ALL_MAIL = (ALL_MAIL, "[Gmail]/Spam", "[Gmail]/Trash")
BEFORE = (
    "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY SASL-IR "
    "AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER"
)
AFTER = (
    "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE "
    "ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE "
    "APPENDLIMIT={appendlimit}"
)
OVERQUOTA = "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"
# A keyword in Dovecot that nobody sees: setting it is how a change of labels gets a MODSEQ.
TOUCHED = b"$GmTouched"
GM_ITEMS = re.compile(r"X-GM-(?:LABELS|MSGID|THRID)\b ?")


def label_of(folder):
    """The label whose messages a folder shows; None: All Mail."""
    return FOLDERS[folder][0] if folder in FOLDERS else folder


def folder_of(label):
    found = [folder for folder, (name, _) in FOLDERS.items() if name == label]
    return found[0] if found else label


class Message:
    def __init__(self, key):
        self.number = int(key[:15], 16)  # X-GM-MSGID
        self.labels = set()


class Account:
    """What Gmail knows of the messages of one mailbox."""

    def __init__(self):
        self.lock = threading.RLock()
        self.messages = {}  # by the hash of their bytes
        self.places = {}  # (folder, UID): hash
        self.bytes_down = collections.Counter()  # by day
        self.bytes_up = collections.Counter()
        self.is_made = False

    def put(self, folder, uid, body):
        key = hashlib.sha256(body).hexdigest()
        message = self.messages.setdefault(key, Message(key))
        self.places[folder, uid] = key
        if label_of(folder):
            message.labels.add(label_of(folder))
        return message

    def at(self, folder, uid):
        key = self.places.get((folder, uid))
        return key and self.messages[key]

    def uids_of(self, message, folder):
        return [
            uid
            for (name, uid), key in self.places.items()
            if name == folder and self.messages[key] is message
        ]


class GmailSession(StandInSession):
    def greeting(self):
        return "* OK Gimap ready for requests from 127.0.0.1 k2if6111336rvb.0"

    def capabilities(self):
        words = (AFTER if self.user else BEFORE).format(appendlimit=self.server.appendlimit)
        return words if self.server.does("labels") else words.replace(" X-GM-EXT-1", "")

    @property
    def account(self):
        return self.server.account(self.user)

    # Sign-in -------------------------------------------------------------------------------------

    def do_authenticate(self, command):
        mechanism = command.lines[0].split()[0].upper()
        message = self.sasl_message(command)
        if mechanism == b"XOAUTH2":
            is_in = self._sign_in_token(message)
        else:
            is_in = mechanism == b"PLAIN" and self.sign_in_plain(message)
        self._answer_sign_in(command, is_in)

    def _sign_in_token(self, message):
        user, token = self.xoauth2(message) or (None, None)
        if user in self.server.tokens.get(token, ()):
            return self.sign_in_as(user)
        error = {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}
        self.send("+ " + base64.b64encode(json.dumps(error).encode()).decode())
        self._read_line()
        return False

    def do_login(self, command):
        user, password = (word.decode() for word in command.strings()[:2])
        self._answer_sign_in(command, self.sign_in_plain(f"\0{user}\0{password}".encode()))

    def _answer_sign_in(self, command, is_in):
        server = self.server
        if not is_in:
            return self.no(command, "[AUTHENTICATIONFAILED] Invalid credentials (Failure)")
        if server.does("connections") and server.open_sessions[self.user] > server.max_connections:
            self.end_sign_in()
            return self.no(command, "[ALERT] Too many simultaneous connections. (Failure)")
        if self._is_over_bandwidth():
            self.end_sign_in()
            return self.no(command, OVERQUOTA)
        server.make_folders(self.user)
        self.send("* CAPABILITY " + self.capabilities())
        self.ok(command, f"{self.user} authenticated (Success)")

    def end_sign_in(self):
        """Dovecot let us in; the client is kept out."""
        with self.server.lock:
            self.server.open_sessions[self.user] -= 1
        self.user = None

    # Limits --------------------------------------------------------------------------------------

    def _is_over_bandwidth(self):
        server, account = self.server, self.account
        day = server.day()
        return server.does("bandwidth") and (
            account.bytes_down[day] >= server.daily_down or account.bytes_up[day] >= server.daily_up
        )

    def refuse_literal(self, command, size, is_synchronising):
        if not is_synchronising and size > 4096:
            self.server.violations.append("a literal above 4096 bytes was not announced (LITERAL-)")
            return "BAD Literal too long (Failure)"
        if command.verb == "APPEND" and size > self.server.appendlimit:
            return "NO [LIMIT] APPEND Command exceeds the maximum allowed size (Failure)"
        if command.verb == "APPEND" and self.user and self._is_over_bandwidth():
            return "NO " + OVERQUOTA
        return None

    def before(self, command):
        is_costly = command.verb in ("FETCH", "UID FETCH", "APPEND")
        if self.user and is_costly and self._is_over_bandwidth():
            self.no(command, OVERQUOTA)
            return True
        if not self.user and command.verb not in (
            "CAPABILITY", "NOOP", "LOGOUT", "LOGIN", "AUTHENTICATE", "ID"
        ):  # fmt: skip
            self.bad(command, "Unknown command")
            return True
        return False

    def filter_status(self, status, command):
        if self.server.does("throttled") and command.verb in ("UID FETCH", "APPEND"):
            time.sleep(self.server.throttled_secs)
            return status + b" [THROTTLED]"
        return status

    # Folders -------------------------------------------------------------------------------------

    def do_id(self, command):
        self.send('* ID ("name" "GImap" "vendor" "Google, Inc." "remote-host" "127.0.0.1")')
        self.ok(command, "Success")

    def do_compress(self, command):
        self.no(command, "[CANNOT] not by the stand-in (Failure)")

    def do_create(self, command):
        name = command.strings()[0].decode()
        if self.server.does("strict_names") and re.search(r"(^|/) | (/|$)", name):
            return self.no(command, "[CANNOT] Folder contains excess whitespace (Failure)")
        if self.server.does("special_use") and re.match(r"\[Gmail\](/|$)", name):
            return self.no(command, "[CANNOT] Folder name is reserved (Failure)")
        self.pass_on(command)

    def do_select(self, command):
        name = command.strings()[0].decode()
        if name == "[Gmail]":
            return self.no(command, "[NONEXISTENT] Unknown Mailbox: [Gmail] (Failure)")
        super().do_select(command)

    do_examine = do_select

    def filter_response(self, response, command):
        if response.startswith((b"* LIST", b"* LSUB", b"* XLIST")):
            return self._listed(response)
        if response.startswith((b"* CAPABILITY", b"* ENABLED")):
            return None if response.startswith(b"* CAPABILITY") else response
        if TOUCHED in response:
            return edit_outside_literals(response, self._without_touch)
        return response

    @staticmethod
    def _without_touch(data):
        name = re.escape(TOUCHED)
        return re.sub(name + rb" (?=[^)])| ?" + name, b"", data)

    def _listed(self, response):
        match = re.match(rb"\* (\w+) \(([^)]*)\) (.*)", response, re.S)
        verb, attributes, rest = match.groups()
        attributes = ROLES.sub(b"", attributes).strip()
        name = tokens([rest.rstrip(b"\r\n")], [])[1].decode()
        role = FOLDERS.get(name, (None, None))[1] if self.server.does("special_use") else None
        if role:
            attributes = (attributes + b" " + role.encode()).strip()
        return b"* %s (%s) %s" % (verb, attributes, rest)

    # Messages ------------------------------------------------------------------------------------

    def do_append(self, command):
        folder, body = command.strings()[0].decode(), command.literals[-1]
        account = self.account
        account.bytes_up[self.server.day()] += len(body)
        with account.lock:
            if self.server.does("one_message") and self._answer_if_there(command, folder, body):
                return
            answer = self.pass_on(command)
            place = re.search(rb"APPENDUID (\d+) (\d+)", answer.status)
            if place and self.server.does("labels"):
                account.put(folder, int(place[2]), body)
                self._show_in_all_mail(folder, body)

    def _answer_if_there(self, command, folder, body):
        account = self.account
        message = account.messages.get(hashlib.sha256(body).hexdigest())
        for uid in account.uids_of(message, folder) if message else ():
            with self.server.behind(self.user) as imap:
                imap.select(f'"{folder}"', readonly=True)
                validity = int(imap.response("UIDVALIDITY")[1][0])
                if imap.uid("SEARCH", f"UID {uid}")[1][0]:
                    self.ok(command, f"[APPENDUID {validity} {uid}] (Success)")
                    return True
            del account.places[folder, uid]
        return False

    def _show_in_all_mail(self, folder, body):
        account = self.account
        is_all_mail = self.server.does("one_message") and self.server.does("special_use")
        message = account.messages[hashlib.sha256(body).hexdigest()]
        if not is_all_mail or folder in NOT_IN_ALL_MAIL or account.uids_of(message, ALL_MAIL):
            return
        with self.server.behind(self.user) as imap:
            answer = imap.append(f'"{ALL_MAIL}"', None, None, body)[1][0]
            account.put(ALL_MAIL, int(re.search(rb"APPENDUID \d+ (\d+)", answer)[1]), body)

    def do_uid_fetch(self, command):
        text = command.lines[0].decode()
        wanted = [i for i in ("MSGID", "THRID", "LABELS") if f"X-GM-{i}" in text.upper()]
        if wanted and not self.server.does("labels"):
            return self.bad(command, "Could not parse command")
        text = re.sub(r"\(\s*\)", "(UID)", GM_ITEMS.sub("", text)).replace(" )", ")")
        command.lines[0] = text.encode()
        answer = self.ask(command.verb, *command.lines, literals=command.literals)
        if wanted:
            with self.account.lock:
                self._learn([uid_of(r) for r in answer.untagged if uid_of(r)])
                answer.untagged = [self._with_items(r, wanted) for r in answer.untagged]
        sent = sum(len(body_of(r) or b"") for r in answer.untagged)
        self.account.bytes_down[self.server.day()] += sent
        self.say(command, answer)

    def do_fetch(self, command):
        assert "X-GM-" not in command.text, "the stand-in has labels for UID FETCH only"
        self.pass_on(command)

    def _learn(self, uids):
        """Messages that came into Dovecot behind our back."""
        unknown = [uid for uid in uids if self.account.at(self.folder, uid) is None]
        for start in range(0, len(unknown), 500):
            uid_set = ",".join(map(str, unknown[start : start + 500]))
            for response in self.ask("UID FETCH", f"{uid_set} (UID BODY.PEEK[])").untagged:
                if uid_of(response):
                    self.account.put(self.folder, uid_of(response), body_of(response))

    def _with_items(self, response, wanted):
        message = self.account.at(self.folder, uid_of(response) or 0)
        if message is None:
            return response
        values = {
            "MSGID": b"%d" % message.number,
            "THRID": b"%d" % message.number,
            "LABELS": b"(%s)" % self._told(message),
        }
        items = b" ".join(b"X-GM-%s %s" % (i.encode(), values[i]) for i in wanted)
        return response.replace(b"FETCH (", b"FETCH (" + items + b" ", 1)

    def _told(self, message):
        """As Gmail writes labels: atoms where they can be; system labels are seen as \\Inbox and as
        "\\\\Sent", so the first of the list is written like this and the others like that."""
        labels = sorted(message.labels - {label_of(self.folder)})
        atoms = [rb"\\?[\w/&,+-]+", rb"[\w/&,+-]+"]
        told = []
        for number, label in enumerate(label.encode() for label in labels):
            is_atom = re.fullmatch(atoms[number > 0], label)
            told.append(label if is_atom else quoted(label))
        return b" ".join(told)

    def do_uid_store(self, command):
        match = re.match(r"(\S+) ([+-]?)X-GM-LABELS(\S*) ", command.lines[0].decode(), re.I)
        if not match:
            return self.pass_on(command)
        # Nobody has seen whether Gmail takes X-GM-LABELS.SILENT.
        if not self.server.does("labels") or match[3]:
            return self.bad(command, "Could not parse command")
        uid_set, how = match[1], match[2]
        items = tokens(command.lines, command.literals)[2:]
        labels = {i.decode() for i in (items[0] if isinstance(items[0], list) else items)}
        if bad := [label for label in labels if label in self.server.refused_labels]:
            return self.bad(command, f"Invalid Arguments: Label name is not allowed: {bad[0]}")
        with self.account.lock:
            found = self.ask("UID FETCH", f"{uid_set} (UID)").untagged
            uids = [uid_of(r) for r in found if uid_of(r)]
            self._learn(uids)
            for uid in uids:
                self._change(uid, how, labels)
            told = [self._with_items(r, ["LABELS"]) for r in found if uid_of(r)]
        self.send_raw(b"".join(told))
        self.ok(command, "Success")

    def _change(self, uid, how, labels):
        message = self.account.at(self.folder, uid)
        own = {label_of(self.folder)} - {None}
        if how == "+":
            after = message.labels | labels
        elif how == "-":
            after = message.labels - labels
        else:
            after = labels | own
        came, went = after - message.labels, message.labels - after
        message.labels = after
        self._touch(message, uid)
        if self.server.does("one_message"):
            for label in came:
                self._show(message, uid, folder_of(label))
            for label in went - own:
                self._hide(message, folder_of(label))

    def _touch(self, message, uid):
        """Whoever asks what changed hears of it, in every folder that shows the message."""
        self._toggle(lambda *args: self.ask("UID STORE", " ".join(args)), uid)
        for (folder, other), key in list(self.account.places.items()):
            if self.account.messages[key] is message and folder != self.folder:
                with self.server.behind(self.user) as imap:
                    imap.select(f'"{folder}"')
                    self._toggle(lambda *args, imap=imap: imap.uid("STORE", *args), other)

    @staticmethod
    def _toggle(store, uid):
        for sign in "+-":
            store(str(uid), sign + "FLAGS.SILENT", f"({TOUCHED.decode()})")

    def _show(self, message, uid, folder):
        if self.account.uids_of(message, folder):
            return
        answer = self.ask("UID COPY", b"%d %s" % (uid, quoted(folder.encode())))
        if b"TRYCREATE" in answer.status:
            self.ask("CREATE", quoted(folder.encode()))
            answer = self.ask("UID COPY", b"%d %s" % (uid, quoted(folder.encode())))
        place = re.search(rb"COPYUID \d+ \d+ (\d+)", answer.status)
        if place:
            self.account.places[folder, int(place[1])] = self.account.places[self.folder, uid]

    def _hide(self, message, folder):
        for uid in self.account.uids_of(message, folder):
            with self.server.behind(self.user) as imap:
                imap.select(f'"{folder}"')
                imap.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
                imap.uid("EXPUNGE", str(uid))
            del self.account.places[folder, uid]


class Gmail(StandIn):
    BEHAVIOURS = behaviours_of(__doc__)
    session_class = GmailSession

    def __init__(
        self,
        server,
        *behaviours,
        appendlimit=35651584,
        daily_down=2500_000_000,
        daily_up=500_000_000,
        max_connections=15,
        throttled_secs=0,
        refused_labels=("Migrated",),
        tokens=None,
        **more,
    ):
        """`tokens`: {access token: users it is good for}."""
        super().__init__(server, *behaviours, **more)
        self.appendlimit = appendlimit
        self.daily_down, self.daily_up = daily_down, daily_up
        self.max_connections = max_connections
        self.throttled_secs = throttled_secs
        self.refused_labels = refused_labels
        self.tokens = tokens or {}
        self.accounts = {}

    def day(self):
        return int(self.clock() // DAY_SECS)

    def account(self, user):
        with self.lock:
            return self.accounts.setdefault(user, Account())

    def make_folders(self, user):
        account = self.account(user)
        with account.lock:
            if self.does("special_use") and not account.is_made:
                with self.behind(user) as imap:
                    for folder in FOLDERS:
                        imap.create(f'"{folder}"')
                        imap.subscribe(f'"{folder}"')
            account.is_made = True

    def labels(self, user, folder, uid):
        """All labels of a message that was seen there."""
        return self.account(user).at(folder, uid).labels
