# SPDX-License-Identifier: MIT
"""Runs that follow each other every night, without anybody who looks: locks, time windows, daily
limits, what was not complete the last time, the cutover, and old runs."""

import contextlib
import datetime
import json
import re
import resource
import shutil
import sqlite3
import time

import pytest

from tests.integration.harness import (
    BUSY,
    COMPLETE,
    EXCEPTIONS,
    FAILED,
    PAUSED,
    ROOT,
    USAGE,
    assert_same,
    wait_until,
)
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import no

pytestmark = pytest.mark.threads
SMALL = {"INBOX": [messages.plain(n) for n in range(30)]}
LARGE = {"INBOX": [messages.with_attachment(n, size=50_000) for n in range(20)]}
SIZE = len(LARGE["INBOX"][0].body)


@pytest.fixture
def rows(work, a, b):
    """Makes rows of new users, each with this mail."""
    return lambda count, content=SMALL: [
        work.row(a, b, work.pair(a, b, content)) for _ in range(count)
    ]


def start_in(work, name, rows, *options, **more):
    """A run in a work directory of its own."""
    path = work.manifest(rows, name=f"{name}.csv")
    return work.start("batch", path, "--workdir", work.path / name, *options, **more)


def finish_in(work, name, process, expect):
    run = work.finish(process)
    run.workdir = work.path / name
    assert run.code == expect, run
    run.check()
    return run


def batch_in(work, name, rows, *options, expect=COMPLETE, **more):
    return finish_in(work, name, start_in(work, name, rows, *options, **more), expect)


def under_way(work, name):
    """The run there has copied something."""
    logs = work.path / name / "latest" / "users"
    wait_until(
        lambda: logs.exists() and any(" copied to " in p.read_text() for p in logs.iterdir()),
        f"{name} is under way",
    )


# Locks --------------------------------------------------------------------------------------------


def test_a_pair_is_copied_by_one_run_at_a_time(work, a, b, rows):
    shared, own = rows(2)
    process = start_in(work, "one", [shared], "--maxmessagespersecond", "10")
    under_way(work, "one")
    run = batch_in(work, "two", [shared, own], expect=PAUSED)
    busy, done = run.rows()
    assert (busy["status"], busy["error_code"], busy["folders"]) == ("paused", "busy", 0)
    since = re.fullmatch(
        rf"another run is copying this pair of mailboxes: process {process.pid} since "
        rf"(\S+) in {work.path / 'one'}; run this again when it has ended",
        busy["error"],
    )[1]
    assert abs(time.time() - datetime.datetime.fromisoformat(since).timestamp()) < 60
    assert busy["error"] in run.err
    assert (done["status"], done["copied"]) == ("complete", 30)
    finish_in(work, "one", process, COMPLETE)
    run = batch_in(work, "two", [shared, own])
    assert [row["already"] for row in run.rows()] == [30, 30]
    for row in (shared, own):
        assert_same(a, b, row["user1"])


def test_sync_of_a_busy_pair(work, rows):
    (row,) = rows(1)
    process = start_in(work, "one", [row], "--maxmessagespersecond", "10")
    under_way(work, "one")
    run = work.sync(row, expect=BUSY)
    assert f"process {process.pid} since" in run.err
    finish_in(work, "one", process, COMPLETE)
    work.sync(row)


def test_looking_on_is_no_conflict(work, rows):
    pairs = rows(1)
    process = start_in(work, "one", pairs, "--maxmessagespersecond", "10")
    under_way(work, "one")
    for option in ("--justlogin", "--dry", "--justfoldersizes"):
        batch_in(work, "two", pairs, option)
    batch_in(work, "two", pairs, "--justfolders", expect=PAUSED)
    finish_in(work, "one", process, COMPLETE)


def test_a_killed_run_holds_no_pair(work, a, b, rows):
    pairs = rows(1)
    process = start_in(work, "one", pairs, "--maxmessagespersecond", "10")
    under_way(work, "one")
    process.kill()
    process.communicate()
    batch_in(work, "two", pairs)
    assert_same(a, b, pairs[0]["user1"])


