/* SPDX-License-Identifier: MIT
 * One request for one token, as the profile's flow wants it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sync/auth/assertion.h"
#include "sync/auth/http.h"
#include "sync/auth/tokens.h"
#include "sync/secret.h"

#define FORM_MAX_BYTES ((size_t)128 * 1024)
#define ID_BYTES       16

/* -- what the profile knows -- */

static bool profile_secret(const struct profile *profile, const char *text, const char *name,
                           const char *noun, char **secret_r, struct fault *fault_r)
{
    char label[256];
    (void)snprintf(label, sizeof(label), "%s of profile %.128s", name, profile->name);
    const struct secret_of of = {label, 0, noun};
    *secret_r = NULL;
    if (strncmp(text, "file:", 5) == 0)
        return secret_from_file(text + 5, &of, secret_r, fault_r);
    return secret_resolve(text, &of, secret_r, fault_r);
}

static bool make_id(char id_r[2 * ID_BYTES + 1], struct fault *fault_r)
{
    unsigned char bytes[ID_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "the system gives no randomness");
        return false;
    }
    for (size_t i = 0; i < ID_BYTES; i++)
        (void)snprintf(id_r + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

bool tokens_prove_client(const struct profile *profile, struct buffer *secret,
                         struct oauth_client *client_r, struct fault *fault_r)
{
    char id[2 * ID_BYTES + 1];
    char *text;
    *client_r = (struct oauth_client){.profile = profile};
    if (profile->certificate != NULL) {
        if (!make_id(id, fault_r) ||
            !assertion_of_client(profile, clock_wall_msecs() / 1000, id, secret, fault_r))
            return false;
        client_r->assertion = buffer_str(secret);
    } else if (profile->client_secret != NULL) {
        if (!profile_secret(profile, profile->client_secret, "client_secret", "secret", &text,
                            fault_r))
            return false;
        buffer_append_str(secret, text);
        mem_free_secret(&text);
        client_r->secret = buffer_str(secret);
    }
    return true;
}

static bool read_refresh_token(const struct profile *profile, char **token_r, struct fault *fault_r)
{
    if (profile->refresh_token != NULL)
        return profile_secret(profile, profile->refresh_token, "refresh_token", "token", token_r,
                              fault_r);
    if (access(profile->refresh_token_file, F_OK) != 0) {
        fault_set(fault_r, FAULT_SECRET, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "profile %s is not signed in yet: mailconvoy auth login %s --device",
                  profile->name, profile->name);
        return false;
    }
    const struct secret_of of = {"refresh_token_file", 0, "token"};
    *token_r = NULL;
    return secret_from_file(profile->refresh_token_file, &of, token_r, fault_r);
}

bool tokens_store_refresh(const struct profile *profile, const char *refresh_token,
                          struct fault *fault_r)
{
    char *line = mem_printf("%s\n", refresh_token);
    bool is_ok = file_write_atomic(profile->refresh_token_file, line, strlen(line), fault_r);
    mem_free_secret(&line);
    return is_ok;
}

/* -- forms -- */

/* All that goes into a request; secret. */
struct request {
    struct buffer secret;
    struct buffer form;
    char *refresh; /* what was sent */
};

static bool make_service_form(const struct profile *profile, const char *mailbox,
                              struct request *request, struct fault *fault_r)
{
    if (!assertion_of_service_account(profile, mailbox, clock_wall_msecs() / 1000, &request->secret,
                                      fault_r))
        return false;
    oauth_form_of_assertion(buffer_str(&request->secret), &request->form);
    return true;
}

static bool make_form(const struct profile *profile, const char *mailbox, struct request *request,
                      struct fault *fault_r)
{
    struct oauth_client client;
    if (profile->flow == PROFILE_SERVICE_ACCOUNT)
        return make_service_form(profile, mailbox, request, fault_r);
    if (!tokens_prove_client(profile, &request->secret, &client, fault_r))
        return false;
    if (profile->flow == PROFILE_APP) {
        oauth_form_of_app(&client, &request->form);
        return true;
    }
    if (!read_refresh_token(profile, &request->refresh, fault_r))
        return false;
    oauth_form_of_refresh(&client, request->refresh, &request->form);
    return true;
}

/* -- the request -- */

static bool ask(const struct profile *profile, const struct stop *stop, struct request *request,
                struct oauth_token *token_r, struct fault *fault_r)
{
    struct http_response response;
    const struct http_request http = {.url = profile->token_url,
                                      .form = buffer_str(&request->form),
                                      .cafile = profile->cafile,
                                      .stop = stop};
    bool is_done = http_post(&http, &response, fault_r);
    if (is_done) {
        const struct oauth_answer answer = {response.status, buffer_str(&response.body),
                                            response.body.used, response.retry_after_secs};
        is_done = oauth_read_token(&answer, profile, token_r, fault_r) == OAUTH_DONE;
    }
    buffer_deinit(&response.body);
    return is_done;
}

/* Services may give a new refresh token each time, and forget the old one. */
static bool keep_refresh(const struct profile *profile, const struct request *request,
                         const struct oauth_token *token, struct fault *fault_r)
{
    if (profile->flow != PROFILE_USER || profile->refresh_token_file == NULL ||
        token->refresh == NULL || strcmp(token->refresh, request->refresh) == 0)
        return true;
    return tokens_store_refresh(profile, token->refresh, fault_r);
}

bool tokens_fetch(const struct profile *profile, const char *mailbox, const struct stop *stop,
                  struct oauth_token *token_r, struct fault *fault_r)
{
    struct request request = {.refresh = NULL};
    buffer_init_secret(&request.secret, FORM_MAX_BYTES);
    buffer_init_secret(&request.form, FORM_MAX_BYTES);
    memset(token_r, 0, sizeof(*token_r));
    bool is_done = make_form(profile, mailbox, &request, fault_r) &&
                   ask(profile, stop, &request, token_r, fault_r);
    if (is_done && !keep_refresh(profile, &request, token_r, fault_r)) {
        oauth_token_deinit(token_r);
        is_done = false;
    }
    buffer_deinit(&request.secret);
    buffer_deinit(&request.form);
    mem_free_secret(&request.refresh);
    return is_done;
}
