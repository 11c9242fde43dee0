# SPDX-License-Identifier: MIT
"""Messages whose form servers refuse, repaired on their way: what people see stays what it was."""

import email
import email.policy
import json
import re
import stat

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, USAGE
from tests.integration.test_transform import bodies, changes, reported
from tests.servers.exchange import Exchange
from tests.servers.scripted import ScriptedServer

LONG = b"<p>" + b"caf\xc3\xa9 = 1; " * 2000 + b"</p>"
BINARY = b"\x89PNG\n\0\xff\r" + bytes(range(256)) * 8


def head(number, more=b""):
    lines = b"From: a@x\r\nTo: b@x\r\nSubject: number %d\r\nMessage-ID: <%d@x>\r\n"
    return lines % (number, number) + more


def parts(*texts):
    """A multipart's header and body; the texts are parts, with their headers."""
    top = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b b"\r\n\r\npreamble\r\n'
    return top + b"".join(b"--b b\r\n" + t + b"\r\n" for t in texts) + b"--b b--\r\nepilogue\r\n"


HTML = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + LONG
PNG = b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" + BINARY
FINE = b"Content-Type: text/plain\r\nX-Odd:   as  it was\r\n\r\n  fine \r\n"
ENCLOSED = b"Content-Type: message/rfc822\r\n\r\n" + head(99) + b"\r\n" + b"y" * 12000
ONE_LINE = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 6000

# Each as it is, with what is repaired. Those of nothing pass byte for byte.
MAIL = {
    1: (head(1) + b"\r\nfine\r\n", set()),
    2: (head(2, b"X-A: 1\nX-B: 2\r\n") + b"\r\nbare\nline feeds\n", {"line_ends_repaired"}),
    3: (head(3) + b"\r\nno end", {"last_line_ended"}),
    4: (head(4) + b"\r\nnul \0 here\r\n", {"nul_bytes_repaired", "part_encoded"}),
    5: (head(5, b"X-Greeting: Gr\xc3\xbc\xc3\x9fe\r\nX-Old: K\xf6ln\r\n") + b"\r\nx\r\n", {"header_encoded"}),
    6: (head(6) + parts(FINE, HTML, PNG, ENCLOSED), {"part_encoded", "nul_bytes_repaired"}),
    7: (head(7, b"stray line\r\nX-After: y\r\n") + b"\r\nx\r\n", {"header_mended"}),
    8: (head(8, b"To: " + b", ".join(b"p%d@example.org" % n for n in range(900)) + b"\r\n") + b"\r\nx\r\n",
        {"header_folded"}),
    9: (head(9) + ONE_LINE + b"\r\n", {"part_encoded"}),
    10: (head(10) + parts(FINE, FINE), set()),
    11: (b"From bob@x Mon Nov 23 2026\r\n" + head(11) + b"\r\nx\r\n", {"header_mended"}),
    12: (head(12) + b"\r\n" + b"z" * 1_500_000 + b"\r\n", {"part_encoded"}),
    # Without Message-ID: who it is has to be told from what was repaired.
    13: (b'From: "J\xfcrgen, H" <a@x>\r\nTo: ' + b",".join(b"p%d@x" % n for n in range(300))
         + b"\r\nSubject: number 13 K\xc3\xb6ln\r\n\r\nx\r\n", {"header_encoded", "header_folded"}),
}  # fmt: skip
HOPELESS = head(20, b"X-Refused: yes\r\n") + b"\r\nx\r\n"
HUGE = head(21) + b"\r\n" + b"line\r\n" * 60_000


