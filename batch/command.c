/* SPDX-License-Identifier: MIT */
#include "batch/command.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/str.h"
#include "batch/hosts.h"
#include "batch/manifest.h"
#include "batch/run.h"
#include "batch/signals.h"
#include "batch/tally.h"
#include "report/command.h"
#include "sync/settings.h"
#include "sync/settings_presets.h"

#define COMMAND_TEXT_MAX_BYTES ((size_t)1024 * 1024)

/* A command line being read. */
struct command {
    enum settings_command kind;
    struct settings settings;
    struct str_list rest;
    struct buffer faults; /* one sentence per line */
};

/* One per line; names from outside are in them, so they are made harmless. */
static void command_print_faults(struct command *command)
{
    struct buffer line;
    buffer_init(&line, COMMAND_TEXT_MAX_BYTES);
    const char *text = buffer_str(&command->faults);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        buffer_clear(&line);
        str_append_printable(&line, text, length);
        (void)fprintf(stderr, "%s\n", buffer_str(&line));
        text += length + (text[length] == '\n');
    }
    if (command->faults.has_failed)
        (void)fprintf(stderr, "there are more faults than can be shown\n");
    buffer_deinit(&line);
}

static int command_print_help(enum settings_command kind)
{
    struct buffer text;
    buffer_init(&text, COMMAND_TEXT_MAX_BYTES);
    settings_append_help(&text, kind);
    bool is_ok = fputs(buffer_str(&text), stdout) >= 0 && fflush(stdout) == 0;
    buffer_deinit(&text);
    return is_ok ? EXIT_CODE_COMPLETE : EXIT_CODE_INTERNAL;
}

static void command_deinit(struct command *command)
{
    settings_deinit(&command->settings);
    str_list_deinit(&command->rest);
    buffer_deinit(&command->faults);
}

/* True if there is work to do; else *exit_code_r says how it ended. */
static bool command_init(struct command *command, enum settings_command kind, int argc, char **argv,
                         int *exit_code_r)
{
    memset(command, 0, sizeof(*command));
    command->kind = kind;
    buffer_init(&command->faults, COMMAND_TEXT_MAX_BYTES);
    settings_init(&command->settings);
    bool is_ok = settings_parse_argv(&command->settings, kind, argc, argv,
                                     kind == SETTINGS_BATCH ? &command->rest : NULL,
                                     &command->faults);
    if (command->settings.help)
        *exit_code_r = command_print_help(kind);
    else if (command->settings.version)
        *exit_code_r = command_version();
    else if (!is_ok)
        *exit_code_r = EXIT_CODE_USAGE;
    else
        return true;
    return false;
}

/* Prints what is wrong if anything is. */
static int command_end(struct command *command, int exit_code)
{
    if (command->faults.used > 0 && !command->settings.help && !command->settings.version)
        command_print_faults(command);
    command_deinit(command);
    return exit_code;
}

/* Runs the plan under signals. */
static int command_run(struct run_plan *plan, int hurry_exit_code)
{
    static struct stop stop; /* the signal handler keeps it */
    if (!stop_init(&stop) || !signals_install(&stop, hurry_exit_code)) {
        (void)fprintf(stderr, "mailconvoy: can't prepare for signals\n");
        return EXIT_CODE_INTERNAL;
    }
    plan->stop = &stop;
    return run_execute(plan);
}

static int batch_read_and_run(struct command *command)
{
    struct manifest *manifest = NULL;
    if (command->rest.count != 1) {
        buffer_append_str(&command->faults,
                          command->rest.count == 0
                              ? "name the manifest: mailconvoy batch MANIFEST.csv\n"
                              : "one manifest at a time: mailconvoy batch MANIFEST.csv\n");
        return EXIT_CODE_USAGE;
    }
    const char *path = command->rest.items[0];
    if (!manifest_read(path, &command->settings, &manifest, &command->faults))
        return EXIT_CODE_USAGE;
    struct run_plan plan = {
        .command = "batch",
        .manifest_path = path,
        .manifest = manifest,
        .settings = &command->settings,
    };
    int exit_code = command_run(&plan, EXIT_CODE_PAUSED);
    manifest_deinit(&manifest);
    return exit_code;
}

int command_batch(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_BATCH, argc, argv, &exit_code))
        exit_code = batch_read_and_run(&command);
    return command_end(&command, exit_code);
}

static int sync_check_and_run(struct command *command)
{
    struct run_plan plan = {.command = "sync", .settings = &command->settings};
    settings_apply_presets(&command->settings);
    bool is_pair = settings_check_pair(&command->settings, &command->faults);
    if (!hosts_check(&command->settings, &command->faults) || !is_pair)
        return EXIT_CODE_USAGE;
    bool has_secret1 = settings_check_secret(&command->settings, 1, &command->faults);
    bool has_secret2 = settings_check_secret(&command->settings, 2, &command->faults);
    if (!has_secret1 || !has_secret2)
        return EXIT_CODE_NO_INPUT;
    return command_run(&plan, EXIT_CODE_STOPPED_SYNC);
}

int command_sync(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_SYNC, argc, argv, &exit_code))
        exit_code = sync_check_and_run(&command);
    return command_end(&command, exit_code);
}

int command_report(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_REPORT, argc, argv, &exit_code))
        exit_code = report_command(command.settings.workdir, command.settings.report_run,
                                   command.settings.report_format);
    return command_end(&command, exit_code);
}

int command_version(void)
{
    return printf("mailconvoy %s\n", MAILCONVOY_VERSION) > 0 && fflush(stdout) == 0
               ? EXIT_CODE_COMPLETE
               : EXIT_CODE_INTERNAL;
}
