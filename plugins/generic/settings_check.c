/*
 * Directives that do not fit together, each with what to do about it. See settings.h.
 */
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "template.h"

static int says(const struct hawser_host *host, struct hawser_instance *self, const char *directive)
{
    return host->conf_count(self, directive) > 0;
}

/** One directive that makes no sense without another. */
static const struct {
    const char *directive;
    const char *needs;
} NEEDS[] = {
    {"unsubscribe_message", "subscribe_message"},
    {"subscribe_batch", "subscribe_message"},
    {"confirm", "subscribe_message"},
    {"confirm_when", "confirm"},
    {"confirm_channel_path", "confirm"},
    {"id_path", "confirm"},
    {"heartbeat_answer", "heartbeat_message"},
    {"previous_path", "sequence_path"},
    {"snapshot_when", "sequence_path"},
    {"error_message_path", "error_when"},
};

static int check_needs(const struct hawser_host *host, struct hawser_instance *self,
                       struct hawser_error *err)
{
    for (size_t i = 0; i < sizeof(NEEDS) / sizeof(NEEDS[0]); i++) {
        if (says(host, self, NEEDS[i].directive) && !says(host, self, NEEDS[i].needs)) {
            host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "\"%s\" needs \"%s\"",
                            NEEDS[i].directive, NEEDS[i].needs);
            return -1;
        }
    }
    return 0;
}

/* A template that looks like JSON must be JSON once it is filled: quotes around $channel are easily
 * forgotten. */
static int check_filled(const struct hawser_host *host, const char *directive, const char *text,
                        struct hawser_error *err)
{
    static const char NINE_PARTS[]        = "a:/a:/a:/a:/a:/a:/a:/a:/a:"; /* ":" needs quotes */
    static const struct hawser_slice NAME = {NINE_PARTS, sizeof(NINE_PARTS) - 1};
    struct template_values values = {.channels = &NAME, .count = 1, .separator = "/", .id = 1};
    struct hawser_envelope envelope;
    struct hawser_slice filled;
    if (text[0] != '{') {
        return 0;
    }
    if (template_fill(text, &values, &filled) != TEMPLATE_OK) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory to check %s", directive);
        return -1;
    }
    int rc = host->scan(filled, &envelope);
    if (rc != 0) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0,
                        "%s is not a JSON object once it is filled: %.*s (names go between quotes: "
                        "\"$channel\"; $channels brings its own)",
                        directive, (int)(filled.len < 160 ? filled.len : 160), filled.data);
    }
    free((void *)(uintptr_t)filled.data);
    return rc == 0 ? 0 : -1;
}

static int check_template(const struct hawser_host *host, const char *directive, const char *text,
                          struct hawser_error *err)
{
    if (text == NULL) {
        return 0;
    }
    struct template_use use = template_look(text);
    const char *why         = NULL;
    if (use.wrong[0] != 0) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0,
                        "%s: unknown \"%s\"; known are $channel, $channels, $1 to $9, $id, and $$ "
                        "for a dollar sign",
                        directive, use.wrong);
        return -1;
    }
    if (use.channel && use.channels) {
        why = "$channels (many in one message) and $channel, $1 ... (one a message) exclude each "
              "other";
    } else if (!use.channel && !use.channels) {
        why = "it names no channel: expected $channel, $channels or $1 ...";
    }
    if (why != NULL) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "%s: %s", directive, why);
        return -1;
    }
    return check_filled(host, directive, text, err);
}

static const char *confirm_problem(const struct settings *settings, int has_confirm)
{
    if (settings->subscribe == NULL) {
        return NULL;
    }
    if (!has_confirm) {
        return "\"subscribe_message\" needs \"confirm\": what acknowledges a subscription? id, "
               "channel, data or sent";
    }
    if (settings->confirm == CONFIRM_ID && !template_look(settings->subscribe).id) {
        return "\"confirm id\" needs $id in subscribe_message";
    }
    if (settings->confirm != CONFIRM_CHANNEL) {
        return settings->confirm_when.path.count > 0 || settings->confirmed.count > 0
                   ? "\"confirm_when\" and \"confirm_channel_path\" need \"confirm channel\""
                   : NULL;
    }
    if (settings->confirm_when.path.count == 0) {
        return "\"confirm channel\" needs \"confirm_when\": which messages acknowledge?";
    }
    if (settings->channel.count == 0 && settings->confirmed.count == 0) {
        return "\"confirm channel\" needs \"confirm_channel_path\" or \"channel_path\"";
    }
    if (settings->confirmed.count == 0 && settings->data.count == 0) {
        return "acknowledgements would look like data: set \"data_path\" (what only data has) or "
               "\"confirm_channel_path\"";
    }
    return NULL;
}

static const char *problem(const struct settings *settings, int has_confirm)
{
    if (settings->channel.count == 0 && settings->default_channel == NULL) {
        return "say where a message names its channel (\"channel_path\"), or to which channel all "
               "belong (\"default_channel\")";
    }
    if (settings->default_channel != NULL && settings->default_channel[0] == 0) {
        return "\"default_channel\" is empty";
    }
    if (settings->separator == NULL || settings->separator[0] == 0) {
        return "\"channel_separator\" is empty";
    }
    if (settings->previous.count > 0 && settings->snapshot.path.count == 0) {
        return "\"previous_path\" needs \"snapshot_when\": which message starts a chain?";
    }
    return confirm_problem(settings, has_confirm);
}

int settings_check(const struct hawser_host *host, struct hawser_instance *self,
                   const struct settings *settings, struct hawser_error *err)
{
    const char *why = problem(settings, says(host, self, "confirm"));
    if (check_needs(host, self, err) != 0) {
        return -1;
    }
    if (why != NULL) {
        host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "%s", why);
        return -1;
    }
    if (check_template(host, "subscribe_message", settings->subscribe, err) != 0) {
        return -1;
    }
    return check_template(host, "unsubscribe_message", settings->unsubscribe, err);
}
