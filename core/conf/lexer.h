/*
 * The words of a config, one token at a time, by nginx's rules.
 */
#ifndef CORE_CONF_LEXER_H
#define CORE_CONF_LEXER_H

#include "conf/tree.h"

enum conf_token_kind {
    CONF_TOKEN_WORD,
    CONF_TOKEN_SEMICOLON,
    CONF_TOKEN_OPEN,
    CONF_TOKEN_CLOSE,
    CONF_TOKEN_END /* of the file */
};

struct conf_token {
    enum conf_token_kind kind;
    uint32_t line;            /* where it begins */
    int broken;               /* 1: a problem was told; the words of this statement end here */
    struct hawser_slice text; /* WORD: unquoted, unescaped; borrowed until the next token */
};

struct conf_lexer {
    struct hawser_slice bytes; /* without NUL bytes; borrowed */
    const char *file;          /* for messages; borrowed */
    struct conf_problems *problems;
    size_t at;
    uint32_t line;
    uint32_t after_quote; /* 1: the last token was a quoted word */
    uint32_t quiet;       /* 1: tell no problems */
    struct buf word;
};

/** @param bytes, file, problems borrowed until conf_lexer_fini */
void conf_lexer_init(struct conf_lexer *lexer, struct hawser_slice bytes, const char *file,
                     struct conf_problems *problems);
/** Overwrites the last word: it may be a secret. */
void conf_lexer_fini(struct conf_lexer *lexer);
/**
 * Read one token. After a problem it goes on where a person would: behind the faulty word, or on
 * the line after a quote that is never closed.
 * @return 0, or -1: out of memory
 */
int conf_lexer_next(struct conf_lexer *lexer, struct conf_token *out) HAWSER_MUST_CHECK;

#endif
