# SPDX-License-Identifier: MIT
"""Each command line of imapsync's FAQ about Office 365 runs, through a real shell, and does what
the FAQ says: on the mailboxes."""

import ast
import re
import shlex
import time

import pytest

from tests.integration.harness import PROGRAM, ROOT, USAGE, assert_same
from tests.integration.test_oauth import token_file
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.messages import Message

COMMANDS = [
    line.split(" ", 1)
    for line in (ROOT / "tests/integration/office365_commands.txt").read_text().splitlines()
    if not line.startswith("#")
]
ASKS = b"Disposition-Notification-To: <ann@example.org>\r\n"
RENAMED = "Files_renamed_by_imapsync"
TOO_BIG = 114


def mail(number, head=b"", body=b"text\r\n", flags=()):
    known = b"Subject: number %d\r\nMessage-ID: <%d@host>\r\n" % (number, number)
    return Message(known + head + b"\r\n" + body, flags)


def bodies(server, user, folder="INBOX"):
    """{number: text} of a folder; None: there is none."""
    with mailbox.Mailbox(server, user) as box:
        if folder not in box.folders():
            return None
        if box.imap.select('"%s"' % box.raw_name(folder), readonly=True)[1] == [b"0"]:
            return {}
        items = box.imap.fetch("1:*", "(BODY.PEEK[])")[1]
        texts = [item[1] for item in items if isinstance(item, tuple)]
    return {int(re.search(rb"Subject: number (\d+)", text)[1]): text for text in texts}


def flags(server, user, uid=1):
    with mailbox.Mailbox(server, user) as box:
        box.imap.select("INBOX", readonly=True)
        line = box.imap.uid("FETCH", str(uid), "(FLAGS)")[1][0]
    return set(re.search(rb"FLAGS \(([^)]*)\)", line)[1].split()) - {rb"\Recent"}


@pytest.fixture
def faq(work):
    """Runs the command of a question that has these words, as a shell does; `more` goes where the
    FAQ has "...", and `instead` is what the FAQ could not know."""
    scripts = work.inputs / "bin"
    scripts.mkdir()
    for name in ("imapsync", "imapsync.exe"):
        path = scripts / name
        path.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PROGRAM))} sync "$@"\n')
        path.chmod(0o755)
    (work.inputs / "imapsync").symlink_to(scripts / "imapsync")

    def tool(name, text):
        path = work.inputs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(question, words, row, *options, expect=0, instead=()):
        (command,) = [
            line for number, line in COMMANDS if int(number) == question and line.endswith(words)
        ]
        for old, new in instead:
            assert old in command
            command = command.replace(old, new)
        given = [f"--{key}" if part == 0 else value for key, value in row.items() for part in (0, 1)]
        given += ["--workdir", str(work.workdir), "--reconnectretry1", "0", "--reconnectretry2", "0"]
        line = command.replace("...", shlex.join([*given, *options]), 1)
        env = {"PATH": f"{scripts}:{work.inputs / 'tools'}:/usr/bin:/bin"}
        process = work.start("-c", line, program="/bin/sh", env=env, cwd=work.inputs)
        result = work.finish(process)
        assert result.code == expect, result.user_log() if result.code not in (64,) else result
        return result

    run.tool = tool
    return run


# Sign-in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("question, name", [(1, "tokenfile"), (3, "tokenfile1")])
def test_a_token_of_the_source(work, oauth, b, faq, question, name):
    user = work.pair(oauth.server, b, {"INBOX": [mail(1)]})
    token = token_file(work, oauth.tokens.make([user]))
    row = work.row(oauth.server, b, user)
    del row["password1"]
    token.rename(work.inputs / name)
    faq(question, f"--oauthaccesstoken1 {name}", row)
    assert_same(oauth.server, b, user)


def test_a_token_of_the_destination(work, oauth, b, faq):
    user = work.pair(b, oauth.server, {"INBOX": [mail(1)]})
    token_file(work, oauth.tokens.make([user])).rename(work.inputs / "tokenfile2")
    row = work.row(b, oauth.server, user)
    del row["password2"]
    faq(3, "--oauthaccesstoken2 tokenfile2", row)
    assert_same(b, oauth.server, user)


