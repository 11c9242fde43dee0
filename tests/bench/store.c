/* SPDX-License-Identifier: MIT
 * What the store costs: how many map rows a second go in, from one thread and from four, how many
 * bytes a message takes on disk, and how long the calls take that wait for it. Writes below the
 * directory in the argument, or /tmp. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store_map.h"

#define BATCH       100 /* rows a call: what a few MULTIAPPENDs bring */
#define FOLDERS     5   /* per pair */
#define THREADS_MAX 4

static char directory[256];
static char path[300];

static void die(const char *what)
{
    (void)fprintf(stderr, "store bench: %s\n", what);
    exit(1);
}

static double msecs_since(int64_t begun_nsecs)
{
    return (double)(clock_mono_nsecs() - begun_nsecs) / 1e6;
}

static struct store *open_store(void)
{
    struct store *store;
    struct fault fault;
    if (!store_open(path, &store, &fault))
        die(fault.text);
    return store;
}

static void close_store(struct store *store)
{
    struct fault fault;
    if (!store_close(&store, &fault))
        die(fault.text);
}

struct worker {
    struct store *store;
    unsigned int index;
    uint32_t rows;
    struct fault fault;
    bool is_ok;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A folder as copied for the first time: UIDs ascend on both sides, with gaps on the source. */
static bool fill_folder(struct worker *worker, struct store_map *map, unsigned int folder_index)
{
    static const char *const flags[] = {"\\Seen", "", "\\Answered \\Seen", "\\Flagged \\Seen"};
    char name[32];
    uint32_t seed = folder_index + 1;
    uint32_t uid = 1000 * (folder_index + 1);
    uint32_t dst_uid = 1;
    (void)snprintf(name, sizeof(name), "Folder-%u", folder_index);
    struct store_map_folder *folder = store_map_folder(map, name, name);
    folder->source.uid_validity = 1700000000;
    folder->destination.uid_validity = 1800000000;
    folder->bracket_uid_next = 1;
    if (!store_map_brackets_open(map, &folder, 1, &worker->fault))
        return false;
    for (uint32_t done = 0; done < worker->rows / FOLDERS; done += BATCH) {
        struct store_map_row rows[BATCH];
        for (size_t i = 0; i < BATCH; i++) {
            uint32_t chance = next_random(&seed) % 100;
            uint32_t id;
            if (!store_map_flags_id(map, flags[chance < 80 ? 0 : chance % 4], &id, &worker->fault))
                return false;
            uid += 1 + (chance < 20 ? chance : 0);
            rows[i] = (struct store_map_row){uid, dst_uid++, id, STORE_OUTCOME_PRESENT};
        }
        if (!store_map_put(map, folder, rows, BATCH, &worker->fault))
            return false;
    }
    folder->bracket_uid_next = 0;
    return store_map_folder_save(map, folder, &worker->fault);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct store_map *map;
    char user[32];
    (void)snprintf(user, sizeof(user), "user%u@example.org", worker->index);
    struct store_pair pair = {"imap.example.org", user, "imap.example.com", user};
    if (!store_map_open(worker->store, &pair, &map, &worker->fault))
        return NULL;
    worker->is_ok = true;
    for (unsigned int i = 0; i < FOLDERS && worker->is_ok; i++)
        worker->is_ok = fill_folder(worker, map, i);
    store_map_close(&map);
    return NULL;
}

static void run_workers(struct store *store, unsigned int threads, uint32_t rows)
{
    struct worker workers[THREADS_MAX];
    pthread_t ids[THREADS_MAX];
    for (unsigned int i = 0; i < threads; i++) {
        workers[i] = (struct worker){.store = store, .index = i, .rows = rows / threads};
        if (pthread_create(&ids[i], NULL, work, &workers[i]) != 0)
            die("no thread");
    }
    for (unsigned int i = 0; i < threads; i++) {
        if (pthread_join(ids[i], NULL) != 0 || !workers[i].is_ok)
            die(workers[i].fault.text);
    }
}

static void measure_rows(unsigned int threads, uint32_t rows)
{
    struct stat st;
    if (unlink(path) != 0 && access(path, F_OK) == 0)
        die("can't remove the last store");
    struct store *store = open_store();
    int64_t begun = clock_mono_nsecs();
    run_workers(store, threads, rows);
    close_store(store);
    double msecs = msecs_since(begun);
    if (stat(path, &st) != 0)
        die("no store");
    (void)printf("%8u rows, %u thread%s %9.0f rows/s %8.0f ms %6.1f bytes/row\n", rows, threads,
                 threads == 1 ? " " : "s", rows / msecs * 1000, msecs, (double)st.st_size / rows);
}

/* The store that the last measurement left, of four pairs: a page at a time, then forgotten. */
static void measure_reading(void)
{
    static struct store_map_row page[1000];
    const struct store_pair pair = {"imap.example.org", "user1@example.org", "imap.example.com",
                                    "user1@example.org"};
    struct fault fault;
    struct store_map *map;
    size_t count;
    unsigned long rows = 0;
    uint32_t next = 1;
    struct store *store = open_store();
    int64_t begun = clock_mono_nsecs();
    if (!store_map_open(store, &pair, &map, &fault))
        die(fault.text);
    (void)printf("a pair's %zu folders in %.3f ms; ", store_map_folder_count(map),
                 msecs_since(begun));
    struct store_map_folder *folder = store_map_folder_at(map, 0);
    begun = clock_mono_nsecs();
    do {
        if (!store_map_read(map, folder, next, UINT32_MAX, page, 1000, &count, &fault))
            die(fault.text);
        rows += count;
        next = count > 0 ? page[count - 1].src_uid + 1 : 0;
    } while (count == 1000);
    (void)printf("%lu rows read at %.0f rows/s; ", rows, (double)rows / msecs_since(begun) * 1000);
    begun = clock_mono_nsecs();
    if (!store_map_forget(map, folder, &fault) || !store_flush(store, &fault))
        die(fault.text);
    (void)printf("forgotten in %.0f ms\n", msecs_since(begun));
    store_map_close(&map);
    close_store(store);
}

/* Medians: what a fresh work directory and a delta wait for. */
static int compare_msecs(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_waits(void)
{
    enum {
        TURNS = 31
    };
    double made[TURNS], bracket[TURNS], closed[TURNS], opened[TURNS];
    for (int i = 0; i < TURNS; i++) {
        const struct store_pair pair = {"h1", "u1", "h2", "u2"};
        struct fault fault;
        struct store_map *map;
        (void)unlink(path);
        int64_t begun = clock_mono_nsecs();
        struct store *store = open_store();
        made[i] = msecs_since(begun);
        if (!store_map_open(store, &pair, &map, &fault))
            die(fault.text);
        struct store_map_folder *folder = store_map_folder(map, "INBOX", "INBOX");
        folder->bracket_uid_next = 1;
        begun = clock_mono_nsecs();
        if (!store_map_brackets_open(map, &folder, 1, &fault))
            die(fault.text);
        bracket[i] = msecs_since(begun);
        store_map_close(&map);
        begun = clock_mono_nsecs();
        close_store(store);
        closed[i] = msecs_since(begun);
        begun = clock_mono_nsecs();
        store = open_store();
        opened[i] = msecs_since(begun);
        close_store(store);
    }
    qsort(made, TURNS, sizeof(double), compare_msecs);
    qsort(bracket, TURNS, sizeof(double), compare_msecs);
    qsort(closed, TURNS, sizeof(double), compare_msecs);
    qsort(opened, TURNS, sizeof(double), compare_msecs);
    (void)printf("medians: made in %.2f ms, first bracket %.2f ms, closed in %.2f ms, opened in"
                 " %.2f ms\n",
                 made[TURNS / 2], bracket[TURNS / 2], closed[TURNS / 2], opened[TURNS / 2]);
}

int main(int argc, char **argv)
{
    (void)snprintf(directory, sizeof(directory), "%s/mailconvoy-bench-XXXXXX",
                   argc > 1 ? argv[1] : "/tmp");
    if (mkdtemp(directory) == NULL)
        die("can't make a directory");
    (void)snprintf(path, sizeof(path), "%s/state.db", directory);
    measure_waits();
    measure_rows(1, 100000);
    measure_rows(4, 100000);
    measure_rows(1, 1000000);
    measure_rows(4, 1000000);
    measure_reading();
    (void)unlink(path);
    (void)rmdir(directory);
    return 0;
}
