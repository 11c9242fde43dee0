# SPDX-License-Identifier: MIT
"""Shows a move from one Microsoft 365 tenant to another on this machine: two stand-ins for Exchange
Online in front of private Dovecots, an authority of tokens, an app for each tenant, 20 mailboxes of
which two are shared ones, and servers that ask for patience on the way. Nothing is left running."""

import contextlib
import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.demo import demo  # noqa: E402
from tests.servers import mailbox  # noqa: E402
from tests.servers.certificates import Authority  # noqa: E402
from tests.servers.dovecot import Dovecot  # noqa: E402
from tests.servers.exchange import Exchange  # noqa: E402
from tests.servers.tokens import Tokens  # noqa: E402

DATA = pathlib.Path("demo-data/tenants")
PEOPLE = [f"{name}{n}@contoso.example" for n in (1, 2) for name in demo.NAMES[:9]]
SHARED = ["sales@contoso.example", "info@contoso.example"]
# Each mailbox may be given 40 messages at once, and then 20 a second.
BEHAVIOURS = ("throttle", "estimates", "lose_flagged", "no_case", "files_reserved", "ten_errors")
LIMITS = {"rate": 20, "burst": 40}

PROFILES = """\
; one app for each tenant, with its secret in the environment
[fabrikam]
cloud = microsoft
tenant = fabrikam.onmicrosoft.com
client_id = app-of-fabrikam
client_secret = env:FABRIKAM_SECRET
token_url = {url}
cafile = {cafile}

[contoso]
cloud = microsoft
tenant = contoso.onmicrosoft.com
client_id = app-of-contoso
client_secret = env:CONTOSO_SECRET
token_url = {url}
cafile = {cafile}
"""


def mail_of(number):
    """As in the other demo, without keywords: Exchange has none."""
    return {
        folder: [dataclasses.replace(m, flags=tuple(f for f in m.flags if f.startswith("\\"))) for m in items]
        for folder, items in demo.mail_of(number).items()
    }


def row(old, new, user):
    """A shared mailbox has its own row: with an app's token it is opened like any other."""
    return {
        "label": user.partition("@")[0],
        "host1": old.host, "port1": old.imaps_port, "user1": user, "auth1": "fabrikam",
        "host2": new.host, "port2": new.imaps_port, "user2": user, "auth2": "contoso",
    }  # fmt: skip


def write(name, text):
    path = DATA / name
    path.write_text(text)
    path.chmod(0o600)
    return path


@contextlib.contextmanager
def tenants(directory):
    authority = Authority(directory)
    with (
        Tokens(authority) as tokens,
        Dovecot("fabrikam", authority) as old_store,
        Dovecot("contoso", authority) as new_store,
        Exchange(old_store, *BEHAVIOURS, era="2026", issuer=tokens, **LIMITS) as old,
        Exchange(new_store, *BEHAVIOURS, era="2026", issuer=tokens, **LIMITS) as new,
    ):
        yield tokens, old_store, new_store, old, new


def compare(old_store, new_store, users):
    return [
        f"{user}: {difference}"
        for user in users
        for difference in mailbox.differences(
            mailbox.snapshot(old_store, user), mailbox.snapshot(new_store, user)
        )
    ]


def main():
    shutil.rmtree(DATA, ignore_errors=True)
    (DATA / "ca").mkdir(parents=True)
    users = PEOPLE + SHARED
    with tenants((DATA / "ca").resolve()) as (tokens, old_store, new_store, old, new):
        print(f"Two tenants are up; filling the old one with mail of {len(users)} mailboxes ...")
        for number, user in enumerate(users):
            for store in (old_store, new_store):
                store.add_user(user, "nobody-signs-in-with-it")
            mailbox.fill(old_store, user, mail_of(number))
        for app in ("fabrikam", "contoso"):
            tokens.add_app(f"app-of-{app}", secret=f"secret-of-{app}")
        manifest = demo.write_manifest([row(old, new, user) for user in users], DATA)
        config = write("mailconvoy.conf", PROFILES.format(url=tokens.url, cafile=tokens.authority.ca))
        command = [
            demo.PROGRAM, "batch", manifest, "--config", config, "--workdir", DATA, "--cafile1", old_store.ca,
            "--cafile2", new_store.ca, "--parallel", "16",
        ]  # fmt: skip
        print("$", shlex.join(map(str, command)), flush=True)
        secrets = {"FABRIKAM_SECRET": "secret-of-fabrikam", "CONTOSO_SECRET": "secret-of-contoso"}
        code = subprocess.run(command, stdin=subprocess.DEVNULL, env=os.environ | secrets).returncode
        wrong = compare(old_store, new_store, users)
        asked = tokens.count()
    waits = len(re.findall(" is throttled until ", (DATA / "latest/run.log").read_text()))
    if code != 0 or wrong or waits == 0 or asked != 2:
        print(f"The demo failed: exit code {code}, {waits} waits, {asked} tokens", *wrong, sep="\n")
        return 1
    print(f"Every message was compared. The servers asked for patience {waits} times, {asked} tokens opened "
          f"{2 * len(users)} mailboxes. Look into {DATA}/latest/.")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
