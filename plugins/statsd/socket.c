/*
 * The socket. See socket.h. It is connected, so that the kernel tells when nobody listens.
 */
#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "lookup.h"

#define HOST_BYTES 256u
#define PORT_BYTES 6u
#define UNIX       "unix:"
#define UNIX_LEN   (sizeof(UNIX) - 1)

struct statsd_socket {
    int fd; /* -1: not open */
    char host[HOST_BYTES];
    char port[PORT_BYTES];
    int is_fixed; /* a numeric address or a path: there is nothing to look up */
    int had_loss; /* since the last lookup began */
    struct statsd_addresses addresses;
    size_t current;
    struct statsd_lookup *lookup; /* NULL: none under way */
    const char *trouble;          /* why there is no address; NULL: there is one */
    char why[128];
};

/* HOST:PORT or [IPV6]:PORT into its parts. */
static int split(const char *address, char *host, char *port)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL) {
        return -1;
    }
    const char *start = address;
    size_t len        = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
        start++;
        len -= 2;
    }
    size_t port_len = strlen(colon + 1);
    if (len == 0 || len >= HOST_BYTES || port_len == 0 || port_len >= PORT_BYTES) {
        return -1;
    }
    memcpy(host, start, len);
    host[len] = '\0';
    memcpy(port, colon + 1, port_len + 1);
    return 0;
}

int statsd_socket_check(const char *address, const char **why)
{
    char host[HOST_BYTES];
    char port[PORT_BYTES];
    if (strncmp(address, UNIX, UNIX_LEN) == 0) {
        if (address[UNIX_LEN] != '/') {
            *why = "a unix socket needs an absolute path: unix:/PATH";
            return -1;
        }
        if (strlen(address + UNIX_LEN) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
            *why = "the path of a unix socket may have 107 bytes at the most";
            return -1;
        }
        return 0;
    }
    if (split(address, host, port) != 0) {
        *why = "expected HOST:PORT, [IPV6]:PORT or unix:/PATH";
        return -1;
    }
    return 0;
}

static void set_path(struct statsd_socket *sock, const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, path, strnlen(path, sizeof(name.sun_path) - 1));
    memcpy(&sock->addresses.at[0].storage, &name, sizeof(name));
    sock->addresses.at[0].len = sizeof(name);
    sock->addresses.count     = 1;
}

static void close_fd(struct statsd_socket *sock)
{
    if (sock->fd >= 0) {
        (void)close(sock->fd); /* nothing is buffered in it */
        sock->fd = -1;
    }
}

static int same_address(const struct statsd_address *a, const struct statsd_address *b)
{
    return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
}

/* An address that works is kept as long as the name still has it. */
static void take_addresses(struct statsd_socket *sock, const struct statsd_addresses *found)
{
    size_t kept = 0;
    if (sock->addresses.count > 0) {
        while (kept < found->count &&
               !same_address(&found->at[kept], &sock->addresses.at[sock->current])) {
            kept++;
        }
        if (kept == found->count) {
            close_fd(sock);
            kept = 0;
        }
    }
    sock->addresses = *found;
    sock->current   = kept;
}

static void look_up(struct statsd_socket *sock, int64_t wait_ms)
{
    struct statsd_addresses found;
    const char *why = NULL;
    if (sock->lookup == NULL) {
        sock->lookup   = statsd_lookup_start(sock->host, sock->port);
        sock->had_loss = 0;
    }
    if (sock->lookup == NULL) {
        sock->trouble = "no memory to look its name up";
        return;
    }
    int rc = statsd_lookup_wait(sock->lookup, wait_ms, &found, &why);
    if (rc == 0) {
        sock->trouble = "its name is still being looked up";
        return;
    }
    statsd_lookup_release(sock->lookup);
    sock->lookup  = NULL;
    sock->trouble = why;
    if (rc > 0) {
        take_addresses(sock, &found);
    }
}

struct statsd_socket *statsd_socket_create(const char *address, int64_t wait_ms)
{
    struct statsd_socket *sock = calloc(1, sizeof(*sock));
    if (sock == NULL) {
        return NULL;
    }
    sock->fd = -1;
    if (strncmp(address, UNIX, UNIX_LEN) == 0) {
        set_path(sock, address + UNIX_LEN);
        sock->is_fixed = 1;
    } else if (split(address, sock->host, sock->port) != 0) {
        sock->is_fixed = 1;
        sock->trouble  = "it is no address";
    } else if (statsd_lookup_numeric(sock->host, sock->port, &sock->addresses) == 0) {
        sock->is_fixed = 1;
    } else {
        look_up(sock, wait_ms);
    }
    return sock;
}

void statsd_socket_destroy(struct statsd_socket *sock)
{
    if (sock == NULL) {
        return;
    }
    close_fd(sock);
    statsd_lookup_release(sock->lookup);
    free(sock);
}

/* @return 0, or an errno */
static int open_fd(struct statsd_socket *sock)
{
    const struct statsd_address *to = &sock->addresses.at[sock->current];
    if (sock->fd >= 0) {
        return 0;
    }
    sock->fd = socket(to->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sock->fd < 0) {
        return errno;
    }
    if (connect(sock->fd, (const struct sockaddr *)&to->storage, to->len) != 0) {
        int errno_value = errno;
        close_fd(sock);
        return errno_value;
    }
    return 0;
}

/* @return 0, or an errno */
static int send_once(struct statsd_socket *sock, const char *bytes, size_t len)
{
    int errno_value = open_fd(sock);
    if (errno_value != 0) {
        return errno_value;
    }
    return send(sock->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

static const char *explain(struct statsd_socket *sock, int errno_value)
{
    const char *text = strerror_r(errno_value, sock->why, sizeof(sock->why));
    return text;
}

struct statsd_sent statsd_socket_send(struct statsd_socket *sock, const char *bytes, size_t len)
{
    struct statsd_sent sent = {0, 0, NULL};
    if (sock->addresses.count == 0) {
        sock->had_loss = 1;
        return (struct statsd_sent){1, 0, sock->trouble};
    }
    int was_open    = sock->fd >= 0;
    int errno_value = send_once(sock, bytes, len);
    if (errno_value == 0) {
        return sent;
    }
    sent.why       = explain(sock, errno_value);
    sock->had_loss = 1;
    if (errno_value == EAGAIN || errno_value == ENOBUFS || errno_value == EMSGSIZE) {
        sent.is_lost = 1;
        return sent;
    }
    /* Over UDP a refusal answers an earlier datagram; this one has not been sent yet. A daemon that
     * started again has another unix socket at the same path. */
    sent.is_earlier_lost = was_open && errno_value == ECONNREFUSED &&
                           sock->addresses.at[sock->current].storage.ss_family != AF_UNIX;
    close_fd(sock);
    sock->current = (sock->current + 1) % sock->addresses.count;
    sent.is_lost  = send_once(sock, bytes, len) != 0;
    if (!sent.is_lost && !sent.is_earlier_lost) {
        sent.why = NULL;
    }
    return sent;
}

void statsd_socket_refresh(struct statsd_socket *sock)
{
    if (!sock->is_fixed && (sock->lookup != NULL || sock->had_loss || sock->addresses.count == 0)) {
        look_up(sock, 0);
    }
}
