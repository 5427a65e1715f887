/*
 * A tree as text that parses to the same tree again, but for secrets. See conf_print in
 * directive.h.
 */
#include <string.h>

#include "base/slice.h"
#include "conf/directive.h"
#include "conf/mask.h"

struct printer {
    const struct conf_table *tables;
    size_t table_count;
    struct buf *out;
    struct buf word;  /* the word being printed, masked */
    const char *file; /* of the last statement printed */
};

static int print_indent(struct printer *printer, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        if (buf_append(printer->out, "    ", 4) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Whether the word stands for itself without quotes, in every place. */
static int is_bare(struct hawser_slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.data[i];
        if (c <= ' ' || c == 0x7f || strchr(";{}\"'\\#$", c) != NULL) {
            return 0;
        }
    }
    return word.len > 0;
}

static int print_quoted(struct buf *out, struct hawser_slice word)
{
    int rc = buf_append(out, "\"", 1);
    for (size_t i = 0; i < word.len && rc == 0; i++) {
        switch (word.data[i]) {
        case '"':
            rc = buf_append(out, "\\\"", 2);
            break;
        case '\\':
            rc = buf_append(out, "\\\\", 2);
            break;
        case '\t':
            rc = buf_append(out, "\\t", 2);
            break;
        case '\r':
            rc = buf_append(out, "\\r", 2);
            break;
        case '\n':
            rc = buf_append(out, "\\n", 2);
            break;
        default:
            rc = buf_append(out, &word.data[i], 1);
        }
    }
    return rc != 0 ? -1 : buf_append(out, "\"", 1);
}

/* A header keeps its name, so that the text passes the test again. */
static int print_secret(struct printer *printer, const char *directive, const char *word)
{
    size_t name = strcspn(word, ": \t");
    if (strcmp(directive, "header") != 0 || word[name] != ':') {
        return buf_append(printer->out, "***", 3);
    }
    buf_clear(&printer->word);
    if (buf_append(&printer->word, word, name) != 0 ||
        buf_append_text(&printer->word, ": ***") != 0) {
        return -1;
    }
    return print_quoted(printer->out, buf_slice(&printer->word));
}

static int print_word(struct printer *printer, const char *word)
{
    buf_clear(&printer->word);
    if (conf_mask_word(word, &printer->word) != 0) {
        return -1;
    }
    struct hawser_slice masked = buf_slice(&printer->word);
    return is_bare(masked) ? buf_append_slice(printer->out, masked)
                           : print_quoted(printer->out, masked);
}

/* By the flag of any row of that name: a wrong place does not make a secret public. */
static int is_secret_directive(const struct printer *printer, const char *name)
{
    int known = 0;
    for (size_t t = 0; t < printer->table_count; t++) {
        const struct conf_table *table = &printer->tables[t];
        for (size_t i = 0; i < table->count; i++) {
            struct hawser_directive row;
            if (conf_row_at(table, i, &row) && strcmp(row.name, name) == 0) {
                known = 1;
                if ((row.flags & HAWSER_DIRECTIVE_SECRET) != 0) {
                    return 1;
                }
            }
        }
    }
    return !known && conf_name_is_secret(slice_of(name));
}

/* A comment where the statements of another file begin; its name may hold anything. */
static int print_file(struct printer *printer, const char *file)
{
    if (printer->file != NULL && strcmp(printer->file, file) == 0) {
        return 0;
    }
    printer->file = file;
    int rc        = buf_append_text(printer->out, "# configuration file ");
    for (const char *p = file; *p != 0 && rc == 0; p++) {
        rc = buf_append(printer->out, (unsigned char)*p < ' ' ? "?" : p, 1);
    }
    return rc != 0 ? -1 : buf_append(printer->out, ":\n", 2);
}

static int print_children(struct printer *printer, const struct conf_node *block, unsigned depth);

static int print_node(struct printer *printer, const struct conf_node *node, unsigned depth)
{
    int is_secret = is_secret_directive(printer, node->words[0]);
    int rc        = print_file(printer, node->file);
    if (rc != 0 || print_indent(printer, depth) != 0 || print_word(printer, node->words[0]) != 0) {
        return -1;
    }
    for (size_t i = 1; i < node->word_count && rc == 0; i++) {
        rc = buf_append(printer->out, " ", 1);
        if (rc == 0) {
            rc = is_secret ? print_secret(printer, node->words[0], node->words[i])
                           : print_word(printer, node->words[i]);
        }
    }
    if (rc != 0) {
        return -1;
    }
    if (!node->is_block) {
        return buf_append(printer->out, ";\n", 2);
    }
    if (buf_append(printer->out, " {\n", 3) != 0 || print_children(printer, node, depth + 1) != 0 ||
        print_indent(printer, depth) != 0) {
        return -1;
    }
    return buf_append(printer->out, "}\n", 2);
}

static int print_children(struct printer *printer, const struct conf_node *block, unsigned depth)
{
    for (const struct conf_node *node = block->first_child; node != NULL; node = node->next) {
        if (print_node(printer, node, depth) != 0) {
            return -1;
        }
    }
    return 0;
}

int conf_print(const struct conf_tree *tree, const struct conf_table *tables, size_t table_count,
               struct buf *out)
{
    struct printer printer = {.tables = tables, .table_count = table_count, .out = out};
    int rc                 = print_children(&printer, conf_tree_root(tree), 0);
    buf_cleanse(&printer.word);
    return rc;
}
