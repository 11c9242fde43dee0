/* SPDX-License-Identifier: MIT */
#include "sync/imap/client_private.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/uidset.h"

#define CLIENT_READ_BYTES ((size_t)32 * 1024)
#define CLIENT_TURN_BYTES ((size_t)256 * 1024) /* read at most so much before dispatching */

/* -- capabilities and the selected mailbox -- */

static const struct {
    const char *name;
    enum imap_capability capability;
} capability_names[] = {
    {"LITERAL+", IMAP_CAP_LITERAL_PLUS},
    {"LITERAL-", IMAP_CAP_LITERAL_MINUS},
    {"SASL-IR", IMAP_CAP_SASL_IR},
    {"AUTH=PLAIN", IMAP_CAP_AUTH_PLAIN},
    {"AUTH=CRAM-MD5", IMAP_CAP_AUTH_CRAM_MD5},
    {"AUTH=SCRAM-SHA-1", IMAP_CAP_AUTH_SCRAM_SHA_1},
    {"AUTH=SCRAM-SHA-256", IMAP_CAP_AUTH_SCRAM_SHA_256},
    {"AUTH=EXTERNAL", IMAP_CAP_AUTH_EXTERNAL},
    {"AUTH=XOAUTH2", IMAP_CAP_AUTH_XOAUTH2},
    {"AUTH=OAUTHBEARER", IMAP_CAP_AUTH_OAUTHBEARER},
    {"LOGINDISABLED", IMAP_CAP_LOGINDISABLED},
    {"STARTTLS", IMAP_CAP_STARTTLS},
    {"UIDPLUS", IMAP_CAP_UIDPLUS},
    {"UNSELECT", IMAP_CAP_UNSELECT},
    {"NAMESPACE", IMAP_CAP_NAMESPACE},
    {"ID", IMAP_CAP_ID},
    {"LIST-STATUS", IMAP_CAP_LIST_STATUS},
    {"LIST-EXTENDED", IMAP_CAP_LIST_EXTENDED},
    {"SPECIAL-USE", IMAP_CAP_SPECIAL_USE},
    {"MULTIAPPEND", IMAP_CAP_MULTIAPPEND},
    {"STATUS=SIZE", IMAP_CAP_STATUS_SIZE},
    {"CONDSTORE", IMAP_CAP_CONDSTORE},
    {"QRESYNC", IMAP_CAP_QRESYNC},
    {"COMPRESS=DEFLATE", IMAP_CAP_COMPRESS_DEFLATE},
    {"X-GM-EXT-1", IMAP_CAP_X_GM_EXT_1},
    {"ESEARCH", IMAP_CAP_ESEARCH},
    {"QUOTA", IMAP_CAP_QUOTA},
    {"IMAP4rev2", IMAP_CAP_ESEARCH},
    {"APPENDLIMIT", IMAP_CAP_APPENDLIMIT},
};

/* "APPENDLIMIT=35882577" */
static void client_take_append_limit(struct imap_client *client, const struct imap_token *token)
{
    static const char name[] = "APPENDLIMIT=";
    size_t size = strlen(name);
    if (token->size > size && str_iequals_n(token->data, size, name))
        (void)str_to_uint64(token->data + size, token->size - size, INT64_MAX,
                            &client->append_limit);
}

static void client_set_capabilities(struct imap_client *client, const struct imap_token *tokens,
                                    size_t count)
{
    client->capabilities = 0;
    client->append_limit = UINT64_MAX;
    client->has_capabilities = true;
    client->has_login_capabilities = true;
    for (size_t i = 0; i < count; i = imap_token_next(tokens, i)) {
        for (size_t k = 0; k < sizeof(capability_names) / sizeof(capability_names[0]); k++) {
            if (imap_token_is(&tokens[i], capability_names[k].name))
                client->capabilities |= (unsigned int)capability_names[k].capability;
        }
        client_take_append_limit(client, &tokens[i]);
    }
}

