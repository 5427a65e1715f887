/*
 * A blocking client of the control socket. See control_client.h.
 */
#include "host/control_client.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

#define MAX_LINE_BYTES (64u * 1024u * 1024u)
#define READ_BYTES     65536u

/* connecting */

static void explain_denied(const char *path, struct hawser_error *err)
{
    struct stat there;
    if (stat(path, &there) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, EACCES,
                        "a folder of the control socket \"%s\" does not let you in; become the "
                        "host's user (sudo -u)",
                        path);
        return;
    }
    const struct passwd *user = getpwuid(there.st_uid);
    const char *owner         = user == NULL ? "?" : user->pw_name;
    const struct group *group = getgrgid(there.st_gid);
    error_set_errno(err, HAWSER_SYSTEM_CALL, EACCES,
                    "the control socket \"%s\" is not for you: it is of user %s and group %s, mode "
                    "%04o; become that user (sudo -u %s), or let a group in (`control ... "
                    "mode=0660 group=NAME`)",
                    path, owner, group == NULL ? "?" : group->gr_name,
                    (unsigned)there.st_mode & 07777u, owner);
}

static void explain(const char *path, int errno_value, struct hawser_error *err)
{
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISSOCK(there.st_mode)) { /* which the kernel refuses, too */
        error_set(err, HAWSER_SYSTEM_CALL,
                  "\"%s\" is no socket; name the control socket of the host (-s), or its "
                  "configuration",
                  path);
        return;
    }
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        error_set(err, HAWSER_SYSTEM_CALL,
                  "no host answers on the control socket \"%s\": it is not there; is a host "
                  "running with this prefix and configuration? Start it, or name those of the one "
                  "that runs",
                  path);
        return;
    case ECONNREFUSED:
        error_set(err, HAWSER_SYSTEM_CALL,
                  "no host answers on the control socket \"%s\": the one that made it was killed; "
                  "start it again, its log says more",
                  path);
        return;
    case EACCES:
    case EPERM:
        explain_denied(path, err);
        return;
    default:
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno_value,
                        "cannot connect to the control socket \"%s\"", path);
        return;
    }
}

int control_link_open(struct control_link *link, const char *path, struct hawser_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        error_set(err, HAWSER_SYSTEM_CALL, "the control socket's path \"%s\" is too long", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    buf_init(&link->in, MAX_LINE_BYTES + READ_BYTES);
    link->taken = 0;
    link->fd    = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot make a socket");
        return -1;
    }
    if (connect(link->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        explain(path, errno, err);
        control_link_close(link);
        return -1;
    }
    return 0;
}

void control_link_close(struct control_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd); /* answered or given up */
    }
    link->fd = -1;
    buf_fini(&link->in);
}

/* lines */

static int send_bytes(int fd, const char *text, size_t len, struct hawser_error *err)
{
    while (len > 0) {
        ssize_t done = send(fd, text, len, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "the host closed the control socket");
            return -1;
        }
        text += done;
        len -= (size_t)done;
    }
    return 0;
}

int control_link_send(struct control_link *link, json_t *request, struct hawser_error *err)
{
    char *text = request == NULL ? NULL : json_dumps(request, JSON_COMPACT);
    int rc     = -1;
    json_decref(request);
    if (text == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the request");
    } else if (send_bytes(link->fd, text, strlen(text), err) == 0) {
        rc = send_bytes(link->fd, "\n", 1, err);
    }
    free(text);
    return rc;
}

/** @return 1 bytes were added, 0 the end, -1 with err set */
static int receive_some(struct control_link *link, int timeout_ms, struct hawser_error *err)
{
    struct pollfd ready = {.fd = link->fd, .events = POLLIN};
    int rc              = poll(&ready, 1, timeout_ms);
    if (rc < 0 && errno == EINTR) {
        return 1;
    }
    if (rc <= 0) {
        error_set(err, HAWSER_REQUEST_TIMEOUT,
                  "the host did not answer in time; it may still be at it");
        return -1;
    }
    uint8_t *room = buf_reserve(&link->in, READ_BYTES);
    ssize_t got   = room == NULL ? -1 : recv(link->fd, room, READ_BYTES, 0);
    if (room != NULL && got < 0 && errno == ECONNRESET) {
        return 0; /* the host cut it off before it had read everything */
    }
    if (got < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, room == NULL ? ENOMEM : errno,
                        "cannot read the host's answer");
        return -1;
    }
    buf_commit(&link->in, (size_t)got);
    return got > 0;
}

static int left_ms(clock_ns_t deadline)
{
    int64_t left = (deadline - clock_monotonic()) / CLOCK_NS_PER_MS + 1;
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int control_link_has_line(const struct control_link *link)
{
    return link->in.len > link->taken &&
           memchr(buf_data(&link->in) + link->taken, '\n', link->in.len - link->taken) != NULL;
}

int control_link_line(struct control_link *link, int64_t timeout_ms, struct hawser_slice *line,
                      struct hawser_error *err)
{
    clock_ns_t deadline = clock_monotonic() + timeout_ms * CLOCK_NS_PER_MS;
    size_t looked       = 0; /* bytes that hold no end of a line */
    buf_consume(&link->in, link->taken);
    link->taken = 0;
    for (;;) {
        const uint8_t *bytes = buf_data(&link->in);
        const uint8_t *end =
            link->in.len == looked ? NULL : memchr(bytes + looked, '\n', link->in.len - looked);
        if (end != NULL) {
            *line       = (struct hawser_slice){(const char *)bytes, (size_t)(end - bytes)};
            link->taken = line->len + 1;
            return 1;
        }
        looked = link->in.len;
        int rc = receive_some(link, timeout_ms < 0 ? -1 : left_ms(deadline), err);
        if (rc <= 0) {
            return rc;
        }
    }
}

/* one question */

static json_t *receive_answer(struct control_link *link, int64_t timeout_ms,
                              struct hawser_error *err)
{
    struct hawser_slice line;
    int rc         = control_link_line(link, timeout_ms, &line, err);
    json_t *answer = rc <= 0 ? NULL : json_loadb(line.data, line.len, 0, NULL);
    if (rc >= 0 && !json_is_object(answer)) {
        json_decref(answer);
        error_set(err, HAWSER_JSONRPC_INVALID,
                  rc == 0 ? "the host closed the connection before it answered"
                          : "what listens there does not answer as a host does");
        return NULL;
    }
    return answer;
}

json_t *control_ask(const char *path, const char *method, json_t *params, int64_t timeout_ms,
                    struct hawser_error *err)
{
    struct control_link link   = CONTROL_LINK_INIT;
    struct hawser_error unread = HAWSER_ERROR_INIT;
    json_t *answer             = NULL;
    json_t *request = json_pack("{s:s, s:i, s:s}", "jsonrpc", "2.0", "id", 1, "method", method);
    if (params != NULL) {
        (void)json_object_set_new(request, "params",
                                  params); /* without memory the host says what lacks */
    }
    if (control_link_open(&link, path, err) != 0) {
        json_decref(request);
    } else if (control_link_send(&link, request, err) == 0) {
        answer = receive_answer(&link, timeout_ms, err);
    } else { /* whoever is turned away is told why, and may be told before it has asked */
        answer = receive_answer(&link, 0, &unread);
    }
    control_link_close(&link);
    return answer;
}
