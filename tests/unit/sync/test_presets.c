/* SPDX-License-Identifier: MIT
 * What each preset sets, and what it leaves alone. */
#include "sync/settings_presets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/settings_private.h"

#define WRAP "s,(.{10239}),$1\\r\\n,g"

/* A command line, what it comes to with its presets (the echo; the order
   of settings is of no interest, that within a list is), and what
   the log says of them. */
static const struct {
    const char *words; /* separated by ';' */
    const char *echo;
    const char *log;
} rows[] = {
    {"--automap", "automap = yes\n", ""},
    {"--office1", "host1 = outlook.office365.com\nssl1 = yes\noffice1 = yes\nexclude = ^Files$\n",
     "office1: host1 = outlook.office365.com, ssl1 = yes, exclude = ^Files$\n"},
    {"--office1;--noexclude;--exclude;Junk",
     "host1 = outlook.office365.com\nssl1 = yes\noffice1 = yes\nexclude = Junk\nnoexclude = yes\n",
     "office1: host1 = outlook.office365.com, ssl1 = yes\n"},
    {"--office1;--host1;proxy.example;--tls1",
     "host1 = proxy.example\ntls1 = yes\noffice1 = yes\nexclude = ^Files$\n",
     "office1: exclude = ^Files$\n"},
    {"--office2",
     "host2 = outlook.office365.com\nssl2 = yes\noffice2 = yes\n"
     "f1f2 = Files=Files_renamed_by_imapsync\nmaxsize = 45000000\nregexmess = " WRAP
     "\ndisarmreadreceipts = yes\nmaxmessagespersecond = 4\nrepair = auto\n",
     "office2: host2 = outlook.office365.com, ssl2 = yes, maxsize = 45000000, "
     "maxmessagespersecond = 4, disarmreadreceipts = yes, regexmess = " WRAP
     ", repair = auto, f1f2 = Files=Files_renamed_by_imapsync\n"},
    {"--office2;--maxsize;100_000;--maxmessagespersecond;0;--nodisarmreadreceipts;--regexmess;"
     "s/a/b/;--f1f2;A=B",
     "host2 = outlook.office365.com\nssl2 = yes\noffice2 = yes\nf1f2 = A=B\n"
     "f1f2 = Files=Files_renamed_by_imapsync\nmaxsize = 100000\nregexmess = s/a/b/\nregexmess "
     "= " WRAP "\ndisarmreadreceipts = no\nmaxmessagespersecond = 0\nrepair = auto\n",
     "office2: host2 = outlook.office365.com, ssl2 = yes, regexmess = " WRAP
     ", repair = auto, f1f2 = Files=Files_renamed_by_imapsync\n"},
    {"--office2;--host2;h;--nossl2;--nof1f2;--noregexmess;--regexmess;s/a/b/",
     "host2 = h\nssl2 = no\noffice2 = yes\nnof1f2 = yes\nmaxsize = 45000000\nregexmess = s/a/b/\n"
     "noregexmess = yes\ndisarmreadreceipts = yes\nmaxmessagespersecond = 4\nrepair = auto\n",
     "office2: maxsize = 45000000, maxmessagespersecond = 4, disarmreadreceipts = yes, repair = "
     "auto\n"},
    {"--exchange1", "exchange1 = yes\n", "exchange1: sets nothing\n"},
    {"--exchange2",
     "exchange2 = yes\nmaxsize = 10000000\nregexmess = " WRAP
     "\ndisarmreadreceipts = yes\nregexflag = s/\\\\Flagged//g\nmaxmessagespersecond = 4\nrepair = "
     "auto\n",
     "exchange2: maxsize = 10000000, maxmessagespersecond = 4, disarmreadreceipts = yes, regexflag "
     "= s/\\\\Flagged//g, regexmess = " WRAP ", repair = auto\n"},
    {"--gmail1",
     "host1 = imap.gmail.com\nssl1 = yes\ngmail1 = yes\nfolderlast = [Gmail]/All Mail\n"
     "automap = yes\nregextrans2 = s,\\[Gmail\\].,,\nuseheader = X-Gmail-Received\n"
     "useheader = Message-Id\nskipcrossduplicates = yes\nmaxbytespersecond = 40000\n"
     "maxbytesafter = 3000000000\n",
     "gmail1: host1 = imap.gmail.com, ssl1 = yes, maxbytespersecond = 40000, maxbytesafter = "
     "3000000000, automap = yes, skipcrossduplicates = yes, useheader = X-Gmail-Received, "
     "useheader = Message-Id, regextrans2 = s,\\[Gmail\\].,,, folderlast = [Gmail]/All Mail\n"},
    {"--gmail2;--maxbytespersecond;9;--noexclude;--noaddheader",
     "host2 = imap.gmail.com\nssl2 = yes\ngmail2 = yes\nfolderlast = [Gmail]/All Mail\n"
     "noexclude = yes\nautomap = yes\nregextrans2 = s,\\[Gmail\\].,,\n"
     "regextrans2 = s,^ +| +$,,g\nregextrans2 = s,/ +| +/,/,g\nregextrans2 = s/['^\"]/_/g\n"
     "addheader = no\nuseheader = Message-Id\nmaxbytespersecond = 9\n"
     "maxbytesafter = 1000000000\n",
     "gmail2: host2 = imap.gmail.com, ssl2 = yes, maxbytesafter = 1000000000, automap = yes, "
     "useheader = Message-Id, regextrans2 = s,\\[Gmail\\].,,, regextrans2 = s,^ +| +$,,g, "
     "regextrans2 = s,/ +| +/,/,g, regextrans2 = s/['^\"]/_/g, folderlast = [Gmail]/All Mail\n"},
    {"--gmail1;--gmail2;--noexclude;--folderlast;X",
     "host1 = imap.gmail.com\nssl1 = yes\nhost2 = imap.gmail.com\nssl2 = yes\ngmail1 = yes\n"
     "gmail2 = yes\nfolderlast = X\nfolderlast = [Gmail]/All Mail\nexclude = \\[Gmail\\]$\n"
     "noexclude = yes\nautomap = yes\nuseheader = X-Gmail-Received\nuseheader = Message-Id\n"
     "skipcrossduplicates = no\nsynclabels = yes\nresynclabels = yes\n"
     "maxbytespersecond = 20000\nmaxbytesafter = 1000000000\n",
     "gmail1 and gmail2: host1 = imap.gmail.com, ssl1 = yes, host2 = imap.gmail.com, ssl2 = yes, "
     "maxbytespersecond = 20000, maxbytesafter = 1000000000, automap = yes, skipcrossduplicates = "
     "no, synclabels = yes, resynclabels = yes, useheader = X-Gmail-Received, useheader = "
     "Message-Id, exclude = \\[Gmail\\]$, folderlast = [Gmail]/All Mail\n"},
    {"--domino1", "domino1 = yes\nsep1 = \\\nprefix1 = \nmessageidnodomain = yes\n",
     "domino1: sep1 = \\, prefix1 = , messageidnodomain = yes\n"},
    {"--domino2;--prefix2;X",
     "domino2 = yes\nsep2 = \\\nprefix2 = X\nmessageidnodomain = yes\n"
     "regextrans2 = s,^Inbox\\\\(.*),$1,i\n",
     "domino2: sep2 = \\, messageidnodomain = yes, regextrans2 = s,^Inbox\\\\(.*),$1,i\n"},
    {"--exchange2;--noregexflag;--noregexmess",
     "exchange2 = yes\nnoregexflag = yes\nmaxsize = 10000000\nnoregexmess = yes\n"
     "disarmreadreceipts = yes\nmaxmessagespersecond = 4\nrepair = auto\n",
     "exchange2: maxsize = 10000000, maxmessagespersecond = 4, disarmreadreceipts = yes, repair = "
     "auto\n"},
};

