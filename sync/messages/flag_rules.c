/* SPDX-License-Identifier: MIT */
#include "sync/messages/flag_rules.h"

#include <string.h>

#include "sync/messages/flags.h"
#include "sync/messages/labels.h"

#define FLAGS_TEXT_MAX_BYTES ((size_t)64 * 1024)

/* What some clients have left in mailboxes, and servers refuse: imapsync's list. */
#define BUGGY_FLAGS                                                                           \
    "s/\\\\(?:RECEIPTCHECKED|JUNK|Indexed|X-EON-HAS-ATTACHMENT|UNSEEN|ATTACHED|X-HAS-ATTACH|" \
    "FORWARDED|FORWARD|X-FORWARDED|\\$FORWARDED|PRIORITY|READRCPT)(?![^ ])//gi"

bool flag_rules_init(struct flag_rules *rules, const struct settings *settings,
                     struct buffer *faults)
{
    struct str_list texts = {0};
    memset(rules, 0, sizeof(*rules));
    rules->keeps_all = !settings->filterflags;
    rules->system_only = settings->systemflagsonly;
    buffer_init(&rules->edited, FLAGS_TEXT_MAX_BYTES);
    buffer_init(&rules->scratch, FLAGS_TEXT_MAX_BYTES);
    if (settings->filterbuggyflags)
        str_list_add(&texts, BUGGY_FLAGS);
    for (size_t i = 0; i < settings->regexflag.count; i++)
        str_list_add(&texts, settings->regexflag.items[i]);
    bool is_good = expression_list_init(&rules->edits, &texts, EXPRESSION_EDIT, "regexflag",
                                        faults);
    str_list_deinit(&texts);
    return is_good;
}

void flag_rules_deinit(struct flag_rules *rules)
{
    expression_list_deinit(&rules->edits);
    buffer_deinit(&rules->edited);
    buffer_deinit(&rules->scratch);
}

/* The flags as the user wants them. */
static const char *flag_rules_edit(struct flag_rules *rules, const char *flags, size_t size)
{
    size_t guilty;
    buffer_clear(&rules->edited);
    buffer_append(&rules->edited, flags, size);
    enum expression_result result = expression_list_edit(
        &rules->edits, &rules->edited, &rules->scratch, FLAGS_TEXT_MAX_BYTES, &guilty);
    if (result == EXPRESSION_TOO_HARD || result == EXPRESSION_TOO_LARGE) {
        buffer_clear(&rules->edited);
        buffer_append(&rules->edited, flags, size);
    }
    return buffer_str(&rules->edited);
}

static bool flag_rules_keep(const struct flag_rules *rules, const struct flag_word *word,
                            const struct imap_mailbox *destination)
{
    if (rules->system_only && word->kind != FLAG_SYSTEM)
        return false;
    if (rules->keeps_all)
        return word->kind != FLAG_NONE;
    if (word->kind != FLAG_SYSTEM && word->kind != FLAG_KEYWORD)
        return false;
    return !destination->has_permanentflags ||
           (word->kind == FLAG_KEYWORD && destination->may_create_keywords) ||
           flags_have(destination->permanentflags, word->text, word->size);
}

size_t flag_rules_append(struct flag_rules *rules, const char *flags,
                         const struct imap_mailbox *destination, struct buffer *text)
{
    size_t size = labels_flags_size(flags);
    size_t dropped = 0;
    size_t start = text->used;
    struct flag_word word;
    const char *at = flag_rules_edit(rules, flags, size);
    while (flag_word_next(&at, &word)) {
        if (word.kind == FLAG_RECENT)
            continue;
        if (!flag_rules_keep(rules, &word, destination)) {
            dropped++;
            continue;
        }
        const char *so_far = buffer_str(text) + start;
        if (flags_have(so_far, word.text, word.size))
            continue;
        if (text->used > start)
            buffer_append_byte(text, ' ');
        buffer_append(text, word.text, word.size);
    }
    return dropped;
}

void flag_rules_append_changes(struct flag_rules *rules, const char *before, const char *after,
                               const struct imap_mailbox *destination, struct buffer *added,
                               struct buffer *removed)
{
    struct buffer kept[2];
    buffer_init(&kept[0], FLAGS_TEXT_MAX_BYTES);
    buffer_init(&kept[1], FLAGS_TEXT_MAX_BYTES);
    (void)flag_rules_append(rules, before, destination, &kept[0]);
    (void)flag_rules_append(rules, after, destination, &kept[1]);
    flags_append_missing(buffer_str(&kept[1]), buffer_str(&kept[0]), added);
    flags_append_missing(buffer_str(&kept[0]), buffer_str(&kept[1]), removed);
    buffer_deinit(&kept[0]);
    buffer_deinit(&kept[1]);
}
