# SPDX-License-Identifier: MIT
"""Messages and folders that a run was asked to delete: exactly those go, and nothing at all where
anything is in doubt. Each guard has a test that fails without it."""

import re

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, USAGE, assert_same
from tests.servers import mailbox, messages
from tests.servers.proxy import pass_then_drop
from tests.servers.scripted import PASS, bad, drop, no

ANY_END = (COMPLETE, EXCEPTIONS, FAILED, PAUSED)
MAIL = [messages.plain(n, ("\\Seen",) if n % 2 else (), words=20) for n in range(30)]
THROTTLE = "Request is throttled. Suggested Backoff Time: 100 milliseconds"
# Commands that change anything.
CHANGES = r"^(UID STORE|UID EXPUNGE|EXPUNGE|DELETE|UNSUBSCRIBE|CLOSE)"


def id_of(message):
    return re.search(rb"Message-ID: (\S+)", message.body)[1].decode()


def ids(*numbers):
    return sorted(id_of(MAIL[n]) for n in numbers)


def deleted(run):
    row = run.row()
    return row["deleted_source"], row["deleted_destination"]


def log_lines(run, verb="delete"):
    """What the user's log says was deleted."""
    return re.findall(rf"^\S+ {verb} on host\d: (.*)", run.user_log(), re.M)


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, words",
    [
        (("--delete1", "--delete2"), "delete1 and delete2"),
        (("--delete1emptyfolders", "--delete2folders"), "delete1emptyfolders"),
        (("--delete2", "--maxdelete", "some"), "maxdelete"),
        (("--delete2", "--maxdelete", "-1"), "maxdelete"),
        (("--delete2foldersonly", "FooArchiv"), "delete2foldersonly"),
        (("--delete2foldersbutnot", "Keep"), "delete2foldersbutnot"),
        (("--delete2foldersonly", "/(/"), "delete2foldersonly"),
    ],
)
def test_refused_before_any_connection(work, a, b, nightly, options, words):
    pair = nightly({"INBOX": MAIL[:1]})
    run = pair.run(*options, expect=USAGE)
    assert words in run.err + run.out
    assert pair.source.connections == pair.destination.connections == 0


# Nothing without being asked ----------------------------------------------------------------------


def test_nothing_is_deleted_unasked(nightly):
    pair = nightly({"INBOX": MAIL[:5]}, there={"INBOX": MAIL[10:13], "Own": MAIL[13:14]})
    with pair.at(1) as box:
        box.store("INBOX", "1", "+", "\\Deleted")
    pair.run()
    pair.run("--expungeaftereach", "--uidexpunge2", "--maxdelete", "all")
    assert not pair.source.seen(CHANGES) and not pair.source.seen("^SELECT")
    assert not pair.destination.seen("EXPUNGE|DELETE")
    assert len(pair.ids(2, "INBOX")) == 8 and len(pair.ids(1, "INBOX")) == 5


# delete1 ------------------------------------------------------------------------------------------


def test_the_source_is_emptied_once_all_is_there(nightly, a, b):
    content = {"INBOX": MAIL[:6], "Work": [*MAIL[6:9], MAIL[6], messages.no_message_id(50)]}
    pair = nightly(content, there={"INBOX": MAIL[:2]})
    before = mailbox.snapshot(a, pair.user)
    run = pair.run("--delete1")
    assert mailbox.differences(before, mailbox.snapshot(b, pair.user)) == []
    assert pair.ids(1, "INBOX") == [] and pair.entries(1, "Work") == []
    assert deleted(run) == (11, 0)
    lines = log_lines(run)
    assert len(lines) == 11
    for message in MAIL[:9]:
        assert any(id_of(message) in line for line in lines)
    assert "11 on the source" in run.text("summary.txt")
    # Rows go from the map, and nothing more happens.
    assert deleted(pair.run("--delete1")) == (0, 0)
    assert mailbox.differences(before, mailbox.snapshot(b, pair.user)) == []


def test_what_an_earlier_run_copied_goes_too(nightly):
    """Though nothing changed since."""
    pair = nightly({"INBOX": MAIL[:6]})
    pair.run()
    assert deleted(pair.run("--delete1")) == (6, 0)
    assert pair.ids(1, "INBOX") == [] and pair.ids(2, "INBOX") == ids(*range(6))


def test_what_is_not_on_the_destination_any_more_stays_on_the_source(nightly):
    """The map alone is no proof: the copy has to be there now."""
    pair = nightly({"INBOX": MAIL[:6], "Work": MAIL[10:13]})
    pair.run()
    with pair.at(2) as box:
        box.expunge("INBOX", "2,3")
        box.delete("Work")
        box.create("Work")
    run = pair.run("--delete1")
    assert pair.ids(1, "INBOX") == ids(1, 2)
    assert pair.ids(2, "INBOX") == ids(0, 3, 4, 5)
    # Made anew by its user, so its mail is brought again and then deleted.
    assert sorted(pair.ids(1, "Work") + pair.ids(2, "Work")) == ids(10, 11, 12)
    assert deleted(run)[1] == 0