def test_a_shared_mailbox(work, a, b, faq):
    shared = work.pair(a, b, {"INBOX": [mail(1)]})
    boss = work.user(a)
    a.add_user(f"{boss}\\{shared}", a.passwords[boss], mailbox_of=shared)
    row = work.row(a, b, boss, shared)
    names = [("user@example.com", boss), ("shared@example.com", shared)]
    faq(7, 'shared@example.com"', row, instead=names)
    assert_same(a, b, shared)


def test_a_backup_account(work, a, b, faq):
    """Into a folder of another account, and back from there."""
    user = work.user(a, {"INBOX": [mail(1)], "Work": [mail(2)]})
    backup, again = work.user(b), work.user(a)
    names = [("sharedloginsyntax", backup)]
    faq(8, "--subfolder2 backup_foo", work.row(a, b, user, backup), instead=names)
    assert bodies(b, backup, "backup_foo/Work").keys() == {2}
    faq(8, "--subfolder1 backup_foo", work.row(b, a, backup, again), instead=names)
    assert bodies(a, again).keys() == {1} and bodies(a, again, "Work").keys() == {2}


def test_an_administrator(work, a, b, faq):
    chief = work.secret()
    b.add_master("user_admin@domain.com", chief)
    user = work.pair(a, b, {"INBOX": [mail(1)]})
    row = work.row(a, b, user)
    del row["password2"]
    names = [("user_to_be_migrated@domain.com", user), ("XXXX", chief)]
    faq(23, "--password2 XXXX --ssl2", row, instead=names)
    assert_same(a, b, user)
    row["password2"] = chief
    faq(23, "--user2 user_to_be_migrated", row, instead=[("user_to_be_migrated", user)])


# Presets and their parts -------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["imapsync.exe ... --office1", "imapsync ... --office1"])
def test_from_office365(work, a, b, faq, words):
    user = work.pair(a, b, {"INBOX": [mail(1)], "Files": [mail(2)], "Files2": [mail(3)]})
    with Exchange(a, "files_reserved") as source:
        run = faq(4, words, work.row(source, b, user))
    assert bodies(b, user).keys() == {1} and bodies(b, user, "Files") is None
    assert bodies(b, user, "Files2").keys() == {3}
    assert "exclude" in run.out


def test_from_office365_in_full(work, a, b, faq):
    user = work.pair(a, b, {"INBOX": [mail(1)], "Files": [mail(2)], "Files2": [mail(3)]})
    with Exchange(a) as source:
        faq(4, '"^Files$"', work.row(source, b, user), instead=[("outlook.office365.com", a.host)])
    assert bodies(b, user, "Files") is None and bodies(b, user, "Files2").keys() == {3}


LONG = b"x" * 25_000 + b"\r\n"
HUGE = Message(b"Subject: number 9\r\n\r\n" + b"y" * 76 * 600_000)


def check_as_office2(server, user):
    found = bodies(server, user)
    assert found.keys() == {1, 2, 3}
    assert max(len(line) for line in found[2].split(b"\r\n")) == 10239
    assert found[2].replace(b"\r\n", b"").count(b"x") == 25_000
    assert b"\r\nX-Disposition-Notification-To:" in found[3]
    assert bodies(server, user, RENAMED).keys() == {4}


def test_to_office365(work, a, faq):
    items = [mail(1), mail(2, body=LONG), mail(3, ASKS), HUGE]
    user, old = work.user(a), work.user(a, {"INBOX": items, "Files": [mail(4)]})
    with Exchange(a, "files_reserved", "max_line", "lose_flagged") as destination:
        row = work.row(a, destination, old, user)
        began = time.monotonic()
        run = faq(5, "... --office2", row, expect=TOO_BIG)
        assert time.monotonic() - began > 0.5, "4 messages a second"
        assert run.row()["too_big"] == 1
        check_as_office2(a, user)
        assert faq(5, "... --office2", row, expect=TOO_BIG).row()["copied"] == 0


