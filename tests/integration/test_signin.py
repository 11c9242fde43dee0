# SPDX-License-Identifier: MIT
"""Ways to sign in, secrets by reference, and TLS that is verified."""

import base64
import json
import ssl
import stat
import time
import warnings

import pytest

from tests.integration.harness import FAILED, USAGE, assert_same
from tests.servers import certificates, mailbox, messages
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy
from tests.servers.scripted import ScriptedServer, answer, no

SMALL = {"INBOX": [messages.plain(1, ("\\Seen",)), messages.plain(2)]}


def test_admin_for_both_sides(work, a, b):
    user = work.pair(a, b, SMALL)
    one, two = work.secret(), work.secret()
    a.add_master("chief1", one)
    b.add_master("chief2", two)
    row = work.row(a, b, user, authuser1="chief1", authuser2="chief2")
    work.batch([row | {"password1": one, "password2": two}])
    assert_same(a, b, user)


@pytest.mark.parametrize("typed", [True, False])
def test_shared_mailbox(work, a, b, typed):
    shared = work.pair(a, b, SMALL)
    boss = work.user(a, {"INBOX": [messages.plain(9)]})
    a.add_user(f"{boss}\\{shared}", a.passwords[boss], mailbox_of=shared)
    row = work.row(a, b, boss, shared)
    row |= {"user1": f"{boss}\\{shared}"} if typed else {"shared1": shared}
    work.batch([row])
    assert_same(a, b, shared)


def test_two_shared_mailboxes_of_one_login(work, a, b):
    shares = [work.pair(a, b, {"INBOX": [messages.plain(n)]}) for n in range(2)]
    boss = work.user(a)
    rows = []
    for shared in shares:
        a.add_user(f"{boss}\\{shared}", a.passwords[boss], mailbox_of=shared)
        rows.append(work.row(a, b, boss, shared, shared1=shared))
    work.batch(rows)
    for shared in shares:
        assert_same(a, b, shared)


@pytest.mark.parametrize("kind", ["passfile", "env", "cmd"])
def test_secrets_by_reference(work, a, b, kind):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    env = {}
    if kind == "env":
        env = {"SOURCE_PASSWORD": a.passwords[user]}
        row["password1"] = "env:SOURCE_PASSWORD"
    else:
        path = work.inputs / "password"
        path.write_text(a.passwords[user] + "\nsecond line\n")
        path.chmod(0o600)
        row["password1"] = "" if kind == "passfile" else f"cmd:head -n 1 {path}"
        row |= {"passfile1": str(path)} if kind == "passfile" else {}
    work.batch([row], env=env)
    assert_same(a, b, user)


@pytest.mark.parametrize("command", ["cmd:false", "cmd:exit 3", "cmd:true", "cmd:/no/such/program"])
def test_a_command_that_gives_no_secret(work, a, b, command):
    user, other = work.pair(a, b, SMALL), work.pair(a, b, SMALL)
    rows = [work.row(a, b, user) | {"password1": command}, work.row(a, b, other)]
    run = work.batch(rows, expect=FAILED)
    assert (run.row(user)["status"], run.row(user)["error_code"]) == ("failed", "secret")
    assert_same(a, b, other)


def test_odd_passwords(work, a, b):
    user = work.user(b)
    odd = 'p"a\\s;s, wörd{5}'
    work.secrets.append(odd)
    a.add_user(user, odd)
    mailbox.fill(a, user, SMALL)
    work.batch([work.row(a, b, user)])
    assert_same(a, b, user)


def test_starttls(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user) | {"port1": str(a.port), "port2": str(b.port)}
    work.batch([row], "--tls1", "--tls2")
    assert_same(a, b, user)


def test_clear_text_is_refused(work, a, b):
    user = work.pair(a, b, SMALL)
    with ScriptedServer() as server:  # offers no STARTTLS
        for option in ("--tls1", "--nossl1"):
            row = work.row(a, b, user) | {"host1": "localhost", "port1": str(server.port)}
            run = work.batch([row], option, expect=FAILED)
            assert run.row()["error_code"] == "tls"
        assert not server.seen("LOGIN|AUTHENTICATE")


def test_clear_text_when_told_so(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user) | {"port1": str(a.port), "ssl1": "no", "tls1": "no"}
    work.batch([row])
    assert_same(a, b, user)


