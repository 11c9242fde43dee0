/* SPDX-License-Identifier: MIT
 * The end of a log and the lines of its messages, word by word: people search for these. */
#include "sync/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sync/progress_line.h"

#define SECOND 1000000000LL

static void assert_statistics(const struct statistics *statistics, const char *wanted)
{
    struct buffer text;
    buffer_init(&text, 65536);
    statistics_append(statistics, &text);
    assert_string_equal(buffer_str(&text), wanted);
    buffer_deinit(&text);
}

static void test_everything(void **state)
{
    const struct statistics statistics = {
        .started_msecs = 1000,
        .ended_msecs = 11000,
        .counts = {.source = 30,
                   .copied = 20,
                   .already = 4,
                   .excluded = 3,
                   .too_big = 2,
                   .failed = 1,
                   .bytes_copied = 20480},
        .figures = {.folders = 3,
                    .folders_synced = 2,
                    .duplicates = 1,
                    .cross_duplicates = 2,
                    .deleted = {5, 6},
                    .bytes_skipped = 2048,
                    .biggest_bytes = 4096,
                    .before = {true, -20, -20480},
                    .after = {true, 0, -512}},
        .reconnections = {1, 2},
        .errors = 7,
        .cpu_secs = 0.5,
        .memory_bytes = 40 * 1048576,
        .load = "0.10 0.20 0.30 1/234 5",
    };
    (void)state;
    assert_statistics(&statistics,
                      "++++ Statistics\n"
                      "Transfer started on                     : 1970-01-01T00:00:01Z\n"
                      "Transfer ended on                       : 1970-01-01T00:00:11Z\n"
                      "Transfer time                           : 10.0 sec\n"
                      "Folders synced                          : 2/3 synced\n"
                      "Messages transferred                    : 20\n"
                      "Messages skipped                        : 9\n"
                      "Messages found duplicate on host1       : 1\n"
                      "Messages found duplicate on host2       : not looked for\n"
                      "Messages found crossduplicate on host2  : 2\n"
                      "Messages void (noheader) on host1       : 0 (they are copied like all "
                      "others)\n"
                      "Messages void (noheader) on host2       : not looked for\n"
                      "Messages found in host1 not in host2    : 6 messages\n"
                      "Messages found in host2 not in host1    : not looked for\n"
                      "Messages deleted on host1               : 5\n"
                      "Messages deleted on host2               : 6\n"
                      "Total bytes transferred                 : 20480 (20.000 KiB)\n"
                      "Total bytes skipped                     : 2048 (2.000 KiB)\n"
                      "Message rate                            : 2.0 messages/s\n"
                      "Average bandwidth rate                  : 2.0 KiB/s\n"
                      "Reconnections to host1                  : 1\n"
                      "Reconnections to host2                  : 2\n"
                      "Memory consumption at the end           : 40.0 MiB (*time 0.1 MiB*h)\n"
                      "Load end is                             : 0.10 0.20 0.30 1/234 5\n"
                      "CPU time and %cpu                       : 0.50 sec 5.0 %cpu\n"
                      "Biggest message transferred             : 4096 bytes (4.000 KiB)\n"
                      "Memory/biggest message ratio            : 10240.0\n"
                      "Start difference host2 - host1          : -20 messages, -20480 bytes "
                      "(-20.000 KiB)\n"
                      "Final difference host2 - host1          : 0 messages, -512 bytes (-0.500 "
                      "KiB)\n"
                      "The sync is not finished, there are 6 identified messages in host1 that are "
                      "not on host2.\n"
                      "There is no unidentified message in host1.\n"
                      "The sync is not strict: what is on host2 alone stays there.\n"
                      "Detected 7 errors\n");
}

/* Parts of the text for less. */
static void test_words(void **state)
{
    static const struct {
        struct statistics statistics;
        const char *part;
    } rows[] = {
        {{.is_good = true, .counts = {.source = 3, .copied = 1, .already = 2}},
         "\nThe sync looks good, all 3 identified messages in host1 are on host2.\n"},
        {{.is_good = true, .counts = {.source = 3, .copied = 1, .excluded = 2}},
         "\nThe sync looks good, all messages in host1 are on host2 but 2 that were left out by "
         "rule or are gone; problems.csv lists them.\n"},
        {{.is_good = false, .counts = {.source = 3}},
         "\nThe sync is not finished, there are 3 identified messages in host1 that are not on "
         "host2.\n"},
        {{.is_dry = true, .counts = {.source = 3, .excluded = 3}},
         "\nMessages transferred                    : 0 (could be 3 without dry mode)\n"},
        {{.is_strict = true},
         "\nThe sync is strict: what is on host2 alone is deleted "
         "(--delete2).\n"},
        {{.load = ""}, "\nMessage rate                            : 0.0 messages/s\n"},
        {{.load = ""},
         "\nFinal difference host2 - host1          : not measured (--foldersizes "
         "does)\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct statistics statistics = rows[i].statistics;
        struct buffer text;
        statistics.load = "";
        buffer_init(&text, 65536);
        statistics_append(&statistics, &text);
        assert_non_null(strstr(buffer_str(&text), rows[i].part));
        buffer_deinit(&text);
    }
}

static void test_progress_line(void **state)
{
    static const struct {
        struct progress_line line;
        int64_t now_nsecs;
        const char *text;
    } rows[] = {
        {{.began_nsecs = SECOND, .copied = 4, .bytes = 40960},
         3 * SECOND,
         "2.00 msgs/s 20.000 KiB/s 40.000 KiB copied"},
        {{.began_nsecs = SECOND, .copied = 4, .bytes = 40960, .planned = 12, .settled = 4},
         3 * SECOND,
         "2.00 msgs/s 20.000 KiB/s 40.000 KiB copied ETA: 1970-01-01T00:00:12Z 2 s 4/12 msgs "
         "left"},
        /* More came than was planned; no time has passed. */
        {{.began_nsecs = SECOND, .copied = 4, .planned = 3, .settled = 4},
         SECOND,
         "4000.00 msgs/s 0.000 KiB/s 0.000 KiB copied ETA: 1970-01-01T00:00:10Z 0 s 0/3 msgs "
         "left"},
    };
    struct buffer text;
    (void)state;
    buffer_init(&text, 1000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buffer_clear(&text);
        progress_line_append(&rows[i].line, rows[i].now_nsecs, 10000, &text);
        assert_string_equal(buffer_str(&text), rows[i].text);
    }
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_progress_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
