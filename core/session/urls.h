/*
 * The addresses of a session in order of preference, and which of them is next: pure, but for the
 * memory of the list.
 *
 * An attempt that fails before OPEN moves on to the next address, round and round; one that says
 * "later" is left alone for so long, one that needs a person until a person acts. READY gives the
 * preference back to the first, from the next reconnect on.
 */
#ifndef CORE_SESSION_URLS_H
#define CORE_SESSION_URLS_H

#include "base/clock.h"
#include "net/url.h"

#define URLS_MAX 16u

struct urls_item {
    struct net_url url;
    char *address;         /* "wss://host:port", for people: without the path */
    clock_ns_t not_before; /* it asked to be left alone until then; 0: it did not */
    uint8_t is_denied;     /* it needs a person */
};

struct urls {
    struct urls_item *items;
    size_t count;
    size_t current;
    size_t start; /* where the next choice begins to look */
};

/** @param more NULL-terminated, or NULL. @return 0, or -1 with err set; urls_fini in any case */
int urls_init(struct urls *urls, const char *first, const char *const *more,
              struct hawser_error *err) HAWSER_MUST_CHECK;
void urls_fini(struct urls *urls);

static inline const struct urls_item *urls_current(const struct urls *urls)
{
    return &urls->items[urls->current];
}
/** The attempt at the current one failed before OPEN. @param hold_ns how long it wants to be left
 * alone; 0: it did not say */
void urls_failed(struct urls *urls, clock_ns_t now, clock_ns_t hold_ns);
/** The current one needs a person. @return 1: others do not; 0: it was the last */
int urls_deny(struct urls *urls);
/** It works: the next choice begins with the first. */
void urls_ready(struct urls *urls);
/** A person acts: nothing is held against any of them. */
void urls_forgive(struct urls *urls);
/** Make the next one the current one: the first from `start` on that may be dialled now, else the
 * one that may be soonest. @return how long it has to be left alone yet [ns] */
clock_ns_t urls_choose(struct urls *urls, clock_ns_t now);
/** Is any secured by TLS? */
int urls_any_secure(const struct urls *urls);

#endif
