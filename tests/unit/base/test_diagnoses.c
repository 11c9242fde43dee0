/* SPDX-License-Identifier: MIT
 * Every row of the table by a line that a server was seen to say, and what is near but not it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diagnoses.h"
#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define L DIAGNOSIS_LOGIN
#define T DIAGNOSIS_LIST
#define S DIAGNOSIS_SELECT
#define F DIAGNOSIS_FETCH
#define A DIAGNOSIS_APPEND
#define C DIAGNOSIS_CREATE
#define D DIAGNOSIS_DELETE
#define K DIAGNOSIS_STORE
#define O DIAGNOSIS_OTHER

static const struct sample {
    enum diagnosis_command command;
    const char *code;
    const char *text;
    const char *id;
} samples[] = {
    {L, "AADSTS7000215", "AADSTS7000215: Invalid client secret provided.", "aadsts-secret"},
    {L, "", "AADSTS7000222: The provided client secret keys are expired", "aadsts-secret"},
    {L, "AADSTS700027", "AADSTS700027: Client assertion failed signature validation.",
     "aadsts-certificate"},
    {L, "AADSTS700016",
     "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
     "aadsts-consent"},
    {L, "AADSTS53003", "AADSTS53003: Access has been blocked by Conditional Access policies.",
     "aadsts-policy"},
    {L, "AADSTS700082", "AADSTS700082: The refresh token has expired due to inactivity.",
     "refresh-token"},
    {L, "invalid_grant", "Token has been expired or revoked. (invalid_grant)", "refresh-token"},
    {L, "unauthorized_client",
     "Client is unauthorized to retrieve access tokens using this method (unauthorized_client)",
     "google-delegation"},
    {L, "invalid_client", "The OAuth client was not found. (invalid_client)", "invalid-client"},
    {A, "", "Maximum size of appendable message has been exceeded", "too-big"},
    {A, "", "Append aborted: maximum message size exceeded", "too-big"},
    {A, "LIMIT", "APPEND Command exceeds the maximum allowed size", "too-big"},
    {A, "TOOBIG", "no", "too-big"},
    {A, "", "Data length exceeds limit", "too-big"},
    {A, "", "Message too long", "too-big"},
    {F, "OVERQUOTA", "Account exceeded command or bandwidth limits. (Failure)", "bandwidth"},
    {A, "OVERQUOTA", "Account exceeded command or bandwidth limits. (Failure)", "bandwidth"},
    {L, "ALERT", "Too many simultaneous connections. (Failure)", "connection-limit"},
    {L, "UNAVAILABLE",
     "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
     "connection-limit"},
    {F, "", "Request is throttled. Suggested Backoff Time: 299961 milliseconds", "throttled"},
    {A, "", "Request is throttled. Suggested Backoff Time: 178755 milliseconds", "throttled"},
    {F, "THROTTLED", "", "throttled"},
    {F, "LIMIT", "UID FETCH Rate limit hit.", "rate-limit"},
    {F, "", "UID FETCH Rate limit hit.", "rate-limit"},
    {A, "LIMIT", "x", "rate-limit"},
    {S, "INUSE", "Mailbox is locked", "in-use"},
    {S, "", "Server Unavailable. 15", "server-unavailable"},
    {F, "", "Server Busy", "server-unavailable"},
    {T, "", "Server busy.", "server-unavailable"},
    {F, "UNAVAILABLE", "UID FETCH Server error - Please try again later", "server-unavailable"},
    {F, "", "UID FETCH Server error - Please try again later", "server-unavailable"},
    {L, "UNAVAILABLE", "Temporary System Error", "server-unavailable"},
    {F, "", "System Error (Failure)", "server-unavailable"},
    {F, "", "Session invalidated - AccessTokenExpired", "token-expired"},
    {T, "", "Session expired, please login again", "token-expired"},
    {F, "EXPIRED", "x", "token-expired"},
    {S, "", "Command received in Invalid state.", "invalid-state"},
    {T, "", "User is authenticated but not connected.", "not-connected"},
    {L, "", "User is authenticated but not connected.", "not-connected"},
    {L, "ALERT", "Application-specific password required: https://support.google.com/x",
     "app-password"},
    {L, "ALERT", "Please log in via your web browser", "app-password"},
    {L, "ALERT", "Your account is not enabled for IMAP use. Please visit your settings",
     "imap-disabled"},
    {L, "AUTHORIZATIONFAILED", "x", "no-right"},
    {L, "EXPIRED", "x", "password-expired"},
    {L, "PRIVACYREQUIRED", "x", "tls-required"},
    {L, "", "AUTHENTICATE failed.", "sign-in-refused"},
    {L, "", "LOGIN failed.", "sign-in-refused"},
    {L, "AUTHENTICATIONFAILED", "Invalid credentials (Failure)", "sign-in-refused"},
    {A, "OVERQUOTA", "", "quota"},
    {C, "OVERQUOTA", "Too much", "quota"},
    {A, "", "Over quota", "quota-words"},
    {A, "", "mailbox for user x is full: it is time to find a bigger place", "quota-words"},
    {C, "LIMIT", "x", "folder-limit"},
    {C, "", "Folder name is reserved", "folder-reserved"},
    {C, "", "Mailbox already exists", "folder-exists"},
    {C, "ALREADYEXISTS", "Mailbox already exists", "folder-exists"},
    {C, "CANNOT", "Folder contains excess whitespace (Failure)", "folder-name"},
    {C, "", "Invalid Arguments: Label name is not allowed: Migrated", "folder-name"},
    {C, "",
     "Client tried to access nonexistent namespace. (Mailbox name should probably be prefixed "
     "with: INBOX.)",
     "namespace"},
    {A, "TRYCREATE", "Mailbox doesn't exist", "folder-gone"},
    {S, "NONEXISTENT", "Unknown Mailbox: [Gmail] (Failure)", "folder-missing"},
    {S, "", "Unknown Mailbox: [Gmail] (Failure)", "folder-missing"},
    {S, "NOPERM", "x", "no-permission"},
    {A, "", "mailbox selected READ-ONLY", "no-permission"},
    {A, "", "Command Argument Error. 11", "argument-error"},
    {A, "", "Message contains NUL characters", "broken-message"},
    {A, "", "Message contains invalid header", "broken-message"},
    {A, "", "Message contains bare newlines", "broken-message"},
    {A, "CLIENTBUG", "Additional arguments found after last expected argument", "broken-message"},
    {A, "", "Rejected: virus Eicar found", "virus"},
    {A, "", "APPEND failed", "message-refused"},
    {F, "", "The specified message set is invalid.", "message-gone"},
    {F, "EXPUNGEISSUED", "x", "message-gone"},
    {F, "", "No matching messages", "message-gone"},
    {F, "", "Some messages could not be FETCHed (Failure)", "some-not-given"},
    {F, "SERVERBUG", "Internal error occurred. Refer to server log.", "server-bug"},
    {F, "", "Command Argument Error. 11", "fetch-argument-error"},
    {O, "", "Command Argument Error. 11", "fetch-argument-error"},
    {S, "", "Command Error. 12", "command-error"},
    {O, "", "Command Error. 10", "command-error"},
    {L, "", "Command Error. 12", "sign-in-refused"},
    {F, "", "words nobody knows", "message-not-given"},
    {T, "", "words nobody knows", "listing-refused"},
    {S, "", "words nobody knows", "folder-refused"},
    {C, "", "words nobody knows", "create-refused"},
    {D, "", "words nobody knows", "delete-refused"},
    {K, "", "words nobody knows", "flags-refused"},
    {K, "", "Request is throttled.", "throttled"},
    {O, "", "words nobody knows", "command-refused"},
    {L, "", "words nobody knows", "sign-in-refused"},
    {A, "", "words nobody knows", "message-refused"},
    /* near, but not it */
    {F, "LIMITED", "x", "message-not-given"},
    {F, "", "", "message-not-given"},
    {A, "", "We are not saying that the Request is throttled", "message-refused"},
    {F, "TOOBIG", "x", "message-not-given"},
};

