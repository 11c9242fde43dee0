/* SPDX-License-Identifier: MIT
 * What is done to messages, without any server; commands are played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/messages/transform.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MESSAGE "Message-ID: <1@x>\r\nSubject: hello\r\n\r\nfirst\r\nsecond\r\n"

/* -- commands -- */

struct player {
    char commands[256]; /* that were run, blank-separated */
};

/* "upper" writes capitals, "lf" drops every CR, "empty", "fail" and "stop" are what they say; any
   other word is put before the message. */
static enum pipe_outcome play(void *context, const char *command, const void *data, size_t size,
                              struct buffer *output, char reason_r[PIPE_REASON_SIZE])
{
    struct player *player = context;
    const char *text = data;
    size_t used = strlen(player->commands);
    (void)snprintf(player->commands + used, sizeof(player->commands) - used, "%s ", command);
    if (strcmp(command, "stop") == 0)
        return PIPE_STOPPED;
    if (strcmp(command, "fail") == 0) {
        (void)snprintf(reason_r, PIPE_REASON_SIZE, "ended with status 3");
        return PIPE_FAILED;
    }
    bool is_word = strcmp(command, "upper") != 0 && strcmp(command, "lf") != 0;
    if (is_word)
        buffer_append_str(output, command);
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (strcmp(command, "lf") == 0 && c == '\r')
            continue;
        if (strcmp(command, "upper") == 0 && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        buffer_append_byte(output, (unsigned char)c);
    }
    return PIPE_DONE;
}

/* -- one message through one set of options -- */

struct trial {
    struct settings settings;
    struct transform *transform;
    struct transform_scratch scratch;
    struct transform_result result;
    struct player player;
    bool was_refused;
};

/* Options as on the command line, '~' between the words. */
static void trial_init(struct trial *trial, const char *options)
{
    char *argv[40];
    int argc = 0;
    struct buffer faults;
    char *words = mem_strdup(options);
    memset(trial, 0, sizeof(*trial));
    settings_init(&trial->settings);
    buffer_init(&faults, 4096);
    for (char *at = words; at != NULL && *at != '\0';) {
        char *tilde = strchr(at, '~');
        argv[argc++] = at;
        if (tilde != NULL)
            *tilde++ = '\0';
        at = tilde;
    }
    if (!settings_parse_argv(&trial->settings, SETTINGS_SYNC, argc, argv, NULL, &faults) ||
        !transform_check_settings(&trial->settings, &faults))
        fail_msg("%s: %s", options, buffer_str(&faults));
    trial->transform = transform_init(&trial->settings, &faults);
    assert_non_null(trial->transform);
    transform_scratch_init(&trial->scratch);
    buffer_deinit(&faults);
    mem_free(words);
}

static void trial_deinit(struct trial *trial)
{
    transform_deinit(&trial->transform);
    transform_scratch_deinit(&trial->scratch);
    settings_deinit(&trial->settings);
}

static void trial_run(struct trial *trial, const char *message, size_t size)
{
    const struct transform_message given = {message, size, 7, trial->was_refused};
    const struct transform_pipe pipe = {&trial->player, play};
    transform_run(trial->transform, &given, &pipe, &trial->scratch, &trial->result);
    if (trial->result.outcome == TRANSFORM_APPEND && !trial->result.is_own)
        assert_ptr_equal(trial->result.data, message);
}

#define AS_IT_IS   0
#define KIND(kind) (1u << CHANGE_##kind)

