/* SPDX-License-Identifier: MIT
 * --preflight: what a move of a pair would mean, found out without changing anything on either
 * side. Belongs to the pair's thread. */
#ifndef SYNC_PREFLIGHT_H
#define SYNC_PREFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

struct pair;

struct preflight {
    bool is_done; /* all of it is known; else the pair's fault says why not */
    uint64_t folders;
    uint64_t folders_renamed;
    uint64_t folders_merged;
    uint64_t folders_to_create;
    uint64_t folders_left_out;
    uint64_t folders_failed; /* can't be read */
    uint64_t messages;
    uint64_t bytes;
    uint64_t biggest_bytes;
    uint64_t too_big; /* messages above limit_bytes */
    uint64_t
        limit_bytes; /* of a message: --maxsize, or what the destination tells; UINT64_MAX: none */
    bool has_quota;
    uint64_t quota_used_bytes;
    uint64_t quota_bytes;
    char *plan;         /* what is renamed, merged or left out, a line each; owned, or NULL */
    bool has_estimates; /* the source is an Exchange, whose sizes are guesses */
    bool is_exchange;   /* one of the two is */
};

/* With the plan made; *preflight_r starts as zeros, or as an earlier attempt left it. Every folder
   of the plan is read as --justfoldersizes does, and the destination's INBOX opened read-only,
   since some servers sign in whom they do not let in. A mailbox's fault ends the pair. */
void preflight_look(struct pair *pair, struct preflight *preflight_r);
/* Frees what it holds, and makes it zeros. */
void preflight_deinit(struct preflight *preflight);

#endif
