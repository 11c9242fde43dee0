/* SPDX-License-Identifier: MIT */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

/* POSIX sees to it that what dlsym() returns can be kept in a pointer to a function. */
bool library_find(void *loaded, const char *name, void *function_r, size_t size)
{
    void *found = dlsym(loaded, name);
    memcpy(function_r, &found, size);
    return found != NULL;
}
