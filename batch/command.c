/* SPDX-License-Identifier: MIT */
#include "batch/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "batch/command_private.h"
#include "batch/docs.h"
#include "batch/hosts.h"
#include "batch/manifest.h"
#include "batch/notify.h"
#include "batch/pidfile.h"
#include "batch/run.h"
#include "batch/signals.h"
#include "batch/tally.h"
#include "report/command.h"
#include "sync/settings_presets.h"

#define COMMAND_TEXT_MAX_BYTES ((size_t)1024 * 1024)

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
    profiles_deinit(&command->profiles);
    str_list_deinit(&command->rest);
    buffer_deinit(&command->faults);
}

bool command_init(struct command *command, enum settings_command kind, int argc, char **argv,
                  int *exit_code_r)
{
    memset(command, 0, sizeof(*command));
    command->kind = kind;
    buffer_init(&command->faults, COMMAND_TEXT_MAX_BYTES);
    settings_init(&command->settings);
    bool is_ok = settings_parse_argv(
        &command->settings, kind, argc, argv,
        kind == SETTINGS_BATCH || kind == SETTINGS_AUTH ? &command->rest : NULL, &command->faults);
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

int command_end(struct command *command, int exit_code)
{
    if (command->faults.used > 0 && !command->settings.help && !command->settings.version)
        command_print_faults(command);
    command_deinit(command);
    return exit_code;
}

/* A fault of the surroundings, which ends the command before anything starts. */
static int command_complain(struct command *command, const struct fault *fault, int exit_code)
{
    buffer_printf(&command->faults, "%s\n", fault->text);
    return exit_code;
}

bool command_read_profiles(struct command *command)
{
    struct settings *settings = &command->settings;
    char *path = settings->config != NULL ? mem_strdup(settings->config)
                                          : profiles_default_path(settings->workdir);
    if (path == NULL)
        return true;
    command->profiles = profiles_read(path, &command->faults);
    settings->profiles = command->profiles;
    mem_free(path);
    return command->profiles != NULL &&
           settings_check_host_profiles(command->profiles, &command->faults);
}

/* What must be right whatever is to be done. */
static bool command_check(struct command *command)
{
    const struct settings *settings = &command->settings;
    char words[STR_ERROR_SIZE];
    bool is_fine = signals_check(settings, &command->faults);
    is_fine = notify_check(settings, &command->faults) && is_fine;
    if (settings->tmpdir != NULL && access(settings->tmpdir, W_OK | X_OK) != 0) {
        buffer_printf(&command->faults, "tmpdir can't be used: %s\n", str_error(errno, words));
        is_fine = false;
    }
    if (settings->abortbyfile && (settings->pidfile == NULL || settings->pidfile[0] == '\0')) {
        buffer_append_str(&command->faults, "abortbyfile wants the --pidfile of the run to stop\n");
        is_fine = false;
    }
    return is_fine;
}

/* --abort and --abortbyfile */
static int command_abort(struct command *command)
{
    const struct settings *settings = &command->settings;
    struct buffer words;
    bool has_pidfile = settings->pidfile != NULL && settings->pidfile[0] != '\0';
    char *path = has_pidfile ? mem_strdup(settings->pidfile)
                             : mem_printf("%s/lock", settings->workdir);
    buffer_init(&words, COMMAND_TEXT_MAX_BYTES);
    bool is_done = settings->abortbyfile ? pidfile_ask_abort(path, &words)
                                         : pidfile_stop_holder(path, &words);
    (void)fputs(buffer_str(&words), is_done ? stdout : stderr);
    buffer_deinit(&words);
    mem_free(path);
    return is_done ? EXIT_CODE_COMPLETE : EXIT_CODE_INTERNAL;
}

/* Runs the plan under signals. */
static int command_run_with_signals(struct run_plan *plan, int hurry_exit_code)
{
    static struct stop stop; /* the signal handler keeps it */
    if (!stop_init(&stop) || !signals_install(&stop, hurry_exit_code, plan->settings)) {
        (void)fprintf(stderr, "mailconvoy: can't prepare for signals\n");
        return EXIT_CODE_INTERNAL;
    }
    plan->stop = &stop;
    return run_execute(plan);
}

static int command_run(struct command *command, struct run_plan *plan, int hurry_exit_code)
{
    const struct settings *settings = &command->settings;
    bool is_sync = command->kind == SETTINGS_SYNC;
    struct fault fault;
    if (settings->pidfile == NULL || settings->pidfile[0] == '\0')
        return command_run_with_signals(plan, hurry_exit_code);
    enum pidfile_outcome outcome = pidfile_take(settings->pidfile, clock_wall_msecs(),
                                                &plan->pidfile, &fault);
    if (outcome == PIDFILE_FAULT)
        return command_complain(command, &fault, EXIT_CODE_INTERNAL);
    if (outcome == PIDFILE_BUSY && settings->pidfilelocking)
        return command_complain(command, &fault, is_sync ? EXIT_CODE_PIDFILE_SYNC : EXIT_CODE_BUSY);
    if (outcome == PIDFILE_BUSY && !settings->quiet)
        (void)fprintf(stderr, "%s; the file is left to it (--pidfilelocking would not start)\n",
                      fault.text);
    int exit_code = command_run_with_signals(plan, hurry_exit_code);
    pidfile_release(&plan->pidfile);
    return exit_code;
}

static int batch_read_and_run(struct command *command)
{
    struct manifest *manifest = NULL;
    if (!command_check(command))
        return EXIT_CODE_USAGE;
    if (command->settings.abort || command->settings.abortbyfile)
        return command_abort(command);
    if (command->rest.count != 1) {
        buffer_append_str(
            &command->faults,
            command->rest.count == 0
                ? "name the manifest: mailconvoy batch MANIFEST.csv\n"
                : "one manifest at a time: mailconvoy batch MANIFEST.csv; a word that no "
                  "option takes for its value counts as one\n");
        return EXIT_CODE_USAGE;
    }
    const char *path = command->rest.items[0];
    if (!command_read_profiles(command) ||
        !manifest_read(path, &command->settings, &manifest, &command->faults))
        return EXIT_CODE_USAGE;
    struct run_plan plan = {
        .command = "batch",
        .manifest_path = path,
        .manifest = manifest,
        .settings = &command->settings,
    };
    int exit_code = command_run(command, &plan, EXIT_CODE_PAUSED);
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

/* imapsync reads options from there, unasked, and stronger than the command line. */
static void sync_look_for_extra_options(const struct settings *settings)
{
    if (!settings->quiet && access("options_extra.txt", F_OK) == 0)
        (void)fprintf(stderr, "options_extra.txt is here, and is not read: write its options into "
                              "the command line\n");
}

/* --justbanner */
static int sync_show_banner(const struct settings *settings)
{
    struct buffer text;
    buffer_init(&text, COMMAND_TEXT_MAX_BYTES);
    buffer_append_str(&text, "mailconvoy " MAILCONVOY_VERSION "\n");
    settings_append_presets(settings, &text);
    settings_append_echo(settings, &text);
    bool is_ok = fputs(buffer_str(&text), stdout) >= 0 && fflush(stdout) == 0;
    buffer_deinit(&text);
    return is_ok ? EXIT_CODE_COMPLETE : EXIT_CODE_INTERNAL;
}

static int sync_check_and_run(struct command *command)
{
    struct run_plan plan = {.command = "sync", .settings = &command->settings};
    bool is_fine = command_check(command);
    if (is_fine && (command->settings.abort || command->settings.abortbyfile))
        return command_abort(command);
    sync_look_for_extra_options(&command->settings);
    settings_apply_presets(&command->settings);
    if (is_fine && command->settings.justbanner)
        return sync_show_banner(&command->settings);
    is_fine = command_read_profiles(command) && is_fine;
    settings_apply_host_profiles(&command->settings);
    is_fine = settings_check_pair(&command->settings, &command->faults) && is_fine;
    if (!hosts_check(&command->settings, &command->faults) || !is_fine)
        return EXIT_CODE_USAGE;
    bool has_secret1 = settings_check_secret(&command->settings, 1, &command->faults);
    bool has_secret2 = settings_check_secret(&command->settings, 2, &command->faults);
    if (!has_secret1 || !has_secret2)
        return EXIT_CODE_NO_INPUT;
    return command_run(command, &plan, EXIT_CODE_STOPPED_SYNC);
}

int command_sync(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_SYNC, argc, argv, &exit_code))
        exit_code = sync_check_and_run(&command);
    return command_end(&command, exit_code);
}

