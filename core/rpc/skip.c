/*
 * Which instructions the walks over unread values use: chosen once, at the first use. See skip.h.
 */
#include "rpc/skip.h"

#include <stdatomic.h>
#include <stddef.h>

#include "rpc/skip_impl.h"

struct walks {
    const char *(*container)(const struct rpc_skip *skip);
    int (*is_whole)(const struct rpc_skip *skip, const char *end);
};

static const char *choose_and_skip(const struct rpc_skip *skip);
static int choose_and_judge(const struct rpc_skip *skip, const char *end);

static const struct walks WALKS[RPC_VECTOR_COUNT] = {
    [RPC_VECTOR_PORTABLE] = {rpc_skip_portable, rpc_whole_portable},
    [RPC_VECTOR_NEON]     = {rpc_skip_neon, rpc_whole_neon},
    [RPC_VECTOR_SSE2]     = {rpc_skip_sse2, rpc_whole_sse2},
    [RPC_VECTOR_AVX2]     = {rpc_skip_avx2, rpc_whole_avx2},
    [RPC_VECTOR_AVX512]   = {rpc_skip_avx512, rpc_whole_avx512},
};
static const struct walks WITHOUT_GATHER = {rpc_skip_avx2, rpc_walked_avx2};
static const struct walks UNDECIDED      = {choose_and_skip, choose_and_judge};

/* Threads may choose at the same time; all of them choose the same. */
static _Atomic(const struct walks *) chosen = &UNDECIDED;

const char *rpc_skip_container(const struct rpc_skip *skip)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed)->container(skip);
}

int rpc_skip_is_whole(const struct rpc_skip *skip, const char *end)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed)->is_whole(skip, end);
}

/* What is passed over ends there, behind its closing bracket; NULL: broken. */
static inline int step_over(struct rpc_walk *walk, const char *end, struct hawser_slice *value)
{
    if (end == NULL) {
        return -1;
    }
    *value   = (struct hawser_slice){walk->at, (size_t)(end - walk->at)};
    walk->at = end;
    return 0;
}

int rpc_skip_value(struct rpc_walk *walk, struct hawser_slice text, unsigned outside,
                   struct hawser_slice *value)
{
    rpc_walk_space(walk);
    char c = rpc_walk_peek(walk);
    if (c != '{' && c != '[') {
        return rpc_walk_value(walk, outside, value);
    }
    struct rpc_skip skip = {text, walk->at, RPC_DEPTH_MAX - outside};
    return step_over(walk, rpc_skip_container(&skip), value);
}

/* Where a value from `at` on ends if it is the last in the text, in front of what closes so many
 * objects around it. NULL: it cannot be. */
static inline const char *end_of_last(struct hawser_slice text, const char *at, unsigned outside)
{
    const char *end = text.data + text.len;
    for (; outside > 0; outside--) {
        if (end - at <= 2 || end[-1] != '}') {
            return NULL;
        }
        end--;
    }
    return end;
}

int rpc_skip_last_value(struct rpc_walk *walk, struct hawser_slice text, unsigned outside,
                        struct hawser_slice *value)
{
    struct rpc_skip skip = {text, walk->at, RPC_DEPTH_MAX - outside};
    const char *end      = end_of_last(text, walk->at, outside);
    char c               = rpc_walk_peek(walk);
    return end != NULL && (c == '{' || c == '[') && rpc_skip_is_whole(&skip, end)
               ? step_over(walk, end, value)
               : rpc_skip_value(walk, text, outside, value);
}

int rpc_skip_ends(const char *(*walk)(const struct rpc_skip *skip), const struct rpc_skip *skip,
                  const char *end)
{
    struct rpc_skip cut = *skip;
    cut.text.len        = (size_t)(end - cut.text.data);
    return walk(&cut) == end;
}

const char *rpc_skip_container_with(enum rpc_vector vector, const struct rpc_skip *skip)
{
    return WALKS[vector].container(skip);
}

int rpc_skip_is_whole_with(enum rpc_vector vector, const struct rpc_skip *skip, const char *end)
{
    return WALKS[vector].is_whole(skip, end);
}

int rpc_skip_can(enum rpc_vector vector)
{
    switch (vector) {
    case RPC_VECTOR_PORTABLE:
        return 1;
    case RPC_VECTOR_NEON:
        return rpc_skip_has_neon();
    case RPC_VECTOR_SSE2:
        return rpc_skip_has_sse2();
    case RPC_VECTOR_AVX2:
        return rpc_skip_has_avx2();
    case RPC_VECTOR_AVX512:
        return rpc_skip_has_avx512();
    default:
        return 0;
    }
}

int rpc_skip_use(enum rpc_vector vector)
{
    if (!rpc_skip_can(vector)) {
        return -1;
    }
    int is_slow = vector == RPC_VECTOR_AVX2 && rpc_skip_gathers_slowly();
    atomic_store_explicit(&chosen, is_slow ? &WITHOUT_GATHER : &WALKS[vector],
                          memory_order_relaxed);
    return 0;
}

static void choose(void)
{
    unsigned vector = RPC_VECTOR_COUNT - 1; /* the widest comes last */
    while (rpc_skip_use((enum rpc_vector)vector) != 0) {
        vector--;
    }
}

static const char *choose_and_skip(const struct rpc_skip *skip)
{
    choose();
    return rpc_skip_container(skip);
}

static int choose_and_judge(const struct rpc_skip *skip, const char *end)
{
    choose();
    return rpc_skip_is_whole(skip, end);
}
