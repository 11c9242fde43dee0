# SPDX-License-Identifier: MIT
"""Every manifest in examples/ is accepted, run by the command line in its own comment, and means what
it says. The hosts are replaced by ports of this machine where nobody listens, so it is quick."""

import re
import shlex

import pytest

from tests.integration.harness import FAILED, ROOT, USAGE

EXAMPLES = ROOT / "examples"
SECRETS = {"BORIS_OLD": "x", "ADMIN_PASSWORD": "x"}
HOSTS = {"imap.old.example": "localhost", "imap.new.example": "127.0.0.1"}

# By file: of each row the label, the two logins, and settings that its log must show.
MEANINGS = {
    "users.csv": [
        ("Ada", "ada", "ada@new.example"),
        ("Boris", "boris", "boris@new.example", "port1 = 1", "password1 = MASKED"),
        ("Chloe", "chloe", "chloe@new.example", "authuser1 = admin"),
        ("Office", "ada\\office", "office@new.example", "shared1 = office"),
        ("Dmitri (sales)", "dmitri", "dmitri@new.example", "subfolder2 = Sales"),
        ("Dmitri (press)", "press", "dmitri@new.example", "subfolder2 = Press"),
        ("Emma, archive", "emma", "emma@new.example", "exclude = ^Trash", "exclude = ^Junk",
         "f1f2 = Gesendet=Sent", "maxsize = 35000000", "maxmessagespersecond = 4"),
    ],
    "imapsync-list.txt": [
        ("", "ada", "ada@new.example", "automap = yes"),
        ("", "boris", "boris@new.example", "exclude = ^Junk", "maxsize = 25000000"),
        ("", "chloe", "chloe@new.example", "authuser1 = admin", "subfolder2 = Old mail"),
    ],
    "microsoft.csv": [
        ("", "ada", "ada@new.example", "authuser2 = admin"),
        ("", "boris", "boris@new.example", "authuser2 = admin", "subfolder1 = Archive"),
    ],
    "mailferry.csv": [
        ("", "ada", "ada@new.example", "ssl1 = no", "tls1 = yes", "ssl2 = yes", "tls2 = no"),
        ("", "boris", "boris@new.example", "ssl1 = yes", "tls1 = no"),
    ],
    "admins.csv": [
        ("", user, f"{user}@new.example", "authuser1 = admin", "passfile1 = old.pass",
         "authuser2 = root", "passfile2 = new.pass")
        for user in ("ada", "boris", "chloe")
    ],
}  # fmt: skip


def to_closed_ports(text):
    for host, local in HOSTS.items():
        text = text.replace(host, local)
    return re.sub(r"\b(993|143)\b", "1", text)


def test_no_example_is_forgotten():
    named = {path.name for path in EXAMPLES.iterdir()}
    elsewhere = {"crontab", "mailconvoy.conf", "mailconvoy.service", "mailconvoy.timer"}
    assert named == set(MEANINGS) | elsewhere  # test_cron.py, below, test_install.py


def test_the_profiles_are_read(work):
    """All of them are right: what is complained of is only a name that is not there."""
    row = {"host1": "a.invalid", "user1": "u", "auth1": "nobody"}
    row |= {"host2": "b.invalid", "user2": "u", "password2": "x"}
    run = work.batch([row], "--config", EXAMPLES / "mailconvoy.conf", expect=USAGE)
    assert 'auth1 names the sign-in profile "nobody", which ' in run.err
    assert len(run.err.splitlines()) == 1, run.err


@pytest.mark.parametrize("name", MEANINGS)
def test_example(work, name):
    text = to_closed_ports((EXAMPLES / name).read_text())
    command = re.search(r"^# +mailconvoy (batch .*)$", text, re.MULTILINE)
    subcommand, manifest, *options = shlex.split(command[1])
    assert (subcommand, manifest) == ("batch", name)
    path = work.manifest(text, name=name)
    for passfile in ("old.pass", "new.pass"):
        (work.path / passfile).write_text("x\n")
    run = work.batch(path, *options, "--port1", "1", "--port2", "1", expect=FAILED, env=SECRETS)
    logs = [log.read_text() for log in (run.files / "users").glob("*.log")]
    rows = run.rows()
    assert len(rows) == len(MEANINGS[name])
    for row, (label, user1, user2, *settings) in zip(rows, MEANINGS[name]):
        assert (row["label"], row["user1"], row["user2"]) == (label, user1, user2)
        assert (row["host1"], row["host2"]) == tuple(HOSTS.values())
        assert row["error_code"] == "connect", row
        (log,) = [log for log in logs if f", row {row['row']}\n" in log]
        for setting in settings:
            assert f" setting {setting}\n" in log, (setting, log)
