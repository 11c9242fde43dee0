/* SPDX-License-Identifier: MIT
 * The log, and the small parts it is used with: fault, clock, stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_SIZE    (sizeof("2026-11-22T21:51:46.123Z ") - 1)

/* -- log -- */

struct log_fixture {
    char path[64];
    struct log *log;
};

static int log_setup(void **state)
{
    struct log_fixture *fixture = calloc(1, sizeof(*fixture));
    struct fault fault;
    if (fixture == NULL)
        return -1;
    strcpy(fixture->path, "/tmp/mailconvoy-log-XXXXXX");
    int fd = mkstemp(fixture->path);
    if (fd < 0 || close(fd) != 0 || unlink(fixture->path) != 0)
        return -1;
    fixture->log = log_open(fixture->path, &fault);
    *state = fixture;
    return fixture->log == NULL ? -1 : 0;
}

static int log_teardown(void **state)
{
    struct log_fixture *fixture = *state;
    log_close(&fixture->log);
    assert_null(fixture->log);
    (void)unlink(fixture->path);
    free(fixture);
    return 0;
}

/* The log so far, without the times at the start of its lines. */
static void log_read(struct log_fixture *fixture, struct buffer *text)
{
    struct buffer whole;
    struct fault fault;
    log_flush(fixture->log);
    buffer_init(&whole, 10000000);
    buffer_init(text, 10000000);
    assert_true(file_read_limited(fixture->path, 10000000, &whole, &fault));
    const char *line = buffer_str(&whole);
    while (*line != '\0') {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_true((size_t)(end - line) >= TIME_SIZE);
        assert_int_equal(line[TIME_SIZE - 2], 'Z');
        buffer_append(text, line + TIME_SIZE, (size_t)(end + 1 - line) - TIME_SIZE);
        line = end + 1;
    }
    buffer_deinit(&whole);
}

static void test_a_log_that_cannot_be_opened(void **state)
{
    struct fault fault;
    struct log *none = NULL;
    (void)state;
    assert_null(log_open("/nowhere/at/all.log", &fault));
    assert_int_equal(fault.code, FAULT_FILE);
    log_line(NULL, "swallowed");
    log_flush(NULL);
    log_show(NULL);
    log_close(&none);
}

static void test_a_server_cannot_forge_a_line(void **state)
{
    struct log_fixture *fixture = *state;
    struct buffer text;
    struct fault fault;
    log_line(fixture->log, "says: %s", "a\r\n2026-01-01T00:00:00.000Z forged\x1b[2J");
    fault_set(&fault, FAULT_APPEND, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 2, "no");
    log_fault(fixture->log, &fault);
    fault_set_server(&fault, "x\ny", 3);
    log_fault(fixture->log, &fault);
    log_read(fixture, &text);
    assert_string_equal(buffer_str(&text),
                        "says: a\\x0d\\x0a2026-01-01T00:00:00.000Z forged\\x1b[2J\n"
                        "no\n"
                        "no [server said: x\\x0ay]\n");
    buffer_deinit(&text);
}

static void test_only_the_owner_reads_it(void **state)
{
    struct log_fixture *fixture = *state;
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* Lines of every length near the buffers' limits, each byte to be escaped: none may run into the
   next. */
static void test_long_lines_stay_lines(void **state)
{
    struct log_fixture *fixture = *state;
    static char long_text[70000];
    struct buffer text;
    size_t lines = 0;
    memset(long_text, '\x01', sizeof(long_text) - 1);
    for (int length = 0; length < 69000; length += 997) {
        log_line(fixture->log, "%.*s", length, long_text);
        log_line(fixture->log, "%d", length);
    }
    log_read(fixture, &text);
    const char *line = buffer_str(&text);
    for (int length = 0; length < 69000; length += 997) {
        char number[16];
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        line = end + 1;
        (void)snprintf(number, sizeof(number), "%d\n", length);
        if (strncmp(line, number, strlen(number)) != 0)
            fail_msg("behind the line of %d bytes", length);
        line += strlen(number);
        lines += 2;
    }
    assert_int_equal(lines, 2 * 70);
    assert_string_equal(line, "");
    buffer_deinit(&text);
}

/* The longest line on top of the fullest buffer. */
static void test_a_long_line_keeps_its_end(void **state)
{
    enum {
        LINE = 16384,
        FULL = 32 * 1024 - 1,
        EXTRA = TIME_SIZE + 1
    };
    struct log_fixture *fixture = *state;
    static char long_text[LINE + 1];
    struct buffer text;
    log_flush(fixture->log);
    memset(long_text, 'x', LINE);
    log_line(fixture->log, "%.*s", 10000, long_text);
    log_line(fixture->log, "%.*s", 10000, long_text);
    log_line(fixture->log, "%.*s", (int)(FULL - 20000 - 3 * EXTRA), long_text);
    memset(long_text, '\x01', LINE);
    log_line(fixture->log, "%s", long_text);
    log_line(fixture->log, "last");
    log_read(fixture, &text);
    assert_int_equal(text.used, FULL - 3 * EXTRA + 3 + 4 * LINE + 1 + strlen("last\n"));
    assert_string_equal(buffer_str(&text) + text.used - strlen("\\x01\nlast\n"), "\\x01\nlast\n");
    buffer_deinit(&text);
}

static void *write_lines(void *context)
{
    struct log *log = context;
    for (int i = 0; i < 2000; i++)
        log_line(log, "a line that must not be torn apart");
    return NULL;
}

static void test_threads_do_not_mix_their_lines(void **state)
{
    struct log_fixture *fixture = *state;
    pthread_t threads[4];
    struct buffer text;
    size_t lines = 0;
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, fixture->log), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    log_read(fixture, &text);
    const char *expected = "a line that must not be torn apart\n";
    for (const char *line = buffer_str(&text); *line != '\0'; line += strlen(expected), lines++)
        assert_int_equal(strncmp(line, expected, strlen(expected)), 0);
    assert_int_equal(lines, 4 * 2000);
    buffer_deinit(&text);
}

