/* SPDX-License-Identifier: MIT */
#include "batch/words.h"

#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"

static const char blanks[] = " \t\r\n";

/* Takes one character (or an escaped one) of a word; `quote` is '\0' outside quotes. */
static const char *take_character(const char *text, char quote, struct buffer *word)
{
    const char *escapable = quote == '"' ? "\"\\" : quote == '\'' ? "" : " \t\"'\\";
    if (*text == '\\' && text[1] != '\0' && strchr(escapable, text[1]) != NULL)
        text++;
    buffer_append_byte(word, (unsigned char)*text);
    return text + 1;
}

/* Takes the word that begins at `text`; NULL if its quote is not closed. */
static const char *take_word(const char *text, struct buffer *word)
{
    char quote = '\0';
    while (*text != '\0' && (quote != '\0' || strchr(blanks, *text) == NULL)) {
        if (quote == '\0' && (*text == '"' || *text == '\''))
            quote = *text++;
        else if (quote != '\0' && *text == quote) {
            quote = '\0';
            text++;
        } else {
            text = take_character(text, quote, word);
        }
    }
    return quote == '\0' ? text : NULL;
}

static void add_word(struct words *words, struct buffer *word)
{
    words->items = mem_realloc_array(words->items, (size_t)words->count + 1, sizeof(char *));
    words->items[words->count++] = mem_strndup(buffer_str(word), word->used);
    buffer_clear(word);
}

bool words_split(const char *text, struct words *words_r)
{
    struct buffer word;
    bool is_fine = true;
    memset(words_r, 0, sizeof(*words_r));
    buffer_init_secret(&word, strlen(text) + 2);
    for (;;) {
        text += strspn(text, blanks);
        if (*text == '\0')
            break;
        text = words_r->count == WORDS_MAX ? NULL : take_word(text, &word);
        is_fine = text != NULL && !word.has_failed;
        if (!is_fine)
            break;
        add_word(words_r, &word);
    }
    buffer_deinit(&word);
    if (!is_fine)
        words_deinit(words_r);
    return is_fine;
}

void words_deinit(struct words *words)
{
    for (int i = 0; i < words->count; i++)
        mem_free_secret(&words->items[i]);
    mem_free(words->items);
    memset(words, 0, sizeof(*words));
}
