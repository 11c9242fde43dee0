/* SPDX-License-Identifier: MIT
 * Reads the file line by line and lets libcsv cut the lines into cells. Lines are cut here first,
 * because comments, blank lines and true line numbers are not CSV's business. */
#include "batch/manifest_private.h"

#include <csv.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define MAX_ROW_BYTES ((size_t)1 << 20)

struct reader {
    struct manifest *manifest;
    struct manifest_faults *faults;
    struct csv_parser csv;
    FILE *file;
    EVP_MD_CTX *hash;   /* over all that was read; NULL: it can't be had */
    struct buffer text; /* the current line of the file, with its end */
    size_t line;        /* its number */
    bool has_format;    /* the first row was understood */
    bool must_stop;
    /* the row being read */
    bool is_in_row; /* a quoted cell goes on in the next line */
    size_t row_line;
    size_t row_bytes;
    struct buffer cells; /* one NUL-terminated string per cell */
    size_t cell_count;
    bool is_row_bad;
    bool is_row_empty;
};

static void reader_stop(struct reader *reader, size_t line, const char *sentence)
{
    manifest_fault(reader->faults, line, 1, sentence);
    reader->must_stop = true;
}

/* --- cells and rows, called by libcsv --- */

static void reader_take_cell(void *data, size_t size, void *context)
{
    struct reader *reader = context;
    const char *fault = NULL;
    if (size > MANIFEST_MAX_CELL_BYTES)
        fault = "the cell is longer than 64 KiB";
    else if (size > 0 && memchr(data, '\0', size) != NULL)
        fault = "the cell holds a NUL byte";
    if (fault != NULL) {
        manifest_fault_cell(reader->faults, reader->manifest, reader->row_line, reader->cell_count,
                            fault);
        reader->is_row_bad = true;
        size = 0;
    }
    if (size > 0) {
        buffer_append(&reader->cells, data, size);
        reader->is_row_empty = false;
    }
    buffer_append_byte(&reader->cells, '\0');
    reader->cell_count++;
}

static bool check_cell_count(struct reader *reader)
{
    const struct manifest *manifest = reader->manifest;
    size_t least = manifest->has_header ? manifest->column_count : 6;
    char sentence[128];
    if (reader->cell_count >= least && reader->cell_count <= manifest->column_count)
        return true;
    if (manifest->has_header)
        (void)snprintf(sentence, sizeof(sentence),
                       "the row has %zu cells, but the header in line %zu has %zu",
                       reader->cell_count, manifest->header_line, manifest->column_count);
    else
        (void)snprintf(sentence, sizeof(sentence),
                       "the row has %zu cells instead of 6, or 7 with extra options",
                       reader->cell_count);
    manifest_fault(reader->faults, reader->row_line,
                   reader->cell_count < least ? reader->cell_count : manifest->column_count + 1,
                   sentence);
    return false;
}

static void keep_row(struct reader *reader)
{
    struct manifest *manifest = reader->manifest;
    if (!check_cell_count(reader))
        return;
    if (manifest->row_count == MANIFEST_MAX_ROWS) {
        reader_stop(reader, reader->row_line, "the manifest has more than 1000000 rows");
        return;
    }
    for (; reader->cell_count < manifest->column_count; reader->cell_count++)
        buffer_append_byte(&reader->cells, '\0');
    size_t offset = manifest->cells.used;
    if (reader->cells.has_failed ||
        !buffer_append(&manifest->cells, reader->cells.data, reader->cells.used)) {
        reader_stop(reader, reader->row_line, "the manifest is too large");
        return;
    }
    MEM_GROW(manifest->rows, manifest->row_count, manifest->row_alloc);
    manifest->rows[manifest->row_count++] = (struct manifest_row){offset, reader->row_line};
}

static void reader_take_row(int terminator, void *context)
{
    struct reader *reader = context;
    bool is_useful = !reader->is_row_bad && !reader->is_row_empty && !reader->must_stop;
    (void)terminator;
    if (is_useful && !reader->has_format) {
        reader->has_format = true;
        if (!manifest_columns_read(reader->manifest, reader->row_line,
                                   (const char *)reader->cells.data, reader->cell_count,
                                   reader->faults))
            reader->must_stop = true;
        is_useful = !reader->manifest->has_header;
    } else if (reader->is_row_bad && !reader->has_format) {
        reader->must_stop = true;
    }
    if (is_useful && !reader->must_stop)
        keep_row(reader);
    reader->is_in_row = false;
}

/* --- the file's hash --- */

static void reader_drop_hash(struct reader *reader)
{
    EVP_MD_CTX_free(reader->hash);
    reader->hash = NULL;
}

static void reader_begin_hash(struct reader *reader)
{
    reader->hash = EVP_MD_CTX_new();
    if (reader->hash != NULL && EVP_DigestInit_ex(reader->hash, EVP_sha256(), NULL) != 1)
        reader_drop_hash(reader);
}

static void reader_end_hash(struct reader *reader)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (reader->hash != NULL && EVP_DigestFinal_ex(reader->hash, digest, &size) == 1) {
        char *at = reader->manifest->sha256;
        for (unsigned int i = 0; i < size && i < MANIFEST_SHA256_SIZE / 2; i++, at += 2)
            (void)snprintf(at, 3, "%02x", digest[i]);
    }
    reader_drop_hash(reader);
}

/* --- lines --- */

