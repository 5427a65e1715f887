/*
 * Files into a tree: the first one, and those that it includes.
 */
#ifndef CORE_CONF_INCLUDE_H
#define CORE_CONF_INCLUDE_H

#include "conf/parser.h"

/**
 * Carry out an `include`.
 * @param pattern  a path or a glob(7) pattern, relative to the parser's prefix
 * @return 0, or -1: out of memory
 */
int conf_include(struct conf_parser *parser, const struct conf_source *includer, uint32_t line,
                 const char *pattern, struct conf_node *block) HAWSER_MUST_CHECK;
/**
 * Read one file into a block.
 * @param includer  NULL: the first file
 * @return 0, or -1: out of memory
 */
int conf_include_file(struct conf_parser *parser, const struct conf_source *includer, uint32_t line,
                      const char *path, struct conf_node *block) HAWSER_MUST_CHECK;

#endif
