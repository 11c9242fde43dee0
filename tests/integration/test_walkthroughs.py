# SPDX-License-Identifier: MIT
"""The walk-throughs in docs/, each walked from top to bottom: its files are written, its commands typed,
against stand-ins of the providers. Only where the servers are, is put in (tests/integration/walk.py)."""

import json
import re

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, PAUSED, ROOT, assert_same
from tests.integration.test_cron import let_a_day_pass
from tests.integration.test_docs import exit_codes_of_readme
from tests.integration.test_oauth import make_certificate
from tests.integration.walk import Walk
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.gmail import Gmail

EXCHANGE = ("throttle", "estimates", "lose_flagged", "no_case", "files_reserved", "ten_errors")
# What a new mailbox of Exchange has.
FRESH = {name: [] for name in ("Archive", "Calendar", "Deleted Items", "Drafts", "Junk Email", "Sent Items")}


def places(source, destination):
    return [
        "--host1", source.host, "--port1", source.imaps_port, "--cafile1", source.ca,
        "--host2", destination.host, "--port2", destination.imaps_port, "--cafile2", destination.ca,
    ]  # fmt: skip


def copied(run):
    return [(row["status"], row["copied"], row["already"]) for row in run.rows()]


def test_every_page_with_commands_is_walked():
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if "\n```sh\n" in page.read_text()]
    assert len(pages) >= 4
    for page in pages:
        assert "test_" + page.removesuffix(".md").replace("-", "_") in globals(), page


@pytest.fixture
def stores(dovecot, issuers):
    """Two servers with the separator "/" and without a prefix, which take tokens."""
    return [dovecot(name, tokens=issuers.tokens) for name in ("old", "new")]


def test_tenant_to_tenant(work, oauth, stores):
    old_store, new_store = stores
    secret = work.secret()
    mail = {
        "INBOX": [messages.plain(1, ("\\Flagged",)), *(messages.plain(n) for n in range(2, 7))],
        "Projects/2026": [messages.plain(7), messages.with_attachment(8)],
        "Calendar": [messages.plain(9)],
        "files": [messages.plain(10)],
    }
    users = ["ada", "boris", "sales"]
    for user in users:
        work.user(old_store, mail, f"{user}@fabrikam.example")
        work.user(new_store, FRESH, f"{user}@contoso.example")
    tokens = oauth.tokens
    options = {"era": "2026", "issuer": tokens, "rate": 20, "burst": 20}
    with Exchange(old_store, *EXCHANGE, **options) as old, Exchange(new_store, *EXCHANGE, "rebuild", **options) as new:
        where = f"cloud = microsoft\ntoken_url = {tokens.url}\ncafile = {tokens.authority.ca}"
        with Walk(work, "tenant-to-tenant.md", places(old, new), [("cloud = microsoft", where)]) as walk:
            walk.step("mkdir -m 700 mailconvoy-data")
            walk.step("openssl req -x509")
            certificate = walk.path / "mailconvoy-data/fabrikam.crt"
            tokens.add_app("11111111-2222-3333-4444-555555555555", certificate=certificate)
            walk.step("(umask 077; cat > mailconvoy-data/contoso.secret)", stdin=secret + "\n")
            tokens.add_app("66666666-7777-8888-9999-000000000000", secret=secret)
            walk.step("mailconvoy auth status")
            run = walk.step("mailconvoy batch users.csv --preflight")
            assert "of no folder here" not in run.out and "[Calendar] is left out" in run.out
            assert not new.seen("CREATE|APPEND|STORE")
            run = walk.step("mailconvoy batch users.csv --parallel 20 --budget-messages 60")
            assert copied(run) == [("complete", 8, 0)] * 3
            run = walk.step("mailconvoy batch users.csv --parallel 20 --budget-messages 60")
            assert copied(run) == [("complete", 0, 8)] * 3
            for user in users:
                mailbox.fill(old_store, f"{user}@fabrikam.example", {"INBOX": [messages.plain(20)]})
            run = walk.step("mailconvoy batch users.csv --parallel 20 --final --verify full")
            assert copied(run) == [("complete", 1, 8)] * 3
            assert [row["safe_to_switch"] for row in run.rows()] == ["yes"] * 3
    for user in users:
        there = mailbox.snapshot(new_store, f"{user}@contoso.example")
        assert {name: len(mail) for name, mail in there.items() if mail} == {"INBOX": 7, "Projects/2026": 2}


