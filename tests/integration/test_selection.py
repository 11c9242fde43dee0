# SPDX-License-Identifier: MIT
"""Which messages are selected, and who they are taken to be: by content, between real Dovecots."""

import datetime
import re

import pytest

from tests.integration.harness import EXCEPTIONS, USAGE
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.messages import Message
from tests.servers.proxy import Proxy, pass_then_drop
from tests.servers.scripted import CAPABILITY, ScriptedServer, answer, no

DAY = datetime.timedelta(days=1)


def instead(command):
    """The server itself answers, in its turn, but another command."""

    def action(session, tag, _):
        session.up.write(f"{tag} {command}\r\n".encode())

    return action


def mail(number, age=0, arrived=None, sender="ann", flags=(), head=b"", identity=True, size=0):
    """Its Date field is so many days old; it arrived then too, or so many days ago."""
    now = datetime.datetime.now(datetime.timezone.utc)
    sent = now - age * DAY
    came = sent if arrived is None else now - arrived * DAY
    known = f"Message-ID: <{number}@x>\r\n" if identity else ""
    text = (
        f"From: {sender}@example.org\r\nSubject: number {number}\r\n{known}"
        f"Date: {sent:%a, %d %b %Y %H:%M:%S} +0000\r\n"
    ).encode()
    return Message(text + head + b"\r\ntext %d\r\n" % number + b"x" * size, flags, came)


def numbers(server, user, folder="INBOX"):
    """The messages that are there, by the number in their text."""
    with mailbox.Mailbox(server, user) as box:
        if box.imap.select('"%s"' % box.raw_name(folder), readonly=True)[1] == [b"0"]:
            return []
        items = box.imap.fetch("1:*", "(BODY.PEEK[])")[1]
        return sorted(
            int(re.search(rb"\r\ntext (\d+)\r\n", item[1])[1])
            for item in items
            if isinstance(item, tuple)
        )


def senders(server, user):
    with mailbox.Mailbox(server, user) as box:
        box.imap.select("INBOX", readonly=True)
        items = box.imap.fetch("1:*", "(BODY.PEEK[])")[1]
        return sorted(re.search(rb"^From: .*", i[1])[0] + i[1][-9:] for i in items if len(i) == 2)


def counted(run):
    row = run.row()
    return row["source_messages"], row["copied"], row["already"], row["not_selected"]


# Ages -------------------------------------------------------------------------------------------

AGES = [0, 5, 20, 29, 31, 50, 400]


