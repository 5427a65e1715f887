/*
 * Tables and lines. See print.h.
 */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/** "3.2s", "5m", "2h": how long something has lasted. @return out */
static const char *format_age(char *out, size_t size, int64_t ns)
{
    double seconds = (double)ns / (double)CLOCK_NS_PER_S;
    if (ns < 0 || seconds >= 1e9) {
        (void)snprintf(out, size, "-");
    } else if (seconds < 60) {
        (void)snprintf(out, size, "%.1fs", seconds);
    } else if (seconds < 3600) {
        (void)snprintf(out, size, "%.0fm", seconds / 60);
    } else {
        (void)snprintf(out, size, "%.1fh", seconds / 3600);
    }
    return out;
}

/** Age of a moment in wall time; "-" where there was none. */
static const char *format_since(char *out, size_t size, int64_t moment_ns)
{
    return format_age(out, size, moment_ns == 0 ? -1 : clock_realtime() - moment_ns);
}

static void print_row(const json_t *session)
{
    char since[24];
    char last[24];
    char rtt[24];
    const json_t *error = json_object_get(session, "last_error");
    int64_t round_trip  = number_of(session, "round_trip_ns");
    (void)snprintf(rtt, sizeof(rtt), "%.1fms", (double)round_trip / 1e6);
    printf("%-20s %-14s %8s %5" PRId64 " %4" PRId64 "/%-4" PRId64 " %10" PRId64 " %8s %8s %5" PRId64
           " %6" PRId64 "  %s\n",
           text_of(session, "session"), text_of(session, "state"),
           format_since(since, sizeof(since), number_of(session, "state_since")),
           number_of(session, "epoch"), number_of(session, "channels_confirmed"),
           number_of(session, "channels_wanted"), number_of(session, "messages"),
           format_since(last, sizeof(last), number_of(session, "last_message")),
           round_trip == 0 ? "-" : rtt, number_of(session, "gaps"),
           number_of(session, "reconnects"),
           strcmp(text_of(session, "state"), "READY") == 0 ? "" : text_of(error, "message"));
}

void print_sessions(const json_t *sessions)
{
    size_t i;
    json_t *session;
    if (json_array_size(sessions) == 0) {
        printf("no sessions\n");
        return;
    }
    printf("%-20s %-14s %8s %5s %9s %10s %8s %8s %5s %6s  %s\n", "SESSION", "STATE", "SINCE",
           "EPOCH", "CHANNELS", "MESSAGES", "LAST", "RTT", "GAPS", "RECONN", "ERROR");
    json_array_foreach(sessions, i, session)
    {
        print_row(session);
    }
}

static void print_process(const json_t *process)
{
    printf("  %-9s %2" PRId64 "  pid %-8" PRId64 " %s  generation %" PRId64
           ", started again %" PRId64 " times\n",
           text_of(process, "role"), number_of(process, "index"), number_of(process, "pid"),
           json_is_true(json_object_get(process, "running")) ? "running" : "DOWN   ",
           number_of(process, "generation"), number_of(process, "restarts"));
}

static void print_quarantined(const json_t *entry)
{
    char since[24];
    printf("  in quarantine for %s: %s %s (module %s, %zu sessions)\n",
           format_since(since, sizeof(since), number_of(entry, "since")), text_of(entry, "scope"),
           text_of(entry, "name"), text_of(entry, "module"),
           json_array_size(json_object_get(entry, "sessions")));
}

void print_status(const json_t *status)
{
    char up[24];
    size_t i;
    json_t *entry;
    size_t ready           = 0;
    const json_t *sessions = json_object_get(status, "sessions");
    json_array_foreach(sessions, i, entry)
    {
        ready += strcmp(text_of(entry, "state"), "READY") == 0;
    }
    printf("hawser/%s, pid %" PRId64 ", up %s, generation %" PRId64 "\n",
           text_of(status, "version"), number_of(status, "pid"),
           format_age(up, sizeof(up), number_of(status, "uptime_ms") * CLOCK_NS_PER_MS),
           number_of(status, "generation"));
    printf("configuration %s, prefix %s\n", text_of(status, "config"), text_of(status, "prefix"));
    printf("last reload: %s\n", text_of(json_object_get(status, "last_reload"), "text"));
    json_array_foreach(json_object_get(status, "processes"), i, entry)
    {
        print_process(entry);
    }
    json_array_foreach(json_object_get(status, "quarantine"), i, entry)
    {
        print_quarantined(entry);
    }
    printf("%zu of %zu sessions ready\n\n", ready, json_array_size(sessions));
    print_sessions(sessions);
}

void print_session(const json_t *session)
{
    size_t i;
    json_t *channel;
    json_t *one = json_pack("[O]", session);
    print_sessions(one);
    json_decref(one);
    printf("\nadapter %s, %" PRId64 " bytes received, %" PRId64 " requests waiting\n",
           text_of(session, "adapter"), number_of(session, "bytes"),
           number_of(session, "requests_waiting"));
    if (json_is_true(json_object_get(session, "held"))) {
        printf("waits for its turn to connect: all sessions share connect_budget\n");
    }
    if (json_is_object(json_object_get(session, "last_error"))) {
        printf("last error: %s\n", text_of(json_object_get(session, "last_error"), "explanation"));
    }
    json_array_foreach(json_object_get(session, "channels"), i, channel)
    {
        printf("  %-50s %s%s\n", text_of(channel, "channel"),
               json_is_true(json_object_get(channel, "confirmed")) ? "confirmed" : "NOT CONFIRMED",
               json_is_true(json_object_get(channel, "dynamic")) ? ", at run time" : "");
    }
}

void print_value(const json_t *value)
{
    if (json_is_string(value)) {
        printf("%s\n", json_string_value(value));
        return;
    }
    (void)json_dumpf(value, stdout,
                     JSON_INDENT(2) | JSON_ENCODE_ANY); /* main checks what was written */
    printf("\n");
}

void print_reload(const json_t *result)
{
    printf("%s\n", text_of(result, "text"));
}
