/* SPDX-License-Identifier: MIT
 * Any bytes as a stream of responses, split at any place. The first byte says where it is split and
 * how much may be held. Checked: the split changes nothing, tokens lie inside the frame and lists
 * inside their lists. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sync/imap/client.h"
#include "sync/imap/fetch.h"
#include "sync/imap/imap_parser.h"
#include "sync/messages/flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_tokens(const struct imap_parser *parser, const char *frame, size_t size)
{
    for (size_t i = 0; i < parser->count; i++) {
        const struct imap_token *token = &parser->tokens[i];
        demand(token->data >= frame && token->size <= size &&
               (size_t)(token->data - frame) <= size - token->size);
        demand(token->inside < parser->count - i);
        demand(token->inside == 0 || token->type == IMAP_TOKEN_LIST);
        mem_free(imap_token_strdup(token));
    }
}

static void use_fetch(const struct imap_fetch *fetch)
{
    struct buffer flags;
    buffer_init(&flags, 1000);
    demand(!fetch->has_body || fetch->body != NULL);
    if (fetch->has_flags)
        flags_append_canonical(fetch->flags, fetch->flag_count, &flags);
    demand(buffer_str(&flags)[strcspn(buffer_str(&flags), "\r\n()\"{")] == '\0');
    buffer_deinit(&flags);
}

static void parse_frame(struct imap_parser *parser, const char *frame, size_t size, bool is_partial,
                        bool is_remainder)
{
    struct imap_response response;
    struct imap_fetch fetch;
    memset(&fetch, 0, sizeof(fetch));
    if (is_remainder) {
        if (imap_parser_remainder(parser, frame, size)) {
            check_tokens(parser, frame, size);
            (void)imap_fetch_parse_remainder(parser, &fetch);
        }
        return;
    }
    if (!imap_parser_response(parser, frame, size, is_partial, &response))
        return;
    if (response.token_count > 0)
        check_tokens(parser, frame, size);
    if (imap_fetch_parse(&response, &fetch))
        use_fetch(&fetch);
    if (response.code_size > 0)
        (void)imap_parser_tokens(parser, response.code, response.code_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct imap_parser parser = {NULL, 0, 0};
    struct imap_framer framer;
    if (size == 0)
        return 0;
    size_t split = data[0] % 61;
    size_t hold_max_bytes = data[0] % 7 == 0 ? 8 : 1000;
    data++;
    size--;
    imap_framer_reset(&framer);
    for (;;) {
        struct imap_framer in_two = framer;
        bool is_remainder = framer.is_remainder;
        (void)imap_framer_next(&in_two, data, split < size ? split : size, hold_max_bytes);
        enum imap_frame_result result = imap_framer_next(&framer, data, size, hold_max_bytes);
        demand(imap_framer_next(&in_two, data, size, hold_max_bytes) == result);
        if (result != IMAP_FRAME_DONE && result != IMAP_FRAME_STREAM)
            break;
        demand(framer.frame_bytes > 0 && framer.frame_bytes <= size);
        demand(in_two.frame_bytes == framer.frame_bytes);
        demand(result != IMAP_FRAME_STREAM || framer.literal_bytes > hold_max_bytes);
        parse_frame(&parser, (const char *)data, framer.frame_bytes, result == IMAP_FRAME_STREAM,
                    is_remainder);
        data += framer.frame_bytes;
        size -= framer.frame_bytes;
        if (result == IMAP_FRAME_STREAM) {
            size_t passed = framer.literal_bytes < size ? (size_t)framer.literal_bytes : size;
            data += passed;
            size -= passed;
            imap_framer_reset_remainder(&framer);
        } else {
            imap_framer_reset(&framer);
        }
    }
    imap_parser_deinit(&parser);
    return 0;
}
