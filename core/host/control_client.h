/*
 * The other end of the control socket, for -s reload and hawserctl: requests, answers and streams,
 * each wait with a deadline.
 */
#ifndef CORE_HOST_CONTROL_CLIENT_H
#define CORE_HOST_CONTROL_CLIENT_H

#include <jansson.h>

#include "base/buf.h"
#include "hawser/error.h"

/** A connection. Lines that came and were not taken yet stand in `in`. */
struct control_link {
    int fd;
    struct buf in;
    size_t taken; /* bytes of the line that was handed out last */
};
#define CONTROL_LINK_INIT                                                                          \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/** Connect. @error SYSTEM_CALL: which socket, why nobody answers there, and what to do. @return 0,
 * or -1 with err set */
int control_link_open(struct control_link *link, const char *path,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
/** May be open or not. */
void control_link_close(struct control_link *link);
/** @param request taken; NULL: no memory. @return 0, or -1 with err set */
int control_link_send(struct control_link *link, json_t *request,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * The next line.
 * @param timeout_ms  -1: wait for ever
 * @param line        without its end; borrowed until the next call
 * @return            1; 0: the host closed the connection; -1 with err set
 */
int control_link_line(struct control_link *link, int64_t timeout_ms, struct hawser_slice *line,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return 1: the next line is here already */
int control_link_has_line(const struct control_link *link);

/**
 * Connect, ask and wait.
 * @param path    of the socket
 * @param params  taken; NULL: none
 * @return        given: the whole answer, with "result" or "error"; NULL with err set: nobody
 * listens there, no answer in time
 */
json_t *control_ask(const char *path, const char *method, json_t *params, int64_t timeout_ms,
                    struct hawser_error *err);

#endif