#define WORDS_MAX 24

static void settings_read(struct settings *settings, const char *words, struct buffer *faults)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    settings_init(settings);
    for (const char *p = words; p != NULL;) {
        size_t size = strcspn(p, ";");
        assert_true(argc < WORDS_MAX);
        argv[argc++] = mem_strndup(p, size);
        p = p[size] == '\0' ? NULL : p + size + 1;
    }
    assert_true(settings_parse_argv(settings, SETTINGS_SYNC, argc, argv, NULL, faults));
    while (argc > 0)
        mem_free(argv[--argc]);
}

#define LINES_MAX 40

/* The lines in the order of the settings' names; those of one name stay as they are. */
static void sort_lines(const char *text, struct buffer *sorted)
{
    const char *lines[LINES_MAX];
    size_t count = 0;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t at = count++;
        assert_true(count <= LINES_MAX);
        for (; at > 0; at--) {
            size_t size = strcspn(line, "=");
            size_t before = strcspn(lines[at - 1], "=");
            int order = strncmp(lines[at - 1], line, size < before ? size : before);
            if (order < 0 || (order == 0 && before <= size))
                break;
            lines[at] = lines[at - 1];
        }
        lines[at] = line;
    }
    for (size_t i = 0; i < count; i++)
        buffer_append(sorted, lines[i], strcspn(lines[i], "\n") + 1);
}

