# SPDX-License-Identifier: MIT
"""Messages that are changed on their way, byte by byte, between real Dovecots."""

import collections
import re
import signal
import sqlite3

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, USAGE, wait_until
from tests.servers import mailbox, messages
from tests.servers.messages import EPOCH, Message
from tests.servers.proxy import Proxy
from tests.servers.scripted import ScriptedServer, no

WRAP = r"s,(.{10239}),$1\r\n,g"
ASKS = b"Disposition-Notification-To: <ann@example.org>,\r\n\t<bob@example.org>\r\n"
HIDES = [(), ("MULTIAPPEND",), ("MULTIAPPEND", "LITERAL+")]
MIB = 1 << 20


def mail(number, head=b"", body=b"text\r\n", identity=True):
    known = b"Message-ID: <%d@x>\r\n" % number if identity else b""
    return Message(b"Subject: number %d\r\n" % number + head + known + b"\r\n" + body)


def bodies(server, user, folder="INBOX"):
    with mailbox.Mailbox(server, user) as box:
        if box.imap.select('"%s"' % box.raw_name(folder), readonly=True)[1] == [b"0"]:
            return []
        items = box.imap.fetch("1:*", "(BODY.PEEK[])")[1]
        return [item[1] for item in items if isinstance(item, tuple)]


def changes(work):
    """What the store says of the last run: {kind: messages}."""
    with sqlite3.connect(work.workdir / "state.db") as db:
        return dict(db.execute("SELECT kind, messages FROM message_change WHERE run_id ="
                               " (SELECT MAX(id) FROM run)"))  # fmt: skip


def reported(run):
    row = run.row()
    return row["source_messages"], row["copied"], row["already"], row["excluded"], row["failed"]


def wrapped(body, length=10239):
    """As Perl and imapsync's library do it; of CR CR LF the Dovecots keep one CR."""
    body = re.sub(rb"([^\n]{%d})" % length, rb"\1\r\n", body)
    return re.sub(rb"\r?\n", b"\r\n", body).replace(b"\r\r\n", b"\r\n")


@pytest.mark.parametrize("hide", HIDES, ids=["multiappend", "literal+", "literal"])
def test_wrap_and_receipts(work, a, b, hide):
    """Among messages that are not meant, so both ways of one batch meet."""
    items = [
        mail(1),
        mail(2, head=ASKS),
        mail(3, body=ASKS),
        *(mail(10 + n, body=b"x" * n + b"\r\nend\r\n")
          for n in (10237, 10238, 10239, 10240, 20477, 20478, 30000)),
        mail(4, head=b"DISPOSITION-notification-TO: <x@y>\r\n", body=b"y" * 10500),
        *(messages.plain(100 + n) for n in range(20)),
        messages.long_lines(7),
        messages.eight_bit(8),
    ]  # fmt: skip
    user = work.pair(a, b, {"INBOX": items})
    options = ("--disarmreadreceipts", "--regexmess", WRAP)
    with Proxy(b, hide=hide) as proxy:
        run = work.batch([work.row(a, proxy, user)], *options)
    assert reported(run) == (len(items), len(items), 0, 0, 0)
    wanted = [wrapped(body) for body in bodies(a, user)]
    for i in (1, 10):
        assert b"isposition-" in wanted[i].lower()
        wanted[i] = re.sub(rb"(?i)^(disposition-notification-to)", rb"X-\1", wanted[i], flags=re.M)
    found = bodies(b, user)
    assert found == wanted
    assert ASKS in found[2] and b"\r\nX-" + ASKS in found[1]
    assert changes(work) == {"lines_wrapped": 8, "receipt_disarmed": 2}
    log = run.user_log()
    assert log.count(" changed: ") == 9
    assert "changed: 1 lines wrapped, read receipt disarmed, " in log
    # The empty line behind 10238 bytes was one CR longer when it was sent.
    assert run.row()["bytes_copied"] == sum(map(len, found)) + 2
    # Flags and dates stay what they were; a second run, with the map and without, copies nothing.
    with mailbox.Mailbox(a, user) as old, mailbox.Mailbox(b, user) as new:
        for one, other in zip(old.entries("INBOX"), new.entries("INBOX"), strict=True):
            assert (one.flags, mailbox._epoch(one.date)) == (other.flags, mailbox._epoch(other.date))
    assert reported(work.batch([work.row(a, b, user)], *options))[1:3] == (0, len(items))
    (work.workdir / "state.db").unlink()
    assert reported(work.batch([work.row(a, b, user)], *options))[1:3] == (0, len(items))
    assert changes(work) == {}


