/*
 * What the host offers a module: one table of functions, given to each `create`. A module has no
 * undefined symbols of the host's, so that its tests can hand it a fake table. Functions are only
 * ever added at the end.
 *
 * Threads: an adapter and a telemetry sink are called on one loop and call the host from there. An
 * output that asked for a thread of its own may call `log`, `count`, `clock_*`, `conf_*` and
 * `record_line` from it, and nothing else.
 */
#ifndef HAWSER_HOST_H
#define HAWSER_HOST_H

#include "hawser/base.h"
#include "hawser/error.h"
#include "hawser/jsonrpc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One instance of a module in the host: a session (adapter), an output or a telemetry sink.
 * Opaque. */
struct hawser_instance;
struct hawser_record; /* output.h */
/** A running timer. Opaque; owned by the instance. */
struct hawser_timer;

enum hawser_log_level {
    HAWSER_LOG_EMERG = 0,
    HAWSER_LOG_ALERT,
    HAWSER_LOG_CRIT,
    HAWSER_LOG_ERROR,
    HAWSER_LOG_WARN,
    HAWSER_LOG_NOTICE,
    HAWSER_LOG_INFO,
    HAWSER_LOG_DEBUG,
    HAWSER_LOG_LEVEL_COUNT
};

/**
 * In front of the format of `log`: a code of the module's own for this message, which stays when
 * its words change, and is not given to another one. The line then has the id HW-NAME-CODE, NAME
 * being the module's in upper case (`HW-DERIBIT-003`): what alerts and filters look for.
 *
 * @param code  a literal of three digits: "003"
 */
#define HAWSER_MESSAGE(code) "#" code " "

/** How a request ended. */
struct hawser_reply {
    struct hawser_slice result; /* borrowed for the call; the JSON value, empty on error */
    struct hawser_slice
        error; /* borrowed for the call; the JSON-RPC error object, empty where there was none */
    const struct hawser_error *err; /* NULL: the exchange answered with a result */
    int64_t round_trip_ns;          /* from send to answer; 0 where none came */
};
HAWSER_NO_TAIL_PADDING(struct hawser_reply, round_trip_ns);

/** Called exactly once for each request that was accepted. It may call the host. */
typedef void (*hawser_reply_fn)(void *arg, const struct hawser_reply *reply);

enum hawser_delivery_flag {
    HAWSER_DELIVERY_JSON      = 1u << 0, /* data is a JSON value */
    HAWSER_DELIVERY_SNAPSHOT  = 1u << 1, /* a whole state: starts the channel's sequence anew */
    HAWSER_DELIVERY_SEQUENCED = 1u << 2, /* `sequence` is valid */
    HAWSER_DELIVERY_FOLLOWS =
        1u << 3, /* `previous` is valid: the sequence of the message before in this channel */
    HAWSER_DELIVERY_BINARY = 1u << 4 /* data is not text */
};

/** One piece of data of one channel, on its way to the outputs. */
struct hawser_delivery {
    struct hawser_slice channel; /* borrowed for the call */
    struct hawser_slice data;    /* borrowed for the call; the exchange's bytes as they came */
    int64_t received_ns;         /* CLOCK_REALTIME, from the message */
    uint64_t sequence;
    uint64_t previous;
    uint32_t flags; /* enum hawser_delivery_flag, or-ed */
    uint32_t reserved;
};
HAWSER_NO_TAIL_PADDING(struct hawser_delivery, reserved);

