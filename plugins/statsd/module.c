/*
 * The StatsD sink: counters as what they grew by, gauges, and a timer for each event that took
 * time. Read this file from its end.
 */
#include "hawser/module.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hawser/telemetry.h"
#include "line.h"
#include "socket.h"
#include "totals.h"

#define LOOKUP_WAIT_MS 1000

struct statsd {
    const struct hawser_host *host;
    struct hawser_instance *self;
    char *prefix;
    char *server;
    struct statsd_socket *sock;
    struct statsd_packet packet;
    struct statsd_totals totals;
    size_t lines_before; /* in the datagram that went out last */
    uint64_t lines;      /* since the last flush */
    uint64_t lost;       /* of them */
    char why[128];       /* the last reason */
};

static const char *prefix_of(const struct hawser_host *host, struct hawser_instance *self)
{
    const char *prefix = host->conf_string(self, "prefix");
    return prefix == NULL ? "" : prefix;
}

static int statsd_check(const struct hawser_host *host, struct hawser_instance *self,
                        struct hawser_error *err)
{
    const char *server = host->conf_string(self, "server");
    const char *why    = "it is missing";
    if (server == NULL || statsd_socket_check(server, &why) != 0) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "server \"%s\": %s",
                        server == NULL ? "" : server, why);
        return -1;
    }
    if (!statsd_prefix_is_valid(prefix_of(host, self))) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0,
                        "prefix \"%.64s\": expected [A-Za-z0-9_.-], no dot at its ends, at most %u "
                        "bytes",
                        prefix_of(host, self), STATSD_PREFIX_BYTES);
        return -1;
    }
    return 0;
}

static void statsd_destroy(void *sink)
{
    struct statsd *statsd = sink;
    if (statsd == NULL) {
        return;
    }
    statsd_socket_destroy(statsd->sock);
    free(statsd->prefix);
    free(statsd->server);
    free(statsd);
}

static int statsd_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                         struct hawser_error *err)
{
    if (statsd_check(host, self, err) != 0) {
        return -1;
    }
    struct statsd *statsd = calloc(1, sizeof(*statsd));
    if (statsd == NULL) {
        goto fail;
    }
    statsd->host   = host;
    statsd->self   = self;
    statsd->prefix = strdup(prefix_of(host, self));
    statsd->server = strdup(host->conf_string(self, "server"));
    if (statsd->prefix == NULL || statsd->server == NULL) {
        goto fail;
    }
    statsd->sock = statsd_socket_create(statsd->server, LOOKUP_WAIT_MS);
    if (statsd->sock == NULL) {
        goto fail;
    }
    *out = statsd;
    return 0;
fail:
    statsd_destroy(statsd);
    host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for the sink");
    return -1;
}

static void note_loss(struct statsd *statsd, size_t lines, const char *why)
{
    statsd->lost += lines;
    statsd->host->count(statsd->self, "lines_lost", lines);
    if (why != NULL) {
        size_t len = strnlen(why, sizeof(statsd->why) - 1);
        memcpy(statsd->why, why, len);
        statsd->why[len] = '\0';
    }
}

static void send_packet(struct statsd *statsd)
{
    struct statsd_packet *packet = &statsd->packet;
    if (packet->lines == 0) {
        return;
    }
    struct statsd_sent sent = statsd_socket_send(statsd->sock, packet->bytes, packet->len);
    if (sent.is_earlier_lost) {
        note_loss(statsd, statsd->lines_before, sent.why);
    }
    if (sent.is_lost) {
        note_loss(statsd, packet->lines, sent.why);
    }
    statsd->lines += packet->lines;
    statsd->lines_before = sent.is_lost ? 0 : packet->lines;
    packet->len          = 0;
    packet->lines        = 0;
}

static void add(struct statsd *statsd, enum statsd_type type, const char *session,
                const char *metric, int64_t value)
{
    struct statsd_line line = {.prefix  = statsd->prefix,
                               .session = session,
                               .metric  = metric,
                               .value   = value,
                               .type    = type};
    if (statsd_packet_add(&statsd->packet, &line) == 0) {
        return;
    }
    send_packet(statsd);
    if (statsd_packet_add(&statsd->packet, &line) != 0) {
        statsd->lines++;
        note_loss(statsd, 1, "a line fits no datagram");
    }
}

static void statsd_event(void *sink, const struct hawser_event *event)
{
    /* An event that tells of a failure may have nothing to measure: it counts, yet times nothing.
     */
    if (event->value > 0 || (event->value == 0 && event->code == 0)) {
        add(sink, STATSD_TIMER, event->session, event->name, event->value);
    }
}

