/* SPDX-License-Identifier: MIT
 * --regextrans2: every example of imapsync's documents and tests, and names that no server takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sync/folders/plan_edit.h"

struct edit_row {
    const char *expressions; /* "\n" between them */
    char separator;
    const char *name;
    const char *result;
};

static struct str_list list_of(const char *text)
{
    struct str_list list = {0};
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        char *item = mem_strndup(text, size);
        str_list_add(&list, item);
        mem_free(item);
        text += size + (text[size] == '\n');
    }
    return list;
}

static void told(void *context, const char *expression, const char *name)
{
    size_t *count = context;
    assert_non_null(expression);
    assert_non_null(name);
    (*count)++;
}

/* NULL when it was refused. */
static char *edit(const char *expressions, char separator, const char *name, struct fault *fault_r)
{
    struct str_list texts = list_of(expressions);
    struct plan_edits *edits = plan_edits_init(&texts, fault_r);
    size_t count = 0;
    bool is_edited;
    assert_non_null(edits);
    char *edited = mem_strdup(name);
    if (!plan_edits_apply(edits, &edited, separator, told, &count, &is_edited, fault_r)) {
        mem_free(edited);
        edited = NULL;
    } else {
        assert_int_equal(is_edited, count > 0);
        assert_int_equal(is_edited, strcmp(edited, name) != 0);
    }
    plan_edits_deinit(&edits);
    assert_null(edits);
    str_list_deinit(&texts);
    return edited;
}

static void check_rows(const struct edit_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fault fault;
        print_message("%s on %s\n", rows[i].expressions, rows[i].name);
        char *edited = edit(rows[i].expressions, rows[i].separator, rows[i].name, &fault);
        assert_non_null(edited);
        assert_string_equal(edited, rows[i].result);
        mem_free(edited);
    }
}

