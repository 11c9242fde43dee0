# SPDX-License-Identifier: MIT
"""Several connections for one mailbox: where a distant destination makes every APPEND wait, and where
a source gives each connection only so much."""

import re
import time

import pytest

from tests.integration.harness import assert_same
from tests.servers import messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import PASS, ScriptedServer, answer, bad, no

DISTANT = {"hide": ["LITERAL+", "MULTIAPPEND"], "latency_msecs": 20}


def copy(work, a, b, count, *options, **proxy_options):
    """Connections to the destination, seconds."""
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(count)]})
    with Proxy(b, **proxy_options) as destination:
        started = time.monotonic()
        run = work.batch([work.row(a, destination, user)], *options)
        took = time.monotonic() - started
        assert run.row(user)["copied"] == count
        assert len(destination.appends) == count
        connections = destination.connections
    assert_same(a, b, user)
    return connections, took


def test_a_distant_server_gets_more_lanes(work, a, b):
    connections, took = copy(work, a, b, 400, **DISTANT)
    assert 4 <= connections <= 12
    # 40 ms for each message, one after the other, are 16 s.
    assert took < 8


def test_literals_that_need_no_invitation_need_no_lanes(work, a, b):
    assert copy(work, a, b, 200, hide=["MULTIAPPEND"], latency_msecs=20)[0] == 1


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_fixed_number(work, a, b, lanes):
    assert copy(work, a, b, 200, "--lanes", str(lanes), **DISTANT)[0] == lanes


def test_never_more_than_allowed(work, a, b):
    assert copy(work, a, b, 200, "--lanes", "8", "--maxconnections2", "2", **DISTANT)[0] == 2


def test_nothing_twice_nothing_lost_over_lanes_and_folders(work, a, b):
    folders = {name: [messages.plain(n) for n in range(60)] for name in ("INBOX", "One", "Two")}
    user = work.pair(a, b, folders)
    with Proxy(b, **DISTANT) as destination:
        rows = [work.row(a, destination, user)]
        assert work.batch(rows, "--lanes", "4").row(user)["copied"] == 180
        assert work.batch(rows, "--lanes", "4").row(user)["already"] == 180
    assert_same(a, b, user)


# The source ---------------------------------------------------------------------------------------

MANY = [messages.plain(n) for n in range(1500)]
SLOW = {"download_rate": 200_000}


def fetches(proxy):
    """Remembers which connections were asked for bodies: a set of their numbers."""
    asked = set()

    def remember(session, tag, command):
        asked.add(session.number)
        return PASS

    proxy.on(r"^UID FETCH \S+ .*BODY\.PEEK\[\]", remember)
    return asked


def copy_from(work, a, b, items, *options, **proxy_options):
    """Connections to the source, those that bodies came from, seconds, the run."""
    user = work.pair(a, b, {"INBOX": items})
    with Proxy(a, **proxy_options) as source:
        asked = fetches(source)
        started = time.monotonic()
        run = work.batch([work.row(source, b, user)], *options)
        took = time.monotonic() - started
        connections = source.connections
    row = run.row(user)
    assert (row["copied"], row["already"], row["difference"]) == (len(items), 0, 0)
    assert_same(a, b, user)
    return connections, asked, took, run


def test_a_source_that_gives_each_connection_little(work, a, b):
    connections, asked, slow, _ = copy_from(work, a, b, MANY, "--lanes", "1", **SLOW)
    assert (connections, asked) == (1, {1})
    connections, asked, quick, run = copy_from(work, a, b, MANY, "--lanes", "4", **SLOW)
    assert (connections, asked) == (4, {1, 2, 3, 4})
    assert "host1 works on 4 connections for this mailbox" in run.user_log()
    assert slow > 1.4 * quick


def test_never_more_from_the_source_than_allowed(work, a, b):
    connections, asked, _, _ = copy_from(
        work, a, b, MANY, "--lanes", "8", "--maxconnections1", "2", **SLOW
    )
    assert (connections, asked) == (2, {1, 2})


def test_auto_goes_up_while_it_pays(work, a, b):
    items = [messages.plain(n) for n in range(2500)]
    connections, asked, _, run = copy_from(work, a, b, items, download_rate=150_000)
    assert 2 <= connections <= 10 and len(asked) == connections
    assert "host2 works on" not in run.user_log()


def test_auto_leaves_a_quick_source_alone(work, a, b):
    assert copy_from(work, a, b, MANY)[0] == 1


