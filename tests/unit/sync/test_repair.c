/* SPDX-License-Identifier: MIT
 * Messages whose form is wrong, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/messages/lines.h"
#include "sync/messages/repair.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIND(kind)   (1u << CHANGE_##kind)
#define OUT_MAX      ((size_t)64 * 1024 * 1024)

/* In the tables: '%' and a letter stands for many of it, as a line of 100 bytes, which is longer
   than the limit of these tests; '^' is a NUL byte. */
#define TEST_LINE_MAX 90

static void expand(const char *text, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '%') {
            text++;
            for (int i = 0; i < 100; i++)
                buffer_append_byte(out, (unsigned char)*text);
        } else {
            buffer_append_byte(out, *text == '^' ? '\0' : (unsigned char)*text);
        }
    }
}

static enum repair_outcome run(bool is_only_lines, const void *data, size_t size,
                               struct buffer *out, unsigned int *changes_r)
{
    const struct repair_order order = {TEST_LINE_MAX, is_only_lines};
    buffer_clear(out);
    return repair_message(&order, data, size, out, changes_r);
}

struct example {
    const char *message;
    const char *wanted; /* NULL: nothing is wrong with it */
    unsigned int changes;
};

#define A25  "aaaaaaaaaaaaaaaaaaaaaaaaa"
#define A100 A25 A25 A25 A25
#define A75  A25 A25 A25

