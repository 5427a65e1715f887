/*
 * What a server's certificate and version must be, and the words for each way in which they are
 * not: full dials against OpenSSL on loopback.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificates.h"
#include "net/dial.h"
#include "tls_server.h"

struct outcome {
    int connected;
    int phases[3];
    struct hawser_error why;
    char alpn[16];
};

struct call {
    struct net_loop *loop;
    struct outcome *outcome;
};

static struct certificate authority;
static char authority_file[64];

static void set_up(void)
{
    authority = certificate_make(
        &(struct certificate_recipe){.common_name = "Test Authority", .is_authority = 1});
    certificate_save(&authority, authority_file);
}

static void tear_down(void)
{
    (void)unlink(authority_file);
    certificate_free(&authority);
}

static void on_phase(void *arg, enum net_phase phase)
{
    struct call *call = arg;
    call->outcome->phases[phase]++;
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct call *call         = arg;
    const unsigned char *alpn = NULL;
    unsigned len              = 0;
    call->outcome->connected  = 1;
    ck_assert_ptr_nonnull(ssl);
    SSL_get0_alpn_selected(ssl, &alpn, &len);
    (void)snprintf(call->outcome->alpn, sizeof(call->outcome->alpn), "%.*s", (int)len,
                   len == 0 ? "" : (const char *)alpn);
    (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    ck_assert_int_eq(close(fd), 0);
    (void)event_base_loopbreak(call->loop->base);
}

static void on_failed(void *arg, const struct hawser_error *why)
{
    struct call *call  = arg;
    call->outcome->why = *why;
    (void)event_base_loopbreak(call->loop->base);
}

static const struct net_dial_handler HANDLER = {on_phase, on_connected, on_failed};

static struct outcome dial(const char *host, uint16_t port, const struct net_tls_options *options)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct outcome outcome  = {0};
    struct net_url url;
    char text[128];
    (void)snprintf(text, sizeof(text), "wss://%s:%u/", host, port);
    ck_assert_int_eq(net_url_parse(text, &url, &err), 0);
    struct net_tls *tls = net_tls_create(options, &err);
    ck_assert_msg(tls != NULL, "%s", err.message);
    struct call call = {.loop = net_loop_create(NULL, &err), .outcome = &outcome};
    ck_assert_ptr_nonnull(call.loop);
    struct net_dial *d = net_dial_start(call.loop, &url, tls, NULL, &HANDLER, &call, &err);
    ck_assert_ptr_nonnull(d);
    (void)event_base_dispatch(call.loop->base);
    net_dial_destroy(d);
    net_loop_destroy(call.loop);
    net_tls_destroy(tls);
    net_url_fini(&url);
    return outcome;
}

static struct outcome dial_certificate(const struct certificate_recipe *recipe, const char *host,
                                       const struct net_tls_options *options)
{
    struct certificate certificate = certificate_make(recipe);
    struct tls_server *server =
        tls_server_start(&(struct tls_server_options){.certificate = &certificate, .weak = 1});
    struct outcome outcome = dial(host, tls_server_port(server), options);
    tls_server_free(server);
    certificate_free(&certificate);
    return outcome;
}

#define TRUSTING                                                                                   \
    &(struct net_tls_options)                                                                      \
    {                                                                                              \
        .ca_file = authority_file                                                                  \
    }

static void assert_refused_as(enum hawser_code code, const struct outcome *outcome,
                              const char *first, const char *second)
{
    ck_assert_int_eq(outcome->connected, 0);
    ck_assert_msg(outcome->why.code == code, "%s", outcome->why.message);
    ck_assert_int_eq(outcome->why.category, HAWSER_AUTHENTICATION);
    ck_assert_msg(strstr(outcome->why.message, first) != NULL, "%s", outcome->why.message);
    ck_assert_msg(strstr(outcome->why.message, second) != NULL, "%s", outcome->why.message);
}

static void assert_refused(const struct outcome *outcome, const char *first, const char *second)
{
    assert_refused_as(HAWSER_TLS_CERTIFICATE, outcome, first, second);
}

static void assert_out_of_date(const struct outcome *outcome, const char *first, const char *second)
{
    assert_refused_as(HAWSER_TLS_CERTIFICATE_DATE, outcome, first, second);
}

START_TEST(a_good_certificate_is_accepted_and_each_phase_told)
{
    struct certificate_recipe good = {
        .common_name = "x", .names = "DNS:localhost", .issuer = &authority};
    struct outcome outcome = dial_certificate(&good, "localhost", TRUSTING);
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
    ck_assert_str_eq(outcome.alpn, "http/1.1");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(outcome.phases[i], 1);
    }
}
END_TEST

START_TEST(an_address_is_checked_against_addresses)
{
    struct certificate_recipe good = {
        .common_name = "x", .names = "IP:127.0.0.1", .issuer = &authority};
    struct certificate_recipe named = {
        .common_name = "x", .names = "DNS:127.0.0.1,DNS:a.test", .issuer = &authority};
    struct outcome outcome = dial_certificate(&good, "127.0.0.1", TRUSTING);
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
    outcome = dial_certificate(&named, "127.0.0.1", TRUSTING);
    assert_refused(&outcome, "another host", "a.test");
}
END_TEST

START_TEST(an_expired_certificate_is_refused_with_its_date)
{
    struct certificate_recipe expired = {.common_name = "x",
                                         .names       = "DNS:localhost",
                                         .issuer      = &authority,
                                         .starts_in_s = -3 * 86400L,
                                         .ends_in_s   = -86400L};
    struct outcome outcome            = dial_certificate(&expired, "localhost", TRUSTING);
    assert_out_of_date(&outcome, "expired on 20", " UTC");
    assert_out_of_date(&outcome, "certificate of localhost", "clock");
}
END_TEST

START_TEST(a_certificate_of_tomorrow_is_refused_with_its_date)
{
    struct certificate_recipe early = {.common_name = "x",
                                       .names       = "DNS:localhost",
                                       .issuer      = &authority,
                                       .starts_in_s = 86400L,
                                       .ends_in_s   = 2 * 86400L};
    struct outcome outcome          = dial_certificate(&early, "localhost", TRUSTING);
    assert_out_of_date(&outcome, "not valid before 20", " UTC");
}
END_TEST

START_TEST(a_certificate_of_another_host_is_refused_with_its_names)
{
    struct certificate_recipe other = {.common_name = "localhost",
                                       .names       = "DNS:a.test,DNS:*.b.test,IP:192.0.2.1,IP:::1",
                                       .issuer      = &authority};
    struct outcome outcome          = dial_certificate(&other, "localhost", TRUSTING);
    assert_refused(&outcome, "a.test, *.b.test, 192.0.2.1, ", "url");
    assert_refused(&outcome, "0000:0000:0000:0000:0000:0000:0000:0001", "another host");
}
END_TEST

START_TEST(a_common_name_alone_is_no_name)
{
    struct certificate_recipe old = {.common_name = "localhost", .issuer = &authority};
    struct outcome outcome        = dial_certificate(&old, "localhost", TRUSTING);
    assert_refused(&outcome, "no name at all", "another host");
}
END_TEST

START_TEST(a_self_signed_certificate_is_refused_and_tls_ca_named)
{
    struct certificate_recipe self = {.common_name = "x", .names = "DNS:localhost"};
    struct outcome outcome         = dial_certificate(&self, "localhost", TRUSTING);
    assert_refused(&outcome, "self-signed", "tls_ca");
}
END_TEST

START_TEST(an_unknown_issuer_is_named)
{
    struct certificate_recipe good = {
        .common_name = "x", .names = "DNS:localhost", .issuer = &authority};
    struct outcome outcome =
        dial_certificate(&good, "localhost", &(struct net_tls_options){.ca_file = NULL});
    assert_refused(&outcome, "unknown issuer: CN=Test Authority", "tls_ca");
}
END_TEST

START_TEST(a_weak_key_is_refused)
{
    struct certificate_recipe weak = {
        .common_name = "x", .names = "DNS:localhost", .issuer = &authority, .rsa_bits = 1024};
    struct outcome outcome = dial_certificate(&weak, "localhost", TRUSTING);
    assert_refused(&outcome, "weak key", "certificate of localhost");
}
END_TEST

START_TEST(verification_off_takes_any_certificate)
{
    struct certificate_recipe self = {.common_name = "x", .ends_in_s = -1};
    struct outcome outcome =
        dial_certificate(&self, "localhost", &(struct net_tls_options){.verify_off = 1});
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
}
END_TEST

START_TEST(the_servers_own_certificate_can_be_the_trusted_one)
{
    char file[64];
    struct certificate leaf = certificate_make(&(struct certificate_recipe){
        .common_name = "x", .names = "DNS:localhost", .issuer = &authority});
    certificate_save(&leaf, file);
    struct tls_server *server =
        tls_server_start(&(struct tls_server_options){.certificate = &leaf});
    struct outcome outcome =
        dial("localhost", tls_server_port(server), &(struct net_tls_options){.ca_file = file});
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
    (void)unlink(file);
    tls_server_free(server);
    certificate_free(&leaf);
}
END_TEST

START_TEST(the_name_is_sent_for_names_and_not_for_addresses)
{
    static const char *const HOSTS[] = {"localhost", "127.0.0.1"};
    static const char *const NAMES[] = {"localhost", ""};
    struct certificate good          = certificate_make(&(struct certificate_recipe){
                 .common_name = "x", .names = "DNS:localhost,IP:127.0.0.1", .issuer = &authority});
    struct tls_server *server =
        tls_server_start(&(struct tls_server_options){.certificate = &good});
    struct outcome outcome = dial(HOSTS[_i], tls_server_port(server), TRUSTING);
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
    tls_server_join(server);
    ck_assert_str_eq(tls_server_name(server), NAMES[_i]);
    tls_server_free(server);
    certificate_free(&good);
}
END_TEST

START_TEST(an_old_version_is_refused_in_words)
{
    struct certificate good = certificate_make(&(struct certificate_recipe){
        .common_name = "x", .names = "DNS:localhost", .issuer = &authority});
    struct tls_server *server =
        tls_server_start(&(struct tls_server_options){.certificate = &good,
                                                      .weak        = 1,
                                                      .min_version = TLS1_VERSION,
                                                      .max_version = TLS1_1_VERSION});
    struct outcome outcome = dial("localhost", tls_server_port(server), TRUSTING);
    ck_assert_int_eq(outcome.why.code, HAWSER_TLS_HANDSHAKE);
    ck_assert_msg(strstr(outcome.why.message, "no TLS 1.2") != NULL, "%s", outcome.why.message);
    tls_server_free(server);
    certificate_free(&good);
}
END_TEST

START_TEST(both_versions_are_spoken)
{
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct certificate good     = certificate_make(&(struct certificate_recipe){
            .common_name = "x", .names = "DNS:localhost", .issuer = &authority});
    struct tls_server *server   = tls_server_start(&(struct tls_server_options){
          .certificate = &good, .min_version = VERSIONS[_i], .max_version = VERSIONS[_i]});
    struct outcome outcome      = dial("localhost", tls_server_port(server), TRUSTING);
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
    tls_server_free(server);
    certificate_free(&good);
}
END_TEST

START_TEST(a_client_certificate_is_shown)
{
    char file[64];
    struct certificate good   = certificate_make(&(struct certificate_recipe){
          .common_name = "x", .names = "DNS:localhost", .issuer = &authority});
    struct certificate client = certificate_make(
        &(struct certificate_recipe){.common_name = "trader", .issuer = &authority});
    certificate_save(&client, file);
    /* In TLS 1.2 the server judges it within the handshake. */
    struct tls_server_options options = {
        .certificate = &good, .client_authority = &authority, .max_version = TLS1_2_VERSION};
    struct tls_server *server   = tls_server_start(&options);
    struct net_tls_options ours = {.ca_file = authority_file, .certificate_file = file};
    struct outcome outcome      = dial("localhost", tls_server_port(server), &ours);
    ck_assert_msg(outcome.connected, "%s", outcome.why.message);
    tls_server_free(server);

    server  = tls_server_start(&options);
    outcome = dial("localhost", tls_server_port(server), TRUSTING);
    ck_assert_int_eq(outcome.why.code, HAWSER_TLS_HANDSHAKE);
    ck_assert_msg(strstr(outcome.why.message, "tls_certificate") != NULL, "%s",
                  outcome.why.message);
    tls_server_free(server);
    (void)unlink(file);
    certificate_free(&client);
    certificate_free(&good);
}
END_TEST

