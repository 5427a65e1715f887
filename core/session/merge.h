/*
 * One channel that several lines bring: which of their messages is new, and which was passed on
 * already. Pure; times, records and what is held back are bundle_merge.c's.
 *
 * With sequence numbers a message is new when it follows what was passed on. Without, a message is
 * known by its content: in a ring of hashes of what was passed on each line has its place, and what
 * stands there or later, and is not from itself, came already by another line. So two equal
 * messages in a row on both lines are two.
 *
 * A line has joined when it is shown to be of the same stream: by numbers when it has come to what
 * was passed on last as it began, from below or since the others came to its first one; by content
 * when it brought what another had. Lower numbers alone show nothing: another exchange may count
 * from there.
 */
#ifndef CORE_SESSION_MERGE_H
#define CORE_SESSION_MERGE_H

#include "base/clock.h"
#include "session/gap.h"

#define MERGE_LINES_MAX  8u   /* lines, and those that are about to take over from them */
#define MERGE_WINDOW_MIN 256u /* messages of a channel without numbers that are remembered */
#define MERGE_WINDOW_MAX 4096u

/** A line that has not joined is waited for so long, whatever it looks like, */
#define MERGE_PATIENCE_NS CLOCK_NS_PER_S
/** and no longer than so, even where its numbers come nearer. */
#define MERGE_PATIENCE_MAX_NS (5 * CLOCK_NS_PER_S)

enum merge_verdict {
    MERGE_NEW,   /* it is the next: to be passed on */
    MERGE_SEEN,  /* passed on already */
    MERGE_AHEAD, /* something is missing in front of it, which another line may still bring; or it
                    cannot be told yet */
    MERGE_BACK   /* older, by its number, than what was passed on before the line began: it is
                    behind, or counts from elsewhere */
};

/** Where a line stands in a channel. */
enum merge_stand {
    MERGE_JOINED,   /* nothing is missing between what was passed on and what it brings */
    MERGE_TRAILS,   /* its numbers are lower, and may come to where the others were */
    MERGE_LEADS,    /* its numbers are higher, and the others may come to where it began */
    MERGE_UNKNOWN,  /* nothing came that could tell */
    MERGE_ELSEWHERE /* it counts from elsewhere, or has nothing in common with the others */
};

/** How far one line has come in the channel. */
struct merge_line {
    clock_ns_t since;    /* which acknowledgement of the channel this is about; 0: none */
    clock_ns_t begun_at; /* its first message since it has to be told anew; 0: none came */
    uint64_t first;      /* the number of that */
    uint64_t mark;       /* what was passed on last by then */
    uint64_t highest;    /* sequence */
    uint64_t cursor;     /* its place in the ring: the number of a message */
    uint8_t counted;     /* its messages have numbers */
    uint8_t fresh;       /* nothing came since the acknowledgement */
    uint8_t joined;
    uint8_t assumed;    /* joined, but by its silence alone */
    uint8_t went_back;  /* its numbers did, in one subscription: it is not behind */
    uint8_t from_first; /* by content: it joined by the very message with which the channel began */
};

struct merge_channel {
    struct gap_watch passed; /* of what was passed on */
    struct merge_line lines[MERGE_LINES_MAX];
    clock_ns_t begun_at; /* the first message since the last gap was passed on; 0: none was */
    uint64_t head;       /* messages without numbers passed on so far */
    uint64_t floor;      /* those before this one count no longer */
    uint32_t window;     /* a power of two */
    uint64_t *hashes;    /* ring of `window`; NULL: none came yet */
    uint8_t *marks;      /* beside it: bits of the lines that brought it */
};

/** What is judged of a message. */
struct merge_item {
    const struct hawser_delivery *delivery;
    uint64_t hash; /* merge_hash; of those without numbers alone */
    size_t line;
    clock_ns_t at; /* monotonic: when it came; not 0 */
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
 * @return 1: it is news
 */
int merge_meet(struct merge_channel *channel, size_t line, clock_ns_t since);
/** The line misses messages: it has to be told anew whether it goes on from what was passed on. */
void merge_doubt(struct merge_channel *channel, size_t line);
/** The line is gone, or what it brought so far says nothing any more. */
void merge_forget(struct merge_channel *channel, size_t line);
/** A gap is told: whatever comes next, from whichever line, begins the channel anew. */
void merge_restart(struct merge_channel *channel);

/** Judge a message. Hot. */
enum merge_verdict merge_judge(struct merge_channel *channel, const struct merge_item *item);
/** Judge one again that was AHEAD or BACK: the lines have come further meanwhile. */
enum merge_verdict merge_judge_again(struct merge_channel *channel, const struct merge_item *item);
/** The hashes of the last messages without numbers that were passed on, oldest first. @return how
 * many */
size_t merge_recent(const struct merge_channel *channel, uint64_t *out, size_t room);
/** Is this hash among those that are remembered? */
int merge_recalls(const struct merge_channel *channel, uint64_t hash);
/** These were passed on by somebody else, and nothing before. Without memory for them they come
 * twice. */
void merge_recall(struct merge_channel *channel, const uint64_t *hashes, size_t count,
                  clock_ns_t now);
/** A line brought the first `count` of those, and goes on from there. */
void merge_join(struct merge_channel *channel, size_t line, size_t count);
/** A line whose messages were not judged began with this one, and has come to the number `highest`.
 */
void merge_follow(struct merge_channel *channel, const struct merge_item *first, uint64_t highest);
/** Was this content passed on, by another line, wherever that stands in the ring? It counts as
 * brought by this line from now on. */
int merge_has_passed(struct merge_channel *channel, const struct merge_item *item);
/**
 * It is passed on. Hot, but for the memory of the ring, which the first one without a number takes.
 * @return what is missing in front of it
 */
enum gap_verdict merge_pass(struct merge_channel *channel, const struct merge_item *item);

/**
 * Where does the line stand? One that has not joined within MERGE_PATIENCE_NS is ELSEWHERE as soon
 * as it can be seen that at this pace it does not within MERGE_PATIENCE_MAX_NS either.
 */
enum merge_stand merge_stand(const struct merge_channel *channel, size_t line, clock_ns_t now);
/** It was waited for long enough, or is known not to come: while others go on it is of no use. */
int merge_is_given_up(const struct merge_channel *channel, size_t line, clock_ns_t now);

#endif
