/*
 * The grammar of channel names. See channel.h.
 */
#include "sim/channel.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "sim/instrument.h"

#define PARTS_MAX 6u

struct parts {
    struct hawser_slice part[PARTS_MAX];
    unsigned count;
};

static int split(struct hawser_slice name, struct parts *out)
{
    out->count = 0;
    size_t at  = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i == name.len || name.data[i] == '.') {
            if (out->count == PARTS_MAX || i == at) {
                return -1;
            }
            out->part[out->count++] = slice_make(name.data + at, i - at);
            at                      = i + 1;
        }
    }
    return 0;
}

static int parse_interval(struct hawser_slice text, struct sim_channel *out)
{
    static const char *const names[] = {"raw", "100ms", "agg2"};
    for (unsigned i = 0; i < 3; i++) {
        if (slice_equal_text(text, names[i])) {
            out->interval = (enum sim_interval)i;
            out->has_raw  = i == SIM_RAW && !out->is_private;
            return 0;
        }
    }
    return -1;
}

static int parse_instrument(struct hawser_slice text, struct sim_channel *out)
{
    out->instrument = sim_instrument_find(text);
    return out->instrument < 0 ? -1 : 0;
}

static int copy_word(struct hawser_slice text, char *out, size_t size)
{
    if (text.len >= size) {
        return -1;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

static int parse_family(struct hawser_slice family, struct hawser_slice currency,
                        struct sim_channel *out)
{
    out->instrument = -1;
    if (copy_word(family, out->family, sizeof(out->family)) != 0 ||
        copy_word(currency, out->currency, sizeof(out->currency)) != 0) {
        return -1;
    }
    return sim_kind_is_known(out->family) && sim_currency_is_known(out->currency) ? 0 : -1;
}

static int parse_one_of(struct hawser_slice text, const unsigned *allowed, unsigned *out)
{
    char word[8];
    if (copy_word(text, word, sizeof(word)) != 0 || !isdigit((unsigned char)word[0])) {
        return -1;
    }
    char *end           = NULL;
    unsigned long value = strtoul(word, &end, 10);
    for (; *end == '\0' && *allowed != 0; allowed++) {
        if (value == *allowed) {
            *out = *allowed;
            return 0;
        }
    }
    return -1;
}

/* NAME.instrument.interval */
static int parse_plain(const struct parts *p, struct sim_channel *out)
{
    return p->count == 3 && parse_instrument(p->part[1], out) == 0 ? parse_interval(p->part[2], out)
                                                                   : -1;
}

static int parse_perpetual(const struct parts *p, struct sim_channel *out)
{
    return parse_plain(p, out) == 0 && SIM_INSTRUMENTS[out->instrument].is_perpetual ? 0 : -1;
}

/* NAME.instrument */
static int parse_single(const struct parts *p, struct sim_channel *out)
{
    return p->count == 2 ? parse_instrument(p->part[1], out) : -1;
}

static int parse_book(const struct parts *p, struct sim_channel *out)
{
    static const unsigned groups[] = {1, 2, 5, 10, 25, 100, 250, 0};
    static const unsigned depths[] = {1, 10, 20, 0};
    if (p->count == 3) {
        return parse_plain(p, out);
    }
    out->kind = SIM_BOOK_GROUPED;
    if (p->count != 5 || parse_instrument(p->part[1], out) != 0 ||
        parse_interval(p->part[4], out) != 0 ||
        parse_one_of(p->part[3], depths, &out->depth) != 0) {
        return -1;
    }
    return slice_equal_text(p->part[2], "none") ? 0 : parse_one_of(p->part[2], groups, &out->group);
}

/* NAME.instrument.interval or NAME.kind.currency.interval; `from` is where the part after NAME
 * stands */
static int parse_either(const struct parts *p, unsigned from, struct sim_channel *out)
{
    if (p->count == from + 2) {
        return parse_instrument(p->part[from], out) == 0 ? parse_interval(p->part[from + 1], out)
                                                         : -1;
    }
    if (p->count != from + 3 || parse_family(p->part[from], p->part[from + 1], out) != 0) {
        return -1;
    }
    return parse_interval(p->part[from + 2], out);
}

static int parse_trades(const struct parts *p, struct sim_channel *out)
{
    return parse_either(p, 1, out);
}

static int parse_index(const struct parts *p, struct sim_channel *out)
{
    out->instrument = p->count == 2 ? sim_index_find(p->part[1]) : -1;
    return out->instrument < 0 ? -1 : 0;
}

static int parse_platform(const struct parts *p, struct sim_channel *out)
{
    if (p->count == 2 && slice_equal_text(p->part[1], "public_methods_state")) {
        out->kind = SIM_QUIET;
        return 0;
    }
    return p->count == 1 ? 0 : -1;
}

static int parse_quiet(const struct parts *p, struct sim_channel *out)
{
    if (slice_equal_text(p->part[0], "instrument")) {
        return p->count == 4 && slice_equal_text(p->part[1], "state")
                   ? parse_family(p->part[2], p->part[3], out)
                   : -1;
    }
    return p->count == 1 ? 0 : -1;
}

static int parse_user(const struct parts *p, struct sim_channel *out)
{
    static const struct {
        const char *word;
        enum sim_channel_kind kind;
    } kinds[] = {
        {"orders", SIM_USER_ORDERS}, {"trades", SIM_USER_TRADES}, {"changes", SIM_USER_CHANGES}};
    out->is_private = 1;
    if (p->count == 2 &&
        (slice_equal_text(p->part[1], "lock") || slice_equal_text(p->part[1], "access_log"))) {
        out->kind = SIM_QUIET;
        return 0;
    }
    if (p->count == 3 && slice_equal_text(p->part[1], "portfolio")) {
        out->kind = SIM_USER_PORTFOLIO;
        for (char *at = out->name; *at != '\0'; at++) {
            *at = (char)tolower((unsigned char)*at);
        }
        return parse_family(SLICE_LITERAL("any"), p->part[2], out);
    }
    for (unsigned i = 0; p->count > 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_equal_text(p->part[1], kinds[i].word)) {
            out->kind = kinds[i].kind;
            return parse_either(p, 2, out);
        }
    }
    return -1;
}

int sim_channel_parse(struct hawser_slice name, struct sim_channel *out)
{
    static const struct {
        const char *word;
        enum sim_channel_kind kind;
        int (*parse)(const struct parts *parts, struct sim_channel *out);
    } rows[] = {
        {"book", SIM_BOOK, parse_book},
        {"ticker", SIM_TICKER, parse_plain},
        {"incremental_ticker", SIM_INCREMENTAL_TICKER, parse_single},
        {"quote", SIM_QUOTE, parse_single},
        {"trades", SIM_TRADES, parse_trades},
        {"perpetual", SIM_PERPETUAL, parse_perpetual},
        {"deribit_price_index", SIM_PRICE_INDEX, parse_index},
        {"platform_state", SIM_PLATFORM_STATE, parse_platform},
        {"announcements", SIM_QUIET, parse_quiet},
        {"instrument", SIM_QUIET, parse_quiet},
        {"user", SIM_USER_ORDERS, parse_user},
    };
    struct parts parts;
    *out = (struct sim_channel){.interval = SIM_100MS, .instrument = -1};
    if (split(name, &parts) != 0 || copy_word(name, out->name, sizeof(out->name)) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (slice_equal_text(parts.part[0], rows[i].word)) {
            out->kind = rows[i].kind;
            return rows[i].parse(&parts, out);
        }
    }
    return -1;
}

int sim_channel_covers(const struct sim_channel *channel, unsigned instrument)
{
    if (channel->instrument >= 0) {
        return (unsigned)channel->instrument == instrument;
    }
    return sim_instrument_matches(&SIM_INSTRUMENTS[instrument], channel->family, channel->currency);
}
