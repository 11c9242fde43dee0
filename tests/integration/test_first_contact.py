# SPDX-License-Identifier: MIT
"""A destination that others have filled, and mailboxes that are not the ones they were: messages are
recognised, only what is missing is copied, and the runs after that are like any other."""

import collections
import hashlib
import random
import shutil
import subprocess

import pytest

from tests.integration.harness import COMPLETE, EXCEPTIONS, FAILED, PAUSED, assert_same
from tests.integration.nightly import every_kind_of_source
from tests.servers import messages
from tests.servers.scripted import drop, no

MAIL = [messages.plain(n, ("\\Seen",) if n % 2 else ()) for n in range(12)]
ODD = [messages.no_header(20), messages.no_message_id(21), messages.eight_bit(22)]
NOT_COMPLETE = (EXCEPTIONS, FAILED, PAUSED)


def shuffled(items, seed=1):
    return random.Random(seed).sample(items, len(items))


def multiset(entries):
    return collections.Counter(e.sha256 for e in entries)


def same_mail(pair, name):
    return multiset(pair.entries(1, name)) == multiset(pair.entries(2, name))


def flags_are_carried(pair, name, uid):
    """A flag of a message that was recognised, and one new message."""
    with pair.at(1) as box:
        box.store(name, str(uid), "+", "\\Flagged", "$Carried")
        box.append(name, messages.plain(90))
    source = pair.run().row()
    assert source["copied"] == 1
    assert not pair.source.seen("HEADER")
    (changed,) = [e for e in pair.entries(1, name) if e.uid == uid]
    there = [e for e in pair.entries(2, name) if "\\Flagged" in e.flags]
    assert [e.sha256 for e in there] == [changed.sha256]
    assert "$carried" in {flag.lower() for flag in there[0].flags}
    return True


# Filled by others ------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("mbsync"), reason="mbsync is not there")
def test_mbsync_was_here_before(nightly, a, b):
    pair = nightly({"INBOX": MAIL, "Work": ODD})
    mbsync(pair)
    with pair.at(1) as box:
        box.append("Work", messages.plain(30))
    run = pair.run()
    assert (run.row()["copied"], run.row()["already"]) == (1, 15)
    assert pair.counted() == (16, 0, 16) and pair.is_untouched()
    for name in ("INBOX", "Work"):
        assert pair.ids(1, name) == pair.ids(2, name)
    with pair.at(1) as box:
        box.store("INBOX", "3", "+", "\\Flagged", "$Carried")
    pair.run()
    assert {k: {f.lower() for f in v} for k, v in pair.flags(1, "INBOX").items()} == {
        k: {f.lower() for f in v} for k, v in pair.flags(2, "INBOX").items()
    }


def mbsync(pair):
    """From the source to the destination. It adds a header field to each message."""
    stores = []
    for side, name in ((1, "far"), (2, "near")):
        server = pair.servers[side]
        stores.append(
            f"IMAPStore {name}\nHost {server.host}\nPort {server.imaps_port}\n"
            f"User {pair.user}\nPass {server.passwords[pair.user]}\nSSLType IMAPS\n"
            f"CertificateFile {server.ca}\nUseNamespace yes\n"
        )
    directory = pair.work.inputs
    config = directory / "mbsyncrc"
    config.write_text(
        "\n".join(stores) + "\nChannel all\nFar :far:\nNear :near:\nPatterns *\nSync Pull\n"
        f"Create Near\nCopyArrivalDate yes\nSyncState {directory}/mbsync-\n"
    )
    subprocess.run(["mbsync", "-q", "-c", config, "-a"], check=True, timeout=60)


@every_kind_of_source
def test_filled_in_any_order_with_some_missing_and_some_twice(nightly, hide):
    there = shuffled([*MAIL[:8], MAIL[2], MAIL[2], ODD[0], ODD[1]])
    pair = nightly({"Work": [*MAIL, *ODD]}, {"Work": there}, hide1=hide)
    assert pair.counted() == (15, 5, 10)
    more = collections.Counter({sha256_of(MAIL[2]): 2})
    assert multiset(pair.entries(2, "Work")) == multiset(pair.entries(1, "Work")) + more
    assert pair.counted() == (15, 0, 15)
    assert pair.destination.connections == 0
    assert flags_are_carried(pair, "Work", 10)


def sha256_of(message):
    return hashlib.sha256(message.body).hexdigest()


def test_duplicates_are_counted(nightly):
    """Three times on the source, twice there: one is missing."""
    pair = nightly({"Work": [MAIL[1]] * 3 + MAIL[2:4]}, {"Work": [MAIL[3], MAIL[1], MAIL[1]]})
    assert pair.counted() == (5, 2, 3)
    assert same_mail(pair, "Work")
    assert pair.counted() == (5, 0, 5) and pair.is_untouched()


