/* SPDX-License-Identifier: MIT */
#include "batch/run.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "batch/alert.h"
#include "batch/budget.h"
#include "batch/course.h"
#include "batch/daily.h"
#include "batch/paces.h"
#include "batch/ending.h"
#include "batch/hosts.h"
#include "batch/job.h"
#include "batch/live.h"
#include "batch/log_path.h"
#include "batch/outage.h"
#include "batch/pair_lock.h"
#include "batch/pidfile.h"
#include "batch/pool.h"
#include "batch/preflight_rows.h"
#include "batch/progress.h"
#include "batch/queue.h"
#include "batch/retry.h"
#include "batch/schedule.h"
#include "batch/sign_ins.h"
#include "batch/tally.h"
#include "batch/workdir.h"
#include "report/run_files.h"
#include "store/store.h"
#include "sync/auth/tokens.h"
#include "sync/imap/tls.h"
#include "sync/pair.h"

/* The wall clock may be set, so the end of the time window is looked at so often. */
#define RUN_LOOK_MSECS          60000
#define RUN_LOOK_FOR_FILE_MSECS 1000
#define RUN_TEXT_MAX_BYTES      ((size_t)1024 * 1024)

/* What the run knows of a mailbox. Set up by the main thread; while it is worked on, only the
   worker that took it from the queue touches it. */
struct run_mailbox {
    const char *log_name; /* owned by the run's `names` */
    uint32_t route;
    uint64_t messages;      /* as an earlier run found them, or SCHEDULE_UNKNOWN */
    enum job_status status; /* as it is counted in the tally */
    struct retry retry;
};

/* Set up by the main thread before any worker starts, and then only read; but for what the mutex
   guards. Store, log, budget, hosts, queue and TLS contexts lock themselves. */
struct run {
    const struct run_plan *plan;
    struct workdir *workdir;
    struct store *store;
    struct log *log;
    char *mailbox_log_path; /* NULL: the mailboxes' logs are in the run's directory */
    struct budget *budget;
    struct daily *daily;
    struct paces *paces;
    struct pair_locks *locks;
    struct sign_ins *sign_ins;
    struct host_limits *hosts;
    struct queue *queue;
    struct tls_contexts *tls;
    struct live *live;
    struct progress *progress;
    struct alert *alert;
    struct course course; /* the main thread's */
    enum progress_mode mode;
    struct tokens *tokens;              /* NULL: no profiles */
    struct job_environment environment; /* of the above, for the workers */
    struct file_names *names;
    struct run_mailbox *jobs;
    struct outage_mailbox *met;       /* by job; each is its worker's */
    struct preflight_table preflight; /* --preflight: so are its rows */
    size_t jobs_count;
    int64_t started_msecs;
    size_t jobs_wanted;  /* without those that are left out */
    int64_t until_msecs; /* the end of the time window, by the wall clock; 0: there is none */

    bool has_mutex;
    pthread_mutex_t mutex; /* guards all below */
    struct tally tally;
    size_t ended;
    struct pair_result last; /* of the mailbox that ended last: the only one of a sync */
};

/* ---- one job ---- */

/* The caller frees with settings_deinit(). */
static void run_resolve(const struct run *run, size_t index, struct settings *settings_r)
{
    if (run->plan->manifest != NULL)
        manifest_resolve(run->plan->manifest, index, settings_r);
    else
        settings_copy(settings_r, run->plan->settings);
}

static void run_warn(struct run *run, const struct fault *fault)
{
    struct buffer text;
    buffer_init(&text, RUN_TEXT_MAX_BYTES);
    str_append_printable(&text, fault->text, strlen(fault->text));
    progress_warn(run->progress, buffer_str(&text));
    buffer_deinit(&text);
}

static void run_set_broken(struct run *run, const struct fault *fault)
{
    log_fault(run->log, fault);
    if (pthread_mutex_lock(&run->mutex) != 0)
        return;
    if (!run->tally.is_broken)
        run_warn(run, fault);
    run->tally.is_broken = true;
    (void)pthread_mutex_unlock(&run->mutex);
    queue_stop(run->queue); /* without a store nothing can be done safely */
}

