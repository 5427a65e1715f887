/*
 * The control socket's connections. See control.h. Lines and answers are bounded; who reads slowly
 * is cut off.
 */
#include "host/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/complain.h"
#include "base/error.h"
#include "base/log.h"

#define PARSE_ERROR     (-32700)
#define INVALID_REQUEST (-32600)

struct control_client {
    struct list node;
    struct control *control;
    struct bufferevent *stream;
    struct list requests;
};

struct control {
    struct master *master;
    char *path;       /* NULL until the socket there is ours */
    struct stat ours; /* the socket's file */
    int fd;
    struct event *acceptable;
    struct list clients;
    size_t client_count;
    struct complaint refusals;
    struct complaint cut_off; /* clients that read too slowly, or write too much */
};

static void client_destroy(struct control_client *client)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &client->requests) {
        struct control_request *request = LIST_ENTRY(node, struct control_request, node);
        list_remove(&request->node);
        request->client = NULL; /* what it waits for answers later, and finds nobody */
    }
    list_remove(&client->node);
    client->control->client_count--;
    bufferevent_free(client->stream);
    free(client);
}

static void request_free(struct control_request *request)
{
    list_remove(&request->node);
    json_decref(request->id);
    json_decref(request->gathered);
    free(request);
}

static void write_line(struct control_client *client, json_t *body)
{
    char *text              = json_dumps(body, JSON_COMPACT);
    struct evbuffer *output = bufferevent_get_output(client->stream);
    if (text == NULL || evbuffer_get_length(output) + strlen(text) > CONTROL_MAX_QUEUED_BYTES ||
        evbuffer_add_printf(output, "%s\n", text) < 0) {
        complain(&client->control->cut_off, NULL, LOG_WARN, "HW-HOST-004",
                 "a control client reads too slowly, or memory is out; cutting it off");
        (void)bufferevent_disable(client->stream, EV_READ);           /* its end follows */
        (void)shutdown(bufferevent_getfd(client->stream), SHUT_RDWR); /* gone already is as good */
    }
    free(text);
}

void control_answer(struct control_request *request, json_t *body)
{
    if (body == NULL) {
        body = json_pack("{s:{s:i, s:s}}", "error", "code", (int)HAWSER_SYSTEM_MEMORY, "message",
                         "no memory for the answer");
    }
    if (request->client != NULL && request->id != NULL && body != NULL) {
        (void)json_object_set_new(body, "jsonrpc",
                                  json_string("2.0")); /* short of memory the answer lacks it */
        (void)json_object_set(body, "id", request->id);
        write_line(request->client, body);
    }
    json_decref(body);
    request_free(request);
}

void control_answer_error(struct control_request *request, int code, const char *message)
{
    control_answer(request, json_pack("{s:{s:i, s:s}}", "error", "code", code, "message", message));
}

/** @return 0; -1: no memory, and the client is gone */
static int run_line(struct control_client *client, const char *line, size_t len)
{
    json_error_t where;
    json_t *message                 = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);
    struct control_request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        json_decref(message);
        client_destroy(client);
        return -1;
    }
    *request = (struct control_request){.master = client->control->master, .client = client};
    list_init(&request->node);
    list_append(&client->requests, &request->node);
    if (message == NULL) {
        request->id = json_null();
        control_answer_error(request, PARSE_ERROR, "not a JSON value on one line");
    } else if (!json_is_object(message) || !json_is_string(json_object_get(message, "method"))) {
        request->id = json_null();
        control_answer_error(request, INVALID_REQUEST,
                             "expected {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":...}");
    } else {
        request->id     = json_incref(json_object_get(message, "id"));
        request->params = json_object_get(message, "params");
        control_method_run(request, message);
    }
    json_decref(message);
    return 0;
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct control_client *client = arg;
    struct evbuffer *input        = bufferevent_get_input(stream);
    size_t len                    = 0;
    char *line;
    while ((line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF)) != NULL) {
        int rc = len > 0 ? run_line(client, line, len) : 0;
        free(line);
        if (rc != 0) {
            return;
        }
    }
    if (evbuffer_get_length(input) > CONTROL_MAX_LINE_BYTES) {
        complain(&client->control->cut_off, NULL, LOG_WARN, "HW-HOST-005",
                 "a control client sent a line of more than %u bytes; cutting it off",
                 CONTROL_MAX_LINE_BYTES);
        client_destroy(client);
    }
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) {
        client_destroy(arg);
    }
}