def test_rules_may_change_between_runs(work, a, b):
    user = work.pair(a, b, {"INBOX": [mail(n) for n in range(5)]})
    row = work.row(a, b, user)
    assert work.batch([row]).row()["copied"] == 5
    mailbox.fill(a, user, {"INBOX": [mail(9, head=ASKS)]})
    run = work.batch([row], "--disarmreadreceipts")
    assert reported(run) == (6, 1, 5, 0, 0)
    assert sum(b"X-Disposition" in body for body in bodies(b, user)) == 1
    assert reported(work.batch([row]))[1:3] == (0, 6)


def test_expressions_commands_header_and_cut(work, a, b):
    """In imapsync's order; an LF that came on the way becomes CR LF."""
    items = [mail(1), mail(2, identity=False, body=b"z" * 300 + b"\r\n")]
    user = work.pair(a, b, {"INBOX": items})
    run = work.batch(
        [work.row(a, b, user)],
        "--regexmess", r"s/\A/X-From: foo\n/", "--regexmess", "s/number/Number/",
        "--pipemess", "sed s/Number/NUMBER/; echo done >&2", "--pipemess", "cat",
        "--addheader", "--truncmess", "150",
    )  # fmt: skip
    assert reported(run)[1] == 2
    # The command sees what the expressions made; the cut counts before LFs become CR LF.
    full = b"Message-Id: <2@imapsync>\r\nX-From: foo\nSubject: NUMBER 2\r\n\r\n" + b"z" * 300
    assert bodies(b, user) == [
        b"X-From: foo\r\nSubject: NUMBER 1\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n",
        full[:150].replace(b"foo\n", b"foo\r\n"),
    ]
    assert changes(work) == {"edited": 2, "piped": 2, "header_added": 1, "truncated": 1}
    assert run.user_log().count("the command says: done") == 2
    assert reported(work.batch([work.row(a, b, user)]))[1:3] == (0, 2)


def test_skipped_by_text_and_by_lines(work, a, b):
    """Left out, listed, and left out again; 10239 and its line end are 10241."""
    lines = {n: mail(n, body=b"x" * n + b"\r\n") for n in (10238, 10239, 10240)}
    items = [mail(1), mail(2, body=b"caf\xe9\r\n"), *lines.values()]
    user = work.pair(a, b, {"INBOX": items})
    row = work.row(a, b, user)
    options = ("--skipmess", r"m/[\x80-\xff]/", "--maxlinelength", "10_241")
    for copied, already in ((3, 0), (0, 3)):
        run = work.batch([row], *options)
        assert reported(run) == (5, copied, already, 2, 0)
        problems = {p["message_id"]: p["server_text"] for p in run.problems()}
        assert problems == {
            "<2@x>": r"rule: --skipmess m/[\x80-\xff]/",
            "<10240@x>": "rule: a line is longer than --maxlinelength 10241",
        }
    assert len(bodies(b, user)) == 3
    # Through a command instead; who has no such line is not touched.
    run = work.batch([row], "--maxlinelength", "10241", "--maxlinelengthcmd", "fold -b -w 990")
    assert reported(run) == (5, 2, 3, 0, 0)
    assert changes(work) == {"lines_filtered": 1}
    assert max(len(line) for line in bodies(b, user)[-1].split(b"\r\n")) == 990
    assert b"caf\xe9\r\n" in bodies(b, user)[-2]


def test_only_long_lines(work, a, b):
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2, body=b"x" * 100 + b"\r\n")]})
    run = work.sync(work.row(a, b, user), "--minmaxlinelength", "101", "--debugmaxlinelength")
    assert reported(run) == (2, 1, 0, 1, 0)
    assert "longest line: 102 bytes" in run.user_log()
    (body,) = bodies(b, user)
    assert b"\r\n" + b"x" * 100 + b"\r\n" in body


