# SPDX-License-Identifier: MIT
"""imapsync's command lines: presets, ways to connect and to sign in, pidfiles, logs, and what
people look for in them."""

import base64
import hmac
import re
import shlex
import signal

import pytest

from tests.integration.harness import BUSY, FAILED, ROOT, USAGE, assert_same
from tests.servers import mailbox, messages
from tests.servers.proxy import Proxy
from tests.servers.scripted import ScriptedServer, hang, no

SMALL = {"INBOX": [messages.plain(1, ("\\Seen",)), messages.plain(2)]}
BY_FILE, BY_SIGNAL, PIDFILE = 7, 6, 8


def long_line():
    head = "From: a@example.org\r\nMessage-ID: <long@x>\r\nSubject: long\r\n\r\n"
    return messages.Message((head + "x" * 25_000 + "\r\n").encode(), ("\\Flagged", "\\Seen"))


# Faults before any connection --------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("--authmech1", "XOAUTH2"), "authmech1 wants an OAuth2 token, not a password"),
        (("--authmech2", "NTLM"), "authmech2 NTLM is not built; use PLAIN or LOGIN over TLS"),
        (("--authmech1", "PLANE"), "authmech1 wants PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-256, EXTERNAL, XOAUTH2 or OAUTHBEARER"),
        (("--authmech1", "PLAIN", "--authmd51"), "authmech1 and authmd5 ask for two ways"),
        (("--proxyauth2",), "proxyauth2 wants the administrator's login in authuser"),
        (("--authuser1", "boss", "--authmech1", "LOGIN"), "authuser1 signs in for somebody else by"),
        (("--inet4", "--ipv6"), "inet4 and inet6 are both asked for"),
        (("--sslargs1", "SSL_reuse_ctx=1"), "sslargs1 SSL_reuse_ctx is not known; those that are"),
        (("--ssl2_ssl_version", "SSLv3"), "ssl2 ssl_version wants TLSv1_3"),
        (("--sigexit", "KILL"), "sigexit wants HUP, INT, QUIT, TERM, USR1 or USR2"),
        (("--tmpdir", "/no/such/place"), "tmpdir can't be used: No such file"),
        (("--abortbyfile",), "abortbyfile wants the --pidfile of the run to stop"),
        (("--showpasswords",), "no password is ever written anywhere"),
        (("--nosanitize",), "for a password that has some use --passfile1"),
        (("--emailreport1",), "send latest/summary.txt"),
        (("--tail",), "tail -f"),
        (("--sigreconnect", "INT"), "lost connections are opened again"),
        (("--dry", "--nodry1"), "--dry fetches no message"),
        (("--domain1", "d"), "NTLM only"),
    ],
)
def test_refused(work, a, b, options, sentence):
    user = work.user(a)
    row = work.row(a, b, user) if user in b.passwords else work.side(1, a, user)
    row |= work.side(2, a, user)
    run = work.sync(row, *options, expect=USAGE)
    assert sentence in run.err, run
    assert not work.workdir.exists()


def test_what_says_nothing_is_accepted(work, a, b):
    user = work.pair(a, b, SMALL)
    work.sync(
        work.row(a, b, user),
        *"--noreleasecheck --nodockercontext --noshowpasswords --sanitize --dry1 --maxsleep 0".split(),
        *"--modulesversion --debug --debugssl 1 --notail --noemailreport2 --uid1 --log".split(),
        *"--inet4 --errorsdump --sslcheck --maxbytesafter 3_000 --tmpdir /tmp --authmech1 plain".split(),
    )
    assert_same(a, b, user)


def test_split(work, a, b):
    """UID sets of at most so many times ten characters."""
    user = work.pair(a, b, {"INBOX": [messages.plain(n, words=20 + 200 * (n % 2)) for n in range(80)]})
    lengths = []
    for n, split in enumerate(("10", "0")):
        with Proxy(a) as proxy:
            run = work.sync(work.row(proxy, b, user), "--minsize", "800", "--split1", split, "--subfolder2", f"x{n}")
        assert run.row()["copied"] == 40
        sets = [command.split()[2] for command in proxy.seen("^UID FETCH .*BODY")]
        lengths.append(max(len(uids) for uids in sets))
    assert 50 < lengths[0] <= 100 < lengths[1]