def test_nothing_that_came_before_tls_is_believed(work, b):
    """A capability line injected behind the OK to STARTTLS, as in CVE-2011-0411."""
    authority = Authority(work.inputs / "ca")
    injected = (
        "{tag} OK begin\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* BYE from the attacker"
    )
    with ScriptedServer(authority=authority) as server:
        user = work.user(b)

        def starttls(session, tag, command):
            session.send(injected.replace("{tag}", tag))
            session.server._tls.wrap_socket(session.sock, server_side=True)

        server.capability += " STARTTLS"
        server.on("^STARTTLS", starttls)
        row = work.side(2, b, user) | {"host1": "localhost", "port1": str(server.port)}
        row |= {"user1": "u", "password1": work.secret(), "cafile1": str(server.ca)}
        run = work.batch([row], "--tls1", "--timeout", "5", expect=FAILED)
        assert run.row()["status"] == "failed"
        assert not server.seen("LOGIN|AUTHENTICATE")


@pytest.mark.parametrize(
    "greeting, capability, answered, words",
    [
        (None, "IMAP4rev1 AUTH=PLAIN", None, "offers no TLS (STARTTLS) on this port"),
        (None, "IMAP4rev1 AUTH=PLAIN STARTTLS", "{tag} NO not now", "not now"),
        (None, "IMAP4rev1 AUTH=PLAIN STARTTLS", "{tag} BAD what", "what"),
        ("* PREAUTH [CAPABILITY IMAP4rev1] welcome back", "IMAP4rev1", None, "claims to be signed in before TLS"),
        (None, "IMAP4rev1 AUTH=PLAIN STARTTLS", "{tag} OK begin\r\n* OK [CAPABILITY IMAP4rev1] hello",
         "sent answers ahead of TLS: somebody is in between"),
    ],
    ids=["stripped", "refused", "unknown", "preauth", "injected"],
)  # fmt: skip
def test_starttls_that_somebody_prevents(work, b, greeting, capability, answered, words):
    """Nothing goes out in clear, whatever is said before TLS."""
    with ScriptedServer() as server:
        if greeting:
            server.greeting = greeting
        server.capability = capability
        if answered:
            server.on("^STARTTLS", answer(answered))
        row = work.side(2, b, work.user(b)) | {"host1": "localhost", "port1": str(server.port)}
        row |= {"user1": "u", "password1": work.secret()}
        run = work.batch([row], "--tls1", "--timeout", "5", expect=FAILED)
        assert words in run.row()["error"], run.row()["error"]
        assert not server.seen("LOGIN|AUTHENTICATE")


def one_bad_of_two(work, a, b, bad_row, code, *words):
    """The bad row fails with these words in summary and log; the good one is complete."""
    good = work.pair(a, b, SMALL)
    run = work.batch([bad_row, work.row(a, b, good)], expect=FAILED)
    row = run.rows()[0]
    assert (row["status"], row["error_code"]) == ("failed", code), row
    log = next(
        p.read_text() for p in sorted((run.files / "users").iterdir()) if good not in p.read_text()
    )
    for word in words:
        assert word in row["error"], row["error"]
        assert word in log
    assert run.rows()[1]["status"] == "complete"
    assert_same(a, b, good)
    return run


def test_wrong_password(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user) | {"password1": work.secret()}
    one_bad_of_two(work, a, b, row, "auth", "Authentication failed")


def test_wrong_password_at_the_destination(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user) | {"password2": work.secret()}
    one_bad_of_two(work, a, b, row, "auth", "Authentication failed")


def test_the_server_repeats_the_secret(work, a, b, authority):
    user, secret = work.pair(a, b, SMALL), work.secret()
    with ScriptedServer(authority=authority) as server:
        server.on("^(LOGIN|AUTHENTICATE)", no(f"[AUTHENTICATIONFAILED] bad password {secret}"))
        row = work.row(a, b, user) | {
            "port1": str(server.imaps_port),
            "cafile1": str(server.ca),
            "password1": secret,
        }
        one_bad_of_two(work, a, b, row, "auth")


