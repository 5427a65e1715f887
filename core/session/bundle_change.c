/*
 * What the owner of a session wants of it, handed on to its lines. See bundle.h.
 */
#include "session/bundle_object.h"
#include "session/inherit.h"

int bundle_apply(struct bundle *bundle, const struct bundle_options *options,
                 struct hawser_error *err)
{
    return session_apply(bundle_first(bundle)->session, options->session, err);
}

int bundle_set_credentials(struct bundle *bundle, const char *const *pairs, size_t pair_count,
                           struct hawser_error *err)
{
    return session_set_credentials(bundle_first(bundle)->session, pairs, pair_count, err);
}

int bundle_subscribe(struct bundle *bundle, const struct hawser_slice *channels, size_t count,
                     struct hawser_error *err)
{
    return session_subscribe(bundle_first(bundle)->session, channels, count, err);
}

int bundle_unsubscribe(struct bundle *bundle, const struct hawser_slice *channels, size_t count,
                       struct hawser_error *err)
{
    return session_unsubscribe(bundle_first(bundle)->session, channels, count, err);
}

void bundle_reconnect(struct bundle *bundle, const char *reason)
{
    session_reconnect(bundle_first(bundle)->session, reason);
}

int bundle_request(struct bundle *bundle, const char *method, struct hawser_slice params,
                   int64_t timeout_ms, hawser_reply_fn fn, void *arg, struct hawser_error *err)
{
    return session_request(bundle_first(bundle)->session, method, params, timeout_ms, fn, arg, err);
}

void bundle_inherit(struct bundle *bundle, const char *message)
{
    session_inherit(bundle_first(bundle)->session, message);
}
