# SPDX-License-Identifier: MIT
"""--verify: what arrived is proved, what did not is named, and nothing is changed by looking."""

import json
import re

import pytest

from tests.integration.harness import EXCEPTIONS, PAUSED, USAGE, assert_same, wait_until
from tests.integration.nightly import TREE
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.mailbox import Mailbox
from tests.servers.proxy import Proxy
from tests.servers.scripted import bye, hang, no

LEVELS = ["counts", "headers", "full"]
WRITING = "^(APPEND|CREATE|SUBSCRIBE|SELECT|(UID )?(STORE|COPY|MOVE|EXPUNGE)|DELETE|RENAME|SETACL)"
MAIL = [messages.plain(n) for n in range(12)]


def verified(run):
    """(the only mailbox's verification, problems by reason)"""
    told = json.loads(run.text("summary.json"))
    own = told["mailboxes"][0]["verification"]
    of_run = told["verification"]
    for name, value in of_run.items():
        if name not in ("mailboxes", "mailboxes_differing"):
            assert value == own[name]
            if name != "level":
                sum_of_folders = sum(folder[name] for folder in own["folders"])
                assert sum_of_folders == value
    parts = ("found", "different", "unread", "missing", "gone", "excepted", "later")
    for counts in [own, *own["folders"]]:
        assert counts["source_messages"] == sum(counts[part] for part in parts)
    reasons = {}
    for problem in run.problems():
        reasons.setdefault(problem["reason"], []).append(problem)
    return own, reasons


def replace(server, user, folder, uid, change):
    """Another message takes its place. Its Message-ID."""
    with Mailbox(server, user) as box:
        box.imap.select(box.raw_name(folder))
        body = box.imap.uid("FETCH", str(uid), "(BODY.PEEK[])")[1][0][1]
        assert change(body) != body
        box.append(folder, messages.Message(change(body)))
        box.expunge(folder, str(uid))
    return re.search(rb"^Message-ID: *(\S+)", body, re.I | re.M)[1].decode()


# Nothing differs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_what_was_copied_is_found(work, a, b, level):
    tree = TREE | {"Kinds": messages.assortment(), "Big": [messages.big(90, 3_000_000)]}
    user = work.pair(a, b, tree)
    run = work.batch([work.row(a, b, user)], "--verify", level)
    own, reasons = verified(run)
    total = sum(len(folder) for folder in tree.values())
    assert (own["level"], own["found"], own["differences"], own["extra"]) == (level, total, 0, 0)
    assert own["read"] == (total if level == "full" else 0) and not reasons
    assert run.row()["status"] == "complete" and "verified (" + level in run.user_log()
    if level == "full":
        assert own["bytes_read"] == 2 * run.row()["bytes_copied"]
    # Every night anew, though nothing changed.
    own, _ = verified(work.batch([work.row(a, b, user)], "--verify", level))
    assert (own["found"], own["differences"]) == (total, 0)


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_changed_by_looking(work, a, b, level):
    """Of a move that another program made, too: there is no map."""
    user = work.pair(a, b, TREE, TREE)
    before = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
    with Proxy(a) as source, Proxy(b) as destination:
        run = work.batch([work.row(source, destination, user)], "--verify-only", "--verify", level)
        assert not source.seen(WRITING) and not destination.seen(WRITING)
        assert bool(source.seen(r"BODY\.PEEK\[\]")) == (level == "full")
    assert (mailbox.snapshot(a, user), mailbox.snapshot(b, user)) == before
    own, reasons = verified(run)
    assert (own["found"], own["differences"], own["extra"]) == (9, 0, 0) and not reasons
    row = run.row()
    assert (row["source_messages"], row["already"], row["copied"], row["difference"]) == (9, 9, 0, 0)


def test_alone_it_looks_at_headers(work, a, b):
    user = work.pair(a, b, TREE, TREE)
    own, _ = verified(work.sync(work.row(a, b, user), "--verify-only"))
    assert (own["level"], own["found"]) == ("headers", 9)


