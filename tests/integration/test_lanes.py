# SPDX-License-Identifier: MIT
"""Several connections for one mailbox, where a distant server makes every APPEND wait."""

import time

import pytest

from tests.integration.harness import assert_same
from tests.servers import messages
from tests.servers.proxy import Proxy

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
    assert 4 <= connections <= 10
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
