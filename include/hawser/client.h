/*
 * libhawser: a WebSocket client that keeps its connection, in five calls: connect, send, subscribe,
 * get_state, close.
 *
 *     struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
 *     struct hawser_client_callbacks callbacks = {.struct_size = sizeof(callbacks), .message =
 * on_message}; struct hawser_error err = HAWSER_ERROR_INIT; struct hawser_client *client =
 * hawser_connect("wss://host/path", &options, &callbacks, NULL, &err); hawser_run(client);   //
 * until it is closed for good hawser_free(client);
 *
 * Threads: a client belongs to the thread that runs its loop.
 */
#ifndef HAWSER_CLIENT_H
#define HAWSER_CLIENT_H

#include "hawser/base.h"
#include "hawser/error.h"
#include "hawser/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct event_base;
struct hawser_client;
struct hawser_reply;

/** Where a client is. The same states as a session of the host. */
enum hawser_state {
    HAWSER_STATE_IDLE = 0,
    HAWSER_STATE_RESOLVING,
    HAWSER_STATE_CONNECTING,
    HAWSER_STATE_TLS,
    HAWSER_STATE_UPGRADING,
    HAWSER_STATE_OPEN,
    HAWSER_STATE_AUTHENTICATING,
    HAWSER_STATE_RESTORING,
    HAWSER_STATE_READY,
    HAWSER_STATE_BACKOFF,
    HAWSER_STATE_CLOSING,
    HAWSER_STATE_CLOSED,
    HAWSER_STATE_FAILED,
    HAWSER_STATE_COUNT
};

/** Options; 0 or NULL means the default named. Grows at the end. */
struct hawser_client_options {
    uint32_t struct_size;
    uint32_t retry_count;   /* attempts after a failure before giving up; default 3; UINT32_MAX: for
                               ever */
    int64_t timeout_ms;     /* for each phase up to open; default 5000 */
    int64_t retry_delay_ms; /* first backoff; default 1000 */
    int64_t max_backoff_ms; /* default 30000 */
    int64_t heartbeat_interval_ms; /* WebSocket pings; default 30000; -1: none */
    int64_t request_timeout_ms;    /* default 30000 */
    uint64_t max_message_bytes;    /* default 16 MiB; twice as much, at least 64 KiB, may wait to be
                                      sent */
    const char *const
        *headers; /* "Name: value", NULL-terminated; extra headers of the opening handshake */
    const char *subprotocols; /* "a, b": offered */
    const char *tls_ca_file;  /* PEM; default: the system's roots */
    const char
        *subscribe_method;    /* JSON-RPC method of hawser_subscribe; default "public/subscribe" */
    struct event_base *base;  /* the caller's loop; default: the client makes its own */
    uint32_t tls_insecure;    /* 1: do not verify the server; for tests */
    uint32_t reconnect_off;   /* 1: a lost connection is the end (reconnect_on_error off) */
    uint32_t compression_off; /* 1: do not offer permessage-deflate */
    uint32_t requests_wait;  /* 1: hawser_request before the connection is open waits for it, for no
                                longer than its own timeout; default: it is refused */
    uint32_t text_unchecked; /* 1: text is handed on unread, be it UTF-8 or not, for programs that
                                check it themselves (or not at all) */
    uint32_t reserved_2;
    int64_t busy_poll_ms; /* hawser_run does not sleep for so long after bytes arrived: they come
                             some microseconds sooner and cost a whole CPU; -1: it never sleeps */
    const char *tls_certificate_file; /* PEM: a certificate of ours and its chain, for servers that
                                         ask; needs tls_key_file */
    const char *tls_key_file;         /* PEM: its private key */
    const char *const *tls_pins;      /* "sha256//BASE64", NULL-terminated: the public keys that the
                                         server may have; default: any that is certified */
    const char *heartbeat_text;       /* sent at each heartbeat interval, besides the ping */
    const char *heartbeat_answer;     /* the whole text of its answer, or its beginning and a '*'; a
                                         link on which it does not come is replaced */
};
HAWSER_NO_TAIL_PADDING(struct hawser_client_options, heartbeat_answer);

#define HAWSER_CLIENT_OPTIONS_INIT                                                                 \
    {                                                                                              \
        .struct_size = sizeof(struct hawser_client_options)                                        \
    }

/** What a client calls. Any may be NULL. All may call the client, hawser_close included; none may
 * call hawser_free. */
