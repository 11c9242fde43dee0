# SPDX-License-Identifier: MIT
"""COMPRESS=DEFLATE (RFC 4978): what it saves on the wire, when it is asked for, and servers that
refuse it or get it wrong."""

import re
import zlib

import pytest

from tests.integration.harness import FAILED, PAUSED, assert_same
from tests.servers import messages
from tests.servers.link import Link
from tests.servers.scripted import CAPABILITY, ScriptedServer, hang, no

TEXTS = [messages.plain(n, words=1400) for n in range(100)]
THREE = [messages.plain(n).body for n in range(3)]


@pytest.fixture
def zipped(dovecot):
    """A Dovecot that offers compression."""
    return dovecot("zipped", imap_plugins="imap_zlib")


def asked(run, side):
    return f"host{side} compression: asked for" in run.user_log()


def test_text_shrinks_to_a_third_in_both_directions(work, zipped):
    bytes_of = {}
    for word in ("compress", "nocompress"):
        user1, user2 = work.user(zipped, {"INBOX": TEXTS}), work.user(zipped)
        with Link(zipped) as source, Link(zipped) as destination:
            row = work.row(source, destination, user1, user2)
            run = work.sync(row, f"--{word}1", f"--{word}2")
        assert run.row()["copied"] == len(TEXTS)
        assert_same(zipped, zipped, user1, user2)
        assert (asked(run, 1), asked(run, 2)) == (word == "compress",) * 2
        bytes_of[word] = source.bytes_down, destination.bytes_up
    size = sum(len(m.body) for m in TEXTS)
    for packed, plain in zip(bytes_of["compress"], bytes_of["nocompress"]):
        assert plain > size
        assert packed * 3 < plain


def test_each_side_has_its_own_switch(work, zipped):
    user = work.user(zipped, {"INBOX": TEXTS[:3]})
    run = work.sync(work.row(zipped, zipped, user, work.user(zipped)), "--compress2")
    assert (asked(run, 1), asked(run, 2)) == (False, True)


def wire_bytes(work, server, rtt_msecs, mbit, count=100):
    """For each byte of that many messages of 40 kB: down from the source, up to the destination;
    and what the program measured: [(milliseconds away, MB/s)] where it compressed."""
    content = {"INBOX": [messages.plain(n, words=7000) for n in range(count)]}
    user1, user2 = work.user(server, content), work.user(server)
    with Link(server, rtt_msecs, mbit) as source, Link(server, rtt_msecs, mbit) as destination:
        run = work.sync(work.row(source, destination, user1, user2))
    assert_same(server, server, user1, user2)
    size = sum(len(m.body) for m in content["INBOX"])
    told = re.findall(r"compression: asked for \(([\d.]+) ms away, ([\d.]+) MB/s\)", run.user_log())
    measured = [(float(msecs), float(speed)) for msecs, speed in told]
    return source.bytes_down / size, destination.bytes_up / size, measured


def test_a_slow_line_is_compressed_on_its_own(work, zipped):
    """In the middle of the copy: after a second of watching, and what was already asked for."""
    down, up, measured = wire_bytes(work, zipped, rtt_msecs=40, mbit=32, count=400)
    assert 0.2 < down < 0.8
    assert 0.2 < up < 0.8
    assert len(measured) == 2
    assert all(msecs >= 40 and speed < 5 for msecs, speed in measured)


@pytest.mark.parametrize("rtt_msecs, mbit", [(0, 16), (20, None)])
def test_a_near_and_a_fast_line_are_not(work, zipped, rtt_msecs, mbit):
    down, up, measured = wire_bytes(work, zipped, rtt_msecs, mbit)
    # On a busy machine a near server is far, and a fast one slow: then it is right to compress.
    assert measured or min(down, up) > 1
    assert all(msecs >= 5 and speed < 5 for msecs, speed in measured)


def test_every_kind_of_mail_passes(work, zipped, b):
    content = {
        "INBOX": [*messages.assortment(), messages.big(900, 5_000_000)],
        "Work/Größe": messages.assortment(100),
    }
    user = work.pair(zipped, b, content)
    back = work.user(zipped)
    work.sync(work.row(zipped, b, user), "--compress1")
    assert_same(zipped, b, user)
    work.sync(work.row(b, zipped, user, back), "--compress2")
    assert_same(zipped, zipped, user, back)


