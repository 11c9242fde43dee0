# SPDX-License-Identifier: MIT
"""Signing in with OAuth2 tokens: on the wire, at a real Dovecot that asks the authority whether a
token is good, and at the stand-ins of providers."""

import base64
import json
import os
import re
import ssl
import stat
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.integration.harness import FAILED, USAGE, assert_same, wait_until
from tests.servers import messages
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.exchange import Exchange
from tests.servers.gmail import Gmail
from tests.servers.scripted import PASS, no
from tests.servers.tokens import GOOGLE_USER, REFUSALS

SMALL = {"INBOX": [messages.plain(1, ("\\Seen",)), messages.plain(2)]}


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


# Profiles ----------------------------------------------------------------------------------------


def config(work, oauth, text, name="mailconvoy.conf"):
    """A file of profiles whose URLs are the test authority's."""
    path = work.inputs / name
    path.write_text(text.replace("URLS", f"token_url = {oauth.tokens.url}\ncafile = {oauth.authority.ca}"))
    path.chmod(0o600)
    return path


def by_profile(work, oauth, b, user, name="contoso"):
    row = work.row(oauth.server, b, user)
    del row["password1"]
    return row | {"auth1": name}


APP = """
; how the tests sign in
[contoso]
cloud = microsoft
tenant = contoso.onmicrosoft.com
client_id = app-id
client_secret = {secret}
URLS
"""


@pytest.mark.parametrize("how", ["literal", "env", "file"])
def test_an_app_with_a_secret(work, oauth, b, how):
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    (work.inputs / "secret").write_text(secret + "\n")
    given = {"literal": secret, "env": "env:APP_SECRET", "file": "file:secret"}[how]
    path = config(work, oauth, APP.format(secret=given))
    users = [work.pair(oauth.server, b, SMALL) for _ in range(3)]
    rows = [by_profile(work, oauth, b, user) for user in users]
    rows[2] |= {"auth1": "", "password1": "oauth:contoso"}
    work.batch(rows, "--config", path, env={"APP_SECRET": secret})
    for user in users:
        assert_same(oauth.server, b, user)
    assert oauth.tokens.count() == 1