@pytest.mark.parametrize("option", ["--delete1", "--delete2"])
def test_the_map_of_another_mailbox_says_nothing(nightly, option):
    """The destination's folder was replaced between two runs; the source did not change."""
    pair = nightly({"Work": MAIL[:4]})
    pair.run()
    with pair.at(2) as box:
        box.delete("Work")
        box.create("Work")
        box.append("Work", *MAIL[20:23], MAIL[3])
    run = pair.run(option)
    gone = ids(3) if option == "--delete1" else ids(20, 21, 22)
    assert len(pair.ids(1, "Work")) + len(pair.ids(2, "Work")) == 8 - len(gone)
    assert not set(gone) & set(pair.ids(1 if option == "--delete1" else 2, "Work"))
    assert sum(deleted(run)) == len(gone)


def test_a_copy_that_is_marked_as_deleted_is_no_copy(nightly):
    """With --expunge2 it would go in the same run, and its message would be nowhere."""
    pair = nightly({"INBOX": [*MAIL[:3], messages.plain(3, ("\\Deleted",), words=20)]})
    pair.run()
    with pair.at(2) as box:
        box.store("INBOX", "1", "+", "\\Deleted")
    run = pair.run("--delete1", "--expunge2")
    assert deleted(run) == (2, 2)
    assert pair.ids(1, "INBOX") == ids(0, 3) and pair.ids(2, "INBOX") == ids(1, 2)


def test_messages_that_were_refused_stay(nightly):
    pair = nightly({"INBOX": MAIL[:6]})
    guilty = id_of(MAIL[3])[:20].encode()
    pair.destination.on("^APPEND", no("not this one"), body=guilty)
    run = pair.run("--delete1", expect=EXCEPTIONS)
    assert run.row()["failed"] == 1
    assert pair.ids(1, "INBOX") == ids(3) and pair.ids(2, "INBOX") == ids(0, 1, 2, 4, 5)
    assert deleted(run) == (5, 0)


def test_rules_leave_messages_on_the_source(nightly):
    """Also what an earlier run without the rule has copied."""
    big = messages.big(77, 30_000)
    pair = nightly({"INBOX": [*MAIL[:3], big]})
    pair.run()
    run = pair.run("--delete1", "--maxsize", "10k")
    assert deleted(run) == (3, 0)
    assert pair.ids(1, "INBOX") == [id_of(big)]


def test_duplicates_go_all_at_once(nightly):
    pair = nightly({"INBOX": [MAIL[0], MAIL[0], MAIL[1], MAIL[0]]})
    run = pair.run("--delete1", "--nosyncduplicates")
    assert run.row()["copied"] == 2 and deleted(run) == (4, 0)
    assert pair.ids(1, "INBOX") == [] and pair.ids(2, "INBOX") == ids(0, 1)


def test_one_copy_does_not_stand_for_two(nightly):
    pair = nightly({"INBOX": [MAIL[0], MAIL[0]]})
    pair.run()
    with pair.at(2) as box:
        box.expunge("INBOX", "2")
    assert deleted(pair.run("--delete1")) == (1, 0)
    assert pair.ids(1, "INBOX") == ids(0) and pair.ids(2, "INBOX") == ids(0)


def test_what_the_user_marked_is_left_alone(nightly):
    pair = nightly({"INBOX": MAIL[:4]})
    pair.run()
    pair.destination.on("^EXAMINE", meanwhile(pair, 1, lambda box: box.append("INBOX", MAIL[9])))
    with pair.at(2) as box:
        box.expunge("INBOX", "1")
    with pair.at(1) as box:
        box.store("INBOX", "1", "+", "\\Deleted")
    run = pair.run("--delete1")
    assert deleted(run) == (3, 0)
    # Message 0 is marked by its user, and not on the destination; 9 came meanwhile.
    assert pair.ids(1, "INBOX")[-2:] and set(pair.ids(1, "INBOX")) >= set(ids(0, 9))


def meanwhile(pair, side, what, skip=0):
    """The user of that side does something just before the server gets such a command, once."""
    passed = []

    def action(session, tag, command):
        passed.append(command)
        if len(passed) == skip + 1:
            with pair.at(side) as box:
                what(box)
        return PASS

    return action


@pytest.mark.parametrize("option, count", [((), 1), (("--noexpungeaftereach",), 1)])
def test_groups(nightly, option, count):
    mail = [messages.tiny(n) for n in range(600)]
    pair = nightly({"INBOX": mail})
    run = pair.run("--delete1", *option)
    assert deleted(run) == (600, 0) and pair.ids(1, "INBOX") == []
    order = [c.split()[1] for c in pair.source.seen("^UID (STORE|EXPUNGE)")]
    assert order == (["STORE", "EXPUNGE"] * 3 if not option else ["STORE"] * 3 + ["EXPUNGE"] * 3)
    assert len(log_lines(run)) == 600


