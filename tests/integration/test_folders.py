# SPDX-License-Identifier: MIT
"""Which folders go where."""

import pytest

from tests.integration.harness import assert_same
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy

TREE = {
    "INBOX": [messages.plain(1)],
    "Sent": [messages.plain(2)],
    "Work": [messages.plain(3)],
    "Work/Größe": [messages.plain(4)],
    "Work/Größe/Deep": [messages.plain(5)],
    "Worked": [messages.plain(6)],
}


def folders_after(work, source, destination, *options, content=None, there=None):
    """Runs one pair; returns {neutral destination folder: number of messages} without empties."""
    user = work.pair(source, destination, TREE if content is None else content, there)
    work.sync(work.row(source, destination, user), *options)
    found = mailbox.snapshot(destination, user)
    return {name: len(entries) for name, entries in found.items() if entries}


@pytest.mark.parametrize("mail_format", ["maildir", "mdbox"])
@pytest.mark.parametrize("separator, prefix", [("/", ""), (".", "INBOX."), (".", ""), ("/", "INBOX/")])
def test_separators_and_prefixes_both_ways(work, a, dovecot, mail_format, separator, prefix):
    other = dovecot("o", mail_format=mail_format, separator=separator, prefix=prefix)
    there, back = work.pair(a, other, TREE), work.pair(other, a, TREE)
    work.batch([work.row(a, other, there), work.row(other, a, back)])
    assert_same(a, other, there)
    assert_same(other, a, back)


def test_the_other_separator_inside_a_name(work, a, b):
    content = {"dot.ted": [messages.plain(1)], "INBOX": []}
    assert folders_after(work, a, b, content=content) == {"dot_ted": 1}


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "per%cent", "sta*r", "brace{3}", "(x)",
                                  "tilde~", " blank", "&", "INBOXES", "Über & Äther", "😀"])  # fmt: skip
def test_odd_names(work, a, b, name):
    if name == "back\\slash" or name.startswith(" "):
        pytest.skip("Dovecot's list index or Maildir will not have it")
    user = work.pair(a, b, {"INBOX": [], name: [messages.plain(1)]})
    work.sync(work.row(a, b, user))
    assert_same(a, b, user)
    work.sync(work.row(a, b, user))
    assert_same(a, b, user)


def test_folder(work, a, b):
    assert folders_after(work, a, b, "--folder", "Work", "--folder", "Sent") == {"Work": 1, "Sent": 1}


def test_folderrec(work, a, b):
    found = folders_after(work, a, b, "--folderrec", "Work")
    assert found == {"Work": 1, "Work/Größe": 1, "Work/Größe/Deep": 1}


def test_include(work, a, b):
    assert folders_after(work, a, b, "--include", "^Work.+") == {
        "Work/Größe": 1,
        "Work/Größe/Deep": 1,
        "Worked": 1,
    }


def test_exclude(work, a, b):
    assert folders_after(work, a, b, "--exclude", "^Work", "--exclude", "^Sent$") == {"INBOX": 1}


def test_include_and_exclude(work, a, b):
    options = ("--include", "Work", "--exclude", "Deep$")
    assert folders_after(work, a, b, *options) == {"Work": 1, "Work/Größe": 1, "Worked": 1}


def test_subscribed(work, a, b):
    user = work.pair(a, b, TREE)
    with mailbox.Mailbox(a, user) as box:
        box.create("Hidden", subscribe=False)
        box.append("Hidden", messages.plain(9))
    work.sync(work.row(a, b, user), "--subscribed")
    found = mailbox.snapshot(b, user)
    assert "Hidden" not in found and len(found["Work"]) == 1


@pytest.mark.parametrize("option, expected", [("--subscribe", ["Sent"]), ("--nosubscribe", [])])
def test_subscribe(work, a, b, option, expected):
    user = work.pair(a, b, {"INBOX": [], "Sent": [messages.plain(1)]})
    with mailbox.Mailbox(a, user) as box:
        box.create("Hidden", subscribe=False)
    work.sync(work.row(a, b, user), option)
    with mailbox.Mailbox(b, user) as box:
        assert [name for name in box.subscribed() if name != "INBOX"] == expected


def test_f1f2(work, a, b):
    found = folders_after(
        work, a, b, "--f1f2", "Work=INBOX.Other", "--f1f2", "Sent=INBOX", "--folder", "Work",
        "--folder", "Sent",
    )  # fmt: skip
    assert found == {"Other": 1, "INBOX": 1}


