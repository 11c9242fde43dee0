/* SPDX-License-Identifier: MIT */
#include "batch/job.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/diagnoses.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "batch/closing.h"
#include "batch/mailbox_key.h"
#include "batch/preflight_table.h"
#include "batch/tally.h"
#include "sync/settings_presets.h"
#include "sync/ssl_args.h"

#define JOB_TEXT_MAX_BYTES ((size_t)1024 * 1024)

/* A line of the log for each line of the text. */
static void job_log_lines(struct log *log, const char *title, const char *line)
{
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        log_line(log, "%s%.*s", title, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void job_log_settings(struct log *log, const struct settings *settings)
{
    struct buffer echo;
    buffer_init(&echo, JOB_TEXT_MAX_BYTES);
    settings_append_presets(settings, &echo);
    job_log_lines(log, "preset ", buffer_str(&echo));
    buffer_clear(&echo);
    settings_append_echo(settings, &echo);
    job_log_lines(log, "setting ", buffer_str(&echo));
    buffer_deinit(&echo);
}

static struct log *job_open_log(const struct job_environment *environment, const struct job *job,
                                struct fault *fault_r)
{
    char *path = environment->log_path != NULL
                     ? mem_strdup(environment->log_path)
                     : mem_printf("%s/users/%s.log", environment->run_dir, job->log_name);
    struct log *log = log_open(path, fault_r);
    mem_free(path);
    if (log != NULL) {
        if (environment->is_shown)
            log_show(log);
        if (job->retry->attempts > 0) {
            log_line(log, "attempt %u", job->retry->attempts + 1);
            return log;
        }
        log_line(log, "mailconvoy " MAILCONVOY_VERSION ", run %s, row %lld", environment->run_id,
                 (long long)job->row);
        job_log_settings(log, job->settings);
    }
    return log;
}

/* -- the gate: what the servers bear, then the budget; what it grants counts for the day -- */

struct job_gate {
    const struct gate *budget;
    struct daily_member *daily;
    struct paces_member *paces;
};

static int64_t job_gate_ask(void *context, int64_t now_nsecs, uint32_t messages, uint64_t bytes)
{
    struct job_gate *gate = context;
    int64_t at = messages == 0 ? 0 : paces_ask(gate->paces, now_nsecs);
    if (at == 0)
        at = gate->budget->ask(gate->budget->context, now_nsecs, messages, bytes);
    if (at != 0)
        return at;
    daily_note(gate->daily, clock_wall_msecs(), bytes);
    if (messages > 0)
        paces_note(gate->paces, now_nsecs);
    return 0;
}

static bool job_gate_refuses(void *context, uint64_t bytes, struct fault *fault_r)
{
    struct job_gate *gate = context;
    return !daily_may_send(gate->daily, clock_wall_msecs(), bytes, fault_r);
}

/* A pair's places in what is counted for its accounts. */
struct job_accounts {
    struct daily_member *daily;
    struct paces_member *paces;
};

static bool job_accounts_join(struct job_accounts *accounts,
                              const struct job_environment *environment, const struct job *job,
                              struct fault *fault_r)
{
    struct buffer names[2];
    struct daily_limit limits[2];
    for (int i = 0; i < 2; i++) {
        buffer_init(&names[i], JOB_TEXT_MAX_BYTES);
        mailbox_key_append(&names[i], job->settings, i + 1);
        limits[i].account = buffer_str(&names[i]);
        limits[i].max_bytes = (uint64_t)job->settings->side[i].daily_bytes;
    }
    const char *const keys[2] = {limits[0].account, limits[1].account};
    accounts->paces = NULL;
    accounts->daily = daily_member_init(environment->daily, limits, clock_wall_msecs(), fault_r);
    if (accounts->daily != NULL)
        accounts->paces = paces_member_init(environment->paces, keys, clock_wall_msecs(), fault_r);
    buffer_deinit(&names[0]);
    buffer_deinit(&names[1]);
    return accounts->paces != NULL;
}

/* False with a fault if a count could not be kept. */
static bool job_accounts_leave(struct job_accounts *accounts, struct fault *fault_r)
{
    bool is_paced = paces_member_deinit(&accounts->paces, clock_wall_msecs(), fault_r);
    return daily_member_deinit(&accounts->daily, fault_r) && is_paced;
}

/* The next attempt is slower. */
static void job_note_throttle(const struct job_accounts *accounts, struct log *log,
                              const struct fault *fault)
{
    if (fault->code != FAULT_THROTTLED || fault->advice != FAULT_ADVICE_WAIT)
        return;
    double rate = paces_throttled(accounts->paces, fault->side, clock_mono_nsecs(),
                                  fault->wait_msecs);
    if (rate > 0)
        log_line(log,
                 "the %s throttles; from now on it is given %.2f messages a second, and more when "
                 "it bears that",
                 fault->side == 1 ? "source" : "destination", rate);
}

/* -- one attempt -- */

struct job_sign_ins {
    struct sign_ins *sign_ins;
    const struct settings *settings;
};

static void job_signed_in(void *context, int side)
{
    const struct job_sign_ins *own = context;
    sign_ins_let_in(own->sign_ins, own->settings, side);
}

/* The pair inside its mailbox's limits. */
static void job_run_limited(const struct job_environment *environment, const struct job *job,
                            struct log *log, const struct job_accounts *accounts,
                            struct pair_progress *progress, struct pair_result *result_r)
{
    const struct settings *settings = job->settings;
    struct budget_member *member = budget_member_init(
        environment->budget, settings->maxmessagespersecond, (double)settings->maxbytespersecond);
    if (member == NULL) {
        fault_set(&result_r->fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't join the budget");
        return;
    }
    if ((uint64_t)settings->maxbytesafter > job->retry->bytes_copied)
        budget_member_spare(member, (uint64_t)settings->maxbytesafter - job->retry->bytes_copied);
    struct hosts_member *connections = hosts_member_init(environment->hosts, job->route);
    struct job_gate context = {budget_member_gate(member), accounts->daily, accounts->paces};
    struct gate gate = {&context, job_gate_ask, job_gate_refuses};
    struct job_sign_ins signed_in = {environment->sign_ins, settings};
    struct pair_environment pair_environment = {
        .last_sent_msecs = job->retry->sent_msecs != 0 ? job->retry->sent_msecs
                                                       : store_left_msecs(environment->store),
        .was_throttled = job->retry->was_throttled,
        .is_careful = job->retry->lost_in_vain > 1,
        .suspects = &job->retry->suspects,
        .given_up = &job->retry->given_up,
        .verify_resume = &job->retry->verify,
        .store = environment->store,
        .run_id = environment->run_id,
        .row = job->row,
        .log = log,
        .gate = &gate,
        .slots = hosts_member_slots(connections),
        .stop = environment->stop,
        .tls = environment->tls,
        .tokens = environment->tokens,
        .progress = progress,
        .errors = &job->retry->errors,
        .signed_in = job_signed_in,
        .signed_in_context = &signed_in,
        .preflight = environment->preflight == NULL ? NULL
                                                    : &environment->preflight[job->row - 1].found,
    };
    pair_run(settings, &pair_environment, result_r);
    hosts_member_deinit(&connections);
    budget_member_deinit(&member);
}

/* A count that can't be kept ends more than the pair: its limit would be passed unseen. */
static void job_run_counted(const struct job_environment *environment, const struct job *job,
                            struct log *log, struct pair_progress *progress,
                            struct pair_result *result_r)
{
    struct job_accounts accounts;
    struct fault fault;
    bool has_joined = job_accounts_join(&accounts, environment, job, &result_r->fault);
    if (has_joined) {
        job_run_limited(environment, job, log, &accounts, progress, result_r);
        job_note_throttle(&accounts, log, &result_r->fault);
    }
    if (job_accounts_leave(&accounts, &fault) || !has_joined)
        return;
    result_r->status = JOB_FAILED;
    result_r->fault = fault;
}

const char *job_trial(const struct settings *settings)
{
    return settings->preflight         ? "preflight"
           : settings->verify_only     ? "verify-only"
           : settings->justconnect     ? "justconnect"
           : settings->justlogin       ? "justlogin"
           : settings->justfolderlists ? "justfolderlists"
           : settings->justautomap     ? "justautomap"
           : settings->justfoldersizes ? "justfoldersizes"
           : settings->justfolders     ? "justfolders"
           : settings->dry             ? "dry"
                                       : "";
}

bool job_is_partial(const struct settings *settings)
{
    const char *subfolder = settings->side[0].subfolder;
    return settings->folder.count > 0 || settings->folderrec.count > 0 ||
           settings->include.count > 0 || settings->exclude.count > 0 || settings->subscribed ||
           !settings->mixfolders || (subfolder != NULL && subfolder[0] != '\0');
}

unsigned int job_exposure(const struct settings *settings)
{
    unsigned int exposure = 0;
    for (int side = 1; side <= 2; side++) {
        const struct settings_side *own = &settings->side[side - 1];
        unsigned int what = own->ssl == CHOICE_NO && own->tls == CHOICE_NO ? STORE_EXPOSURE_CLEAR
                            : ssl_args_believe_all(settings, side) ? STORE_EXPOSURE_UNCHECKED
                                                                   : 0;
        exposure |= what << (side - 1);
    }
    return exposure;
}

/* What changes nothing disturbs nobody; but what is compared must not change meanwhile. */
static bool job_needs_lock(const struct settings *settings)
{
    return settings->verify_only || job_trial(settings)[0] == '\0' ||
           (settings->justfolders && !settings->dry);
}

/* The pair, unless somebody else is at it. */
static void job_run_pair(const struct job_environment *environment, const struct job *job,
                         struct log *log, struct pair_progress *progress,
                         struct pair_result *result_r)
{
    struct pair_lock lock;
    if (sign_ins_are_paused(environment->sign_ins, job->settings, &result_r->fault)) {
        result_r->status = JOB_PAUSED;
        return;
    }
    if (!job_needs_lock(job->settings)) {
        job_run_counted(environment, job, log, progress, result_r);
    } else if (pair_lock_take(environment->locks, job->settings, clock_wall_msecs(), &lock,
                              &result_r->fault)) {
        job_run_counted(environment, job, log, progress, result_r);
        pair_lock_give_back(environment->locks, &lock);
    } else if (result_r->fault.code == FAULT_BUSY) {
        result_r->status = JOB_PAUSED;
    }
}

/* The pair knows that it was stopped, not why. */
static void job_name_stop(const struct job_environment *environment, const struct job *job,
                          struct pair_result *result)
{
    if (result->fault.code == FAULT_STOPPED &&
        stop_reason(environment->stop) == STOP_REASON_TIME_WINDOW)
        job_set_window_fault(job->settings, &result->fault);
}

void job_set_window_fault(const struct settings *settings, struct fault *fault_r)
{
    fault_set(fault_r, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
              "time window ended (--until %s); run the same command again to go on",
              settings->until != NULL ? settings->until : "");
}

/* The mailbox for people. */
static const char *job_title(const struct job *job)
{
    const struct settings *settings = job->settings;
    const char *user = settings->side[0].user != NULL ? settings->side[0].user : "";
    return settings->label != NULL && settings->label[0] != '\0' ? settings->label : user;
}

/* The pair, seen by whoever looks. */
static void job_run_seen(const struct job_environment *environment, const struct job *job,
                         struct log *log, struct pair_result *result_r)
{
    struct pair_progress progress;
    if (!pair_progress_init(&progress)) {
        fault_set(&result_r->fault, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the mailbox");
        return;
    }
    live_start(environment->live, (size_t)job->row - 1, job_title(job), &progress);
    job_run_pair(environment, job, log, &progress, result_r);
    live_stop(environment->live, (size_t)job->row - 1);
    pair_progress_deinit(&progress);
}

static void job_append_title(const struct job *job, struct buffer *line)
{
    const char *title = job_title(job);
    buffer_printf(line, "row %lld ", (long long)job->row);
    str_append_printable(line, title, strlen(title));
}

static void job_describe_end(const struct job *job, const struct pair_result *result,
                             int64_t took_msecs, struct buffer *line)
{
    job_append_title(job, line);
    buffer_printf(line, ": %s, %llu copied, %.1f s", job_status_name(result->status),
                  (unsigned long long)job->retry->copied, (double)took_msecs / 1000);
    if (result->fault.code != FAULT_NONE) {
        buffer_append_str(line, ": ");
        str_append_printable(line, result->fault.text, strlen(result->fault.text));
    }
}

static void job_describe_wait(const struct job *job, const struct job_outcome *outcome,
                              int64_t until_msecs, struct buffer *line)
{
    const struct fault *fault = &outcome->result.fault;
    const char *reason = fault->server[0] != '\0' ? fault->server : fault->text;
    char until[CLOCK_ISO8601_SIZE];
    clock_format(until_msecs, until);
    job_append_title(job, line);
    buffer_printf(line, " %s until %s (%llu copied so far): ",
                  fault->code == FAULT_THROTTLED ? "is throttled" : "waits", until,
                  (unsigned long long)job->retry->copied);
    str_append_printable(line, reason, strlen(reason));
}

/* Half of the range when there is no randomness: they then come back together, no worse. */
static uint32_t job_random(void)
{
    unsigned char bytes[4];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return UINT32_MAX / 2;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool job_store_end(const struct job_environment *environment, const struct job *job,
                          const struct pair_result *result, int64_t ended_msecs,
                          struct fault *fault_r)
{
    const struct fault *fault = &result->fault;
    /* Of several messages each has a diagnosis of its own. */
    bool is_of_messages = fault->scope == FAULT_SCOPE_MESSAGE;
    const char *diagnosis = is_of_messages ? "" : diagnosis_id(diagnosis_of_fault(fault));
    struct buffer error;
    buffer_init(&error, JOB_TEXT_MAX_BYTES);
    buffer_append_str(&error, fault->text);
    if (fault->server[0] != '\0')
        buffer_printf(&error, " [server said: %s]", fault->server);
    bool is_ok = (result->status == JOB_COMPLETE || result->status == JOB_LEFT_OUT ||
                  store_job_diagnose(environment->store, environment->run_id, job->row, diagnosis,
                                     fault_r)) &&
                 store_job_end(environment->store, environment->run_id, job->row, result->status,
                               ended_msecs, fault_code_name(fault->code), buffer_str(&error),
                               fault_r);
    buffer_deinit(&error);
    return is_ok;
}

/* What ended the mailbox is an error as well; what is tried again is none. */
static void job_count_end(const struct job *job, const struct job_outcome *outcome)
{
    struct error_list *errors = &job->retry->errors;
    const struct pair_result *result = &outcome->result;
    bool is_news = result->status == JOB_EXCEPTIONS ? errors->count == 0
                                                    : result->fault.code != FAULT_ERRORS_MAX;
    if (outcome->wait_msecs == 0 && result->fault.code != FAULT_NONE && is_news)
        error_list_add_fault(errors, &result->fault);
}

static void job_log_closing(const struct job_environment *environment, const struct job *job,
                            const struct pair_result *result, int64_t ended_msecs, struct log *log)
{
    const struct tally tally = {
        .is_stopped = stop_is_requested(environment->stop),
        .is_stopped_by_file = stop_reason(environment->stop) == STOP_REASON_FILE,
    };
    const struct closing closing = {
        .settings = job->settings,
        .retry = job->retry,
        .result = result,
        .ended_msecs = ended_msecs,
        .exit_code = environment->is_alone ? tally_sync_exit_code(&tally, result) : -1,
    };
    closing_log(&closing, log);
}

/* --reconnectretry of the side that was lost. */
static unsigned int job_reconnects_max(const struct job *job, const struct pair_result *result)
{
    int side = result->fault.side == 1 ? 0 : 1;
    return (unsigned int)job->settings->side[side].reconnectretry;
}

bool job_run(const struct job_environment *environment, const struct job *job,
             struct job_outcome *outcome_r, struct buffer *line, struct fault *fault_r)
{
    struct pair_result *result = &outcome_r->result;
    int64_t cpu_nsecs = clock_thread_cpu_nsecs();
    int64_t started_msecs = clock_wall_msecs();
    memset(outcome_r, 0, sizeof(*outcome_r));
    result->status = JOB_FAILED;
    if (job->retry->attempts == 0)
        job->retry->started_msecs = started_msecs;
    struct log *log = job_open_log(environment, job, &result->fault);
    bool is_stored = store_job_start(environment->store, environment->run_id, job->row,
                                     started_msecs, fault_r);
    if (!is_stored)
        result->fault = *fault_r;
    else if (log != NULL)
        job_run_seen(environment, job, log, result);
    job_name_stop(environment, job, result);
    int64_t ended_msecs = clock_wall_msecs();
    if (result->has_unanswered)
        job->retry->sent_msecs = ended_msecs;
    job->retry->cpu_nsecs += clock_thread_cpu_nsecs() - cpu_nsecs;
    outcome_r->wait_msecs = retry_after(job->retry, result, job_reconnects_max(job, result),
                                        job_random());
    if (stop_is_requested(environment->stop))
        outcome_r->wait_msecs = 0;
    if (outcome_r->wait_msecs > 0)
        job_describe_wait(job, outcome_r, ended_msecs + outcome_r->wait_msecs, line);
    else
        job_describe_end(job, result, ended_msecs - job->retry->started_msecs, line);
    job_count_end(job, outcome_r);
    if (outcome_r->wait_msecs == 0 && result->status != JOB_LEFT_OUT)
        job_log_closing(environment, job, result, ended_msecs, log);
    log_line(log, "%s", buffer_str(line));
    log_close(&log);
    if (is_stored)
        is_stored = job_store_end(environment, job, result, ended_msecs, fault_r);
    /* What the pair could not store is lost, whatever went well before and after. */
    if (is_stored && result->fault.code == FAULT_STORE) {
        *fault_r = result->fault;
        is_stored = false;
    }
    return is_stored;
}
