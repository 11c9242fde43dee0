/* SPDX-License-Identifier: MIT
 * The errors of one mailbox through all attempts of a run, for the numbered list at the end of its
 * log. Kinds, their names and their advice are imapsync's. Belongs to whoever runs the mailbox. */
#ifndef SYNC_ERROR_LIST_H
#define SYNC_ERROR_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"

/* So many are kept with their words; all are counted. */
#define ERROR_LIST_MAX 1000

/* X(enum suffix, exit code); in the alphabet's order, by which of two that are equally frequent the
   first one counts. */
#define ERROR_KINDS(X)                   \
    X(APPEND, 114)                       \
    X(APPEND_SIZE, 114)                  \
    X(APPEND_VIRUS, 119)                 \
    X(AUTHENTICATION_FAILURE_USER1, 161) \
    X(AUTHENTICATION_FAILURE_USER2, 162) \
    X(CONNECTION_FAILURE_HOST1, 101)     \
    X(CONNECTION_FAILURE_HOST2, 102)     \
    X(CREATE, 116)                       \
    X(EXIT_TLS_FAILURE, 12)              \
    X(FLAGS, 120)                        \
    X(Host1_FETCH, 115)                  \
    X(OVERQUOTA, 113)                    \
    X(SELECT, 117)                       \
    X(TRANSFER_EXCEEDED, 118)            \
    X(UNCLASSIFIED, 111)

enum error_kind {
#define ERROR_KIND_ENUM(suffix, exit_code) ERROR_KIND_##suffix,
    ERROR_KINDS(ERROR_KIND_ENUM)
#undef ERROR_KIND_ENUM
    ERROR_KIND_COUNT
};

/* Starts as zeros. */
struct error_list {
    char **texts;
    size_t kept;
    size_t alloc;
    uint64_t count;
    uint64_t by_kind[ERROR_KIND_COUNT];
};

void error_list_deinit(struct error_list *list);
/* `text`: a sentence for people, without a secret; what the server said may be in it. */
void error_list_add(struct error_list *list, const struct fault *fault, const char *text);
/* The fault's own words, and the server's. */
void error_list_add_fault(struct error_list *list, const struct fault *fault);
/* imapsync's exit code of the most frequent kind; 0 if there is no error. */
int error_list_exit_code(const struct error_list *list);
/* "Err 1/2: ..." lines, and which kind is the most frequent one and what to do about it. */
void error_list_append(const struct error_list *list, struct buffer *text);

/* Pure. */
enum error_kind error_kind_of(const struct fault *fault);

#endif
