/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "report/command.h"
#include "report/run_files.h"
#include "report/summary.h"
#include "report/trouble.h"
#include "store/store.h"

#define RUN "20261122T215146Z-1"

struct fixture {
    char dir[64];
    char path[128];
    struct store *store;
    struct fault fault;
};

static const char *in_dir(struct fixture *f, const char *name)
{
    (void)snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, name);
    return f->path;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_int_equal(setenv("TZ", "CET-1", 1), 0);
    tzset();
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/mailconvoy-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_true(store_open(in_dir(f, "state.db"), &f->store, &f->fault));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db",     "summary.txt",      "summary.csv",
                                        "summary.json", "problems.csv",     "folders.csv",
                                        "report.html",  "verification.csv", "out"};
    struct fixture *f = *state;
    assert_true(f->store == NULL || store_close(&f->store, &f->fault));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(in_dir(f, names[i]));
    assert_int_equal(rmdir(f->dir), 0); /* no half-written file stays */
    free(f);
    return 0;
}

static void add_run(struct fixture *f, const char *id, int64_t started_msecs)
{
    struct store_run run = {.id = id,
                            .command = "batch",
                            .version = "0.1",
                            .manifest = "/m/\x1b[2Jusers.csv",
                            .settings = "parallel = 4\npassword1 = MASKED\n",
                            .started_msecs = started_msecs};
    assert_true(store_run_begin(f->store, &run, &f->fault));
}

static void add_job(struct fixture *f, int64_t row, const char *label, const char *user1,
                    const char *user2)
{
    struct store_job job = {
        .row = row, .label = label, .host1 = "a", .user1 = user1, .host2 = "b", .user2 = user2};
    assert_true(store_job_add(f->store, RUN, &job, &f->fault));
}

static void end_job(struct fixture *f, int64_t row, enum job_status status, const char *code,
                    const char *error)
{
    assert_true(store_job_end(f->store, RUN, row, status, 1795384309500, code, error, &f->fault));
}

static void diagnose_job(struct fixture *f, int64_t row, const char *diagnosis)
{
    assert_true(store_job_diagnose(f->store, RUN, row, diagnosis, &f->fault));
}

static void add_folder(struct fixture *f, int64_t row, const char *name,
                       struct message_counts counts)
{
    struct store_folder folder = {
        .source_name = name, .destination_name = name, .error = "", .counts = counts};
    assert_true(store_folder_add(f->store, RUN, row, &folder, &f->fault));
}

static void add_problem(struct fixture *f, int64_t row, uint32_t uid, uint64_t messages,
                        enum problem_reason reason, const char *server_text, const char *diagnosis)
{
    struct store_problem problem = {.folder = "INBOX",
                                    .uid = uid,
                                    .messages = messages,
                                    .message_id = uid == 0 ? "" : "=<id,1>",
                                    .date = uid == 0 ? "" : "2026-01-02T03:04:05Z",
                                    .size_bytes = uid == 0 ? 0 : 99,
                                    .reason = reason,
                                    .server_text = server_text,
                                    .diagnosis = diagnosis};
    assert_true(store_problem_add(f->store, RUN, row, &problem, &f->fault));
}

#define SIGN_IN                                                                               \
    "Check user name and password by hand, in another mail program; mind blanks and special " \
    "characters (put the password into a file: --passfile1)"
#define VIRUS   "Look at the message on the source; leave it behind, or delete it there"
#define MAXSIZE "Raise --maxsize and run again: the next run brings what was left out"

#define ADVICE                                                                                 \
    "\nWhat to do, the most frequent first:\n"                                                 \
    "  The destination's scanner refuses the message (1 mailbox, 1 message):\n    " VIRUS "\n" \
    "    More: mailconvoy explain virus\n"                                                     \
    "  The sign-in was refused (1 mailbox):\n    " SIGN_IN "\n"                                \
    "    More: mailconvoy explain sign-in-refused\n"                                           \
    "  Left out by your own size limit (1 message):\n    " MAXSIZE "\n"                        \
    "    More: mailconvoy explain over-maxsize\n"

