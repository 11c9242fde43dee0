# SPDX-License-Identifier: MIT
"""Bad servers. Each fault ends in a plain sentence with the server's words, the right status, the
other pairs unharmed, and after the next run with a good server nothing is missing or twice."""

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, assert_same
from tests.servers import mailbox, messages
from tests.servers.dovecot import quota_plugins
from tests.servers.proxy import Proxy, cut_in_literal, pass_then_drop
from tests.servers.scripted import (
    PASS,
    ScriptedServer,
    answer,
    bad,
    bye,
    drop,
    endless_line,
    hang,
    no,
    rubbish,
    wrong_tag,
)

ANY = (COMPLETE, EXCEPTIONS, FAILED, PAUSED)
NOT_COMPLETE = (EXCEPTIONS, FAILED, PAUSED)
THREE = [b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\nbody\r\n" % (n, n) for n in range(1, 4)]
THROTTLED = "Request is throttled. Suggested Backoff Time: 300 milliseconds"
TREE = {
    "INBOX": [messages.plain(n) for n in range(40)],
    "Sent": [messages.plain(n) for n in range(100, 120)],
    "Work": [messages.with_attachment(n) for n in range(200, 210)],
}
COUNT = sum(len(items) for items in TREE.values())


def beside_a_good_pair(work, a, b, bad_row, *options, expect):
    """Runs the bad row and a good one; returns the run and the bad row's summary and log."""
    good = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(20)]})
    run = work.batch([bad_row, work.row(a, b, good)], *options, expect=expect)
    assert run.rows()[1]["status"] == "complete"
    assert_same(a, b, good)
    logs = [p.read_text() for p in (run.files / "users").iterdir()]
    (log,) = [text for text in logs if good not in text] or [""]
    return run, run.rows()[0], log


def from_scripted(work, server, b, user=None):
    """A row from a scripted server to a new user of b."""
    return work.side(1, server, "scripted", work.secret()) | work.side(2, b, user or work.user(b))


# Faults of a whole connection ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", [bye("going down for maintenance"), drop, hang, rubbish, wrong_tag, endless_line],
    ids=["bye", "drop", "hang", "rubbish", "wrong_tag", "endless_line"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["^(LOGIN|AUTHENTICATE)", "^LIST", "^EXAMINE", r"^UID FETCH.*BODY"])
def test_a_source_that_goes_wrong(work, authority, a, b, command, action):
    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on(command, action)
        run, row, log = beside_a_good_pair(
            work, a, b, from_scripted(work, server, b), "--timeout", "2", expect=NOT_COMPLETE
        )
    assert row["status"] in ("failed", "paused", "exceptions")
    assert row["copied"] == 0 and row["error"] and row["error"] in log
    assert row["error_code"] in ("closed", "timeout", "protocol", "auth", "listing", "fetch", "select")
    if action is hang:
        assert row["error_code"] == "timeout"
    if "maintenance" in log:
        assert "going down for maintenance" in row["error"]


@pytest.mark.parametrize(
    "greeting, word",
    [
        ("* BYE too many connections", "too many connections"),
        ("220 mail.example ESMTP", "220 mail.example ESMTP"),
        (None, ""),
        ("", ""),
        ("* OK " + "x" * 500_000, ""),
    ],
    ids=["bye", "smtp", "silence", "empty line", "endless"],
)
def test_greetings_that_are_none(work, authority, a, b, greeting, word):
    with ScriptedServer(authority=authority, greeting=greeting) as server:
        if greeting and len(greeting) > 1000:
            server.on("", drop)
        _, row, log = beside_a_good_pair(
            work, a, b, from_scripted(work, server, b), "--timeout", "2", expect=(FAILED, PAUSED)
        )
    assert word in row["error"] and word in log


def test_a_server_without_tls_on_the_tls_port(work, a, b):
    with ScriptedServer() as server:
        row = from_scripted(work, b, b) | {"host1": "localhost", "port1": str(server.port)}
        _, summary, _ = beside_a_good_pair(
            work, a, b, row, "--timeout", "3", expect=FAILED
        )
    assert summary["error_code"] in ("tls", "timeout")


