/*
 * A tree as bytes and back: what the master hands to its children. Only our own encoder makes these
 * bytes; the decoder checks all of them all the same, since a wrong tree would be a wrong session.
 *
 *   "HWCONF1\n"  u32 total bytes  u32 files  { u32 length, bytes }...  root node
 *   node: u32 file  u32 line  u32 is_block  u32 words  { u32 length, bytes }...  u32 children
 * node...
 *
 * Numbers are in the byte order of the machine: the bytes never leave it.
 */
#include <string.h>

#include "conf/tree.h"

#define MAGIC        "HWCONF1\n"
#define MAGIC_BYTES  8u
#define HEADER_BYTES (MAGIC_BYTES + 8u)

/** File names by number while a tree is written. */
struct encoder {
    struct buf files; /* const char *, one after the other */
    struct buf names; /* as they will stand in the head */
    struct buf nodes;
    uint32_t last; /* number of the file of the node before: most often the next one's too */
};

static int put_u32(struct buf *out, uint32_t value)
{
    return buf_append(out, &value, sizeof(value));
}

static int put_text(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    if (len > UINT32_MAX || put_u32(out, (uint32_t)len) != 0) {
        return -1;
    }
    return buf_append(out, text, len);
}

static size_t file_count(const struct encoder *encoder)
{
    return encoder->files.len / sizeof(const char *);
}

static const char *file_at(const struct encoder *encoder, size_t i)
{
    const char *file = NULL;
    memcpy(&file, buf_data(&encoder->files) + i * sizeof(file), sizeof(file));
    return file;
}

/* @return 0 with encoder->last set to the number of `file`; -1: out of memory */
static int find_file(struct encoder *encoder, const char *file)
{
    size_t count = file_count(encoder);
    if (count > 0 && file_at(encoder, encoder->last) == file) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(file_at(encoder, i), file) == 0) {
            encoder->last = (uint32_t)i;
            return 0;
        }
    }
    encoder->last = (uint32_t)count;
    return buf_append(&encoder->files, &file, sizeof(file)) != 0 ? -1
                                                                 : put_text(&encoder->names, file);
}

static int encode_node(struct encoder *encoder, const struct conf_node *node)
{
    struct buf *out = &encoder->nodes;
    if (find_file(encoder, node->file) != 0 || put_u32(out, encoder->last) != 0 ||
        put_u32(out, node->line) != 0 || put_u32(out, node->is_block) != 0 ||
        node->word_count > UINT32_MAX || put_u32(out, (uint32_t)node->word_count) != 0) {
        return -1;
    }
    for (size_t i = 0; i < node->word_count; i++) {
        if (put_text(out, node->words[i]) != 0) {
            return -1;
        }
    }
    uint32_t children = 0;
    for (const struct conf_node *child = node->first_child; child != NULL; child = child->next) {
        children++;
    }
    if (put_u32(out, children) != 0) {
        return -1;
    }
    for (const struct conf_node *child = node->first_child; child != NULL; child = child->next) {
        if (encode_node(encoder, child) != 0) {
            return -1;
        }
    }
    return 0;
}

static int put_all(struct buf *out, const struct encoder *encoder)
{
    size_t total = HEADER_BYTES + encoder->names.len + encoder->nodes.len;
    if (total > UINT32_MAX || buf_append(out, MAGIC, MAGIC_BYTES) != 0 ||
        put_u32(out, (uint32_t)total) != 0 || put_u32(out, (uint32_t)file_count(encoder)) != 0 ||
        buf_append_slice(out, buf_slice(&encoder->names)) != 0) {
        return -1;
    }
    return buf_append_slice(out, buf_slice(&encoder->nodes));
}

int conf_encode(const struct conf_tree *tree, struct buf *out)
{
    struct encoder encoder = {.last = 0};
    int rc                 = encode_node(&encoder, conf_tree_root(tree));
    if (rc == 0) {
        rc = put_all(out, &encoder);
    }
    buf_fini(&encoder.files);
    buf_fini(&encoder.names);
    buf_cleanse(&encoder.nodes);
    return rc;
}
