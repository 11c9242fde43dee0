/* SPDX-License-Identifier: MIT
 * Some messages and their copies on their way from both sides at once: one FETCH on each, whatever
 * order the answers take. What comes is matched by the UID in the same response; nothing is
 * concluded from an order. Belongs to the pair's thread. */
#ifndef SYNC_VERIFY_SLICE_H
#define SYNC_VERIFY_SLICE_H

#include "base/buffer.h"
#include "base/spool.h"
#include "sync/pair_private.h"
#include "sync/verify_bodies.h"

#define VERIFY_SLICE_MAX_ITEMS 64
/* As the source told sizes; a larger message comes alone. */
#define VERIFY_SLICE_MAX_BYTES ((uint64_t)512 * 1024)

/* One side's message. A large one is in a file. */
struct verify_body {
    bool has_come;
    bool is_spooled;
    struct buffer held;
    struct spool spool;
};
/* Its bytes until the slice's end; NULL, with a fault, if they can't be had. *size_r may be 0. */
const unsigned char *verify_body_bytes(struct verify_body *body, size_t *size_r,
                                       struct fault *fault_r);
/* A file that holds it, or -1 with a fault. */
int verify_body_file(struct verify_body *body, const char *directory, struct fault *fault_r);

struct verify_slice {
    const struct verify_item *items;
    size_t count;
    struct verify_body bodies[2][VERIFY_SLICE_MAX_ITEMS]; /* by side; parallel to the items */
    uint8_t by_uid[2][VERIFY_SLICE_MAX_ITEMS];            /* numbers of items by ascending UID */
    struct imap_answer answers[2];
};

/* Hears both sessions; a few slices may be on their way. */
struct verify_reader;

struct verify_reader *verify_reader_init(struct pair *pair);
/* Ends what is still in flight with its sessions, hears no more, frees. */
void verify_reader_deinit(struct verify_reader **reader);
/* How many items may go into one slice. */
size_t verify_reader_max_items(const struct verify_reader *reader);
/* Asks both sides for the items, 1 to that many; they stay where they are. */
struct verify_slice *verify_slice_send(struct verify_reader *reader,
                                       const struct verify_item *items, size_t count);
/* Waits for both answers, whose status is the caller's to judge. False: the pair has ended. */
bool verify_slice_await(struct verify_reader *reader, struct verify_slice *slice,
                        struct fault *fault_r);
/* Once both answers are there; the others go with the reader. */
void verify_slice_free(struct verify_reader *reader, struct verify_slice **slice);

#endif
