# SPDX-License-Identifier: MIT
"""Many nights at random: both users change their mailboxes, runs are stopped, lost and refused in
between; a model says what the destination must hold after each run that came to its end.

MAILCONVOY_SEEDS=100-150 tries other nights."""

import os
import random

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, PAUSED
from tests.integration.nightly import WITHOUT, Nightly, refuse
from tests.servers import messages
from tests.servers.scripted import drop

NIGHTS = 5
FOLDERS = ("INBOX", "Work", "Play")
FLAGS = ("\\Seen", "\\Flagged", "$One", "Two")
NOT_COMPLETE = (0, EXCEPTIONS, FAILED, PAUSED)
first, _, last = os.environ.get("MAILCONVOY_SEEDS", "0-3").partition("-")
SEEDS = range(int(first), int(last or first) + 1)


class Message:
    """One message, which is unlike all others."""

    def __init__(self, number, folder, flags):
        self.message = messages.plain(number, flags, words=10)
        line = self.message.body.split(b"Message-ID: ")[1]
        self.id = line.split(b"\r\n")[0].decode()
        self.home = folder  # on the source
        self.here = set(flags)  # on the source now; None: deleted
        self.carried = None  # what the last run saw; None: not copied yet
        self.place = None  # the folder on the destination, or None
        self.there = set()  # flags on the destination


class Nights:
    def __init__(self, pair, rng):
        self.pair = pair
        self.rng = rng
        self.mail = []

    def some(self, condition):
        fitting = [m for m in self.mail if condition(m)]
        return self.rng.sample(fitting, min(len(fitting), self.rng.randint(0, 4)))

    # Both users ----------------------------------------------------------------------------------

    def change_source(self, box):
        for _ in range(self.rng.randint(0, 6)):
            flags = tuple(self.rng.sample(FLAGS, self.rng.randint(0, 2)))
            new = Message(len(self.mail), self.rng.choice(FOLDERS), flags)
            self.mail.append(new)
            box.append(new.home, new.message)
        for message in self.some(lambda m: m.here is not None):
            uid = uid_of(box, message.home, message)
            if self.rng.random() < 0.3:
                box.expunge(message.home, uid)
                message.here = None
            else:
                self.flip(box, message.home, uid, message.here)

    def change_destination(self, box):
        for message in self.some(lambda m: m.place is not None):
            uid = uid_of(box, message.place, message)
            what = self.rng.random()
            if what < 0.2:
                box.expunge(message.place, uid)
                message.place = None
            elif what < 0.4 and message.place != "Mine":
                box.move(message.place, uid, "Mine")
                message.place = "Mine"
            else:
                self.flip(box, message.place, uid, message.there)

    def flip(self, box, folder, uid, flags):
        flag = self.rng.choice(FLAGS)
        box.store(folder, uid, "-" if flag in flags else "+", flag)
        flags ^= {flag}

    # Runs ----------------------------------------------------------------------------------------

    def run_badly(self):
        """It may end anywhere."""
        pair, rng = self.pair, self.rng
        proxy = rng.choice((pair.source, pair.destination))
        commands = ("EXAMINE", "^UID FETCH", "BODY", "^APPEND", "SELECT", "STORE", "LIST", "STATUS")
        proxy.on(rng.choice(commands), rng.choice((drop, refuse)), times=rng.randint(1, 3))
        limit = ("--exitwhenover", str(rng.randint(1, 4000))) if rng.random() < 0.3 else ()
        never = ("--reconnectretry1", "0", "--reconnectretry2", "0")
        pair.run(*limit, *never, expect=NOT_COMPLETE)
        proxy.rules.clear()

    def run_well(self):
        copied = [m for m in self.mail if m.carried is None and m.here is not None]
        run = self.pair.run()
        for message in self.mail:
            if message.here is None:
                continue
            if message in copied:
                message.place, message.there = message.home, set(message.here)
            elif message.place == message.home:
                message.there |= message.here - message.carried
                message.there -= message.carried - message.here
            message.carried = set(message.here)
        return run

    def expected(self):
        return sorted(
            (m.place, m.id, tuple(sorted(f.lower() for f in m.there)))
            for m in self.mail
            if m.place is not None
        )

    def found(self):
        with self.pair.at(2) as box:
            return sorted(
                (name, e.message_id, tuple(sorted(f.lower() for f in e.flags)))
                for name in (*FOLDERS, "Mine")
                for e in box.entries(name)
            )


def uid_of(box, folder, message):
    (uid,) = [e.uid for e in box.entries(folder) if e.message_id == message.id]
    return str(uid)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hide", WITHOUT.values(), ids=list(WITHOUT))
def test_nights(work, a, b, hide, seed):
    empty = {name: [] for name in FOLDERS}
    with Nightly(work, a, b, empty, {**empty, "Mine": []}, hide1=hide) as pair:
        nights = Nights(pair, random.Random(f"{seed} {hide}"))
        for night in range(NIGHTS):
            with pair.at(1) as box:
                nights.change_source(box)
            with pair.at(2) as box:
                nights.change_destination(box)
            while night > 0 and nights.rng.random() < 0.5:
                nights.run_badly()
            run = nights.run_well()
            assert nights.found() == nights.expected(), f"night {night}\n{run}"
            assert run.row()["source_messages"] == sum(m.here is not None for m in nights.mail)
        run = pair.run()
        assert run.row()["copied"] == 0 and pair.destination.connections == 0, run
