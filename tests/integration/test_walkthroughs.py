# SPDX-License-Identifier: MIT
"""The walk-throughs in docs/, each walked from top to bottom: its files are written, its commands typed,
against stand-ins of the providers. Only where the servers are, is put in (tests/integration/walk.py)."""

import json

import pytest

from tests.integration.harness import PAUSED
from tests.integration.test_cron import let_a_day_pass
from tests.integration.test_oauth import make_certificate
from tests.integration.walk import ELSEWHERE, Walk, blocks_of
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange
from tests.servers.gmail import Gmail

PAGES = ("tenant-to-tenant.md", "gmail-to-office365.md")
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


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_run_is_for_another_server(page):
    kinds = [kind for kind, _, _ in blocks_of(page)]
    assert "sh" in kinds and set(kinds) & set(ELSEWHERE) <= set(ELSEWHERE)


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
    with Exchange(old_store, *EXCHANGE, **options) as old, Exchange(new_store, *EXCHANGE, **options) as new:
        where = f"cloud = microsoft\ntoken_url = {tokens.url}\ncafile = {tokens.authority.ca}"
        with Walk(work, "tenant-to-tenant.md", places(old, new), [("cloud = microsoft", where)]) as walk:
            walk.step("mkdir -m 700 mailconvoy-data")
            walk.step("openssl req -x509")
            certificate = walk.path / "mailconvoy-data/fabrikam.crt"
            tokens.add_app("11111111-2222-3333-4444-555555555555", certificate=certificate)
            walk.step("(umask 077; cat > mailconvoy-data/contoso.secret)", stdin=secret + "\n")
            tokens.add_app("66666666-7777-8888-9999-000000000000", secret=secret)
            walk.step("mailconvoy auth status")
            walk.step("mailconvoy batch users.csv --preflight")
            assert not new.seen("CREATE|APPEND|STORE")
            run = walk.step("mailconvoy batch users.csv --parallel 20 --budget-messages 60")
            assert copied(run) == [("complete", 8, 0)] * 3
            run = walk.step("mailconvoy batch users.csv --parallel 20 --budget-messages 60")
            assert copied(run) == [("complete", 0, 8)] * 3
            for user in users:
                mailbox.fill(old_store, f"{user}@fabrikam.example", {"INBOX": [messages.plain(20)]})
            run = walk.step("mailconvoy batch users.csv --parallel 20 --final")
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
            walk.step("chmod 755 move")
            walk.step("./move --preflight")
            run = walk.step("./move", expect=PAUSED)
            assert [row["error_code"] for row in run.rows()] == ["transfer_limit"] * 2
            let_a_day_pass(run)
            run = walk.step("./move")
            assert all(0 < row["copied"] < 8 and row["copied"] + row["already"] == 8 for row in run.rows())
            assert {problem["reason"] for problem in run.problems()} == {"excluded"}
            run = walk.step("./move --final")
            assert copied(run) == [("complete", 0, 8)] * 2
    for user in users:
        there = mailbox.snapshot(new_store, f"{user}@school.onmicrosoft.com")
        assert {name: len(mail) for name, mail in there.items() if mail} == {
            "INBOX": 3, "Sent Items": 1, "Clients": 2, "Clients/Acme": 1, "Archive": 1
        }  # fmt: skip
