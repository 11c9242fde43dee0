/* SPDX-License-Identifier: MIT */
#include "sync/messages/canonical.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/messages/identity.h"
#include "sync/messages/mime_library.h"
#include "sync/messages/mime_tree.h"

#define MAX_FIELDS 10000

/* Names that end with '-' stand for all that begin so. */
static const char *const left_out[] = {
    "ARC-",
    "Accept-Language",
    "Authentication-Results",
    "Content-",
    "Delivered-To",
    "Lines",
    "MIME-Version",
    "Received",
    "Received-SPF",
    "Return-Path",
    "Status",
    "Thread-Index",
    "Thread-Topic",
    "X-Exchange-",
    "X-Forefront-",
    "X-GM-",
    "X-Gmail-",
    "X-Google-",
    "X-IMAPbase",
    "X-Keywords",
    "X-MS-",
    "X-Microsoft-",
    "X-Mozilla-",
    "X-Originating-",
    "X-OriginatorOrg",
    "X-Status",
    "X-UID",
    "X-UIDL",
};

static const char *const of_addresses[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};

bool canonical_leaves_out(const char *name)
{
    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
        size_t size = strlen(left_out[i]);
        bool is_prefix = left_out[i][size - 1] == '-';
        if (strncasecmp(name, left_out[i], size) == 0 && (is_prefix || name[size] == '\0'))
            return true;
    }
    return false;
}

struct field {
    size_t begin; /* "name:value" in the header's text */
    size_t size;
};

/* The header of a message, until its first part begins. */
struct header {
    struct buffer text;
    struct field *fields;
    size_t count;
    size_t alloc;
    bool is_open;
};

struct canonical {
    EVP_MD_CTX *whole;
    EVP_MD_CTX *part;
    struct header header;
    struct buffer *outline; /* NULL: nobody asks */
    struct buffer part_name;
    unsigned int depth; /* of messages within messages */
    unsigned int parts;
    bool is_text;      /* the part under way */
    bool ends_in_cr;   /* a CR that may belong to a line end */
    uint64_t newlines; /* at the end so far */
    bool has_failed;
};

/* -- what is hashed -- */

static void hash(struct canonical *canonical, EVP_MD_CTX *into, const void *data, size_t size)
{
    if (EVP_DigestUpdate(into, data, size) != 1)
        canonical->has_failed = true;
}

/* With its length in front, so that nothing can pass for something else. */
static void hash_item(struct canonical *canonical, const void *data, size_t size)
{
    unsigned char length[8];
    for (size_t i = 0; i < sizeof(length); i++)
        length[i] = (unsigned char)((uint64_t)size >> (8 * i));
    hash(canonical, canonical->whole, length, sizeof(length));
    hash(canonical, canonical->whole, data, size);
}

static unsigned char lower(unsigned char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
}

static void hash_name(struct canonical *canonical, const char *name, const char *otherwise)
{
    unsigned char text[128];
    const char *from = name == NULL ? otherwise : name;
    size_t size = strlen(from);
    if (size > sizeof(text)) {
        hash_item(canonical, from, size);
        return;
    }
    for (size_t i = 0; i < size; i++)
        text[i] = lower((unsigned char)from[i]);
    hash_item(canonical, text, size);
}

/* -- the outline -- */

/* What a part or field is called. */
#define LABEL_MAX_BYTES ((size_t)512)
/* Between what it is called and what it is. */
#define LABEL_END '\x1f'

/* A line: what it is called, and a few bytes of its hash. */
static void outline_add(struct canonical *canonical, const char *label, const void *data,
                        size_t size)
{
    struct identity hash;
    if (canonical->outline == NULL)
        return;
    identity_hash(data, size, &hash);
    buffer_printf(canonical->outline, "%s%c", label, LABEL_END);
    for (size_t i = 0; i < 8; i++)
        buffer_printf(canonical->outline, "%02x", hash.bytes[i]);
    buffer_append_byte(canonical->outline, '\n');
}

