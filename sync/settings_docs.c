/* SPDX-License-Identifier: MIT */
#include "sync/settings_docs.h"

#include <string.h>

#include "sync/settings_private.h"

/* -- man pages -- */

void settings_append_roff(struct buffer *text, const char *words)
{
    bool is_line_start = true;
    for (const char *c = words; *c != '\0'; c++) {
        if (is_line_start && (*c == '.' || *c == '\''))
            buffer_append_str(text, "\\&");
        if (*c == '\\')
            buffer_append_str(text, "\\e");
        else if (*c == '-')
            buffer_append_str(text, "\\-");
        else if (*c == '\'')
            buffer_append_str(text, "\\(aq");
        else
            buffer_append_byte(text, (unsigned char)*c);
        is_line_start = *c == '\n';
    }
}

/* "\fB--host1\fR, \fB--host2\fR \fINAME\fR" */
static void append_man_spelling(struct buffer *text, const struct setting *row)
{
    const char *no = row->type == SETTING_BOOL || row->type == SETTING_CHOICE ? "[no]" : "";
    char name[SETTING_NAME_SIZE];
    bool has_more = false;
    for (int side = setting_first_side(row); side <= setting_last_side(row); side++) {
        setting_name(row, side, name);
        buffer_printf(text, "%s\\fB\\-\\-%s", has_more ? ", " : "", no);
        settings_append_roff(text, name);
        buffer_append_str(text, "\\fR");
        has_more = true;
    }
    if (row->argument != NULL) {
        buffer_append_str(text, " \\fI");
        settings_append_roff(text, row->argument);
        buffer_append_str(text, "\\fR");
    }
}

/* The default as --help has it. */
static void append_man_help(struct buffer *text, const struct setting *row)
{
    settings_append_roff(text, row->help);
    if (row->preset != NULL && row->preset[0] != '-' && strcmp(row->preset, "0") != 0) {
        buffer_append_str(text, " (default ");
        settings_append_roff(text, setting_is_switch(row) ? "on" : row->preset);
        buffer_append_byte(text, ')');
    }
    buffer_append_str(text, ".\n");
}

static void append_man_row(struct buffer *text, const struct setting *row)
{
    buffer_append_str(text, ".TP\n");
    append_man_spelling(text, row);
    buffer_append_byte(text, '\n');
    append_man_help(text, row);
}

void settings_append_man_options(struct buffer *text, enum settings_command command)
{
    for (int group = SETTING_GROUP_NONE + 1; group < SETTING_GROUP_COUNT; group++) {
        bool has_title = false;
        for (size_t i = 0; i < settings_table_count; i++) {
            const struct setting *row = &settings_table[i];
            if (row->state != SETTING_BUILT || row->group != (enum setting_group)group ||
                (row->commands & (unsigned)command) == 0)
                continue;
            if (!has_title)
                buffer_printf(text, ".SS %s\n", settings_group_titles[group]);
            has_title = true;
            append_man_row(text, row);
        }
    }
}

static void append_man_column(struct buffer *text, const struct setting *row)
{
    char name[SETTING_NAME_SIZE];
    bool has_more = false;
    buffer_append_str(text, ".TP\n");
    for (int side = setting_first_side(row); side <= setting_last_side(row); side++) {
        setting_name(row, side, name);
        buffer_printf(text, "%s\\fB", has_more ? ", " : "");
        settings_append_roff(text, name);
        buffer_append_str(text, "\\fR");
        has_more = true;
    }
    buffer_append_byte(text, '\n');
    if (row->help != NULL)
        append_man_help(text, row);
    else
        buffer_append_str(text, "what logs and reports call the mailbox.\n");
}

void settings_append_man_columns(struct buffer *text)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        if (settings_table[i].state == SETTING_BUILT && settings_table[i].may_row)
            append_man_column(text, &settings_table[i]);
    }
}

void settings_append_man_host_values(struct buffer *text)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (!setting_may_stand_in_profile(row))
            continue;
        buffer_append_str(text, ".TP\n\\fB");
        settings_append_roff(text, row->name);
        buffer_append_str(text, "\\fR\n");
        append_man_help(text, row);
    }
}

/* -- completion -- */

static const struct {
    const char *name;
    const char *help;
    unsigned int command; /* 0: no options */
} commands[] = {
    {"batch", "move every mailbox pair of a manifest", SETTINGS_BATCH},
    {"sync", "move one mailbox", SETTINGS_SYNC},
    {"status", "show what a run is at", SETTINGS_STATUS},
    {"report", "show what a past run did", SETTINGS_REPORT},
    {"auth", "sign in for OAuth2 profiles", SETTINGS_AUTH},
    {"explain", "what the words of a server mean", 0},
    {"help", "options of a command", 0},
    {"version", "the version", 0},
};
#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

enum completion_value {
    VALUE_NONE,
    VALUE_WORDS,
    VALUE_FILE,
    VALUE_ANY,
};

static enum completion_value value_of(const struct setting *row)
{
    if (setting_is_switch(row))
        return VALUE_NONE;
    if (row->type == SETTING_WORD)
        return VALUE_WORDS;
    bool names_file = row->argument != NULL &&
                      (strcmp(row->argument, "FILE") == 0 || strcmp(row->argument, "DIR") == 0);
    return row->type == SETTING_PATH || names_file ? VALUE_FILE : VALUE_ANY;
}

