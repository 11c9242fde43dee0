# SPDX-License-Identifier: MIT
"""What servers say, end to end: the program does what its table says, and all its reports say what
it did and what to do. And `mailconvoy explain`."""

import json

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, PAUSED
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import ScriptedServer, bad, bye, no

THREE = [b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\nbody\r\n" % (n, n) for n in range(1, 4)]


def from_scripted(work, server, b, user=None):
    return work.side(1, server, "scripted", work.secret()) | work.side(2, b, user or work.user(b))


def told(run):
    """The diagnosis of the one mailbox, and those of the run by id."""
    report = json.loads(run.text("summary.json"))
    (item,) = report["mailboxes"]
    return item["diagnosis"], {d["id"]: d for d in report["diagnoses"]}


# A refusal of a whole session ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "command, action, diagnosis, error_code, code",
    [
        ("^(LOGIN|AUTHENTICATE)", no("AUTHENTICATE failed."), "sign-in-refused", "auth", FAILED),
        ("^(LOGIN|AUTHENTICATE)", no("[ALERT] Application-specific password required"),
         "app-password", "auth", FAILED),
        ("^(LOGIN|AUTHENTICATE)", no("[AUTHORIZATIONFAILED] no"), "no-right", "auth", FAILED),
        ("^LIST", bad("User is authenticated but not connected."), "not-connected", "select",
         FAILED),
        ("^LIST", no("no"), "listing-refused", "listing", FAILED),
        ("^EXAMINE", bye("Session invalidated - AccessTokenExpired"), "token-expired", "closed",
         FAILED),
        ("^EXAMINE", bye("Connection closed. 14"), "connection-closed", "closed", FAILED),
        ("^UID FETCH", bye("[UNAVAILABLE] back soon"), "server-unavailable", "throttled", PAUSED),
    ],
)  # fmt: skip
def test_sessions(work, authority, b, command, action, diagnosis, error_code, code):
    with ScriptedServer({"INBOX": THREE}, authority=authority) as server:
        server.on(command, action)
        # Where the server asks for patience the run ends first.
        process = work.batch_start([from_scripted(work, server, b)])
        if code == PAUSED:
            server.wait_for(command)
            while " until " not in (line := process.stderr.readline().decode()):
                assert line, "it did not wait"
            process.terminate()
        run = work.finish(process)
    assert run.code == code, run
    run.check()
    assert run.row()["error_code"] == error_code
    found, by_id = told(run)
    assert found["id"] == diagnosis and list(by_id) == [diagnosis]
    assert by_id[diagnosis]["mailboxes"] == 1 and by_id[diagnosis]["messages"] == 0 or (
        run.row()["failed"] == by_id[diagnosis]["messages"]
    )
    text = run.text("summary.txt")
    assert f"    What to do: {found['next_step']}\n" in text
    assert f"mailconvoy explain {diagnosis}\n" in text
    assert found["title"] in text


# A refusal of messages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, reason, diagnosis",
    [
        ("BAD Command Argument Error. 11", "failed", "argument-error"),
        ("NO Maximum size of appendable message has been exceeded", "too_big", "too-big"),
        ("NO Message contains NUL characters", "failed", "broken-message"),
        ("NO words nobody knows", "failed", "message-refused"),
        ("NO Rejected: \"Request is throttled.\" is a virus", "failed", "virus"),
        ("NO Refused: Server busy (later)", "failed", "message-refused"),
    ],
)  # fmt: skip
def test_messages(work, a, b, words, reason, diagnosis):
    """One of three is refused; problems.csv says what to do about it."""
    user = work.pair(a, b, {"Server busy (later)": [messages.plain(n) for n in (1, 2, 3)]})
    status, _, text = words.partition(" ")
    action = (bad if status == "BAD" else no)(text)
    with Proxy(b).on("^APPEND", action, body=rb"Subject: [^\r]* 2\r\n") as proxy:
        row = work.row(a, b, user) | {"port2": str(proxy.imaps_port)}
        run = work.batch([row], expect=EXCEPTIONS)
    (problem,) = run.problems()
    assert problem["reason"] == reason and problem["server_text"] == text
    found, by_id = told(run)
    assert found["id"] == diagnosis and problem["advice"] == found["next_step"]
    assert (by_id[diagnosis]["mailboxes"], by_id[diagnosis]["messages"]) == (1, 1)


