# SPDX-License-Identifier: MIT
"""Runs the program on a terminal and shows what a person would see there."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unicodedata

from tests.integration.harness import PROGRAM, TIMEOUT_SECS

# What a calm screen needs; anything else came from outside.
SEQUENCE = re.compile(r"\x1b\[(\?\d+[hl]|H|K|J|\d+;\d+H)")
# Ctrl-C throws away what a terminal has not shown yet; the rest of a sequence may be among it. The
# next one then takes its place, as on every terminal.
CUT = re.compile(r"\x1b(\[[?\d;]*)?(?=\x1b)")


class Screen:
    """As much of a terminal as the program uses. Fails on any other escape sequence."""

    def __init__(self, columns, rows):
        self.size = columns, rows
        self.modes = {"?25": "h", "?7": "h", "?1049": "l"}
        self.pages = {"l": {}, "h": {}}
        self.row = self.column = 0
        self.pending = ""
        self.raw = ""
        self.draws = 0

    @property
    def page(self):
        return self.pages[self.modes["?1049"]]

    def feed(self, text):
        self.raw += text
        text = self.pending + text
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
            elif match := SEQUENCE.match(text, at):
                self._obey(match[1])
                at = match.end()
            elif match := CUT.match(text, at):
                at = match.end()
            else:
                assert len(text) - at < 8, f"an escape sequence of others: {text[at:at + 20]!r}"
                break
        self.pending = text[at:]

    def _put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
        elif unicodedata.combining(char) == 0:
            assert char >= " ", f"a control character: {char!r}"
            self.page[self.row, self.column] = char
            self.column += 1
            if unicodedata.east_asian_width(char) in "WF":
                self.page.pop((self.row, self.column), None)
                self.column += 1

    def _obey(self, what):
        if what == "H":
            self.row = self.column = 0
            self.draws += 1
        elif what == "K":
            self._erase(lambda row, column: row == self.row and column >= self.column)
        elif what == "J":
            self._erase(
                lambda row, column: row > self.row or row == self.row and column >= self.column
            )
        else:
            self.modes[what[:-1]] = what[-1]
            if what == "?1049h":
                self.page.clear()

    def _erase(self, goes):
        for place in [place for place in self.page if goes(*place)]:
            del self.page[place]

    def lines(self):
        """The page that is shown; wide characters take two cells."""
        found = {}
        for (row, column), char in sorted(self.page.items()):
            line = found.setdefault(row, [])
            line.extend(" " * (column - len(line)))
            line.append(char)
            if unicodedata.east_asian_width(char) in "WF":
                line.append("")
        return ["".join(found.get(row, [])).rstrip() for row in range(max(found, default=-1) + 1)]

    def text(self):
        return "\n".join(self.lines())

    def is_sane(self):
        return self.modes == {"?25": "h", "?7": "h", "?1049": "l"}


class OnTerminal:
    """A process whose terminal is a screen of ours."""

    def __init__(self, *args, columns=100, rows=24, cwd=None, env=None, stdout=None):
        self.master, slave = pty.openpty()
        self.screen = Screen(columns, rows)
        self.slave = slave  # stays open, so that the terminal's settings can be asked for
        self.resize(columns, rows)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [PROGRAM, *map(str, args)],
            stdin=slave,
            stdout=stdout or slave,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        self.bytes = b""

    def resize(self, columns, rows):
        self.screen.size = columns, rows
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, secs):
        """What comes within so many seconds."""
        if not select.select([self.master], [], [], secs)[0]:
            return False
        data = self.bytes + os.read(self.master, 65536)
        text = data.decode("utf-8", "ignore")
        self.bytes = data[len(text.encode()) :]
        self.screen.feed(text)
        return True

    def wait_for(self, condition, what):
        deadline = time.monotonic() + TIMEOUT_SECS
        while not condition(self.screen):
            assert time.monotonic() < deadline, f"waited in vain until {what}:\n{self.screen.text()}"
            self.read(0.2)

    def finish(self):
        deadline = time.monotonic() + TIMEOUT_SECS
        while self.process.poll() is None or self.read(0):
            assert time.monotonic() < deadline, f"it hangs:\n{self.screen.text()}"
            self.read(0.1)
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
