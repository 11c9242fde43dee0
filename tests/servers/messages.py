# SPDX-License-Identifier: MIT
"""Messages that look like real mail, and the odd ones. All are made from a number, so the same
number is the same message."""

import base64
import dataclasses
import datetime
import hashlib
import itertools
import random

PEOPLE = ("Ada Lovelace", "Jürgen Groß", "Zoë O'Neill", "山田 太郎", "Łukasz Żak", "Ana Peña")
TOPICS = ("Invoice", "Minutes of Monday", "Re: offer", "Fwd: flight", "Holiday list", "Angebot")
WORDS = (
    "the meeting was moved to next week because of the budget and nobody has answered yet so "
    "please send the figures for March together with the signed contract before noon"
).split()
EPOCH = datetime.datetime(2019, 3, 1, 8, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


@dataclasses.dataclass(frozen=True)
class Message:
    body: bytes
    flags: tuple = ()
    date: datetime.datetime = EPOCH


def _word(text):
    """A header word, encoded as RFC 2047 says when it isn't ASCII."""
    if text.isascii():
        return text
    return "=?UTF-8?B?" + base64.b64encode(text.encode()).decode() + "?="


def _text(rng, words):
    lines = [" ".join(rng.choices(WORDS, k=10)) for _ in range(max(1, words // 10))]
    return "\r\n".join(lines) + "\r\n"


def _date(number):
    # Never in the future: Dovecot would make that "now".
    return EPOCH + datetime.timedelta(hours=7 * (number % 5000), seconds=number)


def _head(number, rng, content_type, message_id=True):
    sender, to = rng.sample(PEOPLE, 2)
    date = _date(number)
    lines = [
        f"Received: from mx{number % 7}.example (mx{number % 7}.example [192.0.2.{number % 250}])",
        f"\tby mail.example with ESMTPS id {rng.getrandbits(40):010x};",
        f"\t{date:%a, %d %b %Y %H:%M:%S} +0100",
        f"From: {_word(sender)} <person{PEOPLE.index(sender)}@example.org>",
        f"To: {_word(to)} <person{PEOPLE.index(to)}@example.com>",
        f"Subject: {_word(rng.choice(TOPICS))} {number}",
        f"Date: {date:%a, %d %b %Y %H:%M:%S} +0100",
    ]
    if message_id:
        lines.append(f"Message-ID: <{number}.{rng.getrandbits(60):015x}@mail.example>")
    lines += ["MIME-Version: 1.0", f"Content-Type: {content_type}"]
    return "\r\n".join(lines) + "\r\n"


def plain(number, flags=(), words=80, message_id=True):
    rng = random.Random(number)
    head = _head(number, rng, "text/plain; charset=utf-8", message_id)
    return Message((head + "\r\n" + _text(rng, words)).encode(), flags, _date(number))


def tiny(number):
    """About 200 bytes: for folders of very many."""
    text = (
        f"Message-ID: <{number}.tiny@mail.example>\r\nFrom: a@example.org\r\nTo: b@example.org\r\n"
        f"Subject: number {number}\r\nDate: Mon, 02 Jan 2023 10:00:00 +0000\r\n\r\n"
        f"This is message {number} of very many.\r\n"
    )
    return Message(text.encode(), (), EPOCH + datetime.timedelta(seconds=number))


def with_attachment(number, flags=(), size=20_000):
    rng = random.Random(number)
    edge = f"=_{rng.getrandbits(64):016x}"
    head = _head(number, rng, f'multipart/mixed; boundary="{edge}"')
    file = base64.encodebytes(rng.randbytes(size * 3 // 4)).replace(b"\n", b"\r\n").decode()
    body = (
        f"\r\nThis is a multi-part message in MIME format.\r\n--{edge}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{_text(rng, 30)}\r\n--{edge}\r\n"
        f'Content-Type: application/pdf; name="report {number}.pdf"\r\n'
        f"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n"
        f"{file}\r\n--{edge}--\r\n"
    )
    return Message((head + body).encode(), flags, _date(number))


def eight_bit(number, flags=()):
    """Latin-1 in the body and, against the rules, in the Subject."""
    rng = random.Random(number)
    head = _head(number, rng, "text/plain; charset=iso-8859-1").encode()
    head = head.replace(b"Subject: ", b"Subject: Gr\xfc\xdfe ")
    return Message(head + b"\r\nSch\xf6ne Gr\xfc\xdfe\r\n\xa9 \xff\xfe\r\n", flags, _date(number))


def no_message_id(number, flags=(), words=20):
    return plain(number, flags, words, message_id=False)


def no_header(number, flags=()):
    """Neither Message-ID nor Date, From, To, Subject."""
    return Message(f"X-Number: {number}\r\n\r\nnothing known\r\n".encode(), flags, _date(number))


def empty_body(number, flags=()):
    rng = random.Random(number)
    return Message((_head(number, rng, "text/plain") + "\r\n").encode(), flags, _date(number))


def long_lines(number, flags=(), length=120_000):
    rng = random.Random(number)
    line = " ".join(rng.choices(WORDS, k=length // 5))[:length]
    return Message((_head(number, rng, "text/html") + "\r\n" + line + "\r\n").encode(), flags,
                   _date(number))  # fmt: skip


def tricky(number, flags=()):
    """Body lines that look like IMAP, and a literal's mark at the end of a line."""
    rng = random.Random(number)
    body = "\r\n* BYE {10}\r\nA1 OK done\r\n+ go ahead {3+}\r\n)\r\n* 1 FETCH (UID 1 BODY[] {5}\r\n"
    return Message((_head(number, rng, "text/plain") + body).encode(), flags, _date(number))


def big(number, size, flags=()):
    """About `size` bytes; cheap to make."""
    rng = random.Random(number)
    block = base64.encodebytes(rng.randbytes(57 * 64)).replace(b"\n", b"\r\n")
    head = (_head(number, rng, "application/octet-stream") + "\r\n").encode()
    return Message(head + block * (size // len(block) + 1), flags, _date(number))


class Huge:
    """Of any size, since it is made while it is sent (tests/servers/scripted.py). The first `cuts`
    times the server drops the connection when it has sent about cut_after bytes."""

    def __init__(self, number, size, cut_after=0, cuts=0):
        rng = random.Random(number)
        self.head = (_head(number, rng, "application/octet-stream") + "\r\n").encode()
        self.cut_after, self.cuts = cut_after, cuts
        self._size = size
        self._block = base64.encodebytes(rng.randbytes(57 * 4096)).replace(b"\n", b"\r\n")

    def __len__(self):
        return self._size

    def chunks(self):
        left = self._size
        for chunk in itertools.chain([self.head], itertools.repeat(self._block)):
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    def sha256(self):
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


def assortment(start=0):
    """One of each kind, with all sorts of flags."""
    return [
        plain(start, ("\\Seen",)),
        with_attachment(start + 1, ("\\Answered", "\\Seen")),
        eight_bit(start + 2, ("\\Flagged",)),
        no_message_id(start + 3, ("\\Draft",)),
        no_header(start + 4, ()),
        empty_body(start + 5, ("\\Deleted",)),
        long_lines(start + 6, ("$Forwarded", "\\Seen")),
        tricky(start + 7, ("$Label1", "NonJunk")),
        plain(start, ("\\Seen",)),  # an exact duplicate
        plain(start + 8, ()),
    ]
