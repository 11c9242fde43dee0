/* SPDX-License-Identifier: MIT
 * The command line, in imapsync's (Getopt::Long's) grammar. */
#include "sync/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/settings_private.h"

#define MAX_CANDIDATES 12

/* One way to read an option's name. */
struct option_match {
    const struct setting *row;
    int side;
    bool is_negated;
};

struct candidates {
    struct option_match items[MAX_CANDIDATES];
    size_t count; /* also counts those that found no room */
};

struct parse {
    struct settings *settings;
    unsigned commands;         /* a row is known if it shares a bit; 0: may_row decides */
    enum settings_level level; /* of what is read here */
    int argc;
    char **argv;
    int next;
    struct str_list *rest;
    struct buffer *faults;
    char last_option[SETTING_NAME_SIZE]; /* as the table spells it, to name a left-over's place */
    bool has_failed;
};

/* --- finding the option --- */

static bool parse_knows(const struct parse *parse, const struct setting *row)
{
    if (parse->commands == 0)
        return (row->commands & SETTINGS_BATCH) != 0 || row->may_row;
    return (row->commands & parse->commands) != 0;
}

static void candidates_add(struct candidates *found, const struct setting *row, int side,
                           bool is_negated)
{
    size_t kept = found->count < MAX_CANDIDATES ? found->count : MAX_CANDIDATES;
    for (size_t i = 0; i < kept; i++) {
        const struct option_match *match = &found->items[i];
        if (match->row == row && match->side == side && match->is_negated == is_negated)
            return;
    }
    if (kept < MAX_CANDIDATES)
        found->items[kept] = (struct option_match){row, side, is_negated};
    found->count++;
}

static void find_in_row(const struct setting *row, const char *name, size_t size, bool is_negated,
                        bool may_abbreviate, struct candidates *found)
{
    for (int side = setting_first_side(row); side <= setting_last_side(row); side++) {
        if (setting_name_matches(row, side, name, size, may_abbreviate))
            candidates_add(found, row, side, is_negated);
    }
    if (setting_alias_matches(row, name, size, may_abbreviate))
        candidates_add(found, row, 0, is_negated);
}

/* All readings of a name, "x" and "nox" and "no-x". */
static void find_options(const struct parse *parse, const char *name, size_t size,
                         bool may_abbreviate, struct candidates *found)
{
    size_t no_size = size >= 2 && str_iequals_n(name, 2, "no") ? 2 : 0;
    if (no_size > 0 && size > 2 && (name[2] == '-' || name[2] == '_'))
        no_size = 3;
    found->count = 0;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (!parse_knows(parse, row))
            continue;
        find_in_row(row, name, size, false, may_abbreviate, found);
        if (no_size > 0 && (row->type == SETTING_BOOL || row->type == SETTING_CHOICE))
            find_in_row(row, name + no_size, size - no_size, true, may_abbreviate, found);
    }
}

/* --- faults --- */

static void parse_fail(struct parse *parse)
{
    parse->has_failed = true;
    buffer_append_byte(parse->faults, '\n');
}

static void fail_ambiguous(struct parse *parse, const char *name, size_t size,
                           const struct candidates *found)
{
    buffer_append_str(parse->faults, "option --");
    str_append_printable(parse->faults, name, size);
    buffer_append_str(parse->faults, " is ambiguous:");
    for (size_t i = 0; i < found->count && i < MAX_CANDIDATES; i++) {
        char spelled[SETTING_NAME_SIZE];
        setting_name(found->items[i].row, found->items[i].side, spelled);
        buffer_printf(parse->faults, "%s %s%s", i == 0 ? "" : ",",
                      found->items[i].is_negated ? "no" : "", spelled);
    }
    if (found->count > MAX_CANDIDATES)
        buffer_append_str(parse->faults, ", ...");
    parse_fail(parse);
}

static void fail_unknown(struct parse *parse, const char *name, size_t size)
{
    buffer_append_str(parse->faults, "unknown option --");
    str_append_printable(parse->faults, name, size);
    parse_fail(parse);
}

void settings_append_refusal(struct buffer *fault, const struct setting *row, const char *name)
{
    buffer_printf(fault, "%s is an option of imapsync that mailconvoy refuses: %s", name,
                  row->help);
}

/* imapsync catches "--delete 2", a slip that once cost people their source. */
static bool is_torn_delete(struct parse *parse, const struct option_match *match, const char *name)
{
    const char *next = parse->next < parse->argc ? parse->argv[parse->next] : "";
    if (strcmp(match->row->name, "delete1") != 0 ||
        (strcmp(next, "1") != 0 && strcmp(next, "2") != 0))
        return false;
    parse->next++;
    buffer_printf(parse->faults,
                  "%s takes no number; if you meant --delete%s, write it without "
                  "the blank",
                  name, next);
    return true;
}

/* False if the option may not be used (or says what happens anyway). */
static bool option_is_usable(struct parse *parse, const struct option_match *match)
{
    const struct setting *row = match->row;
    char name[SETTING_NAME_SIZE + 8];
    (void)snprintf(name, sizeof(name), "--%s%s", match->is_negated ? "no" : "", parse->last_option);
    if (row->state == SETTING_ACCEPTED)
        return false;
    if (row->state != SETTING_BUILT) {
        enum setting_accepts asked = match->is_negated ? SETTING_ACCEPTS_OFF : SETTING_ACCEPTS_ON;
        if (row->accepts == asked)
            return false;
        settings_append_refusal(parse->faults, row, name);
        parse_fail(parse);
        return false;
    }
    if (is_torn_delete(parse, match, name)) {
        parse_fail(parse);
        return false;
    }
    if (parse->commands == 0 && !row->may_row) {
        buffer_printf(parse->faults, "%s can't be set for a single row", name);
        parse_fail(parse);
        return false;
    }
    return true;
}

