# SPDX-License-Identifier: MIT
"""Killed at any moment, then started again: nothing is missing on the destination, nothing is there
twice, and flags are those of the source.

Here the program dies on its own, as `kill -9` would end it, at the k-th commit of its store and
before the k-th write to a server (base/crash.h), for every k there is. Real kills at random times
are in test_kills.py, a power cut in tests/unit/store/test_power_cut.c."""

import itertools

import pytest

from tests.integration.harness import COMPLETE, CRASHING, EXCEPTIONS, FAILED, PAUSED
from tests.integration.interrupted import WAYS, Interrupted, until_it_ends
from tests.servers import mailbox
from tests.servers.proxy import Proxy
from tests.servers.scripted import bad, bye, drop, no

DEAD = 137
PLACES = ["commit", "committed", "net_write"]


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


@pytest.fixture
def destination(b, way):
    if not way.hide:
        yield b
        return
    with Proxy(b, hide=way.hide) as proxy:
        yield proxy


def numbers(place):
    """Which k: all; of writes, every third beyond the 60th."""
    if place != "net_write":
        return itertools.count(1)
    return itertools.chain(range(1, 61), itertools.count(63, 3))


def dies(pairs, name, row, place, k):
    """False when the run was too short for that."""
    wish = {"MAILCONVOY_CRASH_AT": f"{place}={k}"}
    return pairs.run(name, [row], (DEAD, COMPLETE), program=CRASHING, env=wish).code == DEAD


@pytest.mark.parametrize("place", PLACES)
def test_killed_in_the_first_copy(work, a, destination, way, place):
    pairs = Interrupted(work, a, destination, way)
    pairs.look()

    def step(k):
        name, row = f"{place}={k}", pairs.add()
        is_dead = dies(pairs, name, row, place, k)
        pairs.resume(name, row)
        return not is_dead

    assert until_it_ends(step, numbers(place)) > 2


@pytest.mark.parametrize("place", PLACES)
def test_killed_in_a_later_run(work, a, destination, way, place):
    """New mail and changed flags, in folders that were copied before."""
    pairs = Interrupted(work, a, destination, way)
    rows = pairs.add_copied((75 if way.loses_mail else 42) if place == "net_write" else 15)
    pairs.change()

    def step(k):
        name, row = f"{place}={k}", rows.pop()
        pairs.begin(name)
        is_dead = dies(pairs, name, row, place, k)
        pairs.resume(name, row, flags=way.knows_places)
        return not is_dead

    assert until_it_ends(step, numbers(place)) > 2


@pytest.mark.parametrize(
    "action",
    [no("Request is throttled. Suggested Backoff Time: 100 milliseconds"), no("[SERVERBUG] later"),
     bad("later"), bye("maintenance"), drop],
    ids=["throttle", "no", "bad", "bye", "drop"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["plain", "partly there"])
def test_a_destination_that_cannot_be_looked_at_after_a_crash(work, a, b, name, action):
    """What it holds stays to be found out, by the run after the next."""
    with Proxy(b) as proxy:
        pairs = Interrupted(work, a, proxy, WAYS[name])
        pairs.look()
        row = pairs.add()
        # Nothing that was copied is noted.
        assert dies(pairs, "w", row, "commit", 3)
        sent = len(proxy.seen("^APPEND"))
        proxy.on("^(UID )?(FETCH|SEARCH)", action)
        pairs.run("w", [row], (EXCEPTIONS, FAILED, PAUSED), options=("--reconnectretry2", "1"))
        assert proxy.seen("^(UID )?(FETCH|SEARCH)") and len(proxy.seen("^APPEND")) == sent > 0
        proxy.rules.clear()
        pairs.resume("w", row)


def test_flags_that_changed_between_the_crash_and_the_next_run(work, a, b):
    """The copies are recognised; which flags they got, nobody noted."""
    pairs = Interrupted(work, a, b, WAYS["plain"])
    pairs.look()
    row = pairs.add()
    assert dies(pairs, "f", row, "commit", 3)
    with mailbox.Mailbox(a, row["user1"]) as box:
        box.store("INBOX", "2,3", "+", "\\Flagged", "$later")
    pairs.look()
    pairs.resume("f", row, flags=True)
