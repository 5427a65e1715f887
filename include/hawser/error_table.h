/*
 * Every code that an error can have, once: name, category, what recovers from it, and what it means
 * to a person. The enum in error.h, the printer and the manual page are made from this table. Codes
 * are only ever added at the end of their block; the numbers are part of the ABI.
 *
 * HAWSER_ERROR_ROW(number, CODE, CATEGORY, RECOVERY, "text")
 */
#ifndef HAWSER_ERROR_TABLE
#define HAWSER_ERROR_TABLE(HAWSER_ERROR_ROW)                                                       \
    /* the way to the exchange */                                                                  \
    HAWSER_ERROR_ROW(100, NET_RESOLVE, CONNECTION, RECONNECT, "name not resolved")                 \
    HAWSER_ERROR_ROW(101, NET_CONNECT, CONNECTION, RECONNECT, "connection not made")               \
    HAWSER_ERROR_ROW(102, NET_LOST, CONNECTION, RECONNECT, "connection lost")                      \
    HAWSER_ERROR_ROW(103, NET_TIMEOUT, CONNECTION, RECONNECT, "no answer in time")                 \
    HAWSER_ERROR_ROW(104, NET_QUEUE_FULL, APPLICATION, HAND_OVER, "send queue full")               \
    HAWSER_ERROR_ROW(105, NET_URL, APPLICATION, STOP, "address not understood")                    \
    HAWSER_ERROR_ROW(106, NET_PROXY, CONNECTION, RECONNECT, "proxy refused")                       \
    HAWSER_ERROR_ROW(107, NET_PROXY_AUTH, AUTHENTICATION, STOP, "proxy denied access")             \
    HAWSER_ERROR_ROW(110, TLS_CERTIFICATE, AUTHENTICATION, STOP, "server certificate refused")     \
    HAWSER_ERROR_ROW(111, TLS_HANDSHAKE, PROTOCOL, RECONNECT_SLOWLY, "TLS handshake failed")       \
    HAWSER_ERROR_ROW(112, TLS_LOST, CONNECTION, RECONNECT, "TLS connection lost")                  \
    HAWSER_ERROR_ROW(113, TLS_SETUP, APPLICATION, STOP, "TLS settings unusable")                   \
    HAWSER_ERROR_ROW(114, TLS_CERTIFICATE_DATE, AUTHENTICATION, RECONNECT_SLOWLY,                  \
                     "server certificate out of date")                                             \
    /* WebSocket */                                                                                \
    HAWSER_ERROR_ROW(200, WS_HANDSHAKE, PROTOCOL, RECONNECT_SLOWLY, "opening handshake wrong")     \
    HAWSER_ERROR_ROW(201, WS_REFUSED, CONNECTION, RECONNECT, "server refused the upgrade")         \
    HAWSER_ERROR_ROW(202, WS_UNAUTHORIZED, AUTHENTICATION, STOP, "server denied access")           \
    HAWSER_ERROR_ROW(203, WS_TOO_MANY, APPLICATION, WAIT, "server asks to come back later")        \
    HAWSER_ERROR_ROW(204, WS_REDIRECT, PROTOCOL, STOP, "server redirects elsewhere")               \
    HAWSER_ERROR_ROW(210, WS_CLOSE_PROTOCOL, PROTOCOL, RECONNECT_SLOWLY, "frame breaks RFC 6455")  \
    HAWSER_ERROR_ROW(211, WS_CLOSE_UTF8, PROTOCOL, RECONNECT_SLOWLY, "text is not UTF-8")          \
    HAWSER_ERROR_ROW(212, WS_CLOSE_TOO_BIG, PROTOCOL, RECONNECT_SLOWLY, "message over the limit")  \
    HAWSER_ERROR_ROW(213, WS_CLOSED, CONNECTION, RECONNECT, "server closed the connection")        \
    HAWSER_ERROR_ROW(214, WS_CLOSED_WRONG, PROTOCOL, RECONNECT_SLOWLY, "server saw a fault")       \
    HAWSER_ERROR_ROW(215, WS_NOT_OPEN, APPLICATION, HAND_OVER, "connection not open")              \
    /* sessions */                                                                                 \
    HAWSER_ERROR_ROW(300, SESSION_SILENT, CONNECTION, RECONNECT, "link is silent")                 \
    HAWSER_ERROR_ROW(301, SESSION_PHASE_TIMEOUT, CONNECTION, RECONNECT, "phase took too long")     \
    HAWSER_ERROR_ROW(302, SESSION_CHANNEL_REFUSED, APPLICATION, HAND_OVER, "channel refused")      \
    HAWSER_ERROR_ROW(303, SESSION_STATE, APPLICATION, HAND_OVER, "not possible in this state")     \
    HAWSER_ERROR_ROW(304, SESSION_STALE, CONNECTION, RECONNECT, "channel stopped delivering")      \
    HAWSER_ERROR_ROW(305, SESSION_GAP, APPLICATION, HAND_OVER, "messages missing in a channel")    \
    HAWSER_ERROR_ROW(306, SESSION_RETRIES, CONNECTION, STOP, "no attempt is left")                 \
    HAWSER_ERROR_ROW(307, SESSION_BUDGET, APPLICATION, WAIT, "connect budget used up")             \
    HAWSER_ERROR_ROW(310, REQUEST_TIMEOUT, APPLICATION, HAND_OVER, "request not answered in time") \
    HAWSER_ERROR_ROW(311, REQUEST_UNKNOWN, CONNECTION, HAND_OVER, "outcome unknown")               \
    HAWSER_ERROR_ROW(312, REQUEST_REFUSED, APPLICATION, HAND_OVER, "exchange answered an error")   \
    HAWSER_ERROR_ROW(313, REQUEST_LIMIT, APPLICATION, HAND_OVER, "too many requests wait")         \
    HAWSER_ERROR_ROW(314, REQUEST_INVALID, APPLICATION, HAND_OVER, "request not valid")            \
    HAWSER_ERROR_ROW(320, AUTH_DENIED, AUTHENTICATION, STOP, "credentials refused")                \
    HAWSER_ERROR_ROW(321, AUTH_EXPIRED, AUTHENTICATION, REAUTHENTICATE, "token expired")           \
    HAWSER_ERROR_ROW(322, AUTH_MISSING, AUTHENTICATION, STOP, "credentials missing")               \
    HAWSER_ERROR_ROW(323, RATE_LIMITED, APPLICATION, WAIT, "exchange limits the rate")             \
    HAWSER_ERROR_ROW(324, EXCHANGE_BUSY, APPLICATION, WAIT, "exchange asks to wait")               \
    HAWSER_ERROR_ROW(325, ADAPTER_FAILED, APPLICATION, RECONNECT_SLOWLY, "adapter gave up")        \
    HAWSER_ERROR_ROW(330, JSON_INVALID, PROTOCOL, HAND_OVER, "not valid JSON")                     \
    HAWSER_ERROR_ROW(331, JSONRPC_INVALID, PROTOCOL, HAND_OVER, "not a valid JSON-RPC message")    \
    /* configuration */                                                                            \
    HAWSER_ERROR_ROW(400, CONF_SYNTAX, APPLICATION, STOP, "configuration not understood")          \
    HAWSER_ERROR_ROW(401, CONF_DIRECTIVE, APPLICATION, STOP, "directive not valid")                \
    HAWSER_ERROR_ROW(402, CONF_FILE, APPLICATION, STOP, "file not usable")                         \
    HAWSER_ERROR_ROW(403, CONF_SECRET, APPLICATION, STOP, "credentials not usable")                \
    /* modules */                                                                                  \
    HAWSER_ERROR_ROW(500, MODULE_FILE, APPLICATION, STOP, "module file not usable")                \
    HAWSER_ERROR_ROW(501, MODULE_FORMAT, APPLICATION, STOP, "not a Hawser module")                 \
    HAWSER_ERROR_ROW(502, MODULE_ABI, APPLICATION, STOP, "module of another ABI")                  \
    HAWSER_ERROR_ROW(503, MODULE_OPEN, APPLICATION, STOP, "module does not load")                  \
    HAWSER_ERROR_ROW(504, MODULE_DESCRIPTOR, APPLICATION, STOP, "module descriptor wrong")         \
    HAWSER_ERROR_ROW(505, MODULE_INIT, APPLICATION, STOP, "module refused to start")               \
    /* outputs */                                                                                  \
    HAWSER_ERROR_ROW(600, OUTPUT_WRITE, APPLICATION, HAND_OVER, "output not written")              \
    HAWSER_ERROR_ROW(601, OUTPUT_FULL, APPLICATION, HAND_OVER, "output queue full")                \
    /* this machine */                                                                             \
    HAWSER_ERROR_ROW(700, SYSTEM_MEMORY, APPLICATION, HAND_OVER, "out of memory")                  \
    HAWSER_ERROR_ROW(701, SYSTEM_CALL, APPLICATION, HAND_OVER, "system call failed")               \
    HAWSER_ERROR_ROW(702, SYSTEM_LIMIT, APPLICATION, HAND_OVER, "limit reached")                   \
    HAWSER_ERROR_ROW(703, CONTROL_REFUSED, APPLICATION, HAND_OVER, "host refused")
#endif
