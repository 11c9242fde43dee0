/* SPDX-License-Identifier: MIT
 * Which diagnoses a run has, for its report. */
#include "store/store_private.h"

bool store_job_diagnose(struct store *store, const char *run_id, int64_t row, const char *diagnosis,
                        struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED,
                           "note what the mailbox lacks in the store", fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_JOB_DIAGNOSE, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, row);
        store_bind_text(&write.binder, diagnosis);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_diagnoses_each(struct store *store, const char *run_id,
                          store_diagnosis_callback *callback, void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_DIAGNOSES, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (goes_on && store_query_next(&query, &columns)) {
        const char *id = store_take_text(&columns);
        uint64_t mailboxes = store_take_uint64(&columns);
        uint64_t messages = store_take_uint64(&columns);
        goes_on = callback(context, id, mailboxes, messages);
    }
    return store_query_end(&query, fault_r);
}
