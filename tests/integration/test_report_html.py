# SPDX-License-Identifier: MIT
"""report.html and the files beside it: what they say agrees, whatever servers and users called
things; and in Chromium, where it is there, everything can be used."""

import base64
import csv
import fcntl
import hashlib
import html.parser
import io
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
from xml.etree import ElementTree

import pytest

from tests.integration.harness import EXCEPTIONS, FAILED, PROGRAM, ROOT, USAGE, Work
from tests.servers import messages, report_store
from tests.servers.scripted import ScriptedServer, bad

MODULES = pathlib.Path(os.environ.get("MAILCONVOY_NODE_MODULES", ROOT / "build/browser/node_modules"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NODE = shutil.which("node")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

needs_browser = pytest.mark.skipif(
    not (CHROMIUM and NODE and (MODULES / "playwright-core").is_dir()),
    reason="no Chromium, Node.js or playwright-core here: make deps-test installs them",
)


class Page(html.parser.HTMLParser):
    """What a reader is shown, and what could do harm."""

    VOID = {"meta", "img", "input", "br", "link"}

    def __init__(self, source):
        super().__init__()
        self.texts, self.tags, self.figures, self.attributes = [], [], {}, []
        self._figure = self._hidden = None
        self.feed(source)
        self.text = "".join(self.texts)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes += attrs.items()
        self._hidden = tag if tag in ("script", "style") else None
        if "data-k" in attrs:
            self._figure = attrs["data-k"]
        if tag == "dd" and self._figure:
            self.figures[self._figure] = ""

    def handle_endtag(self, tag):
        self._hidden = None
        if tag == "div":
            self._figure = None

    def handle_data(self, data):
        if self._hidden:
            return
        self.texts.append(data)
        if self._figure in self.figures:
            self.figures[self._figure] += data


def report(workdir, *options, expect=0):
    done = subprocess.run(
        [PROGRAM, "report", "--workdir", workdir, *options], capture_output=True, check=False
    )
    assert done.returncode == expect, done
    return done.stdout.decode() if expect == 0 else done.stderr.decode()


def html_of(workdir, *options):
    return Page(report(workdir, "--format", "html", *options))


def check_is_closed(page, source):
    """One script, the policy that lets only it run, and nothing from outside."""
    assert page.tags.count("script") == 1
    policy = r"Content-Security-Policy content=\"default-src 'none';[^\"]*script-src 'sha256-[^' ]+'\">"
    assert re.search(policy, source)
    for name, value in page.attributes:
        assert name not in ("href", "srcdoc", "action") and not name.startswith("on"), (name, value)
        assert name != "src" or value.startswith("data:image/"), value
    assert not set(page.tags) & {"iframe", "object", "embed", "link", "base", "a"}


# What is in it ---------------------------------------------------------------------------------------

NASTY = [
    "<script>alert(1)</script>", "\"onmouseover=alert(1) x='", "&amp; &lt;", "a\u202egpj.exe",
    "=HYPERLINK(1)", "{{7*7}}", "</td></table><h1>owned</h1>",
]  # fmt: skip


@pytest.fixture
def hostile(work, a, b, authority):
    """A mailbox whose folders and whose server are called whatever may do harm."""
    user = work.pair(a, b, {name.replace("/", "|"): [messages.plain(1)] for name in NASTY})
    with ScriptedServer(authority=authority) as server:
        server.on("^(LOGIN|AUTHENTICATE)", bad("\x01<img src=x onerror=alert(1)> \xff </script>"))
        row = work.side(1, server, "<b>eve</b>", work.secret()) | work.side(2, b, work.user(b))
        run = work.batch([work.row(a, b, user, label="<i>Ann & Bob</i>"), row], expect=FAILED)
    return run


def test_names_and_words_are_only_text(hostile):
    source = (hostile.files / "report.html").read_text()
    page = Page(source)
    check_is_closed(page, source)
    for word in ("<script>alert(1)<", "\"onmouseover=alert(1) x='", "&amp; &lt;", "{{7*7}}", "<b>eve</b>",
                 "<i>Ann & Bob</i>", "<img src=x onerror=alert(1)>"):  # fmt: skip
        assert word in page.text, word
    assert "\u202e" not in source and "[U+202E]" in page.text
    assert "owned" in page.text and page.tags.count("h1") == 1
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", source)


def test_the_same_facts_everywhere(work, a, b):
    users = [work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(n0, 4)], "Sent": [messages.plain(9)]})
             for n0 in range(3)]  # fmt: skip
    rows = [work.row(a, b, user) for user in users]
    rows[1] |= {"maxsize": "10"}
    rows.append(work.row(a, b, work.pair(a, b, {"INBOX": []})) | {"password1": work.secret()})
    run = work.batch(rows, "--verify", "full", expect=FAILED)
    summary = json.loads(run.text("summary.json"))
    source = (run.files / "report.html").read_text()
    page = Page(source)
    counts = summary["totals"]["counts"]
    away = sum(counts[k] for k in ("excluded", "too_big", "failed", "unreadable", "vanished", "not_selected"))
    assert {name: int(value.replace(",", "")) for name, value in page.figures.items()} == {
        "mailboxes": 4,
        "source_messages": counts["source_messages"],
        "there": counts["copied"] + counts["already"],
        "not_there": away,
        "difference": abs(counts["difference"]),
        "copied": counts["copied"],
    }
    table = list(csv.DictReader(io.StringIO((run.files / "folders.csv").read_text())))
    assert len(table) == summary["totals"]["folders"] == 6
    for row in run.rows():
        folders = [folder for folder in table if int(folder["row"]) == int(row["row"])]
        for name in ("copied", "already", "excluded", "too_big", "failed", "difference", "bytes_copied"):
            assert sum(int(folder[name]) for folder in folders) == int(row[name]), (name, row)
        grade = ["perfect", "investigate", "perfect", "poor"][int(row["row"]) - 1]
        assert row["grade"] == grade == summary["mailboxes"][int(row["row"]) - 1]["grade"]
    shown = re.findall(r"<tr><td><bdi>([^<]*)</bdi><td><bdi>([^<]*)</bdi><td class=r>(\d+)<td class=r>(\d+)", source)
    told = [(f["source"], f["destination"], f["source_messages"], f["copied"]) for f in table]
    compared = list(csv.DictReader(io.StringIO((run.files / "verification.csv").read_text())))
    told += [(f["source"], f["destination"], f["source_messages"], f["found"]) for f in compared]
    assert sorted(shown) == sorted(told) and len(compared) == 6
    for name, value in summary["verification"].items():
        if name not in ("level", "mailboxes", "mailboxes_differing"):
            assert value == sum(int(folder[name]) for folder in compared), name
    found = summary["verification"]["found"]
    assert f"{found} messages found and the same, 0 differences" in page.text and found == counts["copied"]
    listed = [(p["folder"], p["uid"]) for p in run.problems()]
    assert sorted(re.findall(r"<tr><td><bdi>([^<]*)</bdi><td>(?:<bdi>[^<]*</bdi>)?<small>UID (\d+)", source)) == sorted(listed)
    assert summary["totals"]["grade"] == "poor"
    assert summary["run"]["manifest_sha256"] == hashlib.sha256((work.inputs / "manifest.csv").read_bytes()).hexdigest()
    assert summary["run"]["manifest_sha256"] in page.text
    for user in users:
        assert user in page.text
    with sqlite3.connect(work.workdir / "state.db") as db:
        assert db.execute("SELECT SUM(messages), SUM(bytes) FROM run_sample").fetchone() == (
            counts["copied"], counts["bytes_copied"])  # fmt: skip