struct hawser_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;

    /* For every module. */

    /** Write one line to the host's error log, with the instance's kind and name in front. `fmt`
     * begins with HAWSER_MESSAGE; one that does not gets the code 000. Never pass a credential. */
    void (*log)(struct hawser_instance *self, enum hawser_log_level level, const char *fmt, ...)
        HAWSER_PRINTF(3, 4);
    /** @return the session's, output's or sink's name; borrowed, lives as long as the instance */
    const char *(*name)(struct hawser_instance *self);
    /** @return CLOCK_MONOTONIC [ns] */
    int64_t (*clock_monotonic_ns)(void);
    /** @return CLOCK_REALTIME [ns] */
    int64_t (*clock_realtime_ns)(void);

    /**
     * The first argument of a directive of this instance's block, the module's own or the core's
     * (such as `heartbeat` of a session), as text: what the config says, else the row's default.
     * Paths of the module's own rows come absolute.
     * @return borrowed, lives as long as the instance; NULL: neither in the config nor a default
     */
    const char *(*conf_string)(struct hawser_instance *self, const char *directive);
    /** The same as a number: NUMBER, TIME [ms], SIZE [bytes], FLAG 1 or 0, CHOICE the index of the
     * word. 0 where absent. */
    int64_t (*conf_number)(struct hawser_instance *self, const char *directive);
    /** @return how often the directive stands in this instance's block */
    size_t (*conf_count)(struct hawser_instance *self, const char *directive);
    /**
     * All arguments of the n-th occurrence (from 0).
     * @param words  set to an array, borrowed, living as long as the instance
     * @return       how many; 0 where there is no such occurrence
     */
    size_t (*conf_words)(struct hawser_instance *self, const char *directive, size_t n,
                         const char *const **words);

    /**
     * Call `fn(arg)` once on the instance's loop after `delay_ms`. Gone when it fired, was stopped,
     * or the instance ends.
     * @return borrowed; NULL: out of memory (logged)
     */
    struct hawser_timer *(*timer_start)(struct hawser_instance *self, int64_t delay_ms,
                                        void (*fn)(void *arg), void *arg);
    /** Stop a timer that has not fired. NULL is allowed. */
    void (*timer_stop)(struct hawser_instance *self, struct hawser_timer *timer);
    /** Add to a counter of the module's own; exported as NAME.metric. `metric`: [a-z0-9_], at most
     * 40 bytes. */
    void (*count)(struct hawser_instance *self, const char *metric, uint64_t add);

    /* For adapters: sending. */

    /**
     * A word of the session's credentials.
     * @return borrowed until the callback returns (a reload may replace it); NULL: not configured
     */
    const char *(*credential)(struct hawser_instance *self, const char *key);
    /**
     * Send one text message. Not possible before `connected`.
     * @param bytes  borrowed for the call
     * @return 0, or -1 with err set (not open; queue full: wait for the adapter's `writable`)
     */
    int (*send_text)(struct hawser_instance *self, struct hawser_slice bytes,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
    /** The same with a binary message. */
    int (*send_binary)(struct hawser_instance *self, struct hawser_slice bytes,
                       struct hawser_error *err) HAWSER_MUST_CHECK;
    /**
     * Send a JSON-RPC 2.0 request; the host chooses the id. `fn` is called exactly once, unless -1
     * is returned: with the answer, with REQUEST_TIMEOUT, or with REQUEST_UNKNOWN when the link
     * broke first. Nothing is ever sent twice.
     *
     * @param method      NUL-terminated, borrowed for the call
     * @param params      a JSON value, borrowed for the call; empty: none
     * @param timeout_ms  0: the session's request_timeout
     * @return 0, or -1 with err set (not open; too many waiting; queue full)
     */
    int (*call)(struct hawser_instance *self, const char *method, struct hawser_slice params,
                int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                struct hawser_error *err) HAWSER_MUST_CHECK;
    /**
     * Wait for an answer in a dialect other than JSON-RPC: the adapter sends the message itself
     * with the id returned, and calls `answered` with it. Ends exactly once, as with `call`.
     * @param id  set to the id, unique in the session for its life
     */
    int (*expect)(struct hawser_instance *self, int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                  uint64_t *id, struct hawser_error *err) HAWSER_MUST_CHECK;
    /**
     * An answer came for a request by `call` or `expect`. Runs its `fn` before it returns.
     * @param result  empty where the answer is an error
     * @param error   the error object; empty where the answer is a result
     * @return 0, or -1: no request with this id waits (late or foreign; counted)
     */
    int (*answered)(struct hawser_instance *self, uint64_t id, struct hawser_slice result,
                    struct hawser_slice error);

    /* For adapters: receiving. */

    /**
     * Find the envelope of a JSON-RPC message in one pass. Hot.
     * @param out  filled on success; slices point into `bytes`
     * @return 0, or -1: not a JSON object, or broken
     */
    int (*scan)(struct hawser_slice bytes, struct hawser_envelope *out);
    /**
     * Find one member of a JSON object (or, with a path of names separated by '.', of objects
     * inside it). Hot.
     * @param out  set to the value's bytes; strings with their quotes
     * @return 1 found, 0 absent, -1 not an object or broken
     */
    int (*json_member)(struct hawser_slice object, const char *path, struct hawser_slice *out);
    /** Pass data on to the session's outputs, check its sequence, count it. Hot. A channel that
     * nobody wants is counted and dropped. */
    void (*deliver)(struct hawser_instance *self, const struct hawser_delivery *delivery);
    /** The exchange answered or asked at its own level (heartbeat, test_request, answer to
     * `heartbeat`). */
    void (*alive)(struct hawser_instance *self);
    /** A message could not be understood: counted and logged with its first bytes, told once, then
     * seldom. */
    void (*unexpected)(struct hawser_instance *self, struct hawser_slice bytes, const char *why);

    /* For adapters: progress of the session. */

    /**
     * `authenticate` succeeded.
     * @param valid_ms  for how long; the host calls `authenticate` again before it ends. 0: for
     * ever
     */
    void (*authenticated)(struct hawser_instance *self, int64_t valid_ms);
    /** `restore` succeeded. */
    void (*restored)(struct hawser_instance *self);
    /** The exchange acknowledged a channel. */
    void (*channel_confirmed)(struct hawser_instance *self, struct hawser_slice channel);
    /** The exchange refused a channel or left it out of its answer. */
    void (*channel_refused)(struct hawser_instance *self, struct hawser_slice channel,
                            const struct hawser_error *why);
    /** The exchange confirmed that a channel ended. */
    void (*channel_gone)(struct hawser_instance *self, struct hawser_slice channel);
    /** `leave` is done. */
    void (*left)(struct hawser_instance *self);
    /**
     * The adapter cannot go on with this connection; err's recovery decides what follows (stop,
     * reconnect, wait, authenticate again).
     */
    void (*fail)(struct hawser_instance *self, const struct hawser_error *why);
    /**
     * Fill an error of a given code; category and recovery come from the table. For `fail` and
     * `channel_refused`.
     * @param cause  the exchange's own code (HAWSER_CAUSE_JSONRPC), or 0
     */
    void (*error_set)(struct hawser_error *err, uint32_t code, int64_t cause, const char *fmt, ...)
        HAWSER_PRINTF(4, 5);
    /* since 1.1 */

    /**
     * For every module: is this the check of a config (`hawser -t`, before a start, before a
     * reload)? Then `create` does all that can fail, so that it fails there and not in a worker,
     * but leaves no trace outside: it connects to nothing and writes nothing. `destroy` follows at
     * once.
     * @return 1 or 0
     */
    int (*is_trial)(struct hawser_instance *self);
    /* since 1.2 */

    /**
     * For outputs: a record as one line of JSON with its newline, as hawser.conf(5) describes it
     * (the `jsonl` output); whoever writes lines so writes the same ones. Pure: any thread.
     * @param out  `size` bytes
     * @return     bytes of the line; more than `size`: so much room is certain to be enough, and
     *             nothing was written
     */
    size_t (*record_line)(const struct hawser_record *record, char *out, size_t size);

    /**
     * A secret that came at run time, such as an access token that the exchange gave for a login.
     * From now on its value is masked, in each form in which it travels, wherever text for people
     * is made: log, errors, answers on the control socket. Call it before anything is done with the
     * value. What is learned from a message is overwritten in that message when it was handled.
     *
     * @param name   which of the module's: [a-z0-9_], at most 31 bytes, at most 16 names. The value
     *               that had it before is overwritten, and masked no longer
     * @param value  copied; of more than 4096 bytes the first 4096 are masked; empty: there is none
     *               any more
     * @return       0, or -1 with err set, the old one stays: no memory, too many names, a bad name
     */
    int (*secret_learned)(struct hawser_instance *self, const char *name, struct hawser_slice value,
                          struct hawser_error *err) HAWSER_MUST_CHECK;

    /** For adapters: bytes sent, with their framing, that the kernel has not taken yet; 0 while not
     * connected. The adapter's `writable` is called when they have become few. */
    size_t (*queued)(struct hawser_instance *self);
};
HAWSER_NO_TAIL_PADDING(struct hawser_host, queued);

#ifdef __cplusplus
}
#endif
#endif
