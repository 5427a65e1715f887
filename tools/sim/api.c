/*
 * The envelope of requests and answers. See api.h.
 */
#include "sim/api.h"

#include <stdlib.h>

#include "base/slice.h"
#include "sim/feed.h"
#include "sim/journal.h"
#include "sim/late.h"
#include "sim/scope.h"

static int64_t now_us(void)
{
    return clock_realtime() / 1000;
}

const char *sim_error_message(int code)
{
    static const struct {
        int code;
        const char *message;
    } rows[] = {
        {-32700, "Parse error"},
        {-32602, "Invalid params"},
        {-32601, "Method not found"},
        {-32600, "request entity too large"},
        {10000, "authorization_required"},
        {10002, "qty_too_low"},
        {10004, "order_not_found"},
        {10005, "price_too_low"},
        {10007, "price_too_high"},
        {10009, "not_enough_funds"},
        {10020, "invalid_or_unsupported_instrument"},
        {10021, "invalid_amount"},
        {10023, "invalid_price"},
        {10028, "too_many_requests"},
        {10033, "not_implemented"},
        {10040, "retry"},
        {10041, "settlement_in_progress"},
        {10043, "price_wrong_tick"},
        {10047, "matching_engine_queue_full"},
        {10049, "cancel_on_disconnect_failed"},
        {10066, "too_many_concurrent_requests"},
        {11044, "not_open_order"},
        {11050, "bad_request"},
        {11051, "system_maintenance"},
        {11052, "subscribe_error_unsubscribed"},
        {11054, "post_only_reject"},
        {11056, "unauthenticated_public_requests_temporarily_disabled"},
        {11094, "internal_server_error"},
        {12003, "login_over_limit"},
        {13004, "invalid_credentials"},
        {13009, "unauthorized"},
        {13021, "forbidden"},
        {13028, "temporarily_unavailable"},
        {13503, "unavailable"},
        {13666, "request_cancelled_by_user"},
        {13777, "replaced"},
        {13778, "raw_subscriptions_not_available_for_unauthorized"},
        {13888, "timed_out"},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code == code) {
            return rows[i].message;
        }
    }
    return "error";
}

int sim_call_fail(struct sim_call *call, int code)
{
    return sim_call_fail_with(call, code, NULL, NULL);
}

int sim_call_fail_with(struct sim_call *call, int code, const char *reason, const char *param)
{
    call->code = code;
    (void)snprintf(call->message, sizeof(call->message), "%s", sim_error_message(code));
    (void)snprintf(call->reason, sizeof(call->reason), "%s", reason == NULL ? "" : reason);
    (void)snprintf(call->param, sizeof(call->param), "%s", param == NULL ? "" : param);
    return 1;
}

int sim_call_missing(struct sim_call *call, const char *param)
{
    return sim_call_fail_with(call, -32602, "value is required", param);
}

const char *sim_call_string(const struct sim_call *call, const char *name)
{
    return json_string_value(json_object_get(call->params, name));
}

int sim_call_instrument(struct sim_call *call)
{
    const char *name = sim_call_string(call, "instrument_name");
    int row          = name == NULL ? -1 : sim_instrument_find(slice_of(name));
    if (name == NULL) {
        (void)sim_call_missing(call, "instrument_name");
    } else if (row < 0) {
        (void)sim_call_fail_with(call, -32602, "instrument not found", "instrument_name");
    }
    return row;
}

static void add_tail(struct sim_text *out, int64_t us_in)
{
    int64_t us_out = now_us();
    sim_text_printf(out, ",\"usIn\":%lld,\"usOut\":%lld,\"usDiff\":%lld,\"testnet\":true}",
                    (long long)us_in, (long long)us_out, (long long)(us_out - us_in));
}

/* The id as it came; nothing where there was none, as the exchange does. */
static void add_id(struct sim_text *out, const json_t *id)
{
    if (json_is_integer(id)) {
        sim_text_printf(out, ",\"id\":%lld", (long long)json_integer_value(id));
    } else if (json_is_string(id)) {
        sim_text_named(out, "id", json_string_value(id));
    }
}

static void add_error(struct sim_text *out, const struct sim_call *call)
{
    sim_text_printf(out, ",\"error\":{\"code\":%d", call->code);
    if (call->reason[0] != '\0' || call->param[0] != '\0') {
        sim_text_add(out, ",\"data\":{\"reason\":");
        sim_text_string(out, call->reason);
        if (call->param[0] != '\0') {
            sim_text_named(out, "param", call->param);
        }
        sim_text_add(out, "}");
    }
    sim_text_named(out, "message", call->message);
    sim_text_add(out, "}");
}

