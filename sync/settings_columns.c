/* SPDX-License-Identifier: MIT
 * Names of settings, and settings as the columns of a manifest. */
#include "sync/settings.h"

#include <string.h>

#include "base/mem.h"
#include "sync/settings_private.h"

/* A column's number is its row times this, plus its side. */
#define COLUMN_SIDES 3

static char name_fold(char c)
{
    if (c == '_')
        return '-';
    return str_lower(c);
}

/* Walks along `text` as far as `name` agrees; how many bytes of `name` are used up. */
static size_t name_agrees(const char *text, const char *name, size_t size)
{
    size_t i = 0;
    while (i < size && text[i] != '\0' && name_fold(text[i]) == name_fold(name[i]))
        i++;
    return i;
}

bool setting_name_matches(const struct setting *row, int side, const char *name, size_t size,
                          bool may_abbreviate)
{
    size_t row_size = strlen(row->name);
    size_t used = name_agrees(row->name, name, size);
    if (used == size && (used < row_size || side != 0))
        return may_abbreviate;
    if (used < row_size)
        return false;
    if (side == 0)
        return used == size;
    return size == row_size + 1 && name[row_size] == '0' + side;
}

bool setting_alias_matches(const struct setting *row, const char *name, size_t size,
                           bool may_abbreviate)
{
    if (row->alias == NULL || name_agrees(row->alias, name, size) < size)
        return false;
    return may_abbreviate || strlen(row->alias) == size;
}

const struct setting *setting_find(const char *name, int *side_r)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        for (int side = setting_first_side(row); side <= setting_last_side(row); side++) {
            if (setting_name_matches(row, side, name, size, false)) {
                *side_r = side;
                return row;
            }
        }
    }
    return NULL;
}

/* --- the nearest name --- */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance of two short names. */
static size_t name_distance(const char *a, const char *b)
{
    size_t line[SETTING_NAME_SIZE];
    size_t b_size = strlen(b);
    for (size_t k = 0; k <= b_size; k++)
        line[k] = k;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = line[0];
        line[0] = i + 1;
        for (size_t k = 1; k <= b_size; k++) {
            size_t cost = name_fold(a[i]) == name_fold(b[k - 1]) ? 0 : 1;
            size_t next = min3(line[k] + 1, line[k - 1] + 1, diagonal + cost);
            diagonal = line[k];
            line[k] = next;
        }
    }
    return line[b_size];
}

static bool find_nearest(const char *name, char nearest_r[SETTING_NAME_SIZE])
{
    size_t best = strlen(name) < 5 ? 2 : 3; /* must come nearer than this */
    bool is_found = false;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting *row = &settings_table[i];
        for (int side = setting_first_side(row); side <= setting_last_side(row); side++) {
            char spelled[SETTING_NAME_SIZE];
            if (row->state != SETTING_BUILT || !row->may_row)
                continue;
            setting_name(row, side, spelled);
            size_t distance = name_distance(name, spelled);
            if (distance < best) {
                best = distance;
                is_found = true;
                memcpy(nearest_r, spelled, sizeof(spelled));
            }
        }
    }
    return is_found;
}

static void append_unknown(struct buffer *fault, const char *name)
{
    char nearest[SETTING_NAME_SIZE];
    size_t size = strlen(name);
    bool is_short = size < SETTING_NAME_SIZE;
    buffer_append_str(fault, "unknown column \"");
    str_append_printable(fault, name, is_short ? size : SETTING_NAME_SIZE);
    buffer_append_str(fault, is_short ? "\"" : "...\"");
    if (is_short && find_nearest(name, nearest))
        buffer_printf(fault, ", did you mean \"%s\"?", nearest);
    buffer_append_byte(fault, '\n');
}

/* --- columns --- */

int settings_column_find(const char *name, struct buffer *fault)
{
    int side = 0;
    const struct setting *row = setting_find(name, &side);
    char spelled[SETTING_NAME_SIZE];
    if (row == NULL) {
        append_unknown(fault, name);
        return -1;
    }
    if (row->state == SETTING_BUILT && row->may_row)
        return (int)(row - settings_table) * COLUMN_SIDES + side;
    setting_name(row, side, spelled);
    if (row->state == SETTING_BUILT || row->state == SETTING_ACCEPTED)
        buffer_printf(fault, "%s can't be a column: it is not of a single mailbox", spelled);
    else
        settings_append_refusal(fault, row, spelled);
    buffer_append_byte(fault, '\n');
    return -1;
}

bool settings_column_is_known(const char *name)
{
    int side = 0;
    const struct setting *row = setting_find(name, &side);
    return row != NULL && row->state == SETTING_BUILT && row->may_row;
}

static const struct setting *column_row(int column, int *side_r)
{
    *side_r = column % COLUMN_SIDES;
    return &settings_table[column / COLUMN_SIDES];
}

void settings_column_name(int column, char name_r[SETTINGS_COLUMN_NAME_SIZE])
{
    int side;
    const struct setting *row = column_row(column, &side);
    setting_name(row, side, name_r);
}

bool settings_column_was_set(const struct settings *settings, int column)
{
    int side;
    const struct setting *row = column_row(column, &side);
    return *settings_level_at(settings, row, side) >= SETTINGS_LEVEL_ROW_BOTH;
}

/* One value per line; empty lines count for nothing. */
static bool set_list_lines(struct settings *settings, const struct setting *row, int side,
                           const char *value, struct buffer *fault)
{
    while (*value != '\0') {
        size_t size = strcspn(value, "\r\n");
        char *line = mem_strndup(value, size);
        bool is_done = size == 0 ||
                       settings_apply(settings, row, side, SETTINGS_LEVEL_ROW, line, fault);
        mem_free(line);
        if (!is_done)
            return false;
        value += size;
        value += strspn(value, "\r\n");
    }
    return true;
}

bool settings_set_column_number(struct settings *settings, int column, const char *value,
                                struct buffer *fault)
{
    int side;
    const struct setting *row = column_row(column, &side);
    if (value[0] == '\0')
        return true;
    if (row->type == SETTING_LIST || row->type == SETTING_PAIRS)
        return set_list_lines(settings, row, side, value, fault);
    return settings_apply(settings, row, side, SETTINGS_LEVEL_ROW, value, fault);
}

bool settings_set_column(struct settings *settings, const char *name, const char *value,
                         struct buffer *fault)
{
    int column = settings_column_find(name, fault);
    return column >= 0 && settings_set_column_number(settings, column, value, fault);
}
