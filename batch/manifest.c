/* SPDX-License-Identifier: MIT */
#include "batch/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "batch/manifest_private.h"
#include "base/str.h"

#define MANIFEST_MAX_BYTES ((size_t)1 << 30)

void manifest_fault(struct manifest_faults *faults, size_t line, size_t column,
                    const char *sentence)
{
    if (++faults->count > MANIFEST_MAX_FAULTS)
        return;
    str_append_printable(faults->out, faults->path, strlen(faults->path));
    if (line > 0)
        buffer_printf(faults->out, ":%zu:%zu", line, column);
    buffer_printf(faults->out, ": %.*s\n", (int)strcspn(sentence, "\n"), sentence);
}

void manifest_fault_cell(struct manifest_faults *faults, const struct manifest *manifest,
                         size_t line, size_t index, const char *sentence)
{
    const char *name = index < manifest->column_count ? manifest->columns[index].name : "";
    struct buffer text;
    if (index < MANIFEST_MAX_COLUMNS)
        faults->is_told[index] = true;
    buffer_init(&text, 8192);
    buffer_append(&text, sentence, strcspn(sentence, "\n"));
    if (name[0] != '\0' && str_ifind(sentence, name) == NULL) {
        buffer_append_str(&text, " (column \"");
        str_append_printable(&text, name, strnlen(name, 60));
        buffer_append_str(&text, "\")");
    }
    manifest_fault(faults, line, index + 1, buffer_str(&text));
    buffer_deinit(&text);
}

static struct manifest *manifest_init(const char *path, const struct settings *defaults)
{
    struct manifest *manifest = mem_alloc(sizeof(*manifest));
    const char *slash = strrchr(path, '/');
    settings_copy(&manifest->defaults, defaults);
    manifest->folder = mem_strndup(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
    buffer_init_secret(&manifest->cells, MANIFEST_MAX_BYTES);
    return manifest;
}

void manifest_deinit(struct manifest **manifest)
{
    struct manifest *old = *manifest;
    *manifest = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->column_count; i++)
        mem_free(old->columns[i].name);
    mem_free(old->columns);
    mem_free(old->rows);
    mem_free(old->folder);
    buffer_deinit(&old->cells);
    settings_deinit(&old->defaults);
    mem_free(old);
}

/* Who else may read or write it. False if it can't be read at all. */
static bool inspect_file(struct manifest *manifest, int fd, struct manifest_faults *faults)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        manifest_fault(faults, 0, 0, "can't be inspected");
        return false;
    }
    if (S_ISDIR(info.st_mode)) {
        manifest_fault(faults, 0, 0, "is a folder; the manifest must be a CSV file");
        return false;
    }
    manifest->may_others_read = (info.st_mode & (S_IRGRP | S_IROTH)) != 0;
    manifest->may_others_write = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
                                 (info.st_uid != geteuid() && info.st_uid != 0);
    return true;
}

static void read_and_check(struct manifest *manifest, int fd, struct manifest_faults *faults)
{
    if (!inspect_file(manifest, fd, faults))
        return;
    if (!manifest_read_rows(manifest, fd, faults))
        return;
    manifest_check_rows(manifest, faults);
}

bool manifest_read(const char *path, const struct settings *defaults, struct manifest **manifest_r,
                   struct buffer *faults)
{
    struct manifest_faults found = {.path = path, .out = faults};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *manifest_r = NULL;
    if (fd < 0) {
        char words[STR_ERROR_SIZE];
        char sentence[192];
        (void)snprintf(sentence, sizeof(sentence), "can't be opened: %s", str_error(errno, words));
        manifest_fault(&found, 0, 0, sentence);
        return false;
    }
    struct manifest *manifest = manifest_init(path, defaults);
    read_and_check(manifest, fd, &found);
    (void)close(fd);
    if (found.count > MANIFEST_MAX_FAULTS)
        buffer_printf(faults, "and %zu more\n", found.count - MANIFEST_MAX_FAULTS);
    if (found.count > 0)
        manifest_deinit(&manifest);
    *manifest_r = manifest;
    return manifest != NULL;
}

const char *manifest_sha256(const struct manifest *manifest)
{
    return manifest->sha256;
}

size_t manifest_count(const struct manifest *manifest)
{
    return manifest->row_count;
}

void manifest_resolve(const struct manifest *manifest, size_t row, struct settings *settings_r)
{
    (void)manifest_resolve_row(manifest, row, settings_r, NULL);
}

size_t manifest_row_line(const struct manifest *manifest, size_t row)
{
    return manifest->rows[row].line;
}
