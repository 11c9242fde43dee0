# SPDX-License-Identifier: MIT
"""Walks through a page of docs/ from top to bottom as its reader does: writes its files, types its
commands, and looks whether they say what the page shows. What a block is, its fence says:

sh      commands, one a line; a test must name each, so none is left out
text    lines that the command before it says
csv ... a file, whose name is the last `code` before the block

Blocks that are meant for somebody else's server are in ELSEWHERE, and nothing else is."""

import os
import pathlib
import re
import subprocess

from tests.integration.harness import PROGRAM, ROOT, TIMEOUT_SECS, Run, text_of

FILES = {"csv", "ini", "crontab", "bash"}
ELSEWHERE = {"powershell": "Exchange Online"}
# Gives the program the places of the servers that stand in for those of the page.
WRAPPER = """#!/bin/sh
case $1 in batch|sync) exec {program} "$@" {places} ;; *) exec {program} "$@" ;; esac
"""


def blocks_of(page):
    """(kind, text, name of the file) of each block."""
    text = (ROOT / "docs" / page).read_text()
    end, found = 0, []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        before = text[end : match.start()]
        assert not re.search(r"^    \S", before, re.M), f"{page}: blocks are fenced here"
        names = re.findall(r"`([\w./-]+)`", before)
        found.append((match[1], match[2], names[-1] if names else None))
        end = match.end()
    return found


def steps_of(page):
    """The same with each command by itself."""
    for kind, text, name in blocks_of(page):
        assert kind == "sh" or kind == "text" or kind in FILES or kind in ELSEWHERE, (page, kind)
        if kind == "sh":
            yield from (("sh", line, None) for line in text.splitlines())
        elif kind not in ELSEWHERE:
            yield kind, text, name


class Walk:
    def __init__(self, work, page, places=(), swap=(), env=None):
        """`places`: options for each run. `swap`: (pattern, replacement) for files and commands."""
        self.work = work
        self.steps = list(steps_of(page))
        self.swap = list(swap)
        self.path = work.path / "move"
        self.path.mkdir()
        self.bin = work.inputs / "bin"
        self.bin.mkdir()
        self.program(self.bin / "mailconvoy", WRAPPER.format(program=PROGRAM, places=" ".join(map(str, places))))
        self.env = os.environ | {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.path)} | (env or {})
        self.own = set()  # what the reader wrote, secrets too

    @staticmethod
    def program(path, text):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def _swapped(self, text):
        for pattern, replacement in self.swap:
            text = re.sub(pattern, lambda _, new=replacement: str(new), text)
        return text

    def _write(self, name, text):
        """As an editor does, for others to read: the page has to say it if that may not be."""
        path = pathlib.Path(self._swapped(name))
        path = self.path / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._swapped(text))
        path.chmod(0o644)
        self.own.add(path)

    def step(self, begin, expect=0, stdin=""):
        """The next command, which begins like this; files before it are written, and what it says is
        compared with what the page shows."""
        while self.steps and self.steps[0][0] != "sh":
            kind, text, name = self.steps.pop(0)
            assert kind in FILES and name, (kind, text)
            self._write(name, text)
        assert self.steps, f"the page has no command {begin}"
        _, line, _ = self.steps.pop(0)
        assert line.startswith(begin), f"the page says {line}, the test {begin}"
        run = self.type(line, stdin)
        assert run.code == expect, f"{line}\n{run}"
        while self.steps and self.steps[0][0] == "text":
            _, shown, _ = self.steps.pop(0)
            said = run.out.splitlines() + run.err.splitlines()
            for wanted in shown.splitlines():
                assert wanted in said, f"{line}\nsays not: {wanted}\nbut:\n{run.out}{run.err}"
        return run

    def type(self, line, stdin="", env=None):
        if not (self.path / "mailconvoy-data/state.db").exists():
            self.own |= {path for path in self.path.rglob("*") if path.is_file()}
        done = subprocess.run(
            ["bash", "-c", self._swapped(line)], cwd=self.path, env=env or self.env, input=stdin.encode(),
            capture_output=True, timeout=TIMEOUT_SECS,
        )  # fmt: skip
        run = Run(done.returncode, text_of(done.stdout), text_of(done.stderr), self.path / "mailconvoy-data")
        self.work.outputs.append(run)
        assert run.code >= 0 and "Sanitizer" not in run.err, f"it crashed: {run}"
        return run

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Nothing is left; and what the reader wrote himself is gone, for it may be a secret."""
        for path in self.own:
            path.unlink(missing_ok=True)
        assert kind or not self.steps, f"nobody walked on to {self.steps[0]}"