/* The file's mode guards the socket; this guards against a mode that somebody opened by mistake. */
static int is_allowed(const struct control *control, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return 0;
    }
    return peer.uid == 0 || peer.uid == geteuid() ||
           (control->master->settings.control_mode & 0066) != 0;
}

static void turn_away(struct control *control, int fd, const char *why)
{
    char line[256];
    int len =
        snprintf(line, sizeof(line),
                 "{\"error\":{\"code\":%d,\"message\":\"%s\"},\"jsonrpc\":\"2.0\",\"id\":null}\n",
                 (int)HAWSER_CONTROL_REFUSED, why);
    complain(&control->refusals, NULL, LOG_WARN, "HW-HOST-006",
             "a control connection was refused: %s", why);
    (void)send(fd, line, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT); /* it may not want to know */
    (void)close(fd);                                                /* the line is out */
}

static void take_client(struct control *control, int fd)
{
    struct control_client *client = calloc(1, sizeof(*client));
    struct bufferevent *stream =
        client == NULL ? NULL
                       : bufferevent_socket_new(control->master->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        free(client);
        turn_away(control, fd, "no memory for another connection");
        return;
    }
    *client = (struct control_client){.control = control, .stream = stream};
    list_init(&client->requests);
    list_append(&control->clients, &client->node);
    control->client_count++;
    bufferevent_setcb(client->stream, on_readable, NULL, on_event, client);
    bufferevent_setwatermark(client->stream, EV_READ, 0, CONTROL_MAX_LINE_BYTES + 1);
    if (bufferevent_enable(client->stream, EV_READ | EV_WRITE) != 0) {
        client_destroy(client);
    }
}

static void on_acceptable(evutil_socket_t listener, short what, void *arg)
{
    struct control *control = arg;
    (void)what;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return; /* the peer gave up, or files are short; the event comes again */
    }
    if (!is_allowed(control, fd)) {
        turn_away(control, fd, "its user is neither root nor the host's");
    } else if (control->client_count >= CONTROL_MAX_CLIENTS) {
        turn_away(control, fd, "too many are open at once; close some, or try again");
    } else {
        take_client(control, fd);
    }
}

/* the socket */

static int give_to_group(const struct control *control, const char *name, struct hawser_error *err)
{
    const struct group *group = getgrnam(name);
    if (group == NULL || chown(control->path, (uid_t)-1, group->gr_gid) != 0) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "cannot give the control socket to group \"%s\" (does it exist?)", name);
        return -1;
    }
    return 0;
}

/* The pid file's lock keeps out a second host on the same pid file alone. A leftover of a host that
 * was killed refuses connections; whatever else stands at the path is not ours to remove. */
