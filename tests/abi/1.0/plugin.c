/*
 * The golden plugin of ABI 1.0: an adapter built on the headers frozen beside it. Every later host
 * of major 1 must load it and run it. PLUGIN_IS_SHORT: its vtable ends with the last mandatory
 * slot, as if the rest had been invented later.
 */
#include <stdlib.h>
#include <string.h>

#include "hawser/adapter.h"
#include "hawser/module.h"

struct golden {
    const struct hawser_host *host;
    struct hawser_instance *self;
};

static int golden_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                         struct hawser_error *err)
{
    if (host->abi_major != HAWSER_ABI_MAJOR || !HAWSER_HAS(host, error_set)) {
        return -1; /* without error_set there is no way to say more */
    }
    const char *greeting = host->conf_string(self, "greeting");
    if (greeting == NULL || strcmp(greeting, "hello") != 0) {
        host->error_set(err, HAWSER_MODULE_INIT, 0, "greeting is not the default");
        return -1;
    }
    struct golden *golden = malloc(sizeof(*golden));
    if (golden == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory");
        return -1;
    }
    golden->host = host;
    golden->self = self;
    *out         = golden;
    return 0;
}

static void golden_destroy(void *adapter)
{
    free(adapter);
}

static void golden_message(void *adapter, const struct hawser_message *message)
{
    struct golden *golden = adapter;
    struct hawser_envelope envelope;
    if (golden->host->scan(message->bytes, &envelope) != 0 ||
        (envelope.flags & HAWSER_ENVELOPE_HAS_CHANNEL) == 0) {
        golden->host->unexpected(golden->self, message->bytes, "no channel");
        return;
    }
    struct hawser_delivery delivery = {.channel     = envelope.channel,
                                       .data        = envelope.data,
                                       .received_ns = message->received_ns,
                                       .flags       = HAWSER_DELIVERY_JSON};
    golden->host->deliver(golden->self, &delivery);
}

static void golden_subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    struct golden *golden = adapter;
    for (size_t i = 0; i < count; i++) {
        golden->host->channel_confirmed(golden->self, channels[i]);
    }
}

static const struct hawser_adapter golden_adapter = {
#ifdef PLUGIN_IS_SHORT
    .struct_size = offsetof(struct hawser_adapter, message) + sizeof(golden_adapter.message),
#else
    .struct_size = sizeof(golden_adapter),
#endif
    .create    = golden_create,
    .destroy   = golden_destroy,
    .message   = golden_message,
    .subscribe = golden_subscribe,
    .heartbeat = golden_destroy, /* must be out of sight in the short one */
};

static const struct hawser_directive golden_rows[] = {
    {.name          = "greeting",
     .default_value = "hello",
     .help          = "what to say first",
     .contexts      = HAWSER_IN_SESSION,
     .min_args      = 1,
     .max_args      = 1},
};

HAWSER_MODULE_NOTE(HAWSER_ADAPTER, "golden", "1.0");

extern const struct hawser_module hawser_module;
HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind            = HAWSER_ADAPTER,
    .name            = "golden",
    .version         = "1.0",
    .directives      = golden_rows,
    .directive_count = sizeof(golden_rows) / sizeof(golden_rows[0]),
    .vtable.adapter  = &golden_adapter,
};
