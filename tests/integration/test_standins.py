# SPDX-License-Identifier: MIT
"""The stand-ins of providers, seen by Python's imaplib: what is switched on happens, and nothing
else does."""

import base64
import contextlib
import imaplib
import re
import ssl

import pytest

from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.gmail import Gmail

PLAIN = messages.plain(1, ("\\Seen",))
FLAGGED = messages.plain(2, ("\\Flagged", "\\Seen"))
BROKEN = messages.Message(b"X-Broken: yes\r\nSubject: the broken one\r\n\r\nbody\r\n")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@contextlib.contextmanager
def client(server, user=None):
    """imaplib, signed in with PLAIN if a user is given. It is left without a word."""
    context = ssl.create_default_context(cafile=str(server.ca))
    imap = imaplib.IMAP4_SSL(server.host, server.imaps_port, ssl_context=context)
    try:
        if user:
            imap.authenticate("PLAIN", plain(server, user))
        yield imap
    finally:
        imap.shutdown()


def plain(server, user):
    return lambda _: f"\0{user}\0{server.passwords[user]}".encode()


def bearer(user, token):
    return lambda _: f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def refusal(call, *args):
    """What the server says: NO's text or BAD's."""
    try:
        status, data = call(*args)
    except imaplib.IMAP4.error as error:
        return str(error)
    assert status == "NO", data
    return data[0].decode()


def said(imap, command):
    """The tagged answer; imaplib is not asked whether the command is allowed."""
    imap.send(f"raw {command}\r\n".encode())
    while not (line := imap.readline()).startswith(b"raw "):
        assert line, "the server has gone"
    return line[4:].decode().rstrip()


def append(imap, message, folder="INBOX", flags=None):
    return imap.append(folder, f"({' '.join(flags or message.flags)})", None, message.body)


def bodies(imap, uids="1:*", item="BODY.PEEK[]"):
    return [r[1] for r in imap.uid("FETCH", uids, f"({item})")[1] if isinstance(r, tuple)]


def labels(imap, uids):
    """{UID: the list as it was sent}"""
    lines = [r for r in imap.uid("FETCH", uids, "(UID FLAGS X-GM-LABELS)")[1] if r]
    found = [re.match(rb"\d+ \(X-GM-LABELS \((.*?)\) UID (\d+) FLAGS", line) for line in lines]
    return {int(match[2]): match[1].decode() for match in found}


# Exchange ----------------------------------------------------------------------------------------


def test_exchange_says_what_exchange_says(work, a):
    user = work.user(a, {"INBOX": [PLAIN], "Sent": []})
    with Exchange(a) as server, client(server) as imap:
        assert b"The Microsoft Exchange IMAP4 service is ready. [" in imap.welcome
        assert "AUTH=PLAIN" in imap.capabilities and "MOVE" not in imap.capabilities
        assert said(imap, 'LIST "" "*"') == "BAD Command Error. 12"
        assert imap.authenticate("PLAIN", plain(server, user))[1] == [b"AUTHENTICATE completed."]
        after = imap.capability()[1][0].decode().split()
        assert "CLIENTACCESSRULES" in after and "LITERAL+" in after
        absent = {"CONDSTORE", "MULTIAPPEND", "COMPRESS=DEFLATE", "SPECIAL-USE", "ENABLE", "QUOTA"}
        assert not absent & set(after)
        assert imap.namespace()[1] == [b'(("" "/")) NIL NIL']
        assert {line.split(b") ")[0] for line in imap.list()[1]} == {b"(\\HasNoChildren"}
        assert imap.select("INBOX")[1] == [b"1"]
        assert imap.response("PERMANENTFLAGS")[1] == [
            b"(\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)"
        ]
        assert imap.response("HIGHESTMODSEQ")[1] == [None]
        for command in (
            "UID SEARCH KEYWORD x",
            "UID FETCH 1 ()",
            "UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 1)",
            "STATUS INBOX (HIGHESTMODSEQ)",
            'LIST "" "*" RETURN (SPECIAL-USE)',
            "UID SEARCH UID " + ",".join(["1"] * 6000),
            "ID ()",
        ):
            assert said(imap, command) == "BAD Command Argument Error. 11"
        assert said(imap, "ENABLE CONDSTORE") == "BAD Command Error. 10"
        places = [append(imap, PLAIN)[1][0] for _ in range(2)]
        assert [re.search(rb"APPENDUID \d+ (\d+)\]", place)[1] for place in places] == [b"2", b"3"]
        assert imap.uid("STORE", "1", "+FLAGS.SILENT", "(\\Flagged keyword)")[0] == "OK"
    flags = [e.flags for e in mailbox.snapshot(a, user)["INBOX"]]
    assert flags == [{"\\Seen", "\\Flagged"}, {"\\Seen"}, {"\\Seen"}]


