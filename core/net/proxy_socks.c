/*
 * SOCKS5 (RFC 1928) with its login by user and password (RFC 1929). Each answer is awaited before
 * the next word.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/error.h"
#include "net/proxy_talk.h"

#define VERSION          5
#define LOGIN_VERSION    1
#define METHOD_NONE      0
#define METHOD_LOGIN     2
#define METHOD_REFUSED   0xff
#define COMMAND_CONNECT  1
#define ADDRESS_IPV4     1
#define ADDRESS_NAME     3
#define ADDRESS_IPV6     4
#define REPLY_HEAD_BYTES 4u
#define REFUSED_BY_RULES 2

enum step { STEP_METHOD, STEP_LOGIN, STEP_REPLY };

static int put(struct net_proxy_talk *talk, const void *bytes, size_t len)
{
    return buf_append(&talk->out, bytes, len);
}

static int put_byte(struct net_proxy_talk *talk, size_t byte)
{
    uint8_t one = (uint8_t)byte;
    return put(talk, &one, 1);
}

/* A length and so many bytes. */
static int put_text(struct net_proxy_talk *talk, const char *text)
{
    size_t len = strlen(text);
    return put_byte(talk, len) == 0 ? put(talk, text, len) : -1;
}

int net_proxy_socks_begin(struct net_proxy_talk *talk, struct hawser_error *err)
{
    static const uint8_t PLAIN[]  = {VERSION, 1, METHOD_NONE};
    static const uint8_t LOGINS[] = {VERSION, 2, METHOD_NONE, METHOD_LOGIN};
    (void)err;
    return talk->proxy->user == NULL ? put(talk, PLAIN, sizeof(PLAIN))
                                     : put(talk, LOGINS, sizeof(LOGINS));
}

static int put_target(struct net_proxy_talk *talk)
{
    static const uint8_t HEAD[] = {VERSION, COMMAND_CONNECT, 0};
    const char *host            = talk->target->host;
    uint8_t port[]              = {(uint8_t)(talk->target->port >> 8), (uint8_t)talk->target->port};
    uint8_t address[sizeof(struct in6_addr)];
    int rc = put(talk, HEAD, sizeof(HEAD));
    if (rc == 0 && inet_pton(AF_INET, host, address) == 1) {
        rc = put_byte(talk, ADDRESS_IPV4) | put(talk, address, sizeof(struct in_addr));
    } else if (rc == 0 && inet_pton(AF_INET6, host, address) == 1) {
        rc = put_byte(talk, ADDRESS_IPV6) | put(talk, address, sizeof(struct in6_addr));
    } else if (rc == 0) {
        rc = put_byte(talk, ADDRESS_NAME) | put_text(talk, host);
    }
    return rc == 0 ? put(talk, port, sizeof(port)) : -1;
}

static int no_memory(struct hawser_error *err)
{
    error_set(err, HAWSER_SYSTEM_MEMORY, "out of memory");
    return -1;
}

static int ask(struct net_proxy_talk *talk, struct hawser_error *err)
{
    talk->step = STEP_REPLY;
    return put_target(talk) == 0 ? 0 : no_memory(err);
}

static int wrong(struct hawser_error *err)
{
    error_set(err, HAWSER_NET_PROXY, "it does not answer as a SOCKS5 proxy does");
    return -1;
}

static int on_method(struct net_proxy_talk *talk, uint8_t method, struct hawser_error *err)
{
    const struct net_proxy *proxy = talk->proxy;
    if (method == METHOD_NONE) {
        return ask(talk, err);
    }
    if (method == METHOD_LOGIN && proxy->user != NULL) {
        talk->step = STEP_LOGIN;
        return put_byte(talk, LOGIN_VERSION) == 0 && put_text(talk, proxy->user) == 0 &&
                       put_text(talk, proxy->password) == 0
                   ? 0
                   : no_memory(err);
    }
    if (method != METHOD_REFUSED) {
        return wrong(err);
    }
    error_set(err, HAWSER_NET_PROXY_AUTH,
              proxy->user == NULL
                  ? "it demands a login; write socks5://USER:PASSWORD@HOST:PORT"
                  : "it takes no login by user and password, which is the only one known here");
    return -1;
}