static void append_label_text(struct buffer *label, const char *before, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    buffer_append_str(label, before);
    for (; *text != '\0'; text++)
        buffer_append_byte(label, *text == '\n' || *text == LABEL_END ? ' ' : (unsigned char)*text);
}

static void name_part(struct canonical *canonical, const struct mime_part *part)
{
    struct buffer *label = &canonical->part_name;
    if (canonical->outline == NULL)
        return;
    buffer_clear(label);
    buffer_printf(label, "part %u", ++canonical->parts);
    append_label_text(label, " (", part->type == NULL ? "text" : part->type);
    append_label_text(label, "/", part->subtype == NULL ? "plain" : part->subtype);
    append_label_text(label, ", ", part->filename);
    append_label_text(label, ", ", part->charset);
    buffer_append_byte(label, ')');
}

static void outline_add_field(struct canonical *canonical, const unsigned char *text, size_t size)
{
    char label[LABEL_MAX_BYTES];
    const unsigned char *colon = memchr(text, ':', size);
    size_t name_size = colon == NULL ? size : (size_t)(colon - text);
    if (canonical->outline == NULL)
        return;
    (void)snprintf(label, sizeof(label), "the field %.*s%s",
                   (int)(name_size < 100 ? name_size : 100), (const char *)text,
                   canonical->depth > 1 ? " of an attached message" : "");
    outline_add(canonical, label, text, size);
}

/* -- headers -- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_of_addresses(const char *name)
{
    for (size_t i = 0; i < sizeof(of_addresses) / sizeof(of_addresses[0]); i++)
        if (strcasecmp(name, of_addresses[i]) == 0)
            return true;
    return false;
}

/* Blanks joined to one, none at either end; or, with neither blanks nor quotes. */
static bool append_joined(const char *text, bool is_bare, struct buffer *out)
{
    bool is_fine = true;
    size_t begin = out->used;
    bool is_due = false;
    for (; *text != '\0' && is_fine; text++) {
        if (is_blank(*text)) {
            is_due = !is_bare && out->used > begin;
            continue;
        }
        if (is_bare && *text == '"')
            continue;
        is_fine = (!is_due || buffer_append_byte(out, ' ')) &&
                  buffer_append_byte(out, (unsigned char)*text);
        is_due = false;
    }
    return is_fine;
}

static bool append_value(const char *name, const char *value, struct buffer *out)
{
    struct buffer unfolded;
    struct buffer words;
    buffer_init(&unfolded, CANONICAL_HEADER_MAX_BYTES);
    buffer_init(&words, 2 * CANONICAL_HEADER_MAX_BYTES);
    bool is_fine = append_joined(value, false, &unfolded) &&
                   mime_append_words(buffer_str(&unfolded), &words) &&
                   append_joined(buffer_str(&words), is_of_addresses(name), out);
    buffer_deinit(&unfolded);
    buffer_deinit(&words);
    return is_fine;
}

static void see_field(void *context, const char *name, const char *value)
{
    struct canonical *canonical = context;
    struct header *header = &canonical->header;
    if (canonical_leaves_out(name))
        return;
    size_t begin = header->text.used;
    bool is_fine = header->count < MAX_FIELDS;
    for (const char *at = name; *at != '\0' && is_fine; at++)
        is_fine = buffer_append_byte(&header->text, lower((unsigned char)*at));
    is_fine = is_fine && buffer_append_byte(&header->text, ':') &&
              append_value(name, value, &header->text);
    if (!is_fine) {
        canonical->has_failed = true;
        return;
    }
    MEM_GROW(header->fields, header->count, header->alloc);
    header->fields[header->count++] = (struct field){begin, header->text.used - begin};
}

struct piece {
    const unsigned char *data;
    size_t size;
};

static int piece_compare(const void *a, const void *b)
{
    const struct piece *one = a;
    const struct piece *other = b;
    size_t size = one->size < other->size ? one->size : other->size;
    int order = size == 0 ? 0 : memcmp(one->data, other->data, size);
    if (order == 0)
        order = (one->size > other->size) - (one->size < other->size);
    return order;
}

