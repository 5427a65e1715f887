/*
 * One line takes over from another: for a planned rotation, or since a reload changed what lines
 * are made of. The new one is READY, and covers every channel or is known to count from elsewhere,
 * before the old one is told to leave. One at a time in a bundle; how many at a time towards one
 * exchange, says overlap.h.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "session/bundle_object.h"

#define TURN_MS       INT64_C(200) /* between questions for a place, about */
#define LOOK_MS       INT64_C(50)
#define RETRY_MS      INT64_C(30000) /* of a rotation that failed, at least */
#define SETTLE_NS     (BUNDLE_COVER_NS + 100 * CLOCK_NS_PER_MS)
#define SETTLE_MAX_NS MERGE_PATIENCE_MAX_NS
#define LEAVE_MS      INT64_C(10000) /* goodbye and close handshake, generously */
#define ROTATE_SPREAD 0.1

static const char *host_of(const struct bundle_line *line, uint32_t *port)
{
    *port = line->session->url.port;
    return line->session->url.host;
}

static int64_t requests_ms(const struct bundle_line *line)
{
    return line->session->options.request_timeout_ms;
}

/** For longer than the whole takes, so that the place is free again when this process dies. */
static int take_place(struct bundle *bundle, const struct bundle_line *target)
{
    struct bundle_succession *s = &bundle->succession;
    clock_ns_t now              = clock_monotonic();
    uint32_t port               = 0;
    const char *host            = host_of(target, &port);
    int64_t longest_ms          = bundle->takeover_ms + requests_ms(target) + LEAVE_MS;
    return overlap_take(&s->place, bundle->env.budget, budget_key(host, port), now,
                        now + longest_ms * CLOCK_NS_PER_MS);
}

static int is_broken(const struct bundle_line *line)
{
    return line->session->state == HAWSER_STATE_FAILED ||
           line->session->state == HAWSER_STATE_CLOSED;
}

/** The place stays taken until the line that goes is gone. */
static void end(struct bundle *bundle, struct bundle_line *goes, const char *reason)
{
    goes->place_taken  = bundle->succession.place;
    bundle->succession = (struct bundle_succession){0};
    bundle_line_retire(goes, reason);
    bundle_tidy_soon(bundle);
}

static void take_over(struct bundle *bundle)
{
    struct bundle_succession *s = &bundle->succession;
    struct bundle_line *old     = s->old;
    int is_first                = bundle->moving;
    log_about(&bundle->log, LOG_NOTICE, "HW-SESSION-045",
              "line %zu takes over from line %zu, %lld ms after it was READY", s->next->slot + 1,
              old->slot + 1, (long long)((clock_monotonic() - s->ready_at) / CLOCK_NS_PER_MS));
    end(bundle, old, "another connection took over");
    if (is_first) {
        bundle_move_done(bundle, NULL);
    }
}

/* The old one goes on. Only when lines of the new settings serve already, there is no way back. */
static void give_up(struct bundle *bundle)
{
    struct bundle_succession *s = &bundle->succession;
    struct bundle_line *next    = s->next;
    struct hawser_error why     = next->session->last_error;
    if (why.code == HAWSER_OK) {
        error_set(&why, HAWSER_SESSION_PHASE_TIMEOUT, "it was not READY within %lld ms",
                  (long long)bundle->takeover_ms);
    }
    if (s->old->generation != next->generation && !bundle->moving) {
        log_about(&bundle->log, LOG_WARN, "HW-SESSION-046",
                  "line %zu is not READY yet (%s); line %zu leaves all the same, as others took "
                  "over already",
                  next->slot + 1, why.message, s->old->slot + 1);
        end(bundle, s->old, "another connection took over");
        return;
    }
    log_about(&bundle->log, LOG_ERROR, "HW-SESSION-047",
              "line %zu cannot take over from line %zu, which goes on: %s", next->slot + 1,
              s->old->slot + 1, why.message);
    int was_move     = bundle->moving;
    int64_t later_ms = bundle->rotate_ms / 4 > RETRY_MS ? bundle->rotate_ms / 4 : RETRY_MS;
    end(bundle, next, "it did not become READY in time");
    bundle->succession.not_before = clock_monotonic() + (was_move ? 0 : later_ms * CLOCK_NS_PER_MS);
    if (was_move) {
        bundle_move_done(bundle, &why);
    }
}

static int has_settled(const struct bundle *bundle, clock_ns_t now)
{
    const struct bundle_succession *s = &bundle->succession;
    clock_ns_t overlap                = now - s->ready_at;
    if (is_broken(s->old) || !session_link_is_open(s->old->session)) {
        return 1;
    }
    if (overlap < SETTLE_NS || (overlap < SETTLE_MAX_NS && bundle_is_in_doubt(s->next))) {
        return 0;
    }
    return *session_requests_waiting(s->old->session) == 0 ||
           overlap >= requests_ms(s->old) * CLOCK_NS_PER_MS;
}

