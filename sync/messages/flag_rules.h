/* SPDX-License-Identifier: MIT
 * What becomes of a message's flags on their way: edited as the user wishes (--regexflag,
 * --filterbuggyflags), then what the destination can keep (--filterflags), in imapsync's order.
 * Used for APPEND and for every later change, so that both agree. Belongs to one thread. */
#ifndef SYNC_MESSAGES_FLAG_RULES_H
#define SYNC_MESSAGES_FLAG_RULES_H

#include "sync/imap/client.h"
#include "sync/messages/expression.h"
#include "sync/settings.h"

struct flag_rules {
    struct expression_list edits;
    bool keeps_all;   /* --nofilterflags */
    bool system_only; /* --systemflagsonly */
    struct buffer edited;
    struct buffer scratch;
};

/* False with sentences for what is no expression; to be freed in either case. */
bool flag_rules_init(struct flag_rules *rules, const struct settings *settings,
                     struct buffer *faults);
void flag_rules_deinit(struct flag_rules *rules);

/* Appends the flags that a message with these (as flags_append_canonical() has them; labels behind
   them are passed over) gets on the destination, blank-separated, each once. RFC 9051 section 7.1,
   PERMANENTFLAGS; a server that lists nothing gave no rule. Flags whose expression gives up stay as
   they are. Returns how many were left out because the destination can't keep them. */
size_t flag_rules_append(struct flag_rules *rules, const char *flags,
                         const struct imap_mailbox *destination, struct buffer *text);

/* From one such set of flags to another: what came and what went on the destination. */
void flag_rules_append_changes(struct flag_rules *rules, const char *before, const char *after,
                               const struct imap_mailbox *destination, struct buffer *added,
                               struct buffer *removed);

#endif
