/*
 * Methods about the connection itself: login, heartbeats, cancel on disconnect, time, status.
 * Subscriptions: api_channels.c.
 */
#include <math.h>

#include "sim/api.h"
#include "sim/api_channels.h"
#include "sim/feed.h"

static int ok(struct sim_call *call)
{
    sim_text_add(&call->result, "\"ok\"");
    return 1;
}

static int auth_failed(struct sim_call *call, int code)
{
    call->sim->stats.auths_failed++;
    if (code == 13009) {
        return sim_call_fail_with(call, code, "invalid_token", NULL);
    }
    return code == -32602 ? sim_call_fail_with(call, code, "invalid value", "grant_type")
                          : sim_call_fail(call, code);
}

static void write_grant(struct sim_call *call, const struct sim_grant *grant)
{
    struct sim_text *out = &call->result;
    const char *state    = sim_call_string(call, "state");
    sim_text_add(out, "{\"access_token\":");
    sim_text_string(out, grant->access);
    sim_text_printf(out, ",\"expires_in\":%lld", (long long)((grant->life_ms + 999) / 1000));
    sim_text_named(out, "refresh_token", grant->refresh);
    sim_text_named(out, "scope", grant->scope);
    sim_text_add(out, ",\"token_type\":\"bearer\",\"enabled_features\":[]");
    if (grant->session[0] != '\0') {
        sim_text_printf(out, ",\"sid\":\"sid-%llu\"", (unsigned long long)grant->id);
    }
    if (state != NULL) {
        sim_text_named(out, "state", state);
    }
    sim_text_add(out, "}");
}

static int auth(struct sim_call *call)
{
    struct sim_grant *grant = NULL;
    struct sim_login login  = {
         .grant_type    = sim_call_string(call, "grant_type"),
         .client_id     = sim_call_string(call, "client_id"),
         .client_secret = sim_call_string(call, "client_secret"),
         .nonce         = sim_call_string(call, "nonce"),
         .data          = sim_call_string(call, "data"),
         .signature     = sim_call_string(call, "signature"),
         .refresh_token = sim_call_string(call, "refresh_token"),
         .scope         = sim_call_string(call, "scope"),
         .timestamp_ms  = json_integer_value(json_object_get(call->params, "timestamp")),
         .conn_id       = call->conn->id,
    };
    if (call->conn->faults.auth == SIM_AUTH_SILENT) {
        call->sim->stats.auths_silent++;
        return 0;
    }
    if (login.grant_type == NULL) {
        call->sim->stats.auths_failed++;
        return sim_call_missing(call, "grant_type");
    }
    int code = call->conn->faults.auth == SIM_AUTH_FAIL
                   ? 13004
                   : sim_accounts_login(call->sim->accounts, &login, &grant);
    if (code != 0) {
        return auth_failed(call, code);
    }
    call->sim->stats.auths_ok++;
    call->conn->grant_id = grant->id;
    call->conn->client   = grant->client;
    call->conn->cod |= grant->client->cod_account;
    write_grant(call, grant);
    return 1;
}

static int logout(struct sim_call *call)
{
    const json_t *invalidate = json_object_get(call->params, "invalidate_token");
    if (!json_is_false(invalidate)) {
        sim_accounts_revoke(call->sim->accounts, call->grant);
    }
    call->conn->logged_out = 1;
    call->conn->grant_id   = 0;
    sim_conn_finish(call->conn);
    return 0;
}

static int version(struct sim_call *call)
{
    sim_text_add(&call->result, "{\"version\":\"" SIM_API_VERSION "\"}");
    return 1;
}

static int test(struct sim_call *call)
{
    const char *expected = sim_call_string(call, "expected_result");
    return expected != NULL && strcmp(expected, "exception") == 0 ? sim_call_fail(call, 11094)
                                                                  : version(call);
}

static int hello(struct sim_call *call)
{
    if (sim_call_string(call, "client_name") == NULL) {
        return sim_call_missing(call, "client_name");
    }
    return sim_call_string(call, "client_version") == NULL
               ? sim_call_missing(call, "client_version")
               : version(call);
}

static int get_time(struct sim_call *call)
{
    sim_text_int(&call->result, clock_realtime() / CLOCK_NS_PER_MS);
    return 1;
}

static int status(struct sim_call *call)
{
    sim_text_add(&call->result, "{\"locked\":\"false\"}"); /* a string, on the exchange too */
    return 1;
}

static int set_heartbeat(struct sim_call *call)
{
    const json_t *interval = json_object_get(call->params, "interval");
    double seconds         = json_number_value(interval);
    if (interval == NULL) {
        return sim_call_missing(call, "interval");
    }
    if (!json_is_number(interval) || seconds > 86400 ||
        seconds * 1000 < (double)call->sim->options.heartbeat_min_ms) {
        return sim_call_fail_with(call, -32602, "value is out of range", "interval");
    }
    sim_liveness_start(call->conn, (int64_t)lround(seconds * 1000));
    return ok(call);
}

static int disable_heartbeat(struct sim_call *call)
{
    sim_liveness_stop(call->conn);
    return ok(call);
}

/* @return 0 connection, 1 account, -1 the error is set */
static int cod_scope(struct sim_call *call)
{
    const char *scope = sim_call_string(call, "scope");
    if (scope == NULL || strcmp(scope, "connection") == 0) {
        return 0;
    }
    if (strcmp(scope, "account") == 0) {
        return 1;
    }
    (void)sim_call_fail_with(call, -32602, "invalid value", "scope");
    return -1;
}

static int set_cod(struct sim_call *call, int on)
{
    int scope = cod_scope(call);
    if (scope < 0) {
        return 1;
    }
    call->conn->cod = on;
    if (scope == 1) {
        call->grant->client->cod_account = on;
    }
    return ok(call);
}

static int enable_cod(struct sim_call *call)
{
    return set_cod(call, 1);
}

static int disable_cod(struct sim_call *call)
{
    return set_cod(call, 0);
}

static int get_cod(struct sim_call *call)
{
    int scope = cod_scope(call);
    if (scope >= 0) {
        int on = scope == 1 ? call->grant->client->cod_account : call->conn->cod;
        sim_text_printf(&call->result, "{\"scope\":\"%s\",\"enabled\":%s}",
                        scope == 1 ? "account" : "connection", on ? "true" : "false");
    }
    return 1;
}

const struct sim_method SIM_SESSION_METHODS[] = {
    {"public/auth", auth, NULL},
    {"public/hello", hello, NULL},
    {"public/test", test, NULL},
    {"public/get_time", get_time, NULL},
    {"public/status", status, NULL},
    {"public/set_heartbeat", set_heartbeat, NULL},
    {"public/disable_heartbeat", disable_heartbeat, NULL},
    {"public/subscribe", sim_api_subscribe, NULL},
    {"public/unsubscribe", sim_api_unsubscribe, NULL},
    {"public/unsubscribe_all", sim_api_unsubscribe_all, NULL},
    {"private/subscribe", sim_api_subscribe, NULL},
    {"private/unsubscribe", sim_api_unsubscribe, NULL},
    {"private/unsubscribe_all", sim_api_unsubscribe_all, NULL},
    {"private/logout", logout, NULL},
    {"private/enable_cancel_on_disconnect", enable_cod, "account:read_write"},
    {"private/disable_cancel_on_disconnect", disable_cod, "account:read_write"},
    {"private/get_cancel_on_disconnect", get_cod, "account:read"},
    {NULL, NULL, NULL},
};