static const struct diagnosis *find(enum diagnosis_command command, bool is_bye, const char *code,
                                    const char *text, const char *subject)
{
    struct diagnosis_question question = {1, command, is_bye, code, text, subject};
    return diagnosis_find(&question, NULL);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        const struct sample *row = &samples[i];
        const struct diagnosis *found = find(row->command, false, row->code, row->text, "INBOX");
        if (strcmp(found->id, row->id) != 0)
            fail_msg("row %zu ([%s] %s): %s, not %s", i, row->code, row->text, found->id, row->id);
    }
}

/* A row that no sample reaches may be one that can't be reached. */
static void test_each_row_has_a_sample(void **state)
{
    const struct diagnosis *row;
    (void)state;
    for (size_t i = 0; (row = diagnosis_at(i)) != NULL; i++) {
        bool is_reached = row->commands == 0 || row->is_bye_only;
        for (size_t k = 0; k < COUNT(samples); k++)
            is_reached = is_reached || strcmp(samples[k].id, row->id) == 0;
        if (!is_reached)
            fail_msg("no sample for %s", row->id);
    }
}

static void test_bye(void **state)
{
    static const struct {
        const char *code;
        const char *text;
        const char *id;
    } rows[] = {
        {"", "Connection closed. 14", "connection-closed"},
        {"", "words nobody knows", "connection-closed"},
        {"", "", "connection-closed"},
        {"", "Session invalidated - AccessTokenExpired", "token-expired"},
        {"", "Session expired, please login again", "token-expired"},
        {"UNAVAILABLE", "x", "server-unavailable"},
        {"", "Server Unavailable. 15", "server-unavailable"},
        {"", "Too many connections from your address", "connection-limit"},
        {"", "Request is throttled. Suggested Backoff Time: 5 milliseconds", "throttled"},
        {"", "ada@x Zimbra IMAP4rev1 server closing connection", "connection-closed"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int command = 0; command < DIAGNOSIS_COMMANDS; command++) {
            const struct diagnosis *found = find((enum diagnosis_command)command, true,
                                                 rows[i].code, rows[i].text, "");
            /* Where nobody is signed in yet there is no session to end. */
            if (command == DIAGNOSIS_LOGIN && strcmp(rows[i].id, "token-expired") == 0)
                continue;
            if (strcmp(found->id, rows[i].id) != 0)
                fail_msg("row %zu, command %d: %s", i, command, found->id);
        }
    }
}

