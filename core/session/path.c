/*
 * How the session's links get to the exchange: the proxy with its login, and the options of their
 * sockets.
 */
#include "base/error.h"
#include "session/object.h"

int session_path_prepare(struct session *session, struct hawser_error *err)
{
    const struct session_options *options = &session->options;
    session->path                         = (struct net_path){
                                .bind            = options->bind,
                                .user_timeout_ms = options->tcp_user_timeout_ms,
                                .keepalive_ms    = options->tcp_keepalive_ms,
    };
    if (options->proxy == NULL) {
        return 0;
    }
    session->path.proxy = &session->proxy;
    return net_proxy_parse(options->proxy, &session->proxy, err);
}

void session_path_fini(struct session *session)
{
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