def test_without_uidplus_messages_are_marked_alone(nightly):
    pair = nightly({"INBOX": MAIL[:4]}, hide1=("UIDPLUS",))
    run = pair.run("--delete1")
    assert not pair.source.seen("EXPUNGE")
    assert all("\\Deleted" in flags for flags in pair.flags(1, "INBOX").values())
    assert len(log_lines(run, "mark as deleted")) == 4
    # Not again, and the mark does not travel.
    run = pair.run("--delete1")
    assert deleted(run) == (0, 0) and not pair.source.seen("^UID STORE")
    pair.run()
    assert all("\\Deleted" not in flags for flags in pair.flags(2, "INBOX").values())
    # expunge1 was said: all that is marked goes.
    run = pair.run("--delete1", "--expunge1")
    assert pair.ids(1, "INBOX") == [] and pair.ids(2, "INBOX") == ids(0, 1, 2, 3)
    assert deleted(run) == (4, 0)


def test_the_mark_of_a_run_that_was_cut_off_does_not_travel(nightly):
    """A mailbox whose messages are marked must not have its copies marked."""
    pair = nightly({"INBOX": MAIL[:4]})
    pair.source.on("^UID EXPUNGE", drop)
    pair.run("--delete1", expect=ANY_END)
    assert all("\\Deleted" in flags for flags in pair.flags(1, "INBOX").values())
    pair.source.rules.clear()
    for options in ((), ("--delete1",)):
        pair.run(*options)
        assert all("\\Deleted" not in flags for flags in pair.flags(2, "INBOX").values())
    assert pair.ids(1, "INBOX") == [] and pair.ids(2, "INBOX") == ids(0, 1, 2, 3)


def test_expunge1_before_and_after(nightly):
    pair = nightly({"INBOX": MAIL[:4]})
    with pair.at(1) as box:
        box.store("INBOX", "2", "+", "\\Deleted")
    run = pair.run("--expunge1")
    assert run.row()["source_messages"] == 3 and deleted(run) == (1, 0)
    assert pair.ids(1, "INBOX") == ids(0, 2, 3) == pair.ids(2, "INBOX")
    with pair.at(1) as box:
        box.store("INBOX", "1", "+", "\\Deleted")
    run = pair.run("--expunge1", "--dry")
    assert pair.ids(1, "INBOX") == ids(0, 2, 3) and len(log_lines(run, "would delete")) == 1
    assert deleted(run) == (0, 0)
    pair.run()
    # Nothing changed since, as far as STATUS could tell.
    run = pair.run("--expunge1")
    assert deleted(run) == (1, 0) and run.row()["source_messages"] == 2
    assert pair.counted() == (2, 0, 2)


# delete2 ------------------------------------------------------------------------------------------


def test_the_destination_becomes_as_the_source(nightly, a, b):
    pair = nightly(
        {"INBOX": MAIL[:5], "Work": [MAIL[6], MAIL[6], messages.no_message_id(40)]},
        there={"INBOX": [MAIL[20], MAIL[0], MAIL[0]], "Work": [MAIL[6], MAIL[6], MAIL[6]]},
    )
    run = pair.run("--delete2")
    assert_same(a, b, pair.user)
    assert deleted(run) == (0, 3)
    # Deleted on the source, by a user, and new on the destination.
    with pair.at(1) as box:
        box.expunge("INBOX", "2,3")
    with pair.at(2) as box:
        box.append("Work", MAIL[25])
    run = pair.run("--delete2")
    assert_same(a, b, pair.user)
    assert deleted(run) == (0, 3)
    lines = "\n".join(log_lines(run))
    for number in (1, 2, 25):
        assert id_of(MAIL[number]) in lines
    # Only new on the destination: nothing changed on the source.
    with pair.at(2) as box:
        box.append("INBOX", MAIL[26])
    assert deleted(pair.run("--delete2")) == (0, 1)
    assert_same(a, b, pair.user)
    assert not pair.source.seen(CHANGES) and not pair.source.seen("^SELECT")


def test_a_dry_run_says_what_would_go(nightly):
    pair = nightly({"INBOX": MAIL[:3]}, there={"INBOX": MAIL[:1] + MAIL[20:23], "Old": MAIL[4:6]})
    run = pair.run("--dry", "--delete2", "--delete2folders")
    assert not pair.destination.seen(CHANGES) and not pair.destination.seen("^(SELECT|CREATE)")
    lines = log_lines(run, "would delete")
    assert len(lines) == 4 and deleted(run) == (0, 0)
    assert "Old with 2 messages" in lines[0] and id_of(MAIL[20]) in lines[1]


def test_messages_without_identity_stay(nightly):
    void = [messages.no_header(n) for n in range(3)]
    pair = nightly({"INBOX": MAIL[:2]}, there={"INBOX": [*void, MAIL[9]]})
    assert deleted(pair.run("--delete2")) == (0, 1)
    assert len(pair.entries(2, "INBOX")) == 5
    assert deleted(pair.run("--delete2")) == (0, 0)


