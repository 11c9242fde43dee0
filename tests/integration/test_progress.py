# SPDX-License-Identifier: MIT
"""What is shown of a run while it lasts."""

import json
import os
import pathlib
import re
import signal
import termios

import pytest

from tests.integration.harness import COMPLETE, PAUSED, wait_until
from tests.integration.pseudo_terminal import OnTerminal
from tests.servers import messages
from tests.servers.scripted import ScriptedServer, hang, no


def folder(count):
    return [messages.tiny(number) for number in range(count)]


@pytest.fixture
def on_terminal(work):
    running = []

    def start(*args, **more):
        running.append(OnTerminal(*args, cwd=work.path, **more))
        return running[-1]

    yield start
    for terminal in running:
        terminal.close()


@pytest.fixture
def slow(work, a, b):
    """The command line of a run that takes about 15 s if nobody stops it."""
    one = work.pair(a, b, {"INBOX": folder(5), "邮件": folder(60)})
    two = work.pair(a, b, {"INBOX": folder(60)})
    rows = [
        work.row(a, b, one, label="one e\u0301 \u202eevil"),
        work.row(a, b, two, label="a name that is longer than there is room for it on a small screen"),
    ]
    return ["batch", work.manifest(rows), "--workdir", work.workdir, "--budget-messages", "8",
            "--settle", "0"]


@pytest.mark.threads
def test_the_screen_is_drawn_in_place_resized_and_left_by_ctrl_c(work, slow, on_terminal):
    terminal = on_terminal(*slow, columns=110, rows=20)
    terminal.wait_for(lambda screen: "邮件" in screen.text(), "a folder is shown")
    lines = terminal.screen.lines()
    assert lines[0].startswith("mailconvoy batch ") and re.search(r" running 0:\d\d$", lines[0])
    assert re.fullmatch(r"messages  \[[#.]{30}\] +\d+ %  \d+ of 125", lines[1]), lines
    assert re.fullmatch(r"bytes     \[[#.]{30}\] +\d+ %  [\d.]+ K?i?B of (about )?[\d.]+ KiB", lines[2])
    assert lines[3] == "mailboxes 0 complete, 0 failed, 2 running, 0 to come"
    assert re.fullmatch(r"rate      [\d.]+/s of 8.0/s allowed, [\d.]+ K?i?B/s", lines[4]), lines
    assert lines[5].startswith("left      "), lines
    assert lines[6] == ""
    assert lines[7].startswith("one e \ufffdevil ") and "\u202e" not in terminal.screen.raw, lines
    assert re.search(r" \d+/65 +[\d.]+/s +[\d.]+ K?i?B/s$", lines[7]), lines
    assert lines[8].startswith("a name that is longer than ther…  INBOX ")
    assert len(lines) == 9, lines
    assert terminal.screen.modes == {"?25": "l", "?7": "l", "?1049": "h"}

    terminal.resize(60, 8)
    draws = terminal.screen.draws
    terminal.wait_for(lambda screen: screen.draws > draws + 1, "it is drawn again")
    lines = terminal.screen.lines()
    assert len(lines) == 8 and all(len(line) <= 60 for line in lines), lines
    assert lines[7] == "and 2 more", lines

    terminal.type("\x03")
    terminal.wait_for(lambda screen: screen.is_sane(), "the screen is left")
    assert terminal.finish() == PAUSED
    assert terminal.screen.is_sane()
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert "2 paused" in terminal.screen.text(), terminal.screen.text()
    status = json.loads((work.workdir / "status.json").read_text())
    assert (status["phase"], status["exit_code"], status["by_status"]["paused"]) == ("ended", 12, 2)


def test_hostile_servers_cannot_draw(work, authority, b, on_terminal):
    """One throttles with escape sequences in its words, the other has them in a folder's name.
    Screen.feed() fails on any that is not ours."""
    evil = "e\x1b[2J\x1b]0;owned\x07\x9bvil"
    with (
        ScriptedServer({"INBOX": [b"Subject: x\r\n\r\n"]}, authority) as throttling,
        ScriptedServer({evil: [b"Subject: x\r\n\r\n"]}, authority) as naming,
    ):
        words = "\x1b[31mRequest is throttled. Suggested Backoff Time: 252000 milliseconds\x1b[0m"
        throttling.on("^LIST", no(words))
        naming.on("^UID FETCH", hang)
        rows = [
            work.side(1, server, "scripted", work.secret()) | work.side(2, b, work.user(b))
            for server in (throttling, naming)
        ]
        manifest = work.manifest(rows)
        terminal = on_terminal("batch", manifest, "--workdir", work.workdir, "--settle", "0")
        terminal.wait_for(lambda screen: "throttled 4:1" in screen.text(), "it is throttled")
        terminal.wait_for(lambda screen: r"e\x1b[2J\x1b]0;owned\x07" in screen.text(), "the name is shown")
        lines = terminal.screen.lines()
        assert lines[3] == "mailboxes 0 complete, 0 failed, 1 running, 1 waiting, 0 to come"
        assert re.match(r"scripted +throttled 4:1\d", lines[8]), lines
        terminal.type("\x03\x03")  # one message never comes
        assert terminal.finish() == PAUSED
    assert terminal.screen.is_sane()


