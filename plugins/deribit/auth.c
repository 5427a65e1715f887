/*
 * Logging in and out. Source: API documentation, public/auth and private/logout.
 */
#include <jansson.h>
#include <stdlib.h>
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

/* A token with escapes in it: masked as it is written, it would be shown where it is not. */
static int learn_decoded(struct deribit *deribit, const char *name, struct hawser_slice text,
                         struct hawser_error *err)
{
    json_t *string    = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
    const char *value = json_string_value(string);
    size_t len        = json_string_length(string);
    int rc            = -1;
    if (value == NULL) {
        deribit->host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a token");
    } else {
        rc = deribit->host->secret_learned(deribit->self, name, (struct hawser_slice){value, len},
                                           err);
        explicit_bzero((void *)(uintptr_t)value, len); /* the tree is ours, and goes */
    }
    json_decref(string);
    return rc;
}

/** Have a token masked, wherever the exchange repeats it. Read in place: no copy is left behind.
 * @return 1: there is one; 0: none; -1: err is set */
static int learn(struct deribit *deribit, struct hawser_slice result, const char *name,
                 struct hawser_error *err)
{
    struct hawser_slice text;
    if (deribit->host->json_member(result, name, &text) != 1 || text.len <= 2 ||
        text.data[0] != '"') {
        return 0;
    }
    struct hawser_slice value = {text.data + 1, text.len - 2};
    int rc                    = memchr(value.data, '\\', value.len) == NULL
                                    ? deribit->host->secret_learned(deribit->self, name, value, err)
                                    : learn_decoded(deribit, name, text, err);
    return rc == 0 ? 1 : -1;
}

/* @return [s]; 0: for ever */
static int64_t lifetime(const struct deribit *deribit, struct hawser_slice result)
{
    struct hawser_slice text;
    char digits[24] = "";
    if (deribit->host->json_member(result, "expires_in", &text) != 1 ||
        text.len >= sizeof(digits)) {
        return 0;
    }
    memcpy(digits, text.data, text.len);
    long long seconds = strtoll(digits, NULL, 10); /* 0 where it is no number */
    return seconds < 0 ? 0 : seconds > LONGEST_S ? LONGEST_S : seconds;
}

/** An answer without a token is no login, whatever else it says. */
static void take_result(struct deribit *deribit, struct hawser_slice result)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int has_token           = learn(deribit, result, "access_token", &err);
    if (has_token < 0 || learn(deribit, result, "refresh_token", &err) < 0) {
        deribit->host->fail(deribit->self, &err);
        return;
    }
    if (!has_token) {
        fail(deribit, HAWSER_ADAPTER_FAILED, METHOD_AUTH ": the answer holds no access_token");
        return;
    }
    deribit->authenticated = 1;
    deribit->login_time    = deribit->host->clock_monotonic_ns();
    deribit->host->authenticated(deribit->self, lifetime(deribit, result) * 1000);
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
        deribit->host->log(
            deribit->self, HAWSER_LOG_WARN,
            HAWSER_MESSAGE("004") "no logout before the close, orders may be cancelled: %s",
            err.message);
    }
    deribit->host->left(deribit->self);
}
