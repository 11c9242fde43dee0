/* SPDX-License-Identifier: MIT */
#include "batch/preflight_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/format.h"

#define TEXT_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define NAME_WIDTH     32
#define JSON_SCHEMA    1
#define MSECS_PER_SEC  1000.0

void preflight_table_init(struct preflight_table *table, size_t count,
                          const struct forecast_limits *limits)
{
    table->rows = mem_alloc_array(count, sizeof(*table->rows));
    table->count = count;
    table->limits = *limits;
}

void preflight_table_deinit(struct preflight_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        mem_free(table->rows[i].name);
        mem_free(table->rows[i].user1);
        mem_free(table->rows[i].user2);
        mem_free(table->rows[i].error);
        mem_free(table->rows[i].advice);
        preflight_deinit(&table->rows[i].found);
    }
    mem_free(table->rows);
    memset(table, 0, sizeof(*table));
}

static const char *text_of(const char *text)
{
    return text == NULL ? "" : text;
}

/* -- what speaks against a row -- */

/* If nothing of it is there yet; for what is there room. */
static bool has_no_room(const struct preflight *found, uint64_t *room_bytes_r)
{
    *room_bytes_r = found->quota_bytes > found->quota_used_bytes
                        ? found->quota_bytes - found->quota_used_bytes
                        : 0;
    return found->has_quota && *room_bytes_r < found->bytes;
}

/* "ready"; else how the look at it ended: "exceptions" if some folder can't be read. */
static const char *row_state(const struct preflight_row *row)
{
    return row->found.is_done && row->status == JOB_COMPLETE ? "ready"
                                                             : job_status_name(row->status);
}

static void append_count(struct buffer *text, uint64_t count, const char *one, const char *many)
{
    if (count > 0)
        buffer_printf(text, "; %" PRIu64 " %s", count, count == 1 ? one : many);
}

/* "; 2 folders get another name; ..." */
static void append_notes(const struct preflight *found, struct buffer *text)
{
    char bytes[REPORT_FORMAT_SIZE];
    uint64_t room_bytes;
    append_count(text, found->folders_renamed, "folder gets another name",
                 "folders get another name");
    append_count(text, found->folders_merged, "folder is merged", "folders are merged");
    append_count(text, found->folders_left_out, "folder is left out", "folders are left out");
    append_count(text, found->folders_failed, "folder can't be read", "folders can't be read");
    if (found->too_big > 0) {
        report_format_bytes(found->limit_bytes, bytes);
        append_count(text, found->too_big, "message is", "messages are");
        buffer_printf(text, " larger than %s", bytes);
    }
    if (has_no_room(found, &room_bytes)) {
        report_format_bytes(room_bytes, bytes);
        buffer_printf(text, "; unless part of it is there already, it does not fit: room for %s",
                      bytes);
    }
    if (found->has_estimates)
        buffer_append_str(text, "; sizes are Exchange's estimates");
}

/* -- text -- */

static void append_duration(struct buffer *text, double secs)
{
    char duration[REPORT_FORMAT_SIZE];
    report_format_duration((int64_t)(secs * MSECS_PER_SEC), duration);
    buffer_append_str(text, duration);
}

static void append_printable(struct buffer *text, const char *words)
{
    str_append_printable(text, text_of(words), strlen(text_of(words)));
}

/* The lines of the plan, each as an item below the mailbox. */
static void append_plan(const struct preflight *found, struct buffer *text)
{
    const char *line = text_of(found->plan);
    while (*line != '\0') {
        size_t size = strcspn(line, "\n");
        buffer_append_str(text, "         ");
        str_append_printable(text, line, size);
        buffer_append_byte(text, '\n');
        line += size + (line[size] == '\n');
    }
}