/* A run with every status, hostile words, and counts that match the list of problems. */
static void fill(struct fixture *f)
{
    add_run(f, RUN, 1795384306250);
    add_job(f, 1, "", "anna@a", "anna@b");
    add_job(f, 2, "=cmd|'/c calc'!A1", "bob \"the\nbuilder\"\x1b[31m", "b,2");
    add_job(f, 3, "", "carl", "a very long name that no table can hold in one column");
    add_job(f, 4, "", "dora", "dora");
    assert_true(store_job_start(f->store, RUN, 1, 1795384307000, &f->fault));
    assert_true(store_job_start(f->store, RUN, 2, 1795384307000, &f->fault));
    assert_true(store_job_start(f->store, RUN, 3, 1795384307000, &f->fault));
    /* Attempts add up. */
    assert_true(store_job_deleted(f->store, RUN, 1, 3, 2, &f->fault));
    assert_true(store_job_deleted(f->store, RUN, 1, 4, 0, &f->fault));
    assert_false(store_job_deleted(f->store, RUN, 99, 1, 0, &f->fault));
    add_folder(
        f, 1, "INBOX",
        (struct message_counts){.source = 10, .copied = 7, .already = 3, .bytes_copied = 2048});
    add_folder(f, 1, "Caf\xc3\xa9 \"x\"",
               (struct message_counts){.source = 1, .copied = 1, .bytes_copied = 1});
    add_folder(f, 2, "INBOX",
               (struct message_counts){.source = 9,
                                       .copied = 1,
                                       .excluded = 1,
                                       .too_big = 1,
                                       .failed = 1,
                                       .unreadable = 4,
                                       .vanished = 1,
                                       .bytes_copied = 5});
    add_folder(f, 3, "INBOX", (struct message_counts){.source = 20, .copied = 5});
    add_problem(f, 2, 7, 1, PROBLEM_EXCLUDED, "maxsize", "");
    add_problem(f, 2, 8, 1, PROBLEM_TOO_BIG, "NO [TOOBIG]", "over-maxsize");
    add_problem(f, 2, 4294967295, 1, PROBLEM_FAILED, "@NO \"no\"\r\nreally", "virus");
    add_problem(f, 2, 0, 4, PROBLEM_UNREADABLE, "short listing", "one of a newer program");
    add_problem(f, 2, 9, 1, PROBLEM_VANISHED, "", NULL);
    diagnose_job(f, 2, "virus");
    diagnose_job(f, 3, "sign-in-refused");
    end_job(f, 1, JOB_COMPLETE, "", "");
    end_job(f, 2, JOB_EXCEPTIONS, "append", "5 messages \x1b[31mfailed\nforged line");
    end_job(f, 3, JOB_FAILED, "auth", "the server refused the login");
    assert_true(store_run_end(f->store, RUN, 1795384501500, 11, &f->fault));
}

static void write_to_buffer(struct fixture *f, report_writer *write, struct buffer *text)
{
    FILE *stream = fopen(in_dir(f, "out"), "w+");
    assert_non_null(stream);
    if (!write(f->store, RUN, stream, &f->fault))
        fail_msg("%s", f->fault.text);
    assert_int_equal(fclose(stream), 0);
    buffer_init(text, 16 * 1024 * 1024);
    assert_true(file_read_limited(in_dir(f, "out"), 16 * 1024 * 1024, text, &f->fault));
}

static void assert_report(struct fixture *f, report_writer *write, const char *expected)
{
    struct buffer text;
    write_to_buffer(f, write, &text);
    assert_string_equal(buffer_str(&text), expected);
    buffer_deinit(&text);
}

/* Failures first. */

static void test_no_such_run(void **state)
{
    static report_writer *const writers[] = {report_write_text, report_write_csv, report_write_json,
                                             report_write_problems};
    struct fixture *f = *state;
    for (size_t i = 0; i < 4; i++) {
        FILE *stream = fopen(in_dir(f, "out"), "w");
        assert_non_null(stream);
        assert_false(writers[i](f->store, "nope", stream, &f->fault));
        assert_int_equal(f->fault.code, FAULT_USAGE);
        assert_non_null(strstr(f->fault.text, "there is no run \"nope\""));
        assert_int_equal(ftell(stream), 0);
        assert_int_equal(fclose(stream), 0);
    }
    assert_false(report_print(f->store, NULL, "text", stdout, &f->fault));
    assert_string_equal(f->fault.text, "there is no run in this work directory yet");
}

static void test_full_disk_is_a_fault(void **state)
{
    static report_writer *const writers[] = {report_write_text, report_write_csv, report_write_json,
                                             report_write_problems};
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < 4; i++) {
        FILE *stream = fopen("/dev/full", "w");
        if (stream == NULL)
            skip();
        assert_false(writers[i](f->store, RUN, stream, &f->fault));
        assert_int_equal(f->fault.code, FAULT_FILE);
        assert_string_equal(f->fault.text, "can't write the report: No space left on device");
        (void)fclose(stream);
    }
}

