/* SPDX-License-Identifier: MIT */
#include "report/advice.h"

#include <inttypes.h>
#include <string.h>

#include "base/diagnoses.h"

void advice_append_step(struct buffer *text, const char *id)
{
    const struct diagnosis *diagnosis = diagnosis_by_id(id);
    if (diagnosis != NULL)
        diagnosis_append_first_step(diagnosis, text);
}

void advice_add_json(struct json *json, const char *id)
{
    const struct diagnosis *diagnosis = diagnosis_by_id(id);
    json_key(json, "diagnosis");
    if (diagnosis == NULL) {
        json_null(json);
        return;
    }
    json_object_begin(json);
    json_add_string(json, "id", diagnosis->id);
    json_add_string(json, "title", diagnosis->title);
    json_key(json, "next_step");
    json_string_n(json, diagnosis->steps, strcspn(diagnosis->steps, "\n"));
    json_object_end(json);
}

/* -- those of a whole run -- */

struct advice_list {
    struct buffer *text;
    struct json *json;
    const char *heading;
    size_t rows;
    size_t max_rows;
};

static void append_count(struct buffer *text, uint64_t count, const char *one, const char *many)
{
    buffer_printf(text, "%" PRIu64 " %s", count, count == 1 ? one : many);
}

static bool advice_append_row(void *context, const char *id, uint64_t mailboxes, uint64_t messages)
{
    struct advice_list *list = context;
    const struct diagnosis *diagnosis = diagnosis_by_id(id);
    if (diagnosis == NULL)
        return true;
    if (list->rows++ == list->max_rows) {
        buffer_append_str(list->text, "  and others: see summary.json\n");
        return false;
    }
    if (list->rows == 1)
        buffer_append_str(list->text, list->heading);
    buffer_printf(list->text, "  %s (", diagnosis->title);
    if (mailboxes > 0)
        append_count(list->text, mailboxes, "mailbox", "mailboxes");
    if (mailboxes > 0 && messages > 0)
        buffer_append_str(list->text, ", ");
    if (messages > 0)
        append_count(list->text, messages, "message", "messages");
    buffer_append_str(list->text, "):\n    ");
    diagnosis_append_first_step(diagnosis, list->text);
    buffer_printf(list->text, "\n    More: mailconvoy explain %s\n", diagnosis->id);
    return true;
}

bool advice_append_all(struct report_output *output, struct store *store, const char *run_id,
                       size_t max_rows, struct fault *fault_r)
{
    struct advice_list list = {
        .text = &output->text,
        .heading = "\nWhat to do, the most frequent first:\n",
        .max_rows = max_rows,
    };
    return store_diagnoses_each(store, run_id, advice_append_row, &list, fault_r);
}

static bool advice_add_row(void *context, const char *id, uint64_t mailboxes, uint64_t messages)
{
    struct advice_list *list = context;
    struct json *json = list->json;
    const struct diagnosis *diagnosis = diagnosis_by_id(id);
    if (diagnosis == NULL)
        return true;
    json_object_begin(json);
    json_add_string(json, "id", diagnosis->id);
    json_add_string(json, "title", diagnosis->title);
    json_add_string(json, "explanation", diagnosis->explanation);
    json_add_uint64(json, "mailboxes", mailboxes);
    json_add_uint64(json, "messages", messages);
    json_add_lines(json, "steps", diagnosis->steps);
    json_object_end(json);
    return true;
}

bool advice_add_all_json(struct json *json, struct store *store, const char *run_id,
                         struct fault *fault_r)
{
    struct advice_list list = {.json = json};
    json_key(json, "diagnoses");
    json_array_begin(json);
    bool is_ok = store_diagnoses_each(store, run_id, advice_add_row, &list, fault_r);
    json_array_end(json);
    return is_ok;
}
