/*
 * What an error means to the person who has to deal with it. See explain.h.
 */
#include "base/explain.h"

#include "base/error.h"

/* By code: what a person can do about it. */
static const struct {
    uint32_t code;
    const char *text;
} ADVICE[] = {
    {HAWSER_NET_RESOLVE, "see to the host in `url` and to this machine's name servers"},
    {HAWSER_NET_CONNECT, "see to the port in `url`, to firewalls and to `bind`"},
    {HAWSER_NET_TIMEOUT, "`connect_timeout` says how long it may take"},
    {HAWSER_NET_PROXY, "see to `proxy`"},
    {HAWSER_NET_PROXY_AUTH, "correct the login at the proxy and reload"},
    {HAWSER_NET_URL, "correct `url` and reload"},
    {HAWSER_TLS_CERTIFICATE,
     "check the host's name, the clock of this machine and `tls_ca`, then reconnect"},
    {HAWSER_TLS_CERTIFICATE_DATE, "check the clock of this machine; the server has to renew it"},
    {HAWSER_TLS_HANDSHAKE, "see whether `url` is a TLS port, and to `tls_certificate`"},
    {HAWSER_TLS_SETUP, "correct `tls_ca`, `tls_certificate` and its key, then reload"},
    {HAWSER_WS_HANDSHAKE, "see whether `url` is a WebSocket, and to `header` and `subprotocols`"},
    {HAWSER_WS_REFUSED, "see to the path in `url`, and to `header`"},
    {HAWSER_WS_UNAUTHORIZED, "correct the credentials and reload; it may also refuse this address"},
    {HAWSER_WS_TOO_MANY, "fewer sessions, or a slower `connect_budget`, keep below its limit"},
    {HAWSER_WS_REDIRECT, "correct `url` and reload"},
    {HAWSER_WS_CLOSE_TOO_BIG, "`max_message` is the limit"},
    {HAWSER_SESSION_SILENT, "`heartbeat` says how soon silence counts"},
    {HAWSER_SESSION_PHASE_TIMEOUT,
     "`connect_timeout`, `auth_timeout` and `subscribe_timeout` say how long each phase may take"},
    {HAWSER_SESSION_CHANNEL_REFUSED, "see to `subscribe`: the channel may have expired"},
    {HAWSER_SESSION_STALE, "`stale_after` says how soon silence counts"},
    {HAWSER_SESSION_RETRIES, "reconnect by hand, or allow more attempts with `reconnect attempts`"},
    {HAWSER_SESSION_BUDGET, "`connect_budget` is the pace of all sessions together"},
    {HAWSER_AUTH_DENIED, "correct the credentials and reload"},
    {HAWSER_AUTH_MISSING, "name the credentials with `credentials` and reload"},
    {HAWSER_RATE_LIMITED, "ask for less, or say how long to wait with `on_error`"},
    {HAWSER_EXCHANGE_BUSY, "`on_error` says how long to wait"},
};

static const char *advice_of(const struct hawser_error *err)
{
    for (size_t i = 0; i < sizeof(ADVICE) / sizeof(ADVICE[0]); i++) {
        if (ADVICE[i].code == err->code) {
            return ADVICE[i].text;
        }
    }
    return err->recovery == HAWSER_RECOVER_STOP ? "see to it, then reconnect by hand"
                                                : "`on_error` changes that";
}

static int add_next(const struct hawser_error *err, struct buf *out)
{
    static const char *const NEXT[HAWSER_RECOVERY_COUNT] = {
        [HAWSER_RECOVER_NOTHING]   = "nothing follows from it",
        [HAWSER_RECOVER_RECONNECT] = "it connects again, with the backoff of `reconnect`",
        [HAWSER_RECOVER_RECONNECT_SLOWLY] =
            "it connects again, at the longest delay of `reconnect`",
        [HAWSER_RECOVER_REAUTHENTICATE] = "it logs in again",
        [HAWSER_RECOVER_WAIT]           = "it waits for the longest delay of `reconnect`",
        [HAWSER_RECOVER_HAND_OVER]      = "who asked for it decides",
        [HAWSER_RECOVER_STOP]           = "it stays down until a person acts",
    };
    if (err->recovery == HAWSER_RECOVER_WAIT && err->retry_after_ms > 0) {
        return buf_printf(out, "it waits %lld ms, then goes on", (long long)err->retry_after_ms);
    }
    return buf_printf(out, "%s", err->recovery < HAWSER_RECOVERY_COUNT ? NEXT[err->recovery] : "?");
}

int error_explain(const struct hawser_error *err, struct buf *out)
{
    if (err->code == HAWSER_OK) {
        return buf_printf(out, "no error");
    }
    if (buf_printf(out, "%s: %s; ", error_code_text(err->code), err->message) != 0 ||
        add_next(err, out) != 0) {
        return -1;
    }
    return buf_printf(out, "; %s", advice_of(err));
}
