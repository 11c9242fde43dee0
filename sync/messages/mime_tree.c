/* SPDX-License-Identifier: MIT */
#include "sync/messages/mime_tree.h"

#include <dlfcn.h>
#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/library.h"
#include "sync/messages/mime_library.h"

/* So much is decoded at once; what comes out is a little more at most. */
#define STEP_BYTES ((size_t)8 * 1024)

/* -- the library -- */

static struct {
    GMimeStream *(*stream_fs_new)(int fd);
    void (*stream_fs_set_owner)(GMimeStreamFs *stream, gboolean is_owner);
    gboolean (*stream_eos)(GMimeStream *stream);
    int (*stream_reset)(GMimeStream *stream);
    ssize_t (*stream_read)(GMimeStream *stream, char *data, size_t size);
    GMimeParser *(*parser_new_with_stream)(GMimeStream *stream);
    GMimeMessage *(*parser_construct_message)(GMimeParser *parser, GMimeParserOptions *options);
    GMimeObject *(*message_get_mime_part)(GMimeMessage *message);
    GMimeMessage *(*message_part_get_message)(GMimeMessagePart *part);
    int (*multipart_get_count)(GMimeMultipart *multipart);
    GMimeObject *(*multipart_get_part)(GMimeMultipart *multipart, int index);
    GMimeHeaderList *(*object_get_header_list)(GMimeObject *object);
    GMimeContentType *(*object_get_content_type)(GMimeObject *object);
    const char *(*object_get_content_id)(GMimeObject *object);
    int (*header_list_get_count)(GMimeHeaderList *list);
    GMimeHeader *(*header_list_get_header_at)(GMimeHeaderList *list, int index);
    const char *(*header_get_name)(GMimeHeader *header);
    const char *(*header_get_raw_value)(GMimeHeader *header);
    const char *(*content_type_get_media_type)(GMimeContentType *type);
    const char *(*content_type_get_media_subtype)(GMimeContentType *type);
    const char *(*content_type_get_parameter)(GMimeContentType *type, const char *name);
    const char *(*part_get_filename)(GMimePart *part);
    GMimeDataWrapper *(*part_get_content)(GMimePart *part);
    GMimeStream *(*data_wrapper_get_stream)(GMimeDataWrapper *wrapper);
    GMimeContentEncoding (*data_wrapper_get_encoding)(GMimeDataWrapper *wrapper);
    void (*encoding_init_decode)(GMimeEncoding *state, GMimeContentEncoding encoding);
    size_t (*encoding_outlen)(GMimeEncoding *state, size_t size);
    size_t (*encoding_step)(GMimeEncoding *state, const char *in, size_t size, char *out);
    GType (*part_get_type)(void);
    GType (*multipart_get_type)(void);
    GType (*message_part_get_type)(void);
    gboolean (*type_check_instance_is_a)(GTypeInstance *instance, GType type);
    void (*object_unref)(gpointer object);
} library;

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static bool is_library_ready; /* written by the once, as `library` */

#define FIND(prefix, name) library_find(loaded, prefix #name, &library.name, sizeof(library.name))

static bool library_find_readers(void *loaded)
{
    return FIND("g_mime_", stream_fs_new) && FIND("g_mime_", stream_fs_set_owner) &&
           FIND("g_mime_", stream_eos) && FIND("g_mime_", stream_reset) &&
           FIND("g_mime_", stream_read) && FIND("g_mime_", parser_new_with_stream) &&
           FIND("g_mime_", parser_construct_message) && FIND("g_mime_", encoding_init_decode) &&
           FIND("g_mime_", encoding_outlen) && FIND("g_mime_", encoding_step) &&
           FIND("g_mime_", data_wrapper_get_stream) && FIND("g_mime_", data_wrapper_get_encoding);
}

static bool library_find_parts(void *loaded)
{
    return FIND("g_mime_", message_get_mime_part) && FIND("g_mime_", message_part_get_message) &&
           FIND("g_mime_", multipart_get_count) && FIND("g_mime_", multipart_get_part) &&
           FIND("g_mime_", object_get_content_type) && FIND("g_mime_", object_get_content_id) &&
           FIND("g_mime_", object_get_header_list) && FIND("g_mime_", header_list_get_count) &&
           FIND("g_mime_", header_list_get_header_at) && FIND("g_mime_", header_get_name) &&
           FIND("g_mime_", header_get_raw_value) && FIND("g_mime_", content_type_get_media_type) &&
           FIND("g_mime_", content_type_get_media_subtype) &&
           FIND("g_mime_", content_type_get_parameter) && FIND("g_mime_", part_get_filename) &&
           FIND("g_mime_", part_get_content) && FIND("g_mime_", part_get_type) &&
           FIND("g_mime_", multipart_get_type) && FIND("g_mime_", message_part_get_type) &&
           FIND("g_", type_check_instance_is_a) && FIND("g_", object_unref);
}

static void library_begin(void)
{
    void *loaded = dlopen("libgmime-3.0.so.0", RTLD_NOW | RTLD_LOCAL);
    is_library_ready = loaded != NULL && library_find_readers(loaded) && library_find_parts(loaded);
}

