/*
 * struct bundle as its parts in this folder see it, and what they offer each other.
 */
#ifndef CORE_SESSION_BUNDLE_OBJECT_H
#define CORE_SESSION_BUNDLE_OBJECT_H

#include "base/list.h"
#include "base/obj.h"
#include "session/bundle.h"
#include "session/merge.h"
#include "session/object.h"
#include "session/overlap.h"

#define BUNDLE_MAGIC      0x42554e44u
#define BUNDLE_LINE_MAGIC 0x424c494eu

/** An acknowledged channel on which nothing came is taken to be covered by a line after so long:
 * what was on its way to another line before has come by then. */
#define BUNDLE_COVER_NS (500 * CLOCK_NS_PER_MS)

/** One connection of the session. */
struct bundle_line {
    OBJ_MAGIC_FIELD;
    struct list node;
    struct bundle *bundle;
    struct session *session;
    void *context;              /* of the owner's, from line_open */
    size_t slot;                /* in struct merge_channel; the log has it, counted from 1 */
    size_t place;               /* from 0: which url and address comes first */
    uint8_t retiring;           /* told to leave; freed when it has */
    unsigned generation;        /* of the settings that it is made of */
    double spread;              /* 0 to 1: so that links do not rotate together */
    struct overlap place_taken; /* given back when it is gone */
    uint64_t won;               /* messages that it brought first */
    uint64_t leads;             /* of those, how often another line brought the same next */
    int64_t lead_ns;            /* and by how much it was earlier, all together */
    struct telemetry_cell *won_cell;
    struct telemetry_cell *lead_cell;
};

/** A channel that lines are merged in. */
struct bundle_channel {
    struct merge_channel merge;
    const struct channel *name;        /* in the book */
    struct list holding;               /* in bundle_merge.holding, while messages are held back */
    struct list held[MERGE_LINES_MAX]; /* struct bundle_held, of each line in its order */
    size_t held_count;
    uint8_t owes; /* a gap is to be told before the next data */
    uint8_t told; /* a gap was told since the last data */
    uint8_t torn; /* a gap was told since the last snapshot */
    uint8_t has_snapshots;
    uint8_t stale_told;
    uint8_t holed;     /* standing by, a message of it was not kept */
    uint8_t marked;    /* it is known how far another process was */
    uint8_t passed_by; /* slot */
    int64_t passed_ns; /* realtime of the last message passed on */
    clock_ns_t passed_at;
    clock_ns_t seen_at; /* a line brought what was passed on before */
    int64_t owed_since_ns;
    char owed_reason[16];
    char owed_message[160];
};

/** A message of a line that has not joined, until it has or nothing else goes on. */
struct bundle_held {
    struct list node;
    struct hawser_delivery delivery; /* its channel's name is of the book */
    uint64_t hash;
    size_t slot;
    clock_ns_t at;
    char bytes[];
};

/** While there are several lines, and a while longer. */
struct bundle_merge {
    struct wanted book;  /* channels by name: struct bundle_channel */
    struct list holding; /* struct bundle_channel */
    size_t held_bytes;
    struct event timer; /* while anything is held back */
    uint64_t sequence;
    uint64_t epoch_gone; /* connections of lines that are no more */
    uint64_t gaps;
    uint64_t covered; /* gaps and closes of one line that another one made good */
    struct complaint overflow;
    struct complaint elsewhere;
    struct complaint unmet; /* another process ended elsewhere than this one began */
};

/** One line on its way to take over from another. Zero: none is. */
struct bundle_succession {
    struct bundle_line *old;
    struct bundle_line *like; /* whose settings the next one has; NULL: the old one's */
    struct bundle_line *next; /* NULL: to be made when there is room for it */
    struct overlap place;
    uint8_t started;
    uint8_t told; /* that it waits for room */
    clock_ns_t deadline;
    clock_ns_t ready_at;   /* 0: it is not READY */
    clock_ns_t not_before; /* of the next rotation */
};

/** Beside a bundle of the same session in another process: bundle_standby.c, bundle_yield.c. */
struct bundle_standby {
    uint8_t is_on; /* the other one passes on; ours is held back */
    uint8_t started;
    uint8_t told;      /* the owner knows that it could take over, or that it cannot */
    uint8_t waits;     /* the log knows that it waits for room */
    uint8_t remembers; /* the other one will ask how far we are */
    uint8_t yielded;   /* it has asked */
    struct overlap place;
    clock_ns_t deadline;
    clock_ns_t ready_at;          /* 0: it is not */
    struct telemetry_cell unseen; /* its state is the other one's to tell */
};