def make_certificate(work):
    """A key and its certificate, in one file."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=app", "-days", "2",
         "-keyout", "app.key", "-out", "app.crt"], cwd=work.inputs, check=True, capture_output=True,
    )  # fmt: skip
    key, certificate = (work.inputs / name for name in ("app.key", "app.crt"))
    (work.inputs / "app.pem").write_text(key.read_text() + certificate.read_text())
    return certificate


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_an_app_with_a_certificate(work, oauth, b, algorithm):
    """The authority checks signature, thumbprint, claims and times."""
    oauth.tokens.add_app("app-id", certificate=make_certificate(work))
    text = APP.replace("client_secret = {secret}", f"certificate = app.pem\nalgorithm = {algorithm}")
    user = work.pair(oauth.server, b, SMALL)
    work.batch([by_profile(work, oauth, b, user)], "--config", config(work, oauth, text))
    assert_same(oauth.server, b, user)


USER = """
[ada]
cloud = microsoft
client_id = public-app
refresh_token_file = ada.token
URLS
"""


def test_a_user_who_agreed(work, oauth, b):
    """The refresh token is another one after each use, and rests in a file that only we may read."""
    oauth.tokens.add_app("public-app")
    user = work.pair(oauth.server, b, SMALL)
    path = config(work, oauth, USER)
    place = work.inputs / "ada.token"
    first = oauth.tokens.add_refresh_token(user)
    place.write_text(first)
    for _ in range(2):
        before = place.read_text().strip()
        work.batch([by_profile(work, oauth, b, user, "ada")], "--config", path)
        assert place.read_text().strip() in oauth.tokens.refresh_tokens
        assert place.read_text().strip() != before
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert_same(oauth.server, b, user)


def test_a_refresh_token_that_somebody_else_keeps(work, oauth, b):
    oauth.tokens.add_app("public-app")
    oauth.tokens.rotates = False
    user = work.pair(oauth.server, b, SMALL)
    (work.inputs / "kept").write_text(oauth.tokens.add_refresh_token(user))
    text = USER.replace("refresh_token_file = ada.token", f"refresh_token = cmd:cat {work.inputs}/kept")
    work.batch([by_profile(work, oauth, b, user, "ada")], "--config", config(work, oauth, text))
    oauth.tokens.rotates = True
    assert_same(oauth.server, b, user)


def test_a_service_account(work, oauth, b):
    """One token for each mailbox, which the assertion names."""
    make_certificate(work)
    email = "mover@project.iam.gserviceaccount.com"
    oauth.tokens.accounts[email] = work.inputs / "app.crt"
    key = (work.inputs / "app.key").read_text()
    work.secrets += [line for line in key.splitlines() if "-" not in line]
    (work.inputs / "account.json").write_text(
        json.dumps({"type": "service_account", "client_email": email, "private_key": key,
                    "private_key_id": "1"})
    )  # fmt: skip
    text = "[school]\ncloud = google\nservice_account = account.json\nURLS\n"
    users = [work.pair(oauth.server, b, SMALL) for _ in range(2)]
    rows = [by_profile(work, oauth, b, user, "school") for user in users]
    work.batch(rows, "--config", config(work, oauth, text))
    for user in users:
        assert_same(oauth.server, b, user)
    assert oauth.tokens.count() == 2


def test_the_file_is_found(work, oauth, b):
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    path = config(work, oauth, APP.format(secret="env:APP_SECRET"))
    user = work.pair(oauth.server, b, SMALL)
    row, env = by_profile(work, oauth, b, user), {"APP_SECRET": secret}
    home = work.inputs / "home"
    (home / "mailconvoy").mkdir(parents=True)
    place = home / "mailconvoy/mailconvoy.conf"
    place.write_text(path.read_text())
    work.batch([row], env=env | {"XDG_CONFIG_HOME": str(home)})
    place.unlink()
    (work.workdir / "mailconvoy.conf").write_text(path.read_text())
    work.batch([row], env=env)
    assert_same(oauth.server, b, user)


@pytest.mark.parametrize(
    "refusal, words, step",
    [
        ("wrong secret", "AADSTS7000215: Invalid client secret provided.", "Make a new secret"),
        ("secret expired", "AADSTS7000222: The provided client secret keys", "Make a new secret"),
        ("no consent", "AADSTS65001: The user or administrator has not consented", "grant admin"),
        ("unknown app", "AADSTS700016: Application with identifier", "Check tenant and"),
    ],
)
def test_a_service_that_refuses(work, oauth, b, refusal, words, step):
    """It is asked once, however many mailboxes want the token, and its words are told."""
    oauth.tokens.add_app("app-id", secret=work.secret())
    oauth.tokens.refusals = [REFUSALS[refusal]] * 20
    path = config(work, oauth, APP.format(secret=work.secret()))
    rows = [by_profile(work, oauth, b, work.pair(oauth.server, b, SMALL)) for _ in range(4)]
    run = work.batch(rows, "--config", path, "--parallel", "4", expect=FAILED)
    for row in run.rows():
        assert row["error_code"] == "auth" and words in row["error"], row
    assert "Trace ID" not in run.text("summary.csv")
    assert step in run.text("summary.txt")
    assert oauth.tokens.count() == 1


@pytest.mark.parametrize("refusal", ["secret expired", "no consent"])
def test_what_is_refused_alike_is_paused(work, oauth, b, refusal):
    """Three mailboxes in a row show that the profile is of no use: no other one is connected for
    it, and those of another profile, and of passwords, go on."""
    good = work.secret()
    oauth.tokens.add_app("app-id", secret=work.secret())
    oauth.tokens.add_app("good-app", secret=good)
    oauth.tokens.refusals = [REFUSALS[refusal]]
    text = APP.format(secret=work.secret())
    text += APP.format(secret=good).replace("contoso]", "other]").replace("app-id", "good-app")
    users = [work.pair(oauth.server, b, SMALL) for _ in range(8)]
    rows = [by_profile(work, oauth, b, user) for user in users[:6]]
    rows += [work.row(oauth.server, b, users[6]), by_profile(work, oauth, b, users[7], "other")]
    options = ("--config", config(work, oauth, text), "--parallel", "1")
    run = work.batch(rows, *options, expect=FAILED)
    statuses = [row["status"] for row in run.rows()]
    assert statuses == ["failed"] * 3 + ["paused"] * 3 + ["complete"] * 2
    code = {"secret expired": "AADSTS7000222", "no consent": "AADSTS65001"}[refusal]
    said = 'sign-ins of the profile "contoso" are paused for the rest of this run: 3 mailboxes'
    for place in (run.err, run.text("run.log")):
        assert place.count(said) == 1 and code in place, place
    for row in run.rows()[3:6]:
        assert row["error_code"] == "auth" and code in row["error"], row
        assert row["error"].startswith("not tried: 3 mailboxes in a row were refused alike"), row
        assert " says: " not in run.user_log(row["user1"]), "it was connected"
    # It was mended, and is not remembered.
    oauth.tokens.refusals = []
    oauth.tokens.apps["app-id"].secret = good
    path = config(work, oauth, APP.format(secret=good), "mended.conf")
    work.batch(rows[:6], "--config", path, "--parallel", "1")
    for user in users:
        assert_same(oauth.server, b, user)


def test_a_service_that_is_busy(work, oauth, b):
    oauth.tokens.add_app("app-id", secret="sesame-1")
    oauth.tokens.refusals = [(429, {"error": "temporarily_unavailable"}, {"Retry-After": "1"})]
    path = config(work, oauth, APP.format(secret="sesame-1"))
    user = work.pair(oauth.server, b, SMALL)
    work.batch([by_profile(work, oauth, b, user)], "--config", path)
    assert oauth.tokens.count() == 2
    assert_same(oauth.server, b, user)


def test_a_service_that_nobody_vouches_for(work, oauth, b):
    oauth.tokens.add_app("app-id", secret="sesame-1")
    other = Authority(work.inputs / "other-ca", "somebody else")
    text = APP.format(secret="sesame-1").replace("URLS", f"token_url = {oauth.tokens.url}\ncafile = {other.ca}")
    user = work.pair(oauth.server, b, SMALL)
    run = work.batch([by_profile(work, oauth, b, user)], "--config", config(work, oauth, text), expect=FAILED)
    assert run.row()["error_code"] == "tls" and "certificate" in run.row()["error"]
    assert not oauth.tokens.requests


@pytest.mark.parametrize(
    "text, words",
    [
        ("client_id = x\n", ":1: client_id stands before the first [profile]"),
        ("[a]\ncolour = red\n", ':2: a profile has no setting "colour"'),
        ("[a]\nnonsense\n", ":2: this is no [profile], no name = value"),
        ("[a]\ncloud = mars\n", ":2: [a]: there is no such cloud; known are microsoft, gcchigh"),
        ("[a]\ntoken_url = http://x\n", ":2: token_url must begin with https://"),
        ("[a]\ncloud = microsoft\nclient_secret = x\n", ":2: [a] wants client_id, the application's id"),
        ("[a]\ncloud = microsoft\nclient_id = i\nclient_secret = x\n", ":2: [a] wants tenant, since"),
        ("[a]\nclient_id = i\nclient_id = j\n", ":3: client_id is given twice"),
        ("[a]\nclient_id = " + "x" * 300, ":2: the line is too long"),
        ("[b]\ncloud = google\nclient_id = i\n", 'auth1 names the sign-in profile "contoso", which '),
    ],
)  # fmt: skip
def test_faults_of_the_file(work, text, words):
    path = work.inputs / "faulty.conf"
    path.write_text(text)
    path.chmod(0o600)
    row = {"host1": "a.invalid", "user1": "u", "auth1": "contoso"}
    row |= {"host2": "b.invalid", "user2": "u", "password2": work.secret()}
    run = work.batch([row], "--config", path, expect=USAGE)
    assert words in run.err, run.err


def test_a_file_that_others_may_read(work, oauth):
    path = config(work, oauth, APP.format(secret=work.secret()))
    row = {"host1": "a.invalid", "user1": "u", "auth1": "contoso"}
    row |= {"host2": "b.invalid", "user2": "u", "password2": work.secret()}
    for mode, words in ((0o644, "client_secret stands here in plain text"), (0o620, "others may write")):
        path.chmod(mode)
        assert words in work.batch([row], "--config", path, expect=USAGE).err


def host_profile(server, more=""):
    return f"[host:old]\nhost = {server.host}\nport = {server.imaps_port}\ncafile = {server.ca.name}\n{more}"


def test_named_servers(work, a, b):
    """A row names its server; what it says itself, and what the command line says, wins."""
    (work.inputs / a.ca.name).write_text(a.ca.read_text())
    path = work.inputs / "hosts.conf"
    path.write_text(host_profile(a, "maxconnections = 3\ntimeout = 77\ncompress = no\n"))
    path.chmod(0o600)
    users = [work.pair(a, b, SMALL) for _ in range(3)]
    rows = [work.row(a, b, user) | {"host1": "host:old"} for user in users]
    for row in rows:
        del row["port1"], row["cafile1"]
    rows[1] |= {"timeout1": "66", "compress1": ""}
    run = work.batch(rows[:2], "--config", path, "--maxconnections1", "5")
    assert [row["host1"] for row in run.rows()] == ["localhost"] * 2
    for user, secs in zip(users, ("77", "66")):
        log = run.user_log(user)
        assert f"setting timeout1 = {secs}" in log and "setting maxconnections1 = 5" in log, log
        assert f"setting port1 = {a.imaps_port}" in log
    work.sync(rows[2], "--config", str(path))
    for user in users:
        assert_same(a, b, user)


@pytest.mark.parametrize(
    "text, words",
    [
        ("[host:old]\nhost = x\ncolour = red\n", ':3: a host profile has no setting "colour"'),
        ("[host:old]\nhost = x\nuser = ada\n", ':3: a host profile has no setting "user"'),
        ("[host:old]\nhost = x\nport1 = 7\n", ':3: a host profile has no setting "port1"'),
        ("[host:old]\nhost = x\n\nport = many\n", ":4: port1 "),
        ("[host:old]\nport = 993\n", ":2: [host:old] wants host, the name of the server"),
        ("[host:old]\nhost = x\n[host:b]\nhost = 1\n[host:old]\nport = 1\n", ":6: there is a second profile [host:old"),
        ("[host:new]\nhost = x\n", "host1 names a host profile that is not there"),
    ],
)  # fmt: skip
def test_faults_of_named_servers(work, text, words):
    path = work.inputs / "faulty.conf"
    path.write_text(text)
    path.chmod(0o600)
    row = {"host1": "host:old", "user1": "u", "password1": work.secret()}
    row |= {"host2": "b.invalid", "user2": "u", "password2": work.secret()}
    run = work.batch([row], "--config", path, expect=USAGE)
    assert words in run.err, run.err


# Many mailboxes, and tokens that run out ----------------------------------------------------------


TOKEN_RUN_SECS = int(os.environ.get("TOKEN_RUN_SECS", "10"))


def test_sessions_end_with_their_tokens(work, dovecot, oauth, capsys):
    """Tokens live 3 s and every session ends with its token, on both sides. Eight mailboxes move,
    slowly, through several lives of them: nothing is lost, doubled or charged, and hardly a session
    waits for its end. `make check-tokens` does so for a minute."""
    upstream = dovecot("o365")
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    oauth.tokens.lifetime_secs = 3
    count = 3 * TOKEN_RUN_SECS
    content = {"INBOX": [messages.plain(n) for n in range(count)]}
    users = [work.user(upstream, content) for _ in range(8)]
    moved = [work.user(upstream) for _ in users]
    path = config(work, oauth, APP.format(secret="env:APP_SECRET"))
    options = {"era": "2026", "issuer": oauth.tokens}
    with Exchange(upstream, "token_expiry", **options) as exchange:
        rows = []
        for user, other in zip(users, moved):
            row = work.row(exchange, exchange, user, other)
            del row["password1"], row["password2"]
            rows.append(row | {"auth1": "contoso", "auth2": "contoso"})
        began = time.monotonic()
        more = ("--config", path, "--parallel", "8", "--maxmessagespersecond", "3", "--lanes", "1")
        run = work.batch(rows, *more, "--reconnectretry1", "3", env={"APP_SECRET": secret})
        took = time.monotonic() - began
    for user, other in zip(users, moved):
        assert_same(upstream, upstream, user, other)
    assert [row["copied"] for row in run.rows()] == [count] * 8
    assert not run.problems()
    assert took > TOKEN_RUN_SECS * 0.6 and oauth.tokens.count() >= 3
    # Never fetched for each session: a token serves until half of its life is over.
    assert oauth.tokens.count() <= took / 1.5 + 2
    ended = run.err.count("AccessTokenExpired")
    renewed = run.err.count("is opened again, since its token runs out soon")
    with capsys.disabled():
        print(f"\n{took:.1f} s, {oauth.tokens.count()} tokens, {renewed} sessions renewed, {ended} "
              "ended with their token")  # fmt: skip
    assert renewed >= 8


def test_sessions_that_are_not_renewed_in_time(work, dovecot, oauth):
    """Tokens live half as long as is said: the server ends sessions first, at the cost of a
    reconnect."""
    upstream = dovecot("o365")
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    oauth.tokens.lifetime_secs, oauth.tokens.told_secs = 2, 4
    user = work.user(upstream, {"INBOX": [messages.plain(n) for n in range(20)]})
    other = work.user(upstream)
    path = config(work, oauth, APP.format(secret="env:APP_SECRET"))
    options = {"era": "2026", "issuer": oauth.tokens}
    with Exchange(upstream, "token_expiry", **options) as exchange:
        row = work.row(exchange, exchange, user, other) | {"auth1": "contoso", "auth2": "contoso"}
        del row["password1"], row["password2"]
        more = ("--config", path, "--maxmessagespersecond", "8", "--lanes", "1")
        run = work.batch([row], *more, env={"APP_SECRET": secret})
    assert_same(upstream, upstream, user, other)
    assert run.row()["copied"] == 20 and not run.problems()
    assert "AccessTokenExpired" in run.err


def test_a_thousand_mailboxes_share_a_token(work, oauth, b, capsys):
    """16 workers, an app's profile on both sides: one request for each profile."""
    password = work.secret()
    for number in range(1000):
        for side in ("old", "new"):
            oauth.server.add_user(f"{side}.{number}", password)
    for profile in ("one", "two"):
        oauth.tokens.add_app(f"app-{profile}", secret=work.secret())
    oauth.tokens.delay_secs = 0.3
    text = ""
    for profile in ("one", "two"):
        text += f"[{profile}]\ncloud = microsoft\ntenant = t\nclient_id = app-{profile}\n"
        text += f"client_secret = {oauth.tokens.apps['app-' + profile].secret}\nURLS\n"
    rows = []
    for number in range(1000):
        row = work.row(oauth.server, oauth.server, f"old.{number}", f"new.{number}")
        del row["password1"], row["password2"]
        rows.append(row | {"auth1": "one", "auth2": "two"})
    path = config(work, oauth, text)
    began = time.monotonic()
    run = work.batch(rows, "--config", path, "--parallel", "16", "--justlogin", "--quiet")
    took = time.monotonic() - began
    assert len(run.rows()) == 1000
    with capsys.disabled():
        print(f"\n1000 mailboxes, 2 profiles, {oauth.tokens.count()} token requests, {took:.1f} s")
    assert oauth.tokens.count() == 2
    assert sorted(form["client_id"] for form in oauth.tokens.requests) == ["app-one", "app-two"]


