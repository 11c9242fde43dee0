/* SPDX-License-Identifier: MIT
 * COMPRESS=DEFLATE: the codec with any split of its bytes, with bombs and garbage; when it pays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/mem.h"
#include "sync/imap/compress.h"
#include "sync/imap/deflate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIB          ((size_t)1024)
#define MIB          (KIB * KIB)

/* The same bytes each time: a seed counts, runs of letters give the codec something to do. */
static void fill(unsigned char *data, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = i % 64 < 40 ? (unsigned char)('a' + i % 8) : (unsigned char)(seed >> 24);
    }
}

/* -- deciding -- */

static void test_worthwhile(void **state)
{
    const int64_t sec = INT64_C(1000000000);
    const struct {
        int64_t rtt_usecs;
        uint64_t bytes;
        int64_t nsecs;
        bool is_worthwhile;
    } rows[] = {
        {40000, 1000000, sec, true},
        {40000, 4999999, sec, true},
        {40000, 5000000, sec, false}, /* the line carries much */
        {40000, 9999999, 2 * sec, true},
        {40000, 256 * KIB, sec, true},
        {40000, 256 * KIB - 1, sec, false}, /* little to carry */
        {40000, 1000000, sec - 1, false},   /* too early to say */
        {5000, 1000000, sec, true},
        {4999, 1000000, sec, false}, /* near: not the line is slow */
        {60, 1000000, sec, false},
        {0, 1000000, sec, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(compress_is_worthwhile(rows[i].rtt_usecs, rows[i].bytes, rows[i].nsecs),
                         rows[i].is_worthwhile);
}

/* -- the codec -- */

/* Writes in steps, flushes, carries the bytes over in steps, reads in steps. */
static void carry(const unsigned char *data, size_t size, size_t write_step, size_t carry_step,
                  size_t read_step)
{
    struct deflate *here = deflate_init();
    struct deflate *there = deflate_init();
    unsigned char *copy = mem_alloc(size + 1);
    struct buffer *unsent = deflate_unsent(here);
    size_t written = 0;
    size_t read = 0;
    while (read < size) {
        size_t step = size - written < write_step ? size - written : write_step;
        size_t taken;
        assert_int_equal(deflate_write(here, data + written, step, &taken), DEFLATE_OK);
        written += taken;
        if (written == size)
            assert_int_equal(deflate_flush(here), DEFLATE_OK);
        size_t some = unsent->used < carry_step ? unsent->used : carry_step;
        assert_true(buffer_append(deflate_received(there), unsent->data, some));
        buffer_consume(unsent, some);
        do {
            step = size - read < read_step ? size - read + 1 : read_step;
            assert_int_equal(deflate_read(there, copy + read, step, &taken), DEFLATE_OK);
            read += taken;
        } while (taken > 0 && read <= size);
    }
    assert_int_equal(read, size);
    assert_memory_equal(copy, data, size);
    assert_false(deflate_has_unsent(here) && unsent->used == 0);
    mem_free(copy);
    deflate_deinit(&here);
    deflate_deinit(&there);
    assert_null(here);
}

static void test_any_split(void **state)
{
    static const size_t steps[] = {1, 2, 7, 100, 4096, 65536};
    static unsigned char data[20000];
    (void)state;
    fill(data, sizeof(data), 1);
    for (size_t w = 0; w < COUNT(steps); w++) {
        for (size_t c = 0; c < COUNT(steps); c++) {
            for (size_t r = 0; r < COUNT(steps); r++)
                carry(data, w == 0 || c == 0 ? 300 : sizeof(data), steps[w], steps[c], steps[r]);
        }
    }
}

static void test_much(void **state)
{
    unsigned char *data = mem_alloc(8 * MIB);
    (void)state;
    fill(data, 8 * MIB, 2);
    carry(data, 8 * MIB, 3 * MIB, 16 * KIB, 32 * KIB);
    carry(data, MIB, 100, 100 * KIB, 1000);
    mem_free(data);
}

/* What a flush made ready can be read without anything that follows. */
static void test_flush_is_complete(void **state)
{
    struct deflate *here = deflate_init();
    struct deflate *there = deflate_init();
    struct buffer *unsent = deflate_unsent(here);
    char text[64];
    size_t size;
    (void)state;
    assert_false(deflate_has_unsent(here));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(deflate_write(here, "A1 NOOP\r\n", 9, &size), DEFLATE_OK);
        assert_int_equal(size, 9);
        assert_true(deflate_has_unsent(here));
        assert_int_equal(deflate_flush(here), DEFLATE_OK);
        assert_true(unsent->used > 0);
        size_t ready = unsent->used;
        assert_int_equal(deflate_flush(here), DEFLATE_OK); /* nothing new: no empty block */
        assert_int_equal(unsent->used, ready);
        assert_true(buffer_append(deflate_received(there), unsent->data, ready));
        buffer_consume(unsent, ready);
        assert_false(deflate_has_unsent(here));
        assert_int_equal(deflate_read(there, text, sizeof(text), &size), DEFLATE_OK);
        assert_int_equal(size, 9);
        assert_memory_equal(text, "A1 NOOP\r\n", 9);
    }
    deflate_deinit(&here);
    deflate_deinit(&there);
}

/* A socket that takes nothing: the writer is held up, and soon. */
static void test_unsent_has_a_ceiling(void **state)
{
    struct deflate *codec = deflate_init();
    unsigned char *data = mem_alloc(MIB);
    size_t total = 0;
    size_t size;
    (void)state;
    for (size_t i = 0; i < MIB; i++)
        data[i] = (unsigned char)((i * i * 2654435761u) >> 13);
    do {
        assert_int_equal(deflate_write(codec, data, MIB, &size), DEFLATE_OK);
        total += size;
    } while (size > 0 && total < 64 * MIB);
    assert_int_equal(size, 0);
    assert_int_equal(deflate_flush(codec), DEFLATE_OK);
    assert_true(deflate_unsent(codec)->used < 256 * KIB);
    buffer_clear(deflate_unsent(codec));
    assert_int_equal(deflate_write(codec, data, MIB, &size), DEFLATE_OK);
    assert_true(size > 0);
    mem_free(data);
    deflate_deinit(&codec);
}

/* Raw deflate of `size` zeros. */
static size_t make_bomb(unsigned char *data, size_t room, size_t size)
{
    static unsigned char zeros[64 * 1024];
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = data;
    stream.avail_out = (uInt)room;
    for (size_t done = 0; done < size; done += sizeof(zeros)) {
        stream.next_in = zeros;
        stream.avail_in = sizeof(zeros);
        assert_int_equal(deflate(&stream, Z_NO_FLUSH), Z_OK);
    }
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = room - stream.avail_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return used;
}

/* 256 MiB in 256 KiB: each read gives what it was asked for, and memory stays with that. */
static void test_bomb(void **state)
{
    static unsigned char bomb[512 * 1024];
    static unsigned char room[32 * 1024];
    struct deflate *codec = deflate_init();
    size_t packed = make_bomb(bomb, sizeof(bomb), 256 * MIB);
    size_t total = 0;
    size_t size;
    (void)state;
    assert_true(buffer_append(deflate_received(codec), bomb, packed));
    while (deflate_read(codec, room, sizeof(room), &size) == DEFLATE_OK) {
        assert_in_range(size, 1, sizeof(room));
        total += size;
    }
    assert_int_equal(total, 256 * MIB);
    assert_int_equal(deflate_read(codec, room, sizeof(room), &size), DEFLATE_ENDED);
    /* More than the ceiling does not go in. */
    buffer_clear(deflate_received(codec));
    while (buffer_append(deflate_received(codec), room, sizeof(room)))
        assert_true(deflate_received(codec)->used <= MIB);
    deflate_deinit(&codec);
}

static void test_garbage(void **state)
{
    static const struct {
        const char *data;
        size_t size;
        enum deflate_progress progress;
    } rows[] = {
        {"* OK this is no deflate\r\n", 25, DEFLATE_BROKEN},
        {"\xff\xff\xff\xff", 4, DEFLATE_BROKEN},
        {"\x01\x01\x00\x00\x00", 5, DEFLATE_BROKEN}, /* a stored block, its length wrong */
        {"\x1f\x8b\x08\x00", 4, DEFLATE_BROKEN},     /* gzip */
        {"\x78\x9c\x01\x00\x00", 5, DEFLATE_BROKEN}, /* zlib */
        {"\x03\x00", 2, DEFLATE_ENDED},              /* a final block, empty */
        {"\x00\x00\x00\xff\xff", 5, DEFLATE_OK},     /* a block, empty */
        {"", 0, DEFLATE_OK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct deflate *codec = deflate_init();
        unsigned char room[256];
        enum deflate_progress progress;
        size_t size;
        buffer_append(deflate_received(codec), rows[i].data, rows[i].size);
        do {
            progress = deflate_read(codec, room, sizeof(room), &size);
        } while (progress == DEFLATE_OK && size > 0);
        assert_int_equal(progress, rows[i].progress);
        /* It stays so, whatever comes. */
        if (progress != DEFLATE_OK) {
            buffer_append(deflate_received(codec), "\x00\x00\x00\xff\xff", 5);
            assert_int_equal(deflate_read(codec, room, sizeof(room), &size), progress);
        }
        deflate_deinit(&codec);
    }
}

/* Blocks without content could go on for ever. */
static void test_empty_blocks_end(void **state)
{
    struct deflate *codec = deflate_init();
    enum deflate_progress progress = DEFLATE_OK;
    unsigned char room[256];
    size_t blocks = 0;
    size_t size;
    (void)state;
    for (; progress == DEFLATE_OK && blocks < MIB; blocks++) {
        assert_true(buffer_append(deflate_received(codec), "\x00\x00\x00\xff\xff", 5));
        progress = deflate_read(codec, room, sizeof(room), &size);
        assert_int_equal(size, 0);
    }
    assert_int_equal(progress, DEFLATE_BROKEN);
    assert_int_equal(blocks, 64 * KIB / 5 + 1);
    deflate_deinit(&codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_empty_blocks_end),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_unsent_has_a_ceiling),
        cmocka_unit_test(test_flush_is_complete),
        cmocka_unit_test(test_any_split),
        cmocka_unit_test(test_much),
        cmocka_unit_test(test_worthwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
