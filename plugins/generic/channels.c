/*
 * Subscriptions by templates. Which message acknowledges one is the config's to say; route.c finds
 * it.
 */
#include <stdlib.h>
#include <string.h>

#include "generic.h"
#include "template.h"

#define SAID_BYTES_MAX 160u

/** One message and the channels it was for; freed by its answer. */
struct change {
    struct generic *generic;
    int is_subscribe;
    size_t count;
    struct hawser_slice channels[]; /* into the memory behind the array */
};

static void refuse(const struct generic *generic, const struct hawser_slice *channels, size_t count,
                   const struct hawser_error *why)
{
    for (size_t i = 0; i < count; i++) {
        generic->host->channel_refused(generic->self, channels[i], why);
    }
}

static void report(const struct generic *generic, int is_subscribe,
                   const struct hawser_slice *channels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_subscribe) {
            generic->host->channel_confirmed(generic->self, channels[i]);
        } else {
            generic->host->channel_gone(generic->self, channels[i]);
        }
    }
}

void generic_explain(const struct generic *generic, struct hawser_error *out)
{
    struct hawser_slice said = generic->answer;
    struct hawser_slice text;
    if (path_find(generic->host, &generic->settings.error_message, said, &text)) {
        said = text;
    }
    size_t len = said.len;
    if (len > SAID_BYTES_MAX) {
        len = SAID_BYTES_MAX;
        while (len > 0 && ((unsigned char)said.data[len] & 0xc0) == 0x80) {
            len--; /* not inside a UTF-8 character */
        }
    }
    generic->host->error_set(out, HAWSER_SESSION_CHANNEL_REFUSED, 0, "the exchange says %.*s",
                             (int)len, said.data);
}

/* confirm data */

static size_t find_unproven(const struct generic *generic, struct hawser_slice channel)
{
    size_t i = 0;
    while (i < generic->unproven_count &&
           (strncmp(generic->unproven[i], channel.data, channel.len) != 0 ||
            generic->unproven[i][channel.len] != 0)) {
        i++;
    }
    return i;
}

static void strike(struct generic *generic, size_t i)
{
    if (i < generic->unproven_count) {
        free(generic->unproven[i]);
        generic->unproven[i] = generic->unproven[--generic->unproven_count];
    }
}

static void expect_data(struct generic *generic, struct hawser_slice channel)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t count            = generic->unproven_count;
    if (find_unproven(generic, channel) < count) {
        return;
    }
    char *name   = strndup(channel.data, channel.len);
    char **names = realloc(generic->unproven, (count + 1) * sizeof(*names));
    if (names != NULL) {
        generic->unproven = names;
    }
    if (names == NULL || name == NULL) {
        free(name);
        generic->host->error_set(&err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a channel");
        generic->host->channel_refused(generic->self, channel, &err);
        return;
    }
    names[generic->unproven_count++] = name;
}

void generic_prove(struct generic *generic, struct hawser_slice channel)
{
    size_t i = find_unproven(generic, channel);
    if (i < generic->unproven_count) {
        strike(generic, i);
        generic->host->channel_confirmed(generic->self, channel);
    }
}

void generic_forget(struct generic *generic)
{
    while (generic->unproven_count > 0) {
        strike(generic, 0);
    }
    free(generic->unproven);
    generic->unproven = NULL;
}

/* confirm id */

static void on_answer(void *arg, const struct hawser_reply *reply)
{
    struct change *change   = arg;
    struct generic *generic = change->generic;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (reply->err == NULL) {
        report(generic, change->is_subscribe, change->channels, change->count);
    } else if (reply->error.len > 0) { /* else none came: the host's deadlines take care */
        generic_explain(generic, &err);
        if (change->count > 1) {
            err.code =
                HAWSER_REQUEST_REFUSED; /* the call as a whole: the host finds who is at fault */
        }
        if (change->is_subscribe) {
            refuse(generic, change->channels, change->count, &err);
        } else {
            generic->host->log(generic->self, HAWSER_LOG_WARN,
                               HAWSER_MESSAGE("001") "not unsubscribed: %s", err.message);
        }
    }
    free(change);
}

