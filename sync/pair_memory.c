/* SPDX-License-Identifier: MIT */
#include "sync/pair_memory.h"

#include <string.h>

#include "base/mem.h"
#include "sync/flag_probe.h"
#include "sync/folders/mutf7.h"
#include "sync/folders/name_map.h"

/* The pair's own entry among its folders: its rules are those of the plan. No folder has no name.
 */
static struct store_map_folder *plan_memory(const struct pair *pair)
{
    return store_map_folder(pair->map, "", "");
}

static const char *text_of(const char *text)
{
    return text == NULL ? "" : text;
}

/* Another server may listen on another port of the same host; the two usual ones are one server. */
static char *server_name(const struct settings_side *side)
{
    bool is_usual = side->port == 0 || side->port == 143 || side->port == 993;
    return is_usual ? mem_strdup(text_of(side->host))
                    : mem_printf("%s:%lld", text_of(side->host), (long long)side->port);
}

void pair_memory_open(struct pair *pair)
{
    const struct settings *settings = pair->settings;
    struct fault fault;
    if (settings->dry || settings->preflight || settings->justlogin || settings->justfolders ||
        settings->justfoldersizes || settings->justfolderlists || settings->justautomap)
        return;
    char *host1 = server_name(&settings->side[0]);
    char *host2 = server_name(&settings->side[1]);
    struct store_pair names = {host1, text_of(settings->side[0].user), host2,
                               text_of(settings->side[1].user)};
    if (!store_map_open(pair->environment->store, &names, &pair->map, &fault))
        pair_end(pair, &fault);
    pair->message_rules = delta_message_rules(settings);
    mem_free(host1);
    mem_free(host2);
}

void pair_memory_close(struct pair *pair)
{
    for (size_t i = 0; pair->memories != NULL && i < pair->plan->count; i++)
        folder_memory_deinit(&pair->memories[i]);
    mem_free(pair->memories);
    pair->memories = NULL;
    store_map_close(&pair->map);
}

bool pair_memory_is_known(const struct pair *pair)
{
    return pair->map != NULL && plan_memory(pair)->rules != 0;
}

/* -- a run that finds nothing to do -- */

static bool folder_is_planned(const struct store_map_folder *folder)
{
    return folder->rules != 0 && folder->source_name[0] != '\0';
}

/* The source's folders by the names that people, and the map, know them by. */
struct source_names {
    char **names;
    struct name_map by_name;
};

static void source_names_init(struct source_names *names, const struct folder_list *folders)
{
    names->names = mem_alloc_array(folders->count, sizeof(*names->names));
    name_map_init(&names->by_name);
    for (size_t i = 0; i < folders->count; i++) {
        names->names[i] = mutf7_to_display(folders->items[i].name);
        (void)name_map_add(&names->by_name, names->names[i], i);
    }
}

static void source_names_deinit(struct source_names *names, const struct folder_list *folders)
{
    name_map_deinit(&names->by_name);
    for (size_t i = 0; i < folders->count; i++)
        mem_free(names->names[i]);
    mem_free(names->names);
}

bool pair_memory_has_no_problems(const struct pair *pair)
{
    for (size_t i = 0; pair->map != NULL && i < store_map_folder_count(pair->map); i++) {
        if (store_map_folder_has_failures(store_map_folder_at(pair->map, i)))
            return false;
    }
    return true;
}

static enum delta judge_known(struct pair *pair, const struct source_names *names,
                              const struct store_map_folder *known)
{
    size_t index;
    if (pair->settings->retry_problems)
        return store_map_folder_has_failures(known) ? DELTA_LIST : DELTA_UNCHANGED;
    if (!name_map_find(&names->by_name, known->source_name, &index))
        return DELTA_LIST;
    const struct folder *source = &pair->source.folders.items[index];
    if (!source->has_status || folder_memory_may_grow(pair, known))
        return DELTA_LIST;
    struct store_mark now = delta_mark_of(source);
    enum delta delta = delta_judge(known, &now,
                                   delta_rules(pair->message_rules,
                                               delta_rules_is_renamed(known->rules),
                                               delta_rules_is_merged(known->rules)));
    if (delta == DELTA_FLAGS && flag_probe_is_unchanged(pair, known, source))
        return DELTA_UNCHANGED;
    return delta;
}

