# SPDX-License-Identifier: MIT
"""Manifest formats, and faults that are all told before anything starts."""

import csv
import io
import os

import pytest

from tests.integration.harness import USAGE, assert_same
from tests.servers import messages
from tests.servers.scripted import ScriptedServer

SMALL = {"INBOX": [messages.plain(1, ("\\Seen",)), messages.plain(2)], "Work": [messages.plain(3)]}


def as_text(rows, delimiter=",", quoting=csv.QUOTE_MINIMAL, end="\r\n"):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, quoting=quoting,
                            lineterminator=end)  # fmt: skip
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


FORMATS = {
    "comma": lambda rows: as_text(rows),
    "semicolon": lambda rows: as_text(rows, ";"),
    "tab": lambda rows: as_text(rows, "\t"),
    "unix line ends": lambda rows: as_text(rows, end="\n"),
    "no line end at the end": lambda rows: as_text(rows).rstrip(),
    "byte order mark": lambda rows: "\ufeff" + as_text(rows),
    "all quoted": lambda rows: as_text(rows, quoting=csv.QUOTE_ALL),
    "other order": lambda rows: as_text([dict(reversed(row.items())) for row in rows]),
    "any case": lambda rows: as_text([{k.upper(): v for k, v in row.items()} for row in rows]),
    "comments and blank lines": lambda rows: "# our users\n\n"
    + as_text(rows).replace("\r\n", "\r\n# who's next\r\n\r\n", 1),
    "line break in a cell": lambda rows: as_text([row | {"label": "two\nlines"} for row in rows]),
}


@pytest.mark.parametrize("form", FORMATS)
def test_formats(work, a, b, form):
    users = [work.pair(a, b, SMALL) for _ in range(2)]
    rows = [work.row(a, b, user, label=f"No. {n}") for n, user in enumerate(users)]
    run = work.batch(work.manifest(FORMATS[form](rows)))
    for user in users:
        assert_same(a, b, user)
        assert run.row(user)["copied"] == 3
    if form != "line break in a cell":
        assert [row["label"] for row in run.rows()] == ["No. 0", "No. 1"]


def imapsync_list(work, a, b, users, end=";\n"):
    lines = [";".join((a.host, u, a.passwords[u], b.host, u, b.passwords[u])) for u in users]
    return work.manifest("# host1;user1;...\n" + "".join(line + end for line in lines))


def ports(a, b):
    return (
        "--port1", a.imaps_port, "--port2", b.imaps_port, "--cafile1", a.ca, "--cafile2", b.ca
    )  # fmt: skip


@pytest.mark.parametrize("end", [";\n", "\n", ";\r\n", ";--folder Work;\n"])
def test_imapsync_list_without_header(work, a, b, end):
    users = [work.pair(a, b, SMALL) for _ in range(2)]
    run = work.batch(imapsync_list(work, a, b, users, end), *ports(a, b))
    for user in users:
        assert run.row(user)["copied"] == (1 if "--folder" in end else 3)


@pytest.mark.parametrize("names", [("src", "dst"), ("old", "new")])
def test_mailferry(work, a, b, names):
    user = work.pair(a, b, SMALL)
    row = {}
    for name, server, security in zip(names, (a, b), ("ssl", "SSL")):
        row |= {
            f"{name}host": server.host,
            f"{name}port": str(server.imaps_port),
            f"{name}security": security,
            f"{name}user": user,
            f"{name}password": server.passwords[user],
        }
    run = work.batch([row], "--cafile1", a.ca, "--cafile2", b.ca)
    assert run.row()["copied"] == 3
    assert_same(a, b, user)


def test_mailferry_starttls(work, a, b):
    user = work.pair(a, b, SMALL)
    row = {}
    for name, server, port in (("src", a, a.port), ("dst", b, b.imaps_port)):
        row |= {
            f"{name}host": server.host,
            f"{name}port": str(port),
            f"{name}security": "starttls" if port == server.port else "ssl",
            f"{name}user": user,
            f"{name}password": server.passwords[user],
        }
    work.batch([row], "--cafile1", a.ca, "--cafile2", b.ca)
    assert_same(a, b, user)


def test_microsoft_columns(work, a, b):
    """The mailbox EmailAddress is filled from the login UserName at the source, whose password it
    is; what the destination needs comes from the command line."""
    user = work.pair(a, b, SMALL)
    chief = work.secret()
    b.add_master("chief", chief)
    row = {"EmailAddress": user, "UserName": user, "Password": a.passwords[user]}
    run = work.batch(
        [row], "--host1", a.host, "--host2", b.host, *ports(a, b), "--authuser2", "chief",
        "--password2", "env:CHIEF", env={"CHIEF": chief},
    )  # fmt: skip
    assert (run.row()["user1"], run.row()["user2"], run.row()["copied"]) == (user, user, 3)
    assert_same(a, b, user)


def test_a_row_wins_over_the_command_line(work, a, b):
    one, two = work.pair(a, b, SMALL), work.pair(a, b, SMALL)
    rows = [work.row(a, b, one, folder="Work"), work.row(a, b, two, folder="")]
    run = work.batch(rows, "--folder", "INBOX")
    assert (run.row(one)["copied"], run.row(two)["copied"]) == (1, 2)


def test_odd_cells_come_out_as_they_went_in(work, a, b):
    user = work.pair(a, b, SMALL)
    label = 'He said "no, thanks"; ok, <b>Größe</b>'
    run = work.batch([work.row(a, b, user, label=label)])
    assert run.row()["label"] == label


def good_row(number):
    return {
        "host1": "a.example", "user1": f"u{number}", "password1": "pw-secret-one",
        "host2": "b.example", "user2": f"u{number}", "password2": "pw-secret-two",
    }  # fmt: skip


