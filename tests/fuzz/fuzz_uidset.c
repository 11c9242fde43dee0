/* SPDX-License-Identifier: MIT
 * Any bytes as a UID set and, behind a byte that says how many messages there were, as the response
 * code of an APPEND. Checked: the reader goes on and stays inside; what is known are as many UIDs
 * as there were messages, and the same ones that the reader finds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sync/append_uid.h"
#include "sync/uidset.h"

#define CODE "APPENDUID 9 "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/* How many UIDs the set names; true if all of it is one. */
static bool count_uids(const char *set, size_t size, uint64_t *count_r)
{
    struct uidset_reader reader;
    uint32_t first, last;
    const char *before = set;
    *count_r = 0;
    uidset_reader_init(&reader, set, size);
    while (uidset_reader_next(&reader, &first, &last)) {
        demand(first > 0 && first <= last && reader.at > before && reader.at <= set + size);
        before = reader.at;
        *count_r += (uint64_t)last - first + 1;
    }
    demand(reader.at == before);
    return reader.at == set + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t named;
    if (size == 0)
        return 0;
    size_t count = data[0];
    uint32_t *uids = malloc((count + 1) * sizeof(*uids));
    char *code = malloc(strlen(CODE) + size - 1);
    demand(uids != NULL && code != NULL);
    memcpy(code, CODE, strlen(CODE));
    memcpy(code + strlen(CODE), data + 1, size - 1);
    bool is_set = count_uids(code + strlen(CODE), size - 1, &named);
    bool is_known = append_uid_parse(code, strlen(CODE) + size - 1, 9, uids, count);
    demand(is_known == (is_set && named == count));
    for (size_t i = 0; is_known && i < count; i++)
        demand(uids[i] != 0);
    /* The same bytes as all of a code. */
    (void)append_uid_parse((const char *)data + 1, size - 1, 9, uids, count);
    free(code);
    free(uids);
    return 0;
}