static bool nothing_changed(struct pair *pair)
{
    struct source_names names;
    bool is_same = true;
    if (plan_memory(pair)->rules != delta_plan_rules(pair->settings, &pair->source.folders))
        return false;
    source_names_init(&names, &pair->source.folders);
    for (size_t i = 0; i < store_map_folder_count(pair->map) && is_same; i++) {
        const struct store_map_folder *folder = store_map_folder_at(pair->map, i);
        is_same = (!folder_is_planned(folder) ||
                   judge_known(pair, &names, folder) == DELTA_UNCHANGED) &&
                  !pair_is_ended(pair);
    }
    source_names_deinit(&names, &pair->source.folders);
    return is_same;
}

bool pair_memory_records_all(struct pair *pair)
{
    size_t count = store_map_folder_count(pair->map);
    if (!nothing_changed(pair))
        return false;
    log_line(pair->log, "nothing changed on the source since the last run; host2 is not needed");
    pair->is_left_out = pair->settings->skip_complete;
    if (pair->is_left_out)
        return true;
    for (size_t i = 0; i < count && !pair_is_ended(pair); i++) {
        if (folder_is_planned(store_map_folder_at(pair->map, i)))
            pair_memory_record(pair, store_map_folder_at(pair->map, i));
    }
    return true;
}

void pair_memory_record(struct pair *pair, const struct store_map_folder *folder)
{
    const struct pair_environment *environment = pair->environment;
    struct fault fault;
    struct store_folder result = {
        .source_name = folder->source_name,
        .destination_name = folder->destination_name,
        .is_renamed = delta_rules_is_renamed(folder->rules),
        .is_merged = delta_rules_is_merged(folder->rules),
        .error = "",
        .counts = folder->counts,
    };
    if (!store_folder_add(environment->store, environment->run_id, environment->row, &result,
                          &fault) ||
        !store_map_problems_repeat(pair->map, folder, environment->run_id, environment->row,
                                   &fault)) {
        pair_end(pair, &fault);
        return;
    }
    message_counts_add(&pair->counts, &folder->counts);
    pair->figures.folders++;
    pair->figures.folders_synced++;
    pair->progress.settled += folder->counts.source;
    pair_progress_list(environment->progress, folder->counts.source, 0, 0);
    log_line(pair->log, "folder %s: unchanged, %llu messages", folder->source_name,
             (unsigned long long)folder->counts.source);
}

/* -- a run that has something to do -- */

void pair_memory_plan(struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    pair->memories = mem_alloc_array(plan->count, sizeof(*pair->memories));
    for (size_t i = 0; i < plan->count; i++)
        folder_memory_init(&pair->memories[i], pair, &plan->entries[i]);
}

/* The folder was filled in another life of the destination mailbox, or before anybody looked: what
   is there now must be recognised from this UID on. 0: nothing has to be. */
static uint32_t memory_tail(struct pair *pair, const struct plan_entry *entry,
                            struct folder_memory *memory, const struct target *target)
{
    struct store_map_folder *folder = memory->folder;
    struct fault fault;
    if (folder == NULL || !memory->is_known)
        return 1;
    /* The source mailbox is another one. Where STATUS did not tell, EXAMINE will. */
    uint32_t validity = entry->source->uid_validity;
    if (folder->source.uid_validity == 0 ||
        (validity != 0 && folder->source.uid_validity != validity)) {
        if (folder->source.uid_validity != 0 && !store_map_forget(pair->map, folder, &fault))
            pair_end(pair, &fault);
        folder_memory_distrust(memory);
        return 1;
    }
    if (folder->destination.uid_validity == target->opened.uidvalidity) {
        memory->is_tail_ours = folder->bracket_uid_next != 0;
        return folder->bracket_uid_next;
    }
    /* Not there any more, so it was made anew just now: its user threw away what it held. */
    if (!entry->exists)
        return 0;
    if (folder->destination.uid_validity != 0 && !store_map_forget(pair->map, folder, &fault))
        pair_end(pair, &fault);
    folder_memory_distrust(memory);
    return 1;
}

