/*
 * StatsD's line protocol: names, values, and datagrams of whole lines. Knows no socket.
 */
#ifndef STATSD_LINE_H
#define STATSD_LINE_H

#include "hawser/base.h"

/** What fits one Ethernet frame with room for tunnels, as the StatsD daemon's manual advises. */
#define STATSD_PACKET_BYTES 1432u
/** Longest prefix; it leaves room for every name that the host can give. */
#define STATSD_PREFIX_BYTES 128u

enum statsd_type { STATSD_COUNTER, STATSD_GAUGE, STATSD_TIMER };

struct statsd_line {
    const char *prefix;  /* "": none */
    const char *session; /* "": a metric of the whole host */
    const char *metric;  /* its dots are levels of the hierarchy */
    int64_t value;       /* TIMER: [ns] */
    enum statsd_type type;
};

/** Lines on their way into one datagram. Zero-initialised: empty. */
struct statsd_packet {
    char bytes[STATSD_PACKET_BYTES];
    size_t len;
    size_t lines;
};

/**
 * Write a line with its newline. A negative gauge becomes two lines, for a sign alone would mean
 * "change by": set to 0, then change. They stay together, so that no datagram overtakes the other.
 *
 * @param out  gets no NUL
 * @return     bytes written; 0: it does not fit `room`
 */
size_t statsd_line_format(const struct statsd_line *line, char *out, size_t room);

/** Add a line. @return 0, or -1: no room left (an empty packet: the line fits none) */
int statsd_packet_add(struct statsd_packet *packet, const struct statsd_line *line);

/** Is this a prefix that reaches the daemon as it is written: [A-Za-z0-9_.-]*, not too long? */
int statsd_prefix_is_valid(const char *prefix);

#endif
