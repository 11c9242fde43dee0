# SPDX-License-Identifier: MIT
"""imapsync's options about folders: names edited by expressions, merges, cases, empty ones, sizes."""

import re

import pytest

from tests.integration.harness import USAGE, assert_same
from tests.integration.nightly import refuse
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy

TREE = {
    "INBOX": [messages.plain(1), messages.plain(2)],
    "Sent": [messages.plain(3)],
    "trash": [messages.plain(4)],
    "Work/Größe": [messages.plain(5)],
    "Old/2018/a.b": [messages.plain(6)],
}
FLAT = {name: body for name, body in TREE.items() if "." not in name}


def moved(source, destination, user, rename):
    """`rename` gives the wanted name of each source folder (None: left out)."""
    found = mailbox.differences(
        mailbox.snapshot(source, user), mailbox.snapshot(destination, user), rename
    )
    assert not found, "\n".join(found)


def plan_of(run):
    """{source: what stands behind it} of the plan in the user's log."""
    return dict(re.findall(r" plan: \[([^]]*)\] (.*)", run.user_log()))


# Expressions -------------------------------------------------------------------------------------


# From "/" without prefix to "." below "INBOX.": expressions see the name as host2 writes it.
@pytest.mark.parametrize(
    "expressions, rename",
    [
        (["s/^INBOX\\.Old/INBOX.Archive/"], lambda n: re.sub("^Old", "Archive", n)),
        (["s,^INBOX(.*),INBOX.FOO$1,"], lambda n: "FOO" if n == "INBOX" else "FOO/" + n),
        (["s{^INBOX$}{INBOX.Inbox_Migrated}"], lambda n: "Inbox_Migrated" if n == "INBOX" else n),
        (["s,Gr&APYA3w-e,Groesse,"], lambda n: n.replace("Größe", "Groesse")),
        (["s,Größe,Maße,"], lambda n: n.replace("Größe", "Maße")),
        (["s/trash$/Trash/", "s/Trash$/Bin/"], lambda n: "Bin" if n == "trash" else n),
        (["s,\\.2018\\.,..,"], lambda n: n.replace("/2018/", "/")),
        (["tr/a//d"], lambda n: n.replace("a", "")),
        (["s,([^.]+)$,\\u\\L$1\\E,"], lambda n: n if n == "INBOX" else _last_ucfirst(n)),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_regextrans2(work, a, b, expressions, rename):
    user = work.pair(a, b, TREE)
    options = [word for text in expressions for word in ("--regextrans2", text)]
    row = work.row(a, b, user)
    run = work.sync(row, *options)
    # A dot in a name gives way before any expression sees it.
    moved(a, b, user, lambda n: rename(n.replace(".", "_")))
    assert "renamed by regextrans2" in run.user_log()
    again = work.sync(row, *options).row()
    assert (again["copied"], again["already"]) == (0, 6)


def _last_ucfirst(name):
    head, _, last = name.rpartition("/")
    last = last[:1].upper() + last[1:].lower()
    return f"{head}/{last}" if head else last


def test_from_a_prefix_to_none(work, a, b):
    """The other way: names that expressions see have slashes and no prefix."""
    user = work.pair(b, a, FLAT)
    options = ("--regextrans2", "s,^Work/,Jobs/,", "--regextrans2", "s,^INBOX$,Eingang,")
    work.sync(work.row(b, a, user), *options)
    moved(b, a, user, lambda n: "Eingang" if n == "INBOX" else n.replace("Work/", "Jobs/"))


def test_order_of_rules(work, a, b):
    """f1f2 stays as it is, subfolder2 comes before expressions."""
    user = work.pair(a, b, FLAT)
    options = ["--subfolder2", "Alt", "--f1f2", "Sent=INBOX.Exact", "--regextrans2", "s/Exact|Alt/Neu/"]
    run = work.sync(work.row(a, b, user), *options)
    moved(a, b, user, lambda n: "Exact" if n == "Sent" else f"Neu/{n}")
    assert plan_of(run)["Sent"] == "-> [INBOX.Exact] (to be created, renamed by f1f2)"
    assert plan_of(run)["trash"] == (
        "-> [INBOX.Neu.trash] (to be created, renamed by subfolder and regextrans2)"
    )


def test_all_into_one(work, a, b):
    """Five folders into one; the same message in two of them stays two messages."""
    content = {**TREE, "Sent": [messages.plain(3), messages.plain(1)]}
    user = work.pair(a, b, content, {"INBOX": [messages.plain(9)]})
    row, option = work.row(a, b, user), ("--regextrans2", "s/.*/INBOX/")
    before = [entry.sha256 for entries in mailbox.snapshot(a, user).values() for entry in entries]
    run = work.sync(row, *option)
    assert run.row()["copied"] == 7
    assert plan_of(run)["Sent"] == "-> [INBOX] (renamed by regextrans2, merged with [INBOX] and 3 more)"
    there = mailbox.snapshot(b, user)
    assert sorted(there) == ["INBOX"]
    [own] = {entry.sha256 for entry in there["INBOX"]} - set(before)
    assert sorted(entry.sha256 for entry in there["INBOX"]) == sorted([*before, own])
    assert (work.sync(row, *option).row()["copied"], len(mailbox.snapshot(b, user)["INBOX"])) == (0, 8)
    # Nothing is known of earlier runs: what is there is recognised, once for each message.
    work.workdir = work.path / "other"
    again = work.sync(row, *option).row()
    assert (again["copied"], again["already"]) == (0, 7)
    with mailbox.Mailbox(a, user) as box:
        box.append("trash", messages.plain(1))
    assert work.sync(row, *option).row()["copied"] == 1
    assert len(mailbox.snapshot(b, user)["INBOX"]) == 9


def test_a_name_that_is_no_name_ends_it_before_anything_is_made(work, a, b):
    user = work.pair(a, b, FLAT)
    run = work.sync(work.row(a, b, user), "--regextrans2", "s/.*Sent.*//", expect=USAGE)
    assert 'leaves nothing of the folder name "INBOX.Sent"' in run.out + run.err
    assert mailbox.snapshot(b, user) == {"INBOX": []}


def test_a_bad_expression_ends_it_before_it_connects(work, a, b):
    user = work.pair(a, b, {"INBOX": []})
    with Proxy(a) as proxy:
        run = work.sync(work.row(proxy, b, user), "--regextrans2", "s/(/x/", expect=USAGE)
        assert proxy.connections == 0
    assert "s/(/x/" in run.err


def test_another_expression_is_noticed(nightly, b):
    pair = nightly({"INBOX": [messages.plain(1)], "Work": [messages.plain(2)]})
    assert pair.counted("--regextrans2", "s/Work/One/") == (2, 2, 0)
    pair.run("--regextrans2", "s/Work/One/")
    assert pair.is_untouched()
    assert pair.counted("--regextrans2", "s/Work/Two/") == (2, 1, 1)
    found = mailbox.snapshot(b, pair.user)
    assert (len(found["One"]), len(found["Two"])) == (1, 1)


# Names as people write them ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Entwürfe", "Entw&APw-rfe"])
def test_names_are_understood_raw_and_decoded(work, a, b, name):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)], "Entwürfe": [messages.plain(2)]})
    row = work.row(a, b, user)
    work.sync(row, "--folder", name)
    assert [k for k, v in mailbox.snapshot(b, user).items() if v] == ["Entwürfe"]
    work.sync(row, "--folder", name, "--f1f2", f"{name}=INBOX.Größe")
    work.sync(row, "--folder", name, "--subfolder2", name)
    found = {k: len(v) for k, v in mailbox.snapshot(b, user).items() if v}
    assert found == {"Entwürfe": 1, "Größe": 1, "Entwürfe/Entwürfe": 1}