/* clang-format off */
static const struct example examples[] = {
    /* nothing */
    {"A: b\r\n\r\nx\r\n", NULL, 0},
    {"A: b\r\n\r\n", NULL, 0},
    {"A: b\r\n", NULL, 0},
    {"A: b\r\n c\r\n\td\r\n\r\n\r\n\r\nx\r\n", NULL, 0},
    {"\r\nbody alone\r\n", NULL, 0},
    {"A: b\r\n\r\nx\xc3\xbc\xff\r\n", NULL, 0},
    {"A : b\r\n\r\nx\r\n", NULL, 0},
    /* line ends */
    {"A: b\n\nx\ny\n", "A: b\r\n\r\nx\r\ny\r\n", KIND(LINES_ENDED)},
    {"A: b\r\rx\ry\r", "A: b\r\n\r\nx\r\ny\r\n", KIND(LINES_ENDED)},
    {"A: b\r\n\r\nx\ry\r\n", "A: b\r\n\r\nx\r\ny\r\n", KIND(LINES_ENDED)},
    {"A: b\r\r\n\r\r\nx\r\r\n", "A: b\r\n\r\nx\r\n", KIND(LINES_ENDED)},
    {"A: b\r\n\r\nx\r\ry\r\n", "A: b\r\n\r\nx\r\n\r\ny\r\n", KIND(LINES_ENDED)},
    {"A: b\n c\r\n\r\n", "A: b\r\n c\r\n\r\n", KIND(LINES_ENDED)},
    {"A: b\r\n\n", "A: b\r\n\r\n", KIND(LINES_ENDED)},
    /* the last line */
    {"A: b\r\n\r\nx", "A: b\r\n\r\nx\r\n", KIND(LAST_LINE_ENDED)},
    {"A: b", "A: b\r\n", KIND(LAST_LINE_ENDED)},
    {"A: b\n\nx", "A: b\r\n\r\nx\r\n", KIND(LAST_LINE_ENDED) | KIND(LINES_ENDED)},
    /* NUL */
    {"A: b^c\r\n\r\n", "A: b c\r\n\r\n", KIND(NULS_REPLACED)},
    {"A: b\r\n\r\nx^\r\n",
     "A: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=00\r\n",
     KIND(NULS_REPLACED) | KIND(PART_ENCODED)},
    {"MIME-version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYW^Jj\r\n",
     "MIME-version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n", KIND(NULS_REPLACED)},
    {"Content-Transfer-Encoding: quoted-printable\r\n\r\na^b=3D\r\n",
     "Content-Transfer-Encoding: quoted-printable\r\n\r\na=00b=3D\r\n", KIND(NULS_REPLACED)},
    {"Content-Transfer-Encoding: x-uuencode\r\n\r\na^b\r\n",
     "Content-Transfer-Encoding: x-uuencode\r\n\r\na b\r\n", KIND(NULS_REPLACED)},
    /* long lines of a body: encoded, never cut */
    {"A: b\r\n\r\n%a\r\nx = y\r\n",
     "A: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
     A75 "=\r\n" A25 "\r\nx =3D y\r\n", KIND(PART_ENCODED)},
    {"A: b\r\n\r\n%a",
     "A: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
     A75 "=\r\n" A25 "\r\n", KIND(PART_ENCODED) | KIND(LAST_LINE_ENDED)},
    {"Content-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\nSubject: x\r\n\r\n%a\r\n",
     "MIME-Version: 1.0\r\nSubject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
     A75 "=\r\n" A25 "\r\n", KIND(PART_ENCODED)},
    {"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\r\n",
     "Content-Type: image/png\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYQpiDQo=\r\n",
     KIND(PART_ENCODED)},
    {"Content-Type: text/plain; charset=UTF-16\r\n\r\na^\n^\r^\n^",
     "Content-Type: text/plain; charset=UTF-16\r\nMIME-Version: 1.0\r\n"
     "Content-Transfer-Encoding: base64\r\n\r\nYQAKAA0ACgA=\r\n",
     KIND(PART_ENCODED) | KIND(NULS_REPLACED) | KIND(LAST_LINE_ENDED)},
    {"Content-Transfer-Encoding: BASE64\r\n\r\n%a\r\n",
     "Content-Transfer-Encoding: BASE64\r\n\r\n" A75 "a\r\naaaaaaaaaaaaaaaaaaaaaaaa\r\n",
     KIND(PART_ENCODED)},
    {"Content-Transfer-Encoding: quoted-printable\r\n\r\n%a=3D\r\n",
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n" A25 "=3D\r\n",
     KIND(PART_ENCODED)},
    {"Content-Transfer-Encoding: quoted-printable\r\n\r\n" A25 A25 "aaaaaaaaaaaaaaaaaaaaaaaa=3D" A25 "=\r\n",
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n" A25 A25 "aaaaaaaaaaaaaaaaaaaaaaaa=\r\n=3D" A25 "=\r\n",
     KIND(PART_ENCODED)},
    {"Content-Transfer-Encoding: x-uuencode\r\n\r\n%a\r\n", NULL, 0},
    /* parts: only the one that needs it */
    {"Content-Type: multipart/mixed; boundary=\"x y\"\r\n\r\npre\r\n--x y\r\n\r\nfine\r\n--x y \r\n"
     "Content-Type: text/html\r\n\r\n%a\r\n--x y--\r\npost\r\n",
     "Content-Type: multipart/mixed; boundary=\"x y\"\r\n\r\npre\r\n--x y\r\n\r\nfine\r\n--x y \r\n"
     "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n" A25
     "\r\n--x y--\r\npost\r\n", KIND(PART_ENCODED)},
    {"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n%a\r\n",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n" A25 "\r\n", KIND(PART_ENCODED)},
    {"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
     "Content-Type: multipart/alternative; boundary=xx\r\n\r\n--xx\r\n\r\nq\r\n--xx\r\n\r\n%a\r\n--xx--\r\n\r\n--x--\r\n",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
     "Content-Type: multipart/alternative; boundary=xx\r\n\r\n--xx\r\n\r\nq\r\n--xx\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n" A25 "\r\n--xx--\r\n\r\n--x--\r\n",
     KIND(PART_ENCODED)},
    {"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\n%a\r\n",
     "Content-Type: message/rfc822\r\n\r\nSubject: y\r\nMIME-Version: 1.0\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n" A25 "\r\n", KIND(PART_ENCODED)},
    {"Content-Type: multipart/mixed; boundary=x\r\n\r\n%a\r\n--x\r\n\r\nq\r\n--x--\r\n",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n" A75 "aaaaaaaaaaaaaaa\r\naaaaaaaaaa\r\n--x\r\n\r\nq\r\n--x--\r\n",
     KIND(PART_ENCODED)},
    {"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nq\n--x--\n",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nq\r\n--x--\r\n", KIND(LINES_ENDED)},
    {"Content-Type: multipart/mixed; boundary=x\r\n\r\nno parts\r\n", NULL, 0},
    /* headers that are not ASCII */
    {"Subject: Gr\xc3\xbc\xc3\x9f" "e an K\xc3\xb6ln heute\r\n\r\n",
     "Subject: =?UTF-8?B?R3LDvMOfZQ==?= an =?UTF-8?B?S8O2bG4=?= heute\r\n\r\n", KIND(HEADER_ENCODED)},
    {"Subject: \xc3\xbc \xc3\xbc\r\n\r\n", "Subject: =?UTF-8?B?w7wgw7w=?=\r\n\r\n", KIND(HEADER_ENCODED)},
    {"Subject: K\xf6ln \x80\r\n\r\n", "Subject: =?UTF-8?B?S8O2bG4g4oKs?=\r\n\r\n", KIND(HEADER_ENCODED)},
    {"Subject: =?utf-8?q?x?=\r\n K\xf6ln\r\n\r\n",
     "Subject: =?utf-8?q?x?= =?UTF-8?B?S8O2bG4=?=\r\n\r\n", KIND(HEADER_ENCODED)},
    {"From: M\xfcller <m@x>, \"J\xfcrgen, Hans\" <j@x> (B\xfcro)\r\n\r\n",
     "From: =?UTF-8?B?TcO8bGxlcg==?= <m@x>, =?UTF-8?B?SsO8cmdlbiwgSGFucw==?= <j@x>\r\n"
     " (=?UTF-8?B?QsO8cm8=?=)\r\n\r\n", KIND(HEADER_ENCODED)},
    {"Content-Type: text/plain; charset=utf-8; name=\"\xc3\x9c 1.txt\"\r\n\r\n",
     "Content-Type: text/plain; charset=utf-8; name*=utf-8''%C3%9C%201.txt\r\n\r\n", KIND(HEADER_ENCODED)},
    {"Message-ID: <\xfc@x>\r\n\r\n", "Message-ID: <X@x>\r\n\r\n", KIND(HEADER_ENCODED)},
    /* lines of a header that are too long */
    {"A: " A25 A25 " " A25 " " A25 "\r\n\r\n",
     "A: " A25 A25 "\r\n " A25 " " A25 "\r\n\r\n", KIND(HEADER_FOLDED)},
    {"A: " A25 A25 "  " A25 "\tx" A25 "\r\n b\r\n\r\n",
     "A: " A25 A25 "  " A25 "\r\n\tx" A25 " b\r\n\r\n", KIND(HEADER_FOLDED)},
    {"A: " A25 A25 A25 " " A25 "\r\n\r\n", "A: " A25 A25 A25 "\r\n " A25 "\r\n\r\n", KIND(HEADER_FOLDED)},
    {"A: <" A25 A25 A25 "@x><b@x>\r\n\r\n", NULL, 0},
    {"A: <" A25 A25 A25 "@x><bbbbbb@x>\r\n\r\n",
     "A: <" A25 A25 A25 "@x>\r\n <bbbbbb@x>\r\n\r\n", KIND(HEADER_FOLDED)},
    {"A: %a\r\n\r\n", "A: " A75 "aaaaaaaaaaa\r\n aaaaaaaaaaaaaa\r\n\r\n", KIND(HEADER_FOLDED)},
    {"A: b\r\n" A100 "\r\nSubject: c\r\n\r\n",
     "A: b\r\nX-Broken-Header: " A25 A25 "aaaaaaaaaaaaaaaaaaaaaa\r\n " A25 "aaa\r\nSubject: c\r\n\r\n",
     KIND(HEADER_FOLDED) | KIND(HEADER_MENDED)},
    /* a broken block */
    {"From bob@x Mon\r\nA: b\r\n\r\nx\r\n", "X-From: From bob@x Mon\r\nA: b\r\n\r\nx\r\n", KIND(HEADER_MENDED)},
    {"A: b\r\nstray\r\nSubject: c\r\n\r\nx\r\n", "A: b\r\nX-Broken-Header: stray\r\nSubject: c\r\n\r\nx\r\n", KIND(HEADER_MENDED)},
    {"A: b\r\nstray\r\n more\r\nSubject: c\r\n d\r\n\r\nx\r\n",
     "A: b\r\nX-Broken-Header: stray\r\n more\r\nSubject: c\r\n d\r\n\r\nx\r\n", KIND(HEADER_MENDED)},
    {"stray\r\nSubject: c\r\n\r\nx\r\n", "X-Broken-Header: stray\r\nSubject: c\r\n\r\nx\r\n", KIND(HEADER_MENDED)},
    {"A: b\r\nHello you,\r\nhow are you?\r\n\r\nx\r\n",
     "A: b\r\n\r\nHello you,\r\nhow are you?\r\n\r\nx\r\n", KIND(HEADER_MENDED)},
    {"A: b\r\nHello you,\r\nPS: bye\r\n", "A: b\r\n\r\nHello you,\r\nPS: bye\r\n", KIND(HEADER_MENDED)},
    {"only text\r\n", "\r\nonly text\r\n", KIND(HEADER_MENDED)},
};
/* Where nothing but long lines is looked for. */
static const struct example only_lines[] = {
    {"From x y\r\nA: \xfc^\n\nx\ny^\xfc\rz", NULL, 0},
    {"A: b\nB: %a\r\n\nx", "A: b\nB: " A75 "aaaaaaaaaaa\r\n aaaaaaaaaaaaaa\r\n\nx", KIND(HEADER_FOLDED)},
    {"A: b\r\n\r\n%a", "A: b\r\nMIME-Version: 1.0\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n\r\n" A75 "=\r\n" A25, KIND(PART_ENCODED)},
    {"Content-Type: multipart/mixed; boundary=x\r\n\r\na\n--x\r\n\r\nx\ny\n--x\n\n%a\n--x--\n",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\na\n--x\r\n\r\nx\ny\n--x\n"
     "Content-Transfer-Encoding: quoted-printable\r\n\n" A75 "=\r\n" A25 "\n--x--\n", KIND(PART_ENCODED)},
};
/* clang-format on */

static void check(bool is_only_lines, const struct example *example)
{
    struct buffer message;
    struct buffer wanted;
    struct buffer out;
    unsigned int changes;
    buffer_init(&message, OUT_MAX);
    buffer_init(&wanted, OUT_MAX);
    buffer_init(&out, OUT_MAX);
    expand(example->message, &message);
    enum repair_outcome outcome = run(is_only_lines, message.data, message.used, &out, &changes);
    if (outcome != (example->wanted == NULL ? REPAIR_NOTHING : REPAIR_DONE) ||
        changes != example->changes)
        fail_msg("%s: outcome %d, changes %x, not %x: %s", example->message, outcome, changes,
                 example->changes, buffer_str(&out));
    if (example->wanted != NULL) {
        assert_string_equal(buffer_str(&out), example->wanted);
        /* Once repaired it needs nothing. */
        buffer_clear(&message);
        buffer_append(&message, out.data, out.used);
        outcome = run(is_only_lines, message.data, message.used, &out, &changes);
        if (outcome != REPAIR_NOTHING)
            fail_msg("again %x: %s", changes, buffer_str(&out));
    }
    buffer_deinit(&message);
    buffer_deinit(&wanted);
    buffer_deinit(&out);
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++)
        check(false, &examples[i]);
}

static void test_only_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(only_lines); i++)
        check(true, &only_lines[i]);
}

