/* SPDX-License-Identifier: MIT
 * One screen on a terminal that is drawn again and again in place: the alternate screen, so that
 * what stood there before comes back at the end. There is one for the process, for its main
 * thread. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* A terminal that knows escape sequences. */
bool terminal_is_able(int fd);
/* From now on terminal_draw() draws there. Sees to SIGWINCH, and to SIGTSTP: a stopped program
   leaves the terminal as it was. False if the signals can't be had. */
bool terminal_open(int fd);
/* 80 and 24 if the system does not tell. */
void terminal_size(int fd, size_t *columns_r, size_t *rows_r);
/* True once after each change of the size. */
bool terminal_was_resized(void);
/* Replaces all by these lines, each ended by "\n" and no longer than the screen is wide. Draws
   nothing while another process group has the terminal, or its user holds it. */
void terminal_draw(const char *text);
/* The terminal is as it was; the next draw would open it again. Async-signal-safe, any thread may
   call it, any number of times. */
void terminal_leave(void);

#endif
