/*
 * JSON-RPC 2.0 as plain values: the envelope of a message, found by one scan without building a
 * tree.
 */
#ifndef HAWSER_JSONRPC_H
#define HAWSER_JSONRPC_H

#include "hawser/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum hawser_envelope_flag {
    HAWSER_ENVELOPE_HAS_ID      = 1u << 0, /* id is an integer that fits, and is in `id` */
    HAWSER_ENVELOPE_STRING_ID   = 1u << 1, /* id is a string: `id_text` */
    HAWSER_ENVELOPE_HAS_METHOD  = 1u << 2,
    HAWSER_ENVELOPE_HAS_CHANNEL = 1u << 3,
    HAWSER_ENVELOPE_HAS_DATA    = 1u << 4,
    HAWSER_ENVELOPE_HAS_RESULT  = 1u << 5,
    HAWSER_ENVELOPE_HAS_ERROR   = 1u << 6,
    HAWSER_ENVELOPE_ESCAPED     = 1u << 7 /* method, channel or id_text holds backslash escapes */
};

/**
 * What stands in an envelope. Slices point into the scanned bytes and live as long as they do.
 * Strings come without their quotes and with escapes as they stand; other values come as the bytes
 * of the JSON value.
 */
struct hawser_envelope {
    struct hawser_slice method;
    struct hawser_slice channel; /* params.channel */
    struct hawser_slice data;    /* params.data */
    struct hawser_slice params;
    struct hawser_slice result;
    struct hawser_slice error;
    struct hawser_slice id_text;
    int64_t id;
    uint32_t flags; /* enum hawser_envelope_flag, or-ed */
    uint32_t reserved;
};
HAWSER_NO_TAIL_PADDING(struct hawser_envelope, reserved);

#ifdef __cplusplus
}
#endif
#endif
