/* SPDX-License-Identifier: MIT
 * A log file: one line per event, "2026-11-22T21:51:46.123Z text". Lines are escaped as a whole, so
 * no server text can forge a line or reach a terminal as an escape sequence. Callers never pass a
 * secret; settings_echo() and the wire trace mask theirs. Any thread may write to any log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#include "base/fault.h"

struct log;

/* Creates `path` (mode 0600) or appends to it. NULL and a FAULT_FILE on failure. */
struct log *log_open(const char *path, struct fault *fault_r);
/* Writes what is buffered, closes, nulls the caller's pointer. NULL is fine. */
void log_close(struct log **log);
/* One line. A NULL log swallows it. */
void log_line(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a line that is there already. */
void log_text(struct log *log, const char *text, size_t size);
/* The fault's sentence, and the server's words behind it if there are any. */
void log_fault(struct log *log, const struct fault *fault);
/* From now on every line goes to stdout as well, without its time: what `sync` shows as it works.
 */
void log_show(struct log *log);
/* Hands buffered lines to the system; called where a reader would want to see them. */
void log_flush(struct log *log);

#endif
