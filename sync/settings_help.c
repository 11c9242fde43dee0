/* SPDX-License-Identifier: MIT
 * --help, from the table. */
#include "sync/settings.h"

#include <stdio.h>
#include <string.h>

#include "sync/settings_private.h"

#define HELP_COLUMNS 100
#define HELP_INDENT  34 /* where the explanations start */

const char *const settings_group_titles[SETTING_GROUP_COUNT] = {
    [SETTING_GROUP_CONNECTION] = "Connection",
    [SETTING_GROUP_SIGN_IN] = "Sign-in",
    [SETTING_GROUP_PRESETS] = "Providers (what is given besides wins)",
    [SETTING_GROUP_FOLDERS] = "Folders",
    [SETTING_GROUP_MESSAGES] = "Messages",
    [SETTING_GROUP_FLAGS] = "Flags",
    [SETTING_GROUP_DELETING] = "Deleting",
    [SETTING_GROUP_LIMITS] = "Limits",
    [SETTING_GROUP_RUN] = "The run",
    [SETTING_GROUP_OUTPUT] = "Output",
};

static const char usage_sync[] =
    "Usage: mailconvoy sync --host1 H --user1 U --passfile1 FILE\n"
    "                       --host2 H --user2 U --passfile2 FILE [option ...]\n"
    "\n"
    "Copies one mailbox: 1 is the source, 2 the destination.\n";
static const char usage_batch[] =
    "Usage: mailconvoy batch MANIFEST.csv [--parallel N] [--budget-messages R] [--budget-bytes B]\n"
    "                        [option ...]\n"
    "\n"
    "Copies the mailboxes that the manifest lists, one pair per row. Options given here are the\n"
    "rows' defaults; the manifest's columns have the same names (host1, user1, password1, ...).\n";
static const char usage_report[] =
    "Usage: mailconvoy report [--workdir DIR] [--run ID] [--format text|csv|json]\n"
    "\n"
    "Shows what a past run did, from the work directory.\n";

static const char usage_status[] =
    "Usage: mailconvoy status [--workdir DIR] [--watch] [--json]\n"
    "\n"
    "Shows what the run in the work directory is at, without disturbing it.\n";

static const char usage_auth[] =
    "Usage: mailconvoy auth login PROFILE --device | --browser [--config FILE]\n"
    "       mailconvoy auth status [PROFILE] [--config FILE]\n"
    "\n"
    "Signs a user in for an OAuth2 profile, once; or asks for a token of each profile, and says "
    "what\n"
    "is wrong where none comes.\n";

static const char exits_sync[] =
    "Exit codes (imapsync's):\n"
    "    0    everything is there           101/102  no connection to host1/host2\n"
    "    6    stopped by a signal           111      ended with errors\n"
    "    7    stopped by a file             113      destination over quota\n"
    "    8    the pidfile is another's      114      a message was refused\n"
    "   12    TLS failed                    115      a message could not be fetched\n"
    "   21    subfolder1 does not exist     116      a folder could not be created\n"
    "   64    bad command line              117      a folder could not be opened\n"
    "   66    a password can't be read      118      a limit of bytes was reached\n"
    "   70    internal error                119      a message was taken for harmful\n"
    "   75    workdir or mailbox is in use  120      flags were refused\n"
    "                                       161/162  login refused by host1/host2\n";
static const char exits_batch[] =
    "Exit codes:\n"
    "    0    all mailboxes are complete\n"
    "   10    complete, with exceptions: see problems.csv\n"
    "   11    some mailboxes failed\n"
    "   12    paused: run the same command again to go on\n"
    "   64    fault in the command line or in the manifest; nothing was started\n"
    "   70    internal error\n"
    "   75    another run holds the work directory\n";
static const char exits_report[] = "Exit codes:\n"
                                   "    0    shown\n"
                                   "   64    bad command line, or no such run\n"
                                   "   66    the work directory holds no run\n"
                                   "   70    internal error\n";

static const char exits_status[] = "Exit codes:\n"
                                   "    0    shown\n"
                                   "   64    bad command line\n"
                                   "   66    the work directory holds no status\n"
                                   "   70    internal error\n";

