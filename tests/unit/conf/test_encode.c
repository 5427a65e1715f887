/*
 * A tree to bytes and back, and bytes that are no tree.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/limits.h"
#include "conf/tree_build.h"
#include "support/guard.h"
#include "unit/conf/random_tree.h"

static struct conf_tree *decode(const void *bytes, size_t len, struct hawser_error *err)
{
    struct hawser_slice copy = guard_copy(bytes, len);
    *err                     = (struct hawser_error)HAWSER_ERROR_INIT;
    struct conf_tree *tree   = conf_decode(copy, err);
    ck_assert_int_eq(tree == NULL, err->code != HAWSER_OK);
    guard_free(copy); /* the tree keeps nothing of the bytes */
    return tree;
}

static void expect_same_places(const struct conf_node *a, const struct conf_node *b)
{
    ck_assert_str_eq(a->file, b->file);
    ck_assert_uint_eq(a->line, b->line);
    for (a = a->first_child, b = b->first_child; a != NULL; a = a->next, b = b->next) {
        expect_same_places(a, b);
    }
}

static void expect_round_trip(const struct conf_tree *tree)
{
    struct hawser_error err;
    struct buf bytes = {0};
    ck_assert_int_eq(conf_encode(tree, &bytes), 0);
    struct conf_tree *again = decode(buf_data(&bytes), bytes.len, &err);
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(conf_node_equal(conf_tree_root(tree), conf_tree_root(again)), 1);
    expect_same_places(conf_tree_root(tree), conf_tree_root(again));
    struct buf twice = {0};
    ck_assert_int_eq(conf_encode(again, &twice), 0);
    ck_assert(slice_equal(buf_slice(&bytes), buf_slice(&twice)));
    conf_tree_destroy(again);
    buf_fini(&twice);
    buf_fini(&bytes);
}

START_TEST(a_tree_survives_the_way_with_files_and_lines)
{
    for (uint32_t seed = 0; seed < 300; seed++) {
        struct conf_tree *tree = random_tree((uint32_t)_i * 300 + seed);
        expect_round_trip(tree);
        conf_tree_destroy(tree);
    }
}
END_TEST

static struct conf_tree *nested_tree(unsigned depth)
{
    struct conf_tree *tree  = conf_tree_create("f");
    struct conf_node *block = conf_tree_top(tree);
    const char *word        = conf_tree_text(tree, SLICE_LITERAL("w"));
    struct conf_node model  = {.words = &word, .word_count = 1, .file = "f", .is_block = 1};
    for (unsigned i = 0; i < depth; i++) {
        block = conf_tree_add(tree, block, &model);
        ck_assert_ptr_nonnull(block);
    }
    model.is_block = 0;
    ck_assert_ptr_nonnull(conf_tree_add(tree, block, &model));
    return tree;
}

START_TEST(the_deepest_tree_passes_and_a_deeper_one_does_not)
{
    struct conf_tree *tree = nested_tree(CONF_DEPTH_MAX);
    expect_round_trip(tree);
    conf_tree_destroy(tree);
    tree             = nested_tree(CONF_DEPTH_MAX + 1);
    struct buf bytes = {0};
    struct hawser_error err;
    ck_assert_int_eq(conf_encode(tree, &bytes), 0);
    ck_assert_ptr_null(decode(buf_data(&bytes), bytes.len, &err));
    buf_fini(&bytes);
    conf_tree_destroy(tree);
}
END_TEST

/* A small tree whose bytes are cut and changed one by one. */
static void encode_sample(struct buf *bytes)
{
    static const char TEXT[] = "a 1;\nb \"\" {\n  c xyz;\n  d { }\n}\n";
    struct conf_problems problems;
    conf_problems_init(&problems);
    struct conf_tree *tree =
        conf_parse_bytes(slice_make(TEXT, sizeof(TEXT) - 1), "file", &problems);
    ck_assert_ptr_nonnull(tree);
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_int_eq(conf_encode(tree, bytes), 0);
    conf_tree_destroy(tree);
    conf_problems_fini(&problems);
}

