/* SPDX-License-Identifier: MIT */
#include "sync/selection.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/session.h"
#include "sync/verdict.h"

/* A search text, "CHARSET" and two ages. */
#define CRITERION_MAX_BYTES (CRITERIA_SEARCH_MAX_BYTES + 200)

/* -- rules -- */

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t")] == '\0';
}

void selection_rules_init(struct selection_rules *rules, const struct settings *settings, int side,
                          bool with_ages, int64_t now_secs)
{
    const struct settings_side *own = &settings->side[side - 1];
    struct buffer text;
    memset(rules, 0, sizeof(*rules));
    if (with_ages)
        rules->ages = criteria_ages(settings, now_secs);
    buffer_init(&text, CRITERION_MAX_BYTES);
    criteria_append(own->search, &rules->ages, &text);
    if (text.used > 0)
        rules->criterion = mem_strdup(buffer_str(&text));
    buffer_deinit(&text);
    rules->is_of_ages = rules->criterion != NULL && is_blank(own->search);
    rules->may_search = own->abletosearch;
    rules->with_check = settings->checknoabletosearch && own->abletosearch;
    rules->may_grow = rules->criterion != NULL && (!rules->is_of_ages || rules->ages.has_before);
}

void selection_rules_deinit(struct selection_rules *rules)
{
    mem_free(rules->criterion);
    memset(rules, 0, sizeof(*rules));
}

bool selection_rules_are_given(const struct selection_rules *rules)
{
    return rules->criterion != NULL;
}

/* -- asking -- */

void selection_init(struct selection *selection, const struct selection_rules *rules)
{
    memset(selection, 0, sizeof(*selection));
    selection->rules = rules;
}

void selection_deinit(struct selection *selection)
{
    uid_ranges_deinit(&selection->all.found);
    uid_ranges_deinit(&selection->chosen.found);
    uid_ranges_deinit(&selection->by_date);
    memset(selection, 0, sizeof(*selection));
}

/* RFC 4731: ranges, or a number, instead of each UID. Those below first_uid come along where a
   CHARSET has to stand first. */
static void search_send(struct selection_search *search, struct imap_client *client,
                        const char *result, uint32_t first_uid, const char *criterion)
{
    bool has_charset = str_istarts_with(criterion, "CHARSET ");
    search->is_sent = true;
    imap_client_begin(client, false);
    imap_client_add(client, "UID SEARCH ");
    if (imap_client_can(client, IMAP_CAP_ESEARCH))
        imap_client_add(client, "RETURN (%s) ", result);
    if (first_uid > 1 && !has_charset)
        imap_client_add(client, "UID %u:* ", first_uid);
    imap_client_add(client, "%s", criterion);
    imap_client_end(client, imap_answer_callback, &search->answer, 0);
}

static void selection_send_check(struct selection *selection, struct imap_client *client)
{
    search_send(&selection->all, client, "COUNT", selection->first_uid, "ALL");
}

void selection_send(struct selection *selection, struct imap_client *client, uint32_t first_uid)
{
    const struct selection_rules *rules = selection->rules;
    selection->first_uid = first_uid;
    if (!rules->may_search)
        return;
    search_send(&selection->chosen, client, "ALL", first_uid, rules->criterion);
    /* Plain SEARCH responses don't tell which command they answer. */
    if (rules->with_check && imap_client_can(client, IMAP_CAP_ESEARCH))
        selection_send_check(selection, client);
}

bool selection_wants_dates(const struct selection *selection)
{
    return selection->rules->is_of_ages;
}

/* -- what comes -- */

/* "SEARCH 2 3 6" of RFC 3501 section 7.2.5. */
static void search_take_plain(struct selection_search *search, const struct imap_response *response)
{
    uint64_t uid;
    for (size_t i = 0; i < response->token_count; i = imap_token_next(response->tokens, i)) {
        /* "(MODSEQ 917)" may stand at the end (RFC 7162 section 3.1.5). */
        if (imap_token_uint64(&response->tokens[i], UINT32_MAX, &uid) && uid != 0)
            uid_ranges_add(&search->found, (uint32_t)uid, (uint32_t)uid);
    }
    search->count = search->found.uids;
    search->has_result = true;
}

static void search_take_set(struct selection_search *search, const struct imap_token *set)
{
    struct uidset_reader reader;
    uint32_t first;
    uint32_t last;
    uidset_reader_init(&reader, set->data, set->size);
    while (uidset_reader_next(&reader, &first, &last))
        uid_ranges_add(&search->found, first, last);
    if (reader.at != reader.end)
        search->found.is_overflown = true;
}

/* "ESEARCH (TAG "A2") UID ALL 4:18,21" or "... UID COUNT 17" (RFC 9051 section 7.3.4): the check
   alone asks for a COUNT. Without either nothing was found. */
static void selection_take_extended(struct selection *selection,
                                    const struct imap_response *response)
{
    const struct imap_token *tokens = response->tokens;
    struct selection_search *search = &selection->chosen;
    for (size_t i = 0; i < response->token_count; i = imap_token_next(tokens, i)) {
        size_t value = imap_token_next(tokens, i);
        if (value < response->token_count && imap_token_is(&tokens[i], "ALL")) {
            search_take_set(search, &tokens[value]);
        } else if (value < response->token_count && imap_token_is(&tokens[i], "COUNT")) {
            search = &selection->all;
            search->found.is_overflown = !imap_token_uint64(&tokens[value], UINT32_MAX,
                                                            &search->count);
        }
    }
    search->has_result = true;
}

