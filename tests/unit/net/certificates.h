/*
 * Certificates made on the spot, so that each kind of wrong one can be shown: signed by an
 * authority of the test's, with any names and dates.
 */
#ifndef TESTS_UNIT_NET_CERTIFICATES_H
#define TESTS_UNIT_NET_CERTIFICATES_H

#include <openssl/x509.h>

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

/** Zero-initialised: valid from yesterday to tomorrow, EC P-256, no names. */
struct certificate_recipe {
    const char *common_name;
    const char *names;                /* as openssl.cnf: "DNS:a.test,IP:127.0.0.1"; NULL: none */
    const struct certificate *issuer; /* NULL: signed by itself */
    long starts_in_s;                 /* 0: a day ago */
    long ends_in_s;                   /* 0: in a day */
    int is_authority;
    int rsa_bits; /* 0: EC */
};

struct certificate certificate_make(const struct certificate_recipe *recipe);
void certificate_free(struct certificate *certificate);
/** Write certificate and key to a new file. @param path of at least 64 bytes */
void certificate_save(const struct certificate *certificate, char *path);

#endif
