/* SPDX-License-Identifier: MIT
 * Which source messages are on the destination already: a multiset match by identity. Two copies on
 * the source need two on the destination. Among equals, the same INTERNALDATE and size wins, then
 * the same date, then the same size; what is equal in all is matched in the order of UIDs. Pure; n
 * log n whatever the messages are.
 *
 * A folder may hold millions, so little is kept of each: of a message on the destination a record
 * (20 bytes), sorted by identity; of one on the source the place in those records where its
 * identity begins (three bytes that struct listed_message has to spare) and its date (4 bytes).
 * So the destination has to be listed first; else the key (8 bytes) is kept until it is.
 *
 * Is that enough? A wrong match is a message that is not copied, so:
 * - An identity is kept as 64 bits: a hash of the SHA-256 of its fields under a key that is random
 *   in each run, so nobody can write two messages that meet. By chance, one of n messages that are
 *   new meets one of m on the destination with a probability of n * m / 2^64: 1 in 18 million for
 *   a million each, 1 in 10^11 for ten thousand each.
 * - Dates break ties between messages of one identity and are what a message without any is known
 *   by. They are kept modulo 2^31 - 1 seconds: two that look equal are equal or lie 68 years apart,
 *   to the second.
 * - Sizes are exact up to 4 GiB. */
#ifndef SYNC_MESSAGES_ADOPT_H
#define SYNC_MESSAGES_ADOPT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "sync/messages/identity_maker.h"
#include "sync/messages/listed.h"

/* No message of the destination has the identity. */
#define ADOPT_NOWHERE ((1u << 24) - 1)
/* More records there can't be: every place has 24 bits. */
#define ADOPT_RECORDS_MAX ((size_t)ADOPT_NOWHERE)
#define ADOPT_DATE_MAX    ((1u << 31) - 1)

/* What keys are made with, the same for both sides of a match. */
struct adopt_secret {
    unsigned char bytes[SIPHASH_KEY_SIZE]; /* random */
    struct identity_maker *maker;          /* NULL: by default */
};

/* A message on the destination. Packed: the key would cost four bytes more. */
struct __attribute__((packed, aligned(4))) adopt_record {
    uint64_t key;       /* adopt_key() of its identity */
    uint32_t date : 31; /* adopt_date() */
    uint32_t is_matched : 1;
    uint32_t size_bytes; /* at most UINT32_MAX; 0: unknown */
    uint32_t uid;
};
static_assert(sizeof(struct adopt_record) == 20, "the listing's memory is counted");

/* What is known of a source message beside its struct listed_message. */
union adopt_trait {
    struct {
        uint32_t date : 31;   /* adopt_date() */
        uint32_t is_weak : 1; /* without any identity (IDENTITY_NOTHING) */
    };
    uint32_t uid; /* once it is matched: on the destination */
};
static_assert(sizeof(union adopt_trait) == 4, "the listing's memory is counted");

/* The messages of a source folder by ascending UID, in parallel arrays. */
struct adopt_source {
    struct listed_message *messages;
    union adopt_trait *traits;
    uint64_t *keys; /* adopt_key(); for adopt_place() and adopt_exclude_duplicates() alone */
    size_t count;
};

/* The messages of the destination folder in the order of adopt_sort(). */
struct adopt_destination {
    struct adopt_record *records;
    size_t count;
};

struct adopt_rules {
    const struct adopt_secret *secret;
    bool dates_are_kept;   /* the copies have the dates of the originals */
    bool with_added_field; /* --addheader: messages without identity may have got one by UID */
};

uint64_t adopt_key(const struct adopt_secret *secret, const struct identity *identity);
/* Of the copy that --addheader makes of a message of this UID and size that has no identity. */
uint64_t adopt_key_of_added(const struct adopt_secret *secret, uint32_t uid, uint64_t size_bytes);
/* 0 for 0, an unknown date; else 1 to ADOPT_DATE_MAX. */
uint32_t adopt_date(int64_t seconds);

/* Brings the records into the order that the functions below need. */
void adopt_sort(const struct adopt_destination *destination);
/* The place of the first record with the key, or ADOPT_NOWHERE. It stays good while records are
   matched. */
uint32_t adopt_find(const struct adopt_destination *destination, uint64_t key);

/* Marks the records of these UIDs as matched: their originals are known. Sorts the UIDs. */
void adopt_take(const struct adopt_destination *destination, uint32_t *uids, size_t count);

/* Sets `place` of each message by its key, for messages that were listed before the destination. */
void adopt_place(const struct adopt_source *source, const struct adopt_destination *destination);

/* Marks matched records, and sets messages that were WANTED and are there to ALREADY, their trait
   to the UID they have there; those already marked and those in any other state take no part.
   `place` of each message must be adopt_find()'s. Records are reordered. A message without any
   identity is known by its date alone, sizes being estimates on some servers; by its size only
   where dates_are_kept is false. */
void adopt_match(const struct adopt_source *source, const struct adopt_destination *destination,
                 const struct adopt_rules *rules);
/* --nosyncduplicates: sets each WANTED message that has an equal one of lower UID to EXCLUDED;
   those that are NOT_SELECTED stand for none. Messages without any identity are equal to none. */
void adopt_exclude_duplicates(const struct adopt_source *source);

#endif
