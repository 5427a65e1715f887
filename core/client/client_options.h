/*
 * The caller's options of libhawser: checked, defaults filled in, turned into those of a session.
 */
#ifndef CORE_CLIENT_CLIENT_OPTIONS_H
#define CORE_CLIENT_CLIENT_OPTIONS_H

#include "hawser/client.h"
#include "session/session.h"

/**
 * Take over what the caller filled in and put the defaults in the rest.
 * @param given  NULL: all defaults. May come from an older or newer header: struct_size tells.
 * @param out    pointers are borrowed from `given`
 * @error CONF_DIRECTIVE: which option is wrong, and what it may be
 */
int client_options_merge(const struct hawser_client_options *given,
                         struct hawser_client_options *out,
                         struct hawser_error *err) HAWSER_MUST_CHECK;
/** The session that serves these options. Pointers are borrowed. */
void client_options_translate(const struct hawser_client_options *options, const char *url,
                              struct session_options *out);

#endif