struct plain_server {
    int listener;
    const char *says;
};

static void *say(void *arg)
{
    struct plain_server *server = arg;
    int fd                      = accept(server->listener, NULL, NULL);
    char sink[4096];
    (void)!recv(fd, sink, sizeof(sink), 0);
    (void)!send(fd, server->says, strlen(server->says), MSG_NOSIGNAL);
    (void)close(fd); /* a test's end of the wire */
    return NULL;
}

static struct outcome dial_plain_server(const char *says)
{
    struct plain_server server = {.listener = socket(AF_INET, SOCK_STREAM, 0), .says = says};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size             = sizeof(address);
    pthread_t thread;
    ck_assert_int_eq(bind(server.listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(server.listener, 1), 0);
    ck_assert_int_eq(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, say, &server), 0);
    struct outcome outcome = dial("127.0.0.1", ntohs(address.sin_port), TRUSTING);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(close(server.listener), 0);
    return outcome;
}

START_TEST(a_server_without_tls_is_told_as_such)
{
    struct outcome outcome = dial_plain_server("HTTP/1.1 400 Bad Request\r\n\r\n");
    ck_assert_int_eq(outcome.why.code, HAWSER_TLS_HANDSHAKE);
    ck_assert_msg(strstr(outcome.why.message, "does not speak TLS on this port") != NULL, "%s",
                  outcome.why.message);
}
END_TEST

