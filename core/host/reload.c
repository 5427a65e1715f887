/*
 * The difference of two configs. See reload.h.
 */
#include "host/reload.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const BLOCKS[HAWSER_TELEMETRY + 1] = {NULL, "session", "output", "telemetry"};

/* What a running session takes over without a new connection. Everything else, a module's own
 * directives included, was read when the session was made. */
static const char *const IN_PLACE[] = {"subscribe",          "stale_after",
                                       "reconnect",          "output",
                                       "credentials",        "required",
                                       "connect_timeout",    "auth_timeout",
                                       "request_timeout",    "subscribe_timeout",
                                       "on_error",           "rate_limit",
                                       "log_level",          "lines",
                                       "calls_before_ready", "rotate",
                                       "move_timeout",       NULL};

const char *reload_action_name(enum reload_action action)
{
    static const char *const NAMES[RELOAD_ACTION_COUNT] = {"keep", "apply", "replace", "add",
                                                           "remove"};
    return action < RELOAD_ACTION_COUNT ? NAMES[action] : "?";
}

/* A block's name is its last word: `session NAME`, `output MODULE NAME`, `telemetry MODULE`. */
static const char *name_of(const struct conf_node *node)
{
    return node->words[node->word_count - 1];
}

static const struct conf_node *look_for(const struct conf_tree *tree, enum hawser_module_kind kind,
                                        const char *name, const struct conf_node *from, size_t most)
{
    const struct conf_node *node = from;
    for (size_t i = 0; tree != NULL && i < most; i++) {
        node = conf_find(conf_tree_root(tree), BLOCKS[kind], node);
        if (node == NULL) {
            return NULL;
        }
        if (node->word_count > 1 && strcmp(name_of(node), name) == 0) {
            return node;
        }
    }
    return NULL;
}

/* Two configs mostly have their blocks in the same order: looking behind the one found last makes
 * a plan of thousands of sessions cheap. */
static const struct conf_node *find_block(const struct conf_tree *tree,
                                          enum hawser_module_kind kind, const char *name,
                                          const struct conf_node **last)
{
    const struct conf_node *node = look_for(tree, kind, name, *last, 1);
    if (node == NULL) {
        node = look_for(tree, kind, name, NULL, SIZE_MAX);
    }
    *last = node == NULL ? *last : node;
    return node;
}

int reload_same_statements(const struct conf_node *a, const struct conf_node *b,
                           const char *directive)
{
    const struct conf_node *in_a = NULL;
    const struct conf_node *in_b = NULL;
    do {
        in_a = conf_find(a, directive, in_a);
        in_b = conf_find(b, directive, in_b);
        if ((in_a == NULL) != (in_b == NULL) || (in_a != NULL && !conf_node_equal(in_a, in_b))) {
            return 0;
        }
    } while (in_a != NULL);
    return 1;
}

static int is_in_place(const char *directive)
{
    for (size_t i = 0; IN_PLACE[i] != NULL; i++) {
        if (strcmp(IN_PLACE[i], directive) == 0) {
            return 1;
        }
    }
    return 0;
}

/** May every difference of these two session blocks be applied in place? `a` is looked through. */
static int differs_in_place(const struct conf_node *a, const struct conf_node *b)
{
    for (const struct conf_node *node = a->first_child; node != NULL; node = node->next) {
        if (!is_in_place(node->words[0]) && !reload_same_statements(a, b, node->words[0])) {
            return 0;
        }
    }
    /* With or without a login is another session altogether. */
    return (conf_find(a, "credentials", NULL) == NULL) ==
           (conf_find(b, "credentials", NULL) == NULL);
}

static unsigned find_causes(const struct reload_rules *rules, enum hawser_module_kind kind,
                            const struct conf_node *before, const struct conf_node *after)
{
    unsigned causes  = conf_node_equal(before, after) ? 0 : RELOAD_CAUSE_BLOCK;
    const char *name = name_of(after);
    if (rules->module_changed != NULL && rules->module_changed(rules->arg, kind, after)) {
        causes |= RELOAD_CAUSE_MODULE;
    }
    if (kind != HAWSER_ADAPTER) {
        return causes;
    }
    if (rules->credentials_changed != NULL && rules->credentials_changed(rules->arg, name)) {
        causes |= RELOAD_CAUSE_CREDENTIALS;
    }
    if (rules->worker_changed != NULL && rules->worker_changed(rules->arg, name)) {
        causes |= RELOAD_CAUSE_WORKER;
    }
    if (rules->has_failed != NULL && rules->has_failed(rules->arg, name)) {
        causes |= RELOAD_CAUSE_FAILED;
    }
    return causes;
}

