/*
 * Liveness of a link. See heartbeat.h.
 */
#include "session/heartbeat.h"

void heartbeat_begin(struct heartbeat *heartbeat, int64_t interval_ms, clock_ns_t now)
{
    uint64_t number = heartbeat->ping_number;
    *heartbeat      = (struct heartbeat){
             .interval    = interval_ms > 0 ? interval_ms * CLOCK_NS_PER_MS : 0,
             .heard_at    = now,
             .answered_at = now,
             .ping_number = number,
    };
}

enum heartbeat_verdict heartbeat_judge(const struct heartbeat *heartbeat)
{
    if (heartbeat->pinged_at != 0 && heartbeat->heard_at < heartbeat->pinged_at) {
        return HEARTBEAT_SILENT;
    }
    if (heartbeat->asked_at != 0 && heartbeat->answered_at < heartbeat->asked_at) {
        return HEARTBEAT_UNANSWERED;
    }
    return HEARTBEAT_PROBE;
}

uint64_t heartbeat_pinged(struct heartbeat *heartbeat, clock_ns_t now)
{
    heartbeat->pinged_at = now;
    return ++heartbeat->ping_number;
}

void heartbeat_asked(struct heartbeat *heartbeat, clock_ns_t now)
{
    heartbeat->asked_at = now;
}

void heartbeat_answered(struct heartbeat *heartbeat, clock_ns_t now)
{
    heartbeat->answered_at = now;
}

int64_t heartbeat_ponged(struct heartbeat *heartbeat, uint64_t number, clock_ns_t now)
{
    if (number != heartbeat->ping_number || heartbeat->pinged_at == 0) {
        return 0;
    }
    heartbeat->round_trip_ns = now - heartbeat->pinged_at > 0 ? now - heartbeat->pinged_at : 1;
    return heartbeat->round_trip_ns;
}
