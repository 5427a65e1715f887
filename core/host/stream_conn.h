/*
 * One client that follows a session: its connection, its pattern, its queue.
 */
#ifndef CORE_HOST_STREAM_CONN_H
#define CORE_HOST_STREAM_CONN_H

#include <event2/event.h>

#include "base/list.h"
#include "base/obj.h"
#include "hawser/output.h"

struct stream_conn;
struct telemetry_cell;

struct stream_conn_options {
    struct event_base *base;
    int fd;                      /* taken, unless there is no memory */
    const char *pattern;         /* copied: fnmatch(3) on a channel's name */
    const char *first_line;      /* copied; NULL: none */
    struct telemetry_cell *lost; /* counts records dropped */
};

/** @param among the list it stands in; it frees itself when the client is gone. @return NULL: no
 * memory */
struct stream_conn *stream_conn_create(const struct stream_conn_options *options,
                                       struct list *among);
void stream_conn_destroy(struct stream_conn *conn);
/** A record: a line more in its queue, or one more that is dropped. Hot. Never waits, never frees.
 */
void stream_conn_push(struct stream_conn *conn, const struct hawser_record *record);
/** No more come; it ends when what is queued is sent. */
void stream_conn_finish(struct stream_conn *conn);
/** The stream that `node` of the list `among` is of. */
struct stream_conn *stream_conn_of(struct list *node);

#endif
