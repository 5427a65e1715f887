/*
 * Turns to connect, one pace a host:port. See budget.h. The pace is a single number: when the next
 * turn would come if none were saved up (the "virtual scheduling" form of a token bucket), so that
 * one compare-and-swap takes a turn, and a process that dies in between leaves nothing half done.
 */
#include "session/budget.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/shared.h"

#define BUDGET_MEMORY_MAGIC UINT64_C(0x6861777365726201)
#define HOST_BYTES_MAX      256u
#define SKEW_NS             (10 * CLOCK_NS_PER_S) /* a process may have looked at the clock so long ago */

struct pace {
    _Atomic uint64_t key; /* 0: unused; never unused again */
    _Atomic int64_t next;
};

struct budget_shared {
    uint64_t magic;
    uint64_t reserved;
    struct pace others; /* of hosts that found no place */
    struct pace paces[BUDGET_HOSTS_MAX];
};

struct budget {
    struct budget_shared *shared;
    struct budget_limits limits;
};

static const struct shared_kind BUDGET_KIND = {"connect budget", BUDGET_MEMORY_MAGIC,
                                               sizeof(struct budget_shared)};

int budget_make(int *fd, struct hawser_error *err)
{
    return shared_make(&BUDGET_KIND, fd, err);
}

struct budget *budget_attach(int fd, struct hawser_error *err)
{
    struct budget *budget = calloc(1, sizeof(*budget));
    if (budget == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the connect budget");
        return NULL;
    }
    budget->shared = shared_map(&BUDGET_KIND, fd, err);
    if (budget->shared == NULL) {
        free(budget);
        return NULL;
    }
    return budget;
}

void budget_detach(struct budget *budget)
{
    if (budget == NULL) {
        return;
    }
    shared_unmap(&BUDGET_KIND, budget->shared);
    free(budget);
}

void budget_set_limits(struct budget *budget, struct budget_limits limits)
{
    budget->limits = limits;
}

struct budget_limits budget_limits_of(const struct budget *budget)
{
    return budget->limits;
}

uint64_t budget_key(const char *host, uint32_t port)
{
    struct {
        uint32_t port;
        char host[HOST_BYTES_MAX];
    } about = {.port = port};
    for (size_t i = 0; i < HOST_BYTES_MAX && host[i] != 0; i++) {
        about.host[i] = (char)tolower((unsigned char)host[i]);
    }
    uint64_t key = hash_bytes(&about, sizeof(about));
    return key == 0 ? 1 : key;
}

static struct pace *find_pace(struct budget_shared *shared, uint64_t key)
{
    for (size_t i = 0; i < BUDGET_HOSTS_MAX; i++) {
        struct pace *pace = &shared->paces[(key + i) % BUDGET_HOSTS_MAX];
        uint64_t there    = atomic_load_explicit(&pace->key, memory_order_relaxed);
        if (there == 0 && atomic_compare_exchange_strong(&pace->key, &there, key)) {
            return pace;
        }
        if (there == key) { /* it was, or another process was quicker */
            return pace;
        }
    }
    return &shared->others;
}

_Atomic int64_t *budget_number(struct budget *budget, uint64_t key)
{
    return &find_pace(budget->shared, key)->next;
}

_Atomic int64_t *budget_note(struct budget *budget, uint64_t key, int make)
{
    for (size_t i = 0; !make && i < BUDGET_HOSTS_MAX; i++) {
        struct pace *pace = &budget->shared->paces[(key + i) % BUDGET_HOSTS_MAX];
        uint64_t there    = atomic_load_explicit(&pace->key, memory_order_relaxed);
        if (there == 0 || there == key) {
            return there == 0 ? NULL : &pace->next;
        }
    }
    struct pace *made = make ? find_pace(budget->shared, key) : &budget->shared->others;
    return made == &budget->shared->others ? NULL : &made->next;
}

clock_ns_t budget_reserve(struct budget *budget, uint64_t key, clock_ns_t now)
{
    struct budget_limits limits = budget->limits;
    if (limits.rate == 0) {
        return now;
    }
    clock_ns_t interval = CLOCK_NS_PER_S / limits.rate;
    clock_ns_t saved    = limits.burst > 1 ? (clock_ns_t)(limits.burst - 1) * interval : 0;
    clock_ns_t furthest = now + saved + BUDGET_HORIZON_NS + interval;
    struct pace *pace   = find_pace(budget->shared, key);
    int64_t seen        = atomic_load(&pace->next);
    for (;;) {
        clock_ns_t next = seen > now ? seen : now;
        if (next > furthest + SKEW_NS) { /* of larger limits before a reload, or nonsense */
            next = now + saved;
        }
        clock_ns_t turn = next - saved > now ? next - saved : now;
        if (turn > now + BUDGET_HORIZON_NS) {
            return 0;
        }
        if (atomic_compare_exchange_weak(&pace->next, &seen, next + interval)) {
            return turn;
        }
    }
}
