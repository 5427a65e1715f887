/*
 * Over one array or object in long steps: brackets and strings alone are looked at, 64 bytes at a
 * time, with the vector instructions that the machine has. For values that are handed on unread.
 */
#ifndef CORE_RPC_SKIP_H
#define CORE_RPC_SKIP_H

#include "hawser/base.h"
#include "rpc/walk.h"

enum rpc_vector {
    RPC_VECTOR_PORTABLE,
    RPC_VECTOR_NEON,
    RPC_VECTOR_SSE2,
    RPC_VECTOR_AVX2,
    RPC_VECTOR_AVX512,
    RPC_VECTOR_COUNT
};

/** An array or object in a text. */
struct rpc_skip {
    struct hawser_slice text; /* all of it may be read, whatever the value's own bounds */
    const char *at;           /* its opening bracket, in the text */
    unsigned depth_max;       /* arrays and objects open at once, itself included; <= 2048 */
};

/**
 * Find the end of the array or object. Hot. Its brackets match and its strings are closed; commas,
 * colons, numbers, words, control characters and kinds of escapes in it are not looked at.
 * @return behind its closing bracket, or NULL: broken, or too deep
 */
const char *rpc_skip_container(const struct rpc_skip *skip);

/**
 * Does the array or object end exactly there? Hot, and faster than to look for the end.
 * @param end  in the text, behind `at`
 * @return     1: what lies between is one array or object, as rpc_skip_container would pass it; 0:
 * it is not, or so many are open in it at once that only rpc_skip_container can tell
 */
int rpc_skip_is_whole(const struct rpc_skip *skip, const char *end);

/**
 * One value of any kind, after whitespace. Hot. An array or object as rpc_skip_container passes
 * it, anything else as rpc_walk_value does.
 * @param text     what the walk is in
 * @param outside  how many arrays and objects stand open around it
 * @return         0, or -1: none, broken, or too deep
 */
int rpc_skip_value(struct rpc_walk *walk, struct hawser_slice text, unsigned outside,
                   struct hawser_slice *value) HAWSER_MUST_CHECK;

/**
 * The same where the value is likely to be the last in the text, but for what closes the objects
 * around it: to be told sooner than to look for its end. Hot. A wrong guess costs another walk over
 * the text, so it is for one value of a text alone.
 */
int rpc_skip_last_value(struct rpc_walk *walk, struct hawser_slice text, unsigned outside,
                        struct hawser_slice *value) HAWSER_MUST_CHECK;

/**
 * rpc_skip_container with the instructions named, so that a test can compare them all.
 * @return as rpc_skip_container; only where rpc_skip_can
 */
const char *rpc_skip_container_with(enum rpc_vector vector, const struct rpc_skip *skip);
int rpc_skip_is_whole_with(enum rpc_vector vector, const struct rpc_skip *skip, const char *end);
/** @return 1: this machine, and this build, have these instructions */
int rpc_skip_can(enum rpc_vector vector);
/** Let the whole process use these instructions; by itself it takes the widest that the machine
 * has. @return 0, or -1: not on this machine */
int rpc_skip_use(enum rpc_vector vector);

#endif
