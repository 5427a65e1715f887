/*
 * Proxy URLs and logins. What is said to a proxy: proxy_http.c, proxy_socks.c.
 */
#include "net/proxy.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/slice.h"
#include "net/url.h"

#define HTTP_PORT  80
#define SOCKS_PORT 1080

static int refuse(struct hawser_error *err, const char *what)
{
    error_set(err, HAWSER_NET_URL, "%s", what);
    return -1;
}

static void free_secret(char *text)
{
    if (text != NULL) {
        OPENSSL_cleanse(text, strlen(text));
        free(text);
    }
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* @return given, with %XX decoded; NULL with err set */
static char *decode(struct hawser_slice text, struct hawser_error *err)
{
    char *out  = malloc(text.len + 1);
    size_t len = 0;
    if (out == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_of(text.data[i + 1]) : -1;
            int low  = i + 2 < text.len ? hex_of(text.data[i + 2]) : -1;
            if (high < 0 || low < 0 || high * 16 + low == 0) {
                out[len] = 0;
                free_secret(out);
                (void)refuse(err, "expected two hexadecimal digits, not 00, behind '%'");
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[len++] = c;
    }
    out[len] = 0;
    return out;
}

/* RFC 7617 2: no control characters in either; ':' parts the two. RFC 1929 2: at most 255 bytes. */
static int check_login(const char *user, const char *password, struct hawser_error *err)
{
    const char *const both[] = {user, password};
    if (user[0] == 0) {
        return refuse(err, "the user name is empty");
    }
    for (size_t i = 0; i < 2; i++) {
        if (strlen(both[i]) > NET_PROXY_LOGIN_MAX) {
            return refuse(err, "the user name or the password is longer than 255 bytes");
        }
        for (const char *c = both[i]; *c != 0; c++) {
            if ((unsigned char)*c < 0x20 || *c == 0x7f) {
                return refuse(err, "the user name or the password has a control character");
            }
        }
    }
    return strchr(user, ':') == NULL ? 0 : refuse(err, "the user name has a ':'");
}

int net_proxy_set_login(struct net_proxy *proxy, const char *user, const char *password,
                        struct hawser_error *err)
{
    if (check_login(user, password, err) != 0) {
        error_prefix(err, "proxy");
        return -1;
    }
    char *new_user     = strdup(user);
    char *new_password = strdup(password);
    if (new_user == NULL || new_password == NULL) {
        free_secret(new_user);
        free_secret(new_password);
        error_set(err, HAWSER_SYSTEM_MEMORY, "proxy: out of memory");
        return -1;
    }
    free_secret(proxy->user);
    free_secret(proxy->password);
    proxy->user     = new_user;
    proxy->password = new_password;
    return 0;
}

static int take_login(struct hawser_slice login, struct net_proxy *out, struct hawser_error *err)
{
    const char *colon = memchr(login.data, ':', login.len);
    size_t user_len   = colon == NULL ? login.len : (size_t)(colon - login.data);
    out->user         = decode(slice_make(login.data, user_len), err);
    if (out->user == NULL) {
        return -1;
    }
    out->password =
        decode(colon == NULL ? slice_make("", 0) : slice_skip(login, user_len + 1), err);
    return out->password == NULL ? -1 : check_login(out->user, out->password, err);
}

static const char *take_scheme(const char *text, struct net_proxy *out, struct hawser_error *err)
{
    static const char HTTP[]  = "http://";
    static const char SOCKS[] = "socks5://";
    if (strncasecmp(text, HTTP, sizeof(HTTP) - 1) == 0) {
        out->kind = NET_PROXY_HTTP;
        out->port = HTTP_PORT;
        return text + sizeof(HTTP) - 1;
    }
    if (strncasecmp(text, SOCKS, sizeof(SOCKS) - 1) == 0) {
        out->kind = NET_PROXY_SOCKS5;
        out->port = SOCKS_PORT;
        return text + sizeof(SOCKS) - 1;
    }
    (void)refuse(err, "expected http://[USER:PASSWORD@]HOST:PORT or socks5://...");
    return NULL;
}

static int parse(const char *text, struct net_proxy *out, struct hawser_error *err)
{
    const char *authority =
        net_url_check_characters(text, err) == 0 ? take_scheme(text, out, err) : NULL;
    if (authority == NULL) {
        return -1;
    }
    size_t len     = strcspn(authority, "/?");
    const char *at = memrchr(authority, '@', len);
    if (authority[len] != 0 && strcmp(authority + len, "/") != 0) {
        return refuse(err, "a path has no meaning here");
    }
    struct hawser_slice host = slice_make(authority, len);
    if (at != NULL) {
        size_t login_len = (size_t)(at - authority);
        if (take_login(slice_make(authority, login_len), out, err) != 0) {
            return -1;
        }
        host = slice_skip(host, login_len + 1);
    }
    struct net_url parts = {.port = out->port};
    int rc               = net_url_parse_host(host, &parts, err);
    out->host            = parts.host;
    out->port            = parts.port;
    return rc;
}

int net_proxy_parse(const char *text, struct net_proxy *out, struct hawser_error *err)
{
    struct net_proxy proxy = {.host = NULL};
    if (parse(text, &proxy, err) != 0) {
        error_prefix(err, "proxy");
        net_proxy_fini(&proxy);
        return -1;
    }
    *out = proxy;
    return 0;
}

void net_proxy_fini(struct net_proxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    free(proxy->host);
    free_secret(proxy->user);
    free_secret(proxy->password);
    *proxy = (struct net_proxy){.host = NULL};
}
