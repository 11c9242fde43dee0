# SPDX-License-Identifier: MIT
"""Killed at any moment, then started again: nothing is missing on the destination, nothing is there
twice, and flags are those of the source.

Here the program dies on its own, as `kill -9` would end it, at the k-th commit of its store and
before the k-th write to a server (base/crash.h), for every k there is. Each k has a destination of
its own; all have one source, which nobody changes while it is read. Real kills at random times are
in test_kills.py, a power cut in tests/unit/store/test_power_cut.c."""

import concurrent.futures
import dataclasses
import itertools
import shutil

import pytest

from tests.integration.harness import COMPLETE, CRASHING, EXCEPTIONS, FAILED, PAUSED
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import bad, bye, drop, no

DEAD = 137
PLACES = ["commit", "committed", "net_write"]
AT_ONCE = 3


def mail(first, count):
    flags = [("\\Seen",), (), ("\\Flagged", "$Work"), ("\\Answered", "\\Seen")]
    return [messages.plain(n, flags[n % 4], words=20) for n in range(first, first + count)]


TREE = {
    "INBOX": [*mail(0, 8), messages.no_message_id(50), messages.plain(1, ("\\Seen",), words=20)],
    "Sent": mail(100, 6),
    "Work": mail(200, 4),
}
# What the user does before the second run: new mail in all folders, two of them exact duplicates
# of older ones; flags that come and go; a message less.
NEWS = {
    "INBOX": [*mail(20, 4), messages.plain(2, ("\\Seen",), words=20)],
    "Sent": [*mail(120, 2), messages.no_message_id(51)],
    "Work": [*mail(220, 2), messages.plain(200, (), words=20)],
}
# Two folders of the source meet in one, with the same messages in both.
TWINS = {"INBOX": mail(0, 3), "Sent": mail(100, 5), "Sent Items": [*mail(100, 4), *mail(130, 2)]}
TWIN_NEWS = {"INBOX": mail(10, 1), "Sent": mail(140, 2), "Sent Items": mail(140, 3)}


@dataclasses.dataclass(frozen=True)
class Way:
    """What is copied, and how."""

    tree: dict
    news: dict
    there: dict = dataclasses.field(default_factory=dict)  # what the destination holds already
    options: tuple = ()
    hide: tuple = ()  # of the destination's capabilities
    rename: dict = dataclasses.field(default_factory=dict)
    knows_places: bool = True  # else later flags can't be carried

    def name(self, folder):
        return self.rename.get(folder, folder)


WAYS = {
    "plain": Way(TREE, NEWS),
    "no UIDPLUS": Way(TREE, NEWS, hide=("UIDPLUS", "LITERAL+"), knows_places=False),
    "merged": Way(
        TWINS, TWIN_NEWS,
        options=("--f1f2", "Sent Items=INBOX.Sent"), rename={"Sent Items": "Sent"},
    ),
    # imapsync was here before.
    "partly there": Way(
        TREE, NEWS, there={"INBOX": TREE["INBOX"][2:7], "Sent": TREE["Sent"][:3]}
    ),
}  # fmt: skip


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
    """Which k: commits are few; of writes, every third beyond the 60th."""
    return itertools.count(1) if place != "net_write" else itertools.chain(
        range(1, 61), itertools.count(63, 3)
    )  # fmt: skip


