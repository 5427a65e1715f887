/*
 * Tokens to statements and blocks. After a fault it goes on where a person would, so that one run
 * tells all faults of a file: a statement keeps the words in front of the fault, a block that makes
 * no sense is skipped as a whole. See parser.h, tree.h.
 */
#include "conf/parser.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/include.h"
#include "conf/limits.h"

/** One statement as read; its words are in the parser. */
struct statement {
    uint32_t line;
    int broken;
    enum conf_token_kind end;
    uint32_t end_line;
};

static int parse_block(struct conf_parser *parser, struct conf_source *source,
                       struct conf_node *block, const struct conf_node *open);

static int push_word(struct conf_parser *parser, struct hawser_slice text)
{
    if (parser->word_count == parser->word_capacity) {
        size_t capacity    = parser->word_capacity == 0 ? 16 : parser->word_capacity * 2;
        const char **words = realloc(parser->words, capacity * sizeof(*words));
        if (words == NULL) {
            return -1;
        }
        parser->words         = words;
        parser->word_capacity = capacity;
    }
    const char *word = conf_tree_text(parser->tree, text);
    if (word == NULL) {
        return -1;
    }
    parser->words[parser->word_count++] = word;
    return 0;
}

static int read_statement(struct conf_parser *parser, struct conf_source *source,
                          struct statement *out)
{
    *out               = (struct statement){.end = CONF_TOKEN_END};
    parser->word_count = 0;
    struct conf_token token;
    do {
        if (conf_lexer_next(&source->lexer, &token) != 0) {
            return -1;
        }
        out->line = out->line == 0 ? token.line : out->line;
        out->broken |= token.broken;
        if (token.kind == CONF_TOKEN_WORD && !out->broken && push_word(parser, token.text) != 0) {
            return -1;
        }
    } while (token.kind == CONF_TOKEN_WORD);
    out->end      = token.kind;
    out->end_line = token.line;
    return 0;
}

/* Everything up to the `}` of a block whose `{` was read. */
static int skip_block(struct conf_source *source)
{
    struct conf_token token = {.kind = CONF_TOKEN_OPEN};
    size_t open             = 1;
    source->lexer.quiet     = 1;
    while (open > 0 && token.kind != CONF_TOKEN_END) {
        if (conf_lexer_next(&source->lexer, &token) != 0) {
            return -1;
        }
        open += token.kind == CONF_TOKEN_OPEN;
        open -= token.kind == CONF_TOKEN_CLOSE;
    }
    source->lexer.quiet = 0;
    return 0;
}

static void tell_unended(struct conf_parser *parser, const struct conf_source *source,
                         uint32_t line, const char *expected)
{
    if (parser->is_secret) {
        conf_problem_at(parser->problems, source->file, line, "statement is not ended: expected %s",
                        expected);
    } else {
        conf_problem_at(parser->problems, source->file, line, "\"%.64s\" is not ended: expected %s",
                        parser->words[0], expected);
    }
}

static struct conf_node *add_statement(struct conf_parser *parser, const struct conf_source *source,
                                       struct conf_node *block, const struct statement *statement)
{
    struct conf_node model = {.words      = parser->words,
                              .word_count = parser->word_count,
                              .file       = source->file,
                              .line       = statement->line,
                              .is_block   = statement->end == CONF_TOKEN_OPEN};
    if (++parser->statement_count > CONF_STATEMENTS_MAX) {
        conf_problem_at(parser->problems, source->file, statement->line,
                        "more than %u statements: the rest is not read", CONF_STATEMENTS_MAX);
        parser->is_stopped = 1;
    }
    return conf_tree_add(parser->tree, block, &model);
}

static int take_include(struct conf_parser *parser, struct conf_source *source,
                        struct conf_node *block, const struct statement *statement)
{
    if (parser->is_secret) {
        conf_problem_at(parser->problems, source->file, statement->line,
                        "\"include\" is not possible in this file");
        return 0;
    }
    if (parser->word_count != 2) {
        if (!statement->broken) {
            conf_problem_at(parser->problems, source->file, statement->line,
                            "\"include\" takes 1 argument, got %zu", parser->word_count - 1);
        }
        return 0;
    }
    return conf_include(parser, source, statement->line, parser->words[1], block);
}

/* A statement without a block of its own. */
static int take_simple(struct conf_parser *parser, struct conf_source *source,
                       struct conf_node *block, const struct statement *statement)
{
    if (parser->word_count == 0) {
        return 0;
    }
    if (strcmp(parser->words[0], "include") == 0) {
        return take_include(parser, source, block, statement);
    }
    return add_statement(parser, source, block, statement) == NULL ? -1 : 0;
}

static int take_block(struct conf_parser *parser, struct conf_source *source,
                      struct conf_node *block, const struct statement *statement)
{
    if (parser->word_count == 0) {
        if (!statement->broken) {
            conf_problem_at(parser->problems, source->file, statement->end_line,
                            "unexpected \"{\": expected the name of a block in front of it");
        }
        return skip_block(source);
    }
    if (strcmp(parser->words[0], "include") == 0) {
        conf_problem_at(parser->problems, source->file, statement->line,
                        "\"include\" takes no block: expected \";\", found \"{\"");
        return skip_block(source);
    }
    if (parser->depth == CONF_DEPTH_MAX) {
        conf_problem_at(parser->problems, source->file, statement->line,
                        "blocks are nested too deep: expected at most %u", CONF_DEPTH_MAX);
        return skip_block(source);
    }
    struct conf_node *node = add_statement(parser, source, block, statement);
    if (node == NULL) {
        return -1;
    }
    parser->depth++;
    int rc = parse_block(parser, source, node, node);
    parser->depth--;
    return rc;
}