def test_flags_of_recognised_messages_stay_as_they_are_there(nightly):
    """Nobody knows which of the two changed them."""
    pair = nightly({"Work": MAIL[:3]}, {"Work": [messages.plain(n, ("\\Draft",)) for n in (2, 1, 0)]})
    assert pair.counted() == (3, 0, 3)
    assert set(map(frozenset, pair.flags(2, "Work").values())) == {frozenset({"\\Draft"})}
    with pair.at(1) as box:
        box.store("Work", "2", "+", "\\Answered")
    pair.run()
    found = pair.flags(2, "Work")
    assert found[pair.entries(1, "Work")[1].message_id] == {"\\Draft", "\\Answered"}


# A first contact that was cut short ------------------------------------------------------------


@pytest.mark.parametrize("refusal", [no("not now"), drop], ids=["refused", "lost"])
@pytest.mark.parametrize("command", ["^EXAMINE", "^UID FETCH"])
def test_what_was_there_is_still_recognised_after_a_failed_run(nightly, command, refusal):
    pair = nightly({"Work": MAIL}, {"Work": shuffled(MAIL[:8])})
    pair.destination.on(command, refusal)
    pair.run("--reconnectretry2", "0", expect=NOT_COMPLETE)
    pair.destination.rules.clear()
    assert pair.run().row()["copied"] == 4
    assert same_mail(pair, "Work")
    assert pair.counted() == (12, 0, 12) and pair.is_untouched()


def test_a_first_contact_whose_source_was_lost(nightly):
    pair = nightly({"Work": MAIL}, {"Work": shuffled(MAIL[:8])})
    pair.source.on("^UID FETCH", drop)
    pair.run("--reconnectretry1", "0", expect=NOT_COMPLETE)
    pair.source.rules.clear()
    assert pair.run().row()["copied"] == 4
    assert same_mail(pair, "Work")


def test_a_first_contact_that_was_stopped_in_the_copy(nightly):
    pair = nightly({"Work": MAIL}, {"Work": shuffled(MAIL[:4])})
    pair.run("--exitwhenover", "2000", expect=NOT_COMPLETE)
    assert 4 < len(pair.entries(2, "Work")) < 12
    pair.run()
    assert same_mail(pair, "Work")


# Other mailboxes of the same name --------------------------------------------------------------


def replace(pair, side, name, mail):
    """Another mailbox (UIDVALIDITY) with the same mail, or some of it, in another order."""
    with pair.at(side) as box:
        box.delete(name)
        box.create(name)
        box.append(name, *mail)


@every_kind_of_source
def test_the_source_folder_was_replaced(nightly, hide):
    mail = [*MAIL, *ODD]
    pair = nightly({"Work": mail}, hide1=hide)
    pair.run()
    replace(pair, 1, "Work", shuffled([*mail[2:], messages.plain(40)]))
    assert pair.counted() == (14, 1, 13)
    assert len(pair.entries(2, "Work")) == 16
    assert pair.counted() == (14, 0, 14)
    assert pair.destination.connections == 0
    assert flags_are_carried(pair, "Work", 5)


@every_kind_of_source
def test_the_destination_folder_was_replaced(nightly, hide):
    mail = [*MAIL, *ODD]
    pair = nightly({"Work": mail}, hide1=hide)
    pair.run()
    replace(pair, 2, "Work", shuffled(mail[3:]))
    assert pair.counted() == (15, 0, 15)
    assert len(pair.entries(2, "Work")) == 12
    with pair.at(1) as box:
        box.append("Work", messages.plain(40))
    assert pair.counted() == (16, 4, 12)
    assert same_mail(pair, "Work")
    assert pair.counted() == (16, 0, 16)
    assert pair.destination.connections == 0
    assert flags_are_carried(pair, "Work", 5)


def test_both_folders_were_replaced(nightly):
    pair = nightly({"Work": MAIL})
    pair.run()
    replace(pair, 1, "Work", shuffled(MAIL, 2))
    replace(pair, 2, "Work", shuffled(MAIL[1:], 3))
    assert pair.counted() == (12, 1, 11)
    assert same_mail(pair, "Work")
    assert flags_are_carried(pair, "Work", 5)


def test_the_source_folder_was_replaced_and_its_status_is_refused(nightly):
    pair = nightly({"Work": MAIL}, hide1=("LIST-STATUS",))
    pair.source.on('^STATUS "?Work"? ', no("no status for you"))
    pair.run()
    replace(pair, 1, "Work", shuffled([*MAIL[2:], messages.plain(40)]))
    pair.run(expect=(COMPLETE, EXCEPTIONS))  # it may have to look twice
    assert pair.counted()[0] == 11
    assert len(pair.entries(2, "Work")) == 13
    assert flags_are_carried(pair, "Work", 5)
