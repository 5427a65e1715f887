/*
 * The envelope of a JSON-RPC message in one pass, without a tree, and single members of JSON
 * objects.
 */
#ifndef CORE_RPC_SCAN_H
#define CORE_RPC_SCAN_H

#include "hawser/jsonrpc.h"

/**
 * Find id, method, params.channel, params.data, result, error. Hot. Any member order, any
 * whitespace, keys with or without escapes; of duplicate keys the last counts. A member of another
 * kind than its flag says (a method that is a number, an id that is null) is left out, and so is
 * `"error": null`.
 *
 * The members of the message and of its params are checked in full. Of an array or object that is
 * passed over (data, result, ...) the brackets match and the strings are closed; what else stands
 * in it is for its reader to check, or for rpc_scan_strict.
 *
 * Each thread remembers how the last few kinds of notification were laid out (learned.h). What is
 * found does not depend on that.
 *
 * @param bytes  one JSON text; valid UTF-8
 * @param out    filled on success
 * @return       0; -1: not an object, its structure is broken, or nested over 2048 deep
 * @source       RFC 8259; JSON-RPC 2.0 4, 5
 */
int rpc_scan(struct hawser_slice bytes, struct hawser_envelope *out);

/**
 * Who wants to know a channel's name while the rest of its message is still being looked at, so
 * that what is kept of the channel is on its way from memory meanwhile.
 */
struct rpc_early {
    void (*fn)(void *arg, struct hawser_slice channel); /* NULL: nobody */
    void *arg;
};
/** The calling thread's: rpc_scan calls it where it knows a channel before the end. What follows
 * may still be refused. Nobody leaves it set who goes. */
extern _Thread_local struct rpc_early rpc_early __attribute__((tls_model("initial-exec")));

/** For scans. Hot. */
static inline void rpc_early_tell(struct hawser_slice channel)
{
    if (rpc_early.fn != NULL) {
        rpc_early.fn(rpc_early.arg, channel);
    }
}

/** The same without a memory: by one walk over the text. Hot. */
int rpc_scan_general(struct hawser_slice bytes, struct hawser_envelope *out);

/**
 * The same, and the whole text is checked against the grammar, every value, number, word and escape
 * of it; but not for the range of numbers and for pairs of surrogates.
 */
int rpc_scan_strict(struct hawser_slice bytes, struct hawser_envelope *out);

/**
 * One member of an object, or of objects in it. Hot. Of duplicate keys the last counts.
 * @param path  names separated by '.'
 * @param out   the value's bytes; strings with their quotes
 * @return      1 found; 0 absent, or on the way there is something else than an object; -1 not an
 *              object or broken
 */
int rpc_member(struct hawser_slice object, const char *path, struct hawser_slice *out);

/** An array's elements one by one: `rest` starts as the array with its brackets. @return 1 out is
 * set, 0 the end, -1 broken */
int rpc_element(struct hawser_slice *rest, struct hawser_slice *out);

/** An integer value. @return 0, or -1: not an integer, or out of range */
int rpc_integer(struct hawser_slice value, int64_t *out);

/** A string value without its quotes; `*escaped` set when it has backslashes. @return 0, or -1: not
 * a string */
int rpc_string(struct hawser_slice value, struct hawser_slice *out, int *escaped);

#endif