@pytest.mark.parametrize("where", ["^(LOGIN|AUTHENTICATE)", "^(EXAMINE|SELECT)"])
def test_words_of_the_server_are_escaped(work, authority, a, b, where):
    evil = '[CANNOT] \x1b[2J\x1b]0;owned\x07 "=cmd|x" <script>'
    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on(where, no(evil))
        run, row, log = beside_a_good_pair(
            work, a, b, from_scripted(work, server, b), expect=NOT_COMPLETE
        )
    for text in (log, run.out, run.err, run.text("summary.txt")):
        assert "\x1b" not in text and "\x07" not in text


def test_signed_in_but_not_connected(work, authority, a, b):
    """What Office 365 says when the mailbox is not the login's."""
    words = "User is authenticated but not connected."
    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on("^(LIST|NAMESPACE|EXAMINE|SELECT|STATUS)", bad(words))
        _, row, _ = beside_a_good_pair(
            work, a, b, from_scripted(work, server, b), expect=(FAILED, PAUSED)
        )
    assert words in row["error"]


# Listings --------------------------------------------------------------------------------------------


def is_listing(command):
    return "BODY[]" not in command.upper() and "BODY.PEEK[]" not in command.upper()


def test_a_list_that_ends_no(work, authority, a, b):
    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on("^LIST", answer('* LIST () "/" "INBOX"', "{tag} NO [SERVERBUG] try later"))
        _, row, _ = beside_a_good_pair(
            work, a, b, from_scripted(work, server, b), expect=(FAILED, PAUSED)
        )
    assert row["copied"] == 0 and "try later" in row["error"]


@pytest.mark.parametrize("words", [THROTTLED, "Internal error"])
def test_a_listing_that_is_refused(work, authority, b, words):
    """The folder is failed and left alone on both sides; the other folder is copied."""
    there = {"INBOX": [messages.plain(1)], "Old": [messages.plain(2)]}
    user = work.user(b, there)
    before = mailbox.snapshot(b, user)

    def refuse_inbox(session, tag, command):
        if session.selected == "INBOX":
            return session.send(f"{tag} BAD {words}")
        return PASS

    with ScriptedServer({"INBOX": THREE, "Sent": THREE}, authority) as server:
        server.on("^(UID )?(FETCH|SEARCH)", refuse_inbox)
        run = work.batch([from_scripted(work, server, b, user)], expect=NOT_COMPLETE)
        assert not server.seen("STORE|EXPUNGE|DELETE")
    row = run.row()
    assert row["status"] in ("exceptions", "failed", "paused") and words in row["error"]
    after = mailbox.snapshot(b, user)
    assert after["INBOX"] == before["INBOX"] and after["Old"] == before["Old"]
    if row["status"] == "exceptions":
        assert row["copied"] == 3 and row["source_messages"] == 6
        assert row["failed"] + row["unreadable"] == 3


def test_a_throttle_that_passes(work, authority, b):
    user = work.user(b)
    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on("^UID (FETCH|SEARCH)", bad(THROTTLED), times=1)
        row = from_scripted(work, server, b, user)
        work.batch([row], expect=ANY)
        run = work.batch([row])
        assert run.row()["copied"] + run.row()["already"] == 3
    assert len(mailbox.snapshot(b, user)["INBOX"]) == 3


@pytest.mark.parametrize("told", [0, 2])
def test_a_listing_that_is_short(work, authority, b, told):
    """OK, but fewer messages than EXISTS said: never an empty folder, never a partial one."""
    user = work.user(b, {"INBOX": [messages.plain(1)]})
    before = mailbox.snapshot(b, user)

    def short(session, tag, command):
        if not is_listing(command):
            return PASS
        if "SEARCH" in command.upper():
            session.send("* SEARCH " + " ".join(str(n + 1) for n in range(told)))
        else:
            for uid in range(1, told + 1):
                session.send_message(uid, command)
        return session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on("^(UID )?(FETCH|SEARCH)", short)
        run = work.batch([from_scripted(work, server, b, user)], expect=NOT_COMPLETE)
    row = run.row()
    assert row["copied"] == 0 and row["error_code"] == "listing"
    assert mailbox.snapshot(b, user) == before


