/*
 * The one struct in which every failure travels: what kind it is, which one exactly, what recovers
 * from it, and the raw cause underneath. Filled by the function that failed, in memory of the
 * caller's.
 */
#ifndef HAWSER_ERROR_H
#define HAWSER_ERROR_H

#include "hawser/base.h"
#include "hawser/error_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The four kinds of failure, as the field knows them. */
enum hawser_category {
    HAWSER_NO_ERROR = 0,
    HAWSER_CONNECTION,
    HAWSER_PROTOCOL,
    HAWSER_AUTHENTICATION,
    HAWSER_APPLICATION,
    HAWSER_CATEGORY_COUNT
};

/** What the session supervisor does about a failure. */
enum hawser_recovery {
    HAWSER_RECOVER_NOTHING = 0,
    HAWSER_RECOVER_RECONNECT,        /* again, with backoff */
    HAWSER_RECOVER_RECONNECT_SLOWLY, /* again, at the longest delay */
    HAWSER_RECOVER_REAUTHENTICATE,   /* authenticate once more on the same link */
    HAWSER_RECOVER_WAIT,             /* again after `retry_after_ms`, or the longest delay */
    HAWSER_RECOVER_HAND_OVER,        /* the caller decides */
    HAWSER_RECOVER_STOP,             /* needs a person */
    HAWSER_RECOVERY_COUNT
};

/** What `cause` means. */
enum hawser_cause {
    HAWSER_CAUSE_NONE = 0,
    HAWSER_CAUSE_ERRNO,   /* errno */
    HAWSER_CAUSE_DNS,     /* libevent's EVUTIL_EAI_* */
    HAWSER_CAUSE_TLS,     /* OpenSSL's ERR_get_error() */
    HAWSER_CAUSE_X509,    /* X509_V_ERR_* */
    HAWSER_CAUSE_HTTP,    /* HTTP status of a refused upgrade */
    HAWSER_CAUSE_CLOSE,   /* WebSocket close code, RFC 6455 7.4 */
    HAWSER_CAUSE_JSONRPC, /* code of a JSON-RPC error object */
    HAWSER_CAUSE_COUNT
};

#define HAWSER_ERROR_ROW(number, code, category, recovery, text) HAWSER_##code = (number),
enum hawser_code { HAWSER_OK = 0, HAWSER_ERROR_TABLE(HAWSER_ERROR_ROW) };
#undef HAWSER_ERROR_ROW

#define HAWSER_ERROR_MESSAGE_SIZE 464

/** A failure. Set exactly when the function that takes it fails; never holds a credential. */
struct hawser_error {
    uint32_t category;                       /* enum hawser_category */
    uint32_t code;                           /* enum hawser_code */
    uint32_t recovery;                       /* enum hawser_recovery */
    uint32_t cause_kind;                     /* enum hawser_cause */
    int64_t cause;                           /* by cause_kind; 0 where there is none */
    int64_t retry_after_ms;                  /* what the other side asked for; -1: nothing */
    char message[HAWSER_ERROR_MESSAGE_SIZE]; /* one line for a person, NUL-terminated */
};
HAWSER_NO_TAIL_PADDING(struct hawser_error, message);

#define HAWSER_ERROR_INIT                                                                          \
    {                                                                                              \
        0, 0, 0, 0, 0, -1,                                                                         \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

#ifdef __cplusplus
}
#endif
#endif