def test_slashes_inside_names(work, a, b):
    """From "." to "/" a slash inside a name can't come about; the other way it may be wanted."""
    content = {"a.b": [messages.plain(1)]}
    user = work.pair(a, b, content)
    run = work.sync(work.row(a, b, user))
    assert plan_of(run)["a.b"].startswith("-> [INBOX.a_b] ")
    run = work.sync(work.row(a, b, user), "--nofixslash2", "--dry")
    assert plan_of(run)["a.b"].startswith("-> [INBOX.a/b] ")


# Upper and lower case ----------------------------------------------------------------------------


def test_folders_that_differ_by_case(work, a, b):
    content = {"INBOX": [], "trash": [messages.plain(1)], "WORK/a": [messages.plain(2)]}
    user = work.pair(a, b, content, {"Trash": [], "Work": []})
    row = work.row(a, b, user)
    run = work.sync(row, "--nomixfolders")
    assert plan_of(run)["trash"] == (
        "left out: the destination has it under another case (--nomixfolders)"
    )
    assert [k for k, v in mailbox.snapshot(b, user).items() if v] == ["WORK/a"]
    work.user(b, {"Trash": [], "Work": []}, user2 := "second." + user)
    row = work.row(a, b, user, user2)
    run = work.sync(row)
    assert plan_of(run)["trash"] == "-> [INBOX.Trash] (renamed by mixfolders)"
    found = {k: len(v) for k, v in mailbox.snapshot(b, user2).items() if v}
    assert found == {"Trash": 1, "Work/a": 1}
    again = work.sync(row).row()
    assert (again["copied"], again["already"]) == (0, 2)


# Empty folders, subscriptions, unlisted ones -----------------------------------------------------


