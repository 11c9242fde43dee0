/* SPDX-License-Identifier: MIT */
#include "batch/alert.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "batch/notify.h"

#define ALERT_DELAY_NSECS (ALERT_DELAY_SECS * CLOCK_NSECS_PER_SEC)

struct alert {
    const struct settings *settings;
    pthread_mutex_t mutex; /* guards all below */
    char *line;            /* NULL: nothing has failed */
    int64_t due_nsecs;
    bool is_told;
};

bool alert_init(const struct settings *settings, struct alert **alert_r, struct fault *fault_r)
{
    struct alert *alert = mem_alloc(sizeof(*alert));
    alert->settings = settings;
    if (pthread_mutex_init(&alert->mutex, NULL) == 0) {
        *alert_r = alert;
        return true;
    }
    mem_free(alert);
    fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't make a lock for notifications");
    return false;
}

void alert_deinit(struct alert **alert_p)
{
    struct alert *alert = *alert_p;
    if (alert == NULL)
        return;
    *alert_p = NULL;
    (void)pthread_mutex_destroy(&alert->mutex);
    mem_free(alert->line);
    mem_free(alert);
}

void alert_note(struct alert *alert, int64_t now_nsecs, const char *line)
{
    if (pthread_mutex_lock(&alert->mutex) != 0)
        return; /* the end of the run tells it */
    if (alert->line == NULL) {
        alert->line = mem_printf("%s\n", line);
        alert->due_nsecs = now_nsecs + ALERT_DELAY_NSECS;
    }
    (void)pthread_mutex_unlock(&alert->mutex);
}

static void alert_tell(const struct alert *alert, int64_t now_nsecs, struct live *live,
                       struct log *log)
{
    char host[NOTIFY_HOST_SIZE];
    struct snapshot snapshot;
    notify_host_name(host);
    live_take(live, now_nsecs, clock_wall_msecs(), false, &snapshot);
    /* The line never changes once it is there. */
    const struct notice notice = {.snapshot = &snapshot,
                                  .exit_code = -1,
                                  .host = host,
                                  .trouble = alert->line,
                                  .run_dir = ""};
    notify_send(alert->settings, &notice, log);
    snapshot_deinit(&snapshot);
}

int alert_look(struct alert *alert, int64_t now_nsecs, struct live *live, struct log *log)
{
    if (alert->settings->notify.count == 0 || pthread_mutex_lock(&alert->mutex) != 0)
        return -1;
    bool is_wanted = alert->line != NULL && !alert->is_told;
    bool is_due = is_wanted && now_nsecs >= alert->due_nsecs;
    int64_t wait_nsecs = alert->due_nsecs - now_nsecs;
    alert->is_told = alert->is_told || is_due;
    (void)pthread_mutex_unlock(&alert->mutex);
    if (is_due)
        alert_tell(alert, now_nsecs, live, log);
    return is_wanted && !is_due ? (int)(wait_nsecs / CLOCK_NSECS_PER_MSEC) + 1 : -1;
}
