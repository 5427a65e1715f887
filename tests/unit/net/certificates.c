/*
 * Certificates made on the spot. See certificates.h.
 */
#include "certificates.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400L

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void name_it(X509 *x509, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(x509);
    ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)common_name, -1, -1, 0),
                     1);
}

struct certificate certificate_make(const struct certificate_recipe *recipe)
{
    static long serial      = 1;
    struct certificate made = {
        .x509 = X509_new(),
        .key  = recipe->rsa_bits ? EVP_RSA_gen((unsigned)recipe->rsa_bits) : EVP_EC_gen("P-256"),
    };
    ck_assert_ptr_nonnull(made.x509);
    ck_assert_ptr_nonnull(made.key);
    const struct certificate *issuer = recipe->issuer ? recipe->issuer : &made;
    ck_assert_int_eq(X509_set_version(made.x509, X509_VERSION_3), 1);
    ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(made.x509), serial++), 1);
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(made.x509),
                                          recipe->starts_in_s ? recipe->starts_in_s : -DAY_S));
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(made.x509),
                                          recipe->ends_in_s ? recipe->ends_in_s : DAY_S));
    ck_assert_int_eq(X509_set_pubkey(made.x509, made.key), 1);
    name_it(made.x509, recipe->common_name);
    ck_assert_int_eq(X509_set_issuer_name(made.x509, X509_get_subject_name(issuer->x509)), 1);
    add_extension(made.x509, issuer->x509, NID_basic_constraints,
                  recipe->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (recipe->names != NULL) {
        add_extension(made.x509, issuer->x509, NID_subject_alt_name, recipe->names);
    }
    ck_assert_int_gt(X509_sign(made.x509, issuer->key, EVP_sha256()), 0);
    return made;
}

void certificate_free(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
}

void certificate_save(const struct certificate *certificate, char *path)
{
    (void)snprintf(path, 64, "/tmp/hawser-certificate-XXXXXX");
    int fd     = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, certificate->x509), 1);
    ck_assert_int_eq(PEM_write_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL), 1);
    ck_assert_int_eq(fclose(file), 0);
}
