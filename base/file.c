/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define FILE_CHUNK_BYTES (16 * 1024)
#define FILE_TEMP_TRIES  100

struct file_draft {
    char *path;
    char *temp_path;
    FILE *stream;
};

static bool file_fault(struct fault *fault_r, const char *what, const char *path)
{
    int error = errno;
    char words[STR_ERROR_SIZE];
    fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0, "can't %s %s: %s", what,
              path, str_error(error, words));
    return false;
}

static bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool file_make_dir(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return true;
    int error = errno;
    if (file_is_dir(path))
        return true;
    errno = error;
    return false;
}

bool file_make_dirs(const char *path, struct fault *fault_r)
{
    char *prefix = mem_strdup(path);
    bool is_ok = true;
    for (char *p = prefix; is_ok && *p != '\0'; p++) {
        if (*p != '/' || p == prefix)
            continue;
        *p = '\0';
        is_ok = file_make_dir(prefix);
        *p = '/';
    }
    is_ok = is_ok && file_make_dir(prefix);
    if (!is_ok)
        file_fault(fault_r, "make the directory", path);
    mem_free(prefix);
    return is_ok;
}

/* Appends until the end of the file; false with errno set (EFBIG: more than `limit`). */
static bool file_read_fd(int fd, size_t limit, struct buffer *content)
{
    for (;;) {
        unsigned char beyond = 0; /* tells a file that ends here from a larger one */
        size_t want = limit < FILE_CHUNK_BYTES ? limit : FILE_CHUNK_BYTES;
        unsigned char *to = want == 0 ? &beyond : buffer_reserve(content, want);
        if (to == NULL) {
            errno = ENOMEM;
            return false;
        }
        ssize_t got = read(fd, to, want == 0 ? 1 : want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        if (want == 0) {
            errno = EFBIG;
            return false;
        }
        buffer_commit(content, (size_t)got);
        limit -= (size_t)got;
    }
}

bool file_read_limited(const char *path, size_t max_bytes, struct buffer *content,
                       struct fault *fault_r)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_fault(fault_r, "open", path);
    size_t room = buffer_room(content);
    size_t limit = max_bytes < room ? max_bytes : room;
    bool is_ok = file_read_fd(fd, limit, content);
    if (!is_ok && errno == EFBIG)
        fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "%s is larger than the %zu bytes that are read at most", path, limit);
    else if (!is_ok)
        file_fault(fault_r, "read", path);
    (void)close(fd);
    return is_ok;
}