def test_to_office365_in_full(work, a, faq):
    """In double quotes a Unix shell takes $1 away: then each long line would become an empty one."""
    items = [mail(1), mail(2, body=LONG), mail(3, ASKS)]
    user, old = work.user(a), work.user(a, {"INBOX": items, "Files": [mail(4)]})
    with Exchange(a, "files_reserved", "max_line") as destination:
        row = work.row(a, destination, old, user)
        host = ("outlook.office365.com", a.host)
        words = f'--f1f2 "Files={RENAMED}"'
        refused = faq(5, f'$1\\r\\n,g" {words}', row, instead=[host], expect=USAGE)
        assert "single quotes" in refused.err and bodies(a, user) == {}
        quoted = ('"s,(.{10239}),$1\\r\\n,g"', "'s,(.{10239}),$1\\r\\n,g'")
        faq(5, words, row, instead=[host, quoted])
    check_as_office2(a, user)


def test_commands_that_mend(work, a, b, faq):
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2, body=LONG)]})
    row = work.row(a, b, user)
    faq.tool("tools/reformime", '#!/bin/sh\n[ "$1" = -r7 ] && fold -b -w 900\n')
    faq(5, 'reformime -r7"', row, "--maxlinelength", "10500")
    found = bodies(b, user)
    assert found[1] == bodies(a, user)[1], "short lines are left alone"
    assert max(len(line) for line in found[2].splitlines()) == 900
    assert found[2].count(b"x") == 25_000


@pytest.mark.parametrize("question", [5, 21])
def test_a_script_that_mends(work, a, b, faq, question):
    faq.tool("W/tools/fix_email_for_exchange.py", "#!/bin/sh\nsed s/text/mended/\n")
    user = work.pair(a, b, {"INBOX": [mail(1)]})
    faq(question, "fix_email_for_exchange.py", work.row(a, b, user))
    assert bodies(b, user)[1] == bodies(a, user)[1].replace(b"text", b"mended")


# Flags -------------------------------------------------------------------------------------------


def test_flags_that_are_left_at_home(work, a, b, faq):
    user = work.pair(a, b, {"INBOX": [mail(1, flags=("\\Seen", "$MDNSent"))]})
    row = work.row(a, b, user)
    refused = faq(11, '$MDNSent//g"', row, expect=USAGE)
    assert "'s/\\$MDNSent//g'" in refused.err
    faq(11, '$MDNSent//g"', row, instead=[('"', "'")])
    assert flags(b, user) == {rb"\Seen"}


def test_flagged_in_two_runs(work, a, b, faq):
    """The FAQ's trick; one run is enough here."""
    user = work.pair(b, a, {"INBOX": [mail(1, flags=("\\Seen", "\\Flagged"))]})
    with Exchange(a, "lose_flagged") as destination:
        row = work.row(b, destination, user)
        refused = faq(22, 'Flagged//g"', row, expect=USAGE)
        assert "'s/\\\\Flagged//g'" in refused.err
        faq(22, 'Flagged//g"', row, instead=[('"', "'")])
        assert flags(a, user) == {rb"\Seen"}
        # What imapsync's second run does by default would undo what the user did meanwhile.
        faq(22, "imapsync ...", row, "--resyncflags")
        assert flags(a, user) == {rb"\Seen", rb"\Flagged"}
        other = work.pair(b, a, {"INBOX": [mail(1, flags=("\\Seen", "\\Flagged"))]})
        faq(22, "imapsync ...", work.row(b, destination, other))
        assert flags(a, other) == {rb"\Seen", rb"\Flagged"}


# Limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question, words, count, body, least_secs",
    [
        (13, "--maxmessagespersecond 2", 4, b"text\r\n", 1.4),
        (14, "--maxmessagespersecond 1", 3, b"text\r\n", 1.9),
        (14, "--maxmessagespersecond 0.33", 2, b"text\r\n", 2.9),
        (13, "--maxbytespersecond 100_000", 4, b"z" * 50_000, 0.9),
        (14, "--maxbytespersecond 83333", 4, b"z" * 50_000, 1.1),
        (13, "--exitwhenover 1_000_000_000", 3, b"text\r\n", 0),
    ],
)
def test_limits(work, a, b, faq, question, words, count, body, least_secs):
    """At least so long: the first message is free, and the last byte may still be on its way."""
    user = work.pair(a, b, {"INBOX": [mail(n, body=body) for n in range(count)]})
    began = time.monotonic()
    run = faq(question, words, work.row(a, b, user))
    assert time.monotonic() - began >= least_secs
    assert run.row()["copied"] == count
    assert words.split()[1].replace("_", "") in run.out.replace("_", "")


