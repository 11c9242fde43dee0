/* SPDX-License-Identifier: MIT */
#include "sync/settings_imapsync.h"

#include <stdio.h>
#include <string.h>

#include "sync/settings_private.h"

#define SINCE "0.1.0"

/* What mailconvoy alone has. */
static const char *const own[] = {
    "auth",
    "config",
    "device",
    "browser",
    "cafile",
    "tlspin",
    "tlscert",
    "tlskey",
    "lanes",
    "maxconnections",
    "shared",
    "budget-messages",
    "budget-bytes",
    "daily-bytes",
    "maxconnectionsperhost",
    "workdir",
    "parallel",
    "until",
    "retry-failed",
    "final",
    "keep-runs",
    "lockdir",
    "insecure-manifest",
    "skip-complete",
    "retry-problems",
    "run",
    "format",
    "across",
    "preflight",
    "verify",
    "verify-only",
    "customer",
    "title",
    "logo",
    "lang",
    "subjects",
    "per-user",
    "quiet",
    "progress",
    "metrics",
    "notify",
    "notify-on",
    "watch",
    "json",
    "label",
    "copy-placeholders",
    "repair",
    "longlines",
    "keep-originals",
    "maxdelete",
    "systemflagsonly",
    "settle",
    "fixnames",
};

/* In the table's order. A note makes "works" into "differs", unless it only explains. */
enum note_kind {
    NOTE_DIFFERS,
    NOTE_EXPLAINS,
};