/** @return when to look again [ms] */
static int64_t watch(struct bundle *bundle)
{
    struct bundle_succession *s = &bundle->succession;
    clock_ns_t now              = clock_monotonic();
    if (s->next->session->state == HAWSER_STATE_READY) {
        s->ready_at = s->ready_at == 0 ? now : s->ready_at;
        if (has_settled(bundle, now)) {
            take_over(bundle);
        }
        return LOOK_MS;
    }
    s->ready_at = 0;
    if (is_broken(s->next) || now >= s->deadline) {
        give_up(bundle);
    }
    return LOOK_MS;
}

static int64_t begin(struct bundle *bundle)
{
    struct bundle_succession *s = &bundle->succession;
    struct hawser_error err     = HAWSER_ERROR_INIT;
    if (!take_place(bundle, s->next == NULL ? s->old : s->next)) {
        if (!s->told) {
            s->told = 1;
            log_about(&bundle->log, LOG_INFO, "HW-SESSION-048",
                      "a new connection waits for its turn: max_overlap are on their way");
        }
        return TURN_MS + (int64_t)(random_fraction() * (double)TURN_MS);
    }
    if (s->next == NULL) {
        struct bundle_line *like = s->like == NULL ? s->old : s->like;
        s->next                  = bundle_line_create(bundle, NULL, like, s->old->place, &err);
    }
    if (s->next == NULL) {
        log_about(&bundle->log, LOG_ERROR, "HW-SESSION-049",
                  "no new connection can be made, the old one goes on: %s", err.message);
        overlap_give(&s->place);
        *s = (struct bundle_succession){.not_before =
                                            clock_monotonic() + RETRY_MS * CLOCK_NS_PER_MS};
        return RETRY_MS;
    }
    s->deadline = clock_monotonic() + bundle->takeover_ms * CLOCK_NS_PER_MS;
    s->started  = 1;
    session_start(s->next->session);
    return LOOK_MS;
}

/* whose turn it is */

struct bundle_line *bundle_newest_line(const struct bundle *bundle)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (!LINE_OF(node)->retiring && LINE_OF(node)->generation == bundle->generation) {
            return LINE_OF(node);
        }
    }
    return NULL;
}

static clock_ns_t due_at(const struct bundle *bundle, const struct bundle_line *line)
{
    double part = 1.0 - ROTATE_SPREAD * line->spread;
    return line->session->opened_at +
           (clock_ns_t)((double)bundle->rotate_ms * part) * CLOCK_NS_PER_MS;
}

/** @return in how long one is due [ms]; 0: none ever; *out is the one that is due now */
static int64_t next_rotation(const struct bundle *bundle, struct bundle_line **out)
{
    clock_ns_t now     = clock_monotonic();
    clock_ns_t soonest = INT64_MAX;
    struct list *node;
    list_for_each (node, &bundle->lines) {
        struct bundle_line *line = LINE_OF(node);
        if (line->retiring || line->session->state != HAWSER_STATE_READY) {
            continue; /* another look follows when it is */
        }
        clock_ns_t due = due_at(bundle, line);
        due            = due > bundle->succession.not_before ? due : bundle->succession.not_before;
        *out           = due <= now ? line : *out;
        soonest        = due < soonest ? due : soonest;
    }
    if (soonest == INT64_MAX) {
        return 0;
    }
    return soonest <= now ? 1 : (soonest - now) / CLOCK_NS_PER_MS + 1;
}

static int64_t rotate(struct bundle *bundle)
{
    struct bundle_line *line = NULL;
    int64_t wait_ms          = bundle->rotate_ms > 0 ? next_rotation(bundle, &line) : 0;
    if (line == NULL) {
        return wait_ms;
    }
    if (overlap_is_off(bundle->env.budget)) {
        session_reconnect(line->session, "rotation, without an overlap");
        return RETRY_MS;
    }
    bundle->succession.old = line;
    return begin(bundle);
}

int64_t bundle_succeed(struct bundle *bundle)
{
    struct bundle_succession *s = &bundle->succession;
    if (s->old == NULL && !bundle->moving) {
        struct bundle_line *like = bundle_newest_line(bundle);
        struct bundle_line *old  = bundle_outdated_line(bundle);
        if (like == NULL || old == NULL) {
            return rotate(bundle);
        }
        s->old  = old;
        s->like = like;
    }
    return s->started ? watch(bundle) : begin(bundle);
}

void bundle_line_went(struct bundle_line *line)
{
    struct bundle_succession *s = &line->bundle->succession;
    overlap_give(&line->place_taken);
    if (s->old == line || s->next == line) {
        overlap_give(&s->place);
        *s = (struct bundle_succession){0};
    }
}
