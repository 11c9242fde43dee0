# SPDX-License-Identifier: MIT
"""Shows a whole move on this machine: two private Dovecots with TLS, twelve users, a manifest, a
run under a budget, the summary. Nothing is left running; what the run wrote stays in demo-data/."""

import csv
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.servers import mailbox, messages  # noqa: E402
from tests.servers.dovecot import Dovecot  # noqa: E402

PROGRAM = os.environ.get("MAILCONVOY", "./mailconvoy")
DATA = pathlib.Path("demo-data")
NAMES = "ada boris chloe dmitri emma farid greta hiro ines juergen katerina".split()
FOLDERS = ("Sent", "Drafts", "Archive/2019/März", "Projekte/Größe & Gewicht", "日本語/仕事", "Ünïcode")


def mail_of(number):
    """A mailbox that looks like somebody's: about 60 messages in 7 folders."""
    content = {"INBOX": messages.assortment(1000 * number)}
    content["INBOX"] += [messages.plain(1000 * number + n, ("\\Seen",)) for n in range(20, 40)]
    for place, folder in enumerate(FOLDERS):
        first = 1000 * number + 100 * (place + 1)
        content[folder] = [messages.plain(first + n, ("\\Seen",)) for n in range(4)]
        content[folder].append(messages.with_attachment(first + 50, ("\\Flagged",), 60_000))
    return content


def row(old, new, user, **changes):
    return {
        "label": user.partition("@")[0],
        "host1": old.host, "port1": old.imaps_port, "user1": user, "password1": f"old-{user}",
        "host2": new.host, "port2": new.imaps_port, "user2": user, "password2": f"new-{user}",
    } | changes  # fmt: skip


def prepare(old, new):
    """Fills the old server; returns the manifest's rows."""
    users = [f"{name}@demo.example" for name in NAMES]
    users.append("office@demo.example")
    for number, user in enumerate(users):
        old.add_user(user, f"old-{user}")
        new.add_user(user, f"new-{user}")
        mailbox.fill(old, user, mail_of(number))
    rows = [row(old, new, user) for user in users[:-2]]
    # The admin signs in for one user on both sides; a shared mailbox is opened by one who may.
    for server in (old, new):
        server.add_master("admin", "admins-password")
    admin = {"authuser1": "admin", "authuser2": "admin"}
    secrets = {"password1": "admins-password", "password2": "admins-password"}
    rows.append(row(old, new, users[-2], **admin, **secrets))
    shared, opener = users[-1], users[0]
    login = old.add_user(f"{opener}\\{shared}", f"old-{opener}", mailbox_of=shared)
    rows.append(row(old, new, shared, user1=login, password1=f"old-{opener}"))
    return users, rows


def write_manifest(rows, directory=DATA):
    columns = list(dict.fromkeys(key for r in rows for key in r))
    path = directory / "manifest.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def main():
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir()
    with Dovecot("old", mail_format="mdbox") as old:
        with Dovecot("new", old.authority, separator=".", prefix="INBOX.") as new:
            print("Two private Dovecots are up; filling the old one with mail of 12 users ...")
            users, rows = prepare(old, new)
            command = [
                PROGRAM, "batch", write_manifest(rows), "--workdir", DATA, "--cafile1", old.ca,
                "--cafile2", new.ca, "--parallel", "4", "--budget-messages", "200",
                "--budget-bytes", "10M",
            ]  # fmt: skip
            print("$", shlex.join(map(str, command)), flush=True)
            code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
            wrong = [
                f"{user}: {difference}"
                for user in users
                for difference in mailbox.differences(
                    mailbox.snapshot(old, user), mailbox.snapshot(new, user)
                )
            ]
    if code != 0 or wrong:
        print(f"The demo failed: exit code {code}", *wrong, sep="\n")
        return 1
    print(f"Every message, flag and date was compared. Look into {DATA}/latest/.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
