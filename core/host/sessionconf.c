/*
 * Session block -> session_options. See sessionconf.h.
 */
#include "host/sessionconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "conf/on_error.h"
#include "conf/value.h"

const char *sessionconf_word(const struct conf_node *session, const char *directive)
{
    return conf_get_string(session, &conf_core_table, 1, HAWSER_IN_SESSION, directive);
}

static int64_t number(const struct conf_node *session, const char *directive)
{
    return conf_get_number(session, &conf_core_table, 1, HAWSER_IN_SESSION, directive);
}

/** All arguments of all occurrences. @return given: a NULL-terminated array; NULL: no memory */
static const char **all_words(const struct conf_node *session, const char *directive, size_t *count)
{
    size_t total                 = 0;
    const struct conf_node *node = NULL;
    while ((node = conf_find(session, directive, node)) != NULL) {
        total += node->word_count - 1;
    }
    const char **words = calloc(total + 1, sizeof(*words));
    if (words == NULL) {
        return NULL;
    }
    *count = 0;
    while ((node = conf_find(session, directive, node)) != NULL) {
        for (size_t i = 1; i < node->word_count; i++) {
            words[(*count)++] = node->words[i];
        }
    }
    return words;
}

/** "a, b" of a directive's words, as the header wants them. @return given; NULL: no such directive,
 * or no memory */
static char *join_words(const struct conf_node *node)
{
    struct buf text = {0};
    int rc          = node == NULL ? -1 : 0;
    for (size_t i = 1; rc == 0 && i < node->word_count; i++) {
        rc = buf_printf(&text, i == 1 ? "%s" : ", %s", node->words[i]);
    }
    const char *joined = rc == 0 ? buf_text(&text) : NULL;
    char *copy         = joined == NULL ? NULL : strdup(joined);
    buf_fini(&text);
    return copy;
}

