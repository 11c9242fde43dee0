# SPDX-License-Identifier: MIT
"""What was seen to go wrong in other movers of mail, each as a test. Those that stand elsewhere:

    duplicate rows                          test_manifest.py, and below
    bodies that come in another order       test_messages.py test_bodies_are_matched_by_uid
    a throttle in the middle of the copy    test_scheduling.py test_a_throttle_in_the_middle
    a full mailbox                          test_faults.py test_a_full_mailbox
    one server for both sides, it hangs     test_scheduling.py test_one_server_for_both_sides
    a refused message without LITERAL+      test_faults.py test_a_refused_message
    an APPEND without UIDPLUS is "done"     test_crash.py [no UIDPLUS], test_cuts.py
    a lost answer to APPEND                 test_reconnect.py, test_cuts.py
    a store that can't be written           test_no_room.py
    a source's listing is refused           test_faults.py test_a_listing_that_is_refused
    messages without headers are left out   test_messages.py
    a message just as large as the limit    test_messages.py
    secrets in what is printed              harness.py, after every test"""

import re
import shutil

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, USAGE, assert_same
from tests.integration.interrupted import WAYS, Interrupted
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy, cut_in_literal
from tests.servers.scripted import PASS, ScriptedServer, bad

NOT_COMPLETE = (EXCEPTIONS, FAILED, PAUSED)
BODY = r"^UID FETCH .*BODY\.PEEK\[\]"
THROTTLED = "Request is throttled. Suggested Backoff Time: 100 milliseconds"
FLAGS = [("\\Seen",), ("\\Flagged",), (), ("\\Answered", "$Work")]
MAIL = [messages.plain(n, FLAGS[n % 4], words=20) for n in range(12)]


def three(server, user, row):
    """Three scripted messages went where they belong, with the scripted dates and flags."""
    found = {e.message_id: e for e in mailbox.snapshot(server, user)["INBOX"]}
    assert len(found) == row["copied"]
    for name, entry in found.items():
        assert entry.date.startswith(f"01-Mar-2020 10:0{name[1]}:00"), entry
    return sorted(found)


def scripted_row(work, source, b, user):
    return work.side(1, source, "u", work.secret()) | work.side(2, b, user)


