/* SPDX-License-Identifier: MIT */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int sync_exit_code;
} fault_codes[] = {
#define FAULT_ROW(suffix, name, exit_code) {name, exit_code},
    FAULT_CODES(FAULT_ROW)
#undef FAULT_ROW
};

void fault_clear(struct fault *fault)
{
    memset(fault, 0, sizeof(*fault));
}

void fault_set(struct fault *fault, enum fault_code code, enum fault_scope scope,
               enum fault_advice advice, int side, const char *format, ...)
{
    fault_clear(fault);
    fault->code = code;
    fault->scope = scope;
    fault->advice = advice;
    fault->side = side;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
}

void fault_set_server(struct fault *fault, const void *text, size_t size)
{
    const char *words = text;
    if (size >= sizeof(fault->server))
        size = sizeof(fault->server) - 1;
    while (size > 0 && (words[size - 1] == '\r' || words[size - 1] == '\n'))
        size--;
    memcpy(fault->server, words, size);
    fault->server[size] = '\0';
}

const char *fault_code_name(enum fault_code code)
{
    return fault_codes[code].name;
}

int fault_sync_exit_code(const struct fault *fault)
{
    int exit_code = fault_codes[fault->code].sync_exit_code;
    if (exit_code != 0 || fault->code == FAULT_NONE)
        return exit_code;
    if (fault->code == FAULT_AUTH)
        return fault->side == 2 ? 162 : 161;
    return fault->side == 2 ? 102 : 101;
}
