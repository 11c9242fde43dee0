/* SPDX-License-Identifier: MIT */
#include "sync/messages/identity_maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sync/messages/expression.h"
#include "sync/messages/header.h"
#include "sync/messages/repair.h"

#define FIELDS_MAX_BYTES ((size_t)4000)
/* A header is never longer; see IMAP_FRAME_MAX_BYTES. */
#define LINES_MAX_BYTES ((size_t)16 * 1024 * 1024)

static const char default_item[] = "BODY.PEEK[HEADER.FIELDS (" IDENTITY_FIELDS ")]";
static const char default_item_added[] = "BODY.PEEK[HEADER.FIELDS (" IDENTITY_FIELDS " RECEIVED)]";

struct identity_maker {
    struct str_list fields; /* of --useheader; empty: identity.h decides */
    bool is_all;            /* --useheader ALL */
    bool without_domain;
    bool with_size;
    bool wants_whole;
    bool may_be_repaired;    /* --repair */
    struct expression *skip; /* NULL: none */
    char *item;
    char *item_added;
    struct buffer text;    /* the lines, one after the other */
    struct buffer sorted;  /* the same, in order */
    struct buffer scratch; /* a field that is looked at */
    struct buffer repaired;
    size_t *ends; /* of each line in `text` */
    size_t count;
    size_t alloc;
};

/* -- settings -- */

/* What stands in the command as it is: an atom (RFC 9051 section 9), and a name (RFC 5322). */
static bool is_field_name(const char *name)
{
    const char *at = name;
    while (*at > ' ' && *at < 0x7f && strchr(":(){%*\"\\]", *at) == NULL)
        at++;
    return at > name && *at == '\0';
}

static bool maker_add_fields(struct identity_maker *maker, const struct str_list *names,
                             struct buffer *faults)
{
    bool is_fine = true;
    for (size_t i = 0; i < names->count; i++) {
        if (str_iequals(names->items[i], "ALL"))
            maker->is_all = true;
        else if (is_field_name(names->items[i]))
            str_list_add(&maker->fields, names->items[i]);
        else
            is_fine = false;
    }
    if (!is_fine)
        buffer_append_str(faults, "useheader wants the name of a header field, such as Message-Id, "
                                  "or ALL\n");
    return is_fine;
}

static bool has_field(const struct identity_maker *maker, const char *name, size_t size)
{
    for (size_t i = 0; i < maker->fields.count; i++) {
        if (str_iequals_n(name, size, maker->fields.items[i]))
            return true;
    }
    return maker->is_all;
}

static bool maker_set_items(struct identity_maker *maker, struct buffer *faults)
{
    struct buffer names;
    if (maker->is_all || maker->fields.count == 0) {
        maker->item = mem_strdup(maker->is_all ? "BODY.PEEK[HEADER]" : default_item);
        maker->item_added = mem_strdup(maker->is_all ? "BODY.PEEK[HEADER]" : default_item_added);
        return true;
    }
    buffer_init(&names, FIELDS_MAX_BYTES);
    for (size_t i = 0; i < maker->fields.count; i++)
        buffer_printf(&names, "%s%s", i == 0 ? "" : " ", maker->fields.items[i]);
    bool is_fine = !names.has_failed;
    if (!is_fine)
        buffer_append_str(faults, "useheader names too many fields; ALL takes the whole header\n");
    maker->item = mem_printf("BODY.PEEK[HEADER.FIELDS (%s)]", buffer_str(&names));
    maker->item_added = mem_printf(
        "BODY.PEEK[HEADER.FIELDS (%s%s%s)]", buffer_str(&names),
        has_field(maker, "Message-ID", strlen("Message-ID")) ? "" : " MESSAGE-ID",
        has_field(maker, "Received", strlen("Received")) ? "" : " RECEIVED");
    buffer_deinit(&names);
    return is_fine;
}

static bool maker_set_skip(struct identity_maker *maker, const char *pattern, struct buffer *faults)
{
    struct buffer error;
    if (pattern == NULL || pattern[0] == '\0')
        return true;
    buffer_init(&error, 4096);
    maker->skip = expression_init_pattern(pattern, "xi", &error);
    if (maker->skip == NULL)
        buffer_printf(faults, "skipheader %s\n", buffer_str(&error));
    buffer_deinit(&error);
    return maker->skip != NULL;
}

