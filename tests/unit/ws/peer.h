/*
 * A WebSocket server of raw bytes on loopback, in a thread of its own: it does what a list of steps
 * says and notes the first thing that went otherwise.
 */
#ifndef TESTS_UNIT_WS_PEER_H
#define TESTS_UNIT_WS_PEER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum peer_do {
    PEER_END,          /* close the socket */
    PEER_UPGRADE,      /* read a request, answer 101; `bytes` go out in the same write */
    PEER_UPGRADE_WITH, /* the same, but that `bytes` are more fields of the answer */
    PEER_READ_HEADER,  /* read a request, answer nothing */
    PEER_SEND,         /* bytes as they are */
    PEER_SEND_BYTES,   /* each byte in a write of its own */
    PEER_SEND_MANY,    /* bytes, `count` times */
    PEER_EXPECT,       /* a masked frame: bytes[0] its first byte, the rest its payload */
    PEER_EXPECT_CLOSE, /* a close frame whose payload begins with bytes */
    PEER_SKIP_TO,      /* frames until this one (as for PEER_EXPECT) */
    PEER_EXPECT_EOF,
    PEER_EXPECT_ANY_END, /* read until the end, whatever comes and however it ends */
    PEER_RESET           /* close with RST */
};

struct peer_step {
    enum peer_do what;
    const char *bytes;
    size_t len;
    unsigned count;
};

#define PEER_STEP(what, text)                                                                      \
    {                                                                                              \
        PEER_##what, text, sizeof(text) - 1, 0                                                     \
    }

struct peer {
    const struct peer_step *steps;
    size_t step_count;
    pthread_t thread;
    int listener;
    int fd;
    int joined;
    uint16_t port;
    char key[32];      /* of the last request */
    char trouble[200]; /* empty: all went as the steps say */
};

void peer_start(struct peer *peer, const struct peer_step *steps, size_t count);
/** Wait for its end. Twice is harmless. */
void peer_join(struct peer *peer);

#endif
