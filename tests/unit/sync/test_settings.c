/* SPDX-License-Identifier: MIT
 * The table, the command line's grammar, secrets, help and echo. */
#include "sync/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/mem.h"
#include "sync/settings_private.h"

#define MAX_WORDS 24

/* One command line, as read. */
struct line {
    struct settings settings;
    struct str_list rest;
    struct buffer faults;
    char *argv[MAX_WORDS + 1];
    int argc;
    bool is_fine;
};

/* Words are separated by '|', so that they may hold blanks and be empty. */
static void line_init(struct line *line, const char *words, bool has_rest,
                      enum settings_command command)
{
    memset(line, 0, sizeof(*line));
    settings_init(&line->settings);
    buffer_init(&line->faults, 65536);
    for (const char *p = words; p != NULL;) {
        size_t size = strcspn(p, "|");
        assert_true(line->argc < MAX_WORDS);
        line->argv[line->argc++] = mem_strndup(p, size);
        p = p[size] == '\0' ? NULL : p + size + 1;
    }
    line->is_fine = settings_parse_argv(&line->settings, command, line->argc, line->argv,
                                        has_rest ? &line->rest : NULL, &line->faults);
}

static void line_deinit(struct line *line)
{
    settings_deinit(&line->settings);
    str_list_deinit(&line->rest);
    buffer_deinit(&line->faults);
    for (int i = 0; i < line->argc; i++)
        mem_free(line->argv[i]);
}

/* --- faults first --- */

