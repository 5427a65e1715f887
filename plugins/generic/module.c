/*
 * Any WebSocket endpoint, described by the config alone. Read this file from its end: the
 * descriptor names everything else.
 */
#include "hawser/module.h"

#include <stdlib.h>
#include <string.h>

#include "generic.h"

static int generic_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                          struct hawser_error *err)
{
    struct generic *generic = calloc(1, sizeof(*generic));
    if (generic == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for the adapter");
        return -1;
    }
    generic->host = host;
    generic->self = self;
    if (settings_read(host, self, &generic->settings, err) != 0) {
        settings_fini(&generic->settings);
        free(generic);
        return -1;
    }
    *out = generic;
    return 0;
}

static void generic_destroy(void *adapter)
{
    struct generic *generic = adapter;
    generic_forget(generic);
    settings_fini(&generic->settings);
    free(generic);
}

static int generic_check(const struct hawser_host *host, struct hawser_instance *self,
                         struct hawser_error *err)
{
    struct settings settings = {0};
    int rc                   = settings_read(host, self, &settings, err);
    settings_fini(&settings);
    return rc;
}

static void generic_connected(void *adapter)
{
    struct generic *generic  = adapter;
    struct hawser_error err  = HAWSER_ERROR_INIT;
    const char *const *words = NULL;
    for (size_t i = 0; generic->host->conf_words(generic->self, "on_open", i, &words) == 1; i++) {
        struct hawser_slice message = {words[0], strlen(words[0])};
        if (generic->host->send_text(generic->self, message, &err) != 0) {
            generic->host->fail(generic->self, &err);
            return;
        }
    }
}

static void generic_heartbeat(void *adapter)
{
    struct generic *generic = adapter;
    const char *text        = generic->settings.heartbeat;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (text == NULL) {
        generic->host->alive(generic->self); /* none of its own: WebSocket pings serve */
        return;
    }
    generic->heartbeat_waits = 1;
    if (generic->host->send_text(generic->self, (struct hawser_slice){text, strlen(text)}, &err) !=
        0) {
        generic->host->log(generic->self, HAWSER_LOG_WARN,
                           HAWSER_MESSAGE("003") "no heartbeat sent: %s", err.message);
    }
}

static void generic_disconnected(void *adapter, const struct hawser_error *why)
{
    struct generic *generic = adapter;
    (void)why; /* the host tells it */
    generic_forget(generic);
    generic->heartbeat_waits = 0;
}

#define ROW(name_, type_, flags_, most, help_)                                                     \
    {                                                                                              \
        .name = (name_), .help = (help_), .contexts = HAWSER_IN_SESSION,                           \
        .type = HAWSER_VALUE_##type_, .flags = (flags_), .min_args = 1, .max_args = (most)         \
    }

static const struct hawser_directive generic_directives[] = {
    ROW("on_open", STRING, HAWSER_DIRECTIVE_REPEATS, 1, "message to send when the link opens"),
    ROW("subscribe_message", STRING, 0, 1,
        "message that asks for $channel, or for all $channels at once"),
    ROW("unsubscribe_message", STRING, 0, 1, "message that gives $channel or $channels up"),
    {.name          = "subscribe_batch",
     .default_value = "50",
     .help          = "most channels in one message with $channels",
     .min           = 1,
     .max           = 1000,
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_NUMBER,
     .min_args      = 1,
     .max_args      = 1},
    {.name     = "confirm",
     .choices  = "sent|data|id|channel",
     .help     = "what acknowledges a subscription: that it was sent, its first data, an answer "
                 "with our $id, or one that names the channel",
     .contexts = HAWSER_IN_SESSION,
     .type     = HAWSER_VALUE_CHOICE,
     .min_args = 1,
     .max_args = 1},
    ROW("confirm_when", STRING, 0, 1, "PATH=VALUE or PATH: a message that acknowledges a channel"),
    ROW("confirm_channel_path", STRING, 0, PATH_PARTS_MAX,
        "where that message names the channel; as channel_path where absent"),
    {.name          = "id_path",
     .default_value = "id",
     .help          = "where an answer repeats our $id",
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_STRING,
     .min_args      = 1,
     .max_args      = 1},
    ROW("error_when", STRING, 0, 1, "PATH=VALUE or PATH: an answer that refuses"),
    ROW("error_message_path", STRING, 0, 1, "where that answer says why"),
    ROW("channel_path", STRING, 0, PATH_PARTS_MAX,
        "where a message names its channel; several parts are joined"),
    {.name          = "channel_separator",
     .default_value = ".",
     .help          = "between the parts of a channel's name",
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_STRING,
     .min_args      = 1,
     .max_args      = 1},
    ROW("default_channel", STRING, 0, 1, "channel of messages that name none"),
    ROW("data_path", STRING, 0, 1, "the data in a message; the whole message where absent"),
    ROW("sequence_path", STRING, 0, 1, "where data is numbered"),
    ROW("previous_path", STRING, 0, 1, "where data names the number before its own"),
    ROW("snapshot_when", STRING, 0, 1, "PATH=VALUE or PATH: data that starts the numbers anew"),
    ROW("heartbeat_message", STRING, 0, 1, "message to send as heartbeat"),
    ROW("heartbeat_answer", STRING, 0, 1,
        "PATH=VALUE, or the whole text of its answer; any message where absent"),
    ROW("ignore", STRING, HAWSER_DIRECTIVE_REPEATS, 1,
        "PATH=VALUE or PATH: messages that mean nothing"),
};

static const struct hawser_adapter generic_adapter = {
    .struct_size  = sizeof(generic_adapter),
    .create       = generic_create,
    .destroy      = generic_destroy,
    .check        = generic_check,
    .connected    = generic_connected,
    .subscribe    = generic_subscribe,
    .unsubscribe  = generic_unsubscribe,
    .message      = generic_message, /* hot: scans for a few members, builds no tree */
    .heartbeat    = generic_heartbeat,
    .disconnected = generic_disconnected,
};

HAWSER_MODULE_NOTE(HAWSER_ADAPTER, "generic", "0.1.0");

HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind            = HAWSER_ADAPTER,
    .name            = "generic",
    .version         = "0.1.0",
    .directives      = generic_directives,
    .directive_count = sizeof(generic_directives) / sizeof(generic_directives[0]),
    .vtable.adapter  = &generic_adapter,
};
