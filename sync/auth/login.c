/* SPDX-License-Identifier: MIT */
#include "sync/auth/login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/auth/http.h"
#include "sync/auth/jwt.h"
#include "sync/auth/oauth.h"
#include "sync/auth/tokens.h"

#define FORM_MAX_BYTES     ((size_t)128 * 1024)
#define REQUEST_MAX_BYTES  ((size_t)32 * 1024)
#define RANDOM_BYTES       32
#define DIGEST_BYTES       32
#define BROWSER_SECS       600
#define BROWSER_READ_MSECS 5000

static bool fail(struct fault *fault_r, const struct profile *profile, const char *sentence)
{
    fault_set(fault_r, FAULT_AUTH, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0, "profile %s %s",
              profile->name, sentence);
    return false;
}

/* Both kinds sign in a user. */
static bool is_for_users(const struct profile *profile, struct fault *fault_r)
{
    if (profile->flow != PROFILE_USER)
        return fail(fault_r, profile,
                    "needs no login: nobody has to agree (its flow is not \"user\")");
    if (profile->refresh_token_file == NULL)
        return fail(fault_r, profile,
                    "has refresh_token: who keeps that token gets it, not this program");
    return true;
}

/* -- asking -- */

static bool post(const struct profile *profile, const char *url, struct buffer *form,
                 struct http_response *response_r, struct oauth_answer *answer_r,
                 struct fault *fault_r)
{
    const struct http_request request = {
        .url = url, .form = buffer_str(form), .cafile = profile->cafile};
    bool is_done = http_post(&request, response_r, fault_r);
    *answer_r = (struct oauth_answer){response_r->status, buffer_str(&response_r->body),
                                      response_r->body.used, response_r->retry_after_secs};
    return is_done;
}

static bool keep(const struct profile *profile, struct oauth_token *token, FILE *terminal,
                 struct fault *fault_r)
{
    if (token->refresh == NULL)
        return fail(
            fault_r, profile,
            "was given no refresh token: its scope must hold offline_access (Google: remove "
            "the app's access in the account's settings, and sign in again)");
    if (!tokens_store_refresh(profile, token->refresh, fault_r))
        return false;
    (void)fprintf(terminal, "profile %s is signed in; what renews its tokens is in %s\n",
                  profile->name, profile->refresh_token_file);
    return true;
}

enum step {
    STEP_DONE,
    STEP_AGAIN,
    STEP_SLOWER,
    STEP_FAILED,
};

/* One request for a token, with what was gained so far. `make` writes the form. */
struct ask {
    const struct profile *profile;
    const char *code; /* or the device's code */
    const char *verifier;
    const char *redirect_uri; /* NULL: by device */
};

static bool make_form(const struct ask *ask, struct buffer *form, struct fault *fault_r)
{
    struct buffer secret;
    struct oauth_client client;
    buffer_init_secret(&secret, FORM_MAX_BYTES);
    bool is_made = tokens_prove_client(ask->profile, &secret, &client, fault_r);
    if (is_made && ask->redirect_uri == NULL)
        oauth_form_of_device_code(&client, ask->code, form);
    else if (is_made)
        oauth_form_of_code(&client, ask->code, ask->verifier, ask->redirect_uri, form);
    buffer_deinit(&secret);
    return is_made;
}

static enum step ask_for_token(const struct ask *ask, FILE *terminal, struct fault *fault_r)
{
    struct buffer form;
    struct http_response response = {0};
    struct oauth_answer answer;
    struct oauth_token token;
    enum step step = STEP_FAILED;
    buffer_init_secret(&form, FORM_MAX_BYTES);
    if (make_form(ask, &form, fault_r) &&
        post(ask->profile, ask->profile->token_url, &form, &response, &answer, fault_r)) {
        enum oauth_outcome outcome = oauth_read_token(&answer, ask->profile, &token, fault_r);
        if (outcome == OAUTH_DONE)
            step = keep(ask->profile, &token, terminal, fault_r) ? STEP_DONE : STEP_FAILED;
        else if (outcome != OAUTH_FAILED)
            step = outcome == OAUTH_PENDING ? STEP_AGAIN : STEP_SLOWER;
        oauth_token_deinit(&token);
    }
    buffer_deinit(&form);
    buffer_deinit(&response.body);
    return step;
}

/* -- by device -- */

static bool device_begin(const struct profile *profile, struct oauth_device *device_r,
                         struct fault *fault_r)
{
    struct oauth_client client = {.profile = profile};
    struct http_response response = {0};
    struct oauth_answer answer;
    struct buffer form;
    buffer_init_secret(&form, FORM_MAX_BYTES);
    oauth_form_of_device(&client, &form);
    bool is_done = post(profile, profile->device_url, &form, &response, &answer, fault_r) &&
                   oauth_read_device(&answer, profile, device_r, fault_r);
    buffer_deinit(&form);
    buffer_deinit(&response.body);
    return is_done;
}

