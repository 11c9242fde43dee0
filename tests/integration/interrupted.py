# SPDX-License-Identifier: MIT
"""Runs that are interrupted at the k-th of some step, for each k, and then go on. All have one
source, which nobody changes while it is read; each k has a destination and a work directory of its
own. What is on the destination afterwards is compared with the source message by message."""

import concurrent.futures
import dataclasses
import itertools
import shutil

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED
from tests.servers import mailbox, messages

AT_ONCE = 3


def mail(first, count):
    flags = [("\\Seen",), (), ("\\Flagged", "$Work"), ("\\Answered", "\\Seen")]
    return [messages.plain(n, flags[n % 4], words=20) for n in range(first, first + count)]


TREE = {
    "INBOX": [*mail(0, 8), messages.no_message_id(50), messages.plain(1, ("\\Seen",), words=20)],
    "Sent": mail(100, 6),
    "Work": mail(200, 4),
}
# What comes before a later run: new mail in all folders, some of it exact duplicates of older.
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
    loses_mail: bool = False  # the user deletes some too, and so do the runs on the destination

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
    # What is on the destination alone goes.
    "delete2": Way(
        TREE, NEWS, there={"INBOX": [*mail(300, 4), *TREE["INBOX"][2:5]], "Sent": mail(310, 3)},
        options=("--delete2",), loses_mail=True,
    ),
}  # fmt: skip


class Interrupted:
    def __init__(self, work, source, destination, way):
        """The destination may be a proxy before a real server."""
        self.work, self.source, self.destination, self.way = work, source, destination, way
        self.server = getattr(destination, "server", destination)
        self.user = work.user(source, way.tree)
        self.wanted = None

    def look(self):
        """What has to be on the destination from now on."""
        self.wanted = mailbox.snapshot(self.source, self.user)

    def change(self):
        """The user gets mail and changes flags, in all folders."""
        with mailbox.Mailbox(self.source, self.user) as box:
            box.fill(self.way.news)
            for name in self.way.tree:
                box.change(name, "1:2", "+FLAGS", "\\Flagged $Later")
                box.change(name, "2:3", "-FLAGS", "\\Seen")
                box.change(name, "3", "+FLAGS", "\\Answered")
                if self.way.loses_mail:
                    box.expunge(name, "2,4")
        self.look()

    def add(self, side=None, proxy=None):
        """A new destination; returns its row of a manifest. `proxy`: it alone is before that side
        from now on, since another port would be another server."""
        there = self.work.user(self.server, self.way.there)
        row = self.work.row(self.source, self.destination, self.user, there)
        return row | {f"port{side}": str(proxy.imaps_port)} if proxy else row

    def add_copied(self, count):
        """Rows of destinations that hold a complete copy; see begin()."""
        rows = [self.add() for _ in range(count)]
        self.run("base", rows)
        return rows

    def begin(self, name):
        """The run that this name will have goes on where add_copied() ended."""
        for path in (self.work.path / "base").iterdir():
            if path.is_file():
                (self.work.path / name).mkdir(mode=0o700, exist_ok=True)
                shutil.copy(path, self.work.path / name)

    def run(self, name, rows, expect=(COMPLETE,), **how):
        """Runs of one name share a work directory. What ended by itself is checked as any run."""
        path = self.work.manifest(rows, name=f"{name}.csv")
        directory = self.work.path / name
        process = self.work.start(
            "batch", path, "--workdir", directory, "--settle", "0", *self.way.options,
            *how.pop("options", ()), **how
        )
        run = self.work.finish(process)
        run.workdir = directory
        assert run.code in expect, f"{name}: {run}"[-4000:]
        if run.code in (COMPLETE, EXCEPTIONS, FAILED, PAUSED):
            run.check()
        return run

    def compare(self, row, what, **how):
        there = mailbox.snapshot(self.server, row["user2"])
        found = mailbox.differences(self.wanted, there, rename=self.way.name, **how)
        assert not found, f"{what}:\n" + "\n".join(found)

    def resume(self, name, row, **how):
        """Goes on to the end; the run after that has nothing to do."""
        self.run(name, [row])
        self.compare(row, name, **how)
        again = self.run(name, [row]).row()
        assert again["copied"] == 0 and again["source_messages"] == again["already"], name


def until_it_ends(step, numbers):
    """step(k) for each k, some at a time, until one says that it was not interrupted any more.
    Returns how many there were, to AT_ONCE."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            chunk = list(itertools.islice(numbers, AT_ONCE))
            if not chunk or any(pool.map(step, chunk)):
                return chunk[0] if chunk else None
