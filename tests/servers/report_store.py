# SPDX-License-Identifier: MIT
"""Fills a store with a run of any size, without servers: what a report is made from."""

import contextlib
import datetime
import random
import sqlite3
import subprocess

STARTED = datetime.datetime(2026, 11, 20, 18, 0, tzinfo=datetime.timezone.utc)
HOUR = 3_600_000
VERIFIED = "source found different unread missing gone excepted later extra read bytes_read".split()
COUNTS = "source copied already excluded too_big failed unreadable vanished bytes_copied not_selected".split()


def at(msecs):
    return int(STARTED.timestamp() * 1000) + msecs


def make(program, workdir):
    """A store as the program makes it: by a run that reaches no server."""
    subprocess.run(
        [program, "sync", "--workdir", workdir, "--host1", "127.0.0.1", "--port1", "9", "--user1",
         "a", "--password1", "x", "--host2", "127.0.0.1", "--port2", "9", "--user2", "b",
         "--password2", "x", "--reconnectretry1", "0", "--nosslcheck", "--quiet"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    with contextlib.closing(sqlite3.connect(workdir / "state.db")) as db:
        for table in ("verification", "job_wait", "run_sample", "message_change", "problem", "folder_copied",
                      "folder_result", "job", "run"):  # fmt: skip
            db.execute(f"DELETE FROM {table}")
        db.commit()
    return workdir / "state.db"


class Filler:
    """Adds one run with its mailboxes."""

    def __init__(self, path, run_id="20261120T180000.000Z-0001", started=0, ended=3 * HOUR, is_final=False, settings=""):
        self.db = sqlite3.connect(path)
        self.run_id = run_id
        self.random = random.Random(4711)
        self.insert("run", id=run_id, command="batch", version="1.0-test", manifest="/srv/move/users.csv",
                    settings=settings, started_msecs=at(started), ended_msecs=at(ended) if ended else 0,
                    exit_code=10 if ended else -1, is_final=int(is_final), manifest_sha256="ab" * 32)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.commit()
        self.db.close()

    def insert(self, table, **values):
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))

    def job(self, row, user, status="complete", label="", user2=None, started=1000, ended=60_000, error_code="",
            error="", diagnosis="", trial="", is_partial=0):
        self.insert("job", run_id=self.run_id, job_row=row, label=label, host1="imap.old.example", user1=user,
                    host2="outlook.office365.com", user2=user2 or user, status=status,
                    started_msecs=at(started) if status != "not_started" else 0,
                    ended_msecs=at(ended) if status != "not_started" else 0, error_code=error_code, error=error,
                    diagnosis=diagnosis, trial=trial, is_partial=is_partial)

    def folder(self, row, name, destination=None, is_renamed=0, is_merged=0, is_failed=0, error="", **counts):
        values = {count: counts.get(count, 0) for count in COUNTS}
        self.insert("folder_result", run_id=self.run_id, job_row=row, source_name=name,
                    destination_name=destination or name, is_renamed=is_renamed, is_merged=is_merged,
                    is_failed=is_failed, error=error, **values)

    def problem(self, row, folder, uid, reason, server_text="", diagnosis="", message_id=None, size=1000,
                date="2024-03-05T10:11:12Z", messages=1, subject=""):
        self.insert("problem", run_id=self.run_id, job_row=row, folder=folder, uid=uid, messages=messages,
                    message_id=f"<{row}.{uid}@mail.example>" if message_id is None else message_id, date=date,
                    size_bytes=size, reason=reason, server_text=server_text, diagnosis=diagnosis, subject=subject)

    def verification(self, row, folder, source, destination=None, level=3, **counts):
        values = {count: counts.get(count, 0) for count in VERIFIED} | {"source": source}
        values["found"] = source - sum(values[count] for count in VERIFIED[2:8])
        self.insert("verification", run_id=self.run_id, job_row=row, source_name=folder,
                    destination_name=destination or folder, level=level, **values)

    def course(self, until=3 * HOUR, rate=40, step=60_000):
        """Samples around a rate, with a dip."""
        for begin in range(0, until, step):
            factor = 0.35 if until * 0.5 < begin < until * 0.62 else self.random.uniform(0.75, 1)
            messages = int(rate * factor * step / 1000)
            self.insert("run_sample", run_id=self.run_id, from_msecs=at(begin), until_msecs=at(begin + step),
                        messages=messages, bytes=messages * self.random.randint(40_000, 70_000))

    def wait(self, row, begin, until, is_throttle=1):
        self.insert("job_wait", run_id=self.run_id, job_row=row, from_msecs=at(begin), until_msecs=at(until),
                    is_throttle=is_throttle)


