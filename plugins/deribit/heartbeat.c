/*
 * Deribit's own heartbeat: the server asks by test_request, and closes the link of a client that
 * does not answer; and we ask by public/test. Source: API documentation, public/set_heartbeat.
 */
#include "deribit.h"
#include "text.h"

#define SHORTEST_INTERVAL_S 10 /* the API refuses less */
#define METHOD_SET          "public/set_heartbeat"
#define METHOD_TEST         "public/test"

static void on_set_reply(void *arg, const struct hawser_reply *reply)
{
    struct deribit *deribit = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (reply->err == NULL) {
        deribit->host->restored(deribit->self);
    } else if (reply->err->code != HAWSER_REQUEST_UNKNOWN) {
        deribit_explain(deribit, METHOD_SET, reply, &err);
        if (err.code == HAWSER_REQUEST_REFUSED) {
            err.code = HAWSER_ADAPTER_FAILED; /* without heartbeats a dead link would look alive: do
                                                 not go on */
            err.recovery = HAWSER_RECOVER_RECONNECT_SLOWLY;
        }
        deribit->host->fail(deribit->self, &err);
    }
}

void deribit_restore(void *adapter)
{
    struct deribit *deribit = adapter;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct text params      = {0};
    int64_t interval_s      = deribit->host->conf_number(deribit->self, "heartbeat") / 1000;
    if (interval_s == 0) { /* off */
        deribit->host->restored(deribit->self);
        return;
    }
    text_raw(&params, "{\"interval\":");
    text_number(&params, interval_s < SHORTEST_INTERVAL_S ? SHORTEST_INTERVAL_S : interval_s);
    text_raw(&params, "}");
    if (params.failed) {
        deribit->host->error_set(&err, HAWSER_SYSTEM_MEMORY, 0, "no memory for " METHOD_SET);
        deribit->host->fail(deribit->self, &err);
    } else if (deribit->host->call(deribit->self, METHOD_SET, text_slice(&params), 0, on_set_reply,
                                   deribit, &err) != 0) {
        deribit->host->fail(deribit->self, &err);
    }
    text_fini(&params);
}

/* Any answer to public/test shows that the exchange is there, an error too. */
static void on_test_reply(void *arg, const struct hawser_reply *reply)
{
    struct deribit *deribit = arg;
    if (reply->err == NULL || reply->err->cause_kind == HAWSER_CAUSE_JSONRPC) {
        deribit->host->alive(deribit->self);
    }
}

void deribit_heartbeat(void *adapter)
{
    static const struct hawser_slice NO_PARAMS = {"{}", 2};
    struct deribit *deribit                    = adapter;
    struct hawser_error err                    = HAWSER_ERROR_INIT;
    if (deribit->host->call(deribit->self, METHOD_TEST, NO_PARAMS, 0, on_test_reply, deribit,
                            &err) != 0) {
        deribit->host->log(deribit->self, HAWSER_LOG_WARN, "no heartbeat sent: %s", err.message);
    }
}

static int is_text(struct hawser_slice json, const char *quoted)
{
    size_t len = 0;
    while (quoted[len] != 0 && len < json.len && json.data[len] == quoted[len]) {
        len++;
    }
    return quoted[len] == 0 && len == json.len;
}

void deribit_heartbeat_message(struct deribit *deribit, const struct hawser_envelope *envelope,
                               struct hawser_slice bytes)
{
    struct hawser_slice type;
    if (deribit->host->json_member(envelope->params, "type", &type) != 1) {
        deribit->host->unexpected(deribit->self, bytes, "a heartbeat without params.type");
        return;
    }
    deribit->host->alive(deribit->self);
    if (is_text(type, "\"test_request\"")) {
        deribit_heartbeat(deribit);
    }
}