/* A name in the same directory that nobody else takes; owned by the caller. */
static char *file_temp_path(const char *path)
{
    static atomic_uint serial;
    return mem_printf("%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&serial, 1));
}

static int file_create_temp(const char *path, char **temp_path_r)
{
    int fd = -1;
    *temp_path_r = NULL;
    for (int i = 0; i < FILE_TEMP_TRIES; i++) {
        mem_free(*temp_path_r);
        *temp_path_r = file_temp_path(path);
        fd = open(*temp_path_r, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    return fd;
}

bool file_draft_open(const char *path, struct file_draft **draft_r, struct fault *fault_r)
{
    struct file_draft *draft = mem_alloc(sizeof(*draft));
    int fd = file_create_temp(path, &draft->temp_path);
    if (fd >= 0 && (draft->stream = fdopen(fd, "w")) != NULL) {
        draft->path = mem_strdup(path);
        *draft_r = draft;
        return true;
    }
    file_fault(fault_r, "write", path);
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(draft->temp_path);
    }
    mem_free(draft->temp_path);
    mem_free(draft);
    *draft_r = NULL;
    return false;
}

FILE *file_draft_stream(struct file_draft *draft)
{
    return draft->stream;
}

static void file_draft_free(struct file_draft **draft_p)
{
    mem_free((*draft_p)->path);
    mem_free((*draft_p)->temp_path);
    mem_free(*draft_p);
    *draft_p = NULL;
}

/* A rename is durable once its directory is. */
static bool file_sync_dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    char *dir = slash == NULL ? mem_strdup(".")
                              : (size == 0 ? mem_strdup("/") : mem_strndup(path, size));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mem_free(dir);
    if (fd < 0)
        return false;
    /* Some file systems can't sync a directory and say EINVAL. */
    bool is_ok = fsync(fd) == 0 || errno == EINVAL;
    int error = errno;
    (void)close(fd);
    errno = error;
    return is_ok;
}

/* Puts the file in its place. False with errno set; the path is then as it was before. */
static bool file_draft_rename(struct file_draft *draft)
{
    bool is_ok = !ferror(draft->stream) && fflush(draft->stream) == 0 &&
                 fsync(fileno(draft->stream)) == 0;
    int error = errno;
    if (fclose(draft->stream) != 0 && is_ok) {
        is_ok = false;
        error = errno;
    }
    if (is_ok && rename(draft->temp_path, draft->path) != 0) {
        is_ok = false;
        error = errno;
    }
    if (!is_ok)
        (void)unlink(draft->temp_path);
    errno = error;
    return is_ok;
}

bool file_drafts_publish(struct file_draft **drafts, size_t count, struct fault *fault_r)
{
    struct file_draft *last = NULL; /* stays for its path, until the directory is synced */
    bool is_ok = true;
    for (size_t i = 0; i < count; i++) {
        struct file_draft *draft = drafts[i];
        drafts[i] = NULL;
        if (draft == NULL)
            continue;
        struct file_draft *done = draft;
        if (file_draft_rename(draft)) {
            done = last;
            last = draft;
        } else if (is_ok) {
            is_ok = file_fault(fault_r, "write", draft->path);
        }
        if (done != NULL)
            file_draft_free(&done);
    }
    if (last == NULL)
        return is_ok;
    if (!file_sync_dir_of(last->path) && is_ok)
        is_ok = file_fault(fault_r, "write", last->path);
    file_draft_free(&last);
    return is_ok;
}

bool file_draft_publish(struct file_draft **draft, struct fault *fault_r)
{
    return file_drafts_publish(draft, 1, fault_r);
}

void file_draft_discard(struct file_draft **draft_p)
{
    if (*draft_p == NULL)
        return;
    (void)fclose((*draft_p)->stream);
    (void)unlink((*draft_p)->temp_path);
    file_draft_free(draft_p);
}

static bool file_write_all(int fd, const void *data, size_t size)
{
    const unsigned char *rest = data;
    while (size > 0) {
        ssize_t written = write(fd, rest, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        rest += written;
        size -= (size_t)written;
    }
    return true;
}

bool file_replace(const char *path, unsigned int mode, const void *data, size_t size,
                  struct fault *fault_r)
{
    char *temp_path;
    int fd = file_create_temp(path, &temp_path);
    bool is_ok = fd >= 0 && fchmod(fd, (mode_t)mode) == 0 && file_write_all(fd, data, size);
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && is_ok) {
        is_ok = false;
        error = errno;
    }
    if (is_ok && rename(temp_path, path) != 0) {
        is_ok = false;
        error = errno;
    }
    if (!is_ok && fd >= 0)
        (void)unlink(temp_path);
    errno = error;
    if (!is_ok)
        file_fault(fault_r, "write", path);
    mem_free(temp_path);
    return is_ok;
}

bool file_write_atomic(const char *path, const void *data, size_t size, struct fault *fault_r)
{
    struct file_draft *draft;
    if (!file_draft_open(path, &draft, fault_r))
        return false;
    if (size > 0 && fwrite(data, 1, size, draft->stream) != size) {
        file_fault(fault_r, "write", path);
        file_draft_discard(&draft);
        return false;
    }
    return file_draft_publish(&draft, fault_r);
}

bool file_replace_symlink(const char *target, const char *link_path, struct fault *fault_r)
{
    char *temp_path = NULL;
    bool is_made = false;
    for (int i = 0; i < FILE_TEMP_TRIES && !is_made; i++) {
        mem_free(temp_path);
        temp_path = file_temp_path(link_path);
        is_made = symlink(target, temp_path) == 0;
        if (!is_made && errno != EEXIST)
            break;
    }
    bool is_ok = is_made && rename(temp_path, link_path) == 0;
    if (!is_ok) {
        file_fault(fault_r, "make the link", link_path);
        if (is_made)
            (void)unlink(temp_path);
    }
    mem_free(temp_path);
    return is_ok;
}
