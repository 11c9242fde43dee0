/* SPDX-License-Identifier: MIT
 * One POST over HTTPS, with certificates and names verified, TLS 1.2 at least, without
 * redirects. Blocks up to HTTP_TIMEOUT_MSECS; a stop ends it. Any thread may call it. */
#ifndef SYNC_AUTH_HTTP_H
#define SYNC_AUTH_HTTP_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "base/stop.h"

#define HTTP_TIMEOUT_MSECS  30000
#define HTTP_BODY_MAX_BYTES ((size_t)256 * 1024)

struct http_request {
    const char *url; /* https:// */
    const char *form;
    const char *cafile;       /* NULL: the system's authorities */
    const struct stop *stop;  /* NULL: nothing stops it */
    const char *content_type; /* of what `form` holds; NULL: a form */
    const char *service;      /* who is asked, for faults; NULL: a sign-in service */
};

struct http_response {
    long status;
    int64_t retry_after_secs; /* as the server asks for; 0 if it does not */
    struct buffer body;       /* secret; the caller's to deinit, whatever happened */
};

/* False if there was no answer: FAULT_RESOLVE, FAULT_TLS, FAULT_STOPPED, or, since it may pass, a
   wait (FAULT_THROTTLED). *response_r is made in any case. */
bool http_post(const struct http_request *request, struct http_response *response_r,
               struct fault *fault_r);

#endif
