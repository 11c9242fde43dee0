/* SPDX-License-Identifier: MIT */
#include "batch/snapshot_private.h"

#include "base/clock.h"
#include "base/json.h"

static void put_double(struct json *json, const char *key, double value)
{
    json_key(json, key);
    json_double(json, (double)(int64_t)(value * 1000 + 0.5) / 1000);
}

/* 0: null */
static void put_time(struct json *json, const char *key, int64_t msecs)
{
    char text[CLOCK_ISO8601_SIZE];
    json_key(json, key);
    if (msecs == 0) {
        json_null(json);
        return;
    }
    clock_format_msecs(msecs, text);
    json_string(json, text);
}

static void put_mailbox(struct json *json, const struct snapshot_mailbox *mailbox)
{
    json_object_begin(json);
    json_add_uint64(json, "row", (uint64_t)mailbox->row);
    json_add_string(json, "title", mailbox->title);
    json_add_string(json, "folder", mailbox->folder);
    json_add_string(json, "state", snapshot_state_names[mailbox->state]);
    json_add_uint64(json, "until_msecs", (uint64_t)mailbox->until_msecs);
    json_add_uint64(json, "messages", mailbox->messages);
    json_add_uint64(json, "messages_done", mailbox->messages_done);
    json_add_uint64(json, "messages_copied", mailbox->messages_copied);
    json_add_uint64(json, "bytes_copied", mailbox->bytes_copied);
    json_add_uint64(json, "errors", mailbox->errors);
    put_double(json, "messages_per_second", mailbox->messages_per_sec);
    put_double(json, "bytes_per_second", mailbox->bytes_per_sec);
    json_object_end(json);
}

static void put_run(struct json *json, const struct snapshot *snapshot)
{
    json_add_string(json, "run", snapshot->run_id);
    json_add_string(json, "command", snapshot->command);
    json_add_string(json, "manifest", snapshot->manifest);
    json_add_string(json, "version", snapshot->version);
    json_add_string(json, "phase", snapshot_phase_names[snapshot->phase]);
    json_add_uint64(json, "pid", (uint64_t)snapshot->pid);
    put_time(json, "started", snapshot->started_msecs);
    put_time(json, "taken", snapshot->taken_msecs);
    put_time(json, "ended", snapshot->ended_msecs);
    json_add_uint64(json, "started_msecs", (uint64_t)snapshot->started_msecs);
    json_add_uint64(json, "taken_msecs", (uint64_t)snapshot->taken_msecs);
    json_add_uint64(json, "ended_msecs", (uint64_t)snapshot->ended_msecs);
    json_key(json, "exit_code");
    if (snapshot->exit_code < 0)
        json_null(json);
    else
        json_int64(json, snapshot->exit_code);
}

static void put_sums(struct json *json, const struct snapshot *snapshot)
{
    json_add_uint64(json, "wanted", snapshot->wanted);
    json_add_uint64(json, "running", snapshot->running);
    json_add_uint64(json, "waiting", snapshot->waiting);
    json_key(json, "by_status");
    json_object_begin(json);
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        json_add_uint64(json, job_status_name((enum job_status)i), snapshot->by_status[i]);
    json_object_end(json);
    json_add_bool(json, "is_guess", snapshot->is_guess);
    json_add_uint64(json, "messages", snapshot->messages);
    json_add_uint64(json, "messages_done", snapshot->messages_done);
    json_add_uint64(json, "messages_copied", snapshot->messages_copied);
    json_add_uint64(json, "bytes", snapshot->bytes);
    json_add_uint64(json, "bytes_copied", snapshot->bytes_copied);
    json_add_uint64(json, "errors", snapshot->errors);
    put_double(json, "messages_per_second", snapshot->messages_per_sec);
    put_double(json, "bytes_per_second", snapshot->bytes_per_sec);
    put_double(json, "budget_messages_per_second", snapshot->budget_messages);
    put_double(json, "budget_bytes_per_second", snapshot->budget_bytes);
    json_key(json, "left_msecs");
    if (snapshot->left_msecs < 0)
        json_null(json);
    else
        json_int64(json, snapshot->left_msecs);
}

void snapshot_append_json(const struct snapshot *snapshot, bool in_one_line, struct buffer *text)
{
    struct json json;
    if (in_one_line)
        json_init_line(&json, text);
    else
        json_init(&json, text);
    json_object_begin(&json);
    json_add_string(&json, "event", snapshot->phase == SNAPSHOT_ENDED ? "end" : "progress");
    json_add_uint64(&json, "schema", SNAPSHOT_SCHEMA);
    put_run(&json, snapshot);
    put_sums(&json, snapshot);
    json_key(&json, "mailboxes");
    json_array_begin(&json);
    for (size_t i = 0; i < snapshot->mailboxes_count; i++)
        put_mailbox(&json, &snapshot->mailboxes[i]);
    json_array_end(&json);
    json_add_uint64(&json, "mailboxes_hidden", snapshot->mailboxes_hidden);
    json_object_end(&json);
}
