/*
 * Text for tables. See table.h.
 */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define NAME_HEAD "SESSION"

const char *table_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

int64_t table_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *table_age(char out[TABLE_TIME_SIZE], int64_t ns)
{
    double seconds = (double)ns / (double)CLOCK_NS_PER_S;
    if (ns < 0 || seconds >= 1e9) {
        (void)snprintf(out, TABLE_TIME_SIZE, "-");
    } else if (seconds < 60) {
        (void)snprintf(out, TABLE_TIME_SIZE, "%.1fs", seconds);
    } else if (seconds < 3600) {
        (void)snprintf(out, TABLE_TIME_SIZE, "%.0fm", seconds / 60);
    } else {
        (void)snprintf(out, TABLE_TIME_SIZE, "%.1fh", seconds / 3600);
    }
    return out;
}

const char *table_since(char out[TABLE_TIME_SIZE], int64_t moment_ns)
{
    int64_t age = clock_realtime() - moment_ns;
    return table_age(out, moment_ns == 0 ? -1 : age < 0 ? 0 : age);
}

const char *table_amount(char out[TABLE_TIME_SIZE], double amount)
{
    if (amount < 1000) {
        (void)snprintf(out, TABLE_TIME_SIZE, amount < 100 && amount > 0 ? "%.1f" : "%.0f", amount);
    } else if (amount < 1e6) {
        (void)snprintf(out, TABLE_TIME_SIZE, "%.1fk", amount / 1e3);
    } else {
        (void)snprintf(out, TABLE_TIME_SIZE, "%.1fM", amount / 1e6);
    }
    return out;
}

void table_clean(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        int is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0; /* in UTF-8 */
        if (*at < 0x20 || *at == 0x7f || is_c1) {
            *at = '?';
        }
    }
}

int table_name_width(const json_t *sessions, int most)
{
    int width = (int)strlen(NAME_HEAD);
    size_t i;
    json_t *session;
    json_array_foreach(sessions, i, session)
    {
        int len = (int)strlen(table_text(session, "session"));
        width   = len > width ? len : width;
    }
    return width > most && most >= (int)strlen(NAME_HEAD) ? most : width;
}

void table_head(int width, char out[TABLE_LINE_SIZE])
{
    (void)snprintf(out, TABLE_LINE_SIZE, "%-*s %-14s %7s %5s %9s %7s %7s %8s %5s %6s  %s", width,
                   NAME_HEAD, "STATE", "SINCE", "EPOCH", "CHANNELS", "MSG/S", "LAST", "RTT", "GAPS",
                   "RECONN", "ERROR");
}

static const char *state_of(const json_t *session)
{
    return json_is_true(json_object_get(session, "closed_by_hand")) &&
                   strcmp(table_text(session, "state"), "CLOSED") == 0
               ? "CLOSED by hand"
               : table_text(session, "state");
}

void table_row(const json_t *session, int width, char out[TABLE_LINE_SIZE])
{
    char since[TABLE_TIME_SIZE];
    char last[TABLE_TIME_SIZE];
    char rate[TABLE_TIME_SIZE];
    char rtt[TABLE_TIME_SIZE] = "-";
    char channels[48];
    int64_t round_trip  = table_number(session, "round_trip_ns");
    const json_t *error = json_object_get(session, "last_error");
    if (round_trip != 0) {
        (void)snprintf(rtt, sizeof(rtt), "%.1fms", (double)round_trip / 1e6);
    }
    (void)snprintf(channels, sizeof(channels), "%" PRId64 "/%" PRId64,
                   table_number(session, "channels_confirmed"),
                   table_number(session, "channels_wanted"));
    (void)snprintf(
        out, TABLE_LINE_SIZE,
        "%-*.*s %-14s %7s %5" PRId64 " %9s %7s %7s %8s %5" PRId64 " %6" PRId64 "  %s", width, width,
        table_text(session, "session"), state_of(session),
        table_since(since, table_number(session, "state_since")), table_number(session, "epoch"),
        channels, table_amount(rate, json_number_value(json_object_get(session, "messages_per_s"))),
        table_since(last, table_number(session, "last_message")), rtt,
        table_number(session, "gaps"), table_number(session, "reconnects"),
        strcmp(table_text(session, "state"), "READY") == 0 ? "" : table_text(error, "message"));
    table_clean(out);
}

size_t table_ready(const json_t *sessions, double *messages_per_s)
{
    size_t i;
    json_t *session;
    size_t ready    = 0;
    *messages_per_s = 0;
    json_array_foreach(sessions, i, session)
    {
        ready += strcmp(table_text(session, "state"), "READY") == 0;
        *messages_per_s += json_number_value(json_object_get(session, "messages_per_s"));
    }
    return ready;
}
