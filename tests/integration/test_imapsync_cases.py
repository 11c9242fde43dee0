# SPDX-License-Identifier: MIT
"""Command lines of imapsync's own tests that no other file here runs, with what they do to the
mailboxes: imapsync checks little more than that it ended."""

import re
import time

import pytest

from tests.integration.harness import USAGE
from tests.servers import mailbox
from tests.servers.messages import Message


def mail(number, head=b"", body=b"text\r\n", identity=True, flags=()):
    known = b"Message-ID: <%d@x>\r\n" % number if identity else b""
    return Message(b"Subject: number %d\r\n" % number + head + known + b"\r\n" + body, flags)


def bodies(server, user, folder="INBOX"):
    """By the number in their Subject."""
    found = {}
    with mailbox.Mailbox(server, user) as box:
        if box.imap.select('"%s"' % box.raw_name(folder), readonly=True)[1] == [b"0"]:
            return found
        for item in box.imap.fetch("1:*", "(BODY.PEEK[])")[1]:
            if isinstance(item, tuple):
                number = int(re.search(rb"^Subject: number (\d+)", item[1], re.M)[1])
                found.setdefault(number, []).append(item[1])
    return found


def count(server, user, folder="INBOX"):
    return {number: len(items) for number, items in bodies(server, user, folder).items()}


@pytest.fixture
def pair(work, a, b):
    def make(source, destination=None):
        user = work.pair(a, b, source, destination)
        return user, work.row(a, b, user)

    return make


# Identity and duplicates -------------------------------------------------------------------------


def test_ll_addheader_and_delete2(work, b, pair):
    """imapsync's order: copies get a field, and are known by it when the rest is tidied up."""
    user, row = pair({"INBOX": [mail(1), mail(2, identity=False)]}, {"INBOX": [mail(3)]})
    options = ("--folder", "INBOX", "--delete2", "--addheader")
    for _ in range(2):
        run = work.sync(row, *options)
        assert count(b, user) == {1: 1, 2: 1}
    assert (run.row()["copied"], run.row()["already"]) == (0, 2)
    assert b"Message-Id: <2@imapsync>\r\n" in bodies(b, user)[2][0]


def test_ll_addheader_minage(work, b, pair):
    old, new = b"Date: Mon, 6 Mar 2000 12:00:00 +0000\r\n", time.strftime(
        "Date: %a, %d %b %Y %H:%M:%S +0000\r\n", time.gmtime()
    ).encode()
    user, row = pair({"INBOX": [mail(1, old, identity=False), mail(2, new, identity=False)]})
    run = work.sync(row, "--folder", "INBOX", "--minage", "100", "--addheader")
    assert count(b, user) == {1: 1}
    assert run.row()["not_selected"] == 1
    assert work.sync(row, "--folder", "INBOX", "--minage", "100", "--addheader").row()["copied"] == 0


def test_ll_syncduplicates(work, b, pair):
    twice = {"INBOX": [mail(1), mail(1), mail(2)]}
    user, row = pair(twice, {"INBOX": [mail(1), mail(3)]})
    work.sync(row, "--folder", "INBOX", "--syncduplicates", "--delete2")
    assert count(b, user) == {1: 2, 2: 1}
    run = work.sync(row, "--folder", "INBOX", "--syncduplicates", "--noskipsize", "--dry")
    assert run.row()["excluded"] == 0, "nothing would be copied"


def test_ll_remove_duplicates(work, a):
    """An account tidied up by itself: FAQ.Duplicates."""
    user = work.user(a, {"INBOX": [mail(1), mail(1), mail(2)]})
    row = {**work.side(1, a, user), **work.side(2, a, user)}
    options = ("--folder", "INBOX", "--delete2duplicates", "--nosyncduplicates")
    work.sync(row, *options, "--dry")
    assert count(a, user) == {1: 2, 2: 1}
    for _ in range(2):
        work.sync(row, *options)
        assert count(a, user) == {1: 1, 2: 1}


# Folders -----------------------------------------------------------------------------------------


def test_ll_regextrans2_allin(work, b, pair):
    user, row = pair(
        {"INBOX": [mail(1)], "Work": [mail(2)], "Work/Old": [mail(3)]}, {"Archive": [mail(9)]}
    )
    options = ("--regextrans2", "s/.*/INBOX.Archive/", "--folderrec", "Work", "--delete2")
    for _ in range(2):
        work.sync(row, *options)
        assert count(b, user, "Archive") == {2: 1, 3: 1}
    assert count(b, user) == {}


# Deletion ----------------------------------------------------------------------------------------


def test_ll_delete2_minage_useuid(work, b, pair):
    """What is too new to be selected does not look deleted, and new mail there is left alone."""
    old = b"Date: Mon, 6 Mar 2000 12:00:00 +0000\r\n"
    new = time.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n", time.gmtime()).encode()
    user, row = pair(
        {"INBOX": [mail(1, old), mail(2, new)]},
        {"INBOX": [mail(2, new), mail(3, new), mail(4, old)]},
    )
    options = ("--folder", "INBOX", "--delete2", "--uidexpunge2", "--minage", "100", "--useuid")
    work.sync(row, *options)
    assert count(b, user) == {1: 1, 2: 1, 3: 1}


