/*
 * The control socket: where it is, and who may connect to it. See control.h.
 */
#include "host/control.h"

#include <errno.h>
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

#define MAX_GROUPS 256u

struct control {
    struct master *master;
    char *path;       /* NULL until the socket there is ours */
    struct stat ours; /* the socket's file */
    gid_t group;      /* who else may connect, where the mode says so */
    int fd;
    struct event *acceptable;
    struct list conns;
    struct complaint refusals;
    struct complaint crowd;   /* more clients than there is room for */
    struct complaint cut_off; /* clients that read too slowly, or write too much */
};

struct complaint *control_cut_off(struct control *control)
{
    return &control->cut_off;
}

/* who may connect */

static int is_in_group(int fd, const struct ucred *peer, gid_t group)
{
    gid_t groups[MAX_GROUPS];
    socklen_t len = sizeof(groups);
    if (peer->gid == group) {
        return 1;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
        return 0;
    }
    for (size_t i = 0; i < len / sizeof(gid_t); i++) {
        if (groups[i] == group) {
            return 1;
        }
    }
    return 0;
}

/* The file's mode guards the socket; this guards against a mode, an owner or a group that somebody
 * gave the file afterwards. */
static int is_allowed(const struct control *control, int fd)
{
    uint32_t mode = control->master->settings.control_mode;
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return 0;
    }
    return peer.uid == 0 || peer.uid == geteuid() || (mode & 0006) != 0 ||
           ((mode & 0060) != 0 && is_in_group(fd, &peer, control->group));
}

void control_tell(int fd, const char *why)
{
    char line[256];
    int len =
        snprintf(line, sizeof(line),
                 "{\"error\":{\"code\":%d,\"message\":\"%s\"},\"jsonrpc\":\"2.0\",\"id\":null}\n",
                 (int)HAWSER_CONTROL_REFUSED, why);
    (void)send(fd, line, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT); /* it may not want to know */
}

static void turn_away(struct control *control, int fd, const char *why)
{
    complain(&control->refusals, NULL, LOG_WARN, "HW-HOST-006",
             "a control connection was refused: %s", why);
    control_tell(fd, why);
    (void)close(fd); /* the line is out */
}

struct list *control_conns(struct control *control)
{
    return &control->conns;
}

struct master *control_master(const struct control *control)
{
    return control->master;
}

static size_t count_conns(const struct control *control)
{
    size_t count = 0;
    const struct list *node;
    list_for_each (node, &control->conns) {
        count++;
    }
    return count;
}

/* @return who may go: one that has gone already and only waits for an answer, else the one that
 * asked nothing for the longest time; NULL: all are at work */
static struct control_conn *find_least_needed(struct control *control)
{
    struct control_conn *oldest = NULL;
    struct list *node;
    list_for_each (node, &control->conns) {
        struct control_conn *conn = control_conn_of(node);
        if (control_conn_is_gone(conn)) {
            return conn;
        }
        if (control_conn_is_idle(conn) &&
            (oldest == NULL || control_conn_active_at(conn) < control_conn_active_at(oldest))) {
            oldest = conn;
        }
    }
    return oldest;
}

/* Clients that were forgotten lock nobody out. @return 1: there is room; 0: all are at work */
static int make_room(struct control *control)
{
    if (count_conns(control) < CONTROL_MAX_CLIENTS) {
        return 1;
    }
    struct control_conn *least = find_least_needed(control);
    if (least == NULL) {
        return 0;
    }
    if (control_conn_is_idle(least)) {
        complain(&control->crowd, NULL, LOG_WARN, "HW-HOST-111",
                 "%u control clients at once: those that asked nothing for the longest time give "
                 "way",
                 CONTROL_MAX_CLIENTS);
        control_tell(control_conn_idle_fd(least),
                     "too many clients are open, and this one asked nothing for the longest time; "
                     "connect again to ask");
    }
    control_conn_destroy(least);
    return 1;
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
        turn_away(control, fd,
                  "its user is neither root nor the host's, nor do the mode and group of `control` "
                  "let it in");
    } else if (!make_room(control)) {
        turn_away(control, fd,
                  "too many are open at once, and all of them wait for answers; try again");
    } else if (control_conn_create(control->master, fd, &control->conns) == NULL) {
        turn_away(control, fd, "no memory for another connection");
    }
}

/* the socket */

static int give_to_group(struct control *control, const char *name, struct hawser_error *err)
{
    const struct group *group = getgrnam(name);
    if (group == NULL || chown(control->path, (uid_t)-1, group->gr_gid) != 0) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "cannot give the control socket to group \"%s\" (does it exist?)", name);
        return -1;
    }
    control->group = group->gr_gid;
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
    control->group = control->ours.st_gid;
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
    list_init(&control->conns);
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
    control->group = control->ours.st_gid;
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

void control_accept(struct control *control, int accepts)
{
    /* Neither fails: the event was added before. */
    (void)(accepts ? event_add(control->acceptable, NULL) : event_del(control->acceptable));
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
    while (!list_is_empty(&control->conns)) {
        control_conn_destroy(control_conn_of(control->conns.next));
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