/* --- values --- */

/* The value of an option that wants one: behind "=", or the next word, whatever it looks like. */
static bool take_value(struct parse *parse, char *equals, char **value_r)
{
    if (equals != NULL && equals[1] != '\0') {
        *value_r = equals + 1;
        return true;
    }
    if (equals == NULL && parse->next < parse->argc) {
        *value_r = parse->argv[parse->next++];
        return true;
    }
    buffer_printf(parse->faults, "option --%s requires an argument%s", parse->last_option,
                  equals != NULL ? " (an empty one is given as two words: --option \"\")" : "");
    parse_fail(parse);
    return false;
}

/* Whether the next word of the command line is one of the row's. */
static bool is_word_next(const struct parse *parse, const struct setting *row)
{
    const char *next = parse->next < parse->argc ? parse->argv[parse->next] : "";
    const char *at = row->words;
    while (at != NULL && *next != '\0') {
        size_t size = strcspn(at, "|");
        if (str_iequals_n(at, size, next))
            return true;
        at = at[size] == '|' ? at + size + 1 : NULL;
    }
    return false;
}

static void read_option(struct parse *parse, const struct option_match *match, char *equals)
{
    const struct setting *row = match->row;
    char on[] = "1";
    char off[] = "0";
    char alone[SETTING_NAME_SIZE];
    char *value = match->is_negated ? off : on;
    setting_name(row, match->side, parse->last_option);
    if (row->alone != NULL && equals == NULL && !is_word_next(parse, row)) {
        (void)snprintf(alone, sizeof(alone), "%s", row->alone);
        value = alone;
    } else if (!setting_is_switch(row)) {
        if (!take_value(parse, equals, &value))
            return;
    } else if (equals != NULL) {
        buffer_printf(parse->faults, "option --%s does not take an argument", parse->last_option);
        parse_fail(parse);
        return;
    }
    if (option_is_usable(parse, match) &&
        !settings_apply(parse->settings, row, match->side, parse->level, value, parse->faults))
        parse->has_failed = true;
    if (row->type == SETTING_SECRET || row->is_secret)
        memset(value, 'x', strlen(value));
}

/* --- the walk along argv --- */

static void read_word_as_option(struct parse *parse, char *word)
{
    char *name = word + (word[1] == '-' ? 2 : 1);
    char *equals = strchr(name, '=');
    size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
    struct candidates found;
    find_options(parse, name, size, false, &found);
    if (found.count == 0)
        find_options(parse, name, size, true, &found);
    if (size == 0 || found.count == 0) {
        fail_unknown(parse, name, size);
        (void)snprintf(parse->last_option, sizeof(parse->last_option), "%s", "that");
    } else if (found.count > 1) {
        fail_ambiguous(parse, name, size, &found);
    } else {
        read_option(parse, &found.items[0], equals);
    }
}

/* What is left over may be half of a password with a blank in it, so it is never shown. */
static void read_left_over(struct parse *parse, const char *word, bool is_first)
{
    if (word[0] == '\0' && is_first)
        return;
    if (parse->rest != NULL) {
        str_list_add(parse->rest, word);
        return;
    }
    if (parse->last_option[0] == '\0')
        buffer_append_str(parse->faults, "the first word is no option");
    else
        buffer_printf(parse->faults, "a word somewhere after option --%s belongs to no option",
                      parse->last_option);
    parse_fail(parse);
}

static bool parse_words(struct parse *parse)
{
    bool may_be_option = true;
    bool is_first = true;
    while (parse->next < parse->argc) {
        char *word = parse->argv[parse->next++];
        if (may_be_option && strcmp(word, "--") == 0) {
            may_be_option = false;
        } else if (may_be_option && word[0] == '-' && word[1] != '\0') {
            read_word_as_option(parse, word);
        } else {
            read_left_over(parse, word, is_first);
            is_first = false;
        }
    }
    return !parse->has_failed;
}

/* In imapsync the variable wins even over an explicit --password1, which has locked people out;
   here what is typed wins. */
static void read_environment(struct settings *settings)
{
    static const char *const names[] = {"IMAPSYNC_PASSWORD1", "IMAPSYNC_PASSWORD2"};
    for (int i = 0; i < 2; i++) {
        struct settings_side *side = &settings->side[i];
        const char *value = getenv(names[i]);
        if (value != NULL && side->password == NULL && side->passfile == NULL)
            side->password = mem_strdup(value);
    }
}

bool settings_parse_argv(struct settings *settings, enum settings_command command, int argc,
                         char **argv, struct str_list *rest, struct buffer *faults)
{
    struct parse parse = {
        .settings = settings,
        .commands = command,
        .level = SETTINGS_LEVEL_COMMAND,
        .argc = argc,
        .argv = argv,
        .rest = rest,
        .faults = faults,
    };
    bool is_fine = parse_words(&parse);
    if (command == SETTINGS_SYNC || command == SETTINGS_BATCH)
        read_environment(settings);
    return is_fine;
}

bool settings_parse_row_options(struct settings *settings, int argc, char **argv,
                                struct buffer *faults)
{
    struct parse parse = {
        .settings = settings,
        .level = SETTINGS_LEVEL_ROW,
        .argc = argc,
        .argv = argv,
        .faults = faults,
    };
    return parse_words(&parse);
}