static const struct {
    const char *name;
    enum note_kind kind;
    const char *text;
} notes[] = {
    {"host", NOTE_DIFFERS, "a missing host is a fault (exit 64), not a test of the connection"},
    {"ssl", NOTE_DIFFERS, "certificates and host names are checked"},
    {"tls", NOTE_DIFFERS,
     "must succeed when asked for; clear text only with `--nossl --notls`; certificates are "
     "checked"},
    {"sslcheck", NOTE_DIFFERS,
     "nothing is probed: without port, ssl and tls it is port 993, with `--nosslcheck` STARTTLS on "
     "143"},
    {"sslargs", NOTE_DIFFERS,
     "SSL_verify_mode is 1 unless told; other keys than SSL_ca_file, SSL_ca_path, SSL_cert_file, "
     "SSL_key_file, SSL_hostname, SSL_version, SSL_cipher_list are refused by name"},
    {"reconnectretry", NOTE_DIFFERS,
     "waits 1, 2, 4 ... seconds and goes on where it was; what was sent is never sent twice"},
    {"compress", NOTE_DIFFERS, "left out, it is used where the distance makes it pay"},
    {"user", NOTE_DIFFERS, "a missing user is a fault (exit 64), not a test of the connection"},
    {"password", NOTE_DIFFERS,
     "wins over IMAPSYNC_PASSWORD1/2 (there the variable wins); never asked for on a terminal; "
     "also `env:NAME` and `cmd:COMMAND`"},
    {"authmech", NOTE_DIFFERS,
     "SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN: by default the first that is offered; "
     "EXTERNAL, XOAUTH2, OAUTHBEARER; the others are refused by name"},
    {"oauthaccesstoken", NOTE_EXPLAINS,
     "a token or the file that holds it, read again at each sign-in; also `env:NAME` and "
     "`cmd:COMMAND`; no password is asked for, and it is never shown"},
    {"oauthdirect", NOTE_EXPLAINS, "as oauthaccesstoken, with the ready message"},
    {"trylogin", NOTE_DIFFERS,
     "off unless asked for: a second refusal may lock the account, and PLAIN needs no second try"},
    {"office1", NOTE_DIFFERS,
     "the same settings; what is given wins, 0 too. Microsoft takes no passwords since 2022: "
     "sign in with OAuth2"},
    {"office2", NOTE_DIFFERS,
     "the same settings; what is given wins, 0 too. Microsoft takes no passwords since 2022: "
     "sign in with OAuth2"},
    {"exchange1", NOTE_DIFFERS, "leaves out calendar, contacts and so on"},
    {"exchange2", NOTE_DIFFERS, "the same settings; what is given wins, 0 too"},
    {"gmail1", NOTE_DIFFERS, "the same settings; what is given wins; maxsleep has no meaning"},
    {"gmail2", NOTE_DIFFERS,
     "the same settings without expunge1, which would empty source folders of what is marked as "
     "deleted; what is given wins"},
    {"domino1", NOTE_DIFFERS, "the same settings; what is given wins"},
    {"domino2", NOTE_DIFFERS, "the same settings; what is given wins"},
    {"automap", NOTE_DIFFERS, "knows the names of more languages, and what is below such folders"},
    {"regextrans2", NOTE_DIFFERS, "expressions run on PCRE2; Perl code (`/e`) is refused"},
    {"foldersizes", NOTE_DIFFERS,
     "by default only what the source tells with its list; `--foldersizes` reads both sides"},
    {"addheader", NOTE_DIFFERS,
     "messages without Message-ID and Received are copied anyway; this gives them one"},
    {"syncduplicates", NOTE_DIFFERS,
     "on: every message is copied; `--nosyncduplicates` is imapsync's default"},
    {"maxsize", NOTE_DIFFERS,
     "what is larger is not migrated, so the exit code is 114, not 0; problems.csv names it"},
    {"useheader", NOTE_DIFFERS,
     "by default Message-ID, where it is missing Date, From, To and Subject; imapsync takes "
     "Message-Id and Received"},
    {"wholeheaderifneeded", NOTE_EXPLAINS, "asks for the whole header of those messages alone"},
    {"usecache", NOTE_DIFFERS,
     "what earlier runs did is always known, in the work directory's store, and costs next to "
     "nothing; not with skipcrossduplicates, as in imapsync"},
    {"useuid", NOTE_DIFFERS, "as usecache: after the first run messages are known by their UIDs"},
    {"skipmess", NOTE_DIFFERS, "expressions run on PCRE2; Perl code is refused"},
    {"regexmess", NOTE_DIFFERS,
     "expressions run on PCRE2 with limits of steps and growth; Perl code (`/e`) is refused"},
    {"pipemess", NOTE_DIFFERS, "with a time limit and a ceiling for what comes back"},
    {"disarmreadreceipts", NOTE_DIFFERS, "touches the header alone, never the body"},
    {"regexflag", NOTE_DIFFERS, "expressions run on PCRE2; Perl code is refused"},
    {"flagscase", NOTE_EXPLAINS, "flags are the same in any case"},
    {"syncflagsaftercopy", NOTE_DIFFERS,
     "one look at many copies, not a STORE for each; Exchange needs nothing, see the manual"},
    {"resyncflags", NOTE_DIFFERS,
     "off: what changed on the source since the last run is carried, and what the destination's "
     "user changed stays"},
    {"delete1", NOTE_DIFFERS,
     "after everything was copied, and only what is then found on the destination; all duplicates "
     "in one run"},
    {"delete2", NOTE_DIFFERS,
     "only by two complete listings, at most a tenth of a folder or 50 messages without "
     "`--maxdelete`; never what a selection leaves out"},
    {"delete2duplicates", NOTE_DIFFERS, "never on by itself; as many stay as the source has"},
    {"delete2foldersonly", NOTE_DIFFERS, "an expression that is wrong is refused"},
    {"delete2foldersbutnot", NOTE_DIFFERS, "an expression that is wrong is refused"},
    {"expunge1", NOTE_DIFFERS, "not turned on by delete1, which expunges its own messages alone"},
    {"uidexpunge2", NOTE_DIFFERS, "on"},
    {"maxmessagespersecond", NOTE_DIFFERS,
     "a limit at any time, not an average of the run; and the rate that a server allows is found "
     "by itself"},
    {"maxbytespersecond", NOTE_DIFFERS, "a limit at any time, not an average of the run"},
    {"maxsleep", NOTE_EXPLAINS,
     "a limit is a limit: no pause is cut short, and 0 does not switch limits off"},
    {"exitwhenover", NOTE_DIFFERS, "ends before the next message, in good order; exit 118"},
    {"dry", NOTE_DIFFERS, "what would be copied counts as excluded"},
    {"log", NOTE_DIFFERS, "run.log and the report are written anyway"},
    {"logfile", NOTE_DIFFERS, "without it and `--logdir` the log is in the work directory"},
    {"logdir", NOTE_DIFFERS, "without it and `--logfile` the log is in the work directory"},
    {"tmpdir", NOTE_DIFFERS, "holds messages that do not fit into memory, nothing else"},
    {"pidfile", NOTE_DIFFERS,
     "none unless asked for; locked while the run lasts, and a living run's is never overwritten"},
    {"abort", NOTE_DIFFERS,
     "asks to stop in good order, after 10 s at once; without `--pidfile` the run that holds "
     "`--workdir`"},
    {"sigexit", NOTE_DIFFERS, "besides INT, TERM, QUIT and HUP"},
    {"sigignore", NOTE_DIFFERS, "prints nothing"},
    {"justconnect", NOTE_DIFFERS, "a server that is not there is exit 101 or 102"},
    {"debugimap", NOTE_DIFFERS, "secrets are left out"},
    {"debugcontent", NOTE_DIFFERS, "at most 64 KiB of a message"},
    {"fastio", NOTE_EXPLAINS, "a knob of the Perl module"},
    {"buffersize", NOTE_EXPLAINS, "a knob of the Perl module"},
    {"cacheaftercopy", NOTE_EXPLAINS, "what was copied is always remembered"},
    {"split", NOTE_DIFFERS, "0 by default: 7,900 characters; never below 100"},
    {"debugcache", NOTE_EXPLAINS, "what is known of earlier runs is in the store, not in files"},
    {"checkmessageexists", NOTE_EXPLAINS, "a message that vanished is noticed anyway"},
    {"modulesversion", NOTE_EXPLAINS, "there are no Perl modules"},
    {"debug", NOTE_EXPLAINS, "the log says it already; `--debugimap` shows the protocol"},
    {"debugssl", NOTE_EXPLAINS, "a failed handshake says why"},
    {"simulong", NOTE_EXPLAINS, "a test aid of imapsync"},
};

