/* SPDX-License-Identifier: MIT
 * The names under which mail programs and providers keep sent mail, drafts and so on, in many
 * languages; for servers without SPECIAL-USE (RFC 6154). Pure; any thread. */
#ifndef SYNC_FOLDERS_ROLES_H
#define SYNC_FOLDERS_ROLES_H

#include <stddef.h>

/* The role (one bit of FOLDER_ROLES) that a name without namespace prefix, decoded to UTF-8, stands
   for, ASCII case ignored; 0: none. *rank_r (may be NULL) is lower for a more usual name. */
unsigned int role_by_name(const char *display, size_t *rank_r);

#endif
