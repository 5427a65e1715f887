/*
 * Counters and their JSON. See stats.h.
 */
#include "sim/stats.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void sim_stats_init(struct sim_stats *stats)
{
    *stats = (struct sim_stats){.started = clock_monotonic()};
}

void sim_stats_accepted(struct sim_stats *stats)
{
    stats->connects_ms[stats->accepted % SIM_STATS_CONNECTS] =
        (clock_monotonic() - stats->started) / CLOCK_NS_PER_MS;
    stats->accepted++;
}

void sim_stats_request(struct sim_stats *stats, const char *method)
{
    stats->requests++;
    unsigned at = 0;
    while (at < stats->method_count && strcmp(stats->methods[at].name, method) != 0) {
        at++;
    }
    if (at == stats->method_count) {
        if (at == SIM_STATS_METHODS) {
            return; /* names that no exchange has are counted in `requests` alone */
        }
        (void)snprintf(stats->methods[at].name, sizeof(stats->methods[at].name), "%s", method);
        stats->method_count++;
    }
    stats->methods[at].count++;
}

#define ROW(name)                                                                                  \
    {                                                                                              \
#name, offsetof(struct sim_stats, name)                                                    \
    }

static const struct {
    const char *name;
    size_t offset;
} ROWS[] = {
    ROW(accepted),         ROW(refused_limit),   ROW(tls_failed),   ROW(upgrades_ok),
    ROW(upgrades_refused), ROW(upgrades_silent), ROW(auths_ok),     ROW(auths_failed),
    ROW(auths_silent),     ROW(subscribes),      ROW(unsubscribes), ROW(requests),
    ROW(requests_ignored), ROW(messages_sent),   ROW(bytes_sent),   ROW(test_requests),
    ROW(heartbeat_closes), ROW(idle_closes),     ROW(queue_cuts),   ROW(protocol_errors),
    ROW(closed_by_client), ROW(closed_by_fault), ROW(cod_fired),
};

void sim_stats_write(const struct sim_stats *stats, unsigned open_connections, struct sim_text *out)
{
    sim_text_printf(out, "{\"uptime_ms\":%lld,\"open\":%u",
                    (long long)((clock_monotonic() - stats->started) / CLOCK_NS_PER_MS),
                    open_connections);
    for (unsigned i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        uint64_t value = 0;
        memcpy(&value, (const char *)stats + ROWS[i].offset, sizeof(value));
        sim_text_printf(out, ",\"%s\":%llu", ROWS[i].name, (unsigned long long)value);
    }
    sim_text_add(out, ",\"methods\":{");
    for (unsigned i = 0; i < stats->method_count; i++) {
        sim_text_add(out, i == 0 ? "" : ",");
        sim_text_string(out, stats->methods[i].name);
        sim_text_printf(out, ":%llu", (unsigned long long)stats->methods[i].count);
    }
    sim_text_add(out, "},\"connects_ms\":[");
    uint64_t first =
        stats->accepted > SIM_STATS_CONNECTS ? stats->accepted - SIM_STATS_CONNECTS : 0;
    for (uint64_t i = first; i < stats->accepted; i++) {
        sim_text_printf(out, i == first ? "%lld" : ",%lld",
                        (long long)stats->connects_ms[i % SIM_STATS_CONNECTS]);
    }
    sim_text_add(out, "]}");
}
