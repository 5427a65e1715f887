/*
 * What outlives a TLS connection: the session that the next one resumes, and the date of the
 * certificate. And what an idle connection costs.
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/slice.h"
#include "net/stream.h"
#include "net/tls_impl.h"
#include "support/suite.h"
#include "tls_call.h"
#include "tls_server.h"

static struct certificate identity;
static char identity_file[64];
static struct net_tls *tls;

static void set_up(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    identity                = certificate_make(&(struct certificate_recipe){
                       .common_name = "x", .names = "DNS:localhost,IP:127.0.0.1", .ends_in_s = 864000});
    certificate_save(&identity, identity_file);
    tls = net_tls_create(&(struct net_tls_options){.ca_file = identity_file}, &err);
    ck_assert_ptr_nonnull(tls);
}

static void tear_down(void)
{
    net_tls_destroy(tls);
    (void)unlink(identity_file);
    certificate_free(&identity);
}

static int say(SSL *ssl, void *arg)
{
    (void)arg;
    return SSL_write(ssl, "x", 1) == 1;
}

static struct tls_server *serve(int version, int connections)
{
    return tls_server_start(&(struct tls_server_options){.certificate = &identity,
                                                         .min_version = version,
                                                         .max_version = version,
                                                         .connections = connections,
                                                         .serve       = say});
}

static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};

START_TEST(a_reconnect_resumes_the_session)
{
    struct tls_server *server = serve(VERSIONS[_i], 4);
    for (int i = 0; i < 4; i++) {
        struct tls_call call = tls_call(tls, "localhost", tls_server_port(server));
        ck_assert_msg(call.connected, "%s", call.why.message);
        ck_assert_int_eq(call.version, VERSIONS[_i]);
        ck_assert_int_eq(call.resumed, i > 0);
    }
    tls_server_join(server);
    ck_assert_int_eq(tls_server_resumed(server), 3);
    tls_server_free(server);
}
END_TEST

START_TEST(a_session_is_resumed_for_its_own_host_alone)
{
    struct tls_server *server = serve(VERSIONS[_i], 3);
    ck_assert_int_eq(tls_call(tls, "localhost", tls_server_port(server)).connected, 1);
    ck_assert_int_eq(tls_call(tls, "127.0.0.1", tls_server_port(server)).resumed, 0);
    ck_assert_int_eq(tls_call(tls, "localhost", tls_server_port(server)).resumed, 1);
    tls_server_free(server);
}
END_TEST

START_TEST(no_session_is_resumed_after_its_certificate_has_expired)
{
    struct tls_server *server = serve(VERSIONS[_i], 2);
    ck_assert_int_eq(tls_call(tls, "localhost", tls_server_port(server)).connected, 1);
    ck_assert_ptr_nonnull(tls->peers[0].session);
    tls->peers[0].not_after = time(NULL) - 1;
    struct tls_call call    = tls_call(tls, "localhost", tls_server_port(server));
    ck_assert_msg(call.connected, "%s", call.why.message);
    ck_assert_int_eq(call.resumed, 0);
    tls_server_free(server);
}
END_TEST

START_TEST(a_server_that_forgot_the_session_gets_a_whole_handshake)
{
    struct tls_server *first = serve(VERSIONS[_i], 1);
    ck_assert_int_eq(tls_call(tls, "localhost", tls_server_port(first)).connected, 1);
    tls_server_free(first);
    struct tls_server *second = serve(VERSIONS[_i], 1); /* of other ticket keys */
    struct tls_call call      = tls_call(tls, "localhost", tls_server_port(second));
    ck_assert_msg(call.connected, "%s", call.why.message);
    ck_assert_int_eq(call.resumed, 0);
    tls_server_free(second);
}
END_TEST

