/* SPDX-License-Identifier: MIT
 * A set of byte strings, each remembered with a number: the place where it was seen first. Exact
 * (the keys themselves are kept), linear in time. Belongs to one thread. */
#ifndef BATCH_KEY_SET_H
#define BATCH_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>

struct key_set;

struct key_set *key_set_init(void);
void key_set_deinit(struct key_set **set);
/* True if the key is new; else false and the number it was added with in *first_r. Keys are at
   most a few hundred bytes by nature; the caller bounds them. */
bool key_set_add(struct key_set *set, const void *key, size_t size, size_t number, size_t *first_r);
/* As a look only: true if it is there. */
bool key_set_find(const struct key_set *set, const void *key, size_t size, size_t *first_r);

#endif
