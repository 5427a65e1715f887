/*
 * Commands that hold until they are taken back: modes of handshakes, logins, answers, channels.
 * Without a selector they hold for connections to come, too.
 */
#include <stdlib.h>

#include "base/slice.h"
#include "sim/command.h"
#include "sim/feed.h"
#include "sim/server.h"

/* The words of a mode, and the value of each. @return 0, or -1 with c->error set */
static int choose_word(struct sim_command *c, const char *const *words, int *out)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], c->word[1]) == 0) {
            *out = i;
            return 0;
        }
    }
    return sim_command_fail(c, "usage: %s", sim_command_find(c->word[0])->usage);
}

static void set_faults(struct sim_command *c,
                       void (*set)(struct sim_conn_faults *faults, uint64_t value), uint64_t value)
{
    unsigned count = 0;
    struct list *node;
    list_for_each (node, &c->sim->conns) {
        struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        if (sim_command_selects(c, conn)) {
            set(&conn->faults, value);
            conn->slow_budget = 0;
            conn->slow_since  = clock_monotonic();
            sim_conn_flush(conn);
            sim_conn_schedule(conn);
            count++;
        }
    }
    if (!c->is_named) {
        set(&c->sim->faults.fresh, value);
    }
    sim_text_printf(c->reply, "ok %u", count);
}

static void set_heartbeats(struct sim_conn_faults *faults, uint64_t value)
{
    faults->heartbeats_off = value == 1;
}

static void set_answers(struct sim_conn_faults *faults, uint64_t value)
{
    faults->answers_off = value == 1;
}

static void set_subscribe(struct sim_conn_faults *faults, uint64_t value)
{
    faults->subscribe_silent = value == 1;
}

static void set_auth(struct sim_conn_faults *faults, uint64_t value)
{
    faults->auth = (enum sim_auth_mode)value;
}

static void set_slow(struct sim_conn_faults *faults, uint64_t value)
{
    faults->slow_bytes_per_s = value;
}

static int run_mode(struct sim_command *c)
{
    static const struct {
        const char *name;
        const char *words[4];
        void (*set)(struct sim_conn_faults *faults, uint64_t value);
    } rows[] = {{"heartbeats", {"ok", "ignore"}, set_heartbeats},
                {"answers", {"on", "off"}, set_answers},
                {"subscribe", {"ok", "silent"}, set_subscribe},
                {"auth", {"ok", "fail", "silent"}, set_auth}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int value = 0;
        if (strcmp(rows[i].name, c->word[0]) != 0) {
            continue;
        }
        if (choose_word(c, rows[i].words, &value) != 0) {
            return -1;
        }
        set_faults(c, rows[i].set, (uint64_t)value);
    }
    return 0;
}

static int run_slow(struct sim_command *c)
{
    uint64_t rate = 0;
    if (sim_command_number(c, c->word[1], UINT64_C(1000000000), &rate) != 0) {
        return -1;
    }
    set_faults(c, set_slow, rate);
    return 0;
}

static void set_late(struct sim_conn_faults *faults, uint64_t value)
{
    faults->late_ms = value;
}

static int run_late(struct sim_command *c)
{
    uint64_t wait_ms = 0;
    if (sim_command_number(c, c->word[1], 600000, &wait_ms) != 0) {
        return -1;
    }
    set_faults(c, set_late, wait_ms);
    return 0;
}

static int run_upgrade(struct sim_command *c)
{
    static const char *const words[] = {"ok", "none", "401", "403", "429", "503", "302", NULL};
    struct sim_faults *faults        = &c->sim->faults;
    int value                        = 0;
    uint64_t retry_after_s           = 0;
    if (choose_word(c, words, &value) != 0 ||
        (c->count > 2 && sim_command_number(c, c->word[2], 86400, &retry_after_s) != 0)) {
        return -1;
    }
    faults->upgrade               = value == 0   ? SIM_UPGRADE_OK
                                    : value == 1 ? SIM_UPGRADE_NONE
                                                 : SIM_UPGRADE_STATUS;
    faults->upgrade_status        = value > 1 ? (int)strtol(words[value], NULL, 10) : 0;
    faults->upgrade_retry_after_s = c->count > 2 ? (int)retry_after_s : -1;
    sim_text_add(c->reply, "ok");
    return 0;
}

static int run_accept(struct sim_command *c)
{
    static const char *const words[] = {"off", "on", NULL};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    int on                           = 0;
    if (choose_word(c, words, &on) != 0) {
        return -1;
    }
    if (sim_server_accept(c->sim->server, on, &err) != 0) {
        return sim_command_fail(c, "%s", err.message);
    }
    sim_text_add(c->reply, "ok");
    return 0;
}