static const struct edit_row documented[] = {
    {"s/^INBOX\\.(.+)/$1/", '.', "INBOX.Sent", "Sent"},
    {"s/^INBOX\\.(.+)/$1/", '.', "INBOX", "INBOX"},
    {"s/^INBOX\\.(.+)/$1/", '.', "INBOX.a.INBOX.b", "a.INBOX.b"},
    {"s{^INBOX$}{Inbox_Migrated}", '/', "INBOX", "Inbox_Migrated"},
    {"s{^INBOX$}{Inbox_Migrated}", '/', "INBOX/a", "INBOX/a"},
    {"s/.*/INBOX/", '/', "a/b", "INBOX"},
    {"s,.*,WHOLE,", '/', "a/b", "WHOLE"},
    {"s/.*/Trash/", '/', "INBOX", "Trash"},
    {"s,\\.,_,g", '/', "a.b/c.d.e", "a_b/c_d_e"},
    {"s,/,X,g", '/', "a/b/c", "aXbXc"},
    {"s,\\\",_,g", '/', "a\"b\"", "a_b_"},
    {"tr,*%.#,_,", '/', "a*b%c.d#e", "a_b_c_d_e"},
    {"s,^mail/Sent Items$,Sent,", '/', "mail/Sent Items", "Sent"},
    {"s,^mail/Sent Items$,Sent,", '/', "mail/Sent Items/x", "mail/Sent Items/x"},
    {"s,^mail/,INBOX/,", '/', "mail/a", "INBOX/a"},
    {"s/^mail/INBOX/", '/', "mail", "INBOX"},
    {"s{Sent|Sent Messages|Gesendet}{Sent}", '/', "Gesendet", "Sent"},
    {"s{Sent|Sent Messages|Gesendet}{Sent}", '/', "Sent Messages", "Sent Messages"},
    {"s{^(Sent|Sent Messages|Gesendet)$}{Sent}", '/', "Sent Messages", "Sent"},
    {"s{^Sent$|^Sent Messages$|^Gesendet$}{Sent}", '/', "Sent Messages", "Sent"},
    {"s,^INBOX(.*),INBOX.FOO$1,", '.', "INBOX.a", "INBOX.FOO.a"},
    {"s,^INBOX(.*),INBOX.FOO$1,", '.', "INBOX", "INBOX.FOO"},
    {"s,(.*),FOO/$1,", '/', "a/b", "FOO/a/b"},
    {"s{(.*)}{Archive_$1_2018}", '/', "a", "Archive_a_2018"},
    {"s{.*}{Archive/2018/01}", '/', "INBOX", "Archive/2018/01"},
    {"s,([^/]+),\\L$1\\E,g", '/', "Sent/ABC", "sent/abc"},
    {"s,([^/]+),\\U$1\\E,g", '/', "Sent/abc", "SENT/ABC"},
    {"s,([^/]+),\\u\\L$1\\E,g", '/', "SENT/aBC", "Sent/Abc"},
    {"s,([^.]+),\\u\\L$1\\E,g", '.', "SENT.aBC", "Sent.Abc"},
    {"s/^trash$/Trash/", '/', "trash", "Trash"},
    {"s,\\[Gmail\\].,,", '/', "[Gmail]/Sent Mail", "Sent Mail"},
    {"s,^ +| +$,,g", '/', "  a b  ", "a b"},
    {"s,/ +| +/,/,g", '/', "a /  b/ c", "a/  b/c"},
    {"s,/ +| +/,/,g", '/', "a/  b  /c", "a/b/c"},
    {"s,(/|^) +,$1,g", '/', " a/  b /c", "a/b /c"},
    {"s, +(/|$),$1,g", '/', " a /b ", " a/b"},
    {"s/[ ]+/_/g", '/', "a  b c", "a_b_c"},
    {"s/[\\^]/_/g", '/', "a^b^", "a_b_"},
    {"s/['\\\\^\"]/_/g", '/', "a'b^c\"d", "a_b_c_d"},
    {"s/['\\\"\\\\\\\\]/_/g", '/', "a'b\"c\\d", "a_b_c_d"},
    {"s,&AC8-,-,g", '.', "2018&AC8-01&AC8-x", "2018-01-x"},
    {"s,^&APg-,oe,g", '.', "&APg-l", "oel"},
    {"s,^Inbox\\\\(.*),$1,i", '\\', "INBOX\\Sent", "Sent"},
    {"s#^INBOX/Sent$#^Sent#", '/', "INBOX/Sent", "^Sent"},
    {"s,E-mails enviados,Sent,", '/', "E-mails enviados", "Sent"},
    /* from its tests */
    {"tr/a/_/", '/', "banana", "b_n_n_"},
    {"tr/a//d", '/', "banana", "bnn"},
    {"s#\\\\|\\*#_#g", '/', "a\\b*c", "a_b_c"},
    {"s,$,\\@easterngraphics.com,", '/', "user", "user@easterngraphics.com"},
    {"s,(.*)\\.(.+)$,$1.\\u\\L$2\\E,", '.', "INBOX.a.BCD", "INBOX.a.Bcd"},
    {"s/yop/new.nested.yop/", '.', "INBOX.yop", "INBOX.new.nested.yop"},
    {"s,^Sent$,[Gmail]/Sent Mail,", '/', "Sent", "[Gmail]/Sent Mail"},
};

static void test_documented_examples(void **state)
{
    (void)state;
    check_rows(documented, sizeof(documented) / sizeof(documented[0]));
}

static const struct edit_row odd[] = {
    {"s/a/b/\ns/b/c/\ns/x/y/", '/', "a", "c"}, /* one after the other */
    {"s/nothing/x/", '/', "a//b", "a//b"},     /* what is not hit is left alone */
    {"s,^Archive,,", '/', "Archive/2018", "2018"},
    {"s,b,,", '/', "a/b/c", "a/c"},
    {"s,b,,", '/', "a/b", "a"},
    {"s,b,,", '.', "a/b", "a/"},
    {"s,b,\\n\\x7f\\t,", '/', "a/b", "a/___"},
    {"s,b,&,", '/', "abc", "a&-c"},
    /* Shifts are not torn apart, unless the expression is about them. */
    {"s/APw/x/", '/', "&APw-", "&APw-"},
    {"s/&APw-/&x-/", '/', "a&APw-", "a&-x-"},
    {"s/-/_/g", '/', "Gr&APYA3w-e - x", "Gr&APYA3w-e _ x"},
    {"s,(.*),\\L$1\\E,", '/', "GR&APYA3w-E", "gr&APYA3w-e"},
    {"tr/a-z/A-Z/", '/', "gr&APYA3w-e", "GR&APYA3w-E"},
    {"s/.*/$&.x/", '/', "&APY-", "&APY-.x"},
    {"s/&-/and/", '/', "R &- D", "R and D"},
    {"s/-/_/", '/', "a&AC8-b-c", "a&-AC8_b-c"}, /* "/" inside a shift is none to be had back */
    {"s,a,b,", '/', "a&AC8-", "b&-AC8-"},       /* as it is without an expression */
    {"s,b,\\xc3\\xbc,", '/', "b&AOk-", "&APwA6Q-"},
    {"s,b,\\xff,", '/', "abc", "a_c"},
    {"s/Entwürfe/Drafts/", '/', "INBOX/Entw&APw-rfe", "INBOX/Drafts"},
    {"s/Drafts/Entwürfe & mehr/", '/', "Drafts", "Entw&APw-rfe &- mehr"},
    {"s/ü/&/", '/', "Entw&APw-rfe", "Entw&-rfe"},
    {"s/.*/a b/", '\0', "x", "a b"},
};

