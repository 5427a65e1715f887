/*
 * Messages between the master and its children over a stream socket: framed, queued, bounded, with
 * at most one descriptor each.
 */
#ifndef CORE_HOST_CHANNEL_H
#define CORE_HOST_CHANNEL_H

#include <event2/event.h>

#include "base/buf.h"
#include "hawser/error.h"

#define CHANNEL_MAX_MESSAGE_BYTES (64u * 1024u * 1024u)

enum channel_type {
    /* master -> child */
    CHANNEL_SECRETS = 1, /* see secrets.h */
    CHANNEL_DYNAMIC,     /* JSON: {"session": {"added": [...], "removed": [...]}} */
    CHANNEL_CONFIG,      /* id: generation; JSON: {"workers": N}; descriptor: the sealed config */
    CHANNEL_COMMAND,     /* id: the caller's; JSON: a control request for this child */
    CHANNEL_REOPEN,      /* open files anew */
    CHANNEL_QUIT, /* id: how long a graceful end (close handshakes, drain) may take [ms]; 0: quick
                   */
    /* child -> master */
    CHANNEL_APPLIED,  /* id: generation; JSON: {"kept": N, ..., "errors": [...]} */
    CHANNEL_REPLY,    /* id: the command's; JSON: {"result": ...} or {"error": {...}} */
    CHANNEL_CHANNELS, /* JSON: {"session": NAME, "added": [...], "removed": [...]}: what to hand a
                         successor */
    CHANNEL_SUMMARY,  /* JSON: summary.h; when the state of a session has changed */
    /* master -> child */
    CHANNEL_STREAM, /* JSON: a stream.attach request; descriptor: the client's connection */
    /* from a worker to its successor, which stands by, and back; the master hands them on */
    CHANNEL_REMEMBER, /* to the old one: it will be asked how far it is */
    CHANNEL_STANDBY,  /* from the new one: {"session": NAME} it could take over, or "why" it cannot
                       */
    CHANNEL_YIELD,    /* to the old one: what CHANNEL_STANDBY said */
    CHANNEL_MARKS,    /* from the old one to the new one: marks_json.h */
    CHANNEL_GONE,     /* from the old one to the new one: {"session": NAME} has no link any more */
    CHANNEL_TYPE_COUNT
};

struct channel_message {
    enum channel_type type;
    uint64_t id;
    struct hawser_slice body; /* borrowed for the call; NUL-terminated behind its end */
    int fd;                   /* -1: none; the receiver owns it */
};

struct channel;

struct channel_handler {
    /** A message arrived. May destroy the channel. */
    void (*message)(void *arg, const struct channel_message *message);
    /** The other side is gone, or sent something that is no message. Called once; destroy the
     * channel in it or later. */
    void (*ended)(void *arg, const struct hawser_error *why);
};

/** @param fd taken: one end of a SOCK_STREAM socketpair. @return given; NULL with err set (fd is
 * closed) */
struct channel *channel_create(struct event_base *base, int fd,
                               const struct channel_handler *handler, void *arg,
                               struct hawser_error *err);
void channel_destroy(struct channel *channel);
/** Who is told from now on. */
void channel_set_arg(struct channel *channel, void *arg);
/**
 * Queue a message; it goes out as the other side reads.
 * @param body  copied, and cleansed from the queue once sent
 * @param fd    duplicated; -1: none
 * @return 0, or -1 with err set (the channel ended, too much queued, no memory)
 */
int channel_send(struct channel *channel, enum channel_type type, uint64_t id,
                 struct hawser_slice body, int fd, struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return its descriptor, borrowed, when no message is half read or still to be sent; else -1 */
int channel_idle_fd(const struct channel *channel);
/** A connected pair, close-on-exec. @return 0, or -1 with err set */
int channel_pair(int fds[2], struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
