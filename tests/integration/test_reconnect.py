# SPDX-License-Identifier: MIT
"""A connection that is lost is opened again, and the copy goes on at the next unconfirmed message."""

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, assert_same
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import drop

TREE = {
    "INBOX": [messages.plain(n) for n in range(40)],
    "Work": [messages.plain(n) for n in range(100, 130)],
}
COUNT = sum(len(items) for items in TREE.values())
DEFAULT = ("--reconnectretry1", "3", "--reconnectretry2", "3")


def body(number):
    return rb"Subject: [^\r]* %d\r\n" % number


@pytest.mark.parametrize("number", [0, 20, 110])
def test_the_destination_is_lost_once(work, a, b, number):
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", drop, times=1, body=body(number)) as proxy:
        run = work.batch([work.row(a, proxy, user)], *DEFAULT)
    row = run.row()
    # What was stored and not confirmed before the connection went is found there.
    assert row["copied"] + row["already"] == COUNT
    assert (row["status"], row["difference"]) == ("complete", 0)
    assert run.user_log().count("attempt 2") == 1
    assert_same(a, b, user)


def test_the_source_is_lost_once(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(a, cut_download_after=20_000) as proxy:
        run = work.batch([work.row(proxy, b, user)], *DEFAULT)
    assert run.row()["copied"] + run.row()["already"] == COUNT
    assert_same(a, b, user)


def test_one_message_breaks_the_connection_each_time(work, a, b):
    """It is found, recorded and left behind; all others arrive, once."""
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", drop, body=body(21)) as proxy:
        run = work.batch([work.row(a, proxy, user)], "--reconnectretry2", "10", expect=EXCEPTIONS)
    row = run.row()
    assert row["copied"] + row["already"] == COUNT - 1
    assert (row["failed"], row["difference"]) == (1, 0)
    (problem,) = run.problems()
    assert problem["folder"] == "INBOX" and problem["uid"] == "22"
    assert "given up" in problem["server_text"]
    held = mailbox.snapshot(b, user)
    assert sum(len(entries) for entries in held.values()) == COUNT - 1
    # Once the destination takes it, the next run brings it.
    assert work.batch([work.row(a, b, user)], *DEFAULT).row()["copied"] == 1
    assert_same(a, b, user)


def test_it_does_not_go_on_for_ever(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", drop) as proxy:
        run = work.batch([work.row(a, proxy, user)], "--reconnectretry2", "1", expect=FAILED)
        assert proxy.connections == 2
    assert run.row()["difference"] == COUNT
    assert run.problems() == []


def test_none_is_none(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b).on("^APPEND", drop) as proxy:
        work.batch([work.row(a, proxy, user)], "--reconnectretry2", "0", expect=FAILED)
        assert proxy.connections == 1