class Crash:
    """Runs with the same source and, for each k, a destination and a work directory."""

    def __init__(self, work, source, destination, way):
        self.work, self.source, self.destination, self.way = work, source, destination, way
        self.server = getattr(destination, "server", destination)  # behind the proxy
        self.user = work.user(source, way.tree)
        self.wanted = None

    def look(self):
        """What has to be on the destination from now on."""
        self.wanted = mailbox.snapshot(self.source, self.user)

    def add(self):
        """A new destination; returns its row of a manifest."""
        there = self.work.user(self.server, self.way.there)
        return self.work.row(self.source, self.destination, self.user, there)

    def manifest(self, name, rows):
        return self.work.manifest(rows, name=f"{name}.csv")

    def run(self, name, path, place=None, k=None):
        """Returns the exit code; one of success is checked as any run is."""
        wish = {"MAILCONVOY_CRASH_AT": f"{place}={k}"} if place else None
        run = self.work.finish(
            self.work.start(
                "batch", path, "--workdir", self.work.path / name, *self.way.options,
                program=CRASHING, env=wish,
            )
        )  # fmt: skip
        run.workdir = self.work.path / name
        assert run.code in ((COMPLETE, DEAD) if place else (COMPLETE,)), f"{wish}: {run}"[-3000:]
        if run.code == COMPLETE:
            run.check()
        return run

    def compare(self, row, what, **how):
        found = mailbox.differences(
            self.wanted, mailbox.snapshot(self.server, row["user2"]), rename=self.way.name, **how
        )
        assert not found, f"{what}:\n" + "\n".join(found)

    def die_and_resume(self, name, row, place, k, **how):
        """True when the run was too short to die there."""
        path = self.manifest(name, [row])
        ended = self.run(name, path, place, k).code == COMPLETE
        self.run(name, path)
        self.compare(row, f"{place}={k}", **how)
        again = self.run(name, path).row()
        assert again["copied"] == 0 and again["source_messages"] == again["already"], f"{place}={k}"
        return ended

    @staticmethod
    def until_it_ends(step, place):
        """step(k) for each k, some at a time, until one says that it got to the end."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            ks = numbers(place)
            while True:
                chunk = list(itertools.islice(ks, AT_ONCE))
                if any(pool.map(step, chunk)):
                    return chunk[0]


@pytest.mark.parametrize("place", PLACES)
def test_killed_in_the_first_copy(work, a, destination, way, place):
    crash = Crash(work, a, destination, way)
    crash.look()
    passed = crash.until_it_ends(
        lambda k: crash.die_and_resume(f"k{k}", crash.add(), place, k), place
    )
    assert passed > 2
    print(place, passed)


@pytest.mark.parametrize("place", PLACES)
def test_killed_in_a_later_run(work, a, destination, way, place):
    """New mail and changed flags, in folders that were copied before."""
    crash = Crash(work, a, destination, way)
    rows = [crash.add() for _ in range(90 if place == "net_write" else 30)]
    crash.run("base", crash.manifest("base", rows))
    with mailbox.Mailbox(a, crash.user) as box:
        change_much(box, way)
    crash.look()

    def step(k):
        name = f"k{k}"
        shutil.copytree(work.path / "base", work.path / name, symlinks=True)
        return crash.die_and_resume(name, rows.pop(), place, k, flags=way.knows_places)

    passed = crash.until_it_ends(step, place)
    assert passed > 2
    print(place, passed)


@pytest.mark.parametrize(
    "action",
    [no("Request is throttled. Suggested Backoff Time: 100 milliseconds"), no("[SERVERBUG] later"),
     bad("later"), bye("maintenance"), drop],
    ids=["throttle", "no", "bad", "bye", "drop"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["plain", "partly there"])
def test_a_destination_that_cannot_be_looked_at_after_a_crash(work, a, b, name, action):
    """What it holds stays to be found out, by the run after the next."""
    crash = Crash(work, a, b, WAYS[name])
    crash.look()
    row = crash.add()
    path = crash.manifest("good", [row])
    # Nothing that was copied is noted.
    assert crash.run("w", path, "commit", 3).code == DEAD
    with Proxy(b).on("^(UID )?(FETCH|SEARCH)", action) as proxy:
        refused = work.row(a, proxy, crash.user, row["user2"])
        run = work.finish(
            work.start(
                "batch", crash.manifest("bad", [refused]), "--workdir", work.path / "w"
            )
        )  # fmt: skip
        assert run.code in (EXCEPTIONS, FAILED, PAUSED), run
        assert proxy.seen("^(UID )?(FETCH|SEARCH)") and not proxy.seen("^APPEND")
    crash.run("w", path)
    crash.compare(row, "after a refused look")


def change_much(box, way):
    box.fill(way.news)
    for name in way.tree:
        box.change(name, "1:2", "+FLAGS", "\\Flagged $Later")
        box.change(name, "2:3", "-FLAGS", "\\Seen")
        box.change(name, "3", "+FLAGS", "\\Answered")