def test_exchange_of_2026_takes_tokens_alone(work, a):
    user, clock = work.user(a), Clock()
    with Exchange(a, "token_expiry", era="2026", clock=clock) as server:
        server.add_token("good", [user], lifetime_secs=3600)
        with client(server) as imap:
            assert b"Microsoft Exchange IMAP4 service ready." in imap.welcome
            assert {"LOGINDISABLED", "AUTH=XOAUTH2"} <= set(imap.capabilities)
            assert "AUTHENTICATE failed." in refusal(imap.authenticate, "PLAIN", plain(a, user))
            assert "Command Error. 12" in refusal(imap.login, user, "x")
            assert "AUTHENTICATE failed." in refusal(
                imap.authenticate, "XOAUTH2", bearer(user, "bad")
            )
            other = bearer("other@example.org", "good")
            assert "AUTHENTICATE failed." in refusal(imap.authenticate, "XOAUTH2", other)
            assert imap.authenticate("XOAUTH2", bearer(user, "good"))[0] == "OK"
            clock.now += 3599
            assert imap.select("INBOX")[0] == "OK"
            clock.now += 1
            with pytest.raises(imaplib.IMAP4.abort, match="AccessTokenExpired"):
                imap.list()


def test_exchange_ends_a_session_after_some_commands(work, a):
    user = work.user(a)
    with Exchange(a, "expire_after", expire_after=4) as server, client(server, user) as imap:
        assert [imap.noop()[0] for _ in range(2)] == ["OK", "OK"]  # CAPABILITY was the first
        with pytest.raises(imaplib.IMAP4.abort, match="AccessTokenExpired"):
            imap.noop()


@pytest.mark.parametrize("kind, says_bye", [("NO", False), ("BAD", True)])
def test_exchange_throttles_by_a_leaky_bucket(work, a, kind, says_bye):
    user, other, clock = work.user(a), work.user(a), Clock()
    options = dict(rate=2, burst=3, throttle_answer=kind, throttle_bye=says_bye, clock=clock)
    with Exchange(a, "throttle", **options) as server:
        with client(server, user) as imap:
            assert [append(imap, PLAIN)[0] for _ in range(3)] == ["OK"] * 3
            literal = f"{{{len(PLAIN.body)}}}"
            imap.send(f"t1 APPEND INBOX {literal}\r\n".encode())
            line = b"t1 %s Request is throttled. Suggested Backoff Time: 1500 milliseconds\r\n"
            assert imap.readline() == line % kind.encode()  # before the literal
            if says_bye:
                assert imap.readline() == b"* BYE Connection closed. 14\r\n"
                return
            assert "Backoff Time: 1500 milli" in refusal(imap.list)
            with client(server, other) as another:  # another mailbox does not notice
                assert another.list()[0] == "OK"
            clock.now += 1.5
            assert append(imap, PLAIN)[0] == "OK"
            clock.now += 0.5
            assert imap.select("INBOX")[1] == [b"4"]
            answer = refusal(imap.uid, "FETCH", "1:4", "(BODY.PEEK[])")
            assert "Suggested Backoff Time: 1500 milliseconds" in answer
            assert server.throttled == 3


def test_exchange_closes_after_ten_errors(work, a):
    user = work.user(a)
    with Exchange(a, "ten_errors") as server, client(server, user) as imap:
        for _ in range(9):
            assert said(imap, "STATUS INBOX (SIZE)") == "BAD Command Argument Error. 11"
        assert said(imap, "UID FETCH 1 (FLAGS)") == "BAD No mailbox selected."
        assert imap.readline() == b"* BYE Connection closed. 14\r\n"


def test_exchange_refuses_sizes_lines_names_and_keywords(work, a):
    user = work.user(a, {"Trash": [PLAIN]})
    behaviours = ("max_size", "max_line", "files_reserved", "no_case", "refuse_keywords")
    long = messages.Message(b"Subject: x\r\n\r\n" + b"x" * 2000 + b"\r\n")
    big = messages.big(1, 5000)
    with Exchange(a) as server, client(server, user) as imap:  # nothing is switched on
        assert [append(imap, m)[0] for m in (long, big)] == ["OK", "OK"]
        assert imap.create("Files")[0] == imap.create("trash")[0] == "OK"
        assert imap.append("INBOX", "(keyword)", None, PLAIN.body)[0] == "OK"
        assert imap.delete("Files")[0] == imap.delete("trash")[0] == "OK"
    with Exchange(a, *behaviours, max_size=4096, max_line=1000) as server:
        with client(server, user) as imap:
            words = refusal(append, imap, big)
            assert "Maximum size of appendable message has been exceeded" in words
            assert "Command Argument Error. 11" in refusal(append, imap, long)
            assert "Folder name is reserved" in refusal(imap.create, "Files")
            assert "Mailbox already exists" in refusal(imap.create, "trash")
            assert imap.select("tRASH")[1] == [b"1"]
            assert append(imap, PLAIN, "TRASH")[0] == "OK"
            assert "Command Argument Error. 11" in refusal(
                imap.append, "INBOX", "(\\Seen keyword)", None, PLAIN.body
            )
    assert len(mailbox.snapshot(a, user)["Trash"]) == 2