def test_a_short_listing_of_the_destination(work, authority, a):
    """Else everything would be copied once more."""
    user = work.user(a, {"INBOX": [messages.plain(n) for n in range(5)]})
    with ScriptedServer({"INBOX": [messages.plain(n).body for n in range(5)]}, authority) as server:
        server.on("^(UID )?(FETCH|SEARCH)", answer("{tag} OK done"))
        row = work.side(1, a, user) | work.side(2, server, "u", work.secret())
        run = work.batch([row], expect=NOT_COMPLETE)
        assert not server.seen("^APPEND") and len(server.messages["INBOX"]) == 5
    assert run.row()["copied"] == 0


# Bodies ----------------------------------------------------------------------------------------------


def no_data(session, tag, command):
    session.send(f"{tag} OK done")


def nil_body(session, tag, command):
    session.send(r"* 2 FETCH (UID 2 FLAGS (\Seen) INTERNALDATE "
                 '"01-Mar-2020 10:02:00 +0000" RFC822.SIZE 40 BODY[] NIL)')  # fmt: skip
    session.send(f"{tag} OK done")


def refused(session, tag, command):
    session.send(f"{tag} NO message is damaged")


@pytest.mark.parametrize("action", [no_data, nil_body, refused])
def test_one_message_that_cannot_be_read(work, authority, b, action):
    user = work.user(b)

    def on_fetch(session, tag, command):
        if is_listing(command):
            return PASS
        uid_set, _, items = command.split(maxsplit=2)[2].partition(" ")
        uids = session.uids(uid_set)
        if 2 not in uids:
            return PASS
        if uids == [2]:
            return action(session, tag, command)
        for uid in uids:
            if uid != 2:
                session.send_message(uid, items)
        return action(session, tag, command)

    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on("^UID FETCH", on_fetch)
        run = work.batch([from_scripted(work, server, b, user)], expect=EXCEPTIONS)
    row = run.row()
    assert row["copied"] == 2
    assert row["unreadable"] + row["vanished"] + row["failed"] == 1
    (problem,) = run.problems()
    assert (problem["folder"], problem["uid"]) == ("INBOX", "2")
    if action is refused:
        assert "message is damaged" in problem["server_text"]
    assert {e.message_id for e in mailbox.snapshot(b, user)["INBOX"]} == {"<1@x>", "<3@x>"}


def test_a_huge_literal_is_not_believed(work, authority, a, b):
    def huge(session, tag, command):
        session.send("* 1 FETCH (UID 1 BODY[] {4000000000000}")
        session.send_raw(b"x" * 100_000)
        raise ConnectionError

    with ScriptedServer({"INBOX": THREE}, authority) as server:
        server.on("^UID FETCH.*BODY.*\\[\\]", huge)
        _, row, _ = beside_a_good_pair(
            work, a, b, from_scripted(work, server, b), "--timeout", "3", expect=NOT_COMPLETE
        )
    assert row["copied"] == 0


# The destination --------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_created(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b).on(r'^CREATE "?INBOX\.Work', no("[CANNOT] That name is taken by the admin")) as proxy:
        run = work.batch([work.row(a, proxy, user)], expect=EXCEPTIONS)
    row = run.row()
    assert (row["copied"], row["failed"]) == (60, 10)
    assert {p["folder"] for p in run.problems()} == {"Work"}
    assert "That name is taken by the admin" in row["error"] and row["error_code"] == "create"
    assert "That name is taken by the admin" in run.user_log(user)
    work.batch([work.row(a, b, user)])
    assert_same(a, b, user)


@pytest.mark.parametrize("hidden", [[], ["LITERAL+"]])
def test_a_refused_message(work, a, b, hidden):
    guilty = messages.Message(b"Subject: x\r\nMessage-ID: <guilty@x>\r\n\r\nvirus here\r\n")
    user = work.pair(a, b, {"INBOX": [*TREE["INBOX"], guilty, messages.plain(900)]})
    with Proxy(b, hide=hidden).on("^APPEND", no("Rejected: virus"), body=rb"virus here") as proxy:
        run = work.batch([work.row(a, proxy, user)], expect=EXCEPTIONS)
    row = run.row()
    assert (row["status"], row["copied"], row["failed"]) == ("exceptions", 41, 1)
    (problem,) = run.problems()
    assert problem["message_id"].strip("<>") == "guilty@x" and problem["reason"] == "failed"
    assert "Rejected: virus" in problem["server_text"]
    assert "Rejected: virus" in run.user_log(user)


