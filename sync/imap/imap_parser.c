/* SPDX-License-Identifier: MIT */
#include "sync/imap/imap_parser.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* -- framing -- */

void imap_framer_reset(struct imap_framer *framer)
{
    memset(framer, 0, sizeof(*framer));
}

void imap_framer_reset_remainder(struct imap_framer *framer)
{
    imap_framer_reset(framer);
    framer->is_remainder = true;
}

static bool word_is(const char *word, size_t size, const char *name)
{
    return str_iequals_n(word, size, name);
}

static enum imap_status status_parse(const char *word, size_t size)
{
    static const struct {
        const char *word;
        enum imap_status status;
    } statuses[] = {
        {"OK", IMAP_STATUS_OK},   {"NO", IMAP_STATUS_NO},           {"BAD", IMAP_STATUS_BAD},
        {"BYE", IMAP_STATUS_BYE}, {"PREAUTH", IMAP_STATUS_PREAUTH},
    };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (word_is(word, size, statuses[i].word))
            return statuses[i].status;
    }
    return IMAP_STATUS_NONE;
}

static size_t word_length(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] != ' ' && text[length] != '\r' && text[length] != '\n')
        length++;
    return length;
}

/* NUL bytes before a response were seen in the field. */
static void skip_nuls(const char **text, size_t *size)
{
    while (*size > 0 && **text == '\0') {
        (*text)++;
        (*size)--;
    }
}

/* Is the line "+ text" or "tag OK text"? Then nothing at its end is a literal. */
static bool line_is_text(const char *line, size_t size)
{
    skip_nuls(&line, &size);
    size_t first = word_length(line, size);
    if (first == 1 && line[0] == '+')
        return true;
    if (first == size || line[first] != ' ')
        return false;
    return status_parse(line + first + 1, word_length(line + first + 1, size - first - 1)) !=
           IMAP_STATUS_NONE;
}

/* The size in "...{123}" or "...{123+}" at the end of a line without its CRLF. */
static bool line_literal(const char *line, size_t size, uint64_t *literal_r)
{
    if (size < 3 || line[size - 1] != '}')
        return false;
    size_t end = size - 1;
    if (line[end - 1] == '+')
        end--;
    size_t start = end;
    while (start > 0 && line[start - 1] >= '0' && line[start - 1] <= '9')
        start--;
    return start > 0 && line[start - 1] == '{' &&
           str_to_uint64(line + start, end - start, IMAP_LITERAL_MAX_BYTES, literal_r);
}

enum imap_frame_result imap_framer_next(struct imap_framer *framer, const unsigned char *data,
                                        size_t size, size_t hold_max_bytes)
{
    if (framer->result != IMAP_FRAME_MORE)
        return framer->result;
    while (framer->scanned < size) {
        const char *from = (const char *)data + framer->scanned;
        const char *lf = memchr(from, '\n', size - framer->scanned);
        if (lf == NULL) {
            framer->scanned = size;
            break;
        }
        size_t line_end = (size_t)(lf - (const char *)data);
        framer->scanned = line_end + 1;
        framer->frame_bytes = line_end + 1;
        /* A CR that ends a literal belongs to it. */
        if (line_end > framer->line_start && data[line_end - 1] == '\r')
            line_end--;
        if (!framer->has_begun && !framer->is_remainder)
            framer->is_text = line_is_text((const char *)data, line_end);
        framer->has_begun = true;
        uint64_t literal;
        const char *line = (const char *)data + framer->line_start;
        if (framer->is_text || !line_literal(line, line_end - framer->line_start, &literal))
            return framer->result = IMAP_FRAME_DONE;
        if (literal > hold_max_bytes) {
            framer->literal_bytes = literal;
            return framer->result = IMAP_FRAME_STREAM;
        }
        framer->scanned += (size_t)literal;
        framer->line_start = framer->scanned;
    }
    return framer->scanned > IMAP_FRAME_MAX_BYTES ? IMAP_FRAME_BAD : IMAP_FRAME_MORE;
}

/* -- tokens -- */

struct cursor {
    const char *p;
    const char *end;
};

void imap_parser_deinit(struct imap_parser *parser)
{
    mem_free(parser->tokens);
    memset(parser, 0, sizeof(*parser));
}

