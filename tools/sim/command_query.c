/*
 * Commands that tell: connections, counters, sequence numbers, help.
 */
#include "sim/account.h"
#include "sim/command.h"
#include "sim/feed.h"
#include "sim/server.h"

static void write_channels(const struct sim_conn *conn, struct sim_text *out)
{
    const char *comma = "";
    struct list *node;
    sim_text_add(out, ",\"channels\":[");
    list_for_each (node, &conn->subs) {
        const struct sim_sub *sub = LIST_ENTRY(node, struct sim_sub, in_conn);
        sim_text_printf(out, "%s{\"channel\":\"%s\",\"sent\":%llu,\"last\":%llu,\"stalled\":%s}",
                        comma, sub->channel.name, (unsigned long long)sub->sent,
                        (unsigned long long)sub->last, sub->is_stalled ? "true" : "false");
        comma = ",";
    }
    sim_text_add(out, "]");
}

static void write_conn(const struct sim_conn *conn, struct sim_text *out)
{
    const char *client = sim_conn_client_id(conn);
    sim_text_printf(out,
                    "{\"conn\":%llu,\"state\":\"%s\",\"tls\":%s,\"compressed\":%s,\"peer_port\":%u",
                    (unsigned long long)conn->id, sim_conn_state_name(conn),
                    conn->ssl != NULL ? "true" : "false", conn->deflater != NULL ? "true" : "false",
                    conn->peer_port);
    sim_text_add(out, ",\"client\":");
    if (client == NULL) {
        sim_text_add(out, "null");
    } else {
        sim_text_string(out, client);
    }
    const int is_valid =
        conn->grant_id != 0 && sim_accounts_get(conn->sim->accounts, conn->grant_id) != NULL;
    sim_text_printf(out,
                    ",\"authenticated\":%s,\"cancel_on_disconnect\":%s,\"heartbeat_ms\":%lld,"
                    "\"requests\":%llu,\"sent\":%llu,\"bytes_sent\":%llu,\"queued\":%zu,"
                    "\"age_ms\":%lld",
                    is_valid ? "true" : "false", conn->cod ? "true" : "false",
                    (long long)conn->liveness.interval_ms, (unsigned long long)conn->received,
                    (unsigned long long)conn->sent, (unsigned long long)conn->bytes_sent,
                    conn->out.len,
                    (long long)((clock_monotonic() - conn->opened) / CLOCK_NS_PER_MS));
    write_channels(conn, out);
    sim_text_add(out, "}");
}

static int run_list(struct sim_command *c)
{
    const char *comma = "";
    struct list *node;
    sim_text_add(c->reply, "ok [");
    list_for_each (node, &c->sim->conns) {
        const struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        if (sim_command_selects(c, conn)) {
            sim_text_add(c->reply, comma);
            write_conn(conn, c->reply);
            comma = ",";
        }
    }
    sim_text_add(c->reply, "]");
    return 0;
}

static int run_stats(struct sim_command *c)
{
    sim_text_add(c->reply, "ok ");
    sim_stats_write(&c->sim->stats, sim_server_open(c->sim), c->reply);
    return 0;
}

static int run_sent(struct sim_command *c)
{
    const char *comma = "";
    struct list *node;
    sim_text_add(c->reply, "ok [");
    list_for_each (node, &c->sim->conns) {
        const struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        const struct sim_sub *sub   = sim_feed_find(conn, c->word[1]);
        if (sub != NULL && sim_command_selects(c, conn)) {
            sim_text_printf(c->reply, "%s{\"conn\":%llu,\"sent\":%llu,\"last\":%llu}", comma,
                            (unsigned long long)conn->id, (unsigned long long)sub->sent,
                            (unsigned long long)sub->last);
            comma = ",";
        }
    }
    sim_text_add(c->reply, "]");
    return 0;
}

static int run_help(struct sim_command *c)
{
    const struct sim_command_row *const tables[] = {SIM_LINK_COMMANDS, SIM_MODE_COMMANDS,
                                                    SIM_QUERY_COMMANDS};
    unsigned count                               = 0;
    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct sim_command_row *row = tables[i]; row->name != NULL; row++, count++) {
            sim_text_printf(c->reply, "  %s: %s\n", row->usage, row->help);
        }
    }
    sim_text_printf(c->reply, "ok %u commands; conn=N or client=ID behind one restricts it", count);
    return 0;
}

const struct sim_command_row SIM_QUERY_COMMANDS[] = {
    {"list", "list", "the connections, as JSON", run_list, 0, 0},
    {"stats", "stats", "the counters, as JSON", run_stats, 0, 0},
    {"sent", "sent CHANNEL", "how many messages, and the last sequence number, as JSON", run_sent,
     1, 1},
    {"help", "help", "this", run_help, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
