# SPDX-License-Identifier: MIT
"""Secrets are where they must be and nowhere else. The harness looks for each secret of each test in
everything that was written, in any form; here all of them are used in one run with every trace on."""

import base64
import os
import pathlib
import re
import resource
import socket
import subprocess

import pytest

from tests.integration.harness import FAILED, PROGRAM, assert_same, written_forms
from tests.integration.test_oauth import APP, config, token_file
from tests.servers import messages

SMALL = {"INBOX": [messages.plain(1), messages.plain(2)]}
TRACES = (
    "--debug", "--debugimap", "--debugfolders", "--debugflags", "--debuglist", "--debugcontent",
    "--debugcrossduplicates", "--debuglabels", "--debugmaxlinelength", "--progress", "json",
)  # fmt: skip


@pytest.mark.parametrize("around", ["", "a", "ab", "abc"])
def test_the_forms_are_found(around):
    """A search that finds nothing anywhere would prove nothing."""
    secret = "it's <40> % secret\"+/"
    forms = set(written_forms(secret))
    text = (around + secret + around).encode()
    for place in (text, text.hex().encode(), base64.b64encode(text)):
        assert any(form in place for form in forms), place
    assert not any(form in b"a harmless line of a log, which holds no secret" for form in forms)


def by_password(work, a, b):
    """Rows whose passwords come in each way that there is, and the environment that they need."""
    users = [work.pair(a, b, SMALL) for _ in range(5)]
    rows = [work.row(a, b, user) for user in users]
    path = work.inputs / "passwords"
    path.write_text("".join(f"{user} {a.passwords[user]}\n" for user in users))
    path.chmod(0o600)
    file = work.inputs / "password"
    file.write_text(a.passwords[users[1]] + "\n")
    file.chmod(0o600)
    rows[1] |= {"passfile1": file, "password1": ""}
    rows[2]["password1"] = "env:SOURCE_PASSWORD"
    rows[3]["password1"] = f"cmd:grep -F {users[3]} {path} | cut -d ' ' -f 2"
    rows[4] |= {"authuser1": "chief-of-secrets", "password1": work.secret()}
    a.add_master("chief-of-secrets", rows[4]["password1"])
    return rows, {"SOURCE_PASSWORD": a.passwords[users[2]]}


def by_token(work, oauth, b):
    """The same for tokens."""
    rows = []
    for how in ("profile", "literal", "file", "direct"):
        user = work.pair(oauth.server, b, SMALL)
        token = oauth.tokens.make([user])
        ready = f"user={user}\1auth=Bearer {token}\1\1".encode()
        given = {
            "profile": {"auth1": "contoso"},
            "literal": {"oauthaccesstoken1": token},
            "file": {"oauthaccesstoken1": token_file(work, token)},
            "direct": {"oauthdirect1": base64.b64encode(ready).decode()},
        }
        row = work.row(oauth.server, b, user) | given[how]
        del row["password1"]
        rows.append(row)
    return rows


def refused(work, oauth, a, b):
    rows = [work.row(a, b, work.pair(a, b, SMALL)) for _ in range(2)]
    for side, row in enumerate(rows, 1):
        row[f"password{side}"] = work.secret()
    user = work.pair(oauth.server, b, SMALL)
    rows.append(work.row(oauth.server, b, user, oauthaccesstoken1=oauth.tokens.make(["another"])))
    del rows[-1]["password1"]
    return rows


def test_nothing_that_is_written_holds_a_secret(work, oauth, a, b):
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    path = config(work, oauth, APP.format(secret=secret))
    rows, env = by_password(work, a, b)
    rows += by_token(work, oauth, b)
    failing = refused(work, oauth, a, b)
    told = work.path / "told"
    mailer = work.inputs / "sendmail"
    mailer.write_text(f"#!/bin/sh\ncat >>{told}\n")
    mailer.chmod(0o755)
    env["PATH"] = f"{work.inputs}:{os.environ['PATH']}"
    run = work.batch(
        rows + failing, "--config", path, *TRACES, "--metrics", work.path / "metrics.prom",
        "--notify", "mail:admin@example.org", "--keep-originals", work.path / "originals",
        env=env, expect=FAILED,
    )  # fmt: skip
    done = [row["status"] for row in run.rows()]
    assert done == ["complete"] * len(rows) + ["failed"] * len(failing), run
    assert_same(a, b, rows[0]["user1"])
    logs = [path.read_text() for path in run.files.rglob("*.log")]
    traced = sum("> (a command with a secret)" in log and "EXAMINE" in log for log in logs)
    assert traced == len(rows)
    work.run("status", "--workdir", work.workdir, "--json")
    for form in ("text", "csv", "json", "html"):
        assert work.run("report", "--workdir", work.workdir, "--format", form).code == 0


def arguments_of(process):
    return pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")


def test_nobody_sees_secrets_in_the_list_of_processes(work, oauth):
    """By the time that a server is asked for anything, the arguments are blank; and should the
    program crash, no file keeps its memory."""
    secrets = {"--password1": work.secret(), "--oauthaccesstoken2": oauth.tokens.make(["u"])}
    joined = work.secret()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        options = [word for pair in secrets.items() for word in pair]
        process = work.start(
            "sync", "--host1", "localhost", "--port1", server.getsockname()[1], "--user1", "u",
            "--host2", "localhost", "--port2", server.getsockname()[1], "--user2", "u", *options,
            f"--password2={joined}", "--workdir", work.workdir,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)),
        )  # fmt: skip
        connection, _ = server.accept()
        with connection:
            words = arguments_of(process)
            limits = resource.prlimit(process.pid, resource.RLIMIT_CORE)
            process.kill()
    process.communicate()
    assert limits == (0, 0)
    assert b"--host1" in words and b"--password1" in words
    for secret in (*secrets.values(), joined):
        assert not any(secret.encode() in word for word in words), words


def test_a_wrong_option_does_not_repeat_a_secret(work):
    """What stands behind a slip of the pen may be a password."""
    for words in (["--pasword1", work.secret()], [f"--pasword1={work.secret()}"]):
        run = work.run("sync", "--host1", "localhost", *words)
        assert run.code == 64 and "pasword1" in run.err, run


def test_the_help_of_a_running_sync_needs_no_secret():
    """`--help` is what people paste into tickets."""
    done = subprocess.run(
        [PROGRAM, "sync", "--password1", "not-to-be-shown", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0 and not re.search("not-to-be-shown", done.stdout + done.stderr)
