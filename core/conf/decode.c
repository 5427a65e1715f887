/*
 * Bytes of conf_encode back to a tree; the format is described in encode.c. Every number is checked
 * against what is left of the bytes before anything is made of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "conf/limits.h"
#include "conf/tree_build.h"

#define MAGIC       "HWCONF1\n"
#define MAGIC_BYTES 8u

struct decoder {
    struct hawser_slice rest;
    struct conf_tree *tree;
    const char **files;
    uint32_t file_count;
    uint32_t files_used; /* numbers are given in order of first use */
};

static int get_u32(struct decoder *decoder, uint32_t *out)
{
    if (decoder->rest.len < sizeof(*out)) {
        return -1;
    }
    memcpy(out, decoder->rest.data, sizeof(*out));
    decoder->rest = slice_skip(decoder->rest, sizeof(*out));
    return 0;
}

static int get_text(struct decoder *decoder, const char **out)
{
    uint32_t len = 0;
    if (get_u32(decoder, &len) != 0 || len > decoder->rest.len ||
        (len > 0 && memchr(decoder->rest.data, 0, len) != NULL)) {
        return -1;
    }
    *out          = conf_tree_text(decoder->tree, slice_make(decoder->rest.data, len));
    decoder->rest = slice_skip(decoder->rest, len);
    return *out == NULL ? -1 : 0;
}

static int get_head(struct decoder *decoder)
{
    uint32_t total = 0;
    size_t all     = decoder->rest.len;
    if (all < MAGIC_BYTES || memcmp(decoder->rest.data, MAGIC, MAGIC_BYTES) != 0) {
        return -1;
    }
    decoder->rest = slice_skip(decoder->rest, MAGIC_BYTES);
    if (get_u32(decoder, &total) != 0 || total != all ||
        get_u32(decoder, &decoder->file_count) != 0 || decoder->file_count == 0 ||
        decoder->file_count > decoder->rest.len / sizeof(uint32_t)) {
        return -1;
    }
    decoder->files = calloc(decoder->file_count, sizeof(*decoder->files));
    if (decoder->files == NULL) {
        return -1;
    }
    for (uint32_t i = 0; i < decoder->file_count; i++) {
        if (get_text(decoder, &decoder->files[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* File, line, kind and words of one node. The root has no words, every other node at least one. */
static int get_statement(struct decoder *decoder, struct conf_node *out, const char ***words)
{
    uint32_t file  = 0;
    uint32_t count = 0;
    if (get_u32(decoder, &file) != 0 || file > decoder->files_used || file >= decoder->file_count ||
        get_u32(decoder, &out->line) != 0 || get_u32(decoder, &out->is_block) != 0 ||
        out->is_block > 1 || get_u32(decoder, &count) != 0 ||
        count > decoder->rest.len / sizeof(uint32_t)) {
        return -1;
    }
    decoder->files_used += file == decoder->files_used;
    out->file       = decoder->files[file];
    out->word_count = count;
    *words          = calloc((size_t)count + 1, sizeof(**words));
    if (*words == NULL) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (get_text(decoder, &(*words)[i]) != 0) {
            return -1;
        }
    }
    out->words = *words;
    return 0;
}

static int get_children(struct decoder *decoder, struct conf_node *block, unsigned depth);

static int get_node(struct decoder *decoder, struct conf_node *block, unsigned depth)
{
    struct conf_node model = {.line = 0};
    const char **words     = NULL;
    int rc                 = get_statement(decoder, &model, &words);
    if (rc == 0 && model.word_count == 0) {
        rc = -1;
    }
    struct conf_node *node = rc == 0 ? conf_tree_add(decoder->tree, block, &model) : NULL;
    free(words);
    return node == NULL ? -1 : get_children(decoder, node, depth);
}

static int get_children(struct decoder *decoder, struct conf_node *block, unsigned depth)
{
    uint32_t children = 0;
    if (get_u32(decoder, &children) != 0 || (children > 0 && !block->is_block) ||
        (children > 0 && depth > CONF_DEPTH_MAX)) {
        return -1;
    }
    for (uint32_t i = 0; i < children; i++) {
        if (get_node(decoder, block, depth + 1) != 0) {
            return -1;
        }
    }
    return 0;
}

static int get_root(struct decoder *decoder)
{
    struct conf_node model = {.line = 0};
    const char **words     = NULL;
    struct conf_node *root = conf_tree_top(decoder->tree);
    int rc                 = get_statement(decoder, &model, &words);
    free(words);
    if (rc != 0 || model.word_count != 0 || !model.is_block) {
        return -1;
    }
    root->file = model.file;
    root->line = model.line;
    return get_children(decoder, root, 0);
}

struct conf_tree *conf_decode(struct hawser_slice bytes, struct hawser_error *err)
{
    struct decoder decoder = {.rest = bytes, .tree = conf_tree_create("")};
    if (decoder.tree == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the configuration");
        return NULL;
    }
    int rc = get_head(&decoder) != 0 || get_root(&decoder) != 0 || decoder.rest.len != 0 ||
             decoder.files_used != decoder.file_count;
    free(decoder.files);
    if (rc != 0) {
        conf_tree_destroy(decoder.tree);
        error_set(err, HAWSER_CONF_SYNTAX, "encoded configuration is damaged at byte %zu of %zu",
                  bytes.len - decoder.rest.len, bytes.len);
        return NULL;
    }
    return decoder.tree;
}
