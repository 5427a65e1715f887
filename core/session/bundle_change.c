/*
 * What the owner of a session wants of it, handed on to its lines. See bundle.h.
 */
#include "session/bundle_object.h"
#include "session/inherit.h"

static int apply_line(struct bundle_line *line, const struct bundle_options *options,
                      struct hawser_error *err)
{
    const char *urls[URLS_MAX + 1];
    struct session_options own;
    if (line->generation != line->bundle->generation) { /* it leaves soon: the channels alone */
        own               = line->session->options;
        own.channels      = options->session->channels;
        own.channel_count = options->session->channel_count;
    } else {
        bundle_options_for(options->session, line->place, line->place, urls, &own);
    }
    return session_apply(line->session, &own, err);
}

int bundle_apply(struct bundle *bundle, const struct bundle_options *options,
                 struct hawser_error *err)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring && apply_line(LINE_OF(node), options, err) != 0) {
            return -1;
        }
    }
    bundle->next_lines = options->lines == 0 ? 1 : options->lines;
    if (!bundle->moving) {
        bundle->wanted_lines = bundle->next_lines;
    }
    bundle_take_options(bundle, options);
    bundle_take_log_level(bundle);
    bundle_tidy_soon(bundle);
    return bundle_merge_sync(bundle, err);
}

int bundle_set_credentials(struct bundle *bundle, const char *const *pairs, size_t pair_count,
                           struct hawser_error *err)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring &&
            session_set_credentials(LINE_OF(node)->session, pairs, pair_count, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int bundle_subscribe(struct bundle *bundle, const struct hawser_slice *channels, size_t count,
                     struct hawser_error *err)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring &&
            session_subscribe(LINE_OF(node)->session, channels, count, err) != 0) {
            return -1;
        }
    }
    return bundle_merge_sync(bundle, err);
}

int bundle_unsubscribe(struct bundle *bundle, const struct hawser_slice *channels, size_t count,
                       struct hawser_error *err)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring &&
            session_unsubscribe(LINE_OF(node)->session, channels, count, err) != 0) {
            return -1;
        }
    }
    return bundle_merge_sync(bundle, err);
}

void bundle_reconnect(struct bundle *bundle, const char *reason)
{
    struct list *node;
    if (bundle->leaving) { /* a person closed it, and wants it with as many lines as ever */
        bundle->leaving = 0;
        bundle_tidy_soon(bundle);
    }
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring) {
            session_reconnect(LINE_OF(node)->session, reason);
        }
    }
}

static int use_for_requests(const struct bundle_line *line)
{
    if (!session_is_serving(line->session)) {
        return 0; /* its refusal tells why */
    }
    if (line->session->state != HAWSER_STATE_READY) {
        return 1; /* channels are missing */
    }
    return line->retiring || line == line->bundle->succession.old ? 2 : 3;
}

static struct bundle_line *line_for_requests(const struct bundle *bundle)
{
    struct bundle_line *best = bundle_first(bundle);
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (use_for_requests(LINE_OF(node)) > use_for_requests(best)) {
            best = LINE_OF(node);
        }
    }
    return best;
}

int bundle_request(struct bundle *bundle, const char *method, struct hawser_slice params,
                   int64_t timeout_ms, hawser_reply_fn fn, void *arg, struct hawser_error *err)
{
    return session_request(line_for_requests(bundle)->session, method, params, timeout_ms, fn, arg,
                           err);
}

void bundle_inherit(struct bundle *bundle, const char *message)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        session_inherit(LINE_OF(node)->session, message);
    }
    if (bundle->merge == NULL) {
        return;
    }
    list_for_each (node, &bundle->merge->book.in_state[CHANNEL_WANTED]) {
        bundle_owe(CHANNEL_OF(node)->merged, 0, "connection", message);
    }
}
