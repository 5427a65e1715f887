/*
 * Strict ws:// and wss:// URLs. What is refused is refused with the reason and what to write
 * instead; the text itself is not repeated, for a query may hold a key.
 */
#include "net/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/slice.h"

#define URL_MAX_BYTES   4096u
#define HOST_MAX_BYTES  253u /* RFC 1035 2.3.4, without the root's dot */
#define LABEL_MAX_BYTES 63u

static int refuse(struct hawser_error *err, const char *what)
{
    error_set(err, HAWSER_NET_URL, "%s", what);
    return -1;
}

/* No locale has a say in what a letter is. */
static int is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int net_url_check_characters(const char *text, struct hawser_error *err)
{
    size_t len = strnlen(text, URL_MAX_BYTES + 1);
    if (len > URL_MAX_BYTES) {
        error_set(err, HAWSER_NET_URL, "longer than %u bytes", URL_MAX_BYTES);
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c == 0x7f) {
            error_set(err, HAWSER_NET_URL, "space or control character at position %zu", i + 1);
            return -1;
        }
        if (c == '#') {
            return refuse(err, "a fragment (#...) is not allowed; write %23 for the character");
        }
    }
    return 0;
}

static const char *parse_scheme(const char *text, struct net_url *out, struct hawser_error *err)
{
    const char *end = strstr(text, "://");
    size_t len      = end == NULL ? 0 : (size_t)(end - text);
    if (len == 2 && strncasecmp(text, "ws", len) == 0) {
        out->port = 80;
    } else if (len == 3 && strncasecmp(text, "wss", len) == 0) {
        out->port   = 443;
        out->secure = 1;
    } else {
        (void)refuse(err, "expected ws://HOST[:PORT][/PATH] or wss://...");
        return NULL;
    }
    return end + 3;
}

static int parse_port(struct hawser_slice digits, uint16_t *port, struct hawser_error *err)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9' || i >= 5) {
            return refuse(err, "expected a port from 1 to 65535 behind the host's ':'");
        }
        value = value * 10 + (uint32_t)(digits.data[i] - '0');
    }
    if (value == 0 || value > 65535) {
        return refuse(err, "expected a port from 1 to 65535 behind the host's ':'");
    }
    *port = (uint16_t)value;
    return 0;
}

static int check_label(struct hawser_slice label, struct hawser_error *err)
{
    if (label.len == 0) {
        return refuse(err, "the host has an empty part (two dots, or a dot at an end)");
    }
    if (label.len > LABEL_MAX_BYTES) {
        return refuse(err, "a part of the host is longer than 63 bytes");
    }
    for (size_t i = 0; i < label.len; i++) {
        char c = label.data[i];
        if ((unsigned char)c >= 0x80) {
            return refuse(err, "the host is not ASCII; write its xn-- form");
        }
        if (!is_letter_or_digit(c) && c != '-' && c != '_') {
            return refuse(err, "the host may hold letters, digits, '-', '_' and '.' alone");
        }
    }
    if (label.data[0] == '-' || label.data[label.len - 1] == '-') {
        return refuse(err, "a part of the host begins or ends with '-'");
    }
    return 0;
}

/* A last label that is a number means an address (WHATWG URL 3.5); libc would read 127.1 or 0x7f.1
 * as one, evdns would ask for it: neither is what was meant. */
static int is_number(struct hawser_slice label)
{
    if (label.len >= 2 && label.data[0] == '0' && (label.data[1] == 'x' || label.data[1] == 'X')) {
        return 1;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (label.data[i] < '0' || label.data[i] > '9') {
            return 0;
        }
    }
    return 1;
}

static int check_name(struct net_url *out, struct hawser_error *err)
{
    struct hawser_slice rest = slice_of(out->host);
    struct in_addr ipv4;
    if (rest.len > HOST_MAX_BYTES) {
        return refuse(err, "the host is longer than 253 bytes");
    }
    if (inet_pton(AF_INET, out->host, &ipv4) == 1) {
        out->is_address = 1;
        return 0;
    }
    for (;;) {
        const char *dot           = rest.len == 0 ? NULL : memchr(rest.data, '.', rest.len);
        struct hawser_slice label = rest;
        if (dot != NULL) {
            label.len = (size_t)(dot - rest.data);
        }
        if (check_label(label, err) != 0) {
            return -1;
        }
        if (dot == NULL) {
            return is_number(label) ? refuse(err, "the host is not a whole IPv4 address") : 0;
        }
        rest = slice_skip(rest, label.len + 1);
    }
}

