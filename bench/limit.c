/*
 * What no client can go below: `rawrecv`, bytes from the socket and nothing else, and `walk`, the
 * same with a look at each frame's header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cost.h"
#include "link.h"

#define BUFFER_BYTES (128u * 1024u)
#define OPCODE_CLOSE 8u

struct limit {
    struct link link;
    uint8_t *buffer;
    size_t have;
    uint64_t messages;
    uint64_t bytes;
    int closed;
};

/* @return bytes of the frame; 0: it is not whole */
static size_t frame_len(const uint8_t *at, size_t left, size_t *header)
{
    if (left < 2) {
        return 0;
    }
    size_t len = at[1] & 0x7fu;
    *header    = len < 126 ? 2 : len == 126 ? 4 : 10;
    if (left < *header) {
        return 0;
    }
    if (len >= 126) {
        len = 0;
        for (size_t i = 2; i < *header; i++) {
            len = len << 8 | at[i];
        }
    }
    return left - *header < len ? 0 : *header + len;
}

/* Whole frames are counted where they lie; a part of one moves to the front. */
static void walk(struct limit *limit)
{
    size_t at     = 0;
    size_t header = 0;
    size_t len;
    while (!limit->closed && (len = frame_len(limit->buffer + at, limit->have - at, &header)) > 0) {
        if ((limit->buffer[at] & 0x0fu) == OPCODE_CLOSE) {
            limit->closed = 1;
        } else {
            limit->messages++;
            limit->bytes += len - header;
        }
        at += len;
    }
    limit->have -= at;
    memmove(limit->buffer, limit->buffer + at, limit->have);
}

static int run(const struct bench_options *options, int walks)
{
    struct limit limit = {.buffer = malloc(BUFFER_BYTES)};
    struct cost cost;
    ssize_t got = -1;
    if (limit.buffer != NULL) {
        got = link_open(&limit.link, options, limit.buffer, BUFFER_BYTES);
    }
    if (got < 0) {
        free(limit.buffer);
        return -1;
    }
    cost_start(&cost);
    while (got >= 0 && !limit.closed) {
        limit.have += (size_t)got;
        if (walks) {
            walk(&limit);
        } else {
            limit.bytes += limit.have;
            limit.have = 0;
        }
        if (limit.closed || (options->count > 0 && walks && limit.messages >= options->count)) {
            break;
        }
        got = link_read(&limit.link, limit.buffer + limit.have, BUFFER_BYTES - limit.have);
        if (got == 0) {
            break;
        }
    }
    cost_print(&cost, walks ? limit.messages : options->count, limit.bytes, "");
    link_close(&limit.link);
    free(limit.buffer);
    return 0;
}

int bench_walk(const struct bench_options *options)
{
    return run(options, 1);
}

int bench_rawrecv(const struct bench_options *options)
{
    return run(options, 0);
}
