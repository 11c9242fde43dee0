/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/forgetful_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR_BYTES  512
#define SHADOWS_MAX   16
#define PATH_MAX_SIZE 256

/* What programs see of a file, while the real one holds what is safe. */
struct shadow {
    char path[PATH_MAX_SIZE];
    unsigned char *data;
    bool *is_dirty; /* per sector */
    size_t size;
    size_t alloc; /* a multiple of SECTOR_BYTES */
    unsigned int opens;
    bool is_new;     /* made here, and not synced since */
    bool is_deleted; /* here, but not on the disk */
    bool is_resized; /* truncated, and not synced since */
};

struct forgetful_file {
    sqlite3_file base;
    struct shadow *shadow;
    sqlite3_file *real; /* for locks and shared memory */
};

static sqlite3_vfs *real_vfs;
static struct shadow shadows[SHADOWS_MAX];
static struct {
    unsigned long cut_at, full_at, steps, writes, syncs;
    unsigned int seed, random;
    bool is_off;
} power;

static struct shadow *shadow_find(const char *path)
{
    for (size_t i = 0; i < SHADOWS_MAX; i++) {
        if (shadows[i].path[0] != '\0' && strcmp(shadows[i].path, path) == 0)
            return &shadows[i];
    }
    return NULL;
}

static void shadow_drop(struct shadow *shadow)
{
    free(shadow->data);
    free(shadow->is_dirty);
    memset(shadow, 0, sizeof(*shadow));
}

static void shadow_resize(struct shadow *shadow, size_t size)
{
    if (size > shadow->alloc) {
        size_t alloc = (size * 2 / SECTOR_BYTES + 1) * SECTOR_BYTES;
        shadow->data = realloc(shadow->data, alloc);
        shadow->is_dirty = realloc(shadow->is_dirty, alloc / SECTOR_BYTES * sizeof(bool));
        memset(shadow->data + shadow->alloc, 0, alloc - shadow->alloc);
        memset(shadow->is_dirty + shadow->alloc / SECTOR_BYTES, 0,
               (alloc - shadow->alloc) / SECTOR_BYTES * sizeof(bool));
        shadow->alloc = alloc;
    }
    if (size < shadow->size)
        memset(shadow->data + size, 0, shadow->size - size);
    shadow->size = size;
}

static struct shadow *shadow_load(const char *path, bool is_new)
{
    struct shadow *shadow = NULL;
    struct stat st;
    for (size_t i = 0; i < SHADOWS_MAX && shadow == NULL; i++) {
        if (shadows[i].path[0] == '\0')
            shadow = &shadows[i];
    }
    int fd = open(path, O_RDONLY);
    if (shadow == NULL || strlen(path) >= PATH_MAX_SIZE || fd < 0 || fstat(fd, &st) != 0)
        abort();
    memcpy(shadow->path, path, strlen(path) + 1);
    shadow->is_new = is_new;
    shadow_resize(shadow, (size_t)st.st_size);
    if (shadow->size > 0 && read(fd, shadow->data, shadow->size) != (ssize_t)shadow->size)
        abort();
    (void)close(fd);
    return shadow;
}

static bool power_keeps_sector(void)
{
    power.random = power.random * 1103515245u + 12345u;
    return (power.random >> 16 & 1) != 0;
}

/* Writes sectors to the real file: all of them, or those that chance chooses. */
static void shadow_write(struct shadow *shadow, bool by_chance)
{
    int fd = open(shadow->path, O_WRONLY | O_CREAT, 0600);
    if (fd < 0)
        abort();
    for (size_t at = 0; at < shadow->size; at += SECTOR_BYTES) {
        size_t size = shadow->size - at < SECTOR_BYTES ? shadow->size - at : SECTOR_BYTES;
        bool *is_dirty = &shadow->is_dirty[at / SECTOR_BYTES];
        if (*is_dirty && (!by_chance || power_keeps_sector()) &&
            pwrite(fd, shadow->data + at, size, (off_t)at) != (ssize_t)size)
            abort();
        *is_dirty = false;
    }
    if ((!by_chance || (shadow->is_resized && power_keeps_sector())) &&
        ftruncate(fd, (off_t)shadow->size) != 0)
        abort();
    (void)close(fd);
}