static int check_ipv6(struct net_url *out, struct hawser_error *err)
{
    struct in6_addr ipv6;
    if (strchr(out->host, '%') != NULL) {
        return refuse(err, "an IPv6 zone (%...) is not supported");
    }
    if (inet_pton(AF_INET6, out->host, &ipv6) != 1) {
        return refuse(err, "no IPv6 address between '[' and ']'");
    }
    out->is_address = 1;
    return 0;
}

int net_url_parse_host(struct hawser_slice authority, struct net_url *out, struct hawser_error *err)
{
    struct hawser_slice host = authority;
    struct hawser_slice rest = {NULL, 0};
    int bracketed            = authority.len > 0 && authority.data[0] == '[';
    const char *end          = memchr(authority.data, bracketed ? ']' : ':', authority.len);
    if (bracketed) {
        if (end == NULL) {
            return refuse(err, "the ']' behind the IPv6 address is missing");
        }
        host = slice_make(authority.data + 1, (size_t)(end - authority.data) - 1);
        rest = slice_skip(authority, host.len + 2);
    } else if (end != NULL) {
        host.len = (size_t)(end - authority.data);
        rest     = slice_skip(authority, host.len);
        if (memchr(rest.data + 1, ':', rest.len - 1) != NULL) {
            return refuse(err, "more than one ':' in the host; write an IPv6 address as [::1]");
        }
    }
    if (host.len == 0) {
        return refuse(err, "the host is missing");
    }
    if (rest.len > 0 && rest.data[0] != ':') {
        return refuse(err, "expected ':' and a port, or '/', behind ']'");
    }
    if (rest.len > 0 && parse_port(slice_skip(rest, 1), &out->port, err) != 0) {
        return -1;
    }
    out->host = strndup(host.data, host.len);
    if (out->host == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "out of memory");
        return -1;
    }
    for (char *c = out->host; *c != 0; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c;
    }
    return bracketed ? check_ipv6(out, err) : check_name(out, err);
}

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 3986 3.3, 3.4: what stands in the request line must not need encoding any more. */
static int check_path(const char *path, struct hawser_error *err)
{
    for (const char *c = path; *c != 0; c++) {
        if (*c == '%' && !(is_hex(c[1]) && is_hex(c[2]))) {
            return refuse(err, "expected two hexadecimal digits behind '%'");
        }
        if ((unsigned char)*c >= 0x80 || strchr("\"<>\\^`{|}", *c) != NULL) {
            return refuse(err, "the path holds a character that must be written as %XX");
        }
    }
    return 0;
}

static int take_path(const char *path, struct net_url *out, struct hawser_error *err)
{
    if (check_path(path, err) != 0) {
        return -1;
    }
    size_t size = strlen(path) + 2;
    out->path   = malloc(size);
    if (out->path == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "out of memory");
        return -1;
    }
    (void)snprintf(out->path, size, "%s%s", path[0] == '/' ? "" : "/", path);
    return 0;
}

static int parse(const char *text, struct net_url *url, struct hawser_error *err)
{
    if (net_url_check_characters(text, err) != 0) {
        return -1;
    }
    const char *authority = parse_scheme(text, url, err);
    if (authority == NULL) {
        return -1;
    }
    size_t len = strcspn(authority, "/?");
    if (memchr(authority, '@', len) != NULL) {
        return refuse(err, "a user name or password in the url is not supported; use credentials");
    }
    return net_url_parse_host(slice_make(authority, len), url, err) == 0 &&
                   take_path(authority + len, url, err) == 0
               ? 0
               : -1;
}

int net_url_parse(const char *text, struct net_url *out, struct hawser_error *err)
{
    struct net_url url = {0};
    if (parse(text, &url, err) != 0) {
        error_prefix(err, "url");
        net_url_fini(&url);
        return -1;
    }
    *out = url;
    return 0;
}

void net_url_fini(struct net_url *url)
{
    if (url == NULL) {
        return;
    }
    free(url->host);
    free(url->path);
    *url = (struct net_url){0};
}

int net_url_host_header(const struct net_url *url, char *out, size_t size)
{
    int is_ipv6       = strchr(url->host, ':') != NULL;
    const char *open  = is_ipv6 ? "[" : "";
    const char *close = is_ipv6 ? "]" : "";
    if (url->port == (url->secure ? 443 : 80)) {
        return snprintf(out, size, "%s%s%s", open, url->host, close);
    }
    return snprintf(out, size, "%s%s%s:%u", open, url->host, close, url->port);
}
