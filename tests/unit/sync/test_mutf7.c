/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/folders/mutf7.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_invalid_names_are_refused(void **state)
{
    static const char *const names[] = {
        "&",                  /* a shift without an end */
        "Entw&APw",           /* the same */
        "a & b",              /* a bare ampersand */
        "&Jjo!",              /* RFC 3501: no shift back before "!" */
        "&U,BTFw-&ZeVnLIqe-", /* RFC 3501: superfluous shift */
        "&AGE-",              /* printable ASCII in base64 */
        "&ACY-",              /* "&" in base64 */
        "&AAA-",              /* NUL */
        "&2D0-",              /* a lone high surrogate */
        "&3gA-",              /* a lone low surrogate */
        "&3gDYPQ-",           /* low before high */
        "&2D0A6Q-",           /* high, then no low */
        "&A-",                /* 6 bits are no character */
        "&AO-",               /* 12 bits neither */
        "&AOl-",              /* bits left over are not 0 */
        "&AOkA-",             /* 8 bits left over */
        "&AO/-",              /* "/" is "," here */
        "&AOk=-",             /* no padding */
        "a\tb",               /* control characters must be encoded */
        "a\x7f",
        "\xff", /* 8-bit, but not UTF-8 */
        "\xc3",
        "\xc3&AOk-\xa9", /* a raw character torn apart */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct buffer utf8;
        buffer_init(&utf8, 100);
        buffer_append_str(&utf8, "kept");
        if (mutf7_decode(names[i], strlen(names[i]), &utf8))
            fail_msg("\"%s\" was decoded", names[i]);
        assert_string_equal(buffer_str(&utf8), "kept");
        buffer_deinit(&utf8);
        char *display = mutf7_to_display(names[i]);
        assert_string_equal(display, names[i]);
        mem_free(display);
    }
}

static void test_text_that_is_no_utf8_is_not_encoded(void **state)
{
    static const char *const texts[] = {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buffer name;
        buffer_init(&name, 100);
        assert_false(mutf7_encode(texts[i], strlen(texts[i]), &name));
        assert_int_equal(name.used, 0);
        buffer_deinit(&name);
    }
    struct buffer name;
    buffer_init(&name, 100);
    assert_false(mutf7_encode("a\0b", 3, &name));
    buffer_deinit(&name);
}

static const struct {
    const char *name;
    const char *utf8;
} pairs[] = {
    {"", ""},
    {"INBOX", "INBOX"},
    {"&-", "&"},
    {"a&-b&-&-", "a&b&&"},
    {"Entw&APw-rfe", "Entwürfe"},
    {"&ZeVnLIqe-", "日本語"},
    {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
    {"&Jjo-!", "☺!"},
    {"Hi Mom &Jjo-!", "Hi Mom ☺!"},
    {"R&AOk-sum&AOk-", "Résumé"},
    {"&-&AOk-&-", "&é&"},
    {"&2D3eAA-", "😀"},
    {"x&2D3eAADpJjo-y", "x😀é☺y"},
    {"&AOkA6Q-", "éé"},
    {"a&AAo-b", "a\nb"},
    {"&2,,f,w-", "\xf4\x8f\xbf\xbf"},
};

static void test_names_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct buffer out;
        buffer_init(&out, 200);
        assert_true(mutf7_decode(pairs[i].name, strlen(pairs[i].name), &out));
        assert_string_equal(buffer_str(&out), pairs[i].utf8);
        buffer_clear(&out);
        assert_true(mutf7_encode(pairs[i].utf8, strlen(pairs[i].utf8), &out));
        assert_string_equal(buffer_str(&out), pairs[i].name);
        buffer_deinit(&out);
    }
}

static void test_every_character_round_trips(void **state)
{
    (void)state;
    for (uint32_t c = 0x80; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
        unsigned char utf8[4];
        size_t size = 0;
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        if (c < 0x800) {
            utf8[size++] = (unsigned char)(0xc0 | c >> 6);
        } else if (c < 0x10000) {
            utf8[size++] = (unsigned char)(0xe0 | c >> 12);
            utf8[size++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        } else {
            utf8[size++] = (unsigned char)(0xf0 | c >> 18);
            utf8[size++] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
            utf8[size++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        }
        utf8[size++] = (unsigned char)(0x80 | (c & 0x3f));
        struct buffer name;
        struct buffer back;
        buffer_init(&name, 20);
        buffer_init(&back, 20);
        assert_true(mutf7_encode((const char *)utf8, size, &name));
        assert_true(mutf7_decode((const char *)name.data, name.used, &back));
        assert_int_equal(back.used, size);
        assert_memory_equal(back.data, utf8, size);
        buffer_deinit(&name);
        buffer_deinit(&back);
    }
}

static void test_raw_utf8_passes(void **state)
{
    (void)state;
    char *display = mutf7_to_display("Entwürfe & so");
    assert_string_equal(display, "Entwürfe & so");
    mem_free(display);
    display = mutf7_to_display("Entwürfe/&AOk-");
    assert_string_equal(display, "Entwürfe/é");
    mem_free(display);
}

static void test_ceiling_of_the_callers_buffer_holds(void **state)
{
    struct buffer out;
    (void)state;
    buffer_init(&out, 3);
    assert_false(mutf7_encode("é", 2, &out));
    buffer_deinit(&out);
    buffer_init(&out, 1);
    assert_false(mutf7_decode("&AOk-", 5, &out));
    assert_int_equal(out.used, 0);
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invalid_names_are_refused),
        cmocka_unit_test(test_text_that_is_no_utf8_is_not_encoded),
        cmocka_unit_test(test_names_round_trip),
        cmocka_unit_test(test_every_character_round_trips),
        cmocka_unit_test(test_raw_utf8_passes),
        cmocka_unit_test(test_ceiling_of_the_callers_buffer_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
