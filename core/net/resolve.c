/*
 * Names to addresses. evdns answers a request in a callback of a later turn of the loop, also one
 * that was cancelled and also after its base is gone; so a look-up that was destroyed stays, mute,
 * until the last callback of its requests came. The plain A and AAAA requests are used rather than
 * evdns_getaddrinfo, which touches its base after a cancel.
 */
#include "net/resolve.h"

#include <errno.h>
#include <event2/dns.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/obj.h"
#include "net/event_struct.h"
#include "net/hosts.h"

#define RESOLVE_MAGIC 0x4e52534cu
#define HOST_SIZE     256

struct query {
    struct net_resolve *owner;
    struct evdns_request *request; /* NULL: none is under way */
    int family;
    int failure; /* DNS_ERR_* */
};

struct net_resolve {
    OBJ_MAGIC_FIELD;
    struct list node; /* in loop->lookups while evdns has a request of it */
    struct net_loop *loop;
    net_resolved_fn done; /* NULL: answered for good, or destroyed */
    void *arg;
    struct event timer;
    struct query ipv6;
    struct query ipv4;
    struct net_addresses found; /* and not told yet */
    uint8_t has_told;
    struct hawser_error why;
    uint16_t port;
    uint8_t destroyed;
    uint8_t in_callback;
    char host[HOST_SIZE];
};

static void free_when_over(struct net_resolve *r)
{
    if (r->destroyed && !r->in_callback && r->ipv4.request == NULL && r->ipv6.request == NULL) {
        list_remove(&r->node);
        r->magic = 0;
        free(r);
    }
}

static const char *reason_of(int failure)
{
    switch (failure) {
    case DNS_ERR_NOTEXIST:
        return "no such name";
    case DNS_ERR_REFUSED:
        return "the nameserver refused the question";
    case DNS_ERR_TIMEOUT:
        /* evdns takes SERVFAIL for silence, too */
        return "no nameserver gave an answer; see /etc/resolv.conf";
    case DNS_ERR_TRUNCATED:
        return "the answer was too long for UDP";
    case DNS_ERR_FORMAT:
    case DNS_ERR_NOTIMPL:
        return "the nameserver did not understand the question";
    case DNS_ERR_NODATA:
        return "the name has no address";
    default:
        return "no usable answer";
    }
}

/* "No such name" and "no address" say more about the name than what the other family met. */
static int worse_of(int a, int b)
{
    if (a == DNS_ERR_NOTEXIST || b == DNS_ERR_NOTEXIST) {
        return DNS_ERR_NOTEXIST;
    }
    return b == DNS_ERR_NONE || b == DNS_ERR_NODATA ? a : b;
}

static void explain(struct net_resolve *r)
{
    int failure = worse_of(r->ipv4.failure, r->ipv6.failure);
    error_set(&r->why, failure == DNS_ERR_TIMEOUT ? HAWSER_NET_TIMEOUT : HAWSER_NET_RESOLVE,
              "%s not resolved: %s", r->host, reason_of(failure));
    error_set_cause(&r->why, HAWSER_CAUSE_DNS, failure);
}

static int is_under_way(const struct net_resolve *r)
{
    return r->ipv4.request != NULL || r->ipv6.request != NULL;
}

static void answer(struct net_resolve *r)
{
    net_resolved_fn done        = r->done;
    struct net_addresses found  = r->found;
    struct net_resolved outcome = {.found = &found, .more = is_under_way(r)};
    if (done == NULL) {
        return;
    }
    (void)evtimer_del(&r->timer);
    if (!outcome.more) {
        r->done = NULL;
    }
    if (found.count == 0 && !r->has_told) {
        if (r->why.code == HAWSER_OK) {
            explain(r);
        }
        outcome.why = &r->why;
    }
    net_addresses_interleave(&found);
    r->found.count = 0;
    r->has_told    = 1;
    r->in_callback = 1;
    done(r->arg, &outcome);
    r->in_callback = 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct net_resolve *r = OBJ_CAST(struct net_resolve, arg, RESOLVE_MAGIC);
    (void)fd;
    (void)what;
    answer(r);
    free_when_over(r);
}

static void take_addresses(struct net_resolve *r, int family, int count, const void *bytes)
{
    size_t each = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    for (int i = 0; i < count && i < (int)NET_FAMILY_MAX; i++) {
        struct net_address address;
        net_address_make(family, (const char *)bytes + (size_t)i * each, r->port, &address);
        net_addresses_add(&r->found, &address);
    }
}

static void on_answer(int result, char type, int count, int ttl, void *addresses, void *arg)
{
    struct query *query   = arg;
    struct net_resolve *r = OBJ_CAST(struct net_resolve, query->owner, RESOLVE_MAGIC);
    (void)ttl;
    query->request = NULL;
    query->failure = result;
    if (result == DNS_ERR_NONE && type == (query->family == AF_INET ? DNS_IPv4_A : DNS_IPv6_AAAA)) {
        query->failure = count > 0 ? DNS_ERR_NONE : DNS_ERR_NODATA;
        take_addresses(r, query->family, count, addresses);
    }
    static const struct timeval DELAY = {0, NET_RESOLUTION_DELAY_MS * 1000};
    if (!is_under_way(r) || (r->found.count > 0 && query->family == AF_INET6)) {
        answer(r);
    } else if (r->done != NULL && r->found.count > 0 && evtimer_add(&r->timer, &DELAY) != 0) {
        answer(r);
    }
    free_when_over(r);
}