SUBJECTS = [
    (b"=?utf-8?q?Gr=C3=BC=C3=9Fe_=3Cb=3Eaus_K=C3=B6ln?=", "Gr\u00fc\u00dfe <b>aus K\u00f6ln"),
    (b"plain & <script>alert(2)</script>", "plain & <script>alert(2)</script>"),
    (b"=?koi8-r?b?8NLJ18XU?=\r\n =?utf-8?q?_=E2=80=AEok?=", "\u041f\u0440\u0438\u0432\u0435\u0442 [U+202E]ok"),
    (b"\xff\xfe raw", "\\xff\\xfe raw"),
]


def test_subjects_are_shown_as_words(work, b, authority):
    folders = {"INBOX": [b"Subject: " + raw + b"\r\nMessage-ID: <%d@x>\r\n\r\nb\r\n" % n for n, (raw, _) in enumerate(SUBJECTS)]}
    with ScriptedServer(authority=authority, folders=folders) as server:
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, work.user(b))
        run = work.batch([row | {"maxsize": "10"}], expect=EXCEPTIONS)
    source = (run.files / "report.html").read_text()
    page = Page(source)
    check_is_closed(page, source)
    for _, shown in SUBJECTS:
        assert shown in page.text, (shown, page.text[page.text.find("raw") - 40 : page.text.find("raw") + 9])
    hidden = html_of(work.workdir, "--no-subjects")
    assert not any(shown in hidden.text for _, shown in SUBJECTS) and "<2@x>" in hidden.text