def test_many_rows_need_few_open_files(work, a, rows):
    """One lock is one open file, so they are held only while a pair runs."""
    gone = {**rows(1)[0], "port1": "1", "port2": "1"}
    pairs = [{**gone, "user1": f"u{n}", "user2": f"v{n}"} for n in range(300)]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    process = work.batch_start(
        pairs, "--parallel", "2",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, before[1])),
    )  # fmt: skip
    run = work.finish(process)
    assert run.code == FAILED
    assert {row["error_code"] for row in run.rows()} == {"connect"}


@pytest.mark.parametrize("mode", [0o701, 0o777])
def test_a_lock_directory_that_others_may_use(work, rows, mode):
    locks = work.path / "locks"
    locks.mkdir()
    locks.chmod(mode)
    path = work.manifest(rows(1))
    run = work.run("batch", path, "--workdir", work.workdir, "--lockdir", locks)
    assert run.code == 70 and "other users may enter it" in run.err and str(locks) in run.err


def test_a_lock_directory_of_ones_own(work, rows):
    locks = work.path / "made" / "locks"
    process = start_in(work, "one", rows(1), "--lockdir", locks, "--maxmessagespersecond", "20")
    under_way(work, "one")
    assert [p.suffix for p in locks.iterdir()] == [".lock"]
    assert locks.stat().st_mode & 0o777 == 0o700
    finish_in(work, "one", process, COMPLETE)
    assert list(locks.iterdir()) == []


def test_who_holds_the_work_directory(work, rows):
    pairs = rows(1)
    process = work.batch_start(pairs, "--maxmessagespersecond", "10")
    wait_until((work.workdir / "latest" / "run.log").exists, "it is under way")
    run = work.batch(pairs, expect=BUSY)
    assert re.fullmatch(
        rf"mailconvoy: another run holds the work directory: process {process.pid} since "
        rf"\S+Z in {work.workdir}; wait for its end, or use another --workdir\n",
        run.err,
    )
    assert work.finish(process).code == COMPLETE


# --quiet --------------------------------------------------------------------------------------------


def test_quiet_success(work, rows):
    pairs = rows(2)
    run = work.batch(pairs, "--quiet")
    assert (run.out, run.err) == ("", "")
    run = work.sync(pairs[0], "--quiet")
    assert (run.out, run.err) == ("", "")


def test_quiet_trouble(work, b, rows):
    good, refused, partly = rows(3)
    refused["password1"] = work.secret()
    partly["maxsize"] = "500"
    run = work.batch([good, refused, partly], "--quiet", expect=FAILED)
    told = {row["row"]: row for row in run.rows()}
    assert run.out == ""
    assert run.err == (
        f"row 2, {refused['user1']} (failed): {told[2]['error']}\n"
        f"row 3, {partly['user1']} (exceptions): {told[3]['error']}\n"
        "\nWhat to do, the most frequent first:\n"
        f"  Left out by your own size limit (1 mailbox, {told[3]['too_big']} messages):\n"
        "    Raise --maxsize and run again: the next run brings what was left out\n"
        "    More: mailconvoy explain over-maxsize\n"
        "  The sign-in was refused (1 mailbox):\n"
        "    Check user name and password by hand, in another mail program; mind blanks and "
        "special characters (put the password into a file: --passfile1)\n"
        "    More: mailconvoy explain sign-in-refused\n"
        "What failed: mend what the line says, then run again.\n"
        "Exceptions: problems.csv names each message and its reason.\n"
        f"Report: {run.files}/summary.txt\n"
    )
    run = work.sync(refused, "--quiet", expect=161)
    assert run.out == "" and told[2]["error"] in run.err


def test_quiet_says_why_nothing_started(work, rows):
    (row,) = rows(1)
    run = work.run("batch", work.manifest([{**row, "port1": "x"}]), "--quiet")
    assert run.code == USAGE and "port1 wants a whole number" in run.err and run.out == ""


# --until --------------------------------------------------------------------------------------------


