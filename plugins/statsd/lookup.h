/*
 * Addresses of a name, looked up on a thread of its own: a resolver may take half a minute, and the
 * loop that runs the sink waits for nobody.
 */
#ifndef STATSD_LOOKUP_H
#define STATSD_LOOKUP_H

#include <sys/socket.h>

#include "hawser/base.h"

#define STATSD_MAX_ADDRESSES 8u

struct statsd_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

struct statsd_addresses {
    struct statsd_address at[STATSD_MAX_ADDRESSES];
    size_t count;
};

struct statsd_lookup;

/**
 * Start to look up where datagrams go.
 * @return given; NULL: no memory, or no thread
 */
struct statsd_lookup *statsd_lookup_start(const char *host, const char *port);
/**
 * Wait for the outcome, at most `wait_ms`.
 * @param out  filled when the result is 1
 * @param why  set to a constant text when the result is -1
 * @return     1: found; 0: still looking; -1: no address
 */
int statsd_lookup_wait(struct statsd_lookup *lookup, int64_t wait_ms, struct statsd_addresses *out,
                       const char **why);
/** Forget it; a thread that still waits for the resolver cleans up after itself. NULL is allowed.
 */
void statsd_lookup_release(struct statsd_lookup *lookup);
/** Only a numeric address is read, at once. @return 0, or -1: it is a name */
int statsd_lookup_numeric(const char *host, const char *port, struct statsd_addresses *out);

#endif
