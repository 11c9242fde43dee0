# SPDX-License-Identifier: MIT
"""What the documentation says about the program is what the program says about itself."""

import re

import pytest

from tests.integration.harness import ROOT

COMMANDS = ("batch", "sync", "report", "explain")
PAGES = ("README.md", "docs/manual.md", "examples")
# Options of imapsync that the pages name because they are not built.
NOT_BUILT = {"search", "maxage", "useheader", "gmail1", "useuid"}


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
    for page, text in text_of_pages():
        named = set(re.findall(r"--([a-z][a-z0-9-]*)", text))
        unknown = named - known - NOT_BUILT
        assert not unknown - {"noX", "no", "x"}, (page, unknown)
    assert not NOT_BUILT & known


def test_links_and_paths_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "docs/manual.md", ROOT / "docs/ARCHITECTURE.md"):
        for target in re.findall(r"\]\(([^)#]*)[^)]*\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), (page.name, target)


def test_architecture_names_files_that_exist():
    text = (ROOT / "docs/ARCHITECTURE.md").read_text()
    paths = set(re.findall(r"\b(?:base|store|sync|report|batch|tests|scripts)/[\w/]+\.[chpy]+", text))
    assert len(paths) > 20, paths
    missing = [path for path in sorted(paths) if not (ROOT / path).exists()]
    assert not missing, missing