static void test_no_files_where_no_directory_is(void **state)
{
    struct fixture *f = *state;
    fill(f);
    assert_false(report_write_files(f->store, RUN, "/nonexistent", &f->fault));
    assert_int_equal(f->fault.code, FAULT_FILE);
    assert_non_null(strstr(f->fault.text, "/nonexistent/summary.txt"));
    assert_false(report_write_files(f->store, "nope", f->dir, &f->fault));
    assert_int_equal(f->fault.code, FAULT_USAGE);
    assert_int_equal(access(in_dir(f, "summary.csv"), F_OK), -1);
}

static void test_csv(void **state)
{
    struct fixture *f = *state;
    fill(f);
    assert_report(
        f, report_write_csv,
        "row,label,host1,user1,host2,user2,status,folders,source_messages,copied,already,excluded,"
        "too_big,failed,unreadable,vanished,difference,bytes_copied,started,ended,seconds,"
        "error_code,error,safe_to_switch,safe_to_switch_why,deleted_source,deleted_destination,"
        "not_selected,grade\n"
        "1,,a,anna@a,b,anna@b,complete,2,11,8,3,0,0,0,0,0,0,2049,2026-11-22T21:51:47Z,"
        "2026-11-22T21:51:49Z,2.500,,,,,7,2,0,perfect\n"
        "2,'=cmd|'/c calc'!A1,a,\"bob \"\"the\nbuilder\"\"\\x1b[31m\",b,\"b,2\",exceptions,1,9,1,0,"
        "1,1,1,4,1,0,5,2026-11-22T21:51:47Z,2026-11-22T21:51:49Z,2.500,append,"
        "\"5 messages \\x1b[31mfailed\nforged line\",,,0,0,0,investigate\n"
        "3,,a,carl,b,a very long name that no table can hold in one column,failed,1,20,5,0,0,0,0,0,"
        "0,15,0,2026-11-22T21:51:47Z,2026-11-22T21:51:49Z,2.500,auth,the server refused the "
        "login,,,0,0,0,poor\n"
        "4,,a,dora,b,dora,not_started,0,0,0,0,0,0,0,0,0,0,0,,,,,,,,0,0,0,investigate\n");
}

static void test_problems(void **state)
{
    struct fixture *f = *state;
    fill(f);
#define BOB  "2,\"bob \"\"the\nbuilder\"\"\\x1b[31m\",INBOX,"
#define WHAT ",\"'=<id,1>\",2026-01-02T03:04:05Z,99,"
    assert_report(f, report_write_problems,
                  "row,user1,folder,uid,message_id,date,size,reason,server_text,advice\n" /* */
                  BOB "7" WHAT "excluded,maxsize,\n"                                      /* */
                  BOB "8" WHAT "too_big,NO [TOOBIG]," MAXSIZE "\n"                        /* */
                  BOB "4294967295" WHAT "failed,\"'@NO \"\"no\"\"\\x0d\nreally\",\"" VIRUS
                  "\"\n"                                /* */
                  BOB ",,,,unreadable,short listing,\n" /* */
                  BOB ",,,,unreadable,short listing,\n" /* */
                  BOB ",,,,unreadable,short listing,\n" /* */
                  BOB ",,,,unreadable,short listing,\n" /* */
                  BOB "9" WHAT "vanished,,\n");
}

static size_t count_of(const char *text, const char *needle)
{
    size_t count = 0;
    size_t size = strlen(needle);
    /* Not strstr(): AddressSanitizer measures the whole text at each call. */
    for (; *text != '\0'; text++)
        count += strncmp(text, needle, size) == 0;
    return count;
}

static void test_claimed_messages_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    add_run(f, RUN, 1);
    add_job(f, 1, "", "u", "u");
    add_problem(f, 1, 0, 4294967295, PROBLEM_UNREADABLE, "x", "");
    buffer_init(&text, 64 * 1024 * 1024);
    FILE *stream = fopen(in_dir(f, "out"), "w");
    assert_non_null(stream);
    assert_true(report_write_problems(f->store, RUN, stream, &f->fault));
    assert_int_equal(fclose(stream), 0);
    assert_true(file_read_limited(in_dir(f, "out"), 64 * 1024 * 1024, &text, &f->fault));
    assert_int_equal(count_of(buffer_str(&text), "\n"), 1 + REPORT_UNKNOWN_MAX_LINES);
    assert_non_null(
        strstr(buffer_str(&text),
               "1,u,INBOX,,,,,unreadable,and 4293967295 more messages like this one: x,\n"));
    buffer_deinit(&text);
}

