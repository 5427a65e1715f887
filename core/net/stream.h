/*
 * One connected stream, plain or TLS: bytes in through the loop's read buffer, bytes out through a
 * bounded queue. No bufferevent: the reader sees the kernel's bytes where recv (or TLS) put them.
 */
#ifndef CORE_NET_STREAM_H
#define CORE_NET_STREAM_H

#include "base/buf.h"
#include "hawser/error.h"
#include "net/loop.h"
#include "net/tls.h"

struct net_stream;

struct net_stream_handler {
    /**
     * Bytes arrived, in order, behind what was not consumed before. Hot. Borrowed for the call; may
     * be changed in place (unmasking). May destroy the stream.
     * @return how many bytes were consumed from the front; the rest comes again with more behind
     * it. Consuming nothing of a full read buffer is a broken invariant: take large payloads
     * piecewise.
     */
    size_t (*readable)(void *arg, uint8_t *bytes, size_t len);
    /** The queue went below the low-water mark after a send was refused or queued. May be NULL. */
    void (*writable)(void *arg);
    /**
     * The stream ended, after all that arrived was delivered. May destroy the stream.
     * @param why NET_LOST or NET_TIMEOUT with errno; NET_LOST "closed by peer" without a cause
     * (FIN; TLS: close_notify); TLS_LOST: a TLS link cut without close_notify, or damaged;
     * TLS_HANDSHAKE: the server refused our certificate after the handshake
     */
    void (*ended)(void *arg, const struct hawser_error *why);
};

/**
 * Take over a connected socket (and its TLS state).
 *
 * @param fd   taken
 * @param ssl  taken; NULL: plain. The handshake is done; early bytes inside it are delivered.
 * @param max_queued  bound of bytes waiting to be sent, and of one send; 0: none
 * @return     given; NULL with err set (fd and ssl are closed then)
 */
struct net_stream *net_stream_create(struct net_loop *loop, int fd, SSL *ssl, size_t max_queued,
                                     const struct net_stream_handler *handler, void *arg,
                                     struct hawser_error *err);
/** Closes at once. NULL is allowed. Safe from its own callbacks. */
void net_stream_destroy(struct net_stream *stream);

/**
 * Send two pieces (header, payload) as one. Goes to the kernel at once where it takes it; the rest
 * is queued.
 * @param head, body  borrowed for the call
 * @return 0, or -1: NET_QUEUE_FULL, SYSTEM_LIMIT (more than the queue may ever hold; of both
 * nothing was taken) or NET_LOST
 */
int net_stream_send(struct net_stream *stream, struct hawser_slice head, struct hawser_slice body,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
/** Bytes not yet taken by the kernel. */
size_t net_stream_queued(const struct net_stream *stream);
/** Send what is queued, then shut our side down (FIN, close_notify). */
void net_stream_finish(struct net_stream *stream);
/** Stop and go on reading (flow control). Going on delivers again, from the loop, what the handler
 * did not consume. While paused, an end is noticed only by sending. */
void net_stream_pause(struct net_stream *stream, int paused);
/** @return the socket, for getpeername and the like; borrowed */
int net_stream_fd(const struct net_stream *stream);
/** @return the TLS state, borrowed; NULL: plain */
SSL *net_stream_ssl(const struct net_stream *stream);

#endif