static void mailbox_set_permanentflags(struct imap_mailbox *mailbox,
                                       const struct imap_token *tokens, size_t count)
{
    struct buffer flags;
    buffer_init(&flags, 64 * 1024);
    buffer_append_byte(&flags, ' ');
    for (size_t i = 0; i < count; i++) {
        if (imap_token_is(&tokens[i], "\\*"))
            mailbox->may_create_keywords = true;
        buffer_append(&flags, tokens[i].data, tokens[i].size);
        buffer_append_byte(&flags, ' ');
    }
    mailbox->has_permanentflags = count > 0;
    mem_free(mailbox->permanentflags);
    mailbox->permanentflags = mem_strndup(flags.data, flags.used);
    buffer_deinit(&flags);
}

/* A response code (RFC 9051 section 7.1). Unknown ones mean nothing. */
static void client_take_code(struct imap_client *client, const struct imap_response *response)
{
    struct imap_parser parser = {NULL, 0, 0};
    uint64_t number;
    if (response->code_size == 0 ||
        !imap_parser_tokens(&parser, response->code, response->code_size) || parser.count == 0) {
        imap_parser_deinit(&parser);
        return;
    }
    const struct imap_token *name = &parser.tokens[0];
    const struct imap_token *value = parser.count > 1 ? &parser.tokens[1] : name;
    if (imap_token_is(name, "CAPABILITY"))
        client_set_capabilities(client, name + 1, parser.count - 1);
    else if (imap_token_is(name, "PERMANENTFLAGS") && value->type == IMAP_TOKEN_LIST)
        mailbox_set_permanentflags(&client->mailbox, value + 1, value->inside);
    else if (imap_token_is(name, "UIDVALIDITY") && imap_token_uint64(value, UINT32_MAX, &number))
        client->mailbox.uidvalidity = (uint32_t)number;
    else if (imap_token_is(name, "HIGHESTMODSEQ") && imap_token_uint64(value, INT64_MAX, &number))
        client->mailbox.mod_seq = number;
    else if (imap_token_is(name, "NOMODSEQ"))
        client->mailbox.mod_seq = 0;
    else if (imap_token_is(name, "UIDNEXT") && imap_token_uint64(value, UINT32_MAX, &number))
        client->mailbox.uidnext = (uint32_t)number;
    imap_parser_deinit(&parser);
}

/* -- answers -- */

static struct imap_command *client_find_command(const struct imap_client *client,
                                                const struct imap_response *response)
{
    struct imap_command *command = client->first;
    while (command != NULL && !str_iequals_n(response->tag, response->tag_size, command->tag))
        command = command->next;
    return command;
}

static void client_unlink_command(struct imap_client *client, struct imap_command *command)
{
    struct imap_command *previous = NULL;
    for (struct imap_command *at = client->first; at != command; at = at->next)
        previous = at;
    if (previous == NULL)
        client->first = command->next;
    else
        previous->next = command->next;
    if (client->last == command)
        client->last = previous;
    client->pending--;
}

/* The open command is answered before it was given completely: a refusal. Its callback hears of it
   when the command ends. */
static void client_take_early(struct imap_client *client, const struct imap_response *response)
{
    if (response->status == IMAP_STATUS_OK) {
        client_fail_protocol(client, "OK to a command that was not complete", response->text,
                             response->text_size);
        return;
    }
    size_t code_size = response->code_size < sizeof(client->early_code) - 1
                           ? response->code_size
                           : sizeof(client->early_code) - 1;
    memcpy(client->early_code, response->code, code_size);
    client->early_code[code_size] = '\0';
    client->early_status = response->status;
    buffer_clear(&client->early_text);
    buffer_append(&client->early_text, response->text, response->text_size);
    client->is_refused = client_cut_out(client, client->out_position + client->out.used);
}

