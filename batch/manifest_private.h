/* SPDX-License-Identifier: MIT
 * The manifest as its own files see it. */
#ifndef BATCH_MANIFEST_PRIVATE_H
#define BATCH_MANIFEST_PRIVATE_H

#include <stdint.h>

#include "batch/manifest.h"

#define MANIFEST_MAX_COLUMNS 1000

enum manifest_column_kind {
    MANIFEST_COLUMN_SETTING,  /* goes to `setting` */
    MANIFEST_COLUMN_SECURITY, /* ssl, tls, starttls or none, of `side` */
    MANIFEST_COLUMN_ROOT,     /* Microsoft's UserRoot: subfolder1 without its leading "/" */
    MANIFEST_COLUMN_OPTIONS,  /* imapsync's seventh: options as on a command line */
    MANIFEST_COLUMN_EMPTY,    /* must be empty: its header is, or it has no meaning here */
    MANIFEST_COLUMN_SKIPPED,  /* its header is a fault already */
};

struct manifest_column {
    enum manifest_column_kind kind;
    int side;
    int setting;  /* settings_column_find(), -1 if none */
    bool is_weak; /* another column for the same setting wins, if it is filled */
    char *name;   /* as the file spells it; "" when it has no header */
};

/* Its cells stand in manifest.cells, one NUL-terminated string per column. */
struct manifest_row {
    size_t offset;
    size_t line;
};

struct manifest {
    struct settings defaults;
    char *folder; /* where the file lies, with the final "/"; "" for the current one */
    char delimiter;
    bool has_header;
    bool is_header_wrong; /* in some column; what is missing there is not told again for each row */
    struct manifest_column *columns;
    size_t column_count;
    size_t column_alloc;
    struct manifest_row *rows;
    size_t row_count;
    size_t row_alloc;
    struct buffer cells;
    size_t header_line;
    char sha256[MANIFEST_SHA256_SIZE];
    bool may_others_read;  /* group or others */
    bool may_others_write; /* group or others, or its owner is neither we nor root */
};

/* Collects the faults of one file. */
struct manifest_faults {
    const char *path;
    struct buffer *out;
    size_t count;
    bool is_told[MANIFEST_MAX_COLUMNS]; /* the cells of the current row that have a fault */
};
/* One fault; line 0: of the file as a whole. `sentence` may end in a newline. */
void manifest_fault(struct manifest_faults *faults, size_t line, size_t column,
                    const char *sentence);
/* One fault of a cell (index from 0), which also tells the column's header if the sentence, which
   uses the settings' names, does not. */
void manifest_fault_cell(struct manifest_faults *faults, const struct manifest *manifest,
                         size_t line, size_t index, const char *sentence);

/* The cells of one row: NUL-terminated strings, one behind the other. */
static inline const char *manifest_next_cell(const char *cell)
{
    while (*cell != '\0')
        cell++;
    return cell + 1;
}

/* manifest_columns.c: understands the first row. False if it makes no sense as a header or as
   imapsync's list, so that the rows below can't be understood. */
bool manifest_columns_read(struct manifest *manifest, size_t line, const char *cells, size_t count,
                           struct manifest_faults *faults);
/* The index of the first column that feeds this setting, or 0. */
size_t manifest_column_of(const struct manifest *manifest, int setting);

/* manifest_reader.c: reads the file into columns and rows. False if it gave up on the way, so that
   nothing can be said about what it did not see. */
bool manifest_read_rows(struct manifest *manifest, int fd, struct manifest_faults *faults);

/* manifest_row.c: the row over the defaults; false if a cell is wrong. `faults` may be NULL. */
bool manifest_resolve_row(const struct manifest *manifest, size_t row, struct settings *settings_r,
                          struct manifest_faults *faults);

/* manifest_check.c: what rows must hold, each and against each other. */
void manifest_check_rows(struct manifest *manifest, struct manifest_faults *faults);

#endif
