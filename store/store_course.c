/* SPDX-License-Identifier: MIT
 * The course of a run. */
#include "store/store_private.h"

bool store_sample_add(struct store *store, const char *run_id, const struct store_sample *sample,
                      struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note what was sent in the store",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_SAMPLE_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, sample->from_msecs);
        store_bind_int64(&write.binder, sample->until_msecs);
        store_bind_uint64(&write.binder, sample->messages);
        store_bind_uint64(&write.binder, sample->bytes);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_samples_each(struct store *store, const char *run_id, store_sample_callback *callback,
                        void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_SAMPLES, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_sample sample;
        sample.from_msecs = store_take_int64(&columns);
        sample.until_msecs = store_take_int64(&columns);
        sample.messages = store_take_uint64(&columns);
        sample.bytes = store_take_uint64(&columns);
        goes_on = callback(context, &sample);
    }
    return store_query_end(&query, fault_r);
}

bool store_wait_add(struct store *store, const char *run_id, const struct store_wait *wait,
                    struct fault *fault_r)
{
    struct store_write write;
    if (!store_write_begin(&write, store, STORE_WRITE_GROUPED, "note in the store who waits",
                           fault_r))
        return false;
    bool is_ok = store_write_use(&write, STORE_SQL_WAIT_ADD, fault_r);
    if (is_ok) {
        store_bind_text(&write.binder, run_id);
        store_bind_int64(&write.binder, wait->row);
        store_bind_int64(&write.binder, wait->from_msecs);
        store_bind_int64(&write.binder, wait->until_msecs);
        store_bind_int64(&write.binder, wait->is_throttle);
        is_ok = store_write_step(&write, true, fault_r);
    }
    return store_write_end(&write, is_ok, fault_r);
}

bool store_waits_each(struct store *store, const char *run_id, store_wait_callback *callback,
                      void *context, struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_WAITS, fault_r))
        return false;
    store_bind_text(&query.binder, run_id);
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_wait wait;
        wait.row = store_take_int64(&columns);
        wait.from_msecs = store_take_int64(&columns);
        wait.until_msecs = store_take_int64(&columns);
        wait.is_throttle = store_take_int64(&columns) != 0;
        goes_on = callback(context, &wait);
    }
    return store_query_end(&query, fault_r);
}

bool store_pair_sums_each(struct store *store, store_pair_sum_callback *callback, void *context,
                          struct fault *fault_r)
{
    struct store_query query;
    struct store_columns columns;
    bool goes_on = true;
    if (!store_query_begin(&query, store, STORE_SQL_PAIR_SUMS, fault_r))
        return false;
    while (goes_on && store_query_next(&query, &columns)) {
        struct store_pair_sum sum;
        sum.run_id = store_take_text(&columns);
        sum.row = store_take_int64(&columns);
        sum.runs = store_take_uint64(&columns);
        sum.first_copied_msecs = store_take_int64(&columns);
        sum.last_msecs = store_take_int64(&columns);
        sum.copied = store_take_uint64(&columns);
        sum.bytes_copied = store_take_uint64(&columns);
        goes_on = callback(context, &sum);
    }
    return store_query_end(&query, fault_r);
}
