/* SPDX-License-Identifier: MIT */
#include "sync/append_uid.h"

#include <string.h>

#include "base/str.h"
#include "sync/uidset.h"

bool append_uid_parse(const char *code, size_t code_size, uint32_t uid_validity, uint32_t *uids_r,
                      size_t count)
{
    static const char name[] = "APPENDUID ";
    const size_t name_size = sizeof(name) - 1;
    struct uidset_reader reader;
    uint32_t first, last;
    size_t found = 0;
    if (code_size <= name_size || !str_iequals_n(code, name_size, name))
        return false;
    const char *blank = memchr(code + name_size, ' ', code_size - name_size);
    if (blank == NULL)
        return false;
    uidset_reader_init(&reader, code + name_size, (size_t)(blank - code) - name_size);
    if (!uidset_reader_next(&reader, &first, &last) || first != last || first != uid_validity)
        return false;
    const char *set = blank + 1;
    uidset_reader_init(&reader, set, code_size - (size_t)(set - code));
    while (uidset_reader_next(&reader, &first, &last)) {
        if ((uint64_t)last - first >= count - found)
            return false;
        for (uint64_t uid = first; uid <= last; uid++)
            uids_r[found++] = (uint32_t)uid;
    }
    return found == count && reader.at == code + code_size;
}
