/* SPDX-License-Identifier: MIT
 * What is remembered of a mailbox pair from one run to the next: its folders (how both mailboxes
 * stood when they were last looked at, and the bracket of a copy in progress) and, per folder, the
 * UID map: what became of each source message, and where it is.
 *
 * How a run uses it:
 *
 *     store_map_open()            one query; all folders, no map row
 *     store_map_folder()          for each folder of the plan; compare `source` with STATUS:
 *                                 the same, rules too, and no bracket open: counts are the
 *                                 result, with store_map_problems_repeat()
 *     store_map_brackets_open()   once, for all folders that will get an APPEND: one durable write
 *     store_map_put() ...         as the answers come in
 *     store_map_problems_keep()
 *     store_map_folder_save()     the folder ended: new marks, counts, bracket_uid_next = 0
 *     store_map_close()
 *
 * What survives what. Rows are grouped as all writes of the store are: a killed process loses
 * those of about the last second, a power cut those since the last durable write
 * (store_map_brackets_open(), store_close()). Of what was written in order only an end is ever
 * lost: a folder that was saved has all its rows. What the lost rows said, the next run finds in
 * the destination's tail, from the bracket on.
 *
 * Invariant: the map of a folder holds no UID of an older UIDVALIDITY, whatever the caller does. A
 * save or bracket with another source UIDVALIDITY than the stored one drops the folder's rows and
 * kept problems, one with another destination UIDVALIDITY makes all dst_uid 0, in the same
 * transaction. (Where the stored one is 0, not known, the rows stay.)
 *
 * A map object belongs to one thread, its pair's; the store behind it serialises the threads. A
 * pair may be open in several maps at once as long as each folder is used in one of them only.
 * Functions that return false have filled *fault_r (FAULT_STORE), as in store.h; the pair must
 * stop. */
#ifndef STORE_STORE_MAP_H
#define STORE_STORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/store.h"

/* Who is copied to whom: the same four strings as in struct store_job. */
struct store_pair {
    const char *host1, *user1, *host2, *user2;
};

/* How a mailbox stood (RFC 9051 section 2.3.1.1; HIGHESTMODSEQ: RFC 7162 section 3.1.2.1). */
struct store_mark {
    uint32_t uid_validity; /* 0: not known, or no such mailbox */
    uint32_t uid_next;     /* 0: not known; on the source also: the folder never came to its end */
    uint32_t messages;
    uint64_t mod_seq; /* 0: not known, or no CONDSTORE; at most INT64_MAX is kept */
};

/* A folder of the pair. The caller changes the fields and saves; names and id are not his. */
struct store_map_folder {
    int64_t id; /* 0: not in the store yet */
    const char *source_name;
    const char *destination_name;
    struct store_mark source;
    struct store_mark destination;
    uint64_t rules; /* fingerprint of the settings that choose or change messages; 0: none yet */
    /* The outcome when the folder was saved last, for all messages that the source then held.
       Saving turns copied into already, and bytes_copied into 0: what is read is what a run may
       report that finds nothing changed. */
    struct message_counts counts;
    /* The bracket: every APPEND that a run may have made without noting it is at or above this UID
       of the destination mailbox with UIDVALIDITY destination.uid_validity (0: the mailbox was not
       there yet, so all that is in it counts). 0: no bracket, all answers were in. */
    uint32_t bracket_uid_next;
};

/* Messages of it failed or could not be read, so they are to be tried again. */
bool store_map_folder_has_failures(const struct store_map_folder *folder);

struct store_map;

/* Reads all folders of the pair in one query. A pair that is not known yet has none, and is made
   with the first write. `store` must outlive the map. */
bool store_map_open(struct store *store, const struct store_pair *pair, struct store_map **map_r,
                    struct fault *fault_r);
/* Frees; writes nothing. Nulls the caller's pointer; NULL is fine. */
void store_map_close(struct store_map **map);

/* The folder with these names, compared byte by byte; one that is not known yet is added, all
   zero, in memory alone. Good until store_map_close(), as are its names. */
struct store_map_folder *store_map_folder(struct store_map *map, const char *source_name,
                                          const char *destination_name);
/* All of them: 0 <= index < count. For those that the source no longer has. */
size_t store_map_folder_count(const struct store_map *map);
struct store_map_folder *store_map_folder_at(struct store_map *map, size_t index);

/* Durably notes for each of the folders its bracket_uid_next (which must not be 0), both
   uid_validity, and nothing else: the other marks keep saying what the last finished run saw. All
   in one transaction, which is on the disk when this returns true; count 0 writes nothing.
   A bracket that is open already, for the same destination UIDVALIDITY or for a mailbox that was
   not there, keeps the lower UIDNEXT; *folders say what was kept. So a run that finds a bracket
   open reads the tail from there, notes in the map what it found, and may then save the folder with
   bracket_uid_next 0 before it opens a new one; or just go on. */
