/* SPDX-License-Identifier: MIT
 * The Date field as people's programs have written it over the decades. Pure; any thread. */
#ifndef SYNC_MESSAGES_DATE_HEADER_H
#define SYNC_MESSAGES_DATE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/messages/internaldate.h"

/* A date as INTERNALDATE is written. Read are, in this order: RFC 5322's form with and without
   weekday, with blanks or hyphens, two-digit years (70 to 99 are of the 1900s), dots in the time, a
   time without seconds, obsolete zone names; ctime's form; yyyy/mm/dd and ISO 8601; "December 14,
   2002 05:00 PM" and "Jan 2 2010 ..."; mm/dd/yy. A missing or unknown zone is +0000. False, and "",
   if it is none of them or no day of the calendar. */
bool date_header_parse(const char *value, size_t size, char text_r[INTERNALDATE_SIZE + 1]);
/* The first Date field of a message or of its header; false and "" if there is none. */
bool date_header_find(const void *message, size_t size, char text_r[INTERNALDATE_SIZE + 1]);

#endif
