# SPDX-License-Identifier: MIT
"""Two Dovecots for each worker of pytest-xdist, and a directory for each test."""

import types

import pytest

from tests.integration.harness import PROGRAM, Work
from tests.integration.nightly import Nightly
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.tokens import Tokens


def pytest_sessionstart(session):
    if not PROGRAM.exists():
        pytest.exit(f"{PROGRAM} is not there: `make` first, or set MAILCONVOY", returncode=3)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def servers(authority):
    """.a has "/" and no prefix, .b has "." and the prefix "INBOX."."""
    a = Dovecot("a", authority, mail_format="mdbox")
    b = Dovecot("b", authority, mail_format="maildir", separator=".", prefix="INBOX.")
    try:
        yield types.SimpleNamespace(a=a.start(), b=b.start())
    finally:
        a.stop()
        b.stop()


@pytest.fixture
def a(servers):
    return servers.a


@pytest.fixture
def b(servers):
    return servers.b


@pytest.fixture
def work():
    work = Work()
    yield work
    work.close()


@pytest.fixture
def dovecot(authority):
    """Makes more Dovecots, which end with the test."""
    running = []

    def make(name="extra", **options):
        running.append(Dovecot(name, authority, **options))
        return running[-1].start()

    yield make
    for server in running:
        server.stop()


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
    tokens.told_secs = None
    yield issuers
    work.secrets += tokens.secrets
    assert not tokens.violations, tokens.violations


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the servers said last."""
    report = (yield).get_result()
    servers = item.funcargs.get("servers") if hasattr(item, "funcargs") else None
    if report.when == "call" and report.failed and servers:
        for server in (servers.a, servers.b):
            tail = "\n".join(server.log().splitlines()[-15:])
            report.sections.append((f"Dovecot {server.name}", tail))


@pytest.fixture
def nightly(work, a, b):
    """Makes users who are synced run after run."""
    made = []

    def make(*content, **more):
        made.append(Nightly(work, a, b, *content, **more))
        return made[-1]

    yield make
    for pair in made:
        pair.__exit__()