void selection_take(struct selection *selection, const struct imap_response *response)
{
    if (str_iequals_n(response->name, response->name_size, "ESEARCH"))
        selection_take_extended(selection, response);
    else if (str_iequals_n(response->name, response->name_size, "SEARCH"))
        search_take_plain(selection->all.is_sent ? &selection->all : &selection->chosen, response);
}

void selection_take_date(struct selection *selection, uint32_t uid, int64_t seconds)
{
    if (selection_wants_dates(selection) && criteria_ages_take(&selection->rules->ages, seconds))
        uid_ranges_add(&selection->by_date, uid, uid);
}

/* -- the end -- */

/* Only what is about this folder's search is its fault. */
static bool search_is_fine(const struct selection *selection, const struct selection_search *search,
                           const struct session *session, const char *name, struct fault *fault_r)
{
    char server[sizeof(fault_r->server)] = "";
    bool is_answered = search->answer.status == IMAP_STATUS_OK;
    if (is_answered && search->has_result && !search->found.is_overflown)
        return true;
    if (!is_answered) {
        session_judge(session, VERDICT_FETCH, &search->answer, name, fault_r);
        if (fault_r->scope != FAULT_SCOPE_MESSAGE)
            return false;
        memcpy(server, fault_r->server, sizeof(server));
    }
    fault_set(fault_r, FAULT_LISTING, FAULT_SCOPE_FOLDER,
              is_answered ? FAULT_ADVICE_RETRY : FAULT_ADVICE_NEVER, session->side,
              "the %s server %s \"%.200s\" in the folder %s; the folder was left alone",
              session->side == 1 ? "source" : "destination",
              is_answered ? "gave no result for the search" : "refused the search",
              search == &selection->all ? "ALL" : selection->rules->criterion, name);
    fault_set_server(fault_r, server, strlen(server));
    return false;
}

/* Less than there is, though nothing went away meanwhile. */
static bool search_finds_too_little(const struct selection *selection,
                                    const struct session *session, uint64_t listed)
{
    const struct imap_mailbox *mailbox = imap_client_mailbox(session->client);
    uint64_t least = mailbox->exists_at_open > mailbox->expunged
                         ? mailbox->exists_at_open - mailbox->expunged
                         : 0;
    return selection->all.count < (selection->first_uid > 1 ? listed : least);
}

/* An end of the folder is not looked at any further: see selection_finish(). */
static bool selection_doubt(struct selection *selection, const struct session *session,
                            const char *name, struct fault *fault_r)
{
    unsigned long long exists = imap_client_mailbox(session->client)->exists;
    unsigned long long found = selection->all.count;
    const char *side = session->side == 1 ? "source" : "destination";
    if (!selection->rules->is_of_ages || selection->first_uid > 1) {
        fault_set(fault_r, FAULT_LISTING, FAULT_SCOPE_FOLDER, FAULT_ADVICE_NEVER, session->side,
                  "the %s server can't search the folder %s: SEARCH ALL finds %llu of %llu "
                  "messages; --maxage and --minage work there, --search%d does not",
                  side, name, found, exists, session->side);
        return false;
    }
    log_line(session->log,
             "folder %s: the %s server can't search it (SEARCH ALL finds %llu of %llu messages); "
             "ages are those of arrival",
             name, side, found, exists);
    selection->is_by_date = true;
    return true;
}

static bool search_await(const struct selection_search *search, struct session *session,
                         struct fault *fault_r)
{
    return !search->is_sent ||
           imap_loop_await(session->loop, session->client, &search->answer, fault_r);
}

bool selection_await(struct selection *selection, struct session *session, struct fault *fault_r)
{
    return search_await(&selection->chosen, session, fault_r) &&
           search_await(&selection->all, session, fault_r);
}

/* Of nothing nothing can be said; to some servers that is an error. */
static bool selection_is_empty(const struct session *session)
{
    return imap_client_mailbox(session->client)->exists == 0;
}

bool selection_complete(struct selection *selection, struct session *session, struct fault *fault_r)
{
    if (!selection_await(selection, session, fault_r))
        return false;
    if (!selection->chosen.is_sent || !selection->rules->with_check || selection->all.is_sent ||
        selection_is_empty(session))
        return true;
    selection_send_check(selection, session->client);
    return search_await(&selection->all, session, fault_r);
}

bool selection_finish(struct selection *selection, struct session *session, uint64_t listed,
                      const char *name, struct fault *fault_r)
{
    uid_ranges_sort(&selection->chosen.found);
    uid_ranges_sort(&selection->by_date);
    selection->is_by_date = !selection->chosen.is_sent;
    if (selection->is_by_date || selection_is_empty(session))
        return true;
    if (selection->all.is_sent) {
        if (!search_is_fine(selection, &selection->all, session, name, fault_r))
            return false;
        if (search_finds_too_little(selection, session, listed))
            return selection_doubt(selection, session, name, fault_r);
    }
    return search_is_fine(selection, &selection->chosen, session, name, fault_r);
}

bool selection_holds(const struct selection *selection, uint32_t uid)
{
    return uid_ranges_hold(selection->is_by_date ? &selection->by_date : &selection->chosen.found,
                           uid);
}