static void assert_same_lines(const char *a, const char *b)
{
    struct buffer sorted[2];
    for (int i = 0; i < 2; i++) {
        buffer_init(&sorted[i], 65536);
        sort_lines(i == 0 ? a : b, &sorted[i]);
    }
    assert_string_equal(buffer_str(&sorted[0]), buffer_str(&sorted[1]));
    buffer_deinit(&sorted[0]);
    buffer_deinit(&sorted[1]);
}

static void test_presets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;
        struct buffer text;
        buffer_init(&text, 65536);
        settings_read(&settings, rows[i].words, &text);
        settings_apply_presets(&settings);
        settings_append_echo(&settings, &text);
        assert_same_lines(buffer_str(&text), rows[i].echo);
        buffer_clear(&text);
        settings_append_presets(&settings, &text);
        if (rows[i].log != NULL)
            assert_string_equal(buffer_str(&text), rows[i].log);
        else
            assert_true(text.used > 0);
        settings_deinit(&settings);
        buffer_deinit(&text);
    }
}

/* A manifest's row may ask for one, and gives way to no command line. */
static void test_of_a_row(void **state)
{
    struct settings settings;
    struct buffer text;
    (void)state;
    buffer_init(&text, 65536);
    settings_read(&settings, "--maxsize;5M;--exclude;Junk", &text);
    assert_true(settings_set_column(&settings, "office2", "yes", &text));
    assert_true(settings_set_column(&settings, "maxmessagespersecond", "9", &text));
    assert_true(settings_set_column(&settings, "exclude", "Spam", &text));
    assert_true(settings_set_column(&settings, "office1", "1", &text));
    settings_apply_presets(&settings);
    settings_append_echo(&settings, &text);
    const char *echo = buffer_str(&text);
    assert_non_null(strstr(echo, "maxsize = 5000000\n"));
    assert_non_null(strstr(echo, "maxmessagespersecond = 9\n"));
    assert_non_null(strstr(echo, "exclude = Spam\nexclude = ^Files$\n"));
    assert_non_null(strstr(echo, "host2 = outlook.office365.com\n"));
    settings_deinit(&settings);
    buffer_deinit(&text);
}

static void test_who_says_it(void **state)
{
    struct settings settings;
    struct buffer text;
    (void)state;
    buffer_init(&text, 65536);
    settings_read(&settings, "--office2;--nof1f2", &text);
    assert_true(settings_preset_says(&settings, "f1f2", "Files=Files_renamed_by_imapsync"));
    assert_false(settings_preset_says(&settings, "f1f2", "Files=Plans"));
    assert_false(settings_preset_says(&settings, "exclude", "^Files$"));
    settings_deinit(&settings);
    settings_read(&settings, "--office1", &text);
    assert_false(settings_preset_says(&settings, "f1f2", "Files=Files_renamed_by_imapsync"));
    settings_deinit(&settings);
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_of_a_row),
        cmocka_unit_test(test_who_says_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
