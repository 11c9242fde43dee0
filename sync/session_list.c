/* SPDX-License-Identifier: MIT
 * NAMESPACE, LIST, LSUB and STATUS of one side (RFC 9051 sections 6.3.9 to 6.3.11, RFC 2342). */
#include "sync/session_list.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define STATUS_IN_FLIGHT_MAX 64
#define ID_MAX_BYTES         4096

static void take_attributes(const struct imap_token *list, unsigned int *attributes)
{
    if (list->type != IMAP_TOKEN_LIST)
        return;
    for (size_t i = 1; i <= list->inside; i++)
        *attributes |= folder_attribute_parse(list[i].data, list[i].size);
}

/* "LIST (attributes) separator name", RFC 9051 section 7.3.1; LSUB alike. */
static bool take_list(struct folder_list *folders, const struct imap_response *response,
                      bool is_lsub)
{
    const struct imap_token *tokens = response->tokens;
    unsigned int attributes = 0;
    char separator = '\0';
    if (response->token_count < 3 || tokens[0].type != IMAP_TOKEN_LIST)
        return false;
    take_attributes(&tokens[0], &attributes);
    size_t i = imap_token_next(tokens, 0);
    if (i + 1 >= response->token_count || !imap_token_is_string(&tokens[i + 1]))
        return false;
    if (tokens[i].type != IMAP_TOKEN_NIL) {
        char *text = imap_token_strdup(&tokens[i]);
        separator = text[0];
        mem_free(text);
    }
    char *name = imap_token_strdup(&tokens[i + 1]);
    bool is_added = true;
    if (is_lsub) {
        /* LSUB also names folders that are gone: it adds to known ones only. */
        struct folder *folder = folder_list_find(folders, name);
        if (folder != NULL && (attributes & FOLDER_NOSELECT) == 0)
            folder->attributes |= FOLDER_SUBSCRIBED;
    } else {
        is_added = folder_list_add(folders, name, strlen(name), separator, attributes) != NULL;
    }
    mem_free(name);
    return is_added;
}

/* "STATUS name (MESSAGES 3 ...)" */
static void take_status(struct folder_list *folders, const struct imap_response *response)
{
    const struct imap_token *tokens = response->tokens;
    if (response->token_count < 2 || !imap_token_is_string(&tokens[0]) ||
        tokens[1].type != IMAP_TOKEN_LIST)
        return;
    char *name = imap_token_strdup(&tokens[0]);
    struct folder *folder = folder_list_find(folders, name);
    mem_free(name);
    if (folder == NULL)
        return;
    for (size_t i = 2; i + 1 < response->token_count; i += 2) {
        uint64_t number;
        if (!imap_token_uint64(&tokens[i + 1], UINT64_MAX, &number))
            continue;
        if (imap_token_is(&tokens[i], "MESSAGES")) {
            folder->messages = number;
            folder->has_status = true;
        } else if (imap_token_is(&tokens[i], "UIDVALIDITY") && number <= UINT32_MAX) {
            folder->uid_validity = (uint32_t)number;
        } else if (imap_token_is(&tokens[i], "UIDNEXT") && number <= UINT32_MAX) {
            folder->uid_next = (uint32_t)number;
        } else if (imap_token_is(&tokens[i], "HIGHESTMODSEQ")) {
            folder->mod_seq = number;
        }
    }
}

/* One class of namespaces, e.g. (("INBOX." ".")), RFC 2342 section 6. */
static void take_namespace_class(struct folder_list *folders, const struct imap_token *list,
                                 bool is_personal)
{
    if (list->type != IMAP_TOKEN_LIST)
        return;
    for (size_t i = 1; i <= list->inside; i = imap_token_next(list, i)) {
        if (list[i].type != IMAP_TOKEN_LIST || list[i].inside < 2)
            continue;
        char *prefix = imap_token_strdup(&list[i + 1]);
        char *separator = imap_token_strdup(&list[i + 2]);
        if (!is_personal) {
            folder_list_add_foreign_prefix(folders, prefix, strlen(prefix));
        } else if (!folders->has_namespace) {
            folders->has_namespace = true;
            folders->prefix = mem_strdup(prefix);
            folders->separator = separator[0];
        }
        mem_free(prefix);
        mem_free(separator);
    }
}

static void take_namespace(struct folder_list *folders, const struct imap_response *response)
{
    size_t i = 0;
    for (int class = 0; class < 3 && i < response->token_count; class ++) {
        take_namespace_class(folders, &response->tokens[i], class == 0);
        i = imap_token_next(response->tokens, i);
    }
}

