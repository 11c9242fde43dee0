/* SPDX-License-Identifier: MIT
 * Functions of libraries that are loaded when they are needed (dlopen()): most runs need none of
 * them, and loading takes longer than the rest of the program's start. */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Keeps the function's address in *function_r, a pointer to a function of that size. False: the
   loaded library has none of that name. */
bool library_find(void *loaded, const char *name, void *function_r, size_t size);

#endif
