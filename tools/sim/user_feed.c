/*
 * user.* channels. See user_feed.h. Raw channels get each event at once; 100ms and agg2 gather
 * orders and trades until the interval ends.
 */
#include "sim/user_feed.h"

#include "sim/feed.h"
#include "sim/order_text.h"

static void open_notification(struct sim_text *out, const struct sim_sub *sub)
{
    sim_text_add(out, "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":");
    sim_text_string(out, sub->channel.name);
    if (sub->label[0] != '\0') {
        sim_text_named(out, "label", sub->label);
    }
    sim_text_add(out, ",\"data\":");
}

static void write_trades(struct sim_text *out, const struct sim_execution *e)
{
    for (unsigned i = 0; i < e->count; i++) {
        sim_text_add(out, i == 0 ? "" : ",");
        sim_fill_write(out, e->order, &e->fills[i]);
    }
}

static void write_changes(struct sim *sim, struct sim_text *out, const struct sim_execution *e)
{
    unsigned row               = e->order->instrument;
    const struct sim_market *m = &sim_feed_world(sim->feed)->markets[row];
    sim_text_printf(out, "{\"instrument_name\":\"%s\",\"trades\":[", m->instrument->name);
    write_trades(out, e);
    sim_text_add(out, "],\"orders\":[");
    sim_order_write(out, e->order);
    sim_text_add(out, "],\"positions\":[");
    if (e->count > 0) {
        sim_position_write(out, sim->trading, m, e->order->client, row);
    }
    sim_text_add(out, "]}");
}

static void gather(struct sim *sim, struct sim_sub *sub, const struct sim_execution *e)
{
    if (sub->batch_due == 0) {
        sim_text_clear(&sub->batch);
        open_notification(&sub->batch, sub);
        sim_text_add(&sub->batch, "[");
    } else {
        sim_text_add(&sub->batch, ",");
    }
    if (sub->channel.kind == SIM_USER_ORDERS) {
        sim_order_write(&sub->batch, e->order);
    } else {
        write_trades(&sub->batch, e);
    }
    sim_feed_batch(sim->feed, sub);
}

static void send_now(struct sim *sim, struct sim_sub *sub, const struct sim_execution *e)
{
    struct sim_text out = {.failed = 0};
    open_notification(&out, sub);
    switch (sub->channel.kind) {
    case SIM_USER_ORDERS: /* one object, not an array */
        sim_order_write(&out, e->order);
        break;
    case SIM_USER_TRADES:
        sim_text_add(&out, "[");
        write_trades(&out, e);
        sim_text_add(&out, "]");
        break;
    case SIM_USER_CHANGES:
        write_changes(sim, &out, e);
        break;
    default:
        sim_summary_write(
            &out, sim->trading, sim_feed_world(sim->feed), e->order->client,
            (unsigned)sim_currency_find(SIM_INSTRUMENTS[e->order->instrument].settlement), 0);
        break;
    }
    sim_text_add(&out, "}}");
    if (!out.failed) {
        sim_feed_deliver(sub, buf_slice(&out.buf), sub->sent + 1);
    }
    sim_text_fini(&out);
}

static int concerns(const struct sim_sub *sub, const struct sim_execution *e)
{
    const struct sim_channel *channel = &sub->channel;
    if (channel->kind < SIM_USER_ORDERS) {
        return 0;
    }
    if (channel->kind == SIM_USER_PORTFOLIO) {
        const char *settlement = SIM_INSTRUMENTS[e->order->instrument].settlement;
        return strcasecmp(channel->currency, "any") == 0 ||
               strcasecmp(channel->currency, settlement) == 0;
    }
    if (channel->kind == SIM_USER_TRADES && e->count == 0) {
        return 0;
    }
    return sim_channel_covers(channel, e->order->instrument);
}

void sim_user_publish(struct sim *sim, const struct sim_execution *e)
{
    struct list *of_conn;
    struct list *of_sub;
    list_for_each (of_conn, &sim->conns) {
        struct sim_conn *conn = LIST_ENTRY(of_conn, struct sim_conn, node);
        if (conn->client != e->order->client || !sim_conn_is_open(conn)) {
            continue;
        }
        list_for_each (of_sub, &conn->subs) {
            struct sim_sub *sub = LIST_ENTRY(of_sub, struct sim_sub, in_conn);
            if (!concerns(sub, e)) {
                continue;
            }
            if (sub->channel.interval != SIM_RAW &&
                (sub->channel.kind == SIM_USER_ORDERS || sub->channel.kind == SIM_USER_TRADES)) {
                gather(sim, sub, e);
            } else {
                send_now(sim, sub, e);
            }
        }
    }
}
