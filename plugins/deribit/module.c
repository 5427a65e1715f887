/*
 * Deribit, JSON-RPC 2.0 over one WebSocket. Read this file from its end: the descriptor names
 * everything else.
 */
#include "hawser/module.h"

#include <stdlib.h>

#include "deribit.h"

#define CHANNELS_PER_CALL                                                                          \
    200 /* the documentation advises at most 500; frames of over 32 kB are refused */

static int deribit_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                          struct hawser_error *err)
{
    struct deribit *deribit = calloc(1, sizeof(*deribit));
    if (deribit == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for the adapter");
        return -1;
    }
    deribit->host = host;
    deribit->self = self;
    *out          = deribit;
    return 0;
}

static void deribit_destroy(void *adapter)
{
    deribit_forget_names(adapter);
    free(adapter);
}

static void deribit_disconnected(void *adapter, const struct hawser_error *why)
{
    struct deribit *deribit = adapter;
    (void)why; /* the host tells it */
    deribit->authenticated = 0;
    deribit->login_time    = 0;
}

static const struct hawser_directive deribit_directives[] = {
    {.name          = "cancel_on_disconnect",
     .default_value = "off",
     .choices       = "off|connection|account",
     .help          = "have the exchange cancel orders when the link breaks",
     .contexts      = HAWSER_IN_SESSION,
     .type          = HAWSER_VALUE_CHOICE,
     .min_args      = 1,
     .max_args      = 1},
};

static const struct hawser_adapter deribit_adapter = {
    .struct_size        = sizeof(deribit_adapter),
    .subscribe_batch    = CHANNELS_PER_CALL,
    .create             = deribit_create,
    .destroy            = deribit_destroy,
    .check              = deribit_check,
    .authenticate       = deribit_authenticate,
    .restore            = deribit_restore,
    .subscribe          = deribit_subscribe,
    .unsubscribe        = deribit_unsubscribe,
    .message            = deribit_message, /* hot: scans the envelope, builds no tree */
    .heartbeat          = deribit_heartbeat,
    .leave              = deribit_leave,
    .disconnected       = deribit_disconnected,
    .channel_is_private = deribit_channel_is_private,
    .rate_limits        = &deribit_rate_limits,
    .request_cost       = deribit_request_cost,
};

HAWSER_MODULE_NOTE(HAWSER_ADAPTER, "deribit", "0.1.0");

HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind            = HAWSER_ADAPTER,
    .name            = "deribit",
    .version         = "0.1.0",
    .directives      = deribit_directives,
    .directive_count = sizeof(deribit_directives) / sizeof(deribit_directives[0]),
    .vtable.adapter  = &deribit_adapter,
};
