# SPDX-License-Identifier: MIT
"""Which mailbox runs when: the longest first, no more connections to a host than allowed, and one
that must wait for its server leaves its worker to others. What it had copied stays copied."""

import re
import signal
import time

import pytest

from tests.integration.harness import EXCEPTIONS, PAUSED, USAGE, assert_same, wait_until
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import PASS, ScriptedServer, bad, bye, no

pytestmark = pytest.mark.threads
TREE = {
    "INBOX": [messages.plain(n) for n in range(40)],
    "Sent": [messages.plain(n) for n in range(100, 120)],
    "Work": [messages.plain(n) for n in range(200, 210)],
}
COUNT = sum(len(items) for items in TREE.values())


def throttled(msecs):
    return f"Request is throttled. Suggested Backoff Time: {msecs} milliseconds"


def about(number):
    """Matches the body of messages.plain(number)."""
    return rb"Subject: [^\r]* %d\r\n" % number


def from_scripted(work, server, b):
    return work.side(1, server, "scripted", work.secret()) | work.side(2, b, work.user(b))


# Waiting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [20, 105, 209])
def test_a_throttle_in_the_middle(work, a, b, number):
    """One row in the end, as if nothing had happened."""
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", no(throttled(300)), times=1, body=about(number)) as proxy:
        started = time.monotonic()
        run = work.batch([work.row(a, proxy, user)])
        assert time.monotonic() - started >= 0.3
    row = run.row()
    assert (row["source_messages"], row["copied"], row["already"]) == (COUNT, COUNT, 0)
    assert (row["status"], row["error_code"], row["error"]) == ("complete", "", "")
    assert row["bytes_copied"] >= sum(len(m.body) for items in TREE.values() for m in items)
    assert run.problems() == []
    assert_same(a, b, user)
    waits = re.findall(r"row 1 \S+ is throttled until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ .*", run.text("run.log"))
    assert len(waits) == 1 and throttled(300) in waits[0]
    log = run.user_log()
    assert log.count("attempt 2") == 1 and "attempt 3" not in log and waits[0] in log
    assert f"1/1 row 1 {user}: complete, {COUNT} copied" in run.err


def test_what_was_there_before_stays_so(work, a, b):
    """And a message that can't be copied is one problem, not one per attempt."""
    user = work.pair(a, b, TREE, {"INBOX": TREE["INBOX"][:7]})
    with (
        Proxy(b)
        .on("^APPEND", no("[TOOBIG] larger than the maximum"), body=about(103))
        .on("^APPEND", no(throttled(100)), times=1, body=about(15))
        .on("^APPEND", no(throttled(100)), times=1, body=about(110))
        .on("^APPEND", bye(throttled(100)), times=1, body=about(205)) as proxy
    ):
        run = work.batch([work.row(a, proxy, user)], expect=EXCEPTIONS)
    row = run.row()
    # Two refusals may come in one attempt, since folders overlap.
    assert "attempt 2" in run.user_log() and "attempt 5" not in run.user_log()
    assert (row["source_messages"], row["too_big"], row["difference"]) == (COUNT, 1, 0)
    assert row["copied"] + row["already"] == COUNT - 1
    # What is in flight when a connection ends may be there without anyone having been told.
    # That may be of the folder before as well, since its answers are not waited for.
    assert 7 <= row["already"] <= 7 + len(TREE["Work"]) + len(TREE["INBOX"])
    assert [p["folder"] for p in run.problems()] == ["Sent"]
    assert sum(len(entries) for entries in mailbox.snapshot(b, user).values()) == COUNT - 1


def test_a_later_attempt_that_does_not_get_in(work, a, b):
    """The report still says what the first one copied."""
    user = work.pair(a, b, TREE)

    def first_time_only(session, tag, command):
        return no(throttled(10))(session, tag, command) if proxy.seen("^APPEND") else PASS

    with Proxy(b).on("^APPEND", no(throttled(10)), body=about(109)) as proxy:
        proxy.on("^(LOGIN|AUTHENTICATE)", first_time_only)
        run = work.batch([work.row(a, proxy, user)], expect=PAUSED)
    row = run.row()
    assert row["source_messages"] == COUNT and 40 <= row["copied"] < COUNT
    assert row["difference"] == COUNT - row["copied"] and row["error_code"] == "throttled"
    work.batch([work.row(a, b, user)])
    assert_same(a, b, user)


def test_waiting_takes_no_worker(work, authority, a, b):
    """Two of two workers get throttled mailboxes first; the others don't wait for them."""
    healthy = [work.pair(a, b, TREE) for _ in range(4)]
    with ScriptedServer({"INBOX": [b"Subject: x\r\n\r\n"]}, authority) as server:
        server.on("^UID FETCH", bad(throttled(6000)), times=2)
        rows = [from_scripted(work, server, b) for _ in range(2)]
        rows += [work.row(a, b, user) for user in healthy]
        started = time.monotonic()
        run = work.batch(rows, "--parallel", "2")
        seconds = time.monotonic() - started
    assert [(r["status"], r["copied"]) for r in run.rows()] == [("complete", 1)] * 2 + [
        ("complete", COUNT)
    ] * 4
    ends = [int(n) for n in re.findall(r"\d/6 row (\d)", run.err)]
    assert sorted(ends[:4]) == [3, 4, 5, 6] and sorted(ends[4:]) == [1, 2]
    assert run.text("run.log").count("is throttled until") == 2
    assert 6 <= seconds < 11  # they waited at the same time


