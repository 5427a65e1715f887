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

/* across an upgrade: control_handover.c; `control` may be NULL */
/** Is nothing under way with any client that another binary could not go on with? */
int control_may_hand_over(struct control *control);
/** Read no more, and tell those whose answers are still to come that they will not. Until
 * control_go_on. */
void control_hurry(struct control *control);
void control_go_on(struct control *control);
/** @return given: [{"fd", "reloads": [id]}], the clients that may go on; NULL: no memory */
json_t *control_clients_json(struct control *control);
/** Shall an exec keep them? @param clients  what control_clients_json gave */
void control_clients_keep(const json_t *clients, int keep);
/** Serve clients that another binary handed over: the reloads that they wait for begin. */
void control_clients_adopt(struct control *control, const json_t *clients);

/** Closes every connection and removes the socket. NULL is allowed. */
void control_destroy(struct control *control);

/* the rest is between the files of the control socket */

/** The list of its connections: borrowed. */
struct list *control_conns(struct control *control);
struct master *control_master(const struct control *control);
/** Take new clients, or let them wait where the kernel keeps them. */
void control_accept(struct control *control, int accepts);
/** One line for who is refused or let go, which may not want to know. @param fd  not closed */
void control_tell(int fd, const char *why);
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
    int is_reload;  /* it waits for a reload: what another binary can give it as well */
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
/** No answers will come to these but to lone reloads: tell so, and forget who asked. */
void control_requests_give_up(struct list *requests, int code, const char *message);
/** Does it wait for a reload, outside of a batch? */
int control_request_is_lone_reload(const struct control_request *request);
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
/** Its descriptor when no line is half read and no answer still to be read; else -1. */
int control_conn_idle_fd(const struct control_conn *conn);
/** Has a line begun, of which more is to come? */
int control_conn_has_half_line(const struct control_conn *conn);
/** Read on, or leave what comes to the kernel. */
void control_conn_read(struct control_conn *conn, int reads);
/** Does nothing go on there: no request that waits, no answer to be read, no line begun? */
int control_conn_is_idle(const struct control_conn *conn);
/** Has the client closed its socket altogether, and not its sending side alone? */
int control_conn_is_gone(const struct control_conn *conn);
/** When it last asked something, or was answered; at first, when it came. */
clock_ns_t control_conn_active_at(const struct control_conn *conn);
/** Tell it what it did wrong, and serve it no more. */
void control_conn_refuse(struct control_conn *conn, const char *why);
/** A request was answered. */
void control_conn_settled(struct control_conn *conn);
/** Its descriptor, to hand to a worker, when `request` is all that goes on there. @return -1: other
 * requests or answers are under way */
int control_conn_descriptor(struct control_conn *conn, const struct control_request *request);
/** The connection that `node` of the list `among` is of. */
struct control_conn *control_conn_of(struct list *node);

#endif