static void close_header(struct canonical *canonical)
{
    struct header *header = &canonical->header;
    if (!header->is_open)
        return;
    header->is_open = false;
    struct piece *pieces = mem_alloc((header->count + 1) * sizeof(*pieces));
    for (size_t i = 0; i < header->count; i++)
        pieces[i] = (struct piece){header->text.data + header->fields[i].begin,
                                   header->fields[i].size};
    qsort(pieces, header->count, sizeof(*pieces), piece_compare);
    for (size_t i = 0; i < header->count; i++) {
        hash_item(canonical, pieces[i].data, pieces[i].size);
        outline_add_field(canonical, pieces[i].data, pieces[i].size);
    }
    mem_free(pieces);
    hash_item(canonical, "", 0);
}

/* -- parts -- */

static void see_begin(void *context, enum mime_node node, const struct mime_part *part)
{
    static const char *const tags[] = {"message", "multipart", "part"};
    struct canonical *canonical = context;
    close_header(canonical);
    hash_item(canonical, tags[node], strlen(tags[node]));
    if (node == MIME_NODE_MESSAGE) {
        buffer_clear(&canonical->header.text);
        canonical->header.count = 0;
        canonical->header.is_open = true;
        canonical->depth++;
        return;
    }
    hash_name(canonical, part->type, "text");
    hash_name(canonical, part->subtype, "plain");
    if (node == MIME_NODE_MULTIPART)
        return;
    name_part(canonical, part);
    canonical->is_text = part->type == NULL || strcasecmp(part->type, "text") == 0 ||
                         strcasecmp(part->type, "message") == 0;
    canonical->ends_in_cr = false;
    canonical->newlines = 0;
    hash_name(canonical, part->charset, canonical->is_text ? "us-ascii" : "");
    hash_item(canonical, part->filename == NULL ? "" : part->filename,
              part->filename == NULL ? 0 : strlen(part->filename));
    hash_item(canonical, part->content_id == NULL ? "" : part->content_id,
              part->content_id == NULL ? 0 : strlen(part->content_id));
    if (EVP_DigestInit_ex(canonical->part, EVP_sha256(), NULL) != 1)
        canonical->has_failed = true;
}

/* Line ends wait until something follows. */
static void hash_newlines(struct canonical *canonical)
{
    for (; canonical->newlines > 0; canonical->newlines--)
        hash(canonical, canonical->part, "\n", 1);
}

static void see_text(struct canonical *canonical, const unsigned char *data, size_t size)
{
    size_t begin = 0;
    for (size_t i = 0; i < size; i++) {
        if (data[i] != '\r' && data[i] != '\n' && !canonical->ends_in_cr &&
            canonical->newlines == 0)
            continue;
        if (i > begin)
            hash(canonical, canonical->part, data + begin, i - begin);
        begin = i + 1;
        if (canonical->ends_in_cr && data[i] != '\n') {
            hash_newlines(canonical);
            hash(canonical, canonical->part, "\r", 1);
        }
        canonical->ends_in_cr = data[i] == '\r';
        if (data[i] == '\n') {
            canonical->newlines++;
        } else if (data[i] != '\r') {
            hash_newlines(canonical);
            begin = i;
        }
    }
    if (size > begin)
        hash(canonical, canonical->part, data + begin, size - begin);
}

static void see_data(void *context, const void *data, size_t size)
{
    struct canonical *canonical = context;
    if (canonical->is_text)
        see_text(canonical, data, size);
    else
        hash(canonical, canonical->part, data, size);
}

static void see_end(void *context, enum mime_node node)
{
    struct canonical *canonical = context;
    close_header(canonical);
    if (node == MIME_NODE_PART) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        if (EVP_DigestFinal_ex(canonical->part, digest, &size) != 1)
            canonical->has_failed = true;
        hash_item(canonical, digest, size);
        outline_add(canonical, buffer_str(&canonical->part_name), digest, size);
    }
    if (node == MIME_NODE_MESSAGE)
        canonical->depth--;
    hash_item(canonical, "end", 3);
}