def test_a_message_too_big_for_the_server(work, a, dovecot):
    limited = dovecot("limited", **quota_plugins(max_mail_size="100k"))
    user = work.pair(a, limited, {"INBOX": [messages.plain(1), messages.big(2, 200_000)]})
    run = work.batch([work.row(a, limited, user)], expect=EXCEPTIONS)
    row = run.row()
    assert (row["copied"], row["too_big"] + row["failed"]) == (1, 1)
    assert "larger than the maximum size" in run.problems()[0]["server_text"]


def test_a_full_mailbox(work, a, b, dovecot):
    full = dovecot("full", **quota_plugins(storage_limit="500k"))
    content = {"INBOX": [messages.with_attachment(n, size=90_000) for n in range(12)]}
    user = work.pair(a, full, content)
    _, row, log = beside_a_good_pair(work, a, b, work.row(a, full, user), expect=NOT_COMPLETE)
    assert row["status"] in ("failed", "paused", "exceptions") and row["copied"] < 12
    assert row["error_code"] == "quota" and "Quota exceeded" in row["error"] + log


@pytest.mark.parametrize("action", [bye("maintenance"), drop, hang, rubbish, pass_then_drop, cut_in_literal],
                         ids=["bye", "drop", "hang", "rubbish", "answer lost", "cut in literal"])  # fmt: skip
@pytest.mark.parametrize("times", [1, None])
def test_a_destination_that_goes_wrong(work, a, b, action, times):
    """In the middle of the copy, once or for good; the next run makes it whole."""
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", action, times=times, body=rb"Subject: [^\r]* 20\r\n") as proxy:
        run = work.batch([work.row(a, proxy, user)], "--timeout", "2", expect=ANY)
        assert times == 1 or run.code != COMPLETE
        if run.code != COMPLETE:
            assert run.row()["error"]
    run = work.batch([work.row(a, b, user)])
    assert run.row()["copied"] + run.row()["already"] == COUNT
    assert_same(a, b, user)


@pytest.mark.parametrize("after", [3_000, 30_000, 60_000])
@pytest.mark.parametrize("side", [1, 2])
def test_a_connection_that_breaks(work, a, b, side, after):
    user = work.pair(a, b, TREE)
    with Proxy(a if side == 1 else b, cut_download_after=after) as proxy:
        source, destination = (proxy, b) if side == 1 else (a, proxy)
        run = work.batch([work.row(source, destination, user)], expect=ANY)
        assert run.row()["difference"] == 0 or run.code != COMPLETE
    run = work.batch([work.row(a, b, user)])
    assert run.row()["copied"] + run.row()["already"] == COUNT
    assert_same(a, b, user)


def test_errorsmax(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", no("Not today")) as proxy:
        run = work.batch([work.row(a, proxy, user)], "--errorsmax", "3", expect=FAILED)
        assert len(proxy.seen("^APPEND")) < COUNT
    row = run.row()
    assert (row["status"], row["copied"], row["error_code"]) == ("failed", 0, "errors_max")
    assert "Not today" in row["error"] + run.user_log(user)


def test_exitwhenover(work, a, b):
    content = {"INBOX": [messages.with_attachment(n, size=50_000) for n in range(30)]}
    user = work.pair(a, b, content)
    run = work.batch([work.row(a, b, user)], "--exitwhenover", "400k", expect=(FAILED, PAUSED))
    row = run.row()
    assert row["error_code"] == "transfer_limit" and 8 <= row["copied"] < 30
    work.batch([work.row(a, b, user)])
    assert_same(a, b, user)


def test_exitwhenover_in_sync(work, a, b):
    content = {"INBOX": [messages.with_attachment(n, size=50_000) for n in range(30)]}
    user = work.pair(a, b, content)
    work.sync(work.row(a, b, user), "--exitwhenover", "400k", expect=118)
