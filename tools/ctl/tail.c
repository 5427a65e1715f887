/*
 * Follows a stream, and attaches again when it ends. See tail.h.
 */
#include "tail.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "host/control_client.h"
#include "print.h"

#define FIRST_WAIT_MS 50
#define MOST_WAIT_MS  1000

enum outcome {
    TAIL_ATTACHED,
    TAIL_AGAIN,   /* nobody answers, or not yet: another try may help */
    TAIL_REFUSED, /* it will not help */
    TAIL_ENDED,   /* the stream did */
    TAIL_DONE,    /* all is printed */
    TAIL_UNWRITTEN
};

struct tail {
    const struct command *command;
    struct control_link link;
    int64_t printed; /* records */
    int64_t last_ns; /* time of the last one; 0: none yet */
    struct hawser_error err;
};

static json_t *make_request(const struct command *command)
{
    return json_pack("{s:s, s:i, s:s, s:{s:s, s:s*}}", "jsonrpc", "2.0", "id", 1, "method",
                     "stream.attach", "params", "session", command->words[1], "pattern",
                     command->word_count > 2 ? command->words[2] : NULL);
}

/* A worker that is being restarted refuses for a moment only. */
static enum outcome judge(struct tail *tail, struct hawser_slice line)
{
    json_t *answer      = json_loadb(line.data, line.len, 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    json_int_t code     = json_integer_value(json_object_get(error, "code"));
    int is_attached     = json_object_get(answer, "result") != NULL;
    if (!is_attached) {
        error_set(&tail->err, HAWSER_CONTROL_REFUSED, "%s",
                  message == NULL ? "the host gave no reason" : message);
    }
    json_decref(answer);
    return is_attached ? TAIL_ATTACHED
                       : (code == (json_int_t)HAWSER_CONTROL_REFUSED ? TAIL_AGAIN : TAIL_REFUSED);
}

static enum outcome attach(struct tail *tail)
{
    struct hawser_slice line;
    int64_t wait_ms = tail->command->timeout_ms;
    if (control_link_open(&tail->link, tail->command->path, &tail->err) != 0 ||
        control_link_send(&tail->link, make_request(tail->command), &tail->err) != 0) {
        return TAIL_AGAIN;
    }
    int rc = control_link_line(&tail->link, wait_ms, &line, &tail->err);
    if (rc == 0) {
        error_set(&tail->err, HAWSER_CONTROL_REFUSED, "the host ended the connection");
    }
    return rc <= 0 ? TAIL_AGAIN : judge(tail, line);
}

static int print_record(struct tail *tail, struct hawser_slice line)
{
    static const char TIME[] = "{\"time\":";
    if (line.len > sizeof(TIME) && memcmp(line.data, TIME, sizeof(TIME) - 1) == 0) {
        tail->last_ns = strtoll(line.data + sizeof(TIME) - 1, NULL, 10);
    }
    tail->printed++;
    /* Whoever reads this wants it now, unless more is there already. */
    return fwrite(line.data, 1, line.len, stdout) == line.len && putchar('\n') != EOF &&
                   (control_link_has_line(&tail->link) || fflush(stdout) == 0)
               ? 0
               : -1;
}

static enum outcome follow(struct tail *tail)
{
    struct hawser_slice line;
    int rc;
    while ((rc = control_link_line(&tail->link, -1, &line, &tail->err)) > 0) {
        int is_last = tail->printed + 1 == tail->command->count;
        if (print_record(tail, line) != 0 || (is_last && print_end() != 0)) {
            fprintf(stderr, "hawserctl: cannot write the records\n");
            return TAIL_UNWRITTEN;
        }
        if (is_last) {
            return TAIL_DONE;
        }
    }
    return TAIL_ENDED;
}

/* Between the end of one stream and the beginning of the next, records went unseen: the reader of
 * the lines has to know, not only who sees standard error. */
static void print_gap(struct tail *tail)
{
    json_t *gap =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:I}", "time", (json_int_t)clock_realtime(), "session",
                  tail->command->words[1], "event", "gap", "reason", "stream", "message",
                  "the stream ended and was attached again", "since", (json_int_t)tail->last_ns);
    char *text = gap == NULL ? NULL : json_dumps(gap, JSON_COMPACT);
    if (text != NULL) {
        printf("%s\n", text);
    }
    (void)fflush(stdout); /* the next record shows whether somebody reads */
    fprintf(stderr, "hawserctl: attached again\n");
    free(text);
    json_decref(gap);
}

/** @return TAIL_ATTACHED, or how the last try went */
static enum outcome attach_again(struct tail *tail)
{
    clock_ns_t deadline  = clock_monotonic() + tail->command->timeout_ms * CLOCK_NS_PER_MS;
    int64_t wait_ms      = FIRST_WAIT_MS;
    enum outcome outcome = TAIL_AGAIN;
    fprintf(stderr,
            "hawserctl: the stream ended: the worker was restarted, or the session moved, or it is "
            "gone; attaching again\n");
    while (outcome == TAIL_AGAIN && clock_monotonic() < deadline) {
        (void)poll(NULL, 0, (int)wait_ms); /* a shorter wait does no harm */
        wait_ms = wait_ms * 2 > MOST_WAIT_MS ? MOST_WAIT_MS : wait_ms * 2;
        control_link_close(&tail->link);
        outcome = attach(tail);
    }
    if (outcome == TAIL_ATTACHED) {
        print_gap(tail);
    }
    return outcome;
}

int tail_run(const struct command *command)
{
    struct tail tail     = {.command = command, .link = CONTROL_LINK_INIT};
    tail.err             = (struct hawser_error)HAWSER_ERROR_INIT;
    enum outcome outcome = attach(&tail);
    while (outcome == TAIL_ATTACHED) {
        outcome = follow(&tail);
        outcome = outcome == TAIL_ENDED ? attach_again(&tail) : outcome;
    }
    control_link_close(&tail.link);
    if (outcome == TAIL_DONE || outcome == TAIL_UNWRITTEN) {
        return outcome == TAIL_DONE ? 0 : CTL_REFUSED;
    }
    fprintf(stderr, "hawserctl: %s\n", tail.err.message);
    return outcome == TAIL_REFUSED || tail.err.code == HAWSER_CONTROL_REFUSED ? CTL_REFUSED
                                                                              : CTL_UNREACHABLE;
}