class Issued:
    """An authority's tokens as the stand-in of Gmail looks at them."""

    def __init__(self, tokens):
        self.tokens = tokens

    def get(self, text, default):
        token = self.tokens.tokens.get(text)
        return token.users if token else default


def google_key(work, tokens):
    """A service account's key as Google hands it out."""
    email = "mover@project.iam.gserviceaccount.com"
    tokens.accounts[email] = make_certificate(work)
    key = (work.inputs / "app.key").read_text()
    work.secrets += [line for line in key.splitlines() if "-" not in line]
    return json.dumps({"type": "service_account", "client_email": email, "private_key": key, "private_key_id": "1"})


def test_gmail_to_office365(work, oauth, stores):
    old_store, new_store = stores
    secret = work.secret()
    m = [messages.with_attachment(n, size=5_000) for n in range(8)]
    mail = {
        "INBOX": m[:3], "Clients": m[2:5], "Clients/Acme": m[4:6], "[Gmail]/Sent Mail": m[6:7],
        "[Gmail]/All Mail": m,
    }  # fmt: skip
    users = ["ada", "boris"]
    for user in users:
        work.user(old_store, mail, f"{user}@school.example")
        work.user(new_store, FRESH, f"{user}@school.onmicrosoft.com")
    tokens = oauth.tokens
    with (
        Gmail(old_store, "labels", "one_message", "special_use", "strict_names", tokens=Issued(tokens)) as old,
        Exchange(new_store, *EXCHANGE, era="2026", issuer=tokens, rate=20, burst=20) as new,
    ):
        where = f"\ntoken_url = {tokens.url}\ncafile = {tokens.authority.ca}"
        swap = [(cloud, cloud + where) for cloud in ("cloud = microsoft", "cloud = google")]
        swap += [("2250M", "30k")]  # a small day
        with Walk(work, "gmail-to-office365.md", places(old, new), swap) as walk:
            walk.step("mkdir")
            walk.step("(umask 077; cat > mailconvoy-data/google.json)", stdin=google_key(work, tokens))
            walk.step("(umask 077; cat > mailconvoy-data/school.secret)", stdin=secret + "\n")
            tokens.add_app("66666666-7777-8888-9999-000000000000", secret=secret)
            machine(walk, work)
            walk.step("chmod 755 move")
            walk.step("./move --preflight")
            run = walk.step("./move", expect=PAUSED)
            assert [row["error_code"] for row in run.rows()] == ["transfer_limit"] * 2
            let_a_day_pass(run)
            run = walk.step("./move")
            assert all(0 < row["copied"] < 8 and row["copied"] + row["already"] == 8 for row in run.rows())
            assert {problem["reason"] for problem in run.problems()} == {"excluded"}
            run = walk.step("./move --final --verify headers")
            assert copied(run) == [("complete", 0, 8)] * 2
    for user in users:
        there = mailbox.snapshot(new_store, f"{user}@school.onmicrosoft.com")
        assert {name: len(mail) for name, mail in there.items() if mail} == {
            "INBOX": 3, "Sent Items": 1, "Clients": 2, "Clients/Acme": 1, "Archive": 1
        }  # fmt: skip


