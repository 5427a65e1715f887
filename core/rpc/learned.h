/*
 * The envelopes of one exchange's notifications differ in channel and data alone. A scanner keeps
 * the bytes around those of the last few kinds, and a message that has the same bytes there needs
 * no walk over them.
 */
#ifndef CORE_RPC_LEARNED_H
#define CORE_RPC_LEARNED_H

#include "hawser/jsonrpc.h"

#define RPC_LAYOUTS          4u
#define RPC_LAYOUT_HEAD_MAX  160u
#define RPC_LAYOUT_INNER_MAX 32u
#define RPC_LAYOUT_TAIL_MAX  64u

/* Bytes that stood around channel and data: head "channel" inner data tail. */
struct rpc_layout {
    uint8_t head_len; /* 0: none; the opening quote of the channel is its last byte */
    uint8_t inner_len;
    uint8_t tail_len;
    uint8_t uses_left; /* how often it may be passed over when a place is needed */
    uint8_t method_at;
    uint8_t method_len;
    uint8_t params_at;
    uint8_t behind_params; /* bytes from the end of params to the end of the message */
    uint16_t least_len;    /* all but channel and data */
    uint8_t has_words;     /* 1: the words below stand for inner and tail */
    uint32_t flags;        /* of the envelope */
    uint64_t inner_word;
    uint64_t inner_mask; /* its bits that count */
    uint64_t tail_word;  /* the last eight bytes of the message */
    uint64_t tail_mask;
    char head[RPC_LAYOUT_HEAD_MAX];
    char inner[RPC_LAYOUT_INNER_MAX];
    char tail[RPC_LAYOUT_TAIL_MAX];
};

/** Zero-initialised is ready. Belongs to one thread. */
struct rpc_scanner {
    struct rpc_layout layouts[RPC_LAYOUTS];
    unsigned last;   /* the one that fitted last */
    unsigned victim; /* the one that has to go next */
};

/**
 * rpc_scan with the memory named. Hot. What a layout remembers is compared with the message each
 * time, byte by byte, and where no layout fits the general scan decides: the result is always that
 * of rpc_scan_general.
 */
int rpc_scanner_scan(struct rpc_scanner *scanner, struct hawser_slice bytes,
                     struct hawser_envelope *out);

#endif
