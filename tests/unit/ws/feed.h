/*
 * Feeds wire bytes to a reader the way a stream does (the unconsumed tail comes again, as the
 * reader left it), each time from guard pages, and writes down what the reader says as one line of
 * text.
 */
#ifndef TESTS_UNIT_WS_FEED_H
#define TESTS_UNIT_WS_FEED_H

#include "base/buf.h"
#include "ws/message.h"

struct feed {
    struct ws_reader *reader;
    struct buf tail;
    struct buf said;         /* e.g. "text(5)=Hello ping(0)= error=1002 " */
    struct hawser_error err; /* of the failure, if any */
    size_t fed;              /* bytes */
    int events;
    int stop_after; /* handlers say stop, and destroy the reader, at this event; 0: never */
    int result;     /* of the last ws_reader_feed */
};

/** Defaults: 1 MiB messages, 64 fragments. */
void feed_init(struct feed *feed, enum ws_role role);
void feed_init_options(struct feed *feed, const struct ws_reader_options *options);
/** @return the reader's result; after a failure or stop nothing more is fed */
int feed_bytes(struct feed *feed, const void *bytes, size_t len);
/** @return what was said, NUL-terminated */
const char *feed_said(struct feed *feed);
void feed_fini(struct feed *feed);

/** Feed whole, byte by byte, and split in two at every byte; each time `expected` must be said. */
void feed_check_splits(enum ws_role role, const void *wire, size_t len, const char *expected);
/** The same with options of the test's. */
void feed_check_options(const struct ws_reader_options *options, const void *wire, size_t len,
                        const char *expected);

/** Append a frame. @param mask NULL: unmasked */
void feed_frame(struct buf *wire, unsigned first_byte, const uint8_t *mask, const void *payload,
                size_t len);

#endif