/* The next line with its end, be it LF, CR LF or CR. False at the end of the file. */
static bool read_line(struct reader *reader)
{
    int c;
    buffer_clear(&reader->text);
    while ((c = getc(reader->file)) != EOF) {
        if (!buffer_append_byte(&reader->text, (unsigned char)c))
            break;
        if (c == '\n')
            break;
        if (c == '\r') {
            c = getc(reader->file);
            if (c == '\n')
                buffer_append_byte(&reader->text, '\n');
            else if (c != EOF)
                (void)ungetc(c, reader->file);
            break;
        }
    }
    reader->line++;
    if (reader->hash != NULL &&
        EVP_DigestUpdate(reader->hash, reader->text.data, reader->text.used) != 1)
        reader_drop_hash(reader);
    return reader->text.used > 0;
}

/* How often `wanted` stands outside double quotes. */
static size_t count_outside_quotes(const struct buffer *text, unsigned char wanted)
{
    size_t count = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < text->used; i++) {
        if (text->data[i] == '"')
            is_quoted = !is_quoted;
        else if (text->data[i] == wanted && !is_quoted)
            count++;
    }
    return count;
}

/* Five semicolons make imapsync's list, whatever its passwords hold; else the most frequent. */
static char detect_delimiter(const struct buffer *text)
{
    size_t commas = count_outside_quotes(text, ',');
    size_t semicolons = count_outside_quotes(text, ';');
    size_t tabs = count_outside_quotes(text, '\t');
    if (semicolons >= 5 || (semicolons > 0 && semicolons >= commas && semicolons >= tabs))
        return ';';
    return tabs > commas ? '\t' : ',';
}

static bool is_comment_or_blank(const struct buffer *text)
{
    size_t i = 0;
    while (i < text->used && strchr(" \t\r\n\v\f", text->data[i]) != NULL && text->data[i] != '\0')
        i++;
    return i == text->used || text->data[i] == '#';
}

static void skip_byte_order_mark(struct reader *reader)
{
    struct buffer *text = &reader->text;
    if (text->used >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0)
        buffer_consume(text, 3);
    else if (text->used >= 2 &&
             (memcmp(text->data, "\xff\xfe", 2) == 0 || memcmp(text->data, "\xfe\xff", 2) == 0))
        reader_stop(reader, 1, "the file is UTF-16; save it as \"CSV UTF-8\"");
}

static void begin_row(struct reader *reader)
{
    reader->is_in_row = true;
    reader->row_line = reader->line;
    reader->row_bytes = 0;
    buffer_clear(&reader->cells);
    reader->cell_count = 0;
    reader->is_row_bad = false;
    reader->is_row_empty = true;
    if (reader->manifest->delimiter == '\0') {
        reader->manifest->delimiter = detect_delimiter(&reader->text);
        csv_set_delim(&reader->csv, (unsigned char)reader->manifest->delimiter);
    }
}

static void parse_line(struct reader *reader)
{
    if (!reader->is_in_row)
        begin_row(reader);
    reader->row_bytes += reader->text.used;
    if (reader->row_bytes >= MAX_ROW_BYTES || reader->text.has_failed) {
        reader_stop(reader, reader->row_line,
                    "the row that begins here is longer than 1 MiB; is a closing quote missing?");
        return;
    }
    if (csv_parse(&reader->csv, reader->text.data, reader->text.used, reader_take_cell,
                  reader_take_row, reader) != reader->text.used)
        reader_stop(reader, reader->row_line, csv_strerror(csv_error(&reader->csv)));
}

static void read_lines(struct reader *reader)
{
    while (!reader->must_stop && read_line(reader)) {
        if (reader->line == 1)
            skip_byte_order_mark(reader);
        if (reader->must_stop || (!reader->is_in_row && is_comment_or_blank(&reader->text)))
            continue;
        unsigned char last = reader->text.data[reader->text.used - 1];
        if (last != '\n' && last != '\r')
            buffer_append_byte(&reader->text, '\n'); /* the last line may lack its end */
        parse_line(reader);
    }
    if (reader->must_stop)
        return;
    if (ferror(reader->file))
        reader_stop(reader, reader->line, "the file can't be read to its end");
    else if (reader->is_in_row)
        reader_stop(reader, reader->row_line,
                    "a double quote that is opened in this row is never closed");
    else if (reader->manifest->row_count == 0 && reader->faults->count == 0)
        reader_stop(reader, reader->manifest->header_line == 0 ? 1 : reader->manifest->header_line,
                    "the manifest has no rows");
}

bool manifest_read_rows(struct manifest *manifest, int fd, struct manifest_faults *faults)
{
    struct reader reader = {.manifest = manifest, .faults = faults};
    int own_fd = dup(fd);
    reader.file = own_fd < 0 ? NULL : fdopen(own_fd, "r");
    if (reader.file == NULL || csv_init(&reader.csv, 0) != 0) {
        manifest_fault(faults, 0, 0, "can't be read: the system lacks memory or open files");
        if (reader.file != NULL)
            (void)fclose(reader.file);
        else if (own_fd >= 0)
            (void)close(own_fd);
        return false;
    }
    buffer_init_secret(&reader.text, MAX_ROW_BYTES + 2);
    buffer_init_secret(&reader.cells, 2 * MAX_ROW_BYTES);
    reader_begin_hash(&reader);
    read_lines(&reader);
    reader_end_hash(&reader);
    buffer_deinit(&reader.text);
    buffer_deinit(&reader.cells);
    csv_free(&reader.csv);
    (void)fclose(reader.file);
    return !reader.must_stop;
}
