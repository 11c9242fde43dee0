# SPDX-License-Identifier: MIT
"""Runs after the first: what changed on the source, nothing else, and at no cost where nothing
changed."""

import re

import pytest

from tests.integration.harness import EXCEPTIONS, assert_same
from tests.integration.nightly import (
    HEADERS,
    INBOX,
    TREE,
    WORK,
    as_reported,
    every_kind_of_source,
)
from tests.servers import mailbox, messages
from tests.servers.scripted import no


# Nothing to do ---------------------------------------------------------------------------------


@every_kind_of_source
def test_nothing_changed(nightly, hide):
    """Too large and too small ones are listed again, as the first run did."""
    tree = TREE | {"Work": [*WORK, messages.big(30, 20_000), messages.tiny(31)]}
    pair = nightly(tree, hide1=hide)
    options = ("--maxsize", "10000", "--minsize", "400")
    first = pair.run(*options, expect=EXCEPTIONS)
    assert (first.row()["copied"], first.row()["too_big"], first.row()["excluded"]) == (9, 1, 1)
    for _ in range(2):
        again = pair.run(*options, expect=EXCEPTIONS)
        assert as_reported(again) == as_reported(first)
        assert again.row()["copied"] == 0
        assert pair.destination.connections == 0
        assert not pair.source.seen(HEADERS + "|SIZE")
        if "CONDSTORE" not in hide:
            assert not pair.source.seen("^(EXAMINE|SELECT|UID)")


def test_sync_and_batch_share_what_they_know(nightly):
    pair = nightly()
    pair.run()
    pair.destination.forget()
    assert pair.work.sync(pair.row()).row()["already"] == 9
    assert pair.destination.connections == 0


def test_a_dry_run_in_between_changes_nothing(nightly):
    pair = nightly()
    pair.run()
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40))
    dry = pair.run("--dry")
    assert (dry.row()["source_messages"], dry.row()["copied"]) == (10, 0)
    assert pair.counted() == (10, 1, 9)
    assert pair.counted("--dry")[1] == 0
    assert pair.counted() == (10, 0, 10) and pair.is_untouched()


# Mail comes and goes ---------------------------------------------------------------------------


@every_kind_of_source
def test_new_mail(nightly, a, b, hide):
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40, ("\\Flagged",)), messages.plain(1))
        box.append("Work/Empty", messages.plain(41))
    assert pair.counted() == (12, 3, 9)
    assert not pair.destination.seen("UID FETCH")
    assert not pair.source.seen("HEADER")
    listed = {c.split()[2] for c in pair.source.seen("SIZE")}
    # "Work/Empty" never had any; without CONDSTORE the others are looked at too.
    assert {"6:*", "1:*"} <= listed and (listed == {"6:*", "1:*"}) == ("CONDSTORE" not in hide)
    if "CONDSTORE" not in hide:
        assert len(pair.source.seen("^EXAMINE")) == 2
        assert len(pair.destination.seen("^SELECT")) == 2
    assert_same(a, b, pair.user)
    assert pair.counted() == (12, 0, 12)
    assert pair.destination.connections == 0


@every_kind_of_source
def test_mail_deleted_on_the_source_stays_on_the_destination(nightly, hide):
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(1) as box:
        box.expunge("INBOX", "2,4")
        box.expunge("Größe", "1")
    assert pair.counted() == (6, 0, 6)
    assert not pair.source.seen(HEADERS)
    assert len(pair.ids(2, "INBOX")) == 5 and len(pair.ids(2, "Größe")) == 1
    assert pair.counted() == (6, 0, 6)
    assert pair.destination.connections == 0


@every_kind_of_source
def test_mail_comes_and_goes_in_one_night(nightly, hide):
    """As many as before, and the first new one is gone again."""
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40), messages.plain(41), messages.plain(42))
        box.expunge("INBOX", "1,5,6")
    assert pair.counted() == (9, 2, 7)
    there = [m.body for m in (*INBOX, messages.plain(41), messages.plain(42))]
    assert sorted(e.size for e in pair.entries(2, "INBOX")) == sorted(map(len, there))
    assert pair.counted() == (9, 0, 9)


# Folders come and go ---------------------------------------------------------------------------


@every_kind_of_source
def test_a_new_folder(nightly, a, b, hide):
    pair = nightly(hide1=hide)
    pair.run()
    mailbox.fill(a, pair.user, {"Work/New": [messages.plain(40)], "Other/Empty": []})
    assert pair.counted() == (10, 1, 9)
    assert not pair.source.seen("HEADER")
    assert_same(a, b, pair.user)
    assert pair.counted() == (10, 0, 10)
    assert pair.destination.connections == 0