static void test_faults(void **state)
{
    static const struct {
        const char *words;
        const char *faults;
    } rows[] = {
        {"--frobnicate", "unknown option --frobnicate\n"},
        {"--host1=a|stray", "a word somewhere after option --host1 belongs to no option\n"},
        {"stray", "the first word is no option\n"},
        {"--host1|--user1|x", "a word somewhere after option --host1 belongs to no option\n"},
        {"--host1", "option --host1 requires an argument\n"},
        {"--host1=", "option --host1 requires an argument (an empty one is given as two words: "
                     "--option \"\")\n"},
        {"--dry=1", "option --dry does not take an argument\n"},
        {"--nosubscribed", "unknown option --nosubscribed\n"},
        {"--subs", "option --subs is ambiguous: subscribed, subscribe, subscribeall\n"},
        {"--pass", "option --pass is ambiguous: password1, password2, passfile1, passfile2\n"},
        {"--port1|0", "port1 wants a whole number from 1 to 65535\n"},
        {"--port1|65536", "port1 wants a whole number from 1 to 65535\n"},
        {"--port1|99x", "port1 wants a whole number from 1 to 65535\n"},
        {"--errorsmax|-5", "errorsmax wants a whole number from 1 to 1000000000\n"},
        {"--timeout|-1", "timeout wants a number that is not negative\n"},
        {"--timeout2|2k", "timeout2 wants a number that is not negative\n"},
        {"--minsize|-1", "minsize wants a whole number from 0 to 1000000000000000, also with k, M "
                         "or G behind it\n"},
        {"--maxsize|1T", "maxsize wants a whole number from 0 to 1000000000000000, also with k, M "
                         "or G behind it\n"},
        {"--f1f2|ab", "f1f2 wants SOURCE=DESTINATION\n"},
        {"--user1|a\nb", "user1 may not hold a line break or another control character\n"},
        {"--password1|to\nken", "password1 may not hold a line break or another control "
                                "character\n"},
        {"--cafile1|", "cafile1 wants the name of a file\n"},
        {"--until|6", "until wants a time of day from 00:00 to 23:59\n"},
        {"--until|24:00", "until wants a time of day from 00:00 to 23:59\n"},
        {"--until|", "until wants a time of day from 00:00 to 23:59\n"},
        {"--until", "option --until requires an argument\n"},
        {"--daily-bytes1|-1", "daily-bytes1 wants a whole number from 0 to 1000000000000000, also "
                              "with k, M or G behind it\n"},
        {"--daily-bytes2|2.5", "daily-bytes2 wants a whole number from 0 to 1000000000000000, also "
                               "with k, M or G behind it\n"},
        {"--exitwhenover|much", "exitwhenover wants a whole number from 0 to 1000000000000000, "
                                "also with k, M or G behind it\n"},
        {"--keep-runs|-1", "keep-runs wants a whole number from 0 to 1000000\n"},
        {"--keep-runs|1k", "keep-runs wants a whole number from 0 to 1000000\n"},
        {"--lockdir|", "lockdir wants the name of a file\n"},
        {"--quiet=1", "option --quiet does not take an argument\n"},
        {"--final=1", "option --final does not take an argument\n"},
        {"--retry-failed", "unknown option --retry-failed\n"},
        {"--maxage|young", "maxage wants a number that is not negative\n"},
        {"--minage|-1", "minage wants a number that is not negative\n"},
        {"--nomaxsleep|--Domain1|x",
         "unknown option --nomaxsleep\n"
         "--domain1 is an option of imapsync that mailconvoy refuses: it is of use for NTLM only, "
         "which is not supported; use --user or --authuser\n"},
        {"--delete|2", "--delete1 takes no number; if you meant --delete2, write it without the "
                       "blank\n"},
        {"--nodelete|1", "--nodelete1 takes no number; if you meant --delete1, write it without "
                         "the blank\n"},
        {"--fetch-hash-set|1:9", "--fetch-hash-set is an option of imapsync that mailconvoy "
                                 "refuses: all UIDs are listed; to take only some of them use "
                                 "--search1 'UID 1:1000'\n"},
        {"--nouid1", "--nouid1 is an option of imapsync that mailconvoy refuses: messages are "
                     "always addressed by UID; leave the option out\n"},
        {"--releasecheck", "--releasecheck is an option of imapsync that mailconvoy refuses: "
                           "mailconvoy never calls home; leave the option out\n"},
        {"--domain1|D", "--domain1 is an option of imapsync that mailconvoy refuses: it is of use "
                        "for NTLM only, which is not supported; use --user or --authuser\n"},
        {"--parallel|4", "unknown option --parallel\n"
                         "a word somewhere after option --that belongs to no option\n"},
        {"--label|x", "unknown option --label\n"
                      "a word somewhere after option --that belongs to no option\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        line_init(&line, rows[i].words, false, SETTINGS_SYNC);
        assert_false(line.is_fine);
        assert_string_equal(buffer_str(&line.faults), rows[i].faults);
        line_deinit(&line);
    }
}

static void test_secrets_never_reach_a_fault(void **state)
{
    static const char *const rows[] = {
        "--passwort1|geheim", "--passwort1=geheim",   "--password1|two geheim|geheim",
        "--port1|geheim",     "--format|geheim",      "--maxsize=geheim",
        "--dry=geheim",       "--password1|ge\nheim",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        line_init(&line, rows[i], false, SETTINGS_SYNC);
        assert_false(line.is_fine);
        assert_null(strstr(buffer_str(&line.faults), "heim"));
        line_deinit(&line);
    }
}

/* --- the grammar --- */

static void test_grammar(void **state)
{
    /* What the echo says tells what was understood. */
    static const struct {
        const char *words;
        const char *echo;
    } rows[] = {
        {"--host1|h", "host1 = h\n"},
        {"-host1=h", "host1 = h\n"},
        {"--HOST1=h", "host1 = h\n"},
        {"--host1|--user1", "host1 = --user1\n"},
        {"--host1| ho st/|", "host1 = host\n"},
        {"--user1| u ", "user1 = u\n"},
        {"--user1=a=b", "user1 = a=b\n"},
        {"--prefix2|", "prefix2 = \n"},
        {"--maxsize|100_000", "maxsize = 100000\n"},
        {"--maxsize|2.5M", "maxsize = 2500000\n"},
        {"--maxsize=1g", "maxsize = 1000000000\n"},
        {"--maxmess|0.33", "maxmessagespersecond = 0.33\n"},
        {"--nodry", "dry = no\n"},
        {"--no-dry", "dry = no\n"},
        {"--no-folders", "foldersizes = no\n"}, /* foldersizesatend is negatable too */
        {"--dry|--nodry", "dry = no\n"},
        {"--ssl1", "ssl1 = yes\n"},
        {"--nossl1|--notls1", "ssl1 = no\ntls1 = no\n"},
        {"--timeout|5", "timeout1 = 5\ntimeout2 = 5\n"},
        {"--timeout1|7|--timeout|5", "timeout1 = 7\ntimeout2 = 5\n"},
        {"--timeout|5|--timeout1|7", "timeout1 = 7\ntimeout2 = 5\n"},
        {"--debugimap|--nodebugimap2", "debugimap1 = yes\ndebugimap2 = no\n"},
        {"--folder|A|--folder|B", "folder = A\nfolder = B\n"},
        {"--f1f2|A=B=C", "f1f2 = A=B=C\n"},
        {"--password1| p w ", "password1 = MASKED\n"},
        {"--user1|a\\b\xc3\xa9", "user1 = a\\b\xc3\xa9\n"},
        {"|--host1|h", "host1 = h\n"},
        {"--noreleasecheck|--nodockercontext|--nomodulesversion|--modules_version|--fastio1|"
         "--nofastio2|--buffersize|4096|--log|--uid1|--simulong|5",
         "log = yes\n"},
        {"--delete|--expunge|--nouidexpunge2|--nodelete2|--maxdelete|all",
         "delete1 = yes\nexpunge1 = yes\ndelete2 = no\nuidexpunge2 = no\nmaxdelete = all\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        struct buffer echo;
        buffer_init(&echo, 65536);
        line_init(&line, rows[i].words, false, SETTINGS_SYNC);
        settings_append_echo(&line.settings, &echo);
        if (strcmp(rows[i].words, "--no-folders") == 0) {
            assert_string_equal(buffer_str(&line.faults),
                                "option --no-folders is ambiguous: nofoldersizes, "
                                "nofoldersizesatend\n");
        } else {
            assert_string_equal(buffer_str(&line.faults), "");
            assert_true(line.is_fine);
            assert_string_equal(buffer_str(&echo), rows[i].echo);
        }
        buffer_deinit(&echo);
        line_deinit(&line);
    }
}

static void test_batch_words(void **state)
{
    struct line line;
    (void)state;
    line_init(&line,
              "--parallel=1_0|m.csv|--budget_messages|1.5k|--Budget-Bytes|3M|--insecure-man|--|"
              "--host1",
              true, SETTINGS_BATCH);
    assert_string_equal(buffer_str(&line.faults), "");
    assert_int_equal(line.settings.parallel, 10);
    assert_true(line.settings.budget_messages == 1500);
    assert_int_equal(line.settings.budget_bytes, 3000000);
    assert_true(line.settings.insecure_manifest);
    assert_int_equal(line.rest.count, 2);
    assert_string_equal(line.rest.items[0], "m.csv");
    assert_string_equal(line.rest.items[1], "--host1");
    assert_null(line.settings.side[0].host);
    line_deinit(&line);
}

static void test_report_words(void **state)
{
    struct line line;
    (void)state;
    line_init(&line, "--format|JSON|--run|r1", false, SETTINGS_REPORT);
    assert_true(line.is_fine);
    assert_string_equal(line.settings.report_format, "json");
    assert_string_equal(line.settings.report_run, "r1");
    line_deinit(&line);
    line_init(&line, "--format|pdf|--host1|h", false, SETTINGS_REPORT);
    assert_string_equal(buffer_str(&line.faults),
                        "format wants one of text|csv|json|html\nunknown option --host1\n"
                        "a word somewhere after option --that belongs to no option\n");
    line_deinit(&line);
}

static void test_defaults(void **state)
{
    struct settings settings;
    (void)state;
    settings_init(&settings);
    for (int i = 0; i < 2; i++) {
        assert_null(settings.side[i].host);
        assert_int_equal(settings.side[i].port, 0);
        assert_int_equal(settings.side[i].ssl, CHOICE_AUTO);
        assert_true(settings.side[i].timeout_secs == 120);
        assert_true(settings.side[i].keepalive);
        assert_null(settings.side[i].prefix);
    }
    assert_true(settings.subscribe);
    assert_false(settings.automap);
    assert_int_equal(settings.minsize, -1);
    assert_int_equal(settings.maxsize, -1);
    assert_true(settings.syncduplicates);
    assert_true(settings.syncinternaldates);
    assert_int_equal(settings.foldersizes, CHOICE_AUTO);
    assert_int_equal(settings.errorsmax, 50);
    assert_int_equal(settings.exitwhenover, 0);
    assert_int_equal(settings.parallel, 8);
    assert_string_equal(settings.workdir, "./mailconvoy-data");
    assert_string_equal(settings.report_format, "text");
    settings_deinit(&settings);
}

static void test_argv_secrets_are_overwritten(void **state)
{
    struct line line;
    (void)state;
    line_init(&line, "--password1|secret|--password2=other|--oauthaccesstoken1|tok", false,
              SETTINGS_SYNC);
    assert_string_equal(line.settings.side[0].password, "secret");
    assert_string_equal(line.settings.side[1].password, "other");
    assert_string_equal(line.argv[1], "xxxxxx");
    assert_string_equal(line.argv[2], "--password2=xxxxx");
    assert_string_equal(line.argv[4], "xxx");
    line_deinit(&line);
}

static void test_environment_password(void **state)
{
    struct line line;
    (void)state;
    assert_int_equal(setenv("IMAPSYNC_PASSWORD1", "fromenv1", 1), 0);
    assert_int_equal(setenv("IMAPSYNC_PASSWORD2", "fromenv2", 1), 0);
    line_init(&line, "--password1|typed", false, SETTINGS_SYNC);
    assert_string_equal(line.settings.side[0].password, "typed");
    assert_string_equal(line.settings.side[1].password, "fromenv2");
    line_deinit(&line);
    line_init(&line, "--passfile1|f|--passfile2|g", false, SETTINGS_SYNC);
    assert_null(line.settings.side[0].password);
    assert_null(line.settings.side[1].password);
    line_deinit(&line);
    assert_int_equal(unsetenv("IMAPSYNC_PASSWORD1"), 0);
    assert_int_equal(unsetenv("IMAPSYNC_PASSWORD2"), 0);
}

/* --- the table --- */

/* Every option of imapsync 2.229, with its aliases. */
/* clang-format off */
static const char *const imapsync_names[] = {
    "host1", "host2", "port1", "port2", "ssl1", "ssl2", "tls1", "tls2", "sslcheck", "sslargs1",
    "sslargs2", "ssl1_ssl_version", "ssl2_ssl_version", "inet4", "ipv4", "inet6", "ipv6",
    "timeout", "timeout1", "timeout2", "keepalive1", "keepalive2", "compress1", "compress2",
    "reconnectretry1", "reconnectretry2", "fastio1", "fastio2", "buffersize", "split1", "split2",
    "uid1", "uid2", "id", "user1", "user2", "password1", "password2", "passfile1", "passfile2",
    "showpasswords", "authmech1", "authmech2", "authuser1", "authuser2", "proxyauth1",
    "proxyauth2", "authmd5", "authmd51", "authmd52", "domain1", "domain2", "trylogin",
    "oauthdirect1", "oauthdirect2", "oauthaccesstoken1", "oauthaccesstoken2", "sanitize",
    "folder", "folderrec", "include", "exclude", "noexclude", "folderfirst", "folderlast",
    "subscribed", "subscribe", "subscribeall", "subscribe_all", "prefix1", "prefix2", "sep1",
    "sep2", "subfolder1", "subfolder2", "automap", "f1f2", "nof1f2", "f1f2h", "regextrans2",
    "fixslash2", "fixInboxINBOX", "mixfolders", "skipemptyfolders", "checkselectable",
    "checkfoldersexist", "create_folder_old", "foldersizes", "foldersizesatend", "justfolders",
    "justfoldersizes", "justfolderlists", "justautomap", "syncacls", "useheader", "skipheader",
    "wholeheaderifneeded", "messageidnodomain", "skipsize", "allowsizemismatch", "useuid",
    "usecache", "cacheaftercopy", "fixcolonbug", "addheader", "syncduplicates",
    "skipcrossduplicates", "debugcrossduplicates", "maxsize", "minsize", "appendlimit", "maxage",
    "minage", "search", "search1", "search2", "abletosearch", "abletosearch1", "abletosearch2",
    "checknoabletosearch", "fetch_hash_set", "checkmessageexists", "skipmess", "maxlinelength",
    "minmaxlinelength", "syncinternaldates", "idatefromheader", "synclabels", "resynclabels",
    "regexmess", "noregexmess", "pipemess", "pipemesscheck", "disarmreadreceipts",
    "maxlinelengthcmd", "truncmess", "regexflag", "noregexflag", "filterflags",
    "filterbuggyflags", "flagscase", "syncflagsaftercopy", "resyncflags", "maxmessagespersecond",
    "maxbytespersecond", "maxbytesafter", "maxsleep", "exitwhenover", "errorsmax", "exitonload",
    "delete1", "delete", "delete2", "delete2duplicates", "delete2folders", "delete2foldersonly",
    "delete2foldersbutnot", "delete1emptyfolders", "expunge1", "expunge", "expunge2",
    "uidexpunge2", "expungeaftereach", "dry", "dry1", "log", "logfile", "logdir", "tmpdir",
    "pidfile", "pidfilelocking", "abort", "abortbyfile", "errorsdump", "justbanner",
    "justconnect", "justlogin", "version", "help", "modulesversion", "modules_version",
    "releasecheck", "emailreport1", "emailreport2", "emailreportfrom", "sigexit", "sigreconnect",
    "sigignore", "office1", "office2", "exchange1", "exchange2", "gmail1", "gmail2", "domino1",
    "domino2", "debug", "debugimap", "debugimap1", "debugimap2", "debugflags", "debugfolders",
    "debugcontent", "debuglist", "debuglabels", "debugcache", "debugmaxlinelength", "debugmemory",
    "debugssl", "debugsleep", "debugdev", "debugcgi", "debugenv", "debugsig", "simulong", "tests",
    "testsdebug", "tests_debug", "testsunit", "testslive", "testslive6", "memorystress", "tail",
    "dockercontext", "var", "tmphash", "loglogfile",
};
/* clang-format on */

static void test_every_imapsync_option_is_known(void **state)
{
    (void)state;
    assert_int_equal(sizeof(imapsync_names) / sizeof(imapsync_names[0]), 227);
    for (size_t i = 0; i < sizeof(imapsync_names) / sizeof(imapsync_names[0]); i++) {
        char words[SETTING_NAME_SIZE + 16];
        struct line line;
        (void)snprintf(words, sizeof(words), "--%s|1=1", imapsync_names[i]);
        line_init(&line, words, true, SETTINGS_SYNC);
        if (strstr(buffer_str(&line.faults), "unknown") != NULL ||
            strstr(buffer_str(&line.faults), "ambiguous") != NULL)
            fail_msg("%s: %s", imapsync_names[i], buffer_str(&line.faults));
        line_deinit(&line);
    }
}

/* Each row says what its state needs, and no name stands for two rows. */
static void test_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        assert_true(strlen(row->name) + 2 < SETTING_NAME_SIZE);
        if (row->state == SETTING_REFUSED || (row->state == SETTING_BUILT && row->commands != 0))
            assert_non_null(row->help);
        if (row->state == SETTING_BUILT && !setting_is_switch(row) && row->commands != 0)
            assert_non_null(row->argument);
        for (size_t k = 0; k < i; k++) {
            for (int side = 0; side <= 2; side++) {
                char name[SETTING_NAME_SIZE];
                setting_name(row, side, name);
                for (int other = setting_first_side(&settings_table[k]);
                     other <= setting_last_side(&settings_table[k]); other++) {
                    if (side >= setting_first_side(row) && side <= setting_last_side(row))
                        assert_false(setting_name_matches(&settings_table[k], other, name,
                                                          strlen(name), false));
                }
            }
        }
    }
}

