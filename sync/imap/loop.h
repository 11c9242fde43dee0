/* SPDX-License-Identifier: MIT
 * The event loop of one pair: poll() over its connections and the stop pipe. Belongs to one thread.
 */
#ifndef SYNC_IMAP_LOOP_H
#define SYNC_IMAP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/stop.h"
#include "sync/imap/client.h"

#define IMAP_LOOP_CLIENTS_MAX 32

struct imap_loop {
    struct imap_client *clients[IMAP_LOOP_CLIENTS_MAX];
    int count;
    const struct stop *stop; /* may be NULL */
    int64_t wake_at_nsecs;   /* somebody waits for this time; 0: nobody. Cleared by each turn */
};

void imap_loop_init(struct imap_loop *loop, const struct stop *stop);
void imap_loop_add(struct imap_loop *loop, struct imap_client *client);
void imap_loop_remove(struct imap_loop *loop, struct imap_client *client);
/* Moves everything that can be moved now; true if anything was. Clears wake_at_nsecs first. */
bool imap_loop_pump(struct imap_loop *loop);
/* Waits for a socket, a deadline, wake_at or the stop pipe. A client that is silent beyond its
   deadline is closed with FAULT_TIMEOUT. To be called when imap_loop_pump() moved nothing. */
void imap_loop_wait(struct imap_loop *loop);
/* Something else took so long, between turns or within one: no client is silent for that. */
void imap_loop_excuse(struct imap_loop *loop, int64_t nsecs);
/* Pumps, and waits if nothing moved. */
void imap_loop_turn(struct imap_loop *loop);

/* An answer to wait for; give imap_answer_callback and its address as context. */
struct imap_answer {
    bool is_done;
    enum imap_status status; /* NONE: the connection ended */
    char code[256];
    char text[512];
};
void imap_answer_callback(void *context, uint32_t number, const struct imap_reply *reply);

/* Turns until the answer is there. False with a fault when the client is closed or the run is to
   stop; an answer of NO or BAD is the caller's to judge. */
bool imap_loop_await(struct imap_loop *loop, struct imap_client *client,
                     const struct imap_answer *answer, struct fault *fault_r);

#endif
