/*
 * Messages of made-up instruments, the same at each run. See mix.h.
 */
#include "mix.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX      (64u * 1024u)
#define EXPIRIES         16u
#define STRIKES          64u
#define SNAPSHOT_LEVELS  588u
#define HEAD             "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
#define FIRST_TIME_MS    INT64_C(1767225600000)
#define FIRST_CHANGE     INT64_C(193000000000)
#define BASE_BYTES_GUESS 600u

struct out {
    char *bytes;
    size_t len;
    size_t room;
};

struct writer {
    struct out out;
    uint64_t random;
    char instrument[40];
};

static unsigned pick(struct writer *writer, unsigned count)
{
    writer->random ^= writer->random << 13;
    writer->random ^= writer->random >> 7;
    writer->random ^= writer->random << 17;
    return (unsigned)(writer->random >> 33) % count;
}

static void put(struct writer *writer, const char *format, ...) HAWSER_PRINTF(2, 3);

/* There is room for the longest message, MESSAGE_MAX, whenever one is begun. */
static void put(struct writer *writer, const char *format, ...)
{
    va_list arguments;
    struct out *out = &writer->out;
    va_start(arguments, format);
    int len = vsnprintf(out->bytes + out->len, out->room - out->len, format, arguments);
    va_end(arguments);
    out->len += len > 0 ? (size_t)len : 0;
}

static void choose_instrument(struct writer *writer)
{
    static const char *const MONTHS[] = {"JAN", "MAR", "JUN", "SEP", "DEC"};
    static const char *const COINS[]  = {"BTC", "ETH"};
    unsigned expiry                   = pick(writer, EXPIRIES);
    unsigned strike                   = pick(writer, STRIKES);
    (void)snprintf(writer->instrument, sizeof(writer->instrument), "%s-%u%s27-%u-%c",
                   COINS[pick(writer, 2)], 1 + expiry * 2, MONTHS[expiry % 5],
                   20000 + strike * 1000, pick(writer, 2) ? 'C' : 'P');
}

static double price(struct writer *writer)
{
    return 60000.0 + pick(writer, 20000) / 10.0;
}

static void put_ticker(struct writer *writer, int64_t time_ms, int stamped)
{
    put(writer, HEAD "\"ticker.%s.100ms\",\"data\":{", writer->instrument);
    if (stamped) {
        put(writer, MIX_STAMP_KEY "%0*d\",", (int)MIX_STAMP, 0);
    }
    put(writer,
        "\"timestamp\":%" PRId64 ",\"state\":\"open\",\"stats\":{\"high\":%.1f,\"low\":%.1f,"
        "\"price_change\":%.4f,\"volume\":%.2f,\"volume_usd\":%.2f},",
        time_ms, price(writer), price(writer), pick(writer, 10000) / 1e4, price(writer) / 3,
        price(writer) * 7);
    put(writer,
        "\"index_price\":%.2f,\"instrument_name\":\"%s\",\"last_price\":%.4f,"
        "\"settlement_price\":%.6f,\"min_price\":%.4f,\"max_price\":%.4f,"
        "\"open_interest\":%.1f,\"mark_price\":%.6f,",
        price(writer), writer->instrument, pick(writer, 10000) / 1e4, pick(writer, 10000) / 1e5,
        0.0001, 0.1875, price(writer), pick(writer, 10000) / 1e5);
    put(writer,
        "\"best_ask_price\":%.4f,\"best_bid_price\":%.4f,\"best_ask_amount\":%.1f,"
        "\"best_bid_amount\":%.1f,\"interest_rate\":0.0,\"estimated_delivery_price\":%.2f,"
        "\"underlying_price\":%.4f,\"underlying_index\":\"SYN.%s\",",
        pick(writer, 10000) / 1e4, pick(writer, 10000) / 1e4, pick(writer, 500) / 10.0,
        pick(writer, 500) / 10.0, price(writer), price(writer), writer->instrument);
    put(writer,
        "\"greeks\":{\"vega\":%.5f,\"theta\":-%.5f,\"rho\":%.5f,\"gamma\":%.5f,"
        "\"delta\":%.5f}}}}",
        price(writer) / 1e3, price(writer) / 1e3, price(writer) / 1e3, 1.0 / price(writer),
        pick(writer, 100000) / 1e5);
}