def test_an_answer_in_pieces(work, a, b, authority):
    """The OK of CAPABILITY is not that of the sign-in, which comes later."""
    user = work.pair(a, b, SMALL)
    with ScriptedServer(authority=authority) as server:

        def in_pieces(session, tag, command):
            session.send("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR")
            time.sleep(0.1)
            session.send(f"{tag} OK done")

        server.greeting = "* OK ready"
        server.on("^CAPABILITY", in_pieces)
        server.on("^(LOGIN|AUTHENTICATE)", no("[AUTHENTICATIONFAILED] wrong"))
        row = work.row(a, b, user) | {"port1": str(server.imaps_port), "cafile1": str(server.ca)}
        run = work.batch([row], expect=FAILED)
        assert run.row()["error_code"] == "auth"
        assert "host1 signed in" not in run.user_log(user)


@pytest.fixture(scope="module")
def scram_server():
    with Dovecot("scram", mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256") as server:
        yield server


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "scram-sha-256"])
def test_scram(work, scram_server, b, mechanism):
    """An administrator signs in by it, too."""
    user = work.pair(scram_server, b, SMALL)
    row = work.row(scram_server, b, user) | {"authmech1": mechanism}
    work.batch([row], "--debugimap1")
    chief = work.secret()
    name = f"chief-{mechanism.lower()}"  # Dovecot looks once a second whether a file has changed
    scram_server.add_master(name, chief)
    work.batch([row | {"authuser1": name, "password1": chief}])
    assert_same(scram_server, b, user)
    run = work.batch([row | {"password1": work.secret()}], expect=FAILED)
    assert run.row()["error_code"] == "auth"
    logins = [line for line in scram_server.log().splitlines() if user in line and "Login: " in line]
    assert len([line for line in logins if f"method={mechanism.upper()}" in line]) == 2


def test_scram_where_plain_is_not_offered(work, scram_server, b):
    user = work.pair(scram_server, b, SMALL)
    with Proxy(scram_server, hide=("AUTH=PLAIN",)) as proxy:
        work.batch([work.row(proxy, b, user)])
        assert proxy.seen("^AUTHENTICATE SCRAM-SHA-256 ")
    assert_same(scram_server, b, user)


@pytest.mark.parametrize(
    "hidden, taken",
    [
        ((), "SCRAM-SHA-256"),
        (("AUTH=SCRAM-SHA-256",), "SCRAM-SHA-1"),
        (("AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1"), "CRAM-MD5"),
        (("AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1", "AUTH=CRAM-MD5"), "PLAIN"),
    ],
)
def test_the_strongest_is_taken(work, scram_server, b, hidden, taken):
    user = work.pair(scram_server, b, SMALL)
    chief = work.secret()
    name = scram_server.add_master(f"boss-{len(hidden)}", chief)
    with Proxy(scram_server, hide=hidden) as proxy:
        row = work.row(proxy, b, user)
        work.batch([row])
        assert proxy.seen("^AUTHENTICATE ")[0].split()[1] == taken
        # CRAM-MD5 signs nobody in for somebody else.
        work.batch([row | {"authuser1": name, "password1": chief}])
        other = "PLAIN" if taken == "CRAM-MD5" else taken
        assert proxy.seen("^AUTHENTICATE ")[-1].split()[1] == other
        assert len(proxy.seen("^AUTHENTICATE ")) == 2
    assert_same(scram_server, b, user)


def test_plain_where_passwords_are_kept_otherwise(work, scram_server, b):
    """The server offers SCRAM, but has the password as a hash that is of use for PLAIN alone. What
    was asked for is all that is tried, and so where nobody proved to be the server."""
    user = work.pair(scram_server, b, SMALL)
    name = scram_server.add_user(f"hashed.{user}", work.secret(), user, is_hashed=True)
    with Proxy(scram_server) as proxy:
        row = work.row(proxy, b, name, user)
        run = work.batch([row])
        assert [line.split()[1] for line in proxy.seen("^AUTHENTICATE ")] == ["SCRAM-SHA-256", "PLAIN"]
        assert "host1 refused the password by SCRAM-SHA-256; once more by PLAIN" in run.user_log(name)
        proxy.forget()
        for more in ({"authmech1": "SCRAM-SHA-256"}, {"sslargs1": "SSL_verify_mode=0"}):
            run = work.batch([row | more], expect=FAILED)
            assert run.row()["error_code"] == "auth"
        assert [line.split()[1] for line in proxy.seen("^AUTHENTICATE ")] == ["SCRAM-SHA-256"] * 2
        work.batch([row | {"authmech1": "PLAIN"}])
    assert_same(scram_server, b, user)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """An authority that gives people certificates, and a server that believes it."""
    own = Authority(tmp_path_factory.mktemp("people-ca"), "people")
    with Dovecot("external", mechanisms="plain external", client_ca=own.ca) as server:
        server.people = own
        yield server