def test_what_inflates_a_thousandfold_waits_its_turn(work, zipped, b):
    """One read from the socket holds many messages: they must not wait for more bytes to come."""
    body = b"Subject: %d\r\n\r\n" + b"the same again and again\r\n" * 40_000
    mail = [messages.Message(body % n) for n in range(12)]
    user = work.pair(zipped, b, {"INBOX": mail})
    row = work.row(zipped, b, user)
    run = work.sync(row, "--compress1", "--maxbytespersecond", "10M")
    assert run.row()["copied"] == len(mail)
    assert_same(zipped, b, user)


# Servers that have their own ideas -------------------------------------------------------------


class Deflated:
    """The server's end of a compressed connection."""

    def __init__(self, sock):
        self.sock = sock
        self.reader = zlib.decompressobj(-15)
        self.writer = zlib.compressobj(wbits=-15)
        self.data = b""

    def pack(self, data):
        return self.writer.compress(data) + self.writer.flush(zlib.Z_SYNC_FLUSH)

    def sendall(self, data):
        self.sock.sendall(self.pack(data))

    def close(self):
        self.sock.close()

    def readline(self, size):
        while b"\n" not in self.data:
            data = self.sock.recv(65536)
            if not data:
                return b""
            self.data += self.reader.decompress(data)
        line, _, self.data = self.data.partition(b"\n")
        return line + b"\n"


def begin_with(data):
    """Compresses, and the first compressed bytes come along with the OK."""

    def action(session, tag, command):
        packed = Deflated(session.sock)
        session.send_raw(f"{tag} OK DEFLATE active\r\n".encode() + packed.pack(data))
        session.sock = session.file = packed

    return action


def then_send(make_data):
    def action(session, tag, command):
        session.send(f"{tag} OK DEFLATE active")
        for data in make_data():
            session.send_raw(data)
        hang(session, tag, command)

    return action


@pytest.fixture
def server(authority):
    capability = CAPABILITY + " COMPRESS=DEFLATE"
    with ScriptedServer({"INBOX": THREE}, authority, capability=capability) as scripted:
        yield scripted


def sync_from(work, server, b, expect=0):
    row = work.side(1, server, "scripted", work.secret()) | work.side(2, b, work.user(b))
    return work.batch([row], "--compress1", "--timeout", "5", expect=expect)


def test_a_refusal_changes_nothing(work, server, b):
    server.on("COMPRESS DEFLATE", no("[COMPRESSIONACTIVE] not now"))
    run = sync_from(work, server, b)
    assert run.row()["copied"] == 3
    assert len(server.seen("COMPRESS DEFLATE")) == 1


def test_nothing_is_sent_until_the_answer(work, server, b):
    """RFC 4978 section 3: what follows must not be sent before the result is known."""
    server.on("COMPRESS DEFLATE", begin_with(b"* OK first compressed line\r\n"))
    run = sync_from(work, server, b)
    assert run.row()["copied"] == 3


def test_a_server_that_does_not_offer_it_is_not_asked(work, a, b):
    user = work.pair(a, b, {"INBOX": TEXTS[:3]})
    run = work.sync(work.row(a, b, user), "--compress1")
    assert "host1 compression: not offered" in run.user_log()
    assert run.row()["copied"] == 3


def clear_text():
    yield b"* OK this is not compressed\r\n" * 100


def bomb():
    """1 GiB of a line without an end."""
    packer = zlib.compressobj(9, wbits=-15)
    for _ in range(1024):
        yield packer.compress(b"x" * 1024 * 1024)


def empty_blocks():
    packer = zlib.compressobj(wbits=-15)
    while True:
        yield packer.flush(zlib.Z_FULL_FLUSH) or b"\x00\x00\x00\xff\xff" * 10_000


@pytest.mark.parametrize("make_data", [clear_text, bomb, empty_blocks])
def test_rubbish_ends_the_connection(work, server, b, make_data):
    server.on("COMPRESS DEFLATE", then_send(make_data))
    row = sync_from(work, server, b, expect=(FAILED, PAUSED)).row()
    assert (row["copied"], row["error_code"]) == (0, "protocol")


def test_a_stream_that_ends_is_a_closed_connection(work, server, b):
    server.on("COMPRESS DEFLATE", then_send(lambda: [b"\x03\x00"]))
    row = sync_from(work, server, b, expect=(FAILED, PAUSED)).row()
    assert (row["copied"], row["error_code"]) == (0, "closed")
