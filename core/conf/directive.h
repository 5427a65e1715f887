/*
 * Tables of directives against a tree: where, how many arguments, of which kind; unknown ones with
 * the nearest known name. Reads values afterwards: a tree that passed the check cannot fail to
 * read. In a NUMBER, TIME or SIZE row, `choices` names words that may stand for 0 (auto, off).
 */
#ifndef CORE_CONF_DIRECTIVE_H
#define CORE_CONF_DIRECTIVE_H

#include "conf/tree.h"
#include "hawser/directive.h"

/** Rows of one owner: the core, or a module (whose rows may be shorter than ours: `row_size`). */
struct conf_table {
    const struct hawser_directive *rows;
    size_t count;
    size_t row_size; /* bytes from one row to the next */
};

/** The core's own directives, for every context. */
extern const struct conf_table conf_core_table;

/** Row `index` of a table. @param out filled with a copy @return 1, or 0: it is an unused row */
int conf_row_at(const struct conf_table *table, size_t index, struct hawser_directive *out);

/**
 * The row of `name` that is valid in `context`.
 * @param tables  looked through in order
 * @param out     filled with a copy (fields that the module's ABI does not have yet are 0)
 * @return 1 found, 0 not
 */
int conf_row_find(const struct conf_table *tables, size_t table_count, const char *name,
                  uint32_t context, struct hawser_directive *out);

/** Added to a context: rows of a module are not at hand, so a name that resembles none is not
 * judged. */
#define CONF_MODULE_MISSING (1u << 31)

/**
 * Check the statements of one block (not of the blocks inside it) against tables: unknown directive
 * (with the nearest name, or where it is known), arity, type and range of each argument, a block
 * where none belongs or none where one does, repeats, missing required ones.
 *
 * @param block    its children are checked; the block itself serves to cite missing directives
 * @param context  enum hawser_context bits: the place; and CONF_MODULE_MISSING
 */
void conf_check_block(const struct conf_node *block, uint32_t context,
                      const struct conf_table *tables, size_t table_count,
                      struct conf_problems *problems);

/**
 * What rows cannot say about the core's own directives, over the whole tree: names of sessions and
 * outputs and that they are unique, that the outputs of a session exist, log levels, the control
 * socket's mode and group, backoff options, stale_after's time, headers, source addresses.
 * Statements whose form conf_check_block refuses are passed over.
 * @return 0, or -1: it found problems
 */
int conf_check_core(const struct conf_tree *tree, struct conf_problems *problems);

/** The nearest known name at an edit distance of at most 2 (at most a third of the length). @return
 * borrowed or NULL */
const char *conf_nearest(const char *word, const struct conf_table *tables, size_t table_count,
                         uint32_t context);

/* Reading: `block` passed conf_check_block with the same tables. */

/* `block` NULL stands for an empty block; of a directive that stands several times, the first
 * counts. */

/** First argument of the directive in the block, else the row's default. @return borrowed, or NULL
 */
const char *conf_get_string(const struct conf_node *block, const struct conf_table *tables,
                            size_t table_count, uint32_t context, const char *name);
/** NUMBER, TIME [ms], SIZE [bytes], FLAG 0|1 (1 when it stands without an argument), CHOICE index;
 * 0 where absent without default. */
int64_t conf_get_number(const struct conf_node *block, const struct conf_table *tables,
                        size_t table_count, uint32_t context, const char *name);

/**
 * Print a tree as a config with all includes expanded, and a comment where another file begins;
 * secrets (by the row's flag, by words such as secret, password, token in a name nobody knows or in
 * front of a `=`, and userinfo in URLs) as ***. For -T.
 * @return 0, or -1: out of memory or over the bound of `out`
 */
int conf_print(const struct conf_tree *tree, const struct conf_table *tables, size_t table_count,
               struct buf *out) HAWSER_MUST_CHECK;

#endif
