/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "sync/imap/imap_parser.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOLD         ((size_t)64)

/* One exact copy on the heap, so that the address sanitizer sees every byte read beyond it. */
static unsigned char *exact(const char *text, size_t size)
{
    unsigned char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    return copy;
}

static enum imap_frame_result frame_whole(const char *text, size_t size, struct imap_framer *framer)
{
    unsigned char *copy = exact(text, size);
    imap_framer_reset(framer);
    enum imap_frame_result result = imap_framer_next(framer, copy, size, HOLD);
    free(copy);
    return result;
}

struct frame_row {
    const char *text;
    enum imap_frame_result result;
    size_t frame_bytes;
    uint64_t literal_bytes;
};

#define WHOLE(text)                                   \
    {                                                 \
        text, IMAP_FRAME_DONE, sizeof(text "") - 1, 0 \
    }

static const struct frame_row frame_rows[] = {
    /* not complete */
    {"", IMAP_FRAME_MORE, 0, 0},
    {"* OK", IMAP_FRAME_MORE, 0, 0},
    {"* OK hello\r", IMAP_FRAME_MORE, 0, 0},
    {"* 1 FETCH (BODY[] {3}\r\n", IMAP_FRAME_MORE, 0, 0},
    {"* 1 FETCH (BODY[] {3}\r\nab", IMAP_FRAME_MORE, 0, 0},
    {"* 1 FETCH (BODY[] {3}\r\nabc", IMAP_FRAME_MORE, 0, 0},
    {"* 1 FETCH (BODY[] {3}\r\nabc)\r", IMAP_FRAME_MORE, 0, 0},
    /* a literal's bytes are no lines */
    {"* 1 FETCH (BODY[] {4}\r\n\r\n\r\n", IMAP_FRAME_MORE, 0, 0},
    /* complete */
    WHOLE("* OK hello\r\n"),
    WHOLE("* OK only LF\n"),
    WHOLE("\r\n"),
    WHOLE("\n"),
    WHOLE("+ \r\n"),
    WHOLE("* 1 FETCH (BODY[] {3}\r\nabc)\r\n"),
    WHOLE("* 1 FETCH (BODY[] {3+}\r\nabc)\r\n"),
    WHOLE("* 1 FETCH (BODY[] ~{3}\r\na\nb)\r\n"),
    WHOLE("* 1 FETCH (BODY[] {0}\r\n)\r\n"),
    WHOLE("* 1 FETCH (BODY[] {3}\nabc)\n"),
    WHOLE("* 1 FETCH (BODY[] {6}\r\n{9}\r\n\n)\r\n"), /* a literal that looks like one */
    WHOLE("* LIST () \"/\" {2}\r\nab\r\n"),
    WHOLE("* X {1}\r\n\r\n"), /* the literal is the CR, an LF ends the line */
    WHOLE("* X {4}\r\n{1}\r\n"),
    WHOLE("* 1 FETCH (A {1}\r\nx B {2}\r\nyz)\r\n"),
    WHOLE("* 1 FETCH (BODY[] {64}\r\n"
          "0123456789012345678901234567890123456789012345678901234567890123)\r\n"),
    /* more behind it is not looked at */
    {"A1 OK done\r\n* BYE", IMAP_FRAME_DONE, 12, 0},
    {"* 1 FETCH (BODY[] {3}\r\nabc)\r\n* 2", IMAP_FRAME_DONE, 29, 0},
    /* prose that ends like a literal */
    {"* OK see {5}\r\nabcde", IMAP_FRAME_DONE, 14, 0},
    {"* no see {5+}\r\n", IMAP_FRAME_DONE, 15, 0},
    {"A1 BAD {5}\r\n", IMAP_FRAME_DONE, 12, 0},
    {"A1 OK [ALERT] {5}\r\n", IMAP_FRAME_DONE, 19, 0},
    {"* BYE {5}\r\n", IMAP_FRAME_DONE, 11, 0},
    {"* PREAUTH {5}\r\n", IMAP_FRAME_DONE, 15, 0},
    {"+ {5}\r\n", IMAP_FRAME_DONE, 7, 0},
    {"+ idling {5}\r\n", IMAP_FRAME_DONE, 14, 0},
    /* no literals */
    WHOLE("* X {}\r\n"),
    WHOLE("* X {+}\r\n"),
    WHOLE("* X {-1}\r\n"),
    WHOLE("* X {1a}\r\n"),
    WHOLE("* X 1}\r\n"),
    WHOLE("* X {1} \r\n"),
    WHOLE("* X {1++}\r\n"),
    WHOLE("}\r\n"),
    /* too large for anybody: left to the parser, which refuses it */
    WHOLE("* 1 FETCH (BODY[] {18446744073709551616}\r\n"),
    WHOLE("* 1 FETCH (BODY[] {99999999999999999999999999}\r\n"),
    WHOLE("* 1 FETCH (BODY[] {1099511627777}\r\n"),
    /* too large to be held */
    {"* 1 FETCH (BODY[] {65}\r\n", IMAP_FRAME_STREAM, 24, 65},
    {"* 1 FETCH (BODY[] {65+}\r\nabc", IMAP_FRAME_STREAM, 25, 65},
    {"* 1 FETCH (BODY[] {1099511627776}\r\n", IMAP_FRAME_STREAM, 35, (uint64_t)1 << 40},
    {"* 1 FETCH (A {1}\r\nx BODY[] {65}\r\n", IMAP_FRAME_STREAM, 33, 65},
};

