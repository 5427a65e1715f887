/*
 * The book of channels: open addressing over 32-bit tags, one heap block a channel, a list for each
 * state. See wanted.h.
 */
#include "session/wanted.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/slice.h"
#include "ws/utf8.h"

#define TAG_FREE    0u
#define TAG_REMOVED 1u
#define FIRST_SLOTS 16u

static uint32_t tag_of(uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    return tag <= TAG_REMOVED ? tag + 2 : tag;
}

void wanted_init(struct wanted *wanted, size_t max_channels)
{
    *wanted = (struct wanted){.max_channels = max_channels};
    for (size_t i = 0; i < CHANNEL_STATE_COUNT; i++) {
        list_init(&wanted->in_state[i]);
    }
}

void wanted_fini(struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->slots; i++) {
        if (wanted->tags[i] > TAG_REMOVED) {
            free(wanted->channels[i]);
        }
    }
    free(wanted->tags);
    free(wanted->channels);
    wanted_init(wanted, wanted->max_channels);
}

static inline int has_name(const struct channel *channel, struct hawser_slice name)
{
    return channel->name_len == name.len && slice_same_bytes(channel->name, name.data, name.len);
}

/* @return the first slot from `at` on that has the tag, or else one that is free */
static inline size_t find_tag(const struct wanted *wanted, uint32_t tag, size_t at)
{
    size_t i = at & (wanted->slots - 1);
    while (wanted->tags[i] != tag && wanted->tags[i] != TAG_FREE) {
        i = (i + 1) & (wanted->slots - 1);
    }
    return i;
}

/* Not inlined: what is found is found by what was expected, as a rule. */
static __attribute__((noinline)) struct channel *look_up(const struct wanted *wanted,
                                                         struct hawser_slice name)
{
    if (wanted->slots == 0) {
        return NULL;
    }
    uint64_t hash = hash_bytes(name.data, name.len);
    uint32_t tag  = tag_of(hash);
    size_t i      = find_tag(wanted, tag, hash);
    while (wanted->tags[i] != TAG_FREE && !has_name(wanted->channels[i], name)) {
        i = find_tag(wanted, tag, i + 1);
    }
    return wanted->channels[i]; /* NULL where it is free */
}

/* Other bytes may stand there by now, and the channel be another one's: its name is what counts. */
struct channel *wanted_find(const struct wanted *wanted, struct hawser_slice name)
{
    struct channel *channel = wanted->expected_channel;
    return channel != NULL && name.data == wanted->expected && has_name(channel, name)
               ? channel
               : look_up(wanted, name);
}

void wanted_expect(struct wanted *wanted, struct hawser_slice name)
{
    if (wanted->slots == 0) {
        return;
    }
    uint64_t hash            = hash_bytes(name.data, name.len);
    struct channel *channel  = wanted->channels[find_tag(wanted, tag_of(hash), hash)];
    uintptr_t hot            = (uintptr_t)channel + offsetof(struct channel, merged);
    wanted->expected         = name.data;
    wanted->expected_channel = channel;
    __builtin_prefetch((const void *)hot, 1);
    __builtin_prefetch((const void *)(hot + 64), 1);
}

static void place(struct wanted *wanted, struct channel *channel)
{
    size_t mask = wanted->slots - 1;
    size_t i    = channel->hash & mask;
    while (wanted->tags[i] > TAG_REMOVED) {
        i = (i + 1) & mask;
    }
    wanted->used += wanted->tags[i] == TAG_FREE;
    wanted->tags[i]     = tag_of(channel->hash);
    wanted->channels[i] = channel;
}

/* At most half of the slots are ever in use, so that a walk over them always ends. */
static int make_room(struct wanted *wanted)
{
    if (wanted->slots != 0 && (wanted->used + 1) * 2 <= wanted->slots) {
        return 0;
    }
    size_t slots = wanted->slots == 0 ? FIRST_SLOTS : wanted->slots;
    while ((wanted->count + 1) * 3 > slots) {
        slots *= 2;
    }
    uint32_t *tags            = calloc(slots, sizeof(*tags));
    struct channel **channels = calloc(slots, sizeof(struct channel *));
    if (tags == NULL || channels == NULL) {
        free(tags);
        free(channels);
        return -1;
    }
    struct wanted old = *wanted;
    wanted->tags      = tags;
    wanted->channels  = channels;
    wanted->slots     = slots;
    wanted->used      = 0;
    for (size_t i = 0; i < old.slots; i++) {
        if (old.tags[i] > TAG_REMOVED) {
            place(wanted, old.channels[i]);
        }
    }
    free(old.tags);
    free(old.channels);
    return 0;
}

