/*
 * The book of channels: which are wanted (by the config, at run time), and how far each has come.
 * Compact: one array of tags is all that a look-up of a foreign name touches. No I/O, no timers.
 */
#ifndef CORE_SESSION_WANTED_H
#define CORE_SESSION_WANTED_H

#include "base/clock.h"
#include "base/list.h"
#include "hawser/error.h"
#include "session/gap.h"

struct bundle_channel;

enum channel_state {
    CHANNEL_WANTED,    /* to be asked for */
    CHANNEL_PENDING,   /* asked for, not answered */
    CHANNEL_CONFIRMED, /* acknowledged by the exchange */
    CHANNEL_REFUSED,   /* refused or left out; asked for again later */
    CHANNEL_UNWANTED,  /* to be given up on the wire; wanted again (to heal it) or for good */
    CHANNEL_LEAVING,   /* given up on the wire, not yet acknowledged */
    CHANNEL_STATE_COUNT
};

enum channel_origin {
    CHANNEL_BY_CONFIG = 1u << 0,
    CHANNEL_BY_CALL   = 1u << 1, /* at run time */
    CHANNEL_STAGED    = 1u << 2  /* by a config that is about to be taken over */
};

struct channel {
    struct list in_state;
    uint32_t refusals;
    uint32_t asked_with;     /* channels in the batch that it was last asked for in */
    uint32_t most_with;      /* of the next one; 0: as many as the adapter takes */
    clock_ns_t asked_at;     /* PENDING, LEAVING: since */
    clock_ns_t confirmed_at; /* CONFIRMED: since */
    clock_ns_t retry_at;     /* REFUSED: not before */
    clock_ns_t heal_at;      /* not healed again before */
    int64_t stale_after_ns;  /* 0: silence is normal */
    int64_t gap_since_ns;    /* with gap_pending */
    uint64_t hash;
    /* What every message touches stands together, and with the name. */
    struct bundle_channel *merged; /* in the book of a bundle that merges lines; else NULL */
    clock_ns_t seen_at;            /* monotonic: it delivered or was confirmed */
    int64_t good_ns;               /* realtime of its last delivery; 0: none */
    struct gap_watch gap;
    uint8_t state;       /* enum channel_state */
    uint8_t origin;      /* enum channel_origin, or-ed; 0: no longer wanted */
    uint8_t confirmed;   /* at least once since it is wanted */
    uint8_t gap_pending; /* a break was not announced yet */
    uint8_t heal_pending;
    uint8_t strikes; /* how often it went stale since it last delivered */
    uint8_t has_snapshots;
    uint32_t name_len;
    char name[]; /* NUL-terminated */
};

struct wanted {
    uint32_t *tags;            /* 0: free; 1: was removed; else from the hash */
    struct channel **channels; /* beside the tags */
    size_t slots;              /* a power of two; 0: nothing was ever added */
    size_t used;               /* slots that are not free */
    size_t count;              /* channels, those that are leaving included */
    size_t max_channels;
    const char *expected;             /* by wanted_expect: where the name stood */
    struct channel *expected_channel; /* what it found by then; NULL: nothing */
    struct list in_state[CHANNEL_STATE_COUNT];
    size_t state_count[CHANNEL_STATE_COUNT];
};

void wanted_init(struct wanted *wanted, size_t max_channels);
void wanted_fini(struct wanted *wanted);

/** Hot: no memory is taken, nothing is copied. @return borrowed, NULL: not in the book */
struct channel *wanted_find(const struct wanted *wanted, struct hawser_slice name);
/** wanted_find will follow for this very slice: fetch what it reads. Hot. @param name borrowed, and
 * only compared with that slice */
void wanted_expect(struct wanted *wanted, struct hawser_slice name);
/**
 * Want channels for the reason `origin`, all or none of them.
 * @error SYSTEM_LIMIT: over max_channels; SYSTEM_MEMORY; REQUEST_INVALID: an empty name
 */
int wanted_add(struct wanted *wanted, const struct hawser_slice *names, size_t count,
               enum channel_origin origin, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Move a channel on. */
void wanted_move(struct wanted *wanted, struct channel *channel, enum channel_state state);
/** Strike a channel off the book; it is freed. */
void wanted_remove(struct wanted *wanted, struct channel *channel);
/** @return how many are wanted: all but those that are given up */
size_t wanted_count(const struct wanted *wanted);

static inline struct hawser_slice channel_name(const struct channel *channel)
{
    return (struct hawser_slice){channel->name, channel->name_len};
}

#define CHANNEL_OF(node) LIST_ENTRY(node, struct channel, in_state)

#endif