START_TEST(a_cut_in_the_handshake_is_a_lost_connection)
{
    struct outcome outcome = dial_plain_server("");
    ck_assert_msg(outcome.why.code == HAWSER_TLS_LOST, "%s", outcome.why.message);
    ck_assert_int_eq(outcome.why.category, HAWSER_CONNECTION);
}
END_TEST

START_TEST(unusable_files_are_named)
{
    static const struct net_tls_options OPTIONS[] = {
        {.ca_file = "/nonexistent/ca.pem"},
        {.ca_file = "/dev/null"},
        {.certificate_file = "/nonexistent/client.pem"},
        {.certificate_file = "/dev/null"},
    };
    static const char *const SAYS[] = {"/nonexistent/ca.pem", "/dev/null",
                                       "/nonexistent/client.pem", "/dev/null"};
    struct hawser_error err         = HAWSER_ERROR_INIT;
    ck_assert_ptr_null(net_tls_create(&OPTIONS[_i], &err));
    ck_assert_int_eq(err.code, HAWSER_TLS_SETUP);
    ck_assert_msg(strstr(err.message, SAYS[_i]) != NULL, "%s", err.message);
}
END_TEST

START_TEST(a_key_that_does_not_fit_is_refused)
{
    char file[64];
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct certificate other = certificate_make(&(struct certificate_recipe){.common_name = "y"});
    certificate_save(&other, file);
    struct net_tls_options options = {.certificate_file = authority_file, .key_file = file};
    ck_assert_ptr_null(net_tls_create(&options, &err));
    ck_assert_int_eq(err.code, HAWSER_TLS_SETUP);
    (void)unlink(file);
    certificate_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/tls");
    TCase *tcase = tcase_create("tls");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_good_certificate_is_accepted_and_each_phase_told);
    tcase_add_test(tcase, an_address_is_checked_against_addresses);
    tcase_add_test(tcase, an_expired_certificate_is_refused_with_its_date);
    tcase_add_test(tcase, a_certificate_of_tomorrow_is_refused_with_its_date);
    tcase_add_test(tcase, a_certificate_of_another_host_is_refused_with_its_names);
    tcase_add_test(tcase, a_common_name_alone_is_no_name);
    tcase_add_test(tcase, a_self_signed_certificate_is_refused_and_tls_ca_named);
    tcase_add_test(tcase, an_unknown_issuer_is_named);
    tcase_add_test(tcase, a_weak_key_is_refused);
    tcase_add_test(tcase, verification_off_takes_any_certificate);
    tcase_add_test(tcase, the_servers_own_certificate_can_be_the_trusted_one);
    tcase_add_loop_test(tcase, the_name_is_sent_for_names_and_not_for_addresses, 0, 2);
    tcase_add_test(tcase, an_old_version_is_refused_in_words);
    tcase_add_loop_test(tcase, both_versions_are_spoken, 0, 2);
    tcase_add_test(tcase, a_client_certificate_is_shown);
    tcase_add_test(tcase, a_server_without_tls_is_told_as_such);
    tcase_add_test(tcase, a_cut_in_the_handshake_is_a_lost_connection);
    tcase_add_loop_test(tcase, unusable_files_are_named, 0, 4);
    tcase_add_test(tcase, a_key_that_does_not_fit_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