START_TEST(a_pin_counts_for_a_resumed_session_too)
{
    struct tls_server *server = serve(VERSIONS[_i], 2);
    ck_assert_int_eq(tls_call(tls, "localhost", tls_server_port(server)).connected, 1);
    memset(tls->pins[0], 1, sizeof(tls->pins[0]));
    tls->pin_count       = 1;
    struct tls_call call = tls_call(tls, "localhost", tls_server_port(server));
    ck_assert_int_eq(call.connected, 0);
    ck_assert_ptr_nonnull(strstr(call.why.message, "none of tls_pin"));
    tls_server_free(server);
}
END_TEST

START_TEST(the_sessions_that_are_kept_have_a_bound)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char host[16]           = "a";
    for (int i = 0; i < 40; i++) {
        host[0]  = (char)('a' + i % 20);
        SSL *ssl = net_tls_open(tls, host, &err);
        ck_assert_ptr_nonnull(ssl);
        SSL_free(ssl);
    }
    ck_assert_uint_eq(tls->peer_count, NET_TLS_PEERS_MAX);
}
END_TEST

START_TEST(the_end_of_the_certificate_is_known_after_a_handshake)
{
    struct tls_server *server = serve(0, 1);
    ck_assert_int_eq(net_tls_certificate_end_s(tls, "localhost"), 0);
    ck_assert_int_eq(tls_call(tls, "localhost", tls_server_port(server)).connected, 1);
    int64_t left_s = net_tls_certificate_end_s(tls, "localhost") - time(NULL);
    ck_assert_int_gt(left_s, 863000);
    ck_assert_int_le(left_s, 864000);
    tls_server_free(server);
}
END_TEST

START_TEST(contexts_of_the_same_roots_share_them_and_a_changed_file_is_read_again)
{
    struct hawser_error err              = HAWSER_ERROR_INIT;
    const struct net_tls_options options = {.ca_file = _i == 0 ? identity_file : NULL};
    struct net_tls *one                  = net_tls_create(&options, &err);
    struct net_tls *two                  = net_tls_create(&options, &err);
    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_eq(SSL_CTX_get_cert_store(one->context), SSL_CTX_get_cert_store(two->context));
    ck_assert_int_eq(SSL_CTX_get_cert_store(tls->context) == SSL_CTX_get_cert_store(one->context),
                     _i == 0);
    net_tls_destroy(two);
    if (_i == 0) {
        struct certificate more =
            certificate_make(&(struct certificate_recipe){.common_name = "y"});
        FILE *file = fopen(identity_file, "a");
        ck_assert_int_eq(PEM_write_X509(file, more.x509), 1);
        ck_assert_int_eq(fclose(file), 0);
        certificate_free(&more);
        two = net_tls_create(&options, &err);
        ck_assert_ptr_nonnull(two);
        ck_assert_ptr_ne(SSL_CTX_get_cert_store(one->context),
                         SSL_CTX_get_cert_store(two->context));
        net_tls_destroy(two);
    }
    net_tls_destroy(one);
}
END_TEST

#define IDLE       200
#define IDLE_BYTES (21 * 1024)

struct crowd {
    struct net_loop *loop;
    struct net_stream *streams[IDLE];
    int count;
    int heard;
};

static size_t on_readable(void *arg, uint8_t *bytes, size_t len)
{
    struct crowd *crowd = arg;
    (void)bytes;
    crowd->heard += (int)len;
    (void)event_base_loopbreak(crowd->loop->base);
    return len;
}

static void on_ended(void *arg, const struct hawser_error *why)
{
    (void)arg;
    ck_abort_msg("%s", why->message);
}

static const struct net_stream_handler CROWD_STREAM = {.readable = on_readable, .ended = on_ended};

static void on_phase(void *arg, enum net_phase phase)
{
    (void)arg;
    (void)phase;
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct crowd *crowd     = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    crowd->streams[crowd->count++] =
        net_stream_create(crowd->loop, fd, ssl, 0, &CROWD_STREAM, crowd, &err);
}

static const struct net_dial_handler CROWD_DIAL = {on_phase, on_connected, on_ended};

