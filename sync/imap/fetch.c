/* SPDX-License-Identifier: MIT */
#include "sync/imap/fetch.h"

#include <string.h>

#include "base/str.h"

static bool key_starts_with(const struct imap_token *key, const char *prefix)
{
    size_t size = strlen(prefix);
    return key->size >= size && str_iequals_n(key->data, size, prefix);
}

static void fetch_set_flags(struct imap_fetch *fetch, const struct imap_token *list)
{
    if (list->type != IMAP_TOKEN_LIST)
        return;
    fetch->has_flags = true;
    fetch->flags = list + 1;
    fetch->flag_count = list->inside;
}

static void fetch_set_labels(struct imap_fetch *fetch, const struct imap_token *list)
{
    if (list->type != IMAP_TOKEN_LIST)
        return;
    fetch->has_labels = true;
    fetch->labels = list + 1;
    fetch->label_count = list->inside;
}

/* One "key value" pair. Items nobody asked for are passed over. */
static bool fetch_set(struct imap_fetch *fetch, const struct imap_token *key,
                      const struct imap_token *value)
{
    uint64_t number;
    if (imap_token_is(key, "UID")) {
        if (!imap_token_uint64(value, UINT32_MAX, &number) || number == 0)
            return false;
        fetch->uid = (uint32_t)number;
    } else if (imap_token_is(key, "RFC822.SIZE")) {
        fetch->has_size = imap_token_uint64(value, UINT64_MAX, &fetch->size_bytes);
    } else if (imap_token_is(key, "FLAGS")) {
        fetch_set_flags(fetch, value);
    } else if (imap_token_is(key, "X-GM-LABELS")) {
        fetch_set_labels(fetch, value);
    } else if (imap_token_is(key, "INTERNALDATE")) {
        if (imap_token_is_string(value)) {
            fetch->internaldate = value->data;
            fetch->internaldate_size = value->size;
        }
    } else if (key_starts_with(key, "BODY[HEADER")) {
        /* NIL: a header that is damaged or empty. */
        fetch->has_header = value->type != IMAP_TOKEN_LIST;
        fetch->header = (const unsigned char *)value->data;
        fetch->header_size = imap_token_is_string(value) ? value->size : 0;
    } else if (imap_token_is(key, "BODY[]")) {
        /* A quoted string with escapes is not the message's bytes; no server is known to send one.
         */
        fetch->has_body = imap_token_is_string(value) &&
                          (value->type != IMAP_TOKEN_QUOTED ||
                           memchr(value->data, '\\', value->size) == NULL);
        fetch->body = (const unsigned char *)value->data;
        fetch->body_size = fetch->has_body ? value->size : 0;
    }
    return true;
}

static bool fetch_set_pairs(struct imap_fetch *fetch, const struct imap_token *tokens, size_t count,
                            bool may_end_in_key)
{
    size_t i = 0;
    while (i < count) {
        if (tokens[i].type != IMAP_TOKEN_ATOM)
            return false;
        if (i + 1 == count) {
            fetch->ends_in_body = imap_token_is(&tokens[i], "BODY[]");
            return may_end_in_key;
        }
        if (!fetch_set(fetch, &tokens[i], &tokens[i + 1]))
            return false;
        i = imap_token_next(tokens, i + 1);
    }
    return true;
}

bool imap_fetch_parse(const struct imap_response *response, struct imap_fetch *fetch_r)
{
    memset(fetch_r, 0, sizeof(*fetch_r));
    if (response->token_count == 0 || response->tokens[0].type != IMAP_TOKEN_LIST)
        return false;
    return fetch_set_pairs(fetch_r, response->tokens + 1, response->tokens[0].inside, true);
}

bool imap_fetch_parse_remainder(const struct imap_parser *parser, struct imap_fetch *fetch)
{
    return fetch_set_pairs(fetch, parser->tokens, parser->count, false);
}
