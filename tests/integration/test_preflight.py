# SPDX-License-Identifier: MIT
"""--preflight: says what a move would mean, and changes nothing anywhere."""

import json
import sqlite3

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, USAGE, assert_same
from tests.servers import mailbox, messages
from tests.servers.dovecot import quota_plugins
from tests.servers.exchange import Exchange
from tests.servers.proxy import Proxy
from tests.servers.scripted import bye, no

TREE = {
    "INBOX": [messages.plain(n) for n in range(7)],
    "Work": [messages.plain(20 + n) for n in range(3)],
    "Work/Deep": [messages.big(40, 300_000)],
}
WRITING = "^(APPEND|CREATE|SUBSCRIBE|SELECT|(UID )?(STORE|COPY|MOVE|EXPUNGE)|DELETE|RENAME|SETACL)"


def preflight(work, rows, *options, expect=0):
    run = work.batch(rows, "--preflight", *options, expect=expect)
    return run, json.loads(run.text("preflight.json"))


def test_nothing_is_written_and_all_is_counted(work, a, b):
    user = work.pair(a, b, TREE, {"INBOX": [messages.plain(50)]})
    before = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
    with Proxy(a) as source, Proxy(b) as destination:
        run, told = preflight(work, [work.row(source, destination, user)])
        assert not source.seen(WRITING) and not destination.seen(WRITING)
        assert destination.seen("^EXAMINE INBOX")
    assert (mailbox.snapshot(a, user), mailbox.snapshot(b, user)) == before
    with sqlite3.connect(work.workdir / "state.db") as db:
        assert [db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("pair", "folder")] == [0, 0]
    row = told["mailboxes"][0]
    real = work.batch([work.row(a, b, user)]).row()
    assert row["messages"] == real["source_messages"] == 11 and row["bytes"] == real["bytes_copied"]
    assert (row["folders"], row["folders_to_create"], row["status"]) == (3, 2, "ready")
    assert row["biggest_bytes"] >= 300_000
    assert "1 of 1 mailboxes are ready: 11 messages" in run.out and "Nothing was written" in run.out


def test_who_can_not_sign_in_is_told_with_advice(work, a, b):
    good, bad = work.pair(a, b, TREE), work.pair(a, b, TREE)
    rows = [work.row(a, b, good), work.row(a, b, bad) | {"password1": work.secret()}]
    run, told = preflight(work, rows, expect=FAILED)
    assert [row["status"] for row in told["mailboxes"]] == ["ready", "failed"]
    assert "refused the sign-in" in told["mailboxes"][1]["error"] and told["mailboxes"][1]["advice"] in run.out
    assert "1 of 2 mailboxes are ready" in run.out
    work.batch(rows[:1])
    assert_same(a, b, good)


@pytest.mark.parametrize("option", ["--retry-problems", "--justlogin", "--dry", "--justfolderlists"])
def test_with_another_wish(work, a, b, option):
    user = work.pair(a, b, TREE)
    run = work.batch([work.row(a, b, user)], "--preflight", option, expect=USAGE)
    assert f"leave out {option}" in run.err


def test_what_was_mended_by_a_second_try_is_no_error(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(a) as proxy:
        proxy.on(r"UID FETCH", bye("Server going down"), times=1)
        _, told = preflight(work, [work.row(proxy, b, user)], "--reconnectretry1", "2")
    row = told["mailboxes"][0]
    assert (row["status"], row["messages"], row["error"], row["advice"]) == ("ready", 11, "", "")


def test_a_folder_that_can_not_be_read(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(a) as proxy:
        proxy.on(r'EXAMINE "?Work"?$', no("[NOPERM] not yours"))
        run, told = preflight(work, [work.row(proxy, b, user)], expect=(EXCEPTIONS, FAILED))
    row = told["mailboxes"][0]
    assert row["folders_failed"] == 1 and row["status"] != "ready"
    assert "not yours" in run.out and "0 of 1 mailboxes are ready" in run.out


@pytest.mark.parametrize("options, wanted", [
    (("--maxsize", "100000"), 1), (("--maxsize", "0"), 11), (("--appendlimit", "100000"), 1),
    (("--appendlimit", "100000", "--truncmess", "50000"), 0),
])  # fmt: skip
def test_what_is_too_big_is_so_in_a_run(work, a, b, options, wanted):
    user = work.pair(a, b, TREE)
    _, told = preflight(work, [work.row(a, b, user)], *options)
    run = work.batch([work.row(a, b, user)], *options, expect=(0, EXCEPTIONS))
    assert told["mailboxes"][0]["too_big"] == run.row()["too_big"] == wanted


def test_quota(work, a, dovecot):
    small = dovecot("quota", **quota_plugins(storage_limit="200K"))
    user = work.pair(a, small, TREE)
    run, told = preflight(work, [work.row(a, small, user)])
    row = told["mailboxes"][0]
    assert row["quota_bytes"] == 200 * 1024 and row["quota_used_bytes"] < row["quota_bytes"]
    assert "it does not fit: room for" in run.out and "1 destinations have no room" in run.out


def test_the_plan(work, a, b):
    user = work.pair(a, b, TREE)
    run, told = preflight(work, [work.row(a, b, user)], "--f1f2", "Work=Arbeit", "--exclude", "Deep")
    row = told["mailboxes"][0]
    assert row["folders_renamed"] == 1 and row["folders_left_out"] == 1
    assert any("Arbeit" in line for line in row["plan"]) and any("is left out" in line for line in row["plan"])
    assert "Arbeit" in run.out


def test_the_forecast(work, a, b):
    users = [work.pair(a, b, TREE) for _ in range(3)]
    rows = [work.row(a, b, user) for user in users]
    for options, decider, seconds in (
        (("--budget-messages", "1"), "budget-messages", 33),
        (("--maxmessagespersecond", "0.5", "--parallel", "3"), "mailbox", 22),
        (("--maxmessagespersecond", "0.5", "--parallel", "1"), "parallel", 66),
    ):
        run, told = preflight(work, rows, *options)
        assert (told["forecast"]["decided_by"], told["forecast"]["seconds"]) == (decider, seconds)
        assert "A first copy takes at least" in run.out
    run, told = preflight(work, rows, "--search", "FROM somebody")
    assert "All messages are counted" in run.out and told["forecast"]["has_assumed_rates"]


def test_at_an_exchange(work, a, b):
    user = work.pair(a, b, {"INBOX": TREE["INBOX"], "Calendar": [messages.plain(90)]})
    with Exchange(a, "estimates") as source:
        run, told = preflight(work, [work.row(source, b, user)])
    row = told["mailboxes"][0]
    assert row["sizes_are_estimates"] and "Exchange's estimates" in run.out
    assert any("calendar" in line for line in row["plan"]) and row["messages"] == 7