def test_a_terminal_that_is_held_holds_nothing_up(work, slow, on_terminal):
    terminal = on_terminal(*slow)
    terminal.wait_for(lambda screen: "running" in screen.text(), "it runs")
    status = work.workdir / "status.json"
    wait_until(status.exists, "there is a status")
    terminal.type("\x13")
    before = status.stat().st_mtime_ns
    wait_until(lambda: status.stat().st_mtime_ns > before, "the main thread still works")
    before = status.stat().st_mtime_ns
    wait_until(lambda: status.stat().st_mtime_ns > before, "the main thread still works")
    terminal.type("\x03")
    assert terminal.finish() == PAUSED
    assert terminal.screen.is_sane()


def test_a_second_ctrl_c_leaves_the_terminal_sane_too(slow, on_terminal):
    terminal = on_terminal(*slow)
    terminal.wait_for(lambda screen: "running" in screen.text(), "it runs")
    terminal.type("\x03\x03")
    assert terminal.finish() == PAUSED
    assert terminal.screen.is_sane()


def test_ctrl_z_gives_the_terminal_back(slow, on_terminal):
    terminal = on_terminal(*slow)
    terminal.wait_for(lambda screen: "running" in screen.text(), "it runs")
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.wait_for(lambda screen: screen.is_sane(), "the screen is left")
    stat = pathlib.Path(f"/proc/{terminal.process.pid}/stat")
    wait_until(lambda: stat.read_text().rpartition(") ")[2][0] == "T", "it is stopped")
    draws = terminal.screen.draws
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for(lambda screen: screen.draws > draws and not screen.is_sane(), "it is back")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.finish() == PAUSED
    assert terminal.screen.is_sane()


def test_a_dumb_terminal_gets_lines(work, a, b, on_terminal):
    user = work.pair(a, b, {"INBOX": folder(2)})
    rows = work.manifest([work.row(a, b, user)])
    terminal = on_terminal("batch", rows, "--workdir", work.workdir, env={"TERM": "dumb"})
    assert terminal.finish() == COMPLETE
    assert f"1/1 row 1 {user}: complete, 2 copied" in terminal.screen.raw
    assert "\x1b" not in terminal.screen.raw


@pytest.mark.parametrize(
    "options, stdout, stderr",
    [
        ((), "Every message", "1/1 row 1 "),
        (("--progress", "lines"), "Every message", "1/1 row 1 "),
        (("--progress", "none"), "Every message", ""),
        (("--quiet",), "", ""),
        (("--quiet", "--progress", "lines"), "", "1/1 row 1 "),
    ],
)
def test_what_goes_where_without_a_terminal(work, a, b, options, stdout, stderr):
    user = work.pair(a, b, {"INBOX": folder(1)})
    run = work.batch([work.row(a, b, user)], *options)
    assert (stdout in run.out) and (bool(run.out) == bool(stdout)), run
    assert (stderr in run.err) and (bool(run.err) == bool(stderr)), run


@pytest.mark.threads
def test_json_is_one_object_per_line(work, a, b):
    user = work.pair(a, b, {"INBOX": folder(3)})
    run = work.batch([work.row(a, b, user)], "--progress", "json")
    events = [json.loads(line) for line in run.out.splitlines()]
    assert [event["event"] for event in events][-2:] == ["mailbox", "end"]
    assert (events[-2]["row"], events[-2]["status"], events[-2]["ended"]) == (1, "complete", 1)
    end = events[-1]
    assert (end["phase"], end["exit_code"], end["messages_copied"], end["messages_done"]) == (
        "ended", 0, 3, 3)  # fmt: skip
    assert end["by_status"]["complete"] == 1 and end["bytes"] == end["bytes_copied"] > 0
    assert run.err == ""


