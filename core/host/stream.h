/*
 * Streams: clients of the control socket that follow a session. The master hands the client's
 * connection to the worker, which writes the session's records to it as lines. Nothing that a
 * client does delays the session: what does not fit its queue is dropped, and announced in place.
 */
#ifndef CORE_HOST_STREAM_H
#define CORE_HOST_STREAM_H

#include <event2/event.h>
#include <jansson.h>

#include "base/list.h"
#include "hawser/output.h"

#define STREAM_QUEUE_BYTES       (4u * 1024u * 1024u) /* of each stream */
#define STREAM_MAX_STREAMS       64u                  /* of one worker */
#define STREAM_MAX_PATTERN_BYTES 1024u

struct telemetry_writer;

/** All streams of a worker. */
struct stream_hub;

/** The streams of one session name: they outlast the session when a reload replaces it. */
struct stream_feed {
    struct list node;
    struct stream_hub *hub;
    char *name;
    size_t sessions;     /* that feed it */
    struct list streams; /* none: the usual case */
};

/** @param telemetry borrowed; NULL: none. @return given; NULL: no memory */
struct stream_hub *stream_hub_create(struct event_base *base, struct telemetry_writer *telemetry);
/** Every stream ends. Feeds must be released before. NULL is allowed. */
void stream_hub_destroy(struct stream_hub *hub);

/** A session of this name begins. @return borrowed until released; NULL: no memory */
struct stream_feed *stream_feed_use(struct stream_hub *hub, const char *name);
/** It is gone; with the last of its name the streams end, when what is queued is read. NULL is
 * allowed. */
void stream_feed_release(struct stream_feed *feed);
/** A record of the session's, for the streams there are. Hot. Never waits. */
void stream_feed_push(struct stream_feed *feed, const struct hawser_record *record);
size_t stream_feed_count(const struct stream_feed *feed);

/**
 * A client's connection comes with its request: answer it, and follow the session from now on.
 * @param fd       taken
 * @param request  borrowed: a stream.attach request
 */
void stream_attach(struct stream_hub *hub, int fd, const json_t *request);

#endif
