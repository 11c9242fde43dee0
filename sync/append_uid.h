/* SPDX-License-Identifier: MIT
 * Where appended messages are: the response code APPENDUID (RFC 4315 section 3, for MULTIAPPEND RFC
 * 3502 section 6.4). Pure. */
#ifndef SYNC_APPEND_UID_H
#define SYNC_APPEND_UID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The UIDs that `count` messages got, in the order they were given. `code` is the inside of the
   brackets. False if it is no APPENDUID, or one of another mailbox (by its UIDVALIDITY), or does
   not name as many UIDs as there were messages: then nothing is known. */
bool append_uid_parse(const char *code, size_t code_size, uint32_t uid_validity, uint32_t *uids_r,
                      size_t count);

#endif
