/*
 * Pins: the server's key must be one of those named. They come on top of the chain and the name,
 * or, with verification off, instead of them.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/tls_impl.h"

#define PIN_PREFIX   "sha256//"
#define BASE64_BYTES 44u /* of 32 bytes: the last of them is '=' */

static int read_pin(const char *text, uint8_t *out)
{
    size_t prefix = sizeof(PIN_PREFIX) - 1;
    unsigned char decoded[BASE64_BYTES / 4 * 3];
    if (strncmp(text, PIN_PREFIX, prefix) != 0 || strlen(text + prefix) != BASE64_BYTES ||
        text[prefix + BASE64_BYTES - 1] != '=' || text[prefix + BASE64_BYTES - 2] == '=' ||
        EVP_DecodeBlock(decoded, (const unsigned char *)text + prefix, BASE64_BYTES) !=
            (int)sizeof(decoded)) {
        return -1;
    }
    memcpy(out, decoded, SHA256_DIGEST_LENGTH);
    return 0;
}

int net_tls_pin_check(const char *text, struct hawser_error *err)
{
    uint8_t unused[SHA256_DIGEST_LENGTH];
    if (read_pin(text, unused) == 0) {
        return 0;
    }
    error_set(err, HAWSER_TLS_SETUP,
              "tls_pin %.80s: expected sha256// and the 44 characters of a SHA-256 in base64",
              text);
    return -1;
}

int net_tls_pins_read(struct net_tls *tls, const char *const *pins, struct hawser_error *err)
{
    for (size_t i = 0; pins != NULL && pins[i] != NULL; i++) {
        if (i >= NET_TLS_PINS_MAX) {
            error_set(err, HAWSER_TLS_SETUP, "tls_pin: at most %u of them", NET_TLS_PINS_MAX);
            return -1;
        }
        if (net_tls_pin_check(pins[i], err) != 0) {
            return -1;
        }
        (void)read_pin(pins[i], tls->pins[i]); /* was just checked */
        tls->pin_count = i + 1;
    }
    return 0;
}

/* SHA-256 of the SubjectPublicKeyInfo (RFC 7469 2.4) */
static int key_digest(X509 *certificate, uint8_t *out)
{
    unsigned char *der = NULL;
    int len            = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    int rc = len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
    OPENSSL_free(der);
    return rc;
}

int net_tls_pins_check(const struct net_tls *tls, X509 *certificate, const char *host,
                       struct hawser_error *err)
{
    uint8_t digest[SHA256_DIGEST_LENGTH] = {0};
    unsigned char text[BASE64_BYTES + 1];
    if (tls->pin_count == 0) {
        return 0;
    }
    if (certificate == NULL || key_digest(certificate, digest) != 0) {
        error_set(err, HAWSER_TLS_CERTIFICATE, "certificate of %s refused: it has no usable key",
                  host);
        return -1;
    }
    for (size_t i = 0; i < tls->pin_count; i++) {
        if (memcmp(tls->pins[i], digest, sizeof(digest)) == 0) {
            return 0;
        }
    }
    (void)EVP_EncodeBlock(text, digest, sizeof(digest));
    error_set(err, HAWSER_TLS_CERTIFICATE,
              "certificate of %s refused: its key " PIN_PREFIX
              "%s is none of tls_pin; if the server changed its key for good, set tls_pin to it",
              host, (const char *)text);
    return -1;
}
