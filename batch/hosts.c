/* SPDX-License-Identifier: MIT */
#include "batch/hosts.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "batch/key_set.h"

#define HOSTS_KEY_MAX_BYTES 4096

struct host {
    unsigned int used;
    unsigned int kept; /* for the first mailbox that waits for it */
};

struct route {
    size_t host[2]; /* numbers of the hosts; may be the same */
};

struct host_limits {
    unsigned int max; /* per host; 0: no ceiling. Never changes, as the next two */
    struct queue_admission admission;
    void (*freed)(void *context);
    void *freed_context;

    pthread_mutex_t mutex; /* guards all below */
    struct key_set *host_numbers;
    struct host *hosts;
    size_t host_count;
    size_t host_alloc;
    struct key_set *route_numbers;
    struct route *routes;
    size_t route_count;
    size_t route_alloc;
};

struct hosts_member {
    struct host_limits *limits;
    uint32_t route;
    unsigned int taken[2];
    struct slots slots;
};

/* ---- names ---- */

static void append_host(struct buffer *key, const char *name, int64_t port)
{
    for (; *name != '\0'; name++)
        buffer_append_byte(key, (unsigned char)str_lower(*name));
    buffer_printf(key, ":%lld", (long long)port);
}

bool hosts_check(const struct settings *settings, struct buffer *faults)
{
    const struct settings_side *side = settings->side;
    if (settings->maxconnectionsperhost != 1 || side[0].host == NULL || side[1].host == NULL ||
        !str_iequals(side[0].host, side[1].host) ||
        settings_port(settings, 1) != settings_port(settings, 2))
        return true;
    buffer_append_str(faults, "maxconnectionsperhost must be at least 2, because source and "
                              "destination are the same server: a mailbox needs two connections "
                              "to it at once\n");
    return false;
}

/* Mutex held. */
static size_t hosts_number(struct host_limits *limits, const char *name, int64_t port)
{
    struct buffer key;
    size_t number = limits->host_count;
    buffer_init(&key, HOSTS_KEY_MAX_BYTES);
    append_host(&key, name, port);
    if (key_set_add(limits->host_numbers, key.data, key.used, number, &number)) {
        MEM_GROW(limits->hosts, limits->host_count, limits->host_alloc);
        limits->hosts[limits->host_count++] = (struct host){0, 0};
    }
    buffer_deinit(&key);
    return number;
}

uint32_t hosts_route(struct host_limits *limits, const char *host1, int64_t port1,
                     const char *host2, int64_t port2)
{
    if (limits->max == 0 || pthread_mutex_lock(&limits->mutex) != 0)
        return 0;
    size_t number = limits->route_count;
    struct route route = {{hosts_number(limits, host1, port1), hosts_number(limits, host2, port2)}};
    if (key_set_add(limits->route_numbers, route.host, sizeof(route.host), number, &number)) {
        MEM_GROW(limits->routes, limits->route_count, limits->route_alloc);
        limits->routes[limits->route_count++] = route;
    }
    (void)pthread_mutex_unlock(&limits->mutex);
    return (uint32_t)number;
}

/* ---- counting; mutex held ---- */

/* What a request for so many to each side means for one host. */
static unsigned int route_wants(const struct route *route, size_t host, const unsigned int count[2])
{
    return (route->host[0] == host ? count[0] : 0) + (route->host[1] == host ? count[1] : 0);
}

/* What is left on a host, apart from or also with the places that are kept. */
static unsigned int host_room(const struct host_limits *limits, size_t number, bool has_kept)
{
    const struct host *host = &limits->hosts[number];
    unsigned int gone = host->used + (has_kept ? 0 : host->kept);
    return limits->max > gone ? limits->max - gone : 0;
}

static bool route_has_room(const struct host_limits *limits, const struct route *route,
                           const unsigned int count[2], bool has_kept)
{
    for (int i = 0; i < 2; i++) {
        size_t host = route->host[i];
        if (route_wants(route, host, count) > host_room(limits, host, has_kept))
            return false;
    }
    return true;
}

static void route_add(struct host_limits *limits, const struct route *route,
                      const unsigned int count[2])
{
    for (int i = 0; i < 2; i++)
        limits->hosts[route->host[i]].used += count[i];
}

static void route_keep(struct host_limits *limits, const struct route *route,
                       const unsigned int count[2])
{
    for (int i = 0; i < 2; i++) {
        struct host *host = &limits->hosts[route->host[i]];
        if (host->kept == 0)
            host->kept = route_wants(route, route->host[i], count);
    }
}

/* ---- for the queue ---- */

static const unsigned int one_each[2] = {1, 1};

static void admission_begin(void *context)
{
    struct host_limits *limits = context;
    if (limits->max == 0 || pthread_mutex_lock(&limits->mutex) != 0)
        return;
    for (size_t i = 0; i < limits->host_count; i++)
        limits->hosts[i].kept = 0;
    (void)pthread_mutex_unlock(&limits->mutex);
}

