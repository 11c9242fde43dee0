/* SPDX-License-Identifier: MIT */
#include "sync/uidset.h"

/* "4294967295:4294967295," */
#define UIDSET_RANGE_MAX_BYTES 22

void uidset_init(struct uidset *set, size_t max_bytes)
{
    buffer_init(&set->text, max_bytes < UIDSET_MIN_BYTES   ? UIDSET_MIN_BYTES
                            : max_bytes > UIDSET_MAX_BYTES ? UIDSET_MAX_BYTES
                                                           : max_bytes);
    set->first = 0;
    set->last = 0;
}

void uidset_deinit(struct uidset *set)
{
    buffer_deinit(&set->text);
}

static void uidset_close_range(struct uidset *set)
{
    if (set->first == 0)
        return;
    const char *comma = set->text.used > 0 ? "," : "";
    if (set->first == set->last)
        buffer_printf(&set->text, "%s%u", comma, set->first);
    else
        buffer_printf(&set->text, "%s%u:%u", comma, set->first, set->last);
    set->first = 0;
}

bool uidset_add(struct uidset *set, uint32_t uid, bool follows_last)
{
    if (set->first != 0 && follows_last) {
        set->last = uid;
        return true;
    }
    if (buffer_room(&set->text) < (size_t)2 * UIDSET_RANGE_MAX_BYTES)
        return false;
    uidset_close_range(set);
    set->first = uid;
    set->last = uid;
    return true;
}

const char *uidset_finish(struct uidset *set)
{
    uidset_close_range(set);
    return buffer_str(&set->text);
}

void uidset_reader_init(struct uidset_reader *reader, const char *text, size_t size)
{
    reader->at = text;
    reader->end = text + size;
}

static bool read_number(struct uidset_reader *reader, uint32_t *number_r)
{
    uint64_t number = 0;
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' &&
           number <= UINT32_MAX)
        number = number * 10 + (uint64_t)(*reader->at++ - '0');
    *number_r = (uint32_t)number;
    return reader->at > start && number > 0 && number <= UINT32_MAX;
}

bool uidset_reader_next(struct uidset_reader *reader, uint32_t *first_r, uint32_t *last_r)
{
    const char *start = reader->at;
    uint32_t first, last;
    bool is_range = read_number(reader, &first);
    last = first;
    if (is_range && reader->at < reader->end && *reader->at == ':') {
        reader->at++;
        is_range = read_number(reader, &last);
    }
    if (!is_range) {
        reader->at = start;
        return false;
    }
    if (reader->end - reader->at > 1 && *reader->at == ',')
        reader->at++;
    *first_r = first < last ? first : last;
    *last_r = first < last ? last : first;
    return true;
}