static void test_copy_is_deep(void **state)
{
    struct line line;
    struct settings copy;
    struct buffer echo;
    struct buffer echo_of_copy;
    (void)state;
    line_init(&line, "--host1|h|--folder|A|--password2|p|--timeout|9|--maxsize|1k", false,
              SETTINGS_SYNC);
    settings_copy(&copy, &line.settings);
    assert_ptr_not_equal(copy.side[0].host, line.settings.side[0].host);
    assert_ptr_not_equal(copy.folder.items, line.settings.folder.items);
    buffer_init(&echo, 4096);
    buffer_init(&echo_of_copy, 4096);
    settings_append_echo(&line.settings, &echo);
    line_deinit(&line);
    settings_append_echo(&copy, &echo_of_copy);
    assert_string_equal(buffer_str(&echo_of_copy), buffer_str(&echo));
    assert_string_equal(copy.side[1].password, "p");
    settings_deinit(&copy);
    assert_null(copy.side[0].host);
    buffer_deinit(&echo);
    buffer_deinit(&echo_of_copy);
}

/* --- columns --- */

static void test_columns(void **state)
{
    static const struct {
        const char *name;
        const char *fault; /* NULL: it is one */
    } rows[] = {
        {"hostt1", "unknown column \"hostt1\", did you mean \"host1\"?\n"},
        {"pasword2", "unknown column \"pasword2\", did you mean \"password2\"?\n"},
        {"ssl", "unknown column \"ssl\", did you mean \"ssl1\"?\n"},
        {"whatever-it-is", "unknown column \"whatever-it-is\"\n"},
        {"parallel", "parallel can't be a column: it is not of a single mailbox\n"},
        {"maxage", NULL},
        {"search2", NULL},
        {"oauthdirect1", NULL},
        {"domain2", "domain2 is an option of imapsync that mailconvoy refuses: it is of use for "
                    "NTLM only, which is not supported; use --user or --authuser\n"},
        {"HOST1", NULL},
        {"timeout", NULL},
        {"timeout2", NULL},
        {"label", NULL},
        {"shared2", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer fault;
        buffer_init(&fault, 4096);
        int column = settings_column_find(rows[i].name, &fault);
        assert_string_equal(buffer_str(&fault), rows[i].fault == NULL ? "" : rows[i].fault);
        assert_int_equal(column >= 0, rows[i].fault == NULL);
        assert_int_equal(settings_column_is_known(rows[i].name), rows[i].fault == NULL);
        buffer_deinit(&fault);
    }
}

static void test_row_wins_over_command_line(void **state)
{
    struct line line;
    (void)state;
    line_init(&line, "--host1|a|--folder|X|--folder|Y|--timeout1|9|--passfile1|f", false,
              SETTINGS_SYNC);
    struct settings *settings = &line.settings;
    assert_true(settings_set_column(settings, "host1", "", &line.faults));
    assert_string_equal(settings->side[0].host, "a");
    assert_true(settings_set_column(settings, "host1", "b", &line.faults));
    assert_string_equal(settings->side[0].host, "b");
    assert_true(settings_set_column(settings, "folder", "P Q\r\n\nR", &line.faults));
    assert_int_equal(settings->folder.count, 2);
    assert_string_equal(settings->folder.items[0], "P Q");
    assert_string_equal(settings->folder.items[1], "R");
    assert_true(settings_set_column(settings, "timeout", "3", &line.faults));
    assert_true(settings->side[0].timeout_secs == 3);
    assert_true(settings_set_column(settings, "password1", " p ", &line.faults));
    assert_string_equal(settings->side[0].password, " p ");
    assert_true(settings_set_column(settings, "dry", "Yes", &line.faults));
    assert_true(settings->dry);
    assert_string_equal(buffer_str(&line.faults), "");
    assert_false(settings_set_column(settings, "dry", "maybe", &line.faults));
    assert_string_equal(buffer_str(&line.faults), "dry wants yes or no\n");
    /* The row's password is nearer than the command line's passfile. */
    char *secret = NULL;
    struct fault fault;
    assert_true(settings_resolve_secret(settings, 1, &secret, &fault));
    assert_string_equal(secret, " p ");
    mem_free_secret(&secret);
    line_deinit(&line);
}

static void test_row_options(void **state)
{
    struct line line;
    char folder[] = "--folder";
    char name[] = "A B";
    char parallel[] = "--parallel=3";
    char *good[] = {folder, name};
    char *bad[] = {parallel};
    (void)state;
    line_init(&line, "--folder|X", false, SETTINGS_BATCH);
    assert_true(settings_parse_row_options(&line.settings, 2, good, &line.faults));
    assert_int_equal(line.settings.folder.count, 1);
    assert_string_equal(line.settings.folder.items[0], "A B");
    assert_false(settings_parse_row_options(&line.settings, 1, bad, &line.faults));
    assert_string_equal(buffer_str(&line.faults), "--parallel can't be set for a single row\n");
    line_deinit(&line);
}

/* --- the pair --- */

static void test_check_pair(void **state)
{
#define WHOLE "--host1|a|--user1|u|--password1|p|--host2|b|--user2|v|--passfile2|f"
    static const struct {
        const char *words;
        const char *faults;
    } rows[] = {
        {"--host1|a|--user2| ", "user1 is missing: the login name of the mailbox\n"
                                "password1 is missing (a passfile or a token serves as well)\n"
                                "host2 is missing: the name of the server\n"
                                "user2 is missing: the login name of the mailbox\n"
                                "password2 is missing (a passfile or a token serves as well)\n"},
        {WHOLE "|--ssl1|--tls1", "ssl1 and tls are both asked for: choose TLS from the first byte "
                                 "(ssl) or STARTTLS (tls)\n"},
        {WHOLE "|--shared2|s|--authuser2|adm",
         "shared2 and authuser are both given: an administrator signs in for the mailbox itself, "
         "so put its name into user\n"},
        {WHOLE "|--sep1|ab", "sep1 wants exactly one character\n"},
        {WHOLE "|--minsize|10|--maxsize|10",
         "minsize must be smaller than maxsize, or nothing is copied\n"},
        {WHOLE "|--minsize|9|--maxsize|10", ""},
        {WHOLE "|--delete1|--delete2",
         "delete1 and delete2 are both asked for: together they would empty both sides; choose "
         "one\n"},
        {WHOLE "|--delete1emptyfolders|--delete2foldersonly|/x/",
         "delete1emptyfolders and delete2folders are both asked for: a folder that went from the "
         "source would be deleted from the destination by the next run; choose one\n"},
        {WHOLE "|--delete1|--copy-placeholders", "delete1 and copy-placeholders are both asked "
                                                 "for: a placeholder is no copy of the message "
                                                 "it stands for; choose one\n"},
        {WHOLE "|--delete2|--maxdelete|some", "maxdelete wants a number of messages, or \"all\"\n"},
        {WHOLE "|--delete2|--maxdelete|-1", "maxdelete wants a number of messages, or \"all\"\n"},
        {WHOLE "|--delete2|--maxdelete|100_000", ""},
        {WHOLE "|--delete2foldersonly|/Old/|--delete2foldersbutnot|m/New/", ""},
        {WHOLE "|--nossl1|--tls1", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        line_init(&line, rows[i].words, false, SETTINGS_SYNC);
        assert_true(line.is_fine);
        assert_int_equal(settings_check_pair(&line.settings, &line.faults),
                         rows[i].faults[0] == '\0');
        assert_string_equal(buffer_str(&line.faults), rows[i].faults);
        line_deinit(&line);
    }
}

static void test_port_and_login(void **state)
{
    static const struct {
        const char *words;
        int64_t port;
        const char *login;
    } rows[] = {
        {"--host1|a", 993, ""},
        {"--ssl1|--user1|u", 993, "u"},
        {"--tls1|--user1|u@d|--shared1|s@d", 143, "u@d\\s@d"},
        {"--nossl1|--user1|u@d\\s@d", 143, "u@d\\s@d"},
        {"--nossl1|--port1|1143", 1143, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        line_init(&line, rows[i].words, false, SETTINGS_SYNC);
        char *login = settings_login_name(&line.settings, 1);
        assert_int_equal(settings_port(&line.settings, 1), rows[i].port);
        assert_string_equal(login, rows[i].login);
        mem_free(login);
        line_deinit(&line);
    }
}

/* --- secrets --- */

static char scratch_path[] = "/tmp/mailconvoy-test-XXXXXX";

static void write_scratch(const char *text, size_t size)
{
    FILE *file = fopen(scratch_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_passfile(void **state)
{
    static const struct {
        const char *content;
        size_t size;
        const char *secret; /* NULL: a fault */
        const char *fault;
    } rows[] = {
        {"", 0, NULL, "passfile1 holds no password in its first line"},
        {"\nsecond\n", 8, NULL, "passfile1 holds no password in its first line"},
        {"a\0b\n", 4, NULL, "passfile1 holds no password in its first line"},
        {"pass word \r\nsecond\n", 19, "pass word ", NULL},
        {"bare", 4, "bare", NULL},
        {"env:HOME\n", 9, "env:HOME", NULL},
    };
    (void)state;
    int fd = mkstemp(scratch_path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    struct line line;
    line_init(&line, "--password1|other", false, SETTINGS_SYNC);
    line.settings.side[0].passfile = mem_strdup(scratch_path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault fault;
        char *secret = NULL;
        write_scratch(rows[i].content, rows[i].size);
        bool is_fine = settings_resolve_secret(&line.settings, 1, &secret, &fault);
        assert_int_equal(is_fine, rows[i].secret != NULL);
        if (is_fine) {
            assert_string_equal(secret, rows[i].secret);
        } else {
            assert_string_equal(fault.text, rows[i].fault);
            assert_int_equal(fault.code, FAULT_SECRET);
            assert_int_equal(fault.side, 1);
        }
        mem_free_secret(&secret);
    }
    assert_int_equal(unlink(scratch_path), 0);
    assert_false(settings_check_secret(&line.settings, 1, &line.faults));
    assert_non_null(strstr(buffer_str(&line.faults), "can't be used: No such file or directory\n"));
    line_deinit(&line);
}

static void test_long_passfile(void **state)
{
    char path[] = "/tmp/mailconvoy-test-XXXXXX";
    struct line line;
    struct fault fault;
    char *secret = NULL;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 70000), 0);
    assert_int_equal(close(fd), 0);
    line_init(&line, "--host1|h", false, SETTINGS_SYNC);
    line.settings.side[0].passfile = mem_strdup(path);
    assert_false(settings_resolve_secret(&line.settings, 1, &secret, &fault));
    assert_string_equal(fault.text, "passfile1 has a first line longer than 64 KiB");
    assert_int_equal(unlink(path), 0);
    line_deinit(&line);
}

static void test_password_by_reference(void **state)
{
    static const struct {
        const char *password;
        const char *secret;
        const char *fault;
        bool is_found_early;
    } rows[] = {
        {"env:MAILCONVOY_NONE", NULL,
         "password2 names an environment variable that is not set: MAILCONVOY_NONE", true},
        {"env:no name!", NULL, "password2 names an environment variable that is not set", true},
        {"cmd:echo geheim; exit 3", NULL, "password2 is a command that failed", false},
        {"cmd:true", NULL, "password2 is a command that printed no password", false},
        {"cmd:kill -9 $$", NULL, "password2 is a command that failed", false},
        {"cmd:yes | tr -d '\\n'", NULL, "password2 is a command that prints more than 64 KiB",
         false},
        {"env:MAILCONVOY_SECRET", "from env", NULL, false},
        {"cmd:printf 'a b\\r\\nsecond'", "a b", NULL, false},
        {"cmd:echo one; sleep 0.1; seq 100000", "one", NULL, false},
        {"cmd:cat", NULL, "password2 is a command that printed no password", false},
        {"literal", "literal", NULL, false},
    };
    (void)state;
    assert_int_equal(setenv("MAILCONVOY_SECRET", "from env", 1), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        struct fault fault;
        char *secret = NULL;
        line_init(&line, "--host1|h", false, SETTINGS_SYNC);
        line.settings.side[1].password = mem_strdup(rows[i].password);
        bool is_fine = settings_resolve_secret(&line.settings, 2, &secret, &fault);
        assert_int_equal(is_fine, rows[i].secret != NULL);
        if (is_fine)
            assert_string_equal(secret, rows[i].secret);
        else
            assert_string_equal(fault.text, rows[i].fault);
        assert_int_equal(settings_check_secret(&line.settings, 2, &line.faults),
                         !rows[i].is_found_early);
        mem_free_secret(&secret);
        line_deinit(&line);
    }
}

/* --- help --- */

static void test_help(void **state)
{
    static const struct {
        enum settings_command command;
        const char *has;
        const char *lacks;
    } rows[] = {
        {SETTINGS_SYNC, "--host1, --host2 NAME", "--parallel"},
        {SETTINGS_SYNC, "161/162", "--run"},
        {SETTINGS_BATCH, "--parallel N", "--format"},
        {SETTINGS_BATCH, "mailboxes at the same time (default 8)", "--label"},
        {SETTINGS_REPORT, "--format text|csv|json", "--host1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer help;
        buffer_init(&help, 65536);
        settings_append_help(&help, rows[i].command);
        const char *text = buffer_str(&help);
        assert_non_null(strstr(text, rows[i].has));
        assert_null(strstr(text, rows[i].lacks));
        for (const char *p = text; *p != '\0';) {
            size_t size = strcspn(p, "\n");
            assert_true(size <= 100);
            p += size;
            p += *p == '\n' ? 1 : 0;
        }
        buffer_deinit(&help);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_secrets_never_reach_a_fault),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_batch_words),
        cmocka_unit_test(test_report_words),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_argv_secrets_are_overwritten),
        cmocka_unit_test(test_environment_password),
        cmocka_unit_test(test_every_imapsync_option_is_known),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_copy_is_deep),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_row_wins_over_command_line),
        cmocka_unit_test(test_row_options),
        cmocka_unit_test(test_check_pair),
        cmocka_unit_test(test_port_and_login),
        cmocka_unit_test(test_passfile),
        cmocka_unit_test(test_long_passfile),
        cmocka_unit_test(test_password_by_reference),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