static void test_text(void **state)
{
    struct fixture *f = *state;
    fill(f);
    /* clang-format off */
assert_report(f, report_write_text,
"Run       20261122T215146Z-1\n"
"Command   batch\n"
"Manifest  /m/\\x1b[2Jusers.csv\n"
"Version   0.1\n"
"Started   2026-11-22 22:51:46 (2026-11-22T21:51:46Z)\n"
"Ended     2026-11-22 22:55:01 (2026-11-22T21:55:01Z), after 3 min 15 s\n"
"\n"
"Row  Mailbox                                           Status       Source  Copied  Already  Excluded  Too big  Failed  Unreadable  Vanished  Difference     Size\n"
"  1  anna@a -> anna@b                                  complete         11       8        3         0        0       0           0         0           0  2.0 KiB\n"
"  2  =cmd|'/c calc'!A1                                 exceptions        9       1        0         1        1       1           4         1           0      5 B\n"
"  3  carl -> a very long name that no table can hold\xe2\x80\xa6" "  failed           20       5        0         0        0       0           0         0          15      0 B\n"
"  4  dora -> dora                                      not_started       0       0        0         0        0       0           0         0           0      0 B\n"
"     Total                                                              40      14        3         1        1       1           4         1          15  2.0 KiB\n"
"\n"
"4 mailboxes: 1 complete, 1 complete with exceptions, 1 failed, 1 not started.\n"
"2 mailboxes are not finished: what is left in them is known only as far as it was listed.\n"
"8 messages are not on the destination; problems.csv names each with its reason.\n"
"Deleted, as asked: 7 on the source, 2 on the destination; the users' logs name each.\n"
"The difference is 15, in 1 mailbox: so many messages were not reached. Run it again to go on.\n"
"\n"
"Mailboxes with an error:\n"
"  row 2, =cmd|'/c calc'!A1 (exceptions): 5 messages \\x1b[31mfailed\\x0aforged line\n"
"    What to do: " VIRUS "\n"
"  row 3, carl -> a very long name that no table can hold in one column (failed): the server refused the login\n"
"    What to do: " SIGN_IN "\n"
ADVICE);
    /* clang-format on */
}

static void test_text_of_a_clean_run(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    add_run(f, RUN, 1795384306250);
    add_job(f, 1, "", "anna", "anna");
    add_folder(f, 1, "INBOX", (struct message_counts){.source = 1, .copied = 1});
    end_job(f, 1, JOB_COMPLETE, "", "");
    write_to_buffer(f, report_write_text, &text);
    const char *found = strstr(buffer_str(&text), "\n1 mailbox");
    assert_non_null(found);
    assert_string_equal(found, "\n1 mailbox: 1 complete.\n"
                               "No message is known that was left behind.\n"
                               "Every message of the folders that were listed is accounted for:"
                               " the difference is 0.\n");
    assert_non_null(strstr(buffer_str(&text),
                           "Ended     not yet: it is still running, or it was broken off\n"));
    buffer_deinit(&text);
}