static const char page_head[] =
    "# imapsync's options\n"
    "\n"
    "Every option of imapsync 2.229 and what it does here. This page is made from the program's "
    "own table of\n"
    "settings: `mailconvoy docs imapsync-options` prints it.\n"
    "\n"
    "- **works**: as in imapsync.\n"
    "- **differs**: works, but not in the same way; the note says how.\n"
    "- **accepted**: taken, and without effect.\n"
    "- **refused**: ends with exit code 64 before any connection; the note says what to use. Where "
    "one half of a\n"
    "  switch asks for what happens anyway, that half is taken.\n"
    "\n"
    "`--noX` or `--no-X` switches off what can be switched; options may be abbreviated and are "
    "read in any case.\n"
    "\n"
    "| option | here | since | note |\n"
    "|---|---|---|---|\n";

/* -- one row -- */

static bool is_own(const struct setting *row)
{
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(own[i], row->name) == 0)
            return true;
    }
    return false;
}

/* imapsync has "_" between words. */
static void append_option(struct buffer *text, const char *name, int side)
{
    buffer_append_str(text, "`--");
    for (const char *c = name; *c != '\0'; c++)
        buffer_append_byte(text, *c == '-' ? '_' : (unsigned char)*c);
    if (side > 0)
        buffer_printf(text, "%d", side);
    buffer_append_str(text, "` ");
}

static void append_spellings(struct buffer *text, const struct setting *row)
{
    for (int side = setting_first_side(row); side <= setting_last_side(row); side++)
        append_option(text, row->name, side);
    if (row->alias != NULL)
        append_option(text, row->alias, 0);
}

/* What would end a cell of the table. */
static void append_cell(struct buffer *text, const char *words)
{
    for (; *words != '\0'; words++) {
        if (*words == '|')
            buffer_append_byte(text, '\\');
        buffer_append_byte(text, (unsigned char)*words);
    }
}

static void append_row(struct buffer *text, const struct setting *row)
{
    static const char *const states[] = {
        [SETTING_BUILT] = "works",
        [SETTING_REFUSED] = "refused",
        [SETTING_ACCEPTED] = "accepted",
    };
    const char *state = states[row->state];
    const char *words = row->help != NULL ? row->help : "";
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (strcmp(notes[i].name, row->name) != 0)
            continue;
        words = notes[i].text;
        if (row->state == SETTING_BUILT && notes[i].kind == NOTE_DIFFERS)
            state = "differs";
    }
    buffer_append_str(text, "| ");
    append_spellings(text, row);
    buffer_printf(text, "| %s | " SINCE " | ", state);
    append_cell(text, words);
    buffer_append_str(text, " |\n");
}

void settings_append_imapsync_options(struct buffer *text)
{
    buffer_append_str(text, page_head);
    for (size_t i = 0; i < settings_table_count; i++) {
        if (!is_own(&settings_table[i]))
            append_row(text, &settings_table[i]);
    }
}

static bool is_in_table(const char *name)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        if (strcmp(settings_table[i].name, name) == 0)
            return true;
    }
    return false;
}

bool settings_imapsync_notes_are_sound(struct buffer *faults)
{
    size_t before = faults->used;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (!is_in_table(own[i]))
            buffer_printf(faults, "%s ", own[i]);
    }
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (!is_in_table(notes[i].name))
            buffer_printf(faults, "%s ", notes[i].name);
    }
    return faults->used == before;
}
