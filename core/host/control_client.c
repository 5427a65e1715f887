/*
 * A blocking client of the control socket. See control_client.h.
 */
#include "host/control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"

#define MAX_ANSWER_BYTES (64u * 1024u * 1024u)

static int open_socket(const char *path, struct hawser_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        error_set(err, HAWSER_SYSTEM_CALL, "the control socket's path \"%s\" is too long", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno,
                        "no host answers on the control socket \"%s\" (is it running, with this "
                        "prefix and config?)",
                        path);
        if (fd >= 0) {
            (void)close(fd); /* not connected */
        }
        return -1;
    }
    return fd;
}

static int send_line(int fd, const char *text, size_t len, struct hawser_error *err)
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

/** @return 1 bytes were added, 0 the end, -1 with err set */
static int receive_some(int fd, struct buf *in, clock_ns_t deadline, struct hawser_error *err)
{
    clock_ns_t left     = deadline - clock_monotonic();
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int rc              = left <= 0 ? 0 : poll(&ready, 1, (int)(left / CLOCK_NS_PER_MS + 1));
    if (rc < 0 && errno == EINTR) {
        return 1;
    }
    if (rc <= 0) {
        error_set(err, HAWSER_REQUEST_TIMEOUT,
                  "the host did not answer in time; it may still be at it");
        return -1;
    }
    uint8_t *room = buf_reserve(in, 65536);
    ssize_t got   = room == NULL ? -1 : recv(fd, room, 65536, 0);
    if (got < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, room == NULL ? ENOMEM : errno,
                        "cannot read the host's answer");
        return -1;
    }
    buf_commit(in, (size_t)got);
    return got > 0;
}

static json_t *receive_answer(int fd, int64_t timeout_ms, struct hawser_error *err)
{
    struct buf in;
    json_t *answer      = NULL;
    clock_ns_t deadline = clock_monotonic() + timeout_ms * CLOCK_NS_PER_MS;
    int rc              = 1;
    buf_init(&in, MAX_ANSWER_BYTES);
    while (rc == 1 && (in.len == 0 || memchr(buf_data(&in), '\n', in.len) == NULL)) {
        rc = receive_some(fd, &in, deadline, err);
    }
    if (rc >= 0) {
        answer = json_loadb((const char *)buf_data(&in), in.len, JSON_DISABLE_EOF_CHECK, NULL);
        if (!json_is_object(answer)) {
            json_decref(answer);
            answer = NULL;
            error_set(err, HAWSER_JSONRPC_INVALID,
                      "the host closed the connection before it answered");
        }
    }
    buf_fini(&in);
    return answer;
}

json_t *control_ask(const char *path, const char *method, json_t *params, int64_t timeout_ms,
                    struct hawser_error *err)
{
    json_t *answer  = NULL;
    json_t *request = json_pack("{s:s, s:i, s:s}", "jsonrpc", "2.0", "id", 1, "method", method);
    if (params != NULL) {
        (void)json_object_set_new(request, "params",
                                  params); /* without memory the next line fails too */
    }
    char *text = json_dumps(request, JSON_COMPACT);
    int fd     = open_socket(path, err);
    if (text == NULL && fd >= 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the request");
    } else if (fd >= 0 && send_line(fd, text, strlen(text), err) == 0 &&
               send_line(fd, "\n", 1, err) == 0) {
        answer = receive_answer(fd, timeout_ms, err);
    }
    if (fd >= 0) {
        (void)close(fd); /* answered or given up */
    }
    free(text);
    json_decref(request);
    return answer;
}
