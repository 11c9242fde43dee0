/* SPDX-License-Identifier: MIT */
#include "batch/docs.h"

#include <string.h>

#include "batch/docs_pages.h"
#include "sync/settings_docs.h"
#include "sync/settings_imapsync.h"

#define PAGES_DATE     "2026-11-23" /* when a man page was changed last */
#define PAGE_MAX_BYTES ((size_t)1 << 20)
#define LINE_MAX_BYTES ((size_t)79)

/* "sync" of "mailconvoy-sync"; all of a name without "-". */
static const char *page_word(const struct man_page *page)
{
    const char *dash = strchr(page->name, '-');
    return dash != NULL ? dash + 1 : page->name;
}

/* -- lines -- */

/* One word of a text line; nothing at a line's start may look like a request. */
static void append_word(struct buffer *text, const char *word, size_t size, size_t *column)
{
    if (*column > 0 && *column + 1 + size > LINE_MAX_BYTES) {
        buffer_append_byte(text, '\n');
        *column = 0;
    } else if (*column > 0) {
        buffer_append_byte(text, ' ');
        ++*column;
    }
    if (*column == 0 && size > 0 && (word[0] == '.' || word[0] == '\'')) {
        buffer_append_str(text, "\\&");
        *column += 2;
    }
    buffer_append(text, word, size);
    *column += size;
}

static void append_folded_line(struct buffer *text, const char *line, size_t size)
{
    size_t column = 0;
    for (size_t at = 0; at < size; at++) {
        const char *blank = memchr(line + at, ' ', size - at);
        size_t length = blank != NULL ? (size_t)(blank - line) - at : size - at;
        append_word(text, line + at, length, &column);
        at += length;
    }
}

/* Lines that man fills anyway become short, as mandoc wants them in the source. Requests, what
   stands between .nf and .fi, and the tag behind .TP stay as they are. */
static void append_folded(struct buffer *text, const char *page)
{
    bool is_filled = true;
    bool is_tag = false;
    for (size_t size; *page != '\0'; page += size + (page[size] == '\n')) {
        size = strcspn(page, "\n");
        bool is_request = page[0] == '.';
        if (is_filled && !is_request && !is_tag)
            append_folded_line(text, page, size);
        else
            buffer_append(text, page, size);
        buffer_append_byte(text, '\n');
        if (is_request && size == 3 && page[1] == 'n' && page[2] == 'f')
            is_filled = false;
        else if (is_request && size == 3 && page[1] == 'f' && page[2] == 'i')
            is_filled = true;
        is_tag = is_request && size == 3 && page[1] == 'T' && page[2] == 'P';
    }
}

/* -- pages -- */

static void append_title(struct buffer *text, const struct man_page *page)
{
    buffer_append_str(text, ".\\\" made by `mailconvoy docs`, from the table of settings\n.TH ");
    for (const char *c = page->name; *c != '\0'; c++)
        buffer_append_byte(text, *c >= 'a' && *c <= 'z' ? (unsigned char)(*c - 'a' + 'A')
                                                        : (unsigned char)*c);
    buffer_printf(text, " %c \"" PAGES_DATE "\" mailconvoy \"%s\"\n.SH NAME\n", page->section,
                  page->section == '1' ? "User Commands" : "File Formats");
    settings_append_roff(text, page->name);
    buffer_append_str(text, " \\- ");
    settings_append_roff(text, page->about);
    buffer_append_byte(text, '\n');
}

/* The codes as --help has them, without their title. */
static void append_exit_codes(struct buffer *text, enum settings_command command)
{
    const char *codes = strchr(settings_exit_codes(command), '\n');
    buffer_append_str(text, ".SH EXIT STATUS\n.nf\n");
    if (codes != NULL)
        settings_append_roff(text, codes + 1);
    buffer_append_str(text, ".fi\n");
}

static void append_sections(struct buffer *text, const struct man_page *page)
{
    append_title(text, page);
    if (page->synopsis != NULL)
        buffer_printf(text, ".SH SYNOPSIS\n%s", page->synopsis);
    buffer_printf(text, ".SH DESCRIPTION\n%s", page->description);
    if (page->rest != NULL)
        buffer_append_str(text, page->rest);
    if (page->append_more != NULL)
        page->append_more(text);
    if (page->command != 0) {
        buffer_append_str(text, ".SH OPTIONS\n");
        settings_append_man_options(text, (enum settings_command)page->command);
        append_exit_codes(text, (enum settings_command)page->command);
    }
    if (page->examples != NULL)
        buffer_printf(text, ".SH EXAMPLES\n.nf\n%s.fi\n", page->examples);
    buffer_printf(text, ".SH SEE ALSO\n%s", page->see_also);
}

static void append_page(struct buffer *text, const struct man_page *page)
{
    struct buffer sections;
    buffer_init(&sections, PAGE_MAX_BYTES);
    append_sections(&sections, page);
    append_folded(text, buffer_str(&sections));
    buffer_deinit(&sections);
}

static const struct {
    const char *name;
    void (*append)(struct buffer *text);
} others[] = {
    {"imapsync-options", settings_append_imapsync_options},
    {"completion-bash", settings_append_completion_bash},
    {"completion-zsh", settings_append_completion_zsh},
};

bool docs_append(const char *name, struct buffer *text)
{
    const struct man_page *page;
    bool is_man = strncmp(name, "man-", 4) == 0;
    for (size_t i = 0; is_man && (page = docs_page_at(i)) != NULL; i++) {
        if (strcmp(page_word(page), name + 4) == 0) {
            append_page(text, page);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(name, others[i].name) == 0) {
            others[i].append(text);
            return true;
        }
    }
    return false;
}

void docs_append_names(struct buffer *text)
{
    const struct man_page *page;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        buffer_printf(text, "%s ", others[i].name);
    for (size_t i = 0; (page = docs_page_at(i)) != NULL; i++)
        buffer_printf(text, "%sman-%s", i > 0 ? " " : "", page_word(page));
}
