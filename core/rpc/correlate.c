/*
 * Requests that wait for their answers. See correlate.h. A hash table finds a request by its id, a
 * heap knows the earliest deadline, a list keeps the order in which they came. A request leaves all
 * three before its function runs, so that the function may do anything to the table.
 */
#include "rpc/correlate.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/obj.h"
#include "base/slice.h"

#define FIRST_CAPACITY 16u

struct request {
    struct list by_age;
    uint64_t id;
    clock_ns_t sent;
    clock_ns_t deadline;
    size_t heap_at;
    hawser_reply_fn fn;
    void *arg;
};

struct rpc_pending {
    struct list by_age;
    struct request **heap;  /* `capacity` places, `count` used; the earliest deadline first */
    struct request **table; /* 2 * capacity places, open addressing from id on */
    size_t capacity;        /* 0 or a power of two */
    size_t count;
    size_t max_waiting;
    uint64_t last_id;
};

struct rpc_pending *rpc_pending_create(size_t max_waiting)
{
    struct rpc_pending *pending = calloc(1, sizeof(*pending));
    if (pending != NULL) {
        pending->max_waiting = max_waiting;
        list_init(&pending->by_age);
    }
    return pending;
}

void rpc_pending_destroy(struct rpc_pending *pending)
{
    if (pending == NULL) {
        return;
    }
    OBJ_ASSERT(pending->count == 0);
    free(pending->heap);
    free(pending->table);
    free(pending);
}

static size_t table_mask(const struct rpc_pending *pending)
{
    return 2 * pending->capacity - 1;
}

static void table_put(struct request **table, size_t mask, struct request *request)
{
    size_t at = (size_t)request->id & mask;
    while (table[at] != NULL) {
        at = (at + 1) & mask;
    }
    table[at] = request;
}

/* Set `at` to the request's place. Returns the request, or NULL. */
static struct request *table_find(const struct rpc_pending *pending, uint64_t id, size_t *at)
{
    if (pending->count == 0) {
        return NULL;
    }
    size_t mask = table_mask(pending);
    for (*at = (size_t)id & mask; pending->table[*at] != NULL; *at = (*at + 1) & mask) {
        if (pending->table[*at]->id == id) {
            return pending->table[*at];
        }
    }
    return NULL;
}

/* Empty a place, and move up what was only behind it because the place was taken. */
static void table_remove(struct rpc_pending *pending, size_t hole)
{
    struct request **table = pending->table;
    size_t mask            = table_mask(pending);
    for (size_t at = (hole + 1) & mask; table[at] != NULL; at = (at + 1) & mask) {
        size_t home = (size_t)table[at]->id & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table[hole] = table[at];
            hole        = at;
        }
    }
    table[hole] = NULL;
}

static int is_earlier(const struct request *a, const struct request *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->id < b->id);
}

static void heap_set(struct rpc_pending *pending, size_t at, struct request *request)
{
    pending->heap[at] = request;
    request->heap_at  = at;
}