static void tell_open(struct conf_parser *parser, const struct conf_node *open)
{
    if (open == NULL) {
        return;
    }
    if (parser->is_secret) {
        conf_problem(parser->problems, open,
                     "block is not closed: expected \"}\" before the end of the file");
    } else {
        conf_problem(parser->problems, open,
                     "block \"%.64s\" is not closed: expected \"}\" before the end of the file",
                     open->words[0]);
    }
}

/* @return 1 the block goes on, 0 it is over, -1 out of memory */
static int parse_statement(struct conf_parser *parser, struct conf_source *source,
                           struct conf_node *block, const struct conf_node *open)
{
    struct statement statement;
    if (read_statement(parser, source, &statement) != 0) {
        return -1;
    }
    switch (statement.end) {
    case CONF_TOKEN_OPEN:
        return take_block(parser, source, block, &statement) == 0 ? 1 : -1;
    case CONF_TOKEN_CLOSE:
        if (parser->word_count > 0 && !statement.broken) {
            tell_unended(parser, source, statement.line, "\";\" before \"}\"");
        }
        if (open == NULL) {
            conf_problem_at(parser->problems, source->file, statement.end_line,
                            "unexpected \"}\": no block is open");
        }
        return take_simple(parser, source, block, &statement) != 0 ? -1 : open == NULL;
    case CONF_TOKEN_END:
        if (parser->word_count > 0 && !statement.broken) {
            tell_unended(parser, source, statement.line,
                         "\";\" or \"{\" before the end of the file");
        }
        tell_open(parser, open);
        return take_simple(parser, source, block, &statement);
    default:
        if (parser->word_count == 0 && !statement.broken) {
            conf_problem_at(parser->problems, source->file, statement.end_line,
                            "unexpected \";\": expected a directive in front of it");
        }
        return take_simple(parser, source, block, &statement) == 0 ? 1 : -1;
    }
}

/* @param open  the block itself when its `{` stands in this file, so that its `}` must too */
static int parse_block(struct conf_parser *parser, struct conf_source *source,
                       struct conf_node *block, const struct conf_node *open)
{
    int rc = 1;
    while (rc == 1 && !parser->is_stopped) {
        rc = parse_statement(parser, source, block, open);
    }
    return rc < 0 ? -1 : 0;
}

static uint32_t line_of(struct hawser_slice bytes, const char *at)
{
    uint32_t line = 1;
    for (const char *p = bytes.data; p < at; p++) {
        line += *p == '\n';
    }
    return line;
}

int conf_parser_read(struct conf_parser *parser, struct conf_source *source,
                     struct hawser_slice bytes, struct conf_node *block)
{
    const char *nul = bytes.len == 0 ? NULL : memchr(bytes.data, 0, bytes.len);
    if (nul != NULL) {
        conf_problem_at(parser->problems, source->file, line_of(bytes, nul),
                        "NUL byte: expected a text file");
        return 0;
    }
    if (bytes.len > CONF_FILE_BYTES_MAX) {
        conf_problem_at(parser->problems, source->file, 0, "too large: expected at most %u bytes",
                        CONF_FILE_BYTES_MAX);
        return 0;
    }
    parser->byte_count += bytes.len;
    if (++parser->file_count > CONF_FILES_MAX || parser->byte_count > CONF_TOTAL_BYTES_MAX) {
        conf_problem_at(parser->problems, source->file, 0,
                        "more than %u files or %u bytes in all: the rest is not read",
                        CONF_FILES_MAX, CONF_TOTAL_BYTES_MAX);
        parser->is_stopped = 1;
        return 0;
    }
    if (slice_starts_with(bytes, "\xef\xbb\xbf")) {
        bytes = slice_skip(bytes, 3);
    }
    conf_lexer_init(&source->lexer, bytes, source->file, parser->problems);
    int rc = parse_block(parser, source, block, NULL);
    conf_lexer_fini(&source->lexer);
    return rc;
}

/* @return the finished tree, or NULL when memory ran out on the way */
static struct conf_tree *finish(struct conf_parser *parser, int rc)
{
    free(parser->words);
    if (rc != 0) {
        conf_tree_destroy(parser->tree);
        return NULL;
    }
    return parser->tree;
}

struct conf_tree *conf_parse_bytes(struct hawser_slice bytes, const char *name,
                                   struct conf_problems *problems)
{
    struct conf_parser parser = {
        .tree = conf_tree_create(name), .problems = problems, .is_secret = 1};
    if (parser.tree == NULL) {
        return NULL;
    }
    struct conf_source source = {.file = conf_tree_root(parser.tree)->file};
    return finish(&parser, conf_parser_read(&parser, &source, bytes, conf_tree_top(parser.tree)));
}

struct conf_tree *conf_parse_file(const char *path, const char *prefix, const char *extra,
                                  struct conf_problems *problems)
{
    struct conf_parser parser = {
        .tree = conf_tree_create(path), .problems = problems, .prefix = prefix};
    if (parser.tree == NULL) {
        return NULL;
    }
    int rc = 0;
    if (extra != NULL) {
        struct conf_source source = {.file = conf_tree_text(parser.tree, SLICE_LITERAL("-g"))};
        rc                        = source.file == NULL
                                        ? -1
                                        : conf_parser_read(&parser, &source, slice_of(extra), conf_tree_top(parser.tree));
    }
    if (rc == 0) {
        rc = conf_include_file(&parser, NULL, 0, path, conf_tree_top(parser.tree));
    }
    return finish(&parser, rc);
}