static void add_metric(struct statsd *statsd, const struct hawser_metric *metric)
{
    if (metric->kind == HAWSER_METRIC_GAUGE) {
        add(statsd, STATSD_GAUGE, metric->session, metric->name, metric->value);
        return;
    }
    if (metric->delta <= 0) {
        return;
    }
    if (metric->session[0] != '\0') {
        add(statsd, STATSD_COUNTER, metric->session, metric->name, metric->delta);
    }
    if (statsd_totals_add(&statsd->totals, metric->name, metric->delta) != 0) {
        statsd->lines++;
        note_loss(statsd, 1, "too many names of counters for totals");
    }
}

static int report(struct statsd *statsd, struct hawser_error *err)
{
    uint64_t lines = statsd->lines;
    uint64_t lost  = statsd->lost;
    statsd->lines  = 0;
    statsd->lost   = 0;
    if (lost == 0) {
        return 0;
    }
    statsd->host->error_set(err, HAWSER_NET_LOST, 0,
                            "%" PRIu64 " lines of %" PRIu64 " for %s are lost: %s", lost, lines,
                            statsd->server, statsd->why);
    return -1;
}

static int statsd_flush(void *sink, const struct hawser_metric *metrics, size_t count,
                        struct hawser_error *err)
{
    struct statsd *statsd = sink;
    statsd_socket_refresh(statsd->sock);
    statsd_totals_clear(&statsd->totals);
    for (size_t i = 0; i < count; i++) {
        add_metric(statsd, &metrics[i]);
    }
    for (size_t i = 0; i < statsd->totals.count; i++) {
        add(statsd, STATSD_COUNTER, "", statsd->totals.at[i].name, statsd->totals.at[i].sum);
    }
    send_packet(statsd);
    return report(statsd, err);
}

static const struct hawser_directive statsd_directives[] = {
    {.name     = "server",
     .help     = "HOST:PORT of the StatsD daemon (UDP), or unix:/PATH of its datagram socket",
     .contexts = HAWSER_IN_BLOCK,
     .type     = HAWSER_VALUE_ADDRESS,
     .flags    = HAWSER_DIRECTIVE_REQUIRED,
     .min_args = 1,
     .max_args = 1},
    {.name          = "prefix",
     .default_value = "hawser",
     .help          = "what every name begins with; \"\": nothing",
     .contexts      = HAWSER_IN_BLOCK,
     .type          = HAWSER_VALUE_STRING,
     .min_args      = 1,
     .max_args      = 1},
};

/* Every event whose measurement is a duration. */
#define TIMED                                                                                      \
    (HAWSER_EVENT_BIT(HAWSER_EVENT_CONNECTION_START) |                                             \
     HAWSER_EVENT_BIT(HAWSER_EVENT_CONNECTION_STOP) |                                              \
     HAWSER_EVENT_BIT(HAWSER_EVENT_RECONNECT_ATTEMPT) |                                            \
     HAWSER_EVENT_BIT(HAWSER_EVENT_HEARTBEAT_MISSED) |                                             \
     HAWSER_EVENT_BIT(HAWSER_EVENT_HEARTBEAT_ANSWERED) | HAWSER_EVENT_BIT(HAWSER_EVENT_AUTH_OK) |  \
     HAWSER_EVENT_BIT(HAWSER_EVENT_SESSION_READY) | HAWSER_EVENT_BIT(HAWSER_EVENT_REQUEST_STOP) |  \
     HAWSER_EVENT_BIT(HAWSER_EVENT_CHANNEL_STALE) |                                                \
     HAWSER_EVENT_BIT(HAWSER_EVENT_RATE_LIMIT_WAIT) |                                              \
     HAWSER_EVENT_BIT(HAWSER_EVENT_RELOAD_APPLIED) |                                               \
     HAWSER_EVENT_BIT(HAWSER_EVENT_WORKER_RESTARTED))

static const struct hawser_telemetry statsd_sink = {
    .struct_size = sizeof(statsd_sink),
    .event_mask  = TIMED,
    .create      = statsd_create,
    .destroy     = statsd_destroy,
    .check       = statsd_check,
    .event       = statsd_event,
    .flush       = statsd_flush,
};

HAWSER_MODULE_NOTE(HAWSER_TELEMETRY, "statsd", "0.1.0");

HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind             = HAWSER_TELEMETRY,
    .name             = "statsd",
    .version          = "0.1.0",
    .directives       = statsd_directives,
    .directive_count  = sizeof(statsd_directives) / sizeof(statsd_directives[0]),
    .vtable.telemetry = &statsd_sink,
};
