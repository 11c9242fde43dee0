# SPDX-License-Identifier: MIT
"""docs/office365.md answers every question of imapsync's FAQ about Office 365, in its order, with
tests and diagnoses that exist."""

import re

from tests.integration.harness import ROOT

HERE = ROOT / "tests" / "integration"
QUESTIONS = (HERE / "office365_questions.txt").read_text().splitlines()
PAGE = (ROOT / "docs" / "office365.md").read_text()


def rows():
    for line in PAGE.splitlines():
        if re.match(r"\| \d", line):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_question_has_its_row():
    assert len(QUESTIONS) == 24
    told = list(rows())
    assert all(len(row) == 5 for row in told), told
    assert [(row[0], row[1]) for row in told] == [
        (str(number), question) for number, question in enumerate(QUESTIONS, 1)
    ]
    for row in told:
        assert all(row), row


def test_the_proofs_exist():
    for number, _, _, _, proof in rows():
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", proof)
        assert named, number
        for file, name in named:
            assert f"\ndef {name}(" in (HERE / file).read_text(), (number, file, name)


def test_the_diagnoses_exist(work):
    for number, _, _, option, _ in rows():
        if "mailconvoy explain" not in option:
            continue
        named = re.findall(r"`(?:mailconvoy explain )?([a-z][a-z-]+)`", option)
        assert named or "explain '" in option, number
        for name in named:
            assert work.run("explain", name).code == 0, (number, name)


def test_the_options_exist(work):
    text = work.run("sync", "--help").out + work.run("batch", "--help").out
    for number, _, _, option, _ in rows():
        for name in re.findall(r"--([a-z0-9-]+)", option):
            base = name.removeprefix("no").rstrip("12")
            spelled = rf"--(\[no\])?{re.escape(base)}(\[1\|2\]|1\|2|1|2)?\b"
            assert re.search(spelled, text), (number, name)
