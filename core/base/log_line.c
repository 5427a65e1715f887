/*
 * How a line of the log looks. See log_line.h.
 */
#include "base/log_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TAIL_BYTES 16u /* kept free for what ends a line */

struct out {
    char *bytes;
    size_t len;
    size_t max;
};

/* @return 1; 0: there is no room */
static int put(struct out *out, const char *bytes, size_t len)
{
    if (len > out->max - out->len) {
        return 0;
    }
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
    return 1;
}

static int put_text(struct out *out, const char *text)
{
    return put(out, text, strlen(text));
}

/** The length of the UTF-8 sequence at the front, and its code point. @return 0: it is none */
static size_t sequence(const char *at, size_t left, uint32_t *point)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000}; /* less in so many is overlong */
    unsigned char c               = (unsigned char)at[0];
    size_t len                    = c < 0x80               ? 1
                                    : (c & 0xe0u) == 0xc0u ? 2
                                    : (c & 0xf0u) == 0xe0u ? 3
                                    : (c & 0xf8u) == 0xf0u ? 4
                                                           : 0;
    if (len == 0 || len > left) {
        return 0;
    }
    *point = len == 1 ? c : c & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)at[i];
        if ((next & 0xc0u) != 0x80u) {
            return 0;
        }
        *point = *point << 6 | (next & 0x3fu);
    }
    return *point < LEAST[len] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000) ? 0
                                                                                             : len;
}

/* Controls of ASCII and Latin-1; separators of lines; what turns the direction of writing round. */
static int steers(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* @return 1; 0: there is no room */
static int put_escaped(struct out *out, uint32_t point, int json)
{
    char text[16];
    if (json && (point == '"' || point == '\\')) {
        text[0] = '\\';
        text[1] = (char)point;
        return put(out, text, 2);
    }
    int len =
        snprintf(text, sizeof(text), json || point > 0xff ? "\\u%04x" : "\\x%02x", (unsigned)point);
    return put(out, text, (size_t)len);
}

/** Text from anywhere, made harmless. @return 1; 0: there was no room for all of it */
static int put_foreign(struct out *out, struct hawser_slice text, int json)
{
    size_t used = 0;
    for (size_t at = 0; at < text.len; at += used) {
        uint32_t point = 0;
        int fits;
        used = sequence(text.data + at, text.len - at, &point);
        if (used == 0) {
            used = 1;
            fits = put_escaped(out, json ? 0xfffdu : (unsigned char)text.data[at], json);
        } else if (steers(point) || (json && (point == '"' || point == '\\'))) {
            fits = put_escaped(out, point, json);
        } else {
            fits = put(out, text.data + at, used);
        }
        if (!fits) {
            return 0;
        }
    }
    return 1;
}

static int put_foreign_text(struct out *out, const char *text, int json)
{
    return put_foreign(out, (struct hawser_slice){text, strlen(text)}, json);
}

static void put_time(struct out *out, clock_ns_t at, const char *format, int utc)
{
    char text[64];
    time_t seconds   = (time_t)(at / CLOCK_NS_PER_S);
    struct tm broken = {0};
    (void)(utc ? gmtime_r(&seconds, &broken) : localtime_r(&seconds, &broken)); /* of our clock */
    size_t len = strftime(text, sizeof(text), format, &broken);
    int more   = snprintf(text + len, sizeof(text) - len, ".%03d",
                          (int)(at % CLOCK_NS_PER_S / CLOCK_NS_PER_MS));
    (void)put(out, text, len + (size_t)(more < 0 ? 0 : more)); /* it comes first: there is room */
}

static int put_line_number(struct out *out, int json, unsigned number)
{
    char text[32];
    (void)snprintf(text, sizeof(text), json ? "\"line\":%u," : " line=%u", number);
    return number == 0 || put_text(out, text);
}

/* What stands in front is ours and short; the message is what may not fit. */
static void make_text(const struct log_line *line, struct out *out)
{
    char head[96];
    put_time(out, line->at, "%Y/%m/%d %H:%M:%S", 0);
    (void)snprintf(head, sizeof(head), " [%s] %d %s: %s ", log_level_name(line->level), line->pid,
                   line->process, line->id);
    (void)put_text(out, head); /* there is room */
    if (line->about != NULL) {
        (void)put_text(out, line->about->kind);                 /* a word of ours */
        (void)put_text(out, "=");                               /* as before */
        (void)put_foreign_text(out, line->about->name, 0);      /* of the config, bounded there */
        (void)put_line_number(out, 0, line->about->line);       /* as before */
        (void)put_text(out, line->message.len == 0 ? "" : " "); /* as before */
    }
    int is_whole = put_foreign(out, line->message, 0) && !line->is_cut;
    out->max += TAIL_BYTES;
    (void)put_text(out, is_whole ? "\n" : "...\n"); /* the tail was kept free */
}

static void make_json(const struct log_line *line, struct out *out)
{
    char head[160];
    (void)put_text(out, "{\"time\":\""); /* there is room, here and below */
    put_time(out, line->at, "%Y-%m-%dT%H:%M:%S", 1);
    (void)snprintf(head, sizeof(head),
                   "Z\",\"level\":\"%s\",\"pid\":%d,\"process\":\"%s\",\"id\":\"%s\",",
                   log_level_name(line->level), line->pid, line->process, line->id);
    (void)put_text(out, head);
    if (line->about != NULL) {
        (void)put_text(out, "\"");
        (void)put_text(out, line->about->kind);
        (void)put_text(out, "\":\"");
        (void)put_foreign_text(out, line->about->name, 1);
        (void)put_text(out, "\",");
        (void)put_line_number(out, 1, line->about->line);
    }
    (void)put_text(out, "\"message\":\"");
    int is_whole = put_foreign(out, line->message, 1) && !line->is_cut;
    out->max += TAIL_BYTES;
    (void)put_text(out, is_whole ? "\"}\n" : "...\"}\n"); /* the tail was kept free */
}

size_t log_line_make(const struct log_line *line, const struct log_style *style, char *bytes)
{
    struct out out = {bytes, 0, LOG_LINE_MAX_BYTES - TAIL_BYTES};
    if (style->journal) {
        char priority[8];
        (void)snprintf(priority, sizeof(priority), "<%d>", line->level); /* syslog's numbers */
        (void)put_text(&out, priority);                                  /* it comes first */
    }
    if (style->json) {
        make_json(line, &out);
    } else {
        make_text(line, &out);
    }
    return out.len;
}
