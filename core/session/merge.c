/*
 * Which message of several lines is new. See merge.h.
 */
#include "session/merge.h"

#include <stdlib.h>

#include "base/hash.h"

#define MEMORY_BYTES (8u << 20) /* of all rings of a session, as far as the least window allows */

static int is_sequenced(const struct hawser_delivery *delivery)
{
    return (delivery->flags & HAWSER_DELIVERY_SEQUENCED) != 0;
}

static uint8_t mark_of(size_t line)
{
    return (uint8_t)(1u << line);
}

void merge_init(struct merge_channel *channel, uint32_t window)
{
    *channel = (struct merge_channel){.window = window};
}

void merge_fini(struct merge_channel *channel)
{
    free(channel->hashes);
    free(channel->marks);
    channel->hashes = NULL;
    channel->marks  = NULL;
}

uint32_t merge_window(size_t channels)
{
    uint32_t window = MERGE_WINDOW_MAX;
    while (window > MERGE_WINDOW_MIN && channels * window * sizeof(uint64_t) > MEMORY_BYTES) {
        window /= 2;
    }
    return window;
}

uint64_t merge_hash(const struct hawser_delivery *delivery)
{
    return is_sequenced(delivery) ? 0 : hash_bytes(delivery->data.data, delivery->data.len);
}

static uint64_t tail_of(const struct merge_channel *channel)
{
    uint64_t tail = channel->head > channel->window ? channel->head - channel->window : 0;
    return tail > channel->floor ? tail : channel->floor;
}

int merge_meet(struct merge_channel *channel, size_t line, clock_ns_t since)
{
    struct merge_line *self = &channel->lines[line];
    if (self->since == since) {
        return 0;
    }
    *self = (struct merge_line){.since = since, .fresh = 1, .cursor = tail_of(channel)};
    for (uint64_t at = self->cursor; channel->marks != NULL && at < channel->head; at++) {
        channel->marks[at & (channel->window - 1)] &= (uint8_t)~mark_of(line);
    }
    return 1;
}

void merge_doubt(struct merge_channel *channel, size_t line)
{
    struct merge_line *self = &channel->lines[line];
    self->begun_at          = 0;
    self->joined            = 0;
    self->assumed           = 0;
    self->went_back         = 0;
    self->from_first        = 0;
}

void merge_forget(struct merge_channel *channel, size_t line)
{
    channel->lines[line] = (struct merge_line){0};
}

void merge_restart(struct merge_channel *channel)
{
    channel->passed   = (struct gap_watch){0};
    channel->begun_at = 0;
    channel->floor    = channel->head;
    for (size_t line = 0; line < MERGE_LINES_MAX; line++) {
        merge_doubt(channel, line);
        channel->lines[line].highest = 0;
    }
}

/* Where does it stand to what was passed on? */
static enum merge_verdict place(struct merge_channel *channel, const struct merge_item *item)
{
    const struct hawser_delivery *delivery = item->delivery;
    const struct gap_watch *passed         = &channel->passed;
    struct merge_line *self                = &channel->lines[item->line];
    int follows                            = (delivery->flags & HAWSER_DELIVERY_FOLLOWS) != 0
                                                 ? delivery->previous == passed->last
                                                 : delivery->sequence == passed->last + 1;
    if (!passed->seen) {
        return MERGE_NEW;
    }
    if (delivery->sequence <= passed->last) {
        self->joined  = (self->joined && !self->assumed) || delivery->sequence >= self->mark;
        self->assumed = 0;
        return self->joined ? MERGE_SEEN : MERGE_BACK;
    }
    if (follows && delivery->sequence == self->first) {
        self->assumed = 0; /* its first one, and nothing is missing in front of it */
    }
    return follows || (self->joined && (delivery->flags & HAWSER_DELIVERY_SNAPSHOT) != 0)
               ? MERGE_NEW
               : MERGE_AHEAD;
}

