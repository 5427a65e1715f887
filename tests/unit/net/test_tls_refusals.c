/*
 * Every server that must be refused, in one table: which error, what follows from it, and what it
 * says. And pins, with the chain and instead of it.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"
#include "tls_call.h"
#include "tls_server.h"

#define DAY_S 86400L

static struct certificate authority;
static struct certificate stranger;
static char authority_file[64];

static void set_up(void)
{
    authority = certificate_make(
        &(struct certificate_recipe){.common_name = "Test Authority", .is_authority = 1});
    stranger = certificate_make(
        &(struct certificate_recipe){.common_name = "Somebody Else", .is_authority = 1});
    certificate_save(&authority, authority_file);
}

static void tear_down(void)
{
    (void)unlink(authority_file);
    certificate_free(&authority);
    certificate_free(&stranger);
}

static struct tls_call try(const struct certificate *certificate, int max_version,
                           const struct net_tls_options *options)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_tls *tls     = net_tls_create(options, &err);
    ck_assert_msg(tls != NULL, "%s", err.message);
    struct tls_server *server = tls_server_start(&(struct tls_server_options){
        .certificate = certificate,
        .weak        = 1,
        .min_version = max_version == 0 ? 0 : TLS1_VERSION,
        .max_version = max_version,
    });
    struct tls_call call      = tls_call(tls, "localhost", tls_server_port(server));
    tls_server_free(server);
    net_tls_destroy(tls);
    return call;
}

static void pin_of(const struct certificate *certificate, char *out, size_t size)
{
    unsigned char digest[32];
    unsigned char text[64];
    unsigned char *der = NULL;
    int len            = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate->x509), &der);
    ck_assert_int_gt(len, 0);
    ck_assert_int_eq(EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
    (void)EVP_EncodeBlock(text, digest, sizeof(digest));
    (void)snprintf(out, size, "sha256//%s", (const char *)text);
}

static const struct refused {
    const char *what;
    struct certificate_recipe recipe;
    int max_version;
    int other_issuer;
    int has_pin; /* of another key */
    enum hawser_code code;
    enum hawser_recovery recovery;
    const char *says;
} REFUSED[] = {
    {.what     = "expired",
     .recipe   = {.names = "DNS:localhost", .starts_in_s = -3 * DAY_S, .ends_in_s = -DAY_S},
     .code     = HAWSER_TLS_CERTIFICATE_DATE,
     .recovery = HAWSER_RECOVER_RECONNECT_SLOWLY,
     .says     = "expired on 20"},
    {.what     = "not yet valid",
     .recipe   = {.names = "DNS:localhost", .starts_in_s = DAY_S, .ends_in_s = 3 * DAY_S},
     .code     = HAWSER_TLS_CERTIFICATE_DATE,
     .recovery = HAWSER_RECOVER_RECONNECT_SLOWLY,
     .says     = "not valid before 20"},
    {.what     = "of another host",
     .recipe   = {.names = "DNS:exchange.test"},
     .code     = HAWSER_TLS_CERTIFICATE,
     .recovery = HAWSER_RECOVER_STOP,
     .says     = "made for another host: exchange.test; check the url"},
    {.what     = "self-signed",
     .recipe   = {.names = "DNS:localhost", .is_authority = -1},
     .code     = HAWSER_TLS_CERTIFICATE,
     .recovery = HAWSER_RECOVER_STOP,
     .says     = "self-signed; if it is to be trusted, set tls_ca to it"},
    {.what         = "of an unknown issuer",
     .recipe       = {.names = "DNS:localhost"},
     .other_issuer = 1,
     .code         = HAWSER_TLS_CERTIFICATE,
     .recovery     = HAWSER_RECOVER_STOP,
     .says         = "unknown issuer: CN=Somebody Else"},
    {.what     = "given up by a pin",
     .recipe   = {.names = "DNS:localhost"},
     .has_pin  = 1,
     .code     = HAWSER_TLS_CERTIFICATE,
     .recovery = HAWSER_RECOVER_STOP,
     .says     = "is none of tls_pin"},
    {.what     = "with a weak key",
     .recipe   = {.names = "DNS:localhost", .rsa_bits = 1024},
     .code     = HAWSER_TLS_CERTIFICATE,
     .recovery = HAWSER_RECOVER_STOP,
     .says     = "weak key"},
    {.what        = "of TLS 1.0 alone",
     .recipe      = {.names = "DNS:localhost"},
     .max_version = TLS1_VERSION,
     .code        = HAWSER_TLS_HANDSHAKE,
     .recovery    = HAWSER_RECOVER_RECONNECT_SLOWLY,
     .says        = "no TLS 1.2"},
    {.what        = "of TLS 1.1 alone",
     .recipe      = {.names = "DNS:localhost"},
     .max_version = TLS1_1_VERSION,
     .code        = HAWSER_TLS_HANDSHAKE,
     .recovery    = HAWSER_RECOVER_RECONNECT_SLOWLY,
     .says        = "no TLS 1.2"},
};

