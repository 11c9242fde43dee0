# SPDX-License-Identifier: MIT
"""Budgets as a server sees them: when messages arrive at a proxy. The exact proof is the unit test
on a simulated clock; here the clock is real and the bounds are generous."""

import bisect

import pytest

from tests.integration.harness import assert_same
from tests.servers import messages
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.threads
SMALL = {"INBOX": [messages.plain(n) for n in range(60)]}
LARGE = {"INBOX": [messages.with_attachment(n, size=30_000) for n in range(30)]}


def most_in_a_second(appends, weight):
    times = [append.time for append in appends]
    return max(
        sum(weight(x) for x in appends[i : bisect.bisect_left(times, times[i] + 1.0)])
        for i in range(len(times))
    )


def check_rate(appends, rate, weight):
    """At most the rate plus one second's burst in any second; not much slower than allowed."""
    appends = sorted(appends)
    total = sum(weight(x) for x in appends)
    seconds = appends[-1].time - appends[0].time
    largest = max(weight(x) for x in appends)
    assert most_in_a_second(appends, weight) <= rate * 2.1 + largest
    assert total - rate - largest <= rate * seconds * 1.1
    assert seconds <= total / rate * 1.5 + 2


@pytest.mark.parametrize("form", ["20", "2_0", "0.02k"])
def test_messages_of_the_whole_run(work, a, b, form):
    users = [work.pair(a, b, SMALL) for _ in range(2)]
    with Proxy(b) as proxy:
        rows = [work.row(a, proxy, user) for user in users]
        work.batch(rows, "--budget-messages", form)
        assert len(proxy.appends) == 120
        check_rate(proxy.appends, 20, lambda append: 1)
    for user in users:
        assert_same(a, b, user)


def test_bytes_of_the_whole_run(work, a, b):
    users = [work.pair(a, b, LARGE) for _ in range(2)]
    with Proxy(b) as proxy:
        work.batch([work.row(a, proxy, user) for user in users], "--budget-bytes", "300k")
        check_rate(proxy.appends, 300_000, lambda append: append.size)


def test_each_mailbox_has_its_own_limit(work, a, b):
    users = [work.pair(a, b, SMALL) for _ in range(2)]
    with Proxy(b) as slow, Proxy(b) as fast:
        rows = [
            work.row(a, slow, users[0], maxmessagespersecond="10"),
            work.row(a, fast, users[1], maxmessagespersecond=""),
        ]
        work.batch(rows)
        check_rate(slow.appends, 10, lambda append: 1)
        assert fast.appends[-1].time - fast.appends[0].time < 3
        assert len(slow.appends) == len(fast.appends) == 60


def test_maxbytespersecond_on_the_command_line(work, a, b):
    user = work.pair(a, b, LARGE)
    with Proxy(b) as proxy:
        work.sync(work.row(a, proxy, user), "--maxbytespersecond", "200_000")
        check_rate(proxy.appends, 200_000, lambda append: append.size)


def test_a_message_larger_than_a_second_of_budget(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.big(1, 1_500_000), messages.plain(2)]})
    work.batch([work.row(a, b, user)], "--budget-bytes", "500k")
    assert_same(a, b, user)


def test_what_is_there_already_costs_nothing(work, a, b):
    user = work.pair(a, b, SMALL, SMALL)
    run = work.batch([work.row(a, b, user)], "--budget-messages", "2")
    assert run.row()["already"] == 60 and float(run.row()["seconds"]) < 10
