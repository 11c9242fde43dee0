/* SPDX-License-Identifier: MIT
 * A message walked part by part, as GMime reads it from a file: bodies are decoded in steps and
 * never held whole. Any thread, but one walk at a time on a file. */
#ifndef SYNC_MESSAGES_MIME_TREE_H
#define SYNC_MESSAGES_MIME_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* Deeper nesting is not followed: the walk fails. */
#define MIME_TREE_MAX_DEPTH 64

enum mime_node {
    MIME_NODE_MESSAGE,   /* the message, or one within it */
    MIME_NODE_MULTIPART, /* its parts follow, each with its own end */
    MIME_NODE_PART,      /* its data follows */
};

/* What a part says of itself, as written but for `filename`, which is decoded; NULL: nothing. All
   good during the call alone. */
struct mime_part {
    const char *type; /* NULL for messages; the next alike */
    const char *subtype;
    const char *charset;
    const char *filename;
    const char *content_id;
};

struct mime_visitor {
    void (*begin)(void *context, enum mime_node node, const struct mime_part *part);
    /* A field of a message's header, folded as it came; between its begin and its first part. */
    void (*field)(void *context, const char *name, const char *value);
    void (*data)(void *context, const void *data, size_t size);
    void (*end)(void *context, enum mime_node node);
};

/* Walks the message in the file, from its first byte; the file's position is moved, the file stays
   open. False: GMime is not there, the file can't be read, it is no message, or nested too deep;
   what was visited then means nothing. */
bool mime_tree_walk(int fd, const struct mime_visitor *visitor, void *context);

#endif
