/*
 * Logging in and out. Source: API documentation, public/auth and private/logout.
 */
#include <jansson.h>
#include <string.h>

#include "deribit.h"
#include "text.h"

#define METHOD_AUTH  "public/auth"
#define UNAUTHORIZED "13009" /* token expired or revoked */
/* A login that is refused sooner would not get better by another one: the call itself is at fault.
 */
#define SETTLED_NS INT64_C(6000000000)
#define LONGEST_S  INT64_C(31536000) /* a year: bounds what the exchange says */

static void fail(const struct deribit *deribit, uint32_t code, const char *text)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    deribit->host->error_set(&err, code, 0, "%s", text);
    deribit->host->fail(deribit->self, &err);
}

/** An answer without a token is no login, whatever else it says. */
static void take_result(struct deribit *deribit, struct hawser_slice result)
{
    json_t *object        = json_loadb(result.data, result.len, 0, NULL);
    const char *token     = json_string_value(json_object_get(object, "access_token"));
    json_int_t expires_in = json_integer_value(json_object_get(object, "expires_in"));
    int has_token         = token != NULL && token[0] != 0;
    json_decref(object);
    if (!has_token) {
        fail(deribit, HAWSER_ADAPTER_FAILED, METHOD_AUTH ": the answer holds no access_token");
        return;
    }
    if (expires_in > LONGEST_S) {
        expires_in = LONGEST_S;
    }
    deribit->authenticated = 1;
    deribit->login_time    = deribit->host->clock_monotonic_ns();
    deribit->host->authenticated(deribit->self, expires_in > 0 ? expires_in * 1000 : 0);
}

/* In an answer to a login, whatever says that it is not allowed is about the credentials: asking
 * again would be hammering. */
static void on_auth_reply(void *arg, const struct hawser_reply *reply)
{
    struct deribit *deribit = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (reply->err == NULL) {
        take_result(deribit, reply->result);
        return;
    }
    if (reply->err->code == HAWSER_REQUEST_UNKNOWN) {
        return; /* the link broke; the host knows */
    }
    deribit_explain(deribit, METHOD_AUTH, reply, &err);
    if (err.category == HAWSER_AUTHENTICATION) {
        deribit->host->error_set(
            &err, HAWSER_AUTH_DENIED, reply->err->cause,
            METHOD_AUTH ": %s; check client_id and client_secret, and that they belong to this "
                        "environment (test or production)",
            reply->err->message);
    } else if (err.code == HAWSER_REQUEST_REFUSED) {
        err.code = HAWSER_ADAPTER_FAILED; /* neither the credentials nor a limit: come back later */
        err.recovery = HAWSER_RECOVER_RECONNECT_SLOWLY;
    }
    deribit->host->fail(deribit->self, &err);
}

void deribit_authenticate(void *adapter)
{
    struct deribit *deribit = adapter;
    const char *id          = deribit->host->credential(deribit->self, "client_id");
    const char *secret      = deribit->host->credential(deribit->self, "client_secret");
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct text params      = {0};
    deribit->login_time     = 0;
    if (id == NULL || secret == NULL) {
        fail(deribit, HAWSER_AUTH_MISSING, "the credentials hold no client_id or no client_secret");
        return;
    }
    text_raw(&params, "{\"grant_type\":\"client_credentials\",\"client_id\":");
    text_string(&params, (struct hawser_slice){id, strlen(id)});
    text_raw(&params, ",\"client_secret\":");
    text_string(&params, (struct hawser_slice){secret, strlen(secret)});
    text_raw(&params, "}");
    if (params.failed) {
        fail(deribit, HAWSER_SYSTEM_MEMORY, "no memory to authenticate");
    } else if (deribit->host->call(deribit->self, METHOD_AUTH, text_slice(&params), 0,
                                   on_auth_reply, deribit, &err) != 0) {
        deribit->host->fail(deribit->self, &err);
    }
    text_fini(&params);
}

void deribit_notice_expiry(struct deribit *deribit, struct hawser_slice error)
{
    struct hawser_slice code;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (deribit->login_time == 0 ||
        deribit->host->clock_monotonic_ns() - deribit->login_time < SETTLED_NS ||
        deribit->host->json_member(error, "code", &code) != 1 || code.len != 5 ||
        memcmp(code.data, UNAUTHORIZED, 5) != 0) {
        return;
    }
    deribit->login_time = 0;
    deribit->host->error_set(&err, HAWSER_AUTH_EXPIRED, 13009,
                             "a call was refused as unauthorized; logging in again");
    deribit->host->fail(deribit->self, &err);
}

/* A plain close would cancel the orders of an account with cancel-on-disconnect; a logout does not.
 * The tokens stay valid: a successor may be using the same session. No answer comes. */
void deribit_leave(void *adapter)
{
    static const char LOGOUT[] = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"private/"
                                 "logout\",\"params\":{\"invalidate_token\":false}}";
    struct deribit *deribit    = adapter;
    struct hawser_error err    = HAWSER_ERROR_INIT;
    if (deribit->authenticated &&
        deribit->host->send_text(deribit->self, (struct hawser_slice){LOGOUT, sizeof(LOGOUT) - 1},
                                 &err) != 0) {
        deribit->host->log(deribit->self, HAWSER_LOG_WARN,
                           "no logout before the close, orders may be cancelled: %s", err.message);
    }
    deribit->host->left(deribit->self);
}
