/*
 * Commands that happen once: ends of connections, and messages no exchange should send.
 */
#include <stdlib.h>

#include "base/slice.h"
#include "sim/account.h"
#include "sim/command.h"
#include "sim/feed.h"

#define BIG_MAX (64u * 1024u * 1024u)

static void each(struct sim_command *c, void (*fn)(struct sim_command *c, struct sim_conn *conn))
{
    unsigned count = 0;
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &c->sim->conns) {
        struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        if (sim_command_selects(c, conn)) {
            fn(c, conn);
            sim_conn_flush(conn);
            count++;
        }
    }
    sim_text_printf(c->reply, "ok %u", count);
}

/* `one`: each in turn, by the order in which they came. */
static void choose_one(struct sim_command *c)
{
    uint64_t first = 0;
    uint64_t next  = 0;
    struct list *node;
    list_for_each (node, &c->sim->conns) {
        const struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        if (conn->state == SIM_CONN_OPEN && sim_command_selects(c, conn)) {
            first = first == 0 ? conn->id : first;
            next  = next == 0 && conn->id > c->sim->faults.last_one ? conn->id : next;
        }
    }
    c->conn_id              = next != 0 ? next : first != 0 ? first : UINT64_MAX;
    c->sim->faults.last_one = c->conn_id == UINT64_MAX ? 0 : c->conn_id;
}

/* The word behind the name: a connection's number, all, or one. */
static int choose(struct sim_command *c)
{
    if (c->count == 1 || strcmp(c->word[1], "all") == 0) {
        return c->count == 1 && !c->is_named
                   ? sim_command_fail(c, "which? CONN, all, one, conn=N or client=ID")
                   : 0;
    }
    if (strcmp(c->word[1], "one") == 0) {
        choose_one(c);
        return 0;
    }
    return sim_command_number(c, c->word[1], UINT64_MAX, &c->conn_id);
}

static void cut(struct sim_command *c, struct sim_conn *conn)
{
    c->sim->stats.closed_by_fault++;
    sim_conn_cut(conn);
}

static void reset(struct sim_command *c, struct sim_conn *conn)
{
    c->sim->stats.closed_by_fault++;
    sim_conn_reset(conn);
}

static void halfopen(struct sim_command *c, struct sim_conn *conn)
{
    (void)c;
    sim_conn_halfopen(conn);
}

static int run_end(struct sim_command *c)
{
    if (choose(c) != 0) {
        return -1;
    }
    each(c, c->word[0][0] == 'c' ? cut : c->word[0][0] == 'r' ? reset : halfopen);
    return 0;
}

static void close_one(struct sim_command *c, struct sim_conn *conn)
{
    char reason[124] = "";
    size_t len       = 0;
    for (unsigned i = 2; i < c->count && len < sizeof(reason); i++) {
        len += (size_t)snprintf(reason + len, sizeof(reason) - len, "%s%s", i == 2 ? "" : " ",
                                c->word[i]);
    }
    c->sim->stats.closed_by_fault++;
    sim_conn_close(conn, (uint16_t)strtoul(c->word[1], NULL, 10), reason);
}

static int run_close(struct sim_command *c)
{
    uint64_t code = 0;
    if (sim_command_number(c, c->word[1], 65535, &code) != 0) {
        return -1;
    }
    each(c, close_one);
    return 0;
}