def test_a_token_that_is_revoked(work, exchange, oauth, b):
    """The second mailbox is given another; mailboxes that no token opens do not fetch one each."""
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    path = config(work, oauth, APP.format(secret="env:APP_SECRET"))
    users = [work.pair(exchange.server, b, SMALL) for _ in range(5)]
    exchange.forget()

    def revoke(session, tag, command):
        oauth.tokens.tokens.clear()
        return PASS

    exchange.on("^LOGOUT", revoke, times=1)
    rows = [work.row(exchange, b, user) | {"auth1": "contoso"} for user in users]
    for row in rows:
        del row["password1"]
    options = ("--config", path, "--parallel", "1")
    work.batch(rows, *options, env={"APP_SECRET": secret})
    for user in users:
        assert_same(exchange.server, b, user)
    assert oauth.tokens.count() == 2
    exchange.on("^AUTHENTICATE", no("AUTHENTICATE failed."))
    run = work.batch(rows, *options, env={"APP_SECRET": secret}, expect=FAILED)
    exchange.rules.clear()
    assert "so look at the mailbox's rights" in run.rows()[4]["error"]
    assert [row["status"] for row in run.rows()] == ["failed"] * 3 + ["paused"] * 2
    assert oauth.tokens.count() == 4
    assert len(exchange.seen("^AUTHENTICATE")) == 6 + 4


