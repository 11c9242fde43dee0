# SPDX-License-Identifier: MIT
"""What the documentation says about the program is what the program says about itself."""

import re

import pytest

from tests.integration.harness import ROOT

COMMANDS = ("batch", "sync", "report", "status", "auth", "explain")
WALKS = ("tenant-to-tenant", "gmail-to-office365", "nightly-delta", "cutover-weekend")
PAGES = ("README.md", "docs/manual.md", "examples", *(f"docs/{name}.md" for name in WALKS))


def help_of(work, command):
    run = work.run(command, "--help")
    assert run.code == 0
    return run.out


def exit_codes_of_help(text):
    section = re.search(r"^Exit codes.*:\n((?: .*\n)+)", text, re.MULTILINE)[1]
    return dict(re.findall(r"(?:^|  )(\d[\d/]*) +(\S+(?: \S+)*)", section, re.MULTILINE))


def exit_codes_of_readme(command):
    text = (ROOT / "README.md").read_text()
    table = re.search(rf"^`mailconvoy {command}`.*:\n\n((?:\|.*\n)+)", text, re.MULTILINE)[1]
    return dict(re.findall(r"^\| (\d[\d/]*) \| (.*) \|$", table, re.MULTILINE))


@pytest.mark.parametrize("command, count", [("batch", 7), ("sync", 21)])
def test_exit_codes_are_those_of_the_help(work, command, count):
    told = exit_codes_of_help(help_of(work, command))
    assert len(told) == count, told
    assert exit_codes_of_readme(command) == told


def options_of_help(text):
    options = set()
    for spelled in re.findall(r"--([a-z0-9\[\]|-]+)", text):
        names = [spelled]
        if spelled.startswith("[no]"):
            names = [spelled[4:], "no" + spelled[4:]]
        for name in names:
            base = name.removesuffix("[1|2]")
            options |= {base} if base == name else {base, base + "1", base + "2"}
    return options


def text_of_pages():
    for name in PAGES:
        path = ROOT / name
        for page in path.iterdir() if path.is_dir() else [path]:
            yield page.name, page.read_text()


def test_options_that_are_written_about_exist(work):
    known = set().union(*(options_of_help(help_of(work, command)) for command in COMMANDS))
    assert "nosubscribe" in known and "timeout1" in known
    known |= {name for name, (state, _) in rows_of_options_page().items() if state == "accepted"}
    for page, text in text_of_pages():
        named = set(re.findall(r"--([a-z][a-z0-9-]*)", text))
        unknown = named - known
        assert not unknown - {"noX", "no", "x"}, (page, unknown)


def test_every_preset_is_in_the_manual(work):
    """With what it sets: the values of --justbanner, but for expressions that it tells in words."""
    group = help_of(work, "sync").partition("\nProviders")[2].partition("\n\n")[0]
    presets = set(re.findall(r"^  --([a-z]+[12]) ", group, re.MULTILINE))
    rows = re.findall(r"^\| (`--[a-z]+[12]`.*?) \| (.*) \|$", (ROOT / "docs/manual.md").read_text(), re.MULTILINE)
    told = {name: text for names, text in rows for name in re.findall("--([a-z]+[12])", names)}
    assert presets <= set(told) and len(presets) == 8
    for name in presets - {"domino1", "domino2"}:
        banner = work.run("sync", f"--{name}", "--justbanner").out.splitlines()[1]
        values = re.findall(r"(?:: |, )(\w+) = (.*?)(?=, \w+ = |$)", banner)
        for option, value in values if name != "exchange1" else ():
            if option != "regextrans2":
                assert f"--{option}" in told[name], (name, option)
            if value.isdigit():
                assert value in told[name].replace("_", ""), (name, option, value)


def anchors(text):
    """What the headings of a page may be linked by, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        if "://" not in target:
            place = page.parent / target if target else page
            assert place.exists(), target
            assert not anchor or anchor in anchors(place.read_text()), f"{target}#{anchor}"


def test_the_manuals_contents_are_its_sections():
    contents, *sections = (ROOT / "docs/manual.md").read_text().split("\n## ")
    listed = re.findall(r"\[(.*?)\]\(#", contents)
    assert [title.lower() for title in listed] == [text.partition("\n")[0].lower() for text in sections]


def test_architecture_names_files_that_exist():
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    paths = set(re.findall(r"\b(?:base|store|sync|report|batch|tests|scripts)/[\w/]+\.[chpy]+", text))
    assert len(paths) > 20, paths
    missing = [path for path in sorted(paths) if not (ROOT / path).exists()]
    assert not missing, missing


OPTIONS_PAGE = ROOT / "docs/imapsync-options.md"


def rows_of_options_page():
    """{spelling: (state, note)} of docs/imapsync-options.md."""
    rows = {}
    for line in OPTIONS_PAGE.read_text().splitlines():
        if match := re.fullmatch(r"\| (`--.*`) \| ([a-z ]+) \| [\d.]* *\| (.*) \|", line):
            for name in re.findall("`--([a-z0-9_]+)`", match[1]):
                assert name not in rows, name
                rows[name] = match[2], match[3]
    return rows


def test_the_page_of_imapsyncs_options_is_the_programs(work):
    run = work.run("docs", "imapsync-options")
    assert run.code == 0
    assert OPTIONS_PAGE.read_text() == run.out, "mailconvoy docs imapsync-options > " + OPTIONS_PAGE.name


def test_every_option_of_imapsync_has_its_row():
    rows = rows_of_options_page()
    names = {line.lower() for line in (ROOT / "tests/imapsync_options.txt").read_text().split()}
    assert len(names) == 227
    assert names == set(rows)
    assert {state for state, _ in rows.values()} <= {"works", "differs", "accepted", "refused"}
    for name, (state, note) in rows.items():
        assert note, name
        assert state != "refused" or len(note.split()) > 4, name


def test_what_the_page_says_of_an_option_is_true(work):
    """What is refused is refused by name, at least by one half of a switch; all others are not."""
    for name, (state, _) in rows_of_options_page().items():
        told = work.run("sync", f"--{name}", "1", "--help").err
        told += work.run("sync", f"--{name}", "1", "--justbanner").err
        assert "unknown option" not in told and "ambiguous" not in told, (name, told)
        told += work.run("sync", f"--no{name}", "--justbanner").err
        assert ("that mailconvoy refuses" in told) == (state == "refused"), name
