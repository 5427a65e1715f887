/*
 * Before any channel: cancel-on-disconnect where the config wants it, then the heartbeat; each
 * reply is checked. Source: API documentation, private/enable_cancel_on_disconnect and
 * public/set_heartbeat.
 */
#include <string.h>

#include "deribit.h"
#include "text.h"

#define SHORTEST_INTERVAL_S 10 /* the API refuses less */
#define METHOD_COD          "private/enable_cancel_on_disconnect"
#define METHOD_SET          "public/set_heartbeat"

/* Without a heartbeat a dead link would look alive, and without cancel-on-disconnect orders would
 * outlive it: do not go on. */
static void fail(const struct deribit *deribit, const char *method,
                 const struct hawser_reply *reply)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (reply->err->code == HAWSER_REQUEST_UNKNOWN) {
        return; /* the link broke; the host knows */
    }
    deribit_explain(deribit, method, reply, &err);
    if (err.code == HAWSER_REQUEST_REFUSED) {
        err.code     = HAWSER_ADAPTER_FAILED;
        err.recovery = HAWSER_RECOVER_RECONNECT_SLOWLY;
    }
    deribit->host->fail(deribit->self, &err);
}

static void ask(struct deribit *deribit, const char *method, struct text *params,
                hawser_reply_fn fn)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (params->failed) {
        deribit->host->error_set(&err, HAWSER_SYSTEM_MEMORY, 0, "no memory for %s", method);
        deribit->host->fail(deribit->self, &err);
    } else if (deribit->host->call(deribit->self, method, text_slice(params), 0, fn, deribit,
                                   &err) != 0) {
        deribit->host->fail(deribit->self, &err);
    }
    text_fini(params);
}

static void on_heartbeat_set(void *arg, const struct hawser_reply *reply)
{
    struct deribit *deribit = arg;
    if (reply->err != NULL) {
        fail(deribit, METHOD_SET, reply);
        return;
    }
    deribit->host->restored(deribit->self);
}

static void set_heartbeat(struct deribit *deribit)
{
    struct text params = {0};
    int64_t interval_s = deribit->host->conf_number(deribit->self, "heartbeat") / 1000;
    if (interval_s == 0) { /* off */
        deribit->host->restored(deribit->self);
        return;
    }
    text_raw(&params, "{\"interval\":");
    text_number(&params, interval_s < SHORTEST_INTERVAL_S ? SHORTEST_INTERVAL_S : interval_s);
    text_raw(&params, "}");
    ask(deribit, METHOD_SET, &params, on_heartbeat_set);
}

static void on_cod_enabled(void *arg, const struct hawser_reply *reply)
{
    struct deribit *deribit = arg;
    if (reply->err != NULL) {
        fail(deribit, METHOD_COD, reply);
        return;
    }
    set_heartbeat(deribit);
}

/** @return the scope that the config wants; NULL: cancel-on-disconnect is left as it is */
static const char *wanted_scope(const struct hawser_host *host, struct hawser_instance *self)
{
    const char *scope = host->conf_string(self, "cancel_on_disconnect");
    return scope == NULL || strcmp(scope, "off") == 0 ? NULL : scope;
}

void deribit_restore(void *adapter)
{
    struct deribit *deribit = adapter;
    struct text params      = {0};
    const char *scope       = wanted_scope(deribit->host, deribit->self);
    if (scope == NULL) {
        set_heartbeat(deribit);
        return;
    }
    text_raw(&params, "{\"scope\":");
    text_string(&params, (struct hawser_slice){scope, strlen(scope)});
    text_raw(&params, "}");
    ask(deribit, METHOD_COD, &params, on_cod_enabled);
}

int deribit_check(const struct hawser_host *host, struct hawser_instance *self,
                  struct hawser_error *err)
{
    const char *credentials = host->conf_string(self, "credentials");
    if (wanted_scope(host, self) != NULL && (credentials == NULL || credentials[0] == 0)) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0,
                        "cancel_on_disconnect needs a login: add credentials");
        return -1;
    }
    return 0;
}
