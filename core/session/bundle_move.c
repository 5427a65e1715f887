/*
 * New settings for lines, since a reload changed what they are made of: a first one is made of
 * them at once, so that what is wrong shows at once. It takes over like any other (succession, in
 * bundle_succeed.c); the others follow it.
 */
#include "base/error.h"
#include "session/bundle_object.h"

struct bundle_line *bundle_outdated_line(const struct bundle *bundle)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring && LINE_OF(node)->generation != bundle->generation) {
            return LINE_OF(node);
        }
    }
    return NULL;
}

void bundle_move_done(struct bundle *bundle, const struct hawser_error *why)
{
    if (why == NULL) {
        bundle->wanted_lines = bundle->next_lines;
    } else {
        bundle->generation--;
    }
    bundle->moving = 0;
    if (bundle->env.moved != NULL) {
        bundle->env.moved(bundle->env.arg, why);
    }
}

static void drop_next(struct bundle *bundle, const char *reason)
{
    struct bundle_succession *s = &bundle->succession;
    overlap_give(&s->place);
    if (s->next != NULL) {
        bundle_line_retire(s->next, reason);
    }
    *s = (struct bundle_succession){0};
}

void bundle_move_drop(struct bundle *bundle, const char *reason)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    drop_next(bundle, reason);
    if (bundle->moving) {
        error_set(&err, HAWSER_SESSION_STATE, "%s", reason);
        bundle_move_done(bundle, &err);
    }
}

static void retire_outdated(struct bundle *bundle)
{
    struct bundle_line *line;
    while ((line = bundle_outdated_line(bundle)) != NULL) {
        bundle_line_retire(line, "newer settings");
    }
}

static int is_served(const struct bundle *bundle)
{
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        if (session_is_serving(LIST_ENTRY(node, const struct bundle_line, node)->session)) {
            return 1;
        }
    }
    return 0;
}

int bundle_move(struct bundle *bundle, const struct bundle_options *options,
                struct hawser_error *err)
{
    bundle_move_drop(bundle, "newer settings came");
    struct bundle_line *old  = bundle_first_staying(bundle);
    struct bundle_line *next = NULL;
    bundle->generation++;
    next = bundle_line_create(bundle, options->session, NULL, 0, err);
    if (next == NULL ||
        session_follow_channels(next->session, old->session, CHANNEL_BY_CALL, err) != 0 ||
        bundle_merge_sync(bundle, err) != 0) {
        bundle->generation--;
        if (next != NULL) {
            bundle_line_retire(next, "it cannot start");
        }
        return -1;
    }
    bundle_take_options(bundle, options);
    bundle->next_lines = options->lines == 0 ? 1 : options->lines;
    bundle_tidy_soon(bundle);
    if (overlap_is_off(bundle->env.budget) || !is_served(bundle)) {
        session_start(next->session);
        retire_outdated(bundle);
        bundle->wanted_lines = bundle->next_lines;
        return 0;
    }
    bundle->moving     = 1;
    bundle->succession = (struct bundle_succession){.old = old, .next = next};
    return 0;
}

int bundle_is_moving(const struct bundle *bundle)
{
    return bundle->moving;
}