@pytest.mark.parametrize("hide", HIDES[::2], ids=["multiappend", "literal"])
def test_large_messages(work, a, b, hide):
    """12 MiB: changed like any other, or left as they are; the tree beside them too."""
    huge = messages.big(1, 12 * MIB)
    asking = Message(b"A: b\r\n" + ASKS + messages.big(2, 3 * MIB).body)
    long_line = mail(3, body=b"q" * (2 * MIB) + b"\r\n")
    user = work.pair(a, b, {"INBOX": [mail(5), huge, asking, long_line, mail(6, head=ASKS)],
                            "More": [messages.big(4, 5 * MIB), mail(7)]})  # fmt: skip
    before = {name: bodies(a, user, name) for name in ("INBOX", "More")}
    with Proxy(b, hide=hide) as proxy:
        run = work.batch([work.row(a, proxy, user)], "--disarmreadreceipts", "--regexmess", WRAP,
                         "--lanes", "2")  # fmt: skip
    assert reported(run) == (7, 7, 0, 0, 0)
    for name, old in before.items():
        wanted = [wrapped(body).replace(b"\n" + ASKS, b"\nX-" + ASKS) for body in old]
        assert sorted(bodies(b, user, name)) == sorted(wanted)
    assert changes(work) == {"lines_wrapped": 1, "receipt_disarmed": 2}
    assert reported(work.batch([work.row(a, b, user)]))[1:3] == (0, 7)
    assert not list(work.path.glob("**/mailconvoy-[0-9]*"))


def test_large_messages_are_left_out(work, a, b):
    """The rest goes on; a command that fails never lets a half message through."""
    items = [mail(1), messages.big(2, 3 * MIB), messages.big(3, 2 * MIB), mail(4)]
    user = work.pair(a, b, {"INBOX": items})
    fails = "cat; test $(wc -c) = 0; n=$(cat | wc -c); exit 3"
    row = work.row(a, b, user)
    run = work.batch([row], "--skipmess", "m/octet-stream/")
    assert reported(run) == (4, 2, 0, 2, 0)
    run = work.batch([row], "--pipemess", f"head -c 100000; cat >/dev/null; {fails}",
                     "--nopipemesscheck", expect=EXCEPTIONS)  # fmt: skip
    assert reported(run) == (4, 0, 2, 0, 2)
    assert len(bodies(b, user)) == 2
    assert {p["reason"] for p in run.problems()} == {"failed"}
    assert all("ended with status 3" in p["server_text"] for p in run.problems())
    run = work.batch([row], "--pipemess", "cat")
    assert reported(run) == (4, 2, 2, 0, 0)
    assert sorted(bodies(a, user)) == sorted(bodies(b, user))


@pytest.mark.parametrize(
    "command, why",
    [
        ("cat; exit 3", "ended with status 3"),
        ("cat > /dev/null", "printed nothing"),
        ("kill -9 $$", "was ended by signal 9"),
        ("grep -q poison && exit 4; echo Subject: new", "ended with status 4"),
    ],
)
def test_commands_that_fail(work, a, b, command, why):
    user = work.pair(a, b, {"INBOX": [mail(1, body=b"poison\r\n")]})
    options = ("--pipemess", command, "--nopipemesscheck")
    run = work.batch([work.row(a, b, user)], *options, expect=EXCEPTIONS)
    assert reported(run) == (1, 0, 0, 0, 1)
    (problem,) = run.problems()
    assert why in problem["server_text"] and problem["message_id"] == "<1@x>"
    assert bodies(b, user) == []


@pytest.mark.parametrize("command", ["true", "false", "/no/such/command"])
def test_pipemesscheck(work, a, b, command):
    """Tried once on a single space, before anything is connected."""
    user = work.pair(a, b, {"INBOX": [mail(1)]})
    with Proxy(a) as one, Proxy(b) as other:
        run = work.sync(work.row(one, other, user), "--pipemess", command, expect=USAGE)
        assert one.connections == other.connections == 0
    assert "--nopipemesscheck" in run.out + run.err + run.logs()


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--regexmess", "s/a/b"), "regexmess can't be used: s/a/b "),
        (("--skipmess", "m/(/"), "skipmess can't be used: m/(/ "),
        (("--maxlinelengthcmd", "cat"), "maxlinelengthcmd is without effect: give --maxlinelength"),
        (("--truncmess", "0"), "truncmess wants a whole number from 1 "),
    ],
)
def test_bad_options_end_before_any_connection(work, a, b, options, sentence):
    user = work.user(a)
    with Proxy(a) as one, Proxy(b) as other:
        row = work.side(1, one, user) | work.side(2, other, user, work.secret())
        run = work.sync(row, *options, expect=USAGE)
        assert one.connections == other.connections == 0
    assert sentence in run.err