# The reader's machine: what stands in for cron, mail and systemd.
CRONTAB = """#!/bin/sh
case $1 in -l) cat {path}/crontab ;; -) cat > {path}/crontab.new && mv {path}/crontab.new {path}/crontab ;; esac
"""
SENDMAIL = """#!/bin/sh
[ "$*" = "-t -i" ] && cat >> {path}/mails
"""
SUDO = '#!/bin/sh\nexec "$@"\n'
SYSTEMCTL = r"""#!/bin/sh
unit={path}/etc/systemd/system/$2
echo "$1" "$2" >> {path}/systemctl
[ -f "$unit" ] || exit 5
case "$1 $2" in
"start mailconvoy.service")
    mkdir -p {path}/credentials {path}/var/lib/mailconvoy
    sed -n 's,^LoadCredential=users.csv:,{path},p' "$unit" | xargs -I @ cp -p @ {path}/credentials/users.csv
    line=$(sed -n 's,^ExecStart=/usr/local/bin/,{bin}/,p' "$unit" | sed 's, /run/, {path}/run/,; s, /var/, {path}/var/,')
    mkdir -p -m 700 {path}/run/mailconvoy
    CREDENTIALS_DIRECTORY={path}/credentials sh -c "$line" ;;
esac
"""


def cron_lines(path):
    """(times, command) of a crontab, in which "%" would mean a new line."""
    text = path.read_text()
    assert "%" not in text
    lines = [line.split(None, 5) for line in text.splitlines() if line and line[0] in "0123456789*"]
    assert all(re.fullmatch(r"[\d*]+", field) for line in lines for field in line[:5])
    return [line[5] for line in lines]


def machine(walk, work):
    """Files of the system are below the test's directory. Returns what cron has in its environment."""
    walk.swap += [("/usr/local/bin/", f"{walk.bin}/"), ("/srv/move", walk.path)]
    walk.swap += [("/usr/local/share/doc/mailconvoy/examples", ROOT / "examples")]
    walk.swap += [(f"(?<= )/({first})/", f"{work.inputs}/{first}/") for first in ("etc", "var")]
    (work.inputs / "etc/systemd/system").mkdir(parents=True)
    for name, text in (("crontab", CRONTAB), ("sudo", SUDO), ("systemctl", SYSTEMCTL)):
        walk.program(walk.bin / name, text.replace("{path}", str(work.inputs)).replace("{bin}", str(walk.bin)))
    walk.program(work.inputs / "sbin/sendmail", SENDMAIL.replace("{path}", str(work.inputs)))
    return {"PATH": f"/usr/bin:/bin:{work.inputs}/sbin", "HOME": str(walk.path)}


HOSTS = [(r"imap\.old\.example", "localhost"), (r"imap\.new\.example", "127.0.0.1")]


def old_and_new(work, stores, mail, names):
    work.secrets += ["old-password", "new-password", "wrong-password"]
    for name in names:
        stores[0].add_user(name, "old-password")
        stores[1].add_user(f"{name}@new.example", "new-password")
        mailbox.fill(stores[0], name, mail)


def test_nightly_delta(work, stores):
    old, new = stores
    mail = {"INBOX": [messages.plain(n) for n in range(4)], "Sent": [messages.plain(9)]}
    old_and_new(work, stores, mail, ["ada", "boris"])
    with Walk(work, "nightly-delta.md", places(old, new), HOSTS) as walk:
        env = machine(walk, work)
        walk.step("chmod 600 users.csv")
        walk.step("mailconvoy batch users.csv --preflight")
        walk.step("(crontab -l")
        night, noon = cron_lines(work.inputs / "crontab")
        run = walk.type(night, env=env)
        assert (run.out + run.err, run.code, copied(run)) == ("", 0, [("complete", 5, 0)] * 2)
        mailbox.fill(old, "boris", {"Sent": [messages.plain(20)]})
        assert copied(walk.type(night, env=env)) == [("complete", 0, 5), ("complete", 1, 5)]
        manifest = walk.path / "users.csv"
        right = manifest.read_text()
        manifest.write_text(right.replace("boris,old-password", "boris,wrong-password"))
        mailbox.fill(old, "boris", {"Sent": [messages.plain(21)]})
        assert not (work.inputs / "mails").exists()
        run = walk.type(night, env=env)
        assert (run.code, run.out) == (FAILED, "") and "row 2, Boris" in run.err, run
        assert "(exit code 11)" in (work.inputs / "mails").read_text()
        manifest.write_text(right)
        run = walk.type(noon, env=env)
        assert [(row["status"], row["copied"]) for row in run.rows()] == [("left_out", 0), ("complete", 1)]
        walk.step("mailconvoy status")
        walk.step("mailconvoy report")
        walk.step("mailconvoy report --across --format html > migration.html")
        assert "Boris" in (walk.path / "migration.html").read_text()
        walk.step("mailconvoy report --across")
        walk.step("mailconvoy batch users.csv --retry-problems")
        walk.step("sudo install -D -m 600 users.csv")
        walk.step("sudo cp")
        walk.step("sudo systemctl enable mailconvoy.timer")
        walk.step("sudo systemctl start mailconvoy.timer")
        run = walk.step("sudo systemctl start mailconvoy.service")
        assert "2 mailboxes: 2 complete.\n" in run.out and (work.inputs / "var/lib/mailconvoy/state.db").exists()
        run = walk.step("sudo mailconvoy status")
        assert "mailboxes 2 complete, 0 failed" in run.out
    for user, count in (("ada", 5), ("boris", 7)):
        assert sum(map(len, mailbox.snapshot(new, f"{user}@new.example").values())) == count