def test_a_certificate_signs_in(work, people, b):
    """AUTH=EXTERNAL: with one file or two, asked for or because there is no password."""
    user = work.pair(people, b, SMALL)
    cert, key = people.people.issue(user, use="clientAuth")
    both = work.inputs / "both.pem"
    both.write_text(cert.read_text() + key.read_text())
    row = work.row(people, b, user)
    del row["password1"]
    rows = [
        row | {"tlscert1": str(cert), "tlskey1": str(key)},
        row | {"tlscert1": str(both), "authmech1": "external"},
        row | {"tlscert1": str(both), "authmech1": "EXTERNAL", "password1": work.secret()},
        row | {"sslargs1": f"SSL_cert_file={both}"},
    ]
    for each in rows:
        work.batch([each])
    assert_same(people, b, user)
    logins = [line for line in people.log().splitlines() if user in line and "Login: " in line]
    assert len([line for line in logins if "method=EXTERNAL" in line]) == 4
    # A password is what signs in where there is one.
    run = work.batch([row | {"tlscert1": str(both), "password1": people.passwords[user]}])
    assert run.row()["status"] == "complete"


def test_a_certificate_that_signs_nobody_in(work, people, b):
    user, other = (work.pair(people, b, SMALL) for _ in range(2))
    cert, key = people.people.issue(other, use="clientAuth")
    row = work.row(people, b, user) | {"tlscert1": str(cert), "tlskey1": str(key)}
    del row["password1"]
    run = work.batch([row], expect=FAILED)
    assert run.row()["error_code"] == "auth"
    run = work.batch([row | {"authmech1": "PLAIN"}], expect=USAGE)
    assert "authmech1 asks for a way that takes a password or a token, and there is none" in run.err
    bare = row | {"tlscert1": "", "tlskey1": "", "authmech1": "EXTERNAL", "password1": work.secret()}
    run = work.batch([bare], expect=USAGE)
    assert "authmech1 EXTERNAL wants a certificate: tlscert1/2" in run.err
    with Proxy(people, hide=("AUTH=EXTERNAL",)) as proxy:
        row = work.row(proxy, b, other) | {"tlscert1": str(cert), "tlskey1": str(key)}
        run = work.batch([row | {"authmech1": "EXTERNAL"}], expect=FAILED)
        assert "does not offer AUTH=EXTERNAL" in run.row()["error"]


def test_scram_where_the_server_proves_nothing(work, b, authority):
    """Who is in between can say OK; what the password's owner says last he can't."""
    with ScriptedServer(authority=authority) as server:
        server.capability += " AUTH=SCRAM-SHA-256"
        server.on("^AUTHENTICATE", answer("{tag} OK welcome"))
        user = work.user(b)
        row = work.side(2, b, user) | {"host1": "localhost", "port1": str(server.imaps_port)}
        row |= {"user1": "u", "password1": work.secret(), "cafile1": str(server.ca)}
        run = work.batch([row | {"authmech1": "SCRAM-SHA-256"}], expect=FAILED)
        assert "did not prove that it knows the password" in run.row()["error"]


def test_unknown_host(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user) | {"host1": "no-such-host.invalid"}
    one_bad_of_two(work, a, b, row, "resolve", "no-such-host.invalid")


def test_nobody_listens(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user) | {"host1": "127.0.0.1", "port1": "1"}
    one_bad_of_two(work, a, b, row, "connect", "refused")


def test_a_certificate_of_another_authority(work, a, b):
    user = work.pair(a, b, SMALL)
    other = Authority(work.inputs / "other-ca", "somebody else")
    row = work.row(a, b, user) | {"cafile1": str(other.ca)}
    one_bad_of_two(work, a, b, row, "tls", "certificate")


