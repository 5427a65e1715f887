/*
 * What a proxy answers, HTTP and SOCKS5, with a login and without: any bytes, in any split, must be
 * judged, and the verdict may not depend on the split. The first byte of the input chooses the kind
 * and the split.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "net/proxy_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char host[]     = "h";
static char path[]     = "/";
static char user[]     = "u";
static char password[] = "p";

/* @return the verdict; 0: more is awaited */
static int judge(const struct net_proxy *proxy, const uint8_t *data, size_t size, size_t each,
                 uint32_t *code)
{
    static const struct net_url TARGET = {.host = host, .path = path, .port = 443};
    struct net_proxy_talk talk;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int rc                  = net_proxy_talk_begin(&talk, proxy, &TARGET, &err);
    for (size_t i = 0; i < size && rc == 0; i += each) {
        size_t len = size - i < each ? size - i : each;
        char *copy = malloc(len); /* of its size, so that one byte too far is seen */
        if (copy == NULL) {
            break;
        }
        memcpy(copy, data + i, len);
        rc = net_proxy_talk_feed(&talk, slice_make(copy, len), &err);
        free(copy);
        if (rc == 1 && i + len < size) {
            rc       = -1; /* what a whole feed says of bytes behind the answer */
            err.code = HAWSER_NET_PROXY;
        }
    }
    if ((rc < 0) != (err.code != 0) || talk.reply.len > NET_PROXY_REPLY_MAX) {
        abort();
    }
    net_proxy_talk_fini(&talk);
    *code = err.code;
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > NET_PROXY_REPLY_MAX) {
        return 0;
    }
    int has_login                = (data[0] & 2) != 0;
    const struct net_proxy proxy = {.host     = host,
                                    .port     = 1,
                                    .kind     = data[0] & 1 ? NET_PROXY_SOCKS5 : NET_PROXY_HTTP,
                                    .user     = has_login ? user : NULL,
                                    .password = has_login ? password : NULL};
    size_t each                  = (data[0] >> 2) + 1u;
    uint32_t whole_code          = 0;
    uint32_t split_code          = 0;
    int whole                    = judge(&proxy, data + 1, size - 1, size, &whole_code);
    int split                    = judge(&proxy, data + 1, size - 1, each, &split_code);
    if (whole != split || whole_code != split_code) {
        abort();
    }
    return 0;
}
