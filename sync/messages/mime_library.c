/* SPDX-License-Identifier: MIT */
#include "sync/messages/mime_library.h"

#include <dlfcn.h>
#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>

#include "base/library.h"
#include "sync/messages/lines.h"

/* So much goes to the encoder at once. */
#define STEP_BYTES ((size_t)8 * 1024)

/* -- the library -- */

static struct {
    void (*init)(void);
    void (*encoding_init_encode)(GMimeEncoding *state, GMimeContentEncoding encoding);
    size_t (*encoding_outlen)(GMimeEncoding *state, size_t size);
    size_t (*encoding_step)(GMimeEncoding *state, const char *in, size_t size, char *out);
    size_t (*encoding_flush)(GMimeEncoding *state, const char *in, size_t size, char *out);
    GMimeContentEncoding (*utils_best_encoding)(const unsigned char *text, size_t size);
    GMimeContentType *(*content_type_parse)(GMimeParserOptions *options, const char *text);
    const char *(*content_type_get_parameter)(GMimeContentType *type, const char *name);
    void (*object_unref)(gpointer object);
    char *(*utils_header_decode_text)(GMimeParserOptions *options, const char *text);
    void (*free)(gpointer memory);
} library;

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static bool is_library_ready; /* written by the once, as `library` */

#define FIND(prefix, name) library_find(loaded, prefix #name, &library.name, sizeof(library.name))

/* GLib comes with it, and is found through it. */
static void library_begin(void)
{
    void *loaded = dlopen("libgmime-3.0.so.0", RTLD_NOW | RTLD_LOCAL);
    is_library_ready = loaded != NULL && FIND("g_mime_", init) &&
                       FIND("g_mime_", encoding_init_encode) && FIND("g_mime_", encoding_outlen) &&
                       FIND("g_mime_", encoding_step) && FIND("g_mime_", encoding_flush) &&
                       FIND("g_mime_", utils_best_encoding) &&
                       FIND("g_mime_", content_type_parse) &&
                       FIND("g_mime_", content_type_get_parameter) && FIND("g_", object_unref) &&
                       FIND("g_mime_", utils_header_decode_text) && FIND("g_", free);
    if (is_library_ready)
        library.init();
}

bool mime_library_load(void)
{
    return pthread_once(&library_once, library_begin) == 0 && is_library_ready;
}

/* -- encodings -- */

const char *mime_encoding_name(enum mime_encoding encoding)
{
    return encoding == MIME_BASE64 ? "base64" : "quoted-printable";
}

enum mime_encoding mime_encoding_for(const void *data, size_t size)
{
    if (!mime_library_load())
        return MIME_BASE64;
    return library.utils_best_encoding(data, size) == GMIME_CONTENT_ENCODING_BASE64
               ? MIME_BASE64
               : MIME_QUOTED_PRINTABLE;
}

/* GMime ends lines with LF. */
static bool encode_step(GMimeEncoding *state, const char *data, size_t size, bool is_last,
                        struct buffer *piece, struct buffer *out)
{
    buffer_clear(piece);
    char *room = (char *)buffer_reserve(piece, library.encoding_outlen(state, size) + 1);
    if (room == NULL)
        return false;
    size_t made = is_last ? library.encoding_flush(state, data, size, room)
                          : library.encoding_step(state, data, size, room);
    buffer_commit(piece, made);
    return made == 0 || lines_append_crlf(room, made, out);
}

/* The encoder ends what it makes with a line end in any case; in quoted-printable, behind a line
   that has none, with a soft one. */
static void drop_last_end(struct buffer *out, size_t begin, bool is_quoted)
{
    size_t soft = is_quoted ? 3 : 2;
    const char *end = is_quoted ? "=\r\n" : "\r\n";
    if (out->used - begin >= soft && memcmp(out->data + out->used - soft, end, soft) == 0)
        out->used -= soft;
}

bool mime_encode(enum mime_encoding encoding, const void *data, size_t size, struct buffer *out)
{
    GMimeEncoding state;
    struct buffer piece;
    const char *at = data;
    size_t begin = out->used;
    if (!mime_library_load())
        return false;
    bool is_ended = size > 0 && at[size - 1] == '\n';
    library.encoding_init_encode(&state, encoding == MIME_BASE64
                                             ? GMIME_CONTENT_ENCODING_BASE64
                                             : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    buffer_init(&piece, 16 * STEP_BYTES);
    bool is_fine = true;
    while (is_fine && size > STEP_BYTES) {
        is_fine = encode_step(&state, at, STEP_BYTES, false, &piece, out);
        at += STEP_BYTES;
        size -= STEP_BYTES;
    }
    is_fine = is_fine && encode_step(&state, at, size, true, &piece, out);
    buffer_deinit(&piece);
    if (is_fine && !is_ended)
        drop_last_end(out, begin, encoding == MIME_QUOTED_PRINTABLE);
    return is_fine;
}

/* -- headers -- */

bool mime_append_parameter(const char *content_type, const char *name, struct buffer *out)
{
    if (!mime_library_load())
        return false;
    GMimeContentType *type = library.content_type_parse(NULL, content_type);
    const char *value = type == NULL ? NULL : library.content_type_get_parameter(type, name);
    bool is_fine = value != NULL && buffer_append_str(out, value);
    if (type != NULL)
        library.object_unref(type);
    return is_fine;
}

bool mime_append_words(const char *text, struct buffer *out)
{
    if (!mime_library_load())
        return false;
    char *words = library.utils_header_decode_text(NULL, text);
    bool is_fine = words != NULL && buffer_append_str(out, words);
    library.free(words);
    return is_fine;
}
