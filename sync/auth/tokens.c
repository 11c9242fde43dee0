/* SPDX-License-Identifier: MIT */
#include "sync/auth/tokens.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#define LOOK_SECS    1 /* at the stop, while somebody else fetches */
#define DISCARD_SECS 60

/* Never moves and is never freed before the end. The mutex guards all but what is constant. */
struct entry {
    struct entry *next;            /* constant */
    const struct profile *profile; /* constant */
    char *mailbox;                 /* constant; "" where the token is for all */
    bool is_being_fetched;         /* by one thread, which alone may end it */
    bool has_failed;               /* the last time */
    bool is_hopeless;              /* and it would again */
    uint64_t fetches;              /* that have ended */
    struct fault fault;            /* of the last one, if it failed */
    char *token;                   /* NULL: none yet, or discarded */
    int64_t asked_nsecs;
    int64_t lifetime_secs;
    int64_t discarded_nsecs; /* the last time that was done; 0: never */
};

struct tokens {
    const struct profiles *profiles;
    const struct stop *stop;
    struct log *log;
    pthread_mutex_t mutex;
    pthread_cond_t fetched; /* some fetch has ended */
    struct entry *entries;  /* guarded by the mutex, as are their contents */
};

struct tokens *tokens_init(const struct profiles *profiles, const struct stop *stop,
                           struct log *log)
{
    struct tokens *tokens = mem_alloc(sizeof(*tokens));
    tokens->profiles = profiles;
    tokens->stop = stop;
    tokens->log = log;
    if (pthread_mutex_init(&tokens->mutex, NULL) != 0) {
        mem_free(tokens);
        return NULL;
    }
    if (pthread_cond_init(&tokens->fetched, NULL) != 0) {
        (void)pthread_mutex_destroy(&tokens->mutex);
        mem_free(tokens);
        return NULL;
    }
    return tokens;
}

void tokens_deinit(struct tokens **tokens)
{
    if (*tokens == NULL)
        return;
    while ((*tokens)->entries != NULL) {
        struct entry *entry = (*tokens)->entries;
        (*tokens)->entries = entry->next;
        mem_free_secret(&entry->token);
        mem_free(entry->mailbox);
        mem_free(entry);
    }
    (void)pthread_cond_destroy(&(*tokens)->fetched);
    (void)pthread_mutex_destroy(&(*tokens)->mutex);
    mem_free(*tokens);
    *tokens = NULL;
}

/* -- with the mutex held -- */

/* Some thousand at most, each looked for once in a sign-in: a list will do. */
static struct entry *entry_of(struct tokens *tokens, const struct profile *profile,
                              const char *mailbox)
{
    const char *key = profile->flow == PROFILE_SERVICE_ACCOUNT ? mailbox : "";
    struct entry *entry = tokens->entries;
    while (entry != NULL && (entry->profile != profile || strcmp(entry->mailbox, key) != 0))
        entry = entry->next;
    if (entry != NULL)
        return entry;
    entry = mem_alloc(sizeof(*entry));
    entry->profile = profile;
    entry->mailbox = mem_strdup(key);
    entry->next = tokens->entries;
    tokens->entries = entry;
    return entry;
}

/* False when the run is stopped meanwhile, or waiting does not work. */
static bool wait_for_other(struct tokens *tokens, const struct entry *entry)
{
    uint64_t before = entry->fetches;
    while (entry->is_being_fetched && entry->fetches == before) {
        struct timespec until;
        if ((tokens->stop != NULL && stop_is_requested(tokens->stop)) ||
            clock_gettime(CLOCK_REALTIME, &until) != 0)
            return false;
        until.tv_sec += LOOK_SECS;
        (void)pthread_cond_timedwait(&tokens->fetched, &tokens->mutex, &until);
    }
    return true;
}

static bool is_good(const struct entry *entry)
{
    return entry->token != NULL &&
           oauth_is_fresh(entry->asked_nsecs, entry->lifetime_secs, clock_mono_nsecs());
}

static void set_stopped(struct fault *fault_r)
{
    fault_set(fault_r, FAULT_STOPPED, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, 0,
              "the run was stopped; run the same command again to go on");
}

enum need {
    NEED_NOTHING, /* the entry's token is good */
    NEED_FETCH,   /* by this thread: the entry is its to fetch now */
    NEED_HELP,    /* *fault_r says why there is none */
};