struct bundle {
    OBJ_MAGIC_FIELD;
    struct bundle_env env;
    struct list lines; /* struct bundle_line, retiring ones included */
    char *name;
    struct log_subject log; /* for lines about the whole */
    size_t wanted_lines;
    size_t next_lines; /* once a move is done */
    int64_t rotate_ms;
    int64_t takeover_ms;
    unsigned generation; /* of the newest settings */
    uint8_t moving;      /* the first line of them is to take over yet */
    struct bundle_succession succession;
    struct bundle_standby standby;
    uint8_t leaving;
    enum hawser_state state;
    struct event tidy;          /* lines come and go from the loop, never inside a call */
    clock_ns_t alone_at;        /* since when one line goes on alone */
    struct bundle_merge *merge; /* NULL: one line, handed through */
};

#define LINE_OF(list_node) LIST_ENTRY(list_node, struct bundle_line, node)

/** The first line: of what all have alike, each may tell. */
static inline struct bundle_line *bundle_first(const struct bundle *bundle)
{
    return LINE_OF(bundle->lines.next);
}

/* bundle.c */
void bundle_take_options(struct bundle *bundle, const struct bundle_options *options);
/** The lines' level of the log is the bundle's. */
void bundle_take_log_level(struct bundle *bundle);

/* bundle_line.c */
/**
 * Make a line, in state IDLE, at the end of the list, and begin to merge where it is not the only
 * one.
 * @param options  of the first place; NULL: those of `like`, with its channels and credentials
 * @param like     NULL: of the owner's newest settings
 * @return         borrowed; NULL with err set
 */
struct bundle_line *bundle_line_create(struct bundle *bundle, const struct session_options *options,
                                       struct bundle_line *like, size_t place,
                                       struct hawser_error *err);
/** Options of the first place as another place has them. @param urls room, for as long as `to` */
void bundle_options_for(const struct session_options *from, size_t by, size_t place,
                        const char *urls[URLS_MAX + 1], struct session_options *to);
/** Tell it to leave; it is freed when it has. */
void bundle_line_retire(struct bundle_line *line, const char *reason);
/** Whose state is best; the owner is told when that changed. */
void bundle_restate(struct bundle *bundle, const struct hawser_error *why);
/** Not from inside callbacks of the line. NULL is allowed. */
void bundle_line_destroy(struct bundle_line *line);
/** @return NULL: none has this slot */
struct bundle_line *bundle_line_of(const struct bundle *bundle, size_t slot);

/** Merging, with one line: what it wins is of no interest. */
void bundle_line_win_unseen(struct bundle *bundle);

/* bundle_succeed.c */
/** Go on with a succession, or begin one that is due. @return when to look again [ms]; 0: no need
 */
int64_t bundle_succeed(struct bundle *bundle);
/** A line is about to be freed. */
void bundle_line_went(struct bundle_line *line);
/** One of the newest settings; NULL: none. */
struct bundle_line *bundle_newest_line(const struct bundle *bundle);

/* bundle_move.c */
/** Whoever is to take over shall not. */
void bundle_move_drop(struct bundle *bundle, const char *reason);
/** One of older settings; NULL: none. */
struct bundle_line *bundle_outdated_line(const struct bundle *bundle);
/** @param why NULL: done; else it failed */
void bundle_move_done(struct bundle *bundle, const struct hawser_error *why);

/* bundle_standby.c */
/** Start, and look whether it could take over. @return when to look again [ms]; 0: no need */
int64_t bundle_standby_look(struct bundle *bundle);
/** Keep the place for the connection beside the other one's, as long as there is one. @return when
 * to do so again [ms]; 0: no need */
int64_t bundle_standby_renew(struct bundle *bundle);
/** Nobody knows how far the other one was: a gap is told. What starts with a whole state may be
 * passed on from there, as after any gap; the rest would come twice, and is dropped. */
void bundle_standby_anew(struct bundle *bundle, struct bundle_channel *channel, int64_t since_ns,
                         const char *why);
/** A line's link is gone, or a message was missing in a channel of it (NULL: in all): what is held
 * from before does not go together with what follows. */
void bundle_standby_break(struct bundle_line *line, struct bundle_channel *channel);