/* Words are cut between characters, none is longer than RFC 2047 allows, and folded between. */
static void test_long_words(void **state)
{
    struct buffer message;
    struct buffer out;
    unsigned int changes;
    (void)state;
    buffer_init(&message, OUT_MAX);
    buffer_init(&out, OUT_MAX);
    buffer_append_str(&message, "Subject: ");
    for (int i = 0; i < 50; i++)
        buffer_append_str(&message, "\xe6\x97\xa5");
    buffer_append_str(&message, "\r\n\r\n");
    assert_int_equal(run(false, message.data, message.used, &out, &changes), REPAIR_DONE);
    assert_string_equal(
        buffer_str(&out),
        "Subject: =?UTF-8?B?5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel?=\r\n"
        " =?UTF-8?B?5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel?=\r\n"
        " =?UTF-8?B?5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel5pel?=\r\n"
        " =?UTF-8?B?5pel5pel5pel5pel5pel?=\r\n\r\n");
    buffer_deinit(&message);
    buffer_deinit(&out);
}

/* Deeper than that all is taken as text, which is encoded. */
static void test_depth(void **state)
{
    struct buffer message;
    struct buffer out;
    unsigned int changes;
    (void)state;
    buffer_init(&message, OUT_MAX);
    buffer_init(&out, OUT_MAX);
    for (int i = 0; i < 1000; i++)
        buffer_append_str(&message, "Content-Type: message/rfc822\r\n\r\n");
    expand("%a\r\n", &message);
    assert_int_equal(run(false, message.data, message.used, &out, &changes), REPAIR_DONE);
    assert_int_equal(changes, KIND(PART_ENCODED));
    assert_true(lines_longest(out.data, out.used) <= TEST_LINE_MAX + 2);
    buffer_deinit(&message);
    buffer_deinit(&out);
}

