/*
 * The tree and its memory: chunks that are given back together, overwritten first, since a
 * credentials file is a tree too. See tree.h and tree_build.h.
 */
#include "conf/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/hide.h"
#include "conf/tree_build.h"

#define CHUNK_BYTES ((size_t)16384)

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

struct conf_tree {
    struct conf_node root;
    struct chunk *chunks; /* the first one is being filled */
    int is_hidden;        /* its secrets are masked */
};

struct conf_tree *conf_tree_create(const char *file)
{
    struct conf_tree *tree = calloc(1, sizeof(*tree));
    if (tree == NULL) {
        return NULL;
    }
    tree->root.is_block = 1;
    tree->root.file     = conf_tree_text(tree, slice_of(file));
    if (tree->root.file == NULL) {
        conf_tree_destroy(tree);
        return NULL;
    }
    return tree;
}

void conf_tree_destroy(struct conf_tree *tree)
{
    if (tree == NULL) {
        return;
    }
    if (tree->is_hidden) {
        conf_unhide(&tree->root);
    }
    struct chunk *chunk = tree->chunks;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        explicit_bzero(chunk->bytes, chunk->used);
        free(chunk);
        chunk = next;
    }
    free(tree);
}

int conf_tree_hide(struct conf_tree *tree)
{
    if (tree->is_hidden) {
        return 0;
    }
    tree->is_hidden = 1;
    return conf_hide(&tree->root);
}

const struct conf_node *conf_tree_root(const struct conf_tree *tree)
{
    return &tree->root;
}

struct conf_node *conf_tree_top(struct conf_tree *tree)
{
    return &tree->root;
}

static struct chunk *add_chunk(struct conf_tree *tree, size_t size)
{
    size_t bytes        = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    struct chunk *chunk = calloc(1, sizeof(*chunk) + bytes);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->size  = bytes;
    chunk->next  = tree->chunks;
    tree->chunks = chunk;
    return chunk;
}

/* Strings are packed: aligned ones would make a file of one-letter words grow twelvefold. */
static void *take(struct conf_tree *tree, size_t size, size_t alignment)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    struct chunk *chunk = tree->chunks;
    size_t at           = chunk == NULL ? 0 : (chunk->used + alignment - 1) / alignment * alignment;
    if (chunk == NULL || at > chunk->size || chunk->size - at < size) {
        chunk = add_chunk(tree, size);
        if (chunk == NULL) {
            return NULL;
        }
        at = 0;
    }
    chunk->used = at + size;
    return (char *)chunk->bytes + at;
}

void *conf_tree_alloc(struct conf_tree *tree, size_t size)
{
    return take(tree, size, sizeof(max_align_t));
}

const char *conf_tree_text(struct conf_tree *tree, struct hawser_slice text)
{
    char *copy = take(tree, text.len + 1, 1);
    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

struct conf_node *conf_tree_add(struct conf_tree *tree, struct conf_node *block,
                                const struct conf_node *model)
{
    struct conf_node *node = conf_tree_alloc(tree, sizeof(*node));
    const char **words     = conf_tree_alloc(tree, model->word_count * sizeof(*words));
    if (node == NULL || words == NULL) {
        return NULL;
    }
    if (model->word_count > 0) {
        memcpy(words, model->words, model->word_count * sizeof(*words));
    }
    *node = (struct conf_node){.words      = words,
                               .word_count = model->word_count,
                               .file       = model->file,
                               .line       = model->line,
                               .is_block   = model->is_block};
    if (block->last_child == NULL) {
        block->first_child = node;
    } else {
        block->last_child->next = node;
    }
    block->last_child = node;
    return node;
}

const struct conf_node *conf_find(const struct conf_node *block, const char *name,
                                  const struct conf_node *after)
{
    const struct conf_node *node = after != NULL ? after->next : block->first_child;
    while (node != NULL && strcmp(node->words[0], name) != 0) {
        node = node->next;
    }
    return node;
}

static int words_equal(const struct conf_node *a, const struct conf_node *b)
{
    if (a->word_count != b->word_count || a->is_block != b->is_block) {
        return 0;
    }
    for (size_t i = 0; i < a->word_count; i++) {
        if (strcmp(a->words[i], b->words[i]) != 0) {
            return 0;
        }
    }
    return 1;
}

int conf_node_equal(const struct conf_node *a, const struct conf_node *b)
{
    if (!words_equal(a, b)) {
        return 0;
    }
    const struct conf_node *left  = a->first_child;
    const struct conf_node *right = b->first_child;
    while (left != NULL && right != NULL) {
        if (!conf_node_equal(left, right)) {
            return 0;
        }
        left  = left->next;
        right = right->next;
    }
    return left == NULL && right == NULL;
}