static void begin(const struct merge_channel *channel, struct merge_line *self,
                  const struct merge_item *item)
{
    self->begun_at = item->at;
    self->counted  = (uint8_t)is_sequenced(item->delivery);
    self->first    = item->delivery->sequence;
    self->mark     = channel->passed.seen ? channel->passed.last : 0;
}

static enum merge_verdict judge_sequence(struct merge_channel *channel,
                                         const struct merge_item *item)
{
    struct merge_line *self = &channel->lines[item->line];
    uint64_t sequence       = item->delivery->sequence;
    if (sequence < self->highest) {
        merge_doubt(channel, item->line);
        begin(channel, self, item);
        self->went_back = 1;
    }
    if (merge_is_given_up(channel, item->line, item->at)) {
        self->mark =
            channel->passed.last; /* the others went on; it has to come to where they are */
    }
    self->highest = sequence;
    return place(channel, item);
}

static enum merge_verdict judge_content(struct merge_channel *channel,
                                        const struct merge_item *item)
{
    struct merge_line *self = &channel->lines[item->line];
    uint64_t mask           = channel->window - 1;
    uint64_t tail           = tail_of(channel);
    uint8_t mark            = mark_of(item->line);
    self->cursor            = self->cursor < tail ? tail : self->cursor;
    for (uint64_t at = self->cursor; at < channel->head; at++) {
        if (channel->hashes[at & mask] == item->hash && (channel->marks[at & mask] & mark) == 0) {
            channel->marks[at & mask] |= mark;
            self->from_first = self->joined ? self->from_first : at == channel->floor;
            self->cursor     = at + 1;
            self->joined     = 1;
            self->assumed    = 0;
            return MERGE_SEEN;
        }
    }
    return self->joined || channel->begun_at == 0 ? MERGE_NEW : MERGE_AHEAD;
}

enum merge_verdict merge_judge(struct merge_channel *channel, const struct merge_item *item)
{
    struct merge_line *self = &channel->lines[item->line];
    self->fresh             = 0;
    if (self->begun_at == 0) {
        begin(channel, self, item);
    }
    return is_sequenced(item->delivery) ? judge_sequence(channel, item)
                                        : judge_content(channel, item);
}

enum merge_verdict merge_judge_again(struct merge_channel *channel, const struct merge_item *item)
{
    struct merge_line *self = &channel->lines[item->line];
    if (self->begun_at == 0) {
        begin(channel, self, item);
    }
    return is_sequenced(item->delivery) ? place(channel, item) : judge_content(channel, item);
}

int merge_has_passed(struct merge_channel *channel, const struct merge_item *item)
{
    uint64_t mask = channel->window - 1;
    for (uint64_t at = tail_of(channel); at < channel->head; at++) {
        if (channel->hashes[at & mask] == item->hash &&
            (channel->marks[at & mask] & mark_of(item->line)) == 0) {
            channel->marks[at & mask] |= mark_of(item->line);
            return 1;
        }
    }
    return 0;
}

static int has_ring(struct merge_channel *channel)
{
    if (channel->hashes == NULL) {
        channel->hashes = calloc(channel->window, sizeof(*channel->hashes));
    }
    if (channel->marks == NULL) {
        channel->marks = calloc(channel->window, sizeof(*channel->marks));
    }
    return channel->hashes != NULL && channel->marks != NULL;
}

/* Without memory for the ring nothing is remembered, and messages come as often as lines bring
 * them: better than not at all. */
static void remember(struct merge_channel *channel, const struct merge_item *item)
{
    struct merge_line *self = &channel->lines[item->line];
    uint64_t mask           = channel->window - 1;
    if (!has_ring(channel)) {
        return;
    }
    channel->hashes[channel->head & mask] = item->hash;
    channel->marks[channel->head & mask]  = mark_of(item->line);
    channel->head++;
    /* what others brought and it did not is still to come by it: its place is in front of that */
    while (self->cursor < channel->head &&
           (self->cursor < tail_of(channel) ||
            (channel->marks[self->cursor & mask] & mark_of(item->line)) != 0)) {
        self->cursor++;
    }
}

