# SPDX-License-Identifier: MIT
"""One user who is synced run after run, with a proxy in front of both of his servers."""

import contextlib

import pytest

from tests.integration.harness import COMPLETE
from tests.servers import messages
from tests.servers.mailbox import Mailbox
from tests.servers.proxy import Proxy

# What tells a run that another took place, not what the mailbox is like.
OF_THE_RUN = ("copied", "already", "bytes_copied", "started", "ended", "seconds")
# What a server without these extensions lacks.
WITHOUT = {
    "QRESYNC": (),
    "CONDSTORE": ("QRESYNC",),
    "neither": ("QRESYNC", "CONDSTORE"),
    "neither, no LIST-STATUS": ("QRESYNC", "CONDSTORE", "LIST-STATUS"),
}
every_kind_of_source = pytest.mark.parametrize("hide", WITHOUT.values(), ids=list(WITHOUT))

# What a user has unless a test says otherwise.
INBOX = [messages.plain(n, ("\\Seen",) if n % 2 else ()) for n in range(5)]
WORK = [messages.plain(10 + n) for n in range(3)]
TREE = {"INBOX": INBOX, "Work": WORK, "Work/Empty": [], "Größe": [messages.plain(20)]}

HEADERS = r"BODY|HEADER|ENVELOPE|RFC822\.(?!SIZE)"


def refuse(session, tag, command):
    """The server itself says no, after all that it was asked before."""
    is_opening = command.upper().startswith(("SELECT", "EXAMINE"))
    other = f'{command.split()[0]} "there is no such folder"' if is_opening else "XREFUSED"
    session.up.write(f"{tag} {other}\r\n".encode())


class Nightly:
    def __init__(self, work, source, destination, content=TREE, there=None, hide1=(), hide2=()):
        self.work = work
        self.servers = {1: source, 2: destination}
        self.user = work.pair(source, destination, content, there)
        self.source = Proxy(source, hide1).start()
        self.destination = Proxy(destination, hide2).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.source.stop()
        self.destination.stop()

    def row(self, **more):
        return self.work.row(self.source, self.destination, self.user, **more)

    def run(self, *options, expect=COMPLETE):
        """The proxies then know this run alone."""
        self.source.forget()
        self.destination.forget()
        return self.work.batch([self.row()], *options, expect=expect)

    def counted(self, *options, expect=COMPLETE):
        """(source_messages, copied, already) of one run."""
        row = self.run(*options, expect=expect).row()
        return row["source_messages"], row["copied"], row["already"]

    @contextlib.contextmanager
    def at(self, side):
        """The mailbox, as its user has it."""
        with Mailbox(self.servers[side], self.user) as box:
            yield box

    def entries(self, side, name):
        with self.at(side) as box:
            return box.entries(name)

    def flags(self, side, name):
        """{Message-ID: flags}"""
        return {e.message_id: set(e.flags) for e in self.entries(side, name)}

    def ids(self, side, name):
        return sorted(e.message_id for e in self.entries(side, name))

    def is_untouched(self):
        """The last run did not even connect to the destination, and opened nothing here."""
        assert self.destination.connections == 0, self.destination.commands
        assert not self.source.seen("^(EXAMINE|SELECT|UID)"), self.source.commands
        return True


def as_reported(run):
    """A run's report, without what differs between a copy and a run that finds nothing to do."""
    row = run.row()
    same = {k: v for k, v in row.items() if k not in OF_THE_RUN}
    return same | {"there": row["copied"] + row["already"]}, run.problems()
