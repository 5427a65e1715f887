/*
 * A session block of a checked config as struct session_options.
 */
#ifndef CORE_HOST_SESSIONCONF_H
#define CORE_HOST_SESSIONCONF_H

#include "conf/directive.h"
#include "session/bundle.h"

/** The options and the arrays that they point into; strings are borrowed from the tree (paths are
 * owned). */
struct sessionconf {
    struct bundle_options bundle; /* its session: `options` */
    struct session_options options;
    const char **channels;
    const char **headers;
    const char **urls;
    const char **pins;
    struct session_stale_rule *stale;
    struct error_rule *on_error;
    struct ratelimit_rule *rate_limits;
    char *subprotocols;
    char *ca_file;
    char *certificate_file;
    char *key_file;
};

/** The adapter's own directives are read by the adapter, through host.h. @return 0, or -1 with err
 * set; release with sessionconf_fini in both cases */
int sessionconf_read(struct sessionconf *conf, const struct conf_node *session, const char *prefix,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
void sessionconf_fini(struct sessionconf *conf);

/** First argument of a directive of the session, or its default; borrowed. */
const char *sessionconf_word(const struct conf_node *session, const char *directive);

#endif