def test_exchange_loses_flagged_and_rebuilds(work, a):
    user = work.user(a)
    with Exchange(a, "lose_flagged", "rebuild") as server, client(server, user) as imap:
        append(imap, FLAGGED)
        imap.select("INBOX")
        assert imap.uid("FETCH", "1", "(FLAGS)")[1][0].count(b"\\Flagged") == 0
        imap.uid("STORE", "1", "+FLAGS.SILENT", "(\\Flagged)")
        assert imap.uid("FETCH", "1", "(FLAGS)")[1][0].count(b"\\Flagged") == 1
        (body,) = bodies(imap)
    head, want = body.partition(b"\r\n\r\n"), FLAGGED.body.partition(b"\r\n\r\n")
    assert head[2] == want[2] and len(head[0]) != len(want[0])
    names = [line.partition(b":")[0] for line in head[0].split(b"\r\n")]
    assert names.index(b"Date") < names.index(b"From") < names.index(b"Subject")
    number = re.compile(rb"^Message-ID: (.*?)\r$", re.M | re.I)
    assert number.search(body)[1] == number.search(FLAGGED.body)[1]


def test_exchange_hides_what_it_cannot_show(work, a):
    user = work.user(a, {"INBOX": [PLAIN, BROKEN]})
    with Exchange(a) as server, client(server, user) as imap:
        imap.select("INBOX", readonly=True)
        assert bodies(imap) == [PLAIN.body, BROKEN.body]
    with Exchange(a, "no_data") as server, client(server, user) as imap:
        imap.select("INBOX", readonly=True)
        assert bodies(imap) == [PLAIN.body]
        assert imap.uid("FETCH", "2", "(BODY.PEEK[])") == ("OK", [None])
        assert len(imap.uid("FETCH", "1:*", "(FLAGS)")[1]) == 2
        assert b"failed for the following message: 20004" in bodies(imap, "2", "BODY[]")[0]
    with Exchange(a, "placeholder", "heals") as server, client(server, user) as imap:
        imap.select("INBOX", readonly=True)
        (invented,) = bodies(imap, "2")
        assert invented.startswith(b"From: Microsoft Exchange Server 2010\r\n")
        assert b"The server couldn't retrieve the following message:" in invented
        assert b'Subject: "the broken one"' in invented
        assert bodies(imap, "2") == [BROKEN.body]


def test_exchange_estimates_and_searches_badly(work, a):
    user = work.user(a, {"INBOX": [messages.plain(n) for n in range(9)]})
    size = re.compile(rb"RFC822\.SIZE (\d+)")
    with Exchange(a, "estimates", "short_search") as server, client(server, user) as imap:
        imap.select("INBOX", readonly=True)
        told = [int(size.search(r)[1]) for r in imap.uid("FETCH", "1:*", "(RFC822.SIZE)")[1]]
        real = [len(messages.plain(n).body) for n in range(9)]
        assert all(one != two for one, two in zip(told, real))
        assert {one > two for one, two in zip(told, real)} == {True, False}
        assert imap.uid("SEARCH", "ALL")[1] == [b"1 2 3 4 5 6"]
    with Exchange(a) as server, client(server, user) as imap:
        imap.select("INBOX", readonly=True)
        told = [int(size.search(r)[1]) for r in imap.uid("FETCH", "1:*", "(RFC822.SIZE)")[1]]
        assert told == real
        assert imap.uid("SEARCH", "ALL")[1] == [b"1 2 3 4 5 6 7 8 9"]


def test_exchange_sets_the_trap_of_rev2(work, a):
    user = work.user(a, {"INBOX": [PLAIN]})
    with Exchange(a, "rev2_trap") as server, client(server, user) as imap:
        assert b"ENABLE IMAP4rev2" in imap.capability()[1][0]
        imap.select("INBOX")
        assert imap.uid("SEARCH", "ALL")[1] == [b"1"]
        assert said(imap, "ENABLE IMAP4rev2") == "OK ENABLE completed."
        assert imap.uid("SEARCH", "ALL")[1] == [None]
        assert imap.response("ESEARCH")[1][0].endswith(b" UID")