def test_waits_are_in_the_course(work, b, authority):
    """A server that asked for patience: so long nothing was done, and the report knows."""
    with ScriptedServer(authority=authority, folders={"INBOX": [b"Subject: a\r\n\r\nb\r\n"]}) as server:
        server.on("UID FETCH", bad("Request is throttled. Suggested Backoff Time: 700 milliseconds"), times=1)
        user = work.user(b)
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, user)
        run = work.batch([row])
    with sqlite3.connect(work.workdir / "state.db") as db:
        waits = db.execute("SELECT job_row, until_msecs - from_msecs, is_throttle FROM job_wait").fetchall()
    assert len(waits) == 1 and waits[0][0] == 1 and waits[0][1] >= 700 and waits[0][2] == 1, waits
    assert "throttled by a server" in Page((run.files / "report.html").read_text()).text


def paths_of(value, path=""):
    """"run.id", "mailboxes[].counts", ..., for all that is in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{path}.{key}".lstrip(".")
            yield place
            yield from paths_of(inner, place)
    elif isinstance(value, list):
        for inner in value:
            yield from paths_of(inner, path + "[]")


def test_the_schema_is_documented(migration):
    """Every field of summary.json has its row, or is one of the sums that a row names."""
    text = (ROOT / "docs/report-schema.md").read_text()
    rows = text.split("## summary.csv")[0]
    for place in set(paths_of(json.loads(report(migration, "--format", "json")))):
        parent, _, name = place.rpartition(".")
        is_sum = parent.endswith(("counts", "status", "changed"))
        is_compared = "verification" in parent and f"`verification.{name}`" in rows
        assert f"`{place}`" in rows or (is_sum and f"`{parent}`" in rows) or is_compared, place
    sums = text.split("--across --format json")[1]
    for place in set(paths_of(json.loads(report(migration, "--across", "--format", "json")))):
        assert f"`{place.replace('totals.', '')}`" in sums or place in ("schema_version", "mailboxes") or place.endswith(
            ("host1", "user1", "host2")), place  # fmt: skip


def test_each_kind_of_change_has_its_own_words(tmp_path):
    workdir = tmp_path / "data"
    workdir.mkdir(mode=0o700)
    path = report_store.make(PROGRAM, workdir)
    report_store.fill_migration(path, mailboxes=1, failures=0)
    kinds = re.findall(r'    X\([A-Z_]+, "([a-z_]+)"\)', (ROOT / "store/store.h").read_text().split("define CHANGE_KINDS")[1].split("#undef")[0])
    assert len(kinds) > 10, kinds
    with sqlite3.connect(path) as db:
        run_id = db.execute("SELECT id FROM run").fetchone()[0]
        db.execute("DELETE FROM message_change")
        for number, kind in enumerate(kinds):
            db.execute("INSERT INTO message_change (run_id, job_row, kind, messages) VALUES (?, 1, ?, ?)", (run_id, kind, 1001 + number))
    for language in ("en", "de", "fr", "es"):
        source = report(workdir, "--format", "html", "--lang", language)
        words = [re.search(rf"<b>1\D?0{number + 1:02}</b> ([^<\n]+)", source)[1] for number in range(len(kinds))]
        assert len(set(words)) == len(kinds) and Page(source).text.count(words[0]) == 1, words
        title = re.search("<h1>([^<]+)", source)[1]
        assert title not in words


# How it may be asked for -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def migration(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("migration") / "data"
    workdir.mkdir(mode=0o700)
    report_store.fill_migration(report_store.make(PROGRAM, workdir))
    return workdir


def test_options(migration, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(PIXEL)
    page = html_of(migration, "--title", "Umzug <1>", "--customer", "Contoso & Co", "--logo", logo, "--lang", "de")
    assert "Umzug <1>" in page.text and "Contoso & Co" in page.text and "Postf" in page.text
    assert ("src", "data:image/png;base64," + base64.b64encode(PIXEL).decode()) in page.attributes
    assert "Offer no. 3 with drawings" in page.text
    assert "Offer no. 3 with drawings" not in html_of(migration, "--no-subjects").text
    languages = {html_of(migration, "--lang", name).text for name in ("en", "de", "fr", "es")}
    assert len(languages) == 4


@pytest.mark.parametrize("options, words", [
    (["--title", "x"], "--title goes with --format html"),
    (["--format", "csv", "--lang", "de"], "--lang goes with --format html"),
    (["--per-user"], "--per-user goes with --format html"),
    (["--format", "html", "--lang", "xx"], "lang wants one of en|de|fr|es"),
    (["--format", "html", "--logo", "/etc/passwd"], "is no picture that can be shown; use PNG"),
    (["--format", "html", "--logo", "/nowhere"], "/nowhere"),
    (["--across", "--run", "x"], "--across is about all runs and mailboxes: leave out --run"),
    (["--format", "html", "--across", "--per-user"], "leave out --per-user"),
])  # fmt: skip
def test_wrong_options(migration, options, words):
    done = subprocess.run([PROGRAM, "report", "--workdir", migration, *options], capture_output=True, check=False)
    assert done.returncode in (USAGE, 70) and words in done.stderr.decode() and not done.stdout, done


def test_a_page_for_each_user_shows_no_other(migration):
    said = report(migration, "--format", "html", "--per-user")
    directory = pathlib.Path(said.split(":")[0])
    pages = sorted(directory.glob("*.html"))
    assert said == f"{directory}: 64 pages\n" and len(pages) == 64
    users = [page.stem for page in pages]
    for page in pages[:8]:
        source = page.read_text()
        check_is_closed(Page(source), source)
        assert page.stem in source
        assert [user for user in users if user in source] == [page.stem]
        assert "users.csv" not in source and "budget-messages" not in source


def test_all_runs_as_one_migration(work, a, b):
    """What was copied when, and what is still missing, over three runs."""
    first, later = (work.pair(a, b, {"INBOX": [messages.plain(n) for n in range(3)]}) for _ in range(2))
    rows = [work.row(a, b, first), work.row(a, b, later) | {"password1": work.secret()}]
    work.batch(rows, expect=FAILED)
    work.batch(rows[:1])
    rows[1] = work.row(a, b, later, maxsize="10")
    work.batch(rows, expect=EXCEPTIONS)
    data = json.loads(report(work.workdir, "--across", "--format", "json"))
    by_user = {mailbox["user1"]: mailbox for mailbox in data["mailboxes"]}
    assert [by_user[user]["runs"] for user in (first, later)] == [3, 2]
    assert by_user[first]["status"] == "complete" and by_user[first]["not_there"] == 0
    assert by_user[first]["copied_in_all"] == by_user[first]["there"] == by_user[first]["source_messages"]
    assert by_user[later]["not_there"] == by_user[later]["source_messages"] and by_user[later]["first_copied"] is None
    assert by_user[first]["first_copied"] <= by_user[first]["last"]
    assert data["totals"]["not_there"] == by_user[later]["not_there"]
    table = {row["user1"]: row for row in csv.DictReader(io.StringIO(report(work.workdir, "--across", "--format", "csv")))}
    for user, mailbox in by_user.items():
        for name, value in table[user].items():
            assert value == ("" if mailbox[name] is None else str(mailbox[name])), name
    text = report(work.workdir, "--across")
    assert f"2 of 2 mailboxes went through. {data['totals']['there']} messages are on the destination" in text
    page = html_of(work.workdir, "--across")
    assert first in page.text and later in page.text and page.figures["not_there"] == str(data["totals"]["not_there"])


HOSTILE_CELLS = ["=1+1", "+1+1", "-1+1", "@SUM(1,2)", "=cmd|'/c calc'!A1", "Größe, \"quoted\"", "two\nlines", "日本", "12", "1e5",
                 "2024-01-02", "\t=1"]  # fmt: skip
OFFICE = shutil.which("soffice") or shutil.which("localc")
NS = {"table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0", "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
      "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0"}  # fmt: skip


def as_a_spreadsheet_reads_it(path, to):
    """Rows of (text, number or None); none of the cells may be a formula."""
    subprocess.run([OFFICE, "--headless", f"-env:UserInstallation=file://{to}/profile", "--infilter=CSV:44,34,76,1",
                    "--convert-to", "fods", "--outdir", to, path], check=True, capture_output=True, timeout=300)  # fmt: skip
    name = {key: "{%s}" % value for key, value in NS.items()}
    rows = []
    for row in ElementTree.parse(to / f"{path.stem}.fods").iterfind(".//table:table-row", NS):
        cells = []
        for cell in row.iterfind("table:table-cell", NS):
            assert name["table"] + "formula" not in cell.attrib, ElementTree.tostring(cell)
            text = "\n".join("".join(p.itertext()) for p in cell.iterfind("text:p", NS))
            is_number = cell.get(name["office"] + "value-type") == "float"
            value = (text, float(cell.get(name["office"] + "value")) if is_number else None)
            cells += [value] * min(int(cell.get(name["table"] + "number-columns-repeated", 1)), 100)
        rows.append(cells)
    return [row for row in rows if any(text for text, _ in row)]


@pytest.mark.skipif(not OFFICE, reason="no LibreOffice here: make deps-test installs it")
def test_a_spreadsheet_opens_the_csv_files(tmp_path):
    """The right columns, numbers as numbers, and nothing is a formula whatever people are called."""
    workdir = tmp_path / "data"
    workdir.mkdir(mode=0o700)
    path = report_store.make(PROGRAM, workdir)
    with report_store.Filler(path) as filler:
        for row, cell in enumerate(HOSTILE_CELLS, 1):
            filler.job(row, cell, "exceptions", label=cell, user2=cell, error=cell, error_code="append")
            filler.folder(row, cell, source=1200 + row, copied=1199 + row, failed=1, error=cell)
            filler.problem(row, cell, row, "failed", cell, message_id=cell)
            filler.verification(row, cell, 1200 + row, missing=1)
    subprocess.run([PROGRAM, "report", "--workdir", workdir, "--format", "csv"], check=True,
                   stdout=(tmp_path / "summary.csv").open("w"))  # fmt: skip
    summary = list(csv.reader((tmp_path / "summary.csv").open(newline="")))
    shown = as_a_spreadsheet_reads_it(tmp_path / "summary.csv", tmp_path)
    assert len(shown) == len(summary) == 1 + len(HOSTILE_CELLS)
    for given, seen in zip(summary, shown):
        assert len(seen) >= len(given)
        for column, cell in zip(summary[0], zip(given, seen)):
            wanted, (text, number) = cell
            if given is not summary[0] and column in ("row", "source_messages", "copied", "failed", "difference"):
                assert number == float(wanted), (column, cell)
            elif number is None:
                assert text == wanted.replace("\t", "") or text.split() == wanted.split(), (column, cell)


@pytest.mark.skipif(not OFFICE, reason="no LibreOffice here: make deps-test installs it")
def test_a_spreadsheet_opens_what_a_run_leaves(work, a, b, tmp_path):
    user = work.pair(a, b, {"INBOX": [messages.plain(1), messages.big(2, 5000)], "=1+1": [messages.plain(3)], "-Größe": []})
    run = work.batch([work.row(a, b, user)], "--maxsize", "2000", "--verify", "full", expect=EXCEPTIONS)
    for name, lines in ("summary.csv", 1), ("folders.csv", 3), ("problems.csv", 1), ("verification.csv", 3):
        rows = list(csv.reader((run.files / name).open(newline="")))
        shown = as_a_spreadsheet_reads_it(run.files / name, tmp_path)
        assert len(rows) == len(shown) == 1 + lines, name
        assert [text for text, _ in shown[0]][: len(rows[0])] == rows[0]
        for given, seen in zip(rows[1:], shown[1:]):
            for wanted, (text, number) in zip(given, seen):
                assert (number == float(wanted)) if wanted.isdigit() else True, (name, wanted, text)
        if name == "folders.csv":
            assert {row[2][0] for row in shown[1:]} == {"INBOX", "'=1+1", "'-Größe"}


# In Chromium -------------------------------------------------------------------------------------------------


def browse(path, search="", axe=False, pdf=True, rows=False):
    env = os.environ | ({} if axe else {"WITHOUT_AXE": "1"}) | ({} if pdf else {"WITHOUT_PDF": "1"})
    env |= {"WITH_ROWS": "1"} if rows else {}
    with (MODULES / ".one-browser-at-a-time").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([NODE, ROOT / "tests/browser/report.mjs", MODULES, CHROMIUM, path, search],
                              capture_output=True, check=False, env=env)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout)


def written(workdir, path, *options):
    path.write_text(report(workdir, "--format", "html", *options))
    return path


def numbers(cells):
    return [int(cell.replace(",", "")) for cell in cells]


@pytest.mark.browser
@needs_browser
def test_it_can_be_used(migration, tmp_path):
    seen = browse(written(migration, tmp_path / "report.html"), "greta")
    assert seen["complaints"] == []
    assert seen["width"][0] <= seen["width"][1]
    assert len(seen["names"]) == seen["withoutScript"] == 64 and not seen["toolsWithoutScript"]
    assert numbers(seen["descending"]) == sorted(numbers(seen["ascending"]), reverse=True)
    assert numbers(seen["ascending"]) == sorted(numbers(seen["ascending"]))
    assert [name.lower() for name in seen["byName"]] == sorted((n.lower() for n in seen["byName"]), key=natural)
    assert seen["found"] == [name for name in seen["byName"] if "greta" in name.lower()] and seen["nothing"]
    assert seen["shown"] == f"{len(seen['found'])} of 64 shown"
    assert seen["grades"] == {"Investigate": 11, "Perfect": 52, "Poor": 1}
    assert not seen["wasOpen"] and "INBOX" in seen["opened"]
    assert seen["openedWidth"][0] == seen["openedWidth"][1]  # no column is cut off
    assert seen["pdfBytes"] > 20_000


def natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name.replace("@", "!"))]


@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("options", [[], ["--lang", "fr", "--across"]])
def test_everybody_can_read_it(tmp_path, options):
    """axe-core finds no serious fault, in light and dark."""
    workdir = tmp_path / "data"
    workdir.mkdir(mode=0o700)
    report_store.fill_migration(report_store.make(PROGRAM, workdir), mailboxes=3, failures=3, is_final=True)
    seen = browse(written(workdir, tmp_path / "report.html", *options), axe=True)
    assert seen["complaints"] == []
    for scheme in ("light", "dark"):
        assert seen[scheme] == {"complaints": [], "faults": []}


@pytest.mark.browser
@needs_browser
def test_hostile_words_do_nothing_in_a_browser(hostile):
    seen = browse(hostile.files / "report.html")
    assert seen["complaints"] == [] and seen["scripts"] == 1
    assert "<script>alert(1)<" in seen["text"]


@pytest.mark.browser
@needs_browser
def test_mailboxes_behind_the_first_thousand(tmp_path):
    """They are one text to the browser until they are shown: whatever they are called, they are found, sorted and
    shown as without a script."""
    workdir = tmp_path / "data"
    workdir.mkdir(mode=0o700)
    path = report_store.make(PROGRAM, workdir)
    last = ["a </details> b", "a </script> b", "<!-- <script> b", *HOSTILE_CELLS, "greta & co <greta@example.org>"]
    with report_store.Filler(path) as filler:
        for row in range(1, 1001 + len(last)):
            name = f"u{row:04}@example.org" if row <= 1000 else last[row - 1001]
            filler.job(row, name, "complete" if row <= 1000 else "failed", user2=name, error="" if row <= 1000 else name)
            filler.folder(row, "INBOX" if row <= 1000 else name, source=row, copied=row)
    seen = browse(written(workdir, tmp_path / "report.html"), "greta & co", pdf=False, rows=True)
    assert seen["complaints"] == [] and seen["sameWithoutScript"] and seen["withoutScript"] == 1000 + len(last)
    assert seen["shownWhenBlocked"] == 1000 + len(last)
    assert numbers(seen["descending"])[0] == 1000 + len(last) and seen["byName"][0] != "u0001@example.org"
    assert seen["found"] == ["greta & co <greta@example.org>"] and seen["nothing"]
    assert seen["grades"]["Poor"] == len(last)


@pytest.mark.browser
def test_ten_thousand_mailboxes(tmp_path, capsys):
    workdir = tmp_path / "data"
    workdir.mkdir(mode=0o700)
    report_store.fill_migration(report_store.make(PROGRAM, workdir), mailboxes=10_000, failures=1000)
    path = written(workdir, tmp_path / "report.html")
    assert path.stat().st_size < 15_000_000
    page = re.sub(r"<script>[^<]*What follows is one text.*?</script>.*</script>", "", path.read_text(), flags=re.S)
    assert len(re.findall(r"<[a-z]", page)) < 60_000  # elements a browser has to make
    if not (CHROMIUM and NODE and (MODULES / "playwright-core").is_dir()):
        return
    seen = browse(path, "greta", pdf=False)
    assert seen["complaints"] == [] and seen["withoutScript"] == 10_000
    assert len(seen["names"]) == 200  # as many as are laid out at first
    assert seen["elements"] < 60_000
    assert seen["shownWhenBlocked"] == 10_000 and not seen["toolsWhenBlocked"]
    with capsys.disabled():
        print(f"\n10,000 mailboxes: {path.stat().st_size / 1e6:.1f} MB, opens in {seen['openMsecs']:.0f} ms, "
              f"sorts in {seen['sortMsecs']:.0f} ms")  # fmt: skip