/* A mailbox is tried again later: for the live view and the report. */
static void run_note_wait(struct run *run, size_t index, const struct job_outcome *outcome)
{
    struct fault fault;
    int64_t now_msecs = clock_wall_msecs();
    const struct store_wait wait = {
        .row = (int64_t)index + 1,
        .from_msecs = now_msecs,
        .until_msecs = now_msecs + outcome->wait_msecs,
        .is_throttle = outcome->result.fault.code == FAULT_THROTTLED,
    };
    live_wait(run->live, index, wait.until_msecs, wait.is_throttle);
    if (!store_wait_add(run->store, workdir_run_id(run->workdir), &wait, &fault))
        run_set_broken(run, &fault);
}

/* Tells the run's log, the terminal and the tally how a mailbox ended, or that it waits. */
static void run_announce(struct run *run, struct run_mailbox *job,
                         const struct job_outcome *outcome, const char *line)
{
    log_line(run->log, "%s", line);
    log_flush(run->log);
    if (pthread_mutex_lock(&run->mutex) != 0)
        return;
    run->tally.jobs[job->status]--;
    job->status = outcome->result.status;
    run->tally.jobs[job->status]++;
    run->last = outcome->result;
    run->ended += outcome->wait_msecs == 0;
    struct progress_news news = {
        .row = (int64_t)(job - run->jobs) + 1,
        .status = job->status,
        .is_waiting = outcome->wait_msecs > 0,
        .ended = run->ended,
        .wanted = run->jobs_wanted,
        .line = line,
    };
    progress_tell(run->progress, &news);
    if (job->status == JOB_FAILED && !news.is_waiting)
        alert_note(run->alert, clock_mono_nsecs(), line);
    (void)pthread_mutex_unlock(&run->mutex);
}

/* What earlier attempts copied counts against --exitwhenover too. */
static void run_lower_limit(struct settings *settings, const struct retry *retry)
{
    if (settings->exitwhenover <= 0)
        return;
    if (retry->bytes_copied < (uint64_t)settings->exitwhenover)
        settings->exitwhenover -= (int64_t)retry->bytes_copied;
    else
        settings->exitwhenover = 1;
}

/* Said at once, since whoever reads it can mend it while others are still on their way. */
static void run_note_sign_in(struct run *run, const struct settings *settings,
                             const struct job_outcome *outcome)
{
    struct buffer line;
    if (outcome->wait_msecs > 0)
        return;
    buffer_init(&line, RUN_TEXT_MAX_BYTES);
    if (sign_ins_note(run->sign_ins, settings, &outcome->result, &line)) {
        log_line(run->log, "%s", buffer_str(&line));
        progress_warn(run->progress, buffer_str(&line));
    }
    buffer_deinit(&line);
}

/* The pool's work: one attempt. A mailbox that waits for its server gives its worker back. */
static enum pool_verdict run_job(void *context, uint64_t index, int64_t *again_nsecs_r)
{
    struct run *run = context;
    struct run_mailbox *own = &run->jobs[index];
    struct settings settings;
    struct job_outcome outcome;
    struct fault fault;
    struct buffer line;
    run_resolve(run, (size_t)index, &settings);
    run_lower_limit(&settings, &own->retry);
    buffer_init(&line, RUN_TEXT_MAX_BYTES);
    struct job job = {(int64_t)index + 1, own->log_name, &settings, own->route, &own->retry};
    if (!job_run(&run->environment, &job, &outcome, &line, &fault))
        run_set_broken(run, &fault);
    run_note_sign_in(run, &settings, &outcome);
    outage_note(&run->met[index], &outcome.result, clock_wall_msecs());
    if (run->preflight.count > 0)
        preflight_row_end(&run->preflight.rows[index], &outcome.result);
    if (outcome.wait_msecs > 0)
        run_note_wait(run, (size_t)index, &outcome);
    else
        live_end(run->live, (size_t)index, outcome.result.status);
    run_announce(run, own, &outcome, buffer_str(&line));
    buffer_deinit(&line);
    settings_deinit(&settings);
    *again_nsecs_r = clock_mono_nsecs() + outcome.wait_msecs * CLOCK_NSECS_PER_MSEC;
    return outcome.wait_msecs > 0 ? POOL_AGAIN : POOL_DONE;
}

/* ---- the run around them ---- */

