# SPDX-License-Identifier: MIT
"""What Exchange Online does without saying so: what it can't show, what it gets wrong, what it
forgets. The stand-in is in front of one Dovecot or the other."""

import re

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, assert_same
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange

MAIL = [messages.plain(n, ("\\Seen",) if n % 2 else ()) for n in range(8)]
BROKEN = messages.Message(
    b"X-Broken: yes\r\nFrom: a@example.org\r\nSubject: the broken one\r\n"
    b"Message-ID: <broken@example.org>\r\n\r\nbody\r\n"
)
INVENTED = re.compile(rb"Retrieval using the IMAP4")


def bodies(server, user, folder="INBOX"):
    """All of them, as they are in Dovecot."""
    with mailbox.Mailbox(server, user) as box:
        box.imap.select(folder, readonly=True)
        return [r[1] for r in box.imap.uid("FETCH", "1:*", "(BODY.PEEK[])")[1] if len(r) == 2]


def flags(server, user, folder="INBOX"):
    return [set(e.flags) for e in mailbox.snapshot(server, user)[folder]]


# Source ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["no_data", "placeholder"])
def test_what_exchange_cannot_show_is_unreadable(work, a, b, fault):
    content = {"INBOX": [*MAIL[:4], BROKEN, *MAIL[4:]], "Work": [MAIL[0]]}
    user = work.pair(a, b, content)
    with Exchange(a, fault) as source:
        run = work.batch([work.row(source, b, user)], expect=EXCEPTIONS)
        row = run.row()
        assert (row["copied"], row["unreadable"], row["difference"]) == (9, 1, 0)
        (problem,) = run.problems()
        assert problem["reason"] == "unreadable" and problem["folder"] == "INBOX"
        assert problem["message_id"] == "<broken@example.org>"
        words = {"no_data": "(OK, but no message came with it)",
                 "placeholder": "Retrieval using the IMAP4 protocol failed"}  # fmt: skip
        assert words[fault] in problem["server_text"]
        assert "does not give it" in run.user_log()
        # Each message once, and the broken one a second time, alone.
        assert len(source.seen(r"^UID FETCH 5 \(UID BODY.PEEK\[\]\)")) == 1
        assert sorted(bodies(b, user)) == sorted(m.body for m in MAIL)
        # It is tried again every night, and nothing else is.
        source.forget()
        row = work.batch([work.row(source, b, user)], expect=EXCEPTIONS).row()
        assert (row["copied"], row["already"], row["unreadable"]) == (0, 9, 1)
        assert not [c for c in source.seen(r"BODY.PEEK\[\]") if " 5 " not in c]
        # One night it can be read.
        source.behaviours.clear()
        row = work.batch([work.row(source, b, user)]).row()
        assert (row["copied"], row["already"], row["unreadable"]) == (1, 9, 0)
    assert_same(a, b, user)


@pytest.mark.parametrize("fault", ["no_data", "placeholder"])
def test_a_second_try_may_bring_it(work, a, b, fault):
    content = {"INBOX": [BROKEN, *MAIL]}
    user = work.pair(a, b, content)
    with Exchange(a, fault, "heals") as source:
        row = work.batch([work.row(source, b, user)]).row()
    assert (row["copied"], row["unreadable"]) == (9, 0)
    assert_same(a, b, user)


def test_what_was_invented_long_ago_is_copied_when_asked_for(work, a, b):
    """Where the source is no Exchange, such a message is what is in the mailbox."""
    user = work.pair(a, b, {"INBOX": [BROKEN, MAIL[0]]})
    with Exchange(a, "placeholder") as source:
        row = work.batch([work.row(source, b, user)], "--copy-placeholders").row()
        assert (row["copied"], row["unreadable"]) == (2, 0)
    assert len([body for body in bodies(b, user) if INVENTED.search(body)]) == 1
    other = work.user(a)
    assert work.batch([work.row(b, a, user, other)]).row()["copied"] == 2


