/*
 * A WebSocket server on loopback that runs only when a test says so, on the test's own thread: what
 * the test's loop does in between is the client's alone.
 */
#ifndef TESTS_PROMISES_LOOPBACK_H
#define TESTS_PROMISES_LOOPBACK_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "unit/net/certificates.h"
#include "ws/deflate.h"
#include "ws/message.h"

struct loopback {
    int listener;
    int fd; /* -1: nobody came yet */
    uint16_t port;
    SSL_CTX *tls; /* NULL: plain */
    SSL *ssl;
    uint64_t records_in; /* of TLS */
    uint64_t records_out;
    int is_open;
    struct buf in;
    struct buf out;
    struct ws_reader *reader;
    struct ws_deflater *deflater; /* NULL: the client offered no compression */
    size_t messages;              /* that came */
};

void loopback_start(struct loopback *loopback);
/** Speak TLS with whoever comes. @param version e.g. TLS1_3_VERSION, and no other */
void loopback_secure(struct loopback *loopback, const struct certificate *certificate, int version);
/** Accept, read, answer each JSON-RPC request (a subscription with its channels), write. Never
 * blocks. */
void loopback_run(struct loopback *loopback);
/** Queue a text message. @param fragment_bytes 0: one frame */
void loopback_queue(struct loopback *loopback, struct hawser_slice text, size_t fragment_bytes);
/** Queue it compressed. */
void loopback_queue_compressed(struct loopback *loopback, struct hawser_slice text);
/** Write up to `most` bytes of what is queued. @return bytes written */
size_t loopback_write(struct loopback *loopback, size_t most);
void loopback_stop(struct loopback *loopback);

#endif