static void run_set_window(struct run *run, int64_t now_msecs)
{
    int minutes;
    const char *until = run->plan->settings->until;
    if (until != NULL && clock_parse_time_of_day(until, &minutes))
        run->until_msecs = clock_next_time_of_day(now_msecs, minutes);
}

/* The directory that --logdir names is made. */
static bool run_make_log_dir(const char *path, struct fault *fault_r)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return true;
    char *dir = mem_strndup(path, (size_t)(slash - path));
    bool is_ok = file_make_dirs(dir, fault_r);
    mem_free(dir);
    return is_ok;
}

static bool run_open_log(struct run *run, int64_t now_msecs, struct fault *fault_r)
{
    const struct settings *settings = run->plan->settings;
    char *path = mem_printf("%s/run.log", workdir_run_dir(run->workdir));
    run->log = log_open(path, fault_r);
    run->mailbox_log_path = log_path_make(settings, now_msecs);
    bool is_ok = run->log != NULL && (run->mailbox_log_path == NULL ||
                                      run_make_log_dir(run->mailbox_log_path, fault_r));
    if (is_ok && run->plan->pidfile != NULL)
        pidfile_set_log(run->plan->pidfile,
                        run->mailbox_log_path != NULL ? run->mailbox_log_path : path);
    mem_free(path);
    return is_ok;
}

static bool run_begin(struct run *run, struct fault *fault_r)
{
    const struct run_plan *plan = run->plan;
    struct buffer echo;
    int64_t now_msecs = clock_wall_msecs();
    if (!workdir_begin_run(run->workdir, now_msecs, fault_r))
        return false;
    if (!run_open_log(run, now_msecs, fault_r))
        return false;
    buffer_init(&echo, RUN_TEXT_MAX_BYTES);
    settings_append_echo(plan->settings, &echo);
    struct store_run row = {
        .id = workdir_run_id(run->workdir),
        .command = plan->command,
        .version = MAILCONVOY_VERSION,
        .manifest = plan->manifest_path != NULL ? plan->manifest_path : "",
        .manifest_sha256 = plan->manifest != NULL ? manifest_sha256(plan->manifest) : "",
        .settings = buffer_str(&echo),
        .started_msecs = now_msecs,
        .exit_code = -1,
        .is_final = plan->settings->final,
    };
    run_set_window(run, now_msecs);
    run->started_msecs = now_msecs;
    run->course = (struct course){run->store, row.id, now_msecs, {0}};
    log_line(run->log, "mailconvoy " MAILCONVOY_VERSION ", %s %s", row.command, row.manifest);
    job_log_settings(run->log, plan->settings);
    bool is_ok = store_run_begin(run->store, &row, fault_r);
    buffer_deinit(&echo);
    return is_ok;
}

static bool run_add_job(struct run *run, size_t index, struct fault *fault_r)
{
    struct settings settings;
    run_resolve(run, index, &settings);
    char *user1 = settings_login_name(&settings, 1);
    char *user2 = settings_login_name(&settings, 2);
    struct store_job row = {
        .row = (int64_t)index + 1,
        .label = settings.label != NULL ? settings.label : "",
        .host1 = settings.side[0].host,
        .user1 = user1,
        .host2 = settings.side[1].host,
        .user2 = user2,
        .error_code = "",
        .error = "",
        .trial = job_trial(&settings),
        .is_partial = job_is_partial(&settings),
        .exposure = job_exposure(&settings),
    };
    run->jobs[index] = (struct run_mailbox){
        .log_name = file_names_add(run->names, user1),
        .route = hosts_route(run->hosts, row.host1, settings_port(&settings, 1), row.host2,
                             settings_port(&settings, 2)),
        .messages = SCHEDULE_UNKNOWN,
        .status = JOB_NOT_STARTED,
    };
    run->met[index].route = run->jobs[index].route;
    bool is_ok = store_job_add(run->store, workdir_run_id(run->workdir), &row, fault_r) &&
                 (run->preflight.count == 0 ||
                  preflight_row_begin(&run->preflight.rows[index], &settings, run->store, fault_r));
    mem_free(user1);
    mem_free(user2);
    settings_deinit(&settings);
    return is_ok;
}