static void test_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(frame_rows); i++) {
        const struct frame_row *row = &frame_rows[i];
        struct imap_framer framer;
        enum imap_frame_result result = frame_whole(row->text, strlen(row->text), &framer);
        if (result != row->result ||
            (result != IMAP_FRAME_MORE && framer.frame_bytes != row->frame_bytes) ||
            (result == IMAP_FRAME_STREAM && framer.literal_bytes != row->literal_bytes))
            fail_msg("row %zu: result %d, %zu bytes, literal %llu", i, (int)result,
                     framer.frame_bytes, (unsigned long long)framer.literal_bytes);
    }
}

/* Every prefix of a frame needs more, and asking byte by byte changes nothing. */
static void test_frames_grow_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(frame_rows); i++) {
        const struct frame_row *row = &frame_rows[i];
        struct imap_framer framer;
        size_t size = strlen(row->text);
        size_t complete = row->result == IMAP_FRAME_MORE ? size + 1 : row->frame_bytes;
        imap_framer_reset(&framer);
        for (size_t have = 0; have <= size; have++) {
            unsigned char *copy = exact(row->text, have);
            enum imap_frame_result result = imap_framer_next(&framer, copy, have, HOLD);
            free(copy);
            if (result != (have < complete ? IMAP_FRAME_MORE : row->result))
                fail_msg("row %zu: result %d with %zu bytes", i, (int)result, have);
        }
        if (row->result != IMAP_FRAME_MORE)
            assert_int_equal(framer.frame_bytes, row->frame_bytes);
    }
}

static void test_any_split_gives_the_same_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(frame_rows); i++) {
        const struct frame_row *row = &frame_rows[i];
        size_t size = strlen(row->text);
        for (size_t split = 0; split <= size; split++) {
            struct imap_framer framer;
            imap_framer_reset(&framer);
            const unsigned char *data = (const unsigned char *)row->text;
            (void)imap_framer_next(&framer, data, split, HOLD);
            enum imap_frame_result result = imap_framer_next(&framer, data, size, HOLD);
            if (result != row->result ||
                (result == IMAP_FRAME_STREAM && framer.literal_bytes != row->literal_bytes))
                fail_msg("row %zu split at %zu: result %d", i, split, (int)result);
            /* A frame that was found stays found, whatever comes behind it. */
            if (result != IMAP_FRAME_MORE) {
                assert_int_equal(imap_framer_next(&framer, data, size, HOLD), result);
                assert_int_equal(framer.frame_bytes, row->frame_bytes);
            }
        }
    }
}

