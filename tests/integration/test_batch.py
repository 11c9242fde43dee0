# SPDX-License-Identifier: MIT
"""The main job: many pairs at once, compared message by message; runs again; edge mail."""

import os
import re
import time

import pytest

from tests.integration.harness import BUSY, COMPLETE, FAILED, PROGRAM, assert_same, wait_until
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy

TREE = {
    "INBOX": messages.assortment(),
    "Sent": messages.assortment(100),
    "Work/Projekte/Größe": messages.assortment(200),
    "日本語": [messages.plain(1, ("\\Seen",))],
    "A & B": [messages.plain(2)],
    "Empty": [],
}
COUNT = sum(len(items) for items in TREE.values())


@pytest.mark.threads
def test_a_batch_copies_every_message(work, a, b):
    users = [work.pair(a, b, TREE) for _ in range(4)]
    run = work.batch([work.row(a, b, user) for user in users], "--parallel", "3")
    for user in users:
        assert_same(a, b, user)
        row = run.row(user)
        assert (row["status"], row["copied"], row["already"]) == ("complete", COUNT, 0)
        assert row["source_messages"] == COUNT
        assert (row["error_code"], row["error"]) == ("", "")
    assert run.problems() == []


@pytest.mark.threads
def test_both_directions_at_once(work, a, b):
    one, two = work.pair(a, b, TREE), work.pair(b, a, TREE)
    work.batch([work.row(a, b, one), work.row(b, a, two)])
    assert_same(a, b, one)
    assert_same(b, a, two)


@pytest.mark.threads
def test_a_second_run_copies_nothing(work, a, b):
    user = work.pair(a, b, TREE)
    rows = [work.row(a, b, user)]
    work.batch(rows)
    run = work.batch(rows)
    assert (run.row()["copied"], run.row()["already"]) == (0, COUNT)
    assert_same(a, b, user)


def test_a_second_run_copies_what_is_new(work, a, b):
    user = work.pair(a, b, TREE)
    rows = [work.row(a, b, user)]
    work.batch(rows)
    mailbox.fill(a, user, {"INBOX": [messages.plain(900)], "New": [messages.plain(901)]})
    run = work.batch(rows)
    assert (run.row()["copied"], run.row()["already"]) == (2, COUNT)
    assert_same(a, b, user)


def test_what_is_there_already_is_adopted(work, a, b):
    some = {"INBOX": [messages.plain(3), messages.plain(4)]}
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(2, 6)]}, some)
    run = work.batch([work.row(a, b, user)])
    assert (run.row()["copied"], run.row()["already"]) == (2, 2)
    assert_same(a, b, user)


def test_mail_of_the_destination_stays(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]}, {"INBOX": [messages.plain(2)]})
    work.batch([work.row(a, b, user)])
    found = {e.message_id for e in mailbox.snapshot(b, user)["INBOX"]}
    assert len(found) == 2


def test_exact_duplicates_are_all_copied(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)] * 5 + [messages.no_message_id(2)] * 4})
    rows = [work.row(a, b, user)]
    assert work.batch(rows).row()["copied"] == 9
    assert work.batch(rows).row()["already"] == 9
    assert_same(a, b, user)


def test_duplicates_are_matched_as_a_multiset(work, a, b):
    twice = {"INBOX": [messages.plain(1)] * 2}
    user = work.pair(a, b, {"INBOX": [messages.plain(1)] * 5}, twice)
    run = work.batch([work.row(a, b, user)])
    assert (run.row()["copied"], run.row()["already"]) == (3, 2)
    assert_same(a, b, user)


def test_the_source_is_left_as_it_was(work, a, b):
    user = work.pair(a, b, TREE)
    before = mailbox.snapshot(a, user)
    with Proxy(a) as proxy:
        work.batch([work.row(proxy, b, user)])
        assert proxy.seen(r"^EXAMINE") and not proxy.seen(r"^SELECT")
        assert not proxy.seen(r"BODY\[") and not proxy.seen("^(UID )?(STORE|EXPUNGE|MOVE|COPY)")
        assert not proxy.seen("^(CREATE|DELETE|RENAME|SUBSCRIBE|APPEND)")
    assert mailbox.snapshot(a, user) == before


def test_an_empty_mailbox(work, a, b):
    user = work.pair(a, b, {})
    run = work.batch([work.row(a, b, user)])
    assert (run.row()["status"], run.row()["source_messages"]) == ("complete", 0)


def test_many_messages_without_message_id(work, a, b):
    items = [messages.no_message_id(n, words=5) for n in range(400)]
    items += [messages.no_header(n) for n in range(20)]
    user = work.pair(a, b, {"INBOX": items})
    rows = [work.row(a, b, user)]
    assert work.batch(rows).row()["copied"] == 420
    assert work.batch(rows).row()["already"] == 420
    assert_same(a, b, user)