/* What would take a time that grows with the square of the size; and a ceiling that is kept. */
static void test_hostile(void **state)
{
    static const char *const patterns[] = {"\r",    "\n", "\r\r\n",  "a",       "A: b\r\n",
                                           "x\r\n", " ",  "\r\n--b", "--b\r\n", "\xc3",
                                           "(",     "\"", "<",       "=",       ";a=\xc3"};
    static const char *const heads[] = {"",
                                        "A: ",
                                        "From: \xfc",
                                        "Content-Type: a/b;\xfc=\xfc",
                                        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"};
    struct buffer message;
    struct buffer out;
    unsigned int changes;
    (void)state;
    buffer_init(&message, OUT_MAX);
    for (size_t i = 0; i < COUNT(heads) * COUNT(patterns); i++) {
        const char *pattern = patterns[i % COUNT(patterns)];
        buffer_clear(&message);
        buffer_append_str(&message, heads[i / COUNT(patterns)]);
        while (message.used < (size_t)400 * 1000)
            buffer_append_str(&message, pattern);
        buffer_init(&out, (size_t)16 * 1024 * 1024);
        enum repair_outcome outcome = run(false, message.data, message.used, &out, &changes);
        assert_true(outcome == REPAIR_DONE || outcome == REPAIR_NOTHING);
        buffer_deinit(&out);
        buffer_init(&out, 1000);
        assert_int_equal(run(false, message.data, message.used, &out, &changes), REPAIR_FULL);
        assert_int_equal(changes, 0);
        buffer_deinit(&out);
    }
    buffer_deinit(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),   cmocka_unit_test(test_only_lines),
        cmocka_unit_test(test_long_words), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