def test_copies_with_an_added_header_stay(nightly):
    """Made with --addheader, looked at without it, and the map is lost. The message can't be copied
    again, so the copy that it has must stay."""
    pair = nightly({"INBOX": [*MAIL[:2], messages.no_header(5)]})
    pair.run("--addheader")
    assert len(pair.entries(2, "INBOX")) == 3
    pair.work.workdir = pair.work.path / "anew"
    with pair.at(2) as box:
        box.append("INBOX", MAIL[9])
    pair.destination.on("^APPEND", no("not this one"))
    run = pair.run("--delete2", expect=EXCEPTIONS)
    assert deleted(run) == (0, 1) and id_of(MAIL[9]) not in pair.ids(2, "INBOX")
    assert any("@imapsync" in i for i in pair.ids(2, "INBOX"))


def test_merged_folders_are_compared_together(nightly):
    pair = nightly(
        {"Sent": MAIL[:4], "Sent Items": [*MAIL[3:6]]}, there={"Sent": [*MAIL[0:2], MAIL[15]]}
    )
    options = ("--f1f2", "Sent Items=INBOX.Sent", "--delete2")
    run = pair.run(*options)
    assert deleted(run) == (0, 1)
    assert pair.ids(2, "Sent") == sorted([*ids(0, 1, 2, 3), *ids(3, 4, 5)])
    # One of them is not wanted this time: its mail is no stranger's.
    with pair.at(1) as box:
        box.append("Sent", MAIL[7])
        box.expunge("Sent", "1")
    run = pair.run(*options, "--folder", "Sent")
    assert deleted(run) == (0, 1)
    assert pair.ids(2, "Sent") == sorted([*ids(1, 2, 3, 7), *ids(3, 4, 5)])
    # Duplicates are nobody's business where several meet.
    with pair.at(2) as box:
        box.append("Sent", MAIL[7])
    run = pair.run(*options[:2], "--delete2duplicates")
    assert deleted(run) == (0, 0)


@pytest.mark.parametrize(
    "refuses, times",
    [("^EXAMINE .*Sent Items", None), ("^UID FETCH .*HEADER", None),
     ("^EXAMINE .*Sent Items", 1)],
    ids=["not opened", "not listed", "not synced"],
)  # fmt: skip
def test_one_merged_source_that_fails_protects_all(nightly, refuses, times):
    pair = nightly({"Sent": MAIL[:4], "Sent Items": MAIL[4:6]})
    options = ("--f1f2", "Sent Items=INBOX.Sent", "--delete2")
    pair.run(*options)
    with pair.at(1) as box:
        box.expunge("Sent", "1")
        box.append("Sent Items", MAIL[8])
    pair.source.on(refuses, no("not now"), times)
    run = pair.run(*options, expect=EXCEPTIONS)
    assert deleted(run) == (0, 0) and id_of(MAIL[0]) in pair.ids(2, "Sent")
    pair.source.rules.clear()
    assert deleted(pair.run(*options)) == (0, 1)


def test_folders_whose_names_differ_by_case(work, a, dovecot):
    """To some servers they are one. Here they are two, and the mail of either stays in both."""
    there = dovecot("other", separator="/")
    user = work.pair(a, there, {"Work": MAIL[:3], "work": MAIL[3:6]})
    row = work.row(a, there, user)
    work.batch([row])
    with mailbox.Mailbox(there, user) as box:
        box.append("Work", MAIL[3], MAIL[8])
    run = work.batch([row], "--delete2")
    assert deleted(run) == (0, 1)
    with mailbox.Mailbox(there, user) as box:
        assert sorted(e.message_id for e in box.entries("Work")) == ids(0, 1, 2, 3)


def test_one_mailbox_under_two_names(nightly, b):
    pair = nightly({"One": MAIL[:3], "Two": MAIL[3:6]}, there={"One": MAIL[8:9]})
    maildir = b.base / "mail" / pair.user / "Maildir"
    (maildir / ".Two").symlink_to(maildir / ".One")
    run = pair.run("--delete2")
    assert run.row()["copied"] == 6 and deleted(run)[1] >= 1
    assert pair.ids(2, "One") == pair.ids(2, "Two") == ids(*range(6))
    with pair.at(1) as box:
        box.expunge("One", "1")
    pair.run("--delete2")
    assert pair.ids(2, "One") == pair.ids(2, "Two") == ids(1, 2, 3, 4, 5)


@pytest.mark.parametrize("rule", [("--maxsize", "1k"), ("--minsize", "100k")])
def test_messages_left_out_by_a_rule_are_not_missing(nightly, rule):
    pair = nightly({"INBOX": MAIL[:6], "Work": MAIL[6:9]})
    pair.run()
    with pair.at(1) as box:
        box.expunge("INBOX", "1")
    run = pair.run("--delete2", *rule)
    assert deleted(run) == (0, 1) and pair.ids(2, "INBOX") == ids(1, 2, 3, 4, 5)


