/*
 * What top shows, and its batch mode. See top.h; the screen is top_screen.c's.
 */
#include "top.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "host/control_client.h"
#include "print.h"
#include "table.h"

/* Numbers go from the largest on: that is what one looks for. */
static int by_text(const json_t *a, const json_t *b, const char *member)
{
    return strcmp(table_text(a, member), table_text(b, member));
}

static int by_number(const json_t *a, const json_t *b, const char *member)
{
    double left  = json_number_value(json_object_get(a, member));
    double right = json_number_value(json_object_get(b, member));
    return (left < right) - (left > right);
}

static const struct sort {
    const char *name;
    int letter;
    int (*compare)(const json_t *a, const json_t *b, const char *member);
    const char *member;
} SORTS[] = {
    {"name", 'n', by_text, "session"},
    {"state", 's', by_text, "state"},
    {"rate", 'm', by_number, "messages_per_s"},
    {"last", 'l', by_number, "last_message"},
    {"rtt", 't', by_number, "round_trip_ns"},
    {"gaps", 'g', by_number, "gaps"},
    {"reconnects", 'c', by_number, "reconnects"},
};
#define SORT_COUNT (sizeof(SORTS) / sizeof(SORTS[0]))

static const struct sort *find_sort(const char *key)
{
    for (size_t i = 0; i < SORT_COUNT; i++) {
        if (strcmp(SORTS[i].name, key) == 0) {
            return &SORTS[i];
        }
    }
    return NULL;
}

int top_sorts_by(const char *key)
{
    return find_sort(key) != NULL;
}

const char *top_key_of(int letter)
{
    for (size_t i = 0; i < SORT_COUNT; i++) {
        if (SORTS[i].letter == letter) {
            return SORTS[i].name;
        }
    }
    return NULL;
}

struct order {
    const struct sort *sort;
    int is_reversed;
};

static int compare(const void *left, const void *right, void *arg)
{
    const struct order *order = arg;
    const json_t *a           = *(json_t *const *)left;
    const json_t *b           = *(json_t *const *)right;
    int way                   = order->sort->compare(a, b, order->sort->member);
    way                       = way == 0 ? by_text(a, b, "session") : way;
    return order->is_reversed ? -way : way;
}

/** @return given: the same sessions in order; NULL: no memory */
static json_t *sort_sessions(const json_t *sessions, const struct order *order)
{
    size_t count   = json_array_size(sessions);
    json_t **rows  = calloc(count + 1, sizeof(json_t *));
    json_t *sorted = rows == NULL ? NULL : json_array();
    for (size_t i = 0; sorted != NULL && i < count; i++) {
        rows[i] = json_array_get(sessions, i);
    }
    if (sorted != NULL) {
        qsort_r(rows, count, sizeof(json_t *), compare, (void *)(uintptr_t)order);
    }
    for (size_t i = 0; sorted != NULL && i < count; i++) {
        (void)json_array_append(sorted, rows[i]); /* short of memory the table is short */
    }
    free(rows);
    return sorted;
}

json_t *top_ask(const struct command *command, const char *sort, int is_reversed,
                struct hawser_error *err)
{
    struct order order = {find_sort(sort), is_reversed};
    json_t *answer     = control_ask(command->path, "host.status", NULL, command->timeout_ms, err);
    json_t *status     = json_incref(json_object_get(answer, "result"));
    if (answer != NULL && status == NULL) {
        error_set(err, HAWSER_CONTROL_REFUSED, "%s",
                  table_text(json_object_get(answer, "error"), "message"));
    }
    json_t *sorted =
        status == NULL ? NULL : sort_sessions(json_object_get(status, "sessions"), &order);
    if (sorted != NULL) {
        (void)json_object_set_new(status, "sessions", sorted); /* else in the host's order */
    }
    json_decref(answer);
    return status;
}

void top_summary(const json_t *status, char *out, size_t size)
{
    char up[TABLE_TIME_SIZE];
    char amount[TABLE_TIME_SIZE];
    double rate            = 0;
    const json_t *sessions = json_object_get(status, "sessions");
    size_t ready           = table_ready(sessions, &rate);
    /* What one looks for stands in front: a narrow terminal cuts the rest off. */
    (void)snprintf(out, size, "%zu of %zu ready  %s messages/s  hawser/%s  up %s  generation %lld",
                   ready, json_array_size(sessions), table_amount(amount, rate),
                   table_text(status, "version"),
                   table_age(up, table_number(status, "uptime_ms") * CLOCK_NS_PER_MS),
                   (long long)table_number(status, "generation"));
    table_clean(out);
}

static void print_table(const struct command *command, const json_t *status, int is_first)
{
    char line[TABLE_LINE_SIZE];
    if (command->json) {
        (void)json_dumpf(status, stdout, JSON_COMPACT); /* what was written is checked below */
        printf("\n");
        return;
    }
    top_summary(status, line, sizeof(line));
    printf("%s%s\n", is_first ? "" : "\n", line);
    print_sessions(json_object_get(status, "sessions"));
}

static int run_batch(const struct command *command)
{
    for (int64_t i = 0; command->count == 0 || i < command->count; i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        if (i > 0) {
            (void)poll(NULL, 0, (int)command->interval_ms); /* a shorter wait does no harm */
        }
        json_t *status = top_ask(command, command->sort, 0, &err);
        if (status == NULL) {
            fprintf(stderr, "hawserctl: %s\n", err.message);
            return err.code == HAWSER_CONTROL_REFUSED ? CTL_REFUSED : CTL_UNREACHABLE;
        }
        print_table(command, status, i == 0);
        json_decref(status);
        if (print_end() != 0) {
            fprintf(stderr, "hawserctl: cannot write the table\n");
            return CTL_REFUSED;
        }
    }
    return 0;
}

int top_run(const struct command *command)
{
    if (command->batch || command->json) {
        return run_batch(command);
    }
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        fprintf(stderr, "hawserctl: top needs a terminal; `top -b` prints tables instead\n");
        return CTL_USAGE;
    }
    return top_screen_run(command);
}