def test_commands_get_no_secret(work, a, b):
    user = work.pair(a, b, {"INBOX": [mail(1)]})
    row = work.row(a, b, user)
    env = {"IMAPSYNC_PASSWORD1": row.pop("password1"), "SECOND": row["password2"], "KEPT": "yes"}
    row["password2"] = "env:SECOND"
    command = r"printf 'X-Seen: <%s%s>\r\n' \"$IMAPSYNC_PASSWORD1\" \"$SECOND$KEPT\"; cat"
    args = [word for name, value in row.items() for word in (f"--{name}", value)]
    run = work.run("sync", *args, "--workdir", work.workdir, "--pipemess",
                   command.replace('\\"', '"'), env=env)  # fmt: skip
    assert run.code == 0, run
    assert bodies(b, user)[0].startswith(b"X-Seen: <yes>\r\n")


def test_commands_in_a_manifest_that_others_may_write(work):
    row = {"host1": "h1", "user1": "u", "password1": "env:HOME", "host2": "h2", "user2": "u",
           "password2": "env:HOME"}  # fmt: skip
    for name, value in (("pipemess", "cat"), ("maxlinelengthcmd", "cat")):
        more = {"maxlinelength": "9"} if name == "maxlinelengthcmd" else {}
        path = work.manifest([row | {name: value} | more])
        path.chmod(0o622)
        run = work.batch(path, expect=USAGE)
        assert "a shell command is refused, since others may write the manifest" in run.err


def test_stop_during_a_command(work, a, b):
    """It is ended at once, and the next run goes on."""
    user = work.pair(a, b, {"INBOX": [mail(n) for n in range(4)]})
    row = work.row(a, b, user)
    mark = work.path / "mark"
    command = f"if grep -q 'number 2'; then touch {mark}; sleep 1000; fi; echo Subject: new"
    process = work.batch_start([row], "--pipemess", command)
    wait_until(mark.exists, "the command runs")
    process.send_signal(signal.SIGTERM)
    run = work.finish(process)
    run.check()
    assert run.row()["status"] == "paused" and run.row()["failed"] == 0
    run = work.batch([row], "--pipemess", "cat")
    assert reported(run)[0] == 4 and len(bodies(b, user)) == 4


def test_dates_from_the_header(work, a, b):
    """The Date field instead of the date of arrival; without one the server's now."""
    heads = {
        1: (b"Date: Tue, 24 Aug 2010 16:00:00 +0200\r\n", "24-Aug-2010 14:00:00"),
        2: (b"Date: 24 Aug 97 16.00.00\r\n", "24-Aug-1997 16:00:00"),
        3: (b"Date: Sun Aug  2 11:55:42 1993\r\n", "02-Aug-1993 11:55:42"),
        4: (b"Date: (Invalid)\r\n", None),
        5: (b"", None),
    }
    items = [mail(n, head=head) for n, (head, _) in heads.items()]
    items.append(Message(b"Date: Wed, 1 Apr 2015 01:02:03 +0000\r\n" + messages.big(6, 2 * MIB).body))
    user = work.pair(a, b, {"INBOX": items})
    options = ("--idatefromheader",)
    assert reported(work.batch([work.row(a, b, user)], *options))[1] == 6
    assert bodies(a, user) == bodies(b, user)
    assert changes(work) == {"date_from_header": 4}
    found = collections.defaultdict(list)
    with mailbox.Mailbox(b, user) as box:
        for entry in box.entries("INBOX"):
            found[entry.message_id].append(mailbox._epoch(entry.date))
    arrived = EPOCH.timestamp()
    for number, (_, date) in heads.items():
        (epoch,) = found[f"<{number}@x>"]
        if date is None:
            assert epoch > arrived + 3e7
        else:
            assert epoch == mailbox._epoch(date + " +0000")
    assert any(e == [mailbox._epoch("01-Apr-2015 01:02:03 +0000")] for e in found.values())
    (work.workdir / "state.db").unlink()
    assert reported(work.batch([work.row(a, b, user)], *options))[1:3] == (0, 6)


