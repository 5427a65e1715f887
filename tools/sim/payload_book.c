/*
 * Order books on the wire: snapshots, changes from one book to the next, grouped windows.
 */
#include <string.h>

#include "sim/payload.h"

static void add_frame(struct sim_text *out, const struct sim_instrument *instrument,
                      const char *type, uint64_t change_id, int64_t now_ms)
{
    sim_text_add(out, "{\"timestamp\":");
    sim_text_int(out, now_ms);
    if (type != NULL) {
        sim_text_add(out, ",\"type\":\"");
        sim_text_add(out, type);
        sim_text_add(out, "\"");
    }
    sim_text_add(out, ",\"change_id\":");
    sim_text_int(out, (int64_t)change_id);
    sim_text_add(out, ",\"instrument_name\":\"");
    sim_text_add(out, instrument->name);
    sim_text_add(out, "\"");
}

/* [word,price,amount], or [price,amount] without a word */
static void add_entry(struct sim_text *out, const struct sim_instrument *instrument,
                      const char *word, int64_t price, int64_t amount)
{
    const char *data = (const char *)buf_data(&out->buf);
    if (data != NULL && out->buf.len > 0 && data[out->buf.len - 1] != '[') {
        sim_text_bytes(out, ",", 1);
    }
    sim_text_bytes(out, "[", 1);
    if (word != NULL) {
        sim_text_add(out, word);
    }
    sim_text_fixed(out, price, instrument->price_decimals);
    sim_text_bytes(out, ",", 1);
    sim_text_amount(out, amount, instrument->amount_decimals);
    sim_text_bytes(out, "]", 1);
}

static void add_levels(struct sim_text *out, const struct sim_instrument *instrument,
                       const char *word, const struct sim_level *levels, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        add_entry(out, instrument, word, levels[i].price, levels[i].amount);
    }
}

void sim_payload_snapshot(struct sim_text *out, const struct sim_instrument *instrument,
                          const struct sim_book *book, int64_t now_ms)
{
    add_frame(out, instrument, "snapshot", book->change_id, now_ms);
    sim_text_add(out, ",\"bids\":[");
    add_levels(out, instrument, "\"new\",", book->bids, SIM_BOOK_DEPTH);
    sim_text_add(out, "],\"asks\":[");
    add_levels(out, instrument, "\"new\",", book->asks, SIM_BOOK_DEPTH);
    sim_text_add(out, "]}");
}

int sim_payload_differs(const struct sim_book *sent, const struct sim_book *book)
{
    return memcmp(sent->bids, book->bids, sizeof(book->bids)) != 0 ||
           memcmp(sent->asks, book->asks, sizeof(book->asks)) != 0;
}

/* Both sides are sorted, best first; `sign` is 1 for asks (rising prices) and -1 for bids. */
static void add_changes(struct sim_text *out, const struct sim_instrument *instrument,
                        const struct sim_level *old, const struct sim_level *now, int sign)
{
    unsigned i = 0;
    unsigned j = 0;
    while (i < SIM_BOOK_DEPTH || j < SIM_BOOK_DEPTH) {
        int64_t order = i == SIM_BOOK_DEPTH   ? 1
                        : j == SIM_BOOK_DEPTH ? -1
                                              : (old[i].price - now[j].price) * sign;
        if (order < 0) {
            add_entry(out, instrument, "\"delete\",", old[i++].price, 0);
        } else if (order > 0) {
            add_entry(out, instrument, "\"new\",", now[j].price, now[j].amount);
            j++;
        } else {
            if (old[i].amount != now[j].amount) {
                add_entry(out, instrument, "\"change\",", now[j].price, now[j].amount);
            }
            i++;
            j++;
        }
    }
}

void sim_payload_change(struct sim_text *out, const struct sim_instrument *instrument,
                        const struct sim_book *sent, const struct sim_book *book, int64_t now_ms)
{
    add_frame(out, instrument, "change", book->change_id, now_ms);
    sim_text_add(out, ",\"bids\":[");
    add_changes(out, instrument, sent->bids, book->bids, -1);
    sim_text_add(out, "],\"asks\":[");
    add_changes(out, instrument, sent->asks, book->asks, 1);
    sim_text_add(out, "],\"prev_change_id\":");
    sim_text_int(out, (int64_t)sent->change_id);
    sim_text_add(out, "}");
}

/* Levels whose prices round to one multiple of `step` become one; bids round down, asks up. */
static void add_groups(struct sim_text *out, const struct sim_instrument *instrument,
                       const struct sim_level *levels, int64_t step, unsigned depth, int is_ask)
{
    struct sim_level group = {0, 0};
    unsigned written       = 0;
    for (unsigned i = 0; i < SIM_BOOK_DEPTH && written < depth; i++) {
        int64_t price = (levels[i].price + (is_ask ? step - 1 : 0)) / step * step;
        if (group.amount != 0 && price != group.price) {
            add_entry(out, instrument, NULL, group.price, group.amount);
            group.amount = 0;
            written++;
        }
        group = (struct sim_level){price, group.amount + levels[i].amount};
    }
    if (written < depth) {
        add_entry(out, instrument, NULL, group.price, group.amount);
    }
}

void sim_payload_grouped(struct sim_text *out, const struct sim_market *market,
                         const struct sim_channel *channel, int64_t now_ms)
{
    const struct sim_instrument *instrument = market->instrument;
    int64_t step                            = 1;
    if (channel->group != 0) {
        step = channel->group;
        for (unsigned i = 0; i < instrument->price_decimals; i++) {
            step *= 10;
        }
    }
    add_frame(out, instrument, NULL, market->book.change_id, now_ms);
    sim_text_add(out, ",\"bids\":[");
    add_groups(out, instrument, market->book.bids, step, channel->depth, 0);
    sim_text_add(out, "],\"asks\":[");
    add_groups(out, instrument, market->book.asks, step, channel->depth, 1);
    sim_text_add(out, "]}");
}

void sim_payload_pairs(struct sim_text *out, const struct sim_market *market, unsigned depth)
{
    unsigned count = depth < SIM_BOOK_DEPTH ? depth : SIM_BOOK_DEPTH;
    sim_text_add(out, ",\"bids\":[");
    add_levels(out, market->instrument, NULL, market->book.bids, count);
    sim_text_add(out, "],\"asks\":[");
    add_levels(out, market->instrument, NULL, market->book.asks, count);
    sim_text_add(out, "]");
}
