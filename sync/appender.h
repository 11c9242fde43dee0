/* SPDX-License-Identifier: MIT
 * Messages on their way to the destination over one connection: APPEND (RFC 9051 section 6.3.12),
 * several to a command where the server has MULTIAPPEND (RFC 3502), several commands in flight.
 * Belongs to the pair's thread. */
#ifndef SYNC_APPENDER_H
#define SYNC_APPENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/imap/client.h"

struct appender;

/* A message in a command. */
struct append_item {
    uint32_t index;
    uint32_t flags; /* this and the next two are the caller's */
    uint32_t after;
    uint32_t changes;
};

/* The answer to a command that held `count` messages. status OK: all are stored. NO or BAD: none
   is. NONE: the connection ended, nobody knows. */
typedef void appender_result_callback(void *context, const struct append_item *items, size_t count,
                                      const struct imap_reply *reply);

/* The client must outlive the appender. */
struct appender *appender_init(struct imap_client *client, appender_result_callback *callback);
/* Unanswered commands are forgotten; they must be none, or the client closed. */
void appender_deinit(struct appender **appender);

/* Whether one more message may be given now: the unsent backlog is below its mark, and not too many
   answers are due. The mark is shared by all lanes of the mailbox. */
bool appender_is_ready(const struct appender *appender);
void appender_share_backlog(struct appender *appender, size_t lanes);
/* Bytes that wait to be sent. */
size_t appender_backlog_bytes(const struct appender *appender);
/* Where the messages go from now on, and whose they are: `context` comes back in the callback. Both
   must stay until all that was begun under them is answered. Ends a command that waits for more
   messages if they were for another mailbox. */
void appender_aim(struct appender *appender, const char *mailbox, void *context);
/* One message: begin, `size` bytes by add, end. `item` comes back in the callback; flags is the
   inside of the list, date is "" to leave it to the server. */
void appender_begin(struct appender *appender, const struct append_item *item, const char *flags,
                    const char *date, uint64_t size_bytes);
void appender_add(struct appender *appender, const void *data, size_t size);
void appender_end(struct appender *appender);
/* Between begin and end. */
bool appender_is_in_message(const struct appender *appender);
/* Ends a command that waits for more messages. True if there was one. */
bool appender_flush(struct appender *appender);
/* When the open command was begun; 0: none is open. */
int64_t appender_open_since_nsecs(const struct appender *appender);
/* Commands not answered yet, an open one included. */
size_t appender_pending(const struct appender *appender);

#endif
