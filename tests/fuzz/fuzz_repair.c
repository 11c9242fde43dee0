/* SPDX-License-Identifier: MIT
 * Any bytes as a message to be repaired. The first byte chooses how. Checked: what is repaired
 * needs no more repair but where it can't be helped, has no NUL and no line end that is not CR LF,
 * and a message that needs nothing comes out byte for byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/messages/lines.h"
#include "sync/messages/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_form(const struct buffer *out)
{
    demand(memchr(out->data, '\0', out->used) == NULL);
    demand(!lines_have_bare_lf(out->data, out->used));
    demand(out->used >= 2 && memcmp(out->data + out->used - 2, "\r\n", 2) == 0);
    for (size_t i = 0; i + 1 < out->used; i++)
        demand(out->data[i] != '\r' || out->data[i + 1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct repair_order order = {80, false};
    struct buffer out;
    struct buffer again;
    unsigned int changes;
    if (size < 2)
        return 0;
    order.is_only_lines = (data[0] & 1) != 0;
    buffer_init(&out, 64 * size + 65536);
    buffer_init(&again, 64 * size * 4 + 65536);
    enum repair_outcome outcome = repair_message(&order, data + 1, size - 1, &out, &changes);
    demand(outcome == REPAIR_NOTHING || outcome == REPAIR_DONE);
    if (outcome == REPAIR_NOTHING) {
        demand(changes == 0 && out.used == size - 1);
        demand(memcmp(out.data, data + 1, size - 1) == 0);
    }
    if (!order.is_only_lines && out.used > 0)
        check_form(&out);
    /* A second time at most what is too long and can't be folded is tried again. */
    if (outcome == REPAIR_DONE && !order.is_only_lines) {
        (void)repair_message(&order, out.data, out.used, &again, &changes);
        demand((changes & (1u << CHANGE_LINES_ENDED | 1u << CHANGE_NULS_REPLACED |
                           1u << CHANGE_LAST_LINE_ENDED)) == 0);
    }
    buffer_deinit(&out);
    buffer_deinit(&again);
    return 0;
}
