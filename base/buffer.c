/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLIDE_SHARE     3
#define ROOMY_MAX_BYTES ((size_t)512 * 1024)

void buffer_init(struct buffer *buf, size_t max_bytes)
{
    memset(buf, 0, sizeof(*buf));
    buf->max_bytes = max_bytes;
}

void buffer_init_secret(struct buffer *buf, size_t max_bytes)
{
    buffer_init(buf, max_bytes);
    buf->is_secret = true;
}

static void buffer_give_up_memory(struct buffer *buf)
{
    if (buf->is_secret)
        mem_wipe(buf->base, buf->alloc);
    free(buf->base);
}

void buffer_deinit(struct buffer *buf)
{
    buffer_give_up_memory(buf);
    buf->base = NULL;
    buf->data = NULL;
    buf->alloc = 0;
    buf->used = 0;
}

void buffer_clear(struct buffer *buf)
{
    if (buf->is_secret)
        mem_wipe(buf->base, buf->alloc);
    buf->data = buf->base;
    buf->used = 0;
    buf->has_failed = false;
}

void buffer_shrink(struct buffer *buf, size_t keep_bytes)
{
    buffer_clear(buf);
    if (buf->alloc > keep_bytes)
        buffer_deinit(buf);
}

/* Moves the content into an allocation of `alloc` bytes. */
static bool buffer_move(struct buffer *buf, size_t alloc)
{
    unsigned char *moved = malloc(alloc);
    if (moved == NULL)
        return false;
    if (buf->used > 0)
        memcpy(moved, buf->data, buf->used);
    buffer_give_up_memory(buf);
    buf->base = moved;
    buf->data = moved;
    buf->alloc = alloc;
    return true;
}

unsigned char *buffer_reserve(struct buffer *buf, size_t size)
{
    if (size > buffer_room(buf)) {
        buf->has_failed = true;
        return NULL;
    }
    size_t consumed = buf->base == NULL ? 0 : (size_t)(buf->data - buf->base);
    size_t need = buf->used + size;
    if (buf->base != NULL && consumed + need <= buf->alloc)
        return buf->data + buf->used;
    /* Sliding is cheap only while much more was consumed than has to be moved. */
    if (buf->base != NULL && need <= buf->alloc && consumed / SLIDE_SHARE >= buf->used) {
        memmove(buf->base, buf->data, buf->used);
        buf->data = buf->base;
        return buf->data + buf->used;
    }
    /* What is consumed as it grows gets room for that, while it is small. */
    size_t wanted = consumed > 0 && need <= ROOMY_MAX_BYTES ? need * 2 : need;
    size_t alloc = buf->alloc < 256 ? 256 : buf->alloc;
    while (alloc < wanted)
        alloc = alloc > SIZE_MAX / 2 ? wanted : alloc * 2;
    if (!buffer_move(buf, alloc)) {
        buf->has_failed = true;
        return NULL;
    }
    return buf->data + buf->used;
}

void buffer_commit(struct buffer *buf, size_t size)
{
    buf->used += size;
}

bool buffer_append(struct buffer *buf, const void *data, size_t size)
{
    if (buf->has_failed)
        return false;
    unsigned char *to = buffer_reserve(buf, size);
    if (to == NULL)
        return false;
    if (size > 0)
        memcpy(to, data, size);
    buf->used += size;
    return true;
}

bool buffer_append_str(struct buffer *buf, const char *text)
{
    return buffer_append(buf, text, strlen(text));
}

bool buffer_append_byte(struct buffer *buf, unsigned char byte)
{
    return buffer_append(buf, &byte, 1);
}

bool buffer_append_uint64(struct buffer *buf, uint64_t value, unsigned int digits)
{
    char text[20]; /* of 2^64 - 1 */
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || (at > 0 && sizeof(text) - at < digits));
    return buffer_append(buf, text + at, sizeof(text) - at);
}

/* As buffer_reserve(), with one byte more for a NUL, which does not count against the ceiling. */
static char *buffer_reserve_text(struct buffer *buf, size_t size)
{
    size_t max_bytes = buf->max_bytes;
    buf->max_bytes = max_bytes == SIZE_MAX ? max_bytes : max_bytes + 1;
    unsigned char *to = buffer_reserve(buf, size + 1);
    buf->max_bytes = max_bytes;
    return (char *)to;
}

bool buffer_printf(struct buffer *buf, const char *format, ...)
{
    char small[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (length < 0)
        return false;
    if ((size_t)length < sizeof(small))
        return buffer_append(buf, small, (size_t)length);
    if (buf->has_failed)
        return false;
    char *to = buffer_reserve_text(buf, (size_t)length);
    if (to == NULL)
        return false;
    va_start(args, format);
    (void)vsnprintf(to, (size_t)length + 1, format, args);
    va_end(args);
    buf->used += (size_t)length;
    return true;
}

void buffer_consume(struct buffer *buf, size_t size)
{
    if (size >= buf->used) {
        buf->data = buf->base;
        buf->used = 0;
        return;
    }
    buf->data += size;
    buf->used -= size;
}

size_t buffer_room(const struct buffer *buf)
{
    return buf->used >= buf->max_bytes ? 0 : buf->max_bytes - buf->used;
}

const char *buffer_str(struct buffer *buf)
{
    char *end = buffer_reserve_text(buf, 0);
    if (end == NULL)
        return "";
    *end = '\0';
    return (const char *)buf->data;
}