@pytest.mark.parametrize("behaviours", [["estimates"], ["rev2_trap"], ["short_search"]])
def test_wrong_sizes_and_searches_do_no_harm(work, a, b, behaviours):
    big = messages.big(100, 1_100_000)  # near the size from which messages pass through
    user = work.pair(a, b, {"INBOX": [*MAIL, big, messages.big(101, 1_000_000)]})
    with Exchange(a, *behaviours) as source:
        row = work.batch([work.row(source, b, user)]).row()
        assert (row["copied"], row["difference"]) == (10, 0)
        sizes = [len(body) for body in bodies(a, user)]
        assert row["bytes_copied"] == sum(sizes)
        assert not source.seen("^ENABLE") and not source.seen("SEARCH")
        # Another run, which remembers nothing, recognises all of it by what does not change.
        work.workdir = work.path / "another"
        row = work.batch([work.row(source, b, user)]).row()
        assert (row["copied"], row["already"]) == (0, 10)
    assert_same(a, b, user)


def test_errors_and_expiry_in_the_middle(work, a, b):
    """The session ends again and again; the copy goes on where it was."""
    user = work.pair(a, b, {"INBOX": MAIL, **{f"F{n}": [messages.plain(n)] for n in range(20, 26)}})
    with Exchange(a, "expire_after", expire_after=24) as source:
        run = work.batch([work.row(source, b, user)], "--reconnectretry1", "5")
    row = run.row()
    assert (row["copied"], row["difference"]) == (14, 0) and source.connections == 2
    assert_same(a, b, user)


def test_what_can_not_be_brought_does_not_eat_up_the_budget(work, a, b):
    """More broken messages than the server gives at a time: each is asked for by one attempt."""
    broken = [
        messages.Message(BROKEN.body.replace(b"<broken@", b"<broken%d@" % n)) for n in range(20)
    ]
    user = work.pair(a, b, {"INBOX": broken, "Work": MAIL})
    with Exchange(a, "placeholder", "throttle", burst=4, rate=100) as source:
        row = work.batch([work.row(source, b, user)], expect=EXCEPTIONS).row()
        assert (row["copied"], row["unreadable"], row["difference"]) == (8, 20, 0)
        assert source.throttled >= 10


# Destination -------------------------------------------------------------------------------------


def test_flagged_is_stored_after_the_copy(work, a, b):
    mail = [messages.plain(n, ("\\Flagged", "\\Seen") if n % 2 else ("\\Seen",)) for n in range(8)]
    user = work.pair(b, a, {"INBOX": mail, "Work": [messages.plain(20, ("\\Flagged",))]})
    with Exchange(a, "lose_flagged") as destination:
        run = work.batch([work.row(b, destination, user)])
        assert destination.seen("STORE") == [
            "UID STORE 2,4,6,8 +FLAGS.SILENT (\\Flagged)",
            "UID STORE 1 +FLAGS.SILENT (\\Flagged)",
        ]
        assert not [c for c in destination.seen("^APPEND") if "Flagged" in c]
        assert "folder INBOX: flags of 4 messages set on their copies" in run.user_log()
        assert run.row()["copied"] == 9
        assert flags(a, user) == [{"\\Seen", "\\Flagged"} if n % 2 else {"\\Seen"}
                                  for n in range(8)]  # fmt: skip
        destination.forget()
        work.batch([work.row(b, destination, user)])
        assert not destination.commands
    assert_same(b, a, user)


def test_flagged_survives_a_run_that_breaks_off(work, a, b):
    mail = [messages.plain(n, ("\\Flagged",)) for n in range(4)]
    user = work.pair(b, a, {"INBOX": mail})
    with Exchange(a, "lose_flagged") as destination:
        destination.on("^UID STORE", lambda s, t, c: s.bye("Connection closed. 14"), times=1)
        run = work.batch([work.row(b, destination, user)], expect=FAILED)
        assert run.row()["copied"] == 4
        assert flags(a, user) == [set()] * 4
        # What the user does meanwhile stays.
        with mailbox.Mailbox(a, user) as box:
            box.change("INBOX", "1", "+FLAGS", "\\Seen")
        row = work.batch([work.row(b, destination, user)]).row()
        assert (row["copied"], row["already"]) == (0, 4)
    assert flags(a, user) == [{"\\Flagged", "\\Seen"}] + [{"\\Flagged"}] * 3


