/*
 * Which address is next. See urls.h.
 */
#include "session/urls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

#define ADDRESS_BYTES 300u

static int add(struct urls *urls, const char *text, struct hawser_error *err)
{
    struct urls_item *item = &urls->items[urls->count];
    char host[ADDRESS_BYTES];
    if (net_url_parse(text, &item->url, err) != 0) {
        return -1;
    }
    urls->count++;
    (void)net_url_host_header(&item->url, host, sizeof(host));
    if (asprintf(&item->address, "%s://%s", item->url.secure ? "wss" : "ws", host) < 0) {
        item->address = NULL;
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the urls of a session");
        return -1;
    }
    return 0;
}

int urls_init(struct urls *urls, const char *first, const char *const *more,
              struct hawser_error *err)
{
    size_t count = 1;
    while (more != NULL && more[count - 1] != NULL) {
        count++;
    }
    *urls = (struct urls){.items = NULL};
    if (count > URLS_MAX) {
        error_set(err, HAWSER_NET_URL, "url: at most %u of them", URLS_MAX);
        return -1;
    }
    urls->items = calloc(count, sizeof(*urls->items));
    if (urls->items == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the urls of a session");
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (add(urls, i == 0 ? first : more[i - 1], err) != 0) {
            return -1;
        }
    }
    return 0;
}

void urls_fini(struct urls *urls)
{
    for (size_t i = 0; i < urls->count; i++) {
        net_url_fini(&urls->items[i].url);
        free(urls->items[i].address);
    }
    free(urls->items);
    *urls = (struct urls){.items = NULL};
}

void urls_failed(struct urls *urls, clock_ns_t now, clock_ns_t hold_ns)
{
    urls->items[urls->current].not_before = hold_ns > 0 ? now + hold_ns : 0;
    urls->start                           = (urls->current + 1) % urls->count;
}

int urls_deny(struct urls *urls)
{
    urls->items[urls->current].is_denied = 1;
    for (size_t i = 0; i < urls->count; i++) {
        if (!urls->items[i].is_denied) {
            return 1;
        }
    }
    return 0;
}

void urls_ready(struct urls *urls)
{
    urls->start = 0;
}

void urls_forgive(struct urls *urls)
{
    for (size_t i = 0; i < urls->count; i++) {
        urls->items[i].is_denied  = 0;
        urls->items[i].not_before = 0;
    }
    urls->start = 0;
}

clock_ns_t urls_choose(struct urls *urls, clock_ns_t now)
{
    clock_ns_t soonest = INT64_MAX;
    for (size_t i = 0; i < urls->count; i++) {
        size_t at                    = (urls->start + i) % urls->count;
        const struct urls_item *item = &urls->items[at];
        clock_ns_t wait              = item->not_before > now ? item->not_before - now : 0;
        if (!item->is_denied && wait < soonest) {
            soonest       = wait;
            urls->current = at;
        }
        if (soonest == 0) {
            break;
        }
    }
    urls->start = urls->current;
    return soonest == INT64_MAX ? 0 : soonest;
}

int urls_any_secure(const struct urls *urls)
{
    for (size_t i = 0; i < urls->count; i++) {
        if (urls->items[i].url.secure) {
            return 1;
        }
    }
    return 0;
}
