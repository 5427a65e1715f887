/*
 * See trees.h.
 */
#include "trees.h"

#include <check.h>
#include <string.h>

struct conf_tree *tree_of(const char *text)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    struct conf_tree *tree =
        conf_parse_bytes((struct hawser_slice){text, strlen(text)}, "test.conf", &problems);
    ck_assert_ptr_nonnull(tree);
    ck_assert_uint_eq(problems.count, 0);
    conf_problems_fini(&problems);
    return tree;
}

const struct conf_node *block_of(const struct conf_tree *tree, const char *directive)
{
    const struct conf_node *block = conf_find(conf_tree_root(tree), directive, NULL);
    ck_assert_ptr_nonnull(block);
    return block;
}
