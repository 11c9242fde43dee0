/* SPDX-License-Identifier: MIT */
#include "sync/auth/oauth.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/diagnoses.h"
#include "base/mem.h"
#include "base/str.h"

#define MARGIN_SECS           300
#define SESSION_MARGIN_SECS   120
#define DEFAULT_LIFETIME_SECS 3600 /* RFC 6749 section 5.1 lets a service leave it out */
#define MAX_LIFETIME_SECS     (7 * 86400)
#define THROTTLE_SECS         30
#define MAX_THROTTLE_SECS     3600
#define WORDS_MAX_BYTES       1024

/* -- requests -- */

/* application/x-www-form-urlencoded; so are the parameters of a URL. */
static void append_encoded(struct buffer *form, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            buffer_append_byte(form, (unsigned char)*text);
        else
            buffer_printf(form, "%%%02X", (unsigned int)(unsigned char)*text);
    }
}

static void add(struct buffer *form, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buffer_printf(form, "%s%s=", form->used == 0 ? "" : "&", name);
    append_encoded(form, value);
}

static void add_client(struct buffer *form, const struct oauth_client *client)
{
    add(form, "client_id", client->profile->client_id);
    add(form, "client_secret", client->secret);
    if (client->assertion == NULL)
        return;
    add(form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    add(form, "client_assertion", client->assertion);
}

void oauth_form_of_app(const struct oauth_client *client, struct buffer *form)
{
    add(form, "grant_type", "client_credentials");
    add_client(form, client);
    add(form, "scope", client->profile->scope);
}

static bool is_google(const struct profile *profile)
{
    return profile->cloud != NULL && !profile->cloud->is_microsoft;
}

/* Google takes the scope of the consent; asking for it again is an error there. */
void oauth_form_of_refresh(const struct oauth_client *client, const char *refresh_token,
                           struct buffer *form)
{
    add(form, "grant_type", "refresh_token");
    add_client(form, client);
    add(form, "refresh_token", refresh_token);
    if (!is_google(client->profile))
        add(form, "scope", client->profile->scope);
}

void oauth_form_of_assertion(const char *assertion, struct buffer *form)
{
    add(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    add(form, "assertion", assertion);
}

void oauth_form_of_device(const struct oauth_client *client, struct buffer *form)
{
    add(form, "client_id", client->profile->client_id);
    add(form, "scope", client->profile->scope);
}

void oauth_form_of_device_code(const struct oauth_client *client, const char *device_code,
                               struct buffer *form)
{
    add(form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    add_client(form, client);
    add(form, "device_code", device_code);
}

void oauth_form_of_code(const struct oauth_client *client, const char *code, const char *verifier,
                        const char *redirect_uri, struct buffer *form)
{
    add(form, "grant_type", "authorization_code");
    add_client(form, client);
    add(form, "code", code);
    add(form, "code_verifier", verifier);
    add(form, "redirect_uri", redirect_uri);
}

void oauth_append_authorize_url(const struct profile *profile, const char *redirect_uri,
                                const char *state, const char *challenge, struct buffer *url)
{
    struct buffer query;
    buffer_init(&query, (size_t)16 * 1024);
    add(&query, "client_id", profile->client_id);
    add(&query, "response_type", "code");
    add(&query, "redirect_uri", redirect_uri);
    add(&query, "scope", profile->scope);
    add(&query, "state", state);
    add(&query, "code_challenge", challenge);
    add(&query, "code_challenge_method", "S256");
    add(&query, "login_hint", profile->user);
    if (is_google(profile)) { /* else no refresh token comes along */
        add(&query, "access_type", "offline");
        add(&query, "prompt", "consent");
    }
    buffer_printf(url, "%s%c%s", profile->authorize_url,
                  strchr(profile->authorize_url, '?') == NULL ? '?' : '&', buffer_str(&query));
    buffer_deinit(&query);
}

/* -- answers -- */

static const char *text_of(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A number, or one in quotes, as some services send it. */
static int64_t number_of(json_t *object, const char *name, int64_t otherwise, int64_t max)
{
    json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    uint64_t number = 0;
    if (json_is_integer(value) && json_integer_value(value) > 0)
        number = (uint64_t)json_integer_value(value);
    else if (text == NULL || !str_to_uint64(text, strlen(text), (uint64_t)max, &number))
        return otherwise;
    return number == 0 ? otherwise : number > (uint64_t)max ? max : (int64_t)number;
}

/* A service's words: one line, without what only its own people can use. */
static void set_words(struct fault *fault, json_t *object)
{
    const char *error = text_of(object, "error");
    const char *description = text_of(object, "error_description");
    struct buffer words;
    buffer_init(&words, WORDS_MAX_BYTES);
    if (description != NULL) {
        const char *trace = strstr(description, " Trace ID:");
        size_t size = trace == NULL ? strlen(description) : (size_t)(trace - description);
        str_append_printable(&words, description,
                             size < WORDS_MAX_BYTES / 4 ? size : WORDS_MAX_BYTES / 4);
    }
    if (error != NULL && strlen(error) < WORDS_MAX_BYTES / 8) {
        buffer_append_str(&words, words.used == 0 ? "" : " (");
        str_append_printable(&words, error, strlen(error));
        buffer_append_str(&words, description == NULL ? "" : ")");
    }
    fault_set_server(fault, buffer_str(&words), words.used);
    buffer_deinit(&words);
}

/* Microsoft's numbers tell more than the error code, which is everybody's. */
static const struct diagnosis *diagnose(json_t *object, const char *words)
{
    const char *error = text_of(object, "error");
    char code[32];
    (void)snprintf(code, sizeof(code), "%.*s", (int)strcspn(words, ": "), words);
    struct diagnosis_question question = {.command = DIAGNOSIS_LOGIN, .text = words, .subject = ""};
    question.code = strncmp(code, "AADSTS", 6) == 0 ? code : error != NULL ? error : "";
    return diagnosis_find(&question, NULL);
}

static void set_refusal(const struct oauth_answer *answer, const struct profile *profile,
                        json_t *object, struct fault *fault_r)
{
    bool is_busy = answer->status == 429 || answer->status >= 500;
    if (is_busy) {
        int64_t wait_secs = answer->retry_after_secs > 0 ? answer->retry_after_secs : THROTTLE_SECS;
        fault_set(fault_r, FAULT_THROTTLED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
                  "the sign-in service of profile %s asks for patience (HTTP %ld)", profile->name,
                  answer->status);
        fault_r->wait_msecs = 1000 *
                              (wait_secs < MAX_THROTTLE_SECS ? wait_secs : MAX_THROTTLE_SECS);
    } else {
        fault_set(fault_r, FAULT_AUTH, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "the sign-in service gives profile %s no token (HTTP %ld)", profile->name,
                  answer->status);
    }
    set_words(fault_r, object);
    if (!is_busy)
        fault_r->diagnosis = diagnose(object, fault_r->server);
}

static json_t *parse(const struct oauth_answer *answer)
{
    json_t *object = json_loadb(answer->body, answer->size, 0, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

enum oauth_outcome oauth_read_token(const struct oauth_answer *answer,
                                    const struct profile *profile, struct oauth_token *token_r,
                                    struct fault *fault_r)
{
    json_t *object = parse(answer);
    const char *access = text_of(object, "access_token");
    const char *error = text_of(object, "error");
    enum oauth_outcome outcome = OAUTH_FAILED;
    memset(token_r, 0, sizeof(*token_r));
    if (answer->status == 200 && access != NULL && access[0] != '\0') {
        const char *refresh = text_of(object, "refresh_token");
        token_r->access = mem_strdup(access);
        token_r->refresh = refresh == NULL ? NULL : mem_strdup(refresh);
        token_r->lifetime_secs = number_of(object, "expires_in", DEFAULT_LIFETIME_SECS,
                                           MAX_LIFETIME_SECS);
        outcome = OAUTH_DONE;
    } else if (error != NULL && strcmp(error, "authorization_pending") == 0) {
        outcome = OAUTH_PENDING;
    } else if (error != NULL && strcmp(error, "slow_down") == 0) {
        outcome = OAUTH_SLOW_DOWN;
    } else {
        set_refusal(answer, profile, object, fault_r);
    }
    json_decref(object);
    return outcome;
}

void oauth_token_deinit(struct oauth_token *token)
{
    mem_free_secret(&token->access);
    mem_free_secret(&token->refresh);
}

bool oauth_read_device(const struct oauth_answer *answer, const struct profile *profile,
                       struct oauth_device *device_r, struct fault *fault_r)
{
    json_t *object = parse(answer);
    const char *code = text_of(object, "device_code");
    const char *user_code = text_of(object, "user_code");
    /* Google's name for it is older than the RFC. */
    const char *url = text_of(object, "verification_uri");
    url = url != NULL ? url : text_of(object, "verification_url");
    bool is_good = answer->status == 200 && code != NULL && user_code != NULL && url != NULL;
    memset(device_r, 0, sizeof(*device_r));
    if (is_good) {
        device_r->code = mem_strdup(code);
        device_r->user_code = mem_strdup(user_code);
        device_r->url = mem_strdup(url);
        device_r->interval_secs = number_of(object, "interval", 5, 60);
        device_r->lifetime_secs = number_of(object, "expires_in", 900, 3600);
    } else {
        set_refusal(answer, profile, object, fault_r);
    }
    json_decref(object);
    return is_good;
}

void oauth_device_deinit(struct oauth_device *device)
{
    mem_free_secret(&device->code);
    mem_free(device->user_code);
    mem_free(device->url);
}

int64_t oauth_renew_at_nsecs(int64_t asked_nsecs, int64_t lifetime_secs)
{
    int64_t lifetime_nsecs = lifetime_secs * CLOCK_NSECS_PER_SEC;
    int64_t margin_nsecs = SESSION_MARGIN_SECS * CLOCK_NSECS_PER_SEC;
    if (margin_nsecs > lifetime_nsecs / 4)
        margin_nsecs = lifetime_nsecs / 4;
    return asked_nsecs + lifetime_nsecs - margin_nsecs;
}

bool oauth_is_fresh(int64_t asked_nsecs, int64_t lifetime_secs, int64_t now_nsecs)
{
    int64_t lifetime_nsecs = lifetime_secs * CLOCK_NSECS_PER_SEC;
    int64_t margin_nsecs = MARGIN_SECS * CLOCK_NSECS_PER_SEC;
    if (margin_nsecs > lifetime_nsecs / 2)
        margin_nsecs = lifetime_nsecs / 2;
    return now_nsecs - asked_nsecs < lifetime_nsecs - margin_nsecs;
}
