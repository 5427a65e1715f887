/*
 * The session's way to the exchange: through a proxy, with a login of its own or of the
 * credentials.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "support/mock_exchange.h"
#include "support/suite.h"
#include "unit/net/proxy_server.h"

struct way {
    struct rig rig;
    struct proxy_server *proxy;
    char url[128];
};

static uint16_t port_of(const char *url)
{
    return (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
}

static void begin(struct way *way, const char *login, const char *user, int connections)
{
    rig_init(&way->rig);
    way->proxy = proxy_server_start(
        &(struct proxy_server_options){.target      = port_of(mock_url(way->rig.mock)),
                                       .user        = user,
                                       .password    = "secret",
                                       .connections = connections});
    (void)snprintf(way->url, sizeof(way->url), "http://%s127.0.0.1:%u", login,
                   proxy_server_port(way->proxy));
    way->rig.options.url   = "ws://exchange.invalid:8099/";
    way->rig.options.proxy = way->url;
    rig_start(&way->rig);
}

static void end(struct way *way)
{
    rig_fini(&way->rig);
    proxy_server_free(way->proxy);
}

START_TEST(a_session_goes_through_its_proxy)
{
    struct way way;
    begin(&way, "", NULL, 1);
    rig_until(&way.rig, rig_is(&way.rig, HAWSER_STATE_READY));
    ck_assert_msg(strstr(way.rig.states, "RESOLVING CONNECTING UPGRADING OPEN") != NULL, "%s",
                  way.rig.states);
    ck_assert_str_eq(proxy_server_asked(way.proxy), "exchange.invalid:8099");
    end(&way);
}
END_TEST

START_TEST(a_login_that_the_proxy_refuses_is_tried_once_and_mended_by_credentials)
{
    static const char *const PAIRS[] = {"proxy_user", "me", "proxy_password", "secret"};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    struct way way;
    begin(&way, "me:wrong@", "me", 2);
    rig_until(&way.rig, rig_is(&way.rig, HAWSER_STATE_FAILED));
    ck_assert_int_eq(way.rig.why.code, HAWSER_NET_PROXY_AUTH);
    ck_assert_int_eq(way.rig.why.category, HAWSER_AUTHENTICATION);
    ck_assert_uint_eq(rig_info(&way.rig).reconnects, 0);
    ck_assert_int_eq(session_set_credentials(way.rig.session, PAIRS, 2, &err), 0);
    rig_until(&way.rig, rig_is(&way.rig, HAWSER_STATE_READY));
    end(&way);
}
END_TEST

START_TEST(what_the_proxys_rules_forbid_is_asked_for_at_the_longest_delay)
{
    struct way way;
    rig_init(&way.rig);
    way.proxy = proxy_server_start(&(struct proxy_server_options){.connections = 2});
    (void)snprintf(way.url, sizeof(way.url), "http://127.0.0.1:%u", proxy_server_port(way.proxy));
    way.rig.options.proxy                = way.url;
    way.rig.options.backoff.max_delay_ms = 3600000;
    rig_start(&way.rig);
    rig_until(&way.rig, rig_is(&way.rig, HAWSER_STATE_BACKOFF));
    struct session_info info = rig_info(&way.rig);
    ck_assert_int_eq(way.rig.why.code, HAWSER_NET_PROXY);
    ck_assert_int_eq(way.rig.why.category, HAWSER_CONNECTION);
    ck_assert_int_gt(info.next_attempt_ns, info.state_since_ns + 1000 * INT64_C(1000000000));
    end(&way);
}
END_TEST

START_TEST(a_proxy_or_socket_option_that_differs_needs_a_new_session)
{
    static const char *const NAMES[] = {"proxy", "tcp_user_timeout", "tcp_keepalive"};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    struct session_options other = rig.options;
    ck_assert_int_eq(session_apply(rig.session, &other, &err), 0);
    other.tcp_user_timeout_ms = 30000;
    ck_assert_int_eq(session_apply(rig.session, &other, &err), 0); /* the default, written out */
    other.proxy               = _i == 0 ? "http://me:secret@127.0.0.1:1" : NULL;
    other.tcp_user_timeout_ms = _i == 1 ? 999 : 0;
    other.tcp_keepalive_ms    = _i == 2 ? -1 : 0;
    ck_assert_int_eq(session_apply(rig.session, &other, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, NAMES[_i]));
    ck_assert_ptr_null(strstr(err.message, "secret"));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_proxy_that_is_none_makes_no_session)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    struct session_options other = rig.options;
    struct session_env env       = {.loop = rig.loop, .adapter = rig.adapter};
    other.proxy                  = "ftp://me:secret@h";
    ck_assert_ptr_null(session_create(&other, &env, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "proxy: expected http://"));
    ck_assert_ptr_null(strstr(err.message, "secret"));
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("path");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_session_goes_through_its_proxy);
    tcase_add_test(cases, a_login_that_the_proxy_refuses_is_tried_once_and_mended_by_credentials);
    tcase_add_test(cases, what_the_proxys_rules_forbid_is_asked_for_at_the_longest_delay);
    tcase_add_loop_test(cases, a_proxy_or_socket_option_that_differs_needs_a_new_session, 0, 3);
    tcase_add_test(cases, a_proxy_that_is_none_makes_no_session);
    return suite_run("session/path", cases);
}
