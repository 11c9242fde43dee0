/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/terminal.h"

static void mem_exhausted(void)
{
    static const char line[] = "mailconvoy: out of memory; run the same command again to go on\n";
    terminal_leave();
    /* Nothing more can be done about a failed write here. */
    ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
    (void)written;
    _exit(70);
}

void *mem_alloc(size_t size)
{
    return mem_alloc_array(1, size);
}

void *mem_alloc_array(size_t count, size_t size)
{
    void *ptr = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (ptr == NULL)
        mem_exhausted();
    return ptr;
}

void *mem_realloc_array(void *ptr, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        mem_exhausted();
    size_t bytes = count * size;
    void *grown = realloc(ptr, bytes == 0 ? 1 : bytes);
    if (grown == NULL)
        mem_exhausted();
    return grown;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const void *data, size_t size)
{
    char *copy = mem_alloc(size + 1);
    memcpy(copy, data, size);
    return copy;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return mem_strdup("");
    char *text = mem_alloc((size_t)length + 1);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void mem_free(void *ptr)
{
    free(ptr);
}

void mem_wipe(void *ptr, size_t size)
{
    if (ptr != NULL)
        OPENSSL_cleanse(ptr, size);
}

void mem_free_secret(char **secret)
{
    if (*secret != NULL) {
        mem_wipe(*secret, strlen(*secret));
        mem_free(*secret);
        *secret = NULL;
    }
}