static enum reload_action judge(const struct reload_change *change)
{
    const unsigned in_place = RELOAD_CAUSE_BLOCK | RELOAD_CAUSE_CREDENTIALS;
    if (change->before == NULL) {
        return RELOAD_ADD;
    }
    if (change->after == NULL) {
        return RELOAD_REMOVE;
    }
    if (change->causes == 0) {
        return RELOAD_KEEP;
    }
    return change->kind == HAWSER_ADAPTER && (change->causes & ~in_place) == 0 &&
                   differs_in_place(change->before, change->after) &&
                   differs_in_place(change->after, change->before)
               ? RELOAD_APPLY
               : RELOAD_REPLACE;
}

static int add_change(struct reload_plan *plan, const struct reload_rules *rules,
                      enum hawser_module_kind kind, const struct conf_node *before,
                      const struct conf_node *after)
{
    struct reload_change *more = realloc(plan->changes, (plan->count + 1) * sizeof(*more));
    if (more == NULL) {
        return -1;
    }
    plan->changes                = more;
    struct reload_change *change = &plan->changes[plan->count++];
    *change                      = (struct reload_change){
                             .kind   = kind,
                             .name   = name_of(after != NULL ? after : before),
                             .before = before,
                             .after  = after,
                             .causes = before == NULL || after == NULL ? 0 : find_causes(rules, kind, before, after)};
    change->action = judge(change);
    plan->totals[kind][change->action]++;
    return 0;
}

static int is_ours(const struct reload_rules *rules, enum hawser_module_kind kind,
                   const struct conf_node *node, int is_after)
{
    return node != NULL &&
           (rules->is_ours == NULL || rules->is_ours(rules->arg, kind, node, is_after));
}

static int plan_removed(const struct conf_tree *before, const struct conf_tree *after,
                        const struct reload_rules *rules, enum hawser_module_kind kind,
                        struct reload_plan *plan)
{
    const struct conf_node *node = NULL;
    const struct conf_node *last = NULL;
    while (before != NULL &&
           (node = conf_find(conf_tree_root(before), BLOCKS[kind], node)) != NULL) {
        if (node->word_count > 1 && is_ours(rules, kind, node, 0) &&
            !is_ours(rules, kind, find_block(after, kind, name_of(node), &last), 1) &&
            add_change(plan, rules, kind, node, NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

static int plan_present(const struct conf_tree *before, const struct conf_tree *after,
                        const struct reload_rules *rules, enum hawser_module_kind kind,
                        struct reload_plan *plan)
{
    const struct conf_node *node = NULL;
    const struct conf_node *last = NULL;
    while ((node = conf_find(conf_tree_root(after), BLOCKS[kind], node)) != NULL) {
        if (node->word_count < 2 || !is_ours(rules, kind, node, 1)) {
            continue;
        }
        const struct conf_node *old = find_block(before, kind, name_of(node), &last);
        if (!is_ours(rules, kind, old, 0)) {
            old = NULL;
        }
        if (add_change(plan, rules, kind, old, node) != 0) {
            return -1;
        }
    }
    return 0;
}

int reload_plan_make(const struct conf_tree *before, const struct conf_tree *after,
                     const struct reload_rules *rules, struct reload_plan *plan)
{
    *plan = (struct reload_plan){0};
    for (enum hawser_module_kind kind = HAWSER_ADAPTER; kind <= HAWSER_TELEMETRY; kind++) {
        if (plan_removed(before, after, rules, kind, plan) != 0) {
            goto fail;
        }
    }
    for (enum hawser_module_kind kind = HAWSER_ADAPTER; kind <= HAWSER_TELEMETRY; kind++) {
        if (plan_present(before, after, rules, kind, plan) != 0) {
            goto fail;
        }
    }
    return 0;
fail:
    reload_plan_fini(plan);
    return -1;
}

void reload_plan_fini(struct reload_plan *plan)
{
    free(plan->changes);
    *plan = (struct reload_plan){0};
}
