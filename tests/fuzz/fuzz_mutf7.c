/* SPDX-License-Identifier: MIT
 * Any bytes as a mailbox name. Checked: what decodes is UTF-8 and encodes to a name that decodes to
 * the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/str.h"
#include "sync/folders/mutf7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_round_trip(const char *utf8, size_t size)
{
    struct buffer name;
    struct buffer back;
    buffer_init(&name, 10 * size + 100);
    buffer_init(&back, 10 * size + 100);
    if (mutf7_encode(utf8, size, &name)) {
        demand(mutf7_decode((const char *)name.data, name.used, &back));
        demand(back.used == size && (size == 0 || memcmp(back.data, utf8, size) == 0));
    }
    buffer_deinit(&name);
    buffer_deinit(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer utf8;
    buffer_init(&utf8, 10 * size + 100);
    if (mutf7_decode((const char *)data, size, &utf8)) {
        demand(str_is_utf8(buffer_str(&utf8), utf8.used));
        check_round_trip(buffer_str(&utf8), utf8.used);
    } else {
        demand(utf8.used == 0);
    }
    check_round_trip((const char *)data, size);
    char *name = mem_strndup(data, size);
    mem_free(mutf7_to_display(name));
    mem_free(name);
    buffer_deinit(&utf8);
    return 0;
}
