/*
 * The control socket: JSON-RPC 2.0, one message a line, on a unix socket. host.* is answered by the
 * master, session.*, output.* and module.* by the other processes. control.c listens and admits,
 * control_conn.c moves lines, control_rpc.c knows JSON-RPC, control_methods.c what is asked.
 */
#ifndef CORE_HOST_CONTROL_H
#define CORE_HOST_CONTROL_H

#include "host/master.h"

#define CONTROL_MAX_LINE_BYTES   (1024u * 1024u)
#define CONTROL_MAX_QUEUED_BYTES (16u * 1024u * 1024u) /* of answers to one client */
#define CONTROL_MAX_CLIENTS      128u
#define CONTROL_MAX_WAITING      256u /* requests of one client that are not answered yet */
#define CONTROL_MAX_BATCH        100u /* requests in one line */

#define CONTROL_PARSE_ERROR      (-32700)
#define CONTROL_INVALID_REQUEST  (-32600)
#define CONTROL_METHOD_NOT_FOUND (-32601)
#define CONTROL_INVALID_PARAMS   (-32602)

struct control;
struct control_conn;
struct control_batch;

/** Listen on settings.control_path. @return given; NULL with err set */
struct control *control_create(struct master *master, struct hawser_error *err);
/** Go on with a socket that listens already. @param listener taken @param path of its file
 * @return given; NULL with err set */
struct control *control_adopt(struct master *master, int listener, const char *path,
                              struct hawser_error *err);
/** Borrowed. */
int control_listener(const struct control *control);
const char *control_path(const struct control *control);
/** How many are connected. NULL is allowed. */
size_t control_client_count(const struct control *control);
/** Closes every connection and removes the socket. NULL is allowed. */
void control_destroy(struct control *control);

/* the rest is between the files of the control socket */

/** About clients that are cut off: they read or write too slowly, or too much. */
struct complaint *control_cut_off(struct control *control);

/** A request of a client, until it is answered. */
struct control_request {
    struct list node; /* in the client's list; alone once the client is gone */
    struct master *master;
    struct control_conn *conn;   /* NULL: gone; the answer goes nowhere */
    struct control_batch *batch; /* NULL: it came alone */
    json_t *id;                  /* NULL: a notification */
    const json_t *params;        /* borrowed during the method's call alone; NULL: none */
    json_t *gathered;            /* answers of several processes */
    void (*gathered_all)(struct control_request *request);
    size_t awaited; /* processes still to answer */
    size_t silent;  /* processes that are down, or did not answer in time */
    char *name;     /* what a method keeps until the answer comes; NULL: nothing */
};

/* control_methods.c */
/** Look the method up and run it; it answers now or later. @param message borrowed: the request */
void control_method_run(struct control_request *request, const json_t *message);

/* control_rpc.c */
/** Take a line of a client's apart, and run what it asks. */
void control_rpc_take(struct control_conn *conn, const char *line, size_t len);
/** @param body taken: {"result": ...} or {"error": ...}. Frees the request. */
void control_answer(struct control_request *request, json_t *body);
void control_answer_error(struct control_request *request, int code, const char *message);
/** The request is somebody else's now: free it without an answer. */
void control_forget(struct control_request *request);
/** The client is gone: what its requests wait for answers later, and finds nobody. */
void control_requests_orphan(struct list *requests);

/* control_conn.c */
/**
 * @param fd     taken, unless NULL is returned
 * @param among  the list it stands in until its end
 * @return       given, it frees itself when the client is gone; NULL: no memory
 */
struct control_conn *control_conn_create(struct master *master, int fd, struct list *among);
/** At once, without the answers that wait. From outside of the connection's callbacks. */
void control_conn_destroy(struct control_conn *conn);
/** The same from the loop, soon; until then nothing is read or written. */
void control_conn_end(struct control_conn *conn);
/** Read no more; end when everything is answered and read. */
void control_conn_finish(struct control_conn *conn);
/** Write a line. @param body borrowed; NULL: no memory, the client is cut off */
void control_conn_write(struct control_conn *conn, const json_t *body);
struct master *control_conn_master(const struct control_conn *conn);
/** Its requests that are not answered yet. */
struct list *control_conn_requests(struct control_conn *conn);
/** A request was answered. */
void control_conn_settled(struct control_conn *conn);
/** Its descriptor, to hand to a worker, when `request` is all that goes on there. @return -1: other
 * requests or answers are under way */
int control_conn_descriptor(struct control_conn *conn, const struct control_request *request);
/** The connection that `node` of the list `among` is of. */
struct control_conn *control_conn_of(struct list *node);

#endif
