# SPDX-License-Identifier: MIT
"""The walk-throughs in docs/, each walked from top to bottom: its files are written, its commands typed,
against stand-ins of the providers. Only where the servers are, is put in (tests/integration/walk.py)."""

import pytest

from tests.integration.harness import assert_same
from tests.integration.walk import ELSEWHERE, Walk, blocks_of
from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange

PAGES = ("tenant-to-tenant.md",)
EXCHANGE = ("throttle", "estimates", "lose_flagged", "no_case", "files_reserved", "ten_errors")


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
        work.user(new_store, None, f"{user}@contoso.example")
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