static int read_stale(struct sessionconf *conf, const struct conf_node *session,
                      struct hawser_error *err)
{
    const struct conf_node *node = NULL;
    size_t count                 = 0;
    while ((node = conf_find(session, "stale_after", node)) != NULL) {
        count++;
    }
    conf->stale = calloc(count + 1, sizeof(*conf->stale));
    if (conf->stale == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the session's rules");
        return -1;
    }
    conf->options.stale = conf->stale;
    while ((node = conf_find(session, "stale_after", node)) != NULL) {
        struct session_stale_rule *rule = &conf->stale[conf->options.stale_count++];
        rule->pattern                   = node->words[1];
        if (conf_value_time(node->words[2], &rule->after_ms, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_on_error(struct sessionconf *conf, const struct conf_node *session,
                         struct hawser_error *err)
{
    const struct conf_node *node = NULL;
    size_t count                 = 0;
    while ((node = conf_find(session, "on_error", node)) != NULL) {
        count++;
    }
    conf->on_error = calloc(count + 1, sizeof(*conf->on_error));
    if (conf->on_error == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the session's rules");
        return -1;
    }
    conf->options.on_error = conf->on_error;
    while ((node = conf_find(session, "on_error", node)) != NULL) {
        if (conf_on_error(node, &conf->on_error[conf->options.on_error_count++], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_rate_limits(struct sessionconf *conf, const struct conf_node *session,
                            struct hawser_error *err)
{
    const struct conf_node *node = NULL;
    size_t count                 = 0;
    while ((node = conf_find(session, "rate_limit", node)) != NULL) {
        count++;
    }
    conf->rate_limits = calloc(count + 1, sizeof(*conf->rate_limits));
    if (conf->rate_limits == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the session's rate limits");
        return -1;
    }
    conf->options.rate_limits = conf->rate_limits;
    while ((node = conf_find(session, "rate_limit", node)) != NULL) {
        struct ratelimit_rule *rule = &conf->rate_limits[conf->options.rate_limit_count++];
        const char *rate            = conf_value_option(node->words, node->word_count, "rate");
        const char *burst           = conf_value_option(node->words, node->word_count, "burst");
        (void)snprintf(rule->pool, sizeof(rule->pool), "%s", node->words[1]);
        rule->limit.rate  = rate == NULL ? 0 : (uint32_t)strtoul(rate, NULL, 10);
        rule->limit.burst = burst == NULL ? 0 : (uint32_t)strtoul(burst, NULL, 10);
    }
    return 0;
}

static int read_backoff(struct backoff_options *backoff, const struct conf_node *session,
                        struct hawser_error *err)
{
    const struct conf_node *node = conf_find(session, "reconnect", NULL);
    if (node == NULL) {
        return 0;
    }
    const char *delay    = conf_value_option(node->words, node->word_count, "delay");
    const char *max      = conf_value_option(node->words, node->word_count, "max_delay");
    const char *jitter   = conf_value_option(node->words, node->word_count, "jitter");
    const char *attempts = conf_value_option(node->words, node->word_count, "attempts");
    int64_t limit        = 0;
    if ((delay != NULL && conf_value_time(delay, &backoff->delay_ms, err) != 0) ||
        (max != NULL && conf_value_time(max, &backoff->max_delay_ms, err) != 0) ||
        (attempts != NULL && conf_value_number(attempts, &limit, err) != 0)) {
        return -1;
    }
    if (jitter != NULL) {
        double value    = strtod(jitter, NULL);
        backoff->jitter = value <= 0  ? -1
                          : value > 1 ? 1
                                      : value; /* in backoff_options 0 asks for the default */
    }
    backoff->attempts = (uint32_t)limit;
    return 0;
}

static int read_tls(struct sessionconf *conf, const struct conf_node *session, const char *prefix,
                    struct hawser_error *err)
{
    static const char *const NAMES[] = {"tls_ca", "tls_certificate", "tls_certificate_key"};
    char **paths[]                   = {&conf->ca_file, &conf->certificate_file, &conf->key_file};
    for (size_t i = 0; i < 3; i++) {
        const char *word = sessionconf_word(session, NAMES[i]);
        if (word != NULL && (*paths[i] = conf_value_path(word, prefix)) == NULL) {
            error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a path");
            return -1;
        }
    }
    size_t pin_count = 0;
    conf->pins       = all_words(session, "tls_pin", &pin_count);
    if (conf->pins == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for pins");
        return -1;
    }
    conf->options.tls = (struct net_tls_options){.ca_file          = conf->ca_file,
                                                 .certificate_file = conf->certificate_file,
                                                 .key_file         = conf->key_file,
                                                 .pins             = conf->pins,
                                                 .verify_off = number(session, "tls_verify") == 0};
    return 0;
}

static void read_beat_text(struct session_options *options, const struct conf_node *session)
{
    const struct conf_node *node = conf_find(session, "heartbeat_text", NULL);
    if (node != NULL) {
        options->beat_text   = node->words[1];
        options->beat_answer = node->word_count > 2 ? node->words[2] : NULL;
    }
}

static void read_limits(struct session_options *options, const struct conf_node *session)
{
    const char *heartbeat        = sessionconf_word(session, "heartbeat");
    const char *keepalive        = sessionconf_word(session, "tcp_keepalive");
    const char *proxy            = sessionconf_word(session, "proxy");
    options->proxy               = strcmp(proxy, "off") == 0 ? NULL : proxy;
    options->tcp_user_timeout_ms = number(session, "tcp_user_timeout");
    options->tcp_keepalive_ms =
        strcmp(keepalive, "off") == 0 ? -1 : number(session, "tcp_keepalive");
    const char *early           = sessionconf_word(session, "calls_before_ready");
    options->requests_wait      = early != NULL && strcmp(early, "wait") == 0;
    const char *log_level       = sessionconf_word(session, "log_level");
    options->log_from           = log_level == NULL ? 0 : (uint32_t)log_level_parse(log_level) + 1;
    const char *compression     = sessionconf_word(session, "compression");
    options->compression        = compression != NULL && strcmp(compression, "on") == 0;
    options->connect_timeout_ms = number(session, "connect_timeout");
    options->auth_timeout_ms    = number(session, "auth_timeout");
    options->subscribe_timeout_ms = number(session, "subscribe_timeout");
    options->request_timeout_ms   = number(session, "request_timeout");
    options->max_message_bytes    = (uint64_t)number(session, "max_message");
    options->max_queued_bytes     = (size_t)number(session, "max_send_queue");
    options->heartbeat_ms =
        heartbeat != NULL && strcmp(heartbeat, "off") == 0 ? -1 : number(session, "heartbeat");
}

int sessionconf_read(struct sessionconf *conf, const struct conf_node *session, const char *prefix,
                     struct hawser_error *err)
{
    size_t header_count = 0;
    size_t url_count    = 0;
    *conf               = (struct sessionconf){0};
    conf->bundle        = (struct bundle_options){.session = &conf->options};
    conf->options       = (struct session_options){
              .name            = session->words[1],
              .url             = sessionconf_word(session, "url"),
              .bind            = sessionconf_word(session, "bind"),
              .has_credentials = conf_find(session, "credentials", NULL) != NULL,
    };
    read_limits(&conf->options, session);
    read_beat_text(&conf->options, session);
    conf->bundle.lines       = (uint32_t)number(session, "lines");
    conf->bundle.takeover_ms = number(session, "move_timeout");
    conf->bundle.rotate_ms =
        strcmp(sessionconf_word(session, "rotate"), "off") == 0 ? 0 : number(session, "rotate");
    conf->channels              = all_words(session, "subscribe", &conf->options.channel_count);
    conf->urls                  = all_words(session, "url", &url_count);
    conf->headers               = all_words(session, "header", &header_count);
    conf->subprotocols          = join_words(conf_find(session, "subprotocols", NULL));
    conf->options.subprotocols  = conf->subprotocols;
    conf->options.channels      = conf->channels;
    conf->options.headers       = conf->headers;
    conf->options.fallback_urls = conf->urls == NULL ? NULL : conf->urls + (url_count > 0);
    if (conf->channels == NULL || conf->headers == NULL || conf->urls == NULL ||
        (conf->subprotocols == NULL && conf_find(session, "subprotocols", NULL) != NULL)) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the session's settings");
        return -1;
    }
    if (read_stale(conf, session, err) != 0 || read_on_error(conf, session, err) != 0 ||
        read_rate_limits(conf, session, err) != 0 ||
        read_backoff(&conf->options.backoff, session, err) != 0) {
        return -1;
    }
    return read_tls(conf, session, prefix, err);
}

void sessionconf_fini(struct sessionconf *conf)
{
    free(conf->channels);
    free(conf->urls);
    free(conf->pins);
    free(conf->headers);
    free(conf->stale);
    free(conf->on_error);
    free(conf->rate_limits);
    free(conf->subprotocols);
    free(conf->ca_file);
    free(conf->certificate_file);
    free(conf->key_file);
    *conf = (struct sessionconf){0};
}
