# SPDX-License-Identifier: MIT
"""--metrics, as Prometheus reads it."""

import re
import shutil
import subprocess

import pytest

from tests.integration.harness import wait_until
from tests.servers import messages


def values(text):
    """{name with labels: value}, once each."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert name not in found, name
            found[name] = float(value)
    return found


@pytest.fixture
def metrics(work, a, b):
    """The metrics of a run that has ended."""
    content = {"INBOX": [messages.tiny(n) for n in range(3)]}
    rows = [work.row(a, b, work.pair(a, b, content)), work.row(a, b, work.pair(a, b, content))]
    path = work.path / "mail\"convoy\\.prom"
    work.batch(work.manifest(rows, name='quo"te.csv'), "--metrics", path, "--budget-messages", "100")
    assert path.stat().st_mode & 0o777 == 0o644
    return path.read_text()


def test_the_end_of_a_run(metrics):
    found = values(metrics)
    assert found["mailconvoy_messages_copied_total"] == 6
    assert found["mailconvoy_source_messages"] == found["mailconvoy_done_messages"] == 6
    assert found["mailconvoy_copied_bytes_total"] == found["mailconvoy_expected_bytes"] > 500
    assert found['mailconvoy_mailboxes{status="complete"}'] == 2
    assert found["mailconvoy_run_running"] == 0
    assert found["mailconvoy_run_exit_code"] == 0
    assert found["mailconvoy_budget_messages_per_second"] == 100
    assert found["mailconvoy_run_start_time_seconds"] <= found["mailconvoy_run_end_time_seconds"]
    assert re.search(r'^mailconvoy_run_info\{run="[^"]+",command="batch",manifest="[^"]*quo\\"te.csv"', metrics, re.M)


def test_promtool_accepts_them(metrics):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here (Debian's package prometheus)")
    told = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, text=True)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", ""), told


def test_a_file_that_cannot_be_written_stops_nothing(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.tiny(1)]})
    run = work.batch([work.row(a, b, user)], "--metrics", work.path / "missing" / "x.prom")
    assert run.text("run.log").count("can't write") == 1, run
    assert run.err.count("can't write") == 0


def test_they_are_there_while_it_runs(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.tiny(n) for n in range(30)]})
    path = work.path / "x.prom"
    process = work.batch_start([work.row(a, b, user)], "--metrics", path, "--budget-messages", "10")
    wait_until(path.exists, "the metrics are there")
    found = values(path.read_text())
    assert found["mailconvoy_run_running"] == 1
    assert "mailconvoy_run_exit_code" not in found
    assert work.finish(process).code == 0
    assert list(work.path.glob("x.prom*")) == [path]