@pytest.mark.parametrize("hide", [(), ("LIST-STATUS",)], ids=["LIST-STATUS", "STATUS"])
def test_skipemptyfolders(nightly, b, hide):
    content = {"INBOX": [], "Empty": [], "Empty/Full": [messages.plain(1)], "Leer": []}
    pair = nightly(content, hide1=hide)
    option = "--skipemptyfolders"
    assert pair.counted(option) == (1, 1, 0)
    made = [command.split()[1].strip('"') for command in pair.destination.seen("^CREATE")]
    assert made == ["INBOX.Empty", "INBOX.Empty.Full"]  # the parent is needed
    pair.run(option)
    assert pair.is_untouched()
    with pair.at(1) as box:
        box.append("Leer", messages.plain(2))
    assert pair.counted(option) == (2, 1, 1)
    assert pair.ids(2, "Leer") == pair.ids(1, "Leer")
    assert_same(pair.servers[1], b, pair.user)


def test_folders_that_are_left_out_now_are_no_reason_to_delete(work, a, b):
    """What an empty folder, or one of another case, goes to is somebody's place."""
    content = {"INBOX": [messages.plain(1)], "Leer": [], "trash": [messages.plain(2)]}
    user = work.pair(a, b, content, {"Voll": [], "Bin": [], "Weg": []})
    edits = ("--regextrans2", "s/Leer/Voll/", "--regextrans2", "s/trash/bin/")
    work.sync(
        work.row(a, b, user), *edits, "--delete2folders", "--skipemptyfolders", "--nomixfolders"
    )
    assert sorted(mailbox.snapshot(b, user)) == ["Bin", "INBOX", "Voll"]


def test_subscribeall(work, a, b):
    user = work.pair(a, b, {"INBOX": [], "Sent": [messages.plain(1)]})
    with mailbox.Mailbox(a, user) as box:
        box.create("Hidden", subscribe=False)
    work.sync(work.row(a, b, user), "--subscribe_all")
    with mailbox.Mailbox(b, user) as box:
        assert box.subscribed() == ["Hidden", "INBOX", "Sent"]


