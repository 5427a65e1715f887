/*
 * The vtable of an exchange adapter. One object per session, made when the session is made and
 * destroyed with it; it lives through every reconnect. All slots run on the worker's one loop,
 * never block, and are never called from inside the adapter's own call to the host unless host.h
 * says so.
 *
 * What the core does for every adapter: transport, framing, reconnection, backoff, deadlines,
 * request correlation, the book of channels, gap detection, telemetry. What is left is the dialect.
 *
 * Life of one connection:
 *   connected -> [authenticate -> host.authenticated] -> [restore -> host.restored] -> subscribe ->
 * host.channel_confirmed ...
 *   -> READY; message* ; heartbeat* -> [leave -> host.left] -> disconnected
 */
#ifndef HAWSER_ADAPTER_H
#define HAWSER_ADAPTER_H

#include "hawser/base.h"
#include "hawser/error.h"
#include "hawser/host.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One complete message of the exchange. */
struct hawser_message {
    struct hawser_slice bytes; /* borrowed for the call; text was checked to be UTF-8 */
    int64_t received_ns;       /* CLOCK_REALTIME */
    uint32_t binary;           /* 1: a binary message, 0: text */
    uint32_t reserved;
};
HAWSER_NO_TAIL_PADDING(struct hawser_message, reserved);

/** One pool of tokens that an exchange counts an account's requests by. */
struct hawser_rate_pool {
    const char
        *name;       /* as in the config: `rate_limit NAME rate=N burst=N;`; pools of one name share
                        their tokens, so that orders and other calls may come from one pool */
    uint32_t rate;   /* tokens that come back in a second */
    uint32_t burst;  /* tokens of a full pool */
    uint32_t urgent; /* 1: orders: its requests go before those of other pools */
    uint32_t reserved;
};
HAWSER_NO_TAIL_PADDING(struct hawser_rate_pool, reserved);

/** How an exchange limits requests. */
struct hawser_rate_limits {
    uint32_t struct_size;
    uint32_t pool_count; /* 1 to 8 */
    const struct hawser_rate_pool *pools;
    int64_t too_many; /* JSON-RPC code of the answer "too many requests"; 0: none */
};
HAWSER_NO_TAIL_PADDING(struct hawser_rate_limits, too_many);

struct hawser_adapter {
    uint32_t struct_size;
    uint32_t
        subscribe_batch; /* most channels in one call of subscribe or unsubscribe; 0: no limit */

    /**
     * Make the adapter's object for one session. Mandatory. The session is not connected yet.
     *
     * @param host  the host's functions; lives as long as the process
     * @param self  the session, as the first argument of host functions; lives until `destroy`
     * returns
     * @param out   given: the object, passed to every other slot
     * @return      0, or -1 with err set: the config is refused with this message
     */
    int (*create)(const struct hawser_host *host, struct hawser_instance *self, void **out,
                  struct hawser_error *err);

    /** Free the object. Mandatory. No slot is called afterwards; timers and requests of the session
     * are gone already. */
    void (*destroy)(void *adapter);

    /**
     * Check the config of one session without making anything; runs in the checker process too. May
     * be NULL. Reads through host->conf_*; reports the first problem that the directives' rows
     * cannot express.
     *
     * @return 0, or -1 with err set (the host adds file and line)
     */
    int (*check)(const struct hawser_host *host, struct hawser_instance *self,
                 struct hawser_error *err);

    /** The WebSocket is open. May be NULL. Messages that need no login may be sent from here on. */
    void (*connected)(void *adapter);

    /**
     * Authenticate: send what it takes; later call host->authenticated or host->fail. Called when
     * the session has credentials, after `connected`, and again when a token expired. NULL: the
     * exchange has no login (credentials in the config are then an error).
     */
    void (*authenticate)(void *adapter);

    /**
     * Set the connection up before channels are subscribed (heartbeat, cancel-on-disconnect, ...);
     * later call host->restored or host->fail. NULL: nothing to do.
     */
    void (*restore)(void *adapter);

    /**
     * Ask for channels. Later report every one of them by host->channel_confirmed or
     * host->channel_refused, whatever the exchange answered; what stays unreported when the phase's
     * deadline passes counts as refused. Mandatory for adapters that have channels; NULL: the
     * session cannot have any. An error of a whole call is reported for each of its channels as
     * REQUEST_REFUSED: the host asks for them again in halves until the one at fault stands alone.
     *
     * @param channels  borrowed for the call
     */
    void (*subscribe)(void *adapter, const struct hawser_slice *channels, size_t count);

    /** Give channels up; later report by host->channel_gone. NULL: cannot. */
    void (*unsubscribe)(void *adapter, const struct hawser_slice *channels, size_t count);

    /** A message arrived. Mandatory. Hot: scan the envelope, call host->deliver, build no tree for
     * market data. */
    void (*message)(void *adapter, const struct hawser_message *message);

    /**
     * Send the exchange's own heartbeat. Called each heartbeat interval while READY; the host
     * expects host->alive before the next one is due, else it closes the link. NULL: the exchange
     * has none, and WebSocket pings serve.
     */
    void (*heartbeat)(void *adapter);

    /**
     * Say goodbye before the close handshake (log out, so that orders stay); then call host->left.
     * NULL: nothing to say. The host waits for a while and closes anyway.
     */
    void (*leave)(void *adapter);

    /** The connection is gone. May be NULL. Forget what belonged to it; the host reconnects by
     * itself. */
    void (*disconnected)(void *adapter, const struct hawser_error *why);

    /**
     * Does this channel need a login? NULL: none does. A session without credentials that wants
     * such a channel is refused by the config check.
     *
     * @return 1 yes, 0 no
     */
    int (*channel_is_private)(struct hawser_slice channel);

    /* since 1.1 */

    /** The limits that the host keeps to by itself. NULL: none are known. */
    const struct hawser_rate_limits *rate_limits;

    /**
     * What a request costs. NULL: nothing. Calls that find their pool empty wait in the host,
     * orders first and channels last; the adapter's own calls outside of `subscribe` and
     * `unsubscribe` are counted and wait for nothing.
     *
     * @param method  borrowed for the call
     * @param pool    set to an index of rate_limits->pools
     * @return        tokens; 0: nothing
     */
    uint32_t (*request_cost)(const char *method, uint32_t *pool);

    /* since 1.2 */

    /**
     * The send queue is low again: called once when it has fallen to a quarter of its bound or less
     * after something had to be queued, or was refused because it was full (NET_QUEUE_FULL). What
     * was refused may be sent again from here. Not called for a connection that broke: its queue is
     * gone, as `disconnected` tells. May be NULL.
     */
    void (*writable)(void *adapter);
};
HAWSER_NO_TAIL_PADDING(struct hawser_adapter, writable);

#ifdef __cplusplus
}
#endif
#endif