def test_refused_messages_are_changed_again(work, a, b):
    """A MULTIAPPEND is taken apart: what is fetched again is changed again."""
    user = work.pair(a, b, {"INBOX": [mail(n, head=ASKS) for n in range(20)]})
    proxy = Proxy(b).on("^APPEND", no("[CANNOT] poison"), body=rb"Subject: number 13\r\n")
    with proxy:
        run = work.batch([work.row(a, proxy, user)], "--disarmreadreceipts", expect=EXCEPTIONS)
    assert reported(run) == (20, 19, 0, 0, 1)
    assert all(b"\r\nX-Disposition" in body for body in bodies(b, user))
    assert changes(work) == {"receipt_disarmed": 19}


def test_what_is_larger_than_the_limit_is_never_copied_as_it_is(work, authority, b):
    size = 256 * MIB + 1
    huge = messages.Huge(7, size)
    source = ScriptedServer({"INBOX": [mail(1).body, huge, mail(2).body]}, authority)
    user = work.user(b)
    with source:
        row = work.side(1, source, "u", work.secret()) | work.side(2, b, user)
        run = work.batch([row], "--disarmreadreceipts", expect=EXCEPTIONS)
    assert reported(run) == (3, 2, 0, 0, 1)
    (problem,) = run.problems()
    assert "larger than 268435456 bytes" in problem["server_text"]


def test_debugcontent(work, a, b):
    user = work.pair(a, b, {"INBOX": [mail(1, head=ASKS, body=b"\x1b[31mred\r\n")]})
    run = work.sync(work.row(a, b, user), "--debugcontent", "--disarmreadreceipts")
    log = run.user_log()
    assert "msg INBOX/1 content: X-Disposition-Notification-To: <ann@example.org>," in log
    assert r"content: \x1b[31mred" in log


def test_paced_messages_are_changed_once(work, a, b):
    """The budget asks again and again for the same body; the command runs once for each."""
    count = work.path / "count"
    user = work.pair(a, b, {"INBOX": [mail(n, body=b"y" * 20000) for n in range(5)]})
    run = work.batch([work.row(a, b, user)], "--pipemess", f"echo x >> {count}; cat",
                     "--maxbytespersecond", "100k", "--nopipemesscheck")  # fmt: skip
    assert reported(run)[1] == 5
    assert count.read_text() == "x\n" * 5
    assert COMPLETE == run.code != PAUSED


def test_the_time_of_a_command_is_not_the_servers_silence(work, a, b):
    """The source gives message after message, and each takes longer than the patience with it."""
    user = work.pair(a, b, {"INBOX": [mail(n, body=b"y" * 60000) for n in range(3)]})
    with Proxy(a, download_rate=200_000) as slow:
        run = work.batch([work.row(slow, b, user)], "--pipemess", "sleep 1.2; cat",
                         "--timeout", "1", "--nopipemesscheck")  # fmt: skip
    assert reported(run)[1] == 3


def test_a_run_that_is_cut_off_changes_each_message_once(work, a, b):
    """With and without what the first run remembered: what was appended is known by its identity."""
    items = [mail(n, head=ASKS, body=b"z" * 20000 + b"\r\n") for n in range(40)]
    user = work.pair(a, b, {"INBOX": items})
    options = ("--disarmreadreceipts", "--regexmess", WRAP)
    with Proxy(a, cut_download_after=400_000) as cut:
        run = work.batch([work.row(cut, b, user)], *options, expect=(FAILED, PAUSED))
    assert 0 < run.row()["copied"] < 40
    (work.workdir / "state.db").unlink()
    run = work.batch([work.row(a, b, user)], *options)
    assert run.row()["copied"] + run.row()["already"] == 40
    wanted = [wrapped(body).replace(b"\n" + ASKS, b"\nX-" + ASKS) for body in bodies(a, user)]
    assert sorted(bodies(b, user)) == sorted(wanted)