static struct imap_token *parser_add(struct imap_parser *parser, enum imap_token_type type,
                                     const char *data, size_t size)
{
    if (parser->count >= IMAP_TOKENS_MAX)
        return NULL;
    MEM_GROW(parser->tokens, parser->count, parser->alloc);
    struct imap_token *token = &parser->tokens[parser->count++];
    token->type = type;
    token->data = data;
    token->size = size;
    token->inside = 0;
    return token;
}

static bool parser_quoted(struct imap_parser *parser, struct cursor *at)
{
    const char *start = ++at->p;
    while (at->p < at->end && *at->p != '"') {
        if (*at->p == '\\' && at->p + 1 < at->end)
            at->p++;
        at->p++;
    }
    if (at->p >= at->end)
        return false;
    bool is_added = parser_add(parser, IMAP_TOKEN_QUOTED, start, (size_t)(at->p - start)) != NULL;
    at->p++;
    return is_added;
}

/* "{123}" CRLF and 123 bytes. Not there at all behind the last line of a partial frame. */
static bool parser_literal(struct imap_parser *parser, struct cursor *at, bool is_partial)
{
    const char *lf = memchr(at->p, '\n', (size_t)(at->end - at->p));
    if (lf == NULL)
        return false;
    size_t line = (size_t)(lf - at->p);
    if (line > 0 && at->p[line - 1] == '\r')
        line--;
    uint64_t size;
    if (!line_literal(at->p, line, &size))
        return false;
    at->p = lf + 1;
    if (size > (uint64_t)(at->end - at->p))
        return is_partial && at->p == at->end;
    bool is_added = parser_add(parser, IMAP_TOKEN_LITERAL, at->p, (size_t)size) != NULL;
    at->p += size;
    return is_added;
}

/* An atom; "BODY[HEADER.FIELDS (DATE)]<0>" is one. */
static bool parser_atom(struct imap_parser *parser, struct cursor *at)
{
    const char *start = at->p;
    bool is_in_section = false;
    for (; at->p < at->end; at->p++) {
        char c = *at->p;
        if (c == '\r' || c == '\n')
            break;
        if (c == '[')
            is_in_section = true;
        else if (c == ']')
            is_in_section = false;
        else if (!is_in_section && (c == ' ' || c == '(' || c == ')' || c == '"'))
            break;
    }
    size_t size = (size_t)(at->p - start);
    if (size == 0)
        return false;
    enum imap_token_type type = word_is(start, size, "NIL") ? IMAP_TOKEN_NIL : IMAP_TOKEN_ATOM;
    return parser_add(parser, type, start, size) != NULL;
}

/* Servers are seen to put blanks where none belong and to leave them out between flags. */
static bool parser_cut(struct imap_parser *parser, struct cursor *at, bool is_partial,
                       bool is_remainder)
{
    size_t open[IMAP_DEPTH_MAX];
    size_t depth = 0;
    while (at->p < at->end && *at->p != '\r' && *at->p != '\n') {
        bool is_good = true;
        if (*at->p == ' ') {
            at->p++;
        } else if (*at->p == '(') {
            if (depth == IMAP_DEPTH_MAX)
                return false;
            open[depth++] = parser->count;
            is_good = parser_add(parser, IMAP_TOKEN_LIST, at->p++, 1) != NULL;
        } else if (*at->p == ')') {
            if (depth == 0 && !is_remainder)
                return false;
            if (depth > 0) {
                depth--;
                parser->tokens[open[depth]].inside = parser->count - open[depth] - 1;
            }
            at->p++;
        } else if (*at->p == '"') {
            is_good = parser_quoted(parser, at);
        } else if (*at->p == '{' || (*at->p == '~' && at->p + 1 < at->end && at->p[1] == '{')) {
            is_good = parser_literal(parser, at, is_partial);
        } else {
            is_good = parser_atom(parser, at);
        }
        if (!is_good)
            return false;
    }
    while (depth > 0 && is_partial) {
        depth--;
        parser->tokens[open[depth]].inside = parser->count - open[depth] - 1;
    }
    return depth == 0;
}

static struct cursor cursor_make(const char *text, size_t size)
{
    struct cursor at = {text, text + size};
    return at;
}

bool imap_parser_tokens(struct imap_parser *parser, const char *text, size_t size)
{
    struct cursor at = cursor_make(text, size);
    parser->count = 0;
    return parser_cut(parser, &at, false, false);
}