def test_a_certificate_with_another_name(work, a, b, authority, dovecot):
    wrong = dovecot("wrong", certificate=authority.issue("wrong", ["DNS:mail.example.net"]))
    user = work.pair(wrong, b, SMALL)
    one_bad_of_two(work, a, b, work.row(wrong, b, user), "tls", "localhost")


@pytest.fixture(scope="module")
def odd_servers(authority):
    """Servers that can't be believed, by what is wrong with them."""
    pairs = {
        "wrong name": authority.issue("named", ["DNS:mail.example.net"]),
        "wrong address": authority.issue("addressed", ["DNS:localhost"]),
        "expired": authority.issue("expired", days=-1),
        "self-signed": authority.self_signed(),
    }
    servers = {
        name: Dovecot("odd", authority, certificate=pair).start()
        for name, pair in pairs.items()
    }
    for server in servers.values():
        server.is_odd = True
    yield servers
    for server in servers.values():
        server.stop()


@pytest.mark.parametrize("port", ["imaps", "starttls"])
@pytest.mark.parametrize(
    "what, words",
    [
        ("wrong name", "its certificate is for another name. Give the name that stands in it as --host1"),
        ("wrong address", "its certificate is for another address"),
        ("expired", "its certificate has expired. Whoever runs it has to renew it"),
        ("self-signed", "its certificate is signed by itself alone. Trust it with --cafile1 FILE"),
    ],
)  # fmt: skip
def test_servers_that_can_not_be_believed(work, odd_servers, b, what, words, port):
    """Nothing is sent to them; whoever says so may believe them all the same, or their keys."""
    server = odd_servers[what]
    user = work.pair(server, b, SMALL)
    row = work.row(server, b, user)
    if port == "starttls":
        row |= {"port1": str(server.port), "tls1": "yes"}
    if what == "wrong address":
        row["host1"] = "127.0.0.1"
    before = server.log().count("Login: ")
    run = work.batch([row], expect=FAILED)
    assert run.row()["error_code"] == "tls"
    assert "could not prove who it is: " + words in run.row()["error"], run.row()["error"]
    assert server.log().count("Login: ") == before
    work.batch([row | {"sslargs1": "SSL_verify_mode=0"}])
    pinned = row | {"sslargs1": "SSL_verify_mode=0", "tlspin1": certificates.pin(server.cert).hex()}
    run = work.batch([pinned])
    assert "its certificate is not checked" not in run.user_log(user)
    assert_same(server, b, user)


def test_what_is_not_protected_is_reported(work, a, b):
    users = [work.pair(a, b, SMALL) for _ in range(4)]
    rows = [work.row(a, b, user) for user in users]
    rows[1] |= {"sslargs1": "SSL_verify_mode=0", "sslargs2": "SSL_verify_mode=0"}
    rows[2] |= {"port1": str(a.port), "ssl1": "no", "tls1": "no"}
    rows[3] |= {"sslargs1": "SSL_verify_mode=0", "tlspin1": certificates.pin(a.cert).hex()}
    run = work.batch(rows)
    boxes = json.loads(run.text("summary.json"))["mailboxes"]
    said = [(box["exposure1"], box["exposure2"]) for box in boxes]
    assert said == [("", ""), ("unchecked", "unchecked"), ("clear", ""), ("", "")]
    text = run.text("summary.txt")
    for words in ("1 mailbox the source server had not to prove who it is (SSL_verify_mode=0).",
                  "1 mailbox the destination server had not to prove who it is",
                  "1 mailbox the source server was spoken to in clear, without TLS"):
        assert "Not protected, as asked: for " + words in text, text
    page = run.text("report.html")
    for words in ("host1 had not to prove", "host2 had not to prove", "host1 was spoken to without TLS"):
        assert page.count("<p>1 mailbox: " + words) == 1, words
    safe = work.batch(rows[:1])
    assert "Not protected" not in safe.text("summary.txt") and "as was asked for" not in safe.text("report.html")


def test_a_self_signed_certificate_that_is_trusted(work, odd_servers, b):
    server = odd_servers["self-signed"]
    user = work.pair(server, b, SMALL)
    work.batch([work.row(server, b, user) | {"cafile1": str(server.cert)}])
    assert_same(server, b, user)