/* "[CODE] text", as much as fits. */
static void client_keep_words(char *words, size_t size, const struct imap_response *response,
                              bool with_code)
{
    bool has_code = with_code && response->code_size > 0;
    int code_size = has_code ? (int)(response->code_size < 64 ? response->code_size : 64) : 0;
    int text_size = (int)(response->text_size < size ? response->text_size : size);
    (void)snprintf(words, size, "%s%.*s%s%.*s", has_code ? "[" : "", code_size, response->code,
                   has_code ? "] " : "", text_size, response->text);
}

/* Servers refuse with the reason, and then end the connection without one. */
static void client_keep_refusal(struct imap_client *client, const struct imap_response *response)
{
    client->refusal[0] = '\0';
    if (response->status == IMAP_STATUS_NO || response->status == IMAP_STATUS_BAD)
        client_keep_words(client->refusal, sizeof(client->refusal), response, true);
}

static void client_take_tagged(struct imap_client *client, const struct imap_response *response)
{
    struct imap_reply reply = {response->status, response->code, response->code_size,
                               response->text, response->text_size};
    client_take_code(client, response);
    client_keep_refusal(client, response);
    if (response->status != IMAP_STATUS_OK && client->state >= IMAP_STATE_AUTHENTICATED)
        client->refusals++;
    if (client->building != NULL &&
        str_iequals_n(response->tag, response->tag_size, client->building->tag)) {
        client_take_early(client, response);
        return;
    }
    struct imap_command *command = client_find_command(client, response);
    if (command == NULL) {
        client_fail_protocol(client, "an answer to a command that was not given", response->tag,
                             response->tag_size);
        return;
    }
    if (response->status == IMAP_STATUS_OK && command->end > client->out_position) {
        client_fail_protocol(client, "OK to a command that was not complete", response->text,
                             response->text_size);
        return;
    }
    if (command->start >= client->out_position) {
        client_fail_protocol(client, "an answer to a command that was not sent yet", response->text,
                             response->text_size);
        return;
    }
    client_unlink_command(client, command);
    /* What came before this answer may still have been about the mailbox that was left. */
    if (command->is_opening) {
        client->mailbox.exists_at_open = client->mailbox.exists;
        client->mailbox.expunged = 0;
    }
    (void)client_cut_out(client, command->end);
    bool is_leaving = client->first != NULL && client->first->is_opening;
    if (command->callback != NULL)
        command->callback(command->context, command->number, &reply);
    if (is_leaving)
        client_mailbox_reset(&client->mailbox);
    mem_free(command);
}

static void client_take_continuation(struct imap_client *client,
                                     const struct imap_response *response)
{
    if (client->sync_count > 0 && client->sync_points[0] == client->out_position) {
        client->sync_count--;
        memmove(client->sync_points, client->sync_points + 1,
                client->sync_count * sizeof(*client->sync_points));
    } else if (client->events.continuation != NULL) {
        client->events.continuation(client->events.context, response->text, response->text_size);
    }
}

static void client_take_status(struct imap_client *client, const struct imap_response *response)
{
    if (client->state == IMAP_STATE_GREETING || response->status == IMAP_STATUS_BYE)
        client_keep_words(client->greeting, sizeof(client->greeting), response,
                          response->status == IMAP_STATUS_BYE);
    client_take_code(client, response);
    if (response->status == IMAP_STATUS_BYE)
        client->has_bye = true;
    else if (client->state == IMAP_STATE_GREETING && response->status == IMAP_STATUS_OK)
        client_set_state(client, IMAP_STATE_NOT_AUTHENTICATED);
    else if (client->state == IMAP_STATE_GREETING && response->status == IMAP_STATUS_PREAUTH)
        client_set_state(client, IMAP_STATE_AUTHENTICATED);
    else if (client->state == IMAP_STATE_GREETING)
        client_fail_protocol(client, "a greeting that is none", response->text,
                             response->text_size);
}

/* What EXPUNGE says, once QRESYNC is enabled (RFC 7162 section 3.2.10); VANISHED (EARLIER) has
   another token, and is an answer. */