static bool admission_enter(void *context, uint32_t number)
{
    struct host_limits *limits = context;
    if (limits->max == 0)
        return true;
    if (pthread_mutex_lock(&limits->mutex) != 0)
        return false;
    const struct route *route = &limits->routes[number];
    bool is_admitted = route_has_room(limits, route, one_each, false);
    if (is_admitted)
        route_add(limits, route, one_each);
    else if (!route_has_room(limits, route, one_each, true))
        route_keep(limits, route, one_each);
    (void)pthread_mutex_unlock(&limits->mutex);
    return is_admitted;
}

static void hosts_give_back(struct host_limits *limits, uint32_t number,
                            const unsigned int count[2])
{
    if (limits->max == 0 || pthread_mutex_lock(&limits->mutex) != 0)
        return;
    for (int i = 0; i < 2; i++)
        limits->hosts[limits->routes[number].host[i]].used -= count[i];
    (void)pthread_mutex_unlock(&limits->mutex);
}

static void admission_leave(void *context, uint32_t number)
{
    hosts_give_back(context, number, one_each);
}

const struct queue_admission *hosts_admission(const struct host_limits *limits)
{
    return &limits->admission;
}

/* ---- the limits themselves ---- */

bool hosts_init(unsigned int max_per_host, struct host_limits **limits_r, struct fault *fault_r)
{
    struct host_limits *limits = mem_alloc(sizeof(*limits));
    if (pthread_mutex_init(&limits->mutex, NULL) != 0) {
        mem_free(limits);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the connection limits");
        return false;
    }
    limits->max = max_per_host;
    limits->host_numbers = key_set_init();
    limits->route_numbers = key_set_init();
    limits->admission = (struct queue_admission){
        .context = limits,
        .begin = admission_begin,
        .enter = admission_enter,
        .leave = admission_leave,
    };
    *limits_r = limits;
    return true;
}

void hosts_deinit(struct host_limits **limits_p)
{
    struct host_limits *limits = *limits_p;
    if (limits == NULL)
        return;
    *limits_p = NULL;
    (void)pthread_mutex_destroy(&limits->mutex);
    key_set_deinit(&limits->host_numbers);
    key_set_deinit(&limits->route_numbers);
    mem_free(limits->hosts);
    mem_free(limits->routes);
    mem_free(limits);
}

void hosts_set_listener(struct host_limits *limits, void (*freed)(void *context), void *context)
{
    limits->freed = freed;
    limits->freed_context = context;
}

/* ---- further connections of a running mailbox ---- */

static bool member_try_take(void *context, unsigned int source, unsigned int destination)
{
    struct hosts_member *member = context;
    struct host_limits *limits = member->limits;
    const unsigned int count[2] = {source, destination};
    bool is_taken = true;
    if (limits->max > 0) {
        if (pthread_mutex_lock(&limits->mutex) != 0)
            return false;
        const struct route *route = &limits->routes[member->route];
        is_taken = source <= limits->max && destination <= limits->max &&
                   route_has_room(limits, route, count, false);
        if (is_taken)
            route_add(limits, route, count);
        (void)pthread_mutex_unlock(&limits->mutex);
    }
    if (is_taken) {
        member->taken[0] += source;
        member->taken[1] += destination;
    }
    return is_taken;
}

static void member_give_back(void *context, unsigned int source, unsigned int destination)
{
    struct hosts_member *member = context;
    struct host_limits *limits = member->limits;
    const unsigned int count[2] = {
        source < member->taken[0] ? source : member->taken[0],
        destination < member->taken[1] ? destination : member->taken[1],
    };
    if (count[0] + count[1] == 0)
        return;
    member->taken[0] -= count[0];
    member->taken[1] -= count[1];
    hosts_give_back(limits, member->route, count);
    if (limits->freed != NULL)
        limits->freed(limits->freed_context);
}

/* What is kept for a mailbox that waits is not free yet. */
static bool member_is_wanted(void *context, int side)
{
    const struct hosts_member *member = context;
    struct host_limits *limits = member->limits;
    if (limits->max == 0 || pthread_mutex_lock(&limits->mutex) != 0)
        return false;
    const struct host *host = &limits->hosts[limits->routes[member->route].host[side - 1]];
    bool is_wanted = host->kept > 0 && host->used + host->kept > limits->max;
    (void)pthread_mutex_unlock(&limits->mutex);
    return is_wanted;
}

struct hosts_member *hosts_member_init(struct host_limits *limits, uint32_t route)
{
    struct hosts_member *member = mem_alloc(sizeof(*member));
    member->limits = limits;
    member->route = route;
    member->slots = (struct slots){member, member_try_take, member_give_back, member_is_wanted};
    return member;
}

void hosts_member_deinit(struct hosts_member **member_p)
{
    struct hosts_member *member = *member_p;
    if (member == NULL)
        return;
    *member_p = NULL;
    member_give_back(member, member->taken[0], member->taken[1]);
    mem_free(member);
}

const struct slots *hosts_member_slots(struct hosts_member *member)
{
    return &member->slots;
}
