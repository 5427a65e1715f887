/*
 * A reload's plan in words: what becomes of each, and which statement of which file is the reason.
 * See reload.h.
 */
#include <string.h>

#include "host/reload.h"

#define MAX_REASONS 8u /* of one change; the others are counted */

/** Reasons of one change, as they are found. */
struct reasons {
    struct buf *out;
    size_t count;
    int failed; /* no memory */
};

const char *reload_change_words(const struct reload_change *change)
{
    static const char *const WORDS[RELOAD_ACTION_COUNT] = {"kept", "applied in place", "restarted",
                                                           "added", "removed"};
    const unsigned starts_anew                          = RELOAD_CAUSE_WORKER | RELOAD_CAUSE_FAILED;
    if (change->action == RELOAD_REPLACE && change->kind == HAWSER_ADAPTER &&
        (change->causes & starts_anew) == 0) {
        return "moved";
    }
    if (change->action != RELOAD_APPLY) {
        return change->action < RELOAD_ACTION_COUNT ? WORDS[change->action] : "?";
    }
    if ((change->causes & RELOAD_CAUSE_CREDENTIALS) != 0 ||
        !reload_same_statements(change->before, change->after, "credentials")) {
        return "re-authenticated in place";
    }
    for (const struct conf_node *node = change->after->first_child; node != NULL;
         node                         = node->next) {
        if (strcmp(node->words[0], "subscribe") != 0 &&
            !reload_same_statements(change->before, change->after, node->words[0])) {
            return WORDS[RELOAD_APPLY];
        }
    }
    for (const struct conf_node *node = change->before->first_child; node != NULL;
         node                         = node->next) {
        if (strcmp(node->words[0], "subscribe") != 0 &&
            conf_find(change->after, node->words[0], NULL) == NULL) {
            return WORDS[RELOAD_APPLY];
        }
    }
    return reload_same_statements(change->before, change->after, "subscribe")
               ? WORDS[RELOAD_APPLY]
               : "resubscribed in place";
}

static void add_reason(struct reasons *reasons, const struct conf_node *place, const char *what,
                       const char *how)
{
    reasons->count++;
    if (reasons->count > MAX_REASONS) {
        return;
    }
    const char *separator = reasons->count == 1 ? "" : "; ";
    int rc                = place == NULL ? buf_printf(reasons->out, "%s%s%s", separator, what, how)
                                          : buf_printf(reasons->out, "%s%s:%u: %s%s", separator, place->file,
                                                       (unsigned)place->line, what, how);
    reasons->failed |= rc != 0;
}

static int finish(struct reasons *reasons)
{
    if (reasons->count > MAX_REASONS &&
        buf_printf(reasons->out, "; and %zu more", reasons->count - MAX_REASONS) != 0) {
        reasons->failed = 1;
    }
    return reasons->failed ? -1 : 0;
}

/** The first statement of `node`'s name in this block. */
static int is_first(const struct conf_node *block, const struct conf_node *node)
{
    return conf_find(block, node->words[0], NULL) == node;
}

/** The first pair of that name which is not alike. At least one is not NULL when they differ. */
static void find_difference(const struct conf_node *before, const struct conf_node *after,
                            const char *directive, const struct conf_node **old,
                            const struct conf_node **new)
{
    *old = NULL;
    *new = NULL;
    do {
        *old = conf_find(before, directive, *old);
        *new = conf_find(after, directive, *new);
    } while (*old != NULL && *new != NULL && conf_node_equal(*old, *new));
}

static void add_difference(struct reasons *reasons, const struct conf_node *old,
                           const struct conf_node *new)
{
    if (new == NULL) {
        add_reason(reasons, old, old->words[0], " is gone (it was here)");
    } else {
        add_reason(reasons, new, new->words[0], old == NULL ? " added" : " changed");
    }
}