struct hawser_client_callbacks {
    uint32_t struct_size;
    uint32_t reserved;
    /** A message arrived. @param bytes borrowed for the call */
    void (*message)(struct hawser_client *client, enum hawser_opcode opcode,
                    struct hawser_slice bytes, void *arg);
    /** The state changed. @param why NULL, or borrowed: the reason */
    void (*state)(struct hawser_client *client, enum hawser_state state,
                  const struct hawser_error *why, void *arg);
    /** The server's close frame. @param code 1005 where it gave none */
    void (*closed)(struct hawser_client *client, uint16_t code, struct hawser_slice reason,
                   void *arg);
    /**
     * The send queue is low again: called once when it has fallen to a quarter of its bound or less
     * after something had to be queued, or was refused because it was full. Not called for a
     * connection that broke: its queue is gone, as `state` tells.
     */
    void (*writable)(struct hawser_client *client, void *arg);
};
HAWSER_NO_TAIL_PADDING(struct hawser_client_callbacks, writable);

/**
 * Make a client and start to connect. Returns at once; the connection is made by the loop.
 *
 * @param url        ws://host[:port][/path] or wss://...; copied
 * @param options    copied; NULL: all defaults
 * @param callbacks  copied; NULL: none
 * @param arg        passed to every callback
 * @return           given, free it with hawser_free; NULL with err set: an option is wrong or
 * memory is out
 */
HAWSER_EXPORT struct hawser_client *hawser_connect(const char *url,
                                                   const struct hawser_client_options *options,
                                                   const struct hawser_client_callbacks *callbacks,
                                                   void *arg, struct hawser_error *err);

/**
 * Send one message. What the kernel does not take at once is queued, up to twice max_message_bytes;
 * what would not fit is refused whole (HAWSER_NET_QUEUE_FULL): wait for `writable`, then send it
 * again. What is larger than the queue may ever get is refused for good (HAWSER_SYSTEM_LIMIT).
 * @param opcode  HAWSER_OPCODE_TEXT or HAWSER_OPCODE_BINARY
 * @return        0, or -1 with err set: not open, not UTF-8, queue full
 */
HAWSER_EXPORT int hawser_send(struct hawser_client *client, enum hawser_opcode opcode,
                              struct hawser_slice bytes,
                              struct hawser_error *err) HAWSER_MUST_CHECK;

/** @return bytes sent, with their framing, that the kernel has not taken yet; 0 while not
 * connected */
HAWSER_EXPORT size_t hawser_queued(const struct hawser_client *client);

/**
 * Want channels, now and after every reconnect. Sent as JSON-RPC {"channels":[...]} to
 * `subscribe_method` as soon as the connection is open; READY means that the server acknowledged
 * all of them.
 * @param channels  UTF-8; copied
 * @return 0, or -1 with err set: a name is empty or not UTF-8 (none of them is taken then)
 */
HAWSER_EXPORT int hawser_subscribe(struct hawser_client *client, const char *const *channels,
                                   size_t count, struct hawser_error *err) HAWSER_MUST_CHECK;

/** @return the state now */
HAWSER_EXPORT enum hawser_state hawser_get_state(const struct hawser_client *client);

/** Close with a close handshake; the client never connects again. Returns at once. @param code e.g.
 * 1000 */
HAWSER_EXPORT void hawser_close(struct hawser_client *client, uint16_t code, const char *reason);

/**
 * Send a JSON-RPC 2.0 request. `fn` is called exactly once unless -1 is returned (see host.h,
 * `call`): with the answer, or with an error when the time is over or the connection broke. It is
 * never sent twice.
 * @param method      UTF-8, not empty
 * @param params      one JSON array or object; len 0: none
 * @param timeout_ms  0: request_timeout_ms; a year at most
 * @param fn          NULL: how it ends is of no interest
 * @return 0, or -1 with err set: not open (see requests_wait), too many wait, method or params
 * wrong
 */
HAWSER_EXPORT int hawser_request(struct hawser_client *client, const char *method,
                                 struct hawser_slice params, int64_t timeout_ms,
                                 void (*fn)(void *arg, const struct hawser_reply *reply), void *arg,
                                 struct hawser_error *err) HAWSER_MUST_CHECK;

/**
 * Run the loop until the client is CLOSED or FAILED. Only where the client made its own loop.
 * @return 0: closed by a clean close handshake; -1: anything else, hawser_close after it had FAILED
 * too
 */
HAWSER_EXPORT int hawser_run(struct hawser_client *client);

/** Free a client, open or not. NULL is allowed. Not from a callback. */
HAWSER_EXPORT void hawser_free(struct hawser_client *client);

/** @return "READY" for HAWSER_STATE_READY and so on; "?" for a number that is none */
HAWSER_EXPORT const char *hawser_state_name(enum hawser_state state);

#ifdef __cplusplus
}
#endif
#endif