static void test_a_response_without_end_is_bad(void **state)
{
    struct imap_framer framer;
    (void)state;
    size_t size = IMAP_FRAME_MAX_BYTES + 1;
    unsigned char *data = malloc(size);
    assert_non_null(data);
    memset(data, 'x', size);
    imap_framer_reset(&framer);
    assert_int_equal(imap_framer_next(&framer, data, size - 1, HOLD), IMAP_FRAME_MORE);
    assert_int_equal(imap_framer_next(&framer, data, size, HOLD), IMAP_FRAME_BAD);
    free(data);
}

static void test_many_literals_reach_the_ceiling(void **state)
{
    struct imap_framer framer;
    struct buffer data;
    (void)state;
    buffer_init(&data, 4 * IMAP_FRAME_MAX_BYTES);
    imap_framer_reset(&framer);
    buffer_append_str(&data, "* X");
    enum imap_frame_result result = IMAP_FRAME_MORE;
    for (int i = 0; i < 100 && result == IMAP_FRAME_MORE; i++) {
        assert_non_null(buffer_reserve(&data, 1024 * 1024 + 100));
        buffer_printf(&data, " {%d}\r\n", 1024 * 1024);
        memset(data.data + data.used, 'x', 1024 * 1024);
        buffer_commit(&data, 1024 * 1024);
        result = imap_framer_next(&framer, data.data, data.used, 1024 * 1024);
    }
    assert_int_equal(result, IMAP_FRAME_BAD);
    assert_true(data.used < 2 * IMAP_FRAME_MAX_BYTES);
    buffer_deinit(&data);
}

static void test_the_remainder_of_a_stream(void **state)
{
    static const struct frame_row rows[] = {
        {" UID 5", IMAP_FRAME_MORE, 0, 0},
        {")\r\n", IMAP_FRAME_DONE, 3, 0},
        {" UID 5 FLAGS ())\r\nA1 OK\r\n", IMAP_FRAME_DONE, 18, 0},
        /* it does not begin a response, so this is no prose */
        {" OK {3}\r\nabc)\r\n", IMAP_FRAME_DONE, 15, 0},
        {"+ {3}\r\nabc)\r\n", IMAP_FRAME_DONE, 13, 0},
        {" BODY[HEADER] {65}\r\n", IMAP_FRAME_STREAM, 20, 65},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_framer framer;
        imap_framer_reset_remainder(&framer);
        enum imap_frame_result result = imap_framer_next(
            &framer, (const unsigned char *)rows[i].text, strlen(rows[i].text), HOLD);
        if (result != rows[i].result || framer.literal_bytes != rows[i].literal_bytes ||
            (result != IMAP_FRAME_MORE && framer.frame_bytes != rows[i].frame_bytes))
            fail_msg("row %zu: result %d, %zu bytes", i, (int)result, framer.frame_bytes);
    }
}

/* -- tokens -- */

static void dump_range(const struct imap_token *tokens, size_t from, size_t to, struct buffer *out)
{
    for (size_t i = from; i < to; i = imap_token_next(tokens, i)) {
        if (i > from)
            buffer_append_byte(out, ' ');
        switch (tokens[i].type) {
        case IMAP_TOKEN_LIST:
            buffer_append_byte(out, '(');
            dump_range(tokens, i + 1, i + 1 + tokens[i].inside, out);
            buffer_append_byte(out, ')');
            break;
        case IMAP_TOKEN_ATOM:
            buffer_append(out, tokens[i].data, tokens[i].size);
            break;
        case IMAP_TOKEN_NIL:
            buffer_append_str(out, "nil");
            break;
        case IMAP_TOKEN_QUOTED:
            buffer_printf(out, "\"%.*s\"", (int)tokens[i].size, tokens[i].data);
            break;
        case IMAP_TOKEN_LITERAL:
            buffer_printf(out, "{%.*s}", (int)tokens[i].size, tokens[i].data);
            break;
        }
    }
}