static void put_levels(struct writer *writer, unsigned count)
{
    static const char *const ACTIONS[] = {"new", "change", "delete"};
    for (unsigned i = 0; i < count; i++) {
        put(writer, "%s[\"%s\",%.1f,%.1f]", i > 0 ? "," : "", ACTIONS[pick(writer, 3)],
            price(writer), pick(writer, 200000) / 10.0);
    }
}

static void put_book(struct writer *writer, int64_t time_ms, unsigned levels)
{
    int64_t change = FIRST_CHANGE + time_ms % 1000000;
    put(writer, HEAD "\"book.%s.100ms\",\"data\":{\"timestamp\":%" PRId64 ",\"type\":\"%s\",",
        writer->instrument, time_ms, levels > 10 ? "snapshot" : "change");
    if (levels <= 10) {
        put(writer, "\"prev_change_id\":%" PRId64 ",", change - 3);
    }
    put(writer, "\"instrument_name\":\"%s\",\"change_id\":%" PRId64 ",\"bids\":[",
        writer->instrument, change);
    put_levels(writer, levels);
    put(writer, "],\"asks\":[");
    put_levels(writer, levels);
    put(writer, "]}}}");
}

static void put_trades(struct writer *writer, int64_t time_ms)
{
    put(writer,
        HEAD "\"trades.%s.100ms\",\"data\":[{\"trade_seq\":%u,\"trade_id\":\"%u\","
             "\"timestamp\":%" PRId64 ",\"tick_direction\":%u,\"price\":%.4f,",
        writer->instrument, 1 + pick(writer, 1000000), 1 + pick(writer, 100000000), time_ms,
        pick(writer, 4), pick(writer, 10000) / 1e4);
    put(writer,
        "\"label\":\"caf\xc3\xa9 \\\"\xe6\x9d\xb1\xe4\xba\xac\\\" \\u20ac\\n\","
        "\"mark_price\":%.6f,\"iv\":%.2f,\"instrument_name\":\"%s\",\"index_price\":%.2f,"
        "\"direction\":\"%s\",\"contracts\":%.1f,\"amount\":%.1f}]}}",
        pick(writer, 10000) / 1e5, price(writer) / 1e3, writer->instrument, price(writer),
        pick(writer, 2) ? "buy" : "sell", pick(writer, 500) / 10.0, pick(writer, 500) / 10.0);
}

static void put_message(struct writer *writer, unsigned i, int stamped)
{
    int64_t time_ms = FIRST_TIME_MS + (int64_t)i * 3;
    choose_instrument(writer);
    if (stamped) {
        put_ticker(writer, time_ms, 1);
    } else if (i % 1000 == 500) {
        put_book(writer, time_ms, SNAPSHOT_LEVELS);
    } else if (i % 5 < 2) {
        put_ticker(writer, time_ms, 0);
    } else if (i % 5 < 4) {
        put_book(writer, time_ms, 2);
    } else {
        put_trades(writer, time_ms);
    }
}

static int make_room(struct out *out)
{
    if (out->room - out->len >= MESSAGE_MAX) {
        return 0;
    }
    size_t room = out->room == 0 ? (size_t)MIX_MESSAGES * BASE_BYTES_GUESS : out->room * 2;
    char *bytes = realloc(out->bytes, room);
    if (bytes == NULL) {
        return -1;
    }
    out->bytes = bytes;
    out->room  = room;
    return 0;
}

int mix_init(struct mix *mix, int stamped)
{
    struct writer writer = {.random = UINT64_C(0x9e3779b97f4a7c15)};
    for (unsigned i = 0; i < MIX_MESSAGES; i++) {
        if (make_room(&writer.out) != 0) {
            free(writer.out.bytes);
            return -1;
        }
        mix->starts[i] = writer.out.len;
        put_message(&writer, i, stamped);
    }
    mix->starts[MIX_MESSAGES] = writer.out.len;
    mix->bytes                = writer.out.bytes;
    mix->len                  = writer.out.len;
    return 0;
}

void mix_fini(struct mix *mix)
{
    free(mix->bytes);
    mix->bytes = NULL;
}

struct hawser_slice mix_message(const struct mix *mix, uint64_t i)
{
    size_t at = (size_t)(i % MIX_MESSAGES);
    return (struct hawser_slice){mix->bytes + mix->starts[at],
                                 mix->starts[at + 1] - mix->starts[at]};
}
