/* SPDX-License-Identifier: MIT
 * Any bytes as a message's header, an INTERNALDATE and a server's words. Checked: fields lie inside
 * the header, their normal form has no line ends, an identity does not depend on line ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "sync/messages/header.h"
#include "sync/messages/identity.h"
#include "sync/messages/internaldate.h"
#include "sync/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_fields(const char *header, size_t size)
{
    struct header_field field;
    struct buffer value;
    size_t position = 0;
    size_t before = 0;
    buffer_init(&value, HEADER_VALUE_MAX_BYTES);
    while (header_next(header, size, &position, &field)) {
        demand(position > before && position <= size);
        before = position;
        demand(field.name >= header && field.value + field.value_size <= header + size);
        demand(field.name_size > 0 && field.value > field.name);
        buffer_clear(&value);
        header_append_normal(&field, &value);
        demand(!value.has_failed);
        demand(memchr(buffer_str(&value), '\n', value.used) == NULL);
        demand(value.used == 0 || (value.data[0] != ' ' && value.data[value.used - 1] != ' '));
    }
    buffer_deinit(&value);
}

static void judge(const char *text)
{
    for (int command = VERDICT_LOGIN; command <= VERDICT_OTHER; command++) {
        struct verdict_question question = {
            1, (enum verdict_command)command, IMAP_STATUS_NO, text, text, text};
        struct fault fault;
        verdict_judge(&question, &fault);
        demand(fault.code != FAULT_NONE && fault.scope != FAULT_SCOPE_NONE);
        demand(fault.wait_msecs >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct identity identity;
    struct identity again;
    int64_t seconds;
    const char *header = (const char *)data;
    check_fields(header, size);
    enum identity_strength strength = identity_from_header(header, size, &identity);
    demand(identity_from_header(header, size, &again) == strength);
    demand(memcmp(&identity, &again, sizeof(identity)) == 0);
    if (internaldate_parse(header, size, &seconds))
        demand(seconds > -62200000000 && seconds < 253500000000);
    char *text = mem_strndup(data, strnlen(header, size));
    judge(text);
    mem_free(text);
    return 0;
}
