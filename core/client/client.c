/*
 * libhawser: the calls of hawser/client.h on one session, with the small adapter that they need:
 * raw messages to the program, channels by one JSON-RPC method. Reconnection, heartbeats and
 * deadlines are the session's.
 */
#include "hawser/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/obj.h"
#include "base/slice.h"
#include "client/client_input.h"
#include "client/client_options.h"
#include "hawser/adapter.h"
#include "rpc/build.h"
#include "rpc/correlate.h"
#include "rpc/scan.h"
#include "rpc/text.h"
#include "session/states.h"

#define CLIENT_MAGIC      0x434c4e54u
#define CHANNEL_MAX_BYTES 1024u

struct hawser_client {
    OBJ_MAGIC_FIELD;
    unsigned in_callback;
    struct hawser_client_callbacks callbacks;
    void *arg;
    struct net_loop *loop;
    struct session *session;
    const size_t *requests_waiting; /* of the session's */
    char *subscribe_method;
    uint32_t requests_wait;
    enum hawser_state state; /* as it was told last */
    int has_failed;          /* FAILED was told; CLOSED may follow */
};

/** One call of subscribe_method: which channels wait for its answer. */
struct asked {
    struct hawser_client *client;
    size_t count;
    char *answered; /* a flag for each channel */
    struct hawser_slice names[];
};

static struct hawser_client *client_of(void *arg)
{
    return OBJ_CAST(struct hawser_client, arg, CLIENT_MAGIC);
}

static int adapter_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                          struct hawser_error *err)
{
    (void)host;
    (void)err;
    *out = self; /* the client itself */
    return 0;
}

static void adapter_destroy(void *adapter)
{
    (void)adapter; /* the client frees itself */
}

/* An answer to one of our requests, rather than something for the program? */
static int take_answer(struct hawser_client *client, struct hawser_slice bytes)
{
    struct hawser_envelope envelope;
    if (rpc_scan(bytes, &envelope) != 0 || (envelope.flags & HAWSER_ENVELOPE_HAS_ID) == 0 ||
        envelope.id < 0 ||
        (envelope.flags & (HAWSER_ENVELOPE_HAS_RESULT | HAWSER_ENVELOPE_HAS_ERROR)) == 0) {
        return 0;
    }
    return session_answered(client->session, (uint64_t)envelope.id, envelope.result,
                            envelope.error) == 0;
}

/* That it is in a call, the session knows. */
static inline void hand_on(struct hawser_client *client, const struct hawser_message *message)
{
    if (client->callbacks.message != NULL) {
        client->callbacks.message(client, message->binary + HAWSER_OPCODE_TEXT, message->bytes,
                                  client->arg);
    }
}

/* Not inlined: its stack would be made ready for every message. */
static __attribute__((noinline)) void take_text(struct hawser_client *client,
                                                const struct hawser_message *message)
{
    if (!take_answer(client, message->bytes)) {
        hand_on(client, message);
    }
}

static void adapter_message(void *adapter, const struct hawser_message *message)
{
    struct hawser_client *client = client_of(adapter);
    if (*client->requests_waiting > 0 && !message->binary) {
        take_text(client, message);
    } else {
        hand_on(client, message);
    }
}

static void refuse_the_rest(const struct asked *asked, const struct hawser_error *why)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (!asked->answered[i]) {
            session_channel_refused(asked->client->session, asked->names[i], why);
        }
    }
}

static void confirm(const struct asked *asked, struct hawser_slice element)
{
    struct hawser_slice name;
    char plain[CHANNEL_MAX_BYTES];
    int escaped = 0;
    if (rpc_string(element, &name, &escaped) != 0) {
        return;
    }
    if (escaped) {
        name = slice_make(plain, rpc_text_unescape(name, plain, sizeof(plain)));
    }
    for (size_t i = 0; i < asked->count; i++) {
        if (slice_equal(asked->names[i], name)) {
            asked->answered[i] = 1;
            session_channel_confirmed(asked->client->session, asked->names[i]);
        }
    }
}

/* The answer names the channels that are subscribed now; one that does not name any agrees to all.
 */