def test_a_rebuilt_message_is_the_same(work, a, b):
    content = {"INBOX": [*messages.assortment(), *MAIL]}
    user = work.pair(a, b, content)
    with Exchange(b, "rebuild") as destination:
        own, reasons = verified(work.batch([work.row(a, destination, user)], "--verify", "full"))
    with Mailbox(b, user) as box:
        assert len(box.entries("INBOX")) == own["found"] == own["read"] == len(content["INBOX"])
        box.imap.select("INBOX")
        assert b"X-MS-Exchange-Organization-SCL" in box.imap.uid("FETCH", "1", "(BODY.PEEK[])")[1][0][1]
    assert not reasons


@pytest.mark.parametrize(
    "options",
    [
        ("--regexmess", "s/Subject: /Subject: moved: /"),
        ("--addheader",),
        ("--truncmess", "600"),
        ("--disarmreadreceipts", "--regexmess", "s/^Date: /Date:  /m", "--pipemess", "sed s/the/THE/"),
        ("--maxlinelength", "200", "--longlines", "encode"),
    ],
    ids=lambda options: options[0],
)
@pytest.mark.parametrize("level", ["headers", "full"])
def test_what_was_changed_on_purpose_is_no_difference(work, a, b, options, level):
    user = work.pair(a, b, {"INBOX": [*MAIL[:11], messages.long_lines(29), messages.no_message_id(30), messages.no_header(31)]})
    run = work.batch([work.row(a, b, user)], "--verify", level, *options)
    own, reasons = verified(run)
    assert (own["found"], own["differences"]) == (14, 0), reasons
    # Without them it is one.
    if level == "full" and options[0] not in ("--addheader", "--maxlinelength"):
        own, reasons = verified(work.batch([work.row(a, b, user)], "--verify-only", "--verify", level, expect=EXCEPTIONS))
        assert own["different"] > 0 and set(reasons) == {"different"}


def test_what_rules_leave_out_is_not_missing(work, a, b):
    user = work.pair(a, b, {"INBOX": [*MAIL, messages.big(50, 20_000)], "Work": MAIL, "Trash": MAIL})
    options = ("--maxsize", "10000", "--search1", "NOT SUBJECT 3", "--exclude", "Trash")
    run = work.batch([work.row(a, b, user)], "--verify", "full", *options, expect=EXCEPTIONS)
    own, reasons = verified(run)
    assert own["differences"] == 0 and set(reasons) == {"too_big"} and len(own["folders"]) == 2
    assert own["found"] == run.row()["copied"]
    assert own["excepted"] == run.row()["too_big"] + run.row()["not_selected"]


def test_merged_folders(work, a, b):
    user = work.pair(a, b, {"One": MAIL[:5], "Two": MAIL[5:], "Three": MAIL[:2]})
    run = work.batch([work.row(a, b, user)], "--verify", "full", "--regextrans2", "s/^(One|Two|Three)$/All/")
    own, reasons = verified(run)
    assert (own["found"], own["extra"]) == (14, 0) and not reasons
    assert {f["source"]: f["found"] for f in own["folders"]} == {"INBOX": 0, "One": 5, "Two": 7, "Three": 2}


# Something differs -------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_gone_is_named(work, a, b, level):
    user = work.pair(a, b, {"INBOX": MAIL, "Work": MAIL[:3]})
    work.batch([work.row(a, b, user)])
    with Mailbox(b, user) as box:
        box.expunge("INBOX", "4")
        box.append("INBOX", messages.plain(77))  # the count is as before
    for options in (("--verify-only",), ()):
        run = work.batch([work.row(a, b, user)], "--verify", level, *options, expect=EXCEPTIONS)
        own, reasons = verified(run)
        assert (own["found"], own["gone"], own["differences"]) == (14, 1, 1)
        (problem,) = reasons["gone"]
        assert (problem["folder"], problem["uid"]) == ("INBOX", "4")
        assert problem["message_id"] == mailbox.snapshot(a, user)["INBOX"][3].message_id
        assert "deleted or moved" in problem["server_text"] and problem["advice"]
        assert run.row()["status"] == "exceptions" and "1 gone" in run.row()["error"]
    with Mailbox(b, user) as box:
        assert len(box.entries("INBOX")) == 12  # and it was not brought again


