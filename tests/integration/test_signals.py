# SPDX-License-Identifier: MIT
"""Being stopped, politely or not, and going on afterwards: nothing missing, nothing twice."""

import signal
import time

import pytest

from tests.integration.harness import COMPLETE, PAUSED, assert_same, wait_until
from tests.servers import messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import ScriptedServer, hang

pytestmark = pytest.mark.threads
TREE = {
    "INBOX": [messages.plain(n) for n in range(60)] + [messages.plain(1)] * 3,
    "Sent": [messages.no_message_id(n) for n in range(100, 130)],
    "Work/Größe": [messages.with_attachment(n) for n in range(200, 220)],
}
COUNT = sum(len(items) for items in TREE.values())


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_pauses(work, a, b, sign):
    user, waiting = work.pair(a, b, TREE), work.pair(a, b, TREE)
    with Proxy(b) as proxy:
        rows = [work.row(a, proxy, user), work.row(a, proxy, waiting)]
        process = work.batch_start(rows, "--parallel", "1", "--budget-messages", "30")
        proxy.wait_for_appends(20)
        process.send_signal(sign)
        run = work.finish(process, 30)
    assert run.code == PAUSED, run
    run.check()
    row = run.row(user)
    assert row["status"] == "paused" and 0 < row["copied"] < COUNT
    assert run.row(waiting)["status"] in ("not_started", "paused")
    stored = row["copied"]
    run = work.batch([work.row(a, b, user), work.row(a, b, waiting)])
    assert run.row(user)["already"] == stored
    assert run.row(user)["copied"] == COUNT - stored
    assert_same(a, b, user)
    assert_same(a, b, waiting)


def test_a_second_signal_stops_at_once(work, a, b, authority):
    user = work.pair(a, b, TREE)
    with ScriptedServer(authority=authority) as server:
        server.on("^(LIST|NAMESPACE)", hang)
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, user)
        process = work.batch_start([row])
        server.wait_for("^(LIST|NAMESPACE)")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        run = work.finish(process, 30)
        assert time.monotonic() - started < 5
    assert run.code == PAUSED, run


def test_a_signal_while_a_server_hangs(work, a, b, authority):
    """One signal is enough: what hangs is not waited for until its timeout of 120 s."""
    user = work.pair(a, b, TREE)
    with ScriptedServer(authority=authority) as server:
        server.on("^(LIST|NAMESPACE)", hang)
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, user)
        process = work.batch_start([row])
        server.wait_for("^(LIST|NAMESPACE)")
        process.send_signal(signal.SIGTERM)
        run = work.finish(process, 60)
    assert run.code == PAUSED, run
    run.check()


def wait_for_silence(server, user):
    """The server goes on with what was under way when the program died; that is not our matter here."""

    def is_silent():
        lines = server.log().splitlines()
        begun = sum(f"Login: user=<{user}>" in line for line in lines)
        ended = sum(f"imap({user})<" in line and "Disconnected" in line for line in lines)
        return begun == ended

    wait_until(is_silent, f"{user} has a session left")


@pytest.mark.parametrize("appends", [1, 25, 70, 110])
def test_killed_and_started_again(work, a, b, appends):
    user = work.pair(a, b, TREE)
    with Proxy(b, latency_msecs=5) as proxy:
        process = work.batch_start([work.row(a, proxy, user)])
        proxy.wait_for_appends(appends)
        process.kill()
        process.communicate()
    wait_for_silence(b, user)
    run = work.batch([work.row(a, b, user)])
    assert run.row()["copied"] + run.row()["already"] == COUNT
    assert_same(a, b, user)
    assert work.batch([work.row(a, b, user)]).row()["copied"] == 0


def test_killed_many_times(work, a, b):
    users = [work.pair(a, b, TREE) for _ in range(3)]
    rows = [work.row(a, b, user) for user in users]
    path = work.manifest(rows)
    for number in range(6):
        process = work.batch_start(path, "--budget-messages", "200")
        time.sleep(0.05 + 0.11 * number)
        process.kill()
        process.communicate()
        for user in users:
            wait_for_silence(b, user)
    assert work.batch(path).code == COMPLETE
    for user in users:
        assert_same(a, b, user)


def test_a_dead_run_does_not_hold_the_work_directory(work, a, b):
    user = work.pair(a, b, TREE)
    process = work.batch_start([work.row(a, b, user)], "--budget-messages", "10")
    wait_until((work.workdir / "latest" / "run.log").exists, "it is under way")
    process.kill()
    process.communicate()
    work.batch([work.row(a, b, user)])
