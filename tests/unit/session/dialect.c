/*
 * The adapter of the tests and its exchange. See dialect.h.
 */
#include "dialect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "rpc/scan.h"

#define LINE_MAX_BYTES 4096

static struct dialect *self_of(void *adapter)
{
    return adapter;
}

static void say(struct dialect *dialect, const char *line)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (session_send(dialect->session, HAWSER_OPCODE_TEXT, slice_of(line), &err) != 0) {
        session_fail(dialect->session, &err);
    }
}

static int create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                  struct hawser_error *err)
{
    (void)host;
    (void)err;
    *out = self;
    self_of(*out)->created++;
    return 0;
}

static void destroy(void *adapter)
{
    self_of(adapter)->destroyed++;
}

static void connected(void *adapter)
{
    self_of(adapter)->connected++;
}

static void disconnected(void *adapter, const struct hawser_error *why)
{
    (void)why;
    self_of(adapter)->disconnected++;
}

static void authenticate(void *adapter)
{
    struct dialect *dialect = self_of(adapter);
    char line[128];
    const char *key = session_credential(dialect->session, "key");
    dialect->logins++;
    (void)snprintf(line, sizeof(line), "auth %s", key == NULL ? "-" : key);
    say(dialect, line);
}

static void restore(void *adapter)
{
    say(self_of(adapter), "restore");
}

static void name_channels(struct dialect *dialect, const char *verb,
                          const struct hawser_slice *channels, size_t count)
{
    char line[LINE_MAX_BYTES];
    size_t len = (size_t)snprintf(line, sizeof(line), "%s", verb);
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(line + len, sizeof(line) - len, " %.*s", (int)channels[i].len,
                                channels[i].data);
    }
    say(dialect, line);
}

static void subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    name_channels(self_of(adapter), "sub", channels, count);
}

static void unsubscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    name_channels(self_of(adapter), "unsub", channels, count);
}

static void heartbeat(void *adapter)
{
    self_of(adapter)->beats++;
    say(self_of(adapter), "beat");
}

static void leave(void *adapter)
{
    self_of(adapter)->leaves++;
    say(self_of(adapter), "bye");
}

static void writable(void *adapter)
{
    struct dialect *dialect = self_of(adapter);
    struct hawser_error err = HAWSER_ERROR_INIT;
    dialect->writables++;
    dialect->refused_again =
        session_send(dialect->session, HAWSER_OPCODE_TEXT, slice_of("ping last"), &err) != 0;
}

static void answer(struct dialect *dialect, struct hawser_slice bytes)
{
    struct hawser_envelope envelope;
    if (rpc_scan(bytes, &envelope) == 0) {
        (void)session_answered(dialect->session, (uint64_t)envelope.id, envelope.result,
                               envelope.error);
    }
}

static void deny(struct dialect *dialect, uint32_t code, const char *text)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, (enum hawser_code)code, "%s", text);
    session_fail(dialect->session, &why);
}

/* "data NAME", "seq NAME PREVIOUS SEQUENCE", "snap NAME SEQUENCE", "num NAME SEQUENCE" */
static void data(struct dialect *dialect, const struct hawser_message *message, char *const *words)
{
    struct hawser_delivery delivery = {
        .channel     = slice_of(words[1]),
        .data        = message->bytes,
        .received_ns = message->received_ns,
    };
    if (strcmp(words[0], "seq") == 0) {
        delivery.flags    = HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_FOLLOWS;
        delivery.previous = strtoull(words[2], NULL, 10);
        delivery.sequence = strtoull(words[3], NULL, 10);
    } else if (strcmp(words[0], "snap") == 0) {
        delivery.flags    = HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_SNAPSHOT;
        delivery.sequence = strtoull(words[2], NULL, 10);
    } else if (strcmp(words[0], "num") == 0) {
        delivery.flags    = HAWSER_DELIVERY_SEQUENCED;
        delivery.sequence = strtoull(words[2], NULL, 10);
    }
    session_deliver(dialect->session, &delivery);
}