struct identity_maker *identity_maker_init(const struct settings *settings, struct buffer *faults)
{
    struct identity_maker *maker = mem_alloc(sizeof(*maker));
    maker->without_domain = settings->messageidnodomain;
    maker->with_size = !settings->skipsize;
    maker->wants_whole = settings->wholeheaderifneeded;
    maker->may_be_repaired = settings->repair != NULL && strcmp(settings->repair, "off") != 0;
    buffer_init(&maker->repaired, LINES_MAX_BYTES);
    buffer_init(&maker->text, LINES_MAX_BYTES);
    buffer_init(&maker->sorted, LINES_MAX_BYTES);
    buffer_init(&maker->scratch, 2 * HEADER_VALUE_MAX_BYTES);
    bool is_fine = maker_add_fields(maker, &settings->useheader, faults);
    is_fine = maker_set_items(maker, faults) && is_fine;
    is_fine = maker_set_skip(maker, settings->skipheader, faults) && is_fine;
    if (!is_fine)
        identity_maker_deinit(&maker);
    return maker;
}

void identity_maker_deinit(struct identity_maker **maker_p)
{
    struct identity_maker *maker = *maker_p;
    if (maker == NULL)
        return;
    *maker_p = NULL;
    str_list_deinit(&maker->fields);
    expression_deinit(&maker->skip);
    mem_free(maker->item);
    mem_free(maker->item_added);
    mem_free(maker->ends);
    buffer_deinit(&maker->text);
    buffer_deinit(&maker->sorted);
    buffer_deinit(&maker->scratch);
    buffer_deinit(&maker->repaired);
    mem_free(maker);
}

const char *identity_maker_item(const struct identity_maker *maker, bool with_added_field)
{
    if (maker == NULL)
        return with_added_field ? default_item_added : default_item;
    return with_added_field ? maker->item_added : maker->item;
}

bool identity_maker_wants_whole(const struct identity_maker *maker)
{
    return maker == NULL || maker->wants_whole;
}

/* -- lines -- */

/* imapsync's header_line_normalize(), into the scratch. */
static void normalise(struct identity_maker *maker, const struct header_field *field)
{
    struct buffer *line = &maker->scratch;
    buffer_clear(line);
    buffer_append(line, field->name, field->name_size);
    buffer_append_str(line, ": ");
    size_t value = line->used;
    header_append_normal(field, line);
    if (maker->without_domain && header_field_is(field, "Message-ID")) {
        const unsigned char *at = value < line->used
                                      ? memchr(line->data + value, '@', line->used - value)
                                      : NULL;
        if (at != NULL && at > line->data + value)
            line->used = (size_t)(at - line->data);
    }
    for (size_t i = 0; i < line->used; i++) {
        if (line->data[i] >= 'a' && line->data[i] <= 'z')
            line->data[i] = (unsigned char)(line->data[i] - 'a' + 'A');
    }
}

/* What can't be decided is not skipped. */
static bool is_skipped(const struct identity_maker *maker)
{
    return maker->skip != NULL && expression_match(maker->skip, maker->scratch.data,
                                                   maker->scratch.used) == EXPRESSION_HIT;
}

static void add_lines(struct identity_maker *maker, const void *header, size_t size)
{
    struct header_field field;
    size_t position = 0;
    while (header_next(header, size, &position, &field)) {
        if (!has_field(maker, field.name, field.name_size))
            continue;
        normalise(maker, &field);
        if (is_skipped(maker))
            continue;
        MEM_GROW(maker->ends, maker->count, maker->alloc);
        buffer_append(&maker->text, maker->scratch.data, maker->scratch.used);
        maker->ends[maker->count++] = maker->text.used;
    }
}

/* A line, while they are sorted. */
struct line {
    const unsigned char *data;
    size_t size;
};

static int line_compare(const void *a, const void *b)
{
    const struct line *left = a;
    const struct line *right = b;
    size_t both = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->data, right->data, both);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

static void sort_lines(struct identity_maker *maker)
{
    struct line *lines = mem_alloc_array(maker->count, sizeof(*lines));
    for (size_t i = 0; i < maker->count; i++) {
        size_t start = i == 0 ? 0 : maker->ends[i - 1];
        lines[i] = (struct line){maker->text.data + start, maker->ends[i] - start};
    }
    if (maker->count > 0)
        qsort(lines, maker->count, sizeof(*lines), line_compare);
    buffer_clear(&maker->sorted);
    for (size_t i = 0; i < maker->count; i++)
        buffer_append(&maker->sorted, lines[i].data, lines[i].size);
    mem_free(lines);
}

