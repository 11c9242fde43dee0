# SPDX-License-Identifier: MIT
"""Runs the program as its users do and checks what holds for every run: the summary's columns, the
accounting, counts against problems.csv, CSV against JSON, and that no secret is anywhere."""

import base64
import csv
import dataclasses
import html
import io
import itertools
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import tempfile
import time
import urllib.parse

from tests.servers import mailbox

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("MAILCONVOY", ROOT / "mailconvoy")).resolve()
# The same program, but it dies where base/crash.h is told.
CRASHING = pathlib.Path(
    os.environ.get("MAILCONVOY_CRASH", PROGRAM.with_name("mailconvoy-crash"))
).resolve()
# Sanitizers slow the program down.
TIMEOUT_SECS = float(os.environ.get("MAILCONVOY_TIMEOUT", "120"))

SUMMARY_COLUMNS = (
    "row,label,host1,user1,host2,user2,status,folders,source_messages,copied,already,excluded,"
    "too_big,failed,unreadable,vanished,difference,bytes_copied,started,ended,seconds,error_code,"
    "error,safe_to_switch,safe_to_switch_why,deleted_source,deleted_destination,not_selected,grade"
).split(",")
PROBLEM_COLUMNS = "row,user1,folder,uid,message_id,date,size,reason,server_text,advice".split(",")
REASONS = ("excluded", "too_big", "failed", "unreadable", "vanished")
DIFFERENCES = ("missing", "gone", "different", "unread")  # of --verify
COUNTS = (
    "source_messages", "copied", "already", *REASONS, "difference", "bytes_copied", "folders",
    "deleted_source", "deleted_destination", "not_selected",
)  # fmt: skip
STATUSES = ("complete", "exceptions", "paused", "failed", "not_started", "left_out")

COMPLETE, EXCEPTIONS, FAILED, PAUSED, USAGE, BUSY = 0, 10, 11, 12, 64, 75
_numbers = itertools.count(1)


