/* SPDX-License-Identifier: MIT */
#include "sync/messages/placeholder.h"

#include <string.h>

#include "base/str.h"
#include "sync/messages/header.h"

/* They are short. */
#define PLACEHOLDER_MAX_BYTES ((size_t)64 * 1024)
#define VALUE_MAX_BYTES       ((size_t)2 * HEADER_VALUE_MAX_BYTES)

/* Normal text: one blank between words. */
static bool value_starts_with(const void *message, size_t size, const char *name,
                              const char *prefix)
{
    struct header_field field;
    struct buffer value;
    if (!header_find(message, size, name, &field))
        return false;
    buffer_init(&value, VALUE_MAX_BYTES);
    header_append_normal(&field, &value);
    const char *text = buffer_str(&value);
    bool is_so = str_istarts_with(text + strspn(text, "\""), prefix);
    buffer_deinit(&value);
    return is_so;
}

/* "The server couldn't retrieve the following message:", with an apostrophe of any kind, or "could
   not". */
static bool text_says_so(const char *text, size_t size)
{
    static const char begin[] = "The server could";
    static const char end[] = "retrieve the following message";
    if (size < sizeof(begin) || !str_istarts_with(text, begin))
        return false;
    char line[sizeof(begin) + sizeof(end) + 16];
    size_t length = size < sizeof(line) - 1 ? size : sizeof(line) - 1;
    memcpy(line, text, length);
    line[length] = '\0';
    return str_ifind(line, end) != NULL;
}

static const char *find_text(const char *message, size_t size, size_t *size_r)
{
    for (size_t i = 0; i + 4 <= size; i++) {
        if (memcmp(message + i, "\r\n\r\n", 4) != 0)
            continue;
        i += 4;
        while (i < size && (message[i] == '\r' || message[i] == '\n' || message[i] == ' '))
            i++;
        *size_r = size - i;
        return message + i;
    }
    *size_r = 0;
    return message;
}

bool placeholder_is(const void *message, size_t size)
{
    size_t text_size;
    if (size > PLACEHOLDER_MAX_BYTES ||
        !value_starts_with(message, size, "Subject", "Retrieval using the IMAP4 protocol failed"))
        return false;
    const char *text = find_text(message, size, &text_size);
    return value_starts_with(message, size, "From", "Microsoft Exchange Server") ||
           text_says_so(text, text_size);
}