# What a token says of itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims, words",
    [
        ({"aud": "https://graph.microsoft.com"}, "it is for https://graph.microsoft.com, not for Exch"),
        ({"roles": ["Mail.Read"]}, "it lacks the role IMAP.AccessAsApp: add that application"),
        ({"roles": [], "scp": "User.Read"}, "it lacks the permission IMAP.AccessAsUser.All"),
        ({"exp": 1_700_000_000}, "it ran out at 2023-11-14T22:13:20Z"),
        ({}, "the token is as it should be, so look at the mailbox's rights"),
    ],
)
def test_a_token_that_microsoft_refuses(work, dovecot, oauth, b, claims, words, exchange):
    """The server says "AUTHENTICATE failed." alone."""
    user = work.pair(exchange.server, b, SMALL)
    token = oauth.tokens.make(["somebody@example.org"], **claims)
    row = work.row(exchange, b, user)
    del row["password1"]
    run = work.batch([row | {"oauthaccesstoken1": token}], expect=FAILED)
    assert run.row()["error_code"] == "auth" and words in run.row()["error"], run.row()["error"]


@pytest.fixture(scope="module")
def exchange(issuers):
    with Dovecot("o365", issuers.authority) as upstream:
        with Exchange(upstream, era="2026", issuer=issuers.tokens) as server:
            yield server