static int report_write(const struct settings *settings)
{
    const struct report_order order = {
        .workdir = settings->workdir,
        .run_id = settings->report_run,
        .format = settings->report_format,
        .is_across = settings->report_across,
        .is_per_user = settings->report_per_user,
        .hides_subjects = !settings->report_subjects,
        .title = settings->report_title,
        .customer = settings->report_customer,
        .logo = settings->report_logo,
        .language = settings->report_language,
    };
    return report_command(&order);
}

int command_report(int argc, char **argv)
{
    struct command command;
    int exit_code;
    if (command_init(&command, SETTINGS_REPORT, argc, argv, &exit_code))
        exit_code = report_write(&command.settings);
    return command_end(&command, exit_code);
}

int command_docs(int argc, char **argv)
{
    struct buffer text;
    buffer_init(&text, COMMAND_TEXT_MAX_BYTES);
    if (argc != 1 || !docs_append(argv[0], &text)) {
        docs_append_names(&text);
        (void)fprintf(stderr, "name a page, mailconvoy docs PAGE: %s\n", buffer_str(&text));
        buffer_deinit(&text);
        return EXIT_CODE_USAGE;
    }
    bool is_ok = fputs(buffer_str(&text), stdout) >= 0 && fflush(stdout) == 0;
    buffer_deinit(&text);
    return is_ok ? EXIT_CODE_COMPLETE : EXIT_CODE_INTERNAL;
}

int command_version(void)
{
    return printf("mailconvoy %s\n", MAILCONVOY_VERSION) > 0 && fflush(stdout) == 0
               ? EXIT_CODE_COMPLETE
               : EXIT_CODE_INTERNAL;
}