static void append_found(const struct preflight_row *row, struct buffer *text)
{
    struct buffer notes;
    char bytes[REPORT_FORMAT_SIZE], duration[REPORT_FORMAT_SIZE];
    buffer_init(&notes, TEXT_MAX_BYTES);
    report_format_bytes(row->found.bytes, bytes);
    report_format_duration((int64_t)(row->forecast.secs * MSECS_PER_SEC), duration);
    append_notes(&row->found, &notes);
    buffer_printf(text, "  %7" PRIu64 "  %9" PRIu64 "  %10s  %14s%s%s", row->found.folders,
                  row->found.messages, bytes, duration, notes.used > 0 ? "  " : "",
                  notes.used > 0 ? buffer_str(&notes) + 2 : "");
    buffer_deinit(&notes);
}

static void append_row_text(const struct preflight_row *row, size_t number, struct buffer *text)
{
    struct buffer name;
    buffer_init(&name, TEXT_MAX_BYTES);
    append_printable(&name, row->name);
    buffer_printf(text, "%5zu  ", number);
    report_append_cell(text, buffer_str(&name), NAME_WIDTH, false);
    buffer_printf(text, "  %-10s", row_state(row));
    if (row->found.is_done)
        append_found(row, text);
    buffer_append_byte(text, '\n');
    if (text_of(row->error)[0] != '\0') {
        buffer_append_str(text, "         ");
        append_printable(text, row->error);
        buffer_append_str(text, text_of(row->advice)[0] == '\0' ? "" : "\n         What to do: ");
        append_printable(text, row->advice);
        buffer_append_byte(text, '\n');
    }
    append_plan(&row->found, text);
    buffer_deinit(&name);
}

/* -- the end of the table -- */

static void append_decider(const struct preflight_table *table, const struct forecast *forecast,
                           struct buffer *text)
{
    char bytes[REPORT_FORMAT_SIZE];
    switch (forecast->decider) {
    case FORECAST_NOTHING:
        buffer_append_str(text, "there is nothing to move");
        break;
    case FORECAST_MAILBOX:
        buffer_printf(text, "row %zu, ", forecast->mailbox + 1);
        append_printable(text, table->rows[forecast->mailbox].name);
        buffer_append_str(text, ", takes longest; nothing but its own limits holds it up");
        break;
    case FORECAST_WORKERS:
        buffer_printf(text, "the number of mailboxes at the same time decides (--parallel %zu)",
                      table->limits.workers);
        break;
    case FORECAST_BUDGET_MESSAGES:
        buffer_printf(text, "the budget of messages decides (--budget-messages %g)",
                      table->limits.budget_messages);
        break;
    case FORECAST_BUDGET_BYTES:
        report_format_bytes((uint64_t)table->limits.budget_bytes, bytes);
        buffer_printf(text, "the budget of bytes decides (--budget-bytes, %s a second)", bytes);
        break;
    }
}

struct sums {
    uint64_t ready, folders, messages, bytes, too_big, without_room;
};

static struct sums sum_up(const struct preflight_table *table)
{
    struct sums sums = {0};
    for (size_t i = 0; i < table->count; i++) {
        const struct preflight *found = &table->rows[i].found;
        uint64_t room_bytes;
        sums.ready += strcmp(row_state(&table->rows[i]), "ready") == 0;
        sums.folders += found->folders;
        sums.messages += found->messages;
        sums.bytes += found->bytes;
        sums.too_big += found->too_big;
        sums.without_room += found->is_done && has_no_room(found, &room_bytes);
    }
    return sums;
}

