/*
 * Deribit's own heartbeat: the server asks by test_request, and closes the link of a client that
 * does not answer; and we ask by public/test. It is set in restore.c.
 */
#include "deribit.h"

#define METHOD_TEST "public/test"
/* One answer serves all test_requests before it: a storm of them must not take the places of orders
 * among the requests that wait. */
#define TESTS_MAX 8u

/* Any answer to public/test shows that the exchange is there, an error too. */
static void on_test_reply(void *arg, const struct hawser_reply *reply)
{
    struct deribit *deribit = arg;
    deribit->tests_waiting--;
    if (reply->err == NULL || reply->err->cause_kind == HAWSER_CAUSE_JSONRPC) {
        deribit->host->alive(deribit->self);
    }
}

void deribit_heartbeat(void *adapter)
{
    static const struct hawser_slice NO_PARAMS = {"{}", 2};
    struct deribit *deribit                    = adapter;
    struct hawser_error err                    = HAWSER_ERROR_INIT;
    if (deribit->tests_waiting >= TESTS_MAX) {
        return;
    }
    if (deribit->host->call(deribit->self, METHOD_TEST, NO_PARAMS, 0, on_test_reply, deribit,
                            &err) == 0) {
        deribit->tests_waiting++;
        deribit->test_trouble = 0;
    } else if (!deribit->test_trouble) { /* once, until one goes out */
        deribit->test_trouble = 1;
        deribit->host->log(deribit->self, HAWSER_LOG_WARN,
                           HAWSER_MESSAGE("003") "no heartbeat sent: %s", err.message);
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
