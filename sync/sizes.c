/* SPDX-License-Identifier: MIT */
#include "sync/sizes.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sync/folder_size.h"
#include "sync/folders/mutf7.h"
#include "sync/pair_private.h"

struct sizes {
    struct pair *pair;
    enum sizes_when when;
    struct folder_size total[2];
    size_t folders[2];
};

/* -- lines -- */

static void log_size(const struct sizes *sizes, int side, size_t index, const char *name,
                     const struct folder_size *size)
{
    log_line(sizes->pair->log,
             "Host%d folder %5zu/%zu %-40s Size: %9llu Messages: %5llu Biggest: %9llu", side,
             index + 1, sizes->pair->plan->count, name, (unsigned long long)size->bytes,
             (unsigned long long)size->messages, (unsigned long long)size->biggest_bytes);
}

static void log_difference(const struct sizes *sizes, const struct folder_size size[2])
{
    log_line(sizes->pair->log, "Host2-Host1 %50s Size: %9lld Messages: %5lld Biggest: %9lld", "",
             (long long)(size[1].bytes - size[0].bytes),
             (long long)(size[1].messages - size[0].messages),
             (long long)(size[1].biggest_bytes - size[0].biggest_bytes));
}

static void log_totals(const struct sizes *sizes, double seconds)
{
    struct log *log = sizes->pair->log;
    const struct folder_size *total = sizes->total;
    for (int i = 0; i < 2; i++)
        log_line(log, "Host%d Nb folders:      %12zu folders", i + 1, sizes->folders[i]);
    for (int i = 0; i < 2; i++)
        log_line(log, "Host%d Nb messages:     %12llu messages", i + 1,
                 (unsigned long long)total[i].messages);
    for (int i = 0; i < 2; i++)
        log_line(log, "Host%d Total size:      %12llu bytes (%.3f MiB)", i + 1,
                 (unsigned long long)total[i].bytes, (double)total[i].bytes / (1024.0 * 1024.0));
    for (int i = 0; i < 2; i++)
        log_line(log, "Host%d Biggest message: %12llu bytes (%.3f MiB)", i + 1,
                 (unsigned long long)total[i].biggest_bytes,
                 (double)total[i].biggest_bytes / (1024.0 * 1024.0));
    log_line(log, "Time spent on sizing:  %14.1f seconds", seconds);
}

/* For the statistics. */
static void sizes_keep_difference(const struct sizes *sizes)
{
    struct pair_figures *figures = &sizes->pair->figures;
    struct size_difference *difference = sizes->when == SIZES_BEFORE ? &figures->before
                                                                     : &figures->after;
    difference->is_known = true;
    difference->messages = (int64_t)(sizes->total[1].messages - sizes->total[0].messages);
    difference->bytes = (int64_t)(sizes->total[1].bytes - sizes->total[0].bytes);
}

/* -- the pair -- */

/* False when the connection is of no use any more. */
static bool sizes_complain(const struct sizes *sizes, const struct fault *fault)
{
    bool is_lost = fault->scope >= FAULT_SCOPE_MAILBOX;
    if (is_lost && sizes->when == SIZES_BEFORE)
        pair_end(sizes->pair, fault);
    else
        log_fault(sizes->pair->log, fault);
    return !is_lost;
}

/* Folders that are merged have one destination, which counts once. */
static bool sizes_has_target(const struct sizes *sizes, size_t index)
{
    const struct plan_entry *entries = sizes->pair->plan->entries;
    bool is_again = index > 0 &&
                    strcmp(entries[index].destination, entries[index - 1].destination) == 0;
    return !is_again && (entries[index].exists || sizes->when == SIZES_AFTER);
}

/* False when no further folder can be asked for. *is_there_r: the size is known. */
static bool sizes_take(struct sizes *sizes, int side, size_t index, struct folder_size *size_r,
                       bool *is_there_r)
{
    struct pair *pair = sizes->pair;
    const struct plan_entry *entry = &pair->plan->entries[index];
    const char *mailbox = side == 1 ? entry->source->name : entry->destination;
    struct session *session = side == 1 ? &pair->source : &pair->destination;
    struct fault fault;
    char *display = mutf7_to_display(mailbox);
    char *name = mem_printf("[%s]", display);
    bool may_go_on = true;
    *is_there_r = false;
    memset(size_r, 0, sizeof(*size_r));
    if (side == 2 && !sizes_has_target(sizes, index)) {
        log_line(pair->log, "Host2 folder %5zu/%zu %-40s %s", index + 1, pair->plan->count, name,
                 entry->is_merged ? "counted with the folders merged into it"
                                  : "does not exist yet");
    } else if (folder_size_read(session, mailbox, UINT64_MAX, size_r, &fault)) {
        *is_there_r = true;
        sizes->folders[side - 1]++;
        folder_size_add(&sizes->total[side - 1], size_r);
        log_size(sizes, side, index, name, size_r);
    } else {
        may_go_on = sizes_complain(sizes, &fault);
    }
    mem_free(name);
    mem_free(display);
    return may_go_on;
}

static bool sizes_compare(struct sizes *sizes, size_t index)
{
    struct folder_size size[2];
    bool is_there[2];
    for (int i = 0; i < 2; i++) {
        if (!sizes_take(sizes, i + 1, index, &size[i], &is_there[i]))
            return false;
    }
    if (is_there[0] && is_there[1] && !sizes->pair->plan->entries[index].is_merged)
        log_difference(sizes, size);
    return true;
}

/* Unselected, the server need not report every APPEND back. */
static void sizes_leave(struct imap_client *client)
{
    if (!imap_client_is_alive(client) || !imap_client_can(client, IMAP_CAP_UNSELECT))
        return;
    imap_client_command(client, NULL, NULL, "UNSELECT");
    imap_client_set_selected(client, false);
}

void sizes_log(struct pair *pair, enum sizes_when when)
{
    struct sizes sizes = {.pair = pair, .when = when};
    int64_t started_nsecs = clock_mono_nsecs();
    bool may_go_on = imap_client_is_alive(pair->source.client) &&
                     imap_client_is_alive(pair->destination.client);
    log_line(pair->log, "Calculating sizes of %zu folders on Host1 and Host2", pair->plan->count);
    for (size_t i = 0; i < pair->plan->count && may_go_on && !pair_is_ended(pair); i++)
        may_go_on = sizes_compare(&sizes, i) && !pair_sees_stop(pair);
    sizes_leave(pair->destination.client);
    if (may_go_on)
        sizes_keep_difference(&sizes);
    if (may_go_on)
        log_totals(&sizes, (double)(clock_mono_nsecs() - started_nsecs) / 1e9);
    else
        log_line(pair->log, "The sizes could not be calculated to the end");
}
