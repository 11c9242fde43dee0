/* SPDX-License-Identifier: MIT */
#include "batch/sign_ins.h"

#include <pthread.h>
#include <string.h>

#include "base/diagnoses.h"
#include "base/mem.h"
#include "base/str.h"

struct identity {
    char *name; /* for people; the key, too */
    struct sign_in_streak streak;
};

struct sign_ins {
    pthread_mutex_t mutex;  /* guards all below */
    struct identity *items; /* of those that were refused at least once */
    size_t count;
    size_t alloc;
};

static bool is_alike(const struct fault *a, const struct fault *b)
{
    return a->side == b->side && diagnosis_of_fault(a) == diagnosis_of_fault(b);
}

bool sign_in_streak_note(struct sign_in_streak *streak, const struct fault *fault)
{
    if (streak->count >= SIGN_INS_MAX_ALIKE)
        return true;
    if (fault != NULL && fault->code != FAULT_AUTH)
        return false;
    if (fault == NULL) {
        streak->count = 0;
        return false;
    }
    streak->count = streak->count > 0 && is_alike(fault, &streak->last) ? streak->count + 1 : 1;
    streak->last = *fault;
    return streak->count >= SIGN_INS_MAX_ALIKE;
}

/* -- whose sign-ins they are -- */

/* A profile signs in wherever it is used, others at their server. Owned by the caller. */
static char *identity_name(const struct settings *settings, int side)
{
    const struct settings_side *own = &settings->side[side - 1];
    struct credential credential;
    settings_credential(settings, side, &credential);
    if (credential.kind == CREDENTIAL_PROFILE)
        return mem_printf("the profile \"%s\"", credential.value);
    char *user = own->authuser != NULL && !credential_is_oauth(&credential)
                     ? mem_strdup(own->authuser)
                     : settings_login_name(settings, side);
    char *name = mem_printf("%s at %s", user, own->host != NULL ? own->host : "");
    mem_free(user);
    return name;
}

/* Mutex held; NULL if it was never refused. */
static struct identity *identity_find(struct sign_ins *sign_ins, const char *name)
{
    for (size_t i = 0; i < sign_ins->count; i++) {
        if (strcmp(sign_ins->items[i].name, name) == 0)
            return &sign_ins->items[i];
    }
    return NULL;
}

/* Mutex held. */
static struct identity *identity_add(struct sign_ins *sign_ins, const char *name)
{
    MEM_GROW(sign_ins->items, sign_ins->count, sign_ins->alloc);
    struct identity *identity = &sign_ins->items[sign_ins->count++];
    memset(identity, 0, sizeof(*identity));
    identity->name = mem_strdup(name);
    return identity;
}

/* -- the doors -- */

struct sign_ins *sign_ins_init(void)
{
    struct sign_ins *sign_ins = mem_alloc(sizeof(*sign_ins));
    if (pthread_mutex_init(&sign_ins->mutex, NULL) == 0)
        return sign_ins;
    mem_free(sign_ins);
    return NULL;
}

void sign_ins_deinit(struct sign_ins **sign_ins_p)
{
    struct sign_ins *sign_ins = *sign_ins_p;
    if (sign_ins == NULL)
        return;
    *sign_ins_p = NULL;
    for (size_t i = 0; i < sign_ins->count; i++)
        mem_free(sign_ins->items[i].name);
    mem_free(sign_ins->items);
    (void)pthread_mutex_destroy(&sign_ins->mutex);
    mem_free(sign_ins);
}

/* What the mailboxes before were told is this one's reason, too: so is its diagnosis. */
static void set_fault(const struct identity *identity, int side, struct fault *fault_r)
{
    const struct fault *last = &identity->streak.last;
    fault_set(
        fault_r, FAULT_AUTH, FAULT_SCOPE_MAILBOX, FAULT_ADVICE_WAIT, side,
        "not tried: %d mailboxes in a row were refused alike, so sign-ins of %.100s are "
        "paused in this run. Mend that, then run the same command again. The last one: %.230s",
        SIGN_INS_MAX_ALIKE, identity->name, last->text);
    fault_set_server(fault_r, last->server, strlen(last->server));
    fault_r->diagnosis = last->diagnosis;
}

bool sign_ins_are_paused(struct sign_ins *sign_ins, const struct settings *settings,
                         struct fault *fault_r)
{
    bool is_paused = false;
    for (int side = 1; side <= 2 && !is_paused; side++) {
        char *name = identity_name(settings, side);
        if (pthread_mutex_lock(&sign_ins->mutex) == 0) {
            const struct identity *identity = identity_find(sign_ins, name);
            is_paused = identity != NULL && identity->streak.count >= SIGN_INS_MAX_ALIKE;
            if (is_paused)
                set_fault(identity, side, fault_r);
            (void)pthread_mutex_unlock(&sign_ins->mutex);
        }
        mem_free(name);
    }
    return is_paused;
}

void sign_ins_let_in(struct sign_ins *sign_ins, const struct settings *settings, int side)
{
    char *name = identity_name(settings, side);
    if (pthread_mutex_lock(&sign_ins->mutex) == 0) {
        struct identity *identity = identity_find(sign_ins, name);
        if (identity != NULL)
            (void)sign_in_streak_note(&identity->streak, NULL);
        (void)pthread_mutex_unlock(&sign_ins->mutex);
    }
    mem_free(name);
}

/* Mutex held. True if this refusal is the one that is enough. */
static bool note_refusal(struct sign_ins *sign_ins, const char *name, const struct fault *fault)
{
    struct identity *identity = identity_find(sign_ins, name);
    if (identity == NULL)
        identity = identity_add(sign_ins, name);
    return identity->streak.count < SIGN_INS_MAX_ALIKE &&
           sign_in_streak_note(&identity->streak, fault);
}

static void describe(const char *name, const struct fault *fault, struct buffer *line)
{
    buffer_append_str(line, "sign-ins of ");
    str_append_printable(line, name, strlen(name));
    buffer_printf(line,
                  " are paused for the rest of this run: %d mailboxes in a row were refused alike. "
                  "The last one: ",
                  SIGN_INS_MAX_ALIKE);
    str_append_printable(line, fault->text, strlen(fault->text));
    if (fault->server[0] == '\0')
        return;
    buffer_append_str(line, " [server said: ");
    str_append_printable(line, fault->server, strlen(fault->server));
    buffer_append_str(line, "]");
}

bool sign_ins_note(struct sign_ins *sign_ins, const struct settings *settings,
                   const struct pair_result *result, struct buffer *line)
{
    const struct fault *fault = &result->fault;
    if (result->status != JOB_FAILED || fault->code != FAULT_AUTH || fault->side == 0)
        return false;
    bool is_news = false;
    char *name = identity_name(settings, fault->side);
    if (pthread_mutex_lock(&sign_ins->mutex) == 0) {
        is_news = note_refusal(sign_ins, name, fault);
        (void)pthread_mutex_unlock(&sign_ins->mutex);
    }
    if (is_news)
        describe(name, fault, line);
    mem_free(name);
    return is_news;
}
