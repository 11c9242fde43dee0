/* SPDX-License-Identifier: MIT
 * No lock-outs: whoever signs in for many mailboxes (a profile, an admin) and was refused alike for
 * SIGN_INS_MAX_ALIKE of them in a row is not sent to the server again in this run. Locks itself;
 * any thread may call these. */
#ifndef BATCH_SIGN_INS_H
#define BATCH_SIGN_INS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "sync/pair.h"
#include "sync/settings.h"

#define SIGN_INS_MAX_ALIKE 3

/* Mailboxes in a row that failed alike. Starts as zeros. */
struct sign_in_streak {
    unsigned int count;
    struct fault last;
};

/* A mailbox has ended: `fault` is why its sign-in was refused, NULL if it was let in. True once it
   is enough; that stays so. Other faults tell nothing about sign-ins. Pure. */
bool sign_in_streak_note(struct sign_in_streak *streak, const struct fault *fault);

struct sign_ins;

/* NULL if no mutex can be had. */
struct sign_ins *sign_ins_init(void);
/* NULL is fine. */
void sign_ins_deinit(struct sign_ins **sign_ins);

/* Whether one of the pair's sides must not be signed in to any more; *fault_r then says why. */
bool sign_ins_are_paused(struct sign_ins *sign_ins, const struct settings *settings,
                         struct fault *fault_r);
/* This side was signed in to: what was refused before was no row. */
void sign_ins_let_in(struct sign_ins *sign_ins, const struct settings *settings, int side);
/* The pair's last attempt has ended so. True if that pauses sign-ins from now on: appends to `line`
   whose and why, without a line end. */
bool sign_ins_note(struct sign_ins *sign_ins, const struct settings *settings,
                   const struct pair_result *result, struct buffer *line);

#endif
