/*
 * What the suites of core/conf share: a folder of their own to write files into, and parsing with
 * the problems as text.
 */
#ifndef TESTS_UNIT_CONF_CONF_FIXTURE_H
#define TESTS_UNIT_CONF_CONF_FIXTURE_H

#include "conf/tree.h"

/** A fresh folder becomes the working directory; gone again at the end of the test. */
void folder_setup(void);
void folder_teardown(void);
/** Write a file below the folder; folders on the way are made. */
void folder_write(const char *path, const char *text);
void folder_write_bytes(const char *path, const void *bytes, size_t len);

/** The parse of one text: what it gave and what it told. */
struct parsed {
    struct conf_tree *tree;
    struct conf_problems problems;
    const char *text; /* of the problems */
};
/** Write `main.conf` and parse it; its includes are relative to the folder. */
struct parsed parse_config(const char *text);
/** Parse a file that is there already. */
struct parsed parse_path(const char *path, const char *prefix, const char *extra);
void parsed_free(struct parsed *parsed);

/** The words of a node joined by '|', with " {" behind those of a block. Static memory. */
const char *words_of(const struct conf_node *node);
/** Parse `text`, expect exactly these problems. */
void expect_problems(const char *text, const char *problems);
/** Parse `text`, expect no problem and these words in the first statement. */
void expect_words(const char *text, const char *words);

#endif