# Presets -----------------------------------------------------------------------------------------


def test_a_preset_is_told_and_gives_way(work):
    run = work.run("sync", "--office2", "--office1", "--maxsize", "1M", "--justbanner")
    assert run.code == 0, run
    assert re.match(r"mailconvoy \S+\noffice1: host1 = outlook.office365.com, ssl1 = yes,", run.out)
    assert "\noffice2: host2 = outlook.office365.com, ssl2 = yes, maxmessages" in run.out
    assert "\nmaxsize = 1000000\n" in run.out and "\nhost1 = outlook.office365.com\n" in run.out


def test_a_preset_of_a_row(work, a, b):
    """exchange2 wraps long lines and drops flags, in one row and not in the other."""
    content = long_line()
    users = [work.pair(a, b, {"INBOX": [content]}) for _ in range(2)]
    rows = [work.row(a, b, user) for user in users]
    rows[0] |= {"exchange2": "yes", "maxmessagespersecond": "1000"}
    run = work.batch(rows, "--disarmreadreceipts")
    assert "preset exchange2: maxsize = 10000000, regexflag = s/\\\\Flagged//g" in run.user_log(users[0])
    assert "preset" not in run.user_log(users[1])
    wrapped, whole = (mailbox.snapshot(b, user)["INBOX"][0] for user in users)
    assert (wrapped.size, whole.size) == (len(content.body) + 2 * len("\r\n"), len(content.body))
    assert (set(wrapped.flags), set(whole.flags)) == ({"\\Seen"}, {"\\Seen", "\\Flagged"})


# Connections -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, code",
    [
        ((), 12),
        (("--sslargs1", "SSL_verify_mode=0"), 0),
        (("--sslargs1", "SSL_ca_file={ca}", "--ssl1_ssl_version", "TLSv1_2"), 0),
        (("--sslargs1", "SSL_ca_file={ca}", "--sslargs1", "SSL_hostname=localhost"), 0),
        (("--sslargs1", "SSL_ca_file={ca}", "--sslargs1", "SSL_hostname=else.example"), 12),
        (("--sslargs1", "SSL_ca_file={ca}", "--sslargs1", "SSL_cipher_list=NONE-OF-THEM"), 12),
        (("--sslargs1", "SSL_ca_file={ca}", "--sslargs1", "SSL_cert_file=/no/such"), 12),
    ],
)
def test_sslargs(work, a, b, options, code):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    del row["cafile1"]
    run = work.sync(row, *(o.replace("{ca}", str(a.ca)) for o in options), expect=code)
    warned = "host1 its certificate is not checked" in run.out
    assert warned == ("SSL_verify_mode=0" in options)


def test_a_manifest_has_sslargs_of_one_side(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user, sslargs1="SSL_verify_mode=0\nSSL_version=TLSv1_3")
    del row["cafile1"], row["cafile2"]
    assert work.batch([row], expect=FAILED).row()["error_code"] == "tls"
    row["cafile2"] = str(b.ca)
    work.batch([row])


def test_just_connect_needs_no_user(work, b, authority):
    with ScriptedServer(authority=authority) as server:
        row = work.side(1, server, "u", "p") | work.side(2, b, work.user(b))
        for name in ("user1", "password1", "user2", "password2"):
            del row[name]
        run = work.sync(row, "--justconnect")
        assert "says: scripted ready" in run.out and "says: Dovecot" in run.out
        assert not server.seen("LOGIN|AUTHENTICATE|LIST")


def test_just_connect_to_nobody(work, b):
    row = work.side(1, b, work.user(b)) | work.side(2, b, work.user(b)) | {"port2": "1"}
    work.sync(row, "--justconnect", expect=102)


@pytest.mark.parametrize("option, count", [("--id", 1), ("--noid", 0)])
def test_id(work, b, authority, option, count):
    with ScriptedServer(authority=authority) as server:
        server.capability += " ID"
        user = work.user(b)
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, user)
        run = work.sync(row, option, "--justlogin")
        assert len(server.seen("^ID ")) == count
        assert ("host1 says it is name scripted" in run.out) == (count == 1)


# Signing in --------------------------------------------------------------------------------------


