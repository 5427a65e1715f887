/*
 * Failures of TLS in words that say what is wrong and what to do. OpenSSL's own texts are for those
 * who know OpenSSL.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/tls.h"
#include "net/tls_bio.h"
#include "net/tls_refusal.h"

#define NAMES_MAX_BYTES  160
#define ISSUER_MAX_BYTES 120
#define NAMES_SHOWN      6

static int refusal_index           = -1;
static pthread_once_t refusal_once = PTHREAD_ONCE_INIT;

static void free_refusal(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number,
                         void *arg)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)arg;
    free(pointer);
}

static void make_index(void)
{
    refusal_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_refusal);
}

int net_tls_refusal_attach(SSL *ssl)
{
    (void)pthread_once(&refusal_once, make_index);
    struct net_tls_refusal *refusal = calloc(1, sizeof(*refusal));
    if (refusal == NULL || refusal_index < 0 || SSL_set_ex_data(ssl, refusal_index, refusal) != 1) {
        free(refusal);
        return -1;
    }
    return 0;
}

static const char *date_text(const ASN1_TIME *time, char *out, size_t size)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0) {
        (void)snprintf(out, size, "a date that cannot be read");
    }
    return out;
}

/* Bytes of the other side's certificate: only what is plain goes into a message. */
static void append_plain(struct buf *text, const unsigned char *bytes, int len)
{
    for (int i = 0; i < len; i++) {
        char c = bytes[i] > 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '?';
        if (buf_append(text, &c, 1) != 0) {
            return; /* full: the rest of the names is not shown */
        }
    }
}

static void append_name(struct buf *text, const GENERAL_NAME *name)
{
    struct buf address = {.max = 0};
    if (name->type == GEN_DNS) {
        append_plain(text, ASN1_STRING_get0_data(name->d.dNSName),
                     ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
        const unsigned char *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
        int len                    = ASN1_STRING_length(name->d.iPAddress);
        for (int i = 0; i < len && i < 16; i++) {
            const char *fmt = len == 4 ? "%s%u" : "%s%02x";
            const char *gap = i == 0 || (len != 4 && i % 2 != 0) ? "" : len == 4 ? "." : ":";
            if (buf_printf(&address, fmt, gap, bytes[i]) != 0) {
                break; /* out of memory: the address is shown in part */
            }
        }
        append_plain(text, buf_data(&address), (int)address.len);
        buf_fini(&address);
    }
}

static void list_names(X509 *certificate, char *out, size_t size)
{
    struct buf text      = {.max = NAMES_MAX_BYTES};
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int shown            = 0;
    int count            = names == NULL ? 0 : sk_GENERAL_NAME_num(names);
    for (int i = 0; i < count && shown < NAMES_SHOWN; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS || name->type == GEN_IPADD) {
            if (shown++ > 0 && buf_append_text(&text, ", ") != 0) {
                break;
            }
            append_name(&text, name);
        }
    }
    GENERAL_NAMES_free(names);
    (void)snprintf(out, size, "%.*s%s", (int)text.len,
                   text.len == 0 ? "" : (const char *)buf_data(&text),
                   text.len == 0 ? "no name at all" : "");
    buf_fini(&text);
}

static void issuer_text(X509 *certificate, char *out, size_t size)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text  = NULL;
    long len    = 0;
    if (memory != NULL &&
        X509_NAME_print_ex(memory, X509_get_issuer_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        len = BIO_get_mem_data(memory, &text);
    }
    if (len > ISSUER_MAX_BYTES) {
        len = ISSUER_MAX_BYTES;
    }
    (void)snprintf(out, size, "%.*s", (int)len, len > 0 ? text : "");
    BIO_free(memory);
}

enum detail { DETAIL_NONE, DETAIL_NOT_AFTER, DETAIL_NOT_BEFORE, DETAIL_NAMES, DETAIL_ISSUER };

#define CHECK_CLOCK "; check this machine's clock, else the server's operator must act"

