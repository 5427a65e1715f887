/*
 * See random_tree.h.
 */
#include "unit/conf/random_tree.h"

#include <check.h>

#include "base/slice.h"
#include "conf/tree_build.h"

struct source {
    struct conf_tree *tree;
    const char *files[3];
    uint32_t state;
};

/* xorshift32 (Marsaglia 2003) */
static uint32_t next(struct source *source, uint32_t below)
{
    source->state ^= source->state << 13;
    source->state ^= source->state >> 17;
    source->state ^= source->state << 5;
    return source->state % below;
}

static const char *random_word(struct source *source)
{
    static const char BYTES[] = "ab;{}\"'\\#$ \t\r\n()=/:.*\x01\x7f\xc3\xff"
                                "ntr";
    char word[9];
    uint32_t len = next(source, sizeof(word));
    for (uint32_t i = 0; i < len; i++) {
        word[i] = BYTES[next(source, sizeof(BYTES) - 1)];
    }
    return conf_tree_text(source->tree, slice_make(word, len));
}

static void fill(struct source *source, struct conf_node *block, unsigned depth)
{
    for (uint32_t count = next(source, 5); count > 0; count--) {
        const char *words[6];
        struct conf_node model = {.words      = words,
                                  .word_count = 1 + next(source, 5),
                                  .file       = source->files[next(source, 3)],
                                  .line       = 1 + next(source, 1000),
                                  .is_block   = depth > 0 && next(source, 3) == 0};
        for (size_t i = 0; i < model.word_count; i++) {
            words[i] = random_word(source);
        }
        struct conf_node *node = conf_tree_add(source->tree, block, &model);
        ck_assert_ptr_nonnull(node);
        if (node->is_block) {
            fill(source, node, depth - 1);
        }
    }
}

struct conf_tree *random_tree(uint32_t seed)
{
    struct source source = {.tree  = conf_tree_create("main.conf"),
                            .state = seed * 2654435761u | 1u};
    ck_assert_ptr_nonnull(source.tree);
    source.files[0] = conf_tree_root(source.tree)->file;
    source.files[1] = conf_tree_text(source.tree, SLICE_LITERAL("d/b.conf"));
    source.files[2] = conf_tree_text(source.tree, SLICE_LITERAL("odd\n;name {"));
    fill(&source, conf_tree_top(source.tree), 5);
    return source.tree;
}
