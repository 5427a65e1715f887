/*
 * A BIO of our own. Stock socket BIOs cost two reads a record and raise SIGPIPE.
 */
#include "net/tls_bio.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char NAME[] = "hawser socket";

static BIO_METHOD *method; /* one for the process, for ever */
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int read_socket(BIO *bio, struct net_tls_bio *state, char *out, size_t size)
{
    ssize_t got;
    do {
        got = recv(state->fd, out, size, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        BIO_set_retry_read(bio);
    } else if (got < 0) {
        state->failure = errno;
    } else if (got == 0) {
        state->ended = 1;
    }
    return (int)got;
}

static int bio_read(BIO *bio, char *out, int size)
{
    struct net_tls_bio *state = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0) {
        return 0;
    }
    if (!state->fed) {
        return read_socket(bio, state, out, (size_t)size);
    }
    if (state->len == 0) {
        if (state->ended) {
            return 0;
        }
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = state->len < (size_t)size ? state->len : (size_t)size;
    memcpy(out, state->bytes, count);
    state->bytes += count;
    state->len -= count;
    return (int)count;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct net_tls_bio *state = BIO_get_data(bio);
    ssize_t sent;
    BIO_clear_retry_flags(bio);
    if (len <= 0) {
        return 0;
    }
    do {
        sent = send(state->fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        BIO_set_retry_write(bio);
    } else if (sent < 0) {
        state->failure = errno;
    }
    return (int)sent;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct net_tls_bio *state = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return state->ended;
    default:
        return 0;
    }
}

static int bio_destroy(BIO *bio)
{
    struct net_tls_bio *state = BIO_get_data(bio);
    if (state != NULL) {
        buf_fini(&state->held);
    }
    free(state);
    BIO_set_data(bio, NULL);
    return 1;
}

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, NAME);
    if (made != NULL && BIO_meth_set_read(made, bio_read) && BIO_meth_set_write(made, bio_write) &&
        BIO_meth_set_ctrl(made, bio_ctrl) && BIO_meth_set_destroy(made, bio_destroy)) {
        method = made;
        return;
    }
    BIO_meth_free(made);
}

struct net_tls_bio *net_tls_bio_attach(SSL *ssl, int fd)
{
    (void)pthread_once(&method_once, make_method);
    struct net_tls_bio *state = calloc(1, sizeof(*state));
    BIO *bio                  = method == NULL ? NULL : BIO_new(method);
    if (state == NULL || bio == NULL) {
        free(state);
        BIO_free(bio);
        return NULL;
    }
    state->fd = fd;
    BIO_set_data(bio, state);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return state;
}

struct net_tls_bio *net_tls_bio_of(const SSL *ssl)
{
    BIO *bio = SSL_get_rbio(ssl);
    return bio != NULL && strcmp(BIO_method_name(bio), NAME) == 0 ? BIO_get_data(bio) : NULL;
}
