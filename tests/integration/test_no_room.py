# SPDX-License-Identifier: MIT
"""A work directory that is full, or that can't be written: a clear sentence, and nothing is copied
without a record: after a run with room nothing is missing or twice."""

import os
import pathlib
import re
import resource
import shutil
import subprocess

import pytest

from tests.integration.harness import COMPLETE, PROGRAM, Run, assert_same
from tests.integration.interrupted import TREE, WAYS, Interrupted
from tests.servers.proxy import Proxy

BROKEN = 70
NOBODY = 65534
# From no room at all to a run that ends well; in between the store's pages are 4 KiB.
LIMITS = [0, 1, 4, 20, 50, *range(66, 96, 3), 100, 120, 150, 1000]


def limit_files(kib):
    """Each file is full at that size, as with `ulimit -f`."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kib * 1024, kib * 1024))


def is_clear(run, path):
    """It says what can't be written, where, and what to do."""
    return re.search(rf"can't [^\n]*{re.escape(str(path))}[^\n]*", run.err)


def run_limited(pairs, name, row, kib):
    path = pairs.work.manifest([row], name=f"{name}.csv")
    directory = pairs.work.path / name
    process = pairs.work.start(
        "batch", path, "--workdir", directory, preexec_fn=limit_files(kib)
    )  # fmt: skip
    run = pairs.work.finish(process)
    assert run.code in (COMPLETE, BROKEN), f"{kib} KiB: {run}"[-3000:]
    if run.code == BROKEN:
        assert is_clear(run, directory), f"{kib} KiB: {run}"[-3000:]
    return run


@pytest.mark.parametrize("way", ["plain", "partly there"])
def test_no_room_for_the_first_copy(work, a, b, way):
    """The store itself may be too large; then nobody is even connected to."""
    codes = {}
    with Proxy(b) as proxy:
        pairs = Interrupted(work, a, proxy, WAYS[way])
        pairs.look()
        for kib in LIMITS:
            name, row = f"{kib} KiB", pairs.add()
            before = len(proxy.appends)
            codes[kib] = run_limited(pairs, name, row, kib).code
            if not (work.path / name / "state.db").exists():
                assert len(proxy.appends) == before
            pairs.resume(name, row)
    assert codes[0] == BROKEN and codes[1000] == COMPLETE, codes


def test_no_room_for_a_later_run(work, a, b):
    """The store is there, and its write-ahead log can grow a little: it is full at some moment of
    the run, before or after mail was copied."""
    limits = [0, 1, 8, *range(20, 60, 2), 80, 150]
    stopped_in_the_copy = 0
    with Proxy(b) as proxy:
        pairs = Interrupted(work, a, proxy, WAYS["plain"])
        rows = pairs.add_copied(len(limits))
        pairs.change()
        codes = []
        for kib, row in zip(limits, rows, strict=True):
            name = f"{kib} KiB"
            pairs.begin(name)
            before = len(proxy.appends)
            codes.append(run_limited(pairs, name, row, kib).code)
            stopped_in_the_copy += codes[-1] == BROKEN and len(proxy.appends) > before
            pairs.resume(name, row)
    assert codes[0] == BROKEN and codes[-1] == COMPLETE and stopped_in_the_copy > 0, codes


# A disk that is full, seen as SQLite sees it ----------------------------------------------------------

ON_A_SMALL_DISK = """\
set -e
mount -t tmpfs -o size="$1"k none "$2"
cp -a "$3/." "$2"
set +e
"$4" batch "$5" --workdir "$2" --settle 0
code=$?
cp -a "$2/." "$3"
exit $code
"""


def small_disk(work, row, kib):
    disk, kept = work.path / "disk", work.path / "kept"
    for path in (disk, kept):
        path.mkdir(exist_ok=True, mode=0o700)
    path = work.manifest([row])
    command = ["unshare", "-rm", "sh", "-c", ON_A_SMALL_DISK, "sh", kib, disk, kept, PROGRAM, path]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return Run(done.returncode, done.stdout, done.stderr, kept)


def can_mount():
    return not subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode


@pytest.mark.skipif(not can_mount(), reason="no mounts of one's own on this system")
@pytest.mark.parametrize("kib", [4, 60, 120, 180, 240, 300, 360])
def test_a_full_disk(work, a, b, kib):
    user = work.pair(a, b, TREE)
    row = work.row(a, b, user)
    run = small_disk(work, row, kib)
    assert run.code in (COMPLETE, BROKEN), run
    if run.code == BROKEN:
        assert is_clear(run, work.path / "disk"), run
        assert "make room on that disk" in run.err or "No space left on device" in run.err, run
    again = small_disk(work, row, 10_000)
    assert again.code == COMPLETE, again
    assert_same(a, b, user)


# A directory that can't be written ------------------------------------------------------------------------


def as_nobody(*paths):
    """Root may write everywhere. Gives the paths to somebody who may not, and says who it is."""
    if os.geteuid() != 0:
        return {}
    for path in paths:
        for each in (path, *path.rglob("*")):
            os.chown(each, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def close(path):
    for each in (path, *path.rglob("*")):
        each.chmod(0o500 if each.is_dir() else 0o400)


@pytest.mark.parametrize("what", ["nothing there", "after a run"])
def test_a_work_directory_that_cannot_be_written(work, a, b, what):
    """Not even a connection, since nothing that is done could be noted."""
    user = work.pair(a, b, TREE)
    with Proxy(a) as source, Proxy(b) as destination:
        ca = shutil.copy(a.ca, work.inputs)
        row = work.row(source, destination, user, cafile1=ca, cafile2=ca)
        if what == "after a run":
            work.batch([row])
        work.workdir.mkdir(exist_ok=True)
        path = work.manifest([row])
        counts = [(p.connections, len(p.commands)) for p in (source, destination)]
        who = as_nobody(work.path)
        close(work.workdir)
        run = work.finish(work.start("batch", path, "--workdir", work.workdir, **who))
        assert run.code == BROKEN, run
        assert "can't" in run.err and str(work.workdir) in run.err, run
        assert counts == [(p.connections, len(p.commands)) for p in (source, destination)]
        for each in (work.workdir, *pathlib.Path(work.workdir).rglob("*")):
            each.chmod(0o700 if each.is_dir() else 0o600)
        run = work.finish(work.start("batch", path, "--workdir", work.workdir, **who))
        assert run.code == COMPLETE, run
    assert_same(a, b, user)