static void test_responses_that_are_not_understood(void **state)
{
    static const char *const rows[] = {
        "",
        "\r\n",
        " \r\n",
        " * OK\r\n",
        "*\r\n",
        "* \r\n",
        "A1\r\n",
        "A1 FETCH (UID 1)\r\n", /* a tag is only for a status */
        "garbage\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "* LIST (\r\n",
        "* LIST ((\\Seen)\r\n",
        "* LIST )\r\n",
        "* LIST ())\r\n",
        "* LIST \"open\r\n",
        "* LIST \"open\\\"\r\n",
        "* LIST {6}\r\nabc\r\n",
        "* LIST {x}\r\nabc\r\n",
        "* LIST {\r\n",
        "* LIST ~{1x}\r\nabc\r\n",
        "* 1 FETCH (BODY[] {18446744073709551616}\r\n",
        "* 1 FETCH (BODY[] {1099511627777}\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_response response;
        size_t size = strlen(rows[i]);
        unsigned char *copy = exact(rows[i], size);
        if (imap_parser_response(&parser, (const char *)copy, size, false, &response))
            fail_msg("row %zu was understood: %s", i, rows[i]);
        free(copy);
        imap_parser_deinit(&parser);
    }
}

static void test_tokens(void **state)
{
    static const struct {
        const char *text;
        const char *tokens;
    } rows[] = {
        {"", ""},
        {"a b", "a b"},
        {"NIL nil Nil NILS", "nil nil nil NILS"},
        {"()", "()"},
        {"(() (a (b)) c)", "(() (a (b)) c)"},
        {"\"\"", "\"\""},
        {"\"a b\" \"(\" \"\\\"\" \"\\\\\"", "\"a b\" \"(\" \"\\\"\" \"\\\\\""},
        {"{3}\r\na)b c", "{a)b} c"},
        {"{3+}\r\nabc", "{abc}"},
        {"~{3}\r\na\nb", "{a\nb}"},
        {"{0}\r\n x", "{} x"},
        {"{2}\nab", "{ab}"},
        {"BODY[] x", "BODY[] x"},
        {"BODY[HEADER.FIELDS (DATE \"FROM\")]<0> {1}\r\nx",
         "BODY[HEADER.FIELDS (DATE \"FROM\")]<0> {x}"},
        {"BODY[1.2.MIME] NIL", "BODY[1.2.MIME] nil"},
        /* seen in the field */
        {"(\\Sent\\HasNoChildren) \"/\" Sent", "(\\Sent\\HasNoChildren) \"/\" Sent"},
        {"(a)(b)\"c\"d", "(a) (b) \"c\" d"},
        {"  a   ( b )  ", "a (b)"},
        {"1,a 2024:Q1", "1,a 2024:Q1"},
        {"\\* \\Seen $Label1", "\\* \\Seen $Label1"},
        {"t\xc3\xa4xt", "t\xc3\xa4xt"},
        /* what follows a line end is not of this text */
        {"a\r\nb", "a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct buffer out;
        size_t size = strlen(rows[i].text);
        unsigned char *copy = exact(rows[i].text, size);
        buffer_init(&out, 1000);
        if (!imap_parser_tokens(&parser, (const char *)copy, size))
            fail_msg("row %zu was not understood", i);
        dump_range(parser.tokens, 0, parser.count, &out);
        if (strcmp(buffer_str(&out), rows[i].tokens) != 0)
            fail_msg("row %zu: %s", i, buffer_str(&out));
        buffer_deinit(&out);
        free(copy);
        imap_parser_deinit(&parser);
    }
}

static void test_depth_has_a_ceiling(void **state)
{
    char text[2 * (IMAP_DEPTH_MAX + 1) + 1];
    struct imap_parser parser = {NULL, 0, 0};
    (void)state;
    for (size_t depth = IMAP_DEPTH_MAX; depth <= IMAP_DEPTH_MAX + 1; depth++) {
        memset(text, '(', depth);
        memset(text + depth, ')', depth);
        assert_int_equal(imap_parser_tokens(&parser, text, 2 * depth), depth == IMAP_DEPTH_MAX);
    }
    imap_parser_deinit(&parser);
}

static void test_tokens_have_a_ceiling(void **state)
{
    struct imap_parser parser = {NULL, 0, 0};
    size_t size = 2 * (IMAP_TOKENS_MAX + 1);
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = i % 2 == 0 ? 'a' : ' ';
    assert_true(imap_parser_tokens(&parser, text, 2 * IMAP_TOKENS_MAX));
    assert_int_equal(parser.count, IMAP_TOKENS_MAX);
    assert_false(imap_parser_tokens(&parser, text, size));
    free(text);
    imap_parser_deinit(&parser);
}

/* -- responses -- */

static void test_status_responses(void **state)
{
    static const struct {
        const char *frame;
        enum imap_response_kind kind;
        const char *tag;
        enum imap_status status;
        const char *code;
        const char *text;
    } rows[] = {
        {"* OK\r\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_OK, "", ""},
        {"* OK hello you\r\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_OK, "", "hello you"},
        {"* ok hello\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_OK, "", "hello"},
        {"* PREAUTH x\r\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_PREAUTH, "", "x"},
        {"* BYE Connection closed. 14\r\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_BYE, "",
         "Connection closed. 14"},
        {"A12 NO [TRYCREATE] no\r\n", IMAP_RESPONSE_TAGGED, "A12", IMAP_STATUS_NO, "TRYCREATE",
         "no"},
        {"A12 BAD [] no\r\n", IMAP_RESPONSE_TAGGED, "A12", IMAP_STATUS_BAD, "", "no"},
        {"A12 OK [APPENDUID 1 2]\r\n", IMAP_RESPONSE_TAGGED, "A12", IMAP_STATUS_OK, "APPENDUID 1 2",
         ""},
        {"A12 OK [APPENDUID 1 2]done\r\n", IMAP_RESPONSE_TAGGED, "A12", IMAP_STATUS_OK,
         "APPENDUID 1 2", "done"},
        {"* OK [open\r\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_OK, "", "[open"},
        {"* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n", IMAP_RESPONSE_UNTAGGED, "*", IMAP_STATUS_OK,
         "PERMANENTFLAGS (\\Seen \\*)", "x"},
        {"A1 NO see {5}\r\n", IMAP_RESPONSE_TAGGED, "A1", IMAP_STATUS_NO, "", "see {5}"},
        {"A1 OK (unbalanced \"text\r\n", IMAP_RESPONSE_TAGGED, "A1", IMAP_STATUS_OK, "",
         "(unbalanced \"text"},
        {"+\r\n", IMAP_RESPONSE_CONTINUATION, "+", IMAP_STATUS_NONE, "", ""},
        {"+ \r\n", IMAP_RESPONSE_CONTINUATION, "+", IMAP_STATUS_NONE, "", ""},
        {"+ OK go on\r\n", IMAP_RESPONSE_CONTINUATION, "+", IMAP_STATUS_NONE, "", "OK go on"},
        {"+ [x] y\r\n", IMAP_RESPONSE_CONTINUATION, "+", IMAP_STATUS_NONE, "", "[x] y"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_response response;
        size_t size = strlen(rows[i].frame);
        unsigned char *copy = exact(rows[i].frame, size);
        if (!imap_parser_response(&parser, (const char *)copy, size, false, &response))
            fail_msg("row %zu was not understood", i);
        if (response.kind != rows[i].kind || response.status != rows[i].status ||
            response.tag_size != strlen(rows[i].tag) ||
            memcmp(response.tag, rows[i].tag, response.tag_size) != 0 ||
            response.code_size != strlen(rows[i].code) ||
            memcmp(response.code, rows[i].code, response.code_size) != 0 ||
            response.text_size != strlen(rows[i].text) ||
            memcmp(response.text, rows[i].text, response.text_size) != 0)
            fail_msg("row %zu: kind %d status %d code \"%.*s\" text \"%.*s\"", i,
                     (int)response.kind, (int)response.status, (int)response.code_size,
                     response.code, (int)response.text_size, response.text);
        assert_int_equal(response.token_count, 0);
        free(copy);
        imap_parser_deinit(&parser);
    }
}

static void test_data_responses(void **state)
{
    static const struct {
        const char *frame;
        bool has_number;
        uint64_t number;
        const char *name;
        size_t token_count;
    } rows[] = {
        {"* 23 EXISTS\r\n", true, 23, "EXISTS", 0},
        {"* 0 RECENT\r\n", true, 0, "RECENT", 0},
        {"* 18446744073709551615 EXISTS\r\n", true, UINT64_MAX, "EXISTS", 0},
        /* one more is no number, so it is a name that nobody knows */
        {"* 18446744073709551616 EXISTS\r\n", false, 0, "18446744073709551616", 1},
        {"* -1 EXISTS\r\n", false, 0, "-1", 1},
        {"* CAPABILITY IMAP4rev1 LITERAL+\r\n", false, 0, "CAPABILITY", 2},
        {"* LIST (\\Noselect) \"/\" ~/Mail/foo\r\n", false, 0, "LIST", 4},
        {"* SEARCH\r\n", false, 0, "SEARCH", 0},
        {"* 12 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n", true, 12, "FETCH", 5},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        struct imap_response response;
        size_t size = strlen(rows[i].frame);
        unsigned char *copy = exact(rows[i].frame, size);
        if (!imap_parser_response(&parser, (const char *)copy, size, false, &response))
            fail_msg("row %zu was not understood", i);
        if (response.kind != IMAP_RESPONSE_UNTAGGED || response.status != IMAP_STATUS_NONE ||
            response.has_number != rows[i].has_number || response.number != rows[i].number ||
            response.name_size != strlen(rows[i].name) ||
            memcmp(response.name, rows[i].name, response.name_size) != 0 ||
            response.token_count != rows[i].token_count)
            fail_msg("row %zu: number %llu name \"%.*s\" tokens %zu", i,
                     (unsigned long long)response.number, (int)response.name_size, response.name,
                     response.token_count);
        free(copy);
        imap_parser_deinit(&parser);
    }
}

static void test_nuls_before_a_response_are_passed_over(void **state)
{
    static const char frame[] = "\0\0* 3 EXISTS\r\n";
    static const char prose[] = "\0+ go on {5}\r\n";
    struct imap_parser parser = {NULL, 0, 0};
    struct imap_response response;
    struct imap_framer framer;
    (void)state;
    assert_int_equal(frame_whole(frame, sizeof(frame) - 1, &framer), IMAP_FRAME_DONE);
    assert_true(imap_parser_response(&parser, frame, sizeof(frame) - 1, false, &response));
    assert_int_equal(response.number, 3);
    /* Framer and parser must agree on where a response begins. */
    assert_int_equal(frame_whole(prose, sizeof(prose) - 1, &framer), IMAP_FRAME_DONE);
    assert_true(imap_parser_response(&parser, prose, sizeof(prose) - 1, false, &response));
    assert_int_equal(response.kind, IMAP_RESPONSE_CONTINUATION);
    assert_false(imap_parser_response(&parser, "\0\0", 2, false, &response));
    imap_parser_deinit(&parser);
}

static void test_partial_responses(void **state)
{
    static const char frame[] = "* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] {100}\r\n";
    static const char remainder[] = " INTERNALDATE \"x\" (a)))\r\n";
    struct imap_parser parser = {NULL, 0, 0};
    struct imap_response response;
    struct buffer out;
    (void)state;
    buffer_init(&out, 1000);
    assert_false(imap_parser_response(&parser, frame, sizeof(frame) - 1, false, &response));
    assert_true(imap_parser_response(&parser, frame, sizeof(frame) - 1, true, &response));
    dump_range(parser.tokens, 0, parser.count, &out);
    assert_string_equal(buffer_str(&out), "(UID 5 FLAGS (\\Seen) BODY[])");
    buffer_clear(&out);
    assert_true(imap_parser_remainder(&parser, remainder, sizeof(remainder) - 1));
    dump_range(parser.tokens, 0, parser.count, &out);
    assert_string_equal(buffer_str(&out), "INTERNALDATE \"x\" (a)");
    assert_false(imap_parser_remainder(&parser, " (a\r\n", 5));
    buffer_deinit(&out);
    imap_parser_deinit(&parser);
}

static void test_token_values(void **state)
{
    static const struct {
        const char *text;
        const char *string;
        bool is_string;
        bool is_number; /* at most 100 */
        uint64_t number;
    } rows[] = {
        {"NIL", "", false, false, 0},
        {"()", "", false, false, 0},
        {"\"\"", "", true, false, 0},
        {"\"7\"", "7", true, false, 0},
        {"{1}\r\n7", "7", true, false, 0},
        {"7", "7", true, true, 7},
        {"100", "100", true, true, 100},
        {"101", "101", true, false, 0},
        {"7x", "7x", true, false, 0},
        {"+7", "+7", true, false, 0},
        {"\"a\\\"b\\\\c\"", "a\"b\\c", true, false, 0},
        {"{4}\r\na\\\"b", "a\\\"b", true, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_parser parser = {NULL, 0, 0};
        uint64_t number = 0;
        assert_true(imap_parser_tokens(&parser, rows[i].text, strlen(rows[i].text)));
        char *string = imap_token_strdup(&parser.tokens[0]);
        bool is_number = imap_token_uint64(&parser.tokens[0], 100, &number);
        if (strcmp(string, rows[i].string) != 0 || is_number != rows[i].is_number ||
            number != rows[i].number ||
            imap_token_is_string(&parser.tokens[0]) != rows[i].is_string)
            fail_msg("row %zu: \"%s\" %d", i, string, is_number);
        mem_free(string);
        imap_parser_deinit(&parser);
    }
}

static void test_a_nul_in_a_string_ends_nothing(void **state)
{
    static const char text[] = "{3}\r\na\0b";
    struct imap_parser parser = {NULL, 0, 0};
    (void)state;
    assert_true(imap_parser_tokens(&parser, text, sizeof(text) - 1));
    char *string = imap_token_strdup(&parser.tokens[0]);
    assert_string_equal(string, "a?b");
    mem_free(string);
    imap_parser_deinit(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_response_without_end_is_bad),
        cmocka_unit_test(test_many_literals_reach_the_ceiling),
        cmocka_unit_test(test_responses_that_are_not_understood),
        cmocka_unit_test(test_depth_has_a_ceiling),
        cmocka_unit_test(test_tokens_have_a_ceiling),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_frames_grow_byte_by_byte),
        cmocka_unit_test(test_any_split_gives_the_same_frame),
        cmocka_unit_test(test_the_remainder_of_a_stream),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_status_responses),
        cmocka_unit_test(test_data_responses),
        cmocka_unit_test(test_nuls_before_a_response_are_passed_over),
        cmocka_unit_test(test_partial_responses),
        cmocka_unit_test(test_token_values),
        cmocka_unit_test(test_a_nul_in_a_string_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
