/*
 * The statements of one block against rows. Every message says what was expected. See directive.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "conf/directive.h"
#include "conf/value.h"

/** What one check needs everywhere. */
struct check {
    const struct conf_table *tables;
    size_t table_count;
    uint32_t context;
    struct conf_problems *problems;
};

/* "inside session { } or output { }": where rows of this name may stand */
static void describe_places(uint32_t contexts, char *out, size_t size)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } PLACES[] = {{HAWSER_IN_MAIN, "outside every block"},
                  {HAWSER_IN_SESSION, "inside session { }"},
                  {HAWSER_IN_OUTPUT, "inside output { }"},
                  {HAWSER_IN_TELEMETRY, "inside telemetry { }"},
                  {HAWSER_IN_BLOCK, "inside the block of its module"}};
    size_t at  = 0;
    out[0]     = 0;
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]) && at < size; i++) {
        if ((contexts & PLACES[i].bit) != 0) {
            int len = snprintf(out + at, size - at, "%s%s", at == 0 ? "" : " or ", PLACES[i].text);
            at += len > 0 ? (size_t)len : 0;
        }
    }
}

static uint32_t contexts_of(const struct check *check, const char *name)
{
    uint32_t contexts = 0;
    struct hawser_directive row;
    for (size_t t = 0; t < check->table_count; t++) {
        for (size_t i = 0; i < check->tables[t].count; i++) {
            if (conf_row_at(&check->tables[t], i, &row) && strcmp(row.name, name) == 0) {
                contexts |= row.contexts;
            }
        }
    }
    return contexts;
}

static void tell_unknown(const struct check *check, const struct conf_node *node)
{
    const char *name  = node->words[0];
    uint32_t contexts = contexts_of(check, name);
    if (contexts != 0) {
        char places[160];
        describe_places(contexts, places, sizeof(places));
        conf_problem(check->problems, node, "\"%s\" belongs %s", name, places);
        return;
    }
    const char *nearest = conf_nearest(name, check->tables, check->table_count, check->context);
    if (nearest != NULL) {
        conf_problem(check->problems, node, "unknown directive \"%.64s\"; did you mean \"%s\"?",
                     name, nearest);
    } else if ((check->context & CONF_MODULE_MISSING) == 0) {
        conf_problem(check->problems, node, "unknown directive \"%.64s\"", name);
    }
}

static void describe_arity(const struct hawser_directive *row, char *out, size_t size)
{
    unsigned least = row->min_args;
    unsigned most  = row->max_args;
    if (most == 0) {
        (void)snprintf(out, size, "no arguments");
    } else if (most == HAWSER_ANY_ARGS) {
        (void)snprintf(out, size, "at least %u argument%s", least, least == 1 ? "" : "s");
    } else if (least == most) {
        (void)snprintf(out, size, "%u argument%s", least, least == 1 ? "" : "s");
    } else {
        (void)snprintf(out, size, "%u to %u arguments", least, most);
    }
}

/* A name of a directive among the arguments: the statement in front of it was not ended. */
static const char *find_swallowed(const struct check *check, const struct conf_node *node)
{
    struct hawser_directive unused;
    for (size_t i = 1; i < node->word_count; i++) {
        if (conf_row_find(check->tables, check->table_count, node->words[i], UINT32_MAX, &unused)) {
            return node->words[i];
        }
    }
    return NULL;
}

static int check_arity(const struct check *check, const struct conf_node *node,
                       const struct hawser_directive *row)
{
    size_t got = node->word_count - 1;
    if (got >= row->min_args && (row->max_args == HAWSER_ANY_ARGS || got <= row->max_args)) {
        return 0;
    }
    char expected[64];
    char found[24] = "none";
    describe_arity(row, expected, sizeof(expected));
    if (got > 0) {
        (void)snprintf(found, sizeof(found), "%zu", got);
    }
    const char *swallowed = got > row->max_args ? find_swallowed(check, node) : NULL;
    if (swallowed != NULL) {
        conf_problem(check->problems, node,
                     "\"%s\" takes %s, got %s; is \"%s\" missing in front of \"%s\"?", row->name,
                     expected, found, (row->flags & HAWSER_DIRECTIVE_BLOCK) != 0 ? "{" : ";",
                     swallowed);
    } else {
        conf_problem(check->problems, node, "\"%s\" takes %s, got %s", row->name, expected, found);
    }
    return -1;
}