def test_what_is_missing_is_named_or_counted(work, a, b):
    user = work.pair(a, b, {"INBOX": MAIL, "Work": MAIL[:3], "New": MAIL[:4]}, {"INBOX": MAIL[:10], "Work": MAIL[:3]})
    for level in LEVELS:
        run = work.batch([work.row(a, b, user)], "--verify-only", "--verify", level, expect=EXCEPTIONS)
        own, reasons = verified(run)
        assert (own["found"], own["missing"], own["differences"]) == (13, 6, 6)
        told = [(p["folder"], p["uid"]) for p in reasons["missing"]]
        if level == "counts":
            assert sorted(told) == [("INBOX", "")] * 2 + [("New", "")] * 4
        else:
            assert sorted(told) == [("INBOX", "11"), ("INBOX", "12"), *(("New", str(n)) for n in range(1, 5))]
        assert (run.row()["failed"], run.row()["difference"]) == (6, 0)
    assert "New" not in mailbox.snapshot(b, user)


def flip(body):
    """One character of the text, or of the attachment's base64."""
    at = len(body) * 3 // 4
    while not body[at : at + 1].isalnum():
        at += 1
    return body[:at] + (b"B" if body[at : at + 1] == b"A" else b"A") + body[at + 1 :]


CHANGES = {
    "body": (flip, "part"),
    "subject": (lambda body: body.replace(b"Subject: ", b"Subject: not ", 1), "the field subject"),
    "cut": (lambda body: body[: len(body) // 2], "part"),
}


@pytest.mark.parametrize("what", list(CHANGES))
@pytest.mark.parametrize("has_map", [True, False])
def test_a_changed_message_is_found(work, a, b, what, has_map):
    change, said = CHANGES[what]
    content = {"INBOX": [*MAIL, messages.with_attachment(40), messages.big(41, 2_000_000)]}
    user = work.pair(a, b, content)
    work.batch([work.row(a, b, user)])
    for uid in (5, 13, 14):
        replace(b, user, "INBOX", uid, change)
    if not has_map:
        work.workdir = work.path / "another"
    run = work.batch([work.row(a, b, user)], "--verify-only", "--verify", "full", expect=EXCEPTIONS)
    own, reasons = verified(run)
    assert (own["found"], own["different"], own["differences"]) == (11, 3, 3)
    assert [p["uid"] for p in reasons["different"]] == ["5", "13", "14"]
    assert all(said in p["server_text"] for p in reasons["different"])
    assert all(p["message_id"] for p in reasons["different"])


def test_a_flipped_byte_in_an_attachment(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.with_attachment(40)]})
    work.batch([work.row(a, b, user)])
    replace(b, user, "INBOX", 1, flip)
    for level in LEVELS:
        work.workdir = work.path / level
        own, reasons = verified(
            work.batch([work.row(a, b, user)], "--verify-only", "--verify", level,
                       expect=EXCEPTIONS if level == "full" else 0)
        )  # fmt: skip
        assert own["different"] == (level == "full")
    (problem,) = reasons["different"]
    assert "part 2 (application/" in problem["server_text"]


def test_what_can_not_be_read_is_told(work, a, b):
    user = work.pair(a, b, {"INBOX": MAIL})
    work.batch([work.row(a, b, user)])
    with Proxy(b) as proxy:
        proxy.on(r"UID FETCH .*BODY.PEEK\[\]", no("the message cannot be read"), times=5)
        run = work.batch([work.row(a, proxy, user)], "--verify-only", "--verify", "full", expect=EXCEPTIONS)
    own, reasons = verified(run)
    assert (own["unread"], own["found"]) == (4, 8)
    assert all("cannot be read" in p["server_text"] for p in reasons["unread"])


def test_mail_that_arrives_meanwhile_is_no_difference(work, a, b):
    user = work.pair(a, b, {"INBOX": MAIL, "Work": MAIL[:1]})

    def arrive(session, tag, command):
        with Mailbox(a, user) as box:
            box.append("INBOX", messages.plain(60), messages.plain(61))
        session.up.write(f"{tag} {command}\r\n".encode())

    with Proxy(b) as proxy:
        proxy.on("^EXAMINE", arrive, times=1)
        own, reasons = verified(work.batch([work.row(a, proxy, user)], "--verify", "headers"))
    assert (own["found"], own["later"], own["differences"]) == (13, 2, 0) and not reasons


