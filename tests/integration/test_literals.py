# SPDX-License-Identifier: MIT
"""Who waits for "+" before a body: with a server that throttles, an APPEND that is refused should not
have cost its upload."""

import pytest

from tests.integration.harness import assert_same
from tests.servers import messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import no

EXCHANGE = "* OK The Microsoft Exchange IMAP4 service is ready. [QgBMADAAUAA=]"
GMAIL = "* OK Gimap ready for requests from 192.0.2.7 k1mb2"
THROTTLED = "Request is throttled. Suggested Backoff Time: 100 milliseconds"
LARGE = 256 * 1024


def mixed():
    """Small ones, and some on either side of 256 KiB."""
    box = [messages.plain(n) for n in range(20)]
    for number, size in enumerate((LARGE, LARGE + 1, LARGE, LARGE + 1), 20):
        body = messages.plain(number).body + (b"x" * 70 + b"\r\n") * (size // 72)
        box.append(messages.Message(body[: size - 2] + b"\r\n"))
    return box


@pytest.mark.parametrize(
    "greeting, is_careful", [(EXCHANGE, True), (GMAIL, True), (None, False)], ids=str
)
def test_large_ones_where_servers_throttle(work, a, b, greeting, is_careful):
    user = work.pair(a, b, {"INBOX": mixed()})
    with Proxy(b, greeting=greeting) as proxy:
        run = work.batch([work.row(a, proxy, user)])
    assert run.row(user)["copied"] == 24
    assert_same(a, b, user)
    large = [append.is_asked_for for append in proxy.appends if append.size > LARGE]
    assert large == [is_careful] * 2
    assert not any(append.is_asked_for for append in proxy.appends if append.size <= LARGE)


def test_all_of_them_after_a_throttle_until_one_is_stored(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(n, words=3000) for n in range(150)]})
    with Proxy(b, hide=["MULTIAPPEND"]).on("^APPEND", no(THROTTLED), times=1) as proxy:
        run = work.batch([work.row(a, proxy, user)])
    assert run.row(user)["copied"] == 150
    assert_same(a, b, user)
    first = [append.is_asked_for for append in proxy.appends if append.connection == 1]
    second = [append.is_asked_for for append in proxy.appends if append.connection == 2]
    assert first and not any(first)
    assert second[0] and not second[-1]
    assert second == sorted(second, reverse=True)