START_TEST(bytes_cut_anywhere_are_refused)
{
    struct buf bytes = {0};
    struct hawser_error err;
    encode_sample(&bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        ck_assert_ptr_null(decode(buf_data(&bytes), len, &err));
        ck_assert_uint_eq(err.code, HAWSER_CONF_SYNTAX);
    }
    ck_assert_int_eq(buf_append(&bytes, "x", 1), 0);
    ck_assert_ptr_null(decode(buf_data(&bytes), bytes.len, &err));
    buf_fini(&bytes);
}
END_TEST

START_TEST(bytes_cut_with_their_length_corrected_are_refused)
{
    struct buf bytes = {0};
    struct hawser_error err;
    encode_sample(&bytes);
    for (uint32_t len = 16; len < bytes.len; len++) {
        memcpy(bytes.bytes + bytes.start + 8, &len, sizeof(len));
        ck_assert_ptr_null(decode(buf_data(&bytes), len, &err));
    }
    buf_fini(&bytes);
}
END_TEST

START_TEST(bytes_behind_the_tree_and_a_wrong_length_are_refused)
{
    struct buf bytes = {0};
    struct hawser_error err;
    encode_sample(&bytes);
    uint32_t len = (uint32_t)bytes.len + 1;
    ck_assert_int_eq(buf_append(&bytes, "", 1), 0);
    memcpy(bytes.bytes + bytes.start + 8, &len, sizeof(len));
    ck_assert_ptr_null(decode(buf_data(&bytes), len, &err));
    ck_assert_ptr_null(decode(buf_data(&bytes), len - 1, &err));
    buf_fini(&bytes);
}
END_TEST

/* Whatever is accepted is a tree that can be walked, encoded and decoded. */
START_TEST(a_changed_byte_is_refused_or_gives_a_sound_tree)
{
    struct buf bytes = {0};
    struct hawser_error err;
    size_t refused = 0;
    encode_sample(&bytes);
    uint8_t *at = bytes.bytes + bytes.start;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t was = at[i];
        for (unsigned value = 0; value < 256; value++) {
            at[i]                  = (uint8_t)value;
            struct conf_tree *tree = decode(at, bytes.len, &err);
            refused += tree == NULL;
            if (tree != NULL) {
                expect_round_trip(tree);
            }
            conf_tree_destroy(tree);
        }
        at[i] = was;
    }
    ck_assert_uint_gt(refused, bytes.len * 128);
    buf_fini(&bytes);
}
END_TEST

START_TEST(trees_are_equal_by_words_and_shape_alone)
{
    static const char *const TEXTS[] = {"a b;", "a  'b' ;", "a;b;", "a { b; }",   "a { }",
                                        "a c;", "a b; c;",  "",     "a { b; c; }"};
    struct conf_tree *trees[9];
    struct conf_problems problems;
    conf_problems_init(&problems);
    for (size_t i = 0; i < 9; i++) {
        trees[i] = conf_parse_bytes(slice_of(TEXTS[i]), "f", &problems);
    }
    for (size_t i = 0; i < 9; i++) {
        for (size_t k = 0; k < 9; k++) {
            ck_assert_int_eq(conf_node_equal(conf_tree_root(trees[i]), conf_tree_root(trees[k])),
                             i == k || i + k == 1);
        }
    }
    for (size_t i = 0; i < 9; i++) {
        conf_tree_destroy(trees[i]);
    }
    conf_problems_fini(&problems);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf/encode");
    TCase *tcase = tcase_create("encode");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_tree_survives_the_way_with_files_and_lines, 0, 4);
    tcase_add_test(tcase, the_deepest_tree_passes_and_a_deeper_one_does_not);
    tcase_add_test(tcase, bytes_cut_anywhere_are_refused);
    tcase_add_test(tcase, bytes_cut_with_their_length_corrected_are_refused);
    tcase_add_test(tcase, bytes_behind_the_tree_and_a_wrong_length_are_refused);
    tcase_add_test(tcase, a_changed_byte_is_refused_or_gives_a_sound_tree);
    tcase_add_test(tcase, trees_are_equal_by_words_and_shape_alone);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
