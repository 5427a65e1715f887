/*
 * What the service manager is told: the datagrams of sd_notify(3), without libsystemd. What they
 * say is decided in master_notify.c.
 */
#ifndef CORE_HOST_NOTIFY_H
#define CORE_HOST_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "hawser/error.h"

#define NOTIFY_MAX_BYTES 1024u /* of one datagram */

struct notify {
    int fd; /* -1: nobody listens */
    socklen_t address_bytes;
    struct sockaddr_un address;
    clock_ns_t watchdog; /* silence after which the service manager ends us; 0: it does not */
};

#define NOTIFY_INIT                                                                                \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/**
 * Find the service manager by NOTIFY_SOCKET, and its patience by WATCHDOG_USEC and WATCHDOG_PID.
 * The variables stay, for a successor of this process, but for WATCHDOG_PID, which would exclude
 * it; children do not get them (child.c).
 * @return 0, also when there is none; -1 with err set
 * @error  CONF_SYNTAX: a variable is not what sd_notify(3) says
 */
int notify_open(struct notify *notify, struct hawser_error *err) HAWSER_MUST_CHECK;
void notify_close(struct notify *notify);
int notify_is_open(const struct notify *notify);
/**
 * Send one datagram, of lines VARIABLE=VALUE. Never waits.
 * @return 0, also when nobody listens; -1: it did not go out; say it again later
 */
int notify_send(const struct notify *notify, const char *lines);
/** Make foreign text fit for the inside of a line: what is not printable ASCII becomes '?'. */
void notify_clean(char *text);

#endif
