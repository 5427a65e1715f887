/*
 * Addresses in turn. Attempts overlap only where one is silent; a refusal moves on at once.
 */
#include "net/connect.h"

#include <errno.h>

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/classify.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/obj.h"
#include "net/event_struct.h"

#define CONNECT_MAGIC 0x4e434f4eu

#define KEEPALIVE_PROBES 3
#define OPTION_MAX_MS    (24 * 3600 * INT64_C(1000))

#define NEXT_NS (NET_CONNECT_NEXT_MS * CLOCK_NS_PER_MS)

static const struct timeval NEXT = {0, NET_CONNECT_NEXT_MS * 1000};

struct attempt {
    struct net_connect *owner;
    const struct net_address *address;
    struct event event;
    int fd;
};

struct net_connect {
    OBJ_MAGIC_FIELD;
    struct net_loop *loop;
    const struct net_connect_handler *handler;
    void *arg;
    struct net_addresses addresses;
    struct net_address source;
    struct net_socket_options options;
    struct attempt attempts[NET_ADDRESSES_MAX];
    size_t started;
    clock_ns_t last_start; /* of an attempt */
    size_t failed;
    struct event timer;
    struct hawser_error last;
    uint8_t awaits_more; /* addresses */
    uint8_t in_callback;
    uint8_t destroyed;
};

static int milliseconds_or(int64_t ms, int64_t otherwise_ms)
{
    ms = ms > 0 ? ms : otherwise_ms;
    return (int)(ms < OPTION_MAX_MS ? ms : OPTION_MAX_MS);
}

static int seconds_of(int ms)
{
    return ms < 1000 ? 1 : ms / 1000;
}

static int set_options(int fd, const struct net_socket_options *options)
{
    int user_ms = milliseconds_or(options->user_timeout_ms, NET_USER_TIMEOUT_MS);
    int idle_ms = milliseconds_or(options->keepalive_ms, NET_KEEPALIVE_MS);
    const struct {
        int level;
        int name;
        int value;
    } rows[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, user_ms},
        {SOL_SOCKET, SO_KEEPALIVE, options->keepalive_ms >= 0},
        {IPPROTO_TCP, TCP_KEEPIDLE, seconds_of(idle_ms)},
        {IPPROTO_TCP, TCP_KEEPINTVL, seconds_of(idle_ms / 3)},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof(int)) != 0 &&
            errno != ENOPROTOOPT && errno != EOPNOTSUPP && errno != EINVAL) {
            return -1;
        }
    }
    return 0;
}

int net_socket_open(const struct net_address *address, const struct net_socket_options *options)
{
    const struct net_address *source = options->source;
    int fd =
        socket(address->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        return -1;
    }
    if (set_options(fd, options) != 0 ||
        (source != NULL && bind(fd, &source->at.any, source->len) != 0)) {
        int saved = errno;
        (void)close(fd); /* nothing was written to it */
        errno = saved;
        return -1;
    }
    return fd;
}

static void close_attempt(struct attempt *attempt)
{
    if (attempt->fd >= 0) {
        (void)event_del(&attempt->event);
        (void)close(attempt->fd); /* not connected: nothing can be lost */
        attempt->fd = -1;
    }
}

static void free_when_over(struct net_connect *c)
{
    if (c->destroyed && !c->in_callback) {
        c->magic = 0;
        free(c);
    }
}

void net_connect_destroy(struct net_connect *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->started; i++) {
        close_attempt(&c->attempts[i]);
    }
    (void)evtimer_del(&c->timer);
    c->destroyed = 1;
    free_when_over(c);
}

static void note_failure(struct net_connect *c, const struct net_address *address, int errno_value)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    enum hawser_code code = classify_errno(errno_value);
    /* Short of descriptors or memory: later it may go again, as after a refusal. */
    if (error_code_category(code) != HAWSER_CONNECTION) {
        code = HAWSER_NET_CONNECT;
    }
    c->failed++;
    error_set_errno(&c->last, code, errno_value, "%s", net_address_format(address, text));
}

static void give_up(struct net_connect *c)
{
    if (c->addresses.count > 1) {
        struct hawser_error last = c->last;
        error_set(&c->last, (enum hawser_code)last.code, "%s (the last of %zu addresses)",
                  last.message, c->addresses.count);
        error_set_cause(&c->last, (enum hawser_cause)last.cause_kind, last.cause);
    }
    c->in_callback = 1;
    c->handler->failed(c->arg, &c->last);
    c->in_callback = 0;
}

static void win(struct net_connect *c, struct attempt *winner)
{
    int fd = winner->fd;
    (void)event_del(&winner->event);
    (void)evtimer_del(&c->timer);
    winner->fd = -1;
    for (size_t i = 0; i < c->started; i++) {
        close_attempt(&c->attempts[i]);
    }
    c->in_callback = 1;
    c->handler->connected(c->arg, fd);
    c->in_callback = 0;
}

