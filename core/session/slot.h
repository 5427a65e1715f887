/*
 * The way into a slot of the adapter's: every call of one goes between these two, so that the
 * session is not destroyed meanwhile, and a crash or a hang in there has a name.
 */
#ifndef CORE_SESSION_SLOT_H
#define CORE_SESSION_SLOT_H

#include "base/watch.h"
#include "session/object.h"

/** Hot. @return for session_exit */
static inline uint64_t session_enter(struct session *session, enum watch_slot slot)
{
    session->depth++;
    return watch_enter(session->env.subject, slot);
}

/** Hot. */
static inline void session_exit(struct session *session, uint64_t before)
{
    watch_leave(before);
    session->depth--;
}

#endif