static void send_answer(struct sim_conn *conn, struct hawser_slice text)
{
    sim_late_answer(conn, text);
    if (conn->sim->faults.twice > 0) {
        conn->sim->faults.twice--;
        sim_late_answer(conn, text);
    }
}

static void answer(const struct sim_call *call, const json_t *id, int64_t us_in)
{
    struct sim_text out = {.failed = call->result.failed};
    sim_text_add(&out, "{\"jsonrpc\":\"2.0\"");
    add_id(&out, id);
    if (call->code != 0) {
        add_error(&out, call);
    } else {
        sim_text_add(&out, ",\"result\":");
        sim_text_bytes(&out, buf_data(&call->result.buf), call->result.buf.len);
    }
    add_tail(&out, us_in);
    if (!out.failed) {
        send_answer(call->conn, buf_slice(&out.buf));
    }
    sim_text_fini(&out);
}

/* An answer to what is no request. @param data a JSON value, or NULL */
static void answer_nobody(struct sim_conn *conn, int code, const char *data, int64_t us_in)
{
    struct sim_text out = {.failed = 0};
    sim_text_printf(&out, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":%d", code);
    if (data != NULL) {
        sim_text_printf(&out, ",\"data\":%s", data);
    }
    sim_text_named(&out, "message", sim_error_message(code));
    sim_text_add(&out, "}");
    add_tail(&out, us_in);
    if (!out.failed) {
        sim_conn_send(conn, buf_slice(&out.buf));
    }
    sim_text_fini(&out);
}

static const struct sim_method *find_method(const char *name)
{
    const struct sim_method *const tables[] = {SIM_SESSION_METHODS, SIM_MARKET_METHODS,
                                               SIM_TRADE_METHODS};
    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct sim_method *row = tables[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

/* An explicit token wins over what the socket remembers. */
static struct sim_grant *who_calls(const struct sim_call *call)
{
    const char *token = sim_call_string(call, "access_token");
    if (token != NULL) {
        return sim_accounts_find(call->sim->accounts, token, call->conn->id);
    }
    return call->conn->grant_id == 0 ? NULL
                                     : sim_accounts_get(call->sim->accounts, call->conn->grant_id);
}

static int run(struct sim_call *call)
{
    const struct sim_method *method = find_method(call->method);
    int ordered                     = sim_fault_take_error(&call->sim->faults, call->method);
    if (ordered != 0) {
        return sim_call_fail(call, ordered);
    }
    if (call->sim->faults.maintenance) {
        return sim_call_fail(call, 11051);
    }
    if (method == NULL) {
        return sim_call_fail(call, -32601);
    }
    call->grant = who_calls(call);
    if (strncmp(method->name, "private/", 8) == 0 && call->grant == NULL) {
        return sim_call_fail_with(call, 13009, "invalid_token", NULL);
    }
    if (method->right != NULL && !sim_scope_allows(call->grant, method->right)) {
        return sim_call_fail_with(call, 13021, method->right, NULL);
    }
    return method->fn(call);
}

static void handle(struct sim_conn *conn, json_t *root, int64_t us_in)
{
    json_t *params       = json_object_get(root, "params");
    json_t *none         = NULL;
    struct sim_call call = {.sim    = conn->sim,
                            .conn   = conn,
                            .method = json_string_value(json_object_get(root, "method"))};
    if (call.method == NULL) {
        answer_nobody(conn, 11050, "\"invalid json\"", us_in);
        return;
    }
    sim_stats_request(&conn->sim->stats, call.method);
    sim_journal_write(conn->sim, conn->id, root);
    sim_liveness_alive(conn, strcmp(call.method, "public/test") == 0 && !conn->faults.answers_off);
    if (conn->faults.answers_off) {
        conn->sim->stats.requests_ignored++;
        return;
    }
    if (!json_is_object(params)) {
        none   = json_object();
        params = none;
    }
    call.params = params;
    int reply   = params == NULL ? sim_call_fail(&call, 11094) : run(&call);
    if (reply) {
        answer(&call, json_object_get(root, "id"), us_in);
        sim_feed_start(conn);
    }
    sim_text_fini(&call.result);
    json_decref(none);
}

void sim_api_request(struct sim_conn *conn, struct hawser_slice text)
{
    int64_t us_in = now_us();
    conn->received++;
    if (text.len > SIM_REQUEST_MAX) {
        sim_liveness_alive(conn, 0);
        answer_nobody(conn, -32600, NULL, us_in);
        return;
    }
    json_t *root = json_loadb(text.data, text.len, 0, NULL);
    if (json_is_object(root)) {
        handle(conn, root, us_in);
    } else {
        sim_liveness_alive(conn, 0);
        answer_nobody(conn, 11050, "\"invalid json\"", us_in);
    }
    json_decref(root);
}