def zone_in_which_it_is(hours, minutes, seconds):
    """A value of TZ."""
    now = datetime.datetime.now(datetime.timezone.utc)
    offset = hours * 3600 + minutes * 60 + seconds - (now.hour * 3600 + now.minute * 60 + now.second)
    sign, offset = ("+" if offset < 0 else "-"), abs(offset)
    return f"HERE{sign}{offset // 3600}:{offset % 3600 // 60:02}:{offset % 60:02}"


def test_the_window_ends(work, a, b, rows):
    """At 23:59:57 with --until 00:00: what runs is ended in good order, what waits is not begun."""
    pairs = rows(3)
    run = work.batch(
        pairs, "--parallel", "1", "--maxmessagespersecond", "5", "--until", "00:00",
        env={"TZ": zone_in_which_it_is(23, 59, 57)}, expect=PAUSED,
    )  # fmt: skip
    words = "time window ended (--until 00:00); run the same command again to go on"
    for row in run.rows():
        assert (row["status"], row["error_code"], row["error"]) == ("paused", "stopped", words)
    first, *others = run.rows()
    assert 5 <= first["copied"] < 30 and first["difference"] == 30 - first["copied"]
    assert [row["folders"] for row in others] == [0, 0]
    assert f"row 3, {pairs[2]['user1']} -> {pairs[2]['user2']} (paused): {words}" in run.out
    run = work.batch(pairs, "--until", "00:00", env={"TZ": zone_in_which_it_is(12, 0, 0)})
    assert [row["already"] for row in run.rows()] == [first["copied"], 0, 0]
    for row in pairs:
        assert_same(a, b, row["user1"])


def test_the_window_ends_for_sync(work, rows):
    (row,) = rows(1)
    args = [word for item in row.items() for word in (f"--{item[0]}", item[1])]
    run = work.run(
        "sync", *args, "--workdir", work.workdir, "--maxmessagespersecond", "5",
        "--until", "6:30", env={"TZ": zone_in_which_it_is(6, 29, 57)},
    )  # fmt: skip
    assert run.code == 6 and "time window ended (--until 6:30)" in run.err
    run.check()


# Daily bytes ----------------------------------------------------------------------------------------


def daily(work):
    """account, side, bytes"""
    with contextlib.closing(sqlite3.connect(work.workdir / "state.db")) as db:
        return db.execute("SELECT account, side, bytes FROM daily_bytes ORDER BY 2").fetchall()


def let_a_day_pass(work):
    with contextlib.closing(sqlite3.connect(work.workdir / "state.db")) as db:
        db.execute("UPDATE daily_bytes SET day = day - 1")
        db.commit()


@pytest.mark.parametrize("side", [1, 2])
def test_daily_bytes(work, a, b, rows, side):
    (row,) = rows(1, LARGE)
    pairs, option = [row], f"--daily-bytes{side}"
    limit = SIZE * 85 // 10  # eight fit
    run = work.batch(pairs, option, limit, expect=PAUSED)
    assert (run.row()["status"], run.row()["error_code"]) == ("paused", "transfer_limit")
    assert run.row()["error"].startswith(f"the limit of {option} {limit} is reached for this UTC ")
    first = run.row()["copied"]
    assert first == 8
    port = row[f"port{side}"]
    ((account, found, spent),) = daily(work)
    assert (account, found) == (f"localhost:{port} {row['user1']}", side)
    assert spent == run.row()["bytes_copied"] <= limit
    run = work.batch(pairs, option, limit, expect=PAUSED)  # the same day, another run
    assert (run.row()["copied"], run.row()["already"]) == (0, 8)
    let_a_day_pass(work)
    assert work.batch(pairs, option, limit, expect=PAUSED).row()["copied"] == 8
    let_a_day_pass(work)
    assert work.batch(pairs, option, limit).row()["copied"] == 4
    assert work.batch(pairs, option, "1").row()["already"] == 20  # nothing to send, no limit met
    assert_same(a, b, row["user1"])


def test_daily_bytes_in_sync_and_in_a_row(work, rows):
    limited, free = rows(2, LARGE)
    limited["daily-bytes2"] = "200k"
    run = work.batch([limited, free], expect=PAUSED)
    assert [row["status"] for row in run.rows()] == ["paused", "complete"]
    assert len(daily(work)) == 1
    work.sync(limited, expect=118)


