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

/** Why: bits. */
enum reload_cause {
    RELOAD_CAUSE_BLOCK       = 1 << 0, /* its statements differ */
    RELOAD_CAUSE_CREDENTIALS = 1 << 1, /* what its credentials name has other words */
    RELOAD_CAUSE_MODULE      = 1 << 2, /* the file of its module was replaced */
    RELOAD_CAUSE_WORKER      = 1 << 3, /* another worker runs it afterwards */
    RELOAD_CAUSE_FAILED      = 1 << 4  /* it waits for a person, and a reload is how one comes */
};

struct reload_change {
    enum reload_action action;
    enum hawser_module_kind kind;   /* session, output, telemetry */
    const char *name;               /* borrowed from a tree; of telemetry: the module's */
    const struct conf_node *before; /* NULL: ADD */
    const struct conf_node *after;  /* NULL: REMOVE */
    unsigned causes;                /* enum reload_cause; 0: KEEP, ADD and REMOVE */
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
    /** Does another worker run the session afterwards? NULL: never. */
    int (*worker_changed)(void *arg, const char *session);
    /** Has the session failed? NULL: never. */
    int (*has_failed)(void *arg, const char *session);
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
/** Do all statements of this name stand in both blocks alike, in the same order? */
int reload_same_statements(const struct conf_node *a, const struct conf_node *b,
                           const char *directive);

/* in words: reload_explain.c */

/** A statement outside every block of a session, an output or telemetry that differs. */
struct reload_main_change {
    const char *directive;          /* borrowed from a tree */
    const struct conf_node *before; /* the first that differs; NULL: none */
    const struct conf_node *after;  /* the same */
    int needs_restart;              /* a reload cannot carry it out */
};

/** What becomes of it, as users say: "kept", "resubscribed in place", "re-authenticated in place",
 * "applied in place", "moved", "restarted", "added", "removed". */
const char *reload_change_words(const struct reload_change *change);
/**
 * Why, with the place: "/srv/hawser.conf:12: url changed".
 * @param load_module  of its module; NULL: unknown
 * @param out          added to
 * @return 0, or -1: no memory
 */
int reload_change_explain(const struct reload_change *change, const struct conf_node *load_module,
                          struct buf *out) HAWSER_MUST_CHECK;
/** Tell of each directive in the main block that differs. */
void reload_main_changes(const struct conf_tree *before, const struct conf_tree *after,
                         void (*fn)(void *arg, const struct reload_main_change *change), void *arg);
/** "needs a restart" or "applied in place" */
const char *reload_main_words(const struct reload_main_change *change);
/** As reload_change_explain. */
int reload_main_explain(const struct reload_main_change *change, struct buf *out) HAWSER_MUST_CHECK;

#endif
