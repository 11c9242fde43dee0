/* SPDX-License-Identifier: MIT
 * The manifest: a CSV file with one mailbox pair per row. It is read once, checked as a whole, and
 * kept compactly; a row becomes a struct settings only when a worker takes it.
 *
 * Accepted are header names in any order and any case: the settings' own columns (host1, user1,
 * label, shared1, folder, ...), MailFerry's (srchost ... dstpassword, oldhost ... newpassword),
 * Microsoft's (EmailAddress, UserName, Password, UserRoot) and MigrationWiz's (Source Email, ...).
 * Without a header: imapsync's host1;user1;password1;host2;user2;password2[;extra options][;].
 * The delimiter is "," or ";" or a tab, lines end in CRLF, LF or CR, a UTF-8 byte order mark, blank
 * lines and lines that begin with "#" are skipped. A cell in double quotes may hold delimiters,
 * line breaks and doubled quotes. A list (folder, exclude, f1f2 ...) has one value per line of its
 * cell. Empty cells take the command line's value. File names are relative to the manifest's
 * folder. */
#ifndef BATCH_MANIFEST_H
#define BATCH_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "sync/settings.h"

#define MANIFEST_MAX_ROWS       1000000
#define MANIFEST_MAX_CELL_BYTES 65536
#define MANIFEST_MAX_FAULTS     1000 /* so many are listed, the others are counted */

struct manifest;

/* Reads and checks the whole file. `defaults` is the command line (copied). On any fault false:
   all of them are appended to `faults`, a line each, "FILE:LINE:COLUMN: sentence" (LINE counts the
   file's lines, COLUMN its cells, both from 1; a row's line is its first), and *manifest_r is NULL.
   No sentence holds a secret. May stat files that the rows name, never runs their commands. */
bool manifest_read(const char *path, const struct settings *defaults, struct manifest **manifest_r,
                   struct buffer *faults);
/* Wipes the passwords. Nulls the caller's pointer; NULL is fine. */
void manifest_deinit(struct manifest **manifest);

/* Once read it never changes, so any thread may ask. `row` counts from 0 up to the count; the
   number people see in reports is row + 1. */
size_t manifest_count(const struct manifest *manifest);
/* The row's own settings over the command line's. The caller frees with settings_deinit(). */
void manifest_resolve(const struct manifest *manifest, size_t row, struct settings *settings_r);
/* The SHA-256 of the file as it was read, in hexadecimal; "" if it can't be made. */
#define MANIFEST_SHA256_SIZE 65
const char *manifest_sha256(const struct manifest *manifest);
/* The file's line on which the row begins. */
size_t manifest_row_line(const struct manifest *manifest, size_t row);

#endif