/* The same words in all three. */
static void test_final_pass(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    struct store_run run = {.id = RUN,
                            .command = "batch",
                            .version = "0.1",
                            .manifest = "",
                            .settings = "",
                            .started_msecs = 1795384306250,
                            .is_final = true};
    assert_true(store_run_begin(f->store, &run, &f->fault));
    add_job(f, 1, "", "anna", "anna");
    add_job(f, 2, "Bob", "bob", "bob");
    add_job(f, 3, "", "carl", "carl");
    add_folder(f, 1, "INBOX", (struct message_counts){.source = 1, .copied = 1});
    add_folder(f, 2, "INBOX", (struct message_counts){.source = 5, .copied = 3, .excluded = 2});
    add_folder(f, 3, "INBOX", (struct message_counts){.source = 4, .already = 3, .too_big = 1});
    end_job(f, 1, JOB_COMPLETE, "", "");
    end_job(f, 2, JOB_COMPLETE, "", "");
    end_job(f, 3, JOB_EXCEPTIONS, "too_big", "");
    write_to_buffer(f, report_write_text, &text);
    assert_non_null(strstr(buffer_str(&text), "\nPass      final, before the cutover\n"));
    assert_string_equal(strstr(buffer_str(&text), "\nSafe to switch"),
                        "\nSafe to switch:\n"
                        "  row 1, anna -> anna: yes\n"
                        "  row 2, Bob: yes, 2 messages excluded by rule\n"
                        "  row 3, carl -> carl: no, it went through with exceptions; 1 message too "
                        "big\n"
                        "2 of 3 mailboxes are safe to switch.\n");
    buffer_deinit(&text);
    write_to_buffer(f, report_write_csv, &text);
    assert_int_equal(count_of(buffer_str(&text), ",yes,,0,0,0,perfect\n"), 1);
    assert_int_equal(count_of(buffer_str(&text), ",yes,2 messages excluded by rule,0,0,0,good\n"),
                     1);
    assert_int_equal(
        count_of(buffer_str(&text),
                 ",no,\"it went through with exceptions; 1 message too big\",0,0,0,investigate\n"),
        1);
    buffer_deinit(&text);
    write_to_buffer(f, report_write_json, &text);
    assert_int_equal(count_of(buffer_str(&text), "\"is_final\": true\n"), 1);
    assert_int_equal(count_of(buffer_str(&text), "\"safe_to_switch\": \"yes\""), 2);
    assert_int_equal(count_of(buffer_str(&text),
                              "\"safe_to_switch\": \"no\",\n      \"safe_to_switch_why\": "
                              "\"it went through with exceptions; 1 message too big\""),
                     1);
    buffer_deinit(&text);
}

static bool write_trouble(struct store *store, const char *run_id, FILE *stream,
                          struct fault *fault_r)
{
    return report_write_trouble(store, run_id, "/srv/runs/1", stream, fault_r);
}

static void test_trouble(void **state)
{
    struct fixture *f = *state;
    fill(f);
    add_job(f, 5, "Emma", "emma", "emma");
    end_job(f, 5, JOB_PAUSED, "stopped", "time window ended");
    add_job(f, 6, "", "fred", "fred");
    end_job(f, 6, JOB_LEFT_OUT, "", "");
    assert_report(f, write_trouble,
                  "row 2, =cmd|'/c calc'!A1 (exceptions): 5 messages \\x1b[31mfailed\\x0aforged "
                  "line\n"
                  "row 3, carl (failed): the server refused the login\n"
                  "row 5, Emma (paused): time window ended\n"
                  "1 of 6 mailboxes were not started\n" ADVICE
                  "What failed: mend what the line says, then run again.\n"
                  "Exceptions: problems.csv names each message and its reason.\n"
                  "What is paused or not started: the same command goes on.\n"
                  "Report: /srv/runs/1/summary.txt\n");
}

static void test_much_trouble(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    add_run(f, RUN, 1795384306250);
    for (int64_t row = 1; row <= REPORT_TROUBLE_MAX_ROWS + 7; row++) {
        add_job(f, row, "", "u", "u");
        end_job(f, row, JOB_FAILED, "auth", "refused");
    }
    write_to_buffer(f, write_trouble, &text);
    assert_int_equal(count_of(buffer_str(&text), "(failed): refused\n"), REPORT_TROUBLE_MAX_ROWS);
    assert_non_null(strstr(buffer_str(&text), "\nand 7 more: see summary.txt\nWhat failed"));
    buffer_deinit(&text);
}

static void test_left_out(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    add_run(f, RUN, 1795384306250);
    add_job(f, 1, "", "anna", "anna");
    add_job(f, 2, "", "bob", "bob");
    add_folder(f, 1, "INBOX", (struct message_counts){.source = 1, .copied = 1});
    end_job(f, 1, JOB_COMPLETE, "", "");
    end_job(f, 2, JOB_LEFT_OUT, "", "");
    write_to_buffer(f, report_write_text, &text);
    assert_non_null(strstr(buffer_str(&text),
                           "\n2 mailboxes: 1 complete, 1 left out (complete in their last run).\n"
                           "No message is known that was left behind.\n"));
    buffer_deinit(&text);
}

