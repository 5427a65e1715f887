/*
 * Signals to the master. See master.h. Those that come before their handlers are there are held, so
 * that none of them ends a host that is about to start, or to be handed over.
 */
#include <signal.h>

#include "base/error.h"
#include "base/log.h"
#include "host/master.h"
#include "host/privileges.h"

static void on_child(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    master_children_reap(arg);
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
    struct master *master = arg;
    (void)number;
    (void)what;
    if (!master->stopping) {
        master_reload_start(master, NULL, NULL);
    }
}

static void on_quit(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    master_stop(arg, 1);
}

static void on_term(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    master_stop(arg, 0);
}

static void reopen_child(struct master_child *child)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (child->channel != NULL && channel_send(child->channel, CHANNEL_REOPEN, 0,
                                               (struct hawser_slice){"", 0}, -1, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-010", "files are not reopened: %s", err.message);
    }
}

static void on_reopen(evutil_socket_t number, short what, void *arg)
{
    struct master *master   = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)number;
    (void)what;
    if (log_reopen(&err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-011", "%s; the log goes on in the old file", err.message);
    }
    if (privileges_give(master->settings.log_path, master->settings.user, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-012", "%s", err.message);
    }
    log_write(LOG_NOTICE, "HW-HOST-013", "reopening files");
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        reopen_child(&master->workers[i]);
    }
    reopen_child(&master->roll.other);
    reopen_child(&master->observer);
}

/* As in nginx: the workers close, the master stays and can start them again. */
static void on_winch(evutil_socket_t number, short what, void *arg)
{
    struct master *master = arg;
    (void)number;
    (void)what;
    if (master->stopping) {
        return;
    }
    log_write(LOG_NOTICE, "HW-HOST-014", "closing all workers; a reload starts them again");
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        master_child_quit(&master->workers[i], master->settings.shutdown_timeout_ms);
    }
    master_roll_drop(master);
}

static void on_upgrade(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    master_upgrade_start(arg);
}

int master_signals_watch(struct master *master)
{
    static const struct {
        int number;
        void (*fn)(evutil_socket_t number, short what, void *arg);
    } SIGNALS[] = {{SIGCHLD, on_child},  {SIGHUP, on_reload},  {SIGQUIT, on_quit},
                   {SIGTERM, on_term},   {SIGINT, on_term},    {SIGUSR1, on_reopen},
                   {SIGWINCH, on_winch}, {SIGUSR2, on_upgrade}};
    for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++) {
        master->signals[i] = evsignal_new(master->base, SIGNALS[i].number, SIGNALS[i].fn, master);
        if (master->signals[i] == NULL || event_add(master->signals[i], NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

void master_signals_fini(struct master *master)
{
    master_signals_hold_all(); /* without its handler one would end us before all is cleaned up */
    for (size_t i = 0; i < sizeof(master->signals) / sizeof(master->signals[0]); i++) {
        if (master->signals[i] != NULL) {
            event_free(master->signals[i]);
        }
    }
}

void master_signals_hold(void)
{
    static const int HELD[] = {SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
    sigset_t held;
    (void)signal(SIGPIPE, SIG_IGN); /* writing to what is gone is an error to handle, not a death */
    (void)sigemptyset(&held);       /* cannot fail */
    for (size_t i = 0; i < sizeof(HELD) / sizeof(HELD[0]); i++) {
        (void)sigaddset(&held, HELD[i]); /* fails only for no signal */
    }
    (void)sigprocmask(SIG_BLOCK, &held, NULL); /* cannot fail with these arguments */
}

void master_signals_hold_all(void)
{
    sigset_t all;
    (void)sigfillset(&all);                   /* cannot fail */
    (void)sigprocmask(SIG_BLOCK, &all, NULL); /* cannot fail with these arguments */
}

void master_signals_let_in(void)
{
    sigset_t none;
    (void)sigemptyset(&none);                    /* cannot fail */
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with these arguments */
}