static void read_answer(const struct asked *asked, struct hawser_slice result)
{
    struct hawser_slice rest    = result;
    struct hawser_slice element = {NULL, 0};
    struct hawser_error why     = HAWSER_ERROR_INIT;
    if (result.len == 0 || result.data[0] != '[') {
        for (size_t i = 0; i < asked->count; i++) {
            session_channel_confirmed(asked->client->session, asked->names[i]);
        }
        return;
    }
    while (rpc_element(&rest, &element) == 1) {
        confirm(asked, element);
    }
    error_set(&why, HAWSER_SESSION_CHANNEL_REFUSED, "the server's answer leaves the channel out");
    refuse_the_rest(asked, &why);
}

static void on_subscribed(void *arg, const struct hawser_reply *reply)
{
    struct asked *asked = arg;
    if (reply->err == NULL) {
        read_answer(asked, reply->result);
    } else if (reply->err->code != HAWSER_REQUEST_UNKNOWN) {
        refuse_the_rest(asked, reply->err);
    }
    free(asked);
}

static struct asked *asked_create(struct hawser_client *client, const struct hawser_slice *channels,
                                  size_t count)
{
    size_t text = 0;
    for (size_t i = 0; i < count; i++) {
        text += channels[i].len;
    }
    struct asked *asked =
        calloc(1, sizeof(*asked) + count * sizeof(struct hawser_slice) + count + text);
    if (asked == NULL) {
        return NULL;
    }
    asked->client   = client;
    asked->count    = count;
    asked->answered = (char *)&asked->names[count];
    char *at        = asked->answered + count;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, channels[i].data, channels[i].len);
        asked->names[i] = slice_make(at, channels[i].len);
        at += channels[i].len;
    }
    return asked;
}

static int build_params(struct buf *out, const struct hawser_slice *channels, size_t count)
{
    if (buf_append_text(out, "{\"channels\":[") != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if ((i > 0 && buf_append_text(out, ",") != 0) || rpc_build_string(out, channels[i]) != 0) {
            return -1;
        }
    }
    return buf_append_text(out, "]}");
}

static void adapter_subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    struct hawser_client *client = client_of(adapter);
    struct hawser_error err      = HAWSER_ERROR_INIT;
    struct buf params            = {0};
    struct asked *asked          = asked_create(client, channels, count);
    if (asked == NULL || build_params(&params, channels, count) != 0) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "no memory to subscribe %zu channels", count);
        goto fail;
    }
    if (session_call(client->session, client->subscribe_method, buf_slice(&params), 0,
                     on_subscribed, asked, &err) != 0) {
        goto fail;
    }
    buf_fini(&params);
    return;
fail:
    for (size_t i = 0; i < count; i++) {
        session_channel_refused(client->session, channels[i], &err);
    }
    buf_fini(&params);
    free(asked);
}

static const struct hawser_adapter ADAPTER = {
    .struct_size     = sizeof(ADAPTER),
    .subscribe_batch = 100,
    .create          = adapter_create,
    .destroy         = adapter_destroy,
    .message         = adapter_message,
    .subscribe       = adapter_subscribe,
};

static int has_ended(const struct hawser_client *client)
{
    return client->state == HAWSER_STATE_CLOSED || client->state == HAWSER_STATE_FAILED;
}

static void on_state(void *arg, enum hawser_state state, const struct hawser_error *why)
{
    struct hawser_client *client = client_of(arg);
    client->state                = state;
    client->has_failed |= state == HAWSER_STATE_FAILED;
    if (client->callbacks.state != NULL) {
        client->in_callback++;
        client->callbacks.state(client, state, why, client->arg);
        client->in_callback--;
    }
    if (has_ended(client) && client->loop->owns_base) {
        (void)event_base_loopbreak(client->loop->base); /* fails only without a base */
    }
}

static void on_close_frame(void *arg, uint16_t code, struct hawser_slice reason)
{
    struct hawser_client *client = client_of(arg);
    if (client->callbacks.closed != NULL) {
        client->in_callback++;
        client->callbacks.closed(client, code, reason, client->arg);
        client->in_callback--;
    }
}

static void on_writable(void *arg)
{
    struct hawser_client *client = client_of(arg);
    if (client->callbacks.writable != NULL) {
        client->in_callback++;
        client->callbacks.writable(client, client->arg);
        client->in_callback--;
    }
}