/* What this run recognises in the tail is in the map only when the store says so: until then the
   bracket begins where the tail does. */
static void memory_open_bracket(struct folder_memory *memory, const struct target *target,
                                uint32_t tail)
{
    struct store_map_folder *folder = memory->folder;
    uint32_t uid_next = target->opened.uidnext == 0 ? 1 : target->opened.uidnext;
    folder->destination.uid_validity = target->opened.uidvalidity;
    folder->bracket_uid_next = tail != 0 && tail < uid_next ? tail : uid_next;
}

void pair_memory_begin(struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    struct fault fault;
    size_t count = 0;
    size_t at = 0;
    struct store_map_folder **folders = mem_alloc_array(plan->count,
                                                        sizeof(struct store_map_folder *));
    for (size_t i = 0; i < plan->count && !pair_is_ended(pair); i++) {
        struct folder_memory *memory = &pair->memories[i];
        while (strcmp(pair->targets.items[at].mailbox, plan->entries[i].destination) != 0)
            at++;
        struct target *target = &pair->targets.items[at];
        if (memory->delta == DELTA_UNCHANGED || !target->is_there)
            continue;
        uint32_t tail = memory_tail(pair, &plan->entries[i], memory, target);
        target_recognise_from(target, pair->cross == NULL ? tail : 1);
        target->is_tail_ours = target->is_tail_ours || memory->is_tail_ours;
        if (memory->folder == NULL)
            continue;
        if (plan->entries[i].source->uid_validity != 0)
            memory->folder->source.uid_validity = plan->entries[i].source->uid_validity;
        memory_open_bracket(memory, target, tail);
        folders[count++] = memory->folder;
    }
    if (pair->map != NULL && !pair_is_ended(pair) &&
        !store_map_brackets_open(pair->map, folders, count, &fault))
        pair_end(pair, &fault);
    mem_free(folders);
}

/* Folders of earlier runs that are not in this plan must not count as unchanged ones. Their rows
   stay, for the day they come back. */
static void memory_set_aside(struct pair *pair)
{
    const struct folder_plan *plan = pair->plan;
    struct fault fault;
    for (size_t i = 0; i < store_map_folder_count(pair->map) && !pair_is_ended(pair); i++) {
        struct store_map_folder *folder = store_map_folder_at(pair->map, i);
        bool is_in_plan = !folder_is_planned(folder);
        for (size_t k = 0; k < plan->count && !is_in_plan; k++)
            is_in_plan = pair->memories[k].folder == folder;
        if (is_in_plan)
            continue;
        folder->rules = 0;
        if (!store_map_folder_save(pair->map, folder, &fault))
            pair_end(pair, &fault);
    }
}

/* A folder that never came to its end is not known to be unchanged by anything. */
static bool every_folder_is_finished(const struct pair *pair)
{
    for (size_t i = 0; i < pair->plan->count; i++) {
        if (pair->memories[i].folder->id == 0 || pair->memories[i].folder->rules == 0)
            return false;
    }
    return true;
}

void pair_memory_end(struct pair *pair)
{
    struct fault fault;
    if (pair->map == NULL || pair_is_ended(pair))
        return;
    memory_set_aside(pair);
    struct store_map_folder *own = plan_memory(pair);
    uint64_t rules = every_folder_is_finished(pair)
                         ? delta_plan_rules(pair->settings, &pair->source.folders)
                         : 0;
    if (own->rules == rules || pair_is_ended(pair))
        return;
    own->rules = rules;
    if (!store_map_folder_save(pair->map, own, &fault))
        pair_end(pair, &fault);
}