static bool run_note_size(void *context, int64_t row, uint64_t messages)
{
    struct run *run = context;
    if (row >= 1 && (uint64_t)row <= run->jobs_count)
        run->jobs[row - 1].messages = messages;
    if (row >= 1 && (uint64_t)row <= run->jobs_count && run->jobs[row - 1].status != JOB_LEFT_OUT)
        live_expect(run->live, (size_t)row - 1, messages);
    return true;
}

/* All jobs into the queue, the longest first. */
static bool run_queue_jobs(struct run *run, struct fault *fault_r)
{
    uint64_t *messages = mem_alloc_array(run->jobs_count, sizeof(*messages));
    size_t known = 0;
    bool is_ok = true;
    for (size_t i = 0; i < run->jobs_count; i++) {
        messages[i] = run->jobs[i].messages;
        known += messages[i] != SCHEDULE_UNKNOWN;
    }
    uint64_t average = schedule_average(messages, run->jobs_count);
    for (size_t i = 0; i < run->jobs_count && is_ok; i++) {
        if (run->jobs[i].status == JOB_LEFT_OUT)
            continue;
        struct queue_job job = {
            .id = i,
            .order = schedule_order(messages[i], average),
            .route = run->jobs[i].route,
        };
        is_ok = queue_add(run->queue, &job);
    }
    mem_free(messages);
    if (known > 0)
        log_line(run->log,
                 "%zu mailboxes are known from earlier runs, with %llu messages on average: the "
                 "longest run first",
                 known, (unsigned long long)average);
    if (!is_ok)
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't queue a job");
    return is_ok;
}

static bool run_note_left_out(void *context, int64_t row)
{
    struct run *run = context;
    if (row < 1 || (uint64_t)row > run->jobs_count || run->jobs[row - 1].status == JOB_LEFT_OUT)
        return true;
    run->tally.jobs[run->jobs[row - 1].status]--;
    run->jobs[row - 1].status = JOB_LEFT_OUT;
    run->tally.jobs[JOB_LEFT_OUT]++;
    run->jobs_wanted--;
    live_leave_out(run->live, (size_t)row - 1);
    return true;
}

/* --retry-failed */
static bool run_leave_out(struct run *run, struct fault *fault_r)
{
    if (!run->plan->settings->retry_failed)
        return true;
    if (!store_jobs_leave_out(run->store, workdir_run_id(run->workdir), run_note_left_out, run,
                              fault_r))
        return false;
    log_line(run->log, "%zu mailboxes are left out: they were complete in their last run",
             run->jobs_count - run->jobs_wanted);
    return true;
}

/* Who looks at the run from outside. */
static bool run_init_live(struct run *run, struct fault *fault_r)
{
    const struct settings *settings = run->plan->settings;
    bool is_sync = run->plan->manifest == NULL;
    struct live_plan live_plan = {
        .run_id = workdir_run_id(run->workdir),
        .command = run->plan->command,
        .manifest = run->plan->manifest_path != NULL ? run->plan->manifest_path : "",
        .started_msecs = run->started_msecs,
        .budget_messages = settings->budget_messages,
        .budget_bytes = (double)settings->budget_bytes,
        .mailboxes = run->jobs_count,
    };
    if (!live_init(&live_plan, &run->live, fault_r) || !alert_init(settings, &run->alert, fault_r))
        return false;
    const struct progress_place place = {
        .is_sync = is_sync,
        .can_draw = terminal_is_able(STDERR_FILENO),
        .is_redirected = isatty(STDOUT_FILENO) != 1,
    };
    run->mode = progress_choose(settings, &place);
    struct progress_plan progress_plan = {
        .mode = run->mode,
        .is_sync = is_sync,
        .live = run->live,
        .stop = run->plan->stop,
        .log = run->log,
        .status_path = workdir_status_path(run->workdir),
        .metrics_path = settings->metrics,
    };
    return progress_init(&progress_plan, &run->progress, fault_r);
}