def test_messages_that_were_never_copied_are_not_looked_for(nightly):
    """They have no copy that could be mistaken for a stranger."""
    pair = nightly({"INBOX": [*MAIL[:3], messages.big(77, 30_000)]})
    rule = ("--maxsize", "10k")
    pair.run(*rule, expect=EXCEPTIONS)
    with pair.at(2) as box:
        box.append("INBOX", MAIL[9])
    run = pair.run("--delete2", *rule, expect=EXCEPTIONS)
    assert deleted(run) == (0, 1) and run.row()["error_code"] == "too_big"


def test_delete1_stays_in_the_folders_of_the_run(nightly):
    """Another source folder has its mail in the same place."""
    pair = nightly({"Sent": MAIL[:3], "Sent Items": MAIL[3:6]})
    options = ("--f1f2", "Sent Items=INBOX.Sent")
    pair.run(*options)
    run = pair.run(*options, "--folder", "Sent", "--delete1")
    assert deleted(run) == (3, 0) and pair.ids(1, "Sent Items") == ids(3, 4, 5)


def test_folders_left_out_are_not_touched(nightly):
    pair = nightly({"INBOX": MAIL[:2], "Work": MAIL[2:4]}, there={"Work": MAIL[10:12]})
    run = pair.run("--delete2", "--delete2folders", "--folder", "INBOX")
    assert deleted(run) == (0, 0) and pair.ids(2, "Work") == ids(10, 11)


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("action", [no(THROTTLE), no("not now"), bad("what"), drop])
@pytest.mark.parametrize("times", [1, None])
def test_a_listing_that_fails(nightly, side, action, times):
    """Of the comparison: everything before went well."""
    pair = nightly({"INBOX": MAIL[:6]})
    pair.run()
    with pair.at(1) as box:
        box.expunge("INBOX", "1")
    with pair.at(2) as box:
        box.append("INBOX", MAIL[20])
    proxy = pair.source if side == 1 else pair.destination
    proxy.on("^UID FETCH 1:\\*.*HEADER", action, times=times)
    run = pair.run("--delete2", expect=ANY_END)
    if times is None:
        assert run.code != COMPLETE and deleted(run) == (0, 0)
    assert set(pair.ids(2, "INBOX")) >= set(ids(1, 2, 3, 4, 5))
    proxy.rules.clear()
    pair.run("--delete2")
    assert pair.ids(2, "INBOX") == ids(1, 2, 3, 4, 5)


def short(session, tag, command):
    """OK, and nothing was listed."""
    session.send(f"{tag} OK Fetch completed")


@pytest.mark.parametrize("option, side", [("--delete2", 1), ("--delete1", 2)])
def test_an_empty_listing_is_no_empty_folder(nightly, option, side):
    pair = nightly({"INBOX": MAIL[:6]})
    pair.run()
    proxy = pair.source if side == 1 else pair.destination
    proxy.on("^UID FETCH 1:\\*", short)
    run = pair.run(option, expect=EXCEPTIONS)
    assert deleted(run) == (0, 0) and run.row()["error_code"] == "listing"
    assert len(pair.ids(1, "INBOX")) == len(pair.ids(2, "INBOX")) == 6


@pytest.mark.parametrize(
    "side, options, command, skip",
    [
        (2, ("--delete2",), "^EXAMINE", 0),  # before it is compared
        (2, ("--delete2", "--dry"), "^EXAMINE", 1),
        (1, ("--delete1",), "^EXAMINE", 0),
        (2, ("--delete1",), "^EXAMINE", 0),
        (2, ("--delete2",), "^SELECT", 1),  # before what was decided is done
        (1, ("--delete1",), "^SELECT", 0),
        (2, ("--expunge2",), "^SELECT", 1),
        (1, ("--expunge1",), "^SELECT", 0),
    ],
)
def test_a_folder_that_was_replaced_meanwhile(nightly, side, options, command, skip):
    def replace(box):
        box.delete("Work")
        box.create("Work")
        box.append("Work", *MAIL[20:24], MAIL[3])
        box.store("Work", "1:5", "+", "\\Deleted")

    pair = nightly({"Work": MAIL[:6]})
    pair.run()
    with pair.at(1) as box:
        box.expunge("Work", "1")
    proxy = pair.source if side == 1 else pair.destination
    proxy.on(f"{command} .*Work", meanwhile(pair, side, replace, skip=skip))
    run = pair.run(*options, expect=EXCEPTIONS)
    assert deleted(run) == (0, 0) and not log_lines(run) + log_lines(run, "would delete")
    assert pair.ids(side, "Work") == ids(3, 20, 21, 22, 23)
    assert len(pair.ids(3 - side, "Work")) == (5 if side == 2 else 6)


def test_mail_that_comes_meanwhile_stays(nightly):
    """A program that files mail on the destination, while the run is going on."""
    pair = nightly({"INBOX": MAIL[:4]}, there={"INBOX": MAIL[9:10]})
    pair.destination.on("^APPEND", meanwhile(pair, 2, lambda box: box.append("INBOX", MAIL[20])))
    run = pair.run("--delete2")
    assert deleted(run) == (0, 1) and pair.ids(2, "INBOX") == ids(0, 1, 2, 3, 20)


