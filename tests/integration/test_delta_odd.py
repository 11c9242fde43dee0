# SPDX-License-Identifier: MIT
"""Runs after the first when things happen meanwhile, when there is much, and when the first copy was
no plain one."""

import time

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, PAUSED, assert_same
from tests.integration.nightly import every_kind_of_source, refuse
from tests.servers import messages
from tests.servers.scripted import PASS, drop, no

ANY_END = (0, EXCEPTIONS, FAILED, PAUSED)
MAIL = [messages.plain(n, ("\\Seen",) if n % 2 else ()) for n in range(40)]


def meanwhile(pair, what):
    """An action: the user of the source does something just before the server gets a command."""

    def action(session, tag, command):
        with pair.at(1) as box:
            what(box)
        return PASS

    return action


# How the first copy went -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, hide2",
    [
        (("--lanes", "4"), ()),
        (("--lanes", "4"), ("LITERAL+", "LITERAL-", "MULTIAPPEND")),
        ((), ("MULTIAPPEND",)),
    ],
    ids=["lanes", "lanes, one by one", "one by one"],
)
def test_it_is_known_where_each_message_went(nightly, a, b, options, hide2):
    pair = nightly({"Work": MAIL}, hide2=hide2)
    pair.run(*options)
    flag_each_alike(pair)
    assert pair.counted(*options) == (40, 0, 40)
    assert_same(a, b, pair.user)


def flag_each_alike(pair):
    """All differ then, so that none can stand for another."""
    with pair.at(1) as box:
        for bit in range(6):
            uids = ",".join(str(uid) for uid in range(1, 41) if uid >> bit & 1)
            box.store("Work", uids, "+", f"bit{bit}")


def test_a_multiappend_that_was_taken_apart(nightly, a, b):
    pair = nightly({"Work": MAIL})
    guilty = messages.plain(17).body.split(b"Message-ID: ")[1][:20]
    pair.destination.on("^APPEND", no("not this one"), body=guilty)
    run = pair.run(expect=EXCEPTIONS)
    assert (run.row()["copied"], run.row()["failed"]) == (39, 1)
    pair.destination.rules.clear()
    flag_each_alike(pair)
    assert pair.counted() == (40, 1, 39)
    assert_same(a, b, pair.user)


def test_folders_that_are_merged(nightly):
    pair = nightly({"Work": MAIL[:10], "Play": MAIL[10:20]})
    options = ("--f1f2", "Play=INBOX.Work")
    assert pair.counted(*options) == (20, 20, 0)
    with pair.at(1) as box:
        box.store("Play", "2", "+", "$Play")
        box.store("Work", "2", "+", "$Work")
        box.append("Play", MAIL[20])
        box.expunge("Work", "1")
    assert pair.counted(*options) == (20, 1, 19)
    assert not pair.source.seen("HEADER")
    flags = pair.flags(2, "Work")
    with pair.at(1) as box:
        play, work = (box.entries(name) for name in ("Play", "Work"))
    assert "$play" in {f.lower() for f in flags[play[1].message_id]}
    assert "$work" in {f.lower() for f in flags[work[0].message_id]}
    assert len(pair.entries(2, "Work")) == 21
    assert pair.counted(*options) == (20, 0, 20) and pair.is_untouched()


# What happens meanwhile ------------------------------------------------------------------------


@every_kind_of_source
def test_mail_comes_while_the_folder_is_opened(nightly, a, b, hide):
    pair = nightly({"Work": MAIL[:5]}, hide1=hide)
    new = iter(MAIL[5:])
    act = meanwhile(pair, lambda box: box.append("Work", next(new)))
    for copied in (6, 2, 2):
        if copied == 2:
            with pair.at(1) as box:
                box.append("Work", next(new))
        pair.source.rules.clear()
        pair.source.on(r"^UID FETCH \d+:\* .*SIZE", act, times=2)
        pair.run(expect=ANY_END)
    pair.source.rules.clear()
    pair.run()
    assert_same(a, b, pair.user)
    total = len(pair.entries(1, "Work"))
    assert pair.counted() == (total, 0, total)
    assert pair.destination.connections == 0


@every_kind_of_source
def test_mail_goes_while_the_folder_is_opened(nightly, hide):
    pair = nightly({"Work": MAIL[:9]}, hide1=hide)
    pair.run()
    uids = iter(range(1, 9))
    act = meanwhile(pair, lambda box: box.expunge("Work", str(next(uids))))
    for _ in range(2):
        with pair.at(1) as box:
            box.append("Work", messages.plain(60 + next(uids)))
        pair.source.rules.clear()
        pair.source.on(r"^UID FETCH \d+:\* .*SIZE", act, times=2)
        pair.source.on(r"^UID FETCH .*BODY", act, times=1)
        pair.run(expect=ANY_END)
    pair.source.rules.clear()
    pair.run()
    left = set(pair.ids(1, "Work"))
    assert left <= set(pair.ids(2, "Work"))
    assert len(pair.ids(2, "Work")) == 11
    assert pair.counted() == (len(left), 0, len(left))


