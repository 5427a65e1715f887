/*
 * The walks that skip.c chooses from. One that the build's machine cannot have says so, and is the
 * portable one.
 */
#ifndef CORE_RPC_SKIP_IMPL_H
#define CORE_RPC_SKIP_IMPL_H

#include <stddef.h>

#include "rpc/skip.h"

/** As rpc_skip_container. */
const char *rpc_skip_portable(const struct rpc_skip *skip);
const char *rpc_skip_neon(const struct rpc_skip *skip);
const char *rpc_skip_sse2(const struct rpc_skip *skip);
const char *rpc_skip_avx2(const struct rpc_skip *skip);
const char *rpc_skip_avx512(const struct rpc_skip *skip);

/** As rpc_skip_is_whole. */
int rpc_whole_portable(const struct rpc_skip *skip, const char *end);
int rpc_whole_neon(const struct rpc_skip *skip, const char *end);
int rpc_whole_sse2(const struct rpc_skip *skip, const char *end);
int rpc_whole_avx2(const struct rpc_skip *skip, const char *end);
int rpc_walked_avx2(const struct rpc_skip *skip, const char *end); /* by rpc_skip_avx2 */
int rpc_whole_avx512(const struct rpc_skip *skip, const char *end);

/** rpc_skip_is_whole by a walk of the names above, over a text that is cut at `end`. Not inlined
 * into those that mostly do without: its stack would be made ready for every stretch. */
int rpc_skip_ends(const char *(*walk)(const struct rpc_skip *skip), const struct rpc_skip *skip,
                  const char *end);

/** @return 1: the machine can run the walk of that name */
int rpc_skip_has_neon(void);
int rpc_skip_has_sse2(void);
int rpc_skip_has_avx2(void);
int rpc_skip_has_avx512(void);
/** @return 1: Zen before its third round, which has AVX2's instruction that gathers bits, but as a
 * long piece of microcode */
int rpc_skip_gathers_slowly(void);

#endif