bool store_map_brackets_open(struct store_map *map, struct store_map_folder *const *folders,
                             size_t count, struct fault *fault_r);
/* Notes all of the folder as it stands, its bracket too. A folder must be in the store (by this or
   by a bracket) before rows are put. Not durable by itself, but never on disk without the rows
   that were put before. */
bool store_map_folder_save(struct store_map *map, struct store_map_folder *folder,
                           struct fault *fault_r);
/* Drops all rows of the folder's map and its kept problems and makes `source`, `rules` and `counts`
   zero, here and in the store; `destination` and the bracket stay. For another UIDVALIDITY, where
   all is matched anew. One transaction with what was grouped before; about a second per million
   rows. */
bool store_map_forget(struct store_map *map, struct store_map_folder *folder,
                      struct fault *fault_r);

/* The problem rows behind the counts, so that a run that finds a folder unchanged can list them
   too. Keeps those that the run has noted for the folder's source name, in place of what was kept
   before; to be called just before the folder is saved as finished. A folder that is not in the
   store is a fault if there are any. */
bool store_map_problems_keep(struct store_map *map, const struct store_map_folder *folder,
                             const char *run_id, int64_t row, struct fault *fault_r);
/* Notes what was kept as problems of this run, as store_problem_add() would. */
bool store_map_problems_repeat(struct store_map *map, const struct store_map_folder *folder,
                               const char *run_id, int64_t row, struct fault *fault_r);

/* What became of a source message. The numbers are in files: they never change. */
enum store_outcome {
    STORE_OUTCOME_PRESENT = 0, /* copied, or found there and adopted */
    STORE_OUTCOME_EXCLUDED = 1,
    STORE_OUTCOME_TOO_BIG = 2,
    STORE_OUTCOME_FAILED = 3,
    STORE_OUTCOME_UNREADABLE = 4,
    STORE_OUTCOME_VANISHED = 5, /* was listed, then gone before it could be read */
};

struct store_map_row {
    uint32_t src_uid; /* never 0 */
    uint32_t dst_uid; /* 0: not known (no UIDPLUS), or not there */
    uint32_t flags;   /* last seen on the source: store_map_flags_id() */
    enum store_outcome outcome;
};

/* Adds rows, or replaces those with the same src_uid. Cheapest with ascending UIDs and some hundred
   rows a call; the store is locked during the call. */
bool store_map_put(struct store_map *map, const struct store_map_folder *folder,
                   const struct store_map_row *rows, size_t count, struct fault *fault_r);
/* Notes the `flags` of rows that are there; src_uid and flags alone are taken. A UID without a row
   is passed over. */
bool store_map_set_flags(struct store_map *map, const struct store_map_folder *folder,
                         const struct store_map_row *rows, size_t count, struct fault *fault_r);
/* A UID without a row is passed over. */
bool store_map_remove(struct store_map *map, const struct store_map_folder *folder,
                      const uint32_t *src_uids, size_t count, struct fault *fault_r);
/* Fills `rows` with those from first_uid to last_uid, both included, by ascending src_uid, at most
   `capacity` of them. Fewer than that: there are no more. Else go on at rows[*count_r - 1].src_uid
   + 1 (which is 0 after the highest UID there is); in between others have the store. A folder that
   is not in the store has no rows. */
bool store_map_read(struct store_map *map, const struct store_map_folder *folder,
                    uint32_t first_uid, uint32_t last_uid, struct store_map_row *rows,
                    size_t capacity, size_t *count_r, struct fault *fault_r);

/* The same page by page: from *next_uid on, which goes on behind what was read. *count_r is 0 when
   there are no more. */
bool store_map_read_on(struct store_map *map, const struct store_map_folder *folder,
                       uint64_t *next_uid, uint32_t last_uid, struct store_map_row *rows,
                       size_t capacity, size_t *count_r, struct fault *fault_r);

/* Flags as small numbers, one for each set of flags that the pair's source showed. */
#define STORE_FLAGS_UNKNOWN   0     /* none was noted, or a ceiling was reached: equals nothing */
#define STORE_FLAGS_MAX_SETS  32768 /* per pair; with Gmail's labels there may be many */
#define STORE_FLAGS_MAX_BYTES 1000  /* of one set's text */

/* The number of a set of flags. The text is taken as it is, so it must be written one way only
   (sorted, system flags in their canonical case, one blank between); "" is the empty set. A longer
   text than STORE_FLAGS_MAX_BYTES, or the first beyond STORE_FLAGS_MAX_SETS, is
   STORE_FLAGS_UNKNOWN and no fault. Asks the store once per map object and for each new set. */
bool store_map_flags_id(struct store_map *map, const char *text, uint32_t *id_r,
                        struct fault *fault_r);
/* The text of a number, good until store_map_close(). *text_r is NULL for STORE_FLAGS_UNKNOWN and
   for a number that was never given out. */
bool store_map_flags_text(struct store_map *map, uint32_t id, const char **text_r,
                          struct fault *fault_r);

#endif
