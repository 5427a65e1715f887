/*
 * Tables and lines. See print.h.
 */
#include "print.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "hawser/base.h"
#include "table.h"

#define LINE_SIZE 4096

static void print_line(const char *fmt, ...) HAWSER_PRINTF(1, 2);
/* A line, without what could steer the terminal. */
static void print_line(const char *fmt, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args); /* a line too long is cut */
    va_end(args);
    table_clean(line);
    printf("%s\n", line); /* main checks what was written */
}

void print_sessions(const json_t *sessions)
{
    char line[TABLE_LINE_SIZE];
    size_t i;
    json_t *session;
    if (json_array_size(sessions) == 0) {
        printf("no sessions\n");
        return;
    }
    int width = table_name_width(sessions, INT_MAX);
    table_head(width, line);
    printf("%s\n", line);
    json_array_foreach(sessions, i, session)
    {
        table_row(session, width, line);
        printf("%s\n", line);
    }
}

static void print_process(const json_t *process)
{
    print_line("  %-9s %2" PRId64 "  pid %-8" PRId64 " %s  generation %" PRId64
               ", started again %" PRId64 " times",
               table_text(process, "role"), table_number(process, "index"),
               table_number(process, "pid"),
               json_is_true(json_object_get(process, "running")) ? "running" : "DOWN   ",
               table_number(process, "generation"), table_number(process, "restarts"));
}

static void print_quarantined(const json_t *entry)
{
    char since[TABLE_TIME_SIZE];
    print_line("  in quarantine for %s: %s %s (module %s, %zu sessions)",
               table_since(since, table_number(entry, "since")), table_text(entry, "scope"),
               table_text(entry, "name"), table_text(entry, "module"),
               json_array_size(json_object_get(entry, "sessions")));
}

void print_status(const json_t *status)
{
    char up[TABLE_TIME_SIZE];
    size_t i;
    json_t *entry;
    double rate            = 0;
    const json_t *sessions = json_object_get(status, "sessions");
    size_t ready           = table_ready(sessions, &rate);
    print_line("hawser/%s, pid %" PRId64 ", up %s, generation %" PRId64,
               table_text(status, "version"), table_number(status, "pid"),
               table_age(up, table_number(status, "uptime_ms") * CLOCK_NS_PER_MS),
               table_number(status, "generation"));
    print_line("configuration %s, prefix %s", table_text(status, "config"),
               table_text(status, "prefix"));
    print_line("last reload: %s", table_text(json_object_get(status, "last_reload"), "text"));
    json_array_foreach(json_object_get(status, "processes"), i, entry)
    {
        print_process(entry);
    }
    json_array_foreach(json_object_get(status, "quarantine"), i, entry)
    {
        print_quarantined(entry);
    }
    if (table_number(status, "silent_workers") > 0) {
        print_line("%" PRId64 " workers do not answer; their sessions are missing below",
                   table_number(status, "silent_workers"));
    }
    printf("%zu of %zu sessions ready\n\n", ready, json_array_size(sessions));
    print_sessions(sessions);
}

static void print_channels(const json_t *channels)
{
    size_t i;
    json_t *channel;
    json_array_foreach(channels, i, channel)
    {
        print_line("  %-50s %s%s", table_text(channel, "channel"),
                   json_is_true(json_object_get(channel, "confirmed")) ? "confirmed"
                                                                       : "NOT CONFIRMED",
                   json_is_true(json_object_get(channel, "dynamic")) ? ", at run time" : "");
    }
}

