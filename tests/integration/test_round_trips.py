# SPDX-License-Identifier: MIT
"""How many round trips pass before the first message moves, and between folders. On a long line each
of them costs, for every mailbox anew. The numbers are exact: a change that saves one shall lower
them here. What was sent in which round is in the message of a test that fails."""

import itertools

import pytest

from tests.integration.harness import COMPLETE, assert_same
from tests.servers import messages
from tests.servers.rounds import Rounds

TREE = {
    name: [messages.plain(start + n) for n in range(3)]
    for start, name in enumerate(("INBOX", "Sent", "Work", "Work/Old"))
}
EMPTY = {name: [] for name in TREE}
ONE_EACH = {name: mail[:1] for name, mail in TREE.items()}
BODY = r"^UID FETCH .*BODY\.PEEK\[\]"


@pytest.fixture
def near(dovecot):
    return dovecot("near", mail_format="mdbox")


@pytest.fixture
def far(dovecot):
    return dovecot("far", mail_format="mdbox")


def run_in_rounds(work, near, far, user, ports=(0, 0)):
    with Rounds(near, far, ports=ports) as rounds:
        row = work.row(*rounds.sides, user)
        options = itertools.chain.from_iterable((f"--{k}", v) for k, v in row.items())
        process = work.start("sync", *options, "--workdir", work.workdir)
        rounds.follow(process)
        run = work.finish(process)
    assert run.code == COMPLETE, f"{run}\n{rounds}"
    assert_same(near, far, user)
    return rounds


# The first two rounds are TLS 1.3's: its hello, and its end, which brings the greeting. TCP's own
# comes before them.
@pytest.mark.parametrize(
    "there, fetch, append, each_folder",
    [(None, 7, 8, 1), (EMPTY, 7, 8, 1), (ONE_EACH, 8, 9, 2)],
    ids=["fresh", "folders there", "mail there"],
)
def test_rounds_before_the_first_message(work, near, far, there, fetch, append, each_folder):
    rounds = run_in_rounds(work, near, far, work.pair(near, far, TREE, there))
    found = {
        "AUTHENTICATE on the source": rounds.first(1, "^AUTHENTICATE"),
        "AUTHENTICATE on the destination": rounds.first(2, "^AUTHENTICATE"),
        "LIST on the source": rounds.first(1, "^LIST"),
        "LIST on the destination": rounds.first(2, "^LIST"),
        "first body asked for": rounds.first(1, BODY),
        "first APPEND": rounds.first(2, "^APPEND"),
        "for three more folders": rounds.first(2, '^APPEND "Work/Old"')
        - rounds.first(2, '^APPEND "INBOX"'),
    }
    wanted = dict(zip(found, (3, 3, 4, 4, fetch, append, 3 * each_folder)))
    assert found == wanted, f"\n{rounds}"


@pytest.mark.parametrize("mechanism, more", [("cram-md5", 1), ("scram-sha-1", 2), ("scram-sha-256", 2)])
def test_rounds_of_stronger_sign_ins(work, dovecot, far, mechanism, more):
    """What a server costs that offers more than PLAIN; --authmech1 PLAIN saves it."""
    near = dovecot("strong", mail_format="mdbox", mechanisms=f"plain {mechanism}")
    rounds = run_in_rounds(work, near, far, work.pair(near, far, TREE))
    assert rounds.first(1, "^AUTHENTICATE") == 3, f"\n{rounds}"
    assert rounds.first(1, "^LIST") == 4 + more, f"\n{rounds}"


def test_what_goes_together(work, near, far):
    rounds = run_in_rounds(work, near, far, work.pair(near, far, TREE))
    together = [
        (1, "^ID", "^NAMESPACE", "^LIST"),
        (2, "^ID", "^NAMESPACE", "^LIST"),
        (2, "^CREATE", "^SUBSCRIBE", '^SELECT "INBOX"', '^SELECT "Work/Old"'),
        (1, '^EXAMINE "INBOX"', r"^UID FETCH 1:\* "),
        (1, BODY, '^EXAMINE "Sent"'),
    ]
    for side, *patterns in together:
        assert len({rounds.first(side, pattern) for pattern in patterns}) == 1, f"\n{rounds}"


def test_a_run_that_finds_nothing_new(work, near, far):
    """The destination is not asked at all."""
    user = work.pair(near, far, TREE)
    first = run_in_rounds(work, near, far, user)
    rounds = run_in_rounds(work, near, far, user, [side.imaps_port for side in first.sides])
    assert not any(sent[2] for sent in rounds.rounds), f"\n{rounds}"
    assert rounds.first(1, "^LIST") == 4 and rounds.first(1, "^LOGOUT") == 5, f"\n{rounds}"
    assert len(rounds.rounds) == 5, f"\n{rounds}"
