# SPDX-License-Identifier: MIT
"""What the options for flags make of them, compared with what is on the destination afterwards."""

import re

import pytest

from tests.integration.harness import EXCEPTIONS, USAGE
from tests.integration.nightly import every_kind_of_source
from tests.servers import messages
from tests.servers.scripted import PASS, no

STORE = "^UID STORE"
KEYWORDS = ("\\Seen", "$MDNSent", "NonJunk", "Work")


def sets(pair, side, name="INBOX"):
    """The flags of each message, in the order in which they were made."""
    order = [m.body.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode() for m in MAIL]
    flags = pair.flags(side, name)
    return [flags[message_id] for message_id in order if message_id in flags]


MAIL = [
    messages.plain(0, KEYWORDS),
    messages.plain(1, ("\\Flagged", "\\Answered")),
    messages.plain(2),
    messages.plain(3, ("\\Seen", "\\Draft")),
]
INBOX = {"INBOX": MAIL}
AS_THEY_ARE = [set(m.flags) for m in MAIL]


@pytest.mark.parametrize(
    "options, first, second",
    [
        (["--regexflag", r"s/\\Flagged//g"], set(KEYWORDS), {"\\Answered"}),
        (["--regexflag", r"s/\$MDNSent//g", "--regexflag", "s/NonJunk/Later/"],
         {"\\Seen", "Later", "Work"}, {"\\Flagged", "\\Answered"}),
        (["--regexflag", r"s,,\\Seen ,"], set(KEYWORDS), {"\\Seen", "\\Flagged", "\\Answered"}),
        (["--systemflagsonly"], {"\\Seen"}, {"\\Flagged", "\\Answered"}),
        (["--filterbuggyflags", "--flagscase"], set(KEYWORDS), {"\\Flagged", "\\Answered"}),
    ],
)  # fmt: skip
def test_flags_are_edited(nightly, options, first, second):
    pair = nightly(INBOX)
    assert pair.counted(*options) == (4, 4, 0)
    assert sets(pair, 2)[:2] == [first, second]
    assert sets(pair, 1) == AS_THEY_ARE
    for _ in range(2):
        assert pair.counted(*options) == (4, 0, 4)
        assert not pair.destination.seen(STORE)


@every_kind_of_source
def test_changes_are_edited_too(nightly, hide):
    pair = nightly(INBOX, hide1=hide)
    options = ("--regexflag", r"s/\\Flagged//g", "--regexflag", "s/Work/Play/")
    pair.run(*options)
    with pair.at(1) as box:
        box.store("INBOX", "3", "+", "\\Flagged", "\\Seen", "NewWord")
        box.store("INBOX", "1", "-", "Work")
        box.store("INBOX", "2", "-", "\\Flagged")
    pair.run(*options)
    assert sets(pair, 2) == [
        {"\\Seen", "$MDNSent", "NonJunk"}, {"\\Answered"}, {"\\Seen", "NewWord"}, {"\\Seen", "\\Draft"},
    ]  # fmt: skip
    assert pair.counted(*options)[1] == 0 and not pair.destination.seen(STORE)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "first contact"])
def test_resyncflags_makes_them_what_the_source_has(nightly, is_known):
    pair = nightly(INBOX, None if is_known else INBOX)
    if is_known:
        pair.run()
    with pair.at(2) as box:
        box.store("INBOX", "1:*", "+", "\\Answered", "Mine")
        box.store("INBOX", "1:*", "-", "\\Seen")
    pair.run("--noresyncflags")
    there = sets(pair, 2)
    assert all("Mine" in flags for flags in there)
    pair.run("--resyncflags")
    assert sets(pair, 2) == AS_THEY_ARE
    assert pair.destination.seen(STORE)
    pair.run("--resyncflags")
    assert sets(pair, 2) == AS_THEY_ARE and not pair.destination.seen(STORE)