def test_pins(work, a, b):
    """The key must be one of those that were given, and the certificate good as well."""
    user = work.pair(a, b, SMALL)
    right, wrong = certificates.pin(a.cert), bytes(32)
    base64_of = lambda data: base64.b64encode(data).decode()  # noqa: E731
    row = work.row(a, b, user)
    colons = right.hex(":").upper()
    for pins in (base64_of(right), "sha256//" + base64_of(right), "sha256:" + colons, right.hex()):
        work.batch([row | {"tlspin1": pins}])
    work.batch([row | {"tlspin1": f"{wrong.hex()}\n{right.hex()}"}])
    assert_same(a, b, user)
    run = work.batch([row | {"tlspin1": wrong.hex()}], expect=FAILED)
    assert run.row()["error_code"] == "tls"
    assert f"its pin is sha256//{base64_of(right)}" in run.row()["error"]
    other = Authority(work.inputs / "other-ca", "somebody else")
    run = work.batch([row | {"tlspin1": right.hex(), "cafile1": str(other.ca)}], expect=FAILED)
    assert "an authority that is not known here" in run.row()["error"]
    for bad in ("abc", right.hex()[:-1], right.hex() + "00", base64_of(right)[:-1], "sha1:" + right.hex()):
        run = work.batch([row | {"tlspin1": bad}], expect=USAGE)
        assert "tlspin1 wants the SHA-256 of the server's public key" in run.err


def test_old_versions_of_tls(work, b, authority):
    """TLS 1.1 is spoken only on demand."""
    with ScriptedServer(authority=authority) as server:
        tls = server._tls
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tls.set_ciphers("DEFAULT:@SECLEVEL=0")
            tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
        user = work.user(b)
        row = work.side(2, b, user) | {"host1": "localhost", "port1": str(server.imaps_port)}
        row |= {"user1": "u", "password1": work.secret(), "cafile1": str(server.ca)}
        run = work.batch([row], "--ssl1", "--timeout", "5", expect=FAILED)
        assert run.row()["error_code"] == "tls"
        assert "only versions of TLS older than 1.2" in run.row()["error"], run.row()["error"]
        work.batch([row], "--ssl1", "--sslargs1", "SSL_version=TLSv1_1", "--justlogin")
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_2
        work.batch([row], "--ssl1", "--justlogin")


def test_the_system_does_not_trust_our_authority(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    del row["cafile1"]
    one_bad_of_two(work, a, b, row, "tls", "certificate")


def test_an_address_instead_of_a_name(work, a, b):
    user = work.pair(a, b, SMALL)
    work.batch([work.row(a, b, user) | {"host1": "127.0.0.1"}])
    assert_same(a, b, user)


@pytest.mark.parametrize(
    "change, code",
    [
        ({"password1": "wrong"}, 161),
        ({"password2": "wrong"}, 162),
        ({"host1": "no-such-host.invalid"}, 101),
        ({"host2": "no-such-host.invalid"}, 102),
    ],
)
def test_sync_has_exit_codes_of_imapsync(work, a, b, change, code):
    user = work.pair(a, b, SMALL)
    work.sync(work.row(a, b, user) | change, expect=code)


def test_sync_exit_code_of_a_bad_certificate(work, a, b):
    user = work.pair(a, b, SMALL)
    other = Authority(work.inputs / "other-ca", "somebody else")
    work.sync(work.row(a, b, user) | {"cafile2": str(other.ca)}, expect=12)


def test_sync_with_something_missing(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    del row["user2"]
    work.sync(row, expect=USAGE)


def test_debugimap_redacts(work, a, b):
    """Work.close() searches for the secrets; here: also in the base64 of AUTHENTICATE."""
    user = work.pair(a, b, SMALL)
    chief = work.secret()
    a.add_master("chief", chief)
    row = work.row(a, b, user, authuser1="chief") | {"password1": chief}
    run = work.batch([row], "--debugimap1", "--debugimap2")
    log = run.user_log(user)
    assert "EXAMINE" in log and "APPEND" in log
    for initial in (f"{user}\0chief\0{chief}", f"\0{user}\0{b.passwords[user]}"):
        assert base64.b64encode(initial.encode()).decode() not in log


def test_files_are_private(work, a, b):
    user = work.pair(a, b, SMALL)
    run = work.batch([work.row(a, b, user)])
    for path in (*run.files.rglob("*.*"), work.workdir / "state.db"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