def test_a_server_that_never_relents(work, authority, a, b):
    user = work.pair(a, b, TREE)
    with ScriptedServer({"INBOX": [b"Subject: x\r\n\r\n"]}, authority) as server:
        server.on("^LIST", no(throttled(20)))
        rows = [from_scripted(work, server, b), work.row(a, b, user)]
        run = work.batch(rows, expect=PAUSED)
        assert len(server.seen("^LIST")) == 11
    bad_row, good_row = run.rows()
    assert (bad_row["status"], bad_row["error_code"]) == ("paused", "throttled")
    assert throttled(20) in bad_row["error"] and good_row["status"] == "complete"
    assert "paused, 0 copied" in run.err


@pytest.mark.parametrize("command", ["batch", "sync"])
def test_a_stop_while_all_wait(work, authority, b, command):
    with ScriptedServer({"INBOX": [b"Subject: x\r\n\r\n"]}, authority) as server:
        server.on("^LIST", no(throttled(60_000)))
        row = from_scripted(work, server, b)
        if command == "batch":
            process = work.batch_start([row])
        else:
            args = [word for name, value in row.items() for word in (f"--{name}", value)]
            process = work.start("sync", *args, "--workdir", work.workdir)
        log = work.workdir / "latest" / "run.log"
        wait_until(lambda: log.exists() and " until " in log.read_text(), "it waits")
        process.send_signal(signal.SIGTERM)
        run = work.finish(process, 10)
    assert run.code == (PAUSED if command == "batch" else 6)
    run.check()
    assert (run.row()["status"], run.row()["error_code"]) == ("paused", "throttled")


def test_sync_waits_too(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", no(throttled(300)), times=1, body=about(20)) as proxy:
        run = work.sync(work.row(a, proxy, user))
    assert (run.row()["copied"], run.row()["already"]) == (COUNT, 0)


def test_exitwhenover_counts_all_attempts(work, a, b):
    """Each attempt could copy ten messages, all together only twelve or little more."""
    content = {
        name: [messages.with_attachment(n, size=50_000) for n in range(first, first + 10)]
        for name, first in (("A", 0), ("B", 100), ("C", 200))
    }
    user = work.pair(a, b, content)
    with Proxy(b).on("^SELECT .*B", no(throttled(100)), times=1) as proxy:
        size = sum(len(m.body) for m in content["A"])
        limit = str(size * 12 // 10)
        run = work.batch([work.row(a, proxy, user)], "--exitwhenover", limit, expect=PAUSED)
    row = run.row()
    assert "attempt 2" in run.user_log() and row["error_code"] == "transfer_limit"
    assert 11 <= row["copied"] < 20


# The order ---------------------------------------------------------------------------------------


def test_the_longest_first(work, a, b):
    """Known sizes 5, 30 and 15; the new one counts as their average."""
    users = [
        work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(size)]})
        for size in (5, 10, 30, 15)
    ]
    rows = [work.row(a, b, user) for user in users]
    first = work.batch([rows[0], rows[3], rows[2]], "--parallel", "1")
    assert re.findall(r"\d/3 row (\d)", first.err) == ["1", "2", "3"]
    assert "longest" not in first.text("run.log")
    second = work.batch(rows, "--parallel", "1")
    assert re.findall(r"\d/4 row (\d)", second.err) == ["3", "2", "4", "1"]
    assert "3 mailboxes are known from earlier runs, with 16 messages" in second.text("run.log")


# Connections per host ------------------------------------------------------------------------------


def most_at_once(run):
    """How many mailboxes ran at the same time, by the first and last times of their logs."""
    moments = []
    for log in (run.files / "users").iterdir():
        times = [line.split(" ", 1)[0] for line in log.read_text().splitlines()]
        moments += [(times[0], 1, 1), (times[-1], 0, -1)]
    most = running = 0
    for _, _, step in sorted(moments):
        running += step
        most = max(most, running)
    return most


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_ceiling_per_host(work, a, b, limit):
    users = [work.pair(a, b, TREE) for _ in range(8)]
    rows = [work.row(a, b, user) for user in users]
    run = work.batch(rows, "--parallel", "8", "--maxconnectionsperhost", limit)
    assert most_at_once(run) == limit
    assert [row["copied"] for row in run.rows()] == [COUNT] * 8


def test_other_hosts_pass(work, authority, a, b):
    """Rows 1 to 3 want the slow host, one at a time; row 4 does not wait for them."""
    user = work.pair(a, b, TREE)

    def slowly(session, tag, command):
        time.sleep(1)
        return no("[CANNOT] not here")(session, tag, command)

    with ScriptedServer(authority=authority) as slow, ScriptedServer(authority=authority) as other:
        slow.on("^(LOGIN|AUTHENTICATE)", slowly)
        rows = [
            work.side(1, slow, f"u{n}", work.secret()) | work.side(2, other, f"u{n}", work.secret())
            for n in range(3)
        ]
        rows.append(work.row(a, b, user))
        run = work.batch(rows, "--parallel", "4", "--maxconnectionsperhost", "1", expect=11)
    assert re.findall(r"\d/4 row (\d)", run.err) == ["4", "1", "2", "3"]


def test_one_server_for_both_sides(work, a):
    """It needs two connections at once: with one it is said before anything starts."""
    users = [work.user(a, TREE) for _ in range(4)]
    rows = [work.row(a, a, user, work.user(a)) for user in users]
    run = work.batch(rows, "--maxconnectionsperhost", "1", expect=USAGE)
    assert "maxconnectionsperhost must be at least 2" in run.err
    assert run.err.count("\n") == 1 and not work.workdir.exists()
    for number in ("2", "3"):
        run = work.batch(rows, "--maxconnectionsperhost", number, "--parallel", "4")
        assert most_at_once(run) == 1
    args = [word for name, value in rows[0].items() for word in (f"--{name}", value)]
    run = work.run("sync", *args, "--workdir", work.workdir, "--maxconnectionsperhost", "1")
    assert run.code == USAGE and "maxconnectionsperhost must be at least 2" in run.err