def test_a_message_that_passes_through_counts(work, a, b):
    """Too large to be held, and larger than what is left of the day."""
    user = work.pair(a, b, {"INBOX": [messages.plain(1), messages.big(2, 3_000_000)]})
    run = work.batch([work.row(a, b, user)], "--daily-bytes2", "3_000_000", expect=PAUSED)
    assert run.row()["copied"] == 1
    let_a_day_pass(work)
    work.batch([work.row(a, b, user)], "--daily-bytes2", "2_000_000")  # the first of a day may
    assert daily(work)[-1][2] > 3_000_000
    assert_same(a, b, user)


def test_what_a_kill_makes_the_count_forget(work, a, b):
    """Less than a MiB."""
    content = {"INBOX": [messages.with_attachment(n, size=250_000) for n in range(60)]}
    user = work.pair(a, b, content)
    with Proxy(b) as proxy:
        process = work.batch_start(
            [work.row(a, proxy, user)], "--daily-bytes2", "1G", "--budget-bytes", "4M"
        )
        proxy.wait_for_appends(36)
        process.kill()
        process.communicate()
        sent = sum(append.size for append in proxy.appends)
    forgotten = sent - daily(work)[0][2]
    print("sent", sent, "forgotten", forgotten)
    assert sent > 8_000_000
    assert 0 <= forgotten < 2**20


# --retry-failed -------------------------------------------------------------------------------------


def test_retry_failed(work, a, b, rows):
    done, refused, partly, fresh = rows(4)
    password = refused["password1"]
    refused["password1"] = work.secret()
    partly["maxsize"] = "500"
    work.batch([done, refused, partly], expect=FAILED)
    refused["password1"] = password
    pairs = [fresh, done, partly, refused]  # the order is not what they are known by
    run = work.batch(pairs, "--retry-failed", expect=EXCEPTIONS)
    assert [row["status"] for row in run.rows()] == [
        "complete", "left_out", "exceptions", "complete",
    ]  # fmt: skip
    assert run.rows()[1]["source_messages"] == 0 and run.rows()[1]["started"] == ""
    assert "1 left out (complete in their last run)." in run.out
    assert re.findall(r"^\d/\d", run.err, re.M) == ["1/3", "2/3", "3/3"]
    assert json.loads(run.text("summary.json"))["totals"]["status"]["left_out"] == 1
    run = work.batch(pairs, "--retry-failed", expect=EXCEPTIONS)
    assert [row["status"] for row in run.rows()].count("left_out") == 3
    partly["maxsize"] = ""
    assert work.batch(pairs, "--retry-failed").row(partly["user1"])["copied"] > 0
    run = work.batch(pairs, "--retry-failed", "--quiet")  # all are left out
    assert {row["status"] for row in run.rows()} == {"left_out"} and run.err == ""
    for row in pairs:
        assert_same(a, b, row["user1"])


def test_a_trial_is_no_last_result(work, a, b, rows):
    pairs = rows(2)
    assert work.batch(pairs, "--justlogin").code == COMPLETE
    run = work.batch(pairs, "--dry", "--retry-failed")
    assert {row["status"] for row in run.rows()} == {"complete"}
    run = work.batch(pairs, "--retry-failed")
    assert [row["copied"] for row in run.rows()] == [30, 30]
    run = work.batch(pairs, "--justlogin", "--retry-failed")
    assert {row["status"] for row in run.rows()} == {"left_out"}


def test_retry_after_a_kill(work, a, b, rows):
    pairs = rows(3)
    process = work.batch_start(pairs, "--parallel", "1", "--maxmessagespersecond", "60")
    wait_until(
        lambda: (work.workdir / "latest/run.log").exists()
        and "complete" in (work.workdir / "latest/run.log").read_text(),
        "one is done",
    )
    process.kill()
    process.communicate()
    run = work.batch(pairs, "--retry-failed")
    assert [row["status"] for row in run.rows()] == ["left_out", "complete", "complete"]
    for row in pairs:
        assert_same(a, b, row["user1"])


