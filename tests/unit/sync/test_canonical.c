/* SPDX-License-Identifier: MIT
 * Which changes to a message make it another one, and which are a server's own writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/spool.h"
#include "sync/messages/canonical.h"
#include "sync/messages/mime_tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool digest_of(const void *data, size_t size, unsigned char digest_r[CANONICAL_DIGEST_BYTES])
{
    struct spool spool;
    struct fault fault;
    spool_init(&spool);
    assert_true(spool_open(&spool, NULL, &fault));
    assert_true(spool_append(&spool, data, size, &fault));
    bool is_fine = canonical_digest(spool.fd, digest_r, NULL);
    spool_close(&spool);
    return is_fine;
}

static bool are_equal(const char *one, const char *other)
{
    unsigned char a[CANONICAL_DIGEST_BYTES];
    unsigned char b[CANONICAL_DIGEST_BYTES];
    assert_true(digest_of(one, strlen(one), a));
    assert_true(digest_of(other, strlen(other), b));
    return memcmp(a, b, sizeof(a)) == 0;
}

#define HEAD  "From: a@example.org\r\nTo: b@example.org\r\nSubject: Hello\r\nMessage-ID: <1@x>\r\n"
#define PLAIN HEAD "\r\nFirst line\r\nsecond line\r\n"
#define TEXT(encoding, body)                                                \
    HEAD "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" \
         "Content-Transfer-Encoding: " encoding "\r\n\r\n" body
#define PART(b, head, body) "--" b "\r\n" head "\r\n" body "\r\n"
#define MIXED_OF(b, parts)                                                                         \
    HEAD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=" b "\r\n\r\n" parts "--" b \
         "--\r\n"
#define SAYS(b) PART(b, "Content-Type: text/plain\r\n", "see below")
#define FILE_(b, name, body)                                                               \
    PART(b,                                                                                \
         "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n" \
         "Content-Disposition: attachment; filename=" name "\r\n",                         \
         body)
#define MIXED MIXED_OF("b1", SAYS("b1") FILE_("b1", "a.bin", "AAECAwQFBgcICQ=="))
#define INNER(sub)                                                           \
    MIXED_OF("b1", SAYS("b1") PART("b1", "Content-Type: message/rfc822\r\n", \
                                   "Subject: " sub "\r\nReceived: by x\r\n\r\nInside"))

struct row {
    const char *about;
    const char *one;
    const char *other;
    bool is_equal;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (are_equal(rows[i].one, rows[i].other) != rows[i].is_equal)
            fail_msg("%s: %s", rows[i].about, rows[i].is_equal ? "differs" : "passes as equal");
}

static void test_headers(void **state)
{
    static const struct row rows[] = {
        {"the same", PLAIN, PLAIN, true},
        {"another subject", HEAD "\r\nx",
         "From: a@example.org\r\nTo: b@example.org\r\n"
         "Subject: Hallo\r\nMessage-ID: <1@x>\r\n\r\nx",
         false},
        {"a field is missing", HEAD "X-Mine: 1\r\n\r\nx", HEAD "\r\nx", false},
        {"a field twice", HEAD "X-Mine: 1\r\n\r\nx", HEAD "X-Mine: 1\r\nX-Mine: 1\r\n\r\nx", false},
        {"a name and a value are not one", "A: b\r\nC: d\r\n\r\nx", "A: bC:d\r\n\r\nx", false},
        {"order", "Subject: a\r\nX-Mine: 1\r\n\r\nx", "X-Mine: 1\r\nSubject: a\r\n\r\nx", true},
        {"the case of names", "SUBJECT: a\r\n\r\nx", "Subject: a\r\n\r\nx", true},
        {"the case of values", "Subject: A\r\n\r\nx", "Subject: a\r\n\r\nx", false},
        {"folded", "Subject: one two\r\n\r\nx", "Subject: one\r\n\ttwo\r\n\r\nx", true},
        {"words in q and b", "Subject: =?utf-8?q?gr=C3=BCn?=\r\n\r\nx",
         "Subject: =?utf-8?b?Z3LDvG4=?=\r\n\r\nx", true},
        {"another word", "Subject: =?utf-8?q?gr=C3=BCn?=\r\n\r\nx",
         "Subject: =?utf-8?q?gr=C3=BCm?=\r\n\r\nx", false},
        {"added by Exchange", PLAIN,
         "Received: from x\r\nX-MS-Has-Attach: \r\nX-MS-Exchange-Organization-SCL: -1\r\n" PLAIN,
         true},
        {"quotes of names", "From: \"A B\" <a@x>,c@x\r\n\r\nx", "From: A B <a@x>, c@x\r\n\r\nx",
         true},
        {"another address", "From: A <a@x>\r\n\r\nx", "From: A <b@x>\r\n\r\nx", false},
        {"quotes elsewhere", "Subject: \"a\"\r\n\r\nx", "Subject: a\r\n\r\nx", false},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void test_bodies(void **state)
{
    static const struct row rows[] = {
        {"line ends", PLAIN, HEAD "\r\nFirst line\nsecond line\n", true},
        {"no line end at the end", PLAIN, HEAD "\r\nFirst line\r\nsecond line", true},
        {"empty lines at the end", PLAIN, HEAD "\r\nFirst line\r\nsecond line\r\n\r\n\r\n", true},
        {"an empty line within", PLAIN, HEAD "\r\nFirst line\r\n\r\nsecond line\r\n", false},
        {"a lone CR", PLAIN, HEAD "\r\nFirst line\rsecond line\r\n", false},
        {"a lone CR and LF CR", HEAD "\r\na\r\r\nb", HEAD "\r\na\r\nb", false},
        {"truncated", PLAIN, HEAD "\r\nFirst line\r\nsecond", false},
        {"no body", PLAIN, HEAD "\r\n", false},
        {"8bit and qp", TEXT("8bit", "gr\xc3\xbcn\r\n"), TEXT("quoted-printable", "gr=C3=BCn\r\n"),
         true},
        {"8bit and base64", TEXT("8bit", "gr\xc3\xbcn\r\n"), TEXT("base64", "Z3LDvG4NCg==\r\n"),
         true},
        {"another byte in base64", TEXT("8bit", "gr\xc3\xbcn\r\n"),
         TEXT("base64", "Z3LDvG0NCg==\r\n"), false},
        {"charset said otherwise", HEAD "Content-Type: text/plain; charset=UTF-8\r\n\r\nx",
         HEAD "Content-Type: text/plain; charset=\"utf-8\"\r\n\r\nx", true},
        {"another charset", HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\nx",
         HEAD "Content-Type: text/plain; charset=latin1\r\n\r\nx", false},
        {"another Content-ID", HEAD "Content-Type: image/png\r\nContent-ID: <a@x>\r\n\r\nx",
         HEAD "Content-Type: image/png\r\nContent-ID: <b@x>\r\n\r\nx", false},
        {"another type", HEAD "Content-Type: text/html\r\n\r\nx", HEAD "\r\nx", false},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void test_parts(void **state)
{
    static const struct row rows[] = {
        {"the same", MIXED, MIXED, true},
        {"another boundary", MIXED,
         MIXED_OF("zz", SAYS("zz") FILE_("zz", "a.bin", "AAECAwQFBgcICQ==")), true},
        {"base64 in other lines", MIXED,
         MIXED_OF("b1", SAYS("b1") FILE_("b1", "a.bin", "AAECAwQF\r\nBgcICQ==")), true},
        {"a byte of an attachment", MIXED,
         MIXED_OF("b1", SAYS("b1") FILE_("b1", "a.bin", "AAECAwQFBgcICA==")), false},
        {"an attachment cut", MIXED,
         MIXED_OF("b1", SAYS("b1") FILE_("b1", "a.bin", "AAECAwQFBgcI")), false},
        {"an attachment gone", MIXED, MIXED_OF("b1", SAYS("b1")), false},
        {"an attachment's name", MIXED,
         MIXED_OF("b1", SAYS("b1") FILE_("b1", "b.bin", "AAECAwQFBgcICQ==")), false},
        {"parts swapped", MIXED,
         MIXED_OF("b1", FILE_("b1", "a.bin", "AAECAwQFBgcICQ==") SAYS("b1")), false},
        {"line ends in an attachment", MIXED_OF("b1", FILE_("b1", "a", "YQ0KYg==")),
         MIXED_OF("b1", FILE_("b1", "a", "YQpi")), false},
        {"the same inner message", INNER("one"), INNER("one"), true},
        {"an inner subject", INNER("one"), INNER("two"), false},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

/* Beyond every step of reading; a byte flipped anywhere in it is found. */
static void test_long_text(void **state)
{
    enum {
        SIZE = 300000
    };
    static const size_t places[] = {0, 1, 8191, 8192, 8193, 65536, SIZE - 3};
    unsigned char first[CANONICAL_DIGEST_BYTES];
    unsigned char second[CANONICAL_DIGEST_BYTES];
    size_t head = strlen(HEAD "\r\n");
    char *message = mem_alloc(head + SIZE);
    (void)state;
    memcpy(message, HEAD "\r\n", head);
    for (size_t i = 0; i < SIZE; i++)
        message[head + i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
    assert_true(digest_of(message, head + SIZE, first));
    for (size_t i = 0; i < COUNT(places); i++) {
        char was = message[head + places[i]];
        message[head + places[i]] = 'y';
        assert_true(digest_of(message, head + SIZE, second));
        message[head + places[i]] = was;
        if (memcmp(first, second, sizeof(first)) == 0)
            fail_msg("byte %zu", places[i]);
    }
    mem_free(message);
}

static bool is_judged_at(int depth)
{
    unsigned char digest[CANONICAL_DIGEST_BYTES];
    struct buffer message;
    buffer_init(&message, 1 << 20);
    for (int i = 0; i < depth; i++)
        assert_true(buffer_append_str(&message, "Content-Type: message/rfc822\r\n\r\n"));
    assert_true(buffer_append_str(&message, "Subject: x\r\n\r\nx"));
    bool is_judged = digest_of(message.data, message.used, digest);
    buffer_deinit(&message);
    return is_judged;
}

static void test_depth(void **state)
{
    (void)state;
    assert_true(is_judged_at(MIME_TREE_MAX_DEPTH - 1));
    assert_false(is_judged_at(MIME_TREE_MAX_DEPTH));
    assert_false(is_judged_at(500));
}

static void test_names_left_out(void **state)
{
    static const struct {
        const char *name;
        bool is_left_out;
    } rows[] = {
        {"Received", true}, {"received", true},        {"Received-SPF", true},
        {"Receive", false}, {"ReceivedX", false},      {"X-MS-Anything", true},
        {"X-MS", false},    {"Content-Type", true},    {"Subject", false},
        {"Date", false},    {"Message-ID", false},     {"X-UID", true},
        {"X-UIDs", false},  {"DKIM-Signature", false}, {"", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (canonical_leaves_out(rows[i].name) != rows[i].is_left_out)
            fail_msg("%s", rows[i].name);
}

/* -- what differs -- */

static void outline_of(const char *message, struct buffer *outline)
{
    unsigned char digest[CANONICAL_DIGEST_BYTES];
    struct spool spool;
    struct fault fault;
    assert_true(spool_open(&spool, NULL, &fault));
    assert_true(spool_append(&spool, message, strlen(message), &fault));
    assert_true(canonical_digest(spool.fd, digest, outline));
    spool_close(&spool);
}

static void test_differences(void **state)
{
    static const struct {
        const char *one;
        const char *other;
        const char *words;
    } rows[] = {
        {PLAIN, HEAD "\r\nFirst line\r\nother line\r\n", "differs in part 1 (text/plain)"},
        {PLAIN, "Subject: x\r\nFrom: a@example.org\r\n\r\nFirst line\r\nsecond line\r\n",
         "differs in the field message-id (on the source only); the field subject; the field to "
         "(on "
         "the source only)"},
        {"Subject: x\r\n\r\n", "Subject: x\r\nX-New: 1\r\n\r\n",
         "differs in the field x-new (on the destination only)"},
        {MIXED_OF("b1", SAYS("b1") FILE_("b1", "a.bin", "AAECAwQFBgcICQ==")),
         MIXED_OF("b2", SAYS("b2") FILE_("b2", "a.bin", "AAECAwQFBgcICA==")),
         "differs in part 2 (application/octet-stream, a.bin)"},
        {MIXED_OF("b1", SAYS("b1") FILE_("b1", "a.bin", "AAEC")), MIXED_OF("b1", SAYS("b1")),
         "differs in part 2 (application/octet-stream, a.bin) (on the source only)"},
        {INNER("one"), INNER("two"), "differs in the field subject of an attached message"},
        {"A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\n\r\n",
         "A: 2\r\nB: 2\r\nC: 2\r\nD: 2\r\nE: 2\r\nF: 2\r\nG: 2\r\n\r\n",
         "differs in the field a; the field b; the field c; the field d; the field e; and 2 more"},
        {PLAIN, PLAIN, "differs in how its parts are put together"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer one;
        struct buffer other;
        struct buffer words;
        buffer_init(&one, CANONICAL_OUTLINE_MAX_BYTES);
        buffer_init(&other, CANONICAL_OUTLINE_MAX_BYTES);
        buffer_init(&words, 4096);
        outline_of(rows[i].one, &one);
        outline_of(rows[i].other, &other);
        canonical_append_differences(buffer_str(&one), buffer_str(&other), &words);
        if (strcmp(buffer_str(&words), rows[i].words) != 0)
            fail_msg("%zu: %s", i, buffer_str(&words));
        buffer_deinit(&one);
        buffer_deinit(&other);
        buffer_deinit(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),     cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_parts),       cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_depth),       cmocka_unit_test(test_names_left_out),
        cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
