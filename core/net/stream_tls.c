/*
 * TLS under a stream: one recv of ciphertext feeds OpenSSL many records, whose plain text is laid
 * end to end in the loop's read buffer and handed on in one piece.
 */
#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "base/error.h"
#include "net/stream_impl.h"

static void feed(struct net_stream *s, size_t len)
{
    s->bio->bytes = s->loop->cipher_buffer;
    s->bio->len   = len;
}

/* What a pause left undecrypted comes first. @return as stream_recv */
static ssize_t take_ciphertext(struct net_stream *s, struct hawser_error *err)
{
    size_t held = s->bio->held.len;
    if (held > 0) {
        memcpy(s->loop->cipher_buffer, buf_data(&s->bio->held), held);
        net_loop_take_back(s->loop, &s->bio->held);
        feed(s, held);
        return (ssize_t)held;
    }
    ssize_t got = stream_recv(s, s->loop->cipher_buffer, NET_CIPHER_BUFFER_BYTES, err);
    feed(s, got > 0 ? (size_t)got : 0);
    return got;
}

static enum stream_progress judge(struct net_stream *s, int reason, struct hawser_error *err)
{
    switch (reason) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
        return STREAM_OPEN;
    case SSL_ERROR_WANT_WRITE:
        s->read_awaits_write = 1;
        if (stream_await_room(s) != 0) {
            stream_note_send_failure(s, ENOMEM);
        }
        return STREAM_OPEN;
    case SSL_ERROR_ZERO_RETURN:
        error_set(err, HAWSER_NET_LOST, "closed by peer");
        return STREAM_ENDED;
    default:
        return STREAM_ENDED; /* net_tls_explain_loss has filled err */
    }
}

/* Decrypt all that was fed, deliver it, and only then judge how decrypting ended. */
static enum stream_progress decrypt(struct net_stream *s, size_t *have, struct hawser_error *err)
{
    struct hawser_error failure = HAWSER_ERROR_INIT;
    int reason                  = SSL_ERROR_NONE;
    while (reason == SSL_ERROR_NONE && stream_reads_on(s)) {
        size_t before = *have;
        while (*have < NET_READ_BUFFER_BYTES) {
            size_t got = 0;
            int result = SSL_read_ex(s->ssl, s->loop->read_buffer + *have,
                                     NET_READ_BUFFER_BYTES - *have, &got);
            if (result != 1) {
                reason = SSL_get_error(s->ssl, result);
                break;
            }
            *have += got;
        }
        if (reason == SSL_ERROR_SSL || reason == SSL_ERROR_SYSCALL) {
            net_tls_explain_loss(s->ssl, &failure);
        }
        if (*have > before) {
            *have = stream_deliver(s, *have);
        } else if (reason == SSL_ERROR_NONE) {
            break; /* the buffer is full of what the handler leaves */
        }
    }
    if (s->destroyed) {
        return STREAM_OPEN;
    }
    *err = failure;
    return judge(s, reason, err);
}

static int keep_ciphertext(struct net_stream *s, struct hawser_error *err)
{
    if (s->bio->len == 0) {
        return 0;
    }
    net_loop_lend(s->loop, &s->bio->held);
    if (buf_append(&s->bio->held, s->bio->bytes, s->bio->len) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "received bytes could not be kept: out of memory");
        return -1;
    }
    s->bio->len = 0;
    return 0;
}

static enum stream_progress tls_round(struct net_stream *s, size_t *have, int *drained,
                                      struct hawser_error *err)
{
    struct hawser_error broken = HAWSER_ERROR_INIT;
    ssize_t got                = 0;
    if (s->again && s->bio->held.len == 0) {
        s->again = 0; /* what OpenSSL holds itself needs no new bytes */
    } else {
        s->again = 0;
        got      = take_ciphertext(s, &broken);
        *drained = got < (ssize_t)NET_CIPHER_BUFFER_BYTES;
        if (got == 0) {
            return STREAM_OPEN;
        }
        if (got < 0 && broken.cause != 0) {
            *err = broken;
            return STREAM_ENDED;
        }
        s->bio->ended = got < 0; /* whether the end is a clean one, OpenSSL knows */
    }
    enum stream_progress progress = decrypt(s, have, err);
    if (s->destroyed || progress == STREAM_ENDED) {
        return progress;
    }
    return keep_ciphertext(s, err) == 0 ? STREAM_OPEN : STREAM_ENDED;
}

static void stay_warm(struct net_stream *s)
{
    s->used_lately = 1;
    if (list_is_empty(&s->warm)) {
        list_append(&s->loop->warm, &s->warm);
        net_loop_sweep_soon(s->loop);
    }
}

void stream_tls_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct net_loop *loop = arg;
    struct list *node     = NULL;
    struct list *after    = NULL;
    (void)fd;
    (void)what;
    list_for_each_safe (node, after, &loop->warm) {
        struct net_stream *s =
            OBJ_CAST(struct net_stream, LIST_ENTRY(node, struct net_stream, warm), STREAM_MAGIC);
        if (!s->used_lately && SSL_free_buffers(s->ssl) == 1) { /* 0: a part of a record is in */
            list_remove(node);
        }
        s->used_lately = 0;
    }
    if (!list_is_empty(&loop->warm)) {
        net_loop_sweep_soon(loop);
    }
}

enum stream_progress stream_tls_read(struct net_stream *s, size_t *have, struct hawser_error *err)
{
    enum stream_progress progress = STREAM_OPEN;
    int drained                   = 0;
    ERR_clear_error(); /* SSL_get_error takes what others left for its own */
    for (int round = 0; round < READ_ROUNDS && progress == STREAM_OPEN && !drained; round++) {
        if (!stream_reads_on(s)) {
            break;
        }
        progress = tls_round(s, have, &drained, err);
    }
    if (!s->destroyed && progress == STREAM_OPEN && s->write_awaits_read) {
        s->write_awaits_read = 0;
        if (stream_await_room(s) != 0) {
            stream_note_send_failure(s, ENOMEM);
        }
    }
    if (!s->destroyed && progress == STREAM_OPEN) {
        stay_warm(s);
    }
    return progress;
}

ssize_t stream_tls_write(struct net_stream *s, const uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    ERR_clear_error();
    int result = SSL_write_ex(s->ssl, bytes, len, &taken);
    if (result == 1) {
        stay_warm(s);
        return (ssize_t)taken;
    }
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_WRITE:
        return 0;
    case SSL_ERROR_WANT_READ:
        s->write_awaits_read = 1;
        return 0;
    default:
        ERR_clear_error();
        stream_note_send_failure(s, s->bio->failure != 0 ? s->bio->failure : EPROTO);
        return -1;
    }
}

int stream_tls_finish(struct net_stream *s)
{
    ERR_clear_error();
    int result = SSL_shutdown(s->ssl);
    int later  = result < 0 && SSL_get_error(s->ssl, result) == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return !later;
}