def test_without_uidplus_on_the_destination(nightly):
    pair = nightly({"INBOX": MAIL[:4]}, there={"INBOX": MAIL[9:11]}, hide2=("UIDPLUS",))
    run = pair.run("--delete2")
    assert not pair.destination.seen("EXPUNGE")
    flags = pair.flags(2, "INBOX")
    assert sorted(i for i in flags if "\\Deleted" in flags[i]) == ids(9, 10)
    assert deleted(run) == (0, 2)
    assert deleted(pair.run("--delete2")) == (0, 0)
    run = pair.run("--delete2", "--expunge2")
    assert pair.ids(2, "INBOX") == ids(0, 1, 2, 3) and deleted(run) == (0, 2)


def test_copies_that_can_not_be_told_apart_protect_all(nightly):
    """No UIDPLUS, and the destination changed the messages."""

    def spoil(session, tag, command):
        session.data = session.data.replace(b"Message-ID: <", b"Message-ID: <x")
        head, _, rest = session.data.partition(b"Message-ID: <x")
        session.data = re.sub(rb"\{(\d+)\+?\}(?=\r\n(?!.*\{\d))", _grown, head, flags=re.S) + (
            b"Message-ID: <x" + rest
        )
        return PASS

    def _grown(match):
        return b"{%d+}" % (int(match[1]) + 1)

    pair = nightly({"INBOX": MAIL[:2]}, hide2=("UIDPLUS", "MULTIAPPEND"))
    pair.destination.on("^APPEND", spoil)
    pair.run()
    assert all("<x" in i for i in pair.ids(2, "INBOX"))
    pair.destination.rules.clear()
    run = pair.run("--delete2", expect=EXCEPTIONS)
    assert deleted(run) == (0, 0) and len(pair.ids(2, "INBOX")) == 2
    assert run.row()["error_code"] == "delete" and "recognised" in run.row()["error"]
    # Nor are they proof enough to delete the originals.
    assert deleted(pair.run("--delete1")) == (0, 0) and len(pair.ids(1, "INBOX")) == 2


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("action", [no(THROTTLE), no("not now"), bad("what"), drop])
def test_a_search_that_fails(nightly, side, action):
    """Nobody knows what an EXPUNGE would remove."""
    pair = nightly({"INBOX": MAIL[:4]}, hide1=("UIDPLUS",), hide2=("UIDPLUS",))
    pair.run()
    with pair.at(side) as box:
        box.store("INBOX", "1", "+", "\\Deleted")
    proxy = pair.source if side == 1 else pair.destination
    proxy.on("^UID SEARCH", action)
    run = pair.run(f"--expunge{side}", expect=(EXCEPTIONS, FAILED, PAUSED))
    assert not proxy.seen("EXPUNGE") and deleted(run) == (0, 0)
    assert len(pair.ids(side, "INBOX")) == 4


def test_marking_without_expunging(nightly):
    pair = nightly({"INBOX": MAIL[:4]}, there={"INBOX": MAIL[9:11]})
    pair.run("--delete2", "--nouidexpunge2")
    assert not pair.destination.seen("EXPUNGE")
    flags = pair.flags(2, "INBOX")
    assert sorted(i for i in flags if "\\Deleted" in flags[i]) == ids(9, 10)


# The limit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kept, extra, options, is_allowed",
    [
        (20, 50, (), True),
        (20, 51, (), False),
        (20, 51, ("--maxdelete", "51"), True),
        (20, 51, ("--maxdelete", "all"), True),
        (20, 5, ("--maxdelete", "4"), False),
        (560, 62, (), True),  # a tenth of 622
        (560, 63, (), False),
    ],
)
def test_no_more_than_allowed(nightly, kept, extra, options, is_allowed):
    mail = [messages.tiny(n) for n in range(kept + extra)]
    pair = nightly({"INBOX": mail})
    pair.run()
    with pair.at(1) as box:
        box.expunge("INBOX", f"1:{extra}")
    run = pair.run("--delete2", *options, expect=COMPLETE if is_allowed else EXCEPTIONS)
    left = len(pair.ids(2, "INBOX"))
    assert (left, deleted(run)) == ((kept, (0, extra)) if is_allowed else (kept + extra, (0, 0)))
    if not is_allowed:
        assert run.row()["error_code"] == "delete"
        assert f"{extra} of its {kept + extra} messages" in run.row()["error"]
        assert f"--maxdelete {extra}" in run.row()["error"]
        run = pair.run("--delete2", "--dry", *options, expect=EXCEPTIONS)
        assert len(log_lines(run, "would delete")) == extra


def test_the_limit_is_for_expunge2_and_duplicates_too(nightly):
    pair = nightly({"INBOX": MAIL[:2]}, there={"INBOX": [MAIL[0]] * 60})
    run = pair.run("--delete2duplicates", expect=EXCEPTIONS)
    assert deleted(run) == (0, 0)
    with pair.at(2) as box:
        box.store("INBOX", "1:52", "+", "\\Deleted")
    run = pair.run("--expunge2", expect=EXCEPTIONS)
    assert deleted(run) == (0, 0) and len(pair.ids(2, "INBOX")) == 61
    run = pair.run("--expunge2", "--maxdelete", "52")
    assert deleted(run) == (0, 52)