static void test_names_stay_possible(void **state)
{
    (void)state;
    check_rows(odd, sizeof(odd) / sizeof(odd[0]));
}

struct refused_row {
    const char *expressions;
    const char *name;
    const char *sentence;
};

#define HELP "; change the expression, or give this folder its name with --f1f2."

static const struct refused_row refused[] = {
    {"s,.*,,", "INBOX", "regextrans2 \"s,.*,,\" leaves nothing of the folder name \"INBOX\"" HELP},
    {"tr/a-z//d", "sent",
     "regextrans2 \"tr/a-z//d\" leaves nothing of the folder name \"sent\"" HELP},
    {"s,Sent,/,\ns,x,y,", "Sent",
     "regextrans2 \"s,Sent,/,\" leaves nothing of the folder name \"/\"" HELP},
    {"s,^,0123456789012345678901234567890123456789012345678901234567890123456789,\n"
     "s,.*,$&$&$&$&$&$&$&$&$&$&$&$&$&$&,",
     "12",
     "regextrans2 \"s,.*,$&$&$&$&$&$&$&$&$&$&$&$&$&$&,\" makes too long a name of the folder "
     "name \"012345678901234567890123456789012345678901234567890123456789012345678912\"" HELP},
    {"s,a,\\0,", "a", "regextrans2 \"s,a,\\0,\" puts a NUL into the folder name \"a\"" HELP},
    {"s,ü*(.),x$1,", "&APY-",
     "regextrans2 \"s,ü*(.),x$1,\" tears a character apart in the folder name \"ö\"" HELP},
    {"s,(a+)+[0-9],x,", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "regextrans2 \"s,(a+)+[0-9],x,\" takes too long on the folder name "
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"" HELP},
};

static void test_names_that_no_server_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct fault fault = {0};
        print_message("%s on %s\n", refused[i].expressions, refused[i].name);
        assert_null(edit(refused[i].expressions, '/', refused[i].name, &fault));
        assert_int_equal(fault.code, FAULT_USAGE);
        assert_int_equal(fault.scope, FAULT_SCOPE_MAILBOX);
        assert_int_equal(fault.advice, FAULT_ADVICE_NEVER);
        assert_string_equal(fault.text, refused[i].sentence);
    }
}

static void test_the_ceiling(void **state)
{
    struct fault fault;
    char name[PLAN_EDIT_MAX_BYTES + 1];
    (void)state;
    memset(name, 'x', sizeof(name));
    name[PLAN_EDIT_MAX_BYTES] = '\0';
    char *edited = edit("s/x$/y/", '/', name, &fault);
    assert_non_null(edited);
    assert_int_equal(strlen(edited), PLAN_EDIT_MAX_BYTES);
    mem_free(edited);
    assert_null(edit("s/x$/yy/", '/', name, &fault));
    /* Encoding makes it longer. */
    assert_null(edit("s/x$/\\xc3\\xbc/", '/', name, &fault));
}

static void test_bad_expressions(void **state)
{
    static const char *const bad[] = {"", "s", "s/a", "s/a/b", "INBOX", "s/(/x/", "s/a/b/q"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct str_list texts = {0};
        struct fault fault = {0};
        print_message("bad: \"%s\"\n", bad[i]);
        str_list_add(&texts, bad[i]);
        assert_null(plan_edits_init(&texts, &fault));
        assert_int_equal(fault.code, FAULT_USAGE);
        assert_non_null(strstr(fault.text, "regextrans2"));
        str_list_deinit(&texts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented_examples),
        cmocka_unit_test(test_names_stay_possible),
        cmocka_unit_test(test_names_that_no_server_takes),
        cmocka_unit_test(test_the_ceiling),
        cmocka_unit_test(test_bad_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