static void heap_rise(struct rpc_pending *pending, size_t at, struct request *request)
{
    while (at > 0 && is_earlier(request, pending->heap[(at - 1) / 2])) {
        heap_set(pending, at, pending->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(pending, at, request);
}

/* `count` is the number of requests in the heap, without the one that sinks. */
static void heap_sink(struct rpc_pending *pending, size_t at, struct request *request)
{
    for (size_t child = 2 * at + 1; child < pending->count; child = 2 * at + 1) {
        if (child + 1 < pending->count &&
            is_earlier(pending->heap[child + 1], pending->heap[child])) {
            child++;
        }
        if (!is_earlier(pending->heap[child], request)) {
            break;
        }
        heap_set(pending, at, pending->heap[child]);
        at = child;
    }
    heap_rise(pending, at, request); /* a request from another branch may belong further up */
}

static int grow(struct rpc_pending *pending)
{
    size_t capacity        = pending->capacity == 0 ? FIRST_CAPACITY : 2 * pending->capacity;
    struct request **table = calloc(2 * capacity, sizeof(struct request *));
    struct request **heap  = calloc(capacity, sizeof(struct request *));
    if (table == NULL || heap == NULL) {
        free(table);
        free(heap);
        return -1;
    }
    for (size_t i = 0; i < pending->count; i++) {
        heap[i] = pending->heap[i];
        table_put(table, 2 * capacity - 1, heap[i]);
    }
    free(pending->table);
    free(pending->heap);
    pending->table    = table;
    pending->heap     = heap;
    pending->capacity = capacity;
    return 0;
}

int rpc_pending_add(struct rpc_pending *pending, clock_ns_t now, clock_ns_t deadline,
                    hawser_reply_fn fn, void *arg, uint64_t *id, struct hawser_error *err)
{
    if (pending->count >= pending->max_waiting) {
        error_set(err, HAWSER_REQUEST_LIMIT, "%zu requests wait for their answers already",
                  pending->count);
        return -1;
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL || (pending->count == pending->capacity && grow(pending) != 0)) {
        free(request);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a request");
        return -1;
    }
    request->id       = ++pending->last_id;
    request->sent     = now;
    request->deadline = deadline;
    request->fn       = fn;
    request->arg      = arg;
    table_put(pending->table, table_mask(pending), request);
    heap_rise(pending, pending->count++, request);
    list_append(&pending->by_age, &request->by_age);
    *id = request->id;
    return 0;
}

/* Take a request out; `*taken` is the caller's own copy. Returns 0, or -1: no such id waits. */
static int take(struct rpc_pending *pending, uint64_t id, struct request *taken)
{
    size_t at;
    struct request *request = table_find(pending, id, &at);
    if (request == NULL) {
        return -1;
    }
    table_remove(pending, at);
    list_remove(&request->by_age);
    pending->count--;
    struct request *last = pending->heap[pending->count];
    if (last != request) {
        heap_sink(pending, request->heap_at, last);
    }
    *taken = *request;
    free(request);
    return 0;
}

static void end_with_error(const struct request *taken, const struct hawser_error *err)
{
    struct hawser_reply reply = {.result = {"", 0}, .error = {"", 0}, .err = err};
    taken->fn(taken->arg, &reply);
}

int rpc_pending_answer(struct rpc_pending *pending, uint64_t id, clock_ns_t now,
                       struct hawser_slice result, struct hawser_slice error)
{
    struct request taken;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (take(pending, id, &taken) != 0) {
        return -1;
    }
    struct hawser_reply reply = {
        .result = result, .error = error, .err = NULL, .round_trip_ns = now - taken.sent};
    if (error.len > 0) {
        rpc_error_explain(error, &err);
        reply.result = SLICE_LITERAL("");
        reply.err    = &err;
    }
    taken.fn(taken.arg, &reply);
    return 0;
}

void rpc_pending_cancel(struct rpc_pending *pending, uint64_t id)
{
    struct request taken;
    (void)take(pending, id, &taken); /* it may have ended already */
}

size_t rpc_pending_expire(struct rpc_pending *pending, clock_ns_t now)
{
    /* A function that asks again at once with a deadline that has passed must not keep us here. */
    size_t most  = pending->count;
    size_t ended = 0;
    while (ended < most && pending->count > 0 && pending->heap[0]->deadline <= now) {
        struct request taken;
        struct hawser_error err = HAWSER_ERROR_INIT;
        OBJ_ASSERT(take(pending, pending->heap[0]->id, &taken) == 0);
        error_set(&err, HAWSER_REQUEST_TIMEOUT, "no answer within %lld ms",
                  (long long)((taken.deadline - taken.sent) / CLOCK_NS_PER_MS));
        end_with_error(&taken, &err);
        ended++;
    }
    return ended;
}

void rpc_pending_fail_all(struct rpc_pending *pending, const struct hawser_error *why)
{
    struct hawser_error err = *why; /* a function may overwrite the original */
    uint64_t last           = pending->last_id;
    while (!list_is_empty(&pending->by_age)) {
        struct request *oldest = LIST_ENTRY(pending->by_age.next, struct request, by_age);
        struct request taken;
        if (oldest->id > last) {
            return;
        }
        OBJ_ASSERT(take(pending, oldest->id, &taken) == 0);
        end_with_error(&taken, &err);
    }
}

clock_ns_t rpc_pending_next_deadline(const struct rpc_pending *pending)
{
    return pending->count == 0 ? 0 : pending->heap[0]->deadline;
}

const size_t *rpc_pending_count(const struct rpc_pending *pending)
{
    return &pending->count;
}
