/*
 * Calls that wait for the exchange's rate limits: by class (orders, other calls, channels), each in
 * its order. A bucket belongs to the account where there is a login, else to the session.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "hawser/adapter.h"
#include "session/budget.h"
#include "session/calls.h"
#include "session/claim.h"

#define PAUSE_NS   CLOCK_NS_PER_S         /* after "too many requests" that names no time */
#define SEND_LATER (50 * CLOCK_NS_PER_MS) /* the connection's own queue is full */

static const struct hawser_rate_limits *limits_of(const struct session *session)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    return HAWSER_HAS(adapter, rate_limits) && HAWSER_HAS(adapter, request_cost)
               ? adapter->rate_limits
               : NULL;
}

/* Pools of one name are one: the first of them stands for all. */
static uint32_t tokens_of(const struct session *session, uint32_t pool)
{
    const struct hawser_rate_pool *pools = limits_of(session)->pools;
    uint32_t first                       = 0;
    while (first < pool && strcmp(pools[first].name, pools[pool].name) != 0) {
        first++;
    }
    return first;
}

static struct ratelimit limit_of(const struct session *session, uint32_t pool)
{
    const struct hawser_rate_pool *known = &limits_of(session)->pools[tokens_of(session, pool)];
    struct ratelimit limit               = {known->rate, known->burst};
    for (size_t i = 0; i < session->options.rate_limit_count; i++) {
        const struct ratelimit_rule *rule = &session->options.rate_limits[i];
        if (strcmp(rule->pool, known->name) == 0) {
            limit.rate  = rule->limit.rate;
            limit.burst = rule->limit.burst != 0 ? rule->limit.burst : limit.burst;
        }
    }
    return limit;
}

/* @return what the account's tokens are known by to all its sessions; 0: they are the session's own
 */
static uint64_t account_key(struct session *session, uint32_t pool)
{
    const char *account = session_credential(session, "client_id");
    if (account == NULL || session->env.budget == NULL) {
        return 0;
    }
    uint64_t host = budget_key(session->url.host, session->url.port);
    return budget_key(account, tokens_of(session, pool)) ^ (host << 1 | 1);
}

static ratelimit_bucket *bucket_of(struct session *session, uint32_t pool)
{
    uint64_t key = account_key(session, pool);
    return key == 0 ? &session->throttle.own[tokens_of(session, pool)]
                    : budget_number(session->env.budget, key);
}

/* @param make 0: NULL where nobody ever waited. @return the claim of a class on a pool of the
 * account
 */
static claim_number *claim_of(struct session *session, uint32_t pool, size_t class, int make)
{
    uint64_t key = account_key(session, pool);
    return key == 0 ? NULL
                    : budget_note(session->env.budget,
                                  key ^ (UINT64_C(0x9e3779b97f4a7c15) * (class + 1)), make);
}

/* Take the tokens of a call, unless a more urgent one waits for them in any session of the account.
 * @return 0: taken; else how long to wait */
static clock_ns_t take(struct session *session, const struct request *request,
                       enum session_call_class class)
{
    clock_ns_t now  = clock_monotonic();
    clock_ns_t wait = 0;
    for (size_t i = 0; i < (size_t) class; i++) {
        clock_ns_t theirs = claim_wait(claim_of(session, request->pool, i, 0), now);
        wait              = theirs > wait ? theirs : wait;
    }
    if (wait == 0) {
        wait = ratelimit_take(bucket_of(session, request->pool), limit_of(session, request->pool),
                              request->cost, now);
    }
    claim_number *ours = wait == 0 || class == SESSION_CALL_CHANNELS
                             ? NULL
                             : claim_of(session, request->pool, class, 1);
    if (ours != NULL) {
        claim_raise(ours, now, wait);
    }
    return wait;
}

void session_throttle_init(struct session *session)
{
    for (size_t i = 0; i < SESSION_CALL_CLASS_COUNT; i++) {
        list_init(&session->throttle.waiting[i]);
    }
}

static enum session_call_class class_of(const struct session *session,
                                        const struct request *request, enum call_from from)
{
    if (from == CALL_ADAPTER) {
        return SESSION_CALL_CHANNELS; /* others of the adapter's do not wait */
    }
    return limits_of(session)->pools[request->pool].urgent ? SESSION_CALL_ORDERS
                                                           : SESSION_CALL_OTHERS;
}

static int is_behind(const struct session *session, enum session_call_class class, uint32_t pool)
{
    for (size_t i = 0; i <= (size_t) class; i++) {
        struct list *node = NULL;
        list_for_each (node, &session->throttle.waiting[i]) {
            uint32_t theirs = LIST_ENTRY(node, struct request, node)->pool;
            if (tokens_of(session, theirs) == tokens_of(session, pool)) {
                return 1;
            }
        }
    }
    return 0;
}

static void watch(struct session *session, clock_ns_t wait)
{
    session_timer_arm(session, SESSION_TIMER_THROTTLE, wait / CLOCK_NS_PER_MS + 1);
}

