# SPDX-License-Identifier: MIT
"""Signing in with OAuth2 tokens: on the wire, at a real Dovecot that asks the authority whether a
token is good, and at the stand-ins of providers."""

import base64
import types

import pytest

from tests.integration.harness import FAILED, USAGE, assert_same
from tests.servers import messages
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.exchange import Exchange
from tests.servers.gmail import Gmail
from tests.servers.tokens import GOOGLE_USER, Tokens

SMALL = {"INBOX": [messages.plain(1, ("\\Seen",)), messages.plain(2)]}


@pytest.fixture(scope="module")
def issuers(tmp_path_factory):
    """An authority of tokens and a Dovecot that asks it."""
    authority = Authority(tmp_path_factory.mktemp("oauth-ca"))
    with Tokens(authority) as tokens, Dovecot("oauth", authority, tokens=tokens) as server:
        yield types.SimpleNamespace(tokens=tokens, server=server, authority=authority)


@pytest.fixture
def oauth(issuers, work):
    """The same for one test; no token it hands out may be written anywhere."""
    tokens = issuers.tokens
    tokens.requests, tokens.violations, tokens.refusals, tokens.served = [], [], [], {}
    tokens.secrets, tokens.lifetime_secs, tokens.delay_secs = [], 3600, 0
    yield issuers
    work.secrets += tokens.secrets
    assert not tokens.violations, tokens.violations


def with_token(work, oauth, b, user, token, **more):
    """A row whose source takes a token instead of a password."""
    row = work.row(oauth.server, b, user) | more
    del row["password1"]
    return row | {"oauthaccesstoken1": token}


def token_file(work, token):
    path = work.inputs / f"token{len(list(work.inputs.iterdir()))}"
    path.write_text(token + "\n")
    path.chmod(0o600)
    return path


# On the wire -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER", ""])
@pytest.mark.parametrize("how", ["literal", "file", "env", "cmd"])
def test_a_token_at_a_real_server(work, oauth, b, mechanism, how):
    user = work.pair(oauth.server, b, SMALL)
    token = oauth.tokens.make([user])
    path = token_file(work, token)
    given = {"literal": token, "file": path, "env": "env:TOKEN", "cmd": f"cmd:cat {path}"}[how]
    row = with_token(work, oauth, b, user, given, authmech1=mechanism)
    run = work.batch([row], "--debugimap1", env={"TOKEN": token})
    assert_same(oauth.server, b, user)
    log = run.user_log(user)
    assert base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode()).decode() not in log


def test_both_sides_of_sync(work, oauth):
    user = work.user(oauth.server, SMALL)
    other = work.user(oauth.server)
    row = work.row(oauth.server, oauth.server, user, other)
    del row["password1"], row["password2"]
    everybody = oauth.tokens.make(None)
    row |= {"oauthaccesstoken1": everybody, "oauthaccesstoken2": token_file(work, everybody)}
    work.sync(row)
    assert_same(oauth.server, oauth.server, user, other)


def test_a_shared_mailbox_is_the_user(work, oauth, b):
    shared = work.pair(oauth.server, b, SMALL)
    token = oauth.tokens.make(None)
    row = work.row(oauth.server, b, shared) | {"user1": "boss@example.org", "shared1": shared}
    del row["password1"]
    work.batch([row | {"oauthaccesstoken1": token}])
    typed = row | {"user1": f"boss@example.org\\{shared}", "shared1": ""}
    work.batch([typed | {"oauthaccesstoken1": token}])
    assert_same(oauth.server, b, shared)


def test_a_ready_message(work, oauth, b):
    user = work.pair(oauth.server, b, SMALL)
    token = oauth.tokens.make([user])
    message = base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode()).decode()
    work.secrets.append(message)
    row = work.row(oauth.server, b, user)
    del row["password1"]
    work.batch([row | {"oauthdirect1": message}])
    work.batch([row | {"oauthdirect1": token_file(work, message)}])
    assert_same(oauth.server, b, user)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_refused_token(work, oauth, b, mechanism):
    """The challenge is answered, so that the server can say NO; nothing hangs."""
    user = work.pair(oauth.server, b, SMALL)
    token = oauth.tokens.make(["somebody@example.org"])
    run = work.batch([with_token(work, oauth, b, user, token, authmech1=mechanism)], expect=FAILED)
    assert run.row()["error_code"] == "auth"
    assert "host1 says of the token: {" in run.user_log(user)


