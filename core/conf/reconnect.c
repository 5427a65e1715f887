/*
 * The words of a `reconnect`. See reconnect.h.
 */
#include "conf/reconnect.h"

#include <string.h>

#include "base/error.h"
#include "conf/value.h"

#define DEFAULT_DELAY     "1s" /* as the directive's row and session/backoff.c have them */
#define DEFAULT_MAX_DELAY "30s"
#define DAY_MS            INT64_C(86400000)

/* A fraction from 0 to 1 with at most 6 digits: what strtod takes beyond that (nan, 0x1p-3, a comma
 * by locale) is no config. */
static int is_fraction(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits != 1 || text[0] > '1') {
        return 0;
    }
    if (text[1] == 0) {
        return 1;
    }
    size_t after = strspn(text + 2, text[0] == '1' ? "0" : "0123456789");
    return text[1] == '.' && after >= 1 && after <= 6 && text[2 + after] == 0;
}

/* @return 0, and `value` set; -1: told */
static int check_word(const struct conf_node *node, const char *name, const char *word,
                      const struct hawser_directive *as, int64_t *value,
                      struct conf_problems *problems)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (conf_value_check(as, word, value, &err) != 0) {
        conf_problem(problems, node, "\"reconnect %s\": %s", name, err.message);
        return -1;
    }
    return 0;
}

static void check_delays(const struct conf_node *node, const char *delay, const char *max_delay,
                         struct conf_problems *problems)
{
    const struct hawser_directive as = {.type = HAWSER_VALUE_TIME, .min = 1, .max = DAY_MS};
    const char *first                = delay == NULL ? DEFAULT_DELAY : delay;
    const char *longest              = max_delay == NULL ? DEFAULT_MAX_DELAY : max_delay;
    int64_t first_ms                 = 0;
    int64_t longest_ms               = 0;
    int rc                           = check_word(node, "delay", first, &as, &first_ms, problems);
    rc |= check_word(node, "max_delay", longest, &as, &longest_ms, problems);
    if (rc == 0 && first_ms > longest_ms) {
        conf_problem(problems, node,
                     "\"reconnect\": delay=%s%s is longer than max_delay=%s%s: expected at most as "
                     "long",
                     first, delay == NULL ? " (the default)" : "", longest,
                     max_delay == NULL ? " (the default)" : "");
    }
}

void conf_reconnect_check(const struct conf_node *node, struct conf_problems *problems)
{
    const struct hawser_directive number = {.type = HAWSER_VALUE_NUMBER, .max = 1000000};
    const char *const *words             = node->words + 1;
    size_t count                         = node->word_count - 1;
    const char *jitter                   = conf_value_option(words, count, "jitter");
    const char *attempts                 = conf_value_option(words, count, "attempts");
    int64_t unused                       = 0;
    check_delays(node, conf_value_option(words, count, "delay"),
                 conf_value_option(words, count, "max_delay"), problems);
    if (jitter != NULL && !is_fraction(jitter)) {
        conf_problem(problems, node,
                     "\"reconnect jitter\": expected a fraction from 0 to 1 such as 0.2, got "
                     "\"%.80s\"",
                     jitter);
    }
    if (attempts != NULL) {
        (void)check_word(node, "attempts", attempts, &number, &unused, problems); /* told */
    }
}