static void test_differences_do_not_cancel_out(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    add_run(f, RUN, 1);
    add_job(f, 1, "", "anna", "anna");
    add_job(f, 2, "", "bob", "bob");
    add_folder(f, 1, "INBOX", (struct message_counts){.source = 1, .copied = 3});
    add_folder(f, 2, "INBOX", (struct message_counts){.source = 2});
    write_to_buffer(f, report_write_text, &text);
    assert_non_null(strstr(buffer_str(&text), "The difference is 0, in 2 mailboxes: "));
    assert_null(strstr(buffer_str(&text), "is accounted for"));
    buffer_deinit(&text);
}

static void test_json(void **state)
{
    struct fixture *f = *state;
    struct buffer text;
    static const char *const pieces[] = {
        "{\n  \"schema_version\": 1,\n  \"run\": {\n    \"id\": \"" RUN "\",\n"
        "    \"command\": \"batch\",\n    \"version\": \"0.1\",\n"
        "    \"manifest\": \"/m/\\u001b[2Jusers.csv\",\n    \"manifest_sha256\": \"\",\n"
        "    \"settings\": [\n      \"parallel = 4\",\n      \"password1 = MASKED\"\n    ],\n"
        "    \"started\": \"2026-11-22T21:51:46Z\",\n    \"ended\": \"2026-11-22T21:55:01Z\",\n"
        "    \"seconds\": 195.25,\n    \"exit_code\": 11,\n    \"is_final\": false\n  },\n  "
        "\"mailboxes\": [\n",
        "      \"label\": \"=cmd|'/c calc'!A1\",\n      \"host1\": \"a\",\n"
        "      \"user1\": \"bob \\\"the\\nbuilder\\\"\\u001b[31m\",\n",
        "          \"source\": \"Caf\xc3\xa9 \\\"x\\\"\",\n",
        "      \"status\": \"not_started\",\n      \"started\": null,\n      \"ended\": null,\n"
        "      \"seconds\": null,\n      \"error_code\": \"\",\n      \"error\": \"\",\n"
        "      \"diagnosis\": null,\n      \"safe_to_switch\": null,\n      "
        "\"safe_to_switch_why\": \"\",\n",
        "      \"deleted_source\": 7,\n      \"deleted_destination\": 2,\n      \"exposure1\": "
        "\"\",\n      \"exposure2\": \"\",\n      \"folders\": [\n",
        "      \"diagnosis\": {\n        \"id\": \"sign-in-refused\",\n"
        "        \"title\": \"The sign-in was refused\",\n"
        "        \"next_step\": \"" SIGN_IN "\"\n      },\n",
        "  \"diagnoses\": [\n    {\n      \"id\": \"virus\",\n",
        "      \"title\": \"Left out by your own size limit\",\n",
        "      \"mailboxes\": 0,\n      \"messages\": 1,\n      \"steps\": [\n"
        "        \"" MAXSIZE "\",\n"
        "        \"Or save these messages by hand; problems.csv lists them\"\n"
        "      ]\n    }\n  ],\n  \"verification\": null,\n  \"totals\": {\n",
        "      \"deleted_source\": 0,\n      \"deleted_destination\": 0,\n      \"exposure1\": "
        "\"\",\n      \"exposure2\": \"\",\n"
        "      \"folders\": [],\n      \"changed\": {},\n      \"repaired\": [],\n      "
        "\"verification\": null\n    }\n  ],\n"
        "  \"diagnoses\": [\n",
        "  \"totals\": {\n    \"mailboxes\": 4,\n    \"status\": {\n"
        "      \"not_started\": 1,\n      \"complete\": 1,\n      \"exceptions\": 1,\n"
        "      \"paused\": 0,\n      \"failed\": 1,\n      \"left_out\": 0\n    },\n    "
        "\"folders\": 4,\n"
        "    \"mailboxes_with_difference\": 1,\n    \"counts\": {\n"
        "      \"source_messages\": 40,\n      \"copied\": 14,\n      \"already\": 3,\n"
        "      \"excluded\": 1,\n      \"too_big\": 1,\n      \"failed\": 1,\n"
        "      \"unreadable\": 4,\n      \"vanished\": 1,\n      \"not_selected\": 0,\n      "
        "\"difference\": 15,\n"
        "      \"bytes_copied\": 2054\n    },\n    \"grade\": \"poor\"\n  }\n}\n",
    };
    fill(f);
    write_to_buffer(f, report_write_json, &text);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        if (strstr(buffer_str(&text), pieces[i]) == NULL)
            fail_msg("missing %s in %s", pieces[i], buffer_str(&text));
    }
    assert_int_equal(count_of(buffer_str(&text), "\"row\": "), 4);
    assert_int_equal(count_of(buffer_str(&text), "\"is_merged\": false"), 4);
    buffer_deinit(&text);
}