def test_the_most_frequent_one_first(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(9)]})
    count = 0

    def refuse(session, tag, command):
        nonlocal count
        count += 1
        return (no("virus found") if count % 3 else bad("Command Argument Error. 11"))(
            session, tag, command
        )

    with Proxy(b).on("^APPEND", refuse) as proxy:
        run = work.batch(
            [work.row(a, b, user) | {"port2": str(proxy.imaps_port)}], expect=EXCEPTIONS
        )
    found, by_id = told(run)
    counts = [d["messages"] for d in by_id.values()]
    assert found["id"] == next(iter(by_id)) and counts == sorted(counts, reverse=True)
    assert sum(counts) == 9


def test_a_reserved_folder(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)], "Files": [messages.plain(2)]})
    with Proxy(b).on(r"^CREATE .*Files(?!_)", no("Folder name is reserved")) as proxy:
        row = work.row(a, b, user) | {"port2": str(proxy.imaps_port)}
        run = work.batch([row], expect=EXCEPTIONS)
        assert run.row()["copied"] == 1
        found, _ = told(run)
        assert found["id"] == "folder-reserved" and '--exclude "^Files$"' in found["next_step"]
        assert all(p["advice"] == found["next_step"] for p in run.problems())
        work.batch([row | {"f1f2": f"Files={b.prefix}Files_renamed_by_imapsync"}])


# Names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["Mailbox doesn't exist: {}", "{}: no such mailbox", '"{}" odd'])
@pytest.mark.parametrize("name", ["Server busy", "Request is throttled.", "Over quota"])
def test_a_folder_called_like_a_throttle(work, authority, b, name, answer):
    with ScriptedServer({"INBOX": THREE, name: THREE}, authority=authority) as server:
        server.on(f'^EXAMINE "{name}"', no(answer.format(name)))
        run = work.batch([from_scripted(work, server, b)], expect=EXCEPTIONS)
    assert run.row()["copied"] == 3 and run.row()["error_code"] == "select"
    assert f"the folder {name} on the source can't be opened" in run.row()["error"]


def test_a_server_that_is_busy_with_a_folder_called_like_it(work, authority, b):
    with ScriptedServer({"INBOX": THREE, "Server busy": THREE}, authority=authority) as server:
        server.on('^EXAMINE "Server busy"', no("[UNAVAILABLE] Server busy"), times=1)
        process = work.batch_start([from_scripted(work, server, b)])
        while " until " not in (line := process.stderr.readline().decode()):
            assert line, "it did not wait"
        process.terminate()
        run = work.finish(process)
    assert run.code == PAUSED and run.row()["error_code"] == "throttled"


# Permission or outage ------------------------------------------------------------------------------

NOT_CONNECTED = bad("User is authenticated but not connected.")


def test_one_mailbox_without_the_right(work, authority, a, b):
    good = [work.pair(a, b, {"INBOX": [messages.plain(1)]}) for _ in range(2)]
    with ScriptedServer({"INBOX": THREE}, authority=authority) as server:
        server.on("^LIST", NOT_CONNECTED)
        run = work.batch(
            [from_scripted(work, server, b), *(work.row(a, b, user) for user in good)],
            "--reconnectretry1", "1", expect=FAILED,
        )  # fmt: skip
        assert len(server.seen("^LIST")) == 2
    row = run.rows()[0]
    assert (row["status"], row["error_code"]) == ("failed", "select")
    assert "Add-MailboxPermission -Identity" in run.text("summary.txt")


def test_many_mailboxes_at_once_are_an_outage(work, authority, b):
    with ScriptedServer({"INBOX": THREE}, authority=authority) as server:
        server.on("^LIST", NOT_CONNECTED)
        rows = [from_scripted(work, server, b) | {"user1": f"u{n}"} for n in range(4)]
        run = work.batch(rows, expect=PAUSED)
    for row in run.rows():
        assert (row["status"], row["error_code"]) == ("paused", "throttled")
        assert "many mailboxes of the source server are signed in" in row["error"]
    assert "Many mailboxes are refused alike" in run.text("summary.txt")


