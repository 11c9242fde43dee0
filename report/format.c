/* SPDX-License-Identifier: MIT */
#include "report/format.h"

#include <inttypes.h>
#include <stdio.h>

void report_format_bytes(uint64_t bytes, char text_r[REPORT_FORMAT_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        (void)snprintf(text_r, REPORT_FORMAT_SIZE, "%" PRIu64 " B", bytes);
        return;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    /* What would be printed as 1024.0 belongs to the next unit. */
    while (value >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(text_r, REPORT_FORMAT_SIZE, "%.1f %s", value, units[unit]);
}

void report_format_duration(int64_t msecs, char text_r[REPORT_FORMAT_SIZE])
{
    int64_t secs = msecs / 1000;
    if (msecs < 10000) {
        report_format_seconds(msecs, text_r);
        size_t length = report_text_width(text_r);
        (void)snprintf(text_r + length, REPORT_FORMAT_SIZE - length, " s");
    } else if (secs < 60) {
        (void)snprintf(text_r, REPORT_FORMAT_SIZE, "%" PRId64 " s", secs);
    } else if (secs < 3600) {
        (void)snprintf(text_r, REPORT_FORMAT_SIZE, "%" PRId64 " min %" PRId64 " s", secs / 60,
                       secs % 60);
    } else {
        (void)snprintf(text_r, REPORT_FORMAT_SIZE, "%" PRId64 " h %" PRId64 " min", secs / 3600,
                       secs / 60 % 60);
    }
}

void report_format_seconds(int64_t msecs, char text_r[REPORT_FORMAT_SIZE])
{
    if (msecs < 0)
        msecs = 0;
    (void)snprintf(text_r, REPORT_FORMAT_SIZE, "%" PRId64 ".%03" PRId64, msecs / 1000,
                   msecs % 1000);
}

static bool report_is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t report_text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += report_is_continuation(*text) ? 0 : 1;
    return width;
}

/* Bytes of the first `width` characters. */
static size_t report_text_prefix(const char *text, size_t width)
{
    size_t size = 0;
    while (text[size] != '\0' && (width > 0 || report_is_continuation(text[size]))) {
        if (!report_is_continuation(text[size]))
            width--;
        size++;
    }
    return size;
}

void report_append_cell(struct buffer *line, const char *text, size_t width, bool is_right)
{
    size_t text_width = report_text_width(text);
    if (text_width > width) {
        buffer_append(line, text, report_text_prefix(text, width - 1));
        buffer_append_str(line, "\xe2\x80\xa6");
        return;
    }
    if (!is_right)
        buffer_append_str(line, text);
    for (size_t i = text_width; i < width; i++)
        buffer_append_byte(line, ' ');
    if (is_right)
        buffer_append_str(line, text);
}