def test_a_renamed_folder_is_a_new_one(nightly, a, b):
    pair = nightly()
    pair.run()
    with pair.at(1) as box:
        box.rename("Work", "Play")
    assert pair.counted() == (9, 3, 6)
    there = mailbox.snapshot(b, pair.user)
    assert len(there["Play"]) == len(there["Work"]) == 3
    assert pair.counted() == (9, 0, 9) and pair.is_untouched()
    with pair.at(1) as box:
        box.rename("Play", "Work")
    assert pair.counted() == (9, 0, 9)
    assert len(pair.ids(2, "Work")) == 3


def test_a_folder_deleted_on_the_source(nightly, b):
    pair = nightly()
    pair.run()
    with pair.at(1) as box:
        box.delete("Größe")
    run = pair.run()
    assert (run.row()["source_messages"], run.row()["folders"]) == (8, 3)
    assert len(pair.ids(2, "Größe")) == 1
    assert pair.counted() == (8, 0, 8) and pair.is_untouched()


# Flags -----------------------------------------------------------------------------------------


@every_kind_of_source
def test_flags_changed_on_the_source(nightly, a, b, hide):
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(1) as box:
        box.store("INBOX", "1:3", "+", "\\Flagged", "$Label1")
        box.store("INBOX", "2", "-", "\\Seen")
        box.store("Work", "3", "+", "NonJunk")
    assert pair.counted() == (9, 0, 9)
    assert_same(a, b, pair.user)
    assert not pair.source.seen(HEADERS + "|SIZE.*FLAGS")
    assert bool(pair.source.seen("CHANGEDSINCE")) == ("CONDSTORE" not in hide)
    assert bool(pair.source.seen("VANISHED")) == ("QRESYNC" not in hide)
    stores = pair.destination.seen("STORE")
    assert len(stores) == 4, stores  # two for 2, which lost one and got others
    with pair.at(1) as box:
        box.store("INBOX", "1", "-", "$Label1", "\\Flagged")
    assert pair.counted() == (9, 0, 9)
    assert pair.destination.seen("STORE") == ["UID STORE 1 -FLAGS.SILENT ($Label1 \\Flagged)"]
    assert_same(a, b, pair.user)
    assert pair.counted() == (9, 0, 9)
    assert pair.destination.connections == 0


@every_kind_of_source
def test_flags_and_mail_in_one_night(nightly, a, b, hide):
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40))
        box.store("INBOX", "1,6", "+", "\\Answered")
    assert pair.counted() == (10, 1, 9)
    assert_same(a, b, pair.user)


@every_kind_of_source
def test_what_the_user_did_to_flags_there_stays(nightly, hide):
    pair = nightly({"Work": WORK}, hide1=hide)
    pair.run()
    one, two, three = pair.ids(1, "Work")
    with pair.at(2) as box:
        box.store("Work", "1:3", "+", "\\Answered", "mine")
        box.store("Work", "2", "+", "\\Flagged")
    with pair.at(1) as box:
        box.store("Work", "1", "+", "\\Seen")
        box.store("Work", "2", "+", "\\Flagged")
    pair.run()
    mine = {"\\Answered", "mine"}
    assert pair.flags(2, "Work") == {
        one: {"\\Seen", *mine}, two: {"\\Flagged", *mine}, three: mine
    }  # fmt: skip
    with pair.at(2) as box:
        box.store("Work", "1", "-", "\\Seen")
    with pair.at(1) as box:
        box.append("Work", messages.plain(50))
    pair.run()
    assert pair.flags(2, "Work")[one] == mine


def test_flags_are_tried_again_after_a_refusal(nightly, a, b):
    pair = nightly()
    pair.run()
    with pair.at(1) as box:
        box.store("INBOX", "1", "+", "\\Flagged")
    pair.destination.on("^UID STORE", no("not now"), times=1)
    run = pair.run()
    assert "not now" in run.user_log()
    assert "\\Flagged" not in pair.entries(2, "INBOX")[0].flags
    pair.run()
    assert_same(a, b, pair.user)
    assert pair.counted() == (9, 0, 9) and pair.is_untouched()


# What the destination's user does --------------------------------------------------------------


@every_kind_of_source
def test_mail_moved_or_deleted_there_does_not_come_back(nightly, hide):
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(2) as box:
        box.create("Mine")
        box.move("INBOX", "1,2", "Mine")
        box.expunge("Work", "1:3")
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40))
        box.append("Work", messages.plain(41))
        box.store("INBOX", "1:3", "+", "\\Flagged")
        box.expunge("Work", "2")
    assert pair.counted() == (10, 2, 8)
    there = {name: pair.ids(2, name) for name in ("INBOX", "Work", "Mine")}
    assert {name: len(ids) for name, ids in there.items()} == {"INBOX": 4, "Work": 1, "Mine": 2}
    assert all("\\Flagged" not in flags for flags in pair.flags(2, "Mine").values())
    assert pair.counted() == (10, 0, 10)


