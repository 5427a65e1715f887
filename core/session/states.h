/*
 * The state machine of a session as data: what each event means in each state. Who runs it:
 * session.c.
 */
#ifndef CORE_SESSION_STATES_H
#define CORE_SESSION_STATES_H

#include "hawser/client.h"

enum session_event {
    SESSION_START,         /* session_start */
    SESSION_HELD,          /* the connect budget of this exchange is used up: it is not our turn */
    SESSION_CONNECTING,    /* link: the name is resolved */
    SESSION_SECURING,      /* link: TCP is there, TLS begins */
    SESSION_UPGRADING,     /* link: the upgrade was asked for */
    SESSION_OPENED,        /* link: the upgrade was granted */
    SESSION_LOGIN,         /* there are credentials to present */
    SESSION_NO_LOGIN,      /* there are none */
    SESSION_AUTHENTICATED, /* adapter */
    SESSION_RESTORED,      /* adapter: ready for channels */
    SESSION_COMPLETE,      /* every wanted channel is acknowledged */
    SESSION_INCOMPLETE,    /* one that was acknowledged, or wanted since, is refused */
    SESSION_EXPIRED,       /* the login ends soon, or has ended */
    SESSION_CREDENTIALS,   /* the credentials were replaced */
    SESSION_LOST,          /* the link ended, or is of no use; another may do better */
    SESSION_DENIED,        /* trouble that needs a person */
    SESSION_EXHAUSTED,     /* no attempt is left */
    SESSION_ENDED,         /* the server closed cleanly, and nobody wants the link back */
    SESSION_DEADLINE,      /* the state's time is up */
    SESSION_RECONNECT,     /* ops: a new link now */
    SESSION_LEAVE,         /* session_leave */
    SESSION_LEFT,          /* adapter: goodbye is said */
    SESSION_EVENT_COUNT
};

enum session_action {
    SESSION_DO_NOTHING,
    SESSION_DO_DIAL,
    SESSION_DO_DIAL_ANEW,  /* with the backoff forgotten */
    SESSION_DO_REDIAL,     /* drop the link first */
    SESSION_DO_HOLD,       /* wait for the turn to dial */
    SESSION_DO_OPEN,       /* tell the adapter, see whether a login is due */
    SESSION_DO_LOGIN,      /* adapter's `authenticate` */
    SESSION_DO_KEEP_LOGIN, /* note for how long it holds */
    SESSION_DO_RESTORE,    /* adapter's `restore` */
    SESSION_DO_SUBSCRIBE,
    SESSION_DO_UNANSWERED, /* the deadline for channels is over */
    SESSION_DO_READY,
    SESSION_DO_COMPLAIN,  /* say which channels are missing; no deadline runs */
    SESSION_DO_BACK_OFF,  /* drop the link, wait */
    SESSION_DO_TIME_OUT,  /* the same, and say which phase took too long */
    SESSION_DO_GIVE_UP,   /* drop the link, say what a person must do */
    SESSION_DO_LEAVE,     /* adapter's `leave` */
    SESSION_DO_SAY_CLOSE, /* close handshake */
    SESSION_DO_LATE,      /* goodbye takes too long: the next step of it, or drop the link */
    SESSION_DO_FINISH,    /* drop the link for good */
    SESSION_ACTION_COUNT
};

enum session_verdict {
    SESSION_UNDECIDED = 0, /* a hole in the table; the tests allow none */
    SESSION_MOVE,          /* go to `next`, then run `action` */
    SESSION_STAY,          /* run `action` in the same state */
    SESSION_IGNORE,        /* rightly nothing, because of `why` */
    SESSION_ILLEGAL        /* cannot happen here: logged and counted, nothing else */
};

struct session_step {
    uint8_t verdict; /* enum session_verdict */
    uint8_t next;    /* enum hawser_state */
    uint8_t action;  /* enum session_action */
    const char *why; /* IGNORE: the reason */
};

/** @return the cell; never NULL. Both numbers must be in range. */
const struct session_step *session_step_of(enum hawser_state state, enum session_event event);
/** @return "READY" and so on; "?" for a number that is none */
const char *session_state_name(enum hawser_state state);
/** @return "LOST" and so on; "?" for a number that is none */
const char *session_event_name(enum session_event event);

#endif
