# SPDX-License-Identifier: MIT
"""Which messages are copied, and how."""

import collections
import datetime
import re

import pytest

from tests.integration.harness import EXCEPTIONS, assert_same
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import ScriptedServer, no

SIZES = {"INBOX": [messages.plain(1), messages.with_attachment(2), messages.big(3, 300_000)]}


def not_copied_by_size(run):
    return run.row()["excluded"] + run.row()["too_big"]


@pytest.mark.parametrize(
    "options, copied",
    [
        (("--maxsize", "100_000"), 2),
        (("--maxsize", "5000"), 1),
        (("--minsize", "5000"), 2),
        (("--minsize", "5000", "--maxsize", "100k"), 1),
        (("--maxsize", "10G"), 3),
    ],
)
def test_sizes(work, a, b, options, copied):
    user = work.pair(a, b, SIZES)
    run = work.batch([work.row(a, b, user)], *options, expect=(0, EXCEPTIONS))
    assert run.row()["copied"] == copied
    assert not_copied_by_size(run) == 3 - copied
    assert {p["folder"] for p in run.problems()} <= {"INBOX"}
    for problem in run.problems():
        assert int(problem["uid"]) in (1, 2, 3) and int(problem["size"]) > 0
        assert problem["message_id"].strip("<>").endswith("@mail.example")
        assert problem["date"].startswith("2019-03-0") and problem["server_text"]


def test_the_limit_itself_is_copied(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    size = len(messages.plain(1).body)
    row = work.row(a, b, user)
    run = work.batch([row | {"maxsize": str(size - 1)}], expect=(0, EXCEPTIONS))
    assert run.row()["copied"] == 0
    assert work.batch([row | {"maxsize": str(size)}]).row()["copied"] == 1


def test_addheader(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.no_header(1), messages.plain(2)]})
    row = work.row(a, b, user)
    work.sync(row, "--addheader")
    with mailbox.Mailbox(b, user) as box:
        box.imap.select("INBOX", readonly=True)
        bodies = [i[1] for i in box.imap.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(i, tuple)]
    assert messages.plain(2).body in bodies
    (added,) = [body for body in bodies if body != messages.plain(2).body]
    head, _, rest = added.partition(b"\r\n")
    assert head.lower().startswith(b"message-id: <") and rest == messages.no_header(1).body
    assert work.sync(row, "--addheader").row()["already"] == 2


def test_added_headers_of_merged_folders_are_told_apart(work, a, b):
    """Both messages are number 1 of their folder, so both get the same Message-Id."""
    lost, other = messages.no_header(1), messages.no_header(2)
    user = work.pair(a, b, {"INBOX": [lost], "Sent": [other]})
    options = ("--addheader", "--f1f2", "Sent=INBOX")
    with Proxy(b).on("^APPEND", no("not this one"), body=re.escape(lost.body)) as destination:
        run = work.batch([work.row(a, destination, user)], *options, expect=EXCEPTIONS)
    assert (run.row()["copied"], run.row()["failed"]) == (1, 1)
    run = work.batch([work.row(a, b, user)], *options)
    assert (run.row()["copied"], run.row()["already"]) == (1, 1)
    with mailbox.Mailbox(b, user) as box:
        box.imap.select("INBOX", readonly=True)
        bodies = [i[1] for i in box.imap.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(i, tuple)]
    assert sorted(body.partition(b"\r\n")[2] for body in bodies) == sorted([lost.body, other.body])


def test_messages_without_identity_are_not_taken_for_each_other(work, a, b):
    """Of one size, but of two dates: only the other one is there."""
    user = work.pair(a, b, {"INBOX": [messages.no_header(1)]})
    mailbox.fill(b, user, {"INBOX": [messages.no_header(2)]})
    run = work.batch([work.row(a, b, user)])
    assert (run.row()["copied"], run.row()["already"]) == (1, 0)
    run = work.batch([work.row(a, b, user)])
    assert (run.row()["copied"], run.row()["already"]) == (0, 1)


def test_without_dates_their_size_must_do(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.no_header(1)]})
    row = work.row(a, b, user)
    assert work.batch([row], "--nosyncinternaldates").row()["copied"] == 1
    assert work.batch([row], "--nosyncinternaldates").row()["already"] == 1


def test_nosyncduplicates(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)] * 4 + [messages.plain(2)]})
    row = work.row(a, b, user)
    run = work.batch([row], "--nosyncduplicates", expect=(0, EXCEPTIONS))
    assert run.row()["copied"] == 2
    assert len(mailbox.snapshot(b, user)["INBOX"]) == 2
    run = work.batch([row], "--nosyncduplicates", expect=(0, EXCEPTIONS))
    assert run.row()["copied"] == 0