def test_a_mailbox_that_opens_at_the_second_try(work, authority, b):
    user = work.user(b)
    with ScriptedServer({"INBOX": THREE}, authority=authority) as server:
        server.on("^LIST", NOT_CONNECTED, times=1)
        work.batch([from_scripted(work, server, b, user)], "--reconnectretry1", "1")
    assert len(mailbox.snapshot(b, user)["INBOX"]) == 3


# explain -------------------------------------------------------------------------------------------


def explain(work, *args):
    run = work.run("explain", *args)
    return run.code, run.out, run.err


def test_explain(work):
    code, out, err = explain(
        work, "A7 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds"
    )
    assert (code, err) == (0, "")
    assert out.startswith("The server asks to slow down (throttled)\n")
    assert "\n  What mailconvoy does: The mailbox waits as long as the server says" in out
    assert "\n  What to do:\n    1. Nothing: mailconvoy waits" in out
    assert out.endswith("  Here the server asks to wait for 299.961 s.\n")
    assert max(map(len, out.splitlines())) <= 80
    # words that a shell took apart
    assert explain(work, "User", "is", "authenticated", "but", "not", "connected.")[1].startswith(
        "Signed in, but not allowed into this mailbox (not-connected)\n"
    )
    code, out, _ = explain(work, "BAD Command Argument Error. 11")
    assert code == 0 and out.index("(argument-error)") < out.index("(fetch-argument-error)")
    assert "\n  In answer to: APPEND\n" in out


@pytest.mark.parametrize(
    "line, ids",
    [
        ("LOGIN failed", ["sign-in-refused"]),
        ("NO LOGIN failed.", ["sign-in-refused"]),
        ('Office365 fails with "User is authenticated but not connected".', ["not-connected"]),
        ("NO Maximum size of appendable message has been exceeded", ["too-big"]),
        ("BAD Request is throttled. Suggested Backoff Time: 178755 milliseconds", ["throttled"]),
        ('"Request is throttled. Suggested Backoff Time: 299961 milliseconds"', ["throttled"]),
        ('The sync fails with many "Trying command when NOT connected!".', ["connection-lost"]),
        ("NO Folder name is reserved", ["folder-reserved"]),
        ("DEBUG: IO/Socket/SSL.pm:1043: local error: SSL read error", ["tls"]),
        ("SSL read or write error", ["tls"]),
        ("BAD Command Argument Error 11", ["argument-error", "fetch-argument-error"]),
        ("BYE Connection closed", ["connection-closed"]),
        ('Couldn\'t create folder [trash] "Mailbox already exists".', ["folder-exists"]),
    ],
)
def test_the_faqs_errors(work, line, ids):
    """Every error that imapsync's FAQ about Office 365 names."""
    code, out, _ = explain(work, "--format", "json", line)
    assert code == 0 and [item["id"] for item in json.loads(out)] == ids


def test_explain_what_nobody_knows(work):
    code, out, err = explain(work, "hello world")
    assert (code, err) == (1, "")
    assert out.startswith("This text is not known.\n  What to do:\n    1. Paste only")
    assert json.loads(explain(work, "--format", "json", "hello")[1]) == []


def test_explain_list(work):
    code, out, _ = explain(work, "--list")
    assert code == 0
    items = json.loads(explain(work, "--format", "json", "--list")[1])
    assert len(items) > 50
    for item in items:
        assert f"{item['title']} ({item['id']})\n" in out
        assert item["steps"] and item["explanation"]
        code, one, _ = explain(work, item["id"])
        assert code == 0 and one in out, item["id"]


@pytest.mark.parametrize("args", [[], ["--list", "x"], ["--format", "xml", "x"], ["--what", "x"]])
def test_explain_used_wrongly(work, args):
    code, out, err = explain(work, *args)
    assert (code, out) == (64, "") and "mailconvoy explain 'TEXT'" in err


def test_explain_help(work):
    for args in (["explain", "--help"], ["help", "explain"]):
        run = work.run(*args)
        assert run.code == 0 and run.out.startswith("Says what a server's line means")
    assert "mailconvoy explain 'TEXT'" in work.run("help").out


@pytest.mark.parametrize("text", ["\x1b[31m NO x", "NO " + "x" * 100_000, "\xff\xfe", "NO [", "[]"])
def test_explain_takes_anything(work, text):
    code, out, _ = explain(work, text)
    assert code == 1 and "\x1b" not in out
