/*
 * One channel that several lines bring: which of their messages is new, and which was passed on
 * already. Pure; times, records and what is held back are bundle_merge.c's.
 *
 * With sequence numbers a message is new when it follows what was passed on. Without, a message is
 * known by its content: in a ring of hashes of what was passed on each line has its place, and what
 * stands there or later, and is not from itself, came already by another line. So two equal
 * messages in a row on both lines are two.
 */
#ifndef CORE_SESSION_MERGE_H
#define CORE_SESSION_MERGE_H

#include "base/clock.h"
#include "session/gap.h"

#define MERGE_LINES_MAX  8u   /* lines, and those that are about to take over from them */
#define MERGE_WINDOW_MIN 256u /* messages of a channel without numbers that are remembered */
#define MERGE_WINDOW_MAX 4096u

enum merge_verdict {
    MERGE_NEW,   /* it is the next: to be passed on */
    MERGE_SEEN,  /* passed on already */
    MERGE_AHEAD, /* something is missing in front of it, which another line may still bring; or it
                    cannot be told yet */
    MERGE_BACK   /* the line's numbers went back: of no use while another line goes on */
};

/** How far one line has come in the channel. */
struct merge_line {
    clock_ns_t since; /* which acknowledgement of the channel this is about; 0: none */
    uint64_t highest; /* sequence */
    uint64_t cursor;  /* its place in the ring: the number of a message */
    uint8_t counted;  /* `highest` is valid */
    uint8_t fresh;    /* nothing came since the acknowledgement */
    uint8_t joined;   /* it goes on from what was passed on: nothing is missing between */
};

struct merge_channel {
    struct gap_watch passed; /* of what was passed on */
    struct merge_line lines[MERGE_LINES_MAX];
    uint64_t head;    /* messages without numbers passed on so far */
    uint32_t window;  /* a power of two */
    uint64_t *hashes; /* ring of `window`; NULL: none came yet */
    uint8_t *marks;   /* beside it: bits of the lines that brought it */
};

/** What is judged of a message. */
struct merge_item {
    const struct hawser_delivery *delivery;
    uint64_t hash; /* merge_hash; of those without numbers alone */
    size_t line;
};

/** @param window messages; MERGE_WINDOW_MIN to _MAX */
void merge_init(struct merge_channel *channel, uint32_t window);
void merge_fini(struct merge_channel *channel);

/** A window for each of so many channels, so that all of them together stay small. */
uint32_t merge_window(size_t channels);

/** Hot. @return 0 for a message with a sequence number: it needs none */
uint64_t merge_hash(const struct hawser_delivery *delivery);

/**
 * A line brings the channel, acknowledged at `since`. When that is news, it starts anew: it has not
 * joined, and what was passed on before may come once more by it. Hot.
 */
void merge_meet(struct merge_channel *channel, size_t line, clock_ns_t since);
/** The line is gone, or what it brought so far says nothing any more. */
void merge_forget(struct merge_channel *channel, size_t line);

/** Judge a message. Hot. */
enum merge_verdict merge_judge(struct merge_channel *channel, const struct merge_item *item);
/** Judge one again that was AHEAD: the line has come further meanwhile. @return not BACK */
enum merge_verdict merge_judge_again(struct merge_channel *channel, const struct merge_item *item);
/**
 * It is passed on. Hot, but for the memory of the ring, which the first one without a number takes.
 * @return what is missing in front of it
 */
enum gap_verdict merge_pass(struct merge_channel *channel, const struct merge_item *item);

#endif
