# SPDX-License-Identifier: MIT
"""Every way in which servers are known to ask for patience, to any command, as NO or BAD, with or
without BYE: that side of that mailbox waits, nothing is charged to a message, nothing is lost and
nothing doubled. All in one run, since most of them have to be waited for half a minute."""

import itertools
import re
import signal

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, assert_same, wait_until
from tests.integration.test_review import InvitingServer
from tests.servers import messages
from tests.servers.gmail import Gmail
from tests.servers.scripted import Dropped, ScriptedServer

TOLD = "Request is throttled. Suggested Backoff Time: 300 milliseconds"
WORDS = {
    TOLD: "throttled",
    "[THROTTLED] slow down please": "throttled",
    "[LIMIT] Rate limit hit.": "rate-limit",
    "[INUSE] Mailbox is locked": "in-use",
    "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)": "bandwidth",
    "Server Unavailable. 15": "server-unavailable",
    "[ALERT] Too many simultaneous connections. (Failure)": "connection-limit",
}
HOWS = ("NO", "BAD", "NO and BYE", "BYE")
PLACES = [
    (1, "^AUTHENTICATE"), (1, "^LIST"), (1, "^EXAMINE"), (1, "^UID FETCH 1:"), (1, "^UID FETCH .*BODY.PEEK"),
    (2, "^AUTHENTICATE"), (2, "^LIST"), (2, "^CREATE"), (2, "^SELECT"), (2, "^APPEND"), (2, "announced"),
]  # fmt: skip
MAIL = {
    "INBOX": [b"Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\nbody %d\r\n" % (n, n, n) for n in range(5)],
    "Work": [b"Subject: w%d\r\nMessage-ID: <w%d@x>\r\n\r\nbody %d\r\n" % (n, n, n) for n in range(3)],
}


def hear_out(session):
    """Who closes a connection on which something is unread takes his last words back."""
    session.sock.settimeout(0.3)
    try:
        while session.file.read1(1 << 16):
            pass
    except OSError:
        pass


def say(words, how):
    """Answers a command so, once."""

    def action(session, tag, command):
        if how != "BYE":
            session.send(f"{tag} {how.split()[0]} {words}")
        if "BYE" in how:
            session.send(f"* BYE {words if how == 'BYE' else 'Connection closed'}")
            hear_out(session)
            raise Dropped

    return action


def announced(words, how):
    """The same where a message is announced and the server has not asked for it yet."""
    left = [1]

    def invite(session, text, size):
        tag, _, command = text.partition(" ")
        if command.upper().startswith("APPEND") and left:
            left.clear()
            say(words, how)(session, tag, command)
            return False
        return True

    return invite


class GreetingServer(ScriptedServer):
    """Sends the first one who connects away."""

    def __init__(self, *args, words, **options):
        super().__init__(*args, **options)
        self.first = [f"* BYE {words}"]

    def _serve(self, sock, tls):
        if not self.first:
            return super()._serve(sock, tls)
        sock = tls.wrap_socket(sock, server_side=True)
        sock.sendall(self.first.pop().encode() + b"\r\n")
        sock.close()


class Pair:
    """Two servers of one mailbox, of which one will ask for patience."""

    def __init__(self, authority, certificate, side, place, words, how):
        self.what = f"{words!r} by {how} to {place} of {side}"
        options = {"authority": authority, "certificate": certificate}
        self.source = ScriptedServer(MAIL, **options)
        if place == "greeting":
            self.destination = GreetingServer({"INBOX": []}, words=words, **options)
        elif place == "announced":
            self.destination = InvitingServer({"INBOX": []}, invite=announced(words, how), **options)
        else:
            self.destination = ScriptedServer({"INBOX": []}, **options)
            (self.source if side == 1 else self.destination).on(place, say(words, how), times=1)
        for server in (self.source, self.destination):
            server.start()

    def row(self, work, number, secret):
        row = work.side(1, self.source, f"u{number}", secret)
        return row | work.side(2, self.destination, f"u{number}", secret)

    def stop(self):
        self.source.stop()
        self.destination.stop()


