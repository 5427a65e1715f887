/*
 * What the owner of a running session wants otherwise: channels, options, credentials.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "conf/mask.h"
#include "hawser/adapter.h"
#include "session/object.h"

/* channels */

int session_subscribe(struct session *session, const struct hawser_slice *channels, size_t count,
                      struct hawser_error *err)
{
    if (!HAWSER_HAS(session->env.adapter, subscribe)) {
        error_set(err, HAWSER_REQUEST_INVALID, "the adapter of session %s has no channels",
                  session->label);
        return -1;
    }
    if (wanted_add(&session->wanted, channels, count, CHANNEL_BY_CALL, err) != 0) {
        return -1;
    }
    session_stale_resolve(session);
    session_channels_look(session);
    return 0;
}

static void give_up(struct session *session, struct channel *channel)
{
    int asked = channel->state == CHANNEL_CONFIRMED || channel->state == CHANNEL_PENDING;
    session->heals_pending -= channel->heal_pending;
    channel->heal_pending = 0;
    channel->origin       = 0;
    if (channel->state == CHANNEL_UNWANTED || channel->state == CHANNEL_LEAVING) {
        return; /* struck off when the exchange has let it go */
    }
    if (session->restored && asked && HAWSER_HAS(session->env.adapter, unsubscribe)) {
        wanted_move(&session->wanted, channel, CHANNEL_UNWANTED);
    } else {
        wanted_remove(&session->wanted, channel);
    }
}

int session_unsubscribe(struct session *session, const struct hawser_slice *channels, size_t count,
                        struct hawser_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct channel *channel = wanted_find(&session->wanted, channels[i]);
        if (channel == NULL || channel->origin == 0) {
            error_set(err, HAWSER_REQUEST_INVALID, "session %s does not want channel %.*s",
                      session->label, (int)channels[i].len, channels[i].data);
            return -1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct channel *channel = wanted_find(&session->wanted, channels[i]);
        if (channel != NULL) { /* named twice: gone since the first time */
            give_up(session, channel);
        }
    }
    session_channels_look(session);
    return 0;
}

/* options */

static int take_channels(struct session *session, const struct session_options *options,
                         struct hawser_error *err)
{
    struct hawser_slice *names = calloc(options->channel_count + 1, sizeof(*names));
    if (names == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the channels of session %s",
                  options->name);
        return -1;
    }
    for (size_t i = 0; i < options->channel_count; i++) {
        names[i] = slice_of(options->channels[i]);
    }
    int result = wanted_add(&session->wanted, names, options->channel_count, CHANNEL_STAGED, err);
    free(names);
    return result;
}

/* From staged to by-config; what was by-config and is not staged goes, unless a call wants it. */
static void settle_channels(struct session *session)
{
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node  = NULL;
        struct list *after = NULL;
        list_for_each_safe (node, after, &session->wanted.in_state[state]) {
            struct channel *channel = CHANNEL_OF(node);
            uint8_t was             = channel->origin;
            channel->origin         = (uint8_t)((was & CHANNEL_BY_CALL) |
                                        ((was & CHANNEL_STAGED) != 0 ? CHANNEL_BY_CONFIG : 0));
            if (was != 0 && channel->origin == 0) {
                give_up(session, channel);
            }
        }
    }
}

int session_apply(struct session *session, const struct session_options *options,
                  struct hawser_error *err)
{
    struct session_options copy = {0};
    size_t limit                = session->wanted.max_channels;
    if (session_options_check_same(&session->options, options, err) != 0 ||
        session_options_copy(options, &copy, err) != 0) {
        return -1;
    }
    session->wanted.max_channels = copy.max_channels;
    if (take_channels(session, options, err) != 0) {
        session->wanted.max_channels = limit;
        session_options_fini(&copy);
        return -1;
    }
    int beat_changed = copy.heartbeat_ms != session->options.heartbeat_ms;
    session_options_fini(&session->options);
    session->options = copy;
    session_take_log_level(session);
    settle_channels(session);
    session_stale_resolve(session);
    if (session_link_is_open(session)) {
        session_stale_begin(session);
        if (beat_changed) {
            session_beat_begin(session);
        }
    }
    session_channels_look(session);
    return 0;
}

/* credentials */

static int credentials_equal(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(buf_data(a), buf_data(b), a->len) == 0);
}

/** Take the next pair off the front. @return the value; NULL: no more. @param key set, borrowed */
static const char *next_pair(struct hawser_slice *rest, const char **key)
{
    if (rest->len == 0) {
        return NULL;
    }
    *key              = rest->data;
    const char *value = *key + strlen(*key) + 1;
    size_t used       = (size_t)(value - *key) + strlen(value) + 1;
    rest->data += used;
    rest->len -= used;
    return value;
}

static void unmask_values(const struct buf *pairs)
{
    struct hawser_slice rest = buf_slice(pairs);
    const char *key          = NULL;
    const char *value        = NULL;
    while ((value = next_pair(&rest, &key)) != NULL) {
        secret_remove(conf_secret_value(key, value));
    }
}

/* @return 0, or -1: no memory */
static int mask_values(const struct buf *pairs)
{
    struct hawser_slice rest = buf_slice(pairs);
    const char *key          = NULL;
    const char *value        = NULL;
    while ((value = next_pair(&rest, &key)) != NULL) {
        if (secret_add(conf_secret_value(key, value)) != 0) {
            return -1; /* what was added stays masked: better than the opposite */
        }
    }
    return 0;
}

void session_forget_credentials(struct session *session)
{
    unmask_values(&session->credentials);
    buf_cleanse(&session->credentials);
}

int session_set_credentials(struct session *session, const char *const *pairs, size_t pair_count,
                            struct hawser_error *err)
{
    struct buf fresh = {0};
    size_t size      = 0;
    for (size_t i = 0; i < pair_count * 2; i++) {
        size += strlen(pairs[i]) + 1;
    }
    /* one reservation: a buffer that grew would leave copies of the secret behind */
    if (size > 0 && buf_reserve(&fresh, size) == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the credentials of session %s",
                  session->label);
        return -1;
    }
    for (size_t i = 0; i < pair_count * 2; i++) {
        if (buf_append(&fresh, pairs[i], strlen(pairs[i]) + 1) != 0) {
            buf_cleanse(&fresh);
            error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the credentials of session %s",
                      session->label);
            return -1;
        }
    }
    int changed = !credentials_equal(&session->credentials, &fresh);
    if (mask_values(&fresh) != 0) {
        buf_cleanse(&fresh);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the credentials of session %s",
                  session->label);
        return -1;
    }
    session_forget_credentials(session);
    session->credentials             = fresh;
    session->options.has_credentials = pair_count > 0;
    if (changed && session->state != HAWSER_STATE_IDLE) {
        session_post(session, SESSION_CREDENTIALS);
    }
    return 0;
}

const char *session_credential(struct session *session, const char *key)
{
    struct hawser_slice rest = buf_slice(&session->credentials);
    const char *name         = NULL;
    const char *value        = NULL;
    while ((value = next_pair(&rest, &name)) != NULL && strcmp(name, key) != 0) {
        continue;
    }
    return value;
}
