# SPDX-License-Identifier: MIT
"""Names of folders that Exchange refuses, keeps for itself, or does not tell apart."""

import re

import pytest

from tests.servers import mailbox, messages
from tests.servers.exchange import Exchange

STRICT = ("files_reserved", "strict_names", "no_case", "ten_errors")
FILES = "Files_renamed_by_imapsync"
GERMAN = ["Kalender", "Kontakte", "Aufgaben", "Notizen", "Journal", "Postausgang"]


def one_each(names, first=1):
    return {name: [messages.plain(n)] for n, name in enumerate(names, first)}


def check(source, user, destination, other, renamed, own=()):
    """`renamed`: {source folder: None or where its mail is}; all others keep their names. `own`:
    what the destination has besides, and no mail in it."""
    there = mailbox.snapshot(destination, other)
    assert not any(there.pop(name) for name in own)
    found = mailbox.differences(
        mailbox.snapshot(source, user), there, lambda name: renamed.get(name, name)
    )
    assert not found, "\n".join(found)


def plan_of(run):
    return dict(re.findall(r" plan: \[([^]]*)\] (.*)", run.user_log()))


def again(work, row, *options):
    """Nothing is copied or made twice, with or without what is known of the first run."""
    row1 = work.sync(row, *options).row()
    work.workdir = work.path / "other"
    row2 = work.sync(row, *options).row()
    for found in (row1, row2):
        assert found["copied"] == 0 and found["failed"] == 0


RENAMED = {
    "Files": FILES,
    "Files/Plans": f"{FILES}/Plans",
    "Kalender": "Kalender_mail",
    "Notizen/Old": "Notizen_mail/Old",
    " Projects ": "=20Projects=20",
    "Work/50% off": "Work/50=25 off",
    "Work/a*": "Work/a=2A",
    "Work/a=2A": "Work/a=3D2A",
    "trash": "Trash",
    "Größe": "GRÖßE",
}


def test_names_that_exchange_can_not_have(work, a, b):
    kept = ["INBOX", "Work", "Work/Files", "Notes", "Trash", "GRÖßE"]
    content = one_each([*kept, *RENAMED])
    own = {name: [] for name in GERMAN}
    user, other = work.user(a, content), work.user(a, own)
    with Exchange(a, *STRICT) as destination:
        row = work.row(a, destination, user, other)
        run = work.sync(row)
        assert run.row()["copied"] == len(content)
        plan = plan_of(run)
        made = destination.seen("^CREATE")
        again(work, row)
        assert destination.seen("^CREATE") == made
    check(a, user, a, other, RENAMED, own=GERMAN)
    reserved = "renamed by a name that Exchange keeps for itself"
    characters = "renamed by characters this server can't have in a name"
    assert plan["Files"] == f"-> [{FILES}] (to be created, {reserved})"
    assert plan["Kalender"] == f"-> [Kalender_mail] (to be created, {reserved})"
    assert plan["Work/a*"] == f"-> [Work/a=2A] (to be created, {characters})"
    assert plan["Notes"] == "-> [Notes] (to be created)"
    for name in ("trash", "Größe"):
        assert f"renamed by mixfolders, merged with [{RENAMED[name]}]" in plan[name]


def test_the_way_back(work, a, b):
    names = [" x", "x ", "a*", "50%", "a=2A", "=20", "INBOX"]
    user, other, home = work.user(a, one_each(names)), work.user(a), work.user(b)
    with Exchange(a, *STRICT) as exchange:
        assert work.sync(work.row(a, exchange, user, other)).row()["copied"] == len(names)
        edits = [f"s,=({code}),{char},g" for code, char in
                 (("20", " "), ("25", "%"), ("2A", "*"), ("5C", "\\\\"), ("3D", "="))]  # fmt: skip
        options = [word for edit in edits for word in ("--regextrans2", edit)]
        work.sync(work.row(exchange, b, other, home), *options)
    check(a, user, b, home, {})


def test_nofixnames(work, a, b):
    """Files is refused then, and said so."""
    user, other = work.user(a, one_each(["INBOX", "Files", "Calendar"])), work.user(a)
    with Exchange(a, "files_reserved") as destination:
        run = work.sync(work.row(a, destination, user, other), "--nofixnames", expect=116)
    assert run.row()["copied"] == 2 and run.row()["failed"] == 1
    assert set(mailbox.snapshot(a, other)) == {"INBOX", "Calendar"}


