/*
 * Configs: any bytes parse without a fault of memory; what was understood of them prints, parses
 * again without a problem and is the same tree, and survives the way to the children.
 */
#include "base/obj.h"
#include "base/slice.h"
#include "conf/directive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf_tree *parse(struct hawser_slice bytes)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    struct conf_tree *tree = conf_parse_bytes(bytes, "fuzz", &problems);
    if (tree != NULL) {
        conf_check_block(conf_tree_root(tree), HAWSER_IN_MAIN | HAWSER_IN_SESSION, &conf_core_table,
                         1, &problems);
        (void)conf_check_core(tree, &problems);
    }
    conf_problems_fini(&problems);
    return tree;
}

/* Secrets are masked at the first printing, so the second one is compared. */
static struct conf_tree *reprint(const struct conf_tree *tree)
{
    struct buf out          = {0};
    int rc                  = conf_print(tree, &conf_core_table, 1, &out);
    struct conf_tree *again = rc == 0 ? parse(buf_slice(&out)) : NULL;
    buf_fini(&out);
    return again;
}

static void expect_equal(const struct conf_tree *a, const struct conf_tree *b)
{
    if (a != NULL && b != NULL) {
        OBJ_ASSERT(conf_node_equal(conf_tree_root(a), conf_tree_root(b)));
    }
}

static void expect_round_trip(const struct conf_tree *tree)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf bytes        = {0};
    if (conf_encode(tree, &bytes) == 0) {
        struct conf_tree *again = conf_decode(buf_slice(&bytes), &err);
        OBJ_ASSERT(again != NULL);
        expect_equal(tree, again);
        conf_tree_destroy(again);
    }
    buf_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_slice bytes = slice_make(data, size);
    struct conf_tree *tree    = parse(bytes);
    struct conf_tree *masked  = tree == NULL ? NULL : reprint(tree);
    struct conf_tree *again   = masked == NULL ? NULL : reprint(masked);
    struct conf_tree *foreign = conf_decode(bytes, &err);
    expect_equal(masked, again);
    if (tree != NULL) {
        expect_round_trip(tree);
    }
    conf_tree_destroy(foreign);
    conf_tree_destroy(again);
    conf_tree_destroy(masked);
    conf_tree_destroy(tree);
    return 0;
}