static enum need entry_claim(struct tokens *tokens, struct entry *entry, struct fault *fault_r)
{
    bool has_waited = false;
    while (!is_good(entry) && entry->is_being_fetched) {
        has_waited = true;
        if (!wait_for_other(tokens, entry)) {
            set_stopped(fault_r);
            return NEED_HELP;
        }
        if (entry->has_failed)
            break;
    }
    if (is_good(entry))
        return NEED_NOTHING;
    /* Who waited shares the failure, else all would ask one after the other. */
    if (entry->is_hopeless || (has_waited && entry->has_failed)) {
        *fault_r = entry->fault;
        return NEED_HELP;
    }
    entry->is_being_fetched = true;
    return NEED_FETCH;
}

static void entry_take(struct entry *entry, struct oauth_token *token, int64_t asked_nsecs)
{
    mem_free_secret(&entry->token);
    entry->token = token->access;
    token->access = NULL;
    entry->asked_nsecs = asked_nsecs;
    entry->lifetime_secs = token->lifetime_secs;
}

/* -- without it -- */

static void log_fetched(struct tokens *tokens, const struct entry *entry, int64_t lifetime_secs)
{
    log_line(tokens->log, "profile %s: a token%s%s, good for %lld s", entry->profile->name,
             entry->mailbox[0] == '\0' ? "" : " for ", entry->mailbox, (long long)lifetime_secs);
}

/* Takes the mutex for its end, and leaves it held. */
static bool entry_fetch(struct tokens *tokens, struct entry *entry, const char *mailbox,
                        struct fault *fault_r)
{
    struct oauth_token token;
    int64_t asked_nsecs = clock_mono_nsecs();
    bool is_done = tokens_fetch(entry->profile, mailbox, tokens->stop, &token, fault_r);
    if (is_done)
        log_fetched(tokens, entry, token.lifetime_secs);
    else
        log_fault(tokens->log, fault_r);
    int error = pthread_mutex_lock(&tokens->mutex);
    if (is_done)
        entry_take(entry, &token, asked_nsecs);
    else
        entry->fault = *fault_r;
    entry->has_failed = !is_done;
    entry->is_hopeless = !is_done && fault_r->advice == FAULT_ADVICE_NEVER;
    entry->is_being_fetched = false;
    entry->fetches++;
    (void)pthread_cond_broadcast(&tokens->fetched);
    oauth_token_deinit(&token);
    return is_done && error == 0;
}

bool tokens_get(struct tokens *tokens, const char *profile_name, const char *mailbox,
                char **token_r, int64_t *renew_at_nsecs_r, struct fault *fault_r)
{
    const struct profile *profile = profiles_find(tokens->profiles, profile_name);
    *token_r = NULL;
    if (profile == NULL || pthread_mutex_lock(&tokens->mutex) != 0) {
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_NEVER, 0,
                  "the sign-in profile can't be used");
        return false;
    }
    struct entry *entry = entry_of(tokens, profile, mailbox);
    enum need need = entry_claim(tokens, entry, fault_r);
    bool is_good = need == NEED_NOTHING;
    if (need == NEED_FETCH) {
        (void)pthread_mutex_unlock(&tokens->mutex);
        is_good = entry_fetch(tokens, entry, mailbox, fault_r);
    }
    if (is_good) {
        *token_r = mem_strdup(entry->token);
        *renew_at_nsecs_r = oauth_renew_at_nsecs(entry->asked_nsecs, entry->lifetime_secs);
    }
    (void)pthread_mutex_unlock(&tokens->mutex);
    return is_good;
}

/* With the mutex held. */
static bool entry_discard(struct entry *entry, const char *token, int64_t now_nsecs)
{
    if (entry->token == NULL || strcmp(entry->token, token) != 0)
        return true;
    if (entry->discarded_nsecs != 0 &&
        now_nsecs - entry->discarded_nsecs < DISCARD_SECS * CLOCK_NSECS_PER_SEC)
        return false;
    entry->discarded_nsecs = now_nsecs;
    mem_free_secret(&entry->token);
    return true;
}

bool tokens_discard(struct tokens *tokens, const char *profile_name, const char *mailbox,
                    const char *token)
{
    const struct profile *profile = profiles_find(tokens->profiles, profile_name);
    if (profile == NULL || pthread_mutex_lock(&tokens->mutex) != 0)
        return false;
    bool may_help = entry_discard(entry_of(tokens, profile, mailbox), token, clock_mono_nsecs());
    (void)pthread_mutex_unlock(&tokens->mutex);
    return may_help;
}
