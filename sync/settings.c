/* SPDX-License-Identifier: MIT
 * The values behind the table: defaults, copies, one value set from text, the echo in the logs. */
#include "sync/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/settings_private.h"

#define SETTINGS_MAX_VALUE 65536

static bool setting_is_text(const struct setting *row)
{
    return row->type >= SETTING_STRING && row->type <= SETTING_WORD;
}

static bool setting_is_list(const struct setting *row)
{
    return row->type == SETTING_LIST || row->type == SETTING_PAIRS;
}

bool setting_is_switch(const struct setting *row)
{
    return row->type <= SETTING_CHOICE;
}

int setting_first_side(const struct setting *row)
{
    return row->sides == SETTING_SIDED ? 1 : 0;
}

int setting_last_side(const struct setting *row)
{
    return row->sides == SETTING_UNSIDED ? 0 : 2;
}

void setting_name(const struct setting *row, int side, char name_r[SETTING_NAME_SIZE])
{
    if (side == 0)
        (void)snprintf(name_r, SETTING_NAME_SIZE, "%s", row->name);
    else
        (void)snprintf(name_r, SETTING_NAME_SIZE, "%s%d", row->name, side);
}

const void *settings_field_const(const struct settings *settings, const struct setting *row,
                                 int side)
{
    const char *base = row->sides == SETTING_UNSIDED ? (const char *)settings
                                                     : (const char *)&settings->side[side - 1];
    return base + row->offset;
}

void *settings_field(struct settings *settings, const struct setting *row, int side)
{
    char *base = row->sides == SETTING_UNSIDED ? (char *)settings
                                               : (char *)&settings->side[side - 1];
    return base + row->offset;
}

unsigned char *settings_level_at(const struct settings *settings, const struct setting *row,
                                 int side)
{
    size_t index = (size_t)(row - settings_table) * 2;
    return &settings->is_set[index + (side == 2 ? 1 : 0)];
}

/* The sides whose fields a row has: 0..0 or 1..2. */
static int setting_first_field(const struct setting *row)
{
    return row->sides == SETTING_UNSIDED ? 0 : 1;
}

void settings_init(struct settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    settings->is_set = mem_alloc(settings_table_count * 2);
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (row->state == SETTING_BUILT && row->preset != NULL)
            (void)settings_apply(settings, row, 0, SETTINGS_LEVEL_DEFAULT, row->preset, NULL);
    }
}

void settings_copy(struct settings *to, const struct settings *from)
{
    *to = *from;
    to->is_set = mem_alloc(settings_table_count * 2);
    memcpy(to->is_set, from->is_set, settings_table_count * 2);
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (row->state != SETTING_BUILT)
            continue;
        for (int side = setting_first_field(row); side <= setting_last_side(row); side++) {
            void *field = settings_field(to, row, side);
            if (setting_is_list(row)) {
                str_list_copy(field, settings_field_const(from, row, side));
            } else if (setting_is_text(row)) {
                char **text = field;
                *text = *text == NULL ? NULL : mem_strdup(*text);
            }
        }
    }
}

void settings_deinit(struct settings *settings)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (row->state != SETTING_BUILT)
            continue;
        for (int side = setting_first_field(row); side <= setting_last_side(row); side++) {
            void *field = settings_field(settings, row, side);
            if (setting_is_list(row))
                str_list_deinit(field);
            else if (row->type == SETTING_SECRET)
                mem_free_secret(field);
            else if (setting_is_text(row))
                mem_free(*(char **)field);
        }
    }
    mem_free(settings->is_set);
    memset(settings, 0, sizeof(*settings));
}

/* --- one value from text --- */