static int build_client(struct hawser_client *client, const char *url,
                        const struct hawser_client_options *options, struct hawser_error *err)
{
    struct hawser_client_options merged;
    struct session_options session_options;
    if (client_options_merge(options, &merged, err) != 0) {
        return -1;
    }
    client->subscribe_method = strdup(merged.subscribe_method);
    if (client->subscribe_method == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a client");
        return -1;
    }
    client->loop =
        merged.base == NULL ? net_loop_create(NULL, err) : net_loop_share(merged.base, err);
    if (client->loop == NULL) {
        return -1;
    }
    if (merged.base == NULL) {
        client->loop->busy_ms = merged.busy_poll_ms;
    }
    struct session_env env = {
        .loop        = client->loop,
        .adapter     = &ADAPTER,
        .instance    = (struct hawser_instance *)(void *)client,
        .arg         = client,
        .state       = on_state,
        .close_frame = on_close_frame,
        .writable    = on_writable,
    };
    client->requests_wait = merged.requests_wait;
    client_options_translate(&merged, url, &session_options);
    client->session = session_create(&session_options, &env, err);
    if (client->session == NULL) {
        return -1;
    }
    client->requests_waiting = session_requests_waiting(client->session);
    return 0;
}

struct hawser_client *hawser_connect(const char *url, const struct hawser_client_options *options,
                                     const struct hawser_client_callbacks *callbacks, void *arg,
                                     struct hawser_error *err)
{
    struct hawser_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a client");
        return NULL;
    }
    client->magic = CLIENT_MAGIC;
    client->arg   = arg;
    /* A library speaks through its callbacks, not on the program's standard error. */
    if (client_callbacks_take(callbacks, &client->callbacks, err) != 0 ||
        log_open(NULL, LOG_EMERG, err) != 0 ||
        build_client(client, url == NULL ? "" : url, options, err) != 0) {
        hawser_free(client);
        return NULL;
    }
    session_start(client->session);
    return client;
}

int hawser_send(struct hawser_client *client, enum hawser_opcode opcode, struct hawser_slice bytes,
                struct hawser_error *err)
{
    if (opcode != HAWSER_OPCODE_TEXT && opcode != HAWSER_OPCODE_BINARY) {
        error_set(err, HAWSER_REQUEST_INVALID, "opcode %u is neither TEXT nor BINARY",
                  (unsigned)opcode);
        return -1;
    }
    return session_send(client->session, opcode, bytes, err);
}

size_t hawser_queued(const struct hawser_client *client)
{
    return session_unsent_bytes(client->session);
}

int hawser_subscribe(struct hawser_client *client, const char *const *channels, size_t count,
                     struct hawser_error *err)
{
    struct hawser_slice *names = calloc(count + 1, sizeof(*names));
    if (names == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for %zu channels", count);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = slice_of(channels[i]);
    }
    int result = session_subscribe(client->session, names, count, err);
    free(names);
    return result;
}

enum hawser_state hawser_get_state(const struct hawser_client *client)
{
    return session_state(client->session);
}

void hawser_close(struct hawser_client *client, uint16_t code, const char *reason)
{
    session_leave(client->session, code, reason);
}

static void ignore_reply(void *arg, const struct hawser_reply *reply)
{
    (void)arg;
    (void)reply;
}

int hawser_request(struct hawser_client *client, const char *method, struct hawser_slice params,
                   int64_t timeout_ms, void (*fn)(void *arg, const struct hawser_reply *reply),
                   void *arg, struct hawser_error *err)
{
    enum hawser_state state = session_state(client->session);
    int is_open             = state == HAWSER_STATE_OPEN || state == HAWSER_STATE_RESTORING ||
                  state == HAWSER_STATE_READY;
    fn = fn == NULL ? ignore_reply : fn;
    if (client_request_check(method, params, err) != 0) {
        return -1;
    }
    if (client->requests_wait && !is_open) {
        return session_request(client->session, method, params, timeout_ms, fn, arg, err);
    }
    return session_call(client->session, method, params, timeout_ms, fn, arg, err);
}

int hawser_run(struct hawser_client *client)
{
    while (client->loop->owns_base && !has_ended(client)) {
        if (net_loop_run(client->loop) != 0) {
            return -1;
        }
    }
    struct session_info info;
    session_get_info(client->session, &info);
    return client->state == HAWSER_STATE_CLOSED && info.ended_cleanly && !client->has_failed ? 0
                                                                                             : -1;
}

void hawser_free(struct hawser_client *client)
{
    if (client == NULL) {
        return;
    }
    OBJ_ASSERT(client->in_callback == 0);
    session_destroy(client->session);
    net_loop_destroy(client->loop);
    free(client->subscribe_method);
    client->magic = 0;
    free(client);
}

const char *hawser_state_name(enum hawser_state state)
{
    return session_state_name(state);
}
