/*
 * Statements out of tokens. Shared by the parser and by include.c, which feeds it more files.
 */
#ifndef CORE_CONF_PARSER_H
#define CORE_CONF_PARSER_H

#include <sys/types.h>

#include "conf/lexer.h"
#include "conf/tree_build.h"

/** One config on its way into a tree. */
struct conf_parser {
    struct conf_tree *tree;
    struct conf_problems *problems;
    const char *prefix; /* of includes; NULL: the working directory */
    int is_secret;      /* 1: a credentials file: no includes, and no word of it in a message */
    int is_stopped;     /* 1: a bound was hit: nothing more is read */
    uint32_t depth;     /* blocks that are open, over all files */
    size_t file_count;
    size_t byte_count;
    size_t statement_count;
    const char **words; /* of the statement being read */
    size_t word_count;
    size_t word_capacity;
};

/** One file being read. */
struct conf_source {
    const char *file;                   /* lives as long as the tree */
    const struct conf_source *includer; /* NULL: the first file */
    uint32_t include_line;              /* in the includer */
    uint32_t include_depth;
    dev_t device; /* 0 with inode 0: not a file */
    ino_t inode;
    struct conf_lexer lexer;
};

/**
 * Parse the statements of one source into a block. Problems are told, not returned.
 * @param source  file, includer, include_depth, device and inode are filled in
 * @return 0, or -1: out of memory
 */
int conf_parser_read(struct conf_parser *parser, struct conf_source *source,
                     struct hawser_slice bytes, struct conf_node *block) HAWSER_MUST_CHECK;

#endif