def test_where_exchange_does_not_say_where_a_message_is(work, a, b):
    mail = [messages.plain(n, ("\\Flagged",)) for n in range(4)]
    user = work.pair(b, a, {"INBOX": mail[:1], "Work": mail[1:]})
    with Exchange(a, "no_appenduid") as destination:
        run = work.batch([work.row(b, destination, user)])
    # The first could not be known to be such a one; with the others the flag went along.
    assert "folder INBOX: on 1 copies flags or labels could not be completed" in run.user_log()
    assert flags(a, user) == [set()]
    assert flags(a, user, "Work") == [{"\\Flagged"}] * 3


def test_what_exchange_rebuilds_is_recognised(work, a, b):
    user = work.pair(b, a, {"INBOX": MAIL})
    with Exchange(a, "rebuild", "estimates") as destination:
        assert work.batch([work.row(b, destination, user)]).row()["copied"] == 8
        work.workdir = work.path / "another"
        row = work.batch([work.row(b, destination, user)]).row()
        assert (row["copied"], row["already"]) == (0, 8)
    assert all(b"X-MS-Exchange" in body for body in bodies(a, user))


def test_keywords_are_left_at_home(work, a, b):
    user = work.pair(b, a, {"INBOX": [messages.plain(1, ("$Label1", "\\Seen", "work"))]})
    with Exchange(a, "refuse_keywords") as destination:
        run = work.batch([work.row(b, destination, user)])
    assert run.row()["copied"] == 1 and "2 flags the destination can't keep" in run.user_log()
    assert flags(a, user) == [{"\\Seen"}]


def test_everything_between_two_exchanges(work, a, b):
    """Each message is on the destination once, or unreadable, whatever goes wrong."""
    content = {"INBOX": [*MAIL, BROKEN], "Work": [messages.plain(50, ("\\Flagged",))]}
    user, other = work.user(a, content), work.user(a)
    faults1 = ("no_data", "estimates", "short_search", "rev2_trap", "ten_errors", "throttle")
    faults2 = ("lose_flagged", "rebuild", "refuse_keywords", "files_reserved", "no_case",
               "ten_errors", "throttle")  # fmt: skip
    with Exchange(a, *faults1, rate=40, burst=5) as source, \
            Exchange(a, *faults2, rate=20, burst=3) as destination:  # fmt: skip
        run = work.batch([work.row(source, destination, user, other)], expect=EXCEPTIONS)
        assert source.throttled and destination.throttled
    row = run.row()
    assert (row["copied"], row["unreadable"], row["difference"]) == (9, 1, 0)
    found = mailbox.snapshot(a, other)
    assert {n: len({e.message_id for e in entries}) for n, entries in found.items()} == {
        "INBOX": 8, "Work": 1
    }  # fmt: skip
    assert sum(map(len, found.values())) == 9
    assert flags(a, other, "Work") == [{"\\Flagged"}]


# Ten errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", [8, 9, 10, 35])
def test_a_session_is_opened_again_before_the_server_ends_it(work, a, b, refused):
    """However many messages it refuses; they alone are left behind."""
    long = [
        messages.Message(b"Subject: long %d\r\nMessage-ID: <long%d@x>\r\n\r\n" % (n, n) + b"x" * 12_000)
        for n in range(refused)
    ]
    fine = [messages.plain(n) for n in range(60)]
    mixed = [m for pair in zip(fine, [*long, *[None] * 60]) for m in pair if m] + long[60:]
    user = work.pair(b, a, {"INBOX": mixed, "Work": [messages.plain(100)]})
    with Exchange(a, "ten_errors", "max_line") as destination:
        run = work.batch([work.row(b, destination, user)], expect=EXCEPTIONS)
    row = run.row()
    assert (row["copied"], row["failed"], row["difference"]) == (61, refused, 0)
    log = run.user_log()
    assert "Connection closed" not in log and destination.byes == 0
    assert len(re.findall(r"^\S+ attempt \d+$", log, re.M)) == refused // 9
    assert len(bodies(a, user)) == 60
