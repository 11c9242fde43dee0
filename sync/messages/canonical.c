/* SPDX-License-Identifier: MIT */
#include "sync/messages/canonical.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/mem.h"
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
    bool is_open;
};

struct canonical {
    EVP_MD_CTX *whole;
    EVP_MD_CTX *part;
    struct header header;
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
    for (size_t i = 0; i < header->count; i++)
        hash_item(canonical, pieces[i].data, pieces[i].size);
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
        return;
    }
    hash_name(canonical, part->type, "text");
    hash_name(canonical, part->subtype, "plain");
    if (node == MIME_NODE_MULTIPART)
        return;
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
    }
    hash_item(canonical, "end", 3);
}

bool canonical_digest(int fd, unsigned char digest_r[CANONICAL_DIGEST_BYTES])
{
    static const struct mime_visitor visitor = {see_begin, see_field, see_data, see_end};
    struct canonical canonical = {.whole = EVP_MD_CTX_new(), .part = EVP_MD_CTX_new()};
    canonical.header.fields = mem_alloc(MAX_FIELDS * sizeof(struct field));
    buffer_init(&canonical.header.text, CANONICAL_HEADER_MAX_BYTES);
    bool is_fine = canonical.whole != NULL && canonical.part != NULL &&
                   EVP_DigestInit_ex(canonical.whole, EVP_sha256(), NULL) == 1 &&
                   mime_tree_walk(fd, &visitor, &canonical) && !canonical.has_failed &&
                   EVP_DigestFinal_ex(canonical.whole, digest_r, NULL) == 1;
    buffer_deinit(&canonical.header.text);
    mem_free(canonical.header.fields);
    EVP_MD_CTX_free(canonical.whole);
    EVP_MD_CTX_free(canonical.part);
    return is_fine;
}
