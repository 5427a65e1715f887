/*
 * The life of a bundle: made, started, left, destroyed, and looked at. See bundle.h.
 */
#include "session/bundle.h"

#include <stdlib.h>

#include "base/error.h"
#include "session/bundle_object.h"

struct bundle *bundle_create(const struct bundle_options *options, const struct bundle_env *env,
                             struct hawser_error *err)
{
    struct bundle *bundle = calloc(1, sizeof(*bundle));
    if (bundle == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a session");
        return NULL;
    }
    bundle->magic = BUNDLE_MAGIC;
    bundle->env   = *env;
    bundle->state = HAWSER_STATE_IDLE;
    list_init(&bundle->lines);
    if (bundle_line_create(bundle, options->session, err) == NULL) {
        bundle_destroy(bundle);
        return NULL;
    }
    return bundle;
}

void bundle_destroy(struct bundle *bundle)
{
    if (bundle == NULL) {
        return;
    }
    struct list *node, *after;
    list_for_each_safe (node, after, &bundle->lines) {
        bundle_line_destroy(LINE_OF(node));
    }
    bundle->magic = 0;
    free(bundle);
}

void bundle_start(struct bundle *bundle)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        session_start(LINE_OF(node)->session);
    }
}

void bundle_leave(struct bundle *bundle, uint16_t code, const char *reason)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        session_leave(LINE_OF(node)->session, code, reason);
    }
}

void bundle_get_info(const struct bundle *bundle, struct session_info *out)
{
    session_get_info(bundle_first(bundle)->session, out);
}

enum hawser_state bundle_state(const struct bundle *bundle)
{
    return bundle->state;
}

void bundle_each_channel(const struct bundle *bundle,
                         void (*fn)(void *arg, const char *channel, int confirmed, int dynamic),
                         void *arg)
{
    session_each_channel(bundle_first(bundle)->session, fn, arg);
}