SCRIPTED = [b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\n%s\r\n" % (n, n, b"x" * n * 9) for n in (1, 2, 3)]


# Books that are cleared -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["runs forgotten", "store lost"])
def test_copied_again_after_the_books_were_cleared(work, a, b, way):
    """compact, then the same run again: 40 messages became 80."""
    user = work.pair(a, b, {"INBOX": MAIL, "Work": MAIL[:4]})
    row = work.row(a, b, user)
    for _ in range(3):
        work.batch([row], "--keep-runs", "1")
    if way == "store lost":
        shutil.rmtree(work.workdir)
    with mailbox.Mailbox(a, user) as box:
        box.append("INBOX", messages.plain(50))
    assert work.batch([row], "--keep-runs", "1").row()["copied"] == 1
    assert_same(a, b, user)


@pytest.mark.parametrize("change", [{}, {"host2": "LOCALHOST"}, {"user1": " {user1} "}], ids=str)
def test_the_same_pair_in_two_rows(work, a, b, change):
    """72 messages for 40, by two workers that knew nothing of each other."""
    row = work.row(a, b, work.pair(a, b, {"INBOX": MAIL}))
    again = row | {name: value.format(**row) for name, value in change.items()}
    run = work.batch([row, again], expect=(USAGE, FAILED))
    if run.code == USAGE:
        assert ":3:" in run.err and mailbox.snapshot(b, row["user2"])["INBOX"] == []


# Bodies on the wrong message ----------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["1", "5:6", "12", "1:12"])
def test_messages_that_vanish_between_listing_and_fetch(work, a, b, gone):
    """Every later body was taken for its predecessor's."""
    user = work.pair(a, b, {"INBOX": MAIL, "Work": MAIL[:3]})

    def expunge(session, tag, command):
        with mailbox.Mailbox(a, user) as box:
            box.change("INBOX", gone, "+FLAGS", "\\Deleted")
            box.imap.select("INBOX")
            box.imap.expunge()
        return PASS

    with Proxy(a).on(BODY, expunge, times=1) as source:
        run = work.batch([work.row(source, b, user)], expect=(COMPLETE, EXCEPTIONS))
        first, _, last = gone.partition(":")
        count = int(last or first) - int(first) + 1
        # A server may still give what another session has expunged.
        row = run.row()
        assert row["copied"] + row["vanished"] == 15 and row["vanished"] <= count
        if row["vanished"] == count:
            assert_same(a, b, user)
        assert work.batch([work.row(source, b, user)]).row()["copied"] == 0


def test_messages_that_vanish_after_an_interrupted_run(work, a, b):
    """An interrupted run and one deletion by the user: the folder never came to its end."""
    with Proxy(b, hide=["MULTIAPPEND"]) as proxy:
        proxy.on("^APPEND", cut_in_literal, body=rb"Subject: [^\r]* 6\r\n")
        pairs = Interrupted(work, a, proxy, WAYS["plain"])
        row = pairs.add()
        pairs.run("w", [row], NOT_COMPLETE, options=("--reconnectretry2", "0"))
        assert len(proxy.appends) == 7
        proxy.rules.clear()
        with mailbox.Mailbox(a, pairs.user) as box:
            box.change("INBOX", "1,7:9", "+FLAGS", "\\Deleted")
            box.imap.select("INBOX")
            box.imap.expunge()
        after = pairs.run("w", [row]).row()
        assert after["difference"] == 0 and after["failed"] == 0
        there = mailbox.snapshot(b, row["user2"])
        wanted = mailbox.snapshot(a, pairs.user)
        lost = mailbox.differences(wanted, there)
        assert len(lost) <= 1 and "missing" not in "".join(lost), lost


@pytest.mark.parametrize("what", ["BODY[] NIL", 'BODY[] ""', "BODY[] {0}\r\n", "nothing"])
@pytest.mark.parametrize("uid", [1, 2, 3])
def test_a_fetch_that_brings_nothing(work, authority, b, what, uid):
    """One empty body, and all that followed stood on the wrong message."""
    user = work.user(b)

    def empty(session, tag, command):
        uid_set, _, items = command.split(maxsplit=2)[2].partition(" ")
        for number in session.uids(uid_set):
            if number != uid:
                session.send_message(number, items)
            elif what != "nothing" and "BODY" in items:
                session.send(
                    f"* {uid} FETCH (UID {uid} FLAGS (\\Seen) INTERNALDATE "
                    f'"01-Mar-2020 10:0{uid}:00 +0000" {what})'
                )
            elif what != "nothing":
                session.send_message(number, items)
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": SCRIPTED}, authority) as source:
        source.on(BODY, empty)
        run = work.batch([scripted_row(work, source, b, user)], expect=EXCEPTIONS)
    row = run.row()
    assert three(b, user, row) == sorted(f"<{n}@x>" for n in (1, 2, 3) if n != uid)
    assert row["copied"] == 2 and row["difference"] == 0
    assert [problem["uid"] for problem in run.problems()] == [str(uid)]


@pytest.mark.parametrize("uid, neighbour", [(1, 2), (2, 1), (2, 3), (3, 2)])
def test_a_message_swapped_for_its_neighbour(work, authority, b, uid, neighbour):
    """Asked for one message, the server gives another, under its own UID."""
    user = work.user(b)

    def swap(session, tag, command):
        uid_set, _, items = command.split(maxsplit=2)[2].partition(" ")
        for number in session.uids(uid_set):
            session.send_message(neighbour if number == uid else number, items)
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": SCRIPTED}, authority) as source:
        source.on(BODY, swap)
        run = work.batch([scripted_row(work, source, b, user)], expect=EXCEPTIONS)
    row = run.row()
    assert three(b, user, row) == sorted(f"<{n}@x>" for n in (1, 2, 3) if n != uid)
    assert [problem["uid"] for problem in run.problems()] == [str(uid)]


# Refusals that are not about the message ---------------------------------------------------------------


@pytest.mark.parametrize("side", [1, 2])
def test_a_throttle_is_not_charged_to_messages(work, a, b, side):
    """The rest of the folder was sent three times and written off."""
    user = work.pair(a, b, {"INBOX": MAIL})
    with Proxy(a if side == 1 else b) as proxy:
        proxy.on(BODY if side == 1 else "^APPEND", bad(THROTTLED), times=2)
        row = work.row(proxy, b, user) if side == 1 else work.row(a, proxy, user)
        run = work.batch([row])
        assert run.row()["copied"] == len(MAIL) and run.problems() == []
        if side == 2:
            assert len(proxy.appends) <= 3 * len(MAIL)
    assert_same(a, b, user)


@pytest.mark.parametrize("words", [THROTTLED, "Internal error"])
def test_a_listing_of_the_destination_that_is_refused(work, a, b, words):
    """Everything was copied again: 3 duplicates of 3, no error, exit 0."""
    user = work.pair(a, b, {"INBOX": MAIL[:3]}, {"INBOX": MAIL[:3]})
    with Proxy(b).on("^(UID )?(FETCH|SEARCH)", bad(words)) as proxy:
        row = work.row(a, proxy, user)
        run = work.batch([row], expect=NOT_COMPLETE)
        assert run.row()["copied"] == 0 and words in run.row()["error"]
        assert not proxy.seen("^(APPEND|UID STORE)") and not proxy.appends
        proxy.rules.clear()
        assert work.batch([row]).row()["already"] == 3
    assert_same(a, b, user)


# Identity --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [[0], [1], []], ids=str)
def test_two_versions_of_one_message_id(work, a, b, there):
    """A draft and its later version: one was taken for the other, which was never brought over."""
    versions = [messages.plain(1, (), words=20), messages.plain(2, ("\\Draft",), words=40)]
    own = re.search(rb"Message-ID: [^\r]*", versions[0].body)[0]
    versions[1] = messages.Message(
        re.sub(rb"Message-ID: [^\r]*", own, versions[1].body), versions[1].flags, versions[1].date
    )
    user = work.pair(a, b, {"Drafts": versions}, {"Drafts": [versions[n] for n in there]})
    run = work.batch([work.row(a, b, user)])
    assert run.row()["copied"] == 2 - len(there)
    assert_same(a, b, user)


def test_what_is_left_out_is_not_fetched_every_night(work, a, b):
    user = work.pair(a, b, {"INBOX": [*MAIL, messages.with_attachment(90, size=30_000)]})
    with Proxy(a) as source:
        row = work.row(source, b, user)
        for _ in range(3):
            run = work.batch([row], "--maxsize", "20k", expect=EXCEPTIONS)
            assert (run.row()["too_big"], run.row()["difference"]) == (1, 0)
        assert len(source.seen(BODY)) == 1 and source.bytes_down < 40_000


def test_a_wrong_password_in_the_environment(work, a, b):
    """There it won over the right one on the command line."""
    user = work.pair(a, b, {"INBOX": MAIL})
    wrong = {"IMAPSYNC_PASSWORD1": "wrong", "IMAPSYNC_PASSWORD2": "wrong"}
    assert work.batch([work.row(a, b, user)], env=wrong).row()["copied"] == len(MAIL)
