/* SPDX-License-Identifier: MIT
 * One row over the command line's settings. */
#include "batch/manifest_private.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "batch/words.h"
#include "sync/settings_presets.h"

struct resolve {
    const struct manifest *manifest;
    struct settings *settings;
    struct manifest_faults *faults; /* NULL: the row was checked before */
    size_t line;
    bool has_failed;
};

static void resolve_fail(struct resolve *resolve, size_t index, const char *sentence)
{
    resolve->has_failed = true;
    if (resolve->faults != NULL)
        manifest_fault_cell(resolve->faults, resolve->manifest, resolve->line, index, sentence);
}

/* Several sentences, one per line. */
static void resolve_fail_each(struct resolve *resolve, size_t index, struct buffer *sentences)
{
    const char *sentence = buffer_str(sentences);
    while (*sentence != '\0') {
        resolve_fail(resolve, index, sentence);
        sentence += strcspn(sentence, "\n");
        sentence += *sentence == '\n' ? 1 : 0;
    }
}

static void set_by_name(struct resolve *resolve, size_t index, const char *name, int side,
                        const char *value)
{
    char column[SETTINGS_COLUMN_NAME_SIZE];
    struct buffer fault;
    buffer_init(&fault, 4096);
    (void)snprintf(column, sizeof(column), "%s%d", name, side);
    if (!settings_set_column(resolve->settings, column, value, &fault))
        resolve_fail_each(resolve, index, &fault);
    buffer_deinit(&fault);
}

static void set_security(struct resolve *resolve, size_t index, int side, const char *value)
{
    bool is_ssl = str_iequals(value, "ssl");
    bool is_tls = str_iequals(value, "tls") || str_iequals(value, "starttls");
    if (!is_ssl && !is_tls && !str_iequals(value, "none")) {
        resolve_fail(resolve, index, "wants ssl, starttls (or tls) or none");
        return;
    }
    set_by_name(resolve, index, "ssl", side, is_ssl ? "1" : "0");
    set_by_name(resolve, index, "tls", side, is_tls ? "1" : "0");
}

static void set_options(struct resolve *resolve, size_t index, const char *value)
{
    struct words words;
    struct buffer fault;
    if (!words_split(value, &words)) {
        resolve_fail(resolve, index, "a quote is not closed, or there are too many words");
        return;
    }
    buffer_init(&fault, 65536);
    if (!settings_parse_row_options(resolve->settings, words.count, words.items, &fault))
        resolve_fail_each(resolve, index, &fault);
    buffer_deinit(&fault);
    words_deinit(&words);
}

static void set_setting(struct resolve *resolve, size_t index, int setting, const char *value)
{
    struct buffer fault;
    buffer_init(&fault, 4096);
    if (!settings_set_column_number(resolve->settings, setting, value, &fault))
        resolve_fail_each(resolve, index, &fault);
    buffer_deinit(&fault);
}

static void resolve_cell(struct resolve *resolve, size_t index, const char *value)
{
    const struct manifest_column *column = &resolve->manifest->columns[index];
    switch (column->kind) {
    case MANIFEST_COLUMN_SETTING:
        set_setting(resolve, index, column->setting, value);
        break;
    case MANIFEST_COLUMN_SECURITY:
        set_security(resolve, index, column->side, value);
        break;
    case MANIFEST_COLUMN_ROOT:
        set_setting(resolve, index, column->setting, value[0] == '/' ? value + 1 : value);
        break;
    case MANIFEST_COLUMN_OPTIONS:
        set_options(resolve, index, value);
        break;
    case MANIFEST_COLUMN_EMPTY:
        resolve_fail(resolve, index, "this cell must be empty: its column has no meaning here");
        break;
    case MANIFEST_COLUMN_SKIPPED:
        break;
    }
}

/* File names in a row are relative to the manifest. */
static void root_path(const struct manifest *manifest, const struct settings *settings,
                      const char *name, char **path)
{
    if (manifest->folder[0] == '\0' || *path == NULL || (*path)[0] == '/' ||
        !settings_column_was_set(settings, settings_column_find(name, NULL)))
        return;
    char *whole = mem_printf("%s%s", manifest->folder, *path);
    mem_free(*path);
    *path = whole;
}

static void root_paths(const struct manifest *manifest, struct settings *settings)
{
    root_path(manifest, settings, "passfile1", &settings->side[0].passfile);
    root_path(manifest, settings, "passfile2", &settings->side[1].passfile);
    root_path(manifest, settings, "cafile1", &settings->side[0].cafile);
    root_path(manifest, settings, "cafile2", &settings->side[1].cafile);
    root_path(manifest, settings, "tlscert1", &settings->side[0].tlscert);
    root_path(manifest, settings, "tlscert2", &settings->side[1].tlscert);
    root_path(manifest, settings, "tlskey1", &settings->side[0].tlskey);
    root_path(manifest, settings, "tlskey2", &settings->side[1].tlskey);
}

bool manifest_resolve_row(const struct manifest *manifest, size_t row, struct settings *settings_r,
                          struct manifest_faults *faults)
{
    const char *first = (const char *)manifest->cells.data + manifest->rows[row].offset;
    struct resolve resolve = {
        .manifest = manifest,
        .settings = settings_r,
        .faults = faults,
        .line = manifest->rows[row].line,
    };
    settings_copy(settings_r, &manifest->defaults);
    for (int is_strong = 0; is_strong <= 1; is_strong++) {
        const char *cell = first;
        for (size_t i = 0; i < manifest->column_count; i++, cell = manifest_next_cell(cell)) {
            if (cell[0] != '\0' && manifest->columns[i].is_weak == (is_strong == 0))
                resolve_cell(&resolve, i, cell);
        }
    }
    root_paths(manifest, settings_r);
    settings_apply_host_profiles(settings_r);
    settings_apply_presets(settings_r);
    return !resolve.has_failed;
}