bool canonical_digest(int fd, unsigned char digest_r[CANONICAL_DIGEST_BYTES],
                      struct buffer *outline)
{
    static const struct mime_visitor visitor = {see_begin, see_field, see_data, see_end};
    struct canonical canonical = {
        .whole = EVP_MD_CTX_new(), .part = EVP_MD_CTX_new(), .outline = outline};
    buffer_init(&canonical.part_name, LABEL_MAX_BYTES);
    buffer_init(&canonical.header.text, CANONICAL_HEADER_MAX_BYTES);
    bool is_fine = canonical.whole != NULL && canonical.part != NULL &&
                   EVP_DigestInit_ex(canonical.whole, EVP_sha256(), NULL) == 1 &&
                   mime_tree_walk(fd, &visitor, &canonical) && !canonical.has_failed &&
                   EVP_DigestFinal_ex(canonical.whole, digest_r, NULL) == 1;
    buffer_deinit(&canonical.part_name);
    buffer_deinit(&canonical.header.text);
    mem_free(canonical.header.fields);
    EVP_MD_CTX_free(canonical.whole);
    EVP_MD_CTX_free(canonical.part);
    return is_fine;
}

/* -- what differs -- */

/* More are counted. */
#define DIFFERENCES_MAX 5

/* Whether the outline has that line, or one of that name (the line's up to LABEL_END). */
static bool outline_has(const char *outline, const char *line, size_t size)
{
    while (*outline != '\0') {
        const char *end = strchr(outline, '\n');
        if (end == NULL)
            return false;
        if ((size_t)(end - outline) >= size && memcmp(outline, line, size) == 0)
            return true;
        outline = end + 1;
    }
    return false;
}

struct differences {
    struct buffer *text;
    struct str_list names;
};

static bool is_named(const struct differences *differences, const char *name)
{
    for (size_t i = 0; i < differences->names.count; i++) {
        if (strcmp(differences->names.items[i], name) == 0)
            return true;
    }
    return false;
}

static void differences_add(struct differences *differences, const char *name, size_t size,
                            const char *where)
{
    char *own = mem_printf("%.*s%s", (int)size, name, where);
    if (!is_named(differences, own)) {
        str_list_add(&differences->names, own);
        if (differences->names.count <= DIFFERENCES_MAX)
            buffer_printf(differences->text, "%s%s", differences->names.count > 1 ? "; " : "", own);
    }
    mem_free(own);
}

/* Lines that the other has not; of those that it has under the same name, if they are to be told.
 */
static void compare_outlines(const char *own, const char *other, bool tells_changed,
                             const char *where, struct differences *differences)
{
    while (*own != '\0') {
        const char *end = strchr(own, '\n');
        if (end == NULL)
            return;
        const char *name_end = memchr(own, LABEL_END, (size_t)(end - own));
        size_t name_size = (size_t)((name_end == NULL ? end : name_end) - own);
        bool has_name = outline_has(other, own, name_size + (name_end != NULL));
        if (!outline_has(other, own, (size_t)(end - own)) && (tells_changed || !has_name))
            differences_add(differences, own, name_size, has_name ? "" : where);
        own = end + 1;
    }
}

void canonical_append_differences(const char *source, const char *destination, struct buffer *text)
{
    struct differences differences = {.text = text};
    buffer_append_str(text, "differs in ");
    compare_outlines(source, destination, true, " (on the source only)", &differences);
    compare_outlines(destination, source, false, " (on the destination only)", &differences);
    size_t count = differences.names.count;
    if (count == 0)
        buffer_append_str(text, "how its parts are put together");
    else if (count > DIFFERENCES_MAX)
        buffer_printf(text, "; and %llu more", (unsigned long long)(count - DIFFERENCES_MAX));
    str_list_deinit(&differences.names);
}