# --final --------------------------------------------------------------------------------------------


def safe(run):
    return [(row["safe_to_switch"], row["safe_to_switch_why"]) for row in run.rows()]


def test_final(work, rows):
    mixed = SMALL["INBOX"] + LARGE["INBOX"][:3]
    clean, chosen, refused = rows(3)
    ruled, large = rows(2, {"INBOX": mixed})
    ruled["minsize"] = large["maxsize"] = "20k"
    chosen["exclude"] = "^Spam"
    refused["password2"] = work.secret()
    pairs = [clean, ruled, large, chosen, refused]
    assert safe(work.batch(pairs[:1])) == [("", "")]
    run = work.batch(pairs, "--final", expect=FAILED)
    assert safe(run) == [
        ("yes", ""),
        ("yes", "30 messages excluded by rule"),
        ("no", "it went through with exceptions; 3 messages too big"),
        ("yes", "folders were chosen by rule"),
        ("no", "it failed"),
    ]
    assert f"row 1, {clean['user1']} -> {clean['user2']}: yes\n" in run.out
    assert f"row 5, {refused['user1']} -> {refused['user2']}: no, it failed\n" in run.out
    assert "\n3 of 5 mailboxes are safe to switch.\n" in run.out
    told = json.loads(run.text("summary.json"))
    assert told["run"]["is_final"] is True
    again = work.run("report", "--workdir", work.workdir)
    assert "\n3 of 5 mailboxes are safe to switch.\n" in again.out


@pytest.mark.parametrize("option", ["--dry", "--justlogin", "--justfolders"])
def test_a_trial_is_not_final(work, rows, option):
    run = work.batch(rows(1), "--final", option)
    ((verdict, why),) = safe(run)
    assert verdict == "no" and why.startswith(f"it was only a trial ({option})")


def test_final_of_what_is_left_out(work, rows):
    pairs = rows(1)
    work.batch(pairs)
    run = work.batch(pairs, "--final", "--retry-failed")
    assert safe(run) == [("no", "it was left out of this run")]


# --keep-runs ----------------------------------------------------------------------------------------


def kept(work):
    with contextlib.closing(sqlite3.connect(work.workdir / "state.db")) as db:
        known = [row[0] for row in db.execute("SELECT id FROM run ORDER BY id")]
        for table in ("job", "folder_result"):
            ids = db.execute(f"SELECT DISTINCT run_id FROM {table} ORDER BY 1").fetchall()
            assert [row[0] for row in ids] == known
    return known, sorted(path.name for path in (work.workdir / "runs").iterdir())


def test_old_runs_go(work, rows):
    pairs = rows(1)
    ids = [work.batch(pairs).files.name for _ in range(3)]
    assert kept(work) == (ids, ids)
    ids.append(work.batch(pairs, "--keep-runs", "0").files.name)
    assert kept(work) == (ids, ids)
    run = work.batch(pairs, "--keep-runs", "3")
    ids.append(run.files.name)
    assert kept(work) == (ids[-3:], ids[-3:])
    assert "2 old runs forgotten (--keep-runs 3)" in run.text("run.log")
    shutil.rmtree(work.workdir / "runs" / ids[-2])  # by hand: no error
    run = work.batch(pairs, "--keep-runs", "1")
    assert kept(work) == ([run.files.name], [run.files.name])
    assert work.run("report", "--workdir", work.workdir).code == 0
    assert work.batch(pairs, "--retry-failed").row()["status"] == "left_out"


def test_what_a_run_did_not_make_stays(work, rows):
    pairs = rows(1)
    notes = work.batch(pairs).files / "notes.txt"
    notes.write_text("mine")
    outside = work.path / "outside"
    outside.mkdir()
    (outside / "run.log").write_text("mine")
    second = work.batch(pairs).files
    shutil.rmtree(second)
    second.symlink_to(outside)
    work.batch(pairs, "--keep-runs", "1")
    assert notes.read_text() == "mine" and not (notes.parent / "run.log").exists()
    assert (outside / "run.log").read_text() == "mine" and second.is_symlink()