static int64_t modified_at(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return 0;
    }
    return (int64_t)st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

/* evdns would write to standard error. Its warnings are about single nameservers, not look-ups. */
static void on_evdns_log(int is_warning, const char *text)
{
    log_write(is_warning ? LOG_INFO : LOG_DEBUG, "HW-NET-001", "resolver: %s", text);
}

/* The resolver follows resolv.conf (DHCP, VPN), but never under a request that is on its way. */
static int prepare_dns(struct net_loop *loop, struct hawser_error *err)
{
    int64_t now = modified_at(loop->resolv_conf);
    if (loop->dns != NULL && now != loop->resolv_conf_time && list_is_empty(&loop->lookups)) {
        evdns_base_free(loop->dns, 0);
        loop->dns = NULL;
    }
    if (loop->dns != NULL) {
        return 0;
    }
    evdns_set_log_fn(on_evdns_log);
    loop->dns = evdns_base_new(loop->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (loop->dns == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "resolver: out of memory or of descriptors");
        return -1;
    }
    /* A file that is missing or empty means the nameserver of this machine, as for libc. */
    (void)evdns_base_resolv_conf_parse(
        loop->dns, DNS_OPTION_NAMESERVERS | DNS_OPTION_SEARCH | DNS_OPTION_MISC, loop->resolv_conf);
    loop->resolv_conf_time = now;
    return 0;
}

static void ask(struct net_resolve *r)
{
    r->ipv6.request = evdns_base_resolve_ipv6(r->loop->dns, r->host, 0, on_answer, &r->ipv6);
    r->ipv4.request = evdns_base_resolve_ipv4(r->loop->dns, r->host, 0, on_answer, &r->ipv4);
    r->ipv6.failure = r->ipv6.request == NULL ? DNS_ERR_UNKNOWN : DNS_ERR_NONE;
    r->ipv4.failure = r->ipv4.request == NULL ? DNS_ERR_UNKNOWN : DNS_ERR_NONE;
}

/* @return 1: requests are under way; 0: the answer is known, or never will be */
static int look_up(struct net_resolve *r, struct hawser_error *err)
{
    struct net_address literal;
    if (net_address_parse(r->host, r->port, &literal) == 0) {
        net_addresses_add(&r->found, &literal);
        return 0;
    }
    if (net_hosts_find(r->loop->hosts_file, r->host, r->port, &r->found) > 0) {
        return 0;
    }
    if (prepare_dns(r->loop, err) != 0) {
        return 0;
    }
    ask(r);
    if (r->ipv4.request == NULL && r->ipv6.request == NULL) {
        return 0;
    }
    list_append(&r->loop->lookups, &r->node);
    return 1;
}

struct net_resolve *net_resolve_start(struct net_loop *loop, const char *host, uint16_t port,
                                      net_resolved_fn done, void *arg, struct hawser_error *err)
{
    static const struct timeval AT_ONCE = {0, 0};
    if (strlen(host) >= HOST_SIZE) {
        error_set(err, HAWSER_NET_RESOLVE, "host name longer than %d bytes", HOST_SIZE - 1);
        return NULL;
    }
    struct net_resolve *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "resolver: out of memory");
        return NULL;
    }
    r->magic = RESOLVE_MAGIC;
    r->loop  = loop;
    r->done  = done;
    r->arg   = arg;
    r->port  = port;
    r->ipv4  = (struct query){.owner = r, .family = AF_INET};
    r->ipv6  = (struct query){.owner = r, .family = AF_INET6};
    list_init(&r->node);
    memcpy(r->host, host, strlen(host) + 1);
    (void)evtimer_assign(&r->timer, loop->base, on_timer, r);
    if (!look_up(r, &r->why) && evtimer_add(&r->timer, &AT_ONCE) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "resolver: out of memory");
        net_resolve_destroy(r);
        return NULL;
    }
    return r;
}

void net_resolve_destroy(struct net_resolve *r)
{
    if (r == NULL) {
        return;
    }
    r->destroyed = 1;
    r->done      = NULL;
    (void)evtimer_del(&r->timer);
    if (r->ipv4.request != NULL) {
        evdns_cancel_request(r->loop->dns, r->ipv4.request);
    }
    if (r->ipv6.request != NULL) {
        evdns_cancel_request(r->loop->dns, r->ipv6.request);
    }
    free_when_over(r);
}

void net_resolve_shut_down(struct net_loop *loop)
{
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &loop->lookups) {
        list_remove(node); /* the list goes away; the look-up goes with its last callback */
    }
    if (loop->dns != NULL) {
        evdns_base_free(loop->dns, 1);
        loop->dns = NULL;
    }
}
