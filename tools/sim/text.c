/*
 * JSON text into a buffer. See text.h. Numbers of the market data are scaled integers, printed
 * without snprintf: they are most of the work at high rates.
 */
#include "sim/text.h"

#include <stdio.h>
#include <string.h>

static const int64_t POWERS[] = {1,           10,           100,          1000,      10000,
                                 100000,      1000000,      10000000,     100000000, 1000000000,
                                 10000000000, 100000000000, 1000000000000};
#define MAX_DECIMALS 12u
#define DIGITS_MAX   24u

void sim_text_fini(struct sim_text *text)
{
    buf_fini(&text->buf);
    text->failed = 0;
}

void sim_text_clear(struct sim_text *text)
{
    buf_clear(&text->buf);
    text->failed = 0;
}

void sim_text_bytes(struct sim_text *text, const void *bytes, size_t len)
{
    text->failed |= buf_append(&text->buf, bytes, len) != 0;
}

void sim_text_add(struct sim_text *text, const char *piece)
{
    sim_text_bytes(text, piece, strlen(piece));
}

void sim_text_printf(struct sim_text *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    text->failed |= buf_vprintf(&text->buf, fmt, args) != 0;
    va_end(args);
}

/* Writes from the end of `out` to its front. @return where the digits begin */
static char *digits(char *out, uint64_t value)
{
    do {
        *--out = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return out;
}

void sim_text_int(struct sim_text *text, int64_t value)
{
    char room[DIGITS_MAX];
    char *end   = room + sizeof(room);
    char *start = digits(end, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
    if (value < 0) {
        *--start = '-';
    }
    sim_text_bytes(text, start, (size_t)(end - start));
}

/* d.ddde-NN, as Erlang and Python print small numbers */
static void add_small(struct sim_text *text, uint64_t magnitude, unsigned decimals)
{
    unsigned count = 1;
    while (count < MAX_DECIMALS && (uint64_t)POWERS[count] <= magnitude) {
        count++;
    }
    while (magnitude % 10 == 0) {
        magnitude /= 10;
        decimals--;
        count--;
    }
    char room[DIGITS_MAX];
    char *end   = room + sizeof(room);
    char *start = digits(end, magnitude);
    sim_text_bytes(text, start, 1);
    if (count > 1) {
        sim_text_add(text, ".");
        sim_text_bytes(text, start + 1, (size_t)(end - start) - 1);
    }
    sim_text_printf(text, "e-%02u", decimals - (count - 1));
}

void sim_text_fixed(struct sim_text *text, int64_t value, unsigned decimals)
{
    uint64_t magnitude = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    if (value < 0) {
        sim_text_add(text, "-");
    }
    if (decimals > 4 && magnitude != 0 && magnitude < (uint64_t)POWERS[decimals - 4]) {
        add_small(text, magnitude, decimals);
        return;
    }
    uint64_t whole    = magnitude / (uint64_t)POWERS[decimals];
    uint64_t fraction = magnitude % (uint64_t)POWERS[decimals];
    char room[DIGITS_MAX];
    char *start = digits(room + sizeof(room), whole);
    sim_text_bytes(text, start, (size_t)(room + sizeof(room) - start));
    char tail[MAX_DECIMALS + 2] = ".0";
    size_t len                  = 2;
    if (fraction != 0) {
        while (fraction % 10 == 0) {
            fraction /= 10;
            decimals--;
        }
        for (unsigned i = decimals; i > 0; i--) {
            tail[i] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        len = decimals + 1u;
    }
    sim_text_bytes(text, tail, len);
}

void sim_text_amount(struct sim_text *text, int64_t value, unsigned decimals)
{
    int64_t whole = value / POWERS[decimals];
    if (value % POWERS[decimals] != 0 || whole < 1000 || whole % 100 != 0) {
        sim_text_fixed(text, value, decimals);
        return;
    }
    unsigned exponent = 0;
    while (whole >= POWERS[exponent + 1]) {
        exponent++;
    }
    sim_text_fixed(text, whole, exponent);
    sim_text_printf(text, "e%u", exponent);
}

static void add_key(struct sim_text *text, const char *key)
{
    sim_text_bytes(text, ",\"", 2);
    sim_text_add(text, key);
    sim_text_bytes(text, "\":", 2);
}

void sim_text_field(struct sim_text *text, const char *key, int64_t value, unsigned decimals)
{
    add_key(text, key);
    sim_text_fixed(text, value, decimals);
}

void sim_text_real(struct sim_text *text, const char *key, double value)
{
    char room[40];
    int len = snprintf(room, sizeof(room), "%.12g", value == 0 ? 0.0 : value);
    add_key(text, key);
    sim_text_bytes(text, room, (size_t)len);
    if (strpbrk(room, ".en") == NULL) {
        sim_text_bytes(text, ".0", 2);
    }
}

void sim_text_named(struct sim_text *text, const char *key, const char *value)
{
    add_key(text, key);
    sim_text_string(text, value);
}

void sim_text_flag(struct sim_text *text, const char *key, int value)
{
    add_key(text, key);
    sim_text_add(text, value ? "true" : "false");
}

void sim_text_string(struct sim_text *text, const char *value)
{
    sim_text_bytes(text, "\"", 1);
    for (const char *at = value; *at != '\0';) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= 0x20 && at[plain] != '"' && at[plain] != '\\') {
            plain++;
        }
        sim_text_bytes(text, at, plain);
        at += plain;
        if (*at == '"' || *at == '\\') {
            sim_text_printf(text, "\\%c", *at++);
        } else if (*at != '\0') {
            sim_text_printf(text, "\\u%04x", (unsigned)(unsigned char)*at++);
        }
    }
    sim_text_bytes(text, "\"", 1);
}

const char *sim_text_get(struct sim_text *text)
{
    const char *string = text->failed ? NULL : buf_text(&text->buf);
    return string == NULL ? "" : string;
}
