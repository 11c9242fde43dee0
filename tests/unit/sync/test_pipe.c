/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/messages/pipe.h"
#include "sync/shell.h"

#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))
#define OUTPUT_MAX_BYTES ((size_t)1024 * 1024)
#define LARGE_BYTES      ((size_t)700 * 1000)

struct trial {
    struct pipe_order order;
    struct buffer output;
    struct buffer errors;
    char reason[PIPE_REASON_SIZE];
};

static enum pipe_outcome trial_run(struct trial *trial, const char *command, const void *data,
                                   size_t size)
{
    trial->order.command = command;
    if (trial->order.timeout_msecs == 0)
        trial->order.timeout_msecs = 60000;
    buffer_init(&trial->output, OUTPUT_MAX_BYTES);
    buffer_init(&trial->errors, 1000);
    return pipe_message(&trial->order, data, size, &trial->output, &trial->errors, trial->reason);
}

static void trial_end(struct trial *trial)
{
    buffer_deinit(&trial->output);
    buffer_deinit(&trial->errors);
}

static void test_outcomes(void **state)
{
    static const struct {
        const char *command;
        enum pipe_outcome outcome;
        const char *output;
        const char *errors;
        const char *reason;
    } rows[] = {
        {"cat", PIPE_DONE, "Subject: x\r\n\r\ny\r\n", "", ""},
        {"cat; echo said >&2", PIPE_DONE, "Subject: x\r\n\r\ny\r\n", "said\n", ""},
        {"tr a-z A-Z", PIPE_DONE, "SUBJECT: X\r\n\r\nY\r\n", "", ""},
        {"echo all mine", PIPE_DONE, "all mine\n", "", ""}, /* reads nothing */
        {"head -c 7", PIPE_DONE, "Subject", "", ""},
        {"cat; exec <&-; exec >&-; exec 2>&-; sleep 0.05", PIPE_DONE, "Subject: x\r\n\r\ny\r\n", "",
         ""},
        {"true", PIPE_FAILED, "", "", "printed nothing"},
        {"cat >/dev/null", PIPE_FAILED, "", "", "printed nothing"},
        {"false", PIPE_FAILED, "", "", "ended with status 1"},
        {"cat; echo no >&2; exit 3", PIPE_FAILED, NULL, "no\n", "ended with status 3"},
        {"cat; kill -9 $$", PIPE_FAILED, NULL, "", "was ended by signal 9"},
        {"/no/such/command", PIPE_FAILED, "", NULL, "ended with status 127"},
        {"yes", PIPE_FAILED, NULL, "", "printed more than a message may hold"},
    };
    static const char message[] = "Subject: x\r\n\r\ny\r\n";
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct trial trial = {0};
        enum pipe_outcome outcome = trial_run(&trial, rows[i].command, message, strlen(message));
        if (outcome != rows[i].outcome || strcmp(trial.reason, rows[i].reason) != 0)
            fail_msg("%s: %d, %s", rows[i].command, (int)outcome, trial.reason);
        if (rows[i].output != NULL)
            assert_string_equal(buffer_str(&trial.output), rows[i].output);
        if (rows[i].errors != NULL)
            assert_string_equal(buffer_str(&trial.errors), rows[i].errors);
        trial_end(&trial);
    }
}

/* More than the pipes hold, in both directions at once; and every byte value. */
static void test_large(void **state)
{
    struct trial trial = {0};
    unsigned char *data = mem_alloc(LARGE_BYTES);
    (void)state;
    for (size_t i = 0; i < LARGE_BYTES; i++)
        data[i] = (unsigned char)(i * 7 + i / 256);
    assert_int_equal(trial_run(&trial, "cat", data, LARGE_BYTES), PIPE_DONE);
    assert_int_equal(trial.output.used, LARGE_BYTES);
    assert_memory_equal(trial.output.data, data, LARGE_BYTES);
    trial_end(&trial);
    assert_int_equal(trial_run(&trial, "cat | tee /dev/stderr", data, LARGE_BYTES), PIPE_DONE);
    assert_int_equal(trial.output.used, LARGE_BYTES);
    assert_int_equal(trial.errors.used, 1000);
    trial_end(&trial);
    mem_free(data);
}

/* Up to the ceiling is no more than it, also where the ceiling is small. */
static void test_ceiling(void **state)
{
    static const size_t ceilings[] = {1, 6, 100, 70000};
    (void)state;
    for (size_t i = 0; i < COUNT(ceilings); i++) {
        for (size_t above = 0; above <= 1; above++) {
            char command[64];
            char reason[PIPE_REASON_SIZE];
            const struct pipe_order order = {.command = command, .timeout_msecs = 60000};
            struct buffer output, errors;
            (void)snprintf(command, sizeof(command), "head -c %zu /dev/zero", ceilings[i] + above);
            buffer_init(&output, ceilings[i]);
            buffer_init(&errors, 100);
            assert_int_equal(pipe_message(&order, "", 0, &output, &errors, reason),
                             above == 0 ? PIPE_DONE : PIPE_FAILED);
            assert_int_equal(output.used, ceilings[i]);
            buffer_deinit(&output);
            buffer_deinit(&errors);
        }
    }
}

