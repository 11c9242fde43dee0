/* SPDX-License-Identifier: MIT */
#include "sync/delta.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/buffer.h"

#define RULES_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define IS_RENAMED      ((uint64_t)1)
#define IS_MERGED       ((uint64_t)2)
/* Never 0, whatever the hash is. */
#define IS_KNOWN ((uint64_t)4)

enum delta delta_judge(const struct store_map_folder *known, const struct store_mark *now,
                       uint64_t rules)
{
    const struct store_mark *then = &known->source;
    bool is_finished = known->id != 0 && then->uid_validity != 0 && then->uid_next != 0 &&
                       known->bracket_uid_next == 0;
    /* What failed is tried again: it is neither new nor changed. */
    if (!is_finished || then->uid_validity != now->uid_validity || known->rules != rules ||
        now->uid_next < then->uid_next || known->counts.failed + known->counts.unreadable > 0)
        return DELTA_LIST;
    if (now->uid_next != then->uid_next || now->messages != then->messages)
        return DELTA_CHANGED;
    if (then->mod_seq != 0 && now->mod_seq != 0)
        return then->mod_seq == now->mod_seq ? DELTA_UNCHANGED : DELTA_CHANGED;
    return now->messages == 0 ? DELTA_UNCHANGED : DELTA_FLAGS;
}

struct store_mark delta_mark_of(const struct folder *folder)
{
    struct store_mark mark = {
        .uid_validity = folder->uid_validity,
        .uid_next = folder->uid_next,
        .messages = folder->messages > UINT32_MAX ? UINT32_MAX : (uint32_t)folder->messages,
        .mod_seq = folder->mod_seq,
    };
    return mark;
}

static uint64_t fingerprint(const struct buffer *text)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    uint64_t hash = 0;
    (void)SHA256(text->data, text->used, digest);
    for (size_t i = 0; i < sizeof(hash); i++)
        hash = hash << 8 | digest[i];
    return (hash & ~(IS_RENAMED | IS_MERGED)) | IS_KNOWN;
}

uint64_t delta_message_rules(const struct settings *settings)
{
    struct buffer text;
    buffer_init(&text, RULES_MAX_BYTES);
    settings_append_rules(settings, SETTINGS_RULES_MESSAGES, &text);
    uint64_t rules = fingerprint(&text);
    buffer_deinit(&text);
    return rules;
}

uint64_t delta_rules(uint64_t message_rules, bool is_renamed, bool is_merged)
{
    return message_rules | (is_renamed ? IS_RENAMED : 0) | (is_merged ? IS_MERGED : 0);
}

bool delta_rules_is_renamed(uint64_t rules)
{
    return (rules & IS_RENAMED) != 0;
}

bool delta_rules_is_merged(uint64_t rules)
{
    return (rules & IS_MERGED) != 0;
}

uint64_t delta_plan_rules(const struct settings *settings, const struct folder_list *source)
{
    struct buffer text;
    buffer_init(&text, RULES_MAX_BYTES);
    settings_append_rules(settings, SETTINGS_RULES_FOLDERS, &text);
    buffer_printf(&text, "%s%c\n", source->prefix == NULL ? "" : source->prefix,
                  source->separator == '\0' ? ' ' : source->separator);
    for (size_t i = 0; i < source->foreign_count; i++)
        buffer_printf(&text, "%s\n", source->foreign_prefixes[i]);
    for (size_t i = 0; i < source->count; i++) {
        const struct folder *folder = &source->items[i];
        bool is_left_out = settings->skipemptyfolders && folder->has_status &&
                           folder->messages == 0;
        buffer_printf(&text, "%u%s %d %s\n", folder->attributes, is_left_out ? "-" : "",
                      folder->separator, folder->name);
    }
    uint64_t rules = fingerprint(&text);
    buffer_deinit(&text);
    return rules;
}