static bool device_wait(const struct profile *profile, const struct oauth_device *device,
                        FILE *terminal, struct fault *fault_r)
{
    const struct ask ask = {.profile = profile, .code = device->code};
    int64_t until_nsecs = clock_mono_nsecs() + device->lifetime_secs * CLOCK_NSECS_PER_SEC;
    int64_t pause_secs = device->interval_secs;
    while (clock_mono_nsecs() < until_nsecs) {
        (void)poll(NULL, 0, (int)(pause_secs * 1000));
        enum step step = ask_for_token(&ask, terminal, fault_r);
        if (step == STEP_DONE || step == STEP_FAILED)
            return step == STEP_DONE;
        if (step == STEP_SLOWER)
            pause_secs += 5; /* RFC 8628 section 3.5 */
    }
    return fail(fault_r, profile, "was not signed in: nobody entered the code in time");
}

bool login_by_device(const struct profile *profile, FILE *terminal, struct fault *fault_r)
{
    struct oauth_device device;
    struct buffer line;
    if (!is_for_users(profile, fault_r))
        return false;
    if (profile->device_url == NULL)
        return fail(fault_r, profile, "has no device_url");
    if (!device_begin(profile, &device, fault_r))
        return false;
    buffer_init(&line, REQUEST_MAX_BYTES);
    buffer_append_str(&line, "Open ");
    str_append_printable(&line, device.url, strlen(device.url));
    buffer_append_str(&line, " and enter the code ");
    str_append_printable(&line, device.user_code, strlen(device.user_code));
    (void)fprintf(terminal, "%s\n", buffer_str(&line));
    (void)fflush(terminal);
    buffer_deinit(&line);
    bool is_done = device_wait(profile, &device, terminal, fault_r);
    oauth_device_deinit(&device);
    return is_done;
}

/* -- by browser: what comes back -- */

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, str_lower(c));
    return at == NULL ? -1 : (int)(at - digits);
}

/* The parameter's value, decoded, or NULL. */
static char *query_value(const char *query, const char *end, const char *name)
{
    size_t size = strlen(name);
    struct buffer value;
    while (query < end && (strncmp(query, name, size) != 0 || query[size] != '=')) {
        const char *next = memchr(query, '&', (size_t)(end - query));
        query = next == NULL ? end : next + 1;
    }
    if (query >= end)
        return NULL;
    buffer_init_secret(&value, REQUEST_MAX_BYTES);
    for (query += size + 1; query < end && *query != '&'; query++) {
        bool is_hex = *query == '%' && end - query > 2 && hex_value(query[1]) >= 0 &&
                      hex_value(query[2]) >= 0;
        buffer_append_byte(&value,
                           is_hex ? (unsigned char)(hex_value(query[1]) * 16 + hex_value(query[2]))
                                  : (unsigned char)*query);
        query += is_hex ? 2 : 0;
    }
    char *text = mem_strdup(buffer_str(&value));
    buffer_deinit(&value);
    return text;
}

enum login_return login_read_return(const char *request, const char *state, char **code_r)
{
    static const char begin[] = "GET /?";
    enum login_return outcome = LOGIN_OTHER;
    *code_r = NULL;
    if (strncmp(request, begin, strlen(begin)) != 0)
        return LOGIN_OTHER;
    const char *query = request + strlen(begin);
    const char *end = query + strcspn(query, " \r\n");
    char *came = query_value(query, end, "state");
    /* Else anybody's page could sign us in as somebody else. */
    if (came != NULL && strlen(came) == strlen(state) &&
        CRYPTO_memcmp(came, state, strlen(state)) == 0) {
        *code_r = query_value(query, end, "code");
        outcome = *code_r != NULL ? LOGIN_CODE : LOGIN_REFUSED;
    }
    mem_free_secret(&came);
    return outcome;
}

/* -- by browser: the port -- */

/* -1 with a fault. */
static int listen_on_loopback(const struct profile *profile, unsigned int *port_r,
                              struct fault *fault_r)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(fd, 8) == 0 && getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *port_r = ntohs(address.sin_port);
        return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    (void)fail(fault_r, profile, "can't be signed in: no port can be opened on this machine");
    return -1;
}

static bool wait_readable(int fd, int64_t until_nsecs)
{
    int64_t left_msecs = (until_nsecs - clock_mono_nsecs()) / CLOCK_NSECS_PER_MSEC;
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    return left_msecs > 0 && poll(&wanted, 1, (int)left_msecs) > 0;
}

