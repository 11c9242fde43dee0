/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* gethostname() */
#include "batch/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "sync/auth/http.h"
#include "sync/messages/pipe.h"

#define MAIL_PREFIX "mail:"
/* It reads the addresses from the header. cron's PATH lacks where it usually is. pipe_message()
   wants to hear something. */
#define MAIL_COMMAND       "PATH=\"$PATH:/usr/sbin:/usr/lib\" sendmail -t -i && echo sent"
#define MAIL_TIMEOUT_MSECS 30000

void notify_host_name(char name_r[NOTIFY_HOST_SIZE])
{
    if (gethostname(name_r, NOTIFY_HOST_SIZE) != 0)
        name_r[0] = '\0';
    name_r[NOTIFY_HOST_SIZE - 1] = '\0';
}

static void notify_complain(struct log *log, const char *target, const char *why)
{
    (void)fprintf(stderr, "mailconvoy: the notification %s was not sent: %s\n", target, why);
    log_line(log, "the notification %s was not sent: %s", target, why);
}

static void notify_by_mail(const struct notice *notice, const char *address, struct log *log)
{
    struct buffer mail;
    struct buffer output;
    struct buffer errors;
    char reason[PIPE_REASON_SIZE];
    const struct pipe_order order = {.command = MAIL_COMMAND, .timeout_msecs = MAIL_TIMEOUT_MSECS};
    buffer_init(&mail, NOTIFY_MAX_BYTES);
    buffer_init(&output, PIPE_ERRORS_MAX_BYTES);
    buffer_init(&errors, PIPE_ERRORS_MAX_BYTES);
    notify_append_mail(notice, address, &mail);
    if (pipe_message(&order, mail.data, mail.used, &output, &errors, reason) != PIPE_DONE) {
        char why[PIPE_REASON_SIZE + 32];
        (void)snprintf(why, sizeof(why), "sendmail %s", reason);
        notify_complain(log, "by mail", why);
    }
    buffer_deinit(&mail);
    buffer_deinit(&output);
    buffer_deinit(&errors);
}

/* Of the address only the host is told: the rest is as good as a password. */
static void notify_by_web(const struct notice *notice, const char *url, struct log *log)
{
    struct buffer json;
    struct http_response response;
    struct fault fault;
    char why[64];
    buffer_init(&json, NOTIFY_MAX_BYTES);
    notify_append_json(notice, &json);
    const struct http_request request = {
        .url = url,
        .form = buffer_str(&json),
        .cafile = getenv("SSL_CERT_FILE"),
        .content_type = "application/json",
        .service = "web hook",
    };
    if (!http_post(&request, &response, &fault)) {
        notify_complain(log, "to a web hook", fault.text);
    } else if (response.status < 200 || response.status > 299) {
        (void)snprintf(why, sizeof(why), "it answered with status %ld", response.status);
        notify_complain(log, "to a web hook", why);
    }
    buffer_deinit(&response.body);
    buffer_deinit(&json);
}

void notify_send(const struct settings *settings, const struct notice *notice, struct log *log)
{
    for (size_t i = 0; i < settings->notify.count; i++) {
        const char *target = settings->notify.items[i];
        if (strncmp(target, MAIL_PREFIX, strlen(MAIL_PREFIX)) == 0)
            notify_by_mail(notice, target + strlen(MAIL_PREFIX), log);
        else
            notify_by_web(notice, target, log);
    }
}
