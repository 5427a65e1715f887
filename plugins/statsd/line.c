/*
 * Lines and packets. See line.h.
 */
#include "line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_US INT64_C(1000)

struct writer {
    char *out;
    size_t room;
    size_t len; /* goes on counting past `room` */
};

static void put(struct writer *writer, char c)
{
    if (writer->len < writer->room) {
        writer->out[writer->len] = c;
    }
    writer->len++;
}

static void put_text(struct writer *writer, const char *text)
{
    while (*text != '\0') {
        put(writer, *text++);
    }
}

static int is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static void put_name(struct writer *writer, const char *name, int keeps_dots)
{
    for (; *name != '\0'; name++) {
        put(writer, is_name_char(*name) || (keeps_dots && *name == '.') ? *name : '_');
    }
}

static void put_metric(struct writer *writer, const struct statsd_line *line)
{
    if (line->prefix[0] != '\0') {
        put_name(writer, line->prefix, 1);
        put(writer, '.');
    }
    if (line->session[0] != '\0') {
        put_text(writer, "session.");
        put_name(writer, line->session, 0);
        put(writer, '.');
    }
    put_name(writer, line->metric, 1);
}

static void put_milliseconds(struct writer *writer, int64_t ns)
{
    char text[32];
    uint64_t us = ((uint64_t)ns + NS_PER_US / 2) / NS_PER_US;
    int len     = snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, us / 1000, us % 1000);
    while (text[len - 1] == '0') {
        len--;
    }
    text[text[len - 1] == '.' ? len - 1 : len] = '\0';
    put_text(writer, text);
}

static void put_value(struct writer *writer, const struct statsd_line *line)
{
    static const char *const TYPES[] = {
        [STATSD_COUNTER] = "|c\n", [STATSD_GAUGE] = "|g\n", [STATSD_TIMER] = "|ms\n"};
    put(writer, ':');
    if (line->type == STATSD_TIMER) {
        put_milliseconds(writer, line->value < 0 ? 0 : line->value);
    } else {
        char text[32];
        (void)snprintf(text, sizeof(text), "%" PRId64, line->value); /* always fits */
        put_text(writer, text);
    }
    put_text(writer, TYPES[line->type]);
}

size_t statsd_line_format(const struct statsd_line *line, char *out, size_t room)
{
    struct writer writer = {out, room, 0};
    if (line->type == STATSD_GAUGE && line->value < 0) {
        struct statsd_line zero = *line;
        zero.value              = 0;
        put_metric(&writer, &zero);
        put_value(&writer, &zero);
    }
    put_metric(&writer, line);
    put_value(&writer, line);
    return writer.len <= room ? writer.len : 0;
}

int statsd_packet_add(struct statsd_packet *packet, const struct statsd_line *line)
{
    size_t len =
        statsd_line_format(line, packet->bytes + packet->len, sizeof(packet->bytes) - packet->len);
    if (len == 0) {
        return -1;
    }
    packet->len += len;
    packet->lines++;
    return 0;
}

int statsd_prefix_is_valid(const char *prefix)
{
    size_t len = 0;
    for (; prefix[len] != '\0'; len++) {
        if (!is_name_char(prefix[len]) && prefix[len] != '.') {
            return 0;
        }
    }
    return len <= STATSD_PREFIX_BYTES && prefix[0] != '.' && (len == 0 || prefix[len - 1] != '.');
}