# mailconvoy auth ----------------------------------------------------------------------------------


def login_config(work, oauth):
    base = oauth.tokens.base
    text = USER + f"authorize_url = {base}/authorize\ndevice_url = {base}/devicecode\n"
    return config(work, oauth, text)


def test_login_by_device(work, oauth, b):
    oauth.tokens.add_app("public-app")
    user = work.pair(oauth.server, b, SMALL)
    path = login_config(work, oauth)
    run = work.batch([by_profile(work, oauth, b, user, "ada")], "--config", path, expect=FAILED)
    assert "is not signed in yet: mailconvoy auth login ada --device" in run.row()["error"]
    login = work.start("auth", "login", "ada", "--device", "--config", path)
    wait_until(lambda: oauth.tokens.count("devicecode"), "the code was asked for")
    wait_until(lambda: oauth.tokens.count() >= 1, "the service was asked")
    oauth.tokens.approve(user)
    run = work.finish(login)
    assert run.code == 0, run
    assert "Open https://microsoft.com/devicelogin and enter the code ABCD-EFGH" in run.out
    assert stat.S_IMODE((work.inputs / "ada.token").stat().st_mode) == 0o600
    work.batch([by_profile(work, oauth, b, user, "ada")], "--config", path)
    assert_same(oauth.server, b, user)


