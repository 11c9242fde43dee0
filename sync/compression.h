/* SPDX-License-Identifier: MIT
 * Which sessions compress (RFC 4978). */
#ifndef SYNC_COMPRESSION_H
#define SYNC_COMPRESSION_H

struct session;

/* Once a session is ready: asks the server to compress if the settings say so; left to the program,
   the connection is watched, and the server is asked when compression pays (sync/imap/compress.h).
   No secret is sent from here on, so the size of what is sent gives none away (as in CRIME). */
void session_begin_compression(struct session *session);

#endif
