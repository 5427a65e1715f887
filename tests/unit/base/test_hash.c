/*
 * core/base/hash: one number for the same bytes, another for others.
 */
#include "base/hash.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/guard.h"
#include "support/suite.h"

#define TEXT_MAX 80u
#define NAMES    100000u

static uint64_t hash_of(const char *bytes, size_t len)
{
    struct hawser_slice guarded = guard_copy(bytes, len);
    uint64_t hash               = hash_bytes(guarded.data, guarded.len);
    guard_free(guarded);
    return hash;
}

START_TEST(every_bit_and_the_length_count)
{
    char text[TEXT_MAX];
    unsigned seed = 3;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)rand_r(&seed);
    }
    for (size_t len = 1; len <= sizeof(text); len++) {
        uint64_t whole = hash_of(text, len);
        ck_assert(whole == hash_of(text, len));
        ck_assert(whole != hash_of(text, len - 1));
        for (size_t bit = 0; bit < len * 8; bit++) {
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
            ck_assert_msg(hash_of(text, len) != whole, "bit %zu of %zu bytes", bit, len);
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        }
    }
}
END_TEST

static int compare(const void *a, const void *b)
{
    uint64_t left  = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* In the table they share slots by their low bits. */
static unsigned fullest_slot(const uint64_t *hashes, size_t count, unsigned *slots,
                             size_t slot_count)
{
    unsigned most = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned *slot = &slots[hashes[i] & (slot_count - 1)];
        most           = ++*slot > most ? *slot : most;
    }
    return most;
}

START_TEST(names_that_are_alike_do_not_meet)
{
    static const char *const FORMATS[] = {"%u", "book.BTC-%u.100ms", "ticker.ETH-28JUN24-%u-C.raw"};
    static uint64_t hashes[NAMES];
    static unsigned slots[1u << 18];
    for (unsigned i = 0; i < NAMES; i++) {
        char name[64];
        int len   = snprintf(name, sizeof(name), FORMATS[_i], i);
        hashes[i] = hash_bytes(name, (size_t)len);
    }
    ck_assert_uint_lt(fullest_slot(hashes, NAMES, slots, 1u << 18), 12);
    qsort(hashes, NAMES, sizeof(hashes[0]), compare);
    for (unsigned i = 1; i < NAMES; i++) {
        ck_assert(hashes[i] != hashes[i - 1]);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("hash");
    tcase_add_test(cases, every_bit_and_the_length_count);
    tcase_add_loop_test(cases, names_that_are_alike_do_not_meet, 0, 3);
    return suite_run("base/hash", cases);
}
