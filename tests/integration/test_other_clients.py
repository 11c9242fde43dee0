# SPDX-License-Identifier: MIT
"""A destination whose user goes on receiving mail while it is filled, and while nobody copies: his
mail stays, none of it is taken for a copy, and nothing is copied twice for it."""

import threading

import pytest

from tests.integration.harness import COMPLETE, CRASHING
from tests.integration.interrupted import TREE, WAYS, Interrupted
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy

FIRST_OF_OTHERS = 5000


def others(number):
    """Like real mail of his own; every third without a Message-ID."""
    make = messages.no_message_id if number % 3 == 0 else messages.plain
    return make(FIRST_OF_OTHERS + number, ("\\Flagged",), 20)


class Others:
    """Clients that append to all folders of a mailbox until the block ends."""

    def __init__(self, server, user):
        self.server, self.user = server, user
        self.count = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def add(self, box):
        with self.lock:
            number, self.count = self.count, self.count + 1
        for name in TREE:
            box.append(name, others(number))

    def _run(self):
        with mailbox.Mailbox(self.server, self.user) as box:
            while not self.ended.wait(0.002):
                self.add(box)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def mail(self):
        return {name: [others(n) for n in range(self.count)] for name in TREE}


def compare(pairs, row, server, added):
    """The destination holds the source's mail and the others', each once."""
    theirs = pairs.work.user(server, added)
    mine = mailbox.snapshot(server, theirs)
    wanted = {name: pairs.wanted[name] + mine[name] for name in pairs.wanted}
    found = mailbox.differences(wanted, mailbox.snapshot(server, row["user2"]))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("hide", [(), ("UIDPLUS",), ("LITERAL+", "MULTIAPPEND")], ids=str)
@pytest.mark.parametrize("at", ["commit=3", "net_write=16", "net_write=18", "net_write=20"])
def test_others_append_during_the_copy_and_after_a_kill(work, a, b, hide, at):
    with Proxy(b, hide=hide) as proxy:
        pairs = Interrupted(work, a, proxy, WAYS["plain"])
        pairs.look()
        row = pairs.add()
        # The folders have to be there before others can use them.
        work.batch([row], "--justfolders")
        with Others(b, row["user2"]) as clients:
            pairs.run(
                "w", [row], (137, COMPLETE), program=CRASHING, env={"MAILCONVOY_CRASH_AT": at}
            )
            with mailbox.Mailbox(b, row["user2"]) as box:
                clients.add(box)
            pairs.run("w", [row])
        compare(pairs, row, b, clients.mail())
        again = pairs.run("w", [row]).row()
        assert (again["copied"], again["already"]) == (0, again["source_messages"])


def test_flags_go_to_the_copy_though_others_append(work, a, b):
    """UIDs that others took in between are nobody's copy."""
    pairs = Interrupted(work, a, b, WAYS["plain"])
    row = pairs.add()
    work.batch([row], "--justfolders")
    with Others(b, row["user2"]) as clients:
        pairs.run("w", [row])
        pairs.change()
        pairs.run("w", [row])
    compare(pairs, row, b, clients.mail())