static void run_init_preflight(struct run *run)
{
    const struct settings *settings = run->plan->settings;
    const struct forecast_limits limits = {
        .workers = run->plan->manifest != NULL ? (size_t)settings->parallel : 1,
        .budget_messages = settings->budget_messages,
        .budget_bytes = (double)settings->budget_bytes,
    };
    if (!settings->preflight)
        return;
    preflight_table_init(&run->preflight, run->jobs_count, &limits);
    run->preflight.is_selective = settings->side[0].search != NULL || settings->maxage >= 0 ||
                                  settings->minage >= 0 || settings->minsize >= 0 ||
                                  settings->skipmess.count > 0;
}

/* All of them, before any is started: so a report names those that never were. */
static bool run_add_jobs(struct run *run, struct fault *fault_r)
{
    run->jobs_count = run->plan->manifest != NULL ? manifest_count(run->plan->manifest) : 1;
    run->jobs = mem_alloc_array(run->jobs_count, sizeof(*run->jobs));
    run->met = mem_alloc_array(run->jobs_count, sizeof(*run->met));
    run->names = file_names_init();
    run->tally.jobs[JOB_NOT_STARTED] = run->jobs_count;
    run->jobs_wanted = run->jobs_count;
    run_init_preflight(run);
    if (!run_init_live(run, fault_r))
        return false;
    for (size_t i = 0; i < run->jobs_count; i++) {
        if (!run_add_job(run, i, fault_r))
            return false;
    }
    return store_flush(run->store, fault_r) && run_leave_out(run, fault_r) &&
           store_pair_sizes_each(run->store, workdir_run_id(run->workdir), run_note_size, run,
                                 fault_r) &&
           run_queue_jobs(run, fault_r);
}

static void run_connections_freed(void *context)
{
    struct run *run = context;
    queue_wake(run->queue);
}

/* What the workers share, besides the store. */
static bool run_init_shared(struct run *run, struct fault *fault_r)
{
    const struct settings *settings = run->plan->settings;
    if (!queue_init(&run->queue, fault_r) ||
        !budget_init(settings->budget_messages, (double)settings->budget_bytes, &run->budget,
                     fault_r) ||
        !hosts_init((unsigned int)settings->maxconnectionsperhost, &run->hosts, fault_r))
        return false;
    queue_set_admission(run->queue, hosts_admission(run->hosts));
    hosts_set_listener(run->hosts, run_connections_freed, run);
    return true;
}

static bool run_init(struct run *run, struct fault *fault_r)
{
    const struct settings *settings = run->plan->settings;
    fault_clear(&run->last.fault);
    run->last.status = JOB_NOT_STARTED;
    run->has_mutex = pthread_mutex_init(&run->mutex, NULL) == 0;
    run->tls = tls_contexts_init();
    run->sign_ins = sign_ins_init();
    if (!run->has_mutex || run->tls == NULL || run->sign_ins == NULL) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make the run's locks");
        return false;
    }
    return run_init_shared(run, fault_r) &&
           workdir_open(settings->workdir, &run->workdir, fault_r) &&
           pair_locks_open(settings->lockdir, workdir_path(run->workdir), &run->locks, fault_r) &&
           store_open(workdir_state_path(run->workdir), &run->store, fault_r) &&
           daily_init(run->store, &run->daily, fault_r) &&
           paces_init(run->store, &run->paces, fault_r) && run_begin(run, fault_r) &&
           run_add_jobs(run, fault_r);
}

/* How long until the end of the time window; -1: there is none, or it has come. */
static int run_look_at_window(struct run *run)
{
    if (run->until_msecs == 0)
        return -1;
    int64_t left_msecs = run->until_msecs - clock_wall_msecs();
    if (left_msecs > 0)
        return (int)(left_msecs < RUN_LOOK_MSECS ? left_msecs : RUN_LOOK_MSECS);
    stop_request_for(run->plan->stop, STOP_REASON_TIME_WINDOW);
    return -1;
}

/* -1 is for ever. */
static int shorter(int msecs, int other_msecs)
{
    return msecs < 0 || (other_msecs >= 0 && other_msecs < msecs) ? other_msecs : msecs;
}

static int run_look_at_course(struct run *run, int64_t now_msecs)
{
    struct fault fault;
    int left_msecs = course_look(&run->course, run->live, now_msecs, &fault);
    if (left_msecs < 0)
        run_set_broken(run, &fault);
    return left_msecs;
}

/* The main thread's, while the workers work: ends the time window, looks for the file that asks to
   stop, shows how far the run is. */