/* clang-format off */
static const struct {
    const char *options;
    const char *message; /* NULL: MESSAGE */
    const char *wanted;  /* NULL: as it is */
    unsigned int changes;
} changed[] = {
    /* the wrap rule; a CR is a character, so one byte less than the limit gains an empty line */
    {"--regexmess~s,(.{20}),$1\\r\\n,g", NULL, NULL, AS_IT_IS},
    {"--regexmess~s,(.{5}),$1\\r\\n,g", "abcd\r\n", "abcd\r\r\n\r\n", KIND(WRAPPED)},
    {"--regexmess~s,(.{5}),$1\\r\\n,g", "abc\r\n", NULL, AS_IT_IS},
    {"--regexmess~s,(.{5}),$1\\r\\n,g", "abcdefghijk\r\nx\r\n",
     "abcde\r\nfghij\r\nk\r\nx\r\n", KIND(WRAPPED)},
    /* and in its general form: the same bytes */
    {"--regexmess~s,(.{4}.),$1\\r\\n,g", "abcd\r\n", "abcd\r\r\n\r\n", KIND(EDITED)},
    {"--regexmess~s,(.{4}.),$1\\r\\n,g", "abcdefghijk\r\nx\r\n",
     "abcde\r\nfghij\r\nk\r\nx\r\n", KIND(EDITED)},
    /* expressions, one after the other */
    {"--regexmess~s/hello/bye/", NULL,
     "Message-ID: <1@x>\r\nSubject: bye\r\n\r\nfirst\r\nsecond\r\n", KIND(EDITED)},
    {"--regexmess~s/nowhere/bye/", NULL, NULL, AS_IT_IS},
    {"--regexmess~s/a/b/g~--regexmess~s/b/c/g~--regexmess~s/x/y/g", "aba\r\n", "ccc\r\n", KIND(EDITED)},
    /* an LF that an expression brings becomes CR LF */
    {"--regexmess~s/\\A/X-From: me\\n/", "A: b\r\n\r\n", "X-From: me\r\nA: b\r\n\r\n", KIND(EDITED)},
    {"--regexmess~s/b/c/", "a\nb\r\n\n", "a\r\nc\r\n\r\n", KIND(EDITED)},
    {"--regexmess~s/q/c/", "a\nb\r\n\n", NULL, AS_IT_IS},
    /* read receipts: the top header block, the first one, any case, with its folds */
    {"--disarmreadreceipts", NULL, NULL, AS_IT_IS},
    {"--disarmreadreceipts", "Disposition-Notification-To: <a@b>\r\n\r\nx\r\n",
     "X-Disposition-Notification-To: <a@b>\r\n\r\nx\r\n", KIND(DISARMED)},
    {"--disarmreadreceipts", "A: b\r\ndisposition-NOTIFICATION-to: <a@b>,\r\n\t<c@d>\r\nB: c\r\n\r\nx",
     "A: b\r\nX-disposition-NOTIFICATION-to: <a@b>,\r\n\t<c@d>\r\nB: c\r\n\r\nx", KIND(DISARMED)},
    {"--disarmreadreceipts", "A: b\r\n\r\nDisposition-Notification-To: <a@b>\r\n", NULL, AS_IT_IS},
    {"--disarmreadreceipts", "A: b\r\n Disposition-Notification-To: <a@b>\r\n\r\n", NULL, AS_IT_IS},
    {"--disarmreadreceipts", "X-Disposition-Notification-To: <a@b>\r\n\r\n", NULL, AS_IT_IS},
    {"--disarmreadreceipts", "Disposition-Notification-Too: <a@b>\r\n\r\n", NULL, AS_IT_IS},
    {"--disarmreadreceipts",
     "Disposition-Notification-To: <a>\r\nDisposition-Notification-To: <b>\r\n\r\n",
     "X-Disposition-Notification-To: <a>\r\nX-Disposition-Notification-To: <b>\r\n\r\n", KIND(DISARMED)},
    {"--disarmreadreceipts", "A: b\nDisposition-Notification-To: <a@b>\n\nx\n",
     "A: b\nX-Disposition-Notification-To: <a@b>\n\nx\n", KIND(DISARMED)},
    {"--disarmreadreceipts", "", NULL, AS_IT_IS},
    /* after the expressions */
    {"--disarmreadreceipts~--regexmess~s/Ask/Disposition-Notification-To/", "Ask: x\r\n\r\n",
     "X-Disposition-Notification-To: x\r\n\r\n", KIND(EDITED) | KIND(DISARMED)},
    /* commands, one after the other, behind the expressions */
    {"--pipemess~one~--pipemess~upper~--regexmess~s/x/q/", "x\r\n", "ONEQ\r\n",
     KIND(EDITED) | KIND(PIPED)},
    {"--pipemess~lf", "a\r\nb\r\n", "a\r\nb\r\n", KIND(PIPED)},
    /* the header comes behind the commands, the cut behind the header; the original decides */
    {"--addheader~--truncmess~1000", NULL, NULL, AS_IT_IS},
    {"--addheader~--truncmess~1000", "Received: x\r\n\r\n", NULL, AS_IT_IS},
    {"--addheader~--truncmess~1000", "A: b\r\n\r\nx", "Message-Id: <7@imapsync>\r\nA: b\r\n\r\nx",
     KIND(HEADER_ADDED)},
    {"--addheader~--pipemess~upper", "a: b\r\n\r\nx", "Message-Id: <7@imapsync>\r\nA: B\r\n\r\nX",
     KIND(PIPED) | KIND(HEADER_ADDED)},
    {"--addheader~--regexmess~s/Subject/Message-ID/", "Subject: b\r\n\r\nx",
     "Message-Id: <7@imapsync>\r\nMessage-ID: b\r\n\r\nx", KIND(EDITED) | KIND(HEADER_ADDED)},
    {"--addheader~--truncmess~30", "A: b\r\n\r\nx", "Message-Id: <7@imapsync>\r\nA: b",
     KIND(HEADER_ADDED) | KIND(TRUNCATED)},
    /* cut if larger than n: equal stays */
    {"--truncmess~5", "12345", NULL, AS_IT_IS},
    {"--truncmess~5", "123456", "12345", KIND(TRUNCATED)},
    {"--truncmess~1", "123456", "1", KIND(TRUNCATED)},
    /* bytes are counted before LFs become CR LF, as in imapsync */
    {"--regexmess~s/x/y/~--truncmess~4", "x\n\n\nz\n", "y\r\n\r\n\r\n", KIND(EDITED) | KIND(TRUNCATED)},
    /* line lengths: the end counts, equal is fine */
    {"--maxlinelength~7", "12345\r\n1\r\n", NULL, AS_IT_IS},
    {"--minmaxlinelength~6", "12345\r\n1\r\n", NULL, AS_IT_IS},
    {"--maxlinelength~6~--maxlinelengthcmd~cmd", "12345\r\n1\r\n", "cmd12345\r\n1\r\n",
     KIND(LINES_FILTERED)},
    {"--maxlinelength~7~--maxlinelengthcmd~cmd", "12345\r\n1\r\n", NULL, AS_IT_IS},
    {"--maxlinelength~10241", NULL, NULL, AS_IT_IS},
    /* behind the cut and the wrap */
    {"--maxlinelength~6~--truncmess~6", "12345\r\n1\r\n", "12345\r", KIND(TRUNCATED)},
    {"--maxlinelength~6~--regexmess~s,(.{4}),$1\\r\\n,g", "1234567\r\n", "1234\r\n567\r\r\n\r\n",
     KIND(WRAPPED)},
    {"--skipmess~m/nowhere/", NULL, NULL, AS_IT_IS},
    {"--debugcontent", NULL, NULL, AS_IT_IS},
};
/* clang-format on */