static void check_form(const struct check *check, const struct conf_node *node,
                       const struct hawser_directive *row)
{
    int wants_block = (row->flags & HAWSER_DIRECTIVE_BLOCK) != 0;
    if (wants_block && !node->is_block) {
        conf_problem(check->problems, node, "\"%s\" needs a block: expected \"{\", found \";\"",
                     row->name);
    } else if (!wants_block && node->is_block) {
        conf_problem(check->problems, node, "\"%s\" takes no block: expected \";\", found \"{\"",
                     row->name);
    }
}

/* KEY=VALUE words: the same key once only */
static void check_keys(const struct check *check, const struct conf_node *node, size_t i)
{
    size_t key = strcspn(node->words[i], "=");
    for (size_t before = 1; before < i; before++) {
        if (strncmp(node->words[before], node->words[i], key + 1) == 0) {
            conf_problem(check->problems, node, "\"%s\": \"%.*s\" stands twice", node->words[0],
                         (int)(key < 64 ? key : 64), node->words[i]);
            return;
        }
    }
}

static void check_values(const struct check *check, const struct conf_node *node,
                         const struct hawser_directive *row)
{
    for (size_t i = 1; i < node->word_count; i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        int64_t unused          = 0;
        if (conf_value_check(row, node->words[i], &unused, &err) != 0) {
            conf_problem(check->problems, node, "\"%s\": %s", row->name, err.message);
        } else if (row->type == HAWSER_VALUE_OPTIONS) {
            check_keys(check, node, i);
        }
    }
}

static void check_repeat(const struct check *check, const struct conf_node *block,
                         const struct conf_node *node, const struct hawser_directive *row)
{
    if ((row->flags & HAWSER_DIRECTIVE_REPEATS) != 0) {
        return;
    }
    const struct conf_node *first = conf_find(block, row->name, NULL);
    if (first != node) {
        conf_problem(check->problems, node, "\"%s\" may stand once: the first is at %s:%u",
                     row->name, first->file, first->line);
    }
}

static void tell_missing(const struct check *check, const struct conf_node *block,
                         const struct hawser_directive *row)
{
    if (block->word_count == 0) {
        conf_problem(check->problems, block, "\"%s\" is missing", row->name);
    } else if (block->word_count == 1) {
        conf_problem(check->problems, block, "\"%s\" is missing in \"%.64s\"", row->name,
                     block->words[0]);
    } else {
        conf_problem(check->problems, block, "\"%s\" is missing in %s \"%.64s\"", row->name,
                     block->words[0], block->words[block->word_count - 1]);
    }
}

static void check_required(const struct check *check, const struct conf_node *block)
{
    struct hawser_directive row;
    for (size_t t = 0; t < check->table_count; t++) {
        for (size_t i = 0; i < check->tables[t].count; i++) {
            if (conf_row_at(&check->tables[t], i, &row) && (row.contexts & check->context) != 0 &&
                (row.flags & HAWSER_DIRECTIVE_REQUIRED) != 0 &&
                conf_find(block, row.name, NULL) == NULL) {
                tell_missing(check, block, &row);
            }
        }
    }
}

void conf_check_block(const struct conf_node *block, uint32_t context,
                      const struct conf_table *tables, size_t table_count,
                      struct conf_problems *problems)
{
    const struct check check = {tables, table_count, context, problems};
    struct hawser_directive row;
    for (const struct conf_node *node = block->first_child; node != NULL; node = node->next) {
        if (!conf_row_find(tables, table_count, node->words[0], context, &row)) {
            tell_unknown(&check, node);
            continue;
        }
        check_form(&check, node, &row);
        if (check_arity(&check, node, &row) == 0) {
            check_values(&check, node, &row);
        }
        check_repeat(&check, block, node, &row);
    }
    check_required(&check, block);
}