# Duplicates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, left",
    [
        (("--delete2duplicates",), [0, 0, 1, 9]),
        (("--delete2duplicates", "--nosyncduplicates"), [0, 1, 9]),
        (("--delete2duplicates", "--delete2"), [0, 0, 1]),
        (("--delete2", "--nodelete2duplicates"), [0, 0, 1]),
    ],
)
def test_duplicates(nightly, options, left):
    pair = nightly(
        {"INBOX": [MAIL[0], MAIL[0], MAIL[1]]},
        there={"INBOX": [MAIL[9], MAIL[0], MAIL[9], MAIL[0], MAIL[0], MAIL[1]]},
    )
    run = pair.run(*options)
    assert pair.ids(2, "INBOX") == ids(*left) and deleted(run) == (0, 6 - len(left))
    # The lowest UIDs stay.
    kept = [e.uid for e in pair.entries(2, "INBOX")]
    assert 2 in kept and (1 in kept) == (9 in left)
    assert deleted(pair.run(*options)) == (0, 0)


# Folders ------------------------------------------------------------------------------------------


def folders(pair, side):
    with pair.at(side) as box:
        return sorted(box.folders())


TREE = {"INBOX": MAIL[:1], "Work": MAIL[1:2], "Work/Deep": []}


def test_folders_that_nobody_goes_to(nightly):
    pair = nightly(
        TREE,
        there={"Old": MAIL[5:7], "Old/Child": MAIL[7:8], "Great": [], "Work/Deep": [],
               "work": MAIL[8:9], "Sent": MAIL[9:10], "Drafts": []},
    )  # fmt: skip
    run = pair.run("--delete2folders")
    # work: by its case it might be Work; Sent: special and not empty.
    assert folders(pair, 2) == ["INBOX", "Sent", "Work", "Work/Deep", "work"]
    assert deleted(run) == (0, 3)
    assert [c.split()[1].strip('"') for c in pair.destination.seen("^DELETE")] == [
        "INBOX.Old.Child", "INBOX.Old", "INBOX.Great", "INBOX.Drafts"
    ]  # fmt: skip
    with pair.at(2) as box:
        assert "Old" not in box.subscribed()
    assert "folder INBOX.Old.Child with 1 messages" in "\n".join(log_lines(run))


def test_parents_of_what_stays_stay(nightly):
    pair = nightly({"INBOX": [], "A/B/C": MAIL[:1]}, there={"A": MAIL[3:4], "A/X": [], "A/B": []})
    pair.run("--delete2folders")
    assert {"A", "A/B", "A/B/C"} <= set(folders(pair, 2))
    assert "A/X" not in folders(pair, 2) and pair.ids(2, "A") == ids(3)


def test_folders_left_out_by_choice_have_their_place(nightly):
    pair = nightly(TREE, there={"Work": MAIL[5:6], "Moved": [], "Gone": []})
    pair.run("--delete2folders", "--exclude", "Work", "--f1f2", "Work=INBOX.Moved")
    assert folders(pair, 2) == ["INBOX", "Moved", "Work"]


@pytest.mark.parametrize(
    "options, gone",
    [
        (("--delete2foldersonly", "/^INBOX.Old/"), {"Old", "Older"}),
        (("--delete2foldersbutnot", "/Old/"), {"Größe"}),
        (("--delete2foldersonly", "/Größe|Old/", "--delete2foldersbutnot", "/Older/"),
         {"Old", "Größe"}),
        (("--subfolder2", "Archive", "--delete2folders"), {"Archive/Bar"}),
    ],
)  # fmt: skip
def test_chosen_folders(nightly, options, gone):
    there = {"Old": MAIL[5:6], "Older": [], "Größe": []}
    if "--subfolder2" in options:
        there |= {"Archive/Bar": [], "Archive": []}
    pair = nightly({"INBOX": MAIL[:1]}, there=there)
    pair.run(*options)
    assert set(there) - set(folders(pair, 2)) == gone


@pytest.mark.parametrize("options, is_allowed", [((), False), (("--maxdelete", "60"), True)])
def test_messages_in_folders_count(nightly, options, is_allowed):
    """In all of them together."""
    mail = [messages.tiny(n) for n in range(30)]
    pair = nightly({"INBOX": []}, there={"One": mail, "Two": mail})
    run = pair.run("--delete2folders", *options, expect=COMPLETE if is_allowed else EXCEPTIONS)
    assert ("One" in folders(pair, 2)) is not is_allowed
    assert deleted(run) == (0, 60 if is_allowed else 0)
    if not is_allowed:
        assert "60 messages" in run.row()["error"]