def test_exchange_has_no_mailbox_or_no_room(work, a):
    user, lost = work.user(a), work.user(a)
    with Exchange(a, "not_connected", "connections", without_mailbox=[lost],
                  max_connections=1) as server:  # fmt: skip
        with client(server, user) as imap, client(server) as second:
            assert imap.list()[0] == "OK"
            assert refusal(second.authenticate, "PLAIN", plain(a, user)) == "AUTHENTICATE failed."
        with client(server, lost) as imap:
            assert "User is authenticated but not connected." in refusal(imap.list)
            assert imap.readline() == b"* BYE Connection closed. 14\r\n"


# Gmail -------------------------------------------------------------------------------------------


def test_gmail_says_what_gmail_says(work, a):
    user = work.user(a, {"INBOX": [PLAIN]})
    with Gmail(a, "special_use", appendlimit=5000) as server, client(server) as imap:
        assert imap.welcome.startswith(b"* OK Gimap ready for requests from ")
        assert "AUTH=XOAUTH2" in imap.capabilities and "UIDPLUS" not in imap.capabilities
        words = refusal(imap.authenticate, "PLAIN", lambda _: f"\0{user}\0no".encode())
        assert words == "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"
        assert imap.authenticate("PLAIN", plain(server, user))[0] == "OK"
        after = imap.response("CAPABILITY")[1][-1].decode().split()
        assert {"UIDPLUS", "CONDSTORE", "LITERAL-", "APPENDLIMIT=5000"} <= set(after)
        assert not {"X-GM-EXT-1", "QRESYNC", "MULTIAPPEND", "LITERAL+"} & set(after)
        listed = imap.list()[1]
        assert b'(\\HasNoChildren \\All) "/" "[Gmail]/All Mail"' in listed
        assert b'(\\HasNoChildren \\Junk) "/" [Gmail]/Spam' in listed
        assert "[NONEXISTENT] Unknown Mailbox: [Gmail]" in refusal(imap.select, "[Gmail]")
        words = refusal(append, imap, messages.big(1, 6000))
        assert "[LIMIT] APPEND Command exceeds the maximum allowed size" in words
        imap.select("INBOX")
        assert "Could not parse" in refusal(imap.uid, "FETCH", "1", "(X-GM-LABELS)")
        imap.send(b"x APPEND INBOX {4097+}\r\n" + b"x" * 4097 + b"\r\n")
        assert imap.readline().startswith(b"x BAD Literal too long") and server.violations


def test_gmail_takes_tokens(work, a):
    user = work.user(a)
    with Gmail(a, tokens={"good": [user]}) as server, client(server) as imap:
        replies = [bearer(user, "bad")(None), b""]
        words = refusal(imap.authenticate, "XOAUTH2", lambda _: replies.pop(0))
        assert "Invalid credentials" in words and not replies
        initial = base64.b64encode(bearer(user, "good")(None)).decode()
        assert said(imap, f"AUTHENTICATE XOAUTH2 {initial}").startswith("OK ")


def test_gmail_has_labels(work, a):
    mail = [messages.plain(n) for n in range(3)]
    user = work.user(a, {"INBOX": mail, "Work": [mail[0]]})
    with Gmail(a, "labels") as server, client(server, user) as imap:
        assert b"X-GM-EXT-1" in imap.capability()[1][0]
        imap.select("Work")
        assert labels(imap, "1:*") == {1: ""}  # its own is not told, INBOX was not seen yet
        imap.select("INBOX")
        assert labels(imap, "1:*") == {1: "Work", 2: "", 3: ""}
        # What is added, taken away, put in place of the others
        assert imap.uid("STORE", "1:2", "+X-GM-LABELS", r'("A b" \Sent "say \"hi\"")')[0] == "OK"
        assert labels(imap, "1:2") == {
            1: r'"A b" Work "\\Sent" "say \"hi\""',
            2: r'"A b" "\\Sent" "say \"hi\""',
        }
        assert imap.uid("STORE", "1", "-X-GM-LABELS", '("A b" "\\\\Sent")')[0] == "OK"
        assert imap.uid("STORE", "2", "X-GM-LABELS", "(Gr&APYA3w-e)")[0] == "OK"
        assert labels(imap, "1:*") == {1: r'Work "say \"hi\""', 2: 'Gr&APYA3w-e', 3: ""}
        assert "Label name is not allowed: Migrated" in refusal(
            imap.uid, "STORE", "1", "+X-GM-LABELS", "(Migrated)"
        )
        assert "Could not parse" in refusal(imap.uid, "STORE", "1", "+X-GM-LABELS.SILENT", "(x)")
        numbers = [re.search(rb"X-GM-MSGID (\d+) X-GM-THRID \1 ", r)[1]
                   for r in imap.uid("FETCH", "1:*", "(X-GM-MSGID X-GM-THRID)")[1]]  # fmt: skip
        assert len(set(numbers)) == 3
        imap.select("Work")
        assert labels(imap, "1") == {1: r'\Inbox "say \"hi\""'}  # labels are the message's
        assert imap.uid("FETCH", "1", "(FLAGS)")[1][0].count(b"Gm") == 0
    assert set(mailbox.snapshot(a, user)) == {"INBOX", "Work"}