static void test_nothing_in(void **state)
{
    struct trial trial = {0};
    (void)state;
    assert_int_equal(trial_run(&trial, "cat; echo end", "", 0), PIPE_DONE);
    assert_string_equal(buffer_str(&trial.output), "end\n");
    trial_end(&trial);
}

/* A zombie may be left to whoever adopts orphans, but nothing that runs. */
static void await_end_of(pid_t pid)
{
    char path[64];
    assert_true(pid > 1);
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (int tries = 0; tries < 1000; tries++) {
        char status[256] = "";
        FILE *file = fopen(path, "r");
        if (file == NULL)
            return;
        size_t got = fread(status, 1, sizeof(status) - 1, file);
        assert_int_equal(fclose(file), 0);
        if (got == 0 || strstr(status, ") Z") != NULL)
            return;
        (void)poll(NULL, 0, 10);
    }
    fail_msg("process %d still runs", (int)pid);
}

/* All that it started ends too: "sleep" holds the pipes, and would outlive the shell. */
static void test_time_limit(void **state)
{
    static const char *const commands[] = {"sleep 1000", "sleep 1000 & echo $!; cat",
                                           "cat; exec >&- 2>&-; sleep 1000"};
    (void)state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct trial trial = {.order = {.timeout_msecs = 300}};
        assert_int_equal(trial_run(&trial, commands[i], "x", 1), PIPE_FAILED);
        assert_string_equal(trial.reason, "took longer than its time limit");
        if (i == 1)
            await_end_of((pid_t)strtol(buffer_str(&trial.output), NULL, 10));
        trial_end(&trial);
    }
}

static void *stop_soon(void *context)
{
    (void)poll(NULL, 0, 100);
    stop_request(context);
    return NULL;
}

static void test_stop(void **state)
{
    struct stop stop;
    struct trial trial = {.order = {.stop = &stop}};
    pthread_t thread;
    (void)state;
    assert_true(stop_init(&stop));
    assert_int_equal(trial_run(&trial, "cat", "x", 1), PIPE_DONE);
    trial_end(&trial);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_int_equal(trial_run(&trial, "sleep 1000", "x", 1), PIPE_STOPPED);
    trial_end(&trial);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(trial_run(&trial, "cat", "x", 1), PIPE_STOPPED);
    trial_end(&trial);
    stop_deinit(&stop);
}

static void test_secrets_stay_here(void **state)
{
    static const char *const hidden[] = {"MY_SECRET", NULL};
    struct trial trial = {.order = {.hidden = hidden}};
    (void)state;
    assert_int_equal(setenv("MY_SECRET", "pw", 1), 0);
    assert_int_equal(setenv("MY_SECRET_NOT", "shown", 1), 0);
    assert_int_equal(trial_run(&trial, "echo \"$MY_SECRET,$MY_SECRET_NOT\"", "x", 1), PIPE_DONE);
    assert_string_equal(buffer_str(&trial.output), ",shown\n");
    trial_end(&trial);
    trial.order.hidden = NULL;
    assert_int_equal(trial_run(&trial, "echo \"$MY_SECRET\"", "x", 1), PIPE_DONE);
    assert_string_equal(buffer_str(&trial.output), "pw\n");
    trial_end(&trial);
    assert_int_equal(unsetenv("MY_SECRET"), 0);
    assert_int_equal(unsetenv("MY_SECRET_NOT"), 0);
}

/* A command that is started while another runs gets none of the other's pipes. */
static void test_descriptors(void **state)
{
    struct trial trial = {0};
    struct shell_child other;
    (void)state;
    assert_int_equal(shell_start("cat", SHELL_ALL, NULL, &other), 0);
    const int fds[] = {other.input_fd, other.output_fd, other.error_fd};
    assert_int_equal(trial_run(&trial,
                               "i=3; while [ $i -lt 60 ]; do readlink /proc/$$/fd/$i; "
                               "i=$((i + 1)); done; echo end",
                               "x", 1),
                     PIPE_DONE);
    assert_non_null(strstr(buffer_str(&trial.output), "end\n"));
    for (size_t i = 0; i < COUNT(fds); i++) {
        struct stat info;
        char name[64];
        assert_int_equal(fstat(fds[i], &info), 0);
        (void)snprintf(name, sizeof(name), "[%llu]", (unsigned long long)info.st_ino);
        assert_null(strstr(buffer_str(&trial.output), name));
    }
    trial_end(&trial);
    shell_close(&other);
    shell_kill(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),          cmocka_unit_test(test_large),
        cmocka_unit_test(test_ceiling),           cmocka_unit_test(test_nothing_in),
        cmocka_unit_test(test_time_limit),        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_secrets_stay_here), cmocka_unit_test(test_descriptors),
    };
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