def test_nosyncinternaldates(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    work.sync(work.row(a, b, user), "--nosyncinternaldates")
    (entry,) = mailbox.snapshot(b, user)["INBOX"]
    assert "2019" not in entry.date
    assert_same(a, b, user, dates=False)


def test_flags_pass_permanentflags(work, a, authority):
    user = work.user(a, {"INBOX": [messages.plain(1, ("\\Seen", "\\Flagged", "$Forwarded", "Work"))]})
    flags = r"\Answered \Deleted \Seen \Draft"
    with ScriptedServer(authority=authority, permanent_flags=flags) as server:
        row = work.side(1, a, user) | work.side(2, server, "u", work.secret())
        assert work.sync(row).row()["copied"] == 1
        (append,) = server.seen("^APPEND")
    assert "\\Seen" in append
    for flag in ("\\Flagged", "$Forwarded", "Work", "\\Recent"):
        assert flag not in append


def test_recent_is_never_sent(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    with Proxy(b) as proxy:
        work.sync(work.row(a, proxy, user))
        assert proxy.seen("^APPEND") and not proxy.seen(r"^APPEND.*\\Recent")


def test_many_keywords(work, a, b):
    flags = tuple(f"Keyword{n}" for n in range(20)) + ("\\Seen",)
    user = work.pair(a, b, {"INBOX": [messages.plain(1, flags)]})
    work.sync(work.row(a, b, user))
    assert_same(a, b, user)


@pytest.mark.parametrize("order", ["normal", "reversed", "uid-last", "both"])
def test_bodies_are_matched_by_uid(work, authority, b, order):
    """The scripted server gives UID n the INTERNALDATE minute n and the subject n."""
    bodies = [b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\n%s\r\n" % (n, n, b"x" * n * 10)
              for n in range(1, 51)]  # fmt: skip
    user = work.user(b)
    with ScriptedServer({"INBOX": bodies}, authority, fetch_order=order) as server:
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, user)
        assert work.sync(row).row()["copied"] == 50
    entries = mailbox.snapshot(b, user)["INBOX"]
    assert len(entries) == 50
    for entry in entries:
        number = entry.message_id.strip("<>").partition("@")[0]
        assert entry.date.startswith(f"01-Mar-2020 10:{int(number):02d}:00")


def test_dates_of_all_zones_and_years(work, a, b):
    dates = [
        datetime.datetime(year, month, day, 23, 59, 59, tzinfo=datetime.timezone(
            datetime.timedelta(minutes=zone)))
        for year, month, day, zone in ((1980, 1, 1, 0), (2000, 2, 29, -570), (2037, 12, 31, 840))
    ]  # fmt: skip
    items = [messages.Message(messages.plain(n).body, (), d) for n, d in enumerate(dates)]
    user = work.pair(a, b, {"INBOX": items})
    work.sync(work.row(a, b, user))
    assert_same(a, b, user)


@pytest.mark.parametrize("hide", [(), ("MULTIAPPEND",), ("MULTIAPPEND", "LITERAL+")])
def test_refused_messages_while_the_next_folder_is_read(work, a, b, hide):
    """The source has gone on when the refusal comes: it goes back, and the report knows of which
    messages it speaks."""
    poison = {"INBOX": 3, "Folder 1": 101, "Folder 2": 209, "Folder 4": 404}
    tree = {name: [messages.plain(100 * i + n) for n in range(10)] for i, name in enumerate(
        ["INBOX", "Folder 1", "Folder 2", "Folder 3", "Folder 4"])}
    user = work.pair(a, b, tree)
    proxy = Proxy(b, hide=hide, latency_msecs=5)
    for number in poison.values():
        proxy.on("^APPEND", no("[CANNOT] poison"), body=rb"Subject: [^\r]* %d\r\n" % number)
    with proxy:
        run = work.batch([work.row(a, proxy, user)], expect=EXCEPTIONS)
    row = run.row()
    assert (row["source_messages"], row["copied"], row["failed"]) == (50, 46, 4)
    problems = {p["folder"]: p for p in run.problems()}
    assert set(problems) == set(poison) and len(run.problems()) == 4
    for folder, number in poison.items():
        assert problems[folder]["message_id"].encode() in messages.plain(number).body
        assert "@" in problems[folder]["message_id"]
        assert problems[folder]["uid"] == str(number % 100 + 1)
        assert "poison" in problems[folder]["server_text"] and problems[folder]["date"]
    copied = mailbox.snapshot(b, user)
    assert {name: len(entries) for name, entries in copied.items() if entries} == {
        name: 10 - (name in poison) for name in tree}


def test_a_large_folder_that_is_partly_there(work, a, b):
    """Above 10,000 messages the destination is listed first. Two copies need two."""
    count, there, twice, strangers = 10_050, 6_000, 40, 25
    unique = [messages.tiny(n) for n in range(count - twice)]
    user = work.pair(a, b, {})
    with mailbox.Mailbox(a, user) as box:
        box.append_all("INBOX", unique + unique[:twice])
    with mailbox.Mailbox(b, user) as box:
        box.append_all("INBOX", [messages.tiny(count + n) for n in range(strangers)])
        box.append_all("INBOX", unique[:there][::-1])
    row = work.row(a, b, user)
    run = work.batch([row])
    assert (run.row()["already"], run.row()["copied"]) == (there, count - there)
    run = work.batch([row])
    assert (run.row()["already"], run.row()["copied"]) == (count, 0)
    with mailbox.Mailbox(a, user) as old, mailbox.Mailbox(b, user) as new:
        wanted = collections.Counter(entry.sha256 for entry in old.entries("INBOX"))
        found = collections.Counter(entry.sha256 for entry in new.entries("INBOX"))
    assert not wanted - found and (found - wanted).total() == strangers


@pytest.mark.parametrize("count, is_selected", [(499, False), (500, True)])
def test_a_folder_that_gets_many_is_selected(work, a, b, count, is_selected):
    user = work.pair(a, b, {})
    with mailbox.Mailbox(a, user) as box:
        box.append_all("INBOX", [messages.tiny(n) for n in range(count)])
    with Proxy(b) as proxy:
        assert work.batch([work.row(a, proxy, user)]).row()["copied"] == count
        commands = [c.split()[0].upper() for c in proxy.seen("^(SELECT|UNSELECT|APPEND)")]
    before = commands[: commands.index("APPEND")]
    assert before[-1] == ("SELECT" if is_selected else "UNSELECT")
    assert_same(a, b, user)