# Values and the example -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, words",
    [
        (["--until", "25:00"], "until wants a time of day from 00:00 to 23:59"),
        (["--until", ""], "until wants a time of day from 00:00 to 23:59"),
        (["--exitwhenover", "lots"], "exitwhenover wants a whole number from 0 to"),
        (["--daily-bytes1", "-1"], "daily-bytes1 wants a whole number from 0 to"),
        (["--daily-bytes2", "2500MB"], "daily-bytes2 wants a whole number from 0 to"),
        (["--keep-runs", "all"], "keep-runs wants a whole number from 0 to 1000000"),
        (["--lockdir", ""], "lockdir wants the name of a file"),
        (["--quiet=yes"], "option --quiet does not take an argument"),
        (["--final=yes"], "option --final does not take an argument"),
        (["--retry-failed=yes"], "option --retry-failed does not take an argument"),
    ],
)
def test_bad_values(work, rows, options, words):
    run = work.batch(rows(1, None), *options, expect=USAGE)
    assert words in run.err and not work.workdir.exists()


@pytest.mark.parametrize("column", ["until", "quiet", "final", "retry-failed", "keep-runs"])
def test_not_of_a_single_mailbox(work, rows, column):
    run = work.batch([{**rows(1, None)[0], column: "1"}], expect=USAGE)
    assert f"{column} can't be a column: it is not of a single mailbox" in run.err


def test_the_crontab(work, rows):
    """The commands of the example are run as cron would, in order, but for directory and times."""
    text = (ROOT / "examples" / "crontab").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    fields = [line.split(None, 5) for line in lines]
    commands = [re.fullmatch(r"cd (\S+) && /usr/local/bin/mailconvoy (.+)", field[5]) for field in fields]
    assert all(commands) and len(commands) == 2
    work.manifest(rows(2), name="users.csv")
    for command in commands:
        words = re.sub(r"--until \S+", "", command[2])
        process = work.start("batch", *words.split()[1:], cwd=work.inputs)
        run = work.finish(process)
        assert (run.code, run.out, run.err) == (COMPLETE, "", ""), run
    with contextlib.closing(sqlite3.connect(work.inputs / "mailconvoy-data/state.db")) as db:
        assert db.execute("SELECT status FROM job ORDER BY run_id, job_row").fetchall() == [
            ("complete",), ("complete",), ("left_out",), ("left_out",),
        ]  # fmt: skip



def test_skip_complete(work, a, b):
    """Only the source is asked; what did not change is left out, what did is not."""
    quiet, busy = work.pair(a, b, SMALL), work.pair(a, b, SMALL)
    with Proxy(b) as proxy:
        rows = [work.row(a, proxy, user) for user in (quiet, busy)]
        work.batch(rows)
        mailbox.fill(a, busy, {"INBOX": [messages.plain(900)]})
        before = proxy.connections
        run = work.batch(rows, "--skip-complete")
        assert proxy.connections == before + 1
    assert [run.row(user)["status"] for user in (quiet, busy)] == ["left_out", "complete"]
    assert run.row(busy)["copied"] == 1
    assert_same(a, b, busy)


def test_retry_problems(work, a, b):
    """Only what failed is tried again; new mail waits for the next ordinary run."""
    user = work.pair(a, b, SMALL)
    body = rb"Subject: [^\r]* 1\r\n"
    with Proxy(b).on("^APPEND", no("[CANNOT] poison"), body=body) as proxy:
        row = work.row(a, proxy, user)
        run = work.batch([row], expect=EXCEPTIONS)
        assert run.row()["failed"] == 1
        mailbox.fill(a, user, {"INBOX": [messages.plain(901)]})
        proxy.rules.clear()
        found = work.batch([row], "--retry-problems").row()
        assert (found["copied"], found["excluded"], found["failed"]) == (1, 1, 0)
        assert work.batch([row]).row()["copied"] == 1
        assert_same(a, b, user)
        before = proxy.connections
        assert work.batch([row], "--retry-problems").row()["status"] == "left_out"
        assert proxy.connections == before