def content(raw):
    """What people see of it: the text of each part, line ends aside, and the fields."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    seen = []
    for part in message.walk():
        if not part.is_multipart():
            data = part.get_payload(decode=True)
            is_text = part.get_content_maintype() == "text"
            seen.append(re.sub(rb"\r\n?|\n", b"\n", data).rstrip(b"\n") if is_text else data)
    return seen


def number(raw):
    return int(re.search(rb"Subject: number (\d+)", raw)[1])


def kinds_of(mail):
    counts = {}
    for _, kinds in mail.values():
        for kind in kinds:
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def check_contents(server, user, mail):
    found = {number(raw): raw for raw in bodies(server, user)}
    assert sorted(found) == sorted(mail)
    for n, (raw, kinds) in mail.items():
        if not kinds:
            assert found[n] == raw
            continue
        # Python reads a line without colon as the header's end.
        expected = raw.replace(b"stray line", b"X-Y: stray line").replace(b"From bob", b"X-From: From bob")
        assert content(found[n]) == content(expected), n
        assert max(map(len, found[n].split(b"\r\n"))) <= 998
    return found


@pytest.fixture
def source(authority):
    with ScriptedServer({"INBOX": [raw for raw, _ in MAIL.values()]}, authority) as server:
        yield server


def row_of(work, source, destination, user):
    return work.side(1, source, "u", work.secret()) | work.side(2, destination, user)


@pytest.mark.parametrize("how", ["auto", "all"])
def test_what_was_wrong_is_right_and_the_rest_as_it_was(work, a, source, how):
    user = work.user(a)
    kept = work.path / "originals"
    refused = [n for n, (_, kinds) in MAIL.items() if kinds]
    with Exchange(a, "strict", "max_line") as destination:
        row = row_of(work, source, destination, user)
        options = ("--repair", how, "--keep-originals", kept)
        run = work.batch([row], *options)
        assert reported(run) == (len(MAIL), len(MAIL), 0, 0, 0)
        appends = len(destination.seen("^APPEND"))
        assert appends == len(MAIL) + (len(refused) if how == "auto" else 0)
        found = check_contents(a, user, MAIL)
        assert changes(work) == kinds_of(MAIL)
        mailbox = json.loads(run.text("summary.json"))["mailboxes"][0]
        assert mailbox["changed"] == kinds_of(MAIL)
        assert {r["uid"]: set(r["kinds"]) for r in mailbox["repaired"]} == {
            n: MAIL[n][1] for n in refused
        }
        assert "Messages changed on their way, as asked: line ends repaired 1, " in run.out
        log = run.user_log()
        assert log.count("was refused, and is tried once more, repaired") == appends - len(MAIL)
        assert log.count(" changed: ") == log.count(" is kept as it was in ") == len(refused)
        # The fields, and what is around the parts, byte for byte.
        assert b"X-Odd:   as  it was\r\n\r\n  fine \r\n\r\n--b b\r\n" in found[6]
        assert b"\r\n\r\npreamble\r\n--b b\r\n" in found[6] and found[6].endswith(b"--b b--\r\nepilogue\r\n")
        message = email.message_from_bytes(found[5], policy=email.policy.default)
        assert (message["X-Greeting"], message["X-Old"]) == ("Gr\u00fc\u00dfe", "K\u00f6ln")
        assert b"X-From: From bob@x Mon" in found[11] and b"X-Broken-Header: stray line\r\nX-After" in found[7]
        # As they were, for nobody else to read.
        files = sorted(path for path in kept.rglob("*") if path.is_file())
        assert sorted(path.read_bytes() for path in files) == sorted(MAIL[n][0] for n in refused)
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert {path.name for path in files} == {f"7-{n}.eml" for n in refused}
        # Nothing twice: with the map, and without.
        for _ in range(2):
            again = work.batch([row], *options)
            assert reported(again)[1:3] == (0, len(MAIL)), again.user_log()
            work.workdir = work.path / "another"
    assert len(bodies(a, user)) == len(MAIL)


def test_who_does_not_ask_gets_no_repair_and_who_is_beyond_it_neither(work, a, authority):
    """A refusal that has to do with something else, and one for the size, are not tried twice."""
    mail = [MAIL[1][0], MAIL[2][0], HOPELESS, HUGE]
    user = work.user(a)
    with ScriptedServer({"INBOX": mail}, authority) as source, \
            Exchange(a, "strict", "max_size", max_size=300_000) as destination:  # fmt: skip
        row = row_of(work, source, destination, user)
        run = work.batch([row], expect=EXCEPTIONS)
        assert reported(run) == (4, 1, 0, 0, 2) and run.row()["too_big"] == 1
        destination.forget()
        run = work.batch([row], "--repair", "auto", expect=EXCEPTIONS)
        assert reported(run) == (4, 1, 1, 0, 1) and run.row()["too_big"] == 1
        problems = {p["message_id"]: p for p in run.problems()}
        assert problems["<20@x>"]["reason"] == "failed"
        assert "Command Argument Error. 11" in problems["<20@x>"]["server_text"]
        # Number 2 twice, the others once.
        assert len(destination.seen("^APPEND")) == 4
        assert changes(work) == {"line_ends_repaired": 1}
        assert not any(work.path.rglob("*.eml"))


def test_many_refusals_in_sessions_that_end_at_the_tenth(work, a, authority):
    """Each is repaired, in whatever session; what was repaired before a session's end stays."""
    mail = [head(n) + b"\r\nline\nfeeds" for n in range(35)]
    user = work.user(a)
    with ScriptedServer({"INBOX": mail}, authority) as source, \
            Exchange(a, "strict", "ten_errors") as destination:  # fmt: skip
        row = row_of(work, source, destination, user)
        run = work.batch([row], "--repair", "auto", "--reconnectretry2", "9")
        assert reported(run) == (35, 35, 0, 0, 0)
        assert changes(work) == {"line_ends_repaired": 35, "last_line_ended": 35}
    assert sorted(bodies(a, user)) == sorted(head(n) + b"\r\nline\r\nfeeds\r\n" for n in range(35))


