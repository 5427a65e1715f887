/*
 * All parts of the simulator, made in order and taken down in the other.
 */
#include "sim/sim.h"

#include <stdio.h>

#include "base/error.h"
#include "sim/account.h"
#include "sim/control.h"
#include "sim/feed.h"
#include "sim/journal.h"
#include "sim/script.h"
#include "sim/server.h"
#include "sim/trading.h"

static int make_accounts(struct sim *sim, struct hawser_error *err)
{
    sim->accounts = sim_accounts_create(sim->options.seed, sim->options.token_life_ms);
    if (sim->accounts == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "accounts");
        return -1;
    }
    for (unsigned i = 0; i < sim->options.client_count; i++) {
        if (sim_accounts_add(sim->accounts, sim->options.clients[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

int sim_init(struct sim *sim, const struct sim_options *options, struct hawser_error *err)
{
    *sim = (struct sim){.options = *options, .random = options->seed};
    list_init(&sim->conns);
    sim_stats_init(&sim->stats);
    sim->faults.upgrade_retry_after_s = -1;
    sim->base                         = event_base_new();
    if (sim->base == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "event loop");
        return -1;
    }
    if (make_accounts(sim, err) != 0 ||
        (options->requests != NULL && sim_journal_open(sim, options->requests, err) != 0)) {
        return -1;
    }
    sim->feed    = sim_feed_create(sim);
    sim->trading = sim_trading_create(sim);
    if (sim->feed == NULL || sim->trading == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "markets");
        return -1;
    }
    if (options->control != NULL) {
        sim->control = sim_control_create(sim, options->control, err);
        if (sim->control == NULL) {
            return -1;
        }
    }
    sim->server = sim_server_create(sim, err);
    if (sim->server == NULL) {
        return -1;
    }
    if (options->script != NULL) {
        sim->script = sim_script_create(sim, options->script, err);
        if (sim->script == NULL) {
            return -1;
        }
    }
    return 0;
}

void sim_run(struct sim *sim)
{
    sim_server_ready(sim->server);
    (void)event_base_dispatch(sim->base);
}

void sim_fini(struct sim *sim)
{
    struct list *node;
    struct list *after;
    sim_script_destroy(sim->script);
    list_for_each_safe (node, after, &sim->conns) {
        sim_conn_destroy(LIST_ENTRY(node, struct sim_conn, node));
    }
    sim_server_destroy(sim->server);
    sim_control_destroy(sim->control);
    sim_trading_destroy(sim->trading);
    sim_feed_destroy(sim->feed);
    sim_accounts_destroy(sim->accounts);
    sim_journal_close(sim);
    if (sim->base != NULL) {
        event_base_free(sim->base);
    }
}

void sim_note(const struct sim *sim, const char *fmt, ...)
{
    va_list args;
    if (sim->options.is_quiet) {
        return;
    }
    va_start(args, fmt);
    fputs("hawser-sim: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}
