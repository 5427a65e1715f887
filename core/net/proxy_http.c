/*
 * HTTP CONNECT (RFC 9110 9.3.6, RFC 9112). A 2xx answer has no body: what follows its head is the
 * tunnel.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "net/proxy_talk.h"

#define LOGIN_BYTES  (2u * NET_PROXY_LOGIN_MAX + 1u) /* USER:PASSWORD */
#define REASON_BYTES 80u
#define WAIT_MAX_S   86400

/* RFC 7617 2 */
static int put_login(struct net_proxy_talk *talk)
{
    char plain[LOGIN_BYTES + 1];
    unsigned char encoded[(LOGIN_BYTES + 2) / 3 * 4 + 1];
    int len = snprintf(plain, sizeof(plain), "%s:%s", talk->proxy->user, talk->proxy->password);
    (void)EVP_EncodeBlock(encoded, (const unsigned char *)plain, len);
    int rc = buf_printf(&talk->out, "Proxy-Authorization: Basic %s\r\n", (const char *)encoded);
    OPENSSL_cleanse(plain, sizeof(plain));
    OPENSSL_cleanse(encoded, sizeof(encoded));
    return rc;
}

int net_proxy_http_begin(struct net_proxy_talk *talk, struct hawser_error *err)
{
    const struct net_url *target = talk->target;
    int is_ipv6                  = strchr(target->host, ':') != NULL;
    const char *open             = is_ipv6 ? "[" : "";
    const char *close            = is_ipv6 ? "]" : "";
    (void)err;
    if (buf_printf(&talk->out, "CONNECT %s%s%s:%u HTTP/1.1\r\nHost: %s%s%s:%u\r\n", open,
                   target->host, close, target->port, open, target->host, close,
                   target->port) != 0 ||
        (talk->proxy->user != NULL && put_login(talk) != 0)) {
        return -1;
    }
    return buf_append_text(&talk->out, "\r\n");
}

/* @return bytes of the head with the empty line behind it; 0: not whole yet */
static size_t head_bytes(struct hawser_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        const char *next = bytes.data + i + 1;
        size_t left      = bytes.len - i - 1;
        if (bytes.data[i] != '\n') {
            continue;
        }
        if (left >= 1 && next[0] == '\n') {
            return i + 2;
        }
        if (left >= 2 && next[0] == '\r' && next[1] == '\n') {
            return i + 3;
        }
    }
    return 0;
}

/* "HTTP/1.1 200 reason", as far as it has come. @return 0; -1: it cannot become one any more */
static int check_start(struct hawser_slice head)
{
    static const char SHAPE[] = "HTTP/1.# ###";
    for (size_t i = 0; i < head.len && SHAPE[i] != 0; i++) {
        int fits =
            SHAPE[i] == '#' ? head.data[i] >= '0' && head.data[i] <= '9' : head.data[i] == SHAPE[i];
        if (!fits) {
            return -1;
        }
    }
    size_t len = sizeof(SHAPE) - 1;
    return head.len <= len || memchr(" \r\n", head.data[len], 3) != NULL ? 0 : -1;
}

static int status_of(struct hawser_slice head)
{
    const char *digits = head.data + sizeof("HTTP/1.1 ") - 1;
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
}

/* The reason behind the status, as far as it is plain; "" where there is none. It may repeat the
 * login. */
static void copy_reason(struct hawser_slice head, char *out)
{
    struct hawser_slice reason = slice_skip(head, sizeof("HTTP/1.1 200") - 1);
    const char *end            = memchr(reason.data, '\n', reason.len);
    if (end != NULL) {
        reason.len = (size_t)(end - reason.data);
    }
    size_t len = secret_cut(reason, REASON_BYTES);
    for (size_t i = 0; i < len; i++) {
        char c = reason.data[i];
        out[i] = c >= 0x20 && c < 0x7f ? c : c == '\r' ? ' ' : '?';
    }
    while (len > 0 && out[len - 1] == ' ') {
        len--;
    }
    out[len] = 0;
}

/* @return ms; -1: it says nothing, or a date */
static int64_t retry_after_ms(struct hawser_slice head)
{
    static const char NAME[] = "\nretry-after:";
    size_t len               = sizeof(NAME) - 1;
    for (size_t at = 0; at + len < head.len; at++) {
        if (!slice_equal_nocase(slice_make(head.data + at, len), NAME)) {
            continue;
        }
        int64_t seconds = -1;
        for (size_t i = at + len; i < head.len; i++) {
            char c = head.data[i];
            if (c >= '0' && c <= '9' && seconds < WAIT_MAX_S) {
                seconds = (seconds < 0 ? 0 : seconds) * 10 + (c - '0');
            } else if (c != ' ' && c != '\t') {
                break;
            }
        }
        return seconds < 0 ? -1 : (seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S) * 1000;
    }
    return -1;
}

static int refuse(const struct net_proxy_talk *talk, struct hawser_slice head,
                  struct hawser_error *err)
{
    char reason[REASON_BYTES + 1];
    int status = status_of(head);
    copy_reason(head, reason);
    if (status != 407 && status != 401) { /* tinyproxy says 401 to a wrong login */
        error_set(err, HAWSER_NET_PROXY, "it answered HTTP %d%s", status, reason);
        if (status >= 400 && status < 500) {
            err->recovery = HAWSER_RECOVER_RECONNECT_SLOWLY; /* its rules do not change by asking */
        }
    } else if (talk->proxy->user == NULL) {
        error_set(err, HAWSER_NET_PROXY_AUTH,
                  "it demands a login (HTTP %d%s); write http://USER:PASSWORD@HOST:PORT", status,
                  reason);
    } else {
        error_set(err, HAWSER_NET_PROXY_AUTH, "it refused user %s (HTTP %d%s)", talk->proxy->user,
                  status, reason);
    }
    error_set_cause(err, HAWSER_CAUSE_HTTP, status);
    err->retry_after_ms = retry_after_ms(head);
    return -1;
}

int net_proxy_http_feed(struct net_proxy_talk *talk, struct hawser_error *err)
{
    for (;;) {
        struct hawser_slice head = buf_slice(&talk->reply);
        if (check_start(head) != 0) {
            error_set(err, HAWSER_NET_PROXY, "it does not answer as an HTTP proxy does");
            return -1;
        }
        head.len = head_bytes(head);
        if (head.len == 0) {
            return 0;
        }
        int status = status_of(head);
        if (status >= 300 || status < 100) {
            return refuse(talk, head, err);
        }
        buf_consume(&talk->reply, head.len);
        if (status >= 200) {
            return 1;
        }
    } /* 1xx: the answer proper follows */
}
