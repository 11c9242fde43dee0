/* SPDX-License-Identifier: MIT */
#include "sync/flag_probe.h"

#include <string.h>

#include "base/str.h"
#include "sync/imap/fetch.h"

#define PAGE_ROWS 256

struct probe {
    struct folder_memory memory;
    struct changes flags;
    struct imap_answer examine;
    struct imap_answer fetch;
};

static enum imap_taken probe_untagged(void *context, const struct imap_response *response)
{
    struct probe *probe = context;
    struct imap_fetch fetch;
    if (str_iequals_n(response->name, response->name_size, "FETCH") &&
        imap_fetch_parse(response, &fetch) && fetch.uid != 0 && fetch.has_flags)
        changes_add(&probe->flags, fetch.uid, folder_memory_flags(&probe->memory, &fetch));
    return IMAP_TAKEN;
}

/* Both answers are waited for: they point into `probe`. */
static bool probe_ask(struct probe *probe, struct pair *pair, const struct folder *source)
{
    struct imap_client *client = pair->source.client;
    struct imap_events events = {probe, probe_untagged, NULL, NULL, NULL, NULL};
    struct fault fault;
    imap_client_set_events(client, &events);
    imap_client_mailbox_begin(client);
    imap_client_begin(client, false);
    imap_client_add(client, "EXAMINE ");
    imap_client_add_string(client, source->name);
    imap_client_end(client, imap_answer_callback, &probe->examine, 0);
    imap_client_command(client, imap_answer_callback, &probe->fetch, "UID FETCH 1:* (%s)",
                        pair_flag_items(pair));
    bool is_done = imap_loop_await(&pair->loop, client, &probe->examine, &fault) &&
                   imap_loop_await(&pair->loop, client, &probe->fetch, &fault);
    if (!is_done) {
        imap_client_fail(client, &fault);
        pair_end(pair, &fault);
        return false;
    }
    imap_client_set_events(client, NULL);
    imap_client_set_selected(client, probe->examine.status == IMAP_STATUS_OK);
    return probe->examine.status == IMAP_STATUS_OK && probe->fetch.status == IMAP_STATUS_OK &&
           !probe->flags.is_overflown;
}

/* Row by row: the same UIDs, the same flags. What is not on the destination has none in the map. */
static bool probe_agrees(struct probe *probe, struct pair *pair,
                         const struct store_map_folder *known)
{
    struct store_map_row rows[PAGE_ROWS];
    struct fault fault;
    uint64_t next_uid = 1;
    size_t at = 0;
    size_t count;
    do {
        if (!store_map_read_on(pair->map, known, &next_uid, UINT32_MAX, rows, PAGE_ROWS, &count,
                               &fault)) {
            pair_end(pair, &fault);
            return false;
        }
        for (size_t i = 0; i < count; i++, at++) {
            if (at == probe->flags.count || probe->flags.items[at].uid != rows[i].src_uid ||
                (rows[i].outcome == STORE_OUTCOME_PRESENT &&
                 probe->flags.items[at].flags != rows[i].flags))
                return false;
        }
    } while (count > 0);
    return at == probe->flags.count;
}

bool flag_probe_is_unchanged(struct pair *pair, const struct store_map_folder *known,
                             const struct folder *source)
{
    struct probe probe;
    memset(&probe, 0, sizeof(probe));
    probe.memory.pair = pair;
    probe.memory.folder = store_map_folder(pair->map, known->source_name, known->destination_name);
    bool is_same = probe_ask(&probe, pair, source) &&
                   imap_client_mailbox(pair->source.client)->uidvalidity ==
                       known->source.uid_validity;
    changes_sort(&probe.flags);
    is_same = is_same && probe_agrees(&probe, pair, known);
    changes_deinit(&probe.flags);
    return is_same;
}
