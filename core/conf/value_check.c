/*
 * A word against the type and the limits of a row. What needs more than the word alone (does the
 * file exist, does the name resolve) is left to those who use it. See value.h.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "conf/value.h"

#define ADDRESS_EXPECTED "HOST:PORT or unix:PATH"
#define URL_EXPECTED     "a URL such as wss://host:port/path"

static int refuse(struct hawser_error *err, const char *expected, const char *word)
{
    error_set(err, HAWSER_CONF_DIRECTIVE, "expected %s, got \"%.80s\"", expected, word);
    return -1;
}

static int is_port(struct hawser_slice text)
{
    uint32_t port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || port > UINT16_MAX) {
            return 0;
        }
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    return port >= 1 && port <= UINT16_MAX;
}

static int is_host(struct hawser_slice text)
{
    if (text.len == 0 || text.len > 255) {
        return 0;
    }
    if (text.data[0] == '[') {
        char address[INET6_ADDRSTRLEN] = {0};
        struct in6_addr unused;
        if (text.data[text.len - 1] != ']' || text.len - 2 >= sizeof(address)) {
            return 0;
        }
        memcpy(address, text.data + 1, text.len - 2);
        return inet_pton(AF_INET6, address, &unused) == 1;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 0x7f || strchr(":/?#@[]\\\"<>^`{|}", c) != NULL) {
            return 0;
        }
    }
    return 1;
}

/* HOST or HOST:PORT; a `:` inside brackets belongs to the host. */
static int is_authority(struct hawser_slice text, int needs_port)
{
    size_t colon = text.len;
    for (size_t i = text.len; i > 0 && text.data[i - 1] != ']'; i--) {
        if (text.data[i - 1] == ':') {
            colon = i - 1;
        }
    }
    if (colon == text.len) {
        return !needs_port && is_host(text);
    }
    return is_host(slice_make(text.data, colon)) && is_port(slice_skip(text, colon + 1));
}

static int check_address(const char *word, struct hawser_error *err)
{
    if (strncmp(word, "unix:", 5) == 0) {
        return word[5] != 0 ? 0 : refuse(err, ADDRESS_EXPECTED, word);
    }
    return is_authority(slice_of(word), 1) ? 0 : refuse(err, ADDRESS_EXPECTED, word);
}

static int check_url(const char *word, struct hawser_error *err)
{
    size_t scheme = strncasecmp(word, "ws://", 5) == 0    ? 5
                    : strncasecmp(word, "wss://", 6) == 0 ? 6
                                                          : 0;
    int printable = 1;
    for (const char *p = word; *p != 0; p++) {
        printable = printable && (unsigned char)*p > ' ' && *p != 0x7f;
    }
    const char *host = word + scheme;
    if (scheme == 0 || !printable || !is_authority(slice_make(host, strcspn(host, "/?#")), 0)) {
        /* userinfo: neither accepted nor shown */
        return refuse(err, URL_EXPECTED, strchr(word, '@') != NULL ? "***" : word);
    }
    if (strchr(host, '#') != NULL) {
        return refuse(err, "a URL without a fragment (#)", word);
    }
    return 0;
}

/* @return 1 when `choices` ("a|b|c") names the word */
static int names(const char *choices, struct hawser_slice word)
{
    for (const char *at = choices; at != NULL && word.len > 0;) {
        size_t len = strcspn(at, "|");
        if (slice_equal(slice_make(at, len), word)) {
            return 1;
        }
        at = at[len] == '|' ? at + len + 1 : NULL;
    }
    return 0;
}

static int check_option(const char *word, const char *keys, struct hawser_error *err)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals[1] == 0 ||
        !names(keys, slice_make(word, (size_t)(equals - word)))) {
        char expected[256];
        (void)snprintf(expected, sizeof(expected), "KEY=VALUE with a KEY of %s",
                       keys == NULL ? "none" : keys);
        return refuse(err, expected, word);
    }
    return 0;
}

static int check_limits(const struct hawser_directive *row, const char *word, int64_t value,
                        struct hawser_error *err)
{
    if ((row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max)) {
        return 0;
    }
    char least[32];
    char most[32];
    error_set(err, HAWSER_CONF_DIRECTIVE, "expected %s to %s, got \"%.80s\"",
              conf_value_write(row->type, row->min, least, sizeof(least)),
              conf_value_write(row->type, row->max, most, sizeof(most)), word);
    return -1;
}

static int check_scalar(const struct hawser_directive *row, const char *word, int64_t *out,
                        struct hawser_error *err)
{
    if (names(row->choices, slice_of(word))) {
        return 0; /* a word such as `auto` or `off`, which stands for 0 */
    }
    int rc = -1;
    if (row->type == HAWSER_VALUE_NUMBER) {
        rc = conf_value_number(word, out, err);
    } else if (row->type == HAWSER_VALUE_TIME) {
        rc = conf_value_time(word, out, err);
    } else {
        rc = conf_value_size(word, out, err);
    }
    return rc != 0 ? -1 : check_limits(row, word, *out, err);
}

static int check_type(const struct hawser_directive *row, const char *word, int64_t *out,
                      struct hawser_error *err)
{
    switch (row->type) {
    case HAWSER_VALUE_FLAG:
        return conf_value_flag(word, out, err);
    case HAWSER_VALUE_NUMBER:
    case HAWSER_VALUE_TIME:
    case HAWSER_VALUE_SIZE:
        return check_scalar(row, word, out, err);
    case HAWSER_VALUE_CHOICE:
        return conf_value_choice(word, row->choices, out, err);
    case HAWSER_VALUE_PATH:
        return word[0] != 0 ? 0 : refuse(err, "a path", word);
    case HAWSER_VALUE_ADDRESS:
        return check_address(word, err);
    case HAWSER_VALUE_URL:
        return check_url(word, err);
    case HAWSER_VALUE_OPTIONS:
        return check_option(word, row->choices, err);
    default:
        return 0; /* any word */
    }
}

int conf_value_check(const struct hawser_directive *row, const char *word, int64_t *out,
                     struct hawser_error *err)
{
    *out = 0;
    if (check_type(row, word, out, err) == 0) {
        return 0;
    }
    *out = 0;
    if ((row->flags & HAWSER_DIRECTIVE_SECRET) != 0) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "not a valid value (it is secret and not shown)");
    }
    return -1;
}