static void each_channel(struct dialect *dialect, char *const *words)
{
    struct hawser_error why  = HAWSER_ERROR_INIT;
    struct hawser_error call = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_CHANNEL_REFUSED, "no such channel");
    error_set(&call, HAWSER_REQUEST_REFUSED, "one of them is not allowed");
    for (size_t i = 1; words[i] != NULL; i++) {
        struct hawser_slice name = slice_of(words[i]);
        if (strcmp(words[0], "on") == 0) {
            session_channel_confirmed(dialect->session, name);
        } else if (strcmp(words[0], "off") == 0) {
            session_channel_gone(dialect->session, name);
        } else {
            session_channel_refused(dialect->session, name,
                                    strcmp(words[0], "bad") == 0 ? &call : &why);
        }
    }
}

static void understand(struct dialect *dialect, const struct hawser_message *message,
                       char *const *words)
{
    const char *verb = words[0];
    if (strcmp(verb, "authed") == 0) {
        session_authenticated(dialect->session, strtoll(words[1], NULL, 10));
    } else if (strcmp(verb, "denied") == 0) {
        deny(dialect, HAWSER_AUTH_DENIED, "the exchange knows no such key");
    } else if (strcmp(verb, "expired") == 0) {
        deny(dialect, HAWSER_AUTH_EXPIRED, "the token is too old");
    } else if (strcmp(verb, "boom") == 0) {
        deny(dialect, HAWSER_ADAPTER_FAILED, "boom");
        deny(dialect, HAWSER_ADAPTER_FAILED, "boom again");
    } else if (strcmp(verb, "restored") == 0) {
        session_restored(dialect->session);
    } else if (strcmp(verb, "alive") == 0) {
        session_alive(dialect->session);
    } else if (strcmp(verb, "left") == 0) {
        session_left(dialect->session);
    } else if (strcmp(verb, "on") == 0 || strcmp(verb, "off") == 0 || strcmp(verb, "no") == 0 ||
               strcmp(verb, "bad") == 0) {
        each_channel(dialect, words);
    } else {
        data(dialect, message, words);
    }
}

static size_t split(char *line, char **words, size_t most)
{
    size_t count = 0;
    char *state  = NULL;
    for (char *word = strtok_r(line, " ", &state); word != NULL && count + 1 < most;
         word       = strtok_r(NULL, " ", &state)) {
        words[count++] = word;
    }
    words[count] = NULL;
    return count;
}

static void message(void *adapter, const struct hawser_message *received)
{
    char line[LINE_MAX_BYTES];
    char *words[256];
    struct dialect *dialect = self_of(adapter);
    if (received->bytes.len > 0 && received->bytes.data[0] == '{') {
        answer(dialect, received->bytes);
        return;
    }
    (void)snprintf(line, sizeof(line), "%.*s", (int)received->bytes.len, received->bytes.data);
    if (split(line, words, sizeof(words) / sizeof(words[0])) > 0) {
        understand(dialect, received, words);
    }
}

const struct hawser_adapter DIALECT_FULL = {
    .struct_size     = sizeof(DIALECT_FULL),
    .subscribe_batch = 3,
    .create          = create,
    .destroy         = destroy,
    .connected       = connected,
    .authenticate    = authenticate,
    .restore         = restore,
    .subscribe       = subscribe,
    .unsubscribe     = unsubscribe,
    .message         = message,
    .heartbeat       = heartbeat,
    .leave           = leave,
    .disconnected    = disconnected,
    .writable        = writable,
};

const struct hawser_adapter DIALECT_BEATLESS = {
    .struct_size  = sizeof(DIALECT_BEATLESS),
    .create       = create,
    .destroy      = destroy,
    .authenticate = authenticate,
    .restore      = restore,
    .subscribe    = subscribe,
    .unsubscribe  = unsubscribe,
    .message      = message,
};

const struct hawser_adapter DIALECT_BARE = {
    .struct_size = sizeof(DIALECT_BARE),
    .create      = create,
    .destroy     = destroy,
    .message     = message,
    .subscribe   = subscribe,
};

static int on_upgrade(void *arg, struct mock_peer *peer)
{
    (void)peer;
    return ((struct exchange *)arg)->upgrade;
}

static void on_opened(void *arg, struct mock_peer *peer)
{
    ((struct exchange *)arg)->peer = peer;
}

static void on_gone(void *arg, struct mock_peer *peer)
{
    struct exchange *exchange = arg;
    if (exchange->peer == peer) {
        exchange->peer = NULL;
    }
}

