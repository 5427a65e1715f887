/*
 * nginx's lexical rules: a `#` comments only where a word may begin, quotes count only there too, a
 * backslash hides the next byte from the lexer and is dropped in front of " ' \ alone (\t \r \n
 * stand for the control characters), and `${` does not open a block. See lexer.h.
 */
#include "conf/lexer.h"

#include <string.h>

#include "base/slice.h"
#include "conf/limits.h"

void conf_lexer_init(struct conf_lexer *lexer, struct hawser_slice bytes, const char *file,
                     struct conf_problems *problems)
{
    *lexer = (struct conf_lexer){.bytes = bytes, .file = file, .problems = problems, .line = 1};
    buf_init(&lexer->word, CONF_WORD_BYTES_MAX);
}

void conf_lexer_fini(struct conf_lexer *lexer)
{
    buf_cleanse(&lexer->word);
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int at_end(const struct conf_lexer *lexer)
{
    return lexer->at >= lexer->bytes.len;
}

static char peek(const struct conf_lexer *lexer)
{
    return lexer->bytes.data[lexer->at];
}

static void skip_blank(struct conf_lexer *lexer)
{
    int in_comment = 0;
    while (!at_end(lexer)) {
        char c = peek(lexer);
        if (c == '\n') {
            lexer->line++;
            in_comment = 0;
        } else if (c == '#') {
            in_comment = 1;
        } else if (!in_comment && !is_space(c)) {
            return;
        }
        lexer->at++;
    }
}

/* What is glued to a closing quote is dropped up to the next space, `;` or `{`. A `}` is left: the
 * parser has more to say about it. */
static int drop_glued(struct conf_lexer *lexer)
{
    if (at_end(lexer) || is_space(peek(lexer)) || strchr(";{})", peek(lexer)) != NULL) {
        return 0;
    }
    if (!lexer->quiet) {
        conf_problem_at(lexer->problems, lexer->file, lexer->line,
                        "unexpected \"%c\" after a quoted word: expected a space, \";\" or \"{\"",
                        peek(lexer));
    }
    while (!at_end(lexer) && !is_space(peek(lexer)) && strchr(";{", peek(lexer)) == NULL) {
        lexer->at++;
    }
    return 1;
}

/* @return index behind the last byte of the word that begins at lexer->at */
static size_t bare_end(const struct conf_lexer *lexer)
{
    const char *bytes = lexer->bytes.data;
    int after_dollar  = 0;
    size_t i          = lexer->at;
    while (i < lexer->bytes.len) {
        char c = bytes[i];
        if (is_space(c) || c == ';' || (c == '{' && !after_dollar)) {
            return i;
        }
        after_dollar = c == '$' || (c == '{' && after_dollar);
        i += c == '\\' ? 2 : 1;
    }
    return lexer->bytes.len;
}

/* @return index of the closing quote, or the length of the file: there is none */
static size_t quoted_end(const struct conf_lexer *lexer, size_t from, char quote)
{
    const char *bytes = lexer->bytes.data;
    size_t i          = from;
    while (i < lexer->bytes.len && bytes[i] != quote) {
        i += bytes[i] == '\\' ? 2 : 1;
    }
    return i < lexer->bytes.len ? i : lexer->bytes.len;
}

static uint32_t count_lines(struct hawser_slice text)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.data[i] == '\n';
    }
    return lines;
}

/* @return how many bytes of `raw` the escape at its front takes (1: no escape), with what it means
 */
static size_t unescape_one(struct hawser_slice raw, uint8_t *out)
{
    *out = (uint8_t)raw.data[0];
    if (raw.data[0] != '\\' || raw.len < 2) {
        return 1;
    }
    switch (raw.data[1]) {
    case '"':
    case '\'':
    case '\\':
        *out = (uint8_t)raw.data[1];
        return 2;
    case 't':
        *out = '\t';
        return 2;
    case 'r':
        *out = '\r';
        return 2;
    case 'n':
        *out = '\n';
        return 2;
    default:
        return 1;
    }
}

static int unescape(struct conf_lexer *lexer, struct hawser_slice raw)
{
    buf_clear(&lexer->word);
    uint8_t *room = buf_reserve(&lexer->word, raw.len);
    if (room == NULL) {
        return -1;
    }
    size_t len = 0;
    while (raw.len > 0) {
        raw = slice_skip(raw, unescape_one(raw, &room[len]));
        len++;
    }
    buf_commit(&lexer->word, len);
    return 0;
}

/* Nothing after the quote can be told from quoted text, so the statement is taken to end with its
 * line; a line that ends in `{` still opens its block. */
static void end_unclosed(struct conf_lexer *lexer, char quote, struct conf_token *out)
{
    if (!lexer->quiet) {
        conf_problem_at(lexer->problems, lexer->file, lexer->line,
                        "quoted word is not closed: expected %c before the end of the file", quote);
    }
    const char *from    = lexer->bytes.data + lexer->at;
    const char *newline = memchr(from, '\n', lexer->bytes.len - lexer->at);
    size_t len          = newline == NULL ? lexer->bytes.len - lexer->at : (size_t)(newline - from);
    lexer->at += len;
    while (len > 0 && is_space(from[len - 1])) {
        len--;
    }
    out->kind   = len > 0 && from[len - 1] == '{' ? CONF_TOKEN_OPEN : CONF_TOKEN_SEMICOLON;
    out->broken = 1;
}

static int take_word(struct conf_lexer *lexer, struct hawser_slice raw, struct conf_token *out)
{
    lexer->line += count_lines(raw);
    if (raw.len > CONF_WORD_BYTES_MAX) {
        if (!lexer->quiet) {
            conf_problem_at(lexer->problems, lexer->file, out->line,
                            "word of %zu bytes: expected at most %u", raw.len, CONF_WORD_BYTES_MAX);
        }
        out->broken = 1;
        return 0;
    }
    if (unescape(lexer, raw) != 0) {
        return -1;
    }
    out->text = buf_slice(&lexer->word);
    return 0;
}

static int read_word(struct conf_lexer *lexer, struct conf_token *out)
{
    char quote   = peek(lexer);
    size_t start = lexer->at;
    size_t end   = 0;
    out->kind    = CONF_TOKEN_WORD;
    if (quote == '"' || quote == '\'') {
        start++;
        end = quoted_end(lexer, start, quote);
        if (end == lexer->bytes.len) {
            end_unclosed(lexer, quote, out);
            return 0;
        }
        lexer->at          = end + 1;
        lexer->after_quote = 1;
    } else {
        end       = bare_end(lexer);
        lexer->at = end;
    }
    return take_word(lexer, slice_make(lexer->bytes.data + start, end - start), out);
}

int conf_lexer_next(struct conf_lexer *lexer, struct conf_token *out)
{
    *out = (struct conf_token){.kind = CONF_TOKEN_END};
    if (lexer->after_quote) {
        lexer->after_quote = 0;
        out->broken        = drop_glued(lexer);
    }
    skip_blank(lexer);
    out->line = lexer->line;
    if (at_end(lexer)) {
        return 0;
    }
    switch (peek(lexer)) {
    case ';':
        out->kind = CONF_TOKEN_SEMICOLON;
        break;
    case '{':
        out->kind = CONF_TOKEN_OPEN;
        break;
    case '}':
        out->kind = CONF_TOKEN_CLOSE;
        break;
    default:
        return read_word(lexer, out);
    }
    lexer->at++;
    return 0;
}