static int run_look(void *context)
{
    struct run *run = context;
    int64_t now_nsecs = clock_mono_nsecs();
    int64_t now_msecs = clock_wall_msecs();
    int wait_msecs = shorter(run_look_at_window(run),
                             progress_look(run->progress, now_nsecs, now_msecs));
    wait_msecs = shorter(wait_msecs, run_look_at_course(run, now_msecs));
    if (!stop_is_requested(run->plan->stop))
        wait_msecs = shorter(wait_msecs, alert_look(run->alert, now_nsecs, run->live, run->log));
    if (run->plan->pidfile == NULL)
        return wait_msecs;
    if (pidfile_sees_abort(run->plan->pidfile))
        stop_request_for(run->plan->stop, STOP_REASON_FILE);
    return shorter(wait_msecs, RUN_LOOK_FOR_FILE_MSECS);
}

/* Once all have ended. */
static bool run_pause_refused(struct run *run, struct fault *fault_r)
{
    size_t paused = 0;
    bool is_ok = outage_pause(run->store, workdir_run_id(run->workdir), run->met, run->jobs_count,
                              &paused, fault_r);
    run->tally.jobs[JOB_FAILED] -= paused;
    run->tally.jobs[JOB_PAUSED] += paused;
    return is_ok;
}

/* Where the run's log is open, which tells of each token. */
static bool run_init_tokens(struct run *run, struct fault *fault_r)
{
    const struct run_plan *plan = run->plan;
    if (plan->settings->profiles == NULL)
        return true;
    run->tokens = tokens_init(plan->settings->profiles, plan->stop, run->log);
    if (run->tokens == NULL)
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make the run's locks");
    return run->tokens != NULL;
}

static bool run_work(struct run *run, struct fault *fault_r)
{
    if (!run_init_tokens(run, fault_r))
        return false;
    struct pool_work work = {.context = run, .run = run_job, .look = run_look};
    run->environment = (struct job_environment){
        .store = run->store,
        .run_id = workdir_run_id(run->workdir),
        .run_dir = workdir_run_dir(run->workdir),
        .log_path = run->mailbox_log_path,
        .budget = run->budget,
        .daily = run->daily,
        .paces = run->paces,
        .hosts = run->hosts,
        .locks = run->locks,
        .sign_ins = run->sign_ins,
        .live = run->live,
        .tls = run->tls,
        .tokens = run->tokens,
        .stop = run->plan->stop,
        .is_alone = run->plan->manifest == NULL,
        .preflight = run->preflight.rows,
        .is_shown = run->plan->manifest == NULL && run->mode == PROGRESS_LINES,
    };
    size_t started = 0;
    size_t wanted = run->plan->manifest != NULL ? (size_t)run->plan->settings->parallel : 1;
    bool is_ok = pool_run(run->queue, wanted, &work, run->plan->stop, &started, fault_r) &&
                 run_pause_refused(run, fault_r);
    if (is_ok && started < wanted && started < run->jobs_wanted)
        log_line(run->log, "only %zu of %zu worker threads could be started", started, wanted);
    run->tally.is_stopped = stop_is_requested(run->plan->stop);
    run->tally.is_stopped_by_file = stop_reason(run->plan->stop) == STOP_REASON_FILE;
    return is_ok;
}

static int run_exit_code(const struct run *run)
{
    return run->plan->manifest != NULL ? tally_batch_exit_code(&run->tally)
                                       : tally_sync_exit_code(&run->tally, &run->last);
}

/* What was not reached when the time window ended. */
static bool run_pause_rest(struct run *run, struct fault *fault_r)
{
    size_t *jobs = run->tally.jobs;
    struct fault why;
    if (stop_reason(run->plan->stop) != STOP_REASON_TIME_WINDOW || jobs[JOB_NOT_STARTED] == 0)
        return true;
    job_set_window_fault(run->plan->settings, &why);
    jobs[JOB_PAUSED] += jobs[JOB_NOT_STARTED];
    jobs[JOB_NOT_STARTED] = 0;
    return store_jobs_pause(run->store, workdir_run_id(run->workdir), fault_code_name(why.code),
                            why.text, fault_r);
}

