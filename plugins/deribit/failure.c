/*
 * Deribit's error codes and what follows from them. Source: the error table of the API
 * documentation.
 */
#include "deribit.h"

static const struct {
    int64_t code;
    uint32_t ours;
} CODES[] = {
    {10000, HAWSER_AUTH_EXPIRED}, /* authorization_required */
    {13009,
     HAWSER_AUTH_EXPIRED}, /* unauthorized: token expired, revoked, or of another connection */
    {13004, HAWSER_AUTH_DENIED}, /* invalid_credentials */
    {13021, HAWSER_AUTH_DENIED}, /* forbidden: the key's scope is too small */
    {13666, HAWSER_REQUEST_REFUSED},
    {10028, HAWSER_RATE_LIMITED},  /* too_many_requests: the connection ends as well */
    {10040, HAWSER_EXCHANGE_BUSY}, /* retry */
    {10041, HAWSER_EXCHANGE_BUSY}, /* settlement_in_progress: some seconds a day */
    {10047, HAWSER_EXCHANGE_BUSY}, /* matching_engine_queue_full */
    {10066, HAWSER_EXCHANGE_BUSY}, /* too_many_concurrent_requests */
    {11051, HAWSER_EXCHANGE_BUSY}, /* system_maintenance */
    {12003, HAWSER_RATE_LIMITED},  /* too many logins */
    {13028, HAWSER_EXCHANGE_BUSY}, /* temporarily_unavailable */
};

static uint32_t classify(int64_t code)
{
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (CODES[i].code == code) {
            return CODES[i].ours;
        }
    }
    return HAWSER_REQUEST_REFUSED;
}

void deribit_explain(const struct deribit *deribit, const char *what,
                     const struct hawser_reply *reply, struct hawser_error *out)
{
    const struct hawser_error *err = reply->err;
    if (err->cause_kind != HAWSER_CAUSE_JSONRPC) { /* no answer: timeout, or the link broke */
        *out = *err;
        return;
    }
    deribit->host->error_set(out, classify(err->cause), err->cause, "%s: %s", what, err->message);
}
