/* SPDX-License-Identifier: MIT
 * What servers are known to say, and what it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sync/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define L VERDICT_LOGIN
#define T VERDICT_LIST
#define S VERDICT_SELECT
#define F VERDICT_FETCH
#define A VERDICT_APPEND
#define C VERDICT_CREATE
#define D VERDICT_DELETE
#define O VERDICT_OTHER

struct verdict_row {
    enum verdict_command command;
    enum imap_status status;
    const char *code;
    const char *text;
    enum fault_code fault;
    enum fault_scope scope;
    enum fault_advice advice;
    int64_t wait_msecs;
};

#define NO  IMAP_STATUS_NO
#define BAD IMAP_STATUS_BAD
#define BYE IMAP_STATUS_BYE

#define MESSAGE(code, advice) FAULT_##code, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_##advice, 0
#define FOLDER(code, advice)  FAULT_##code, FAULT_SCOPE_FOLDER, FAULT_ADVICE_##advice, 0
#define MAILBOX(code, advice) FAULT_##code, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_##advice, 0
#define WAIT(msecs)           FAULT_THROTTLED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, msecs

static const struct verdict_row verdict_rows[] = {
    /* Exchange Online */
    {F, BAD, "", "Request is throttled. Suggested Backoff Time: 299609 milliseconds", WAIT(299609)},
    {A, NO, "", "Request is throttled. Suggested Backoff Time: 89117 milliseconds", WAIT(89117)},
    {L, NO, "", "Request is throttled. Suggested Backoff Time: 92415", WAIT(92415)},
    {S, NO, "", "Request is throttled.", WAIT(30000)},
    {T, BAD, "", "request is THROTTLED. suggested backoff time:5 milliseconds", WAIT(5)},
    {S, NO, "", "Server Unavailable. 15", WAIT(30000)},
    {O, BYE, "", "Server Unavailable. 15", WAIT(30000)},
    {F, NO, "", "Server Busy", WAIT(30000)},
    {T, BAD, "", "User is authenticated but not connected.", MAILBOX(SELECT, RECONNECT)},
    {S, BAD, "", "User is authenticated but not connected.", MAILBOX(SELECT, RECONNECT)},
    {C, BAD, "", "User is authenticated but not connected.", MAILBOX(SELECT, RECONNECT)},
    {D, NO, "", "Mailbox is read-only", FOLDER(DELETE, RETRY)},
    {D, NO, "", "Request is throttled.", WAIT(30000)},
    {L, NO, "", "AUTHENTICATE failed.", MAILBOX(AUTH, NEVER)},
    {L, NO, "", "LOGIN failed.", MAILBOX(AUTH, NEVER)},
    {L, BAD, "", "Command Error. 12", MAILBOX(AUTH, NEVER)},
    {F, NO, "", "Session invalidated - AccessTokenExpired", MAILBOX(CLOSED, RECONNECT)},
    {A, NO, "", "Session invalidated - AccessTokenExpired", MAILBOX(CLOSED, RECONNECT)},
    {F, BAD, "", "Command received in Invalid state.", MAILBOX(CLOSED, RECONNECT)},
    {S, BAD, "", "Command received in Invalid state.", MAILBOX(CLOSED, RECONNECT)},
    {A, BAD, "", "Command Argument Error. 11", MESSAGE(APPEND, NEVER)},
    {F, BAD, "", "Command Argument Error. 11", MESSAGE(FETCH, RETRY)},
    {A, NO, "", "Maximum size of appendable message has been exceeded", MESSAGE(TOO_BIG, NEVER)},
    {C, NO, "", "Folder name is reserved", FOLDER(CREATE, NEVER)},
    {C, NO, "ALREADYEXISTS", "Mailbox already exists", FOLDER(CREATE, NEVER)},
    {F, NO, "", "The specified message set is invalid.", MESSAGE(FETCH, RETRY)},
    {O, BYE, "", "Connection closed. 14", MAILBOX(CLOSED, RECONNECT)},
    /* Gmail */
    {L, NO, "ALERT", "Too many simultaneous connections. (Failure)", WAIT(30000)},
    {F, NO, "OVERQUOTA", "Account exceeded command or bandwidth limits. (Failure)", WAIT(30000)},
    {A, NO, "OVERQUOTA", "Account exceeded command or bandwidth limits. (Failure)", WAIT(30000)},
    {F, NO, "THROTTLED", "Slow down", WAIT(30000)},
    {L, NO, "UNAVAILABLE", "Temporary System Error", WAIT(30000)},
    {L, NO, "AUTHENTICATIONFAILED", "Invalid credentials (Failure)", MAILBOX(AUTH, NEVER)},
    {L, NO, "ALERT", "Application-specific password required", MAILBOX(AUTH, NEVER)},
    {F, NO, "", "Some messages could not be FETCHed (Failure)", MESSAGE(FETCH, RETRY)},
    {F, NO, "", "Session expired, please login again", MAILBOX(CLOSED, RECONNECT)},
    {S, NO, "NONEXISTENT", "Unknown Mailbox: [Gmail] (Failure)", FOLDER(SELECT, NEVER)},
    {C, NO, "CANNOT", "Folder contains excess whitespace (Failure)", FOLDER(CREATE, NEVER)},
    {C, BAD, "", "Invalid Arguments: Label name is not allowed: Migrated", FOLDER(CREATE, NEVER)},
    /* others */
    {L, NO, "UNAVAILABLE",
     "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
     WAIT(30000)},
    {F, NO, "LIMIT", "UID FETCH Rate limit hit.", WAIT(30000)},
    {F, NO, "UNAVAILABLE", "UID FETCH Server error - Please try again later", WAIT(30000)},
    {S, NO, "INUSE", "Mailbox is locked", WAIT(30000)},
    {A, NO, "LIMIT", "APPEND Command exceeds the maximum allowed size", MESSAGE(TOO_BIG, NEVER)},
    {A, NO, "TOOBIG", "no", MESSAGE(TOO_BIG, NEVER)},
    {A, NO, "", "Data length exceeds limit", MESSAGE(TOO_BIG, NEVER)},
    {A, NO, "", "Message too long", MESSAGE(TOO_BIG, NEVER)},
    {A, NO, "OVERQUOTA", "Quota exceeded (mailbox for user is full)", MAILBOX(QUOTA, NEVER)},
    {A, NO, "OVERQUOTA", "", MAILBOX(QUOTA, NEVER)},
    {A, NO, "", "Over quota", MAILBOX(QUOTA, NEVER)},
    {A, NO, "", "The mailbox for user x is full", MAILBOX(QUOTA, NEVER)},
    {A, NO, "", "Message contains NUL characters", MESSAGE(APPEND, NEVER)},
    {A, NO, "", "Message contains invalid header", MESSAGE(APPEND, NEVER)},
    {A, BAD, "CLIENTBUG", "Additional arguments found after last expected argument",
     MESSAGE(APPEND, NEVER)},
    {A, NO, "TRYCREATE", "Mailbox doesn't exist", FOLDER(APPEND, NEVER)},
    {A, NO, "NONEXISTENT", "Mailbox doesn't exist", FOLDER(APPEND, NEVER)},
    /* often about one message that is broken on the server */
    {F, NO, "SERVERBUG", "Internal error occurred. Refer to server log.", MESSAGE(FETCH, RETRY)},
    {A, NO, "SERVERBUG", "Internal error occurred. Refer to server log.", MESSAGE(APPEND, NEVER)},
    {T, NO, "", "no", MAILBOX(LISTING, RECONNECT)},
    {S, NO, "NOPERM", "Permission denied", FOLDER(SELECT, NEVER)},
    {O, BAD, "", "Unknown command", MAILBOX(PROTOCOL, RECONNECT)},
    /* near, but not it */
    {F, NO, "LIMITED", "x", MESSAGE(FETCH, RETRY)},
    {F, NO, "THROTTLEDX", "x", MESSAGE(FETCH, RETRY)},
    {F, NO, "TOOBIG", "x", MESSAGE(FETCH, RETRY)},
    {F, NO, "", "Message too large", MESSAGE(FETCH, RETRY)},
    {F, NO, "LIMIT 5", "x", WAIT(30000)},
    {A, NO, "", "", MESSAGE(APPEND, NEVER)},
    /* names of folders come back in a server's words */
    {C, NO, "", "Mailbox already exists: Over Quota", FOLDER(CREATE, NEVER)},
    {S, NO, "", "Mailbox is full of holes: it is over quota", FOLDER(SELECT, NEVER)},
};

