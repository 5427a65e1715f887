/*
 * Every telemetry event, once: name, what its measurement is and in which unit.
 * HAWSER_EVENT_ROW(CODE, "name", "measurement", "unit") - new ones at the end; the order is part of
 * the ABI.
 */
#ifndef HAWSER_EVENT_TABLE
#define HAWSER_EVENT_TABLE(HAWSER_EVENT_ROW)                                                       \
    HAWSER_EVENT_ROW(CONNECTION_START, "connection.start", "connect_time", "ns")                   \
    HAWSER_EVENT_ROW(CONNECTION_STOP, "connection.stop", "lifetime", "ns")                         \
    HAWSER_EVENT_ROW(MESSAGE_RECEIVED, "message.received", "size", "bytes")                        \
    HAWSER_EVENT_ROW(MESSAGE_SENT, "message.sent", "size", "bytes")                                \
    HAWSER_EVENT_ROW(ERROR_OCCURRED, "error.occurred", "code", "")                                 \
    HAWSER_EVENT_ROW(RECONNECT_ATTEMPT, "reconnect.attempt", "delay", "ns")                        \
    HAWSER_EVENT_ROW(HEARTBEAT_SENT, "heartbeat.sent", "", "")                                     \
    HAWSER_EVENT_ROW(HEARTBEAT_MISSED, "heartbeat.missed", "silence", "ns")                        \
    HAWSER_EVENT_ROW(HEARTBEAT_ANSWERED, "heartbeat.answered", "round_trip", "ns")                 \
    HAWSER_EVENT_ROW(AUTH_OK, "auth.ok", "duration", "ns")                                         \
    HAWSER_EVENT_ROW(AUTH_FAILED, "auth.failed", "code", "")                                       \
    HAWSER_EVENT_ROW(SUBSCRIPTION_RESTORED, "subscription.restored", "channels", "")               \
    HAWSER_EVENT_ROW(SESSION_READY, "session.ready", "duration", "ns")                             \
    HAWSER_EVENT_ROW(REQUEST_STOP, "request.stop", "round_trip", "ns")                             \
    HAWSER_EVENT_ROW(GAP_DETECTED, "gap.detected", "channels", "")                                 \
    HAWSER_EVENT_ROW(CHANNEL_STALE, "channel.stale", "silence", "ns")                              \
    HAWSER_EVENT_ROW(RATE_LIMIT_WAIT, "rate_limit.wait", "delay", "ns")                            \
    HAWSER_EVENT_ROW(OUTPUT_DROPPED, "output.dropped", "records", "")                              \
    HAWSER_EVENT_ROW(RELOAD_APPLIED, "reload.applied", "duration", "ns")                           \
    HAWSER_EVENT_ROW(WORKER_RESTARTED, "worker.restarted", "delay", "ns")
#endif
