/* SPDX-License-Identifier: MIT
 * The one table of settings. Rows that are built come first, in the order of --help; then what
 * imapsync knows besides. */
#include "sync/settings_private.h"

#include <stddef.h>

#define SYNC  SETTINGS_SYNC
#define BATCH SETTINGS_BATCH
#define PAIR  (SETTINGS_SYNC | SETTINGS_BATCH)
#define EVERY (SETTINGS_SYNC | SETTINGS_BATCH | SETTINGS_REPORT)

#define IN(group_) .group = SETTING_GROUP_##group_

/* A setting of one side, of the mailbox pair, and of the command as a whole. */
#define ONE_SIDE(name_, type_, field)                                                       \
    .name = name_, .state = SETTING_BUILT, .type = SETTING_##type_, .sides = SETTING_SIDED, \
    .offset = offsetof(struct settings_side, field), .commands = PAIR, .may_row = true
#define BOTH_SIDES(name_, type_, field)                                                           \
    .name = name_, .state = SETTING_BUILT, .type = SETTING_##type_, .sides = SETTING_BOTH_OR_ONE, \
    .offset = offsetof(struct settings_side, field), .commands = PAIR, .may_row = true
#define MAILBOX(name_, type_, field)                                \
    .name = name_, .state = SETTING_BUILT, .type = SETTING_##type_, \
    .offset = offsetof(struct settings, field), .commands = PAIR, .may_row = true
#define COMMAND(name_, type_, field, commands_)                     \
    .name = name_, .state = SETTING_BUILT, .type = SETTING_##type_, \
    .offset = offsetof(struct settings, field), .commands = commands_

/* What imapsync has besides: without a side, with 1 or 2, and with or without. */
#define NOT_BUILT(state_, name_, type_, sides_)                                                   \
    .name = name_, .state = SETTING_##state_, .type = SETTING_##type_, .sides = SETTING_##sides_, \
    .commands = PAIR
#define LATER(name_, type_)       NOT_BUILT(LATER, name_, type_, UNSIDED)
#define LATER_SIDED(name_, type_) NOT_BUILT(LATER, name_, type_, SIDED)
#define LATER_BOTH(name_, type_)  NOT_BUILT(LATER, name_, type_, BOTH_OR_ONE)
#define REFUSED(name_, type_)     NOT_BUILT(REFUSED, name_, type_, UNSIDED)
#define ACCEPTED(name_, type_)    NOT_BUILT(ACCEPTED, name_, type_, UNSIDED)

#define MAX_COUNT INT64_C(1000000000)
#define MAX_BYTES INT64_C(1000000000000000)