def test_long_lines_are_encoded_in_place_of_cut(work, a, b, authority):
    mail = {n: MAIL[n] for n in (1, 6, 9, 10)}
    with ScriptedServer({"INBOX": [raw for raw, _ in mail.values()]}, authority) as source:
        user = work.user(b)
        row = row_of(work, source, b, user)
        wrap = ("--regexmess", r"s,(.{10239}),$1\r\n,g")
        run = work.batch([row], *wrap, "--longlines", "encode")
        assert reported(run)[1] == 4 and changes(work) == {"part_encoded": 2}
        found = {number(raw): raw for raw in bodies(b, user)}
        for n in (1, 9, 10):
            assert content(found[n]) == content(mail[n][0])
        # The picture has no long line, and lines are all that is looked at.
        assert content(found[6])[1] == LONG and content(found[6])[3] == b"y" * 12000
        assert max(map(len, found[6].split(b"\n"))) < 10239
        # What --maxlinelength would leave out is encoded, too.
        user = work.user(b)
        run = work.batch([row_of(work, source, b, user)], "--maxlinelength", "990", "--longlines", "encode")
        assert reported(run)[1:4] == (4, 0, 0)


@pytest.mark.parametrize(
    "options, words",
    [
        (["--repair", "some"], "some"),
        (["--longlines", "fold"], "longlines"),
        (["--longlines", "encode", "--maxlinelength", "50"], "longlines encode can't make lines that short"),
    ],
)
def test_bad_options_end_before_anything_starts(work, a, b, options, words):
    run = work.sync(work.row(a, b, work.pair(a, b, {})), *options, expect=USAGE)
    assert words in run.err


def test_a_place_for_originals_that_is_none_stops_before_the_change(work, a, source):
    """Nothing is repaired that could not be kept."""
    user = work.user(a)
    blocked = work.path / "file"
    blocked.write_text("")
    run = work.batch([row_of(work, source, a, user)], "--repair", "--keep-originals", blocked, expect=FAILED)
    assert "can't make the directory" in run.row()["error"]
    assert len(bodies(a, user)) <= 1


def test_a_word_that_repair_does_not_know(work):
    """It is taken for a manifest, as it might be one; what is said tells so."""
    run = work.batch_start([{"host1": "a"}], "--repair", "maybe")
    run = work.finish(run)
    assert run.code == USAGE and "one manifest at a time" in run.err
    assert "a word that no option takes for its value counts as one" in run.err
