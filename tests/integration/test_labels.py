# SPDX-License-Identifier: MIT
"""Gmail's labels, from one Gmail stand-in to another. What is looked at is what the destination
says of its labels, message by message."""

import contextlib
import re

import pytest

from tests.servers import mailbox, messages
from tests.servers.gmail import Gmail

MAIL = [messages.plain(n, ("\\Seen",) if n % 2 else ()) for n in range(6)]
BOTH = ("--synclabels", "--resynclabels")
LABELS = re.compile(rb"X-GM-LABELS \((.*?)\) UID (\d+) FLAGS \(([^)]*)\)")


def number(message):
    return re.search(rb"^Message-ID: (\S+)", message.body, re.M | re.I)[1].decode()


class Pair:
    """One user with a Gmail account on both sides."""

    def __init__(self, work, server, *behaviours, content=None, there=None, one="labels",
                 two="labels"):  # fmt: skip
        self.work = work
        self.server = server
        content = {"INBOX": MAIL} if content is None else content
        self.users = [work.user(server, content), work.user(server, there)]
        names = [list(filter(None, [name, *behaviours])) for name in (one, two)]
        self.gmails = [Gmail(server, *behaviours).start() for behaviours in names]

    def close(self):
        for gmail in self.gmails:
            gmail.stop()

    def run(self, *options, expect=0, **more):
        for gmail in self.gmails:
            gmail.forget()
        row = self.work.row(*self.gmails, *self.users, **more)
        return self.work.batch([row], *options, expect=expect)

    @contextlib.contextmanager
    def at(self, side):
        with mailbox.Mailbox(self.gmails[side - 1], self.users[side - 1]) as box:
            yield box.imap

    def label(self, side, folder, uids, how, *labels):
        with self.at(side) as imap:
            imap.select(f'"{folder}"')
            answer = imap.uid("STORE", uids, f"{how}X-GM-LABELS", f"({' '.join(labels)})")
            assert answer[0] == "OK", answer

    def labels(self, side, folder):
        """{Message-ID: (labels, flags)}"""
        with self.at(side) as imap:
            imap.select(f'"{folder}"', readonly=True)
            imap.uid("FETCH", "1:*", "(X-GM-LABELS)")
            gmail, user = self.gmails[side - 1], self.users[side - 1]
            ids = {e.uid: e for e in mailbox.snapshot(self.server, user)[folder]}
            account = gmail.account(user)
            return {
                entry.message_id: (set(account.at(folder, uid).labels), set(entry.flags) - TOUCHED)
                for uid, entry in ids.items()
            }


TOUCHED = {"$GmTouched"}


