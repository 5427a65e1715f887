/*
 * Passing over arrays and objects: each set of instructions against a walk byte by byte, at every
 * place of a block and of the text's end.
 */
#include "rpc/skip.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "support/guard.h"
#include "support/suite.h"

#define TEXT_MAX 300u

static uint64_t prng_state;

static unsigned pick(unsigned count)
{
    prng_state ^= prng_state << 13;
    prng_state ^= prng_state >> 7;
    prng_state ^= prng_state << 17;
    return (unsigned)(prng_state >> 33) % count;
}

struct reference {
    char open[2048];
    size_t depth;
    size_t depth_max;
    int in_string;
};

/* @return 1: the byte ends the container; 0: it goes on; -1: broken or too deep */
static int step(struct reference *walk, char c)
{
    if (c == '"') {
        walk->in_string = !walk->in_string;
    } else if (!walk->in_string && (c == '{' || c == '[')) {
        if (walk->depth == walk->depth_max) {
            return -1;
        }
        walk->open[walk->depth++] = c;
    } else if (!walk->in_string && (c == '}' || c == ']')) {
        if (walk->open[--walk->depth] != (c == '}' ? '{' : '[')) {
            return -1;
        }
        return walk->depth == 0;
    }
    return 0;
}

/* A backslash outside of strings breaks a text, even right behind the container. @return where the
 * first one is, in the blocks that hold bytes before `end` */
static size_t stray_backslash(const char *text, size_t len, size_t end)
{
    int in_string = 0;
    size_t limit  = (end + 63) / 64 * 64;
    for (size_t i = 0; i < len && i < limit; i++) {
        if (text[i] == '\\' && !in_string) {
            return i;
        }
        if (text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        }
    }
    return SIZE_MAX;
}

/* @return bytes of the container at the front; 0: broken or too deep */
static size_t container_len(const char *text, size_t len, size_t depth_max)
{
    struct reference walk = {.depth_max = depth_max};
    for (size_t i = 0; i < len; i++) {
        int rc = text[i] == '\\' ? 0 : step(&walk, text[i]);
        if (rc != 0) {
            return rc > 0 && stray_backslash(text, len, i + 1) == SIZE_MAX ? i + 1 : 0;
        }
        i += text[i] == '\\';
    }
    return 0;
}

static void check_all(struct hawser_slice text, size_t at, size_t wanted, unsigned depth_max)
{
    for (unsigned vector = 0; vector < RPC_VECTOR_COUNT; vector++) {
        if (!rpc_skip_can((enum rpc_vector)vector)) {
            continue;
        }
        struct rpc_skip skip = {text, text.data + at, depth_max};
        const char *end      = rpc_skip_container_with((enum rpc_vector)vector, &skip);
        size_t found         = end == NULL ? 0 : (size_t)(end - skip.at);
        ck_assert_msg(found == wanted, "instructions %u: found %zu, wanted %zu: %.*s", vector,
                      found, wanted, (int)(text.len - at), skip.at);
    }
}

#if defined(__aarch64__)
#define EXPECTED_HERE RPC_VECTOR_NEON
#elif defined(__x86_64__)
#define EXPECTED_HERE RPC_VECTOR_SSE2
#else
#define EXPECTED_HERE RPC_VECTOR_PORTABLE
#endif

START_TEST(the_instructions_of_the_machine_are_there_and_no_others)
{
    ck_assert(rpc_skip_can(RPC_VECTOR_PORTABLE));
    ck_assert(rpc_skip_can(EXPECTED_HERE));
    ck_assert(!(rpc_skip_can(RPC_VECTOR_NEON) && rpc_skip_can(RPC_VECTOR_SSE2)));
}
END_TEST

START_TEST(random_texts_end_where_a_bytewise_walk_ends_them)
{
    static const char BYTES[] = "{}[]{}[]\"\"\\aaaaaaaa\xc3\xa9,;|=";
    static const char PAIRS[] = "{}[]";
    char text[TEXT_MAX];
    unsigned whole = 0;
    prng_state     = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)_i;
    for (unsigned i = 0; i < 20000; i++) {
        size_t len = 1 + pick(TEXT_MAX - 1);
        for (size_t j = 0; j < len; j++) {
            text[j] = BYTES[pick(pick(3) == 0 ? sizeof(BYTES) - 1 : 8)];
        }
        size_t at                = pick((unsigned)len);
        unsigned depth_max       = pick(4) == 0 ? 1 + pick(6) : 2048;
        text[at]                 = PAIRS[pick(2) * 2];
        struct hawser_slice copy = guard_copy(text, len);
        size_t wanted            = container_len(text + at, len - at, depth_max);
        whole += wanted > 0;
        check_all(copy, at, wanted, depth_max);
        guard_free(copy);
    }
    ck_assert_uint_gt(whole, 1000); /* else nothing but refusals was compared */
}
END_TEST

static unsigned brackets_in(const char *text, size_t len)
{
    unsigned count = 0;
    for (size_t i = 0; i < len; i++) {
        count += strchr("{}[]", text[i]) != NULL && text[i] != 0;
    }
    return count;
}

/* So many brackets fit one row, however they are nested. */
#define CERTAIN_BRACKETS 60u

static void check_whole(struct hawser_slice text, size_t at, size_t len)
{
    int wanted = container_len(text.data + at, len, 2048) == len;
    for (unsigned vector = 0; vector < RPC_VECTOR_COUNT; vector++) {
        struct rpc_skip skip = {text, text.data + at, 2048};
        if (!rpc_skip_can((enum rpc_vector)vector)) {
            continue;
        }
        int found = rpc_skip_is_whole_with((enum rpc_vector)vector, &skip, skip.at + len);
        int open  = wanted && !found && brackets_in(skip.at, len) > CERTAIN_BRACKETS;
        ck_assert_msg(found == wanted || open, "instructions %u: found %d, wanted %d: %.*s", vector,
                      found, wanted, (int)len, skip.at);
    }
}

