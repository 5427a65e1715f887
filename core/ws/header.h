/*
 * An HTTP/1.1 message's start line and header fields (RFC 9112), strictly: CRLF alone ends a line,
 * nothing is folded, no space stands before a colon. What the fields mean is the handshake's.
 */
#ifndef CORE_WS_HEADER_H
#define CORE_WS_HEADER_H

#include "base/slice.h"
#include "hawser/error.h"

/** Slices into the bytes that were read. */
struct ws_header_block {
    struct hawser_slice start_line;
    struct hawser_slice fields; /* whole lines, each checked */
    size_t bytes;               /* all of it with the empty line */
};

/** A field that the caller wants to see. */
struct ws_header_want {
    const char *name;          /* any case */
    struct hawser_slice value; /* of the first one; without space around it */
    unsigned count;            /* how many there are */
};

/**
 * @param max  limit of the whole block [bytes]
 * @return     1: whole; 0: more is needed; -1: WS_HANDSHAKE with err set
 */
int ws_header_read(struct hawser_slice bytes, size_t max, struct ws_header_block *out,
                   struct hawser_error *err) HAWSER_MUST_CHECK;
/** Fill `wants` in. */
void ws_header_collect(const struct ws_header_block *block, struct ws_header_want *wants,
                       size_t count);
/** Does any field of this name list this token? Both in any case. @return 1 or 0 */
int ws_header_lists(const struct ws_header_block *block, const char *name, const char *token);

/** Take the next element off a comma-separated list. @return 1, or 0: the list is at its end */
int ws_header_next_element(struct hawser_slice *list, struct hawser_slice *element);
/** Without space and tabs around it. */
struct hawser_slice ws_header_trim(struct hawser_slice text);
/** A token of RFC 9110 5.6.2, as names of fields and subprotocols are. @return 1 or 0 */
int ws_header_is_token(struct hawser_slice text);
/** Can it stand in a field's value: no control character? @return 1 or 0 */
int ws_header_is_value(struct hawser_slice text);

#endif
