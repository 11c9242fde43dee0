/* SPDX-License-Identifier: MIT */
#include "report/run.h"

#include "base/mem.h"

bool report_run_get(struct store *store, const char *run_id, store_run_callback *callback,
                    void *context, struct fault *fault_r)
{
    bool is_found;
    if (!store_run_get(store, run_id, callback, context, &is_found, fault_r))
        return false;
    if (is_found)
        return true;
    if (run_id == NULL)
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "there is no run in this work directory yet");
    else
        fault_set(fault_r, FAULT_USAGE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "there is no run \"%s\" in this work directory; its directory runs/ holds one"
                  " entry for each run",
                  run_id);
    return false;
}

static bool run_copy_id(void *context, const struct store_run *run)
{
    char **id_r = context;
    *id_r = mem_strdup(run->id);
    return true;
}

char *report_run_id(struct store *store, const char *run_id, struct fault *fault_r)
{
    char *id = NULL;
    if (report_run_get(store, run_id, run_copy_id, &id, fault_r))
        return id;
    mem_free(id);
    return NULL;
}

bool report_run_exists(struct store *store, const char *run_id, struct fault *fault_r)
{
    char *id = report_run_id(store, run_id, fault_r);
    bool is_there = id != NULL;
    mem_free(id);
    return is_there;
}