static int is_poisoned(const struct exchange *exchange, char *const *words)
{
    size_t i = 1;
    while (exchange->poison != NULL && words[i] != NULL &&
           strcmp(words[i], exchange->poison) != 0) {
        i++;
    }
    return exchange->poison != NULL && words[i] != NULL;
}

static void answer_subscribe(struct exchange *exchange, struct mock_peer *peer, char *const *words)
{
    if (is_poisoned(exchange, words)) {
        for (size_t i = 1; words[i] != NULL; i++) {
            mock_send_text(peer, "bad %s", words[i]);
        }
        return;
    }
    for (size_t i = 1; words[i] != NULL; i++) {
        if (exchange->left_out != NULL && strcmp(words[i], exchange->left_out) == 0) {
            continue;
        }
        int refused = exchange->refused != NULL && strcmp(words[i], exchange->refused) == 0;
        mock_send_text(peer, "%s %s", refused ? "no" : "on", words[i]);
    }
}

static void serve(struct exchange *exchange, struct mock_peer *peer, char *const *words)
{
    const char *verb = words[0];
    if (strcmp(verb, "auth") == 0) {
        exchange->logins++;
        if (exchange->deny_login) {
            mock_send_text(peer, "denied");
        } else if (!exchange->mute_login) {
            mock_send_text(peer, "authed %lld", exchange->valid_ms);
        }
    } else if (strcmp(verb, "restore") == 0 && !exchange->mute_restore) {
        mock_send_text(peer, "restored");
    } else if (strcmp(verb, "sub") == 0) {
        exchange->subscribes++;
        if (!exchange->mute_subscribe) {
            answer_subscribe(exchange, peer, words);
        }
    } else if (strcmp(verb, "unsub") == 0) {
        exchange->unsubscribes++;
        for (size_t i = 1; words[i] != NULL; i++) {
            mock_send_text(peer, "off %s", words[i]);
        }
    } else if (strcmp(verb, "ping") == 0) {
        exchange->texts++;
        if (exchange->pong != NULL) {
            mock_send_text(peer, "%s", exchange->pong);
        }
    } else if (strcmp(verb, "beat") == 0 && !exchange->mute_beat) {
        mock_send_text(peer, "alive");
    } else if (strcmp(verb, "bye") == 0 && !exchange->mute_leave) {
        mock_send_text(peer, "left");
    }
}

static void on_message(void *arg, struct mock_peer *peer, enum hawser_opcode opcode,
                       struct hawser_slice bytes)
{
    char line[LINE_MAX_BYTES];
    char *words[256];
    struct exchange *exchange = arg;
    (void)opcode;
    (void)snprintf(line, sizeof(line), "%.*s", (int)bytes.len, bytes.data);
    if (line[0] == '{') {
        exchange->calls++;
        (void)snprintf(exchange->last_call, sizeof(exchange->last_call), "%.*s",
                       (int)sizeof(exchange->last_call) - 1, line);
        return;
    }
    if (strncmp(line, "sub ", 4) == 0) {
        (void)snprintf(exchange->last_subscribe, sizeof(exchange->last_subscribe), "%.*s",
                       (int)sizeof(exchange->last_subscribe) - 1, line);
    }
    if (split(line, words, sizeof(words) / sizeof(words[0])) > 0) {
        serve(exchange, peer, words);
    }
}

const struct mock_handler EXCHANGE_HANDLER = {
    .upgrade = on_upgrade, .opened = on_opened, .message = on_message, .gone = on_gone};

/* what the rigs share */

struct session_options dialect_options(const char *url)
{
    static const char *const CHANNELS[] = {"a", "b"};
    return (struct session_options){
        .name                 = "test",
        .url                  = url,
        .connect_timeout_ms   = 2000,
        .auth_timeout_ms      = 2000,
        .subscribe_timeout_ms = 2000,
        .leave_timeout_ms     = 500,
        .heartbeat_ms         = -1,
        .channel_retry_ms     = 50,
        .channels             = CHANNELS,
        .channel_count        = 2,
        .backoff              = {.delay_ms = 10, .max_delay_ms = 40, .jitter = -1.0},
    };
}

const char *dialect_record_kind(uint32_t kind)
{
    static const char *const KINDS[HAWSER_RECORD_KIND_COUNT] = {"DATA",  "READY",   "GAP",
                                                                "STALE", "DROPPED", "CLOSED"};
    return KINDS[kind];
}
