/* SPDX-License-Identifier: MIT */
#include "batch/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "batch/metrics.h"
#include "batch/screen.h"

#define PROGRESS_WARNINGS_MAX_BYTES ((size_t)1024 * 1024)

/* What is due from time to time. */
enum progress_part {
    PART_SCREEN,
    PART_LINE,
    PART_JSON,
    PART_STATUS,
    PART_METRICS,
    PART_COUNT,
};

struct progress {
    struct progress_plan plan;
    /* The main thread's. */
    int64_t due_nsecs[PART_COUNT]; /* monotonic; INT64_MAX: never */
    bool has_complained[PART_COUNT];
    /* Guards stdout and stderr as far as this object writes there, and what follows. */
    pthread_mutex_t mutex;
    struct buffer warnings; /* for when the screen is left */
};

static void progress_draw(struct progress *progress, const struct snapshot *snapshot);
static void progress_print_line(struct progress *progress, const struct snapshot *snapshot);
static void progress_print_json(struct progress *progress, const struct snapshot *snapshot);
static void progress_write_status(struct progress *progress, const struct snapshot *snapshot);
static void progress_write_metrics(struct progress *progress, const struct snapshot *snapshot);

static const struct {
    int64_t period_msecs;
    void (*show)(struct progress *progress, const struct snapshot *snapshot);
} parts[PART_COUNT] = {
    [PART_SCREEN] = {500, progress_draw},
    [PART_LINE] = {60000, progress_print_line},
    [PART_JSON] = {1000, progress_print_json},
    [PART_STATUS] = {2000, progress_write_status},
    [PART_METRICS] = {15000, progress_write_metrics},
};

/* Whether the user wants to read what a sync has to say. */
static bool sync_is_talkative(const struct settings *settings)
{
    return settings->dry || settings->justlogin || settings->justconnect || settings->justfolders ||
           settings->justfoldersizes || settings->justfolderlists || settings->justautomap ||
           settings->foldersizes == CHOICE_YES || settings->foldersizesatend == CHOICE_YES ||
           settings->debugfolders || settings->debuglist || settings->debugflags ||
           settings->debuglabels || settings->debugcontent || settings->debugmaxlinelength ||
           settings->debugcrossduplicates || settings->side[0].debugimap ||
           settings->side[1].debugimap;
}

enum progress_mode progress_choose(const struct settings *settings,
                                   const struct progress_place *place)
{
    const char *word = settings->progress != NULL ? settings->progress : "auto";
    bool is_log_wanted = place->is_sync && (place->is_redirected || sync_is_talkative(settings));
    if (strcmp(word, "lines") == 0)
        return PROGRESS_LINES;
    if (strcmp(word, "json") == 0)
        return PROGRESS_JSON;
    if (strcmp(word, "none") == 0)
        return PROGRESS_NONE;
    if (strcmp(word, "screen") == 0)
        return place->can_draw ? PROGRESS_SCREEN : PROGRESS_LINES;
    if (settings->quiet)
        return PROGRESS_NONE;
    return place->can_draw && !is_log_wanted ? PROGRESS_SCREEN : PROGRESS_LINES;
}

static bool progress_has_part(const struct progress_plan *plan, enum progress_part part)
{
    switch (part) {
    case PART_SCREEN:
        return plan->mode == PROGRESS_SCREEN;
    case PART_LINE:
        return plan->mode == PROGRESS_LINES && !plan->is_sync;
    case PART_JSON:
        return plan->mode == PROGRESS_JSON;
    case PART_METRICS:
        return plan->metrics_path != NULL;
    default:
        return true;
    }
}

