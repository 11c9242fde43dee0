/* SPDX-License-Identifier: MIT */
#include "batch/log_path.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define LOG_PATH_DIR "LOG_imapsync"
/* Of two users and a time, below what file systems take. */
#define LOG_PATH_USER_MAX 100

/* What imapsync makes of a name; a file system has room for some of it only. */
static void append_safe(struct buffer *name, const char *text)
{
    for (size_t i = 0; i < LOG_PATH_USER_MAX && text[i] != '\0'; i++) {
        bool is_odd = (unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f ||
                      strchr("/*|?:\"<>'\\", text[i]) != NULL;
        buffer_append_byte(name, is_odd ? '_' : (unsigned char)text[i]);
    }
}

static void append_time(struct buffer *name, int64_t now_msecs)
{
    char text[CLOCK_ISO8601_SIZE];
    clock_format_local(now_msecs, text);
    for (char *c = text; *c != '\0'; c++)
        buffer_append_byte(name, strchr("- :", *c) != NULL ? '_' : (unsigned char)*c);
    buffer_printf(name, "_%03d", (int)(now_msecs % 1000));
}

char *log_path_make(const struct settings *settings, int64_t now_msecs)
{
    const char *dir = settings->logdir != NULL ? settings->logdir : LOG_PATH_DIR;
    const char *file = settings->logfile;
    struct buffer name;
    if (!settings->log)
        return mem_strdup("/dev/null");
    if (file == NULL && settings->logdir == NULL)
        return NULL;
    if (file != NULL && file[0] == '/')
        return mem_strdup(file);
    buffer_init(&name, 4096);
    if (file == NULL) {
        append_time(&name, now_msecs);
        for (int i = 0; i < 2; i++) {
            buffer_append_byte(&name, '_');
            append_safe(&name, settings->side[i].user != NULL ? settings->side[i].user : "");
        }
        buffer_append_str(&name, ".txt");
        file = buffer_str(&name);
    }
    char *path = dir[0] == '\0' ? mem_strdup(file) : mem_printf("%s/%s", dir, file);
    buffer_deinit(&name);
    return path;
}
