/* SPDX-License-Identifier: MIT */
#include "sync/auth/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/library.h"
#include "base/mem.h"

#define CONNECT_MSECS 15000
#define AGAIN_MSECS   15000

/* -- the library -- */

/* It is loaded by the first request: with all that it needs it takes as long to load as the rest of
   the program to start, and most runs ask for no token. */
static struct {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
} library;

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static bool is_library_ready; /* written by the once, as `library` */

#define FIND(name) library_find(loaded, "curl_" #name, &library.name, sizeof(library.name))

static void library_begin(void)
{
    void *loaded = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    is_library_ready = loaded != NULL && FIND(global_init) && FIND(easy_init) &&
                       FIND(easy_setopt) && FIND(easy_perform) && FIND(easy_getinfo) &&
                       FIND(easy_cleanup) && FIND(easy_strerror) && FIND(slist_append) &&
                       FIND(slist_free_all) && library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* -- callbacks -- */

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct buffer *body = context;
    return buffer_append(body, data, size * count) ? size * count : 0;
}

/* Called about once a second, even when nothing moves; not 0 gives up. */
static int look_for_stop(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct stop *stop = context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stop != NULL && stop_is_requested(stop);
}

/* -- the request -- */

#define SET(option, value) is_set = is_set && library.easy_setopt(handle, option, value) == CURLE_OK

/* NULL: a form, which needs none, or no memory. */
static struct curl_slist *make_fields(const struct http_request *request)
{
    if (request->content_type == NULL)
        return NULL;
    char *field = mem_printf("Content-Type: %s", request->content_type);
    struct curl_slist *fields = library.slist_append(NULL, field);
    mem_free(field);
    return fields;
}

static bool set_options(CURL *handle, const struct http_request *request,
                        const struct curl_slist *fields, struct http_response *response,
                        char *words)
{
    bool is_set = true;
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->cafile != NULL) {
        SET(CURLOPT_CAINFO, request->cafile);
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MSECS);
    SET(CURLOPT_TIMEOUT_MS, (long)HTTP_TIMEOUT_MSECS);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, request->form);
    SET(CURLOPT_POSTFIELDSIZE, (long)strlen(request->form));
    SET(CURLOPT_HTTPHEADER, fields);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, &response->body);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, look_for_stop);
    SET(CURLOPT_XFERINFODATA, request->stop);
    SET(CURLOPT_ERRORBUFFER, words);
    return is_set;
}

static const char *service_name(const struct http_request *request)
{
    return request->service != NULL ? request->service : "sign-in service";
}

/* What passes by itself is a wait: the mailbox is tried again. */
static void set_fault(const struct http_request *request, CURLcode code, const char *words,
                      struct fault *fault_r)
{
    const char *host = request->url + strlen("https://");
    int host_size = (int)strcspn(host, "/");
    const char *why = words[0] != '\0' ? words : library.easy_strerror(code);
    enum fault_advice advice = FAULT_ADVICE_NEVER;
    enum fault_code kind = FAULT_THROTTLED;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        fault_set(fault_r, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
                  "the run was stopped; run the same command again to go on");
        return;
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        kind = FAULT_RESOLVE;
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
             code == CURLE_SSL_CACERT_BADFILE)
        kind = FAULT_TLS;
    else
        advice = FAULT_ADVICE_WAIT;
    fault_set(fault_r, kind, FAULT_SCOPE_MAILBOX, advice, 0, "the %s %.*s gave no answer: %s",
              service_name(request), host_size, host, why);
    fault_r->wait_msecs = advice == FAULT_ADVICE_WAIT ? AGAIN_MSECS : 0;
}

bool http_post(const struct http_request *request, struct http_response *response_r,
               struct fault *fault_r)
{
    char words[CURL_ERROR_SIZE] = "";
    curl_off_t retry_after = 0;
    memset(response_r, 0, sizeof(*response_r));
    buffer_init_secret(&response_r->body, HTTP_BODY_MAX_BYTES);
    (void)pthread_once(&library_once, library_begin);
    if (!is_library_ready) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't load libcurl.so.4, which asks sign-in services for tokens and web hooks; "
                  "install it (Debian: libcurl4)");
        return false;
    }
    CURL *handle = library.easy_init();
    struct curl_slist *fields = make_fields(request);
    if (handle == NULL || (fields == NULL && request->content_type != NULL) ||
        !set_options(handle, request, fields, response_r, words)) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't prepare a request to a %s", service_name(request));
        library.easy_cleanup(handle);
        library.slist_free_all(fields);
        return false;
    }
    CURLcode code = library.easy_perform(handle);
    if (code == CURLE_OK)
        code = library.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response_r->status);
    if (code == CURLE_OK)
        code = library.easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
    response_r->retry_after_secs = (int64_t)retry_after;
    if (code != CURLE_OK)
        set_fault(request, code, words, fault_r);
    library.easy_cleanup(handle);
    library.slist_free_all(fields);
    return code == CURLE_OK;
}
