/* SPDX-License-Identifier: MIT */
#include "sync/imap/deflate.h"

#include <limits.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/mem.h"

#define RAW_WINDOW_BITS (-15) /* no zlib header, the full window: RFC 4978 section 4 */
/* Level 1 takes a third of the time of zlib's usual 6. Attachments, which are most of the bytes of
   a mailbox, hardly shrink further above it (base64 of programs: 0.44 and 0.39 of their size, of
   what is compressed already 0.78 and 0.76), and a batch has many mailboxes for few cores. More
   memory than the usual 8 brought nothing. */
#define WRITE_LEVEL        1
#define WRITE_MEMORY_LEVEL 8

#define RECEIVED_MAX_BYTES ((size_t)512 * 1024)
/* Blocks may be empty: so much that inflates to nothing is somebody's joke. */
#define IDLE_MAX_BYTES    ((size_t)64 * 1024)
#define WRITE_SLICE_BYTES ((size_t)32 * 1024)
/* No more is taken above it; the ceiling leaves room for what zlib kept back. */
#define UNSENT_ENOUGH_BYTES ((size_t)64 * 1024)
#define UNSENT_MAX_BYTES    ((size_t)512 * 1024)
#define UNSENT_STEP_BYTES   ((size_t)16 * 1024)

struct deflate {
    z_stream reader;
    z_stream writer;
    struct buffer received;
    struct buffer unsent;
    size_t idle_bytes;  /* received since something was inflated */
    bool has_kept_back; /* the writer took bytes since its last flush */
    bool has_ended;     /* the reader met the end of the stream */
};

struct deflate *deflate_init(void)
{
    struct deflate *codec = mem_alloc(sizeof(*codec));
    if (inflateInit2(&codec->reader, RAW_WINDOW_BITS) != Z_OK) {
        mem_free(codec);
        return NULL;
    }
    if (deflateInit2(&codec->writer, WRITE_LEVEL, Z_DEFLATED, RAW_WINDOW_BITS, WRITE_MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        (void)inflateEnd(&codec->reader);
        mem_free(codec);
        return NULL;
    }
    buffer_init(&codec->received, RECEIVED_MAX_BYTES);
    buffer_init(&codec->unsent, UNSENT_MAX_BYTES);
    return codec;
}

void deflate_deinit(struct deflate **codec_p)
{
    struct deflate *codec = *codec_p;
    if (codec == NULL)
        return;
    *codec_p = NULL;
    /* Z_DATA_ERROR only says that bytes were given up. */
    (void)inflateEnd(&codec->reader);
    (void)deflateEnd(&codec->writer);
    buffer_deinit(&codec->received);
    buffer_deinit(&codec->unsent);
    mem_free(codec);
}

/* -- reading -- */

struct buffer *deflate_received(struct deflate *codec)
{
    return &codec->received;
}

enum deflate_progress deflate_read(struct deflate *codec, void *data, size_t size, size_t *size_r)
{
    z_stream *reader = &codec->reader;
    *size_r = 0;
    if (codec->has_ended)
        return DEFLATE_ENDED;
    size_t room = size < UINT_MAX ? size : UINT_MAX;
    reader->next_in = codec->received.data;
    reader->avail_in = (uInt)codec->received.used;
    reader->next_out = data;
    reader->avail_out = (uInt)room;
    /* Also without input: zlib may hold bytes that the last reader had no room for. */
    int result = inflate(reader, Z_SYNC_FLUSH);
    size_t eaten = codec->received.used - reader->avail_in;
    buffer_consume(&codec->received, eaten);
    *size_r = room - reader->avail_out;
    codec->idle_bytes = *size_r > 0 ? 0 : codec->idle_bytes + eaten;
    codec->has_ended = result == Z_STREAM_END;
    if (codec->has_ended && *size_r == 0)
        return DEFLATE_ENDED;
    /* Z_BUF_ERROR: nothing could be done, which is no error. */
    bool is_good = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
    return is_good && codec->idle_bytes <= IDLE_MAX_BYTES ? DEFLATE_OK : DEFLATE_BROKEN;
}

/* -- writing -- */

struct buffer *deflate_unsent(struct deflate *codec)
{
    return &codec->unsent;
}

/* Runs the writer until it has taken all its input and given what `flush` asks for. */
static enum deflate_progress deflate_run(struct deflate *codec, int flush)
{
    z_stream *writer = &codec->writer;
    do {
        unsigned char *to = buffer_reserve(&codec->unsent, UNSENT_STEP_BYTES);
        if (to == NULL)
            return DEFLATE_BROKEN;
        writer->next_out = to;
        writer->avail_out = UNSENT_STEP_BYTES;
        int result = deflate(writer, flush);
        if (result != Z_OK && result != Z_BUF_ERROR)
            return DEFLATE_BROKEN;
        buffer_commit(&codec->unsent, UNSENT_STEP_BYTES - writer->avail_out);
    } while (writer->avail_out == 0);
    return DEFLATE_OK;
}

enum deflate_progress deflate_write(struct deflate *codec, const void *data, size_t size,
                                    size_t *size_r)
{
    *size_r = 0;
    if (size == 0 || codec->unsent.used >= UNSENT_ENOUGH_BYTES)
        return DEFLATE_OK;
    size_t slice = size < WRITE_SLICE_BYTES ? size : WRITE_SLICE_BYTES;
    codec->writer.next_in = data;
    codec->writer.avail_in = (uInt)slice;
    codec->has_kept_back = true;
    enum deflate_progress progress = deflate_run(codec, Z_NO_FLUSH);
    if (progress == DEFLATE_OK)
        *size_r = slice;
    return progress;
}

enum deflate_progress deflate_flush(struct deflate *codec)
{
    if (!codec->has_kept_back)
        return DEFLATE_OK;
    codec->has_kept_back = false;
    codec->writer.next_in = NULL;
    codec->writer.avail_in = 0;
    return deflate_run(codec, Z_SYNC_FLUSH);
}

bool deflate_has_unsent(const struct deflate *codec)
{
    return codec->has_kept_back || codec->unsent.used > 0;
}
