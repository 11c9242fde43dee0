/* SPDX-License-Identifier: MIT */
#include "sync/auth/token_check.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sync/auth/clouds.h"
#include "sync/auth/jwt.h"

#define CLAIMS_MAX_BYTES ((size_t)64 * 1024)
#define WORD_MAX_BYTES   100
#define ID_BYTES         36 /* 8d6a6b8e-3f1c-4b7e-9f5e-000000000001 */

struct finding {
    struct buffer *text;
    size_t before; /* of the text */
};

static void begin(struct finding *finding)
{
    if (finding->text->used > finding->before)
        buffer_append_str(finding->text, "; ");
}

static void append_word(struct buffer *text, const char *word)
{
    size_t size = word == NULL ? 0 : strlen(word);
    str_append_printable(text, size == 0 ? "" : word,
                         size < WORD_MAX_BYTES ? size : WORD_MAX_BYTES);
}

/* A word of a list that is separated by blanks. */
static bool has_word(const char *list, const char *word)
{
    size_t size = strlen(word);
    while (list != NULL && *list != '\0') {
        size_t next = strcspn(list, " ");
        if (next == size && str_iequals_n(list, next, word))
            return true;
        list += next;
        list += strspn(list, " ");
    }
    return false;
}

static bool has_role(json_t *roles, const char *role)
{
    size_t i;
    json_t *item;
    json_array_foreach(roles, i, item)
    {
        const char *text = json_string_value(item);
        if (text != NULL && strcmp(text, role) == 0)
            return true;
    }
    return false;
}

static void check_audience(struct finding *finding, json_t *claims)
{
    char audience[WORD_MAX_BYTES];
    const char *given = json_string_value(json_object_get(claims, "aud"));
    size_t size = given == NULL ? 0 : strlen(given);
    while (size > 0 && given[size - 1] == '/')
        size--;
    (void)snprintf(audience, sizeof(audience), "%.*s", (int)size, given == NULL ? "" : given);
    if (cloud_is_audience(audience))
        return;
    begin(finding);
    buffer_append_str(finding->text, "it is for ");
    append_word(finding->text, given);
    buffer_append_str(finding->text, ", not for Exchange: ask for the scope "
                                     "https://outlook.office365.com/.default (app) or "
                                     "https://outlook.office.com/IMAP.AccessAsUser.All (user)");
}

static void check_rights(struct finding *finding, json_t *claims)
{
    json_t *roles = json_object_get(claims, "roles");
    const char *scopes = json_string_value(json_object_get(claims, "scp"));
    if (has_role(roles, "IMAP.AccessAsApp") || has_word(scopes, "IMAP.AccessAsUser.All"))
        return;
    begin(finding);
    buffer_append_str(
        finding->text,
        scopes != NULL ? "it lacks the permission IMAP.AccessAsUser.All: add it (delegated), and "
                         "sign in once more"
                       : "it lacks the role IMAP.AccessAsApp: add that application permission "
                         "of Office 365 Exchange Online and grant admin consent");
}

static void check_time(struct finding *finding, json_t *claims, int64_t now_secs)
{
    json_int_t expires = json_integer_value(json_object_get(claims, "exp"));
    char time[CLOCK_ISO8601_SIZE];
    if (expires <= 0 || expires > INT64_MAX / 1000 || expires > now_secs)
        return;
    clock_format((int64_t)expires * 1000, time);
    begin(finding);
    buffer_printf(finding->text, "it ran out at %s: get another one", time);
}

static void check_tenant(struct finding *finding, json_t *claims, const char *tenant)
{
    const char *given = json_string_value(json_object_get(claims, "tid"));
    if (given == NULL || tenant == NULL || strlen(tenant) != ID_BYTES || str_iequals(given, tenant))
        return;
    begin(finding);
    buffer_append_str(finding->text, "it is of the tenant ");
    append_word(finding->text, given);
    buffer_append_str(finding->text, ", not of that of the profile");
}

static void describe(struct buffer *text, json_t *claims)
{
    const char *scopes = json_string_value(json_object_get(claims, "scp"));
    buffer_append_str(text, "for ");
    append_word(text, json_string_value(json_object_get(claims, "aud")));
    buffer_append_str(text, scopes != NULL ? ", IMAP.AccessAsUser.All" : ", IMAP.AccessAsApp");
}

enum token_verdict token_check(const char *access, const char *tenant, int64_t now_secs,
                               struct buffer *text)
{
    struct buffer json;
    struct finding finding = {text, text->used};
    buffer_init_secret(&json, CLAIMS_MAX_BYTES);
    json_t *claims = NULL;
    if (jwt_append_claims(access, &json))
        claims = json_loadb((const char *)json.data, json.used, 0, NULL);
    buffer_deinit(&json);
    if (!json_is_object(claims)) {
        json_decref(claims);
        return TOKEN_UNREADABLE;
    }
    check_audience(&finding, claims);
    check_rights(&finding, claims);
    check_time(&finding, claims, now_secs);
    check_tenant(&finding, claims, tenant);
    bool is_bad = text->used > finding.before;
    if (!is_bad)
        describe(text, claims);
    json_decref(claims);
    return is_bad ? TOKEN_BAD : TOKEN_GOOD;
}
