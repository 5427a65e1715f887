/*
 * The face of both proxy protocols. See proxy_talk.h.
 */
#include "net/proxy_talk.h"

#include "base/error.h"

int net_proxy_talk_begin(struct net_proxy_talk *talk, const struct net_proxy *proxy,
                         const struct net_url *target, struct hawser_error *err)
{
    *talk = (struct net_proxy_talk){
        .proxy = proxy, .target = target, .reply = {.max = NET_PROXY_REPLY_MAX}};
    int rc = proxy->kind == NET_PROXY_HTTP ? net_proxy_http_begin(talk, err)
                                           : net_proxy_socks_begin(talk, err);
    if (rc != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "proxy: out of memory");
    }
    return rc;
}

int net_proxy_talk_feed(struct net_proxy_talk *talk, struct hawser_slice bytes,
                        struct hawser_error *err)
{
    talk->taken += bytes.len;
    if (talk->taken > NET_PROXY_REPLY_MAX) {
        error_set(err, HAWSER_NET_PROXY, "its answer is longer than %u bytes", NET_PROXY_REPLY_MAX);
        return -1;
    }
    if (buf_append_slice(&talk->reply, bytes) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "out of memory");
        return -1;
    }
    int rc = talk->proxy->kind == NET_PROXY_HTTP ? net_proxy_http_feed(talk, err)
                                                 : net_proxy_socks_feed(talk, err);
    if (rc == 1 && talk->reply.len > 0) {
        error_set(err, HAWSER_NET_PROXY, "it sent bytes behind its answer");
        return -1;
    }
    return rc;
}

void net_proxy_talk_fini(struct net_proxy_talk *talk)
{
    buf_cleanse(&talk->out);
    buf_fini(&talk->reply);
}
