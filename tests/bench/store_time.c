/* SPDX-License-Identifier: MIT
 * Linked into a mailconvoy whose store/ was compiled with -finstrument-functions: adds up how long
 * the program is inside the store, by the clock on the wall and in all threads, waiting for the
 * lock and the disk included, and writes the seconds to the file in STORE_TIME at its end. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define UNWATCHED __attribute__((no_instrument_function))

void __cyg_profile_func_enter(void *function, void *caller) UNWATCHED;
void __cyg_profile_func_exit(void *function, void *caller) UNWATCHED;
static long long now_nsecs(void) UNWATCHED;
static void write_total(void) UNWATCHED __attribute__((destructor));

static atomic_llong total_nsecs;
static _Thread_local int depth;
static _Thread_local long long entered_nsecs;

static long long now_nsecs(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void __cyg_profile_func_enter(void *function, void *caller)
{
    (void)function;
    (void)caller;
    if (depth++ == 0)
        entered_nsecs = now_nsecs();
}

void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function;
    (void)caller;
    if (--depth == 0)
        total_nsecs += now_nsecs() - entered_nsecs;
}

static void write_total(void)
{
    const char *path = getenv("STORE_TIME");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "%.6f\n", (double)total_nsecs / 1e9);
    (void)fclose(file);
}