def read_csv(text):
    """Header and rows; a row is a dict."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = list(reader)
    return reader.fieldnames, rows


@dataclasses.dataclass
class Run:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str
    workdir: pathlib.Path

    def __str__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}\n{self.logs()}"

    def logs(self):
        if not (self.workdir / "latest").exists():
            return ""
        found = sorted((self.workdir / "latest").glob("**/*.log"))
        return "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')[-4000:]}" for p in found)

    @property
    def is_verification(self):
        settings = json.loads(self.text("summary.json"))["run"]["settings"]
        return "verify-only" in str(settings)

    @property
    def files(self):
        return (self.workdir / "latest").resolve()

    def text(self, name):
        # Not read_text(): line ends inside CSV cells shall stay what they are.
        return (self.files / name).read_bytes().decode()

    def rows(self):
        """summary.csv, counts as numbers."""
        columns, rows = read_csv(self.text("summary.csv"))
        assert columns == SUMMARY_COLUMNS
        return [
            {k: int(v) if k in COUNTS or k == "row" else v for k, v in row.items()} for row in rows
        ]

    def row(self, user=None):
        rows = [r for r in self.rows() if user in (None, r["user1"])]
        assert len(rows) == 1, rows
        return rows[0]

    def problems(self):
        columns, rows = read_csv(self.text("problems.csv"))
        assert columns == PROBLEM_COLUMNS
        return rows

    def user_log(self, user=None):
        logs = [p for p in (self.files / "users").glob("*.log") if user is None or user in p.name]
        assert len(logs) == 1, logs
        return logs[0].read_text()

    def check(self):
        """What holds for every run that got past its manifest."""
        rows, problems = self.rows(), self.problems()
        for row in rows:
            accounted = sum(row[name] for name in ("copied", "already", "not_selected", *REASONS))
            assert row["difference"] == row["source_messages"] - accounted, row
            assert row["status"] in STATUSES, row
            if row["status"] in ("complete", "exceptions"):
                assert row["difference"] == 0, row
            if row["status"] in ("failed", "paused"):
                assert row["error_code"] and row["error"], row
            for reason in REASONS:
                if reason == "failed" and self.is_verification:
                    continue  # they are missing or gone
                listed = [
                    p for p in problems if int(p["row"]) == row["row"] and p["reason"] == reason
                ]
                assert len(listed) == row[reason], (reason, row, listed)
        assert all(p["reason"] in (*REASONS, *DIFFERENCES) for p in problems), problems
        for problem in problems:
            wants_advice = problem["reason"] in ("too_big", "failed", "unreadable", *DIFFERENCES)
            assert bool(problem["advice"]) == wants_advice, problem
        self._check_json(rows)
        assert (self.files / "run.log").exists()
        assert (self.files / "summary.txt").read_text()

    def _check_json(self, rows):
        """summary.json says the same, and its folders add up to their mailbox."""
        mailboxes = json.loads(self.text("summary.json"))["mailboxes"]
        for row, item in itertools.zip_longest(rows, mailboxes):
            folders, counts = item["folders"], item["counts"]
            told = {**item, **counts, "folders": len(folders)}
            assert (item["diagnosis"] is not None) == (bool(row["error"])), item
            for name in SUMMARY_COLUMNS:
                if name == "seconds" and row[name]:
                    assert abs(told[name] - float(row[name])) < 0.01
                else:
                    assert printable("" if told[name] is None else told[name]) == str(row[name])
            for name, count in counts.items():
                assert sum(folder["counts"][name] for folder in folders) == count, name
            if item["status"] in ("complete", "exceptions"):
                assert all(folder["counts"]["difference"] == 0 for folder in folders)


def printable(value):
    """As CSV cells show control characters; JSON has its own way."""
    return re.sub(r"[\0-\x09\x0b-\x1f\x7f]", lambda m: f"\\x{ord(m[0]):02x}", str(value))


def text_of(process_output):
    return process_output.decode("utf-8", "replace")


def written_forms(secret):
    """What to look for: the secret as it is, and as it stands inside of hexadecimal digits, URLs,
    JSON, HTML and base64, in which it may begin at any of three places."""
    data = secret.encode()
    yield data
    yield data.hex().encode()
    yield urllib.parse.quote(secret, safe="").encode()
    yield json.dumps(secret)[1:-1].encode()
    yield html.escape(secret).encode()
    for before, first in enumerate((0, 2, 3)):
        coded = base64.b64encode(bytes(before) + data)[first : (before + len(data)) * 8 // 6]
        if len(coded) > 6:
            yield coded


class Work:
    """One test's directory, users and secrets. At its end nothing the program wrote may hold a
    secret."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="mc-work-", dir="/tmp")
        self.path = pathlib.Path(self._directory.name)
        self.workdir = self.path / "data"
        self.inputs = self.path / "inputs"
        self.inputs.mkdir()
        self.secrets = []
        self.outputs = []
        self.processes = []

    # Users ---------------------------------------------------------------------------------------

    def secret(self):
        self.secrets.append("pw-" + secrets.token_hex(8))
        return self.secrets[-1]

    def user(self, server, content=None, name=None):
        """A new user with his mail; his name is unlike any other."""
        name = name or f"user{next(_numbers)}.{os.getpid()}@example.org"
        server.add_user(name, self.secret())
        if content:
            mailbox.fill(server, name, content)
        return name

    def pair(self, source, destination, content, there=None):
        """A user of that name on both servers."""
        user = self.user(source, content)
        self.user(destination, there, user)
        return user

    # Command lines and manifests -----------------------------------------------------------------

    @staticmethod
    def side(number, server, user, password=None):
        """The settings of one side, as manifest columns."""
        return {
            f"host{number}": server.host,
            f"port{number}": str(server.imaps_port),
            f"user{number}": user,
            f"password{number}": password or server.passwords[user],
            f"cafile{number}": str(server.ca),
        }

    def row(self, source, destination, user1, user2=None, **more):
        row = self.side(1, source, user1) | self.side(2, destination, user2 or user1)
        return row | {k: v for k, v in more.items() if v is not None}

    def manifest(self, rows, delimiter=",", name="manifest.csv"):
        """Writes dicts, bytes or text as a file that only we may read."""
        path = self.inputs / name
        if isinstance(rows, (bytes, str)):
            data = rows if isinstance(rows, bytes) else rows.encode()
        else:
            columns = list(dict.fromkeys(k for row in rows for k in row))
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
            data = text.getvalue().encode()
        path.write_bytes(data)
        path.chmod(0o600)
        return path

    # Runs ----------------------------------------------------------------------------------------

    def start(self, *args, env=None, cwd=None, program=PROGRAM, **more):
        process = subprocess.Popen(
            [program, *map(str, args)],
            cwd=cwd or self.path,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **more,
        )
        self.processes.append(process)
        return process

    def finish(self, process, timeout=TIMEOUT_SECS):
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
            run = Run(process.returncode, text_of(out), text_of(err), self.workdir)
            raise AssertionError(f"it hung: {run}") from None
        run = Run(process.returncode, text_of(out), text_of(err), self.workdir)
        self.outputs.append(run)
        assert run.code >= 0 and "Sanitizer" not in run.err, f"it crashed: {run}"
        return run

    def run(self, *args, env=None, timeout=TIMEOUT_SECS):
        return self.finish(self.start(*args, env=env), timeout)

    def batch_start(self, rows, *options, env=None, **more):
        path = rows if isinstance(rows, pathlib.Path) else self.manifest(rows)
        options = self._at_once(options)
        return self.start("batch", path, "--workdir", self.workdir, *options, env=env, **more)

    @staticmethod
    def _at_once(options):
        """What a fault does is seen best when it is not tried again at once, and what the next run
        does when it waits for nothing; test_reconnect.py and test_settle.py look at that."""
        given = " ".join(map(str, options))
        if "--reconnectretry" not in given:
            options = (*options, "--reconnectretry1", "0", "--reconnectretry2", "0")
        return options if "--settle" in given else (*options, "--settle", "0")

    def batch(self, rows, *options, expect=COMPLETE, env=None):
        """`expect`: an exit code, or several that will do."""
        return self._expect(self.finish(self.batch_start(rows, *options, env=env)), expect)

    @staticmethod
    def _expect(run, expect):
        assert run.code in (expect if isinstance(expect, tuple) else (expect,)), run
        if run.code not in (USAGE, BUSY):
            run.check()
        return run

    def sync(self, row, *options, expect=0):
        """One pair on the command line; `row` as for a manifest."""
        args = itertools.chain.from_iterable((f"--{k}", v) for k, v in row.items())
        options = self._at_once(options)
        return self._expect(self.run("sync", *args, "--workdir", self.workdir, *options), expect)

    # The end -------------------------------------------------------------------------------------

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        try:
            self._check_no_secret()
        finally:
            self._directory.cleanup()

    def _check_no_secret(self):
        places = {}
        for number, run in enumerate(self.outputs):
            places[f"stdout of run {number}"] = run.out.encode()
            places[f"stderr of run {number}"] = run.err.encode()
        for path in self.path.rglob("*"):
            if path.is_file() and self.inputs not in path.parents:
                places[str(path)] = path.read_bytes()
        everything = b"\0".join(places.values())
        for form in set(itertools.chain.from_iterable(map(written_forms, set(self.secrets)))):
            if form in everything:
                found = [place for place, data in places.items() if form in data]
                raise AssertionError(f"a secret stands in {', '.join(found)}")


def assert_same(source, destination, user1, user2=None, **how):
    """Message by message: content, flags, INTERNALDATE, folder names."""
    found = mailbox.differences(
        mailbox.snapshot(source, user1), mailbox.snapshot(destination, user2 or user1), **how
    )
    assert not found, "\n".join(found)


def wait_until(condition, what, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)
