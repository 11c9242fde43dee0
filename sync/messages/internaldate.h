/* SPDX-License-Identifier: MIT
 * INTERNALDATE, RFC 9051's date-time: "17-Jul-1996 02:44:25 -0700". Pure; any thread. */
#ifndef SYNC_MESSAGES_INTERNALDATE_H
#define SYNC_MESSAGES_INTERNALDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERNALDATE_SIZE 26

/* Seconds since 1970 UTC. False unless `text` is exactly a date-time, so that whatever passes may
   be sent to another server as it is. */
bool internaldate_parse(const char *text, size_t size, int64_t *seconds_r);

#endif
