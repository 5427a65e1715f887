/*
 * The lines of a session, as session.list and session.state give them.
 */
#ifndef CORE_HOST_LINES_JSON_H
#define CORE_HOST_LINES_JSON_H

#include "host/runtime.h"

/** "lines": an object for each, with its number, state, address, and what it won; "covered": what
 * one line missed and another made good; "moving": lines of newer settings are to take over;
 * "behind": they could not. @param json NULL is allowed */
void lines_json_add(json_t *json, const struct runtime_session *session);

#endif