/* A request's head; whoever is slow or says too much is cut off. */
static void read_head(int fd, struct buffer *head)
{
    int64_t until_nsecs = clock_mono_nsecs() + BROWSER_READ_MSECS * CLOCK_NSECS_PER_MSEC;
    while (strstr(buffer_str(head), "\r\n\r\n") == NULL && wait_readable(fd, until_nsecs)) {
        unsigned char *room = buffer_reserve(head, 1024);
        ssize_t got = room == NULL ? 0 : recv(fd, room, 1024, 0);
        if (got <= 0)
            return;
        buffer_commit(head, (size_t)got);
    }
}

static void answer(int fd, enum login_return outcome)
{
    const char *words = outcome == LOGIN_CODE      ? "Thank you. You may close this page."
                        : outcome == LOGIN_REFUSED ? "The sign-in was refused. See the terminal."
                                                   : "There is nothing here.";
    char *page = mem_printf("HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                            "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                            outcome == LOGIN_OTHER ? "404 Not Found" : "200 OK", strlen(words),
                            words);
    (void)send(fd, page, strlen(page), MSG_NOSIGNAL);
    mem_free(page);
}

/* Until the browser comes back, or nobody has come for ten minutes. */
static bool await_code(int listener, const struct profile *profile, const char *state,
                       char **code_r, struct fault *fault_r)
{
    int64_t until_nsecs = clock_mono_nsecs() + BROWSER_SECS * CLOCK_NSECS_PER_SEC;
    enum login_return outcome = LOGIN_OTHER;
    while (outcome == LOGIN_OTHER && wait_readable(listener, until_nsecs)) {
        struct buffer head;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        buffer_init_secret(&head, REQUEST_MAX_BYTES);
        read_head(fd, &head);
        outcome = login_read_return(buffer_str(&head), state, code_r);
        answer(fd, outcome);
        buffer_deinit(&head);
        (void)close(fd);
    }
    return outcome == LOGIN_CODE ||
           fail(fault_r, profile,
                outcome == LOGIN_REFUSED ? "was not signed in: the service or the person said no"
                                         : "was not signed in: no browser came back in time");
}

/* -- by browser: the whole -- */

struct pkce {
    struct buffer state;
    struct buffer verifier; /* RFC 7636 section 4.1 */
    struct buffer challenge;
};

static bool pkce_init(struct pkce *pkce)
{
    unsigned char bytes[2 * RANDOM_BYTES];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    buffer_init_secret(&pkce->state, 1024);
    buffer_init_secret(&pkce->verifier, 1024);
    buffer_init(&pkce->challenge, 1024);
    bool is_made = RAND_bytes(bytes, sizeof(bytes)) == 1;
    jwt_append_base64url(&pkce->state, bytes, RANDOM_BYTES);
    jwt_append_base64url(&pkce->verifier, bytes + RANDOM_BYTES, RANDOM_BYTES);
    is_made = is_made && EVP_Digest(pkce->verifier.data, pkce->verifier.used, digest, &size,
                                    EVP_sha256(), NULL) == 1;
    jwt_append_base64url(&pkce->challenge, digest, is_made ? DIGEST_BYTES : 0);
    mem_wipe(bytes, sizeof(bytes));
    return is_made;
}

static void pkce_deinit(struct pkce *pkce)
{
    buffer_deinit(&pkce->state);
    buffer_deinit(&pkce->verifier);
    buffer_deinit(&pkce->challenge);
}

static bool browse(const struct profile *profile, int listener, unsigned int port,
                   struct pkce *pkce, FILE *terminal, struct fault *fault_r)
{
    struct buffer url;
    char *code = NULL;
    char *redirect = mem_printf("http://localhost:%u", port);
    buffer_init(&url, REQUEST_MAX_BYTES);
    oauth_append_authorize_url(profile, redirect, buffer_str(&pkce->state),
                               buffer_str(&pkce->challenge), &url);
    (void)fprintf(terminal, "Open this page in a browser on this machine:\n%s\n", buffer_str(&url));
    (void)fflush(terminal);
    bool is_done = await_code(listener, profile, buffer_str(&pkce->state), &code, fault_r);
    const struct ask ask = {profile, code, buffer_str(&pkce->verifier), redirect};
    is_done = is_done && ask_for_token(&ask, terminal, fault_r) == STEP_DONE;
    mem_free_secret(&code);
    mem_free(redirect);
    buffer_deinit(&url);
    return is_done;
}

bool login_by_browser(const struct profile *profile, FILE *terminal, struct fault *fault_r)
{
    struct pkce pkce;
    unsigned int port;
    if (!is_for_users(profile, fault_r))
        return false;
    if (profile->authorize_url == NULL)
        return fail(fault_r, profile, "has no authorize_url");
    int listener = listen_on_loopback(profile, &port, fault_r);
    if (listener < 0)
        return false;
    bool is_done = pkce_init(&pkce) ? browse(profile, listener, port, &pkce, terminal, fault_r)
                                    : fail(fault_r, profile,
                                           "can't be signed in: the system gives no randomness");
    pkce_deinit(&pkce);
    (void)close(listener);
    return is_done;
}