static void garbage(struct sim_command *c, struct sim_conn *conn)
{
    (void)c;
    if (sim_conn_is_open(conn)) {
        sim_conn_send(conn, SLICE_LITERAL("{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",par"));
    }
}

static void badutf8(struct sim_command *c, struct sim_conn *conn)
{
    (void)c;
    if (sim_conn_is_open(conn)) {
        sim_conn_send(conn, SLICE_LITERAL("{\"method\":\"\xc3\x28\xff\"}"));
    }
}

/* Whole frames that break RFC 6455 5: by name, their bytes. */
static const struct {
    const char *name;
    const char *bytes;
    size_t len;
} BAD_FRAMES[] = {
    {"opcode", "\x83\x02{}", 4},                 /* reserved opcode 3 */
    {"rsv", "\xc1\x02{}", 4},                    /* RSV1 without an extension */
    {"masked", "\x81\x82\x01\x02\x03\x04zz", 8}, /* a server never masks */
    {"continuation", "\x80\x02{}", 4},           /* of nothing */
    {"ping", "\x09\x00", 2},                     /* a fragmented control frame */
    {"length", "\x81\x7e\x00\x02{}", 6},         /* not in its shortest form */
    {"close", "\x88\x01\x03", 3},                /* half a close code */
};

static const char *bad_frame_of(const struct sim_command *c, size_t *len)
{
    const char *name = c->count > 1 ? c->word[1] : BAD_FRAMES[0].name;
    for (unsigned i = 0; i < sizeof(BAD_FRAMES) / sizeof(BAD_FRAMES[0]); i++) {
        if (strcmp(BAD_FRAMES[i].name, name) == 0) {
            *len = BAD_FRAMES[i].len;
            return BAD_FRAMES[i].bytes;
        }
    }
    return NULL;
}

static void badframe(struct sim_command *c, struct sim_conn *conn)
{
    size_t len        = 0;
    const char *bytes = bad_frame_of(c, &len);
    if (sim_conn_is_open(conn)) {
        sim_conn_queue(conn, slice_make(bytes, len), slice_make(NULL, 0));
    }
}

static int run_badframe(struct sim_command *c)
{
    size_t len = 0;
    if (bad_frame_of(c, &len) == NULL) {
        return sim_command_fail(c, "opcode, rsv, masked, continuation, ping, length or close");
    }
    each(c, badframe);
    return 0;
}

static int run_garbage(struct sim_command *c)
{
    each(c, c->word[0][0] == 'g' ? garbage : badutf8);
    return 0;
}

static void big(struct sim_command *c, struct sim_conn *conn)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{"
                               "\"channel\":\"announcements\",\"data\":{\"body\":\"";
    static const char tail[] = "\"}}}";
    size_t least             = sizeof(head) - 1 + sizeof(tail) - 1;
    size_t wanted            = strtoul(c->word[1], NULL, 10);
    size_t len               = wanted < least ? least : wanted;
    char *text               = malloc(len);
    if (text == NULL || !sim_conn_is_open(conn)) {
        free(text);
        return;
    }
    memset(text, 'x', len);
    memcpy(text, head, sizeof(head) - 1);
    memcpy(text + len - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
    conn->out_max += len; /* ordered, so not a slow reader's fault */
    sim_conn_send(conn, slice_make(text, len));
    free(text);
}

static int run_big(struct sim_command *c)
{
    uint64_t size = 0;
    if (sim_command_number(c, c->word[1], BIG_MAX, &size) != 0) {
        return -1;
    }
    each(c, big);
    return 0;
}

static int run_expire(struct sim_command *c)
{
    const struct sim_client *client = NULL;
    int refresh                     = c->count > 1 && strcmp(c->word[1], "refresh") == 0;
    if (c->count > 1 && !refresh) {
        return sim_command_fail(c, "expire, or expire refresh");
    }
    if (c->client != NULL) {
        client = sim_accounts_client(c->sim->accounts, c->client);
        if (client == NULL) {
            return sim_command_fail(c, "no client %s", c->client);
        }
    }
    unsigned count = sim_accounts_expire(c->sim->accounts, client, c->conn_id, refresh);
    sim_text_printf(c->reply, "ok %u", count);
    return 0;
}

static unsigned *what_of(struct sim_sub *sub, const char *command)
{
    return strcmp(command, "skip") == 0     ? &sub->skip
           : strcmp(command, "repeat") == 0 ? &sub->repeat
                                            : &sub->swap;
}

static void disturb(struct sim_command *c, struct sim_conn *conn)
{
    struct list *node;
    list_for_each (node, &conn->subs) {
        struct sim_sub *sub = LIST_ENTRY(node, struct sim_sub, in_conn);
        if (c->count > 2 ? strcmp(sub->channel.name, c->word[2]) == 0
                         : sub->channel.kind == SIM_BOOK) {
            *what_of(sub, c->word[0]) += (unsigned)strtoul(c->word[1], NULL, 10);
        }
    }
}

static int run_disturb(struct sim_command *c)
{
    uint64_t count = 0;
    if (sim_command_number(c, c->word[1], 1000000, &count) != 0) {
        return -1;
    }
    each(c, disturb);
    return 0;
}

const struct sim_command_row SIM_LINK_COMMANDS[] = {
    {"cut", "cut CONN|all|one", "close with a FIN and no close frame", run_end, 0, 1},
    {"reset", "reset CONN|all|one", "close with a RST", run_end, 0, 1},
    {"halfopen", "halfopen CONN|all|one", "keep the socket; read, answer and send nothing", run_end,
     0, 1},
    {"close", "close CODE [REASON ...]", "send a close frame", run_close, 1, 20},
    {"garbage", "garbage", "send a text message that is no JSON", run_garbage, 0, 0},
    {"badutf8", "badutf8", "send a text message that is no UTF-8", run_garbage, 0, 0},
    {"badframe", "badframe [opcode|rsv|masked|continuation|ping|length|close]",
     "send a frame that breaks RFC 6455", run_badframe, 0, 1},
    {"big", "big BYTES", "send a notification of that size, on announcements", run_big, 1, 1},
    {"expire", "expire [refresh]", "access tokens (and refresh tokens) expire now", run_expire, 0,
     1},
    {"skip", "skip N [CHANNEL]",
     "leave out the next N messages of a channel (without one: of each book)", run_disturb, 1, 2},
    {"repeat", "repeat N [CHANNEL]", "send the next N messages of a channel two times", run_disturb,
     1, 2},
    {"swap", "swap N [CHANNEL]", "send the next N pairs of a channel the wrong way round",
     run_disturb, 1, 2},
    {NULL, NULL, NULL, NULL, 0, 0},
};