START_TEST(stretch_is_whole_where_a_bytewise_walk_ends_with_it)
{
    static const char BYTES[] = "{}[]{}[]\"\"\\aaaaaaaaaaaa\xc3\xa9,;|=";
    char text[TEXT_MAX];
    unsigned whole = 0;
    prng_state     = UINT64_C(0xd1b54a32d192ed03) + (uint64_t)_i;
    for (unsigned i = 0; i < 20000; i++) {
        size_t len = 2 + pick(TEXT_MAX - 2);
        for (size_t j = 0; j < len; j++) {
            text[j] = BYTES[pick(pick(3) == 0 ? sizeof(BYTES) - 1 : 8)];
        }
        size_t at                = pick((unsigned)len - 1);
        text[at]                 = pick(2) ? '{' : '[';
        struct hawser_slice copy = guard_copy(text, len);
        size_t wanted            = container_len(text + at, len - at, 2048);
        if (wanted > 0 && stray_backslash(text + at, len - at, wanted) == SIZE_MAX) {
            whole++;
            check_whole(copy, at, wanted);
        }
        check_whole(copy, at, 2 + pick((unsigned)(len - at) - 1));
        check_whole(copy, at, len - at);
        guard_free(copy);
    }
    ck_assert_uint_gt(whole, 1000);
}
END_TEST

START_TEST(long_row_of_flat_arrays_is_whole_and_one_wrong_bracket_is_not)
{
    static char text[8000];
    size_t len  = 0;
    text[len++] = '[';
    for (unsigned i = 0; len < sizeof(text) - 80; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s[\"new]\",%u.5,{\"a\":[%u]}]",
                                i > 0 ? "," : "", i * 37, i % 13);
    }
    text[len++]             = ']';
    struct hawser_slice all = slice_make(text, len);
    check_whole(all, 0, len);
    ck_assert_int_eq(rpc_skip_is_whole(&(struct rpc_skip){all, text, 2048}, text + len), 1);
    for (size_t i = 1; i < len; i++) {
        if (strchr("{}[]\"", text[i]) != NULL) {
            char before = text[i];
            text[i]     = before == '"' ? 'x' : (char)(before ^ 0x20);
            ck_assert_int_eq(rpc_skip_is_whole(&(struct rpc_skip){all, text, 2048}, text + len),
                             container_len(text, len, 2048) == len);
            text[i] = before;
        }
    }
}
END_TEST

START_TEST(quote_behind_backslashes_counts_at_every_place_of_a_block)
{
    char text[TEXT_MAX];
    for (size_t before = 0; before < 130; before++) {
        for (size_t slashes = 0; slashes < 8; slashes++) {
            size_t len  = 0;
            text[len++] = '[';
            memset(text + len, ' ', before);
            len += before;
            text[len++] = '"';
            memset(text + len, '\\', slashes);
            len += slashes;
            memcpy(text + len, "\"]\"]", 4);
            len += 4;
            struct hawser_slice copy = guard_copy(text, len);
            check_all(copy, 0, slashes % 2 == 0 ? len - 2 : len, 2048);
            guard_free(copy);
        }
    }
}
END_TEST

START_TEST(kinds_of_brackets_are_kept_apart_at_every_depth)
{
    static const unsigned DEPTHS[] = {1, 2, 63, 64, 65, 66, 127, 128, 129, 1000, 2047, 2048};
    char *text                     = malloc(2 * 2048);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < sizeof(DEPTHS) / sizeof(DEPTHS[0]); i++) {
        unsigned depth = DEPTHS[i];
        for (unsigned j = 0; j < depth; j++) {
            int curly               = (j * 7 / 3 + j / 64) % 2 == 0;
            text[j]                 = curly ? '{' : '[';
            text[2 * depth - 1 - j] = curly ? '}' : ']';
        }
        struct hawser_slice all = slice_make(text, 2 * (size_t)depth);
        check_all(all, 0, all.len, 2048);
        check_all(all, 0, 0, depth - 1);
        for (unsigned j = depth; j < 2 * depth; j += 1 + depth / 70) {
            text[j] ^= '}' ^ ']';
            check_all(all, 0, 0, 2048);
            text[j] ^= '}' ^ ']';
        }
    }
    free(text);
}
END_TEST

START_TEST(value_of_any_kind_is_passed)
{
    static const char *const VALUES[] = {"12",     "-1.5e3",        "true", "null",
                                         "\"a]\"", "[1,{\"]\":2}]", "{}"};
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), " \n%s ,", VALUES[i]);
        struct rpc_walk walk = {text, text + strlen(text)};
        struct hawser_slice value;
        ck_assert_int_eq(rpc_skip_value(&walk, slice_of(text), 1, &value), 0);
        ck_assert(slice_equal_text(value, VALUES[i]));
        ck_assert_ptr_eq(walk.at, value.data + value.len);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("passing over values");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_instructions_of_the_machine_are_there_and_no_others);
    tcase_add_loop_test(cases, random_texts_end_where_a_bytewise_walk_ends_them, 0, 4);
    tcase_add_loop_test(cases, stretch_is_whole_where_a_bytewise_walk_ends_with_it, 0, 4);
    tcase_add_test(cases, long_row_of_flat_arrays_is_whole_and_one_wrong_bracket_is_not);
    tcase_add_test(cases, quote_behind_backslashes_counts_at_every_place_of_a_block);
    tcase_add_test(cases, kinds_of_brackets_are_kept_apart_at_every_depth);
    tcase_add_test(cases, value_of_any_kind_is_passed);
    return suite_run("rpc/skip", cases);
}
