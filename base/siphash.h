/* SPDX-License-Identifier: MIT
 * SipHash-2-4 (Aumasson, Bernstein 2012): a 64-bit hash under a 128-bit key. Who does not know the
 * key can't make two inputs collide more often than chance does. Pure; any thread. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE 16

uint64_t siphash(const unsigned char key[SIPHASH_KEY_SIZE], const void *data, size_t size);

#endif