static const char exits_auth[] = "Exit codes:\n"
                                 "    0    signed in; all profiles work\n"
                                 "   11    not signed in; some profile does not work\n"
                                 "   64    bad command line, or a fault in the file of profiles\n";

/* "--host1, --host2 NAME" */
static int append_spelling(struct buffer *text, const struct setting *row)
{
    size_t before = text->used;
    const char *no = row->type == SETTING_BOOL || row->type == SETTING_CHOICE ? "[no]" : "";
    if (row->sides == SETTING_SIDED)
        buffer_printf(text, "  --%s%s1, --%s%s2", no, row->name, no, row->name);
    else if (row->sides == SETTING_BOTH_OR_ONE)
        buffer_printf(text, "  --%s%s[1|2]", no, row->name);
    else
        buffer_printf(text, "  --%s%s", no, row->name);
    if (row->argument != NULL)
        buffer_printf(text, " %s", row->argument);
    return (int)(text->used - before);
}

/* Fills lines up to HELP_COLUMNS, starting at column `at`. */
static void append_wrapped(struct buffer *text, const char *words, size_t at)
{
    bool is_line_start = true;
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        if (!is_line_start && at + 1 + size > HELP_COLUMNS) {
            buffer_printf(text, "\n%*s", HELP_INDENT, "");
            at = HELP_INDENT;
            is_line_start = true;
        }
        if (!is_line_start) {
            buffer_append_byte(text, ' ');
            at++;
        }
        buffer_append(text, words, size);
        at += size;
        is_line_start = false;
        words += size;
        words += strspn(words, " ");
    }
    buffer_append_byte(text, '\n');
}

/* Off, none and unset go without saying. */
static void format_default(const struct setting *row, char *text, size_t size)
{
    text[0] = '\0';
    if (row->preset == NULL || row->preset[0] == '-' || strcmp(row->preset, "0") == 0)
        return;
    (void)snprintf(text, size, " (default %s)", setting_is_switch(row) ? "on" : row->preset);
}

static void append_row(struct buffer *text, const struct setting *row)
{
    char words[512];
    char preset[64];
    int width = append_spelling(text, row);
    format_default(row, preset, sizeof(preset));
    (void)snprintf(words, sizeof(words), "%s%s", row->help, preset);
    if (width >= HELP_INDENT - 1) {
        buffer_append_byte(text, '\n');
        width = 0;
    }
    buffer_printf(text, "%*s", HELP_INDENT - width, "");
    append_wrapped(text, words, HELP_INDENT);
}

static void append_group(struct buffer *text, enum settings_command command,
                         enum setting_group group)
{
    bool has_title = false;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (row->state != SETTING_BUILT || row->group != group ||
            (row->commands & (unsigned)command) == 0)
            continue;
        if (!has_title)
            buffer_printf(text, "\n%s:\n", settings_group_titles[group]);
        has_title = true;
        append_row(text, row);
    }
}

static const struct {
    enum settings_command command;
    const char *usage;
    const char *exits;
} pages[] = {
    {SETTINGS_SYNC, usage_sync, exits_sync},       {SETTINGS_BATCH, usage_batch, exits_batch},
    {SETTINGS_REPORT, usage_report, exits_report}, {SETTINGS_AUTH, usage_auth, exits_auth},
    {SETTINGS_STATUS, usage_status, exits_status},
};

static size_t page_of(enum settings_command command)
{
    size_t page = 0;
    while (pages[page].command != command)
        page++;
    return page;
}

const char *settings_exit_codes(enum settings_command command)
{
    return pages[page_of(command)].exits;
}

void settings_append_help(struct buffer *text, enum settings_command command)
{
    size_t page = page_of(command);
    buffer_append_str(text, pages[page].usage);
    for (int group = SETTING_GROUP_NONE + 1; group < SETTING_GROUP_COUNT; group++)
        append_group(text, command, (enum setting_group)group);
    buffer_append_str(text, "\nOptions may be abbreviated.");
    if (command == SETTINGS_SYNC || command == SETTINGS_BATCH)
        buffer_append_str(text, " Sizes and rates take k, M and G (powers of 1000), and \"_\".");
    buffer_printf(text, "\n\n%s", pages[page].exits);
}