static void explain_block(struct reasons *reasons, const struct conf_node *before,
                          const struct conf_node *after)
{
    const struct conf_node *old;
    const struct conf_node *new;
    size_t count = reasons->count;
    for (const struct conf_node *node = after->first_child; node != NULL; node = node->next) {
        if (is_first(after, node) && !reload_same_statements(before, after, node->words[0])) {
            find_difference(before, after, node->words[0], &old, &new);
            add_difference(reasons, old, new);
        }
    }
    for (const struct conf_node *node = before->first_child; node != NULL; node = node->next) {
        if (is_first(before, node) && conf_find(after, node->words[0], NULL) == NULL) {
            add_difference(reasons, node, NULL);
        }
    }
    if (reasons->count == count) { /* the words of the block itself, or the order of statements */
        int same_words = before->word_count == after->word_count &&
                         strcmp(before->words[1], after->words[1]) == 0;
        add_reason(reasons, after, same_words ? "the order of its statements" : "its module",
                   " changed");
    }
}

int reload_change_explain(const struct reload_change *change, const struct conf_node *load_module,
                          struct buf *out)
{
    struct reasons reasons = {.out = out};
    if (change->before == NULL) {
        add_reason(&reasons, change->after, change->after->words[0], " added");
    } else if (change->after == NULL) {
        add_reason(&reasons, change->before, change->before->words[0], " is gone (it was here)");
    } else if (change->causes == 0) {
        add_reason(&reasons, NULL, "unchanged", "");
    }
    if ((change->causes & RELOAD_CAUSE_BLOCK) != 0) {
        explain_block(&reasons, change->before, change->after);
    }
    if ((change->causes & RELOAD_CAUSE_CREDENTIALS) != 0) {
        add_reason(&reasons, conf_find(change->after, "credentials", NULL), "credentials",
                   " name other words than before");
    }
    if ((change->causes & RELOAD_CAUSE_MODULE) != 0) {
        add_reason(&reasons, load_module, "the module's file", " was replaced");
    }
    if ((change->causes & RELOAD_CAUSE_WORKER) != 0) {
        add_reason(&reasons, NULL, "another worker", " runs it");
    }
    if ((change->causes & RELOAD_CAUSE_FAILED) != 0) {
        add_reason(&reasons, NULL, "it had failed or was closed by hand", ", and is tried again");
    }
    return finish(&reasons);
}

/* the main block */

static int needs_restart(const char *directive)
{
    static const char *const FIXED[] = {"pid",    "control",        "user",
                                        "daemon", "master_process", "seccomp"};
    for (size_t i = 0; i < sizeof(FIXED) / sizeof(FIXED[0]); i++) {
        if (strcmp(FIXED[i], directive) == 0) {
            return 1;
        }
    }
    return 0;
}

/** Does the plan's own list tell of these? */
static int is_told_apart(const char *directive)
{
    return strcmp(directive, "session") == 0 || strcmp(directive, "output") == 0 ||
           strcmp(directive, "telemetry") == 0;
}

void reload_main_changes(const struct conf_tree *before, const struct conf_tree *after,
                         void (*fn)(void *arg, const struct reload_main_change *change), void *arg)
{
    const struct conf_node *old = conf_tree_root(before);
    const struct conf_node *new = conf_tree_root(after);
    for (int is_after = 1; is_after >= 0; is_after--) {
        const struct conf_node *block = is_after ? new : old;
        for (const struct conf_node *node = block->first_child; node != NULL; node = node->next) {
            const char *name = node->words[0];
            if (is_told_apart(name) || !is_first(block, node) ||
                (!is_after && conf_find(new, name, NULL) != NULL) ||
                reload_same_statements(old, new, name)) {
                continue;
            }
            struct reload_main_change change = {.directive     = name,
                                                .needs_restart = needs_restart(name)};
            find_difference(old, new, name, &change.before, &change.after);
            fn(arg, &change);
        }
    }
}

const char *reload_main_words(const struct reload_main_change *change)
{
    return change->needs_restart ? "needs a restart" : "applied in place";
}

int reload_main_explain(const struct reload_main_change *change, struct buf *out)
{
    struct reasons reasons = {.out = out};
    add_difference(&reasons, change->before, change->after);
    return finish(&reasons);
}
