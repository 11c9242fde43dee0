# SPDX-License-Identifier: MIT
"""The test servers themselves: a test that trusts them must know that they can show a fault."""

import imaplib

import pytest

from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy, cut_in_literal, pass_then_drop
from tests.servers.scripted import ScriptedServer, bad, no

CONTENT = {
    "INBOX": messages.assortment(),
    "Work/Projekte/Größe": messages.assortment(100),
    "日本語": [messages.plain(1)],
    "A & B": [],
}


def test_a_snapshot_finds_every_difference(work, a, b):
    user = work.pair(a, b, CONTENT, CONTENT)
    one, two = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
    assert mailbox.differences(one, two) == []
    assert {n: len(e) for n, e in one.items()} == {n: len(m) for n, m in CONTENT.items()}
    two["INBOX"].pop()
    assert len(mailbox.differences(one, two)) == 1
    del two["A & B"]
    assert len(mailbox.differences(one, two)) == 2
    one["日本語"] = []
    assert len(mailbox.differences(one, two)) == 3


def test_flags_and_dates_count_as_differences(work, a, b):
    plain = messages.plain(1, ("\\Seen",))
    user = work.pair(a, b, {"INBOX": [plain]}, {"INBOX": [messages.plain(1)]})
    one, two = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
    assert len(mailbox.differences(one, two)) == 2
    assert mailbox.differences(one, two, flags=False) == []
    late = messages.Message(plain.body, plain.flags)
    other = work.user(b, {"INBOX": [late]})
    assert len(mailbox.differences(one, mailbox.snapshot(b, other))) == 2
    assert mailbox.differences(one, mailbox.snapshot(b, other), dates=False) == []


def test_mutf7_both_ways():
    for text, raw in (("Größe", "Gr&APYA3w-e"), ("A & B", "A &- B"), ("日本", "&ZeVnLA-")):
        assert mailbox.mutf7_encode(text) == raw
        assert mailbox.mutf7_decode(raw) == text


def test_the_admin_signs_in_for_a_user(work, a):
    user = work.user(a, {"INBOX": [messages.plain(1)]})
    secret = work.secret()
    a.add_master("chief", secret)
    imap = imaplib.IMAP4(a.host, a.port)
    imap.authenticate("PLAIN", lambda _: f"{user}\0chief\0{secret}".encode())
    assert imap.select("INBOX")[1] == [b"1"]


def test_a_shared_login_opens_the_other_mailbox(work, a):
    shared = work.user(a, {"INBOX": [messages.plain(1)]})
    login = a.add_user(f"boss@example.org\\{shared}", work.secret(), mailbox_of=shared)
    assert len(mailbox.snapshot(a, login)["INBOX"]) == 1


def test_the_proxy_hides_counts_and_refuses(work, a):
    user = work.user(a)
    with Proxy(a, hide=["LITERAL+"]) as proxy:
        proxy.on("^APPEND", no("[TOOBIG] no"), body=b"guilty")
        with mailbox.Mailbox(proxy, user) as box:
            assert "LITERAL+" not in box.imap.capabilities
            box.append("INBOX", messages.plain(1))
            with pytest.raises(AssertionError, match="TOOBIG"):
                box.append("INBOX", messages.Message(b"Subject: x\r\n\r\nguilty\r\n"))
        assert len(proxy.appends) == 2 and not proxy.violations
    assert len(mailbox.snapshot(a, user)["INBOX"]) == 1


@pytest.mark.parametrize("action, stored", [(pass_then_drop, 1), (cut_in_literal, 0)])
def test_the_proxy_cuts(work, a, action, stored):
    user = work.user(a)
    with Proxy(a).on("^APPEND", action) as proxy:
        with mailbox.Mailbox(proxy, user) as box, pytest.raises(imaplib.IMAP4.abort):
            box.append("INBOX", messages.plain(1))
    assert len(mailbox.snapshot(a, user)["INBOX"]) == stored


@pytest.mark.parametrize("order", ["normal", "reversed", "uid-last", "both"])
def test_the_scripted_server_serves(authority, order):
    folders = {"INBOX": [b"Subject: a\r\n\r\n1\r\n", b"Subject: b\r\n\r\n2\r\n"], "Old": []}
    with ScriptedServer(folders, authority, fetch_order=order) as server:
        imap = imaplib.IMAP4(server.host, server.port)
        imap.login("u", "p")
        assert imap.select("INBOX", readonly=True)[1] == [b"2"]
        answers = imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")[1]
        bodies = [item[1] for item in answers if isinstance(item, tuple)]
        assert sorted(bodies) == folders["INBOX"]
        server.on("UID FETCH", bad("throttled"), times=1)
        with pytest.raises(imaplib.IMAP4.error, match="throttled"):
            imap.uid("FETCH", "1:*", "(UID)")
        assert imap.uid("FETCH", "1:*", "(UID)")[0] == "OK"
        assert server.seen("UID FETCH")