enum gap_verdict merge_pass(struct merge_channel *channel, const struct merge_item *item)
{
    channel->lines[item->line].joined = 1;
    channel->begun_at                 = channel->begun_at == 0 ? item->at : channel->begun_at;
    if (is_sequenced(item->delivery)) {
        return gap_check(&channel->passed, item->delivery);
    }
    remember(channel, item);
    return GAP_NONE;
}

/* Between the line and the others, in numbers: what is left until they meet, and how far the one
 * that is behind has come towards it since the line began. */
static int will_meet(const struct merge_channel *channel, const struct merge_line *self,
                     clock_ns_t age)
{
    int trails  = self->first <= self->mark;
    uint64_t at = trails ? self->highest : channel->passed.last;
    uint64_t to = trails ? self->mark : self->first;
    if (at >= to) {
        return 1;
    }
    uint64_t come = at - (trails ? self->first : self->mark);
    return (double)(to - at) * (double)age <= (double)come * (double)(MERGE_PATIENCE_MAX_NS - age);
}

int merge_is_given_up(const struct merge_channel *channel, size_t line, clock_ns_t now)
{
    const struct merge_line *self = &channel->lines[line];
    return !self->joined && self->begun_at != 0 &&
           (self->went_back || now - self->begun_at >= MERGE_PATIENCE_MAX_NS);
}

enum merge_stand merge_stand(const struct merge_channel *channel, size_t line, clock_ns_t now)
{
    const struct merge_line *self = &channel->lines[line];
    clock_ns_t age                = now - self->begun_at;
    if (self->joined) {
        return MERGE_JOINED;
    }
    if (merge_is_given_up(channel, line, now)) {
        return MERGE_ELSEWHERE;
    }
    if (self->begun_at == 0 || !self->counted) {
        return MERGE_UNKNOWN;
    }
    if (age >= MERGE_PATIENCE_NS && !will_meet(channel, self, age)) {
        return MERGE_ELSEWHERE;
    }
    return self->first <= self->mark ? MERGE_TRAILS : MERGE_LEADS;
}

/* of another process */

size_t merge_recent(const struct merge_channel *channel, uint64_t *out, size_t room)
{
    uint64_t from = tail_of(channel);
    size_t count  = 0;
    if (channel->hashes == NULL) {
        return 0;
    }
    for (from = channel->head - from > room ? channel->head - room : from; from < channel->head;
         from++) {
        out[count++] = channel->hashes[from & (channel->window - 1)];
    }
    return count;
}

int merge_recalls(const struct merge_channel *channel, uint64_t hash)
{
    for (uint64_t at = tail_of(channel); channel->hashes != NULL && at < channel->head; at++) {
        if (channel->hashes[at & (channel->window - 1)] == hash) {
            return 1;
        }
    }
    return 0;
}

void merge_recall(struct merge_channel *channel, const uint64_t *hashes, size_t count,
                  clock_ns_t now)
{
    channel->head  = 0;
    channel->floor = 0;
    if (count == 0 || !has_ring(channel)) {
        return;
    }
    channel->begun_at = now;
    for (size_t i = count > channel->window ? count - channel->window : 0; i < count; i++) {
        channel->hashes[channel->head] = hashes[i];
        channel->marks[channel->head]  = 0;
        channel->head++;
    }
    for (size_t line = 0; line < MERGE_LINES_MAX; line++) {
        channel->lines[line].cursor = 0;
    }
}

void merge_join(struct merge_channel *channel, size_t line, size_t count)
{
    struct merge_line *self = &channel->lines[line];
    for (uint64_t at = 0; channel->marks != NULL && at < count && at < channel->head; at++) {
        channel->marks[at] |= mark_of(line);
    }
    self->cursor = count < channel->head ? count : channel->head;
    self->joined = 1;
}

void merge_follow(struct merge_channel *channel, const struct merge_item *first, uint64_t highest)
{
    struct merge_line *self = &channel->lines[first->line];
    self->fresh             = 0;
    begin(channel, self, first);
    self->highest = highest;
}
