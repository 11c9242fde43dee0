# SPDX-License-Identifier: MIT
"""A client that is cut off leaves a server behind that is still storing what it was sent: who looks
at once does not see it yet, and must not send it again."""

import contextlib
import threading
import time

import pytest

from tests.integration.harness import assert_same
from tests.servers import messages
from tests.servers.proxy import Dropped, Proxy

COUNT = 60
LATE_SECS = 2.5


class Late:
    """Loses the client in the middle of an APPEND, and has the server store it some time later."""

    def __init__(self):
        self.has_come = threading.Event()
        self.is_stored = threading.Event()

    def __call__(self, session, tag, command):
        self.has_come.set()
        with contextlib.suppress(OSError):  # it is gone already
            session.client.shutdown(2)
        time.sleep(LATE_SECS)
        session.pass_on()
        time.sleep(1)  # nobody hears its answer
        self.is_stored.set()
        raise Dropped


@pytest.fixture
def user(work, a, b):
    return work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(COUNT)]})


@pytest.fixture
def late():
    return Late()


@pytest.fixture
def proxy(b, late):
    # Without MULTIAPPEND, so that some are confirmed before.
    rule = {"times": 1, "body": rb"Subject: [^\r]* 20\r\n"}
    with Proxy(b, hide=["MULTIAPPEND"]).on("^APPEND", late, **rule) as proxy:
        yield proxy


def test_killed_and_started_again_at_once(work, a, b, user, proxy, late):
    row = work.row(a, proxy, user)
    process = work.batch_start([row])
    assert late.has_come.wait(30)
    process.kill()
    process.communicate()
    run = work.batch([row], "--settle", "5")
    assert late.is_stored.wait(30)
    assert "--settle" in run.user_log()
    assert run.row()["copied"] + run.row()["already"] == COUNT
    assert_same(a, b, user)


def test_connected_again_at_once(work, a, b, user, proxy, late):
    run = work.batch([work.row(a, proxy, user)], "--reconnectretry2", "3", "--settle", "5")
    assert late.is_stored.wait(30)
    assert run.user_log().count("--settle") >= 1
    assert_same(a, b, user)


def test_a_run_that_came_to_its_end_leaves_nothing_to_wait_for(work, a, b, user):
    row = work.row(a, b, user)
    for _ in range(2):
        run = work.batch([row], "--settle", "600")
        assert "was cut off" not in run.user_log()


def test_it_can_be_stopped_while_it_waits(work, a, b, user, proxy, late):
    row = work.row(a, proxy, user)
    process = work.batch_start([row])
    assert late.has_come.wait(30)
    process.kill()
    process.communicate()
    process = work.batch_start([row], "--settle", "600")
    log = work.workdir / "latest" / "users"
    deadline = time.monotonic() + 30
    while not any("was cut off" in path.read_text() for path in log.glob("*.log")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.terminate()
    assert work.finish(process).code in (6, 12)