# Interrupted -------------------------------------------------------------------------------------


def test_it_goes_on_where_it_was_broken_off(work, a, b):
    content = {"INBOX": [messages.plain(n) for n in range(300)], "Work": MAIL, "Zoo": MAIL}
    user = work.pair(a, b, content)
    work.batch([work.row(a, b, user)])
    changed = {replace(b, user, "INBOX", uid, flip) for uid in (3, 290)}
    with Proxy(a) as proxy:
        proxy.on(r"UID FETCH 19\d,.*BODY.PEEK\[\]|UID FETCH 193", bye("Server going down"), times=1)
        run = work.batch([work.row(proxy, b, user)], "--verify", "full", "--reconnectretry1", "3", expect=EXCEPTIONS)
        asked = [c for c in proxy.seen(r"BODY.PEEK\[\]")]
        assert proxy.connections == 2
    own, reasons = verified(run)
    assert (own["found"], own["different"], own["read"]) == (322, 2, 324)
    assert {p["message_id"] for p in reasons["different"]} == changed
    # What was compared was not read again.
    assert len([c for c in asked if c.split()[2].split(",")[0].split(":")[0] == "1"]) == 3


def test_a_throttle_in_the_middle(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(200)]})
    work.batch([work.row(a, b, user)])
    with Proxy(b) as proxy:
        proxy.on(r"UID FETCH .*BODY.PEEK\[\]", no("Request is throttled. Suggested Backoff Time: 100 milliseconds"),
                 times=2)  # fmt: skip
        run = work.batch([work.row(a, proxy, user)], "--verify", "full")
        assert proxy.connections == 2
    assert verified(run)[0]["found"] == 200


def test_nothing_is_deleted_where_something_differs(work, a, b):
    user = work.pair(a, b, {"INBOX": MAIL})
    work.batch([work.row(a, b, user)])
    replace(b, user, "INBOX", 3, flip)
    run = work.batch([work.row(a, b, user)], "--verify", "full", "--delete1", expect=EXCEPTIONS)
    assert "nothing is deleted, since --verify found differences" in run.user_log()
    with Mailbox(a, user) as box:
        assert len(box.entries("INBOX")) == 12
    with Mailbox(b, user) as box:
        box.expunge("INBOX", "13")
        box.append("INBOX", MAIL[2])
    own, _ = verified(work.batch([work.row(a, b, user)], "--verify", "full", "--delete1"))
    assert own["found"] == 12
    with Mailbox(a, user) as box:
        assert not box.entries("INBOX")


def test_a_dry_run_compares_nothing(work, a, b):
    user = work.pair(a, b, TREE)
    run = work.batch([work.row(a, b, user)], "--verify", "full", "--dry")
    assert json.loads(run.text("summary.json"))["verification"] is None


def test_not_while_another_run_is_at_it(work, a, b):
    user = work.pair(a, b, {"INBOX": MAIL})
    with Proxy(a) as proxy:
        proxy.on("UID FETCH", hang, times=1)
        process = work.batch_start([work.row(proxy, b, user)])
        wait_until(lambda: proxy.seen("UID FETCH"), "the copy to begin")
        work.workdir = work.path / "another"
        run = work.batch([work.row(proxy, b, user)], "--verify-only", expect=PAUSED)
        assert run.row()["error_code"] == "busy"
    process.kill()
    process.wait()


# Words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--dry", "--justlogin", "--delete2", "--preflight", "--retry-problems"])
def test_with_another_wish(work, a, b, option):
    user = work.pair(a, b, TREE)
    run = work.batch([work.row(a, b, user)], "--verify-only", option, expect=USAGE)
    assert "changes nothing: leave out" in run.err


def test_a_wrong_word(work, a, b):
    user = work.pair(a, b, TREE)
    run = work.batch([work.row(a, b, user)], "--verify=everything", expect=USAGE)
    assert "verify" in run.err and "counts" in run.err
    work.batch([work.row(a, b, user)])
    assert_same(a, b, user)
