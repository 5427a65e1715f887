/*
 * Retry-After. See retry_after.h. Dates are read by hand: strptime follows the process's locale,
 * which is not ours when we are a library.
 */
#include "ws/retry_after.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define DATE_MAX_BYTES 40u

static int month_number(const char *name)
{
    static const char NAMES[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (memcmp(NAMES + 3 * i, name, 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* Two-digit years belong to the century that puts them at most 50 years ahead (RFC 9110 5.6.7);
 * no date of a retry is of the last century. */
static int full_year(int year)
{
    return year < 100 ? 2000 + year : year;
}

/* @return seconds since the epoch; -1: not a date */
static int64_t date_parse(struct hawser_slice value)
{
    char text[DATE_MAX_BYTES];
    char month[4] = "";
    struct tm tm  = {0};
    if (value.len == 0 || value.len >= sizeof(text)) {
        return -1;
    }
    memcpy(text, value.data, value.len);
    text[value.len] = 0;
    char zone[4]    = "";
    int is_imf = sscanf(text, "%*[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3s", &tm.tm_mday, month,
                        &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) == 7;
    int is_rfc850 =
        !is_imf && sscanf(text, "%*[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d %3s", &tm.tm_mday,
                          month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) == 7;
    int is_asctime = !is_imf && !is_rfc850 &&
                     sscanf(text, "%*[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d", month, &tm.tm_mday,
                            &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &tm.tm_year) == 6;
    if (!is_asctime && strcmp(zone, "GMT") != 0) {
        return -1;
    }
    tm.tm_mon  = strlen(month) == 3 ? month_number(month) : -1;
    tm.tm_year = full_year(tm.tm_year) - 1900;
    if (tm.tm_mon < 0 || tm.tm_year < 70 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0) {
        return -1;
    }
    return (int64_t)timegm(&tm);
}

static int64_t seconds_parse(struct hawser_slice value)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return -1;
        }
        seconds = seconds * 10 + (value.data[i] - '0');
        if (seconds > WS_RETRY_AFTER_MAX_MS / 1000) {
            seconds = WS_RETRY_AFTER_MAX_MS / 1000;
        }
    }
    return value.len == 0 ? -1 : seconds;
}

int64_t ws_retry_after_ms(struct hawser_slice value, struct hawser_slice date)
{
    int64_t seconds = seconds_parse(value);
    if (seconds >= 0) {
        return seconds * 1000;
    }
    int64_t until = date_parse(value);
    if (until < 0) {
        return -1;
    }
    int64_t now = date_parse(date);
    if (now < 0) {
        now = clock_realtime() / CLOCK_NS_PER_S;
    }
    int64_t wait_ms = (until - now) * 1000;
    return wait_ms < 0 ? 0 : wait_ms > WS_RETRY_AFTER_MAX_MS ? WS_RETRY_AFTER_MAX_MS : wait_ms;
}