# Folders -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, there",
    [
        ("--exclude Files", {"INBOX"}),
        ('--exclude "^Files$"', {"INBOX", "Files2"}),
        (f'--f1f2 "Files={RENAMED}"', {"INBOX", "Files2", RENAMED}),
    ],
)
def test_the_folder_files(work, a, faq, words, there):
    content = {"INBOX": [mail(1)], "Files": [mail(2)], "Files2": [mail(3)]}
    user, old = work.user(a), work.user(a, content)
    with Exchange(a, "files_reserved") as destination:
        faq(17, words, work.row(a, destination, old, user))
    with mailbox.Mailbox(a, user) as box:
        assert set(box.folders()) == there
    if RENAMED in there:
        assert bodies(a, user, RENAMED).keys() == {2}


def test_trash(work, a, faq):
    user = work.user(a, {"Trash": [mail(2)]})
    old = work.user(a, {"trash": [mail(1)]})
    with Exchange(a, "no_case") as destination:
        row = work.row(a, destination, old, user)
        faq(24, 's/^trash$/Trash/"', row)
    assert bodies(a, user, "Trash").keys() == {1, 2}


# Messages ----------------------------------------------------------------------------------------


def test_read_receipts(work, a, b, faq):
    """Of messages that were read alone, then the others as they are."""
    user = work.pair(a, b, {"INBOX": [mail(1, ASKS, flags=("\\Seen",)), mail(2, ASKS)]})
    row = work.row(a, b, user)
    faq(19, '--search1 "SEEN" --disarmreadreceipts', row)
    assert bodies(b, user).keys() == {1}
    faq(19, '--search1 "UNSEEN"', row)
    found = bodies(b, user)
    assert b"\r\nX-" + ASKS in found[1] and b"\r\n" + ASKS in found[2]


@pytest.mark.parametrize("words", ["imapsync ... --disarmreadreceipts", "igxms'"])
def test_all_read_receipts(work, a, b, faq, words):
    user = work.pair(a, b, {"INBOX": [mail(1, ASKS, flags=("\\Seen",)), mail(2)]})
    faq(19, words, work.row(a, b, user))
    found, was = bodies(b, user), bodies(a, user)
    assert found == {1: was[1].replace(b"Disposition-", b"X-Disposition-"), 2: was[2]}


def test_too_large(work, a, b, faq):
    user = work.pair(a, b, {"INBOX": [mail(1), HUGE]})
    run = faq(21, "# 45 MB for Office365", work.row(a, b, user), expect=TOO_BIG)
    assert bodies(b, user).keys() == {1}
    (problem,) = run.problems()
    assert problem["reason"] == "too_big" and problem["uid"] == "2"


def test_long_lines_are_left_out(work, a, b, faq):
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2, body=LONG)]})
    run = faq(21, "--maxlinelength 10500", work.row(a, b, user))
    assert bodies(b, user).keys() == {1} and run.row()["excluded"] == 1


def test_long_lines_are_wrapped(work, a, b, faq):
    user = work.pair(a, b, {"INBOX": [mail(1), mail(2, body=LONG)]})
    row = work.row(a, b, user)
    refused = faq(21, '$1\\r\\n,g"', row, expect=USAGE)
    assert "single quotes" in refused.err
    faq(21, "$1\\r\\n,g'", row)
    found = bodies(b, user)
    assert found[1] == bodies(a, user)[1]
    assert [len(line) for line in found[2].split(b"\r\n") if b"xx" in line] == [10500, 10500, 4000]


# All of them -------------------------------------------------------------------------------------


def test_every_command_line_is_run_here():
    """Each is found by the words of some test above."""
    source = (ROOT / "tests/integration/test_office365_faq.py").read_text()
    source = source[: source.index("# All of them")].replace("{RENAMED}", RENAMED)
    words = [ast.literal_eval(text) for text in re.findall(r"""(?<![\w])f?("[^"\n]+"|'[^'\n]+')""", source)]
    assert len(COMMANDS) == 37
    for number, command in COMMANDS:
        assert any(len(w) > 5 and command.endswith(w) for w in words), (number, command)