def test_resyncflags_stores_alike_ones_together(nightly):
    many = {"INBOX": [messages.plain(n, ("\\Seen",)) for n in range(300)]}
    pair = nightly(many)
    pair.run()
    with pair.at(2) as box:
        box.store("INBOX", "1:*", "-", "\\Seen")
    pair.run("--resyncflags", "--regexflag", r"s/$/ \$Moved/")
    assert len(pair.destination.seen(STORE)) == 1
    assert set(map(frozenset, pair.flags(2, "INBOX").values())) == {frozenset({"\\Seen", "$Moved"})}


def test_resyncflags_of_merged_folders(nightly):
    pair = nightly({"INBOX": MAIL[:2], "Sent": MAIL[2:]})
    options = ("--f1f2", "Sent=INBOX", "--resyncflags")
    pair.run(*options)
    with pair.at(2) as box:
        box.store("INBOX", "1:*", "+", "Mine")
        box.append("INBOX", messages.plain(9, ("Mine",)))
    pair.run(*options)
    assert sets(pair, 2) == AS_THEY_ARE
    assert sum("Mine" in flags for flags in pair.flags(2, "INBOX").values()) == 1


def test_a_store_that_is_refused_counts(nightly):
    pair = nightly(INBOX)
    pair.run()
    with pair.at(2) as box:
        box.store("INBOX", "1:*", "+", "Mine")
    pair.destination.on(STORE, no("[CANNOT] these flags are not for you"), times=1)
    row = pair.run("--resyncflags", expect=EXCEPTIONS).row()
    assert row["error_code"] == "flags" and "these flags are not for you" in row["error"]
    assert "--systemflagsonly" in row["error"]
    pair.run("--resyncflags")
    assert sets(pair, 2) == AS_THEY_ARE


def test_it_has_the_exit_code_of_imapsync(nightly):
    pair = nightly(INBOX)
    pair.run()
    with pair.at(2) as box:
        box.store("INBOX", "1:*", "+", "Mine")
    pair.destination.on(STORE, no("[CANNOT] these flags are not for you"), times=1)
    run = pair.work.sync(pair.row(), "--resyncflags", expect=120)
    assert "The most frequent error is ERR_FLAGS." in run.out
    assert "Exiting with return value 120 (EXIT_ERR_FLAGS)" in run.out


def forget_flags(session, tag, command):
    """A server that keeps \\Seen alone from an APPEND."""
    session.data = re.sub(rb"\((\\Seen)?[^()]*\) \"", rb'(\1) "', session.data)
    return PASS


def test_flags_after_the_copy(nightly):
    pair = nightly(INBOX)
    pair.destination.on("^APPEND", forget_flags)
    pair.run("--syncflagsaftercopy")
    assert sets(pair, 2) == AS_THEY_ARE
    assert pair.counted("--syncflagsaftercopy")[1] == 0
    assert pair.destination.connections == 0


def test_flags_after_the_copy_are_not_there_without(nightly):
    pair = nightly(INBOX)
    pair.destination.on("^APPEND", forget_flags)
    pair.run()
    assert sets(pair, 2) != AS_THEY_ARE


def test_debugflags(nightly):
    pair = nightly(INBOX)
    log = pair.run("--debugflags", "--regexflag", r"s/\\Answered//").user_log()
    assert re.search(
        r"flags: folder INBOX, UID \d+: \(\\Answered \\Flagged\) on the source, \(\\Flagged\) with "
        "the copy", log
    )  # fmt: skip


@pytest.mark.parametrize(
    "expression, words",
    [
        (r"s/\Flagged//g", "single quotes"),
        ("s/$MDNSent//g", "single quotes"),
        ("s/a/", "a delimiter is missing"),
        (r"s/(\\Seen)|$/defined($1)?$1:q()/eg", "--systemflagsonly"),
    ],
)
def test_bad_expressions_end_before_any_connection(nightly, expression, words):
    pair = nightly(INBOX)
    run = pair.work.batch([pair.row()], "--regexflag", expression, expect=USAGE)
    assert "regexflag" in run.err and words in run.err
    assert pair.source.connections == pair.destination.connections == 0
