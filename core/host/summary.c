/*
 * Many sessions in one line. See summary.h.
 */
#include "host/summary.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "host/notify.h"

static const struct {
    const char *key;
    const char *words;
    int has_example;
} GROUPS[SUMMARY_GROUP_COUNT] = {
    [SUMMARY_READY]      = {"ready", "ready", 0},
    [SUMMARY_FAILED]     = {"failed", "failed and waiting for a person", 1},
    [SUMMARY_BACKOFF]    = {"backoff", "in backoff", 1},
    [SUMMARY_RESTORING]  = {"restoring", "waiting for channels", 0},
    [SUMMARY_CONNECTING] = {"connecting", "connecting", 0},
    [SUMMARY_LEAVING]    = {"leaving", "closing", 0},
};

enum summary_group summary_group_of(enum hawser_state state)
{
    switch (state) {
    case HAWSER_STATE_READY:
        return SUMMARY_READY;
    case HAWSER_STATE_FAILED:
        return SUMMARY_FAILED;
    case HAWSER_STATE_BACKOFF:
        return SUMMARY_BACKOFF;
    case HAWSER_STATE_RESTORING:
        return SUMMARY_RESTORING;
    case HAWSER_STATE_CLOSING:
    case HAWSER_STATE_CLOSED:
        return SUMMARY_LEAVING;
    default:
        return SUMMARY_CONNECTING;
    }
}

int summary_wants_example(const struct summary *summary, enum summary_group group)
{
    return GROUPS[group].has_example && summary->examples[group][0] == 0;
}

void summary_give_example(struct summary *summary, enum summary_group group, const char *name,
                          const char *message)
{
    char *example = summary->examples[group];
    int len       = snprintf(example, SUMMARY_EXAMPLE_SIZE, "%s: %s", name, message);
    secret_mask_text(example, len >= (int)SUMMARY_EXAMPLE_SIZE); /* an exchange may repeat one */
    notify_clean(example);
}

void summary_merge(struct summary *summary, const struct summary *other)
{
    for (int group = 0; group < SUMMARY_GROUP_COUNT; group++) {
        summary->sessions[group] += other->sessions[group];
        if (summary->examples[group][0] == 0) {
            memcpy(summary->examples[group], other->examples[group], SUMMARY_EXAMPLE_SIZE);
        }
    }
}

json_t *summary_json(const struct summary *summary)
{
    json_t *json = json_object();
    for (int group = 0; group < SUMMARY_GROUP_COUNT; group++) {
        json_t *entry = json_pack("{s:I, s:s}", "sessions", (json_int_t)summary->sessions[group],
                                  "example", summary->examples[group]);
        if (json_object_set_new(json, GROUPS[group].key, entry) != 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

void summary_read(struct summary *summary, const json_t *json)
{
    *summary = (struct summary){0};
    for (int group = 0; group < SUMMARY_GROUP_COUNT; group++) {
        const json_t *entry      = json_object_get(json, GROUPS[group].key);
        const char *example      = json_string_value(json_object_get(entry, "example"));
        json_int_t count         = json_integer_value(json_object_get(entry, "sessions"));
        summary->sessions[group] = count < 0 ? 0 : (uint64_t)count;
        (void)snprintf(summary->examples[group], SUMMARY_EXAMPLE_SIZE, "%s",
                       example == NULL ? "" : example); /* as long as it was */
    }
}

struct line {
    char *text;
    size_t size;
    size_t used;
};

static void add(struct line *line, const char *fmt, ...) HAWSER_PRINTF(2, 3);

static void add(struct line *line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(line->text + line->used, line->size - line->used, fmt, args);
    va_end(args);
    if (len > 0) {
        line->used += (size_t)len;
    }
    if (line->used >= line->size) {
        line->used = line->size - 1; /* full */
    }
}

void summary_print(const struct summary *summary, uint64_t total, char *out, size_t size)
{
    struct line line = {out, size, 0};
    uint64_t counted = 0;
    for (int group = 0; group < SUMMARY_GROUP_COUNT; group++) {
        counted += summary->sessions[group];
    }
    total = counted > total ? counted : total; /* those that a reload takes away still close */
    if (total == 0) {
        add(&line, "no sessions");
        return;
    }
    add(&line, "%llu/%llu session%s ready", (unsigned long long)summary->sessions[SUMMARY_READY],
        (unsigned long long)total, total == 1 ? "" : "s");
    for (int group = SUMMARY_READY + 1; group < SUMMARY_GROUP_COUNT; group++) {
        if (summary->sessions[group] > 0) {
            const char *example = summary->examples[group];
            add(&line, ", %llu %s%s%s%s", (unsigned long long)summary->sessions[group],
                GROUPS[group].words, *example == 0 ? "" : " (", example, *example == 0 ? "" : ")");
        }
    }
    if (counted < total) {
        add(&line, ", %llu starting", (unsigned long long)(total - counted));
    }
}
