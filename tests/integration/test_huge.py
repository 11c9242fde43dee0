# SPDX-License-Identifier: MIT
"""Messages that no buffer holds pass through as they arrive."""

import hashlib
import pathlib
import time

import pytest

from tests.integration.harness import COMPLETE, FAILED, PAUSED, PROGRAM
from tests.servers import mailbox, messages
from tests.servers.link import Link
from tests.servers.scripted import CAPABILITY, Digest, ScriptedServer

MIB = 1 << 20
BROKEN = (FAILED, PAUSED)
# Neither LITERAL+ nor MULTIAPPEND.
MODEST = "IMAP4rev1 SASL-IR AUTH=PLAIN NAMESPACE UIDPLUS UNSELECT LIST-EXTENDED"
SMALL = [messages.plain(n).body for n in range(2)]
# A sanitizer is slow, and keeps what was freed.
IS_SANITIZED = any(word in PROGRAM.read_bytes() for word in (b"__asan_init", b"__tsan_init"))
# What the same run needs more or less of on another day.
RSS_NOISE_MIB = 4


def peak_rss_mib(process):
    """Of a process that is followed to its end."""
    peak_kib = 0
    while process.poll() is None:
        for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak_kib = int(line.split()[1])
        time.sleep(0.005)
    return peak_kib / 1024


def pass_through(work, authority, size, capability):
    """Copies a message of that size between two small ones; peak RSS in MiB."""
    huge = messages.Huge(7, size)
    source = ScriptedServer({"INBOX": [SMALL[0], huge, SMALL[1]]}, authority)
    # It pauses, so that the program has all the time to read ahead.
    sink = ScriptedServer(
        authority=authority, capability=capability, keep_max_bytes=1 << 16, pause_secs=0.5
    )
    with source, sink:
        user = f"user{size}"  # a name of its own: the store knows a mailbox by host and name
        row = work.side(1, source, user, work.secret()) | work.side(2, sink, user, work.secret())
        process = work.batch_start([row])
        peak_mib = peak_rss_mib(process)
        run = work.finish(process)
    assert run.code == 0, run
    assert run.row()["copied"] == 3
    assert run.row()["bytes_copied"] == size + sum(len(body) for body in SMALL)
    arrived = sink.messages["INBOX"]
    assert sorted(item for item in arrived if isinstance(item, bytes)) == sorted(SMALL)
    assert [i for i in arrived if isinstance(i, Digest)] == [Digest(size, huge.sha256())]
    return peak_mib


@pytest.mark.parametrize("hidden, mib", [(None, 1024), (" LITERAL+", 100)], ids=["literal+", "literal"])
def test_a_huge_message_needs_no_more_memory_than_a_large_one(work, authority, hidden, mib):
    capability = CAPABILITY.replace(hidden, "") if hidden else CAPABILITY
    large = pass_through(work, authority, 10 * MIB, capability)
    huge = pass_through(work, authority, (50 if IS_SANITIZED else mib) * MIB, capability)
    assert 0 < large < 30 or IS_SANITIZED
    assert abs(huge - large) < RSS_NOISE_MIB or IS_SANITIZED, f"{large:.1f} MiB, {huge:.1f} MiB"


@pytest.mark.parametrize("capability", [None, MODEST], ids=["literal+", "literal"])
@pytest.mark.parametrize("reconnects", [0, 3])
def test_a_source_that_dies_in_the_middle(work, authority, dovecot, capability, reconnects):
    """The destination keeps no half of it, the small messages are not harmed, and the next
    connection, of this run or of the next, brings the whole."""
    b = dovecot("half", capability=capability)
    huge = messages.Huge(7, 100 * MIB, cut_after=60 * MIB, cuts=1)
    user = work.user(b)
    retry = ("--reconnectretry1", str(reconnects))
    with ScriptedServer({"INBOX": [SMALL[0], huge, SMALL[1]]}, authority) as source:
        row = work.side(1, source, "one", work.secret())
        with Link(b) as line:
            row |= work.side(2, line, user, b.passwords[user])
            run = work.batch([row], *retry, expect=(COMPLETE,) if reconnects else BROKEN)
            # It was under way: less than what was read by what buffers and sockets hold.
            assert line.bytes_up > (130 if reconnects else 30) * MIB
            if not reconnects:
                assert run.row()["error_code"] == "closed"
                there = mailbox.snapshot(b, user)["INBOX"]
                assert len(there) == run.row()["copied"] < 3
                assert all(entry.size < 10_000 for entry in there)
                run = work.batch([row], *retry)
    found = sorted(entry.sha256 for entry in mailbox.snapshot(b, user)["INBOX"])
    bodies = [hashlib.sha256(body).hexdigest() for body in SMALL]
    assert found == sorted([huge.sha256(), *bodies])
    assert huge.cuts == 0
