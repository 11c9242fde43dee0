/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define LOG_LINE_MAX_BYTES   (64 * 1024)
#define LOG_FRAME_MAX_BYTES  64 /* time, blank, line end */
#define LOG_FLUSH_AT_BYTES   (32 * 1024)
#define LOG_FLUSH_AFTER_MSEC 1000

struct log {
    pthread_mutex_t mutex; /* guards all below */
    int fd;
    struct buffer pending;
    int64_t flushed_msecs;
    int64_t time_msecs; /* what time_text says */
    char time_text[CLOCK_ISO8601_SIZE];
    bool is_shown;
};

struct log *log_open(const char *path, struct fault *fault_r)
{
    char words[STR_ERROR_SIZE];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        fault_set(fault_r, FAULT_FILE, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't write the log %s: %s", path, str_error(errno, words));
        return NULL;
    }
    struct log *log = mem_alloc(sizeof(*log));
    if (pthread_mutex_init(&log->mutex, NULL) != 0) {
        (void)close(fd);
        mem_free(log);
        fault_set(fault_r, FAULT_INTERNAL, FAULT_SCOPE_RUN, FAULT_ADVICE_NEVER, 0,
                  "can't make a lock for the log %s", path);
        return NULL;
    }
    log->fd = fd;
    log->flushed_msecs = clock_wall_msecs();
    buffer_init(&log->pending, LOG_FLUSH_AT_BYTES + LOG_LINE_MAX_BYTES + LOG_FRAME_MAX_BYTES);
    return log;
}

/* The mutex is held. A log that can't be written loses lines but never stops a copy. */
static void log_write_pending(struct log *log)
{
    while (log->pending.used > 0) {
        ssize_t written = write(log->fd, log->pending.data, log->pending.used);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        buffer_consume(&log->pending, (size_t)written);
    }
    buffer_clear(&log->pending);
}

void log_close(struct log **log_p)
{
    struct log *log = *log_p;
    if (log == NULL)
        return;
    *log_p = NULL;
    log_flush(log);
    (void)close(log->fd);
    buffer_deinit(&log->pending);
    (void)pthread_mutex_destroy(&log->mutex);
    mem_free(log);
}

/* The mutex is held. Most lines come within the millisecond of the one before. */
static const char *log_time(struct log *log, int64_t now_msecs)
{
    if (log->time_msecs != now_msecs)
        clock_format_msecs(now_msecs, log->time_text);
    log->time_msecs = now_msecs;
    return log->time_text;
}

void log_text(struct log *log, const char *text, size_t size)
{
    int64_t now_msecs = clock_wall_msecs();
    if (log == NULL || pthread_mutex_lock(&log->mutex) != 0)
        return;
    buffer_append_str(&log->pending, log_time(log, now_msecs));
    buffer_append_byte(&log->pending, ' ');
    size_t start = log->pending.used;
    str_append_printable(&log->pending, text, size);
    buffer_append_byte(&log->pending, '\n');
    /* A terminal that went away is no reason to stop the copy. */
    if (log->is_shown && log->pending.used > start)
        (void)fwrite(log->pending.data + start, 1, log->pending.used - start, stdout);
    if (log->pending.has_failed || log->pending.used >= LOG_FLUSH_AT_BYTES ||
        now_msecs - log->flushed_msecs >= LOG_FLUSH_AFTER_MSEC) {
        log_write_pending(log);
        log->flushed_msecs = now_msecs;
    }
    (void)pthread_mutex_unlock(&log->mutex);
}

void log_line(struct log *log, const char *format, ...)
{
    char small[1024];
    va_list args;
    if (log == NULL)
        return;
    va_start(args, format);
    int length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (length < 0)
        return;
    if ((size_t)length < sizeof(small)) {
        log_text(log, small, (size_t)length);
        return;
    }
    size_t size = (size_t)length > LOG_LINE_MAX_BYTES / 4 ? LOG_LINE_MAX_BYTES / 4 : (size_t)length;
    char *large = mem_alloc(size + 1);
    va_start(args, format);
    (void)vsnprintf(large, size + 1, format, args);
    va_end(args);
    log_text(log, large, size);
    mem_free(large);
}

void log_fault(struct log *log, const struct fault *fault)
{
    if (fault->server[0] != '\0')
        log_line(log, "%s [server said: %s]", fault->text, fault->server);
    else
        log_line(log, "%s", fault->text);
}

void log_show(struct log *log)
{
    if (log == NULL || pthread_mutex_lock(&log->mutex) != 0)
        return;
    log->is_shown = true;
    (void)pthread_mutex_unlock(&log->mutex);
}

void log_flush(struct log *log)
{
    if (log == NULL || pthread_mutex_lock(&log->mutex) != 0)
        return;
    log_write_pending(log);
    log->flushed_msecs = clock_wall_msecs();
    if (log->is_shown)
        (void)fflush(stdout);
    (void)pthread_mutex_unlock(&log->mutex);
}
