/* SPDX-License-Identifier: MIT
 * What is no number, or none that makes sense, is read as 0. */
#include "batch/snapshot_private.h"

#include <string.h>

#include <jansson.h>

#include "base/mem.h"

static uint64_t get_uint64(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 ? 0 : (uint64_t)value;
}

static int64_t get_int64(const json_t *object, const char *key, int64_t without)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : without;
}

static double get_double(const json_t *object, const char *key)
{
    double value = json_number_value(json_object_get(object, key));
    return value > 0 ? value : 0;
}

static char *get_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return mem_strdup(text != NULL ? text : "");
}

static int get_name(const json_t *object, const char *key, const char *const *names, int count)
{
    const char *text = json_string_value(json_object_get(object, key));
    for (int i = 0; text != NULL && i < count; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
    }
    return 0;
}

static void get_mailbox(const json_t *object, struct snapshot_mailbox *mailbox_r)
{
    *mailbox_r = (struct snapshot_mailbox){
        .row = get_int64(object, "row", 0),
        .title = get_string(object, "title"),
        .folder = get_string(object, "folder"),
        .state = (enum snapshot_state)get_name(object, "state", snapshot_state_names,
                                               SNAPSHOT_STATE_COUNT),
        .until_msecs = get_int64(object, "until_msecs", 0),
        .messages = get_uint64(object, "messages"),
        .messages_done = get_uint64(object, "messages_done"),
        .messages_copied = get_uint64(object, "messages_copied"),
        .bytes_copied = get_uint64(object, "bytes_copied"),
        .errors = get_uint64(object, "errors"),
        .messages_per_sec = get_double(object, "messages_per_second"),
        .bytes_per_sec = get_double(object, "bytes_per_second"),
    };
}

static void get_sums(const json_t *root, struct snapshot *snapshot)
{
    const json_t *by_status = json_object_get(root, "by_status");
    snapshot->wanted = get_uint64(root, "wanted");
    snapshot->running = get_uint64(root, "running");
    snapshot->waiting = get_uint64(root, "waiting");
    for (int i = 0; i < JOB_STATUS_COUNT; i++)
        snapshot->by_status[i] = get_uint64(by_status, job_status_name((enum job_status)i));
    snapshot->is_guess = json_is_true(json_object_get(root, "is_guess"));
    snapshot->messages = get_uint64(root, "messages");
    snapshot->messages_done = get_uint64(root, "messages_done");
    snapshot->messages_copied = get_uint64(root, "messages_copied");
    snapshot->bytes = get_uint64(root, "bytes");
    snapshot->bytes_copied = get_uint64(root, "bytes_copied");
    snapshot->errors = get_uint64(root, "errors");
    snapshot->messages_per_sec = get_double(root, "messages_per_second");
    snapshot->bytes_per_sec = get_double(root, "bytes_per_second");
    snapshot->budget_messages = get_double(root, "budget_messages_per_second");
    snapshot->budget_bytes = get_double(root, "budget_bytes_per_second");
    snapshot->left_msecs = get_int64(root, "left_msecs", -1);
    snapshot->mailboxes_hidden = get_uint64(root, "mailboxes_hidden");
}

static void get_mailboxes(const json_t *root, struct snapshot *snapshot)
{
    const json_t *list = json_object_get(root, "mailboxes");
    size_t count = json_array_size(list);
    count = count < SNAPSHOT_MAILBOXES_MAX ? count : SNAPSHOT_MAILBOXES_MAX;
    snapshot->mailboxes = mem_alloc_array(count, sizeof(*snapshot->mailboxes));
    for (size_t i = 0; i < count; i++)
        get_mailbox(json_array_get(list, i), &snapshot->mailboxes[i]);
    snapshot->mailboxes_count = count;
}

bool snapshot_read_json(const char *text, size_t size, struct snapshot *snapshot_r,
                        struct fault *fault_r)
{
    memset(snapshot_r, 0, sizeof(*snapshot_r));
    json_error_t error;
    json_t *root = size > SNAPSHOT_JSON_MAX ? NULL : json_loadb(text, size, 0, &error);
    if (!json_is_object(root) || get_uint64(root, "schema") != SNAPSHOT_SCHEMA) {
        json_decref(root);
        fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "this is no status file of this version of mailconvoy");
        return false;
    }
    snapshot_r->run_id = get_string(root, "run");
    snapshot_r->command = get_string(root, "command");
    snapshot_r->manifest = get_string(root, "manifest");
    snapshot_r->version = get_string(root, "version");
    snapshot_r->phase = (enum snapshot_phase)get_name(root, "phase", snapshot_phase_names,
                                                      SNAPSHOT_PHASE_COUNT);
    snapshot_r->pid = get_int64(root, "pid", 0);
    snapshot_r->started_msecs = get_int64(root, "started_msecs", 0);
    snapshot_r->taken_msecs = get_int64(root, "taken_msecs", 0);
    snapshot_r->ended_msecs = get_int64(root, "ended_msecs", 0);
    int64_t exit_code = get_int64(root, "exit_code", -1);
    snapshot_r->exit_code = exit_code < -1 || exit_code > 255 ? -1 : (int)exit_code;
    get_sums(root, snapshot_r);
    get_mailboxes(root, snapshot_r);
    json_decref(root);
    return true;
}
