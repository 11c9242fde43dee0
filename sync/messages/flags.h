/* SPDX-License-Identifier: MIT
 * Flags as words in a text (RFC 9051 section 2.3.2). Their case never matters. What becomes of them
 * on their way to another server: flag_rules.h. Pure. */
#ifndef SYNC_MESSAGES_FLAGS_H
#define SYNC_MESSAGES_FLAGS_H

#include "base/buffer.h"
#include "sync/imap/imap_parser.h"

/* Appends the flags as one text that is always the same for the same set: without \Recent, sorted,
   the five system flags in their canonical case, others as they are, one blank between. What is no
   flag is left out. */
void flags_append_canonical(const struct imap_token *flags, size_t count, struct buffer *text);
/* All flags but the named one, at most FLAGS_MAX; returns their count. */
#define FLAGS_MAX 256
size_t flags_leave_out(const struct imap_token *flags, size_t count, const char *name,
                       struct imap_token kept_r[FLAGS_MAX]);

enum flag_kind {
    FLAG_NONE,    /* no flag */
    FLAG_SYSTEM,  /* one of the five that every server knows */
    FLAG_RECENT,  /* \Recent, which is the server's own */
    FLAG_UNKNOWN, /* another one with a backslash */
    FLAG_KEYWORD,
};

struct flag_word {
    const char *text; /* a system flag in its canonical case, else inside the text */
    size_t size;
    enum flag_kind kind;
};

/* The next word of *text, which moves on behind it; false at the end. */
bool flag_word_next(const char **text, struct flag_word *word_r);
/* The word is one of the text's. */
bool flags_have(const char *text, const char *word, size_t size);
/* The same words, in whatever order. */
bool flags_are_equal(const char *a, const char *b);
/* Appends the words of `text` that `other` has not, blank-separated. */
void flags_append_missing(const char *text, const char *other, struct buffer *missing);

#endif