void forgetful_vfs_cut(void)
{
    power.is_off = true;
    for (size_t i = 0; i < SHADOWS_MAX; i++) {
        struct shadow *shadow = &shadows[i];
        if (shadow->path[0] == '\0' || shadow->is_deleted)
            continue;
        if (power.seed != 0 && (!shadow->is_new || power_keeps_sector()))
            shadow_write(shadow, true);
        else if (shadow->is_new)
            (void)unlink(shadow->path);
    }
}

/* Whether the power is still on for one more step. */
static bool power_step(void)
{
    if (!power.is_off && ++power.steps == power.cut_at)
        forgetful_vfs_cut();
    return !power.is_off;
}

void forgetful_vfs_start(unsigned long cut_at, unsigned int seed)
{
    for (size_t i = 0; i < SHADOWS_MAX; i++)
        shadow_drop(&shadows[i]);
    memset(&power, 0, sizeof(power));
    power.cut_at = cut_at;
    power.seed = power.random = seed;
}

void forgetful_vfs_fill_disk(unsigned long full_at)
{
    power.full_at = full_at == 0 ? 0 : power.writes + full_at;
}

bool forgetful_vfs_is_cut(void)
{
    return power.is_off;
}

unsigned long forgetful_vfs_steps(void)
{
    return power.steps;
}

unsigned long forgetful_vfs_syncs(void)
{
    return power.syncs;
}

static struct forgetful_file *file_of(sqlite3_file *file)
{
    return (struct forgetful_file *)(void *)file;
}

static int forgetful_close(sqlite3_file *base)
{
    struct forgetful_file *file = file_of(base);
    struct shadow *shadow = file->shadow;
    int rc = file->real->pMethods->xClose(file->real);
    bool is_clean = !shadow->is_new && !shadow->is_resized && !shadow->is_deleted;
    for (size_t i = 0; i < shadow->alloc / SECTOR_BYTES && is_clean; i++)
        is_clean = !shadow->is_dirty[i];
    shadow->opens--;
    if (is_clean && shadow->opens == 0)
        shadow_drop(shadow);
    sqlite3_free(file->real);
    return rc;
}

static int forgetful_read(sqlite3_file *base, void *to, int wanted, sqlite3_int64 from)
{
    const struct shadow *shadow = file_of(base)->shadow;
    size_t size = (size_t)wanted;
    size_t at = (size_t)from;
    if (power.is_off)
        return SQLITE_IOERR_READ;
    size_t got = at >= shadow->size ? 0 : shadow->size - at < size ? shadow->size - at : size;
    if (got > 0)
        memcpy(to, shadow->data + at, got);
    memset((unsigned char *)to + got, 0, size - got);
    return got == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int forgetful_write(sqlite3_file *base, const void *data, int wanted, sqlite3_int64 to)
{
    struct shadow *shadow = file_of(base)->shadow;
    size_t size = (size_t)wanted;
    size_t at = (size_t)to;
    if (!power_step())
        return SQLITE_IOERR_WRITE;
    if (++power.writes >= power.full_at && power.full_at != 0)
        return SQLITE_FULL;
    if (at + size > shadow->size)
        shadow_resize(shadow, at + size);
    memcpy(shadow->data + at, data, size);
    for (size_t sector = at / SECTOR_BYTES; sector * SECTOR_BYTES < at + size; sector++)
        shadow->is_dirty[sector] = true;
    return SQLITE_OK;
}

static int forgetful_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    if (!power_step())
        return SQLITE_IOERR_TRUNCATE;
    shadow_resize(file_of(base)->shadow, (size_t)size);
    file_of(base)->shadow->is_resized = true;
    return SQLITE_OK;
}

static int forgetful_sync(sqlite3_file *base, int flags)
{
    struct shadow *shadow = file_of(base)->shadow;
    (void)flags;
    if (!power_step())
        return SQLITE_IOERR_FSYNC;
    power.syncs++;
    shadow_write(shadow, false);
    shadow->is_new = shadow->is_resized = false;
    return SQLITE_OK;
}

static int forgetful_file_size(sqlite3_file *base, sqlite3_int64 *size_r)
{
    *size_r = (sqlite3_int64)file_of(base)->shadow->size;
    return power.is_off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int forgetful_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xLock(real, level);
}

static int forgetful_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xUnlock(real, level);
}