/* What was changed on purpose: sums for people, and each that was repaired. */
static void test_changes(void **state)
{
    struct fixture *f = *state;
    const struct store_repair repair = {"Caf\xc3\xa9", 7, "header_encoded,part_encoded"};
    struct buffer text;
    add_run(f, RUN, 1795384306250);
    add_job(f, 1, "", "u", "u");
    add_job(f, 2, "", "v", "v");
    write_to_buffer(f, report_write_text, &text);
    assert_null(strstr(buffer_str(&text), "changed on their way"));
    buffer_deinit(&text);
    assert_true(store_change_add(f->store, RUN, 1, CHANGE_DISARMED, 3, &f->fault));
    assert_true(store_change_add(f->store, RUN, 1, CHANGE_PART_ENCODED, 1, &f->fault));
    assert_true(store_change_add(f->store, RUN, 2, CHANGE_DISARMED, 2, &f->fault));
    assert_true(store_repair_add(f->store, RUN, 1, &repair, &f->fault));
    write_to_buffer(f, report_write_text, &text);
    assert_non_null(strstr(buffer_str(&text),
                           "\nMessages changed on their way, as asked: receipt disarmed 5, part "
                           "encoded 1; the users' logs name each.\n"));
    buffer_deinit(&text);
    write_to_buffer(f, report_write_json, &text);
    assert_non_null(strstr(
        buffer_str(&text),
        "      \"changed\": {\n        \"receipt_disarmed\": 3,\n        \"part_encoded\": 1\n     "
        " },\n"
        "      \"repaired\": [\n        {\n          \"folder\": \"Caf\xc3\xa9\",\n          "
        "\"uid\": 7,\n"
        "          \"kinds\": [\n            \"header_encoded\",\n            \"part_encoded\"\n"
        "          ]\n        }\n      ],\n"));
    assert_non_null(
        strstr(buffer_str(&text), "      \"changed\": {\n        \"receipt_disarmed\": 2\n"));
    buffer_deinit(&text);
}

/* One number of row `row` of a CSV without quoted cells. */
static long long csv_number(const char *line, int column)
{
    for (; column > 0; column--)
        line = strchr(line, ',') + 1;
    return strtoll(line, NULL, 10);
}

static void test_many_mailboxes_and_their_sums(void **state)
{
    struct fixture *f = *state;
    struct buffer csv;
    struct buffer problems;
    struct buffer json;
    long long sums[18] = {0};
    char total[64];
    add_run(f, RUN, 1795384306250);
    for (int row = 1; row <= 2000; row++) {
        uint64_t n = (uint64_t)row;
        add_job(f, row, "", "user", "user");
        add_folder(f, row, "INBOX",
                   (struct message_counts){
                       .source = n * 3, .copied = n, .failed = n % 3, .vanished = n % 2});
        if (n % 3 > 0)
            add_problem(f, row, 0, n % 3, PROBLEM_FAILED, "", "");
        if (n % 2 > 0)
            add_problem(f, row, 5, 1, PROBLEM_VANISHED, "", NULL);
    }
    write_to_buffer(f, report_write_csv, &csv);
    write_to_buffer(f, report_write_problems, &problems);
    write_to_buffer(f, report_write_json, &json);
    const char *line = strchr(buffer_str(&csv), '\n') + 1;
    int lines = 0;
    for (; *line != '\0'; line = strchr(line, '\n') + 1, lines++) {
        assert_int_equal(csv_number(line, 0), lines + 1);
        for (int column = 8; column < 18; column++)
            sums[column] += csv_number(line, column);
    }
    assert_int_equal(lines, 2000);
    assert_int_equal(sums[8], 3 * 2001000);
    assert_int_equal(count_of(buffer_str(&problems), "\n") - 1, sums[13] + sums[15]);
    assert_int_equal(count_of(buffer_str(&problems), ",failed,"), sums[13]);
    assert_int_equal(count_of(buffer_str(&problems), ",vanished,"), sums[15]);
    const char *totals = strstr(buffer_str(&json), "\"totals\"");
    assert_non_null(totals);
    (void)snprintf(total, sizeof(total), "\"source_messages\": %lld,", sums[8]);
    assert_non_null(strstr(totals, total));
    (void)snprintf(total, sizeof(total), "\"difference\": %lld,", sums[16]);
    assert_non_null(strstr(totals, total));
    assert_int_equal(count_of(buffer_str(&json), "\"row\": "), 2000);
    buffer_deinit(&csv);
    buffer_deinit(&problems);
    buffer_deinit(&json);
}