/* @source RFC 1928 6 */
static int refuse(uint8_t code, struct hawser_error *err)
{
    static const char *const TEXTS[] = {
        [1] = "general failure of the proxy",
        [2] = "not allowed by the proxy's rules",
        [3] = "the proxy cannot reach the network",
        [4] = "the proxy cannot reach the host",
        [5] = "the host refused the proxy",
        [6] = "the host did not answer in time",
        [7] = "the proxy does not know the command",
        [8] = "the proxy does not know the address type",
    };
    error_set(err, HAWSER_NET_PROXY, "%s (SOCKS code %u)",
              code < sizeof(TEXTS) / sizeof(TEXTS[0]) ? TEXTS[code] : "refused for no known reason",
              code);
    if (code == REFUSED_BY_RULES) {
        err->recovery = HAWSER_RECOVER_RECONNECT_SLOWLY; /* they do not change by asking */
    }
    return -1;
}

/* @return the length of the reply; 0: more must come; -1: it is none */
static ssize_t reply_bytes(const uint8_t *bytes, size_t len)
{
    if (len > 0 && bytes[0] != VERSION) {
        return -1;
    }
    if (len <= REPLY_HEAD_BYTES) {
        return 0;
    }
    switch (bytes[3]) {
    case ADDRESS_IPV4:
        return REPLY_HEAD_BYTES + 4 + 2;
    case ADDRESS_IPV6:
        return REPLY_HEAD_BYTES + 16 + 2;
    case ADDRESS_NAME:
        return REPLY_HEAD_BYTES + 1 + bytes[4] + 2;
    default:
        return -1;
    }
}

static int on_reply(struct net_proxy_talk *talk, struct hawser_error *err)
{
    const uint8_t *bytes = buf_data(&talk->reply);
    size_t len           = talk->reply.len;
    if (len >= 2 && bytes[0] == VERSION && bytes[1] != 0) {
        return refuse(bytes[1], err); /* some hang up without the address behind it */
    }
    ssize_t whole = reply_bytes(bytes, len);
    if (whole < 0) {
        return wrong(err);
    }
    if (whole == 0 || len < (size_t)whole) {
        return 0;
    }
    buf_consume(&talk->reply, (size_t)whole);
    return 1;
}

/* The answers before the last have two bytes each: a version, and what it says. */
static int on_pair(struct net_proxy_talk *talk, uint8_t version, uint8_t says,
                   struct hawser_error *err)
{
    if (talk->step == STEP_METHOD) {
        return version == VERSION ? on_method(talk, says, err) : wrong(err);
    }
    if (version != LOGIN_VERSION) {
        return wrong(err);
    }
    if (says != 0) {
        error_set(err, HAWSER_NET_PROXY_AUTH, "it refused user %s (SOCKS status %u)",
                  talk->proxy->user, says);
        return -1;
    }
    return ask(talk, err);
}

int net_proxy_socks_feed(struct net_proxy_talk *talk, struct hawser_error *err)
{
    while (talk->step != STEP_REPLY) {
        const uint8_t *bytes = buf_data(&talk->reply);
        uint8_t expected     = talk->step == STEP_METHOD ? VERSION : LOGIN_VERSION;
        if (talk->reply.len > 0 && bytes[0] != expected) {
            return wrong(err);
        }
        if (talk->reply.len < 2) {
            return 0;
        }
        uint8_t version = bytes[0];
        uint8_t says    = bytes[1];
        buf_consume(&talk->reply, 2);
        if (on_pair(talk, version, says, err) != 0) {
            return -1;
        }
    }
    return on_reply(talk, err);
}
