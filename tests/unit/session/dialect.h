/*
 * An adapter for the tests of the session, and the exchange that it talks to: lines of words, such
 * as "sub a b" answered by "on a b". Every answer can be withheld or refused.
 */
#ifndef TESTS_UNIT_SESSION_DIALECT_H
#define TESTS_UNIT_SESSION_DIALECT_H

#include "hawser/adapter.h"
#include "session/session.h"
#include "support/mock_exchange.h"

/** The adapter's side. Its `self` is a pointer to this. */
struct dialect {
    struct session *session; /* set once it is made */
    size_t number;           /* of its line, for the rig of a bundle */
    unsigned created;
    unsigned destroyed;
    unsigned connected;
    unsigned disconnected;
    unsigned logins;
    unsigned leaves;
    unsigned beats;
    unsigned writables;
    int refused_again; /* in the callback that says that there is room */
};

/** All slots of the first ABI filled, and `writable`. */
extern const struct hawser_adapter DIALECT_FULL;
/** All slots but the heartbeat. */
extern const struct hawser_adapter DIALECT_BEATLESS;
/** Only create, destroy, message, subscribe. */
extern const struct hawser_adapter DIALECT_BARE;

/** The exchange's side: what it answers. Zero: everything, at once. */
struct exchange {
    int upgrade; /* enum mock_upgrade or an HTTP status */
    int mute_login;
    int deny_login;
    int mute_restore;
    int mute_subscribe;
    int mute_beat;
    int mute_leave;
    long long valid_ms;    /* of a login; 0: for ever */
    const char *refused;   /* the one channel that it refuses; NULL: none */
    const char *poison;    /* a call that names it is refused whole; NULL: none */
    const char *left_out;  /* the one channel that it forgets; NULL: none */
    unsigned subscribes;   /* lines "sub ..." */
    unsigned unsubscribes; /* lines "unsub ..." */
    unsigned logins;
    unsigned texts;   /* lines "ping ...", answered by `pong` */
    const char *pong; /* NULL: not answered */
    unsigned calls;   /* JSON-RPC requests, never answered by it */
    char last_call[256];
    char last_subscribe[256];
    struct mock_peer *peer; /* the live one; NULL: none */
};
extern const struct mock_handler EXCHANGE_HANDLER;

/** Of a session "test" with the channels a and b, impatient, and without a heartbeat. */
struct session_options dialect_options(const char *url);
/** As it stands in a rig's records: "DATA". */
const char *dialect_record_kind(uint32_t kind);

#endif