@pytest.mark.parametrize("options, wanted", [
    (("--maxage", "30"), {0, 5, 20, 29}),
    (("--minage", "30"), {31, 50, 400}),
    (("--maxage", "30", "--minage", "10"), {20, 29}),
    (("--maxage", "10", "--minage", "30"), {0, 5, 31, 50, 400}),
    (("--maxage", "0.00071"), {0}),
    (("--maxage", "9999", "--minage", "10000"), set(AGES)),
    (("--maxage", "100000000000"), set(AGES)),
    (("--maxage", "30", "--search", "FROM bob"), {5, 29}),
    (("--maxage", "10", "--minage", "30", "--search1", "OR FROM bob FROM carl"), {5, 31}),
    (("--search1", "CHARSET UTF-8 FROM bob", "--minage", "10"), {29, 31}),
    (("--search1", "FROM ann"), {0, 20, 50, 400}),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")  # fmt: skip
@pytest.mark.parametrize("hide", [(), ("ESEARCH", "IMAP4REV2")], ids=["esearch", "search"])
def test_ages(work, a, b, hide, options, wanted):
    """The day counts, by the Date field, wherever its arrival stands."""
    senders = {5: "bob", 29: "bob", 31: "bob"}
    items = [mail(age, age, 3, senders.get(age, "ann")) for age in AGES]
    user = work.pair(a, b, {"INBOX": items})
    with Proxy(a, hide=hide) as source:
        run = work.batch([work.row(source, b, user)], *options)
    assert numbers(b, user) == sorted(wanted)
    assert counted(run) == (len(AGES), len(wanted), 0, len(AGES) - len(wanted))
    assert run.problems() == []
    assert ("Not selected" in run.text("summary.txt")) == (len(wanted) < len(AGES))


def test_a_server_that_cannot_search(work, a, b):
    """Ages are those of arrival then; an hour more or less counts."""
    items = [mail(1, 100, 2), mail(2, 2, 100), mail(3, 3.5, 3.5)]
    user = work.pair(a, b, {"INBOX": items, "Empty": []})
    few = instead("UID SEARCH RETURN (COUNT) UID 1:2")
    with Proxy(a).on("UID SEARCH .*COUNT", few) as source:
        run = work.batch([work.row(source, b, user)], "--maxage", "3.6")
        assert "SEARCH ALL finds 2 of 3" in run.user_log()
    assert numbers(b, user) == [1, 3] and counted(run) == (3, 2, 0, 1)
    with Proxy(a) as source:
        run = work.batch([work.row(source, b, user)], "--maxage", "3.4", "--noabletosearch1")
        assert counted(run) == (3, 0, 2, 1) and not source.seen("SEARCH")
        run = work.batch([work.row(source, b, user)], "--minage", "3.6", "--noabletosearch")
        assert counted(run) == (3, 1, 2, 0) and numbers(b, user) == [1, 2, 3]


def test_a_server_that_finds_too_little_of_what_is_asked(work, a, b):
    """Other searches than ages can't be done otherwise; nothing is taken for an empty result."""
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2)]})
    few = instead("UID SEARCH RETURN (COUNT) UID 1")
    with Proxy(a).on("UID SEARCH .*COUNT", few) as source:
        run = work.batch([work.row(source, b, user)], "--search1", "FROM ann", expect=EXCEPTIONS)
    assert run.row()["failed"] == 2 and "can't search" in run.row()["error"]
    assert work.batch([work.row(a, b, user)], "--search1", "FROM ann",
                      "--nochecknoabletosearch").row()["copied"] == 2  # fmt: skip


@pytest.mark.parametrize("reply, words", [
    (instead("UID SEARCH CHARSET X-NONE FROM x"), "refused the search"),
    (instead("UID SEARCH WHATEVER"), "refused the search"),
    (instead("NOOP"), "gave no result"),
], ids=["no", "bad", "nothing"])  # fmt: skip
def test_a_search_that_fails_is_no_empty_selection(work, a, b, reply, words):
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2)], "Empty": []})
    with Proxy(a).on("UID SEARCH .*FROM", reply) as source:
        run = work.batch([work.row(source, b, user)], "--search1", "FROM ann",
                         expect=(10, 11, 12))  # fmt: skip
    assert run.row()["not_selected"] == 0 and words in run.row()["error"]
    assert numbers(b, user) == []
    assert work.batch([work.row(a, b, user)], "--search1", "FROM ann").row()["copied"] == 2