/* What is said about it, once its report is written. */
static bool run_tell_end(struct run *run, int exit_code, bool is_ended, struct fault *fault_r)
{
    bool is_ok = true;
    struct ending ending = {
        .settings = run->plan->settings,
        .store = run->store,
        .live = run->live,
        .log = run->log,
        .run_id = workdir_run_id(run->workdir),
        .run_dir = mem_printf("%s/runs/%s", workdir_path(run->workdir),
                              workdir_run_id(run->workdir)),
        .exit_code = exit_code,
    };
    if (run->plan->settings->quiet)
        is_ok = ending_print_trouble(&ending, fault_r);
    else if (run->mode != PROGRESS_JSON)
        ending_print_summary(&ending);
    ending_notify(&ending);
    /* What the store could not be told is no reason to forget older runs. */
    if (is_ok && is_ended)
        ending_prune(&ending);
    mem_free(ending.run_dir);
    return is_ok;
}

/* Closes the books; the workers are gone. */
static bool run_end(struct run *run, struct fault *fault_r)
{
    const char *run_id = workdir_run_id(run->workdir);
    int exit_code = run_exit_code(run);
    log_line(run->log, "run ends with exit code %d", exit_code);
    bool is_ended = course_end(&run->course, run->live, clock_wall_msecs(), fault_r) &&
                    run_pause_rest(run, fault_r) &&
                    store_run_end(run->store, run_id, clock_wall_msecs(), exit_code, fault_r);
    struct fault report_fault;
    live_finish(run->live, clock_wall_msecs(), exit_code, run->tally.jobs);
    progress_deinit(&run->progress);
    /* A store that takes no more may still be read. */
    if (!report_write_files(run->store, run_id, workdir_run_dir(run->workdir), &report_fault)) {
        if (is_ended)
            *fault_r = report_fault;
        return false;
    }
    if (run->preflight.count > 0 &&
        !preflight_table_write(&run->preflight, workdir_run_dir(run->workdir), fault_r))
        return false;
    struct fault told_fault;
    bool is_told = run_tell_end(run, exit_code, is_ended, &told_fault);
    if (is_ended && !is_told)
        *fault_r = told_fault;
    return is_ended && is_told;
}

static bool run_deinit(struct run *run, struct fault *fault_r)
{
    bool is_ok = run->store == NULL || store_close(&run->store, fault_r);
    progress_deinit(&run->progress);
    live_deinit(&run->live);
    alert_deinit(&run->alert);
    log_close(&run->log);
    daily_deinit(&run->daily);
    paces_deinit(&run->paces);
    pair_locks_close(&run->locks);
    sign_ins_deinit(&run->sign_ins);
    budget_deinit(&run->budget);
    queue_deinit(&run->queue);
    hosts_deinit(&run->hosts);
    tls_contexts_deinit(&run->tls);
    tokens_deinit(&run->tokens);
    file_names_deinit(&run->names);
    mem_free(run->mailbox_log_path);
    for (size_t i = 0; run->jobs != NULL && i < run->jobs_count; i++)
        retry_deinit(&run->jobs[i].retry);
    mem_free(run->jobs);
    mem_free(run->met);
    preflight_table_deinit(&run->preflight);
    workdir_close(&run->workdir);
    if (run->has_mutex)
        (void)pthread_mutex_destroy(&run->mutex);
    return is_ok;
}

static int run_complain(struct run *run, const struct fault *fault)
{
    run_warn(run, fault);
    log_fault(run->log, fault);
    return tally_fault_exit_code(fault);
}

int run_execute(const struct run_plan *plan)
{
    struct run run = {.plan = plan};
    struct fault fault;
    int exit_code = 0;
    if (!run_init(&run, &fault)) {
        exit_code = run_complain(&run, &fault);
        ending_notify_broken(plan->settings, exit_code, fault.text, run.log);
    } else {
        if (!run_work(&run, &fault))
            exit_code = run_complain(&run, &fault);
        run.tally.is_broken = run.tally.is_broken || exit_code != 0;
        exit_code = run_exit_code(&run);
        if (!run_end(&run, &fault))
            exit_code = run_complain(&run, &fault);
    }
    if (!run_deinit(&run, &fault))
        exit_code = run_complain(&run, &fault);
    return exit_code;
}