/* In a process of its own: what the server needs is not counted. */
static pid_t start_idle_server(int listener)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child != 0) {
        return child;
    }
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    (void)SSL_CTX_use_certificate(context, identity.x509);
    (void)SSL_CTX_use_PrivateKey(context, identity.key);
    int fd = -1;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(context);
        (void)SSL_set_fd(ssl, fd);
        (void)SSL_accept(ssl);
        (void)SSL_write(ssl, "x", 1);
    }
    _exit(0);
}

static void dial_one(struct crowd *crowd, const struct net_url *url)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_dial *dial   = net_dial_start(crowd->loop, url, tls, NULL, &CROWD_DIAL, crowd, &err);
    ck_assert_ptr_nonnull(dial);
    int heard = crowd->heard;
    while (crowd->heard == heard) { /* behind the tickets */
        (void)event_base_dispatch(crowd->loop->base);
    }
    net_dial_destroy(dial);
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void wait_for_sweep(struct crowd *crowd)
{
    while (!list_is_empty(&crowd->loop->warm)) {
        (void)event_base_loop(crowd->loop->base, EVLOOP_ONCE);
    }
}

static void send_from_each(struct crowd *crowd)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    for (int i = 0; i < crowd->count; i++) {
        ck_assert_int_eq(
            net_stream_send(crowd->streams[i], slice_of("x"), slice_make(NULL, 0), &err), 0);
    }
}

START_TEST(an_idle_connection_costs_little_heap)
{
    struct hawser_error err    = HAWSER_ERROR_INIT;
    struct crowd crowd         = {.loop = net_loop_create(NULL, &err)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size             = sizeof(address);
    struct net_url url         = {.host = strdup("127.0.0.1"), .secure = 1};
    int listener               = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    url.port             = ntohs(address.sin_port);
    crowd.loop->sweep_ms = 10;
    pid_t server         = start_idle_server(listener);
    dial_one(&crowd, &url); /* what is made once is not counted */
    size_t before = heap_bytes();
    while (crowd.count < IDLE) {
        dial_one(&crowd, &url);
    }
    wait_for_sweep(&crowd);
    send_from_each(&crowd); /* takes buffers as well, of a session that hears nothing */
    ck_assert(!list_is_empty(&crowd.loop->warm));
    wait_for_sweep(&crowd);
    size_t each = (heap_bytes() - before) / (IDLE - 1);
    fprintf(stderr, "net/tls_session: %zu bytes of heap for each idle connection\n", each);
    if (before > 0) { /* a sanitizer's heap does not say */
        ck_assert_uint_lt(each, IDLE_BYTES);
    }
    for (int i = 0; i < crowd.count; i++) {
        net_stream_destroy(crowd.streams[i]);
    }
    ck_assert_int_eq(kill(server, SIGKILL), 0);
    ck_assert_int_eq(waitpid(server, NULL, 0), server);
    ck_assert_int_eq(close(listener), 0);
    net_loop_destroy(crowd.loop);
    net_url_fini(&url);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("session");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_reconnect_resumes_the_session, 0, 2);
    tcase_add_loop_test(cases, a_session_is_resumed_for_its_own_host_alone, 0, 2);
    tcase_add_loop_test(cases, no_session_is_resumed_after_its_certificate_has_expired, 0, 2);
    tcase_add_loop_test(cases, a_server_that_forgot_the_session_gets_a_whole_handshake, 0, 2);
    tcase_add_loop_test(cases, a_pin_counts_for_a_resumed_session_too, 0, 2);
    tcase_add_test(cases, the_sessions_that_are_kept_have_a_bound);
    tcase_add_test(cases, the_end_of_the_certificate_is_known_after_a_handshake);
    tcase_add_loop_test(
        cases, contexts_of_the_same_roots_share_them_and_a_changed_file_is_read_again, 0, 2);
    tcase_add_test(cases, an_idle_connection_costs_little_heap);
    return suite_run("net/tls_session", cases);
}