def test_gmail_tells_changed_labels_by_modseq(work, a):
    mail = [messages.plain(n) for n in range(3)]
    user = work.user(a, {"INBOX": mail, "Work": [mail[0]]})
    with Gmail(a, "labels") as server, client(server, user) as imap:
        for folder in ("INBOX", "Work"):
            imap.select(folder)
            labels(imap, "1:*")
        marks = {}
        for folder in ("INBOX", "Work"):
            status = imap.status(folder, "(HIGHESTMODSEQ)")[1][0]
            marks[folder] = int(re.search(rb"HIGHESTMODSEQ (\d+)", status)[1])
        imap.select("INBOX")
        imap.uid("STORE", "1", "+X-GM-LABELS", "(new)")
        for folder in ("INBOX", "Work"):
            imap.select(folder)
            since = f"(CHANGEDSINCE {marks[folder]})"
            told = imap.uid("FETCH", "1:*", "(UID FLAGS X-GM-LABELS)", since)[1]
            assert len(told) == 1 and b"new" in told[0] and b"UID 1 " in told[0]


def test_gmail_shows_a_message_by_its_labels(work, a):
    user = work.user(a)
    behaviours = ("labels", "one_message", "special_use")
    with Gmail(a, *behaviours) as server, client(server, user) as imap:
        imap.create("Work")
        one = append(imap, PLAIN)[1][0]
        assert append(imap, PLAIN)[1][0].split(b"]")[0] == one.split(b"]")[0]  # there already
        append(imap, FLAGGED)
        append(imap, FLAGGED, "Work")
        append(imap, messages.plain(3), '"[Gmail]/Spam"')
        imap.select("INBOX")
        assert labels(imap, "1:*") == {1: "", 2: "Work"}
        imap.uid("STORE", "1", "+X-GM-LABELS", '("Work" "New one")')
        imap.uid("STORE", "2", "-X-GM-LABELS", "(Work)")
    found = mailbox.snapshot(a, user)
    counts = {name: len(entries) for name, entries in found.items() if entries}
    assert counts == {
        "INBOX": 2, "Work": 1, "New one": 1, "[Gmail]/All Mail": 2, "[Gmail]/Spam": 1
    }  # fmt: skip
    assert found["Work"][0].sha256 == found["New one"][0].sha256 == found["INBOX"][0].sha256


def test_gmail_has_limits(work, a):
    user, clock = work.user(a, {"INBOX": [messages.big(1, 5000)]}), Clock()
    options = dict(daily_down=4000, daily_up=3000, max_connections=1, clock=clock)
    overquota = "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"
    with Gmail(a, "bandwidth", "connections", "throttled", "strict_names", **options) as server:
        with client(server, user) as imap:
            with client(server) as second:
                words = refusal(second.authenticate, "PLAIN", plain(a, user))
                assert words == "[ALERT] Too many simultaneous connections. (Failure)"
            words = refusal(imap.create, '"a / b"')
            assert words == "[CANNOT] Folder contains excess whitespace (Failure)"
            imap.select("INBOX")
            assert append(imap, messages.big(2, 3000))[1][0].endswith(b" [THROTTLED]")
            assert refusal(append, imap, PLAIN) == overquota
            assert refusal(imap.uid, "FETCH", "1", "(BODY.PEEK[])") == overquota
            clock.now += 86400
            assert len(bodies(imap, "1")) == 1
            assert refusal(append, imap, PLAIN) == overquota
        with client(server) as imap:
            assert refusal(imap.authenticate, "PLAIN", plain(a, user)) == overquota


@pytest.mark.parametrize("kind", [Exchange, Gmail])
def test_an_unknown_behaviour_is_a_mistake_in_the_test(a, kind):
    with pytest.raises(AssertionError, match="no such behaviour: {'typo'}"):
        kind(a, "typo")