def test_two_folders_into_one(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)], "Sent": [messages.plain(1)] * 2})
    row = work.row(a, b, user)
    assert work.sync(row, "--f1f2", "Sent=INBOX").row()["copied"] == 3
    assert work.sync(row, "--f1f2", "Sent=INBOX").row()["already"] == 3
    assert len(mailbox.snapshot(b, user)["INBOX"]) == 3


def test_subfolder1(work, a, b):
    found = folders_after(work, a, b, "--subfolder1", "Work")
    assert found == {"INBOX": 1, "Größe": 1, "Größe/Deep": 1}


def test_subfolder1_that_is_not_there(work, a, b):
    user = work.pair(a, b, TREE)
    work.sync(work.row(a, b, user), "--subfolder1", "Nowhere", expect=21)
    assert mailbox.snapshot(b, user) == {"INBOX": []}


@pytest.mark.parametrize("direction", ["there", "back"])
def test_subfolder2(work, a, b, direction):
    source, destination = (a, b) if direction == "there" else (b, a)
    found = folders_after(work, source, destination, "--subfolder2", "Old mail")
    assert found == {f"Old mail/{name}": 1 for name in TREE}


def test_sep_and_prefix_may_be_given(work, a, b):
    found = folders_after(work, a, b, "--sep1", "/", "--prefix1", "Work/", "--folder", "Work/Größe")
    assert found == {"Größe": 1} or found == {}, "folder names are raw"
    found = folders_after(work, a, b, "--prefix1", "Work/", "--include", "^Work/")
    assert found == {"Größe": 1, "Größe/Deep": 1}


def test_automap_by_attribute(work, dovecot, b):
    german = dovecot("de", special_use={"Gesendet": "Sent", "Papierkorb": "Trash"})
    content = {
        "INBOX": [],
        "Gesendet": [messages.plain(1)],
        "Gesendet/2019": [messages.plain(2)],
        "Papierkorb": [messages.plain(3)],
        "Andere": [messages.plain(4)],
    }
    there = {"Sent": [messages.plain(9)], "Trash": []}
    found = folders_after(work, german, b, "--automap", content=content, there=there)
    assert found == {"Sent": 2, "Sent/2019": 1, "Trash": 1, "Andere": 1}


def test_automap_by_name(work, dovecot):
    one = dovecot("one", special_use={})
    two = dovecot("two", separator=".", prefix="INBOX.", special_use={"Sent": "Sent"})
    content = {"INBOX": [], "Sent Items": [messages.plain(1)], "Sent Items/Old": [messages.plain(2)]}
    found = folders_after(work, one, two, "--automap", content=content, there={"Sent": []})
    assert found == {"Sent": 1, "Sent/Old": 1}


def test_without_automap_names_stay(work, dovecot, b):
    german = dovecot("de", special_use={"Gesendet": "Sent"})
    content = {"INBOX": [], "Gesendet": [messages.plain(1)]}
    found = folders_after(work, german, b, content=content, there={"Sent": []})
    assert found == {"Gesendet": 1}


def test_folderfirst_and_folderlast(work, a, b):
    user = work.pair(a, b, TREE)
    with Proxy(b) as proxy:
        options = ("--folderfirst", "Worked", "--folderlast", "INBOX")
        work.sync(work.row(a, proxy, user), *options)
        order = [command.split()[1].strip('"') for command in proxy.seen("^APPEND")]
    assert (order[0], order[-1]) == ("INBOX.Worked", "INBOX")


def test_justfolders(work, a, b):
    user = work.pair(a, b, TREE)
    run = work.sync(work.row(a, b, user), "--justfolders")
    found = mailbox.snapshot(b, user)
    assert set(TREE) <= set(found) and not any(found.values())
    assert run.row()["copied"] == 0


@pytest.mark.parametrize("option", ["--justlogin", "--justfoldersizes", "--dry"])
def test_options_that_write_nothing(work, a, b, option):
    user = work.pair(a, b, TREE, {"INBOX": [messages.plain(50)]})
    before = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
    with Proxy(b) as proxy:
        run = work.sync(work.row(a, proxy, user), option)
        assert not proxy.seen("^(APPEND|CREATE|SUBSCRIBE|SELECT|UID STORE|STORE|DELETE)")
    assert (mailbox.snapshot(a, user), mailbox.snapshot(b, user)) == before
    assert run.row()["copied"] == 0
    if option == "--justfoldersizes":
        assert "Worked" in run.out + run.user_log()


def test_dry_run_then_real_run(work, a, b):
    user = work.pair(a, b, TREE)
    work.sync(work.row(a, b, user), "--dry")
    assert work.sync(work.row(a, b, user)).row()["copied"] == len(TREE)
    assert_same(a, b, user)
