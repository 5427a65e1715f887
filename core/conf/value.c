/*
 * Words as values. Every message says what was expected and shows the word, unless the word may
 * hold a credential. See value.h.
 */
#include "conf/value.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first: the order in which they may stand. */
static const struct unit TIME_UNITS[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit SIZE_UNITS[] = {{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1},
                                         {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}};

#define TIME_EXPECTED "a time such as 500ms, 5s, 2m or 1h30m"
#define SIZE_EXPECTED "a size such as 512, 64k or 1m"

static int refuse(struct hawser_error *err, const char *word, const char *expected)
{
    int may_hold_password = strstr(word, "://") != NULL && strchr(word, '@') != NULL;
    error_set(err, HAWSER_CONF_DIRECTIVE, "expected %s, got \"%.80s\"", expected,
              may_hold_password ? "***" : word);
    return -1;
}

int conf_value_flag(const char *word, int64_t *out, struct hawser_error *err)
{
    int on = strcasecmp(word, "on") == 0;
    if (!on && strcasecmp(word, "off") != 0) {
        return refuse(err, word, "on or off");
    }
    *out = on;
    return 0;
}

/* @return digits read; 0: none; -1: over int64_t */
static int read_digits(const char *text, int64_t *out)
{
    int count     = 0;
    int64_t value = 0;
    for (; isdigit((unsigned char)text[count]); count++) {
        if (count == INT_MAX - 1 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text[count] - '0', &value)) {
            return -1;
        }
    }
    *out = value;
    return count;
}

int conf_value_number(const char *word, int64_t *out, struct hawser_error *err)
{
    int negative  = word[0] == '-';
    int64_t value = 0;
    int count     = read_digits(word + negative, &value);
    if (count < 0) {
        return refuse(err, word, "a number of at most 19 digits");
    }
    if (count == 0 || word[negative + count] != 0) {
        return refuse(err, word, "a whole number");
    }
    *out = negative ? -value : value;
    return 0;
}

/* @return index of the unit of exactly this name, or -1 */
static int find_unit(const struct unit *units, size_t count, struct hawser_slice text)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_text(text, units[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

static struct hawser_slice letters(const char *text)
{
    size_t len = 0;
    while (isalpha((unsigned char)text[len])) {
        len++;
    }
    return slice_make(text, len);
}

int conf_value_time(const char *word, int64_t *out_ms, struct hawser_error *err)
{
    static const size_t COUNT = sizeof(TIME_UNITS) / sizeof(TIME_UNITS[0]);
    int64_t total             = 0;
    int last_unit             = -1;
    const char *at            = word;
    do {
        int64_t value            = 0;
        int digits               = read_digits(at, &value);
        struct hawser_slice name = letters(at + (digits > 0 ? digits : 0));
        int unit                 = find_unit(TIME_UNITS, COUNT, name);
        if (digits > 0 && at == word && name.len == 0 && at[digits] == 0) {
            unit = 3; /* a bare number is seconds */
        }
        if (digits == 0 || (digits > 0 && unit <= last_unit)) {
            return refuse(err, word, TIME_EXPECTED);
        }
        if (digits < 0 || __builtin_mul_overflow(value, TIME_UNITS[unit].factor, &value) ||
            __builtin_add_overflow(total, value, &total)) {
            return refuse(err, word, "a time under 292 million years");
        }
        last_unit = unit;
        at        = name.data + name.len;
    } while (*at != 0);
    *out_ms = total;
    return 0;
}

int conf_value_size(const char *word, int64_t *out_bytes, struct hawser_error *err)
{
    static const size_t COUNT = sizeof(SIZE_UNITS) / sizeof(SIZE_UNITS[0]);
    int64_t value             = 0;
    int digits                = read_digits(word, &value);
    if (digits < 0) {
        return refuse(err, word, "a size under 8 EiB");
    }
    int unit = find_unit(SIZE_UNITS, COUNT, slice_of(word + digits));
    if (digits == 0 || unit < 0) {
        return refuse(err, word, SIZE_EXPECTED);
    }
    if (__builtin_mul_overflow(value, SIZE_UNITS[unit].factor, out_bytes)) {
        return refuse(err, word, "a size under 8 EiB");
    }
    return 0;
}

/* "a|b|c" one by one. @return 1 and the next word, 0 at the end */
static int next_choice(const char **choices, struct hawser_slice *out)
{
    if (*choices == NULL || **choices == 0) {
        return 0;
    }
    *out = slice_make(*choices, strcspn(*choices, "|"));
    *choices += out->len + ((*choices)[out->len] == '|');
    return 1;
}

static int64_t find_choice(const char *choices, struct hawser_slice word)
{
    struct hawser_slice choice;
    for (int64_t i = 0; next_choice(&choices, &choice); i++) {
        if (slice_equal(choice, word)) {
            return i;
        }
    }
    return -1;
}

/* "a|b|c" as "a, b or c" */
static void list_choices(const char *choices, char *out, size_t size)
{
    struct hawser_slice choice;
    size_t at = 0;
    out[0]    = 0;
    for (int first = 1; next_choice(&choices, &choice) && at < size; first = 0) {
        const char *join = first ? "" : *choices == 0 ? " or " : ", ";
        int len = snprintf(out + at, size - at, "%s%.*s", join, (int)choice.len, choice.data);
        at += len > 0 ? (size_t)len : 0;
    }
}

const char *conf_value_write(uint32_t type, int64_t value, char *out, size_t size)
{
    static const struct unit NONE = {"", 1};
    const struct unit *unit       = type == HAWSER_VALUE_TIME   ? TIME_UNITS
                                    : type == HAWSER_VALUE_SIZE ? SIZE_UNITS
                                                                : &NONE;
    while (unit->factor > 1 && value % unit->factor != 0) {
        unit++; /* the smallest unit is 1 */
    }
    (void)snprintf(out, size, "%lld%s", (long long)(value / unit->factor),
                   value == 0 ? "" : unit->name);
    return out;
}

int conf_value_choice(const char *word, const char *choices, int64_t *out, struct hawser_error *err)
{
    char expected[256];
    int64_t index = find_choice(choices, slice_of(word));
    if (index < 0) {
        list_choices(choices, expected, sizeof(expected));
        return refuse(err, word, expected);
    }
    *out = index;
    return 0;
}

const char *conf_value_option(const char *const *words, size_t count, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(words[i], key, len) == 0 && words[i][len] == '=') {
            return words[i] + len + 1;
        }
    }
    return NULL;
}

char *conf_value_path(const char *path, const char *prefix)
{
    if (path[0] == '/' || prefix == NULL || prefix[0] == 0) {
        return strdup(path);
    }
    size_t prefix_len = strlen(prefix);
    size_t size       = prefix_len + strlen(path) + 2;
    char *joined      = malloc(size);
    if (joined != NULL) {
        (void)snprintf(joined, size, "%s%s%s", prefix, prefix[prefix_len - 1] == '/' ? "" : "/",
                       path);
    }
    return joined;
}