def test_ll_search_sentsince_and_before_search2_delete2(work, b, pair):
    def dated(number, year):
        return mail(number, b"Date: Mon, 6 Mar %d 12:00:00 +0000\r\n" % year)

    user, row = pair(
        {"INBOX": [dated(1, 2010), dated(2, 2011), dated(3, 2012)]},
        {"INBOX": [dated(4, 2010), dated(5, 2011), dated(6, 2012)]},
    )
    search = "SENTSINCE 1-Jan-2011 SENTBEFORE 1-Jan-2012"
    work.sync(row, "--search", search, "--delete2")
    assert count(b, user) == {2: 1, 4: 1, 6: 1}


# Messages that are changed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, text, wanted",
    [
        (("--regexmess", r"s/(\x00)+\Z//g"), b"end\0\0", b"end"),
        (("--regexmess", r"s{(?<![\n])\z}{\r\n}gxms"), b"no end", b"no end\r\n"),
        (("--regexmess", r"s{(?<![\n])\z}{\r\n}gxms"), b"end\r\n", b"end\r\n"),
        (("--truncmess", "60"), b"x" * 100, None),
        (("--pipemess", "cat"), b"as it is\r\n", b"as it is\r\n"),
        (("--pipemess", "tr x X"), b"text\r\n", b"teXt\r\n"),
    ],
    ids=["trailing NUL", "CRLF is added", "CRLF is there", "cut", "cat", "tr"],
)
def test_ll_transforms(work, a, b, pair, options, text, wanted):
    message = mail(1, body=text)
    user, row = pair({"INBOX": [message]})
    # A NUL can't be in a literal; what Dovecot keeps of it is what is changed.
    held = bodies(a, user)[1][0]
    run = work.sync(row, *options)
    (copy,) = bodies(b, user)[1]
    if options[0] == "--truncmess":
        assert copy == held[:60]
    elif b"\0" in held or b"\0" not in text:
        head = held[: held.index(b"\r\n\r\n") + 4]
        if options == ("--pipemess", "tr x X"):
            head = head.replace(b"x", b"X")
        assert copy == head + wanted
    assert run.row()["copied"] == 1
    assert work.sync(row, *options).row()["copied"] == 0


@pytest.mark.parametrize("command", ["false", "true", "/no/such/command"])
def test_ll_pipemess_that_fails(work, b, pair, command):
    """It is tried once before; without the trial it costs the message, which is listed."""
    user, row = pair({"INBOX": [mail(1)]})
    work.sync(row, "--pipemess", command, expect=USAGE)
    run = work.sync(row, "--pipemess", command, "--nopipemesscheck", expect=(111, 114))
    assert count(b, user) == {}
    (problem,) = run.problems()
    assert problem["reason"] == "failed" and command in problem["server_text"]


def test_ll_skipmess_8bits(work, b, pair):
    user, row = pair({"INBOX": [mail(1), mail(2, body="Grüße\r\n".encode())]})
    run = work.sync(row, "--skipmess", r"m/[\x80-\xff]/")
    assert count(b, user) == {1: 1}
    assert run.row()["excluded"] == 1


def test_ll_size_null(work, b, pair):
    """An empty body, and next to no header at all."""
    user, row = pair({"INBOX": [mail(1, body=b""), Message(b"Subject: number 2\r\n\r\n")]})
    work.sync(row)
    assert count(b, user) == {1: 1, 2: 1}


# Flags -------------------------------------------------------------------------------------------


def flags(server, user):
    with mailbox.Mailbox(server, user) as box:
        box.imap.select("INBOX", readonly=True)
        line = box.imap.fetch("1", "(FLAGS)")[1][0]
    return set(re.search(rb"FLAGS \(([^)]*)\)", line)[1].split()) - {rb"\Recent"}


@pytest.mark.parametrize(
    "options, wanted",
    [
        (("--regexflag", r"s,,\\Seen ,"), {rb"\Seen", rb"\Answered", b"Work"}),
        (("--regexflag", r"s/(.*)/$1 \\Seen/"), {rb"\Seen", rb"\Answered", b"Work"}),
        (("--regexflag", r"s/\\Answered/\$Forwarded/g"), {b"$Forwarded", b"Work"}),
        (("--regexflag", r"s/.*?(\\Answered|\\Seen)?.*/$1/"), {rb"\Answered"}),
        (("--systemflagsonly",), {rb"\Answered"}),
    ],
    ids=["empty pattern", "added", "renamed", "alternation", "in place of /e"],
)
def test_ll_regexflag(work, b, pair, options, wanted):
    user, row = pair({"INBOX": [mail(1, flags=("\\Answered", "Work"))]})
    work.sync(row, *options)
    assert flags(b, user) == wanted