/* Pairs of strings, RFC 2971 section 3.2: who the server says it is. */
static void take_id(const struct session *session, const struct imap_response *response)
{
    const struct imap_token *list = response->tokens;
    struct buffer text;
    if (response->token_count == 0 || list->type != IMAP_TOKEN_LIST)
        return;
    buffer_init(&text, ID_MAX_BYTES);
    for (size_t i = 1; i + 1 <= list->inside; i += 2) {
        if (!imap_token_is_string(&list[i]) || !imap_token_is_string(&list[i + 1]))
            continue;
        char *name = imap_token_strdup(&list[i]);
        char *value = imap_token_strdup(&list[i + 1]);
        buffer_printf(&text, "%s%s %s", text.used == 0 ? "" : ", ", name, value);
        mem_free(name);
        mem_free(value);
    }
    log_line(session->log, "host%d says it is %s", session->side, buffer_str(&text));
    buffer_deinit(&text);
}

static enum imap_taken session_untagged(void *context, const struct imap_response *response)
{
    struct session *session = context;
    const char *name = response->name;
    size_t size = response->name_size;
    bool is_good = true;
    if (str_iequals_n(name, size, "LIST"))
        is_good = take_list(&session->folders, response, false);
    else if (str_iequals_n(name, size, "LSUB"))
        is_good = take_list(&session->folders, response, true);
    else if (str_iequals_n(name, size, "STATUS"))
        take_status(&session->folders, response);
    else if (str_iequals_n(name, size, "NAMESPACE"))
        take_namespace(&session->folders, response);
    else if (str_iequals_n(name, size, "ID"))
        take_id(session, response);
    if (!is_good)
        session->is_list_bad = true;
    return IMAP_TAKEN;
}

/* HIGHESTMODSEQ is known to servers with CONDSTORE alone, and makes them count changes of flags
   from now on. */
static const char *status_items(const struct imap_client *client)
{
    return imap_client_can(client, IMAP_CAP_CONDSTORE)
               ? "MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ"
               : "MESSAGES UIDNEXT UIDVALIDITY";
}

/* With LIST-EXTENDED one command tells all; else LSUB knows the subscriptions. */
static void send_list(struct session *session)
{
    struct imap_client *client = session->client;
    struct imap_answer *list = &session->answer;
    struct imap_answer *lsub = &session->lsub_answer;
    char status[100] = "";
    if (!imap_client_can(client, IMAP_CAP_LIST_EXTENDED)) {
        imap_client_command(client, imap_answer_callback, list, "LIST \"\" \"*\"");
        imap_client_command(client, imap_answer_callback, lsub, "LSUB \"\" \"*\"");
        return;
    }
    if (session->status != SESSION_STATUS_NONE && imap_client_can(client, IMAP_CAP_LIST_STATUS))
        (void)snprintf(status, sizeof(status), " STATUS (%s)", status_items(client));
    imap_client_command(
        client, imap_answer_callback, list, "LIST \"\" \"*\" RETURN (SUBSCRIBED%s%s)",
        imap_client_can(client, IMAP_CAP_SPECIAL_USE) ? " SPECIAL-USE" : "", status);
    lsub->is_done = true;
    lsub->status = IMAP_STATUS_OK;
}

static void qresync_answered(void *context, uint32_t number, const struct imap_reply *reply)
{
    struct session *session = context;
    (void)number;
    session->has_qresync = reply->status == IMAP_STATUS_OK;
}

void session_list_send(struct session *session)
{
    struct imap_client *client = session->client;
    struct imap_events events = {session, session_untagged, NULL, NULL, NULL, NULL};
    imap_client_set_events(client, &events);
    if (imap_client_can(client, IMAP_CAP_ID) && session->settings->id)
        imap_client_command(client, NULL, NULL, "ID (\"name\" \"mailconvoy\")");
    /* A run after the first asks what is gone. */
    if (session->status == SESSION_STATUS_ALL && imap_client_can(client, IMAP_CAP_QRESYNC))
        imap_client_command(client, qresync_answered, session, "ENABLE QRESYNC");
    if (imap_client_can(client, IMAP_CAP_NAMESPACE))
        imap_client_command(client, NULL, NULL, "NAMESPACE");
    send_list(session);
}

bool session_list_more_status(struct session *session)
{
    struct imap_client *client = session->client;
    const struct folder_list *folders = &session->folders;
    for (; session->status == SESSION_STATUS_ALL && session->status_next < folders->count;
         session->status_next++) {
        const struct folder *folder = &folders->items[session->status_next];
        if ((folder->attributes & FOLDER_NOSELECT) != 0 || folder->has_status)
            continue;
        if (imap_client_pending(client) >= STATUS_IN_FLIGHT_MAX)
            return false;
        imap_client_begin(client, false);
        imap_client_add(client, "STATUS ");
        imap_client_add_string(client, folder->name);
        imap_client_add(client, " (%s)", status_items(client));
        imap_client_end(client, NULL, NULL, 0);
    }
    return imap_client_pending(client) == 0;
}
