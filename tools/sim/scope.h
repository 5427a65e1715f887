/*
 * Scopes: what a login asks for -> what it gets, as rights and as text.
 */
#ifndef SIM_SCOPE_H
#define SIM_SCOPE_H

#include "sim/account.h"

/** Fill session, scope, rights and life of a grant. @param asked may be NULL. @return 0, or -1: not
 * understood */
int sim_scope_apply(struct sim_grant *grant, const char *asked);
/** Does a grant hold a right such as "trade:read_write"? @return 1 or 0 */
int sim_scope_allows(const struct sim_grant *grant, const char *right);

#endif