def test_capabilities_that_are_missing_are_not_needed(work, a, dovecot):
    bare = dovecot("bare", capability="IMAP4rev1")
    there, back = work.pair(a, bare, TREE), work.pair(bare, a, TREE)
    work.batch([work.row(a, bare, there), work.row(bare, a, back)])
    assert_same(a, bare, there)
    assert_same(bare, a, back)


def test_synchronising_literals_where_literal_plus_is_not_offered(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b, hide=["LITERAL+"]) as proxy:
        work.batch([work.row(a, proxy, user)])
        assert not proxy.violations
        assert len(proxy.appends) == COUNT
    assert_same(a, b, user)


def run_and_watch_memory(process):
    """Waits for the end; returns the exit code and the largest memory seen, in MiB. Not getrusage():
    that one begins with the memory of whoever forked the process, here a Python full of mail."""
    peak = 0
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as file:
            if match := re.search(r"VmHWM:\s+(\d+) kB", file.read()):  # a zombie has none
                peak = max(peak, int(match[1]))
        time.sleep(0.01)
    return process.returncode, peak / 1024


@pytest.mark.parametrize("hidden", [[], ["LITERAL+"]])
def test_large_messages_stream(work, a, b, hidden):
    content = {"INBOX": [messages.big(1, 12 << 20), messages.plain(2), messages.big(3, 80 << 20)]}
    user = work.pair(a, b, content)
    with Proxy(b, hide=hidden) as proxy:
        target = proxy if hidden else b
        code, peak = run_and_watch_memory(work.batch_start([work.row(a, target, user)]))
        assert not proxy.violations
    assert code == COMPLETE
    if "asan" not in str(PROGRAM) and "tsan" not in str(PROGRAM):
        assert peak < 64, f"{peak} MiB for an 80 MiB message"
    assert_same(a, b, user)


def test_messages_are_pipelined(work, a, b):
    """With 40 ms to each side a strict question-and-answer copy would take 24 s and more."""
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(300)]})
    with Proxy(a, latency_msecs=20) as source, Proxy(b, latency_msecs=20) as destination:
        started = time.monotonic()
        work.batch([work.row(source, destination, user)])
        assert time.monotonic() - started < 12
    assert_same(a, b, user)


def test_layout_of_the_work_directory(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    run = work.batch([work.row(a, b, user)])
    latest = work.workdir / "latest"
    assert latest.is_symlink() and latest.resolve().parent == (work.workdir / "runs").resolve()
    names = {p.name for p in latest.iterdir()}
    assert {"run.log", "users", "summary.txt", "summary.csv", "summary.json", "problems.csv"} <= names
    assert run.text("summary.txt").strip() in run.out
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ", run.user_log(user))
    row = run.row()
    for moment in ("started", "ended"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[moment])
    first = run.files
    second = work.batch([work.row(a, b, user)])
    assert second.files != first and latest.resolve() == second.files
    assert len(list((work.workdir / "runs").iterdir())) == 2


def test_log_names_are_safe_and_unique(work, a, b):
    odd = work.user(a, {"INBOX": [messages.plain(1)]}, f"o'dd na\\me?.{os.getpid()}@example.org")
    work.user(b, None, odd)
    other = work.pair(a, b, {"INBOX": [messages.plain(2)]})
    rows = [work.row(a, b, odd), work.row(a, b, other), work.row(a, b, other, work.user(b))]
    rows += [work.row(a, b, other) | {"user1": name} for name in ("../../x", "/etc/x", "X", "x" * 200)]
    for number, row in enumerate(rows):
        row["user2"] = row["user2"] if number < 3 else f"nobody{number}"
    run = work.batch(rows, expect=FAILED)
    logs = list((run.files / "users").iterdir())
    assert len(logs) == len(rows) and all(p.is_file() for p in logs)
    statuses = [row["status"] for row in run.rows()]
    assert statuses[:3] == ["complete"] * 3 and "complete" not in statuses[3:]
    assert not (work.workdir / "x.log").exists() and not (work.workdir / "runs" / "x.log").exists()


def test_two_runs_in_one_work_directory(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(40)]})
    rows = [work.row(a, b, user)]
    first = work.batch_start(rows, "--budget-messages", "10")
    wait_until((work.workdir / "latest" / "run.log").exists, "the first run is under way")
    second = work.batch(rows, expect=BUSY)
    assert str(work.workdir) in second.err + second.out
    assert work.finish(first).code == COMPLETE


def test_sync_is_the_same_engine(work, a, b):
    user = work.pair(a, b, TREE)
    run = work.sync(work.row(a, b, user))
    assert run.row()["copied"] == COUNT
    assert_same(a, b, user)
    assert work.sync(work.row(a, b, user)).row()["already"] == COUNT


def test_another_port_is_another_server(work, a, b):
    """What was brought to one server is not thought to be on the other: that is asked."""
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    work.batch([work.row(a, b, user)])
    with Proxy(b) as other:
        run = work.batch([work.row(a, other, user)])
        assert other.connections == 1 and other.seen("^UID FETCH")
    assert (run.row()["copied"], run.row()["already"]) == (0, 1)
    assert_same(a, b, user)
