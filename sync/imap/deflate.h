/* SPDX-License-Identifier: MIT
 * The codec of COMPRESS=DEFLATE (RFC 4978): raw deflate in both directions, no I/O. Whoever owns
 * the socket moves bytes between it and the two buffers of compressed bytes. Both have ceilings,
 * and bytes are inflated only into the room the reader gives: a server that sends a bomb fills no
 * memory, it only gets read more slowly. Belongs to one thread. */
#ifndef SYNC_IMAP_DEFLATE_H
#define SYNC_IMAP_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct deflate;

enum deflate_progress {
    DEFLATE_OK,
    DEFLATE_ENDED,  /* the other side ended its stream */
    DEFLATE_BROKEN, /* its bytes are no deflate stream, or memory is short */
};

/* NULL if zlib has no memory. */
struct deflate *deflate_init(void);
void deflate_deinit(struct deflate **codec);

/* -- reading -- */

/* What the socket received and nobody read yet: append to it. What does not fit into its room
   (buffer_room()) must wait in the socket. */
struct buffer *deflate_received(struct deflate *codec);
/* Inflates at most `size` bytes into `data`; what it gives is good even if its end is BROKEN. 0
   bytes and OK: more must be received first. */
enum deflate_progress deflate_read(struct deflate *codec, void *data, size_t size, size_t *size_r);

/* -- writing -- */

/* What is ready for the socket: consume what was sent. */
struct buffer *deflate_unsent(struct deflate *codec);
/* Takes bytes to be sent; *size_r tells how many: 0 when enough is ready to be sent. zlib keeps
   some of them back until deflate_flush(). */
enum deflate_progress deflate_write(struct deflate *codec, const void *data, size_t size,
                                    size_t *size_r);
/* Makes everything that was taken ready for the socket (a sync flush, RFC 4978 section 4). */
enum deflate_progress deflate_flush(struct deflate *codec);
/* zlib keeps something back, or something is ready for the socket. */
bool deflate_has_unsent(const struct deflate *codec);

#endif
