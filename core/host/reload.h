/*
 * What changes between two configs, as a list: a pure function, so that a reload can be shown
 * before it is done, and tested.
 */
#ifndef CORE_HOST_RELOAD_H
#define CORE_HOST_RELOAD_H

#include "conf/tree.h"
#include "hawser/module.h"

enum reload_action {
    RELOAD_KEEP,    /* nothing changed: it does not notice */
    RELOAD_APPLY,   /* changed in what can be changed in place */
    RELOAD_REPLACE, /* leaves, and comes anew */
    RELOAD_ADD,
    RELOAD_REMOVE,
    RELOAD_ACTION_COUNT
};

struct reload_change {
    enum reload_action action;
    enum hawser_module_kind kind;   /* session, output, telemetry */
    const char *name;               /* borrowed from a tree; of telemetry: the module's */
    const struct conf_node *before; /* NULL: ADD */
    const struct conf_node *after;  /* NULL: REMOVE */
};

/** What only the process knows. */
struct reload_rules {
    void *arg;
    /** Does this process run it? `tree` is the config that `node` stands in. NULL: all of them. */
    int (*is_ours)(void *arg, enum hawser_module_kind kind, const struct conf_node *node,
                   int is_after);
    /** Is the module behind it another one now (file replaced)? NULL: never. */
    int (*module_changed)(void *arg, enum hawser_module_kind kind, const struct conf_node *after);
    /** Did the session's credentials change? NULL: never. */
    int (*credentials_changed)(void *arg, const char *session);
};

struct reload_plan {
    struct reload_change
        *changes; /* removed ones first, then the others in the order of the new config */
    size_t count;
    size_t totals[HAWSER_TELEMETRY + 1][RELOAD_ACTION_COUNT]; /* by kind */
};

/** @param before NULL: nothing runs yet. @return 0, or -1: no memory. Release with reload_plan_fini
 */
int reload_plan_make(const struct conf_tree *before, const struct conf_tree *after,
                     const struct reload_rules *rules, struct reload_plan *plan) HAWSER_MUST_CHECK;
void reload_plan_fini(struct reload_plan *plan);
/** "keep", "apply", "replace", "add", "remove" */
const char *reload_action_name(enum reload_action action);

#endif