bool progress_init(const struct progress_plan *plan, struct progress **progress_r,
                   struct fault *fault_r)
{
    struct progress *progress = mem_alloc(sizeof(*progress));
    progress->plan = *plan;
    for (int part = 0; part < PART_COUNT; part++)
        progress->due_nsecs[part] = progress_has_part(plan, (enum progress_part)part) ? 0
                                                                                      : INT64_MAX;
    if (progress->due_nsecs[PART_LINE] == 0)
        progress->due_nsecs[PART_LINE] = clock_mono_nsecs() +
                                         parts[PART_LINE].period_msecs * CLOCK_NSECS_PER_MSEC;
    buffer_init(&progress->warnings, PROGRESS_WARNINGS_MAX_BYTES);
    bool has_mutex = pthread_mutex_init(&progress->mutex, NULL) == 0;
    if (has_mutex && (plan->mode != PROGRESS_SCREEN || terminal_open(STDERR_FILENO))) {
        *progress_r = progress;
        return true;
    }
    if (has_mutex)
        (void)pthread_mutex_destroy(&progress->mutex);
    mem_free(progress);
    fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
              "can't prepare to show the run's progress");
    return false;
}

/* -- what is shown -- */

static void progress_draw(struct progress *progress, const struct snapshot *snapshot)
{
    size_t columns;
    size_t rows;
    struct buffer text;
    (void)progress;
    /* Its last picture would be gone at once. */
    if (snapshot->phase == SNAPSHOT_ENDED)
        return;
    terminal_size(STDERR_FILENO, &columns, &rows);
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append(snapshot, columns, rows, &text);
    terminal_draw(buffer_str(&text));
    buffer_deinit(&text);
}

/* In one piece, whoever else prints. */
static void progress_print(struct progress *progress, FILE *to, const char *text)
{
    if (pthread_mutex_lock(&progress->mutex) != 0)
        return;
    (void)fputs(text, to);
    (void)fflush(to);
    (void)pthread_mutex_unlock(&progress->mutex);
}

static void progress_print_line(struct progress *progress, const struct snapshot *snapshot)
{
    struct buffer text;
    if (snapshot->phase == SNAPSHOT_ENDED)
        return; /* the summary says it */
    buffer_init(&text, SCREEN_MAX_BYTES);
    screen_append_line(snapshot, &text);
    buffer_append_byte(&text, '\n');
    progress_print(progress, stderr, buffer_str(&text));
    buffer_deinit(&text);
}

static void progress_print_json(struct progress *progress, const struct snapshot *snapshot)
{
    struct buffer text;
    buffer_init(&text, SNAPSHOT_JSON_MAX);
    snapshot_append_json(snapshot, true, &text);
    progress_print(progress, stdout, buffer_str(&text));
    buffer_deinit(&text);
}

static void progress_tell_json(struct progress *progress, const struct progress_news *news)
{
    struct buffer text;
    struct json json;
    buffer_init(&text, SNAPSHOT_JSON_MAX);
    json_init_line(&json, &text);
    json_object_begin(&json);
    json_add_string(&json, "event", news->is_waiting ? "waits" : "mailbox");
    json_key(&json, "row");
    json_int64(&json, news->row);
    json_add_string(&json, "status", job_status_name(news->status));
    json_add_uint64(&json, "ended", news->ended);
    json_add_uint64(&json, "wanted", news->wanted);
    json_add_string(&json, "text", news->line);
    json_object_end(&json);
    progress_print(progress, stdout, buffer_str(&text));
    buffer_deinit(&text);
}

void progress_tell(struct progress *progress, const struct progress_news *news)
{
    if (progress->plan.mode == PROGRESS_JSON)
        progress_tell_json(progress, news);
    if (progress->plan.mode != PROGRESS_LINES)
        return;
    char *text = news->is_waiting ? mem_printf("%s\n", news->line)
                                  : mem_printf("%llu/%llu %s\n", (unsigned long long)news->ended,
                                               (unsigned long long)news->wanted, news->line);
    progress_print(progress, stderr, text);
    mem_free(text);
}