def test_login_by_browser(work, oauth, b):
    """PKCE and state are checked on both ends; what does not come from our page is not believed."""
    oauth.tokens.add_app("public-app")
    user = work.pair(oauth.server, b, SMALL)
    oauth.tokens.browser_user = user
    path = login_config(work, oauth)
    login = work.start("auth", "login", "ada", "--browser", "--config", path)
    assert b"Open this page" in login.stdout.readline()
    page = login.stdout.readline().decode().strip()
    assert page.startswith(oauth.tokens.base + "/authorize?client_id=public-app&response_type=code")
    port = int(re.search(r"localhost%3A(\d+)", page)[1])
    forged = urllib.request.Request(f"http://127.0.0.1:{port}/?code=stolen&state=guessed")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(forged, timeout=10)
    tls = ssl.create_default_context(cafile=oauth.authority.ca)
    answer = urllib.request.urlopen(page, timeout=10, context=tls)  # follows to the loopback
    assert answer.read() == b"Thank you. You may close this page."
    run = work.finish(login)
    assert run.code == 0 and "profile ada is signed in" in run.out, run
    work.batch([by_profile(work, oauth, b, user, "ada")], "--config", path)
    assert_same(oauth.server, b, user)


def test_login_that_can_not_be(work, oauth):
    path = config(work, oauth, APP.format(secret=work.secret()))
    run = work.run("auth", "login", "contoso", "--device", "--config", path)
    assert run.code == FAILED and "contoso needs no login" in run.err
    run = work.run("auth", "login", "nobody", "--device", "--config", path)
    assert run.code == USAGE and 'there is no profile "nobody" in ' in run.err
    run = work.run("auth", "login", "contoso", "--config", path)
    assert run.code == USAGE and "name the profile and the way" in run.err
    run = work.run("auth", "status")
    assert run.code == USAGE and "there is no file of sign-in profiles" in run.err


def test_status(work, oauth):
    secret = work.secret()
    oauth.tokens.add_app("app-id", secret=secret)
    oauth.tokens.add_app("public-app")
    path = config(work, oauth, APP.format(secret="env:APP_SECRET") + USER)
    run = work.run("auth", "status", "--config", path, env={"APP_SECRET": secret})
    assert run.code == FAILED
    lines = run.out.splitlines()
    assert lines[0] == (
        "contoso (app, secret, contoso.onmicrosoft.com): gets tokens, good for 60 min, "
        "for https://ps.outlook.com, IMAP.AccessAsApp"
    )
    assert lines[1].startswith("ada (user): profile ada is not signed in yet: mailconvoy auth login")
    run = work.run("auth", "status", "contoso", "--config", path, env={"APP_SECRET": "wrong-one"})
    assert run.code == FAILED
    assert "[AADSTS7000215: Invalid client secret provided." in run.out
    assert "Make a new secret" in run.out