def bodies(server):
    """Message by message; what an APPEND stores is bytes, too."""
    return {name: sorted(map(bytes, items)) for name, items in server.messages.items() if items}


def test_whoever_asks_for_patience_gets_it(work, authority):
    certificate = authority.issue("throttling")
    cases = list(itertools.product(PLACES, WORDS, HOWS)) + [((2, "greeting"), words, "BYE") for words in WORDS]
    pairs = [Pair(authority, certificate, *place, words, how) for place, words, how in cases]
    try:
        secret = work.secret()
        run = work.batch([pair.row(work, n, secret) for n, pair in enumerate(pairs)], "--parallel", "100",
                         "--maxconnectionsperhost", "1000", expect=(COMPLETE, EXCEPTIONS, FAILED, PAUSED))  # fmt: skip
    finally:
        for pair in pairs:
            pair.stop()
    wrong = []
    for pair, row, (_, words, _) in zip(pairs, run.rows(), cases, strict=True):
        counts = (row["status"], row["source_messages"], row["failed"], row["unreadable"], row["difference"])
        if counts != ("complete", 8, 0, 0, 0):
            wrong.append(f"{pair.what}: {counts} {row['error']}")
        elif bodies(pair.destination) != {name: sorted(items) for name, items in MAIL.items()}:
            wrong.append(f"{pair.what}: other messages there")
    assert not wrong, "\n".join(wrong)
    assert run.problems() == []
    waits = re.findall(r" is throttled until .*", run.text("run.log"))
    assert len(waits) == len(cases)
    for words in WORDS:
        assert sum(words in wait for wait in waits) == len(PLACES) * len(HOWS) + 1, words


def test_a_server_that_says_nothing_else(work, authority):
    """It stays paused with exit code 12, and the report names what the provider means."""
    words = "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure) Suggested Backoff Time: 10 milliseconds"
    with ScriptedServer(MAIL, authority) as source, ScriptedServer({"INBOX": []}, authority) as destination:
        source.on("^EXAMINE", say(words, "NO"))
        row = work.side(1, source, "u", work.secret()) | work.side(2, destination, "u", work.secret())
        run = work.batch([row], expect=PAUSED)
        assert len(source.seen("^EXAMINE")) >= 11
        assert run.row()["error_code"] == "throttled" and run.problems() == []
        assert '"id": "bandwidth"' in run.text("summary.json")
        source.rules.clear()
        again = work.batch([row])
    assert again.row()["status"] == "complete" and bodies(destination) == {k: sorted(v) for k, v in MAIL.items()}


def is_waiting(work, earlier_runs):
    logs = sorted((work.workdir / "runs").glob("*/run.log"))
    return len(logs) > earlier_runs and "is throttled until" in logs[-1].read_text()


@pytest.mark.parametrize("side", [1, 2])
def test_gmails_daily_bandwidth(work, a, b, side):
    """The day's bytes are used up: the mailbox waits, whoever stops it gets exit code 12, and the next
    day's run goes on; nothing is charged to a message."""
    mail = {f"F{n}": [messages.big(4 * n + k, 20_000) for k in range(2)] for n in range(6)}
    user = work.pair(a, b, mail)
    now = [1_700_000_000.0]
    with Gmail((a, b)[side - 1], "bandwidth", daily_down=90_000, daily_up=90_000, clock=lambda: now[0]) as gmail:
        ends = [gmail, b] if side == 1 else [a, gmail]
        rows = [work.row(*ends, user)]
        for day in range(10):
            process = work.batch_start(rows)
            wait_until(lambda: process.poll() is not None or is_waiting(work, day), "it waits or is done")
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            run = work.finish(process)
            run.check()
            assert run.code in (COMPLETE, PAUSED) and run.problems() == [], run
            if run.code == COMPLETE:
                break
            now[0] += 86400
        assert run.code == COMPLETE and day >= 2
    assert_same(a, b, user)
