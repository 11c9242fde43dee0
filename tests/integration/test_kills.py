# SPDX-License-Identifier: MIT
"""Real SIGKILLs at random moments over a batch, run after run, while new mail comes in and flags
change: nothing missing, nothing twice, flags equal. MAILCONVOY_SEED repeats one that failed."""

import os
import random
import time

from tests.integration.harness import COMPLETE
from tests.servers import mailbox, messages

USERS = 8
WORKERS = 4
ROUNDS = 200
FOLDERS = ("INBOX", "Sent", "Work")
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "$Work", "$Later")
FULL_RUNS = 4  # at each, everything is compared


class Source:
    """One user's mailbox on the source, and who uses it."""

    def __init__(self, server, user, rng):
        self.user, self.rng = user, rng
        self.box = mailbox.Mailbox(server, user)
        self.number = 0
        # Before a complete run nobody can say which of a message's flags are its user's.
        self.settled = dict.fromkeys(FOLDERS, 0)
        self.counts = dict.fromkeys(FOLDERS, 0)
        for name in FOLDERS:
            if name != "INBOX":
                self.box.create(name)
            self.receive(name, 6)

    def receive(self, name, count):
        """Some messages are exact duplicates of older ones, some have no Message-ID."""
        for _ in range(count):
            self.number += 1
            number = self.rng.randint(1, self.number) if self.rng.random() < 0.2 else self.number
            make = messages.no_message_id if number % 5 == 0 else messages.plain
            self.box.append(name, make(number, self.flags(), 10))
            self.counts[name] += 1

    def flags(self):
        return tuple(self.rng.sample(FLAGS, self.rng.randint(0, 3)))

    def change_flags(self):
        name = self.rng.choice(FOLDERS)
        if self.settled[name]:
            uid = self.rng.randint(1, self.settled[name])
            self.box.change(name, str(uid), self.rng.choice(("+FLAGS", "-FLAGS")), self.rng.choice(FLAGS))

    def live(self):
        for _ in range(self.rng.randint(0, 2)):
            self.receive(self.rng.choice(FOLDERS), self.rng.randint(1, 3))
        for _ in range(self.rng.randint(0, 2)):
            self.change_flags()

    def settle(self):
        self.settled = dict(self.counts)


def kill_once(work, path, rng, longest_secs):
    """True if it was still under way."""
    process = work.batch_start(path, "--parallel", str(WORKERS))
    time.sleep(rng.uniform(0.005, longest_secs))
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running


def compare(a, b, users, seed):
    found = []
    for user in users:
        wanted, there = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
        found += [f"{user} {line}" for line in mailbox.differences(wanted, there)]
    assert not found, f"seed {seed}:\n" + "\n".join(found)


def test_killed_at_random_times(work, a, b):
    seed = int(os.environ.get("MAILCONVOY_SEED", random.SystemRandom().getrandbits(32)))
    print(f"seed {seed}")
    rng = random.Random(seed)
    sources = [Source(a, work.user(a), rng) for _ in range(USERS)]
    users = [source.user for source in sources]
    path = work.manifest([work.row(a, b, work.user(b, name=user)) for user in users])
    killed = copied_by_the_killed = 0
    longest_secs = 0.08
    for number in range(1, ROUNDS + 1):
        for source in rng.sample(sources, 2):
            source.live()
        killed += kill_once(work, path, rng, longest_secs)
        if number % (ROUNDS // FULL_RUNS) > 0:
            continue
        started = time.monotonic()
        run = work.batch(path, "--parallel", str(WORKERS), expect=COMPLETE)
        longest_secs = max(0.08, time.monotonic() - started)
        already = sum(row["already"] for row in run.rows())
        copied_by_the_killed += already - sum(sum(s.settled.values()) for s in sources)
        compare(a, b, users, seed)
        for source in sources:
            source.settle()
    for source in sources:
        source.box.imap.logout()
    print(f"{killed} runs killed, {copied_by_the_killed} messages copied by them")
    assert killed > ROUNDS / 4 and copied_by_the_killed > 0