def test_sync_shows_a_line_per_message_or_a_screen(work, a, b, on_terminal):
    user = work.pair(a, b, {"INBOX": folder(2)})
    run = work.sync(work.row(a, b, user), "--progress", "lines")
    assert re.findall(r"^msg INBOX/(\d) \{\d+\} copied to INBOX/\d", run.out, re.MULTILINE) == ["1", "2"]
    other = work.pair(a, b, {"INBOX": folder(40)})
    args = [word for k, v in work.row(a, b, other).items() for word in (f"--{k}", v)]
    args += ["--workdir", work.workdir, "--maxmessagespersecond", "10"]
    terminal = on_terminal("sync", *args)
    terminal.wait_for(lambda screen: "INBOX" in screen.text(), "a folder is shown")
    assert re.search(r"^messages  \[[#.]{30}\] +\d+ %  \d+ of 40$", terminal.screen.text(), re.MULTILINE)
    assert terminal.finish() == 0
    assert "msg INBOX" not in terminal.screen.raw
    log = work.path / "kept.txt"
    kept = on_terminal("sync", *args, stdout=log.open("wb"))
    assert kept.finish() == 0
    assert "folder INBOX: unchanged" in log.read_text() and "\x1b" not in kept.screen.raw
    dry = on_terminal("sync", *args, "--justfolderlists")
    assert dry.finish() == 0
    assert "\x1b" not in dry.screen.raw and "INBOX" in dry.screen.raw


def test_bad_words_end_before_anything_starts(work, a, b):
    user = work.pair(a, b, {})
    run = work.batch([work.row(a, b, user)], "--progress", "loud", expect=64)
    assert "progress wants one of auto|screen|lines|json|none" in run.err


def test_status_tells_of_a_run_from_another_shell(work, slow, on_terminal):
    """While it runs, when it was killed, and when it has ended."""
    assert work.run("status", "--workdir", work.workdir).code == 66
    process = work.start(*slow)
    wait_until(lambda: (work.workdir / "status.json").exists(), "there is a status")
    assert (work.workdir / "status.json").stat().st_mode & 0o777 == 0o600

    def told(*options):
        run = work.run("status", "--workdir", work.workdir, *options)
        assert run.code == 0, run
        return run.out

    wait_until(lambda: json.loads(told("--json"))["messages_copied"] > 0, "something is copied")
    status = json.loads(told("--json"))
    assert (status["phase"], status["pid"], status["wanted"], status["running"]) == (
        "running", process.pid, 2, 2)  # fmt: skip
    assert [m["row"] for m in status["mailboxes"]] == [1, 2]
    assert status["mailboxes"][0]["title"] == "one e\u0301 \u202eevil"
    assert {m["state"] for m in status["mailboxes"]} == {"copying"}
    lines = told().splitlines()
    assert lines[3] == "mailboxes 0 complete, 0 failed, 2 running, 0 to come"
    assert lines[7].startswith("one e\u0301 \ufffdevil"), lines

    watcher = on_terminal("status", "--workdir", work.workdir, "--watch")
    watcher.wait_for(lambda screen: "2 running" in screen.text(), "the watcher shows it")
    watcher.type("\x03")
    assert watcher.finish() == 0
    assert watcher.screen.is_sane() and process.poll() is None
    watcher = on_terminal("status", "--workdir", work.workdir, "--watch")
    watcher.wait_for(lambda screen: "2 running" in screen.text(), "the watcher shows it")

    process.kill()
    process.wait()
    path = work.workdir / "status.json"
    late = re.sub(r'"taken_msecs": \d+', '"taken_msecs": 1000', path.read_text())
    path.write_text(late)
    watcher.wait_for(lambda screen: screen.is_sane(), "the watcher ends with the run")
    assert watcher.finish() == 0
    assert re.search(r"^mailboxes 0 complete, 0 failed, 0 running, 2 to come$", watcher.screen.text(), re.M)
    assert "run the same command again to go on" in told()

    assert work.finish(work.start(*slow[:4], "--settle", "0")).code == 0
    status = json.loads(told("--json"))
    assert (status["phase"], status["exit_code"], status["by_status"]["complete"]) == ("ended", 0, 2)
    assert status["messages_done"] == status["messages"] == 125
    assert "exit code 0" in told("--watch")


def test_a_status_that_is_none_is_refused(work):
    work.workdir.mkdir()
    for text in ("", "{}", "[1]", '{"schema": 2}', "{" * 100_000):
        (work.workdir / "status.json").write_text(text)
        run = work.run("status", "--workdir", work.workdir)
        assert (run.code, run.out) == (66, ""), run
        assert "no status file" in run.err