/* "[CODE] text", as the server said it. */
static void assert_words(const struct fault *fault, const struct verdict_row *row)
{
    char words[200];
    (void)snprintf(words, sizeof(words), row->code[0] == '\0' ? "%s%s%s" : "[%s]%s%s", row->code,
                   row->code[0] == '\0' || row->text[0] == '\0' ? "" : " ", row->text);
    assert_string_equal(fault->server, words);
}

static void test_wordings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(verdict_rows); i++) {
        const struct verdict_row *row = &verdict_rows[i];
        struct verdict_question question = {1,         row->command, row->status,
                                            row->code, row->text,    "INBOX"};
        struct fault fault;
        memset(&fault, 0xff, sizeof(fault));
        verdict_judge(&question, &fault);
        if (fault.code != row->fault || fault.scope != row->scope || fault.advice != row->advice ||
            fault.wait_msecs != row->wait_msecs)
            fail_msg("row %zu (%s): %s, scope %d, advice %d, wait %lld", i, row->text,
                     fault_code_name(fault.code), (int)fault.scope, (int)fault.advice,
                     (long long)fault.wait_msecs);
        assert_int_equal(fault.side, 1);
        assert_words(&fault, row);
        assert_true(fault.text[0] != '\0');
    }
}

/* Nothing that is about a whole mailbox is ever charged to one message. */
static void test_throttles_are_never_about_a_message(void **state)
{
    static const char *const words[] = {
        "Request is throttled. Suggested Backoff Time: 10 milliseconds",
        "Server Unavailable. 15",
        "User is authenticated but not connected.",
        "Session invalidated - AccessTokenExpired",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        for (int command = VERDICT_LOGIN; command <= VERDICT_OTHER; command++) {
            struct verdict_question question = {2,  (enum verdict_command)command, NO, "", words[i],
                                                "x"};
            struct fault fault;
            verdict_judge(&question, &fault);
            if (fault.scope != FAULT_SCOPE_MAILBOX)
                fail_msg("row %zu, command %d: scope %d", i, command, (int)fault.scope);
        }
    }
}

static void test_long_words_are_cut(void **state)
{
    char text[2000];
    struct fault fault;
    struct verdict_question question = {2, VERDICT_APPEND, NO, "", text, text};
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    verdict_judge(&question, &fault);
    assert_int_equal(strlen(fault.server), sizeof(fault.server) - 1);
    assert_int_equal(strlen(fault.text), sizeof(fault.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throttles_are_never_about_a_message),
        cmocka_unit_test(test_wordings),
        cmocka_unit_test(test_long_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
