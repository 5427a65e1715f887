/*
 * The control socket. See control.h.
 */
#include "sim/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "sim/command.h"

#define PEERS_MAX 32u

struct peer {
    struct list node;
    struct sim_control *control;
    struct bufferevent *stream;
};

struct sim_control {
    struct sim *sim;
    struct evconnlistener *listener;
    struct list peers;
    unsigned peer_count;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void peer_destroy(struct peer *peer)
{
    list_remove(&peer->node);
    peer->control->peer_count--;
    bufferevent_free(peer->stream);
    free(peer);
}

static void on_lines(struct bufferevent *stream, void *arg)
{
    struct peer *peer     = arg;
    struct evbuffer *in   = bufferevent_get_input(stream);
    struct sim_text reply = {.failed = 0};
    char *line            = NULL;
    while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF)) != NULL) {
        sim_text_clear(&reply);
        sim_command_run(peer->control->sim, line, &reply);
        free(line);
        if (reply.failed) {
            sim_text_clear(&reply);
            sim_text_add(&reply, "error out of memory\n");
        }
        if (bufferevent_write(stream, buf_data(&reply.buf), reply.buf.len) != 0) {
            break;
        }
    }
    sim_text_fini(&reply);
    if (evbuffer_get_length(in) > SIM_COMMAND_MAX) {
        peer_destroy(peer);
    }
}

static void on_end(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    (void)what;
    peer_destroy(arg);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *arg)
{
    (void)listener;
    (void)address;
    (void)len;
    struct sim_control *control = arg;
    struct peer *peer           = NULL;
    if (control->peer_count < PEERS_MAX) {
        peer = calloc(1, sizeof(*peer));
    }
    if (peer != NULL) {
        peer->stream = bufferevent_socket_new(control->sim->base, fd, BEV_OPT_CLOSE_ON_FREE);
    }
    if (peer == NULL || peer->stream == NULL) {
        free(peer);
        (void)close(fd); /* the peer sees the end */
        return;
    }
    peer->control = control;
    list_append(&control->peers, &peer->node);
    control->peer_count++;
    bufferevent_setcb(peer->stream, on_lines, NULL, on_end, peer);
    (void)bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
}

static int make_address(const char *path, struct sockaddr_un *out, struct hawser_error *err)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(out->sun_path)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "%s: longer than a unix socket's path may be", path);
        return -1;
    }
    memcpy(out->sun_path, path, strlen(path) + 1);
    return 0;
}

/* A simulator that was killed leaves its socket, which refuses connections then; one that answers
 * is another simulator's. */
static int remove_stale(const struct sockaddr_un *address, struct hawser_error *err)
{
    struct stat info;
    if (lstat(address->sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) {
        return 0; /* if something is wrong, the bind says what */
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int lives =
        probe >= 0 && (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                       errno == EAGAIN);
    if (probe >= 0) {
        (void)close(probe); /* nothing was said */
    }
    if (lives) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "control socket %s: another process listens there; stop it, or take another path",
                  address->sun_path);
        return -1;
    }
    (void)unlink(address->sun_path);
    return 0;
}

struct sim_control *sim_control_create(struct sim *sim, const char *path, struct hawser_error *err)
{
    struct sockaddr_un address;
    struct sim_control *control = NULL;
    if (make_address(path, &address, err) != 0) {
        return NULL;
    }
    control = calloc(1, sizeof(*control));
    if (control == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "control socket");
        return NULL;
    }
    control->sim = sim;
    list_init(&control->peers);
    if (remove_stale(&address, err) != 0) {
        free(control);
        return NULL;
    }
    mode_t before     = umask(0077);
    control->listener = evconnlistener_new_bind(
        sim->base, on_accept, control, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
        (const struct sockaddr *)&address, (int)sizeof(address));
    (void)umask(before);
    if (control->listener == NULL) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "control socket %s", path);
        free(control);
        return NULL;
    }
    memcpy(control->path, address.sun_path, sizeof(control->path));
    return control;
}

void sim_control_destroy(struct sim_control *control)
{
    if (control == NULL) {
        return;
    }
    while (!list_is_empty(&control->peers)) {
        peer_destroy(LIST_ENTRY(control->peers.next, struct peer, node));
    }
    evconnlistener_free(control->listener);
    (void)unlink(control->path); /* somebody else may have removed it */
    free(control);
}

/* Copies the answer's lines to standard output. @return 0 ok, 1 error, -1 the end came first */
static int copy_answer(FILE *stream)
{
    char *line  = NULL;
    size_t size = 0;
    int rc      = -1;
    while (rc < 0 && getline(&line, &size, stream) > 0) {
        (void)fputs(line, stdout);
        rc = strncmp(line, "ok", 2) == 0 ? 0 : strncmp(line, "error", 5) == 0 ? 1 : -1;
    }
    free(line);
    return rc;
}

int sim_control_ask(const char *path, const char *command, struct hawser_error *err)
{
    struct sockaddr_un address;
    int rc = -1;
    if (make_address(path, &address, err) != 0) {
        return -1;
    }
    int fd       = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FILE *stream = NULL;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        (stream = fdopen(fd, "r+")) == NULL) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "%s", path);
        if (fd >= 0) {
            (void)close(fd); /* nothing was sent */
        }
        return -1;
    }
    if (fprintf(stream, "%s\n", command) > 0 && fflush(stream) == 0) {
        rc = copy_answer(stream);
    }
    if (rc < 0) {
        error_set(err, HAWSER_SYSTEM_CALL, "%s: closed without an answer", path);
    }
    (void)fclose(stream); /* the answer is read */
    return rc;
}