static void test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changed); i++) {
        const char *message = changed[i].message == NULL ? MESSAGE : changed[i].message;
        const char *wanted = changed[i].wanted == NULL ? message : changed[i].wanted;
        struct trial trial;
        if (message[0] == '\0')
            continue; /* see test_empty() */
        trial_init(&trial, changed[i].options);
        trial_run(&trial, message, strlen(message));
        const struct transform_result *result = &trial.result;
        if (result->outcome != TRANSFORM_APPEND || result->size != strlen(wanted) ||
            memcmp(result->data, wanted, result->size) != 0 ||
            result->changes != changed[i].changes)
            fail_msg("%s: outcome %d, changes %x, \"%.*s\" %s", changed[i].options,
                     (int)result->outcome, result->changes, (int)result->size,
                     result->data == NULL ? "" : (const char *)result->data, result->reason);
        /* What is not touched is not copied. */
        if (changed[i].changes == AS_IT_IS)
            assert_false(result->is_own);
        trial_deinit(&trial);
    }
}

#define A20  "aaaaaaaaaaaaaaaaaaaa"
#define A100 A20 A20 A20 A20 A20
#define QP   "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
#define Q100 A20 A20 A20 "aaaaaaaaaaaaaaa=\r\naaaaa" A20 "\r\n"

