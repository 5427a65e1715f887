/*
 * wslay as its own examples have it: its event API over a socket that does not block, with poll;
 * with TLS over OpenSSL's own reads of the socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

#include "latency.h"
#include "report.h"

struct link {
    int fd;
    SSL *ssl;
    struct report report;
    struct latency latency;
};

static ssize_t link_read(struct link *link, void *to, size_t room)
{
    return link->ssl != NULL ? SSL_read(link->ssl, to, (int)room) : recv(link->fd, to, room, 0);
}

static ssize_t on_recv(wslay_event_context_ptr context, uint8_t *to, size_t room, int flags,
                       void *arg)
{
    (void)flags;
    struct link *link = arg;
    ssize_t got       = link_read(link, to, room);
    if (got > 0) {
        return got;
    }
    int later = link->ssl != NULL ? SSL_get_error(link->ssl, (int)got) == SSL_ERROR_WANT_READ
                                  : got < 0 && errno == EAGAIN;
    wslay_event_set_error(context, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr context, const uint8_t *bytes, size_t len, int flags,
                       void *arg)
{
    (void)context;
    (void)bytes;
    (void)flags;
    (void)arg;
    return (ssize_t)len; /* nothing has to be said but the close frame, at the very end */
}

static int on_mask(wslay_event_context_ptr context, uint8_t *to, size_t len, void *arg)
{
    (void)context;
    (void)arg;
    memset(to, 0, len);
    return 0;
}

static void on_message(wslay_event_context_ptr context,
                       const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct link *link = arg;
    (void)context;
    if (!wslay_is_ctrl_frame(message->opcode)) {
        link->report.messages++;
        link->report.bytes += message->msg_length;
        latency_take(&link->latency, message->msg, message->msg_length);
    }
}

static int open_link(struct link *link, const struct report_target *target)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target->port)};
    (void)inet_pton(AF_INET, target->host, &address.sin_addr); /* else connect fails */
    link->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(link->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return -1;
    }
    if (target->secure) {
        SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
        (void)SSL_CTX_load_verify_locations(tls, target->tls_ca, NULL); /* else SSL_connect fails */
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
        link->ssl = SSL_new(tls);
        (void)SSL_set_fd(link->ssl, link->fd); /* as above */
        return SSL_connect(link->ssl) == 1 ? 0 : -1;
    }
    return 0;
}

/* Byte by byte to the empty line, so that no frame is lost. */
static int upgrade(struct link *link, const struct report_target *target)
{
    char text[1024];
    size_t have = 0;
    int len =
        snprintf(text, sizeof(text),
                 "GET / HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Sec-WebSocket-Version: 13\r\n\r\n",
                 target->host, target->port);
    if ((link->ssl != NULL ? SSL_write(link->ssl, text, len)
                           : send(link->fd, text, (size_t)len, 0)) != len) {
        return -1;
    }
    while (have < sizeof(text) && link_read(link, text + have, 1) == 1) {
        have++;
        if (have > 4 && memcmp(text + have - 4, "\r\n\r\n", 4) == 0) {
            return strncmp(text, "HTTP/1.1 101", 12) == 0 ? 0 : -1;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct link link                       = {0};
    struct wslay_event_callbacks callbacks = {on_recv, on_send, on_mask,   NULL,
                                              NULL,    NULL,    on_message};
    wslay_event_context_ptr context        = NULL;
    struct report_target target;
    report_parse(argc, argv, &target);
    if (latency_init(&link.latency, target.latency) != 0 || open_link(&link, &target) != 0 ||
        upgrade(&link, &target) != 0 ||
        wslay_event_context_client_init(&context, &callbacks, &link) != 0) {
        fprintf(stderr, "wslay: no connection\n");
        return 1;
    }
    (void)fcntl(link.fd, F_SETFL, O_NONBLOCK); /* a socket of ours can */
    struct pollfd readable = {.fd = link.fd, .events = POLLIN};
    report_start(&link.report);
    while (wslay_event_get_close_received(context) == 0 && wslay_event_recv(context) == 0) {
        if (wslay_event_get_close_received(context) == 0 && poll(&readable, 1, -1) != 1) {
            break;
        }
    }
    char extra[128];
    latency_text(&link.latency, extra, sizeof(extra));
    report_print(&link.report, extra);
    wslay_event_context_free(context);
    return link.report.messages == 0;
}