/* bundle_tidy.c */
/** The first that is not on its way out. */
struct bundle_line *bundle_first_staying(const struct bundle *bundle);
/** As many lines as are wanted, and no more; from the loop, soon. */
void bundle_tidy_soon(struct bundle *bundle);
void bundle_on_tidy(evutil_socket_t fd, short what, void *arg);

/* bundle_merge.c */
/** A record of a line, while merging. Hot. */
void bundle_merge_record(struct bundle_line *line, const struct hawser_record *record);
/** Number a record, and hand it to the owner. Hot. */
void bundle_put(struct bundle *bundle, const struct hawser_record *record);
/**
 * Pass a message on. Hot.
 * @param record  NULL: it was held back
 * @param hole    NULL: it follows what was passed on; else why it cannot be told what is missing in
 *                front of it: a gap says so, and the channel begins anew with it
 */
void bundle_pass(struct bundle *bundle, struct bundle_channel *channel,
                 const struct merge_item *item, const struct hawser_record *record,
                 const char *hole);
/** A gap is to be told, before the channel's next data at the latest. */
void bundle_owe(struct bundle_channel *channel, int64_t since_ns, const char *reason,
                const char *message);
/** Tell it, if it is owed. */
void bundle_tell_owed(struct bundle *bundle, struct bundle_channel *channel,
                      struct hawser_slice name);

/* bundle_hold.c */
/** A message that follows nothing: it waits while another line covers the channel, and else is
 * passed on behind a gap. */
void bundle_hold(struct bundle_line *line, struct bundle_channel *channel,
                 const struct merge_item *item, const struct hawser_record *record);
/** A message is about to be passed on: what other lines hold from in front of it goes first. */
void bundle_hold_before(struct bundle *bundle, struct bundle_channel *channel,
                        const struct merge_item *item);
/** A message of a line was passed on, or seen: what was held back may follow now. */
void bundle_hold_look(struct bundle *bundle, struct bundle_channel *channel,
                      const struct merge_item *item);
/** Pass on whatever is held back in any channel, behind gaps. */
void bundle_hold_flush_all(struct bundle *bundle);
/** Lines went, or are not what they seemed: where no other line covers a channel, what is held back
 * is passed on behind a gap. */
void bundle_hold_recheck(struct bundle *bundle);
/** Drop what was held back of one line, or of all (SIZE_MAX), in a channel. */
void bundle_hold_drop(struct bundle *bundle, struct bundle_channel *channel, size_t slot);
/** Standing by: keep every message, the newest ones where there is no room for all. */
void bundle_hold_all(struct bundle *bundle, struct bundle_channel *channel,
                     const struct merge_item *item);
/** Drop one that is held back. */
void bundle_hold_release(struct bundle *bundle, struct bundle_channel *channel,
                         struct bundle_held *held);
/** What was held back of all channels may be passed on from here on. */
void bundle_hold_end(struct bundle *bundle);
void bundle_hold_on_timer(evutil_socket_t fd, short what, void *arg);

/* bundle_cover.c */
/** Begin to merge, before a second line is there. @return 0, or -1 with err set */
int bundle_merge_begin(struct bundle *bundle, struct hawser_error *err) HAWSER_MUST_CHECK;
/** One line goes on alone. */
void bundle_merge_end(struct bundle *bundle);
/** At the end of the bundle. */
void bundle_merge_free(struct bundle *bundle);
/** The lines want other channels than before: take them into the book, and others out. */
int bundle_merge_sync(struct bundle *bundle, struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return NULL: not in the book. Hot. */
struct bundle_channel *bundle_channel_find(const struct bundle *bundle, struct hawser_slice name);
/** Does a line other than `but` (NULL: any) bring everything that follows what was passed on? */
int bundle_is_covered(const struct bundle *bundle, const struct bundle_channel *channel,
                      struct hawser_slice name, const struct bundle_line *but);
/** Is the line confirmed in a channel of which nothing came, when it is right that nothing did?
 * Hot.
 */
int bundle_is_silent(const struct bundle_channel *channel, const struct channel *own);
/** May it still show that the line covers a channel that it does not yet? */
int bundle_is_in_doubt(const struct bundle_line *line);
/** @return of how many channels the line brings everything */
size_t bundle_count_covered(const struct bundle_line *line);
/** A line's link is gone: gaps are owed where no other covers. */
void bundle_line_lost(struct bundle_line *line);
/** A line is gone for good. */
void bundle_line_forget(struct bundle_line *line);

#endif