/* What of --repair and --longlines goes together with what. */
/* clang-format off */
static const struct {
    const char *options;
    const char *message;
    bool was_refused;
    enum transform_outcome outcome;
    const char *wanted; /* NULL: as it is */
    const char *words;
} repaired[] = {
    {"--repair", "A: b\n\nx", false, TRANSFORM_APPEND, "A: b\r\n\r\nx\r\n", "line ends repaired, last line ended"},
    {"--repair~all", "A: \xfc\r\n\r\n", true, TRANSFORM_APPEND, "A: =?UTF-8?B?w7w=?=\r\n\r\n", "header encoded"},
    {"--repair~all", "A: b\r\n\r\n", true, TRANSFORM_APPEND, NULL, ""},
    {"--repair~--addheader", "A: b\r\n\r\n", false, TRANSFORM_APPEND,
     "Message-Id: <7@imapsync>\r\nA: b\r\n\r\n", "Message-Id added"},
    {"--repair=AUTO", "A: b\n\nx", false, TRANSFORM_APPEND, NULL, ""},
    {"--repair~auto", "A: b\n\nx\n", true, TRANSFORM_APPEND, "A: b\r\n\r\nx\r\n", "line ends repaired"},
    {"--repair~auto", "A: b\r\n\r\nx\r\n", true, TRANSFORM_HOPELESS, NULL, ""},
    {"--repair~off", "A: b\n\nx\n", true, TRANSFORM_APPEND, NULL, ""},
    {"--regexmess~s/b/x\\n/~--repair~auto", "A: b\n\nx\n", true, TRANSFORM_APPEND, "A: x\r\n\r\n\r\nx\r\n",
     "edited, line ends repaired"},
    /* longer than 998 bytes */
    {"--repair", "\r\n" A100 A100 A100 A100 A100 A100 A100 A100 A100 A20 A20 A20 A20 "aaaaaaaaaaaaaaaaaa\r\n", false,
     TRANSFORM_APPEND, NULL, ""},
    /* encoded in place of cut; and cut where there is no way */
    {"--longlines~encode~--regexmess~s,(.{100}),$1\\r\\n,g", "A: b\r\n\r\n" A100 "\r\n", false,
     TRANSFORM_APPEND, "A: b\r\n" QP Q100, "long lines encoded"},
    {"--longlines~encode~--regexmess~s,(.{101}),$1\\r\\n,g", "A: b\r\n\r\n" A100 "\r\n", false,
     TRANSFORM_APPEND, "A: b\r\n" QP Q100, "long lines encoded"},
    {"--longlines~encode~--regexmess~s,(.{102}),$1\\r\\n,g", "A: b\r\n\r\n" A100 "\r\n", false,
     TRANSFORM_APPEND, NULL, ""},
    {"--longlines~cut~--regexmess~s,(.{102}),$1\\r\\n,g", "A: b\r\n\r\n" A100 A20 "\r\n", false,
     TRANSFORM_APPEND, "A: b\r\n\r\n" A100 "aa\r\naaaaaaaaaaaaaaaaaa\r\n", "1 lines wrapped"},
    {"--longlines~encode~--regexmess~s,(.{100}),$1\\r\\n,g",
     "Content-Transfer-Encoding: x-uue\r\n\r\n" A100 "a\r\n", false,
     TRANSFORM_APPEND, "Content-Transfer-Encoding: x-uue\r\n\r\n" A100 "\r\na\r\n", "1 lines wrapped"},
    {"--longlines~encode~--maxlinelength~101", "A: b\r\n\r\n" A100 "\r\n", false,
     TRANSFORM_APPEND, "A: b\r\n" QP Q100, "long lines encoded"},
    {"--longlines~encode~--maxlinelength~102", "A: b\r\n\r\n" A100 "\r\n", false,
     TRANSFORM_APPEND, NULL, ""},
    {"--longlines~encode~--maxlinelength~101", "Content-Transfer-Encoding: x-uue\r\n\r\n" A100 "\r\n", false,
     TRANSFORM_EXCLUDED, NULL, ""},
    {"--longlines~encode", "A: b\r\n\r\n" A100 A100 "\r\n", false, TRANSFORM_APPEND, NULL, ""},
};
/* clang-format on */

static void test_repairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(repaired); i++) {
        const char *wanted = repaired[i].wanted == NULL ? repaired[i].message : repaired[i].wanted;
        struct trial trial;
        struct buffer words;
        buffer_init(&words, 4096);
        trial_init(&trial, repaired[i].options);
        trial.was_refused = repaired[i].was_refused;
        trial_run(&trial, repaired[i].message, strlen(repaired[i].message));
        const struct transform_result *result = &trial.result;
        transform_append_changes(result, &words);
        if (result->outcome != repaired[i].outcome ||
            (result->outcome == TRANSFORM_APPEND &&
             (result->size != strlen(wanted) || memcmp(result->data, wanted, result->size) != 0)) ||
            strcmp(buffer_str(&words), repaired[i].words) != 0)
            fail_msg("%s: outcome %d, %s, \"%.*s\" %s", repaired[i].options, (int)result->outcome,
                     buffer_str(&words), (int)result->size,
                     result->data == NULL ? "" : (const char *)result->data, result->reason);
        trial_deinit(&trial);
        buffer_deinit(&words);
    }
}

