/* SPDX-License-Identifier: MIT
 * The front door: picks the subcommand, nothing else. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "batch/command.h"
#include "batch/tally.h"
#include "report/explain.h"

static const char usage[] =
    "mailconvoy moves mailboxes in bulk over IMAP.\n"
    "\n"
    "  mailconvoy batch MANIFEST.csv [options]   move every mailbox pair of a manifest\n"
    "  mailconvoy sync [options]                 move one mailbox (imapsync's options)\n"
    "  mailconvoy status [options]               show what a run is at\n"
    "  mailconvoy report [options]               show what a past run did\n"
    "  mailconvoy explain 'TEXT'                 what a server's words mean, and what to do\n"
    "  mailconvoy auth login|status              sign in for OAuth2 profiles, look after them\n"
    "  mailconvoy help [COMMAND]                 this text, or a command's options\n"
    "  mailconvoy version                        the version\n"
    "\n"
    "mailconvoy COMMAND --help lists the options of a command.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"batch", command_batch}, {"sync", command_sync},     {"report", command_report},
    {"auth", command_auth},   {"status", command_status}, {"explain", explain_command},
    {"docs", command_docs}, /* for whoever writes the documentation */
};

/* Passwords are in memory: no core file, no other process of the same user may look. What the
   system refuses here is no reason not to work. */
static void keep_memory_private(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#endif
}

static int run_command(const char *name, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc, argv);
    }
    (void)fprintf(stderr, "there is no such command\n\n%s", usage);
    return EXIT_CODE_USAGE;
}

static int show_help(int argc, char **argv)
{
    char help_option[] = "--help";
    char *help_argv[] = {help_option, NULL};
    if (argc > 0)
        return run_command(argv[0], 1, help_argv);
    return fputs(usage, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_CODE_COMPLETE
                                                            : EXIT_CODE_INTERNAL;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0)
        return command_version();
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return show_help(argc > 2 ? argc - 2 : 0, argv + 2);
    keep_memory_private();
    return run_command(name, argc - 2, argv + 2);
}
