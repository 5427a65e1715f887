/*
 * Sessions whose lines are being replaced by lines of newer settings, after a reload; the reload's
 * outcome waits for them, within reason. See runtime.h.
 */
#include "base/error.h"
#include "base/log.h"
#include "host/runtime.h"
#include "host/sessionconf.h"

static void stop_waiting(struct runtime *runtime)
{
    if (runtime->moves.timer != NULL) {
        (void)event_del(runtime->moves.timer); /* harmless when it does not wait */
    }
}

void runtime_moves_tell(struct runtime *runtime)
{
    struct runtime_moves *moves = &runtime->moves;
    json_t *report              = moves->report;
    if (report == NULL) {
        return;
    }
    stop_waiting(runtime);
    moves->report = NULL;
    if (moves->under_way > 0) {
        (void)json_object_set_new(report, "moving",
                                  json_integer((json_int_t)moves->under_way)); /* the log has it */
    }
    moves->done(moves->arg, report);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct runtime *runtime = arg;
    (void)fd;
    (void)what;
    log_write(LOG_NOTICE, "HW-HOST-109",
              "reload: %zu sessions are still moving to their new connections; the old ones serve "
              "until then",
              runtime->moves.under_way);
    runtime_moves_tell(runtime);
}

void runtime_moves_await(struct runtime *runtime, json_t *report, int64_t longest_ms,
                         void (*done)(void *arg, json_t *report), void *arg)
{
    struct runtime_moves *moves = &runtime->moves;
    struct timeval longest = {(time_t)(longest_ms / 1000), (suseconds_t)(longest_ms % 1000 * 1000)};
    moves->report          = report;
    moves->done            = done;
    moves->arg             = arg;
    if (moves->timer == NULL) {
        moves->timer = evtimer_new(runtime->options.loop->base, on_timer, runtime);
    }
    if (moves->under_way == 0 || moves->timer == NULL || evtimer_add(moves->timer, &longest) != 0) {
        runtime_moves_tell(runtime);
    }
}

void runtime_moves_fini(struct runtime *runtime)
{
    if (runtime->moves.timer != NULL) {
        event_free(runtime->moves.timer);
    }
    json_decref(runtime->moves.report);
    runtime->moves = (struct runtime_moves){0};
}

void runtime_move_ended(struct runtime_session *session)
{
    struct runtime_moves *moves = &session->runtime->moves;
    if (!session->moving) {
        return;
    }
    session->moving = 0;
    moves->under_way--;
    if (moves->under_way == 0) {
        runtime_moves_tell(session->runtime);
    }
}

void runtime_on_moved(void *arg, const struct hawser_error *why)
{
    struct runtime_session *session = arg;
    struct hawser_error err         = HAWSER_ERROR_INIT;
    if (!session->moving || session->leaving) {
        runtime_move_ended(session);
        return;
    }
    session->behind = why != NULL;
    if (why != NULL) {
        err = *why;
        error_prefix(&err, "session %s goes on with its old connection", session->name);
        log_about(LOG_SUBJECT("session", session->name), LOG_ERROR, "HW-HOST-110",
                  "the new configuration is not in force for it, the next reload tries again: %s",
                  why->message);
        (void)json_array_append_new(json_object_get(session->runtime->moves.report, "errors"),
                                    json_string(err.message)); /* the log has it */
    }
    runtime_move_ended(session);
}

int runtime_session_move(struct runtime_session *session, const struct conf_node *block,
                         struct hawser_error *err)
{
    struct runtime *runtime         = session->runtime;
    const struct conf_node *adapter = conf_find(block, "adapter", NULL);
    struct sessionconf conf;
    int rc = -1;
    runtime_move_ended(session); /* to something that is outdated now */
    session->behind = 1;
    if (runtime_session_point(session, block, err) != 0) {
        return -1;
    }
    session->module = module_directory_find(runtime->modules, HAWSER_ADAPTER, adapter->words[1]);
    if (session->module == NULL) {
        error_set(err, HAWSER_MODULE_INIT, "adapter \"%s\" is not loaded", adapter->words[1]);
        return -1;
    }
    if (sessionconf_read(&conf, block, runtime->options.prefix, err) == 0) {
        rc = bundle_move(session->bundle, &conf.bundle, err);
    }
    sessionconf_fini(&conf);
    if (rc == 0) {
        session->behind = 0;
        session->moving = bundle_is_moving(session->bundle);
        runtime->moves.under_way += (size_t)session->moving;
    }
    return rc;
}