@every_kind_of_source
def test_a_folder_deleted_there_by_its_user(nightly, hide):
    pair = nightly(hide1=hide)
    pair.run()
    with pair.at(2) as box:
        box.delete("Größe")
        box.delete("Work/Empty")
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40))
    assert pair.counted() == (10, 1, 9)
    with pair.at(1) as box:
        box.store("Größe", "1", "+", "\\Flagged")
    assert pair.counted() == (10, 0, 10)
    with pair.at(2) as box:
        assert {"Größe", "Work/Empty"}.isdisjoint(box.folders())
    assert not pair.destination.seen("^(CREATE|SUBSCRIBE)")
    with pair.at(1) as box:
        box.append("Größe", messages.plain(41))
    assert pair.counted() == (11, 1, 10)
    assert len(pair.ids(2, "Größe")) == 1
    with pair.at(1) as box:
        box.expunge("Größe", "1")
    with pair.at(2) as box:
        box.delete("Größe")
    assert pair.counted() == (10, 0, 10)
    with pair.at(2) as box:
        assert "Größe" not in box.folders()


def test_a_subscription_ended_there_stays_so(nightly):
    pair = nightly()
    pair.run()
    with pair.at(2) as box:
        assert "Work" in box.subscribed()
        box.unsubscribe("Work")
    with pair.at(1) as box:
        box.append("Work", messages.plain(40))
    assert pair.counted() == (10, 1, 9)
    with pair.at(2) as box:
        assert "Work" not in box.subscribed()


# Settings and faults ---------------------------------------------------------------------------


def test_a_limit_is_raised_and_lowered(nightly):
    pair = nightly({"INBOX": [*INBOX, messages.big(30, 20_000)]})
    run = pair.run("--maxsize", "10000", expect=EXCEPTIONS)
    assert (run.row()["copied"], run.row()["too_big"]) == (5, 1)
    assert pair.counted("--maxsize", "100000") == (6, 1, 5)
    assert not pair.source.seen("HEADER")
    assert pair.counted("--maxsize", "10000") == (6, 0, 6)
    assert len(pair.ids(2, "INBOX")) == 6


def test_an_excluded_folder_is_included_later(nightly, a, b):
    pair = nightly()
    assert pair.counted("--exclude", "^Work") == (6, 6, 0)
    assert pair.counted() == (9, 3, 6)
    assert_same(a, b, pair.user)
    assert pair.counted("--exclude", "^Work") == (6, 0, 6)
    with pair.at(1) as box:
        box.append("Work", messages.plain(40))
        box.store("Work", "1", "+", "\\Flagged")
    assert pair.counted("--exclude", "^Work") == (6, 0, 6)
    assert pair.counted() == (10, 1, 9)
    assert_same(a, b, pair.user)


def test_a_message_that_failed_is_tried_again(nightly, a, b):
    pair = nightly()
    pair.destination.on("^APPEND", no("not this one"), body=re.escape(WORK[1].body))
    run = pair.run(expect=EXCEPTIONS)
    assert (run.row()["copied"], run.row()["failed"]) == (8, 1)
    run = pair.run(expect=EXCEPTIONS)
    assert (run.row()["already"], run.row()["failed"], len(run.problems())) == (8, 1, 1)
    pair.destination.rules.clear()
    assert pair.counted() == (9, 1, 8)
    assert not pair.source.seen("HEADER")
    assert_same(a, b, pair.user)


def test_a_folder_whose_status_is_refused(nightly, a, b):
    pair = nightly(hide1=("LIST-STATUS",))
    pair.source.on('^STATUS "?Work"? ', no("no status for you"))
    pair.run()
    assert pair.counted() == (9, 0, 9)
    assert not pair.source.seen("HEADER")
    with pair.at(1) as box:
        box.append("Work", messages.plain(40))
        box.store("Work", "1", "+", "\\Flagged")
    assert pair.counted() == (10, 1, 9)
    assert not pair.source.seen("HEADER")
    assert_same(a, b, pair.user)


def test_a_destination_that_never_says_where_messages_are(nightly, a, b):
    """Without UIDPLUS new mail is known by its UIDs on the source all the same."""
    pair = nightly(hide2=("UIDPLUS",))
    pair.run()
    with pair.at(1) as box:
        box.append("INBOX", messages.plain(40))
        box.expunge("Work", "1")
    with pair.at(2) as box:
        box.expunge("INBOX", "2")
    assert pair.counted() == (9, 1, 8)
    assert not pair.source.seen("HEADER")
    assert len(pair.ids(2, "INBOX")) == 5
    assert pair.counted() == (9, 0, 9) and pair.is_untouched()
    with pair.at(1) as box:
        box.store("INBOX", "1", "+", "\\Flagged")
    run = pair.run()
    assert "no UIDPLUS" in run.user_log()
    assert pair.counted() == (9, 0, 9) and pair.is_untouched()
