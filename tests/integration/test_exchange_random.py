# SPDX-License-Identifier: MIT
"""All that Exchange does to a copy at once, at random, for some mailboxes. Runs are repeated, as
cron would; the last is left in peace. Then each message is on the destination once, or it is one
that can't be there and is listed as such: nothing is lost, nothing is there twice.

SEEDS=20 MAILBOXES=20 make it as long as one likes."""

import collections
import os
import random

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.scripted import PASS
from tests.servers.standin import lose_answer

SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "2")))
MAILBOXES = int(os.environ.get("MAILBOXES", "4"))
MAX_LINE, MAX_SIZE = 2000, 20_000
# So many runs are disturbed; the next must come to its end.
DISTURBED_RUNS = 4
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft")


def message(rng, number):
    """(Message-ID, message, what becomes of it)"""
    name = f"<{number}.{rng.getrandbits(40):x}@example.org>"
    kind = rng.choices(["copied", "unreadable", "failed", "too_big"], [60, 2, 1, 1])[0]
    lines = [f"Message-ID: {name}", f"Subject: number {number}", "From: a@example.org",
             "Date: Mon, 2 Mar 2020 10:00:00 +0000"]  # fmt: skip
    if kind == "unreadable":
        lines.insert(rng.randrange(4), "X-Broken: yes")
    text = {"failed": "x" * (MAX_LINE + 1), "too_big": ("y" * 70 + "\r\n") * 400}
    body = "\r\n".join([*lines, "", text.get(kind, "hello"), ""]).encode()
    flags = tuple(flag for flag in FLAGS if rng.random() < 0.3)
    return name, messages.Message(body, flags), kind


def content(rng, number):
    """(folders, what is to become of the messages)"""
    folders, fates = {}, {}
    for folder in ("INBOX", "Work", "Work/Old", "Größe")[: rng.randint(1, 4)]:
        folders[folder] = []
        for _ in range(rng.randint(0, 20)):
            name, item, fate = message(rng, number * 1000 + len(fates))
            folders[folder].append(item)
            fates[folder, name] = fate, sorted(item.flags)
    return folders, fates


class Luck:
    """Actions that are taken at some of their opportunities, until it is over."""

    def __init__(self, rng):
        self.rng = rng
        self.is_over = False

    def at(self, share, action):
        def act(*args):
            return action(*args) if not self.is_over and self.rng.random() < share else PASS

        return act


def hang_up(session, tag, command):
    session.bye("Connection closed. 14")


def source_behaviours(rng):
    always = ["estimates", "short_search", "rev2_trap", "throttle", "expire_after"]
    return [*always, rng.choice(["no_data", "placeholder"])]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_nothing_doubled(work, a, seed):
    rng = random.Random(seed)
    made = [content(rng, n) for n in range(MAILBOXES)]
    pairs = [(work.user(a, folders), work.user(a), fates) for folders, fates in made]
    luck = Luck(rng)
    options = dict(burst=6, rate=200, throttle_answer=rng.choice(["NO", "BAD"]),
                   throttle_bye=rng.random() < 0.5, expire_after=80)  # fmt: skip
    behaviours = ("lose_flagged", "rebuild", "ten_errors", "throttle", "expire_after", "max_line",
                  "max_size", "no_case", "files_reserved", "refuse_keywords")  # fmt: skip
    limits = dict(max_line=MAX_LINE, max_size=MAX_SIZE)
    with Exchange(a, *source_behaviours(rng), **options) as source, \
            Exchange(a, *behaviours, **options, **limits) as destination:  # fmt: skip
        source.on("^UID FETCH", luck.at(0.03, hang_up))
        destination.on("^(APPEND|UID STORE)", luck.at(0.03, lose_answer))
        destination.on("^APPEND", luck.at(0.03, hang_up))
        rows = [work.row(source, destination, user, other) for user, other, _ in pairs]
        for _ in range(DISTURBED_RUNS):
            work.batch(rows, expect=(COMPLETE, EXCEPTIONS, FAILED, PAUSED))
        luck.is_over = True
        # Who closes a connection on which something is still to be read takes his last words back.
        run = work.batch(rows, "--reconnectretry1", "3", "--reconnectretry2", "3", expect=(COMPLETE, EXCEPTIONS))
        assert source.throttled + destination.throttled > 0
    listed = collections.Counter(p["reason"] for p in run.problems())
    wanted = collections.Counter(f for *_, fates in pairs for f, _ in fates.values())
    del wanted["copied"]
    assert listed == wanted, run
    for _, other, fates in pairs:
        found = mailbox.snapshot(a, other)
        there = [(folder, e.message_id, sorted(e.flags)) for folder, es in found.items() for e in es]
        here = [(folder, name, flags) for (folder, name), (fate, flags) in fates.items()
                if fate == "copied"]  # fmt: skip
        assert sorted(there) == sorted(here)