static const struct {
    const char *options;
    enum transform_outcome outcome;
    const char *reason;
    const char *commands;
} ended[] = {
    {"--skipmess~m/HELLO/i", TRANSFORM_EXCLUDED, "rule: --skipmess m/HELLO/i", ""},
    {"--skipmess~/hello/", TRANSFORM_EXCLUDED, "rule: --skipmess /hello/", ""},
    {"--skipmess~m/no/~--skipmess~m/first/", TRANSFORM_EXCLUDED, "rule: --skipmess m/first/", ""},
    /* first of all: the original is looked at */
    {"--skipmess~m/hello/~--regexmess~s/hello/bye/~--pipemess~cmd", TRANSFORM_EXCLUDED,
     "rule: --skipmess m/hello/", ""},
    {"--pipemess~fail~--pipemess~cmd", TRANSFORM_FAILED,
     "--pipemess: the command \"fail\" ended with status 3", "fail "},
    {"--pipemess~stop~--pipemess~cmd", TRANSFORM_STOPPED, "the run was stopped", "stop "},
    {"--maxlinelength~18", TRANSFORM_EXCLUDED, "rule: a line is longer than --maxlinelength 18",
     ""},
    {"--minmaxlinelength~19", TRANSFORM_EXCLUDED, "rule: no line longer than --minmaxlinelength 19",
     ""},
    {"--maxlinelength~18~--maxlinelengthcmd~fail", TRANSFORM_FAILED,
     "--maxlinelengthcmd: the command \"fail\" ended with status 3", "fail "},
    {"--regexmess~s/.*//gs", TRANSFORM_FAILED, "nothing is left of it after what was to be changed",
     ""},
};

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ended); i++) {
        struct trial trial;
        trial_init(&trial, ended[i].options);
        trial_run(&trial, MESSAGE, strlen(MESSAGE));
        if (trial.result.outcome != ended[i].outcome ||
            strcmp(trial.result.reason, ended[i].reason) != 0 ||
            strcmp(trial.player.commands, ended[i].commands) != 0)
            fail_msg("%s: %d, %s (%s)", ended[i].options, (int)trial.result.outcome,
                     trial.result.reason, trial.player.commands);
        trial_deinit(&trial);
    }
}

/* imapsync's documented rule: lines of 10239 and of one byte less. */
static void test_wrap_boundaries(void **state)
{
    static const struct {
        size_t length; /* of the line without its end */
        size_t added;
    } rows[] = {
        {10237, 0}, {10238, 3}, /* CR LF behind the CR, and the LF becomes CR LF: an empty line */
        {10239, 2}, {10240, 2}, {2 * 10239 - 1, 5}, {2 * 10239, 4},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct trial trial;
        size_t size = rows[i].length + 2;
        char *line = mem_alloc(size + 1);
        memset(line, 'x', rows[i].length);
        memcpy(line + rows[i].length, "\r\n", 2);
        trial_init(&trial, "--regexmess~s,(.{10239}),$1\\r\\n,g");
        trial_run(&trial, line, size);
        assert_int_equal(trial.result.outcome, TRANSFORM_APPEND);
        assert_int_equal(trial.result.size, size + rows[i].added);
        assert_int_equal(trial.result.wrapped_lines, rows[i].added > 0);
        trial_deinit(&trial);
        /* The line of 10239 and its end are 10241 bytes. */
        trial_init(&trial, "--maxlinelength~10241");
        trial_run(&trial, line, size);
        assert_int_equal(trial.result.outcome,
                         rows[i].length <= 10239 ? TRANSFORM_APPEND : TRANSFORM_EXCLUDED);
        assert_int_equal(trial.result.longest_line, size);
        trial_deinit(&trial);
        mem_free(line);
    }
}

/* The scratch is used again, and what one message left never gets into the next. */
static void test_one_after_the_other(void **state)
{
    struct trial trial;
    (void)state;
    trial_init(&trial, "--regexmess~s/a/bb/g~--pipemess~upper");
    for (int i = 0; i < 3; i++) {
        trial_run(&trial, "aaaa\r\n", 6);
        assert_int_equal(trial.result.size, 10);
        assert_memory_equal(trial.result.data, "BBBBBBBB\r\n", 10);
        trial_run(&trial, "c\r\n", 3);
        assert_int_equal(trial.result.size, 3);
        assert_memory_equal(trial.result.data, "C\r\n", 3);
        transform_scratch_release(&trial.scratch);
    }
    trial_deinit(&trial);
}