static struct channel *add_one(struct wanted *wanted, struct hawser_slice name,
                               struct hawser_error *err)
{
    if (name.len == 0 || name.len > UINT32_MAX || memchr(name.data, '\0', name.len) != NULL) {
        error_set(err, HAWSER_REQUEST_INVALID, "a channel's name is empty or holds a NUL");
        return NULL;
    }
    if (!ws_utf8_is_valid((const uint8_t *)name.data, name.len)) {
        error_set(err, HAWSER_REQUEST_INVALID,
                  "a channel's name is not UTF-8: no exchange could confirm it");
        return NULL;
    }
    if (wanted->count >= wanted->max_channels) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "more than %zu channels in one session",
                  wanted->max_channels);
        return NULL;
    }
    struct channel *channel = calloc(1, sizeof(*channel) + name.len + 1);
    if (channel == NULL || make_room(wanted) != 0) {
        free(channel);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a channel");
        return NULL;
    }
    channel->hash     = hash_bytes(name.data, name.len);
    channel->name_len = (uint32_t)name.len;
    memcpy(channel->name, name.data, name.len);
    channel->state = CHANNEL_WANTED;
    list_append(&wanted->in_state[CHANNEL_WANTED], &channel->in_state);
    wanted->state_count[CHANNEL_WANTED]++;
    place(wanted, channel);
    wanted->count++;
    return channel;
}

/* What a failed wanted_add has put in so far has no origin yet, and nothing else that is WANTED
 * lacks one. */
static void take_back(struct wanted *wanted)
{
    struct list *node  = NULL;
    struct list *after = NULL;
    list_for_each_safe (node, after, &wanted->in_state[CHANNEL_WANTED]) {
        if (CHANNEL_OF(node)->origin == 0) {
            wanted_remove(wanted, CHANNEL_OF(node));
        }
    }
}

int wanted_add(struct wanted *wanted, const struct hawser_slice *names, size_t count,
               enum channel_origin origin, struct hawser_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (wanted_find(wanted, names[i]) == NULL && add_one(wanted, names[i], err) == NULL) {
            take_back(wanted);
            return -1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        wanted_find(wanted, names[i])->origin |= (uint8_t)origin;
    }
    return 0;
}

void wanted_move(struct wanted *wanted, struct channel *channel, enum channel_state state)
{
    wanted->state_count[channel->state]--;
    list_remove(&channel->in_state);
    channel->state = (uint8_t)state;
    list_append(&wanted->in_state[state], &channel->in_state);
    wanted->state_count[state]++;
}

void wanted_remove(struct wanted *wanted, struct channel *channel)
{
    size_t mask = wanted->slots - 1;
    size_t i    = channel->hash & mask;
    while (wanted->channels[i] != channel || wanted->tags[i] <= TAG_REMOVED) {
        i = (i + 1) & mask;
    }
    wanted->tags[i]     = TAG_REMOVED;
    wanted->channels[i] = NULL;
    wanted->state_count[channel->state]--;
    list_remove(&channel->in_state);
    wanted->count--;
    if (channel == wanted->expected_channel) {
        wanted->expected_channel = NULL;
    }
    free(channel);
}

size_t wanted_count(const struct wanted *wanted)
{
    size_t given_up   = 0;
    struct list *node = NULL;
    list_for_each (node, &wanted->in_state[CHANNEL_UNWANTED]) {
        given_up += CHANNEL_OF(node)->origin == 0;
    }
    list_for_each (node, &wanted->in_state[CHANNEL_LEAVING]) {
        given_up += CHANNEL_OF(node)->origin == 0;
    }
    return wanted->count - given_up;
}
