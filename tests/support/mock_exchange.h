/*
 * A WebSocket server inside the test's own loop, on an ephemeral port of loopback, that does what a
 * test tells it: answer, keep silent, refuse, close, cut, freeze.
 */
#ifndef TESTS_SUPPORT_MOCK_EXCHANGE_H
#define TESTS_SUPPORT_MOCK_EXCHANGE_H

#include "hawser/frame.h"

struct event_base;
struct mock_exchange;
struct mock_peer; /* one accepted connection */

enum mock_upgrade {
    MOCK_ACCEPT = 0,
    MOCK_MUTE, /* TCP is open, the 101 never comes */
    MOCK_SHUT  /* closed without a word */
    /* any other number: refused with that HTTP status */
};

struct mock_handler {
    /** An upgrade was asked for. NULL: MOCK_ACCEPT. */
    int (*upgrade)(void *arg, struct mock_peer *peer);
    /** It was granted. May be NULL. */
    void (*opened)(void *arg, struct mock_peer *peer);
    /** A whole message came. May be NULL. */
    void (*message)(void *arg, struct mock_peer *peer, enum hawser_opcode opcode,
                    struct hawser_slice bytes);
    /** The peer is gone; its pointer is dead after this. May be NULL. */
    void (*gone)(void *arg, struct mock_peer *peer);
};

/** Ends the process when no port is to be had. */
struct mock_exchange *mock_create(struct event_base *base, const struct mock_handler *handler,
                                  void *arg);
void mock_destroy(struct mock_exchange *mock);
/** @return "ws://127.0.0.1:PORT/path", borrowed */
const char *mock_url(const struct mock_exchange *mock);
/** Stop to listen (connections are refused), or go on, on the same port. */
void mock_listen(struct mock_exchange *mock, int on);
/** @return how many TCP connections were ever accepted */
unsigned mock_accepted(const struct mock_exchange *mock);
/** @return how many are there now */
unsigned mock_peers(const struct mock_exchange *mock);
/** @return pings that came in */
unsigned mock_pings(const struct mock_exchange *mock);
/** @return the code of the last close frame that came in; 0: none */
unsigned mock_close_code(const struct mock_exchange *mock);
/** Extra header of refusals, such as "Retry-After: 1"; borrowed; NULL: none. */
void mock_refusal_header(struct mock_exchange *mock, const char *header);

void mock_send(struct mock_peer *peer, enum hawser_opcode opcode, struct hawser_slice bytes);
void mock_send_text(struct mock_peer *peer, const char *fmt, ...) HAWSER_PRINTF(2, 3);
/** Bytes as they are. */
void mock_send_raw(struct mock_peer *peer, const void *bytes, size_t len);
/** Start a close handshake. */
void mock_close(struct mock_peer *peer, uint16_t code, const char *reason);
/** Reset the connection (RST). */
void mock_cut(struct mock_peer *peer);
/** Keep the socket and never read or answer again: a half-open link. */
void mock_freeze(struct mock_peer *peer);

#endif
