/* SPDX-License-Identifier: MIT
 * What a server's LIST, LSUB, NAMESPACE and STATUS told, as data. Owned by one thread. */
#ifndef SYNC_FOLDERS_FOLDERS_H
#define SYNC_FOLDERS_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/folders/name_map.h"

/* A listing that is larger is refused; a name that is longer is kept cut and never synced. */
#define FOLDER_LIST_MAX_COUNT 1000000
#define FOLDER_LIST_MAX_BYTES ((size_t)128 * 1024 * 1024)
#define FOLDER_NAME_MAX_BYTES 4096

/* Mailbox attributes, RFC 9051 section 7.3.1 and RFC 6154. */
enum folder_attribute {
    FOLDER_NOSELECT = 1 << 0, /* \Noselect or \NonExistent */
    FOLDER_NOINFERIORS = 1 << 1,
    FOLDER_SUBSCRIBED = 1 << 2,
    FOLDER_ALL = 1 << 3,
    FOLDER_ARCHIVE = 1 << 4,
    FOLDER_DRAFTS = 1 << 5,
    FOLDER_FLAGGED = 1 << 6,
    FOLDER_JUNK = 1 << 7,
    FOLDER_SENT = 1 << 8,
    FOLDER_TRASH = 1 << 9,
};
#define FOLDER_ROLES                                                                            \
    (FOLDER_ALL | FOLDER_ARCHIVE | FOLDER_DRAFTS | FOLDER_FLAGGED | FOLDER_JUNK | FOLDER_SENT | \
     FOLDER_TRASH)

struct folder {
    char *name;              /* as the server writes it: modified UTF-7 (RFC 3501 section 5.1.3) */
    char separator;          /* 0: NIL, a flat name */
    unsigned int attributes; /* enum folder_attribute */
    /* By STATUS (RFC 9051 section 6.3.11). */
    bool has_status;
    uint64_t messages;
    uint32_t uid_validity; /* 0: not told */
    uint32_t uid_next;     /* 0: not told */
    uint64_t mod_seq;      /* HIGHESTMODSEQ, RFC 7162 section 3.1.7; 0: not told */
};

struct folder_list {
    struct folder *items;
    size_t count;
    size_t alloc;
    /* The first personal namespace, RFC 2342. */
    bool has_namespace;
    char *prefix; /* "" or e.g. "INBOX." ; NULL without namespace */
    char separator;
    /* Prefixes of other users' and shared namespaces (each may be ""). */
    char **foreign_prefixes;
    size_t foreign_count;
    bool is_exchange; /* whoever signed in says so: names follow Exchange's rules */
    /* private to folders.c */
    size_t foreign_alloc;
    size_t name_bytes;
    struct name_map by_name;
};

void folder_list_init(struct folder_list *list);
void folder_list_deinit(struct folder_list *list);
/* Adds a folder, or merges attributes into the one of the same name (INBOX in any case is one); a
   separator is kept once it is known. The name may hold any bytes: it ends at its first NUL, and
   beyond FOLDER_NAME_MAX_BYTES + 1 it is cut, which marks it as too long for the plan. NULL when
   the list is full: then the listing as a whole has failed. The address is good until the next add.
 */
struct folder *folder_list_add(struct folder_list *list, const char *name, size_t name_size,
                               char separator, unsigned int attributes);
/* Takes out the folders whose is_dropped is set, one for each in order. Addresses change. */
void folder_list_drop(struct folder_list *list, const bool *is_dropped);
/* NULL if absent. Exact, but INBOX in any case. Takes O(log n); knows what folder_list_add() added.
 */
struct folder *folder_list_find(const struct folder_list *list, const char *name);
/* A namespace that is not personal, RFC 2342 section 5. More than 64 are ignored. */
void folder_list_add_foreign_prefix(struct folder_list *list, const char *prefix, size_t size);
/* The bit for "\Sent" and so on; 0 for an attribute that means nothing to us. Any case. */
unsigned int folder_attribute_parse(const char *text, size_t size);

#endif