static void advance(struct net_connect *c);

static void on_attempt(evutil_socket_t fd, short what, void *arg)
{
    struct attempt *attempt = arg;
    struct net_connect *c   = OBJ_CAST(struct net_connect, attempt->owner, CONNECT_MAGIC);
    int failure             = 0;
    socklen_t size          = sizeof(failure);
    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) {
        failure = errno;
    }
    if (failure == 0) {
        win(c, attempt);
    } else {
        close_attempt(attempt);
        note_failure(c, attempt->address, failure);
        advance(c);
    }
    free_when_over(c);
}

/* @return 0: under way; otherwise errno */
static int start_attempt(struct net_connect *c, struct attempt *attempt)
{
    const struct net_address *to = attempt->address;
    if (c->options.source != NULL && c->source.at.any.sa_family != to->at.any.sa_family) {
        return EAFNOSUPPORT; /* a source of the other family cannot reach it */
    }
    attempt->fd = net_socket_open(to, &c->options);
    if (attempt->fd < 0) {
        return errno;
    }
    (void)event_assign(&attempt->event, c->loop->base, attempt->fd, EV_WRITE, on_attempt, attempt);
    if (connect(attempt->fd, &to->at.any, to->len) != 0 && errno != EINPROGRESS) {
        int failure = errno;
        close_attempt(attempt);
        return failure;
    }
    if (event_add(&attempt->event, NULL) != 0) {
        close_attempt(attempt);
        return ENOMEM;
    }
    return 0;
}

/* Start the next address that can be started; give up when none is left and none is under way. */
static void advance(struct net_connect *c)
{
    (void)evtimer_del(&c->timer);
    while (c->started < c->addresses.count) {
        struct attempt *attempt = &c->attempts[c->started];
        *attempt =
            (struct attempt){.owner = c, .address = &c->addresses.items[c->started], .fd = -1};
        c->started++;
        c->last_start = clock_monotonic();
        int failure   = start_attempt(c, attempt);
        if (failure == 0) {
            if (c->started < c->addresses.count) {
                (void)evtimer_add(&c->timer, &NEXT); /* without it the turn comes at a failure */
            }
            return;
        }
        note_failure(c, attempt->address, failure);
    }
    if (c->failed == c->addresses.count && !c->awaits_more) {
        give_up(c);
    }
}

static const struct timeval AT_ONCE = {0, 0};

void net_connect_add(struct net_connect *c, const struct net_addresses *addresses)
{
    struct net_addresses rest = {.count = 0};
    c->awaits_more            = 0;
    for (size_t i = c->started; i < c->addresses.count; i++) {
        net_addresses_add(&rest, &c->addresses.items[i]);
    }
    for (size_t i = 0; i < addresses->count; i++) {
        net_addresses_add(&rest, &addresses->items[i]);
    }
    int last = c->started == 0 ? AF_INET : c->addresses.items[c->started - 1].at.any.sa_family;
    net_addresses_interleave_after(&rest, last);
    c->addresses.count = c->started;
    for (size_t i = 0; i < rest.count; i++) {
        net_addresses_add(&c->addresses, &rest.items[i]);
    }
    /* Nothing is under way: the next goes at once, or the failure is told. */
    if (c->failed == c->started) {
        (void)evtimer_add(&c->timer, &AT_ONCE); /* short of memory: the phase's deadline ends it */
    } else if (!evtimer_pending(&c->timer, NULL)) {
        clock_ns_t left     = c->last_start + NEXT_NS - clock_monotonic();
        struct timeval wait = {0, left > 0 ? left / 1000 : 0};
        (void)evtimer_add(&c->timer, &wait); /* without it the turn comes at a failure */
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct net_connect *c = OBJ_CAST(struct net_connect, arg, CONNECT_MAGIC);
    (void)fd;
    (void)what;
    advance(c);
    free_when_over(c);
}

struct net_connect *net_connect_start(struct net_loop *loop, const struct net_addresses *addresses,
                                      int more, const struct net_socket_options *options,
                                      const struct net_connect_handler *handler, void *arg)
{
    struct net_connect *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    OBJ_ASSERT(addresses->count > 0);
    c->magic       = CONNECT_MAGIC;
    c->loop        = loop;
    c->handler     = handler;
    c->arg         = arg;
    c->addresses   = *addresses;
    c->awaits_more = more != 0;
    if (options != NULL) {
        c->options = *options;
    }
    if (c->options.source != NULL) {
        c->source         = *c->options.source;
        c->options.source = &c->source;
    }
    (void)evtimer_assign(&c->timer, loop->base, on_timer, c);
    if (evtimer_add(&c->timer, &AT_ONCE) != 0) {
        net_connect_destroy(c);
        return NULL;
    }
    return c;
}