static int run_count(struct sim_command *c)
{
    uint64_t count = 0;
    if (sim_command_number(c, c->word[1], 100000, &count) != 0) {
        return -1;
    }
    *(c->word[0][0] == 'p' ? &c->sim->faults.partial : &c->sim->faults.twice) = (unsigned)count;
    sim_text_add(c->reply, "ok");
    return 0;
}

static void tell_maintenance(struct sim *sim, int on)
{
    char text[160];
    int len = snprintf(text, sizeof(text),
                       "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
                       "\"platform_state\",\"data\":{\"maintenance\":%s}}}",
                       on ? "true" : "false");
    struct list *node;
    list_for_each (node, &sim->conns) {
        struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        struct sim_sub *sub   = sim_feed_find(conn, "platform_state");
        if (sub != NULL) {
            sim_feed_deliver(sub, slice_make(text, (size_t)len), sub->last);
            sim_conn_flush(conn);
        }
    }
}

static int run_maintenance(struct sim_command *c)
{
    static const char *const words[] = {"off", "on", NULL};
    int on                           = 0;
    if (choose_word(c, words, &on) != 0) {
        return -1;
    }
    c->sim->faults.maintenance = on;
    tell_maintenance(c->sim, on);
    sim_text_add(c->reply, "ok");
    return 0;
}

static int run_stall(struct sim_command *c)
{
    int on         = strcmp(c->word[0], "stall") == 0;
    int for_good   = c->count > 2 && strcmp(c->word[2], "for-good") == 0;
    unsigned count = 0;
    struct list *node;
    if (c->count > 2 && !for_good) {
        return sim_command_fail(c, "usage: %s", sim_command_find(c->word[0])->usage);
    }
    list_for_each (node, &c->sim->conns) {
        struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        struct sim_sub *sub   = sim_feed_find(conn, c->word[1]);
        if (sub != NULL && sim_command_selects(c, conn)) {
            sub->is_stalled = on;
            count++;
        }
    }
    if (for_good || !on) {
        (void)snprintf(c->sim->faults.stalled, sizeof(c->sim->faults.stalled), "%s",
                       on ? c->word[1] : "");
    }
    sim_text_printf(c->reply, "ok %u", count);
    return 0;
}

static int run_error(struct sim_command *c)
{
    struct sim_error_rule rule = {.code = (int)strtol(c->word[1], NULL, 10)};
    uint64_t count             = 1;
    if (rule.code == 0) {
        return sim_command_fail(c, "%s: expected an error code", c->word[1]);
    }
    if (c->count > 3 && sim_command_number(c, c->word[3], 1000000, &count) != 0) {
        return -1;
    }
    if (c->count > 2 && strcmp(c->word[2], "any") != 0) {
        (void)snprintf(rule.method, sizeof(rule.method), "%s", c->word[2]);
    }
    rule.count           = (unsigned)count;
    c->sim->faults.error = rule;
    sim_text_add(c->reply, "ok");
    return 0;
}

int sim_fault_take_error(struct sim_faults *faults, const char *method)
{
    struct sim_error_rule *rule = &faults->error;
    if (rule->count == 0 || (rule->method[0] != '\0' && strcmp(rule->method, method) != 0)) {
        return 0;
    }
    rule->count--;
    return rule->code;
}

const struct sim_command_row SIM_MODE_COMMANDS[] = {
    {"upgrade", "upgrade ok|none|401|403|429|503|302 [RETRY_AFTER_S]",
     "how following handshakes are answered; none: never", run_upgrade, 1, 2},
    {"accept", "accept on|off", "listen, or not: connects are refused then", run_accept, 1, 1},
    {"heartbeats", "heartbeats ok|ignore", "send heartbeats and test_requests, or none", run_mode,
     1, 1},
    {"answers", "answers on|off", "answer requests and pings, or ignore them", run_mode, 1, 1},
    {"auth", "auth ok|fail|silent", "how logins are answered", run_mode, 1, 1},
    {"subscribe", "subscribe ok|silent", "answer subscribe calls, or ignore them", run_mode, 1, 1},
    {"partial", "partial N", "leave the next N channels out of subscribe replies", run_count, 1, 1},
    {"late", "late MS", "answer so much later; 0: at once", run_late, 1, 1},
    {"twice", "twice N", "send the next N answers two times", run_count, 1, 1},
    {"slow", "slow BYTES_PER_S", "send no faster; 0: as fast as it goes", run_slow, 1, 1},
    {"stall", "stall CHANNEL [for-good]",
     "lose what a channel would send; for-good: after a new subscription too", run_stall, 1, 2},
    {"resume", "resume CHANNEL", "end a stall", run_stall, 1, 1},
    {"maintenance", "maintenance on|off",
     "platform_state says so, requests get 11051, handshakes 503", run_maintenance, 1, 1},
    {"error", "error CODE [METHOD|any [COUNT]]",
     "answer the next (COUNT) requests of a method with an error", run_error, 1, 3},
    {NULL, NULL, NULL, NULL, 0, 0},
};
