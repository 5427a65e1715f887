/*
 * Who follows what in one worker, and what a record becomes for them. See stream.h; the connections
 * are stream_conn.c's.
 */
#include "host/stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "host/commands.h"
#include "host/stream_conn.h"
#include "telemetry/metric.h"

struct stream_hub {
    struct event_base *base;
    struct telemetry_cell *lost;
    struct list feeds;
    struct list ending; /* streams whose session is gone: what is queued is still theirs */
};

struct stream_hub *stream_hub_create(struct event_base *base, struct telemetry_writer *telemetry)
{
    struct stream_hub *hub = calloc(1, sizeof(*hub));
    if (hub == NULL) {
        return NULL;
    }
    hub->base = base;
    hub->lost = telemetry_metric(telemetry, "streams.lost", NULL, HAWSER_METRIC_COUNTER);
    list_init(&hub->feeds);
    list_init(&hub->ending);
    return hub;
}

static void destroy_streams(struct list *streams)
{
    struct list *node, *after;
    list_for_each_safe (node, after, streams) {
        stream_conn_destroy(stream_conn_of(node));
    }
}

void stream_hub_destroy(struct stream_hub *hub)
{
    if (hub == NULL) {
        return;
    }
    OBJ_ASSERT(list_is_empty(&hub->feeds));
    destroy_streams(&hub->ending);
    free(hub);
}

static struct stream_feed *find(const struct stream_hub *hub, const char *name)
{
    struct list *node;
    list_for_each (node, &hub->feeds) {
        struct stream_feed *feed = LIST_ENTRY(node, struct stream_feed, node);
        if (strcmp(feed->name, name) == 0) {
            return feed;
        }
    }
    return NULL;
}

struct stream_feed *stream_feed_use(struct stream_hub *hub, const char *name)
{
    struct stream_feed *feed = find(hub, name);
    if (feed != NULL) {
        feed->sessions++;
        return feed;
    }
    feed       = calloc(1, sizeof(*feed));
    char *copy = strdup(name);
    if (feed == NULL || copy == NULL) {
        free(feed);
        free(copy);
        return NULL;
    }
    *feed = (struct stream_feed){.hub = hub, .name = copy, .sessions = 1};
    list_init(&feed->streams);
    list_append(&hub->feeds, &feed->node);
    return feed;
}

void stream_feed_release(struct stream_feed *feed)
{
    struct list *node, *after;
    if (feed == NULL || --feed->sessions > 0) {
        return;
    }
    list_for_each_safe (node, after, &feed->streams) {
        list_remove(node);
        list_append(&feed->hub->ending, node);
        stream_conn_finish(stream_conn_of(node));
    }
    list_remove(&feed->node);
    free(feed->name);
    free(feed);
}

void stream_feed_push(struct stream_feed *feed, const struct hawser_record *record)
{
    struct list *node;
    list_for_each (node, &feed->streams) {
        stream_conn_push(stream_conn_of(node), record);
    }
}

size_t stream_feed_count(const struct stream_feed *feed)
{
    size_t count = 0;
    const struct list *node;
    list_for_each (node, &feed->streams) {
        count++;
    }
    return count;
}

static size_t count_all(const struct stream_hub *hub)
{
    size_t count = 0;
    const struct list *node;
    list_for_each (node, &hub->feeds) {
        count += stream_feed_count(LIST_ENTRY(node, struct stream_feed, node));
    }
    return count;
}

/* attaching */

/** @return given: the answer as a line without its end; NULL: none is wanted, or no memory */
static char *answer_text(const json_t *request, json_t *body)
{
    json_t *id = json_object_get(request, "id");
    char *text = NULL;
    if (body != NULL && id != NULL) {
        (void)json_object_set_new(body, "jsonrpc", json_string("2.0")); /* short of memory the */
        (void)json_object_set(body, "id", id);                          /* answer lacks it */
        text = json_dumps(body, JSON_COMPACT);
    }
    json_decref(body);
    return text;
}

static void turn_away(int fd, const json_t *request, const struct hawser_error *err)
{
    char *text = answer_text(request, command_error(err));
    if (text != NULL) { /* the client may be gone, and then there is nobody to tell */
        (void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    free(text);
    (void)close(fd); /* the refusal is out */
}

void stream_attach(struct stream_hub *hub, int fd, const json_t *request)
{
    const json_t *params     = json_object_get(request, "params");
    const char *name         = json_string_value(json_object_get(params, "session"));
    const char *pattern      = json_string_value(json_object_get(params, "pattern"));
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct stream_feed *feed = name == NULL ? NULL : find(hub, name);
    pattern                  = pattern == NULL ? "*" : pattern;
    if (feed == NULL) {
        error_set(&err, HAWSER_REQUEST_INVALID, "no session \"%s\"; session.list names them",
                  name == NULL ? "" : name);
        turn_away(fd, request, &err);
        return;
    }
    if (count_all(hub) >= STREAM_MAX_STREAMS) {
        error_set(&err, HAWSER_SYSTEM_LIMIT, "%u streams are open in this worker; end one",
                  STREAM_MAX_STREAMS);
        turn_away(fd, request, &err);
        return;
    }
    char *text = answer_text(
        request, json_pack("{s:{s:s, s:s}}", "result", "session", name, "pattern", pattern));
    struct stream_conn_options options = {hub->base, fd, pattern, text, hub->lost};
    if (stream_conn_create(&options, &feed->streams) == NULL) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "no memory for a stream");
        turn_away(fd, request, &err);
    }
    free(text);
}
