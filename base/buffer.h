/* SPDX-License-Identifier: MIT
 * A growable byte buffer with a ceiling. It fails softly: an append that would pass the ceiling
 * (or finds no memory) changes nothing, returns false and marks the buffer as failed, so a chain of
 * appends can be checked once at its end. The body is public because buffers are embedded by value
 * on hot paths; only `data` and `used` are for readers, and only through the functions for writers.
 * Belongs to one thread. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    unsigned char *data; /* the first unread byte; NULL only before the first append */
    size_t used;         /* readable bytes at data */
    unsigned char *base; /* what was allocated; data - base bytes were consumed */
    size_t alloc;
    size_t max_bytes;
    bool has_failed;
    bool is_secret; /* wiped whenever its memory is given up */
};

void buffer_init(struct buffer *buf, size_t max_bytes);
/* As buffer_init(), and its bytes are wiped when freed or moved. */
void buffer_init_secret(struct buffer *buf, size_t max_bytes);
void buffer_deinit(struct buffer *buf);
/* Empties it and forgets a failure; memory is kept. */
void buffer_clear(struct buffer *buf);
/* As buffer_clear(), and memory above keep_bytes is given back. */
void buffer_shrink(struct buffer *buf, size_t keep_bytes);

bool buffer_append(struct buffer *buf, const void *data, size_t size);
bool buffer_append_str(struct buffer *buf, const char *text);
bool buffer_append_byte(struct buffer *buf, unsigned char byte);
/* In decimal, with zeros in front up to `digits` (0: as many as there are; at most 20). For what is
   written for every message: printf() takes several times as long. */
bool buffer_append_uint64(struct buffer *buf, uint64_t value, unsigned int digits);
bool buffer_printf(struct buffer *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for `size` more bytes at the returned address, or NULL; make them count with
   buffer_commit(). The address is good until the next call. */
unsigned char *buffer_reserve(struct buffer *buf, size_t size);
void buffer_commit(struct buffer *buf, size_t size);
/* Drops bytes from the front; never moves memory. */
void buffer_consume(struct buffer *buf, size_t size);
/* Bytes that can still be appended below the ceiling. */
size_t buffer_room(const struct buffer *buf);
/* The content as a string ("" when empty). Good until the next change. */
const char *buffer_str(struct buffer *buf);

#endif