@pytest.mark.parametrize("action", [no("not now"), no(THROTTLE), drop])
def test_a_source_that_does_not_list_its_folders(nightly, action):
    pair = nightly(TREE, there={"Old": []})
    pair.source.on("^LIST", action)
    pair.run("--delete2folders", expect=ANY_END)
    assert not pair.destination.seen("^DELETE") and "Old" in folders(pair, 2)


def nothing_listed(session, tag, command):
    session.send(f"{tag} OK List completed")


def test_a_source_that_lists_no_folder(nightly):
    pair = nightly(TREE, there={"Old": []})
    pair.source.on("^LIST", nothing_listed)
    run = pair.run("--delete2folders", expect=EXCEPTIONS)
    assert not pair.destination.seen("^DELETE") and "no INBOX" in run.row()["error"]


def test_a_folder_that_can_not_be_counted_stays(nightly):
    pair = nightly(TREE, there={"Old": MAIL[:1], "Other": []})
    pair.destination.on("^EXAMINE .*Old", no("not now"))
    pair.run("--delete2folders", expect=EXCEPTIONS)
    assert "Old" in folders(pair, 2) and "Other" not in folders(pair, 2)


def test_empty_folders_of_the_source(nightly):
    pair = nightly({"INBOX": [], "A": [], "A/B": [], "C": MAIL[:1], "C/D": [], "E": [],
                    "E/F": MAIL[2:3]})  # fmt: skip
    run = pair.run("--delete1emptyfolders", "--dry")
    assert not pair.source.seen("^DELETE") and len(log_lines(run, "would delete")) == 3
    pair.run("--delete1emptyfolders")
    assert folders(pair, 1) == ["C", "E", "E/F", "INBOX"]
    assert folders(pair, 2) == ["C", "E", "E/F", "INBOX"]
    pair.run("--delete1emptyfolders", "--delete1")
    assert folders(pair, 1) == ["INBOX"]
    assert pair.ids(2, "C") + pair.ids(2, "E/F") == ids(0) + ids(2)


@pytest.mark.parametrize("command", ["^EXAMINE .*A", "^UID SEARCH ALL"])
def test_a_folder_that_is_not_proven_empty_stays(nightly, command):
    pair = nightly({"INBOX": [], "A": []})
    pair.source.on(command, no("not now"))
    pair.run("--delete1emptyfolders", expect=ANY_END)
    assert "A" in folders(pair, 1)


def test_mail_that_comes_into_an_empty_folder(nightly):
    pair = nightly({"INBOX": [], "A": []})
    pair.source.on("^UID SEARCH ALL", meanwhile(pair, 1, lambda box: box.append("A", MAIL[0])))
    pair.run("--delete1emptyfolders")
    assert pair.ids(1, "A") == ids(0)


# Answers that never come --------------------------------------------------------------------------


@pytest.mark.parametrize("side, option", [(1, "--delete1"), (2, "--delete2")])
@pytest.mark.parametrize("command", ["^UID STORE", "^UID EXPUNGE", "^UID FETCH .*SUBJECT\\)\\]"])
@pytest.mark.parametrize("action", [pass_then_drop, drop, no("not now"), no(THROTTLE)])
def test_a_deletion_that_fails(nightly, side, option, command, action):
    pair = nightly({"INBOX": MAIL[:4]}, there={"INBOX": MAIL[9:12]})
    pair.run()
    proxy = pair.source if side == 1 else pair.destination
    proxy.on(command, action)
    run = pair.run(option, expect=(EXCEPTIONS, FAILED, PAUSED))
    assert set(ids(0, 1, 2, 3)) <= set(pair.ids(2, "INBOX"))
    assert deleted(run) == (0, 0)
    proxy.rules.clear()
    pair.run(option)
    assert pair.ids(1, "INBOX") == ([] if side == 1 else ids(0, 1, 2, 3))
    assert pair.ids(2, "INBOX") == (ids(0, 1, 2, 3) if side == 2 else ids(0, 1, 2, 3, 9, 10, 11))
    assert all("\\Deleted" not in flags for flags in pair.flags(2, "INBOX").values())


@pytest.mark.parametrize("side, option", [(1, "--delete1"), (2, "--delete2")])
@pytest.mark.parametrize("command", ["^UID STORE", "^UID EXPUNGE", "^UID FETCH 1:"])
def test_a_lost_connection_is_opened_again(nightly, side, option, command):
    pair = nightly({"INBOX": MAIL[:4]}, there={"INBOX": MAIL[9:12]})
    pair.run()
    proxy = pair.source if side == 1 else pair.destination
    proxy.on(command, pass_then_drop, times=1)
    run = pair.run(option, "--reconnectretry1", "2", "--reconnectretry2", "2")
    # What the lost connection expunged, nobody confirmed.
    count = 0 if command == "^UID EXPUNGE" else 4 if side == 1 else 3
    assert deleted(run) == ((count, 0) if side == 1 else (0, count))
    assert pair.ids(1, "INBOX") == ([] if side == 1 else ids(0, 1, 2, 3))
    assert pair.ids(2, "INBOX") == (ids(0, 1, 2, 3) if side == 2 else ids(0, 1, 2, 3, 9, 10, 11))