static int remove_leftover(const struct sockaddr_un *address, struct hawser_error *err)
{
    struct stat there;
    if (lstat(address->sun_path, &there) != 0) {
        return 0; /* what else is wrong with the path, bind tells */
    }
    if (!S_ISSOCK(there.st_mode)) {
        error_set(
            err, HAWSER_CONF_DIRECTIVE,
            "the control socket's path \"%s\" is taken by something that is no socket; move it "
            "away, or change `control`",
            address->sun_path);
        return -1;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int lives =
        probe >= 0 && (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                       errno == EAGAIN);
    if (probe >= 0) {
        (void)close(probe); /* nothing was said */
    }
    if (lives) {
        error_set(
            err, HAWSER_CONF_DIRECTIVE,
            "another process listens on the control socket \"%s\"; stop it, or give this host "
            "another `control`",
            address->sun_path);
        return -1;
    }
    (void)unlink(address->sun_path); /* bind tells */
    return 0;
}

static int bind_socket(struct control *control, struct hawser_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct settings *s   = &control->master->settings;
    if (strlen(s->control_path) >= sizeof(address.sun_path)) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "the control socket's path \"%s\" is longer than %zu bytes", s->control_path,
                  sizeof(address.sun_path) - 1);
        return -1;
    }
    memcpy(address.sun_path, s->control_path, strlen(s->control_path));
    if (remove_leftover(&address, err) != 0) {
        return -1;
    }
    mode_t old = umask(0177); /* nobody may connect between bind and chmod */
    int rc     = bind(control->fd, (struct sockaddr *)&address, sizeof(address));
    (void)umask(old); /* cannot fail */
    if (rc != 0 || (control->path = strdup(s->control_path)) == NULL ||
        lstat(control->path, &control->ours) != 0 || chmod(control->path, s->control_mode) != 0 ||
        listen(control->fd, SOMAXCONN) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno,
                        "cannot listen on the control socket \"%s\"", s->control_path);
        return -1;
    }
    return s->control_group == NULL ? 0 : give_to_group(control, s->control_group, err);
}

static struct control *allocate(struct master *master, int fd, struct hawser_error *err)
{
    struct control *control = calloc(1, sizeof(*control));
    if (control == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the control socket");
        return NULL;
    }
    *control = (struct control){.master = master, .fd = fd};
    list_init(&control->clients);
    return control;
}

static int watch(struct control *control, struct hawser_error *err)
{
    control->acceptable =
        event_new(control->master->base, control->fd, EV_READ | EV_PERSIST, on_acceptable, control);
    if (control->acceptable == NULL || event_add(control->acceptable, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "cannot watch the control socket");
        return -1;
    }
    return 0;
}

struct control *control_adopt(struct master *master, int listener, const char *path,
                              struct hawser_error *err)
{
    struct control *control = allocate(master, listener, err);
    if (control == NULL) {
        return NULL;
    }
    control->path = strdup(path);
    if (control->path == NULL || lstat(path, &control->ours) != 0) {
        error_set(err, HAWSER_SYSTEM_CALL, "the control socket \"%s\" is gone", path);
        goto fail;
    }
    if (watch(control, err) != 0) {
        goto fail;
    }
    return control;
fail:
    control_destroy(control);
    return NULL;
}

int control_listener(const struct control *control)
{
    return control->fd;
}

const char *control_path(const struct control *control)
{
    return control->path;
}

struct control *control_create(struct master *master, struct hawser_error *err)
{
    int fd                  = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct control *control = allocate(master, fd, err);
    if (control == NULL) {
        if (fd >= 0) {
            (void)close(fd); /* nobody has it yet */
        }
        return NULL;
    }
    if (fd < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot make the control socket");
        goto fail;
    }
    if (bind_socket(control, err) != 0 || watch(control, err) != 0) {
        goto fail;
    }
    return control;
fail:
    control_destroy(control);
    return NULL;
}

void control_destroy(struct control *control)
{
    if (control == NULL) {
        return;
    }
    while (!list_is_empty(&control->clients)) {
        client_destroy(LIST_ENTRY(control->clients.next, struct control_client, node));
    }
    if (control->acceptable != NULL) {
        event_free(control->acceptable);
    }
    struct stat there;
    if (control->path != NULL && lstat(control->path, &there) == 0 &&
        there.st_ino == control->ours.st_ino && there.st_dev == control->ours.st_dev) {
        (void)unlink(control->path); /* a leftover is removed by the next host */
    }
    if (control->fd >= 0) {
        (void)close(control->fd); /* a listener has no data */
    }
    free(control->path);
    free(control);
}
