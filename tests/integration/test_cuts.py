# SPDX-License-Identifier: MIT
"""Connections that end, or fall silent, before, inside and after each literal and each tagged
answer, on either side; then a run with good servers: nothing missing, nothing twice."""

import contextlib
import itertools

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED
from tests.integration.interrupted import WAYS, Interrupted, until_it_ends
from tests.servers.proxy import NO_CUT, Cut, Proxy, be_late, fall_silent, say_bye

ANY = (COMPLETE, EXCEPTIONS, FAILED, PAUSED)
LATER_MAX = 36  # so many passages a later run has at most
WHERE = ["before", "inside", "after"]
# Which side, which place, what happens there, and how far apart the passages are that are tried.
FIRST_COPY = [
    *[(1, "literal down", where, None, 5) for where in WHERE],
    *[(2, "literal up", where, None, 3) for where in WHERE],
    *[(side, "answer", where, None, 1) for side in (1, 2) for where in WHERE],
    *[(side, "answer", "before", say_bye, 2) for side in (1, 2)],
    (2, "answer", "after", say_bye, 2),
    *[(side, "answer", "before", fall_silent, 4) for side in (1, 2)],
    *[(side, "answer", "before", be_late, 4) for side in (1, 2)],
]
LATER_RUN = [
    *[(side, "answer", where, None, 1) for side in (1, 2) for where in ("before", "after")],
    (2, "literal up", "inside", None, 2),
]


def names(table):
    return [
        f"host{side}, {what.__name__ if what else 'drop'} {where} {kind}"
        for side, kind, where, what, _ in table
    ]


def cut_once(pairs, name, row, proxy, cut):
    """A run that is cut; false when it was too short for that. Every fourth connects again, the
    others leave that to the next run."""
    options = ["--timeout", "1"]
    if cut.left % 4 > 0:
        options += ["--reconnectretry1", "0", "--reconnectretry2", "0"]
    proxy.cut = cut
    run = pairs.run(name, [row], ANY, options=options)
    proxy.cut = NO_CUT
    if run.code != COMPLETE:
        assert cut.is_done and run.row()["error"], run
    elif cut.is_done and cut.action is be_late:
        pairs.compare(row, name)
    return cut.is_done


@pytest.fixture
def proxies():
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(Proxy(server))


@pytest.mark.parametrize("side, kind, where, what, step", FIRST_COPY, ids=names(FIRST_COPY))
def test_the_first_copy_is_cut(work, a, b, proxies, side, kind, where, what, step):
    pairs = Interrupted(work, a, b, WAYS["partly there"])
    pairs.look()

    def cut_at(k):
        proxy = proxies(a if side == 1 else b)
        name, row = f"{kind} {k}", pairs.add(side, proxy)
        was_cut = cut_once(pairs, name, row, proxy, Cut(kind, where, k, what))
        pairs.resume(name, row)
        return not was_cut

    assert until_it_ends(cut_at, itertools.count(1, step)) > 3


@pytest.mark.parametrize("side, kind, where, what, step", LATER_RUN, ids=names(LATER_RUN))
def test_a_later_run_is_cut(work, a, b, proxies, side, kind, where, what, step):
    pairs = Interrupted(work, a, b, WAYS["plain"])
    before = [proxies(a if side == 1 else b) for _ in range(LATER_MAX)]
    rows = [pairs.add(side, proxy) for proxy in before]
    pairs.run("base", rows)
    pairs.change()
    pool = list(zip(rows, before, strict=True))

    def cut_at(k):
        name, (row, proxy) = f"{kind} {k}", pool.pop()
        pairs.begin(name)
        was_cut = cut_once(pairs, name, row, proxy, Cut(kind, where, k, what))
        pairs.resume(name, row)
        return not was_cut

    assert until_it_ends(cut_at, itertools.count(1, step)) > 3
