/* SPDX-License-Identifier: MIT */
#include "batch/preflight_rows.h"

#include "base/diagnoses.h"
#include "base/mem.h"
#include "base/clock.h"
#include "batch/mailbox_key.h"
#include "batch/paces.h"
#include "report/advice.h"

#define KEY_MAX_BYTES ((size_t)16 * 1024)

/* Of two limits the stricter; 0 is none. */
static double stricter(double a, double b)
{
    return a <= 0 || (b > 0 && b < a) ? b : a;
}

static bool add_remembered_rate(struct preflight_row *row, const struct settings *settings,
                                int side, struct store *store, struct fault *fault_r)
{
    struct buffer key;
    buffer_init(&key, KEY_MAX_BYTES);
    mailbox_key_append(&key, settings, side);
    struct store_pace pace = {.account = buffer_str(&key), .side = side};
    bool is_ok = store_pace_get(store, &pace, fault_r);
    bool is_old = clock_wall_msecs() - pace.noted_msecs > PACES_FORGOTTEN_MSECS;
    if (is_ok && !is_old)
        row->forecast.messages_per_sec = stricter(row->forecast.messages_per_sec, pace.rate);
    buffer_deinit(&key);
    return is_ok;
}

bool preflight_row_begin(struct preflight_row *row, const struct settings *settings,
                         struct store *store, struct fault *fault_r)
{
    row->user1 = settings_login_name(settings, 1);
    row->user2 = settings_login_name(settings, 2);
    row->name = mem_strdup(settings->label != NULL && settings->label[0] != '\0' ? settings->label
                                                                                 : row->user1);
    row->forecast.messages_per_sec = settings->maxmessagespersecond;
    row->forecast.bytes_per_sec = (double)settings->maxbytespersecond;
    row->forecast.daily_bytes = (uint64_t)stricter((double)settings->side[0].daily_bytes,
                                                   (double)settings->side[1].daily_bytes);
    return add_remembered_rate(row, settings, 1, store, fault_r) &&
           add_remembered_rate(row, settings, 2, store, fault_r);
}

void preflight_row_end(struct preflight_row *row, const struct pair_result *result)
{
    const struct fault *fault = &result->fault;
    mem_free(row->error);
    mem_free(row->advice);
    row->error = NULL;
    row->advice = NULL;
    row->status = result->status;
    row->forecast.messages = row->found.messages;
    row->forecast.bytes = row->found.bytes;
    row->forecast.is_exchange = row->found.is_exchange;
    if (fault->code == FAULT_NONE)
        return;
    struct buffer advice;
    buffer_init(&advice, KEY_MAX_BYTES);
    advice_append_step(&advice, diagnosis_id(diagnosis_of_fault(fault)));
    row->error = fault->server[0] == '\0'
                     ? mem_strdup(fault->text)
                     : mem_printf("%s [server said: %s]", fault->text, fault->server);
    row->advice = mem_strdup(buffer_str(&advice));
    buffer_deinit(&advice);
}