static bool parse_switch(const char *value, bool *is_on_r)
{
    static const char *const words[][2] = {
        {"0", "1"}, {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"n", "y"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (int on = 0; on <= 1; on++) {
            if (str_iequals(value, words[i][on])) {
                *is_on_r = on == 1;
                return true;
            }
        }
    }
    return false;
}

static bool set_switch(void *field, const struct setting *row, const char *value)
{
    bool is_on;
    if (!parse_switch(value, &is_on))
        return false;
    if (row->type == SETTING_CHOICE)
        *(enum choice *)field = is_on ? CHOICE_YES : CHOICE_NO;
    else
        *(bool *)field = is_on;
    return true;
}

static bool set_number(void *field, const struct setting *row, const char *value)
{
    double number;
    if (row->type == SETTING_INTEGER || row->type == SETTING_SIZE) {
        /* The default may stand outside what can be typed: -1 for "unset". */
        int64_t min = value == row->preset ? -1 : row->min;
        return str_to_integer(value, row->type == SETTING_SIZE, min, row->max, field);
    }
    double min = value == row->preset ? -1 : 0;
    if (!str_to_number(value, row->type == SETTING_RATE, &number) || number < min || number > 1e12)
        return false;
    *(double *)field = number;
    return true;
}

static bool word_is_known(const char *words, const char *value)
{
    for (;;) {
        size_t size = strcspn(words, "|");
        if (str_iequals_n(words, size, value))
            return true;
        if (words[size] == '\0')
            return false;
        words += size + 1;
    }
}

/* Login names reach the wire and the logs as one line. */
static bool has_control_byte(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static void strip_host(char *host)
{
    char *to = host;
    for (const char *from = host; *from != '\0'; from++) {
        if (strchr(" \t\r\n\v\f/", *from) == NULL)
            *to++ = *from;
    }
    *to = '\0';
}

/* imapsync's "sanitize": outer blanks are cut. A quoted manifest cell keeps a secret's blanks. */
static void tidy_text(const struct setting *row, enum settings_level level, char *text)
{
    if (row->type == SETTING_HOST)
        strip_host(text);
    else if (row->type == SETTING_LOGIN ||
             (row->type == SETTING_SECRET && level <= SETTINGS_LEVEL_COMMAND))
        (void)str_trim(text);
    for (; row->type == SETTING_WORD && *text != '\0'; text++)
        *text = str_lower(*text);
}

static bool text_is_fine(const struct setting *row, const char *text)
{
    int minutes;
    switch (row->type) {
    case SETTING_HOST:
    case SETTING_LOGIN:
        return !has_control_byte(text);
    case SETTING_SECRET:
        return strpbrk(text, "\r\n") == NULL;
    case SETTING_PATH:
        return text[0] != '\0';
    case SETTING_TIME:
        return clock_parse_time_of_day(text, &minutes);
    case SETTING_WORD:
        return word_is_known(row->words, text);
    default:
        return true;
    }
}

static bool set_text(void *field, const struct setting *row, enum settings_level level,
                     const char *value)
{
    char *text = mem_strdup(value);
    tidy_text(row, level, text);
    if (!text_is_fine(row, text)) {
        mem_free_secret(&text);
        return false;
    }
    mem_free_secret(field);
    *(char **)field = text;
    return true;
}

static bool set_list(struct str_list *list, const struct setting *row, bool is_first,
                     const char *value)
{
    if (row->type == SETTING_PAIRS && (value[0] == '=' || strchr(value, '=') == NULL))
        return false;
    if (is_first)
        str_list_deinit(list);
    str_list_add(list, value);
    return true;
}

static bool set_field(struct settings *settings, const struct setting *row, int side,
                      enum settings_level level, const char *value)
{
    unsigned char *current = settings_level_at(settings, row, side);
    void *field = settings_field(settings, row, side);
    if (*current > level)
        return true;
    bool is_done = setting_is_switch(row) ? set_switch(field, row, value)
                   : setting_is_list(row) ? set_list(field, row, *current < level, value)
                   : setting_is_text(row) ? set_text(field, row, level, value)
                                          : set_number(field, row, value);
    if (is_done)
        *current = (unsigned char)level;
    return is_done;
}

/* What a value must look like, to end "... wants". */
static void append_wish(struct buffer *fault, const struct setting *row)
{
    const char *scale = row->type == SETTING_SIZE || row->type == SETTING_RATE
                            ? ", also with k, M or G behind it"
                            : "";
    switch (row->type) {
    case SETTING_FLAG:
    case SETTING_BOOL:
    case SETTING_CHOICE:
        buffer_append_str(fault, "wants yes or no");
        break;
    case SETTING_INTEGER:
    case SETTING_SIZE:
        buffer_printf(fault, "wants a whole number from %lld to %lld%s", (long long)row->min,
                      (long long)row->max, scale);
        break;
    case SETTING_NUMBER:
    case SETTING_RATE:
        buffer_printf(fault, "wants a number that is not negative%s", scale);
        break;
    case SETTING_WORD:
        buffer_printf(fault, "wants one of %s", row->words);
        break;
    case SETTING_TIME:
        buffer_append_str(fault, "wants a time of day from 00:00 to 23:59");
        break;
    case SETTING_PAIRS:
        buffer_append_str(fault, "wants SOURCE=DESTINATION");
        break;
    case SETTING_PATH:
        buffer_append_str(fault, "wants the name of a file");
        break;
    default:
        buffer_append_str(fault, "may not hold a line break or another control character");
    }
}

bool settings_apply(struct settings *settings, const struct setting *row, int side,
                    enum settings_level level, const char *value, struct buffer *fault)
{
    bool is_for_both = row->sides != SETTING_UNSIDED && side == 0;
    bool is_too_long = strlen(value) > SETTINGS_MAX_VALUE;
    bool is_done = !is_too_long;
    if (is_for_both) {
        enum settings_level weaker = level == SETTINGS_LEVEL_DEFAULT ? level : level - 1;
        is_done = is_done && set_field(settings, row, 1, weaker, value) &&
                  set_field(settings, row, 2, weaker, value);
    } else {
        is_done = is_done && set_field(settings, row, side, level, value);
    }
    if (!is_done && fault != NULL) {
        char name[SETTING_NAME_SIZE];
        setting_name(row, side, name);
        buffer_printf(fault, "%s ", name);
        if (is_too_long)
            buffer_append_str(fault, "is longer than 64 KiB");
        else
            append_wish(fault, row);
        buffer_append_byte(fault, '\n');
    }
    return is_done;
}

/* --- small answers --- */

int64_t settings_port(const struct settings *settings, int side)
{
    const struct settings_side *mine = &settings->side[side - 1];
    if (mine->port != 0)
        return mine->port;
    if (mine->ssl == CHOICE_AUTO && mine->tls == CHOICE_AUTO && !settings->sslcheck)
        return 143;
    return mine->ssl == CHOICE_NO || (mine->tls == CHOICE_YES && mine->ssl != CHOICE_YES) ? 143
                                                                                          : 993;
}

bool settings_dates_are_kept(const struct settings *settings)
{
    return settings->syncinternaldates && !settings->idatefromheader;
}

static void echo_line(struct buffer *text, const char *name, const char *value)
{
    buffer_printf(text, "%s = ", name);
    str_append_printable(text, value, strlen(value));
    buffer_append_byte(text, '\n');
}

static void echo_field(struct buffer *text, const char *name, const struct setting *row,
                       const void *field)
{
    char number[64] = "";
    if (row->type == SETTING_SECRET || row->is_secret) {
        echo_line(text, name, "MASKED");
    } else if (setting_is_list(row)) {
        const struct str_list *list = field;
        for (size_t i = 0; i < list->count; i++)
            echo_line(text, name, list->items[i]);
    } else if (setting_is_text(row)) {
        echo_line(text, name, *(char *const *)field);
    } else if (row->type == SETTING_CHOICE) {
        echo_line(text, name, *(const enum choice *)field == CHOICE_YES ? "yes" : "no");
    } else if (setting_is_switch(row)) {
        echo_line(text, name, *(const bool *)field ? "yes" : "no");
    } else {
        if (row->type == SETTING_INTEGER || row->type == SETTING_SIZE)
            (void)snprintf(number, sizeof(number), "%lld", (long long)*(const int64_t *)field);
        else
            (void)snprintf(number, sizeof(number), "%.12g", *(const double *)field);
        echo_line(text, name, number);
    }
}

/* `group`: SETTING_GROUP_NONE for all. */
static void append_echo_of(const struct settings *settings, enum setting_group group,
                           struct buffer *text)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        if (row->state != SETTING_BUILT || (group != SETTING_GROUP_NONE && row->group != group))
            continue;
        for (int side = setting_first_field(row); side <= setting_last_side(row); side++) {
            char name[SETTING_NAME_SIZE];
            if (*settings_level_at(settings, row, side) == SETTINGS_LEVEL_DEFAULT)
                continue;
            setting_name(row, side, name);
            echo_field(text, name, row, settings_field_const(settings, row, side));
        }
    }
}

void settings_append_echo(const struct settings *settings, struct buffer *text)
{
    append_echo_of(settings, SETTING_GROUP_NONE, text);
}

void settings_append_rules(const struct settings *settings, enum settings_rules which,
                           struct buffer *text)
{
    append_echo_of(settings,
                   which == SETTINGS_RULES_FOLDERS ? SETTING_GROUP_FOLDERS : SETTING_GROUP_MESSAGES,
                   text);
}
