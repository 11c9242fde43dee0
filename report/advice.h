/* SPDX-License-Identifier: MIT
 * What a report says about diagnoses (base/diagnoses.h): those the program acted on, by the ids it
 * left in the store. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/json.h"
#include "report/output.h"
#include "store/store.h"

/* Appends the first step of this diagnosis; nothing for "" and for an id that is not known. */
void advice_append_step(struct buffer *text, const char *id);
/* Adds the key "diagnosis": an object (id, title, next_step), or null. */
void advice_add_json(struct json *json, const char *id);

/* Appends the run's diagnoses with their first step, the most frequent one first, at most
   `max_rows`; nothing if there are none. False with a fault if the store can't be read. */
bool advice_append_all(struct report_output *output, struct store *store, const char *run_id,
                       size_t max_rows, struct fault *fault_r);
/* Adds the key "diagnoses": all of them with all their steps. */
bool advice_add_all_json(struct json *json, struct store *store, const char *run_id,
                         struct fault *fault_r);

#endif
