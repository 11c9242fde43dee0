# SPDX-License-Identifier: MIT
"""Servers that answer at odd moments: in the middle of a literal, before one, with half a response,
with an answer too many. Nothing may hang, nothing may be lost, and no message may get another one's
flags or date."""

import datetime
import re
import signal
import socket
import struct
import time

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, wait_until
from tests.servers import mailbox, messages, scripted
from tests.servers.proxy import Proxy
from tests.servers.scripted import PASS, Dropped, ScriptedServer, answer, bad, bye, hang, no

NOT_COMPLETE = (EXCEPTIONS, FAILED, PAUSED)
SMALL = [b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\nbody\r\n" % (n, n) for n in range(1, 4)]
LARGE = b"Subject: large\r\nMessage-ID: <large@x>\r\n\r\n" + b"0123456789 large\r\n" * 120_000
ALONE = r"^UID FETCH \d+ \(UID BODY.PEEK\[\]\)"
METADATA = r"^UID FETCH \d+ .*RFC822.SIZE"


class InvitingServer(ScriptedServer):
    """Without LITERAL+. `invite(session, text, size)` answers a literal's announcement: True sends
    "+", False says that the command is over."""

    def __init__(self, *args, invite, **options):
        super().__init__(*args, capability="IMAP4rev1 SASL-IR AUTH=PLAIN NAMESPACE", **options)
        self.invite = invite

    def _serve(self, sock, tls):
        try:
            sock = tls.wrap_socket(sock, server_side=True)
            self._sockets.add(sock)
            InvitingSession(self, sock).run()
        except (OSError, Dropped, ValueError):
            pass
        finally:
            self._sockets.discard(sock)
            sock.close()


class InvitingSession(scripted.Session):
    def _read_command(self):
        text, literals = "", []
        while True:
            line = self.file.readline(1 << 20)
            if not line.endswith(b"\n"):
                raise Dropped
            line = line.rstrip(b"\r\n").decode("utf-8", "replace")
            text += line
            mark = re.search(r"\{(\d+)\}$", line)
            if not mark:
                return text, literals
            if not self.server.invite(self, text, int(mark[1])):
                text, literals = "", []
                continue
            self.send("+ go ahead")
            literals.append(self.file.read(int(mark[1])))


def scripted_row(work, source, destination):
    """From one scripted server to another server."""
    user = work.secret()
    second = work.side(2, destination, "there", work.secret())
    return work.side(1, source, "here", user) | second


def to_dovecot(work, source, b):
    return work.side(1, source, "scripted", work.secret()) | work.side(2, b, work.user(b))


def slow_body(session, tag, command):
    """The announcement of the body comes first, the body a little later."""
    uid = int(command.split()[2])
    body = session.server.messages[session.selected][uid - 1]
    session.send(f"* {uid} FETCH (UID {uid} BODY[] {{{len(body)}}}")
    time.sleep(0.5)
    session.send_raw(body + b")\r\n")
    session.send(f"{tag} OK done")


# Literals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source_action", [slow_body, lambda *_: PASS], ids=["slow", "at once"])
def test_a_large_literal_that_is_not_invited(work, authority, source_action):
    def invite(session, text, size):
        if size < 1_000_000:
            return True
        session.send(text.split()[0] + " NO [TOOBIG] not that one")
        return False

    with ScriptedServer({"INBOX": [LARGE, *SMALL]}, authority) as source, InvitingServer(
        {"INBOX": []}, authority, invite=invite
    ) as destination:
        source.on(ALONE, source_action)
        row = scripted_row(work, source, destination)
        run = work.batch([row], "--timeout", "5", expect=EXCEPTIONS)
        assert destination.messages["INBOX"] == SMALL
    assert (run.row()["copied"], run.row()["too_big"]) == (3, 1)


def test_an_invitation_that_never_comes(work, authority):
    with ScriptedServer({"INBOX": [LARGE]}, authority) as source, InvitingServer(
        {"INBOX": []}, authority, invite=lambda session, *_: session.server.stopped.wait(60)
    ) as destination:
        row = scripted_row(work, source, destination)
        process = work.batch_start([row], "--timeout", "2")
        run = work.finish(process, 30)
    assert run.row()["error_code"] == "timeout"


def test_ok_instead_of_an_invitation(work, authority):
    """The message was never sent, so it is not copied."""

    def invite(session, text, size):
        session.send(text.split()[0] + " OK stored")
        return False

    with ScriptedServer({"INBOX": SMALL}, authority) as source, InvitingServer(
        {"INBOX": []}, authority, invite=invite
    ) as destination:
        row = scripted_row(work, source, destination)
        run = work.batch([row], "--timeout", "5", expect=NOT_COMPLETE)
    assert run.row()["copied"] == 0


def test_two_large_literals_in_one_response(work, authority, b):
    def two(session, tag, command):
        head = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(LARGE)
        session.send_raw(head + LARGE + b" BODY[TEXT] {%d}\r\n" % len(LARGE) + LARGE + b")\r\n")
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": [LARGE]}, authority) as source:
        source.on(ALONE, two)
        process = work.batch_start([to_dovecot(work, source, b)], "--timeout", "3")
        run = work.finish(process, 30)
    run.check()
    assert run.code in NOT_COMPLETE


def test_a_source_that_ends_in_a_large_body(work, authority, b):
    """Nothing more can come for the open APPEND: no reason to wait for it."""

    def half(session, tag, command):
        head = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(LARGE)
        session.send_raw(head + LARGE[: len(LARGE) // 2])
        raise Dropped

    with ScriptedServer({"INBOX": [LARGE]}, authority) as source:
        source.on(ALONE, half)
        started = time.monotonic()
        run = work.batch([to_dovecot(work, source, b)], expect=NOT_COMPLETE)
        assert time.monotonic() - started < 15
    assert run.row()["copied"] == 0


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_a_reset_while_waiting_for_the_budget(work, authority, b):
    """The end of a connection that is not read at the moment must not keep the processor busy."""
    body = b"Subject: x\r\nMessage-ID: <slow@x>\r\n\r\n" + b"y" * 78 + b"\r\n" * 20_000

    def reset(session, tag, command):
        for uid in session.uids(command.split()[2]):
            session.send_message(uid, command.split(maxsplit=3)[3])
        time.sleep(1)
        linger = struct.pack("ii", 1, 0)
        session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        session.file.close()
        session.sock.close()
        session.server.was_reset = True
        raise Dropped

    with ScriptedServer({"INBOX": [body] * 3}, authority) as source:
        source.on(r"^UID FETCH.*BODY.PEEK\[\]", reset)
        process = work.batch_start([to_dovecot(work, source, b)], "--maxbytespersecond", "2000")
        source.wait_for(r"^UID FETCH.*BODY.PEEK\[\]")
        time.sleep(2)
        before = cpu_seconds(process.pid)
        time.sleep(3)
        used = cpu_seconds(process.pid) - before
        process.send_signal(2)
        time.sleep(0.2)
        process.send_signal(2)
        work.finish(process)
    assert used < 1


# Half a response, or one too many --------------------------------------------------------------------


def only(server, user, name="INBOX"):
    (entry,) = mailbox.snapshot(server, user)[name]
    return entry


def moment(entry):
    date = datetime.datetime.strptime(entry.date.strip(), "%d-%b-%Y %H:%M:%S %z")
    return date.astimezone(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")


def test_a_flag_that_changes_while_a_large_message_is_asked_for(work, authority, b):
    """The update has no date; the message keeps the one it has."""

    def with_update(session, tag, command):
        session.send_message(1, command)
        session.send(r"* 1 FETCH (UID 1 FLAGS (\Seen \Flagged))")
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": [LARGE]}, authority) as source:
        source.on(METADATA, with_update)
        row = to_dovecot(work, source, b)
        work.batch([row])
    entry = only(b, row["user2"])
    assert moment(entry) == "2020-03-01 10:01"
    assert set(entry.flags) == {"\\Seen", "\\Flagged"}


def in_pieces(session, tag, command):
    """Body first, flags and date in responses of their own (RFC 9051 allows it)."""
    words = command.split(maxsplit=3)
    for uid in session.uids(words[2]):
        if "BODY.PEEK[]" in command:
            session.send_message(uid, "(UID BODY.PEEK[])")
        if "FLAGS" in command:
            session.send(rf"* {uid} FETCH (UID {uid} FLAGS (\Flagged))")
        if "INTERNALDATE" in command:
            session.send(f'* {uid} FETCH (UID {uid} INTERNALDATE "02-Apr-2021 11:12:00 +0000")')
    session.send(f"{tag} OK done")


def test_flags_and_date_in_other_responses_than_the_body(work, authority, b):
    with ScriptedServer({"INBOX": SMALL[:1]}, authority) as source:
        source.on(r"^UID FETCH (?!1:\*)", in_pieces)
        row = to_dovecot(work, source, b)
        work.batch([row])
    entry = only(b, row["user2"])
    assert moment(entry) == "2021-04-02 11:12"
    assert set(entry.flags) == {"\\Flagged"}


def test_a_message_without_flags_is_not_called_vanished(work, authority, b):
    def no_flags(session, tag, command):
        session.send_message(1, command.replace("FLAGS ", ""))
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": [LARGE]}, authority) as source:
        source.on(METADATA, no_flags)
        row = to_dovecot(work, source, b)
        run = work.batch([row], expect=(COMPLETE, EXCEPTIONS))
    assert run.row()["vanished"] == 0


def test_a_partial_body_is_none(work, authority, b):
    def partial(session, tag, command):
        words = command.split(maxsplit=3)
        for uid in session.uids(words[2]):
            session.send_raw(
                rb'* %d FETCH (UID %d FLAGS () INTERNALDATE "01-Mar-2020 10:02:00 +0000" '
                rb"BODY[]<0> {7}" % (uid, uid) + b"\r\nSubject)\r\n"
            )
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": SMALL[:1]}, authority) as source:
        source.on(r"^UID FETCH.*BODY.PEEK\[\]", partial)
        run = work.batch([to_dovecot(work, source, b)], expect=NOT_COMPLETE)
    assert run.row()["copied"] == 0


def test_a_header_that_is_nil(work, authority, b):
    """One damaged message must not keep the whole folder from being copied."""

    def nil(session, tag, command):
        for uid in session.uids(command.split()[2]):
            if uid == 2:
                session.send('* 2 FETCH (UID 2 RFC822.SIZE 40 INTERNALDATE "01-Mar-2020 10:02:00 '
                             '+0000" BODY[HEADER.FIELDS (DATE)] NIL)')  # fmt: skip
            else:
                session.send_message(uid, command.split(maxsplit=3)[3])
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": SMALL}, authority) as source:
        source.on(r"^UID FETCH 1:\*.*HEADER", nil)
        row = to_dovecot(work, source, b)
        mailbox.fill(b, row["user2"], {"INBOX": [messages.plain(1)]})
        run = work.batch([row])
    assert run.row()["copied"] == 3


# Folders -------------------------------------------------------------------------------------------


def test_what_comes_after_a_folder_that_cannot_be_opened(work, authority, b):
    """A FETCH response nobody asked for is not counted to the next folder."""

    def on_open(session, tag, command):
        if '"A"' in command:
            session.selected = "A"
            return session.send(f"{tag} NO [NOPERM] not yours")
        if '"B"' in command:
            session.send("* 4 FETCH (UID 4 RFC822.SIZE 100)")
        return PASS

    def on_list(session, tag, command):
        return session.send(f"{tag} BAD nothing selected") if session.selected == "A" else PASS

    with ScriptedServer({"A": SMALL, "B": SMALL}, authority) as source:
        source.on("^EXAMINE", on_open).on("^UID FETCH", on_list)
        row = to_dovecot(work, source, b)
        mailbox.fill(b, row["user2"], {"B": [messages.plain(1)]})
        with Proxy(b, latency_msecs=20) as proxy:
            row |= {"host2": proxy.host, "port2": str(proxy.imaps_port)}
            run = work.batch([row], expect=EXCEPTIONS)
    assert run.row()["copied"] == 3, run


def test_news_of_the_folder_before(work, authority, b):
    """EXISTS and EXPUNGE that were still meant for the folder that is being left."""

    def news(session, tag, command):
        if session.selected == "A":
            session.send("* 3 EXPUNGE")
            session.send("* 50 EXISTS")
        return PASS

    with ScriptedServer({"A": SMALL, "B": SMALL}, authority) as source:
        source.on("^EXAMINE.*B", news)
        run = work.batch([to_dovecot(work, source, b)])
    assert run.row()["copied"] == 6


def test_two_folders_that_read_alike(work, authority, b):
    """Raw UTF-8 beside modified UTF-7: the accounting knows both."""
    with ScriptedServer({"Größe": SMALL, "Gr&APYA3w-e": SMALL[:2]}, authority) as source:
        run = work.batch([to_dovecot(work, source, b)])
    row = run.row()
    assert (row["source_messages"], row["copied"], row["folders"]) == (5, 5, 2)


def test_lsub_that_is_not_known(work, authority, b):
    """IMAP4rev2 has none."""
    with ScriptedServer({"INBOX": SMALL}, authority) as source:
        source.on("^LSUB", bad("unknown command"))
        run = work.batch([to_dovecot(work, source, b)])
    assert run.row()["copied"] == 3


def test_a_listing_without_end(work, authority, b):
    """Memory for as many messages as can be, and not for more."""

    def endless(session, tag, command):
        lines = b"".join(b"* 1 FETCH (UID %d RFC822.SIZE 1)\r\n" % n for n in range(1, 20_000))
        for _ in range(300):
            session.send_raw(lines)
        session.send(f"{tag} OK done")

    with ScriptedServer({"INBOX": SMALL}, authority) as source:
        source.on(r"^UID FETCH 1:\*", endless)
        process = work.batch_start([to_dovecot(work, source, b)])
        peak = 0
        while process.poll() is None:
            status = open(f"/proc/{process.pid}/status").read()
            if found := re.search(r"VmHWM:\s+(\d+)", status):
                peak = int(found[1])
            time.sleep(0.05)
        run = work.finish(process)
    assert run.code in NOT_COMPLETE and run.row()["copied"] == 0
    assert peak < 60_000, f"{peak} KiB"


# Every phase ---------------------------------------------------------------------------------------

SOURCE_PHASES = [
    (1, command)
    for command in ("^AUTHENTICATE", "^LIST", "^LSUB", "^EXAMINE", r"^UID FETCH 1:\*", ALONE)
]
DESTINATION_PHASES = [
    (2, command) for command in ("^AUTHENTICATE", "^LIST", "^CREATE", "^SELECT", r"^UID FETCH 1:\*")
]


def two_servers(authority):
    return (
        ScriptedServer({"INBOX": [*SMALL, LARGE], "A": SMALL}, authority),
        ScriptedServer({"INBOX": SMALL[:1]}, authority),
    )


@pytest.mark.parametrize("side, command", SOURCE_PHASES + DESTINATION_PHASES)
def test_a_signal_in_every_phase(work, authority, side, command):
    source, destination = two_servers(authority)
    with source, destination:
        guilty = source if side == 1 else destination
        guilty.on(command, hang)
        process = work.batch_start([scripted_row(work, source, destination)])
        guilty.wait_for(command)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        run = work.finish(process, 40)
        assert time.monotonic() - started < 10
    assert run.code == PAUSED, run
    run.check()


@pytest.mark.parametrize("side, command", SOURCE_PHASES + DESTINATION_PHASES + [(2, "^APPEND")])
def test_a_throttle_as_good_bye_in_every_phase(work, authority, side, command):
    words = "Request is throttled. Suggested Backoff Time: 300 milliseconds"
    source, destination = two_servers(authority)
    with source, destination:
        (source if side == 1 else destination).on(command, bye(words))
        run = work.batch([scripted_row(work, source, destination)], expect=PAUSED)
    assert run.row()["error_code"] == "throttled" and words in run.row()["error"]


def test_a_dry_run_writes_nothing(work, authority):
    source, destination = two_servers(authority)
    with source, destination:
        run = work.batch([scripted_row(work, source, destination)], "--dry")
        assert not destination.seen("^(SELECT|APPEND|CREATE|SUBSCRIBE|(UID )?STORE|EXPUNGE|CLOSE)")
    row = run.row()
    assert (row["copied"], row["already"], row["excluded"]) == (0, 1, 6)


def test_a_refused_subscription_is_told(work, authority):
    source, destination = two_servers(authority)
    with source, destination:
        source.on("^LSUB", answer('* LSUB () "/" A', "{tag} OK done"))
        destination.on("^SUBSCRIBE", no("no subscriptions here"))
        run = work.batch([scripted_row(work, source, destination)])
    assert "no subscriptions here" in run.user_log()


def run_log(work):
    path = work.workdir / "latest/run.log"
    return path.read_text() if path.exists() else ""


# Secrets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["NO", "BAD", "BYE", "NO Request is throttled:"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_server_that_repeats_the_secret(work, authority, b, mechanism, how):
    def repeat(session, tag, command):
        tag = "*" if how == "BYE" else tag
        session.send(f"{tag} {how} can't understand {command}")
        if "throttled" in how:
            session.send("* BYE Connection closed. 14")
        if how not in ("NO", "BAD"):
            raise Dropped

    capability = "IMAP4rev1 LITERAL+ " + ("SASL-IR AUTH=PLAIN" if mechanism == "PLAIN" else "")
    with ScriptedServer({"INBOX": SMALL}, authority, capability=capability) as source:
        source.on("^(LOGIN|AUTHENTICATE)", repeat)
        row = to_dovecot(work, source, b)
        process = work.batch_start([row], "--debugimap1")
        source.wait_for("^(LOGIN|AUTHENTICATE)")
        if "throttled" in how:
            wait_until(lambda: "is throttled until" in run_log(work), "it waits")
            process.send_signal(signal.SIGINT)
        run = work.finish(process)
        assert run.code in (FAILED, PAUSED), run
        sent = source.seen("^(LOGIN|AUTHENTICATE)")[0].split()[-1].strip('"')
    for path in work.workdir.rglob("*"):
        if path.is_file():
            assert sent.encode() not in path.read_bytes(), path
    assert sent not in run.out + run.err


def test_a_server_that_repeats_a_quoted_secret(work, authority, b):
    def repeat(session, tag, command):
        session.send(f"{tag} NO can't understand {command}")

    with ScriptedServer({"INBOX": SMALL}, authority, capability="IMAP4rev1 LITERAL+") as source:
        source.on("^LOGIN", repeat)
        row = to_dovecot(work, source, b) | {"password1": 'first"second-half'}
        run = work.batch([row], "--debugimap1", expect=FAILED)
    assert "second-half" not in run.user_log() + run.text("summary.csv") + run.out + run.err
