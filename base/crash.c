/* SPDX-License-Identifier: MIT */
#include "base/crash.h"

#ifdef MAILCONVOY_CRASH_HOOKS

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CRASH_EXIT_CODE 137 /* what a shell says of kill -9 */

void crash_point(enum crash_place place)
{
    static const char *const names[] = {
#define CRASH_PLACE_NAME(suffix, name) name,
        CRASH_PLACES(CRASH_PLACE_NAME)
#undef CRASH_PLACE_NAME
    };
    static atomic_ulong passages[sizeof(names) / sizeof(names[0])];
    const char *wish = getenv("MAILCONVOY_CRASH_AT");
    size_t size = strlen(names[place]);
    unsigned long passage = atomic_fetch_add(&passages[place], 1) + 1;
    if (wish != NULL && strncmp(wish, names[place], size) == 0 && wish[size] == '=' &&
        strtoul(wish + size + 1, NULL, 10) == passage)
        _exit(CRASH_EXIT_CODE);
}

#endif
