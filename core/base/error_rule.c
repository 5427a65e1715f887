/*
 * Rules about failures. See error_rule.h.
 */
#include "base/error_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define CODES_END                                                                                  \
    400 /* from here on they are about configs, modules and files, not about links                 \
         */

/* Those that a session is told of, but never decides by. */
static const uint32_t UNDECIDED[] = {
    HAWSER_NET_QUEUE_FULL, HAWSER_NET_URL,         HAWSER_TLS_SETUP,       HAWSER_WS_NOT_OPEN,
    HAWSER_SESSION_STATE,  HAWSER_SESSION_GAP,     HAWSER_SESSION_RETRIES, HAWSER_SESSION_BUDGET,
    HAWSER_REQUEST_LIMIT,  HAWSER_REQUEST_INVALID, HAWSER_REQUEST_UNKNOWN,
};

static const struct {
    const char *prefix;
    uint32_t kind;
    long long least;
    long long most;
} CAUSES[] = {
    {"close:", HAWSER_CAUSE_CLOSE, 1000, 4999},
    {"http:", HAWSER_CAUSE_HTTP, 100, 599},
    {"", HAWSER_CAUSE_JSONRPC, INT32_MIN, INT32_MAX},
};

static int is_decided(uint32_t code)
{
    for (size_t i = 0; i < sizeof(UNDECIDED) / sizeof(UNDECIDED[0]); i++) {
        if (UNDECIDED[i] == code) {
            return 0;
        }
    }
    return 1;
}

static int read_number(const char *text, long long *out)
{
    char *end   = NULL;
    size_t sign = text[0] == '-';
    errno       = 0;
    *out        = strtoll(text, &end, 10);
    return text[sign] >= '0' && text[sign] <= '9' && *end == 0 && errno == 0 ? 0 : -1;
}

static int read_cause(struct error_rule *rule, const char *word)
{
    for (size_t i = 0; i < sizeof(CAUSES) / sizeof(CAUSES[0]); i++) {
        long long number = 0;
        size_t len       = strlen(CAUSES[i].prefix);
        if (strncmp(word, CAUSES[i].prefix, len) == 0 && read_number(word + len, &number) == 0 &&
            number >= CAUSES[i].least && number <= CAUSES[i].most) {
            rule->by         = ERROR_RULE_BY_CAUSE;
            rule->cause_kind = CAUSES[i].kind;
            rule->number     = number;
            return 0;
        }
    }
    return -1;
}

int error_rule_read(struct error_rule *rule, const char *word)
{
    for (uint32_t category = HAWSER_CONNECTION; category < HAWSER_CATEGORY_COUNT; category++) {
        if (strcmp(error_category_name(category), word) == 0) {
            rule->by     = ERROR_RULE_BY_CATEGORY;
            rule->number = category;
            return 0;
        }
    }
    for (uint32_t code = 1; code < CODES_END; code++) {
        if (strcmp(error_code_name(code), word) == 0 && word[0] != '?' && is_decided(code)) {
            rule->by     = ERROR_RULE_BY_CODE;
            rule->number = code;
            return 0;
        }
    }
    return read_cause(rule, word);
}

int error_rule_may_ignore(const struct error_rule *rule)
{
    if (rule->by == ERROR_RULE_BY_CAUSE) {
        return rule->cause_kind == HAWSER_CAUSE_JSONRPC;
    }
    return rule->by == ERROR_RULE_BY_CODE && rule->number >= HAWSER_REQUEST_TIMEOUT;
}

static int fits(const struct error_rule *rule, const struct hawser_error *err)
{
    switch ((enum error_rule_by)rule->by) {
    case ERROR_RULE_BY_CAUSE:
        return rule->cause_kind == err->cause_kind && rule->number == err->cause;
    case ERROR_RULE_BY_CODE:
        return rule->number == (int64_t)err->code;
    case ERROR_RULE_BY_CATEGORY:
        return rule->number == (int64_t)err->category;
    }
    return 0;
}

const struct error_rule *error_rule_find(const struct error_rule *rules, size_t count,
                                         const struct hawser_error *err)
{
    const struct error_rule *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (fits(&rules[i], err) && (best == NULL || rules[i].by < best->by)) {
            best = &rules[i];
        }
    }
    return best;
}

void error_rule_apply(const struct error_rule *rule, struct hawser_error *err)
{
    if (rule != NULL && rule->recovery != HAWSER_RECOVER_NOTHING) {
        err->recovery       = rule->recovery;
        err->retry_after_ms = rule->recovery == HAWSER_RECOVER_WAIT ? rule->wait_ms : -1;
    }
}

const char *error_rule_nearest(const char *word, int (*distance)(const char *a, const char *b))
{
    const char *nearest = NULL;
    int least           = 0;
    for (uint32_t number = 1; number < CODES_END + HAWSER_CATEGORY_COUNT; number++) {
        int is_category = number >= CODES_END + HAWSER_CONNECTION;
        if (!is_category && (number >= CODES_END || !is_decided(number))) {
            continue;
        }
        const char *name =
            is_category ? error_category_name(number - CODES_END) : error_code_name(number);
        int far = name[0] == '?' ? -1 : distance(word, name);
        if (far >= 0 && (nearest == NULL || far < least)) {
            nearest = name;
            least   = far;
        }
    }
    return nearest;
}