def test_folders_that_are_not_listed(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    row = work.row(a, b, user)
    run = work.sync(row, "--folder", "Nowhere", "--folder", "INBOX")
    assert plan_of(run)["Nowhere"] == "left out: not on the source"
    options = ("--folder", "Nowhere", "--folder", "INBOX", "--nocheckfoldersexist")
    run = work.sync(row, *options, expect=117)
    assert plan_of(run)["Nowhere"].startswith("-> [INBOX.Nowhere]")
    assert run.row()["status"] == "exceptions" and "Nowhere" in run.row()["error"]


# What is only shown ------------------------------------------------------------------------------


def test_justfolderlists_and_justautomap(work, a, b):
    content = {"INBOX": [], "Sent": [], "Entwürfe": [messages.plain(1)]}
    user = work.pair(a, b, content, {"Drafts": []})
    row = work.row(a, b, user)
    before = mailbox.snapshot(b, user)
    for option in ("--justfolderlists", "--justautomap"):
        run = work.sync(row, option, "--automap")
        for text in (run.out, run.user_log()):
            assert "automap: [Entwürfe] -> [INBOX.Drafts]" in text
            assert "plan: [Entwürfe] -> [INBOX.Drafts] (renamed by automap)" in text
            lists = "Host1 [Entw&APw-rfe] = [Entwürfe]" in text and "Host2 [INBOX.Drafts]" in text
            assert lists == (option == "--justfolderlists")
        assert run.row()["source_messages"] == 0
    assert mailbox.snapshot(b, user) == before
    run = work.batch([work.row(a, b, user)], "--justautomap")
    assert "automap: [Entwürfe]" in run.user_log() and "automap: [Entwürfe]" not in run.out


def test_debugfolders(work, a, b):
    user = work.pair(a, b, {"INBOX": [], "Sent": []})
    run = work.sync(work.row(a, b, user), "--debugfolders", "--regextrans2", "s/Sent/x/", "--dry")
    assert "folder [Sent] by prefix and separator: [INBOX.Sent]" in run.user_log()
    assert "folder [Sent] by s/Sent/x/: [INBOX.x]" in run.user_log()


def sizes_of(text, what="Size"):
    """[(side, folder, bytes, messages, biggest)], [{label: (host1, host2)}, one for each block]"""
    found = re.findall(
        r"Host([12]) folder +\d+/\d+ \[(.*?)\] +Size: +(\d+) Messages: +(\d+) Biggest: +(\d+)", text
    )
    folders = [(int(s), n, int(b), int(m), int(x)) for s, n, b, m, x in found]
    labels = ("Nb folders", "Nb messages", "Total size", "Biggest message")
    columns = [re.findall(rf"Host[12] {label}: +(\d+)", text) for label in labels]
    return folders, [tuple(map(int, column)) for column in columns]


def total(entries):
    sizes = [entry.size for entry in entries]
    return sum(sizes), len(sizes), max(sizes, default=0)


def test_justfoldersizes(work, a, b):
    content = {"INBOX": TREE["INBOX"], "Sent": [messages.plain(3)], "Größe": [messages.plain(4)]}
    user = work.pair(a, b, content, {"INBOX": [messages.plain(7)], "Sent": [], "Other": [messages.plain(8)]})
    one, two = mailbox.snapshot(a, user), mailbox.snapshot(b, user)
    run = work.sync(work.row(a, b, user), "--justfoldersizes")
    assert sizes_of(run.out) == sizes_of(run.user_log())
    folders, totals = sizes_of(run.out)
    assert sorted(folders) == sorted(
        [(1, name, *total(one[name])) for name in content]
        + [(2, "INBOX", *total(two["INBOX"])), (2, "INBOX.Sent", 0, 0, 0)]
    )
    assert "[INBOX.Größe]" in run.out and "does not exist yet" in run.out
    whole = total([entry for entries in one.values() for entry in entries])
    there = total(two["INBOX"])
    assert totals == [(3, 2), (whole[1], 1), (whole[0], there[0]), (whole[2], there[2])]
    difference = there[0] - total(one["INBOX"])[0]
    assert re.search(rf"Host2-Host1 +Size: +{difference} Messages: +-1 ", run.out)


def test_foldersizes_around_a_sync(nightly):
    pair = nightly({"INBOX": TREE["INBOX"], "Sent": [messages.plain(3)]})
    plain = pair.run().user_log()
    assert "Host1 folder" not in plain and "host1 in all: 2 folders, 3 messages" in plain
    run = pair.run("--foldersizes")  # though nothing changed since
    folders, totals = sizes_of(run.user_log())
    assert len(folders) == 8 and totals[1] == (3, 3, 3, 3)
    assert totals[2][0] == totals[2][1] == totals[2][2] == totals[2][3] > 0
    assert len(sizes_of(pair.run("--foldersizes", "--nofoldersizesatend").user_log())[0]) == 4
    assert len(sizes_of(pair.run("--foldersizesatend").user_log())[0]) == 4
    assert "host1 in all" not in pair.run("--nofoldersizes").user_log()


def test_foldersizes_of_folders_that_were_only_made(work, a, b):
    user = work.pair(a, b, {"INBOX": [], "Sent": [messages.plain(1)]})
    run = work.sync(work.row(a, b, user), "--justfolders", "--foldersizes")
    folders, totals = sizes_of(run.user_log())
    assert [f[:2] + f[3:4] for f in folders if f[0] == 2] == [(2, "INBOX", 0), (2, "INBOX.Sent", 0)]
    assert totals[:2] == [(2, 2), (1, 0)]


def test_foldersizes_at_both_ends_of_a_first_copy(work, a, b):
    user = work.pair(a, b, TREE)
    run = work.sync(work.row(a, b, user), "--foldersizes", "--regextrans2", "s/.*/INBOX.All/")
    folders, totals = sizes_of(run.user_log())
    assert [f[1:4:2] for f in folders if f[0] == 2] == [("INBOX.All", 6)]
    assert totals[1] == (6, 0, 6, 6) and totals[2][0] == totals[2][3]
    moved(a, b, user, lambda name: "All")


def test_a_folder_whose_size_can_not_be_had(work, a, b):
    """The others are shown, and the copy is not disturbed."""
    user = work.pair(a, b, {"INBOX": [messages.plain(1)], "Sent": [messages.plain(2)]})
    with Proxy(a) as proxy:
        proxy.on("^EXAMINE .*Sent", refuse, times=1)
        run = work.sync(work.row(proxy, b, user), "--foldersizes")
    assert ("1", "INBOX") in {(str(f[0]), f[1]) for f in sizes_of(run.user_log())[0]}
    assert_same(a, b, user)


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("option, reason", [("--syncacls", "rights"), ("--f1f2h", "no effect")])
def test_refused(work, a, b, option, reason):
    user = work.pair(a, b, {"INBOX": []})
    more = ("a=b",) if option == "--f1f2h" else ()
    assert reason in work.sync(work.row(a, b, user), option, *more, expect=USAGE).err


def test_options_that_ask_for_what_is_done_anyway(work, a, b):
    user = work.pair(a, b, {"INBOX": [messages.plain(1)]})
    options = ("--fixInboxINBOX", "--nofixInboxINBOX", "--checkselectable", "--nocheckselectable",
               "--nosyncacls", "--noexclude", "--nof1f2", "--checkfoldersexist", "--mixfolders")  # fmt: skip
    assert work.sync(work.row(a, b, user), *options).row()["copied"] == 1
    assert_same(a, b, user)
