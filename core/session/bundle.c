/*
 * The life of a bundle: made, started, left, destroyed. See bundle.h.
 */
#include "session/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "session/bundle_object.h"

#define TAKEOVER_MS 30000

static int make_lines(struct bundle *bundle, const struct session_options *options,
                      struct hawser_error *err)
{
    if (evtimer_assign(&bundle->tidy, bundle->env.loop->base, bundle_on_tidy, bundle) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no timer for session %s", options->name);
        return -1;
    }
    for (size_t place = 0; place < bundle->wanted_lines; place++) {
        if (bundle_line_create(bundle, options, NULL, place, err) == NULL) {
            return -1;
        }
    }
    return 0;
}

struct bundle *bundle_create(const struct bundle_options *options, const struct bundle_env *env,
                             struct hawser_error *err)
{
    struct bundle *bundle = calloc(1, sizeof(*bundle));
    if (bundle == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a session");
        return NULL;
    }
    bundle->magic        = BUNDLE_MAGIC;
    bundle->env          = *env;
    bundle->state        = HAWSER_STATE_IDLE;
    bundle->wanted_lines = options->lines == 0 ? 1 : options->lines;
    bundle->name         = strdup(options->session->name);
    bundle->log =
        (struct log_subject){.kind = "session", .name = bundle->name, .level = LOG_AS_PROCESS};
    list_init(&bundle->lines);
    bundle_take_options(bundle, options);
    if (bundle->name == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a session");
        goto fail;
    }
    if (make_lines(bundle, options->session, err) != 0) {
        goto fail;
    }
    bundle_take_log_level(bundle);
    return bundle;
fail:
    bundle_destroy(bundle);
    return NULL;
}

void bundle_take_options(struct bundle *bundle, const struct bundle_options *options)
{
    bundle->rotate_ms   = options->rotate_ms;
    bundle->takeover_ms = options->takeover_ms == 0 ? TAKEOVER_MS : options->takeover_ms;
}

void bundle_take_log_level(struct bundle *bundle)
{
    bundle->log.level = bundle_first(bundle)->session->log.level;
}

void bundle_destroy(struct bundle *bundle)
{
    if (bundle == NULL) {
        return;
    }
    struct list *node, *after;
    bundle->leaving = 1;
    bundle_hold_flush_all(bundle);
    list_for_each_safe (node, after, &bundle->lines) {
        bundle_line_destroy(LINE_OF(node));
    }
    bundle_merge_free(bundle);
    overlap_give(&bundle->standby.place);
    if (event_initialized(&bundle->tidy)) {
        (void)evtimer_del(&bundle->tidy); /* harmless when it does not wait */
    }
    bundle->magic = 0;
    free(bundle->name);
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
    bundle->leaving = 1;
    bundle_move_drop(bundle, "the session was closed meanwhile");
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring) {
            session_leave(LINE_OF(node)->session, code, reason);
        }
    }
}

enum hawser_state bundle_state(const struct bundle *bundle)
{
    return bundle->state;
}