void preflight_append_text(const struct preflight_table *table, const struct forecast *forecast,
                           struct buffer *text)
{
    const struct sums sums = sum_up(table);
    char bytes[REPORT_FORMAT_SIZE];
    buffer_printf(text, "  Row  %-*s  State       Folders   Messages        Size            Time\n",
                  NAME_WIDTH, "Mailbox");
    for (size_t i = 0; i < table->count; i++)
        append_row_text(&table->rows[i], i + 1, text);
    report_format_bytes(sums.bytes, bytes);
    buffer_printf(text,
                  "\n%" PRIu64 " of %zu mailboxes are ready: %" PRIu64 " messages, %s, in %" PRIu64
                  " folders.\n",
                  sums.ready, table->count, sums.messages, bytes, sums.folders);
    if (sums.too_big > 0)
        buffer_printf(text, "%" PRIu64 " message%s too large for %s destination.\n", sums.too_big,
                      sums.too_big == 1 ? " is" : "s are", sums.too_big == 1 ? "its" : "their");
    if (sums.without_room > 0)
        buffer_printf(text, "%" PRIu64 " destinations have no room for all of it.\n",
                      sums.without_room);
    buffer_append_str(text, "A first copy takes at least ");
    append_duration(text, forecast->secs);
    buffer_append_str(text, ": ");
    append_decider(table, forecast, text);
    buffer_append_str(text, ".\n");
    if (table->is_selective)
        buffer_append_str(text, "All messages are counted: what your options select from them is "
                                "known only when they are copied.\n");
    if (forecast->has_assumed)
        buffer_printf(
            text,
            "Where no rate is known, %g messages a second are assumed, for Exchange %g; a "
            "run finds out what the servers bear, and the next forecast knows it.\n",
            FORECAST_OTHER_RATE, FORECAST_EXCHANGE_RATE);
    buffer_append_str(text, "IMAP moves mail and folders. It does not move calendars, contacts, "
                            "tasks, rules, signatures, delegations or archive mailboxes.\nNothing "
                            "was written to any server.\n");
}

/* -- CSV -- */

static void append_row_csv(const struct preflight_row *row, size_t number, struct buffer *text)
{
    const struct preflight *found = &row->found;
    struct csv_row csv;
    csv_row_init(&csv, text);
    csv_row_uint64(&csv, number);
    csv_row_text(&csv, text_of(row->name));
    csv_row_text(&csv, text_of(row->user1));
    csv_row_text(&csv, text_of(row->user2));
    csv_row_plain(&csv, row_state(row));
    csv_row_uint64(&csv, found->folders);
    csv_row_uint64(&csv, found->folders_renamed);
    csv_row_uint64(&csv, found->folders_merged);
    csv_row_uint64(&csv, found->folders_to_create);
    csv_row_uint64(&csv, found->folders_left_out);
    csv_row_uint64(&csv, found->folders_failed);
    csv_row_uint64(&csv, found->messages);
    csv_row_uint64(&csv, found->bytes);
    csv_row_uint64(&csv, found->biggest_bytes);
    csv_row_uint64(&csv, found->too_big);
    if (found->has_quota) {
        csv_row_uint64(&csv, found->quota_used_bytes);
        csv_row_uint64(&csv, found->quota_bytes);
    } else {
        csv_row_plain(&csv, "");
        csv_row_plain(&csv, "");
    }
    csv_row_uint64(&csv, (uint64_t)row->forecast.secs);
    csv_row_text(&csv, text_of(row->error));
    csv_row_text(&csv, text_of(row->advice));
    csv_row_end(&csv);
}

void preflight_append_csv(const struct preflight_table *table, struct buffer *text)
{
    buffer_append_str(text, "row,mailbox,user1,user2,status,folders,folders_renamed,folders_merged,"
                            "folders_to_create,folders_left_out,folders_failed,messages,bytes,"
                            "biggest_bytes,too_big,quota_used_bytes,quota_bytes,seconds,error,"
                            "advice\n");
    for (size_t i = 0; i < table->count; i++)
        append_row_csv(&table->rows[i], i + 1, text);
}

/* -- JSON -- */

static void add_quota(struct json *json, const char *key, const struct preflight *found,
                      uint64_t value)
{
    json_key(json, key);
    if (found->has_quota)
        json_uint64(json, value);
    else
        json_null(json);
}

