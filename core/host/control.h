/*
 * The control socket: JSON-RPC 2.0, one message a line, on a unix socket. host.* is answered here,
 * session.* by the workers.
 */
#ifndef CORE_HOST_CONTROL_H
#define CORE_HOST_CONTROL_H

#include "host/master.h"

#define CONTROL_MAX_LINE_BYTES   (1024u * 1024u)
#define CONTROL_MAX_QUEUED_BYTES (16u * 1024u * 1024u)
#define CONTROL_MAX_CLIENTS      128u

struct control;

/** Listen on settings.control_path. @return given; NULL with err set */
struct control *control_create(struct master *master, struct hawser_error *err);
/** Go on with a socket that listens already. @param listener taken @param path of its file
 * @return given; NULL with err set */
struct control *control_adopt(struct master *master, int listener, const char *path,
                              struct hawser_error *err);
/** Borrowed. */
int control_listener(const struct control *control);
const char *control_path(const struct control *control);
/** Closes every connection and removes the socket. NULL is allowed. */
void control_destroy(struct control *control);

/* between control.c and control_methods.c */
struct control_client;

/** A request of a client, until it is answered. */
struct control_request {
    struct list node; /* in the client's list; alone once the client is gone */
    struct master *master;
    struct control_client *client; /* NULL: gone; the answer goes nowhere */
    json_t *id;                    /* NULL: a notification */
    json_t *params;                /* borrowed during the method's call alone */
    json_t *gathered;              /* answers of several workers */
    size_t awaited;                /* workers still to answer */
    size_t silent;                 /* workers that are down, or did not answer in time */
    void (*gathered_all)(struct control_request *request);
};

/** Look the method up and run it; it answers now or later. */
void control_method_run(struct control_request *request, const json_t *message);
/** @param body taken: {"result": ...} or {"error": ...}. Frees the request. */
void control_answer(struct control_request *request, json_t *body);
void control_answer_error(struct control_request *request, int code, const char *message);

#endif