START_TEST(a_server_that_must_be_refused_is_refused_with_its_reason)
{
    const struct refused *row        = &REFUSED[_i];
    struct certificate_recipe recipe = row->recipe;
    char pin[64];
    pin_of(&stranger, pin, sizeof(pin));
    const char *const pins[] = {pin, NULL};
    recipe.common_name       = "x";
    recipe.issuer = row->other_issuer ? &stranger : recipe.is_authority < 0 ? NULL : &authority;
    recipe.is_authority            = 0;
    struct certificate certificate = certificate_make(&recipe);
    struct tls_call call           = try(
                  &certificate, row->max_version,
                  &(struct net_tls_options){.ca_file = authority_file, .pins = row->has_pin ? pins : NULL});
    ck_assert_msg(!call.connected, "a server %s was accepted", row->what);
    ck_assert_msg(call.why.code == row->code, "%s: %s", row->what, call.why.message);
    ck_assert_msg(call.why.recovery == row->recovery, "%s: %u", row->what, call.why.recovery);
    ck_assert_int_eq(call.why.category,
                     row->max_version == 0 ? HAWSER_AUTHENTICATION : HAWSER_PROTOCOL);
    ck_assert_msg(strstr(call.why.message, row->says) != NULL, "%s", call.why.message);
    ck_assert_msg(strstr(call.why.message, "localhost") != NULL, "%s", call.why.message);
    certificate_free(&certificate);
}
END_TEST

START_TEST(a_protocol_that_was_not_offered_is_refused)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_tls *tls     = net_tls_create(&(struct net_tls_options){.verify_off = 1}, &err);
    struct tls_server *server =
        tls_server_start(&(struct tls_server_options){.certificate = &authority, .protocol = "h2"});
    struct tls_call call = tls_call(tls, "localhost", tls_server_port(server));
    ck_assert_int_eq(call.connected, 0);
    ck_assert_uint_eq(call.why.code, HAWSER_TLS_HANDSHAKE);
    ck_assert_msg(strstr(call.why.message, "not offered: a protocol other than HTTP/1.1") != NULL,
                  "%s", call.why.message);
    tls_server_free(server);
    net_tls_destroy(tls);
}
END_TEST

START_TEST(one_of_several_pins_is_enough_and_can_stand_for_the_chain)
{
    struct certificate certificate = certificate_make(&(struct certificate_recipe){
        .common_name = "x", .names = "DNS:localhost", .issuer = &authority});
    char own[64];
    char other[64];
    pin_of(&certificate, own, sizeof(own));
    pin_of(&stranger, other, sizeof(other));
    const char *const both[]    = {other, own, NULL};
    const char *const neither[] = {other, NULL};
    struct tls_call call =
        try(&certificate, 0, &(struct net_tls_options){.ca_file = authority_file, .pins = both});
    ck_assert_msg(call.connected, "%s", call.why.message);
    call = try(&certificate, 0, &(struct net_tls_options){.verify_off = 1, .pins = both});
    ck_assert_msg(call.connected, "%s", call.why.message);
    call = try(&certificate, 0, &(struct net_tls_options){.verify_off = 1, .pins = neither});
    ck_assert_int_eq(call.connected, 0);
    ck_assert_msg(strstr(call.why.message, own) != NULL, "%s", call.why.message);
    certificate_free(&certificate);
}
END_TEST

START_TEST(a_pin_does_not_stand_for_a_chain_that_is_verified)
{
    struct certificate certificate = certificate_make(&(struct certificate_recipe){
        .common_name = "x", .names = "DNS:localhost", .issuer = &stranger});
    char own[64];
    pin_of(&certificate, own, sizeof(own));
    const char *const pins[] = {own, NULL};
    struct tls_call call =
        try(&certificate, 0, &(struct net_tls_options){.ca_file = authority_file, .pins = pins});
    ck_assert_int_eq(call.connected, 0);
    ck_assert_ptr_nonnull(strstr(call.why.message, "unknown issuer"));
    certificate_free(&certificate);
}
END_TEST

START_TEST(what_is_no_pin_is_refused)
{
    static const char *const WRONG[] = {
        "",
        "sha256//",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA",
        "sha256//47DEQpj8HBSa!/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=A",
    };
    const char *const pins[] = {WRONG[_i], NULL};
    struct hawser_error err  = HAWSER_ERROR_INIT;
    ck_assert_ptr_null(net_tls_create(&(struct net_tls_options){.pins = pins}, &err));
    ck_assert_int_eq(err.code, HAWSER_TLS_SETUP);
    ck_assert_ptr_nonnull(strstr(err.message, "expected sha256// and the 44 characters"));
}
END_TEST

START_TEST(sixteen_pins_fit)
{
    const char *pins[18]    = {NULL};
    struct hawser_error err = HAWSER_ERROR_INIT;
    for (size_t i = 0; i < 17; i++) {
        pins[i] = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    }
    ck_assert_ptr_null(net_tls_create(&(struct net_tls_options){.pins = pins}, &err));
    pins[16]            = NULL;
    struct net_tls *tls = net_tls_create(&(struct net_tls_options){.pins = pins}, &err);
    ck_assert_ptr_nonnull(tls);
    net_tls_destroy(tls);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("refusals");
    tcase_set_timeout(cases, 30);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_server_that_must_be_refused_is_refused_with_its_reason, 0,
                        (int)(sizeof(REFUSED) / sizeof(REFUSED[0])));
    tcase_add_test(cases, a_protocol_that_was_not_offered_is_refused);
    tcase_add_test(cases, one_of_several_pins_is_enough_and_can_stand_for_the_chain);
    tcase_add_test(cases, a_pin_does_not_stand_for_a_chain_that_is_verified);
    tcase_add_loop_test(cases, what_is_no_pin_is_refused, 0, 9);
    tcase_add_test(cases, sixteen_pins_fit);
    return suite_run("net/tls_refusals", cases);
}
