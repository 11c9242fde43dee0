# SPDX-License-Identifier: MIT
"""`mailconvoy report` prints a past run from the store alone."""

import json
import shutil
import time

import pytest

from tests.integration.harness import EXCEPTIONS, SUMMARY_COLUMNS, USAGE, read_csv, wait_until
from tests.servers import messages

NO_INPUT = 66
SMALL = {"INBOX": [messages.plain(1), messages.big(2, 50_000)], "Größe": [messages.plain(3)]}


@pytest.fixture
def two_runs(work, a, b):
    user = work.pair(a, b, SMALL)
    one = work.batch([work.row(a, b, user)], "--maxsize", "10k", expect=(0, EXCEPTIONS))
    files = {p.name: p.read_bytes() for p in one.files.iterdir() if p.is_file()}
    two = work.batch([work.row(a, b, user)])
    assert one.code in (0, EXCEPTIONS) and two.row()["copied"] == 1
    return files, two, sorted(p.name for p in (work.workdir / "runs").iterdir())


def report(work, *options, code=0):
    run = work.run("report", "--workdir", work.workdir, *options)
    assert run.code == code, run
    return run


@pytest.mark.parametrize("form, name", [("csv", "summary.csv"), ("json", "summary.json"), ("text", "summary.txt")])
def test_the_latest_run(work, two_runs, form, name):
    _, two, _ = two_runs
    assert report(work, "--format", form).out == two.text(name)


@pytest.mark.parametrize("form, name", [("csv", "summary.csv"), ("json", "summary.json"), ("text", "summary.txt")])
def test_a_run_of_the_past_without_its_files(work, two_runs, form, name):
    files, _, ids = two_runs
    shutil.rmtree(work.workdir / "runs")
    assert report(work, "--run", ids[0], "--format", form).out.encode() == files[name]


def test_text_is_the_default_and_shows_the_difference(work, two_runs):
    out = report(work).out
    assert out == report(work, "--format", "text").out
    assert "difference" in out.lower()


def test_csv_and_json_agree(work, two_runs):
    columns, rows = read_csv(report(work, "--format", "csv").out)
    assert columns == SUMMARY_COLUMNS and len(rows) == 1
    assert json.loads(report(work, "--format", "json").out)


@pytest.mark.parametrize(
    "options, word",
    [(("--run", "20000101T000000Z"), "20000101T000000Z"), (("--format", "xml"), "format"),
     (("surplus",), "no option")],
)  # fmt: skip
def test_what_is_not_there(work, two_runs, options, word):
    assert word in report(work, *options, code=USAGE).err


def test_no_work_directory(work):
    run = work.run("report", "--workdir", work.path / "nowhere")
    assert run.code == NO_INPUT and "nowhere" in run.err
    assert not (work.path / "nowhere").exists()


def test_a_run_that_was_killed_can_be_reported(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(60)]})
    process = work.batch_start([work.row(a, b, user)], "--budget-messages", "10")
    wait_until((work.workdir / "latest").exists, "it is under way")
    time.sleep(1.5)  # rows are committed once a second
    process.kill()
    process.communicate()
    _, rows = read_csv(report(work, "--format", "csv").out)
    assert rows[0]["status"] in ("not_started", "paused", "failed")
