/* SPDX-License-Identifier: MIT
 * Named servers, so that thousands of rows need not say each how theirs is reached. */
#include "sync/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/auth/profiles.h"
#include "sync/settings_private.h"

#define PREFIX          "host:"
#define FAULT_MAX_BYTES ((size_t)4096)

bool setting_may_stand_in_profile(const struct setting *row)
{
    bool is_of_server = row->group == SETTING_GROUP_CONNECTION ||
                        row->group == SETTING_GROUP_LIMITS;
    return row->state == SETTING_BUILT && row->sides != SETTING_UNSIDED && row->may_row &&
           is_of_server && row->type != SETTING_SECRET;
}

/* By its name without a digit; NULL if there is none. */
static const struct setting *row_of(const char *name)
{
    char sided[SETTING_NAME_SIZE];
    int side;
    int size = snprintf(sided, sizeof(sided), "%s1", name);
    if (size < 0 || (size_t)size >= sizeof(sided))
        return NULL;
    const struct setting *row = setting_find(sided, &side);
    return row != NULL && setting_may_stand_in_profile(row) ? row : NULL;
}

/* -- before anything starts -- */

static void append_place(const struct profiles *profiles, size_t line, struct buffer *faults)
{
    const char *path = profiles_path(profiles);
    str_append_printable(faults, path, strlen(path));
    buffer_printf(faults, ":%zu: ", line);
}

static bool check_value(const struct profiles *profiles, const struct host_value *value,
                        struct settings *trial, struct buffer *faults)
{
    const struct setting *row = row_of(value->name);
    struct buffer fault;
    bool is_fine = false;
    buffer_init(&fault, FAULT_MAX_BYTES);
    if (row == NULL) {
        append_place(profiles, value->line, faults);
        buffer_append_str(faults, "a host profile has no setting \"");
        str_append_printable(faults, value->name, strlen(value->name));
        buffer_append_str(faults, "\"\n");
    } else if (!settings_apply(trial, row, 1, SETTINGS_LEVEL_CONFIG, value->value, &fault)) {
        append_place(profiles, value->line, faults);
        buffer_append_str(faults, buffer_str(&fault));
    } else {
        is_fine = true;
    }
    buffer_deinit(&fault);
    return is_fine;
}

static bool check_host(const struct profiles *profiles, const struct host_profile *host,
                       struct buffer *faults)
{
    struct settings trial;
    bool is_fine = true;
    settings_init(&trial);
    for (size_t i = 0; i < host->count; i++)
        is_fine = check_value(profiles, &host->values[i], &trial, faults) && is_fine;
    const char *name = trial.side[0].host;
    if (is_fine &&
        (name == NULL || name[0] == '\0' || strncmp(name, PREFIX, strlen(PREFIX)) == 0)) {
        append_place(profiles, host->line, faults);
        buffer_append_str(faults, "[host:");
        str_append_printable(faults, host->name, strlen(host->name));
        buffer_append_str(faults, "] wants host, the name of the server\n");
        is_fine = false;
    }
    settings_deinit(&trial);
    return is_fine;
}

bool settings_check_host_profiles(const struct profiles *profiles, struct buffer *faults)
{
    const struct host_profile *host;
    bool is_fine = true;
    for (size_t i = 0; (host = profiles_host_at(profiles, i)) != NULL; i++)
        is_fine = check_host(profiles, host, faults) && is_fine;
    return is_fine;
}

/* -- for a pair -- */

static void apply_value(struct settings *settings, int side, const struct host_value *value)
{
    const struct setting *row = row_of(value->name);
    bool is_host = row != NULL && row->type == SETTING_HOST;
    if (row == NULL ||
        (!is_host && *settings_level_at(settings, row, side) > SETTINGS_LEVEL_CONFIG))
        return;
    enum settings_level level = is_host
                                    ? (enum settings_level) * settings_level_at(settings, row, side)
                                    : SETTINGS_LEVEL_CONFIG;
    char *given = row->type == SETTING_PATH ? profiles_path_beside(settings->profiles, value->value)
                                            : mem_strdup(value->value);
    (void)settings_apply(settings, row, side, level, given, NULL);
    mem_free(given);
}

void settings_apply_host_profiles(struct settings *settings)
{
    for (int side = 1; side <= 2; side++) {
        const char *name = settings->side[side - 1].host;
        if (settings->profiles == NULL || name == NULL ||
            strncmp(name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        const struct host_profile *host = profiles_find_host(settings->profiles,
                                                             name + strlen(PREFIX));
        for (size_t i = 0; host != NULL && i < host->count; i++)
            apply_value(settings, side, &host->values[i]);
    }
}
