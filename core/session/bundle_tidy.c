/*
 * As many lines as are wanted: made, and freed when they have left, from the loop. See
 * bundle_object.h.
 */
#include "base/error.h"
#include "base/log.h"
#include "session/bundle_object.h"

#define LINGER_MS INT64_C(2000) /* one line alone may still be behind what another had brought */
#define RETRY_MS  INT64_C(5000)

void bundle_tidy_soon(struct bundle *bundle)
{
    event_active(&bundle->tidy, EV_TIMEOUT, 0);
}

static void look_again(struct bundle *bundle, int64_t in_ms)
{
    struct timeval delay = {.tv_sec = in_ms / 1000, .tv_usec = in_ms % 1000 * 1000};
    if (evtimer_add(&bundle->tidy, &delay) != 0) {
        log_about(&bundle->log, LOG_CRIT, "HW-SESSION-041",
                  "a timer for lines was not set: out of memory");
    }
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return a_ms == 0 || (b_ms != 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static int is_over(const struct bundle_line *line)
{
    return line->session->state == HAWSER_STATE_CLOSED ||
           line->session->state == HAWSER_STATE_FAILED;
}

/* The last one stays: it is what the owner sees. */
static void free_retired(struct bundle *bundle)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &bundle->lines) {
        struct bundle_line *line = LINE_OF(node);
        if (line->retiring && is_over(line) && bundle->lines.next->next != &bundle->lines) {
            bundle_line_forget(line);
            bundle_line_destroy(line);
        }
    }
}

/* One that is to take over is not one more. */
static size_t count_lines(const struct bundle *bundle)
{
    size_t count = 0;
    struct list *node;
    list_for_each (node, &bundle->lines) {
        count += !LINE_OF(node)->retiring && LINE_OF(node) != bundle->succession.next;
    }
    return count;
}

static size_t free_place(const struct bundle *bundle)
{
    unsigned taken = 0;
    size_t place   = 0;
    struct list *node;
    list_for_each (node, &bundle->lines) {
        taken |= LINE_OF(node)->retiring ? 0 : 1u << LINE_OF(node)->place;
    }
    while ((taken & (1u << place)) != 0) {
        place++;
    }
    return place;
}

struct bundle_line *bundle_first_staying(const struct bundle *bundle)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring) {
            return LINE_OF(node);
        }
    }
    return bundle_first(bundle);
}

/** @return when to try again [ms]; 0: no need */
static int64_t add_lines(struct bundle *bundle)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    while (!bundle->moving && count_lines(bundle) < bundle->wanted_lines) {
        struct bundle_line *like = bundle_newest_line(bundle);
        like                     = like == NULL ? bundle_first_staying(bundle) : like;
        struct bundle_line *line = bundle_line_create(bundle, NULL, like, free_place(bundle), &err);
        if (line == NULL) {
            log_about(&bundle->log, LOG_ERROR, "HW-SESSION-042",
                      "one line less than wanted: %s; next try in %lld ms", err.message,
                      (long long)RETRY_MS);
            return RETRY_MS;
        }
        session_start(line->session);
    }
    return 0;
}

/* Those of older settings first. */
static struct bundle_line *surplus_line(const struct bundle *bundle)
{
    struct bundle_line *line = bundle_outdated_line(bundle);
    struct list *node        = bundle->lines.prev;
    while (line == NULL && node != &bundle->lines) {
        line = LINE_OF(node)->retiring ? NULL : LINE_OF(node);
        node = node->prev;
    }
    return line;
}

static void retire_surplus(struct bundle *bundle)
{
    while (!bundle->moving && bundle->succession.next == NULL &&
           count_lines(bundle) > bundle->wanted_lines) {
        struct bundle_line *line = surplus_line(bundle);
        if (line == bundle->succession.old) {
            bundle->succession = (struct bundle_succession){0};
        }
        bundle_line_retire(line, "fewer lines are wanted");
    }
}

/** @return when to look again [ms]; 0: no need */
static int64_t end_merge_when_alone(struct bundle *bundle)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    clock_ns_t now          = clock_monotonic();
    if (bundle->merge == NULL || bundle->wanted_lines > 1 || bundle->standby.remembers ||
        bundle->lines.next->next != &bundle->lines) {
        bundle->alone_at = 0;
        return 0;
    }
    bundle->alone_at = bundle->alone_at == 0 ? now : bundle->alone_at;
    int64_t left_ms  = LINGER_MS - (now - bundle->alone_at) / CLOCK_NS_PER_MS;
    if (left_ms > 0 || !list_is_empty(&bundle->merge->holding)) {
        return left_ms > 0 ? left_ms : LINGER_MS;
    }
    bundle_merge_end(bundle);
    if (session_set_line(bundle_first(bundle)->session, 0, &err) != 0) {
        log_about(&bundle->log, LOG_WARN, "HW-SESSION-043", "%s; the log names its line on",
                  err.message);
    }
    return 0;
}

void bundle_on_tidy(evutil_socket_t fd, short what, void *arg)
{
    struct bundle *bundle = OBJ_CAST(struct bundle, arg, BUNDLE_MAGIC);
    (void)fd;
    (void)what;
    free_retired(bundle);
    if (bundle->standby.is_on) {
        int64_t look_ms = bundle_standby_look(bundle);
        bundle_restate(bundle, NULL);
        if (look_ms > 0) {
            look_again(bundle, look_ms);
        }
        return;
    }
    if (bundle->leaving) {
        return;
    }
    int64_t again_ms = bundle_succeed(bundle);
    again_ms         = sooner(again_ms, add_lines(bundle));
    retire_surplus(bundle);
    if (bundle->merge != NULL) {
        bundle_restate(bundle, NULL);
    }
    again_ms = sooner(again_ms, end_merge_when_alone(bundle));
    again_ms = sooner(again_ms, bundle_standby_renew(bundle));
    if (again_ms > 0) {
        look_again(bundle, again_ms);
    }
}
