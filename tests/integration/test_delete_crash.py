# SPDX-License-Identifier: MIT
"""--delete1, killed at any moment and started again: at no time is a message on neither side, in the
end it is on the destination once, as it was, and the source is empty. (--delete2 is one of the ways
in test_crash.py.)"""

import collections
import contextlib
import itertools
import sqlite3

import pytest

from tests.integration.harness import COMPLETE, CRASHING
from tests.integration.interrupted import TREE, until_it_ends
from tests.servers import mailbox

DEAD = 137
EMPTY = {name: [] for name in TREE}


def run(work, name, row, expect, **how):
    path = work.manifest([row], name=f"{name}.csv")
    directory = work.path / name
    process = work.start("batch", path, "--workdir", directory, "--delete1", "--settle", "0", **how)
    ended = work.finish(process)
    ended.workdir = directory
    assert ended.code in expect, f"{name}: {ended}"[-4000:]
    return ended


def counted(*snapshots):
    """How often each message is there, by what it is."""
    return collections.Counter(
        entry.sha256 for snapshot in snapshots for entries in snapshot.values() for entry in entries
    )


def rows_known(workdir):
    """Rows of the map that say where a message is."""
    path = workdir / "state.db"
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'message_map'")
        if not tables.fetchone()[0]:
            return 0
        return db.execute("SELECT COUNT(*) FROM message_map WHERE dst_uid > 0").fetchone()[0]


@pytest.mark.parametrize("is_later", [False, True], ids=["first copy", "all is there"])
@pytest.mark.parametrize("place", ["commit", "committed", "net_write"])
def test_killed_while_the_source_is_emptied(work, a, b, place, is_later):
    def step(k):
        name = f"{place}={k}"
        user = work.pair(a, b, TREE)
        row = work.row(a, b, user)
        before = mailbox.snapshot(a, user)
        if is_later:
            path = work.manifest([row], name=f"{name}.csv")
            first = work.finish(work.start("batch", path, "--workdir", work.path / name))
            assert first.code == COMPLETE, first
        is_dead = run(
            work, name, row, (DEAD, COMPLETE), program=CRASHING,
            env={"MAILCONVOY_CRASH_AT": name},
        ).code == DEAD  # fmt: skip
        here, there = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
        missing = counted(before) - counted(here, there)
        assert not missing, f"{name}: {len(missing)} messages are nowhere"
        gone = sum((counted(before) - counted(here)).values())
        assert rows_known(work.path / name) >= gone, f"{name}: {gone} are gone, unknown where to"
        run(work, name, row, (COMPLETE,))
        found = mailbox.differences(before, mailbox.snapshot(b, user))
        assert not found, f"{name}:\n" + "\n".join(found)
        assert mailbox.snapshot(a, user) == EMPTY, name
        again = run(work, name, row, (COMPLETE,)).row()
        assert (again["copied"], again["deleted_source"]) == (0, 0), name
        return not is_dead

    numbers = itertools.count(1)
    if place == "net_write":
        numbers = itertools.chain(range(1, 11), itertools.count(12, 3))
    assert until_it_ends(step, numbers) > 2
