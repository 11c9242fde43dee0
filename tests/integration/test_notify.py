# SPDX-License-Identifier: MIT
"""--notify: who is told what, and that a notification which fails changes nothing."""

import email
import email.policy
import http.server
import json
import ssl
import threading

import pytest

from tests.integration.harness import FAILED, USAGE
from tests.servers import messages

TOKEN = "T0KEN-of-the-hook"


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook(authority):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.heard, server.status = [], 204
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*authority.issue("hook"))
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.url = f"https://localhost:{server.server_port}/hooks/{TOKEN}"
    server.env = {"SSL_CERT_FILE": str(authority.ca)}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def sendmail(work):
    """A sendmail that keeps its mails, first in PATH."""

    class Sendmail:
        mails = work.path / "mails"
        program = work.path / "bin" / "sendmail"
        env = {"PATH": f"{work.path}/bin:/usr/bin:/bin"}

        def says(self, script):
            self.program.write_text("#!/bin/sh\n" + script)
            self.program.chmod(0o755)

        def one(self):
            return email.message_from_bytes(self.mails.read_bytes(), policy=email.policy.default)

    sendmail = Sendmail()
    sendmail.program.parent.mkdir()
    sendmail.says(f'[ "$*" = "-t -i" ] && cat >> {sendmail.mails}\n')
    return sendmail


@pytest.fixture
def failing(work, a, b):
    good = work.pair(a, b, {"INBOX": [messages.tiny(n) for n in range(2)]})
    bad = work.user(a, {}, "b\u00e4d@example.org")
    work.secrets.append("wrong-password")
    return [
        work.row(a, b, good),
        work.side(1, a, bad) | work.side(2, b, "nobody@example.org", "wrong-password"),
    ]


def test_a_mail_and_a_hook_tell_of_a_run_that_failed(work, failing, hook, sendmail):
    run = work.batch(failing, "--notify", "mail:admin@example.org", "--notify", hook.url,
                     expect=FAILED, env=hook.env | sendmail.env)  # fmt: skip
    assert "notification" not in run.err
    mail = sendmail.one()
    assert mail["To"] == "admin@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"].endswith(
        ": some mailboxes failed (exit code 11); 1 of 2 mailboxes complete, 2 messages copied"
    )
    body = mail.get_content()
    assert "\nmailboxes 1 complete, 1 failed, 0 running, 0 to come\n" in body
    assert "b\u00e4d@example.org" in body and str(run.files) in body, body
    (path, kind, told), = hook.heard
    assert (path, kind) == (f"/hooks/{TOKEN}", "application/json")
    assert told["text"] == mail["Subject"]
    assert (told["exit_code"], told["is_trouble"], told["messages_copied"]) == (11, True, 2)
    assert (told["mailboxes"]["complete"], told["mailboxes"]["failed"]) == (1, 1)
    assert "b\u00e4d@example.org" in told["trouble"]
    for path in work.workdir.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    assert TOKEN not in run.out + run.err


def test_only_trouble_is_told_where_that_is_wanted(work, failing, hook):
    options = ("--notify", hook.url, "--notify-on", "trouble")
    work.batch(failing[:1], *options, env=hook.env)
    assert hook.heard == []
    work.batch(failing, *options, expect=FAILED, env=hook.env)
    assert len(hook.heard) == 1
    work.batch(failing[:1], "--notify", hook.url, env=hook.env)
    assert hook.heard[1][2]["is_trouble"] is False
    assert hook.heard[1][2]["trouble"] == ""


def test_a_run_that_cannot_start_is_told(work, failing, hook):
    work.workdir.mkdir()
    (work.workdir / "state.db").mkdir()
    run = work.finish(work.batch_start(failing, "--notify", hook.url, env=hook.env))
    assert run.code == 70
    told = hook.heard[0][2]
    assert "the run could not start (exit code 70)" in told["text"]
    assert "state.db" in told["trouble"]


def test_a_notification_that_fails_changes_nothing(work, failing, hook, sendmail):
    sendmail.says("cat > /dev/null; echo no such domain >&2; exit 67\n")
    hook.status = 500
    targets = ("--notify", "mail:admin@example.org", "--notify", hook.url,
               "--notify", f"https://localhost:1/{TOKEN}")  # fmt: skip
    run = work.batch(failing[:1], "--quiet", *targets, env=hook.env | sendmail.env)
    assert (run.code, run.out) == (0, "")
    lines = run.err.splitlines()
    assert len(lines) == 3, lines
    assert lines[0].startswith("mailconvoy: the notification by mail was not sent: sendmail ")
    assert lines[1].endswith("to a web hook was not sent: it answered with status 500")
    assert "to a web hook was not sent: the web hook localhost:1 gave no answer: " in lines[2]
    assert TOKEN not in run.err
    run = work.batch(failing[:1], "--quiet", "--notify", hook.url)  # a certificate that nobody knows
    assert "was not sent" in run.err and len(hook.heard) == 1


def test_without_a_sendmail(work, failing):
    run = work.batch(failing[:1], "--quiet", "--notify", "mail:a@example.org",
                     env={"PATH": str(work.path)})  # fmt: skip
    assert run.code == 0
    assert "notification by mail was not sent" in run.err


@pytest.mark.parametrize(
    "target",
    ["", "mail:", "admin@example.org", "mail:a@b,c@d", "mail:a b@c", "mail:-oQ/tmp", "http://x/",
     "https://", "https:///x", "mail:a@b\r\nBcc: c@d", "https://a b/"],
)  # fmt: skip
def test_targets_that_make_no_sense(work, failing, target):
    run = work.batch(failing, "--notify", target, expect=USAGE)
    assert run.err.startswith("notify ") or run.err.startswith("option --notify"), run.err
    assert not work.workdir.exists()