static void append_row_json(struct json *json, const struct preflight_row *row, size_t number)
{
    const struct preflight *found = &row->found;
    json_object_begin(json);
    json_add_uint64(json, "row", number);
    json_add_string(json, "mailbox", text_of(row->name));
    json_add_string(json, "user1", text_of(row->user1));
    json_add_string(json, "user2", text_of(row->user2));
    json_add_string(json, "status", row_state(row));
    json_add_uint64(json, "folders", found->folders);
    json_add_uint64(json, "folders_renamed", found->folders_renamed);
    json_add_uint64(json, "folders_merged", found->folders_merged);
    json_add_uint64(json, "folders_to_create", found->folders_to_create);
    json_add_uint64(json, "folders_left_out", found->folders_left_out);
    json_add_uint64(json, "folders_failed", found->folders_failed);
    json_add_uint64(json, "messages", found->messages);
    json_add_uint64(json, "bytes", found->bytes);
    json_add_uint64(json, "biggest_bytes", found->biggest_bytes);
    json_add_uint64(json, "too_big", found->too_big);
    add_quota(json, "quota_used_bytes", found, found->quota_used_bytes);
    add_quota(json, "quota_bytes", found, found->quota_bytes);
    json_add_bool(json, "sizes_are_estimates", found->has_estimates);
    json_add_uint64(json, "seconds", (uint64_t)row->forecast.secs);
    json_add_lines(json, "plan", text_of(found->plan));
    json_add_string(json, "error", text_of(row->error));
    json_add_string(json, "advice", text_of(row->advice));
    json_object_end(json);
}

void preflight_append_json(const struct preflight_table *table, const struct forecast *forecast,
                           struct buffer *text)
{
    static const char *const deciders[] = {
        [FORECAST_NOTHING] = "nothing",           [FORECAST_MAILBOX] = "mailbox",
        [FORECAST_WORKERS] = "parallel",          [FORECAST_BUDGET_MESSAGES] = "budget-messages",
        [FORECAST_BUDGET_BYTES] = "budget-bytes",
    };
    struct json json;
    json_init(&json, text);
    json_object_begin(&json);
    json_add_uint64(&json, "schema_version", JSON_SCHEMA);
    json_key(&json, "mailboxes");
    json_array_begin(&json);
    for (size_t i = 0; i < table->count; i++)
        append_row_json(&json, &table->rows[i], i + 1);
    json_array_end(&json);
    json_key(&json, "forecast");
    json_object_begin(&json);
    json_add_uint64(&json, "seconds", (uint64_t)forecast->secs);
    json_add_string(&json, "decided_by", deciders[forecast->decider]);
    json_add_uint64(&json, "longest_row", table->count == 0 ? 0 : forecast->mailbox + 1);
    json_add_bool(&json, "has_assumed_rates", forecast->has_assumed);
    json_object_end(&json);
    json_object_end(&json);
    buffer_append_byte(text, '\n');
}

/* -- files -- */

static bool write_file(const char *run_dir, const char *name, struct buffer *text,
                       struct fault *fault_r)
{
    char *path = mem_printf("%s/%s", run_dir, name);
    bool is_ok = file_write_atomic(path, text->data, text->used, fault_r);
    mem_free(path);
    buffer_clear(text);
    return is_ok;
}

bool preflight_table_write(struct preflight_table *table, const char *run_dir,
                           struct fault *fault_r)
{
    struct forecast_mailbox *mailboxes = mem_alloc_array(table->count, sizeof(*mailboxes));
    struct forecast forecast;
    struct buffer text;
    for (size_t i = 0; i < table->count; i++)
        mailboxes[i] = table->rows[i].forecast;
    forecast_make(mailboxes, table->count, &table->limits, &forecast);
    for (size_t i = 0; i < table->count; i++)
        table->rows[i].forecast = mailboxes[i];
    mem_free(mailboxes);
    buffer_init(&text, TEXT_MAX_BYTES);
    preflight_append_csv(table, &text);
    bool is_ok = write_file(run_dir, "preflight.csv", &text, fault_r);
    preflight_append_json(table, &forecast, &text);
    is_ok = is_ok && write_file(run_dir, "preflight.json", &text, fault_r);
    buffer_clear(&text);
    preflight_append_text(table, &forecast, &text);
    is_ok = is_ok && write_file(run_dir, "preflight.txt", &text, fault_r);
    buffer_deinit(&text);
    return is_ok;
}