def refused(work, rows, *words, options=()):
    """The manifest is refused, each of `words` is told, nothing was started or written."""
    path = rows if not isinstance(rows, list) else work.manifest(rows)
    work.secrets += ["pw-secret-one", "pw-secret-two"]
    run = work.batch(path, *options, expect=USAGE)
    for word in words:
        assert word in run.err, (word, run.err)
    assert not (work.workdir / "runs").exists() or not list((work.workdir / "runs").iterdir())
    return run


def test_all_faults_are_told_with_line_and_column(work):
    rows = [good_row(n) for n in range(6)]
    rows[1]["host1"] = ""
    rows[2]["port1"] = "99999"
    rows[4]["port1"] = "imap"
    rows[5]["maxsize"] = "huge"
    run = refused(work, rows, "host1", "port1", "maxsize")
    for line in ("3", "4", "6", "7"):
        assert any(f"{line}" in told for told in run.err.splitlines()), run.err
    assert len([told for told in run.err.splitlines() if "port1" in told]) >= 2


@pytest.mark.parametrize(
    "change, word",
    [
        ({"hots1": "x"}, "hots1"),
        ({"domain1": "x"}, "domain1"),
        ({"parallel": "3"}, "parallel"),
        ({"user2": ""}, "user2"),
        ({"password1": ""}, "password1"),
        ({"passfile1": "/nonexistent/file", "password1": ""}, "/nonexistent/file"),
        ({"password1": "env:NO_SUCH_VARIABLE_HERE"}, "NO_SUCH_VARIABLE_HERE"),
        ({"include": "("}, "include"),
        ({"port2": "0"}, "port2"),
    ],
)
def test_faults(work, change, word):
    refused(work, [good_row(1) | change], word)


def test_the_same_pair_twice(work):
    refused(work, [good_row(1), good_row(2), good_row(1)], "4")


def test_two_sources_into_one_destination(work):
    refused(work, [good_row(1), good_row(2) | {"user2": "u1"}], ":3:", "subfolder2")


def test_two_sources_into_subfolders_of_one_destination(work, a, b):
    one, two = work.pair(a, b, SMALL), work.pair(a, b, SMALL)
    rows = [work.row(a, b, one, subfolder2="One"), work.row(a, b, two, one, subfolder2="Two")]
    run = work.batch(rows)
    assert [row["copied"] for row in run.rows()] == [3, 3]


def test_source_is_destination(work):
    refused(work, [good_row(1) | {"host2": "A.EXAMPLE"}], ":2:", "same mailbox")


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n# nothing\n", b"host1,user1\n", b'host1,user1\n"open quote,x\n', b"\x00\x01\xff\xfe",
     b"a,b,c\n1,2,3\n"],
)  # fmt: skip
def test_files_that_are_no_manifest(work, content):
    refused(work, work.manifest(content))


def test_no_file(work):
    run = work.run("batch", work.inputs / "missing.csv", "--workdir", work.workdir)
    assert run.code == USAGE and "missing.csv" in run.err


def test_a_row_with_too_many_cells(work):
    text = as_text([good_row(1)]).rstrip() + ",surplus,more\r\n"
    refused(work, work.manifest(text), "2")


def test_plain_passwords_that_others_may_read(work, a, b):
    user = work.pair(a, b, SMALL)
    path = work.manifest([work.row(a, b, user)])
    path.chmod(0o644)
    refused(work, path, "manifest.csv")
    assert work.batch(path, "--insecure-manifest").row()["copied"] == 3


def test_commands_in_a_manifest_that_others_may_write(work):
    path = work.manifest([good_row(1) | {"password1": "cmd:echo hello"}])
    path.chmod(0o622)
    refused(work, path, "cmd:", options=["--insecure-manifest"])


def test_nothing_is_started_when_one_row_is_bad(work, authority, b):
    with ScriptedServer(authority=authority) as server:
        rows = [good_row(1) | {"host1": "localhost", "port1": str(server.imaps_port)}, good_row(1)]
        rows[1]["port1"] = "x"
        refused(work, rows)
        assert server.commands == []


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--no-such-option"], "no-such-option"),
        (["--delete", "2"], "--delete2"),
        (["--regextrans2", "s/a/b"], "regextrans2"),
        (["surplus"], "one manifest"),
        (["--parallel", "0"], "parallel"),
        (["--budget-messages", "fast"], "budget-messages"),
        (["--parallel"], "parallel"),
    ],
)
def test_command_line_faults(work, arguments, word):
    path = work.manifest([good_row(1)])
    run = work.run("batch", path, "--workdir", work.workdir, *arguments)
    assert run.code == USAGE and word in run.err


def test_help_and_version(work):
    for command in ([], ["batch"], ["sync"], ["report"]):
        run = work.run(*command, "--help")
        assert run.code == 0 and "mailconvoy" in run.out
    assert "--folderrec" in work.run("sync", "--help").out
    assert "mailconvoy" in work.run("--version").out
    assert work.run("nonsense").code == USAGE


def test_secrets_on_the_command_line_are_not_shown_by_ps(work, authority):
    secret = work.secret()
    with ScriptedServer(authority=authority) as server:
        server.on("^(LOGIN|AUTHENTICATE)", lambda session, tag, command: server.stopped.wait(20))
        process = work.start(
            "sync", "--workdir", work.workdir, "--host1", "localhost", "--port1",
            server.imaps_port, "--user1", "u", "--password1", secret, "--cafile1", server.ca,
            "--host2", "localhost", "--port2", "1", "--user2", "v", f"--password2={secret}",
        )  # fmt: skip
        server.wait_for("^(LOGIN|AUTHENTICATE)")
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            assert secret.encode() not in file.read()
        process.kill()
        assert os.waitpid(process.pid, 0)