static void test_files(void **state)
{
    static const struct {
        const char *name;
        report_writer *write;
    } rows[] = {{"summary.txt", report_write_text},
                {"summary.csv", report_write_csv},
                {"summary.json", report_write_json},
                {"problems.csv", report_write_problems}};
    struct fixture *f = *state;
    fill(f);
    assert_true(report_write_files(f->store, RUN, f->dir, &f->fault));
    assert_true(report_write_files(f->store, RUN, f->dir, &f->fault));
    for (size_t i = 0; i < 4; i++) {
        struct buffer file;
        buffer_init(&file, 1 << 20);
        assert_true(file_read_limited(in_dir(f, rows[i].name), 1 << 20, &file, &f->fault));
        assert_report(f, rows[i].write, buffer_str(&file));
        buffer_deinit(&file);
    }
}

/* report_command() with stdout and stderr going to the file "out". */
static int run_command(struct fixture *f, const char *dir, const char *run, const char *format,
                       struct buffer *text)
{
    (void)fflush(stdout);
    (void)fflush(stderr);
    int saved_out = dup(1);
    int saved_err = dup(2);
    FILE *stream = fopen(in_dir(f, "out"), "w");
    assert_non_null(stream);
    assert_true(dup2(fileno(stream), 1) == 1 && dup2(fileno(stream), 2) == 2);
    const struct report_order order = {.workdir = dir, .run_id = run, .format = format};
    int exit_code = report_command(&order);
    (void)fflush(stdout);
    (void)fflush(stderr);
    assert_true(dup2(saved_out, 1) == 1 && dup2(saved_err, 2) == 2);
    assert_int_equal(close(saved_out) + close(saved_err) + fclose(stream), 0);
    buffer_init(text, 1 << 20);
    assert_true(file_read_limited(in_dir(f, "out"), 1 << 20, text, &f->fault));
    return exit_code;
}

static void test_command(void **state)
{
    static const struct {
        const char *dir, *run, *format;
        int exit_code;
        const char *text;
    } rows[] = {
        {"/nonexistent", NULL, NULL, 66,
         "mailconvoy report: no run was made in the work directory"},
        {NULL, NULL, "xml", 64,
         "mailconvoy report: there is no report format \"xml\"; use text, csv, json or html\n"},
        {NULL, "no\x1b[2J", "csv", 64, "mailconvoy report: there is no run \"no\\x1b[2J\" in"},
        {NULL, RUN, "csv", 0, "row,label,"},
        {NULL, NULL, "json", 0, "{\n  \"schema_version\": 1,"},
        {NULL, "", NULL, 0, "Run       " RUN "\n"},
        {NULL, "20251122T215146Z-1", "text", 0, "Run       20251122T215146Z-1\n"},
    };
    struct fixture *f = *state;
    add_run(f, "20251122T215146Z-1", 1000);
    fill(f);
    assert_true(store_close(&f->store, &f->fault));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer text;
        const char *dir = rows[i].dir == NULL ? f->dir : rows[i].dir;
        assert_int_equal(run_command(f, dir, rows[i].run, rows[i].format, &text),
                         rows[i].exit_code);
        assert_int_equal(strncmp(buffer_str(&text), rows[i].text, strlen(rows[i].text)), 0);
        buffer_deinit(&text);
    }
}

#define REPORT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPORT_TEST(test_no_such_run),
        REPORT_TEST(test_full_disk_is_a_fault),
        REPORT_TEST(test_no_files_where_no_directory_is),
        REPORT_TEST(test_csv),
        REPORT_TEST(test_problems),
        REPORT_TEST(test_claimed_messages_are_bounded),
        REPORT_TEST(test_text),
        REPORT_TEST(test_text_of_a_clean_run),
        REPORT_TEST(test_final_pass),
        REPORT_TEST(test_trouble),
        REPORT_TEST(test_much_trouble),
        REPORT_TEST(test_left_out),
        REPORT_TEST(test_differences_do_not_cancel_out),
        REPORT_TEST(test_json),
        REPORT_TEST(test_changes),
        REPORT_TEST(test_many_mailboxes_and_their_sums),
        REPORT_TEST(test_files),
        REPORT_TEST(test_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
