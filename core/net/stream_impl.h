/*
 * The inside of a stream, for stream.c (life, reading), stream_send.c (queue) and stream_tls.c
 * (records) alone.
 */
#ifndef CORE_NET_STREAM_IMPL_H
#define CORE_NET_STREAM_IMPL_H

#include "base/obj.h"
#include "net/event_struct.h"
#include "net/stream.h"
#include "net/tls_bio.h"

#define STREAM_MAGIC 0x4e535452u
/* How often one stream receives in one turn of the loop: then others have theirs. */
#define READ_ROUNDS 4

struct net_stream {
    OBJ_MAGIC_FIELD;
    int fd;
    struct net_loop *loop;
    SSL *ssl;
    struct net_tls_bio *bio; /* of the SSL's */
    const struct net_stream_handler *handler;
    void *arg;
    struct list warm; /* TLS: in the loop's list while OpenSSL holds buffers */
    struct event reader;
    struct event *writer;          /* NULL: nothing ever had to wait for room */
    struct buf tail;               /* bytes that the handler has not consumed */
    struct buf queue;              /* bytes that the kernel has not taken */
    struct hawser_error *held_end; /* met with bytes before it that a pause kept; NULL: none */
    int send_failure; /* errno of a send that failed for good: told when reading comes to an end */
    uint8_t calls;    /* frames of ours on the stack that need the memory */
    uint8_t used_lately : 1; /* TLS: since the last sweep */
    uint8_t destroyed : 1;
    uint8_t ended : 1;
    uint8_t paused : 1;
    uint8_t again : 1; /* read what is held, before new bytes: after a pause, and at the start */
    uint8_t finishing : 1; /* our side goes down when the queue is empty */
    uint8_t finished : 1;
    uint8_t tells_writable : 1;    /* `writable` is due when the queue is low */
    uint8_t write_awaits_read : 1; /* TLS */
    uint8_t read_awaits_write : 1; /* TLS */
};
/* Ten thousand may be idle; the event's size is libevent's affair. */
_Static_assert(sizeof(struct net_stream) - sizeof(struct event) <= 168, "an idle stream has grown");

/** What a round of reading came to. */
enum stream_progress { STREAM_OPEN, STREAM_ENDED };

/**
 * Give the handler the first `len` bytes of the read buffer. Hot.
 * @return what it left, moved to the front; 0 when the stream was destroyed
 */
size_t stream_deliver(struct net_stream *stream, size_t len);
/** One recv, with what a failure or an end means. @return bytes; 0: none now; -1: ended, see err */
ssize_t stream_recv(struct net_stream *stream, uint8_t *to, size_t room, struct hawser_error *err);
/** A timer's callback: TLS streams of the loop that are idle give OpenSSL's buffers back. */
void stream_tls_sweep(evutil_socket_t fd, short what, void *arg);
/** Let the writer's event come when there is room. @return 0; -1: out of memory */
int stream_await_room(struct net_stream *stream);
/** Let it come no more. */
void stream_await_no_room(struct net_stream *stream);
/** May reading go on? */
static inline int stream_reads_on(const struct net_stream *stream)
{
    return !stream->destroyed && !stream->paused;
}

/** A send failed for good: reading goes on to what arrived before, then tells it. */
void stream_note_send_failure(struct net_stream *stream, int errno_value);
/** Push out the queue, then our end if it is due. @return 1: the queue went low and `writable` is
 * due */
int stream_flush(struct net_stream *stream);

/** Read TLS in rounds. @param have bytes at the front of the read buffer, in and out */
enum stream_progress stream_tls_read(struct net_stream *stream, size_t *have,
                                     struct hawser_error *err);
/** Encrypt and send. @return bytes taken; 0: not now; -1: the link is lost (noted) */
ssize_t stream_tls_write(struct net_stream *stream, const uint8_t *bytes, size_t len);
/** Send close_notify. @return 1: done, or pointless; 0: later */
int stream_tls_finish(struct net_stream *stream);

#endif