static bool library_load(void)
{
    return mime_library_load() && pthread_once(&library_once, library_begin) == 0 &&
           is_library_ready;
}

/* -- the walk -- */

struct walk {
    const struct mime_visitor *visitor;
    void *context;
    unsigned int depth;
};

static bool walk_object(struct walk *walk, GMimeObject *object);

static bool is_a(GMimeObject *object, GType type)
{
    return library.type_check_instance_is_a((GTypeInstance *)object, type);
}

static bool walk_data(struct walk *walk, GMimePart *part)
{
    char in[STEP_BYTES];
    char out[2 * STEP_BYTES];
    GMimeEncoding state;
    GMimeDataWrapper *content = library.part_get_content(part);
    GMimeStream *stream = content == NULL ? NULL : library.data_wrapper_get_stream(content);
    if (stream == NULL)
        return true; /* a part without a body */
    library.encoding_init_decode(&state, library.data_wrapper_get_encoding(content));
    if (library.encoding_outlen(&state, sizeof(in)) > sizeof(out) ||
        library.stream_reset(stream) != 0)
        return false;
    /* Behind its end a part can't be read, which is no fault. */
    while (!library.stream_eos(stream)) {
        ssize_t got = library.stream_read(stream, in, sizeof(in));
        if (got < 0)
            return false;
        size_t made = library.encoding_step(&state, in, (size_t)got, out);
        if (made > 0)
            walk->visitor->data(walk->context, out, made);
    }
    return true;
}

static bool walk_message(struct walk *walk, GMimeMessage *message)
{
    GMimeHeaderList *list = library.object_get_header_list((GMimeObject *)message);
    int count = library.header_list_get_count(list);
    walk->visitor->begin(walk->context, MIME_NODE_MESSAGE, &(struct mime_part){0});
    for (int i = 0; i < count; i++) {
        GMimeHeader *header = library.header_list_get_header_at(list, i);
        const char *value = library.header_get_raw_value(header);
        walk->visitor->field(walk->context, library.header_get_name(header),
                             value == NULL ? "" : value);
    }
    GMimeObject *body = library.message_get_mime_part(message);
    bool is_fine = body == NULL || walk_object(walk, body);
    walk->visitor->end(walk->context, MIME_NODE_MESSAGE);
    return is_fine;
}

static bool walk_multipart(struct walk *walk, GMimeMultipart *multipart,
                           const struct mime_part *about)
{
    bool is_fine = true;
    int count = library.multipart_get_count(multipart);
    walk->visitor->begin(walk->context, MIME_NODE_MULTIPART, about);
    for (int i = 0; i < count && is_fine; i++)
        is_fine = walk_object(walk, library.multipart_get_part(multipart, i));
    walk->visitor->end(walk->context, MIME_NODE_MULTIPART);
    return is_fine;
}

static bool walk_part(struct walk *walk, GMimeObject *object, struct mime_part *about)
{
    bool is_plain = is_a(object, library.part_get_type());
    if (is_plain)
        about->filename = library.part_get_filename((GMimePart *)object);
    walk->visitor->begin(walk->context, MIME_NODE_PART, about);
    bool is_fine = !is_plain || walk_data(walk, (GMimePart *)object);
    walk->visitor->end(walk->context, MIME_NODE_PART);
    return is_fine;
}

static bool walk_object(struct walk *walk, GMimeObject *object)
{
    bool is_fine = false;
    if (++walk->depth > MIME_TREE_MAX_DEPTH || object == NULL)
        return false;
    GMimeContentType *type = library.object_get_content_type(object);
    struct mime_part about = {
        .type = library.content_type_get_media_type(type),
        .subtype = library.content_type_get_media_subtype(type),
        .charset = library.content_type_get_parameter(type, "charset"),
        .content_id = library.object_get_content_id(object),
    };
    GMimeMessage *inner = is_a(object, library.message_part_get_type())
                              ? library.message_part_get_message((GMimeMessagePart *)object)
                              : NULL;
    if (inner != NULL)
        is_fine = walk_message(walk, inner);
    else if (is_a(object, library.multipart_get_type()))
        is_fine = walk_multipart(walk, (GMimeMultipart *)object, &about);
    else
        is_fine = walk_part(walk, object, &about);
    walk->depth--;
    return is_fine;
}

bool mime_tree_walk(int fd, const struct mime_visitor *visitor, void *context)
{
    struct walk walk = {.visitor = visitor, .context = context};
    /* GMime takes the position it finds for the beginning. */
    if (!library_load() || lseek(fd, 0, SEEK_SET) != 0)
        return false;
    GMimeStream *stream = library.stream_fs_new(fd);
    library.stream_fs_set_owner((GMimeStreamFs *)stream, FALSE);
    GMimeParser *parser = library.parser_new_with_stream(stream);
    GMimeMessage *message = library.parser_construct_message(parser, NULL);
    library.object_unref(parser);
    bool is_fine = message != NULL && walk_message(&walk, message);
    if (message != NULL)
        library.object_unref(message);
    library.object_unref(stream);
    return is_fine;
}