def test_other_servers_get_names_as_they_are(work, a, b):
    user = work.pair(a, b, one_each(["INBOX", "Files", "Calendar", " x ", "50%"]))
    run = work.sync(work.row(a, b, user))
    check(a, user, b, user, {})
    assert "keeps for itself" not in run.user_log()


def test_the_presets_tell_as_well(work, a, b):
    """As where a gateway greets in its own words."""
    user = work.pair(b, a, one_each(["INBOX", "Files", "Notes"]))
    work.sync(work.row(b, a, user), "--exchange2", "--maxmessagespersecond", "100")
    check(b, user, a, user, {"Files": FILES, "Notes": "Notes_mail"})
    user = work.pair(a, b, one_each(["INBOX", "Files", "Notes", "Calendar"]))
    work.sync(work.row(a, b, user), "--exchange1")
    check(a, user, b, user, dict.fromkeys(["Files", "Notes", "Calendar"]))


@pytest.mark.parametrize("order", [("Trash", "trash"), ("trash", "Trash")])
def test_case_is_kept_apart(work, a, order):
    user, other = work.user(a, one_each(["INBOX", "Trash", "trash"])), work.user(a)
    with Exchange(a, *STRICT) as destination:
        row = work.row(a, destination, user, other)
        options = ("--nomixfolders", "--folderfirst", order[0])
        run = work.sync(row, *options)
        assert plan_of(run)[order[1]] == (
            "left out: the destination has it under another case (--nomixfolders)"
        )
        again(work, row, *options)
    check(a, user, a, other, {order[1]: None})


# Source ------------------------------------------------------------------------------------------

OWN = {
    "English": ["Calendar", "Contacts", "Tasks", "Notes", "Journal", "Outbox", "Sync Issues"],
    "German": GERMAN,
    "French": ["Calendrier", "Contacts", "Tâches", "Notes", "Journal", "Boîte d'envoi"],
    "Italian": ["Calendario", "Contatti", "Attività", "Note", "Diario"],
    "Polish": ["Kalendarz", "Kontakty", "Zadania", "Notatki", "Dziennik"],
}


@pytest.mark.parametrize("language", OWN)
def test_folders_without_mail_are_left_out(work, a, b, language):
    own = OWN[language]
    below = f"{own[0]}/2024"
    mine = ["INBOX", "Archive", f"Archive/{own[0]}", "Memos"]
    user = work.pair(a, b, one_each([*mine, *own, below, "Files"]))
    with Exchange(a) as source:
        row = work.row(source, b, user)
        run = work.sync(row)
        plan = plan_of(run)
        assert plan[own[0]] == plan[below] == (
            "left out: Exchange keeps the calendar here, no mail; name it with --folder to copy it"
        )
        assert plan["Files"].startswith("left out: Exchange keeps copies of attachments here")
        assert run.row()["copied"] == len(mine)
        check(a, user, b, user, dict.fromkeys([*own, below, "Files"]))
        again(work, row)
        # By its name it is copied like any other.
        assert work.sync(row, "--folder", own[1]).row()["copied"] == 1
        # What was left out has its place, though this run does not go there.
        work.sync(row, "--delete2folders")
    left = set(mailbox.snapshot(b, user))
    assert left == {*mine, own[1]}


def test_a_german_mailbox_may_have_notes(work, a, b):
    user = work.pair(a, b, one_each(["INBOX", *GERMAN, "Notes", "Tasks", "Calendar"]))
    with Exchange(a) as source:
        work.sync(work.row(source, b, user))
    check(a, user, b, user, dict.fromkeys(GERMAN))


def test_its_own_folders_are_never_deleted(work, a, b):
    user = work.user(a, one_each(["INBOX", "Notizen"]))
    other = work.user(a, {name: [] for name in [*GERMAN, "Alt"]})
    with Exchange(a, *STRICT) as destination:
        row = work.row(a, destination, user, other)
        work.sync(row, "--delete2folders")
        work.sync(row, "--delete2folders")
    assert set(mailbox.snapshot(a, other)) == {"INBOX", *GERMAN, "Notizen_mail"}
