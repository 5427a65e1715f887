/*
 * The transition table. Every cell is decided: GO and STAY do something, SKIP says why nothing is
 * right, NEVER is a fault of the link's or the adapter's order that session.c logs and counts.
 */
#include "session/states.h"

#define GO(state, act)                                                                             \
    {                                                                                              \
        SESSION_MOVE, HAWSER_STATE_##state, SESSION_DO_##act, ""                                   \
    }
#define STAY(act)                                                                                  \
    {                                                                                              \
        SESSION_STAY, 0, SESSION_DO_##act, ""                                                      \
    }
#define SKIP(reason)                                                                               \
    {                                                                                              \
        SESSION_IGNORE, 0, SESSION_DO_NOTHING, reason                                              \
    }
#define NEVER                                                                                      \
    {                                                                                              \
        SESSION_ILLEGAL, 0, SESSION_DO_NOTHING, ""                                                 \
    }

static const struct session_step STEPS[HAWSER_STATE_COUNT][SESSION_EVENT_COUNT] =
    {
        [HAWSER_STATE_IDLE] =
            {
                [SESSION_START]         = GO(RESOLVING, DIAL),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the first login takes them"),
                [SESSION_LOST]          = SKIP("there is no link yet"),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = NEVER,
                [SESSION_DEADLINE]      = NEVER,
                [SESSION_RECONNECT]     = SKIP("it was not started"),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_RESOLVING] =
            {
                [SESSION_START]         = SKIP("it is under way"),
                [SESSION_CONNECTING]    = GO(CONNECTING, NOTHING),
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the login to come takes them"),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = GO(BACKOFF, TIME_OUT),
                [SESSION_RECONNECT]     = SKIP("a new link is under way"),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_CONNECTING] =
            {
                [SESSION_START]         = SKIP("it is under way"),
                [SESSION_CONNECTING]    = SKIP("the next address of the same name"),
                [SESSION_SECURING]      = GO(TLS, NOTHING),
                [SESSION_UPGRADING]     = GO(UPGRADING, NOTHING),
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the login to come takes them"),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = GO(BACKOFF, TIME_OUT),
                [SESSION_RECONNECT]     = SKIP("a new link is under way"),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_TLS] =
            {
                [SESSION_START]         = SKIP("it is under way"),
                [SESSION_CONNECTING]    = GO(CONNECTING, NOTHING),
                [SESSION_SECURING]      = SKIP("already there"),
                [SESSION_UPGRADING]     = GO(UPGRADING, NOTHING),
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the login to come takes them"),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = GO(BACKOFF, TIME_OUT),
                [SESSION_RECONNECT]     = SKIP("a new link is under way"),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_UPGRADING] =
            {
                [SESSION_START]         = SKIP("it is under way"),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = GO(OPEN, OPEN),
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the login to come takes them"),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = GO(BACKOFF, TIME_OUT),
                [SESSION_RECONNECT]     = SKIP("a new link is under way"),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_OPEN] =
            {
                [SESSION_START]         = SKIP("it is connected"),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = GO(AUTHENTICATING, LOGIN),
                [SESSION_NO_LOGIN]      = GO(RESTORING, RESTORE),
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the login to come takes them"),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = NEVER,
                [SESSION_RECONNECT]     = GO(RESOLVING, REDIAL),
                [SESSION_LEAVE]         = GO(CLOSING, LEAVE),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_AUTHENTICATING] =
            {
                [SESSION_START]         = SKIP("it is connected"),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = GO(RESTORING, RESTORE),
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = GO(BACKOFF, BACK_OFF),
                [SESSION_CREDENTIALS]   = GO(RESOLVING, REDIAL),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = GO(BACKOFF, TIME_OUT),
                [SESSION_RECONNECT]     = GO(RESOLVING, REDIAL),
                [SESSION_LEAVE]         = GO(CLOSING, LEAVE),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_RESTORING] =
            {
                [SESSION_START]         = SKIP("it is connected"),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = STAY(KEEP_LOGIN),
                [SESSION_RESTORED]      = STAY(SUBSCRIBE),
                [SESSION_COMPLETE]      = GO(READY, READY),
                [SESSION_INCOMPLETE]    = SKIP("it is not READY anyway"),
                [SESSION_EXPIRED]       = STAY(LOGIN),
                [SESSION_CREDENTIALS]   = STAY(LOGIN),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = STAY(UNANSWERED),
                [SESSION_RECONNECT]     = GO(RESOLVING, REDIAL),
                [SESSION_LEAVE]         = GO(CLOSING, LEAVE),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_READY] =
            {
                [SESSION_START]         = SKIP("it is connected"),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = STAY(KEEP_LOGIN),
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = SKIP("it is READY"),
                [SESSION_INCOMPLETE]    = GO(RESTORING, COMPLAIN),
                [SESSION_EXPIRED]       = STAY(LOGIN),
                [SESSION_CREDENTIALS]   = STAY(LOGIN),
                [SESSION_LOST]          = GO(BACKOFF, BACK_OFF),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = NEVER,
                [SESSION_RECONNECT]     = GO(RESOLVING, REDIAL),
                [SESSION_LEAVE]         = GO(CLOSING, LEAVE),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_BACKOFF] =
            {
                [SESSION_START]         = SKIP("it comes back by itself"),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("the login to come takes them"),
                [SESSION_LOST]          = SKIP("one break, one reconnect"),
                [SESSION_DENIED]        = GO(FAILED, GIVE_UP),
                [SESSION_EXHAUSTED]     = GO(FAILED, GIVE_UP),
                [SESSION_ENDED]         = NEVER,
                [SESSION_DEADLINE]      = GO(RESOLVING, DIAL),
                [SESSION_RECONNECT]     = GO(RESOLVING, DIAL),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
        [HAWSER_STATE_CLOSING] =
            {
                [SESSION_START]         = NEVER,
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = SKIP("it is leaving"),
                [SESSION_RESTORED]      = SKIP("it is leaving"),
                [SESSION_COMPLETE]      = SKIP("it is leaving"),
                [SESSION_INCOMPLETE]    = SKIP("it is leaving"),
                [SESSION_EXPIRED]       = SKIP("it is leaving"),
                [SESSION_CREDENTIALS]   = SKIP("it is leaving"),
                [SESSION_LOST]          = GO(CLOSED, FINISH),
                [SESSION_DENIED]        = GO(CLOSED, FINISH),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = GO(CLOSED, FINISH),
                [SESSION_DEADLINE]      = STAY(LATE),
                [SESSION_RECONNECT]     = SKIP("it is leaving"),
                [SESSION_LEAVE]         = SKIP("it is leaving"),
                [SESSION_LEFT]          = STAY(SAY_CLOSE),
            },
        [HAWSER_STATE_CLOSED] =
            {
                [SESSION_START]         = NEVER,
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = SKIP("it is over"),
                [SESSION_LOST]          = SKIP("it is over"),
                [SESSION_DENIED]        = SKIP("it is over"),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = NEVER,
                [SESSION_DEADLINE]      = NEVER,
                [SESSION_RECONNECT]     = SKIP("it is over"),
                [SESSION_LEAVE]         = SKIP("it is over"),
                [SESSION_LEFT]          = SKIP("it is over"),
            },
        [HAWSER_STATE_FAILED] =
            {
                [SESSION_START]         = GO(RESOLVING, DIAL_ANEW),
                [SESSION_CONNECTING]    = NEVER,
                [SESSION_SECURING]      = NEVER,
                [SESSION_UPGRADING]     = NEVER,
                [SESSION_OPENED]        = NEVER,
                [SESSION_LOGIN]         = NEVER,
                [SESSION_NO_LOGIN]      = NEVER,
                [SESSION_AUTHENTICATED] = NEVER,
                [SESSION_RESTORED]      = NEVER,
                [SESSION_COMPLETE]      = NEVER,
                [SESSION_INCOMPLETE]    = NEVER,
                [SESSION_EXPIRED]       = NEVER,
                [SESSION_CREDENTIALS]   = GO(RESOLVING, DIAL_ANEW),
                [SESSION_LOST]          = SKIP("there is no link"),
                [SESSION_DENIED]        = SKIP("it has failed already"),
                [SESSION_EXHAUSTED]     = NEVER,
                [SESSION_ENDED]         = NEVER,
                [SESSION_DEADLINE]      = NEVER,
                [SESSION_RECONNECT]     = GO(RESOLVING, DIAL_ANEW),
                [SESSION_LEAVE]         = GO(CLOSED, FINISH),
                [SESSION_LEFT]          = NEVER,
            },
};

static const char *const STATES[HAWSER_STATE_COUNT] = {
    "IDLE",      "RESOLVING", "CONNECTING", "TLS",     "UPGRADING", "OPEN",   "AUTHENTICATING",
    "RESTORING", "READY",     "BACKOFF",    "CLOSING", "CLOSED",    "FAILED",
};

static const char *const EVENTS[SESSION_EVENT_COUNT] = {
    "START",         "CONNECTING", "SECURING", "UPGRADING",  "OPENED",    "LOGIN",       "NO_LOGIN",
    "AUTHENTICATED", "RESTORED",   "COMPLETE", "INCOMPLETE", "EXPIRED",   "CREDENTIALS", "LOST",
    "DENIED",        "EXHAUSTED",  "ENDED",    "DEADLINE",   "RECONNECT", "LEAVE",       "LEFT",
};

const struct session_step *session_step_of(enum hawser_state state, enum session_event event)
{
    return &STEPS[state][event];
}

const char *session_state_name(enum hawser_state state)
{
    return (unsigned)state < HAWSER_STATE_COUNT ? STATES[state] : "?";
}

const char *session_event_name(enum session_event event)
{
    return (unsigned)event < SESSION_EVENT_COUNT ? EVENTS[event] : "?";
}