static int enqueue(struct session *session, struct request *request, struct buf *frame,
                   enum session_call_class class, struct hawser_error *err)
{
    struct session_throttle_queue *throttle = &session->throttle;
    if (throttle->bytes + frame->len > session->options.max_queued_bytes) {
        error_set(
            err, HAWSER_REQUEST_LIMIT,
            "%zu bytes of calls wait for the exchange's rate limit already; max_send_queue is "
            "the bound",
            throttle->bytes);
        return -1;
    }
    request->frame = *frame;
    *frame         = (struct buf){0};
    request->waits = 1;
    throttle->bytes += request->frame.len;
    list_append(&throttle->waiting[class], &request->node);
    return 0;
}

static void find_cost(const struct session *session, struct request *request, const char *method)
{
    const struct hawser_rate_limits *limits = limits_of(session);
    uint32_t pool                           = 0;
    if (limits == NULL) {
        return;
    }
    uint32_t cost = session->env.adapter->request_cost(method, &pool);
    if (pool < limits->pool_count && pool < RATELIMIT_POOLS_MAX) {
        request->pool = pool;
        request->cost = cost;
    }
}

int session_throttle(struct session *session, struct request *request, enum call_from from,
                     struct buf *frame, struct hawser_error *err)
{
    find_cost(session, request, request->method);
    if (request->cost == 0) {
        return 0;
    }
    if (from == CALL_ADAPTER && !session->asking) {
        ratelimit_owe(bucket_of(session, request->pool), limit_of(session, request->pool),
                      request->cost, clock_monotonic());
        return 0;
    }
    enum session_call_class class = class_of(session, request, from);
    clock_ns_t wait = is_behind(session, class, request->pool) ? 1 : take(session, request, class);
    if (wait == 0) {
        return 0;
    }
    if (enqueue(session, request, frame, class, err) != 0) {
        return -1;
    }
    session_emit(session, HAWSER_EVENT_RATE_LIMIT_WAIT, wait, 0, request->method);
    watch(session, class == SESSION_CALL_ORDERS ? 0 : wait);
    return 1;
}

int session_throttle_forget(struct request *request)
{
    if (!request->waits) {
        return 0;
    }
    list_remove(&request->node);
    request->session->throttle.bytes -= request->frame.len;
    request->waits = 0;
    buf_fini(&request->frame);
    return 1;
}

/* @return 0: sent, or of a link that is gone; -1: later */
static int send_waiting(struct session *session, struct request *request)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (session_send(session, HAWSER_OPCODE_TEXT, buf_slice(&request->frame), &err) != 0) {
        return -1;
    }
    (void)session_throttle_forget(request); /* it waited */
    return 0;
}

void session_on_throttle(struct session *session)
{
    uint32_t empty   = 0; /* pools, a bit each */
    clock_ns_t least = 0;
    for (size_t i = 0; i < SESSION_CALL_CLASS_COUNT; i++) {
        struct list *node  = NULL;
        struct list *after = NULL;
        list_for_each_safe (node, after, &session->throttle.waiting[i]) {
            struct request *request = LIST_ENTRY(node, struct request, node);
            uint32_t tokens         = 1u << tokens_of(session, request->pool);
            if ((empty & tokens) != 0) {
                continue;
            }
            clock_ns_t wait = take(session, request, (enum session_call_class)i);
            if (wait == 0 && send_waiting(session, request) != 0) {
                wait = SEND_LATER;
            }
            if (wait > 0) {
                empty |= tokens;
                least = least == 0 || wait < least ? wait : least;
            }
        }
    }
    if (least > 0) {
        watch(session, least);
    }
    session->pump_due = 1; /* those who wait for the channels' turn may go on */
}

void session_throttle_obey(struct session *session, const struct request *request,
                           const struct hawser_error *err)
{
    const struct hawser_rate_limits *limits = limits_of(session);
    if (limits == NULL || limits->too_many == 0 || err->cause_kind != HAWSER_CAUSE_JSONRPC ||
        err->cause != limits->too_many) {
        return;
    }
    const struct error_rule *rule = session_rule_of(session, err);
    clock_ns_t pause              = rule != NULL && rule->recovery == HAWSER_RECOVER_WAIT
                                        ? rule->wait_ms * CLOCK_NS_PER_MS
                                        : PAUSE_NS;
    ratelimit_drain(bucket_of(session, request->pool), limit_of(session, request->pool),
                    clock_monotonic() + pause);
    session_emit(session, HAWSER_EVENT_RATE_LIMIT_WAIT, pause, HAWSER_RATE_LIMITED,
                 request->method);
    complain(&session->throttle.trouble, &session->log, LOG_WARN, "HW-SESSION-026",
             "the exchange says too many requests to %s; calls of pool %s wait for %lld "
             "ms",
             request->method, limits->pools[request->pool].name,
             (long long)(pause / CLOCK_NS_PER_MS));
}
