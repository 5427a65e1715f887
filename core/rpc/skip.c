/*
 * Which instructions the walks over unread values use: chosen once, at the first use. See skip.h.
 */
#include "rpc/skip.h"

#include <stdatomic.h>
#include <stddef.h>

#include "rpc/skip_impl.h"

typedef const char *skip_fn(const struct rpc_skip *skip);

static const char *choose_and_skip(const struct rpc_skip *skip);

static skip_fn *const WALKS[RPC_VECTOR_COUNT] = {
    [RPC_VECTOR_PORTABLE] = rpc_skip_portable,
    [RPC_VECTOR_SSE2]     = rpc_skip_sse2,
    [RPC_VECTOR_AVX2]     = rpc_skip_avx2,
    [RPC_VECTOR_AVX512]   = rpc_skip_avx512,
};

/* Threads may choose at the same time; all of them choose the same. */
static _Atomic(skip_fn *) chosen = choose_and_skip;

const char *rpc_skip_container(const struct rpc_skip *skip)
{
    return atomic_load_explicit(&chosen, memory_order_relaxed)(skip);
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
    const char *end      = rpc_skip_container(&skip);
    if (end == NULL) {
        return -1;
    }
    *value   = (struct hawser_slice){walk->at, (size_t)(end - walk->at)};
    walk->at = end;
    return 0;
}

const char *rpc_skip_container_with(enum rpc_vector vector, const struct rpc_skip *skip)
{
    return WALKS[vector](skip);
}

int rpc_skip_can(enum rpc_vector vector)
{
    switch (vector) {
    case RPC_VECTOR_PORTABLE:
        return 1;
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
    atomic_store_explicit(&chosen, WALKS[vector], memory_order_relaxed);
    return 0;
}

static const char *choose_and_skip(const struct rpc_skip *skip)
{
    unsigned vector = RPC_VECTOR_COUNT - 1; /* the widest comes last */
    while (rpc_skip_use((enum rpc_vector)vector) != 0) {
        vector--;
    }
    return rpc_skip_container(skip);
}