void progress_warn(struct progress *progress, const char *sentence)
{
    char *text = mem_printf("mailconvoy: %s\n", sentence);
    if (progress == NULL) {
        (void)fputs(text, stderr);
    } else if (progress->plan.mode != PROGRESS_SCREEN) {
        progress_print(progress, stderr, text);
    } else if (pthread_mutex_lock(&progress->mutex) == 0) {
        buffer_append_str(&progress->warnings, text);
        (void)pthread_mutex_unlock(&progress->mutex);
    }
    mem_free(text);
}

/* -- what is written -- */

/* That it could not be is told once; the run goes on. */
static void progress_write(struct progress *progress, enum progress_part part, const char *path,
                           unsigned int mode, const struct buffer *text)
{
    struct fault fault;
    if (file_replace(path, mode, text->data, text->used, &fault)) {
        progress->has_complained[part] = false;
        return;
    }
    if (!progress->has_complained[part])
        log_fault(progress->plan.log, &fault);
    progress->has_complained[part] = true;
}

static void progress_write_status(struct progress *progress, const struct snapshot *snapshot)
{
    struct buffer text;
    buffer_init(&text, SNAPSHOT_JSON_MAX);
    snapshot_append_json(snapshot, false, &text);
    progress_write(progress, PART_STATUS, progress->plan.status_path, 0600, &text);
    buffer_deinit(&text);
}

/* Whoever collects metrics is another user. */
static void progress_write_metrics(struct progress *progress, const struct snapshot *snapshot)
{
    struct buffer text;
    buffer_init(&text, METRICS_MAX_BYTES);
    metrics_append(snapshot, &text);
    progress_write(progress, PART_METRICS, progress->plan.metrics_path, 0644, &text);
    buffer_deinit(&text);
}

/* -- when -- */

static void progress_show(struct progress *progress, int64_t now_nsecs, int64_t now_msecs)
{
    struct snapshot snapshot;
    live_take(progress->plan.live, now_nsecs, now_msecs, stop_is_requested(progress->plan.stop),
              &snapshot);
    for (int part = 0; part < PART_COUNT; part++) {
        if (progress->due_nsecs[part] > now_nsecs)
            continue;
        parts[part].show(progress, &snapshot);
        progress->due_nsecs[part] = now_nsecs + parts[part].period_msecs * CLOCK_NSECS_PER_MSEC;
    }
    snapshot_deinit(&snapshot);
}

static int64_t progress_next_nsecs(const struct progress *progress)
{
    int64_t next_nsecs = INT64_MAX;
    for (int part = 0; part < PART_COUNT; part++)
        next_nsecs = progress->due_nsecs[part] < next_nsecs ? progress->due_nsecs[part]
                                                            : next_nsecs;
    return next_nsecs;
}

int progress_look(struct progress *progress, int64_t now_nsecs, int64_t now_msecs)
{
    if (progress->plan.mode == PROGRESS_SCREEN && terminal_was_resized())
        progress->due_nsecs[PART_SCREEN] = now_nsecs;
    if (progress_next_nsecs(progress) <= now_nsecs)
        progress_show(progress, now_nsecs, now_msecs);
    int64_t wait_nsecs = progress_next_nsecs(progress) - now_nsecs;
    return (int)(wait_nsecs / CLOCK_NSECS_PER_MSEC) + 1;
}

void progress_deinit(struct progress **progress_p)
{
    struct progress *progress = *progress_p;
    if (progress == NULL)
        return;
    *progress_p = NULL;
    terminal_leave();
    if (progress->warnings.used > 0)
        progress_print(progress, stderr, buffer_str(&progress->warnings));
    for (int part = 0; part < PART_COUNT; part++) {
        if (progress->due_nsecs[part] != INT64_MAX)
            progress->due_nsecs[part] = 0;
    }
    progress_show(progress, clock_mono_nsecs(), clock_wall_msecs());
    (void)pthread_mutex_destroy(&progress->mutex);
    buffer_deinit(&progress->warnings);
    mem_free(progress);
}
