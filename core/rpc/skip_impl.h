/*
 * The walks that skip.c chooses from. One that the build's machine cannot have says so, and is the
 * portable one.
 */
#ifndef CORE_RPC_SKIP_IMPL_H
#define CORE_RPC_SKIP_IMPL_H

#include "rpc/skip.h"

/** As rpc_skip_container. */
const char *rpc_skip_portable(const struct rpc_skip *skip);
const char *rpc_skip_sse2(const struct rpc_skip *skip);
const char *rpc_skip_avx2(const struct rpc_skip *skip);
const char *rpc_skip_avx512(const struct rpc_skip *skip);

/** @return 1: the machine can run the walk of that name */
int rpc_skip_has_sse2(void);
int rpc_skip_has_avx2(void);
int rpc_skip_has_avx512(void);

#endif
