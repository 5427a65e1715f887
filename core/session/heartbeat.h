/*
 * When to probe a link, and when it is dead. Pure: the owner runs the timer and sends what this
 * asks for.
 */
#ifndef CORE_SESSION_HEARTBEAT_H
#define CORE_SESSION_HEARTBEAT_H

#include "base/clock.h"

struct heartbeat {
    clock_ns_t interval;    /* 0: off */
    clock_ns_t heard_at;    /* any byte of the other side's */
    clock_ns_t pinged_at;   /* our last ping; 0: none */
    clock_ns_t answered_at; /* the exchange's own sign of life */
    clock_ns_t asked_at;    /* the adapter's heartbeat; 0: none waits for an answer */
    uint64_t ping_number;   /* payload of the last ping */
    int64_t round_trip_ns;  /* of the last answered ping */
};

enum heartbeat_verdict {
    HEARTBEAT_PROBE,      /* alive so far: ping (and ask) now */
    HEARTBEAT_SILENT,     /* not one byte since the last ping */
    HEARTBEAT_UNANSWERED, /* bytes, but the exchange's own heartbeat was not answered */
};

/** A link opened. @param interval_ms <= 0: off */
void heartbeat_begin(struct heartbeat *heartbeat, int64_t interval_ms, clock_ns_t now);
/** Bytes arrived. Hot. */
static inline void heartbeat_heard(struct heartbeat *heartbeat, clock_ns_t now)
{
    heartbeat->heard_at = now;
}
/** The interval is over. Two in a row without a byte are enough, so that a half-open link is found
 * within two intervals. */
enum heartbeat_verdict heartbeat_judge(const struct heartbeat *heartbeat);
/** A ping goes out. @return its number */
uint64_t heartbeat_pinged(struct heartbeat *heartbeat, clock_ns_t now);
/** The adapter's heartbeat goes out. */
void heartbeat_asked(struct heartbeat *heartbeat, clock_ns_t now);
/** The exchange showed a sign of life. */
void heartbeat_answered(struct heartbeat *heartbeat, clock_ns_t now);
/** A pong. @return its round trip [ns]; 0: not the answer to our last ping */
int64_t heartbeat_ponged(struct heartbeat *heartbeat, uint64_t number, clock_ns_t now);

#endif