def test_lanes_over_several_folders(work, a, b):
    """Each is opened anew on each connection."""
    folders = {name: MANY[n : n + 300] for n, name in enumerate(("INBOX", "One", "Two", "Three"))}
    user = work.pair(a, b, folders)
    with Proxy(a, **SLOW) as source:
        asked = fetches(source)
        rows = [work.row(source, b, user)]
        assert work.batch(rows, "--lanes", "3").row(user)["copied"] == 1200
        assert len(asked) == 3
        assert work.batch(rows, "--lanes", "3").row(user)["already"] == 1200
    assert_same(a, b, user)


@pytest.mark.parametrize("after", [60_000, 150_000])
def test_a_source_lane_that_dies(work, a, b, after):
    """In the middle of its FETCHes, and inside a message: the others fetch what it owed."""
    connections, asked, _, run = copy_from(
        work, a, b, MANY, "--lanes", "3", cut_download_after=after, cut_connection=2, **SLOW
    )
    assert (connections, asked) == (3, {1, 2, 3})  # none is opened in its place
    assert "host1 has ended a further connection" in run.user_log()
    assert "attempt 2" not in run.user_log()


def test_a_source_lane_that_is_refused(work, a, b):
    user = work.pair(a, b, {"INBOX": MANY})

    def only_first(session, tag, command):
        return PASS if session.number == 1 else no("[LIMIT] too many")(session, tag, command)

    with Proxy(a, **SLOW).on("^(LOGIN|AUTHENTICATE)", only_first) as source:
        run = work.batch([work.row(source, b, user)], "--lanes", "3")
        assert source.connections == 3
    assert run.row(user)["copied"] == len(MANY)
    assert "host1 allows no further connection" in run.user_log()
    assert_same(a, b, user)


@pytest.mark.parametrize(
    "lines",
    [
        ("* 1500 EXISTS", "* OK [UIDVALIDITY 4711] other", "{tag} OK [READ-ONLY] done"),
        ("* 1500 EXISTS", "{tag} OK [READ-ONLY] done"),
        ("{tag} NO [NONEXISTENT] gone",),
    ],
)
def test_another_folder_under_the_same_name(work, a, b, lines):
    """UIDs of another UIDVALIDITY would name other messages."""

    def elsewhere(session, tag, command):
        return PASS if session.number == 1 else answer(*lines)(session, tag, command)

    user = work.pair(a, b, {"INBOX": MANY})
    with Proxy(a, **SLOW).on("^EXAMINE", elsewhere) as source:
        asked = fetches(source)
        run = work.batch([work.row(source, b, user)], "--lanes", "3")
        assert asked == {1}
        assert len(source.seen("^EXAMINE")) == 3
    assert run.row(user)["copied"] == len(MANY)
    assert run.user_log().count("only on one connection") == 2
    assert_same(a, b, user)


def test_large_messages_over_several_sources(work, a, b):
    items = [messages.with_attachment(n, size=1_300_000) if n % 5 == 0 else messages.plain(n) for n in range(40)]
    copy_from(work, a, b, items, "--lanes", "4", download_rate=2_000_000)


# Lanes and the ceiling per host --------------------------------------------------------------------


@pytest.mark.threads
def test_lanes_are_taken_for_both_sides_at_once(work, a, b):
    """Six connections to one server for both sides: two more pairs, never a half one."""
    user = work.user(a, {"INBOX": MANY})
    other = work.user(a)
    with Proxy(a, **SLOW) as proxy:
        row = work.side(1, proxy, user) | work.side(2, proxy, other)
        run = work.batch([row], "--lanes", "4", "--maxconnectionsperhost", "7")
        assert proxy.connections == 6
    log = run.user_log()
    assert "host1 works on 3 connections" in log and "host2 works on 3 connections" in log
    assert run.row()["copied"] == len(MANY)


@pytest.mark.threads
def test_auto_gives_back_what_another_mailbox_waits_for(work, authority, a, b):
    """Row 2 comes back from a pause when row 1 has all that the destination allows."""
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(900)]})
    other = work.user(b)
    with (
        Proxy(b, **DISTANT) as destination,
        ScriptedServer({"INBOX": [b"Subject: x\r\n\r\n"]}, authority) as server,
    ):
        throttled = "Request is throttled. Suggested Backoff Time: 1500 milliseconds"
        server.on("^UID FETCH", bad(throttled), times=1)
        rows = [
            work.row(a, destination, user),
            work.side(1, server, "scripted", work.secret()) | work.side(2, destination, other),
        ]
        options = ("--parallel", "2", "--maxconnectionsperhost", "4")
        run = work.batch(rows, *options)
    assert [row["copied"] for row in run.rows()] == [900, 1]
    assert "attempt 2" in run.user_log("scripted")
    assert [int(n) for n in re.findall(r"\d/2 row (\d)", run.err)] == [2, 1]
    assert_same(a, b, user)
