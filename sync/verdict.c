/* SPDX-License-Identifier: MIT */
#include "sync/verdict.h"

#include <string.h>

#include "base/str.h"

#define VERDICT_DEFAULT_WAIT_MSECS 30000
#define VERDICT_MAX_WAIT_MSECS     (24 * 3600 * 1000LL)

static const char *const side_names[] = {"", "source", "destination"};

int64_t verdict_backoff_msecs(const char *text)
{
    const char *at = str_ifind(text, "Backoff Time:");
    uint64_t msecs;
    if (at == NULL)
        return 0;
    at += strlen("Backoff Time:");
    at += strspn(at, " ");
    if (!str_to_uint64(at, strspn(at, "0123456789"), VERDICT_MAX_WAIT_MSECS, &msecs))
        return 0;
    return (int64_t)msecs;
}

static bool says_any(const struct verdict_question *question, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (str_ifind(question->text, *words) != NULL)
            return true;
    }
    return false;
}

static bool has_code(const struct verdict_question *question, const char *code)
{
    size_t size = strlen(code);
    return str_istarts_with(question->code, code) &&
           (question->code[size] == '\0' || question->code[size] == ' ');
}

static bool is_too_big(const struct verdict_question *question)
{
    static const char *const words[] = {"Maximum size of appendable message",
                                        "exceeds the maximum",
                                        "larger than the maximum",
                                        "maximum message size",
                                        "Data length exceeds limit",
                                        "Message too long",
                                        "Message too large",
                                        "message is too big",
                                        "size limit",
                                        NULL};
    return question->command == VERDICT_APPEND &&
           (has_code(question, "TOOBIG") || says_any(question, words));
}

/* Gmail says OVERQUOTA for its bandwidth limits, which pass by themselves. */
static bool is_throttle(const struct verdict_question *question)
{
    static const char *const words[] = {"is throttled",
                                        "Backoff Time",
                                        "Rate limit",
                                        "command or bandwidth limits",
                                        "Too many simultaneous connections",
                                        "Maximum number of connections",
                                        "Server Unavailable",
                                        "Server busy",
                                        "try again later",
                                        NULL};
    return has_code(question, "THROTTLED") || has_code(question, "LIMIT") ||
           has_code(question, "INUSE") || has_code(question, "UNAVAILABLE") ||
           says_any(question, words);
}

static bool is_quota(const struct verdict_question *question)
{
    static const char *const words[] = {"over quota", "quota exceeded", "mailbox is full",
                                        "exceeded the quota", NULL};
    if (has_code(question, "OVERQUOTA"))
        return true;
    /* Answers to other commands may hold a folder's name, which may be anything. */
    return question->command == VERDICT_APPEND &&
           (says_any(question, words) || (str_ifind(question->text, "mailbox") != NULL &&
                                          str_ifind(question->text, "is full") != NULL));
}

/* Exchange signs in first and looks for the mailbox afterwards. */
static bool is_without_mailbox(const struct verdict_question *question)
{
    return str_ifind(question->text, "authenticated but not connected") != NULL;
}

/* The server has ended the session without closing the connection (yet). */
static bool is_session_over(const struct verdict_question *question)
{
    static const char *const words[] = {"Session invalidated", "AccessTokenExpired",
                                        "Session expired", "received in Invalid state", NULL};
    return question->command != VERDICT_LOGIN && says_any(question, words);
}

static void judge_by_command(const struct verdict_question *question, struct fault *fault_r)
{
    const char *side = side_names[question->side];
    switch (question->command) {
    case VERDICT_LOGIN:
        fault_set(fault_r, FAULT_AUTH, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, question->side,
                  "the %s server refused the sign-in of %s. Check user and password, and that IMAP "
                  "is allowed for this user",
                  side, question->subject);
        break;
    case VERDICT_LIST:
        fault_set(fault_r, FAULT_LISTING, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
                  question->side, "the %s server did not list its folders", side);
        break;
    case VERDICT_SELECT:
        fault_set(fault_r, FAULT_SELECT, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, question->side,
                  "the folder %s on the %s can't be opened", question->subject, side);
        break;
    case VERDICT_FETCH:
        fault_set(fault_r, FAULT_FETCH, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_RETRY, question->side,
                  "the %s server did not give a message of the folder %s", side, question->subject);
        break;
    case VERDICT_APPEND:
        if (has_code(question, "TRYCREATE") || has_code(question, "NONEXISTENT"))
            fault_set(fault_r, FAULT_APPEND, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, question->side,
                      "the folder %s on the %s is not there any more", question->subject, side);
        else
            fault_set(fault_r, FAULT_APPEND, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER,
                      question->side, "the %s server refused a message for the folder %s", side,
                      question->subject);
        break;
    case VERDICT_CREATE:
        fault_set(fault_r, FAULT_CREATE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, question->side,
                  "the folder %s can't be created on the %s. Choose another name with --f1f2 "
                  "OLD=NEW, or leave it out with --exclude",
                  question->subject, side);
        break;
    case VERDICT_DELETE:
        fault_set(fault_r, FAULT_DELETE, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, question->side,
                  "the %s server refused to delete in %s", side, question->subject);
        break;
    case VERDICT_STORE:
        fault_set(fault_r, FAULT_FLAGS, FAULT_SCOPE_FOLDER, FAULT_ADVICE_RETRY, question->side,
                  "the %s server refused flags of messages in %s. Leave out those it does not "
                  "know with --regexflag, or all but the usual ones with --systemflagsonly",
                  side, question->subject);
        break;
    case VERDICT_OTHER:
        fault_set(fault_r, FAULT_PROTOCOL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
                  question->side, "the %s server refused a command (%s)", side, question->subject);
        break;
    }
}

void verdict_judge(const struct verdict_question *question, struct fault *fault_r)
{
    const char *side = side_names[question->side];
    if (is_too_big(question)) {
        fault_set(fault_r, FAULT_TOO_BIG, FAULT_SCOPE_MESSAGE, FAULT_ADVICE_NEVER, question->side,
                  "a message for the folder %s is larger than the %s server accepts",
                  question->subject, side);
    } else if (is_throttle(question)) {
        int64_t wait_msecs = verdict_backoff_msecs(question->text);
        fault_set(fault_r, FAULT_THROTTLED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, question->side,
                  "the %s server asks to slow down. Run the same command again later to go on",
                  side);
        fault_r->wait_msecs = wait_msecs > 0 ? wait_msecs : VERDICT_DEFAULT_WAIT_MSECS;
    } else if (is_quota(question)) {
        fault_set(fault_r, FAULT_QUOTA, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, question->side,
                  "the mailbox on the %s is full. Raise its quota and run the same command again",
                  side);
    } else if (is_without_mailbox(question)) {
        fault_set(fault_r, FAULT_SELECT, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
                  question->side,
                  "the %s server signed the user in but can't open the mailbox. Check that it "
                  "exists, has a licence, and that this user may open it",
                  side);
    } else if (is_session_over(question)) {
        fault_set(fault_r, FAULT_CLOSED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_RECONNECT,
                  question->side,
                  "the %s server ended the session. Run the same command again to go on", side);
    } else {
        judge_by_command(question, fault_r);
    }
    fault_set_server(fault_r, question->text, strlen(question->text));
}