FIRST = "Anna Ben Carla David Emma Finn Greta Hugo Ida Jonas Klara Leo Mia Noah Olga Paul Rosa Sven Thea Vera".split()
LAST = "Albrecht Baumann Conrad Dietz Ebert Fuchs Graf Haas Jansen Keller Lorenz Moser Neumann Otto Pohl Roth".split()
FOLDERS = ("INBOX", "Sent", "Drafts", "Trash", "Archive/2023", "Archive/2024", "Projects/Größe", "Junk")


def fill_migration(path, mailboxes=64, failures=24, is_final=False, folders=FOLDERS, **run):
    """A migration as they are: most is well, some messages are too big or refused, one mailbox failed."""
    with Filler(path, is_final=is_final, settings="parallel = 8\nbudget-messages = 45\nbudget-bytes = 2500k\n"
                "maxsize = 35M\npassword1 = MASKED\n", **run) as f:
        left = failures
        for row in range(1, mailboxes + 1):
            first, last = FIRST[row % len(FIRST)], LAST[row * 7 % len(LAST)]
            user = f"{first}.{last}{row}@contoso.example".lower()
            began = f.random.randint(0, 100 * 60_000)
            lasted = f.random.randint(30_000, 50 * 60_000)
            name = f"{first} {last}" if row % 3 == 0 else ""
            if row % 61 == 60:
                f.job(row, user, "failed", name, error_code="auth", diagnosis="sign-in-refused", started=began, ended=began + 900,
                      error="the source refused the sign-in [server said: [AUTHENTICATIONFAILED] Invalid credentials]")
                continue
            bad = min(left, f.random.randint(1, 4)) if left and (row % 5 == 1 or left >= (mailboxes - row)) else 0
            left -= bad
            f.job(row, user, "exceptions" if bad else "complete", name, started=began, ended=began + lasted,
                  diagnosis="over-maxsize" if bad else "")
            for number, folder in enumerate(folders):
                count = int(f.random.paretovariate(0.9) * 60) % 9000 + bad
                here = bad if number == 0 else 0
                renamed = folder in ("Sent", "Trash")
                f.folder(row, folder, {"Sent": "Sent Items", "Trash": "Deleted Items"}.get(folder), is_renamed=int(renamed),
                         source=count, copied=count - here, too_big=here, bytes_copied=(count - here) * 61_000)
                if row <= 4:
                    f.verification(row, folder, count, excepted=here, gone=int(row == 2 and number == 0), extra=row % 2)
            for uid in range(bad):
                f.problem(row, "INBOX", 100 + uid, "too_big", "rule: larger than --maxsize 35000000", "over-maxsize",
                          size=36_000_000 + uid, subject=f"Offer no. {uid + 3} with drawings")
            if row == 2:
                f.problem(row, "INBOX", 7, "gone", "it was copied, and is not there any more: deleted or moved since", "copy-gone")
            if row % 6 == 0:
                f.wait(row, began + 1000, began + 1000 + f.random.randint(60_000, 400_000))
        f.insert("message_change", run_id=f.run_id, job_row=1, kind="lines_wrapped", messages=212)
        f.course()