@every_kind_of_source
def test_flags_change_while_mail_is_copied(nightly, a, b, hide):
    pair = nightly({"Work": MAIL[:9]}, hide1=hide)
    act = meanwhile(pair, lambda box: box.store("Work", "1:9", "+", "\\Flagged"))
    pair.source.on("^UID FETCH .*BODY", act, times=1)
    pair.run()
    with pair.at(1) as box:
        box.append("Work", MAIL[10])
    pair.source.on("^UID FETCH .*BODY", meanwhile(pair, change_all), times=1)
    pair.run()
    pair.run()
    assert_same(a, b, pair.user)


def change_all(box):
    box.store("Work", "1:5", "-", "\\Flagged")
    box.store("Work", "4:10", "+", "$Late")


@pytest.mark.parametrize("command", ["^UID STORE", "^SELECT", "^APPEND", "^EXAMINE"])
def test_the_destination_is_lost(nightly, a, b, command):
    pair = nightly({"INBOX": MAIL[10:15], "Work": MAIL[:9]})
    pair.run()
    with pair.at(1) as box:
        box.store("Work", "1:9", "+", "\\Flagged")
        box.store("INBOX", "1:3", "+", "\\Flagged")
        box.append("Work", MAIL[20], MAIL[21])
    pair.destination.on(command, drop, times=1)
    pair.run("--reconnectretry2", "0", expect=ANY_END)
    pair.destination.rules.clear()
    pair.run()
    assert_same(a, b, pair.user)
    assert pair.counted() == (16, 0, 16) and pair.is_untouched()


@pytest.mark.parametrize("command", ["^EXAMINE", "SIZE", "CHANGEDSINCE", "BODY"])
def test_the_source_is_lost(nightly, a, b, command):
    pair = nightly({"INBOX": MAIL[10:15], "Work": MAIL[:9]})
    pair.run()
    with pair.at(1) as box:
        box.store("Work", "1:9", "+", "\\Flagged")
        box.append("Work", MAIL[20], MAIL[21])
        box.expunge("INBOX", "2")
        box.append("INBOX", MAIL[22])
    pair.source.on(command, drop, times=1)
    pair.run("--reconnectretry1", "0", expect=ANY_END)
    pair.source.rules.clear()
    pair.run()
    with pair.at(1) as box:
        box.expunge("INBOX", "6")
    assert pair.counted() == (15, 0, 15)
    assert len(pair.entries(2, "INBOX")) == 6
    assert pair.flags(1, "Work") == pair.flags(2, "Work")


@pytest.mark.parametrize("command", ["^EXAMINE", "SIZE", "CHANGEDSINCE", "BODY"])
def test_the_source_refuses(nightly, a, b, command):
    pair = nightly({"INBOX": MAIL[10:15], "Work": MAIL[:9]})
    pair.run()
    with pair.at(1) as box:
        box.store("Work", "1:9", "+", "\\Flagged")
        box.append("Work", MAIL[20], MAIL[21])
    pair.source.on(command, no("not now"), times=1)
    pair.run(expect=ANY_END)
    pair.source.rules.clear()
    pair.run()
    assert_same(a, b, pair.user)
    assert pair.counted() == (16, 0, 16) and pair.is_untouched()


@pytest.mark.parametrize("command", ["^EXAMINE", "SIZE"])
def test_the_second_answer_comes_late(nightly, a, b, command):
    """What changed is asked for in the same flight as what is new, and nobody waits for it."""
    pair = nightly({"INBOX": MAIL[10:15], "Work": MAIL[:9]})
    pair.run()
    with pair.at(1) as box:
        box.append("INBOX", MAIL[22])
        box.append("Work", MAIL[20])
        box.store("INBOX", "1", "+", "\\Flagged")
    pair.source.on(command, refuse, times=1).on("CHANGEDSINCE", later)
    pair.run(expect=ANY_END)
    pair.source.rules.clear()
    pair.run()
    assert_same(a, b, pair.user)
    assert pair.counted() == (16, 0, 16) and pair.is_untouched()


def later(session, tag, command):
    time.sleep(0.3)
    return PASS


# Much ------------------------------------------------------------------------------------------


@every_kind_of_source
def test_more_than_one_page_of_everything(nightly, a, b, hide):
    """The map is read 256 rows at a time."""
    pair = nightly({"Work": []}, hide1=hide)
    with pair.at(1) as box:
        box.append_all("Work", map(messages.tiny, range(700)))
    assert pair.counted() == (700, 700, 0)
    gone = range(3, 700, 7)
    with pair.at(1) as box:
        box.store("Work", ",".join(map(str, range(1, 701, 3))), "+", "\\Flagged")
        box.store("Work", "200:600", "+", "\\Seen")
        box.expunge("Work", ",".join(map(str, gone)))
        box.append_all("Work", map(messages.tiny, range(1000, 1300)))
    with pair.at(2) as box:
        box.expunge("Work", ",".join(map(str, gone)))
    assert pair.counted() == (900, 300, 600)
    assert not pair.source.seen("HEADER")
    assert_same(a, b, pair.user)
    assert pair.counted() == (900, 0, 900)
    assert pair.destination.connections == 0