static void client_take_vanished(struct imap_client *client, const struct imap_token *set)
{
    struct uidset_reader reader;
    uint32_t first, last;
    uidset_reader_init(&reader, set->data, set->size);
    while (uidset_reader_next(&reader, &first, &last)) {
        uint64_t count = (uint64_t)last - first + 1;
        client->mailbox.expunged += count;
        client->mailbox.exists -= client->mailbox.exists < count ? client->mailbox.exists : count;
    }
}

static enum imap_taken client_take_untagged(struct imap_client *client,
                                            const struct imap_response *response)
{
    if (response->status != IMAP_STATUS_NONE) {
        client_take_status(client, response);
    } else if (client->state == IMAP_STATE_GREETING) {
        client_fail_protocol(client, "no greeting", response->name, response->name_size);
    } else if (str_iequals_n(response->name, response->name_size, "CAPABILITY")) {
        client_set_capabilities(client, response->tokens, response->token_count);
    } else if (response->has_number &&
               str_iequals_n(response->name, response->name_size, "EXISTS")) {
        client->mailbox.has_exists = true;
        client->mailbox.exists = response->number;
    } else if (response->has_number &&
               str_iequals_n(response->name, response->name_size, "EXPUNGE")) {
        client->mailbox.expunged++;
        if (client->mailbox.exists > 0)
            client->mailbox.exists--;
    } else if (response->token_count == 1 &&
               str_iequals_n(response->name, response->name_size, "VANISHED")) {
        client_take_vanished(client, &response->tokens[0]);
    } else if (client->events.untagged != NULL) {
        return client->events.untagged(client->events.context, response);
    }
    return IMAP_TAKEN;
}

/* -- input -- */

enum dispatch {
    DISPATCH_TAKEN,
    DISPATCH_MORE,    /* needs more bytes */
    DISPATCH_BLOCKED, /* an event said "not now" */
};

static enum dispatch client_dispatch_literal(struct imap_client *client)
{
    size_t size = client->in.used;
    if (size > client->literal_left)
        size = (size_t)client->literal_left;
    if (size == 0)
        return DISPATCH_MORE;
    size_t taken = size;
    if (!client->is_passing_over)
        taken = client->events.literal_data(client->events.context, client->in.data, size);
    buffer_consume(&client->in, taken);
    client->literal_left -= taken;
    if (client->literal_left == 0)
        imap_framer_reset_remainder(&client->framer);
    return taken == size ? DISPATCH_TAKEN : DISPATCH_BLOCKED;
}

/* The frame ends in front of a large literal. */
static enum dispatch client_dispatch_stream(struct imap_client *client)
{
    struct imap_response response;
    size_t size = client->framer.frame_bytes;
    if (client->is_streaming) {
        client_fail_protocol(client, "two large literals in one response",
                             (const char *)client->in.data, size);
        return DISPATCH_TAKEN;
    }
    client->is_passing_over = client->events.literal_begin == NULL ||
                              client->events.literal_data == NULL;
    if (!client->is_passing_over) {
        if (!imap_parser_response(&client->parser, (const char *)client->in.data, size, true,
                                  &response)) {
            client_fail_protocol(client, "a response that can't be read",
                                 (const char *)client->in.data, size);
            return DISPATCH_TAKEN;
        }
        client_trace(client, "<", (const char *)client->in.data, size);
        if (client->events.literal_begin(client->events.context, &response,
                                         client->framer.literal_bytes) == IMAP_NOT_NOW)
            return DISPATCH_BLOCKED;
    }
    client->is_streaming = true;
    client->literal_left = client->framer.literal_bytes;
    buffer_consume(&client->in, size);
    return DISPATCH_TAKEN;
}

/* A server may repeat the secret it was sent: then only tag and status are shown. */
static void client_trace_response(struct imap_client *client, const char *frame, size_t size)
{
    if (client->first != NULL && client->first->is_secret) {
        const char *blank = memchr(frame, ' ', size);
        size_t tag_size = blank == NULL ? 0 : (size_t)(blank - frame) + 1;
        size = tag_size;
        while (size < client->framer.frame_bytes && frame[size] >= 'A' && frame[size] <= 'Z')
            size++;
    }
    client_trace(client, "<", frame, size);
}

