/* SPDX-License-Identifier: MIT */
#include "sync/plan_log.h"

#include <string.h>

#include "base/mem.h"
#include "sync/folders/automap.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name.h"
#include "sync/pair_private.h"

#define PLAN_LINE_MAX_BYTES ((size_t)64 * 1024)

static void log_skips(const struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    for (size_t i = 0; i < plan->skip_count; i++) {
        char *name = mutf7_to_display(plan->skips[i].name);
        log_line(pair->log, "plan: [%s] left out: %s", name, plan->skips[i].reason);
        mem_free(name);
    }
}

void plan_log(const struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    struct buffer line;
    buffer_init(&line, PLAN_LINE_MAX_BYTES);
    for (size_t i = 0; i < plan->trace.count; i++)
        log_line(pair->log, "folder %s", plan->trace.items[i]);
    for (size_t i = 0; i < plan->count; i++) {
        buffer_clear(&line);
        folder_plan_append_entry(plan, i, &line);
        log_line(pair->log, "plan: %s", buffer_str(&line));
    }
    buffer_deinit(&line);
    log_skips(pair);
}

/* Names as the server writes them, and as people read them if that differs. */
static void log_folder_list(const struct pair *pair, const struct session *session)
{
    const struct folder_list *folders = &session->folders;
    log_line(pair->log, "Host%d folders list: %zu folders", session->side, folders->count);
    for (size_t i = 0; i < folders->count; i++) {
        const struct folder *folder = &folders->items[i];
        char *display = mutf7_to_display(folder->name);
        bool is_plain = strcmp(display, folder->name) == 0;
        log_line(pair->log, "Host%d [%s]%s%s%s%s", session->side, folder->name,
                 is_plain ? "" : " = [", is_plain ? "" : display, is_plain ? "" : "]",
                 (folder->attributes & FOLDER_NOSELECT) != 0 ? " (holds no mail)" : "");
        mem_free(display);
    }
}

void plan_log_lists(const struct pair *pair)
{
    log_folder_list(pair, &pair->source);
    log_folder_list(pair, &pair->destination);
}

void plan_log_automap(const struct pair *pair)
{
    const struct folder_list *source = &pair->source.folders;
    const struct folder_list *destination = &pair->destination.folders;
    struct name_style styles[2];
    struct automap map;
    name_style_init(&styles[0], source, &pair->settings->side[0]);
    name_style_init(&styles[1], destination, &pair->settings->side[1]);
    automap_init(&map, source, &styles[0], destination, &styles[1]);
    log_line(pair->log, "Folders mapping from --automap (use --f1f2 to override any of it): %zu",
             map.count);
    for (size_t i = 0; i < map.count; i++) {
        char *from = mutf7_to_display(map.pairs[i].source->name);
        char *to = mutf7_to_display(map.pairs[i].destination->name);
        log_line(pair->log, "automap: [%s] -> [%s]", from, to);
        mem_free(from);
        mem_free(to);
    }
    name_style_deinit(&styles[0]);
    name_style_deinit(&styles[1]);
}
