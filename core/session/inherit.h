/*
 * A session that goes on where another process left it.
 */
#ifndef CORE_SESSION_INHERIT_H
#define CORE_SESSION_INHERIT_H

struct session;

/**
 * The process that ran this session until now ended without a word: what its channels delivered
 * last is unknown. Each channel that is wanted now gets a gap event, without `since`, before its
 * first data. To be called before the loop runs again after session_create.
 *
 * @param message  for people: what happened; copied
 */
void session_inherit(struct session *session, const char *message);

#endif
