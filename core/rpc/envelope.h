/*
 * An empty envelope, for those that fill one.
 */
#ifndef CORE_RPC_ENVELOPE_H
#define CORE_RPC_ENVELOPE_H

#include <stddef.h>

#include "hawser/jsonrpc.h"

/** Hot. Member by member: for a whole struct of this size gcc takes a string instruction, which
 * costs as much as the rest of a learned scan. */
static inline void rpc_envelope_clear(struct hawser_envelope *out)
{
    const struct hawser_slice none = {NULL, 0};
    out->method                    = none;
    out->channel                   = none;
    out->data                      = none;
    out->params                    = none;
    out->result                    = none;
    out->error                     = none;
    out->id_text                   = none;
    out->id                        = 0;
    out->flags                     = 0;
    out->reserved                  = 0;
}

#endif
