/*
 * How the session's links get to the exchange: which address, through which proxy with which login,
 * and the options of their sockets.
 */
#include "base/error.h"
#include "base/log.h"
#include "session/object.h"

int session_path_prepare(struct session *session, struct hawser_error *err)
{
    const struct session_options *options = &session->options;
    session->path                         = (struct net_path){
                                .bind            = options->bind,
                                .first_address   = options->first_address,
                                .user_timeout_ms = options->tcp_user_timeout_ms,
                                .keepalive_ms    = options->tcp_keepalive_ms,
    };
    if (urls_init(&session->urls, options->url, options->fallback_urls, err) != 0) {
        return -1;
    }
    (void)session_url_choose(session); /* none has to be left alone */
    if (options->proxy == NULL) {
        return 0;
    }
    session->path.proxy = &session->proxy;
    return net_proxy_parse(options->proxy, &session->proxy, err);
}

void session_path_fini(struct session *session)
{
    urls_fini(&session->urls);
    net_proxy_fini(&session->proxy);
}

int session_take_proxy_login(struct session *session, struct hawser_error *err)
{
    const char *user     = session_credential(session, "proxy_user");
    const char *password = session_credential(session, "proxy_password");
    if (session->path.proxy == NULL || user == NULL || password == NULL) {
        return 0;
    }
    return net_proxy_set_login(&session->proxy, user, password, err);
}

int64_t session_url_choose(struct session *session)
{
    clock_ns_t wait = urls_choose(&session->urls, clock_monotonic());
    session->url    = urls_current(&session->urls)->url;
    return wait / CLOCK_NS_PER_MS;
}

int session_url_deny(struct session *session)
{
    /* a proxy's refusal of our login says nothing of the address */
    if (session->opened_at != 0 || session->conn == NULL || session->options.reconnect_off ||
        session->why.code == HAWSER_NET_PROXY_AUTH || !urls_deny(&session->urls)) {
        return 0;
    }
    log_about(&session->log, LOG_ERROR, "HW-SESSION-016",
              "%s is left out until a person acts, %s: %s", urls_current(&session->urls)->address,
              error_code_text(session->why.code), session->why.message);
    return 1;
}