/** @return given: a copy of the channels for the answer; NULL: no memory */
static struct change *change_create(struct generic *generic, int is_subscribe,
                                    const struct hawser_slice *channels, size_t count)
{
    size_t names = sizeof(struct change) + count * sizeof(channels[0]);
    size_t bytes = names;
    for (size_t i = 0; i < count; i++) {
        bytes += channels[i].len;
    }
    struct change *change = malloc(bytes);
    if (change == NULL) {
        return NULL;
    }
    *change  = (struct change){.generic = generic, .is_subscribe = is_subscribe, .count = count};
    char *at = (char *)change + names;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, channels[i].data, channels[i].len);
        change->channels[i] = (struct hawser_slice){at, channels[i].len};
        at += channels[i].len;
    }
    return change;
}

/** @return the change that waits for id *id; NULL with err set */
static struct change *wait_for_answer(struct generic *generic, int is_subscribe,
                                      const struct template_values *values, uint64_t *id,
                                      struct hawser_error *err)
{
    struct change *change = change_create(generic, is_subscribe, values->channels, values->count);
    if (change == NULL) {
        generic->host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory to change channels");
    } else if (generic->host->expect(generic->self, 0, on_answer, change, id, err) != 0) {
        free(change);
        change = NULL;
    }
    return change;
}

/* messages */

/** @return 0, or -1 with err set */
static int send_filled(const struct generic *generic, const char *text,
                       const struct template_values *values, struct hawser_error *err)
{
    struct hawser_slice message;
    enum template_result result = template_fill(text, values, &message);
    if (result == TEMPLATE_NO_PART) {
        generic->host->error_set(err, HAWSER_REQUEST_INVALID, 0,
                                 "the message needs %zu parts of the name, separated by \"%s\"",
                                 template_look(text).parts, values->separator);
        return -1;
    }
    if (result == TEMPLATE_NO_MEMORY) {
        generic->host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory to change channels");
        return -1;
    }
    int rc = generic->host->send_text(generic->self, message, err);
    free((void *)(uintptr_t)message.data);
    return rc;
}

/* What follows when no answer with our id is to come. */
static void settle(struct generic *generic, int is_subscribe, const struct hawser_slice *channels,
                   size_t count)
{
    if (!is_subscribe || generic->settings.confirm == CONFIRM_SENT) {
        report(generic, is_subscribe, channels, count);
    } else if (generic->settings.confirm == CONFIRM_DATA) {
        for (size_t i = 0; i < count; i++) {
            expect_data(generic, channels[i]);
        }
    }
}

static void send_change(struct generic *generic, int is_subscribe,
                        const struct hawser_slice *channels, size_t count)
{
    const struct settings *settings = &generic->settings;
    const char *text                = is_subscribe ? settings->subscribe : settings->unsubscribe;
    struct template_values values   = {
          .channels = channels, .count = count, .separator = settings->separator};
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct change *change   = NULL;
    int by_id               = settings->confirm == CONFIRM_ID && template_look(text).id;
    if (by_id) {
        change = wait_for_answer(generic, is_subscribe, &values, &values.id, &err);
        if (change == NULL) {
            goto fail;
        }
    } else {
        values.id = ++generic->last_id;
    }
    if (send_filled(generic, text, &values, &err) != 0) {
        goto fail;
    }
    if (!by_id) {
        settle(generic, is_subscribe, channels, count);
    }
    return;
fail:
    if (change != NULL) {
        change->count = 0; /* its wait ends by itself, and then concerns no channel */
    }
    if (is_subscribe) {
        refuse(generic, channels, count, &err);
    } else {
        generic->host->log(generic->self, HAWSER_LOG_WARN,
                           HAWSER_MESSAGE("002") "not unsubscribed: %s", err.message);
    }
}

static void send_all(struct generic *generic, int is_subscribe, const struct hawser_slice *channels,
                     size_t count)
{
    const char *text = is_subscribe ? generic->settings.subscribe : generic->settings.unsubscribe;
    if (text == NULL) { /* nothing to ask: the URL says it all */
        report(generic, is_subscribe, channels, count);
        return;
    }
    size_t most = template_look(text).channels ? generic->settings.batch : 1;
    for (size_t i = 0; i < count; i += most) {
        send_change(generic, is_subscribe, channels + i, count - i < most ? count - i : most);
    }
}

void generic_subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    send_all(adapter, 1, channels, count);
}

void generic_unsubscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    struct generic *generic = adapter;
    for (size_t i = 0; i < count; i++) {
        strike(generic, find_unproven(generic, channels[i]));
    }
    send_all(generic, 0, channels, count);
}