def test_a_row_of_the_manifest_wins(work, oauth, b):
    """Whatever kind of secret the command line gives."""
    user, other = work.pair(oauth.server, b, SMALL), work.pair(oauth.server, b, SMALL)
    rows = [work.row(oauth.server, b, user), with_token(work, oauth, b, other, "")]
    work.batch(rows, "--oauthaccesstoken1", oauth.tokens.make([other]))
    assert_same(oauth.server, b, user)
    assert_same(oauth.server, b, other)


def test_exchange_shows_logindisabled(work, dovecot, oauth, b):
    upstream = dovecot("o365")
    user = work.pair(upstream, b, SMALL)
    token = oauth.tokens.make(None)
    with Exchange(upstream, era="2026", issuer=oauth.tokens) as exchange:
        row = work.row(exchange, b, user)
        del row["password1"]
        work.batch([row | {"oauthaccesstoken1": token}])
        assert exchange.seen("^AUTHENTICATE XOAUTH2 ")
        assert not exchange.seen("^LOGIN")
        # Without a token nothing is sent.
        exchange.forget()
        run = work.batch([work.row(exchange, b, user)], expect=FAILED)
        assert "takes no passwords (LOGINDISABLED" in run.row()["error"]
        assert not exchange.seen("^(LOGIN|AUTHENTICATE)")
    assert_same(upstream, b, user)


def test_gmails_challenge(work, dovecot, oauth, b):
    upstream = dovecot("google")
    user = work.pair(upstream, b, SMALL)
    good, bad = (oauth.tokens.make([user], GOOGLE_USER) for _ in range(2))
    with Gmail(upstream, tokens={good: {user}}) as gmail:
        row = work.row(gmail, b, user)
        del row["password1"]
        run = work.batch([row | {"oauthaccesstoken1": bad}], expect=FAILED)
        assert 'of the token: {"status": "400", "schemes": "Bearer"' in run.user_log(user)
        assert run.row()["error_code"] == "auth"
        work.batch([row | {"oauthaccesstoken1": good}], "--justlogin")


def test_a_server_without_tokens(work, a, b, oauth):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    del row["password1"]
    run = work.batch([row | {"oauthaccesstoken1": oauth.tokens.make([user])}], expect=FAILED)
    assert "takes no tokens: it does not offer AUTH=XOAUTH2" in run.row()["error"]


# What is wrong is said before anything is sent ----------------------------------------------------


@pytest.mark.parametrize(
    "change, words",
    [
        ({"host1": "outlook.office365.com"}, "password1 can't work: Microsoft takes no passwords"),
        ({"host1": "imap-mail.outlook.com"}, "password1 can't work: Microsoft takes no passwords"),
        ({"authmech1": "XOAUTH2"}, "authmech1 wants an OAuth2 token, not a password"),
        ({"oauthaccesstoken1": "token1"}, "oauthaccesstoken1 is no token, and no file"),
        ({"oauthaccesstoken1": "x" * 40, "authmech1": "PLAIN"}, "authmech1 asks for a way that"),
        ({"oauthdirect1": "env:NO_SUCH_VARIABLE"}, "oauthdirect1 names an environment variable"),
    ],
)
def test_faults(work, change, words):
    row = {"host1": "a.invalid", "user1": "u", "password1": "geheim"}
    row |= {"host2": "b.invalid", "user2": "u", "password2": "geheim"} | change
    work.secrets.append("geheim")
    run = work.batch([row], expect=USAGE)
    assert words in run.err, run.err


def test_tokens_in_a_manifest_that_others_may_read(work, oauth, b):
    user = work.pair(oauth.server, b, SMALL)
    token = oauth.tokens.make([user])
    row = with_token(work, oauth, b, user, token)
    del row["password2"]
    path = work.manifest([row])
    path.chmod(0o644)
    run = work.batch(path, "--password2", b.passwords[user], expect=USAGE)
    assert "holds plain passwords and others may read it" in run.err
    path = work.manifest([row | {"oauthaccesstoken1": token_file(work, token)}])
    path.chmod(0o644)
    work.batch(path, "--password2", b.passwords[user])
