/*
 * Outputs that could not be opened are tried again until they can: a session whose records go
 * nowhere must not stay so. See runtime.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "host/runtime.h"

#define RETRY_S 2

static const struct conf_node *find_block(const struct runtime *runtime, const char *name)
{
    const struct conf_node *node = NULL;
    while ((node = conf_find(conf_tree_root(runtime->config->tree), "output", node)) != NULL) {
        if (node->word_count > 1 && strcmp(node->words[node->word_count - 1], name) == 0) {
            return node;
        }
    }
    return NULL;
}

struct missing {
    struct runtime *runtime;
    const char *name; /* of one that a session wants and that is not there; NULL: none */
};

static void look_for_missing(void *arg, const char *session_name, void *object)
{
    struct missing *missing               = arg;
    const struct runtime_session *session = object;
    const struct conf_node *node          = NULL;
    (void)session_name;
    while (missing->name == NULL && (node = conf_find(session->block, "output", node)) != NULL) {
        for (size_t i = 1; i < node->word_count; i++) {
            if (runtime_output_find(missing->runtime, node->words[i]) == NULL &&
                find_block(missing->runtime, node->words[i]) != NULL) {
                missing->name = node->words[i];
            }
        }
    }
}

static void route_anew(void *arg, const char *name, void *object)
{
    struct runtime_session *session = object;
    struct hawser_error err         = HAWSER_ERROR_INIT;
    (void)arg;
    if (runtime_session_rebase(session, session->block, &err) != 0) {
        log_about(LOG_SUBJECT("session", name), LOG_ERROR, "HW-HOST-060",
                  "keeps its old outputs: %s", err.message);
    }
}

static const char *missing_output(struct runtime *runtime)
{
    struct missing missing = {runtime, NULL};
    registry_each(runtime->sessions, look_for_missing, &missing);
    return missing.name;
}

void runtime_retry_outputs(struct runtime *runtime)
{
    static const struct timeval later = {RETRY_S, 0};
    if (runtime->config != NULL && runtime->stopped == NULL && missing_output(runtime) != NULL &&
        event_add(runtime->retry, &later) != 0) {
        log_write(LOG_ALERT, "HW-HOST-061",
                  "an output that could not be opened will not be tried again: no memory");
    }
}

void runtime_on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct runtime *runtime = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    const char *name        = runtime->stopped == NULL ? missing_output(runtime) : NULL;
    (void)fd;
    (void)what;
    if (name == NULL) {
        return;
    }
    if (runtime_output_create(runtime, find_block(runtime, name), &err) == NULL) {
        (void)snprintf(runtime->output_error, sizeof(runtime->output_error), "%s", err.message);
        complain(&runtime->output_trouble, NULL, LOG_ERROR, "HW-HOST-062",
                 "%s; its sessions' records are lost until it opens; next try in %d s", err.message,
                 RETRY_S);
    } else {
        complain_over(&runtime->output_trouble, LOG_SUBJECT("output", name), LOG_NOTICE,
                      "HW-HOST-063", "is open now");
        registry_each(runtime->sessions, route_anew, NULL);
    }
    runtime_retry_outputs(runtime);
}