static void test_empty(void **state)
{
    struct trial trial;
    (void)state;
    trial_init(&trial, "--disarmreadreceipts~--regexmess~s,(.{9}),$1\\r\\n,g");
    trial_run(&trial, "", 0);
    assert_int_equal(trial.result.outcome, TRANSFORM_FAILED);
    trial_deinit(&trial);
}

/* Larger than what is looked through: never copied as it is. */
static void test_ceiling(void **state)
{
    struct trial trial;
    (void)state;
    trial_init(&trial, "--truncmess~5");
    trial_run(&trial, NULL, TRANSFORM_MAX_BYTES + 1);
    assert_int_equal(trial.result.outcome, TRANSFORM_FAILED);
    assert_non_null(strstr(trial.result.reason, "268435456 bytes"));
    trial_deinit(&trial);
}

static void test_words(void **state)
{
    struct transform_result result = {.changes = KIND(WRAPPED) | KIND(DISARMED) | KIND(TRUNCATED),
                                      .wrapped_lines = 3};
    struct buffer text;
    (void)state;
    buffer_init(&text, 1000);
    transform_append_changes(&result, &text);
    assert_string_equal(buffer_str(&text), "3 lines wrapped, read receipt disarmed, truncated");
    buffer_clear(&text);
    result.changes = KIND(PIPED);
    transform_append_changes(&result, &text);
    assert_string_equal(buffer_str(&text), "piped");
    buffer_deinit(&text);
}

static void test_bad_settings(void **state)
{
    static const struct {
        const char *options[4];
        const char *beginning;
    } rows[] = {
        {{"--regexmess", "s/a/b"}, "regexmess can't be used: s/a/b "},
        {{"--regexmess", ""}, "regexmess can't be used: "},
        {{"--regexmess", "s,(.{10239}),\\r\\n,g"},
         "regexmess: s,(.{10239}),\\r\\n,g would throw away what it catches: inside double "
         "quotes "},
        {{"--skipmess", "m/(/"}, "skipmess can't be used: m/(/ "},
        {{"--pipemess", "  "}, "pipemess is empty"},
        {{"--maxlinelengthcmd", "cat"}, "maxlinelengthcmd is without effect"},
        {{"--maxlinelengthcmd=cat", "--maxlinelength=999", "--longlines", "encode"},
         "maxlinelengthcmd and longlines encode are both asked for"},
        {{"--maxlinelength=99", "--longlines", "encode"}, "longlines encode can't make lines that"},
        {{"--regexmess", "s,(.{99}),$1\\r\\n,g", "--longlines=encode"},
         "longlines encode can't make lines that"},
        {{"--maxlinelengthcmd", "", "--maxlinelength", "9"}, "maxlinelengthcmd is empty"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct settings settings;
        struct buffer faults;
        char *argv[4];
        int argc = 0;
        buffer_init(&faults, 4096);
        settings_init(&settings);
        for (; argc < 4 && rows[i].options[argc] != NULL; argc++)
            argv[argc] = mem_strdup(rows[i].options[argc]);
        assert_true(settings_parse_argv(&settings, SETTINGS_SYNC, argc, argv, NULL, &faults));
        assert_false(transform_check_settings(&settings, &faults));
        assert_ptr_equal(strstr(buffer_str(&faults), rows[i].beginning), buffer_str(&faults));
        for (int k = 0; k < argc; k++)
            mem_free(argv[k]);
        settings_deinit(&settings);
        buffer_deinit(&faults);
    }
}

static void test_wanted(void **state)
{
    static const char *const options[] = {
        "--skipmess~m/a/",
        "--regexmess~s/a/b/",
        "--pipemess~cat",
        "--disarmreadreceipts",
        "--truncmess~9",
        "--maxlinelength~0",
        "--debugcontent",
        "--minmaxlinelength~0",
        "--maxlinelength~9~--maxlinelengthcmd~cat",
        "--debugmaxlinelength",
        "--repair",
        "--repair~all",
    };
    static const char *const others[] = {
        "",
        "--repair~auto",
        "--repair~off",
        "--longlines~encode",
        "--addheader",
        "--idatefromheader",
        "--nopipemesscheck",
        "--noregexmess",
        "--nodisarmreadreceipts",
    };
    struct trial trial;
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        trial_init(&trial, options[i]);
        assert_true(transform_is_wanted(&trial.settings));
        trial_deinit(&trial);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        trial_init(&trial, others[i]);
        assert_false(transform_is_wanted(&trial.settings));
        trial_deinit(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_wrap_boundaries),
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
