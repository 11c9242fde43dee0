/* SPDX-License-Identifier: MIT */
#include "sync/messages/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Each byte may need three. */
#define WORDS_MAX_BYTES ((size_t)64 * 1024)

static bool is_plain(unsigned char c)
{
    return c > ' ' && c < 0x7f && c != '%';
}

/* Quoted strings come with their escapes. */
static void append_word(const struct imap_token *label, struct buffer *words)
{
    static const char digits[] = "0123456789ABCDEF";
    buffer_append_byte(words, '%');
    for (size_t i = 0; i < label->size; i++) {
        if (label->type == IMAP_TOKEN_QUOTED && label->data[i] == '\\' && i + 1 < label->size)
            i++;
        unsigned char c = (unsigned char)label->data[i];
        if (is_plain(c)) {
            buffer_append_byte(words, c);
        } else {
            buffer_append_byte(words, '%');
            buffer_append_byte(words, (unsigned char)digits[c >> 4]);
            buffer_append_byte(words, (unsigned char)digits[c & 15]);
        }
    }
    buffer_append_byte(words, '\0');
}

/* NIL is what an unquoted label of that name looks like. */
static bool is_label(const struct imap_token *token)
{
    if (token->type == IMAP_TOKEN_LIST || token->size == 0 || token->size > LABEL_MAX_BYTES)
        return false;
    for (size_t i = 0; i < token->size; i++) {
        unsigned char c = (unsigned char)token->data[i];
        if (c < ' ' || c == 0x7f)
            return false;
    }
    return true;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words, each with its NUL, in the order they came; their count. */
static size_t collect_words(const struct imap_token *labels, size_t count, struct buffer *words)
{
    size_t found = 0;
    for (size_t i = 0; i < count && found < LABELS_MAX; i = imap_token_next(labels, i)) {
        if (!is_label(&labels[i]) || buffer_room(words) < 3 * labels[i].size + 2)
            continue;
        append_word(&labels[i], words);
        found++;
    }
    return found;
}

void labels_append_canonical(const struct imap_token *labels, size_t count, struct buffer *text)
{
    struct buffer words;
    buffer_init(&words, WORDS_MAX_BYTES);
    size_t found = collect_words(labels, count, &words);
    const char **sorted = mem_alloc_array(found, sizeof(*sorted));
    const char *at = (const char *)words.data;
    for (size_t i = 0; i < found; i++) {
        sorted[i] = at;
        at += strlen(at) + 1;
    }
    if (found > 0)
        qsort(sorted, found, sizeof(*sorted), compare_words);
    for (size_t i = 0; i < found; i++) {
        if (i > 0 && strcmp(sorted[i - 1], sorted[i]) == 0)
            continue;
        if (text->used > 0)
            buffer_append_byte(text, ' ');
        buffer_append_str(text, sorted[i]);
    }
    mem_free(sorted);
    buffer_deinit(&words);
}

size_t labels_flags_size(const char *text)
{
    const char *first = text[0] == '%' ? text : strstr(text, " %");
    return first == NULL ? strlen(text) : (size_t)(first - text);
}

static bool has_word(const char *text, const char *word, size_t size)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length == size && memcmp(text, word, size) == 0)
            return true;
        text += length;
        text += strspn(text, " ");
    }
    return false;
}

static unsigned char hex_value(char digit)
{
    return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

/* A word of ours: behind a "%" within it stand two digits. */
static void decode_word(const char *word, size_t size, struct buffer *label)
{
    buffer_clear(label);
    for (size_t i = 1; i < size; i++) {
        if (word[i] == '%' && i + 2 < size) {
            buffer_append_byte(
                label, (unsigned char)(hex_value(word[i + 1]) << 4 | hex_value(word[i + 2])));
            i += 2;
        } else {
            buffer_append_byte(label, (unsigned char)word[i]);
        }
    }
}

bool labels_next_missing(const char **text, const char *other, struct buffer *label)
{
    while (**text != '\0') {
        const char *word = *text;
        size_t size = strcspn(word, " ");
        *text += size;
        *text += strspn(*text, " ");
        if (word[0] != '%' || has_word(other, word, size))
            continue;
        decode_word(word, size, label);
        return true;
    }
    return false;
}

bool label_is_system(const char *label)
{
    size_t letters = 0;
    if (label[0] != '\\')
        return false;
    for (const char *p = label + 1; *p != '\0'; p++, letters++) {
        if ((*p < 'A' || *p > 'Z') && (*p < 'a' || *p > 'z'))
            return false;
    }
    return letters > 0;
}
