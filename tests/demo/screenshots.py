# SPDX-License-Identifier: MIT
"""Makes the pictures of the README: the live view as it was drawn on a terminal, and the top of the
report, both of one run between the stand-ins of `make demo`. Wants Chromium."""

import html
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.demo import demo, tenants  # noqa: E402
from tests.integration.pseudo_terminal import OnTerminal  # noqa: E402
from tests.servers import mailbox, messages  # noqa: E402

IMAGES = ROOT / "docs/images"
MAX_BYTES = 200_000
# Of each mailbox, so that the servers ask for patience in the middle of the run.
LIMITS = {"rate": 5, "burst": 35}
COLUMNS, LINES = 92, 25
SECRETS = {"FABRIKAM_SECRET": "secret-of-fabrikam", "CONTOSO_SECRET": "secret-of-contoso"}

# A window on a page of its own; a line is 20 pixels high.
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 20px; background: #f7f6f2; }}
div {{ border-radius: 10px; overflow: hidden; background: #16181d; box-shadow: 0 4px 14px #0005; }}
header {{ padding: 10px 14px; background: #262a32; font-size: 0; }}
i {{ display: inline-block; width: 12px; height: 12px; margin-right: 8px; border-radius: 6px; }}
pre {{ margin: 0; padding: 18px 22px; color: #d8dee9; font: 14px/20px "DejaVu Sans Mono", monospace; }}
</style><div><header><i style="background: #e0655d"></i><i style="background: #e0b04f"></i
><i style="background: #62b558"></i></header><pre>{}</pre></div>"""
WINDOW = 2 * 20 + 32 + 2 * 18  # pixels around the lines


def photograph(chromium, page, width, height, name):
    path = IMAGES / name
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={width},{height}", f"--screenshot={path}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    size = path.stat().st_size
    assert 5_000 < size < MAX_BYTES, f"{path}: {size} bytes"
    print(f"{path.relative_to(ROOT)}: {size} bytes")


def mail_of(number):
    """More in some mailboxes than in others, so that they do not end together."""
    content = tenants.mail_of(number)
    more = 7 * (5 * number % 11)
    content["INBOX"] += [messages.plain(1000 * number + 500 + n, ("\\Seen",)) for n in range(more)]
    return content


def rows_of(old, new, new_store):
    """Most go through; in one some messages are too large, and one can't be signed in to."""
    rows = [tenants.row(old, new, user) for user in tenants.PEOPLE + tenants.SHARED]
    rows[4] |= {"maxsize": "50000"}
    rows[7] |= {"host2": new_store.host, "port2": new_store.imaps_port, "auth2": "", "password2": "wrong"}
    return rows


def worth(screen):
    """How much a screen shows of what there is to see; 0 unless in the middle of the run."""
    text = screen.text()
    counts = {name: int(n) for n, name in re.findall(r"(\d+) (complete|running|waiting)", text)}
    done = re.search(r"^messages .*\] +(\d+) %", text, re.MULTILINE)
    is_midway = done and 30 <= int(done[1]) <= 75
    is_drawable = text == text.encode("latin-1", "replace").decode("latin-1")  # not all fonts know more
    if not is_midway or not is_drawable or not all(counts.get(name) for name in ("complete", "running", "waiting")):
        return 0
    folders = re.findall(r"^\S+ +(\S.*?) +\d+/\d+ +[\d.]+/s", text, re.MULTILINE)
    throttled = len(re.findall(r" throttled (?!0:00)", text))
    idle = len(re.findall(r" 0\.0/s|throttled 0:00", text))
    return max(0, 2 * len(set(folders)) + 4 * min(throttled, 2) + min(counts["complete"], 3) - 2 * idle)


def watch(terminal):
    """The best of all screens until the program ends."""
    best, shown = -1, ""
    while terminal.process.poll() is None:
        if terminal.read(0.2) and worth(terminal.screen) >= best:
            best, shown = worth(terminal.screen), terminal.screen.text()
    return shown


def run(directory, issuer, old_store, new_store, rows):
    """Moves all mailboxes; returns what the terminal showed at its best."""
    config = tenants.write("mailconvoy.conf", tenants.PROFILES.format(url=issuer.url, cafile=issuer.authority.ca))
    manifest = demo.write_manifest(rows, directory).rename(directory / "users.csv")
    terminal = OnTerminal(
        "batch", manifest.name, "--config", config, "--workdir", directory,
        "--cafile1", old_store.ca, "--cafile2", new_store.ca, "--parallel", "6",
        "--budget-messages", "40", "--budget-bytes", "500k", "--lanes", "1",
        columns=COLUMNS, rows=LINES, cwd=directory, env=SECRETS,
    )  # fmt: skip
    try:
        shown = watch(terminal)
        code = terminal.finish()
    finally:
        terminal.close()
    assert code in (11, 12), f"exit code {code}: {terminal.screen.text()}"
    return shown


def report(directory):
    done = subprocess.run(
        [demo.PROGRAM, "report", "--workdir", directory, "--format", "html", "--customer", "Contoso Ltd"],
        check=True, capture_output=True,
    )  # fmt: skip
    page = directory / "shown.html"
    page.write_bytes(done.stdout)
    return page


def main():
    os.chdir(ROOT)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print("no Chromium here: no pictures are made")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mc-pictures-", dir="/tmp") as place:
        tenants.LIMITS.update(LIMITS)
        tenants.DATA = directory = pathlib.Path(place)
        (directory / "ca").mkdir()
        with tenants.tenants(directory / "ca") as (issuer, old_store, new_store, old, new):
            for number, user in enumerate(tenants.PEOPLE + tenants.SHARED):
                for store in (old_store, new_store):
                    store.add_user(user, "nobody-signs-in-with-it")
                mailbox.fill(old_store, user, mail_of(number))
            for app in ("fabrikam", "contoso"):
                issuer.add_app(f"app-of-{app}", secret=f"secret-of-{app}")
            shown = run(directory, issuer, old_store, new_store, rows_of(old, new, new_store))
        page = directory / "live.html"
        page.write_text(TERMINAL.format(html.escape(shown)))
        lines = len(shown.splitlines())
        photograph(chromium, page, 880, 20 * lines + WINDOW, "live.png")
        photograph(chromium, report(directory), 1100, 1044, "report.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