@pytest.fixture
def pair(work, a):
    made = []

    def make(*args, **more):
        made.append(Pair(work, a, *args, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def add_labels(pair):
    pair.label(1, "INBOX", "1", "+", "Work", r'"two words"')
    pair.label(1, "INBOX", "2,4", "+", r'"say \"hi\" 100%"', "\\Sent", "Gr&APYA3w-e")
    pair.label(1, "INBOX", "5", "+", "\\Important", "Work")


def test_copies_have_the_labels_of_the_original(pair):
    accounts = pair()
    add_labels(accounts)
    accounts.run("--synclabels")
    wanted = accounts.labels(1, "INBOX")
    assert wanted[number(MAIL[1])][0] == {"\\Inbox", 'say "hi" 100%', "\\Sent", "Gr&APYA3w-e"}
    assert accounts.labels(2, "INBOX") == wanted
    # Messages with the same label share a command.
    source, destination = accounts.gmails
    stored = destination.seen("^UID STORE")
    assert len(stored) == 7 and len(destination.seen(r'^UID STORE 2,4 \+X-GM-LABELS')) == 3
    assert not destination.violations
    # A night later nothing is asked for.
    accounts.run("--synclabels")
    assert not source.seen("^UID") and not destination.commands


def test_without_the_option_nothing_is_asked_or_stored(pair):
    accounts = pair()
    add_labels(accounts)
    accounts.run()
    assert not accounts.gmails[0].seen("X-GM") and not accounts.gmails[1].seen("STORE")
    assert all(found == {"\\Inbox"} for found, _ in accounts.labels(2, "INBOX").values())


@pytest.mark.parametrize("without", [1, 2])
def test_where_a_side_has_no_labels_it_is_said(pair, without):
    accounts = pair(**{("one", "two")[without - 1]: None})
    if without == 2:
        add_labels(accounts)
    run = accounts.run(*BOTH)
    assert f"labels are left out: host{without} has none (no X-GM-EXT-1)" in run.user_log()
    assert run.row()["copied"] == 6
    assert not any(gmail.seen("X-GM-") for gmail in accounts.gmails)


def test_changed_labels_are_carried_the_next_night(pair):
    accounts = pair()
    add_labels(accounts)
    accounts.run(*BOTH)
    accounts.label(2, "INBOX", "1", "+", '"of the user"')
    accounts.label(1, "INBOX", "1", "-", "Work")
    accounts.label(1, "INBOX", "6", "+", "new")
    with accounts.at(1) as imap:
        imap.select("INBOX")
        imap.uid("STORE", "6", "+FLAGS.SILENT", "(\\Flagged)")
    run = accounts.run(*BOTH, "--debuglabels")
    assert "flags or labels of 2 messages changed" in run.user_log()
    assert "labels: host2 UID 1 -X-GM-LABELS (Work)" in run.user_log()
    found = accounts.labels(2, "INBOX")
    assert found[number(MAIL[0])][0] == {"\\Inbox", "two words", "of the user"}
    assert found[number(MAIL[5])] == ({"\\Inbox", "new"}, {"\\Seen", "\\Flagged"})
    # With --synclabels alone, messages that are there keep what they have.
    accounts.label(1, "INBOX", "6", "-", "new")
    accounts.run("--synclabels")
    assert accounts.labels(2, "INBOX")[number(MAIL[5])][0] == {"\\Inbox", "new"}


@pytest.mark.parametrize("options, are_given", [(BOTH, True), (["--synclabels"], False)])
def test_messages_that_are_there_already(pair, options, are_given):
    accounts = pair(there={"INBOX": MAIL[:3]})
    add_labels(accounts)
    accounts.label(2, "INBOX", "1", "+", "own")
    run = accounts.run(*options)
    assert (run.row()["copied"], run.row()["already"]) == (3, 3)
    found = accounts.labels(2, "INBOX")
    given = {"Work", "two words"} if are_given else set()
    assert found[number(MAIL[0])][0] == {"\\Inbox", "own"} | given
    assert found[number(MAIL[4])][0] == {"\\Inbox", "Work", "\\Important"}


def test_one_refused_label_does_not_cost_the_others(pair):
    accounts = pair()
    accounts.gmails[0].refused_labels = ()
    accounts.label(1, "INBOX", "1", "+", "Aaa", "Migrated", "Work")
    run = accounts.run(*BOTH)
    words = "could not be changed; the next run tries again [server said: Invalid Arguments: Label"
    assert words in run.user_log()
    assert accounts.labels(2, "INBOX")[number(MAIL[0])][0] == {"\\Inbox", "Aaa", "Work"}
    accounts.gmails[1].refused_labels = ()
    accounts.run(*BOTH)
    found = accounts.labels(2, "INBOX")[number(MAIL[0])][0]
    assert found == {"\\Inbox", "Aaa", "Migrated", "Work"}


def test_labels_go_by_the_names_of_the_plan(pair):
    accounts = pair(content={"INBOX": MAIL[:2], "Work": MAIL[2:3], "Old": MAIL[3:4]})
    accounts.label(1, "INBOX", "1", "+", "Work", "Old", "loose")
    accounts.label(1, "Old", "1", "+", "\\Inbox")
    accounts.run("--synclabels", f1f2="Work=Job/Work\nOld=INBOX")
    found = accounts.labels(2, "INBOX")
    assert found[number(MAIL[0])][0] == {"\\Inbox", "Job/Work", "loose"}
    assert set(found) == {number(MAIL[n]) for n in (0, 1, 3)}


def test_a_run_that_broke_off_before_the_labels(pair):
    accounts = pair()
    add_labels(accounts)
    accounts.gmails[1].on(r"^UID STORE .*X-GM-LABELS", lambda s, t, c: s.bye("gone"), times=1)
    run = accounts.run("--synclabels", expect=11)
    assert run.row()["copied"] == 6
    assert accounts.labels(2, "INBOX") != accounts.labels(1, "INBOX")
    run = accounts.run("--synclabels")
    assert (run.row()["copied"], run.row()["already"]) == (0, 6)
    assert accounts.labels(2, "INBOX") == accounts.labels(1, "INBOX")


def test_where_a_copy_is_not_told_it_is_said(pair):
    accounts = pair("no_appenduid")
    add_labels(accounts)
    run = accounts.run("--synclabels")
    words = "on 4 copies flags or labels could not be completed"
    assert words in run.user_log()


def test_a_whole_account_with_all_its_folders(pair):
    content = {"INBOX": MAIL[:3], "Work": [MAIL[0], MAIL[3]], "Home/Garden": [MAIL[0], MAIL[4]]}
    accounts = pair("one_message", "special_use", content={})
    mailbox.fill(accounts.gmails[0], accounts.users[0], content)
    accounts.label(1, "INBOX", "2", "+", "extra", "\\Starred")
    run = accounts.run(*BOTH, "--exclude", r"\[Gmail\]$", "--folderlast", "[Gmail]/All Mail")
    found = {n: len(e) for n, e in mailbox.snapshot(accounts.server, accounts.users[1]).items()}
    assert {n: c for n, c in found.items() if c} == {
        "INBOX": 3, "Work": 2, "Home/Garden": 2, "[Gmail]/All Mail": 5, "[Gmail]/Starred": 1,
        "extra": 1,
    }, run  # fmt: skip
    wanted = {"\\Inbox", "Work", "Home/Garden"}
    assert accounts.labels(2, "INBOX")[number(MAIL[0])][0] == wanted