void print_session(const json_t *session)
{
    json_t *one = json_pack("[O]", session);
    char rate[TABLE_TIME_SIZE];
    print_sessions(one);
    json_decref(one);
    printf("\n");
    print_line("adapter %s, %s", table_text(session, "adapter"), table_text(session, "address"));
    print_line("%" PRId64 " messages and %" PRId64 " bytes received, %s bytes/s; %" PRId64
               " requests waiting, %" PRId64 " streams",
               table_number(session, "messages"), table_number(session, "bytes"),
               table_amount(rate, json_number_value(json_object_get(session, "bytes_per_s"))),
               table_number(session, "requests_waiting"), table_number(session, "streams"));
    if (json_is_true(json_object_get(session, "held"))) {
        print_line("waits for its turn to connect: all sessions share connect_budget");
    }
    if (json_is_true(json_object_get(session, "closed_by_hand"))) {
        print_line("closed by hand; `hawserctl reconnect` or a reload opens it");
    }
    if (json_is_object(json_object_get(session, "last_error"))) {
        print_line("last error: %s",
                   table_text(json_object_get(session, "last_error"), "explanation"));
    }
    print_channels(json_object_get(session, "channels"));
}

static void print_output(const json_t *output)
{
    char queued[TABLE_TIME_SIZE];
    char bytes[TABLE_TIME_SIZE];
    print_line("%-20s %-8s %6" PRId64 " %-9s %8" PRId64 " %9s %12" PRId64 " %9s %9" PRId64
               " %6" PRId64 "  %s",
               table_text(output, "output"), table_text(output, "module"),
               table_number(output, "worker"), table_text(output, "state"),
               table_number(output, "queued_records"),
               table_amount(queued, (double)table_number(output, "queued_bytes")),
               table_number(output, "written"),
               table_amount(bytes, (double)table_number(output, "written_bytes")),
               table_number(output, "dropped"), table_number(output, "errors"),
               table_text(output, "last_error"));
}

void print_outputs(const json_t *outputs)
{
    size_t i;
    json_t *output;
    if (json_array_size(outputs) == 0) {
        printf("no outputs\n");
        return;
    }
    printf("%-20s %-8s %6s %-9s %8s %9s %12s %9s %9s %6s  %s\n", "OUTPUT", "MODULE", "WORKER",
           "STATE", "QUEUED", "BYTES", "WRITTEN", "BYTES", "DROPPED", "ERRORS", "LAST ERROR");
    json_array_foreach(outputs, i, output)
    {
        print_output(output);
    }
}

void print_modules(const json_t *modules)
{
    size_t i;
    json_t *module;
    if (json_array_size(modules) == 0) {
        printf("no modules\n");
        return;
    }
    printf("%-10s %-16s %-10s %-5s %6s  %-12s %s\n", "KIND", "NAME", "VERSION", "ABI", "USERS",
           "BUILD ID", "FILE");
    json_array_foreach(modules, i, module)
    {
        print_line("%-10s %-16s %-10s %-5s %6" PRId64 "  %-12.12s %s%s", table_text(module, "kind"),
                   table_text(module, "name"), table_text(module, "version"),
                   table_text(module, "abi"), table_number(module, "users"),
                   table_text(module, "build_id"), table_text(module, "file"),
                   json_is_true(json_object_get(module, "replaced"))
                       ? " (another file stands there now; a reload takes it)"
                       : "");
    }
}

void print_value(const json_t *value)
{
    if (json_is_string(value)) {
        print_line("%s", json_string_value(value));
        return;
    }
    (void)json_dumpf(value, stdout,
                     JSON_INDENT(2) | JSON_ENCODE_ANY); /* main checks what was written */
    printf("\n");
}

void print_reload(const json_t *result)
{
    print_line("%s", table_text(result, "text"));
}

void print_plan(const json_t *plan)
{
    const json_t *changes = json_object_get(plan, "changes");
    size_t kept           = 0;
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change)
    {
        if (strcmp(table_text(change, "action"), "kept") == 0) {
            kept++;
            continue;
        }
        print_line("%s %s: %s: %s", table_text(change, "kind"), table_text(change, "name"),
                   table_text(change, "action"), table_text(change, "reason"));
    }
    print_line("generation %" PRId64 " runs; a reload would keep %zu and change %zu",
               table_number(plan, "generation"), kept, json_array_size(changes) - kept);
}

int print_end(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}