/* text, then the detail, then what to do */
static const struct reason {
    int number;
    enum detail detail;
    const char *text;
    const char *advice;
} REASONS[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, DETAIL_NOT_AFTER, "expired on ", CHECK_CLOCK},
    {X509_V_ERR_CERT_NOT_YET_VALID, DETAIL_NOT_BEFORE, "not valid before ", CHECK_CLOCK},
    {X509_V_ERR_HOSTNAME_MISMATCH, DETAIL_NAMES, "made for another host: ", "; check the url"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, DETAIL_NAMES, "made for another host: ", "; check the url"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, DETAIL_NONE, "self-signed",
     "; if it is to be trusted, set tls_ca to it"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, DETAIL_ISSUER,
     "unknown issuer: ", "; if it is to be trusted, set tls_ca to its certificate"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, DETAIL_ISSUER,
     "unknown issuer: ", "; set tls_ca to its certificate, or install ca-certificates"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, DETAIL_ISSUER,
     "unknown issuer: ", "; set tls_ca to its certificate, or install ca-certificates"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, DETAIL_ISSUER,
     "unknown issuer: ", "; set tls_ca to its certificate, or install ca-certificates"},
    {X509_V_ERR_CERT_REVOKED, DETAIL_NONE, "revoked", "; the server's operator must act"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, DETAIL_NONE, "weak key (under 112 bits of strength)",
     "; the server's operator must act"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, DETAIL_NONE, "an issuer's key is weak",
     "; the server's operator must act"},
    {X509_V_ERR_CA_MD_TOO_WEAK, DETAIL_NONE, "signed with a weak hash",
     "; the server's operator must act"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, DETAIL_NONE, "forged or damaged: its signature is wrong",
     "; do not trust this link"},
    {X509_V_ERR_INVALID_PURPOSE, DETAIL_NONE, "not made for a server",
     "; the server's operator must act"},
    {X509_V_ERR_INVALID_CA, DETAIL_NONE, "its issuer may not issue certificates",
     "; the server's operator must act"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, DETAIL_NONE, "its chain is longer than an issuer allows",
     "; the server's operator must act"},
    {X509_V_ERR_PERMITTED_VIOLATION, DETAIL_NAMES,
     "its issuer may not vouch for its names: ", "; do not trust this link"},
    {X509_V_ERR_EXCLUDED_VIOLATION, DETAIL_NAMES,
     "its issuer may not vouch for its names: ", "; do not trust this link"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, DETAIL_NONE,
     "holds a critical extension that is not known here", "; the server's operator must act"},
};

static void describe(X509 *certificate, enum detail detail, char *out, size_t size)
{
    out[0] = 0;
    if (certificate == NULL || detail == DETAIL_NONE) {
        return;
    }
    switch (detail) {
    case DETAIL_NOT_AFTER:
        (void)date_text(X509_get0_notAfter(certificate), out, size);
        break;
    case DETAIL_NOT_BEFORE:
        (void)date_text(X509_get0_notBefore(certificate), out, size);
        break;
    case DETAIL_NAMES:
        list_names(certificate, out, size);
        break;
    default:
        issuer_text(certificate, out, size);
        break;
    }
}

int net_tls_on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct net_tls_refusal *refusal = ssl == NULL ? NULL : SSL_get_ex_data(ssl, refusal_index);
    if (ok || refusal == NULL || refusal->number != X509_V_OK) {
        return ok;
    }
    refusal->number     = X509_STORE_CTX_get_error(store);
    struct reason other = {0, DETAIL_NONE, X509_verify_cert_error_string(refusal->number), ""};
    const struct reason *reason = &other;
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        if (REASONS[i].number == refusal->number) {
            reason = &REASONS[i];
        }
    }
    char detail[NAMES_MAX_BYTES + 1];
    describe(X509_STORE_CTX_get_current_cert(store), reason->detail, detail, sizeof(detail));
    const char *whose = X509_STORE_CTX_get_error_depth(store) > 0 && reason->detail != DETAIL_ISSUER
                            ? "an issuer's certificate: "
                            : "";
    (void)snprintf(refusal->text, sizeof(refusal->text), "%s%s%s%s", whose, reason->text, detail,
                   reason->advice);
    return 0;
}

/* What OpenSSL's reason means to somebody who runs a session. */
static const struct {
    int number;
    const char *text;
} HANDSHAKE_TEXTS[] = {
    {SSL_R_WRONG_VERSION_NUMBER,
     "server does not speak TLS on this port; use ws:// or its TLS port"},
    {SSL_R_HTTP_REQUEST, "server does not speak TLS on this port; use ws:// or its TLS port"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "server does not speak TLS on this port; use its TLS port"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "server speaks no TLS 1.2 or newer"},
    {SSL_R_VERSION_TOO_LOW, "server speaks no TLS 1.2 or newer"},
    {SSL_R_WRONG_SSL_VERSION, "server speaks no TLS 1.2 or newer"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "server speaks no TLS 1.2 or newer"},
    {SSL_R_DH_KEY_TOO_SMALL, "server's key exchange is weak (DH key too small)"},
    {SSL_R_WRONG_SIGNATURE_TYPE, "server signs with a weak hash"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
     "server refused: no cipher in common, or it wants a client certificate (tls_certificate)"},
    {SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, "server refused: it wants stronger ciphers"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, "server does not know this host name"},
    {SSL_R_TLSV1_ALERT_NO_RENEGOTIATION, "server wants to renegotiate, which is not supported"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "server refused HTTP/1.1 (ALPN)"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "server refused HTTP/1.1 (ALPN)"},
    {SSL_R_BAD_EXTENSION,
     "server chose what was not offered: a protocol other than HTTP/1.1 (ALPN), "
     "or an extension"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
     "server wants a client certificate; set tls_certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "server refused our client certificate (tls_certificate)"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
     "server refused our client certificate (tls_certificate)"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "server says that our client certificate is revoked"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "server says that our client certificate expired"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
     "server refused our client certificate (tls_certificate)"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "server does not know the issuer of our client certificate"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, "server denied access to our client certificate"},
};