def cram_md5(user, secret):
    def action(session, tag, command):
        challenge = b"<1.2@scripted>"
        session.send("+ " + base64.b64encode(challenge).decode())
        line = base64.b64decode(session.file.readline(4096).strip())
        right = f"{user} {hmac.new(secret.encode(), challenge, 'md5').hexdigest()}".encode()
        session.send(f"{tag} OK in" if line == right else f"{tag} NO wrong")

    return action


@pytest.mark.parametrize("option", [("--authmech1", "cram-md5"), ("--authmd51",), ("--authmd5",)])
def test_cram_md5(work, authority, option):
    secret = work.secret()
    with ScriptedServer(authority=authority) as server:
        server.capability += " AUTH=CRAM-MD5"
        server.on("^AUTHENTICATE CRAM-MD5$", cram_md5("ann", secret))
        row = work.side(1, server, "ann", secret) | work.side(2, server, "ann", secret)
        other = () if option == ("--authmd5",) else ("--authmech2", "PLAIN")
        work.sync(row, *option, *other, "--justlogin")
        assert len(server.seen("CRAM-MD5")) == (2 if option == ("--authmd5",) else 1)
        assert not server.seen("^LOGIN ")
        server.capability = "IMAP4rev1 AUTH=PLAIN"
        run = work.sync(row, *option, "--justlogin", expect=161)
        assert "does not offer AUTH=CRAM-MD5" in run.out


def test_login_is_used_where_it_is_asked_for(work, authority):
    with ScriptedServer(authority=authority) as server:
        row = work.side(1, server, "u", work.secret()) | work.side(2, server, "v", work.secret())
        work.sync(row, "--authmech1", "LOGIN", "--justlogin")
        assert len(server.seen('^LOGIN "u" ')) == 1 and len(server.seen("^AUTHENTICATE PLAIN")) == 1


@pytest.mark.parametrize("option, code", [("--notrylogin", 161), ("--trylogin", 0)])
def test_trylogin(work, authority, option, code):
    with ScriptedServer(authority=authority) as server:
        server.on("^AUTHENTICATE PLAIN", no("[AUTHENTICATIONFAILED] no"), times=1)
        row = work.side(1, server, "u", work.secret()) | work.side(2, server, "v", work.secret())
        # The second side must not take the answer that is meant for the first.
        run = work.sync(row, option, "--authmech2", "LOGIN", "--justlogin", expect=code)
        assert ("once more by LOGIN" in run.out) == (code == 0)
        assert len(server.seen('^LOGIN "u" ')) == (code == 0)


def test_proxyauth(work, authority):
    with ScriptedServer(authority=authority) as server:
        server.on("^PROXYAUTH", lambda session, tag, command: session.send(f"{tag} OK you are"))
        row = work.side(1, server, "ann", work.secret()) | work.side(2, server, "b", work.secret())
        row |= {"authuser1": "chief"}
        work.sync(row, "--proxyauth1", "--authmech1", "LOGIN", "--justlogin")
        assert server.seen('^LOGIN "chief" ') and server.seen("^PROXYAUTH") == ['PROXYAUTH "ann"']
        server.rules.clear()
        server.on("^PROXYAUTH", no("[AUTHORIZATIONFAILED] not for you"))
        work.sync(row, "--proxyauth1", "--justlogin", expect=161)


