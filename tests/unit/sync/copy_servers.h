/* SPDX-License-Identifier: MIT
 * A source and a destination that are threads of the test and do as they are told: each message of
 * the source has its habit, and the destination checks byte by byte what it gets. */
#ifndef TESTS_UNIT_SYNC_COPY_SERVERS_H
#define TESTS_UNIT_SYNC_COPY_SERVERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More are not noted. */
#define COPY_STORED_MAX 400
/* No body is larger. */
#define COPY_BODY_MAX ((size_t)4 * 1024 * 1024)

enum source_habit {
    DELIVERED,
    UID_BEHIND_BODY,
    DELIVERED_TWICE,
    BODY_IS_NIL,
    BODY_IS_EMPTY,
    OK_WITHOUT_DATA, /* lists the message but never gives it */
    VANISHED,
    ONLY_ALONE, /* left out among others */
    UID_OF_ANOTHER,
    DIES_IN_BODY,
};

struct source_message {
    uint32_t uid;
    enum source_habit habit;
    size_t body_bytes; /* 0: a short one */
    bool is_poison;    /* the destination refuses it */
    bool is_listed_small;
};

struct copy_server {
    int listener;
    int fd;
    pthread_t thread;
    const char *capabilities;
    const struct source_message *messages;
    size_t message_count;
    /* a source's */
    uint32_t uidvalidity; /* 0: not told */
    bool refuses_examine;
    atomic_size_t fetches;       /* commands */
    size_t given;                /* bodies; read after its thread has ended */
    size_t dies_in_body;         /* the number of the body it breaks off; 0: none */
    struct copy_server *awaited; /* gives nothing until this one was asked for something */
    /* the destination's, read after its thread has ended */
    uint32_t stored[COPY_STORED_MAX]; /* UIDs of the source, as the bodies say, in order */
    size_t stored_count;
    size_t largest_batch;
    size_t commands;
    size_t empty_literals;
    size_t wrong_bytes;
    const char *refusal; /* of poison */
    size_t cut_bytes;    /* what comes is cut to so many; 0: it is whole */
    /* input */
    char in[65536];
    size_t in_used;
    size_t in_at;
};

/* For pthread_create(), with a struct copy_server whose listener waits for the client; each serves
   one connection and ends with it. */
void *copy_source_main(void *server);
void *copy_destination_main(void *server);

#endif
