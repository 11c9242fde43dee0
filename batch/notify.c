/* SPDX-License-Identifier: MIT */
#include "batch/notify.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "batch/screen.h"
#include "batch/tally.h"

#define MAIL_PREFIX "mail:"
#define WEB_PREFIX  "https://"
/* RFC 5321 section 4.5.3.1.3 allows 254 for what a person can have as an address. */
#define ADDRESS_MAX_BYTES 254

/* It becomes a field of a header, so nothing may end it or name a second one. */
static bool address_is_fine(const char *address)
{
    size_t size = strlen(address);
    for (size_t i = 0; i < size; i++) {
        if (address[i] <= ' ' || address[i] > '~' || strchr(",;<>()[]\\\":", address[i]) != NULL)
            return false;
    }
    return size > 0 && size <= ADDRESS_MAX_BYTES && address[0] != '-';
}

static bool url_is_fine(const char *url)
{
    const char *host = url + strlen(WEB_PREFIX);
    for (const char *c = host; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~')
            return false;
    }
    return *host != '\0' && *host != '/';
}

bool notify_check(const struct settings *settings, struct buffer *faults)
{
    bool is_fine = true;
    for (size_t i = 0; i < settings->notify.count; i++) {
        const char *target = settings->notify.items[i];
        if (strncmp(target, MAIL_PREFIX, strlen(MAIL_PREFIX)) == 0
                ? address_is_fine(target + strlen(MAIL_PREFIX))
                : strncmp(target, WEB_PREFIX, strlen(WEB_PREFIX)) == 0 && url_is_fine(target))
            continue;
        buffer_append_str(faults, "notify wants mail:ADDRESS (one address without a name) or "
                                  "https://HOST/...\n");
        is_fine = false;
    }
    return is_fine;
}

bool notify_is_wanted(const struct settings *settings, int exit_code)
{
    bool is_always = settings->notify_on == NULL || strcmp(settings->notify_on, "trouble") != 0;
    return settings->notify.count > 0 && (is_always || exit_code != EXIT_CODE_COMPLETE);
}

static const char *exit_words(const struct notice *notice)
{
    if (notice->snapshot == NULL)
        return "the run could not start";
    if (notice->exit_code < 0)
        return "a mailbox has failed; the run goes on";
    switch (notice->exit_code) {
    case EXIT_CODE_COMPLETE:
        return "all mailboxes are complete";
    case EXIT_CODE_EXCEPTIONS:
        return "complete, with exceptions";
    case EXIT_CODE_FAILED:
        return "some mailboxes failed";
    case EXIT_CODE_PAUSED:
        return "paused; run the same command again to go on";
    case EXIT_CODE_INTERNAL:
        return "an internal error";
    default:
        return "not complete";
    }
}

void notify_append_sentence(const struct notice *notice, struct buffer *text)
{
    const struct snapshot *snapshot = notice->snapshot;
    buffer_append_str(text, "mailconvoy on ");
    str_append_printable(text, notice->host, strlen(notice->host));
    buffer_printf(text, ": %s", exit_words(notice));
    if (notice->exit_code >= 0)
        buffer_printf(text, " (exit code %d)", notice->exit_code);
    if (snapshot == NULL)
        return;
    buffer_printf(text,
                  "; %" PRIu64 " of %" PRIu64 " mailboxes complete, %" PRIu64 " messages copied",
                  snapshot->by_status[JOB_COMPLETE], snapshot->wanted, snapshot->messages_copied);
}

/* A header's line is ASCII and has at most 998 bytes (RFC 5322 section 2.1.1). */
static void append_subject(const struct notice *notice, struct buffer *mail)
{
    struct buffer sentence;
    buffer_init(&sentence, NOTIFY_MAX_BYTES);
    notify_append_sentence(notice, &sentence);
    buffer_append_str(mail, "Subject: ");
    const char *text = buffer_str(&sentence);
    for (size_t i = 0; i < 500 && text[i] != '\0'; i++)
        buffer_append_byte(mail, (unsigned char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?'));
    buffer_append_byte(mail, '\n');
    buffer_deinit(&sentence);
}

void notify_append_mail(const struct notice *notice, const char *address, struct buffer *mail)
{
    buffer_printf(mail, "To: %s\n", address);
    append_subject(notice, mail);
    buffer_append_str(mail, "Auto-Submitted: auto-generated\n"
                            "MIME-Version: 1.0\n"
                            "Content-Type: text/plain; charset=utf-8\n"
                            "Content-Transfer-Encoding: 8bit\n"
                            "\n");
    notify_append_sentence(notice, mail);
    buffer_append_str(mail, ".\n\n");
    if (notice->snapshot != NULL) {
        screen_append(notice->snapshot, 78, 100, mail);
        buffer_append_byte(mail, '\n');
    }
    buffer_append_str(mail, notice->trouble);
    if (notice->trouble[0] == '\0' && notice->run_dir[0] != '\0')
        buffer_printf(mail, "The report is in %s\n", notice->run_dir);
}

static void put_run(struct json *json, const struct snapshot *snapshot)
{
    json_add_string(json, "run", snapshot->run_id);
    json_add_string(json, "command", snapshot->command);
    json_add_string(json, "manifest", snapshot->manifest);
    json_add_string(json, "version", snapshot->version);
    json_add_uint64(json, "seconds",
                    (uint64_t)(snapshot->taken_msecs - snapshot->started_msecs) / 1000);
    json_add_uint64(json, "messages_copied", snapshot->messages_copied);
    json_add_uint64(json, "bytes_copied", snapshot->bytes_copied);
    json_key(json, "mailboxes");
    json_object_begin(json);
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        json_add_uint64(json, job_status_name((enum job_status)i), snapshot->by_status[i]);
    json_object_end(json);
}

void notify_append_json(const struct notice *notice, struct buffer *text)
{
    struct json json;
    struct buffer sentence;
    buffer_init(&sentence, NOTIFY_MAX_BYTES);
    notify_append_sentence(notice, &sentence);
    json_init_line(&json, text);
    json_object_begin(&json);
    json_add_string(&json, "text", buffer_str(&sentence));
    json_add_string(&json, "host", notice->host);
    json_key(&json, "exit_code");
    if (notice->exit_code < 0)
        json_null(&json);
    else
        json_int64(&json, notice->exit_code);
    json_add_bool(&json, "is_trouble", notice->exit_code != EXIT_CODE_COMPLETE);
    json_add_string(&json, "trouble", notice->trouble);
    if (notice->snapshot != NULL)
        put_run(&json, notice->snapshot);
    json_object_end(&json);
    buffer_deinit(&sentence);
}
