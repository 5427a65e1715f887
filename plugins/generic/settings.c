/*
 * Reading the directives. See settings.h; what they may not say together is settings_check.c's.
 */
#include "settings.h"

/** What every reader needs; `failed` once one of them refused. */
struct reader {
    const struct hawser_host *host;
    struct hawser_instance *self;
    struct hawser_error *err;
    int failed;
};

/* The path's own message says what is wrong; the directive's name in front says where. */
static void name_directive(struct reader *reader, const char *directive)
{
    struct hawser_error why = *reader->err;
    reader->failed          = 1;
    reader->host->error_set(reader->err, why.code, 0, "%s: %.400s", directive, why.message);
}

static void read_path(struct reader *reader, const char *directive, struct path *out)
{
    const char *text = reader->host->conf_string(reader->self, directive);
    if (!reader->failed && text != NULL && path_read(reader->host, text, out, reader->err) != 0) {
        name_directive(reader, directive);
    }
}

static void read_match(struct reader *reader, const char *directive, struct match *out)
{
    const char *text = reader->host->conf_string(reader->self, directive);
    if (!reader->failed && text != NULL && match_read(reader->host, text, out, reader->err) != 0) {
        name_directive(reader, directive);
    }
}

static void read_rule(struct reader *reader, const char *directive, struct name_rule *out)
{
    const char *const *words = NULL;
    size_t count             = reader->host->conf_words(reader->self, directive, 0, &words);
    for (size_t i = 0; i < count && i < PATH_PARTS_MAX && !reader->failed; i++) {
        if (path_read(reader->host, words[i], &out->parts[out->count++], reader->err) != 0) {
            name_directive(reader, directive);
        }
    }
}

static void read_ignored(struct reader *reader, struct settings *out)
{
    size_t count = reader->host->conf_count(reader->self, "ignore");
    if (count > IGNORE_MAX && !reader->failed) {
        reader->host->error_set(reader->err, HAWSER_CONF_DIRECTIVE, 0,
                                "\"ignore\" stands %zu times; at most %u are possible", count,
                                IGNORE_MAX);
        reader->failed = 1;
    }
    for (size_t i = 0; i < count && !reader->failed; i++) {
        const char *const *words = NULL;
        if (reader->host->conf_words(reader->self, "ignore", i, &words) == 1 &&
            match_read(reader->host, words[0], &out->ignore[out->ignore_count++], reader->err) !=
                0) {
            name_directive(reader, "ignore");
        }
    }
}

/* With a "=" it is a condition, else the whole text of the answer. */
static void read_heartbeat_answer(struct reader *reader, struct settings *out)
{
    const char *text = reader->host->conf_string(reader->self, "heartbeat_answer");
    const char *at   = text;
    while (at != NULL && *at != 0 && *at != '=') {
        at++;
    }
    if (at != NULL && *at == '=') {
        read_match(reader, "heartbeat_answer", &out->heartbeat_answer);
    } else {
        out->heartbeat_text = text;
    }
}

int settings_read(const struct hawser_host *host, struct hawser_instance *self,
                  struct settings *out, struct hawser_error *err)
{
    struct reader reader = {host, self, err, 0};
    out->subscribe       = host->conf_string(self, "subscribe_message");
    out->unsubscribe     = host->conf_string(self, "unsubscribe_message");
    out->heartbeat       = host->conf_string(self, "heartbeat_message");
    out->default_channel = host->conf_string(self, "default_channel");
    out->separator       = host->conf_string(self, "channel_separator");
    out->batch           = (size_t)host->conf_number(self, "subscribe_batch");
    if (host->conf_string(self, "confirm") != NULL) {
        out->confirm = (enum confirm)host->conf_number(self, "confirm");
    }
    read_rule(&reader, "channel_path", &out->channel);
    read_rule(&reader, "confirm_channel_path", &out->confirmed);
    out->channel.separator   = out->separator;
    out->confirmed.separator = out->separator;
    read_path(&reader, "data_path", &out->data);
    read_path(&reader, "sequence_path", &out->sequence);
    read_path(&reader, "previous_path", &out->previous);
    read_path(&reader, "id_path", &out->id);
    read_path(&reader, "error_message_path", &out->error_message);
    read_match(&reader, "snapshot_when", &out->snapshot);
    read_match(&reader, "confirm_when", &out->confirm_when);
    read_match(&reader, "error_when", &out->error_when);
    read_heartbeat_answer(&reader, out);
    read_ignored(&reader, out);
    return reader.failed ? -1 : settings_check(host, self, out, err);
}

static void fini_rule(struct name_rule *rule)
{
    for (size_t i = 0; i < rule->count; i++) {
        path_fini(&rule->parts[i]);
    }
}

void settings_fini(struct settings *settings)
{
    fini_rule(&settings->channel);
    fini_rule(&settings->confirmed);
    path_fini(&settings->data);
    path_fini(&settings->sequence);
    path_fini(&settings->previous);
    path_fini(&settings->id);
    path_fini(&settings->error_message);
    path_fini(&settings->snapshot.path);
    path_fini(&settings->confirm_when.path);
    path_fini(&settings->error_when.path);
    path_fini(&settings->heartbeat_answer.path);
    for (size_t i = 0; i < settings->ignore_count; i++) {
        path_fini(&settings->ignore[i].path);
    }
}