def test_passwords_of_the_environment_come_last(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    wrong = {"IMAPSYNC_PASSWORD1": "wrong", "IMAPSYNC_PASSWORD2": "wrong"}
    args = [text for name, value in row.items() for text in (f"--{name}", value)]
    args += ["--workdir", work.workdir, "--justlogin"]
    assert work.run("sync", *args, env=wrong).code == 0
    bare = [x for n, v in row.items() if n != "password2" for x in (f"--{n}", v)]
    bare += ["--workdir", work.workdir, "--justlogin"]
    assert work.run("sync", *bare, env={"IMAPSYNC_PASSWORD2": b.passwords[user]}).code == 0
    assert work.run("sync", *bare, env=wrong).code == 162


# The process -------------------------------------------------------------------------------------


@pytest.fixture
def running(work, a, b, authority):
    """Starts a sync that waits for its source, with a pidfile."""
    pidfile = work.path / "the.pid"
    user = work.user(b)
    with ScriptedServer(authority=authority) as server:
        server.on("^(LIST|NAMESPACE)", hang)
        row = work.side(1, server, "u", work.secret()) | work.side(2, b, user)
        args = [text for name, value in row.items() for text in (f"--{name}", value)]

        def start(*options):
            process = work.start(
                "sync", *args, "--workdir", work.workdir, "--pidfile", pidfile, *options
            )
            server.wait_for("^(LIST|NAMESPACE)")
            server.commands.clear()
            return process

        yield start, pidfile, args


def test_pidfile(work, running):
    start, pidfile, args = running
    process = start()
    pid, log, *rest = pidfile.read_text().split("\n")
    assert (int(pid), rest) == (process.pid, [""]) and log.endswith("/run.log")
    second = work.run(
        "sync", *args, "--pidfile", pidfile, "--pidfilelocking", "--workdir", work.path / "other"
    )
    assert second.code == PIDFILE and f"the process {process.pid} is alive" in second.err
    assert not (work.path / "other").exists()
    manifest = work.manifest([dict(zip((x[2:] for x in args[::2]), args[1::2]))])
    batch = work.run("batch", manifest, "--pidfile", pidfile, "--pidfilelocking")
    assert batch.code == BUSY
    aborted = work.run("sync", "--abort", "--pidfile", pidfile)
    assert (aborted.code, aborted.out) == (0, f"the process {pid} has stopped in good order\n")
    assert work.finish(process).code == BY_SIGNAL
    assert not pidfile.exists()
    again = work.run("sync", "--abort", "--pidfile", pidfile)
    assert (again.code, again.out) == (0, f"no run of mailconvoy holds {pidfile}\n")


def test_abort_by_workdir_and_by_file(work, running):
    start, pidfile, args = running
    process = start()
    asked = work.run("sync", "--abortbyfile", "--pidfile", pidfile)
    assert asked.code == 0 and f"the process {process.pid} is asked to stop" in asked.out
    run = work.finish(process)
    assert run.code == BY_FILE
    assert "Exiting with return value 7 (EXIT_BY_FILE)" in run.out
    process = start("--pidfile", "")
    assert not pidfile.exists()
    assert work.run("batch", "--abort", "--workdir", work.workdir).code == 0
    assert work.finish(process).code == BY_SIGNAL


@pytest.mark.parametrize(
    "options, sign, code",
    [
        ((), signal.SIGQUIT, BY_SIGNAL),
        (("--sigexit", "USR1"), signal.SIGUSR1, BY_SIGNAL),
        (("--sigignore", "SIGUSR1", "--sigignore", "TERM"), signal.SIGUSR1, None),
    ],
)
def test_signals(work, running, options, sign, code):
    process = running[0](*options)
    process.send_signal(sign)
    if code is None:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        code = BY_SIGNAL
    run = work.finish(process)
    assert run.code == code
    assert "Exiting with return value 6 (EXIT_BY_SIGNAL) 1/50 nb_errors/max_errors PID" in run.out


def test_extra_options_are_not_read(work, a, b):
    user = work.pair(a, b, SMALL)
    (work.path / "options_extra.txt").write_text("--timeout 0.001\n")
    run = work.sync(work.row(a, b, user))
    assert run.err.count("options_extra.txt is here, and is not read") == 1
    quiet = work.sync(work.row(a, b, user), "--quiet")
    assert quiet.err == ""


# Logs --------------------------------------------------------------------------------------------


def test_where_the_log_goes(work, a, b):
    user = work.pair(a, b, SMALL)
    row = work.row(a, b, user)
    work.sync(row, "--logdir", "logs")
    named = list((work.path / "logs").iterdir())
    assert len(named) == 1
    name = re.escape(f"{user}_{user}.txt")
    assert re.fullmatch(r"\d{4}(_\d\d){5}_\d{3}_" + name, named[0].name)
    work.sync(row, "--logfile", "one.txt")
    assert "++++ Statistics" in (work.path / "LOG_imapsync" / "one.txt").read_text()
    run = work.sync(row, "--nolog")
    assert not list((run.files / "users").iterdir()) and "++++ Statistics" in run.out


LABELS = """Transfer started on|Transfer ended on|Transfer time|Folders synced|Messages transferred
Messages skipped|Messages found duplicate on host1|Messages found duplicate on host2
Messages found crossduplicate on host2|Messages void (noheader) on host1
Messages void (noheader) on host2|Messages found in host1 not in host2
Messages found in host2 not in host1|Messages deleted on host1|Messages deleted on host2
Total bytes transferred|Total bytes skipped|Message rate|Average bandwidth rate
Reconnections to host1|Reconnections to host2|Memory consumption at the end|Load end is
CPU time and %cpu|Biggest message transferred|Memory/biggest message ratio
Start difference host2 - host1|Final difference host2 - host1""".replace("\n", "|").split("|")


def test_what_people_look_for(work, a, b):
    user = work.pair(a, b, SMALL | {"Sent": [messages.plain(7)]})
    run = work.sync(work.row(a, b, user), "--foldersizes")
    log = run.user_log(user)
    assert re.search(
        r"Z msg INBOX/1 \{(\d+)\} copied to INBOX/1 [\d.]+ msgs/s [\d.]+ KiB/s [\d.]+ KiB copied "
        r"ETA: \S+Z \d+ s \d/3 msgs left\n", log,
    )  # fmt: skip
    assert "Folder 1/2 [INBOX] -> [INBOX]\n" in log and "Folder 2/2 [Sent] -> [INBOX.Sent]\n" in log
    statistics = log[log.index("++++ Statistics") :]
    assert re.findall(r"Z ([^:\n]*?) *: ", statistics)[: len(LABELS)] == LABELS
    for line in (
        "Folders synced                          : 2/2 synced",
        "Messages transferred                    : 3",
        "Messages found in host1 not in host2    : 0 messages",
        "Final difference host2 - host1          : 0 messages, 0 bytes (0.000 KiB)",
        "The sync looks good, all 3 identified messages in host1 are on host2.",
        "Detected 0 errors",
    ):
        assert f"Z {line}\n" in statistics
    memory = float(re.search(r"Memory consumption at the end +: ([\d.]+) MiB", statistics)[1])
    assert 1 < memory < 1000
    assert re.search(r"Start difference host2 - host1 +: -3 messages, -\d+ bytes", statistics)
    assert re.search(r"Exiting with return value 0 \(EX_OK\) 0/50 nb_errors/max_errors PID \d+\n", log)
    assert "++++ Statistics" in run.out


def test_in_a_batch_the_log_ends_without_an_exit(work, a, b):
    user = work.pair(a, b, SMALL)
    log = work.batch([work.row(a, b, user)], "--nofoldersizes").user_log(user)
    assert "Messages transferred                    : 2\n" in log and "Exiting with" not in log
    assert " KiB copied\n" in log and "ETA" not in log


def test_errors_are_listed_and_counted(work, a, authority):
    """Of three messages the destination takes one; the most frequent error gives the exit code."""
    user = work.user(a, {"INBOX": [messages.plain(n) for n in (1, 2, 3)]})
    with ScriptedServer(authority=authority) as server:
        server.on("^APPEND", no("a virus was found"), times=2)
        row = work.side(1, a, user) | work.side(2, server, "u", work.secret())
        run = work.sync(row, expect=119)
    out = run.out
    assert "++++ Listing 2 errors encountered during the sync\n" in out
    for number in (1, 2):
        pattern = rf"Err {number}/2: - msg INBOX/{number} \{{\d+\}} could not append to folder INBOX: "
        assert re.search(pattern + ".*a virus was found\n", out), out
    assert "The most frequent error is ERR_APPEND_VIRUS. " in out
    assert "Detected 2 errors\n" in out
    assert "Messages found in host1 not in host2    : 2 messages\n" in out
    assert "Exiting with return value 119 (EXIT_ERR_APPEND_VIRUS) 2/50 nb_errors" in out
    assert run.row()["failed"] == 2


def test_what_was_not_migrated_always_counts(work, a, b):
    """imapsync leaves out what is too big, and exits with 0."""
    user = work.pair(a, b, SMALL)
    run = work.sync(work.row(a, b, user), "--maxsize", "10", expect=114)
    assert re.search(r"Err 1/1: 2 messages are not on the destination \(.*2 too big\)", run.out)
    assert "The most frequent error is ERR_APPEND_SIZE. " in run.out
    assert "The sync is not finished, there are 2 identified messages in host1" in run.out
    quiet = work.sync(work.row(a, b, user), "--maxsize", "10", "--noerrorsdump", expect=114)
    assert "Detected 1 errors" in quiet.out and "Err 1/1" not in quiet.out


def test_too_many_errors_end_with_the_most_frequent_one(work, a, authority):
    user = work.user(a, {"INBOX": [messages.plain(n) for n in range(6)]})
    with ScriptedServer(authority=authority) as server:
        server.on("^APPEND", no("never"))
        row = work.side(1, a, user) | work.side(2, server, "u", work.secret())
        run = work.sync(row, "--errorsmax", "3", expect=114)
    assert "Exiting with return value 114 (EXIT_ERR_APPEND) 3/3 nb_errors/max_errors" in run.out
    assert run.row()["error_code"] == "errors_max"


def test_a_refused_sign_in_is_an_error(work, a, b):
    user = work.pair(a, b, SMALL)
    run = work.sync(work.row(a, b, user) | {"password2": work.secret()}, expect=162)
    assert "Err 1/1: the destination server refused the sign-in of" in run.out
    assert "The most frequent error is ERR_AUTHENTICATION_FAILURE_USER2. " in run.out
    assert "Exiting with return value 162 (EXIT_AUTHENTICATION_FAILURE_USER2) 1/50" in run.out


# The guide ---------------------------------------------------------------------------------------


def commands_of_guide():
    text = (ROOT / "docs/coming-from-imapsync.md").read_text()
    return re.findall(r"^    ((?:imapsync|mailconvoy) .*)$", text, re.MULTILINE)


def test_the_guides_command_lines(work, a, b):
    """Both of each pair, the old one with the program's name swapped, do the same."""
    content = {"INBOX": [long_line(), messages.plain(2)], "Files": [messages.plain(3)]}
    commands = commands_of_guide()
    assert [shlex.split(c)[0] for c in commands] == ["imapsync", "mailconvoy"] * 2 + ["mailconvoy"]
    seen = []
    for number, command in enumerate(commands[:4]):
        user = work.pair(b, a, content)
        words = [w for w in shlex.split(command)[1:] if w != "sync"]
        words = [user if w == "ada" else w for w in words]
        words = ["localhost" if w.endswith(".example") else w for w in words]
        for name, server in (("ada.old", b), ("ada.new", a)):
            (work.inputs / name).write_text(server.passwords[user] + "\n")
        words = [str(work.inputs / w) if w.startswith("ada.") else w for w in words]
        row = work.row(b, a, user)
        places = [x for n in ("port1", "port2", "cafile1", "cafile2") for x in (f"--{n}", row[n])]
        run = work.run("sync", *words, *places, "--workdir", work.path / f"data{number}")
        assert run.code == 0, run
        seen.append({
            name: [(e.sha256, e.flags - {"\\Recent"}) for e in entries]
            for name, entries in mailbox.snapshot(a, user).items()
        })  # fmt: skip
    assert seen[0] == seen[1] and seen[2] == seen[3]
    assert set(seen[0]) == {"INBOX", "Files"} and seen[0] != seen[2]
    assert set(seen[2]) == {"INBOX", "Files of the old server"}


def test_the_guides_manifest(work, a, b):
    users = [work.pair(a, b, SMALL) for _ in range(2)]
    lines = [
        ";".join(("localhost", u, a.passwords[u], "localhost", u, b.passwords[u], extra))
        for u, extra in zip(users, ("", '--maxsize 5_000_000 --exclude "^Junk"'))
    ]
    work.manifest("\n".join(lines) + "\n", name="file.txt")
    words = shlex.split(commands_of_guide()[-1])
    options = [w for w in words[1:] if w not in ("batch", "file.txt")]
    row = work.row(a, b, users[0])
    places = [x for n in ("port1", "port2", "cafile1", "cafile2") for x in (f"--{n}", row[n])]
    run = work.batch(work.inputs / "file.txt", *options, *places)
    assert "setting exclude = ^Junk" in run.user_log(users[1])
    for user in users:
        assert_same(a, b, user)