static int forgetful_check_lock(sqlite3_file *base, int *result)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xCheckReservedLock(real, result);
}

static int forgetful_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int forgetful_sector_size(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xSectorSize(real);
}

static int forgetful_characteristics(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xDeviceCharacteristics(real);
}

static int forgetful_shm_map(sqlite3_file *base, int page, int size, int extend,
                             void volatile **memory_r)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmMap(real, page, size, extend, memory_r);
}

static int forgetful_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void forgetful_shm_barrier(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    real->pMethods->xShmBarrier(real);
}

static int forgetful_shm_unmap(sqlite3_file *base, int is_deleted)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmUnmap(real, is_deleted);
}

static const sqlite3_io_methods forgetful_methods = {
    .iVersion = 2,
    .xClose = forgetful_close,
    .xRead = forgetful_read,
    .xWrite = forgetful_write,
    .xTruncate = forgetful_truncate,
    .xSync = forgetful_sync,
    .xFileSize = forgetful_file_size,
    .xLock = forgetful_lock,
    .xUnlock = forgetful_unlock,
    .xCheckReservedLock = forgetful_check_lock,
    .xFileControl = forgetful_control,
    .xSectorSize = forgetful_sector_size,
    .xDeviceCharacteristics = forgetful_characteristics,
    .xShmMap = forgetful_shm_map,
    .xShmLock = forgetful_shm_lock,
    .xShmBarrier = forgetful_shm_barrier,
    .xShmUnmap = forgetful_shm_unmap,
};

/* All files of the store have names; nothing else is opened. */
static int forgetful_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                          int *flags_r)
{
    struct forgetful_file *file = file_of(base);
    (void)vfs;
    base->pMethods = NULL;
    if (path == NULL || power.is_off)
        return SQLITE_CANTOPEN;
    struct shadow *shadow = shadow_find(path);
    bool is_new = access(path, F_OK) != 0;
    file->real = sqlite3_malloc(real_vfs->szOsFile);
    if (file->real == NULL)
        return SQLITE_NOMEM;
    memset(file->real, 0, (size_t)real_vfs->szOsFile);
    int rc = real_vfs->xOpen(real_vfs, path, file->real, flags, flags_r);
    if (rc != SQLITE_OK) {
        sqlite3_free(file->real);
        return rc;
    }
    if (shadow != NULL && shadow->is_deleted) {
        shadow->is_deleted = false; /* begins anew; on the disk the old one still is */
        shadow->is_resized = true;
    }
    if (shadow == NULL)
        shadow = shadow_load(path, is_new);
    shadow->opens++;
    file->shadow = shadow;
    base->pMethods = &forgetful_methods;
    return SQLITE_OK;
}

static int forgetful_delete(sqlite3_vfs *vfs, const char *path, int is_synced)
{
    (void)vfs;
    if (!power_step())
        return SQLITE_IOERR_DELETE;
    struct shadow *shadow = shadow_find(path);
    if (shadow == NULL && access(path, F_OK) != 0)
        return SQLITE_IOERR_DELETE_NOENT;
    if (shadow == NULL)
        shadow = shadow_load(path, false);
    bool is_kept = !is_synced && !shadow->is_new;
    if (!is_kept && unlink(path) != 0)
        return SQLITE_IOERR_DELETE;
    shadow_resize(shadow, 0);
    for (size_t i = 0; i < shadow->alloc / SECTOR_BYTES; i++)
        shadow->is_dirty[i] = false;
    shadow->is_deleted = is_kept;
    if (!is_kept && shadow->opens == 0)
        shadow_drop(shadow);
    return SQLITE_OK;
}

static int forgetful_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    const struct shadow *shadow = shadow_find(path);
    (void)vfs;
    if (shadow != NULL) {
        *result = !shadow->is_deleted;
        return SQLITE_OK;
    }
    return real_vfs->xAccess(real_vfs, path, flags, result);
}

bool forgetful_vfs_init(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    if (real_vfs == NULL)
        return false;
    vfs = *real_vfs; /* time, randomness, path names */
    vfs.zName = FORGETFUL_VFS;
    vfs.szOsFile = (int)sizeof(struct forgetful_file);
    vfs.pNext = NULL;
    vfs.xOpen = forgetful_open;
    vfs.xDelete = forgetful_delete;
    vfs.xAccess = forgetful_access;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}