static void test_an_old_log_is_continued(void **state)
{
    struct log_fixture *fixture = *state;
    struct buffer text;
    struct fault fault;
    log_line(fixture->log, "first");
    log_close(&fixture->log);
    fixture->log = log_open(fixture->path, &fault);
    assert_non_null(fixture->log);
    log_line(fixture->log, "second");
    log_read(fixture, &text);
    assert_string_equal(buffer_str(&text), "first\nsecond\n");
    buffer_deinit(&text);
}

/* -- fault -- */

static void test_faults_cut_what_is_too_long(void **state)
{
    struct fault fault;
    char text[2000];
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    fault_set(&fault, FAULT_QUOTA, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 2, "%s", text);
    fault_set_server(&fault, text, sizeof(text) - 1);
    assert_int_equal(strlen(fault.text), sizeof(fault.text) - 1);
    assert_int_equal(strlen(fault.server), sizeof(fault.server) - 1);
    fault_set(&fault, FAULT_QUOTA, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 2, "short");
    assert_string_equal(fault.server, "");
    assert_int_equal(fault.wait_msecs, 0);
    fault_clear(&fault);
    assert_int_equal(fault.code, FAULT_NONE);
}

static void test_exit_codes_are_imapsyncs(void **state)
{
    static const struct {
        enum fault_code code;
        int side;
        const char *name;
        int exit_code;
    } rows[] = {
        {FAULT_NONE, 0, "", 0},
        {FAULT_USAGE, 0, "usage", 64},
        {FAULT_AUTH, 1, "auth", 161},
        {FAULT_AUTH, 2, "auth", 162},
        {FAULT_CONNECT, 1, "connect", 101},
        {FAULT_CONNECT, 2, "connect", 102},
        {FAULT_TLS, 2, "tls", 12},
        {FAULT_QUOTA, 2, "quota", 113},
        {FAULT_TOO_BIG, 2, "too_big", 114},
        {FAULT_DELETE, 2, "delete", 111},
        {FAULT_STOPPED, 0, "stopped", 6},
        {FAULT_TRANSFER_LIMIT, 0, "transfer_limit", 118},
        {FAULT_INTERNAL, 0, "internal", 70},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fault fault;
        fault_set(&fault, rows[i].code, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, rows[i].side, "x");
        if (fault_sync_exit_code(&fault) != rows[i].exit_code ||
            strcmp(fault_code_name(rows[i].code), rows[i].name) != 0)
            fail_msg("row %zu: %d %s", i, fault_sync_exit_code(&fault),
                     fault_code_name(rows[i].code));
    }
}

/* -- clock -- */

static void test_times_as_text(void **state)
{
    static const struct {
        int64_t msecs;
        const char *text;
        const char *with_msecs;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {951782399999, "2000-02-28T23:59:59Z", "2000-02-28T23:59:59.999Z"},
        {951782400005, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.005Z"},
        {253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"},
    };
    char text[CLOCK_ISO8601_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        clock_format(rows[i].msecs, text);
        assert_string_equal(text, rows[i].text);
        clock_format_msecs(rows[i].msecs, text);
        assert_string_equal(text, rows[i].with_msecs);
    }
    clock_format_local(INT64_MAX, text); /* no such year: no crash */
    int64_t before = clock_mono_nsecs();
    assert_true(before > 0 && clock_mono_nsecs() >= before);
}

/* -- stop -- */

static bool stop_is_readable(const struct stop *stop)
{
    struct pollfd fd = {stop->fd, POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

static void test_a_stop_stays_requested(void **state)
{
    struct stop stop;
    (void)state;
    assert_true(stop_init(&stop));
    assert_false(stop_is_requested(&stop));
    assert_false(stop_is_readable(&stop));
    for (int i = 0; i < 100000; i++)
        stop_request(&stop);
    assert_true(stop_is_requested(&stop));
    assert_true(stop_is_readable(&stop));
    assert_true(stop_is_readable(&stop));
    stop_deinit(&stop);
    assert_int_equal(stop.fd, -1);
    stop_deinit(&stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_log_that_cannot_be_opened),
        cmocka_unit_test_setup_teardown(test_a_server_cannot_forge_a_line, log_setup, log_teardown),
        cmocka_unit_test_setup_teardown(test_only_the_owner_reads_it, log_setup, log_teardown),
        cmocka_unit_test_setup_teardown(test_long_lines_stay_lines, log_setup, log_teardown),
        cmocka_unit_test_setup_teardown(test_a_long_line_keeps_its_end, log_setup, log_teardown),
        cmocka_unit_test_setup_teardown(test_threads_do_not_mix_their_lines, log_setup,
                                        log_teardown),
        cmocka_unit_test_setup_teardown(test_an_old_log_is_continued, log_setup, log_teardown),
        cmocka_unit_test(test_faults_cut_what_is_too_long),
        cmocka_unit_test(test_exit_codes_are_imapsyncs),
        cmocka_unit_test(test_times_as_text),
        cmocka_unit_test(test_a_stop_stays_requested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
