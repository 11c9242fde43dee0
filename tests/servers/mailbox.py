# SPDX-License-Identifier: MIT
"""A mailbox as a test sees it: fill it, take a snapshot, compare two snapshots message by message.

Folder names here are neutral: UTF-8, "/" between the levels, no prefix. So the same name means the
same folder on every server."""

import base64
import collections
import contextlib
import dataclasses
import datetime
import email
import hashlib
import imaplib
import re
import ssl

LIST_LINE = re.compile(rb'\((?P<attributes>[^)]*)\) (?:"[^"]*"|NIL) (?P<name>.*)', re.S)
FETCH_HEAD = re.compile(
    rb'UID (?P<uid>\d+) FLAGS \((?P<flags>[^)]*)\) INTERNALDATE "(?P<date>[^"]*)"'
)


def mutf7_encode(text):
    """RFC 3501 section 5.1.3."""

    def shift(match):
        raw = base64.b64encode(match[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return "&" + raw.decode() + "-"

    return re.sub(r"[^\x20-\x7e]+", shift, text.replace("&", "&-"))


def mutf7_decode(text):
    def unshift(match):
        if not match[1]:
            return "&"
        raw = match[1].replace(",", "/")
        return base64.b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-16-be")

    return re.sub(r"&([^-]*)-", unshift, text)


def _quote(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclasses.dataclass(frozen=True)
class Entry:
    """One message as the server has it."""

    uid: int
    flags: frozenset
    date: str
    sha256: str
    message_id: str
    size: int

    def __str__(self):
        flags = " ".join(sorted(self.flags))
        return f"{self.message_id or 'no Message-ID'} {self.size} B ({flags}) {self.date}"


class Mailbox:
    """A signed-in connection; use it in a `with`."""

    def __init__(self, server, user):
        self.server = server
        context = ssl.create_default_context(cafile=str(server.ca))
        if getattr(server, "is_odd", False):  # its certificate is what is tested
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.check_hostname = False  # some servers are made to fail in just that
        self.imap = imaplib.IMAP4_SSL(server.host, server.imaps_port, ssl_context=context)
        plain = f"\0{user}\0{server.passwords[user]}".encode()
        self.imap.authenticate("PLAIN", lambda _: plain)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.imap.logout()

    def _do(self, answer):
        status, data = answer
        assert status == "OK", data
        return data

    def raw_name(self, name):
        """The neutral name as this server writes it."""
        if name == "INBOX":
            return name
        return self.server.prefix + mutf7_encode(name.replace("/", self.server.separator))

    def neutral_name(self, raw):
        if raw == "INBOX":
            return raw
        return mutf7_decode(raw.removeprefix(self.server.prefix)).replace(
            self.server.separator, "/"
        )

    def create(self, *names, subscribe=True):
        for name in names:
            self._do(self.imap.create(_quote(self.raw_name(name))))
            if subscribe:
                self._do(self.imap.subscribe(_quote(self.raw_name(name))))

    def append(self, name, *messages):
        for message in messages:
            flags = "(" + " ".join(message.flags) + ")"
            date = message.date.strftime('"%d-%b-%Y %H:%M:%S %z"')
            self._do(self.imap.append(_quote(self.raw_name(name)), flags, date, message.body))

    def append_all(self, name, messages):
        """One MULTIAPPEND (RFC 3502): the quickest way to very many small messages."""
        command = [b"all APPEND " + _quote(self.raw_name(name)).encode()]
        for message in messages:
            flags = " ".join(message.flags)
            date = message.date.strftime("%d-%b-%Y %H:%M:%S %z")
            command.append(f' ({flags}) "{date}" {{{len(message.body)}+}}\r\n'.encode())
            command.append(message.body)
        self.imap.send(b"".join(command) + b"\r\n")
        while not (line := self.imap.readline()).startswith(b"all "):
            assert line, "the server has gone"
        assert line.startswith(b"all OK"), line

    def fill(self, content):
        """{neutral name: messages}. Folders are created, parents by the server."""
        existing = set(self.folders())
        for name, messages in content.items():
            if name not in existing:
                self.create(name)
            self.append(name, *messages)

    def _listed(self, lines):
        found = {}
        for line in lines:
            if line is None:
                continue
            if isinstance(line, tuple):
                head, raw = line[0], line[1]
                attributes = LIST_LINE.match(head)["attributes"]
            else:
                match = LIST_LINE.match(line)
                attributes, raw = match["attributes"], match["name"]
                if raw.startswith(b'"'):
                    raw = re.sub(rb"\\(.)", rb"\1", raw[1:-1])
            found[self.neutral_name(raw.decode())] = attributes.decode().split()
        return found

    def folders(self):
        """Selectable folders, by neutral name."""
        listed = self._listed(self._do(self.imap.list()))
        return [n for n, attributes in listed.items() if "\\Noselect" not in attributes]

    def subscribed(self):
        return sorted(self._listed(self._do(self.imap.lsub())))

    def change(self, name, uids, how, flags):
        """how: +FLAGS, -FLAGS or FLAGS."""
        self._do(self.imap.select(_quote(self.raw_name(name))))
        self._do(self.imap.uid("STORE", uids, how + ".SILENT", f"({flags})"))
        self._do(self.imap.unselect())

    def expunge_all(self, name):
        self._do(self.imap.select(_quote(self.raw_name(name))))
        self._do(self.imap.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Deleted)"))
        self._do(self.imap.expunge())
        self._do(self.imap.close())

    def _select(self, name):
        self._do(self.imap.select(_quote(self.raw_name(name))))

    def store(self, name, uids, change, *flags):
        """`change`: "+" or "-"; `uids`: a set, as IMAP writes it."""
        self._select(name)
        self._do(self.imap.uid("STORE", uids, f"{change}FLAGS.SILENT", f"({' '.join(flags)})"))
        self._do(self.imap.unselect())

    def expunge(self, name, uids):
        self._select(name)
        self._do(self.imap.uid("STORE", uids, "+FLAGS.SILENT", "(\\Deleted)"))
        self._do(self.imap.uid("EXPUNGE", uids))
        self._do(self.imap.unselect())

    def move(self, name, uids, to):
        self._select(name)
        self._do(self.imap.uid("MOVE", uids, _quote(self.raw_name(to))))
        self._do(self.imap.unselect())

    def delete(self, name):
        self._do(self.imap.delete(_quote(self.raw_name(name))))

    def unsubscribe(self, name):
        self._do(self.imap.unsubscribe(_quote(self.raw_name(name))))

    def rename(self, name, to):
        self._do(self.imap.rename(_quote(self.raw_name(name)), _quote(self.raw_name(to))))

    def entries(self, name):
        """All messages of a folder in UID order. Changes nothing there."""
        count = int(self._do(self.imap.select(_quote(self.raw_name(name)), readonly=True))[0])
        if count == 0:
            return []
        data = self._do(self.imap.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])"))
        entries = [self._entry(*item) for item in data if isinstance(item, tuple)]
        assert len(entries) == count
        return entries

    @staticmethod
    def _entry(head, body):
        match = FETCH_HEAD.search(head)
        flags = frozenset(match["flags"].decode().split()) - {"\\Recent"}
        header = email.message_from_bytes(body[: body.find(b"\r\n\r\n") + 4])
        return Entry(
            int(match["uid"]),
            flags,
            match["date"].decode(),
            hashlib.sha256(body).hexdigest(),
            (header["Message-ID"] or "").strip(),
            len(body),
        )

    def snapshot(self):
        """{neutral name: entries} of all selectable folders."""
        return {name: self.entries(name) for name in self.folders()}


def fill(server, user, content):
    with Mailbox(server, user) as mailbox:
        mailbox.fill(content)


def snapshot(server, user):
    with Mailbox(server, user) as mailbox:
        return mailbox.snapshot()


def _essence(entry, flags, dates):
    kept = frozenset(f.lower() for f in entry.flags) if flags else None
    return entry.sha256, kept, _epoch(entry.date) if dates else None


def _epoch(internal_date):
    """INTERNALDATE as seconds since 1970: two servers may show it in different zones."""
    when = datetime.datetime.strptime(internal_date.strip(), "%d-%b-%Y %H:%M:%S %z")
    return when.timestamp()


def differences(source, destination, rename=lambda name: name, flags=True, dates=True):
    """What stands in one snapshot and not in the other, one sentence each; [] when they agree.
    `rename` maps a source folder's name to the wanted one, None leaves the folder out; folders
    that meet in one destination are added up. Empty folders count too; only parents may be extra."""
    wanted = collections.defaultdict(list)
    for name, entries in source.items():
        target = rename(name)
        if target is not None:
            wanted[target] += entries
    found = []
    for name in sorted(wanted.keys() | destination.keys()):
        if name not in destination:
            found.append(f"folder {name} is missing")
        elif name not in wanted:
            is_parent = any(other.startswith(name + "/") for other in wanted)
            if destination[name] or not (is_parent or name == "INBOX"):
                found.append(f"folder {name} is there and nobody asked for it")
        else:
            found += _folder_differences(name, wanted[name], destination[name], flags, dates)
    return found


def _folder_differences(name, wanted, there, flags, dates):
    def count(entries):
        return collections.Counter(_essence(e, flags, dates) for e in entries)

    want, have = count(wanted), count(there)
    shown = {_essence(e, flags, dates): str(e) for e in [*wanted, *there]}
    missing = [f"{name}: missing {n} x {shown[k]}" for k, n in (want - have).items()]
    extra = [f"{name}: too many {n} x {shown[k]}" for k, n in (have - want).items()]
    return missing + extra
