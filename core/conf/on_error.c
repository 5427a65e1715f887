/*
 * The words of `on_error`. See on_error.h.
 */
#include "conf/on_error.h"

#include <string.h>

#include "base/error.h"
#include "conf/nearest.h"
#include "conf/value.h"

#define WAIT_MAX_MS INT64_C(3600000)

static int read_what(const char *word, struct error_rule *rule, struct hawser_error *err)
{
    if (error_rule_read(rule, word) == 0) {
        return 0;
    }
    const char *nearest = error_rule_nearest(word, conf_name_distance);
    if (nearest != NULL) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "no session decides by \"%.80s\"; did you mean \"%s\"?", word, nearest);
    } else {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "expected a JSON-RPC code such as 10028, close:4000, http:503, a name such as "
                  "TLS_CERTIFICATE, or connection, protocol, authentication or application, got "
                  "\"%.80s\"",
                  word);
    }
    return -1;
}

static int read_wait(const struct conf_node *node, struct error_rule *rule,
                     struct hawser_error *err)
{
    if (node->word_count != 4) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "expected one time behind \"wait\", such as 1s");
        return -1;
    }
    if (conf_value_time(node->words[3], &rule->wait_ms, err) != 0) {
        return -1;
    }
    if (rule->wait_ms < 1 || rule->wait_ms > WAIT_MAX_MS) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "expected a time of 1ms to 1h, got \"%.80s\"",
                  node->words[3]);
        return -1;
    }
    return 0;
}

static int read_action(const struct conf_node *node, struct error_rule *rule,
                       struct hawser_error *err)
{
    static const struct {
        const char *word;
        uint32_t recovery;
    } ACTIONS[] = {{"wait", HAWSER_RECOVER_WAIT},
                   {"reconnect", HAWSER_RECOVER_RECONNECT},
                   {"stop", HAWSER_RECOVER_STOP},
                   {"ignore", HAWSER_RECOVER_NOTHING}};
    for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); i++) {
        if (strcmp(node->words[2], ACTIONS[i].word) != 0) {
            continue;
        }
        rule->recovery = ACTIONS[i].recovery;
        if (rule->recovery == HAWSER_RECOVER_WAIT) {
            return read_wait(node, rule, err);
        }
        if (node->word_count != 3) {
            error_set(err, HAWSER_CONF_DIRECTIVE, "expected nothing behind \"%s\", got \"%.80s\"",
                      ACTIONS[i].word, node->words[3]);
            return -1;
        }
        return 0;
    }
    error_set(err, HAWSER_CONF_DIRECTIVE,
              "expected \"wait\" and a time, \"reconnect\", \"stop\" or \"ignore\", got \"%.80s\"",
              node->words[2]);
    return -1;
}

int conf_on_error(const struct conf_node *node, struct error_rule *out, struct hawser_error *err)
{
    *out = (struct error_rule){0};
    if (read_what(node->words[1], out, err) != 0 || read_action(node, out, err) != 0) {
        return -1;
    }
    if (out->recovery == HAWSER_RECOVER_NOTHING && !error_rule_may_ignore(out)) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "\"%.80s\" may end the link, and then there is nothing to go on with: expected "
                  "\"wait\" and a time, \"reconnect\" or \"stop\"",
                  node->words[1]);
        return -1;
    }
    return 0;
}
