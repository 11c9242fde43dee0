/* SPDX-License-Identifier: MIT
 * Places where a test may kill the program, to see what it finds when it comes back. They exist in
 * builds with -DMAILCONVOY_CRASH_HOOKS alone; in all others they are nothing.
 *
 * There, MAILCONVOY_CRASH_AT=PLACE=K in the environment ends the process at its K-th passage (from
 * 1, all threads together) of that place as kill -9 would: at once, with status 137. A run that
 * passes fewer times ends as usual, so a test counts K up until one does. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

/* X(enum suffix, name in the environment) */
#define CRASH_PLACES(X)       \
    X(COMMIT, "commit")       \
    X(COMMITTED, "committed") \
    X(NET_WRITE, "net_write")

enum crash_place {
#define CRASH_PLACE_ENUM(suffix, name) CRASH_##suffix,
    CRASH_PLACES(CRASH_PLACE_ENUM)
#undef CRASH_PLACE_ENUM
};

#ifdef MAILCONVOY_CRASH_HOOKS
/* Any thread. */
void crash_point(enum crash_place place);
#else
#define crash_point(place) ((void)0)
#endif

#endif