@pytest.mark.parametrize("options, words", [
    (("--search", "FROM {3}"), "search1 may not hold a literal"),
    (("--search2", 'FROM "ann'), "search2 has a double quote that is not closed"),
    (("--search1", "(FROM ann"), "search1 has brackets that do not match"),
    (("--search1", "FROM ann)"), "search1 has brackets that do not match"),
    (("--search1", "FROM ann\r\nA1 DELETE INBOX"), "search1 may not hold a line break"),
    (("--search1", "FROM ann", "--noabletosearch1"), "can't be done without searching"),
    (("--maxage", "-1"), "maxage wants a number that is not negative"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")  # fmt: skip
def test_refused_before_any_connection(work, a, b, options, words):
    user = work.pair(a, b, {"INBOX": [mail(1)]})
    with Proxy(a) as source:
        run = work.sync(work.row(source, b, user), *options, expect=USAGE)
        assert words in run.err and source.connections == 0


# Night after night ------------------------------------------------------------------------------


@pytest.mark.parametrize("hide", [(), ("CONDSTORE", "QRESYNC")], ids=["condstore", "none"])
def test_another_selection_each_night(nightly, a, b, hide):
    """What one selection leaves out is nobody's loss: each night brings what it asks for."""
    items = [mail(1, 5), mail(2, 40, sender="bob"), mail(3, 50), mail(4, 60, sender="carl")]
    pair = nightly({"INBOX": items, "Other": [mail(7, 70)]}, hide1=hide)
    assert counted(pair.run("--maxage", "30")) == (5, 1, 0, 4)
    assert counted(pair.run("--maxage", "30")) == (5, 0, 1, 4)
    assert pair.destination.connections == 0
    with pair.at(1) as box:
        box.append("INBOX", mail(5, 3), mail(6, 90))
    assert counted(pair.run("--maxage", "30")) == (7, 1, 1, 5)
    assert counted(pair.run("--search1", "FROM bob")) == (7, 1, 2, 4)
    assert numbers(b, pair.user) == [1, 2, 5]
    assert counted(pair.run("--maxage", "55")) == (7, 1, 3, 3)
    assert counted(pair.run()) == (7, 3, 4, 0)
    assert counted(pair.run("--maxage", "30")) == (7, 0, 7, 0)
    assert numbers(b, pair.user) == [1, 2, 3, 4, 5, 6] and numbers(b, pair.user, "Other") == [7]


def test_what_becomes_selected_later_is_found(nightly, b):
    """Though nothing came or went: the flags changed, or the days went by."""
    pair = nightly({"INBOX": [mail(1, flags=("\\Flagged",)), mail(2), mail(3)]})
    assert counted(pair.run("--search1", "FLAGGED")) == (3, 1, 0, 2)
    assert counted(pair.run("--search1", "FLAGGED")) == (3, 0, 1, 2)
    with pair.at(1) as box:
        box.imap.select("INBOX")
        box.imap.store("3", "+FLAGS", "\\Flagged")
    assert counted(pair.run("--search1", "FLAGGED")) == (3, 1, 1, 1)
    assert numbers(b, pair.user) == [1, 3]


def test_what_was_there_before_is_not_brought_again(nightly, b):
    """The destination held all of it when the first selection ran: a run without one finds that."""
    items = [mail(1, 5), mail(2, 40), mail(3, 50), mail(4, 60)]
    pair = nightly({"INBOX": items}, there={"INBOX": items[:3]})
    assert counted(pair.run("--maxage", "30")) == (4, 0, 3, 1)
    assert counted(pair.run()) == (4, 1, 3, 0)
    assert numbers(b, pair.user) == [1, 2, 3, 4]


def test_search2_hides_what_is_there(nightly, b):
    items = [mail(1, sender="bob"), mail(2, sender="ann")]
    pair = nightly({"INBOX": items}, there={"INBOX": items})
    assert counted(pair.run("--search2", "FROM bob")) == (2, 1, 1, 0)
    assert numbers(b, pair.user) == [1, 2, 2]
    assert counted(pair.run("--search2", "FROM bob")) == (2, 0, 2, 0)


@pytest.mark.parametrize("second", ["FROM bob", "FROM carl", "SEEN"])
@pytest.mark.parametrize("hide", [(), ("MULTIAPPEND", "UIDPLUS")], ids=["all", "little"])
def test_a_copy_that_was_cut_off(nightly, b, hide, second):
    """What an interrupted run brought is found, whatever the next one selects or hides; and a message
    that is not selected does not pass for the copy of one that is."""
    twin = mail(1, sender="ann") if second == "FROM bob" else mail(4)
    items = [twin, mail(1, sender="bob"), mail(2, sender="bob"), mail(3, sender="carl")]
    pair = nightly({"INBOX": items}, hide2=hide)
    pair.destination.on("^APPEND", pass_then_drop, times=1)
    pair.run("--search", "FROM bob", expect=(10, 11, 12))
    assert numbers(b, pair.user) in ([1], [1, 2])
    pair.run("--search", second)
    pair.run()
    assert senders(b, pair.user) == senders(pair.servers[1], pair.user)


def test_an_exchange_that_finds_too_little(work, a, b):
    items = [mail(n, 10 * n, sender="bob") for n in range(6)]
    user = work.pair(a, b, {"INBOX": items})
    with Exchange(a, "short_search") as source:
        row = work.row(source, b, user)
        run = work.batch([row], "--maxage", "35")
        assert counted(run) == (6, 4, 0, 2) and "can't search" in run.user_log()
        run = work.batch([row], "--search1", "FROM bob", expect=EXCEPTIONS)
        assert "can't search" in run.row()["error"]
    assert numbers(b, user) == [0, 1, 2, 3]


def test_both_sides_are_searched(work, a, b):
    items = [mail(1, sender="bob"), mail(2, sender="ann")]
    user = work.pair(a, b, {"INBOX": items}, {"INBOX": items})
    run = work.batch([work.row(a, b, user)], "--search", "FROM bob")
    assert counted(run) == (2, 0, 1, 1) and numbers(b, user) == [1, 2]


def test_duplicates_stand_only_for_selected_ones(work, a, b):
    items = [mail(1, sender="bob"), mail(1, sender="ann"), mail(1, sender="ann")]
    user = work.pair(a, b, {"INBOX": items})
    run = work.batch([work.row(a, b, user)], "--nosyncduplicates", "--search1", "FROM ann")
    assert counted(run) == (3, 1, 0, 1) and run.row()["excluded"] == 1


def test_deletes_see_what_is_not_selected(work, a, b):
    """A selection never makes mail look deleted; and what it leaves out is not deleted either."""
    items = [mail(n, 10 * n) for n in range(1, 6)]
    there = [*items, mail(98, 50), mail(99, 5)]
    user = work.pair(a, b, {"INBOX": items}, {"INBOX": there})
    for options, left in [
        (("--maxage", "15"), [1, 2, 3, 4, 5, 98]),
        (("--search", "FROM nobody"), [1, 2, 3, 4, 5, 98]),
        (("--search2", "BODY 98"), [1, 2, 3, 4, 5, 98]),
        (("--search1", "FROM nobody"), [1, 2, 3, 4, 5]),
    ]:
        if options[0] == "--search2":
            mailbox.fill(b, user, {"INBOX": [mail(97, 50)]})
            left = [1, 2, 3, 4, 5, 97]
        run = work.batch([work.row(a, b, user)], "--delete2", "--maxdelete", "all", *options)
        assert numbers(b, user) == left, (options, run)


@pytest.mark.parametrize("options, left", [
    (("--minage", "25"), [1, 2]), (("--search1", "BODY \"text 4\""), [1, 2, 3, 5]),
    (("--noabletosearch", "--maxage", "25"), [3, 4, 5]), (("--search2", "FROM ann"), []),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("has_map", [True, False])
def test_only_what_is_selected_leaves_the_source(work, a, b, options, left, has_map):
    items = [mail(n, 10 * n) for n in range(1, 6)]
    user = work.pair(a, b, {"INBOX": items}, None if has_map else {"INBOX": items})
    if has_map:
        work.batch([work.row(a, b, user)])
    run = work.batch([work.row(a, b, user)], "--delete1", "--expunge1", *options)
    assert run.row()["deleted_source"] == 5 - len(left)
    assert numbers(a, user) == left and numbers(b, user) == [1, 2, 3, 4, 5]


def test_lists_of_what_is_copied(work, a, b):
    items = [mail(n, 10 * n) for n in range(1, 6)]
    user = work.pair(a, b, {"INBOX": items})
    run = work.batch([work.row(a, b, user)], "--debuglist", "--search1", "OR UID 1:2 UID 4")
    assert "folder INBOX: to be copied: 1:2,4\n" in run.user_log()
    assert numbers(b, user) == [1, 2, 4]
    dry = work.batch([work.row(a, b, user)], "--dry", "--search1", "UID 3")
    assert counted(dry) == (5, 0, 3, 1) and dry.row()["excluded"] == 1


# Who a message is -------------------------------------------------------------------------------


def changed(message, old, new):
    return Message(re.sub(old, new, message.body), message.flags, message.date)


KEYED = [mail(n, n, head=b"X-Key: Key  %d\r\n" % n) for n in range(1, 4)]


@pytest.mark.parametrize("options, there, fields, already", [
    ((), [changed(m, rb"<(\d)@x>", rb"<\1@y>") for m in KEYED], "MESSAGE-ID DATE", 0),
    (("--messageidnodomain",), [changed(m, rb"<(\d)@x>", rb"<\1@y>") for m in KEYED], "ID DATE", 3),
    (("--useheader", "X-Key"), [changed(m, rb"<\d@x>", b"<q@x>") for m in KEYED], "(X-Key)", 3),
    (("--useheader", "X-Key"), [changed(m, rb"X-Key: Key  ", rb"x-key:\tkey ") for m in KEYED],
     "(X-Key)", 3),
    (("--useheader", "X-Key"), [changed(m, rb"X-Key", b"X-Kex") for m in KEYED[:1]], "(X-Key)", 0),
    (("--useheader", "Message-Id", "--useheader", "Received"), KEYED, "(Message-Id Received)", 3),
    (("--useheader", "ALL"), KEYED[:2], "PEEK[HEADER]", 2),
    (("--useheader", "ALL"), [changed(m, b"ann@", b"bob@") for m in KEYED], "PEEK[HEADER]", 0),
    (("--useheader", "ALL", "--skipheader", "^From:"),
     [changed(m, b"ann@", b"bob@") for m in KEYED], "PEEK[HEADER]", 3),
    (("--skipheader", "^Message-Id:"), [changed(m, rb"<\d@x>", b"<q@x>") for m in KEYED], "ID DATE", 3),
    ((), [changed(m, b"text", b"other text") for m in KEYED], "ID DATE", 3),
    (("--noskipsize",), [changed(m, b"text", b"other text") for m in KEYED], "ID DATE", 0),
    (("--noskipsize",), KEYED, "ID DATE", 3),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")  # fmt: skip
def test_recognised_by(work, a, b, options, there, fields, already):
    user = work.pair(a, b, {"INBOX": KEYED}, {"INBOX": there})
    with Proxy(a) as source, Proxy(b) as destination:
        run = work.batch([work.row(source, destination, user)], *options)
        assert all(any(fields in c for c in side.seen("^UID FETCH .*HEADER"))
                   for side in (source, destination))  # fmt: skip
    assert counted(run) == (3, 3 - already, already, 0)


def test_added_headers_are_recognised_by_the_header_asked_for(work, a, b):
    """As gmail2 does. Nothing else is known of these messages, and no work directory remembers."""
    items = [messages.no_header(n) for n in range(3)]
    user = work.pair(a, b, {"INBOX": items})
    options = ("--addheader", "--useheader", "Message-Id", "--noskipsize")
    for already in (0, 3):
        work.workdir = work.path / f"data{already}"
        run = work.batch([work.row(a, b, user)], *options)
        assert counted(run) == (3, 3 - already, already, 0)


@pytest.mark.parametrize("options, copied, asked", [
    ((), 0, True), (("--nowholeheaderifneeded",), 1, False)])  # fmt: skip
def test_a_server_that_shows_no_single_fields(work, authority, b, options, copied, asked):
    item = mail(1, identity=True)
    user = work.user(b, {"INBOX": [changed(item, b"Subject", b"X-Subject")]})
    server = ScriptedServer({"INBOX": [item.body]}, authority)
    server.on(r"UID FETCH .*HEADER\.FIELDS", answer(
        '* 1 FETCH (UID 1 RFC822.SIZE 9 INTERNALDATE "01-Mar-2020 10:00:00 +0000"'
        ' FLAGS () BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n)', "{tag} OK done"))  # fmt: skip
    with server:
        run = work.batch([work.side(1, server, "anna", work.secret()) | work.side(2, b, user)], *options)
        assert bool(server.seen(r"FETCH 1 .*PEEK\[HEADER\]")) == asked
    assert run.row()["copied"] == copied


@pytest.mark.parametrize("size", [100, 1_200_000], ids=["held", "streamed"])
@pytest.mark.parametrize("change", [(), ("--regexmess", "s/text/other/")], ids=["as it is", "changed"])
def test_sizes_that_are_not_what_was_said(work, a, b, size, change):
    items = [mail(n, size=size) for n in range(3)]
    user = work.pair(a, b, {"INBOX": items})
    with Exchange(a, "estimates") as source:
        row = work.row(source, b, user)
        strict = work.batch([row], "--noallowsizemismatch", *change, expect=EXCEPTIONS)
        assert strict.row()["copied"] == 0 and strict.row()["failed"] == 3
        assert all("had said" in p["server_text"] for p in strict.problems())
        assert work.batch([row], *change).row()["copied"] == 3
    other = work.user(b)
    row = work.row(a, b, user, other)
    assert work.batch([row], "--noallowsizemismatch", *change).row()["copied"] == 3


# In several folders -----------------------------------------------------------------------------

FIVE = mail(5, identity=False)
TREE = {
    "INBOX": [mail(1), mail(2), mail(2)],
    "Work": [mail(2), mail(3)],
    "All": [mail(1), mail(2), mail(3), mail(4), FIVE],
    "Zoo": [mail(4), FIVE],
}
CROSS = ("--skipcrossduplicates", "--folderlast", "All")


def in_folders(server, user):
    return {name: numbers(server, user, name) for name in TREE}


def left_out(run):
    assert all("--skipcrossduplicates" in p["server_text"] for p in run.problems())
    return sorted((p["folder"], int(p["uid"])) for p in run.problems())


def test_what_earlier_folders_have_is_left_out(nightly, b):
    pair = nightly(TREE)
    wanted = [("All", 1), ("All", 2), ("All", 3), ("All", 4), ("All", 5), ("Work", 1)]
    dry = pair.run("--dry", *CROSS)
    assert dry.row()["excluded"] == 12
    assert sum("skipcross" in p["server_text"] for p in dry.problems()) == 6
    run = pair.run("--debugcrossduplicates", *CROSS)
    assert (run.row()["copied"], run.row()["excluded"]) == (6, 6) and left_out(run) == wanted
    assert in_folders(b, pair.user) == {"INBOX": [1, 2, 2], "Work": [3], "All": [], "Zoo": [4, 5]}
    assert "folder Work: UID 1 is in folder INBOX, too" in run.user_log()
    again = pair.run("--debugcrossduplicates", *CROSS)
    assert (again.row()["already"], left_out(again)) == (6, wanted)
    assert pair.destination.connections == 0
    with pair.at(1) as box:
        box.append("Zoo", mail(6), mail(3), mail(7))
        box.append("All", mail(6), mail(8))
    run = pair.run(*CROSS)
    assert run.row()["copied"] == 3 and left_out(run) == sorted([*wanted, ("Zoo", 4), ("All", 6)])
    assert in_folders(b, pair.user)["Zoo"] == [4, 5, 6, 7]
    assert in_folders(b, pair.user)["All"] == [8]
    # Without the option all of it is wanted after all.
    assert pair.run().row()["copied"] == 8


def test_what_the_destination_has_in_an_earlier_folder(work, a, b):
    user = work.pair(a, b, {"INBOX": [mail(1)], "Work": [mail(2), mail(3)]}, {"INBOX": [mail(2)]})
    run = work.batch([work.row(a, b, user)], "--skipcrossduplicates")
    assert run.row()["copied"] == 2 and left_out(run) == [("Work", 1)]
    assert numbers(b, user) == [1, 2] and numbers(b, user, "Work") == [3]


def test_a_message_that_failed_in_an_earlier_folder(work, a, b):
    """It is not there: the later folder brings it."""
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2)], "Work": [mail(1), mail(2)]})
    with Proxy(b).on(r'^APPEND "?INBOX"? ', no("not this one"), body=rb"text 1\r") as destination:
        row = work.row(a, destination, user)
        run = work.batch([row], "--skipcrossduplicates", expect=EXCEPTIONS)
    assert (run.row()["copied"], run.row()["failed"], run.row()["excluded"]) == (2, 1, 1)
    assert numbers(b, user) == [2] and numbers(b, user, "Work") == [1]


@pytest.mark.parametrize("option", ["--usecache", "--useuid"])
def test_cross_duplicates_and_the_cache(work, a, b, option):
    user = work.pair(a, b, {"INBOX": [mail(1)]})
    run = work.sync(work.row(a, b, user), "--skipcrossduplicates", option, expect=USAGE)
    assert f"skipcrossduplicates and {option[2:]} can't be used together" in run.err
    assert work.sync(work.row(a, b, user), option, "--cacheaftercopy").row()["copied"] == 1
    assert work.sync(work.row(a, b, user), option, "--split1", "100").row()["already"] == 1


# What the destination takes ---------------------------------------------------------------------


def test_the_limit_of_the_destination(work, a, dovecot):
    limited = dovecot("limited", capability="+APPENDLIMIT=3000")
    items = [mail(1), mail(2, size=3000), mail(3, size=2000)]
    user = work.pair(a, limited, {"INBOX": items})
    row = work.row(a, limited, user)
    with Proxy(limited) as destination:
        run = work.batch([work.row(a, destination, user)], expect=EXCEPTIONS)
        assert len(destination.appends) == 2
    assert (run.row()["copied"], run.row()["too_big"]) == (2, 1)
    (problem,) = run.problems()
    assert "the 3000 bytes that the destination says it takes" in problem["server_text"]
    run = work.batch([row], "--maxsize", "1000", expect=EXCEPTIONS)
    assert "--maxsize 1000" in run.problems()[0]["server_text"]
    assert work.batch([row], "--truncmess", "2500").row()["copied"] == 1
    other = work.user(limited)
    row = work.row(a, limited, user, other)
    run = work.batch([row], "--appendlimit", "2k", expect=EXCEPTIONS)
    assert run.row()["too_big"] == 2
    assert "--appendlimit 2000" in run.problems()[0]["server_text"]
    assert work.batch([row], "--appendlimit", "1_000_000").row()["copied"] == 2


def test_the_limit_of_each_folder(work, a, authority):
    """RFC 7889 section 4: the capability without a number; STATUS tells."""
    user = work.user(a, {"INBOX": [mail(1), mail(2, size=3000)], "Work": [mail(3, size=3000)]})
    server = ScriptedServer({"INBOX": [], "Work": []}, authority,
                            capability=CAPABILITY + " APPENDLIMIT")  # fmt: skip
    server.on(r"STATUS \"?INBOX\"? \(APPENDLIMIT",
              answer("* STATUS INBOX (APPENDLIMIT 3000)", "{tag} OK done"))
    server.on(r"STATUS \"?Work\"? \(APPENDLIMIT",
              answer("* STATUS Work (APPENDLIMIT NIL)", "{tag} OK done"))
    with server:
        row = work.side(1, a, user) | work.side(2, server, "anna", work.secret())
        run = work.batch([row], expect=EXCEPTIONS)
    assert (run.row()["copied"], run.row()["too_big"]) == (2, 1)
    assert [p["folder"] for p in run.problems()] == ["INBOX"]