/* Folders may be called anything, and servers repeat their names. */
static void test_names_are_not_the_servers_words(void **state)
{
    static const struct {
        const char *text;
        const char *subject;
        const char *id;
    } rows[] = {
        {"Mailbox doesn't exist: Server busy", "Server busy", "folder-missing"},
        {"Server busy: Mailbox doesn't exist", "Server busy", "folder-missing"},
        {"\"Server busy\" is odd", "INBOX", "folder-refused"},
        {"[Server busy] is odd", "INBOX", "folder-refused"},
        {"<Server busy> is odd", "INBOX", "folder-refused"},
        {"'Server busy' is odd", "INBOX", "folder-refused"},
        {"Server busy is odd", "Archive/Server busy", "folder-refused"},
        {"Server busy is odd", "Archive.Server busy", "folder-refused"},
        {"Odd: please try again later", "please try again later", "folder-refused"},
        {"Odd: 'please try again later'", "x", "folder-refused"},
        {"request is throttled: no such thing", "Request is throttled", "folder-refused"},
        {"Request is throttled 2: no such thing", "Request is throttled 2", "folder-refused"},
        /* the server's own words, though a folder is called alike */
        {"Server busy", "Server busy", "server-unavailable"},
        {"Server Unavailable. 15", "Server Unavailable", "server-unavailable"},
        {"Server Unavailable. 15", "Server", "server-unavailable"},
        {"Server Unavailable. 15", "Unavailable", "server-unavailable"},
        {"Server Unavailable. 15", "e", "server-unavailable"},
        {"Request is throttled. Suggested Backoff Time: 7 milliseconds", "Request is throttled",
         "throttled"},
        {"Request is throttled. Suggested Backoff Time: 7 milliseconds", "Time", "throttled"},
        {"Request is throttled. Suggested Backoff Time: 7 milliseconds",
         "Suggested Backoff Time: 7 milliseconds", "throttled"},
        {"Can't open, isn't that odd, please try again later, or don't", "x", "server-unavailable"},
        {"Server busy, says \"x", "x", "server-unavailable"},
        {"Folder \"x\": please try again later", "x", "server-unavailable"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct diagnosis *found = find(S, false, "", rows[i].text, rows[i].subject);
        if (strcmp(found->id, rows[i].id) != 0)
            fail_msg("row %zu (%s): %s, not %s", i, rows[i].text, found->id, rows[i].id);
    }
    assert_string_equal(find(A, false, "", "virus in \"over quota.exe\"", "x")->id, "virus");
    assert_string_equal(find(A, false, "", "mailbox is full: message", "is full")->id,
                        "quota-words");
}

static bool is_id(const char *id)
{
    return id[0] >= 'a' && id[0] <= 'z' && id[strspn(id, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

static void check_pattern_list(const struct diagnosis *row)
{
    const char *at = row->patterns;
    while (*at != '\0') {
        size_t size = strcspn(at, "|");
        /* Short ones, and such without letters, fit too much. */
        if (size < 6 || at[size - 1] == '*' || at[size - 1] == ' ')
            fail_msg("%s: pattern \"%.*s\"", row->id, (int)size, at);
        at += size;
        at += *at == '|';
    }
}

static void check_row(const struct diagnosis *row)
{
    assert_true(is_id(row->id));
    assert_non_null(row->codes);
    /* Codes of IMAP, and of services that give tokens. */
    bool is_of_service = strncmp(row->codes, "AADSTS", 6) == 0 || strchr(row->codes, '_') != NULL;
    assert_int_equal(strspn(row->codes, is_of_service ? "ADST0123456789_abcdefghijklmnopqrstuvwxyz "
                                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZ "),
                     strlen(row->codes));
    check_pattern_list(row);
    assert_true(strlen(row->title) > 10 && strlen(row->title) < 80);
    assert_true(strlen(row->explanation) > 10 && strlen(row->steps) > 10);
    assert_true(row->title[strlen(row->title) - 1] != '.');
    assert_null(strstr(row->steps, "\n\n"));
    assert_true(row->steps[strlen(row->steps) - 1] != '\n');
    assert_null(strchr(row->explanation, '\n'));
    if (row->commands != 0 && row->code != FAULT_NONE)
        assert_non_null(row->sentence);
    if (row->commands != 0 && row->is_last)
        assert_int_not_equal(row->code, FAULT_NONE);
    if (row->commands != 0 && row->advice == FAULT_ADVICE_WAIT)
        assert_true(row->wait_msecs > 0 && row->scope == FAULT_SCOPE_MAILBOX);
    assert_true(row->commands == 0 || row->is_last || row->codes[0] != '\0' ||
                row->patterns[0] != '\0');
    assert_ptr_equal(diagnosis_by_id(row->id), row); /* so ids are unique */
}

static void test_table(void **state)
{
    unsigned int last = 0;
    const struct diagnosis *row;
    size_t count = 0;
    (void)state;
    for (; (row = diagnosis_at(count)) != NULL; count++) {
        check_row(row);
        if (row->is_last && !row->is_bye_only && row->side == 0)
            last |= row->commands;
    }
    assert_int_equal(last, (1U << DIAGNOSIS_COMMANDS) - 1);
    assert_true(count > 50);
    assert_null(diagnosis_at(count));
    assert_null(diagnosis_at(SIZE_MAX));
    assert_null(diagnosis_by_id("nothing"));
    assert_null(diagnosis_by_id(""));
    assert_string_equal(diagnosis_id(NULL), "");
}

static void test_backoff_times(void **state)
{
    static const struct {
        const char *text;
        int64_t msecs;
    } rows[] = {
        {"", 0},
        {"Suggested Backoff Time:", 0},
        {"Suggested Backoff Time: soon", 0},
        {"Suggested Backoff Time: -5 milliseconds", 0},
        {"Suggested Backoff Time: 99999999999999999999 milliseconds", 0},
        {"Suggested Backoff Time: 86400001 milliseconds", 0},
        {"Suggested Backoff Time: 86400000 milliseconds", 86400000},
        {"x suggested BACKOFF time:   7x", 7},
        {"Suggested Backoff Time: 92415", 92415},
        {"Suggested Backoff Time: 0 milliseconds", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (diagnosis_backoff_msecs(rows[i].text) != rows[i].msecs)
            fail_msg("row %zu: %lld", i, (long long)diagnosis_backoff_msecs(rows[i].text));
    }
}

static void test_faults(void **state)
{
    struct diagnosis_question question = {2, C, false, "CANNOT x", "no {side} \"&Up\"", "Caf{e}"};
    struct fault fault;
    (void)state;
    const struct diagnosis *found = diagnosis_find(&question, NULL);
    diagnosis_fill(found, &question, &fault);
    assert_string_equal(found->id, "folder-name");
    /* Like any folder that can't be created, but known better. */
    assert_string_equal(fault.text,
                        "the folder Caf{e} can't be created on the destination. Choose another "
                        "name with --f1f2 OLD=NEW, or leave it out with --exclude");
    assert_string_equal(fault.server, "[CANNOT x] no {side} \"&Up\"");
    assert_ptr_equal(diagnosis_of_fault(&fault), found);
    fault_clear(&fault);
    assert_null(diagnosis_of_fault(&fault));
    fault_set(&fault, FAULT_CLOSED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT, 1, "x");
    assert_string_equal(diagnosis_of_fault(&fault)->id, "connection-lost");
    fault_set(&fault, FAULT_AUTH, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1, "x");
    assert_string_equal(diagnosis_of_fault(&fault)->id, "sign-in-refused");
    fault_set(&fault, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, 2, "x");
    assert_string_equal(diagnosis_of_fault(&fault)->id, "delete-held-back");
    fault_set(&fault, FAULT_TOO_BIG, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, 1, "x");
    assert_string_equal(diagnosis_of_fault(&fault)->id, "over-maxsize");
}

/* Whatever ends a mailbox has something to say to people. */
static void test_every_fault_has_a_row(void **state)
{
    static const enum fault_code unheard[] = {FAULT_NONE, FAULT_THROTTLED, FAULT_QUOTA,
                                              FAULT_VIRUS};
    (void)state;
    for (int code = FAULT_NONE; code <= FAULT_INTERNAL; code++) {
        struct fault fault;
        bool is_unheard = false;
        for (size_t i = 0; i < COUNT(unheard); i++)
            is_unheard = is_unheard || (int)unheard[i] == code;
        fault_set(&fault, (enum fault_code)code, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 1, "x");
        if ((diagnosis_of_fault(&fault) == NULL) != is_unheard)
            fail_msg("%s", fault_code_name((enum fault_code)code));
    }
}

static void test_split_words(void **state)
{
    static const struct {
        const char *words;
        const char *code;
        const char *text;
    } rows[] = {
        {"", "", ""},
        {"[", "", "["},
        {"[]", "", ""},
        {"[X]", "X", ""},
        {"[X y] z", "X y", "z"},
        {"[X]z", "X", "z"},
        {"[X z", "", "[X z"},
        {"a [X] z", "", "a [X] z"},
        {"[LONGER THAN THAT] z", "LONGER ", "z"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char code[8];
        assert_string_equal(diagnosis_split_words(rows[i].words, code, sizeof(code)), rows[i].text);
        assert_string_equal(code, rows[i].code);
    }
}

/* What people paste. The ids, in the order in which they are shown. */
static void test_explain(void **state)
{
    static const struct {
        const char *line;
        const char *ids;
    } rows[] = {
        {"", ""},
        {"hello", ""},
        {"NO", ""},
        {"A1 NO hello", ""},
        {"throttled", "throttled "},
        {"A12 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", "throttled "},
        {"BAD Request is throttled. Suggested Backoff Time: 178755 milliseconds", "throttled "},
        {"Request is throttled. Suggested Backoff Time: 299961 milliseconds", "throttled "},
        {"Office365 says: \"Request is throttled.", "throttled "},
        {"User is authenticated but not connected", "not-connected "},
        {"NO Maximum size of appendable message has been exceeded", "too-big "},
        {"NO Folder name is reserved", "folder-reserved "},
        {"BAD Command Argument Error 11", "argument-error fetch-argument-error "},
        {"BAD Command Argument Error. 11", "argument-error fetch-argument-error "},
        {"Couldn't create folder [trash] \"Mailbox already exists\".", "folder-exists "},
        {"5 NO LOGIN failed.", "sign-in-refused "},
        {"LOGIN failed", "sign-in-refused "},
        {"* BYE Connection closed. 14", "connection-closed "},
        {"BYE Connection closed", "connection-closed "},
        {"* BYE Session invalidated - AccessTokenExpired", "token-expired "},
        {"NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", "bandwidth "},
        {"a OK Success [THROTTLED]", "throttled "},
        {"NO [LIMIT] UID FETCH Rate limit hit.", "rate-limit "},
        {"The sync fails with many \"Trying command when NOT connected!\".", "connection-lost "},
        {"DEBUG: IO/Socket/SSL.pm:1043: local error: SSL read error", "tls "},
        {"- msg INBOX/12 {4} could not append ( Subject:[x] ) to folder X: 9 BAD Command "
         "Argument Error. 11",
         "argument-error fetch-argument-error "},
        {"- msg INBOX/12 {4} could not append ( Subject:[x] ) to folder X: 9 BAD odd",
         "append-refused "},
        {"a message for X [server said: [TOOBIG] no]", "too-big "},
        {"x [server said: User is authenticated but not connected.]", "not-connected "},
        {"Host1 failure: can not open imap connection on [x]", "connect "},
        {"could not add flags", "flags-not-added "},
        {"Maximum bytes transferred reached, 10 >= 5", "transfer-limit "},
        {"Quota limit will be exceeded", "quota-words "},
        {"Subject: Retrieval using the IMAP4 protocol failed for the following message: 20004",
         "placeholder "},
        {"the source server x takes no passwords (LOGINDISABLED, and no AUTH=PLAIN).",
         "password-off "},
        {"AADSTS7000222: The provided client secret keys are expired", "aadsts-secret "},
        {"AADSTS65001: The user or administrator has not consented", "aadsts-consent "},
        {"AADSTS50076: due to a configuration change", "aadsts-policy "},
        {"getaddrinfo: Name or service not known", "resolve "},
        {"connect: Connection refused", "connect "},
        {"the connection to x timed out", "timeout "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct diagnosis *found[8];
        char ids[400] = "";
        size_t count = diagnosis_explain(rows[i].line, found, COUNT(found));
        for (size_t k = 0; k < count; k++)
            (void)snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%s ", found[k]->id);
        if (strcmp(ids, rows[i].ids) != 0)
            fail_msg("row %zu (%s): %s, not %s", i, rows[i].line, ids, rows[i].ids);
    }
    const struct diagnosis *one[1];
    assert_int_equal(diagnosis_explain("BAD Command Argument Error. 11", one, 1), 1);
}

/* Every sample, as it stands in a log, is explained by what the program does about it. */
static void test_explained_is_what_is_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        const struct sample *row = &samples[i];
        const struct diagnosis *found[8];
        char line[300];
        struct diagnosis_question question = {2, row->command, false, row->code, row->text, ""};
        bool is_exact;
        bool is_there = false;
        const struct diagnosis *done = diagnosis_find(&question, &is_exact);
        (void)snprintf(line, sizeof(line), "A7 NO %s%s%s %s", row->code[0] == '\0' ? "" : "[",
                       row->code, row->code[0] == '\0' ? "" : "]", row->text);
        size_t count = diagnosis_explain(line, found, COUNT(found));
        for (size_t k = 0; k < count; k++)
            is_there = is_there || strcmp(found[k]->title, done->title) == 0;
        if (is_exact && !is_there)
            fail_msg("row %zu (%s)", i, line);
    }
}

static void test_outage(void **state)
{
    (void)state;
    assert_false(diagnosis_is_outage(0, 0));
    assert_false(diagnosis_is_outage(1, 0));
    assert_false(diagnosis_is_outage(2, 0));
    assert_true(diagnosis_is_outage(3, 0));
    assert_true(diagnosis_is_outage(3, 2));
    assert_false(diagnosis_is_outage(3, 3));
    assert_false(diagnosis_is_outage(40, 400));
    assert_true(diagnosis_is_outage(400, 40));
}

/* Any bytes are taken, at their full length. */
static void test_long_and_odd_words(void **state)
{
    char *text = mem_alloc(100001);
    const struct diagnosis *found[8];
    (void)state;
    for (int c = 1; c < 256; c++) {
        memset(text, c, 3000);
        text[3000] = '\0';
        assert_non_null(find(A, false, text, text, text));
        (void)diagnosis_explain(text, found, COUNT(found));
    }
    for (size_t i = 0; i < 100000; i++)
        text[i] = "\"'[<`* ]NO BYE|"[i % 15];
    text[100000] = '\0';
    assert_string_equal(find(A, false, "", text, "")->id, "message-refused");
    (void)diagnosis_explain(text, found, COUNT(found));
    memset(text, ' ', 99900);
    (void)snprintf(text + 99900, 100, "please try again later");
    assert_string_equal(find(A, false, "", text, "")->id, "server-unavailable");
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_not_the_servers_words),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_each_row_has_a_sample),
        cmocka_unit_test(test_bye),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_backoff_times),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_every_fault_has_a_row),
        cmocka_unit_test(test_split_words),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_explained_is_what_is_done),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_long_and_odd_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