def test_the_morning_knows_every_exit_code():
    text = (ROOT / "docs/nightly-delta.md").read_text()
    assert set(re.findall(r"^\| (\d+) \|", text, re.M)) == set(exit_codes_of_readme("batch"))


def test_cutover_weekend(work, stores):
    old, new = stores
    mail = {"INBOX": [messages.plain(n) for n in range(4)], "Sent": [messages.plain(9)]}
    secrets = [work.secret(), work.secret()]
    for store, secret in zip(stores, secrets):
        store.add_master("admin", secret)
    for user in ("ada", "boris", "emma"):
        work.user(old, mail, user)
        work.user(new, None, f"{user}@new.example")
    mailbox.fill(old, "emma", {"INBOX": [messages.big(30, 36_000_000)]})
    with Walk(work, "cutover-weekend.md", places(old, new), HOSTS) as walk:
        env = machine(walk, work)
        walk.step("chmod 755 move")
        for secret in secrets:
            walk.step("(umask 077; cat > ", stdin=secret + "\n")
        walk.step("./move --preflight")
        run = walk.step("./move", expect=EXCEPTIONS)
        assert copied(run) == [("complete", 5, 0)] * 2 + [("exceptions", 5, 0)]
        walk.step("(crontab -l")
        (night,) = cron_lines(work.inputs / "crontab")
        mailbox.fill(old, "ada", {"INBOX": [messages.plain(20)]})
        run = walk.type(night, env=env)
        assert (run.code, run.out) == (EXCEPTIONS, "") and "row 3, Emma" in run.err and "Ada" not in run.err
        assert [row["copied"] for row in run.rows()] == [1, 0, 0]
        run = walk.step("./move", expect=EXCEPTIONS)
        assert [row["copied"] for row in run.rows()] == [0, 0, 0]
        mailbox.fill(old, "boris", {"INBOX": [messages.plain(21)]})
        run = walk.step("./move --final", expect=EXCEPTIONS)
        assert [row["copied"] for row in run.rows()] == [0, 1, 0]
        run = walk.step("./move --final --maxsize 50M")
        assert [row["copied"] for row in run.rows()] == [0, 0, 1]
        run = walk.step("./move --maxsize 50M --verify-only --verify full")
        told = json.loads(run.text("summary.json"))["verification"]
        assert (told["level"], told["found"], told["differences"]) == ("full", 18, 0)
        walk.step("mailconvoy report --across")
        assert "Company Ltd" in (walk.path / "migration.html").read_text()
        walk.step("mailconvoy report --format html --per-user")
        assert len(list((run.files / "pages").iterdir())) == 3
        assert copied(walk.step("./move --maxsize 50M")) == [("complete", 0, 6)] * 3
        walk.step("crontab -l | grep -v")
        assert cron_lines(work.inputs / "crontab") == []
        walk.step("rm old.pass new.pass")
    for user in ("ada", "boris", "emma"):
        assert_same(old, new, user, f"{user}@new.example")
