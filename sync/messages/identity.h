/* SPDX-License-Identifier: MIT
 * Who a message is, across servers: its Message-ID, else a hash of Date, From, To and Subject.
 * Needed only to adopt what the destination already has; where UIDs are known, they are asked.
 * Pure; any thread. */
#ifndef SYNC_MESSAGES_IDENTITY_H
#define SYNC_MESSAGES_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fields to ask servers for. */
#define IDENTITY_FIELDS "MESSAGE-ID DATE FROM TO SUBJECT"

struct identity {
    unsigned char bytes[16]; /* of a SHA-256: nobody can make two messages collide */
};

/* Of any bytes. */
void identity_hash(const void *data, size_t size, struct identity *identity_r);

enum identity_strength {
    IDENTITY_NOTHING,    /* none of the fields: many messages share this one */
    IDENTITY_OF_FIELDS,  /* hash of Date, From, To, Subject */
    IDENTITY_OF_MESSAGE, /* Message-ID */
};

enum identity_strength identity_from_header(const void *header, size_t size,
                                            struct identity *identity_r);
/* What --addheader gives a message without Message-ID and Received, as imapsync does. */
void identity_from_uid(uint32_t uid, struct identity *identity_r);
/* Whether --addheader means this message: it has neither Message-ID nor Received. */
bool identity_needs_added_field(const void *header, size_t size);
/* The field --addheader puts in front of such a message, with its CRLF; returns the length. */
#define IDENTITY_ADDED_FIELD_SIZE 48
size_t identity_added_field(uint32_t uid, char text_r[IDENTITY_ADDED_FIELD_SIZE]);

#endif
