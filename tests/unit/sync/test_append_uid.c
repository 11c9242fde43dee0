/* SPDX-License-Identifier: MIT
 * APPENDUID: where appended messages are, or that nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sync/append_uid.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UIDS_MAX     6

/* A copy without room to spare, for the address sanitizer. */
static bool parse(const char *code, uint32_t uid_validity, uint32_t *uids, size_t count)
{
    size_t size = strlen(code);
    char *copy = malloc(size > 0 ? size : 1);
    uint32_t *exact = malloc((count > 0 ? count : 1) * sizeof(*exact));
    assert_true(copy != NULL && exact != NULL);
    memcpy(copy, code, size);
    bool is_known = append_uid_parse(copy, size, uid_validity, exact, count);
    if (is_known)
        memcpy(uids, exact, count * sizeof(*exact));
    free(exact);
    free(copy);
    return is_known;
}

static void test_what_nobody_knows(void **state)
{
    static const struct {
        const char *code;
        uint32_t uid_validity;
        size_t count;
    } rows[] = {
        {"", 1, 1},
        {"APPENDUID", 1, 1},
        {"APPENDUID ", 1, 1},
        {"APPENDUID 1", 1, 1},
        {"APPENDUID 1 ", 1, 1},
        {"APPENDUID  1 5", 1, 1},
        {"APPENDUID1 1 5", 1, 1},
        {"COPYUID 1 5 6", 1, 1},
        {"HIGHESTMODSEQ 1 5", 1, 1},
        /* another mailbox */
        {"APPENDUID 2 5", 1, 1},
        {"APPENDUID 1 5", 0, 1},
        {"APPENDUID 0 5", 0, 1},
        {"APPENDUID 1:1 5", 2, 1},
        {"APPENDUID 1:2 5", 1, 1},
        {"APPENDUID 1,2 5", 2, 1},
        {"APPENDUID 4294967297 5", 1, 1},
        {"APPENDUID -1 5", 4294967295, 1},
        /* not so many */
        {"APPENDUID 1 5", 1, 2},
        {"APPENDUID 1 5:6", 1, 1},
        {"APPENDUID 1 5:7", 1, 2},
        {"APPENDUID 1 5,6", 1, 1},
        {"APPENDUID 1 5,7:8", 1, 4},
        {"APPENDUID 1 1:4294967295", 1, 3},
        {"APPENDUID 1 4294967295:1", 1, 3},
        {"APPENDUID 1 1:4294967295,1:4294967295", 1, 3},
        /* no set */
        {"APPENDUID 1 0", 1, 1},
        {"APPENDUID 1 *", 1, 1},
        {"APPENDUID 1 5:*", 1, 1},
        {"APPENDUID 1 :5", 1, 1},
        {"APPENDUID 1 5:", 1, 1},
        {"APPENDUID 1 ,5", 1, 1},
        {"APPENDUID 1 5,", 1, 1},
        {"APPENDUID 1 5,,6", 1, 2},
        {"APPENDUID 1 5,6:", 1, 1},
        {"APPENDUID 1 5,0", 1, 1},
        {"APPENDUID 1 5,4294967296", 1, 1},
        {"APPENDUID 1 5,99999999999999999999999", 1, 1},
        {"APPENDUID 1 4294967296", 1, 1},
        {"APPENDUID 1 18446744073709551621", 1, 1},
        {"APPENDUID 1 5 ", 1, 1},
        {"APPENDUID 1 5 6", 1, 1},
        {"APPENDUID 1 5x", 1, 1},
        {"APPENDUID 1 5,x", 1, 1},
        {"APPENDUID 1 NIL", 1, 1},
    };
    uint32_t uids[UIDS_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (parse(rows[i].code, rows[i].uid_validity, uids, rows[i].count))
            fail_msg("row %zu: %s", i, rows[i].code);
    }
}

static void test_what_is_known(void **state)
{
    static const struct {
        const char *code;
        uint32_t uid_validity;
        size_t count;
        uint32_t uids[UIDS_MAX];
    } rows[] = {
        {"APPENDUID 38505 3955", 38505, 1, {3955}},                  /* RFC 4315 section 3 */
        {"APPENDUID 38505 3955:3957", 38505, 3, {3955, 3956, 3957}}, /* RFC 3502 section 6.4 */
        {"appenduid 4294967295 4294967295", 4294967295, 1, {4294967295}},
        {"APPENDUID 1 4294967294:4294967295", 1, 2, {4294967294, 4294967295}},
        {"APPENDUID 1 7,9,8", 1, 3, {7, 9, 8}},
        {"APPENDUID 1 3:5,9,11:12", 1, 6, {3, 4, 5, 9, 11, 12}},
        {"APPENDUID 1 5:3", 1, 3, {3, 4, 5}}, /* the same range, RFC 9051 section 9 */
        {"APPENDUID 1 6:6", 1, 1, {6}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t uids[UIDS_MAX] = {0};
        if (!parse(rows[i].code, rows[i].uid_validity, uids, rows[i].count))
            fail_msg("row %zu: %s", i, rows[i].code);
        assert_memory_equal(uids, rows[i].uids, sizeof(uids));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_nobody_knows),
        cmocka_unit_test(test_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