static const char *handshake_text(unsigned long code)
{
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(HANDSHAKE_TEXTS) / sizeof(HANDSHAKE_TEXTS[0]); i++) {
        if (HANDSHAKE_TEXTS[i].number == ERR_GET_REASON(code)) {
            return HANDSHAKE_TEXTS[i].text;
        }
    }
    return NULL;
}

/* @param text  NULL: OpenSSL's own */
static void explain_code(unsigned long code, enum hawser_code ours, const char *text,
                         struct hawser_error *err)
{
    if (text == NULL) {
        text = ERR_reason_error_string(code);
    }
    error_set(err, ours, "%s", text == NULL ? "no reason given" : text);
    error_set_cause(err, HAWSER_CAUSE_TLS, (int64_t)code);
}

/* @return 1: the connection broke under TLS */
static int explain_break(const SSL *ssl, const char *when, struct hawser_error *err)
{
    const struct net_tls_bio *bio = net_tls_bio_of(ssl);
    if (bio != NULL && bio->failure != 0) {
        error_set_errno(err, HAWSER_TLS_LOST, bio->failure, "connection lost %s", when);
        return 1;
    }
    if (bio != NULL && bio->ended && bio->len == 0) {
        error_set(err, HAWSER_TLS_LOST, "server cut the connection %s", when);
        return 1;
    }
    return 0;
}

static int is_end_of_file(unsigned long code)
{
    return code == 0 || (ERR_GET_LIB(code) == ERR_LIB_SSL &&
                         ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

void net_tls_explain(SSL *ssl, const char *host, struct hawser_error *err)
{
    unsigned long code = ERR_peek_error();
    const struct net_tls_refusal *refusal =
        refusal_index < 0 ? NULL : SSL_get_ex_data(ssl, refusal_index);
    if (refusal != NULL && refusal->number != X509_V_OK) {
        int by_date = refusal->number == X509_V_ERR_CERT_HAS_EXPIRED ||
                      refusal->number == X509_V_ERR_CERT_NOT_YET_VALID;
        error_set(err, by_date ? HAWSER_TLS_CERTIFICATE_DATE : HAWSER_TLS_CERTIFICATE,
                  "certificate of %s refused: %s", host, refusal->text);
        error_set_cause(err, HAWSER_CAUSE_X509, refusal->number);
    } else if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_EE_KEY_TOO_SMALL) {
        error_set(err, HAWSER_TLS_CERTIFICATE, "certificate of %s refused: weak key", host);
        error_set_cause(err, HAWSER_CAUSE_TLS, (int64_t)code);
    } else if (!is_end_of_file(code) || !explain_break(ssl, "during the TLS handshake", err)) {
        explain_code(code, HAWSER_TLS_HANDSHAKE, handshake_text(code), err);
        error_prefix(err, "TLS handshake with %s failed", host);
    }
    ERR_clear_error();
}

/* On a link that was up, the same reasons mean something else. @return NULL: they do not */
static const char *loss_text(const SSL *ssl, unsigned long code)
{
    switch (ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
        return "what came is not of this TLS connection: something on the way damages it";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: /* in TLS 1.3, the word on our certificate comes late
                                               */
        return SSL_version(ssl) == TLS1_3_VERSION
                   ? NULL
                   : "server ended TLS: it wanted to renegotiate, which is not supported";
    default:
        return NULL;
    }
}

void net_tls_explain_loss(SSL *ssl, struct hawser_error *err)
{
    unsigned long code = ERR_peek_error();
    const char *text   = loss_text(ssl, code);
    /* An alert is the server's word on the handshake; all else is damage to the link. */
    int is_alert = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
    if (!is_end_of_file(code) || !explain_break(ssl, "without a TLS close", err)) {
        const char *known = handshake_text(code);
        explain_code(code, is_alert && known != NULL ? HAWSER_TLS_HANDSHAKE : HAWSER_TLS_LOST,
                     text != NULL ? text : known, err);
    }
    ERR_clear_error();
}