static enum dispatch client_dispatch_frame(struct imap_client *client)
{
    struct imap_response response;
    const char *frame = (const char *)client->in.data;
    size_t size = client->framer.frame_bytes;
    enum imap_taken taken = IMAP_TAKEN;
    if (client->is_streaming) {
        client->is_streaming = false;
        if (!imap_parser_remainder(&client->parser, frame, size))
            client_fail_protocol(client, "a response that can't be read", frame, size);
        else if (!client->is_passing_over && client->events.literal_end != NULL)
            client->events.literal_end(client->events.context, &client->parser);
    } else if (!imap_parser_response(&client->parser, frame, size, false, &response)) {
        client_fail_protocol(client, "a response that can't be read", frame, size);
    } else {
        if (!client->is_blocked)
            client_trace_response(client, frame, size);
        if (response.kind == IMAP_RESPONSE_CONTINUATION)
            client_take_continuation(client, &response);
        else if (response.kind == IMAP_RESPONSE_TAGGED)
            client_take_tagged(client, &response);
        else
            taken = client_take_untagged(client, &response);
    }
    if (taken == IMAP_NOT_NOW)
        return DISPATCH_BLOCKED;
    buffer_consume(&client->in, size);
    imap_framer_reset(&client->framer);
    return DISPATCH_TAKEN;
}

static enum dispatch client_dispatch_one(struct imap_client *client)
{
    if (client->literal_left > 0)
        return client_dispatch_literal(client);
    switch (imap_framer_next(&client->framer, client->in.data, client->in.used,
                             client->options.hold_max_bytes)) {
    case IMAP_FRAME_MORE:
        return DISPATCH_MORE;
    case IMAP_FRAME_STREAM:
        return client_dispatch_stream(client);
    case IMAP_FRAME_DONE:
        return client_dispatch_frame(client);
    case IMAP_FRAME_BAD:
        break;
    }
    client_fail_protocol(client, "a response without end", "", 0);
    return DISPATCH_TAKEN;
}

/* True if anything was taken. */
bool client_dispatch(struct imap_client *client)
{
    bool has_moved = false;
    while (client->state != IMAP_STATE_CLOSED && client->in.used > 0 && !client->is_tls_due) {
        enum dispatch dispatch = client_dispatch_one(client);
        client->is_blocked = dispatch == DISPATCH_BLOCKED;
        if (dispatch != DISPATCH_TAKEN)
            break;
        has_moved = true;
        client->is_tls_due = client->is_tls_expected && imap_client_pending(client) == 0;
        if (client->is_deflate_due)
            client_begin_deflate(client);
    }
    return has_moved;
}

/* Reads what is there, up to a turn's worth. The end waits behind what came before it, as long as
   that can't be taken; it may say why. */
bool client_read(struct imap_client *client, int64_t now_nsecs)
{
    size_t total = 0;
    bool has_moved = false;
    while (client->state != IMAP_STATE_CLOSED && !client->is_blocked && !client->is_dry &&
           total < CLIENT_TURN_BYTES) {
        if (client->is_ended) {
            imap_client_fail(client, &client->end);
            return true;
        }
        unsigned char *to = buffer_reserve(&client->in, CLIENT_READ_BYTES);
        if (to == NULL) {
            client_fail_protocol(client, "a response without end", "", 0);
            break;
        }
        int got = connection_read(client->connection, to, CLIENT_READ_BYTES, &client->end);
        if (got == 0) {
            client->is_dry = client->is_polled;
            break;
        }
        has_moved = true;
        client->has_gathered_in_vain = false;
        if (got < 0) {
            client->is_ended = true;
            client_dispatch(client);
            continue;
        }
        buffer_commit(&client->in, (size_t)got);
        client->active_nsecs = now_nsecs;
        client->watched_bytes += (uint64_t)got;
        total += (size_t)got;
    }
    return has_moved;
}