/* clang-format off */
const struct setting settings_table[] = {
    {ONE_SIDE("host", HOST, host), IN(CONNECTION), .argument = "NAME",
     .help = "server name or address"},
    {ONE_SIDE("port", INTEGER, port), IN(CONNECTION), .min = 1, .max = 65535, .argument = "N",
     .help = "TCP port (default 993, or 143 with --tls or --nossl)"},
    {ONE_SIDE("ssl", CHOICE, ssl), IN(CONNECTION),
     .help = "TLS from the first byte; without --ssl and --tls, ports other than 993 and 143 are "
             "tried with it first, then with STARTTLS"},
    {ONE_SIDE("tls", CHOICE, tls), IN(CONNECTION),
     .help = "STARTTLS; --nossl --notls sends everything in clear, the password too"},
    {ONE_SIDE("cafile", PATH, cafile), IN(CONNECTION), .argument = "FILE",
     .help = "trust the certificate authorities in this PEM file instead of the system's"},
    {BOTH_SIDES("timeout", NUMBER, timeout_secs), IN(CONNECTION), .preset = "120",
     .argument = "SECONDS", .help = "give up on a server that is silent for so long; 0 never does"},
    {ONE_SIDE("reconnectretry", INTEGER, reconnectretry), IN(CONNECTION), .preset = "3", .min = 0,
     .max = 1000, .argument = "N",
     .help = "when the connection is lost: so many times in a row, wait a while and go on where it "
             "was"},
    {ONE_SIDE("keepalive", BOOL, keepalive), IN(CONNECTION), .preset = "1",
     .help = "TCP keepalive"},
    {ONE_SIDE("compress", CHOICE, compress), IN(CONNECTION),
     .help = "compress what goes to and from this server (default: where the distance makes it "
             "pay)"},
    {MAILBOX("lanes", INTEGER, lanes), IN(CONNECTION), .min = 1, .max = 16, .argument = "N",
     .help = "connections to each side for one mailbox (default: as many as pay)"},
    {ONE_SIDE("maxconnections", INTEGER, maxconnections), IN(CONNECTION), .preset = "12", .min = 1,
     .max = 16, .argument = "N",
     .help = "never open more connections for one mailbox to this side"},

    {ONE_SIDE("user", LOGIN, user), IN(SIGN_IN), .argument = "NAME",
     .help = "login name; user@dom\\shared@dom opens a shared mailbox"},
    {ONE_SIDE("password", SECRET, password), IN(SIGN_IN), .argument = "SECRET",
     .help = "the password, or env:NAME, or cmd:COMMAND, which prints it"},
    {ONE_SIDE("passfile", PATH, passfile), IN(SIGN_IN), .argument = "FILE",
     .help = "the first line of this file is the password; wins over --password"},
    {ONE_SIDE("authuser", LOGIN, authuser), IN(SIGN_IN), .argument = "NAME",
     .help = "administrator who signs in for the user (SASL PLAIN), with that password"},
    {ONE_SIDE("shared", LOGIN, shared), IN(SIGN_IN), .argument = "NAME",
     .help = "shared mailbox that is opened with the user's login"},

    {MAILBOX("folder", LIST, folder), IN(FOLDERS), .argument = "NAME",
     .help = "only this folder; may be given many times"},
    {MAILBOX("folderrec", LIST, folderrec), IN(FOLDERS), .argument = "NAME",
     .help = "only this folder and everything below it; may be given many times"},
    {MAILBOX("subscribed", FLAG, subscribed), IN(FOLDERS),
     .help = "only the folders that are subscribed on the source"},
    {MAILBOX("include", LIST, include), IN(FOLDERS), .argument = "REGEX",
     .help = "only the source folders that match, and those named above"},
    {MAILBOX("exclude", LIST, exclude), IN(FOLDERS), .argument = "REGEX",
     .help = "leave out the folders that match; applied last"},
    {MAILBOX("folderfirst", LIST, folderfirst), IN(FOLDERS), .argument = "NAME",
     .help = "this folder first"},
    {MAILBOX("folderlast", LIST, folderlast), IN(FOLDERS), .argument = "NAME",
     .help = "this folder last"},
    {MAILBOX("subscribe", BOOL, subscribe), IN(FOLDERS), .preset = "1",
     .help = "subscribe on the destination what is subscribed on the source"},
    {ONE_SIDE("sep", STRING, sep), IN(FOLDERS), .argument = "CHAR",
     .help = "hierarchy separator (default: what the server says)"},
    {ONE_SIDE("prefix", STRING, prefix), IN(FOLDERS), .argument = "TEXT",
     .help = "prefix of all folders (default: what the server says)"},
    {ONE_SIDE("subfolder", STRING, subfolder), IN(FOLDERS), .argument = "NAME",
     .help = "1: only what is below this source folder; 2: put everything below this folder"},
    {MAILBOX("automap", BOOL, automap), IN(FOLDERS), .preset = "0",
     .help = "match Sent, Drafts, Junk, Trash, Archive by their role, in any language"},
    {MAILBOX("f1f2", PAIRS, f1f2), IN(FOLDERS), .argument = "A=B",
     .help = "source folder A goes to destination folder B; may be given many times"},

    {MAILBOX("minsize", SIZE, minsize), IN(MESSAGES), .preset = "-1", .max = MAX_BYTES,
     .argument = "BYTES", .help = "copy only messages larger than this"},
    {MAILBOX("maxsize", SIZE, maxsize), IN(MESSAGES), .preset = "-1", .max = MAX_BYTES,
     .argument = "BYTES", .help = "do not copy messages larger than this"},
    {MAILBOX("addheader", BOOL, addheader), IN(MESSAGES), .preset = "0",
     .help = "give a Message-Id to messages that have nothing to be recognised by"},
    {MAILBOX("syncduplicates", BOOL, syncduplicates), IN(MESSAGES), .preset = "1",
     .help = "copy every message; --nosyncduplicates skips exact duplicates within a folder"},
    {MAILBOX("syncinternaldates", BOOL, syncinternaldates), IN(MESSAGES), .preset = "1",
     .help = "keep the date of arrival"},
    {MAILBOX("copy-placeholders", BOOL, copy_placeholders), IN(MESSAGES), .preset = "0",
     .help = "copy what Exchange invents in place of messages it can't show, too"},
    {MAILBOX("synclabels", BOOL, synclabels), IN(MESSAGES), .preset = "0",
     .help = "between two Gmail accounts: give copies the labels of the original"},
    {MAILBOX("resynclabels", BOOL, resynclabels), IN(MESSAGES), .preset = "0",
     .help = "the same, and labels that changed on the source change on messages that are there"},

    {MAILBOX("regexflag", LIST, regexflag), IN(FLAGS), .argument = "EXPRESSION",
     .help = "edit the list of a message's flags by a Perl expression, as in 's/\\\\Flagged//g'; may "
             "be given many times"},
    {MAILBOX("filterflags", BOOL, filterflags), IN(FLAGS), .preset = "1",
     .help = "leave out flags that the destination can't keep"},
    {MAILBOX("filterbuggyflags", BOOL, filterbuggyflags), IN(FLAGS), .preset = "0",
     .help = "leave out flags with a backslash that no server should have"},
    {MAILBOX("systemflagsonly", BOOL, systemflagsonly), IN(FLAGS), .preset = "0",
     .help = "leave out all flags but the five that every server knows"},
    {MAILBOX("syncflagsaftercopy", BOOL, syncflagsaftercopy), IN(FLAGS), .preset = "0",
     .help = "look at the flags of each copy, and store what APPEND did not bring"},
    {MAILBOX("resyncflags", BOOL, resyncflags), IN(FLAGS), .preset = "0",
     .help = "give messages that are there exactly the source's flags; without it, only what changed "
             "on the source is carried, and the destination's user keeps what is his"},
    {MAILBOX("debugflags", BOOL, debugflags), IN(OUTPUT), .preset = "0",
     .help = "log the flags of each message on both sides"},

    {MAILBOX("delete1", BOOL, delete1), IN(DELETING), .preset = "0", .alias = "delete",
     .help = "delete from the source what was found on the destination after the copy"},
    {MAILBOX("expunge1", BOOL, expunge1), IN(DELETING), .preset = "0", .alias = "expunge",
     .help = "expunge the source folders before and after their copy: that also removes what the "
             "user marked as deleted"},
    {MAILBOX("expungeaftereach", BOOL, expungeaftereach), IN(DELETING), .preset = "1",
     .help = "with --delete1: expunge after each group of messages, not at the folder's end"},
    {MAILBOX("delete1emptyfolders", FLAG, delete1emptyfolders), IN(DELETING),
     .help = "delete source folders that are empty and have no folder below them, never INBOX"},
    {MAILBOX("delete2", BOOL, delete2), IN(DELETING), .preset = "0",
     .help = "delete from the destination what is not on the source"},
    {MAILBOX("delete2duplicates", BOOL, delete2duplicates), IN(DELETING), .preset = "0",
     .help = "delete further copies of a message in a destination folder; as many stay as the "
             "source has, with --nosyncduplicates one"},
    {MAILBOX("delete2folders", BOOL, delete2folders), IN(DELETING), .preset = "0",
     .help = "delete destination folders that no source folder goes to"},
    {MAILBOX("delete2foldersonly", STRING, delete2foldersonly), IN(DELETING), .argument = "/REGEX/",
     .help = "only those that match; turns --delete2folders on"},
    {MAILBOX("delete2foldersbutnot", STRING, delete2foldersbutnot), IN(DELETING),
     .argument = "/REGEX/", .help = "not those that match; turns --delete2folders on"},
    {MAILBOX("uidexpunge2", BOOL, uidexpunge2), IN(DELETING), .preset = "1",
     .help = "expunge on the destination what this run deletes there (needs UIDPLUS); else it is "
             "only marked as deleted"},
    {MAILBOX("expunge2", BOOL, expunge2), IN(DELETING), .preset = "0",
     .help = "expunge the destination folders: removes all that is marked as deleted"},
    {MAILBOX("maxdelete", STRING, maxdelete), IN(DELETING), .argument = "N|all",
     .help = "on the destination delete at most N messages in a folder (default: a tenth of them, "
             "or 50 if that is more); if there are more, none is deleted"},

    {MAILBOX("maxmessagespersecond", RATE, maxmessagespersecond), IN(LIMITS), .preset = "0",
     .argument = "RATE", .help = "messages per second of each mailbox; 0 is no limit"},
    {MAILBOX("maxbytespersecond", SIZE, maxbytespersecond), IN(LIMITS), .preset = "0",
     .max = MAX_BYTES, .argument = "BYTES", .help = "bytes per second of each mailbox; 0 is no limit"},
    {COMMAND("budget-messages", RATE, budget_messages, BATCH), IN(LIMITS), .preset = "0",
     .argument = "RATE", .help = "messages per second of all mailboxes together; 0 is no limit"},
    {COMMAND("budget-bytes", SIZE, budget_bytes, BATCH), IN(LIMITS), .preset = "0",
     .max = MAX_BYTES, .argument = "BYTES",
     .help = "bytes per second of all mailboxes together; 0 is no limit"},
    {COMMAND("maxconnectionsperhost", INTEGER, maxconnectionsperhost, PAIR), IN(LIMITS),
     .preset = "0", .max = 100000, .argument = "N",
     .help = "connections to one server, of all mailboxes together; 0 is no limit"},
    {MAILBOX("exitwhenover", SIZE, exitwhenover), IN(LIMITS), .preset = "0", .max = MAX_BYTES,
     .argument = "BYTES", .help = "pause a mailbox when so much was copied; 0 is no limit"},
    {ONE_SIDE("daily-bytes", SIZE, daily_bytes), IN(LIMITS), .preset = "0", .max = MAX_BYTES,
     .argument = "BYTES",
     .help = "pause a mailbox when so much went down from (1) or up to (2) its account in this UTC "
             "day, in all runs; 0 is no limit"},
    {MAILBOX("errorsmax", INTEGER, errorsmax), IN(LIMITS), .preset = "50", .min = 1,
     .max = MAX_COUNT, .argument = "N", .help = "stop a mailbox after so many errors"},

    {COMMAND("workdir", PATH, workdir, EVERY), IN(RUN), .preset = "./mailconvoy-data",
     .argument = "DIR", .help = "state, logs and reports live here"},
    {COMMAND("parallel", INTEGER, parallel, BATCH), IN(RUN), .preset = "8", .min = 1, .max = 1000,
     .argument = "N", .help = "mailboxes at the same time"},
    {COMMAND("until", TIME, until, PAIR), IN(RUN), .argument = "HH:MM",
     .help = "stop in good order when the clock shows this local time; the next run goes on"},
    {COMMAND("retry-failed", FLAG, retry_failed, BATCH), IN(RUN),
     .help = "only the rows that were not complete in their last run"},
    {COMMAND("final", FLAG, final, PAIR), IN(RUN),
     .help = "the pass before the cutover: the report says of each mailbox whether it is safe to "
             "switch"},
    {COMMAND("keep-runs", INTEGER, keep_runs, PAIR), IN(RUN), .preset = "90", .max = 1000000,
     .argument = "N", .help = "forget all but the newest N runs; 0 keeps all"},
    {COMMAND("lockdir", PATH, lockdir, PAIR), IN(RUN), .argument = "DIR",
     .help = "locks of mailbox pairs (default /tmp/mailconvoy-UID)"},
    {COMMAND("insecure-manifest", BOOL, insecure_manifest, BATCH), IN(RUN), .preset = "0",
     .help = "accept plain passwords in a manifest that other users may read"},
    {MAILBOX("dry", BOOL, dry), IN(RUN), .preset = "0",
     .help = "change nothing; what would be copied is listed as excluded"},
    {MAILBOX("skip-complete", BOOL, skip_complete), IN(RUN), .preset = "0",
     .help = "leave out mailboxes whose source did not change since they were complete"},
    {MAILBOX("retry-problems", BOOL, retry_problems), IN(RUN), .preset = "0",
     .help = "try again only the messages that failed or could not be read in the last run"},
    {MAILBOX("justlogin", BOOL, justlogin), IN(RUN), .preset = "0",
     .help = "sign in on both sides and stop"},
    {MAILBOX("justfolders", BOOL, justfolders), IN(RUN), .preset = "0",
     .help = "create the folders and stop"},
    {MAILBOX("justfoldersizes", BOOL, justfoldersizes), IN(RUN), .preset = "0",
     .help = "log the folders' sizes on both sides and stop"},
    {COMMAND("run", STRING, report_run, SETTINGS_REPORT), IN(RUN), .argument = "ID",
     .help = "the run to report (default: the latest)"},

    {MAILBOX("foldersizes", BOOL, foldersizes), IN(OUTPUT), .preset = "1",
     .help = "log how many messages the source holds"},
    {BOTH_SIDES("debugimap", BOOL, debugimap), IN(OUTPUT), .preset = "0",
     .help = "write the protocol to the mailbox's log; secrets are left out"},
    {MAILBOX("debuglabels", BOOL, debuglabels), IN(OUTPUT), .preset = "0",
     .help = "log each label that is given or taken away"},
    {COMMAND("format", WORD, report_format, SETTINGS_REPORT), IN(OUTPUT), .preset = "text",
     .words = "text|csv|json", .argument = "text|csv|json", .help = "the report's format"},
    {COMMAND("quiet", FLAG, quiet, PAIR), IN(OUTPUT),
     .help = "print nothing when all went well, else only the problems"},
    {COMMAND("help", FLAG, help, EVERY), IN(OUTPUT), .help = "this text"},
    {COMMAND("version", FLAG, version, EVERY), IN(OUTPUT), .help = "the version"},
    {COMMAND("label", STRING, label, 0), .may_row = true},

    {LATER("sslcheck", BOOL)},
    {LATER_SIDED("sslargs", STRING)},
    {LATER("ssl1-ssl-version", STRING)},
    {LATER("ssl2-ssl-version", STRING)},
    {LATER("inet4", FLAG), .alias = "ipv4"},
    {LATER("inet6", FLAG), .alias = "ipv6"},
    {NOT_BUILT(ACCEPTED, "fastio", BOOL, SIDED)},
    {ACCEPTED("buffersize", INTEGER)},
    {LATER_SIDED("split", INTEGER)},
    {NOT_BUILT(REFUSED, "uid", BOOL, SIDED), .accepts = SETTING_ACCEPTS_ON,
     .help = "messages are always addressed by UID; leave the option out"},
    {LATER("id", BOOL)},

    {LATER("showpasswords", BOOL), .accepts = SETTING_ACCEPTS_OFF},
    {LATER_SIDED("authmech", STRING)},
    {LATER_SIDED("proxyauth", FLAG)},
    {LATER_BOTH("authmd5", BOOL)},
    {NOT_BUILT(REFUSED, "domain", STRING, SIDED),
     .help = "it is of use for NTLM only, which is not supported; use --user or --authuser"},
    {LATER("trylogin", BOOL)},
    {LATER_SIDED("oauthdirect", SECRET)},
    {LATER_SIDED("oauthaccesstoken", SECRET)},
    {LATER("sanitize", BOOL), .accepts = SETTING_ACCEPTS_ON},

    {LATER("noexclude", FLAG)},
    {LATER("subscribeall", BOOL), .alias = "subscribe_all"},
    {LATER("nof1f2", FLAG)},
    {REFUSED("f1f2h", PAIRS), .help = "it has no effect in imapsync either; use --f1f2"},
    {LATER("regextrans2", LIST)},
    {LATER("fixslash2", BOOL)},
    {LATER("fixinboxinbox", BOOL)},
    {LATER("mixfolders", BOOL)},
    {LATER("skipemptyfolders", BOOL)},
    {LATER("checkselectable", BOOL)},
    {LATER("checkfoldersexist", BOOL)},
    {REFUSED("create-folder-old", BOOL),
     .help = "parent folders are always created first; leave the option out"},
    {LATER("foldersizesatend", BOOL)},
    {LATER("justfolderlists", BOOL)},
    {LATER("justautomap", BOOL)},
    {LATER("syncacls", BOOL)},

    {LATER("useheader", LIST)},
    {LATER("skipheader", STRING)},
    {LATER("wholeheaderifneeded", BOOL)},
    {LATER("messageidnodomain", BOOL)},
    {LATER("skipsize", BOOL)},
    {LATER("allowsizemismatch", BOOL)},
    {LATER("useuid", BOOL)},
    {LATER("usecache", BOOL)},
    {ACCEPTED("cacheaftercopy", BOOL)},
    {REFUSED("fixcolonbug", BOOL),
     .help = "it repairs a cache that mailconvoy does not have; leave the option out"},
    {LATER("skipcrossduplicates", BOOL)},
    {LATER("debugcrossduplicates", BOOL)},
    {LATER("appendlimit", INTEGER)},
    {LATER("maxage", NUMBER)},
    {LATER("minage", NUMBER)},
    {LATER_BOTH("search", STRING)},
    {LATER_BOTH("abletosearch", BOOL)},
    {LATER("checknoabletosearch", BOOL)},
    {LATER("fetch-hash-set", STRING)},
    {ACCEPTED("checkmessageexists", BOOL)},
    {LATER("skipmess", LIST)},
    {LATER("maxlinelength", INTEGER)},
    {LATER("minmaxlinelength", INTEGER)},
    {LATER("idatefromheader", BOOL)},

    {LATER("regexmess", LIST)},
    {LATER("noregexmess", FLAG)},
    {LATER("pipemess", LIST)},
    {LATER("pipemesscheck", BOOL)},
    {LATER("disarmreadreceipts", BOOL)},
    {LATER("maxlinelengthcmd", STRING)},
    {LATER("truncmess", INTEGER)},

    {LATER("noregexflag", FLAG)},
    {ACCEPTED("flagscase", BOOL)},

    {LATER("maxbytesafter", INTEGER)},
    {LATER("maxsleep", NUMBER)},
    {REFUSED("exitonload", BOOL), .accepts = SETTING_ACCEPTS_OFF,
     .help = "it guards imapsync's online service; use --parallel to bound the load"},

    {LATER("dry1", BOOL)},
    {LATER("log", BOOL), .accepts = SETTING_ACCEPTS_ON},
    {LATER("logfile", PATH)},
    {LATER("logdir", PATH)},
    {LATER("tmpdir", PATH)},
    {LATER("pidfile", PATH)},
    {LATER("pidfilelocking", BOOL)},
    {LATER("abort", FLAG)},
    {LATER("abortbyfile", FLAG)},
    {LATER("errorsdump", BOOL)},
    {LATER("justbanner", BOOL)},
    {LATER("justconnect", BOOL)},
    {ACCEPTED("modulesversion", BOOL), .alias = "modules_version"},
    {REFUSED("releasecheck", BOOL), .accepts = SETTING_ACCEPTS_OFF,
     .help = "mailconvoy never calls home; leave the option out"},
    {LATER_SIDED("emailreport", BOOL)},
    {LATER("emailreportfrom", STRING)},

    {LATER("sigexit", LIST)},
    {LATER("sigreconnect", LIST)},
    {LATER("sigignore", LIST)},
    {LATER("office1", FLAG)},
    {LATER("office2", FLAG)},
    {LATER("exchange1", FLAG)},
    {LATER("exchange2", FLAG)},
    {LATER("gmail1", FLAG)},
    {LATER("gmail2", FLAG)},
    {LATER("domino1", FLAG)},
    {LATER("domino2", FLAG)},

    {LATER("debug", BOOL)},
    {LATER("debugfolders", BOOL)},
    {LATER("debugcontent", BOOL)},
    {LATER("debuglist", BOOL)},
    {LATER("debugcache", BOOL)},
    {LATER("debugmaxlinelength", BOOL)},
    {LATER("debugmemory", BOOL)},
    {LATER("debugssl", INTEGER)},
    {REFUSED("debugsleep", NUMBER), .help = "it is a test aid of imapsync"},
    {REFUSED("debugdev", BOOL), .help = "it traces imapsync's own code; use --debugimap"},
    {REFUSED("debugcgi", BOOL), .help = "there is no CGI mode; use --debugimap"},
    {REFUSED("debugenv", BOOL), .help = "it would show secrets; use --debugimap"},
    {REFUSED("debugsig", BOOL), .help = "it traces imapsync's own code; use --debugimap"},
    {ACCEPTED("simulong", NUMBER)},
    {REFUSED("tests", BOOL), .help = "it tests imapsync; mailconvoy is tested by make check"},
    {REFUSED("testsdebug", BOOL), .alias = "tests_debug",
     .help = "it tests imapsync; mailconvoy is tested by make check"},
    {REFUSED("testsunit", LIST), .help = "it tests imapsync; mailconvoy is tested by make check"},
    {REFUSED("testslive", BOOL), .help = "it contacts other people's servers; use --justlogin"},
    {REFUSED("testslive6", BOOL), .help = "it contacts other people's servers; use --justlogin"},
    {REFUSED("memorystress", BOOL), .help = "it eats memory on purpose"},
    {LATER("tail", BOOL)},
    {REFUSED("dockercontext", BOOL), .accepts = SETTING_ACCEPTS_OFF,
     .help = "nothing changes inside a container; leave the option out"},
    {REFUSED("var", LIST), .help = "it belongs to imapsync's online page"},
    {REFUSED("tmphash", STRING), .help = "it belongs to imapsync's online page; use --workdir"},
    {REFUSED("loglogfile", BOOL), .help = "it belongs to imapsync's online page; see run.log"},
};
/* clang-format on */

const size_t settings_table_count = sizeof(settings_table) / sizeof(settings_table[0]);