/* Calls for each spelling of each built option of these commands; "no" is "" or "no". */
static void each_option(struct buffer *text, unsigned int of_commands,
                        void (*append)(struct buffer *text, const struct setting *row,
                                       const char *no, const char *name))
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (row->state != SETTING_BUILT || (row->commands & of_commands) == 0)
            continue;
        for (int side = setting_first_side(row); side <= setting_last_side(row); side++) {
            char name[SETTING_NAME_SIZE];
            setting_name(row, side, name);
            append(text, row, "", name);
            if (row->type == SETTING_BOOL || row->type == SETTING_CHOICE)
                append(text, row, "no", name);
        }
    }
}

static void append_bash_option(struct buffer *text, const struct setting *row, const char *no,
                               const char *name)
{
    (void)row;
    buffer_printf(text, " --%s%s", no, name);
}

/* "    --format) words='text csv json' ;;" */
static void append_bash_value(struct buffer *text, const struct setting *row, const char *no,
                              const char *name)
{
    if (value_of(row) == VALUE_NONE || no[0] != '\0')
        return;
    if (value_of(row) == VALUE_FILE) {
        buffer_printf(text, "    --%s) kind=path ;;\n", name);
        return;
    }
    buffer_printf(text, "    --%s) kind=words words='", name);
    for (const char *c = row->words != NULL ? row->words : ""; *c != '\0'; c++)
        buffer_append_byte(text, *c == '|' ? ' ' : (unsigned char)*c);
    buffer_append_str(text, "' ;;\n");
}

void settings_append_completion_bash(struct buffer *text)
{
    buffer_append_str(text, "# bash completion of mailconvoy; made by `mailconvoy docs "
                            "completion-bash`\n"
                            "# shellcheck shell=bash disable=SC2207\n"
                            "_mailconvoy()\n"
                            "{\n"
                            "    local current=${COMP_WORDS[COMP_CWORD]} "
                            "previous=${COMP_WORDS[COMP_CWORD - 1]} kind='' words=''\n"
                            "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                            "        COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        buffer_printf(text, "%s%s", i > 0 ? " " : "", commands[i].name);
    buffer_append_str(text, "' -- \"$current\"))\n"
                            "        return\n"
                            "    fi\n"
                            "    case $previous in\n");
    each_option(text,
                SETTINGS_SYNC | SETTINGS_BATCH | SETTINGS_REPORT | SETTINGS_AUTH | SETTINGS_STATUS,
                append_bash_value);
    buffer_append_str(text, "    esac\n"
                            "    case $kind:$current in\n"
                            "    words:*)\n"
                            "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                            "        return\n"
                            "        ;;\n"
                            "    path:* | :[!-]* | :)\n"
                            "        compopt -o filenames 2>/dev/null\n"
                            "        COMPREPLY=($(compgen -f -- \"$current\"))\n"
                            "        return\n"
                            "        ;;\n"
                            "    esac\n"
                            "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (commands[i].command == 0)
            continue;
        buffer_printf(text, "    %s) words='", commands[i].name);
        each_option(text, commands[i].command, append_bash_option);
        buffer_append_str(text, "' ;;\n");
    }
    buffer_append_str(text, "    esac\n"
                            "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                            "}\n"
                            "complete -F _mailconvoy mailconvoy\n");
}

/* Inside '...' of zsh, and inside [...] and :...: of _arguments. */
static void append_zsh_words(struct buffer *text, const char *words)
{
    for (const char *c = words; *c != '\0'; c++) {
        if (*c == '\'')
            buffer_append_str(text, "'\\''");
        else if (strchr("[]:\\", *c) != NULL)
            buffer_printf(text, "\\%c", *c);
        else
            buffer_append_byte(text, (unsigned char)*c);
    }
}

/* "            '--host1[server name or address]:NAME: '" */
static void append_zsh_option(struct buffer *text, const struct setting *row, const char *no,
                              const char *name)
{
    enum completion_value value = value_of(row);
    bool may_repeat = row->type == SETTING_LIST || row->type == SETTING_PAIRS;
    buffer_printf(text, " \\\n            '%s--%s%s[", may_repeat ? "*" : "", no, name);
    append_zsh_words(text, row->help);
    buffer_append_byte(text, ']');
    if (value != VALUE_NONE) {
        buffer_append_byte(text, ':');
        append_zsh_words(text, row->argument != NULL ? row->argument : "value");
        buffer_append_byte(text, ':');
    }
    if (value == VALUE_FILE)
        buffer_append_str(text, "_files");
    else if (value == VALUE_ANY)
        buffer_append_byte(text, ' ');
    if (value == VALUE_WORDS) {
        buffer_append_byte(text, '(');
        for (const char *c = row->words; *c != '\0'; c++)
            buffer_append_byte(text, *c == '|' ? ' ' : (unsigned char)*c);
        buffer_append_byte(text, ')');
    }
    buffer_append_byte(text, '\'');
}

void settings_append_completion_zsh(struct buffer *text)
{
    buffer_append_str(text, "#compdef mailconvoy\n"
                            "# made by `mailconvoy docs completion-zsh`\n"
                            "if ((CURRENT == 2)); then\n"
                            "    local -a commands=(\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        buffer_printf(text, "        '%s:%s'\n", commands[i].name, commands[i].help);
    buffer_append_str(text, "    )\n"
                            "    _describe command commands\n"
                            "else\n"
                            "    local command=$words[2]\n"
                            "    shift words\n"
                            "    ((CURRENT--))\n"
                            "    case $command in\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (commands[i].command == 0)
            continue;
        buffer_printf(text, "    %s)\n        _arguments", commands[i].name);
        each_option(text, commands[i].command, append_zsh_option);
        buffer_append_str(text, commands[i].command == SETTINGS_BATCH
                                    ? " \\\n            '1:manifest:_files'\n        ;;\n"
                                    : "\n        ;;\n");
    }
    buffer_append_str(text, "    esac\n"
                            "fi\n");
}
