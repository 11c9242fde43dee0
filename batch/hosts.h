/* SPDX-License-Identifier: MIT
 * The ceiling of connections per host (--maxconnectionsperhost), for all mailboxes of a run. A host
 * is a name (any case) with its port; two names of one machine are two hosts. The way from a source
 * host to a destination host is a route; what a mailbox needs on both is taken as one request or
 * not at all, so two mailboxes can never hold what the other one waits for.
 *
 * The queue asks for each mailbox in its order. One that finds a host full keeps its place: room
 * for it is left on each of its hosts where nobody before it keeps a place, and those behind it, as
 * well as further connections of running mailboxes, may take only what is then left. One that waits
 * for nothing but a place that is kept does not keep any itself. So the first that waits is never
 * overtaken by those who want its hosts, and everybody becomes the first; while mailboxes of other
 * hosts pass it.
 *
 * Any thread may call these; one mutex inside guards everything. The queue calls the admission with
 * its own mutex held, so nothing here calls the queue but the listener, which gets no mutex. */
#ifndef BATCH_HOSTS_H
#define BATCH_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "batch/queue.h"
#include "sync/settings.h"
#include "sync/slots.h"

struct host_limits;
struct hosts_member;

/* Whether the ceiling lets this pair run at all. If not, a sentence is appended. Pure. */
bool hosts_check(const struct settings *settings, struct buffer *faults);

/* max_per_host 0: no ceiling. False (FAULT_INTERNAL) when no mutex can be had. */
bool hosts_init(unsigned int max_per_host, struct host_limits **limits_r, struct fault *fault_r);
/* All members must have left. Nulls the caller's pointer; NULL is fine. */
void hosts_deinit(struct host_limits **limits);
/* Is told when connections were given back that were not a mailbox's first. Set before any other
   thread is there. */
void hosts_set_listener(struct host_limits *limits, void (*freed)(void *context), void *context);

/* The number of a route: small, the same for the same hosts, 0 for all where there is no ceiling.
 */
uint32_t hosts_route(struct host_limits *limits, const char *host1, int64_t port1,
                     const char *host2, int64_t port2);
/* For queue_set_admission(): takes and gives back one connection to each side of a route. Good as
   long as `limits`. */
const struct queue_admission *hosts_admission(const struct host_limits *limits);

/* A running mailbox that may ask for more connections. Belongs to one thread. */
struct hosts_member *hosts_member_init(struct host_limits *limits, uint32_t route);
/* Gives back what it still has. Nulls; NULL is fine. */
void hosts_member_deinit(struct hosts_member **member);
/* Good as long as the member. */
const struct slots *hosts_member_slots(struct hosts_member *member);

#endif