bool imap_parser_remainder(struct imap_parser *parser, const char *frame, size_t size)
{
    struct cursor at = cursor_make(frame, size);
    parser->count = 0;
    return parser_cut(parser, &at, false, true);
}

static void cursor_take_word(struct cursor *at, const char **word_r, size_t *size_r)
{
    size_t length = word_length(at->p, (size_t)(at->end - at->p));
    *word_r = at->p;
    *size_r = length;
    at->p += length;
    if (at->p < at->end && *at->p == ' ')
        at->p++;
}

static void response_set_text(struct imap_response *response, struct cursor *at)
{
    const char *end = at->end;
    while (end > at->p && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    if (at->p < end && *at->p == '[' && response->kind != IMAP_RESPONSE_CONTINUATION) {
        const char *close = memchr(at->p, ']', (size_t)(end - at->p));
        /* PERMANENTFLAGS and BADCHARSET may hold "]" only inside a list that ends with ")]". */
        if (close != NULL) {
            response->code = at->p + 1;
            response->code_size = (size_t)(close - at->p - 1);
            at->p = close + 1;
            if (at->p < end && *at->p == ' ')
                at->p++;
        }
    }
    response->text = at->p;
    response->text_size = (size_t)(end - at->p);
}

bool imap_parser_response(struct imap_parser *parser, const char *frame, size_t size,
                          bool is_partial, struct imap_response *response_r)
{
    skip_nuls(&frame, &size);
    struct cursor at = cursor_make(frame, size);
    memset(response_r, 0, sizeof(*response_r));
    response_r->code = "";
    response_r->text = "";
    response_r->name = "";
    parser->count = 0;
    cursor_take_word(&at, &response_r->tag, &response_r->tag_size);
    if (response_r->tag_size == 0)
        return false;
    if (response_r->tag_size == 1 && response_r->tag[0] == '+') {
        response_r->kind = IMAP_RESPONSE_CONTINUATION;
        response_set_text(response_r, &at);
        return true;
    }
    bool is_untagged = response_r->tag_size == 1 && response_r->tag[0] == '*';
    response_r->kind = is_untagged ? IMAP_RESPONSE_UNTAGGED : IMAP_RESPONSE_TAGGED;
    const char *word;
    size_t word_size;
    cursor_take_word(&at, &word, &word_size);
    response_r->status = status_parse(word, word_size);
    if (response_r->status != IMAP_STATUS_NONE) {
        response_set_text(response_r, &at);
        return true;
    }
    if (!is_untagged || word_size == 0)
        return false;
    if (str_to_uint64(word, word_size, UINT64_MAX, &response_r->number)) {
        response_r->has_number = true;
        cursor_take_word(&at, &word, &word_size);
    }
    response_r->name = word;
    response_r->name_size = word_size;
    bool is_cut = parser_cut(parser, &at, is_partial, false);
    response_r->tokens = parser->tokens;
    response_r->token_count = parser->count;
    return is_cut;
}

size_t imap_token_next(const struct imap_token *tokens, size_t i)
{
    return i + 1 + tokens[i].inside;
}

bool imap_token_is(const struct imap_token *token, const char *atom)
{
    return (token->type == IMAP_TOKEN_ATOM || token->type == IMAP_TOKEN_NIL) &&
           str_iequals_n(token->data, token->size, atom);
}

bool imap_token_is_string(const struct imap_token *token)
{
    return token->type != IMAP_TOKEN_LIST && token->type != IMAP_TOKEN_NIL;
}

bool imap_token_uint64(const struct imap_token *token, uint64_t max, uint64_t *value_r)
{
    return token->type == IMAP_TOKEN_ATOM && str_to_uint64(token->data, token->size, max, value_r);
}

char *imap_token_strdup(const struct imap_token *token)
{
    if (token->type == IMAP_TOKEN_NIL || token->type == IMAP_TOKEN_LIST)
        return mem_strdup("");
    char *text = mem_alloc(token->size + 1);
    size_t length = 0;
    for (size_t i = 0; i < token->size; i++) {
        if (token->type == IMAP_TOKEN_QUOTED && token->data[i] == '\\' && i + 1 < token->size)
            i++;
        text[length++] = token->data[i] == '\0' ? '?' : token->data[i];
    }
    return text;
}
