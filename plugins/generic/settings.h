/*
 * What the config says of one session's dialect, with its paths read. Texts are borrowed from the
 * host and live as long as the instance.
 */
#ifndef GENERIC_SETTINGS_H
#define GENERIC_SETTINGS_H

#include "path.h"

#define IGNORE_MAX 16u

/** What counts as the exchange's acknowledgement of a subscription; as `confirm` names them. */
enum confirm { CONFIRM_SENT, CONFIRM_DATA, CONFIRM_ID, CONFIRM_CHANNEL };

struct settings {
    const char *subscribe;   /* NULL: the exchange is asked for nothing */
    const char *unsubscribe; /* NULL: as above */
    const char *heartbeat;   /* NULL: WebSocket pings serve */
    const char *heartbeat_text;
    const char *default_channel;
    const char *separator;
    size_t batch; /* most channels in one message with $channels */
    enum confirm confirm;
    struct name_rule channel;
    struct name_rule confirmed;
    struct path data;
    struct path sequence;
    struct path previous;
    struct path id;
    struct path error_message;
    struct match snapshot;
    struct match confirm_when;
    struct match error_when;
    struct match heartbeat_answer;
    struct match ignore[IGNORE_MAX];
    size_t ignore_count;
};

/** @param out  zero-initialised; to be given to settings_fini whatever the outcome */
int settings_read(const struct hawser_host *host, struct hawser_instance *self,
                  struct settings *out, struct hawser_error *err) HAWSER_MUST_CHECK;
void settings_fini(struct settings *settings);
/** settings_check.c: do the directives fit together? */
int settings_check(const struct hawser_host *host, struct hawser_instance *self,
                   const struct settings *settings, struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