static enum identity_strength make_of_lines(struct identity_maker *maker,
                                            const struct identity_message *message)
{
    char added[IDENTITY_ADDED_FIELD_SIZE];
    buffer_clear(&maker->text);
    maker->count = 0;
    if (message->added_uid != 0)
        add_lines(maker, added, identity_added_field(message->added_uid, added));
    bool has_added = maker->count > 0;
    add_lines(maker, message->header, message->size);
    sort_lines(maker);
    buffer_append_str(&maker->sorted, "\nu");
    /* Folders that are merged have the same UIDs, so such an id says little. */
    if (has_added || maker->count == 0)
        return IDENTITY_NOTHING;
    return IDENTITY_OF_MESSAGE;
}

/* -- by default, less what is skipped -- */

/* The header without those fields, and Message-ID without its domain, in `sorted`. */
static void thin_out(struct identity_maker *maker, const struct identity_message *message)
{
    struct header_field field;
    size_t position = 0;
    buffer_clear(&maker->sorted);
    while (header_next(message->header, message->size, &position, &field)) {
        normalise(maker, &field);
        if (is_skipped(maker))
            continue;
        if (maker->without_domain && header_field_is(&field, "Message-ID"))
            buffer_append(&maker->sorted, maker->scratch.data, maker->scratch.used);
        else
            buffer_append(&maker->sorted, field.name,
                          (size_t)(field.value + field.value_size - field.name));
        buffer_append_str(&maker->sorted, "\r\n");
    }
}

static enum identity_strength make_by_default(struct identity_maker *maker,
                                              const struct identity_message *message,
                                              struct identity *identity_r)
{
    if (maker == NULL || (maker->skip == NULL && !maker->without_domain))
        return identity_from_header(message->header, message->size, identity_r);
    thin_out(maker, message);
    return identity_from_header(maker->sorted.data, maker->sorted.used, identity_r);
}

/* The copy will have this field alone to be known by. Folders that are merged have the same UIDs,
   so it says little. */
static enum identity_strength make_of_added(struct identity_maker *maker, uint32_t uid,
                                            struct identity *identity_r)
{
    char added[IDENTITY_ADDED_FIELD_SIZE];
    const struct identity_message message = {.header = added,
                                             .size = identity_added_field(uid, added)};
    (void)make_by_default(maker, &message, identity_r);
    return IDENTITY_NOTHING;
}

/* -- the identity -- */

/* A copy may have been repaired or not; repaired once more both are the same. */
static void take_repaired(struct identity_maker *maker, struct identity_message *message)
{
    const struct repair_order order = {REPAIR_LINE_MAX_BYTES, false};
    unsigned int changes;
    buffer_clear(&maker->repaired);
    if (repair_message(&order, message->header, message->size, &maker->repaired, &changes) !=
        REPAIR_DONE)
        return;
    message->header = maker->repaired.data;
    message->size = maker->repaired.used;
}

static void mix_size(struct identity_maker *maker, uint64_t size_bytes, struct identity *identity)
{
    buffer_clear(&maker->sorted);
    buffer_append(&maker->sorted, identity->bytes, sizeof(identity->bytes));
    buffer_printf(&maker->sorted, ":%llu", (unsigned long long)size_bytes);
    identity_hash(maker->sorted.data, maker->sorted.used, identity);
}

enum identity_strength identity_make(struct identity_maker *maker,
                                     const struct identity_message *message,
                                     struct identity *identity_r)
{
    char added[IDENTITY_ADDED_FIELD_SIZE];
    enum identity_strength strength;
    struct identity_message own = *message;
    if (own.added_uid != 0 && !identity_needs_added_field(own.header, own.size))
        own.added_uid = 0;
    if (maker != NULL && (maker->is_all || maker->fields.count > 0)) {
        strength = make_of_lines(maker, &own);
        identity_hash(maker->sorted.data, maker->sorted.used, identity_r);
    } else if (own.added_uid != 0) {
        strength = make_of_added(maker, own.added_uid, identity_r);
    } else {
        if (maker != NULL && maker->may_be_repaired)
            take_repaired(maker, &own);
        strength = make_by_default(maker, &own, identity_r);
    }
    if (own.added_uid != 0)
        own.size_bytes += identity_added_field(own.added_uid, added);
    if (maker != NULL && maker->with_size && (strength != IDENTITY_NOTHING || own.added_uid != 0))
        mix_size(maker, own.size_bytes, identity_r);
    return strength;
}
