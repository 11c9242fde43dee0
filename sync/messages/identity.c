/* SPDX-License-Identifier: MIT */
#include "sync/messages/identity.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/buffer.h"
#include "sync/messages/header.h"

#define IDENTITY_TEXT_MAX_BYTES (5 * HEADER_VALUE_MAX_BYTES)

void identity_hash(const void *data, size_t size, struct identity *identity_r)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    (void)SHA256(data, size, digest);
    memcpy(identity_r->bytes, digest, sizeof(identity_r->bytes));
}

/* "m" and the id without its angle brackets, which some servers drop. */
static bool append_message_id(const struct header_field *field, struct buffer *text)
{
    buffer_clear(text);
    header_append_normal(field, text);
    while (text->used > 0 && (text->data[0] == '<' || text->data[0] == ' '))
        buffer_consume(text, 1);
    while (text->used > 0 &&
           (text->data[text->used - 1] == '>' || text->data[text->used - 1] == ' '))
        text->used--;
    return text->used > 0 && buffer_append_str(text, "\nm");
}

/* "h" and the fields in a fixed order, whatever their order in the message. */
static enum identity_strength append_fields(const void *header, size_t size, struct buffer *text)
{
    static const char *const names[] = {"Date", "From", "To", "Subject"};
    struct header_field field;
    enum identity_strength strength = IDENTITY_NOTHING;
    buffer_clear(text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t before = text->used;
        if (header_find(header, size, names[i], &field))
            header_append_normal(&field, text);
        /* An empty field says as little as none. */
        if (text->used > before)
            strength = IDENTITY_OF_FIELDS;
        buffer_append_byte(text, '\n');
    }
    buffer_append_byte(text, 'h');
    return strength;
}

enum identity_strength identity_from_header(const void *header, size_t size,
                                            struct identity *identity_r)
{
    struct header_field field;
    struct buffer text;
    enum identity_strength strength;
    buffer_init(&text, IDENTITY_TEXT_MAX_BYTES);
    if (header_find(header, size, "Message-ID", &field) && append_message_id(&field, &text))
        strength = IDENTITY_OF_MESSAGE;
    else
        strength = append_fields(header, size, &text);
    identity_hash(text.data, text.used, identity_r);
    buffer_deinit(&text);
    return strength;
}

bool identity_needs_added_field(const void *header, size_t size)
{
    struct header_field field;
    return !header_find(header, size, "Message-ID", &field) &&
           !header_find(header, size, "Received", &field);
}

size_t identity_added_field(uint32_t uid, char text_r[IDENTITY_ADDED_FIELD_SIZE])
{
    int length = snprintf(text_r, IDENTITY_ADDED_FIELD_SIZE, "Message-Id: <%u@imapsync>\r\n", uid);
    return (size_t)length;
}

void identity_from_uid(uint32_t uid, struct identity *identity_r)
{
    char field[IDENTITY_ADDED_FIELD_SIZE];
    size_t size = identity_added_field(uid, field);
    (void)identity_from_header(field, size, identity_r);
}
