/*
 * The list of problems: one printable line each, bounded as a whole. See tree.h.
 */
#include <stdarg.h>
#include <string.h>

#include "base/secret.h"
#include "conf/limits.h"
#include "conf/tree.h"

void conf_problems_init(struct conf_problems *problems)
{
    buf_init(&problems->text, CONF_PROBLEM_BYTES_MAX);
    problems->count = 0;
}

void conf_problems_fini(struct conf_problems *problems)
{
    buf_fini(&problems->text);
    problems->count = 0;
}

static void mask_from(struct buf *text, size_t from)
{
    if (text->len > from) {
        char *bytes = (char *)text->bytes + text->start + from;
        text->len   = from + secret_mask(bytes, text->len - from, 0);
    }
}

void conf_problems_mask(struct conf_problems *problems)
{
    mask_from(&problems->text, 0);
}

/* A quoted word may hold line breaks and a file name anything: neither may forge a line. */
static void make_printable(struct buf *text, size_t from)
{
    uint8_t *bytes = text->bytes + text->start;
    for (size_t i = from; i < text->len; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            bytes[i] = '?';
        }
    }
}

static int write_line(struct buf *text, const char *file, uint32_t line, const char *fmt,
                      va_list args)
{
    if (file != NULL && line > 0 && buf_printf(text, "%s:%u: ", file, line) != 0) {
        return -1;
    }
    if (file != NULL && line == 0 && buf_printf(text, "%s: ", file) != 0) {
        return -1;
    }
    return buf_vprintf(text, fmt, args);
}

static void close_list(struct buf *text)
{
    static const char LAST[] = "further problems are counted, not shown\n";
    if (text->max != CONF_PROBLEM_BYTES_MAX) {
        return; /* said already, or the bound is the owner's own */
    }
    text->max = 0;
    if (buf_append(text, LAST, sizeof(LAST) - 1) != 0) {
        text->max = CONF_PROBLEM_BYTES_MAX;
        return;
    }
    text->max = text->len; /* full from here on */
}

static void add(struct conf_problems *problems, const char *file, uint32_t line, const char *fmt,
                va_list args)
{
    struct buf *text = &problems->text;
    size_t before    = text->len;
    problems->count++;
    if (write_line(text, file, line, fmt, args) == 0) {
        mask_from(text, before);
        make_printable(text, before);
        if (buf_append(text, "\n", 1) == 0) {
            return;
        }
    }
    text->len = before;
    close_list(text);
}

void conf_problem_at(struct conf_problems *problems, const char *file, uint32_t line,
                     const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(problems, file, line, fmt, args);
    va_end(args);
}

void conf_problem(struct conf_problems *problems, const struct conf_node *node, const char *fmt,
                  ...)
{
    va_list args;
    va_start(args, fmt);
    add(problems, node != NULL ? node->file : NULL, node != NULL ? node->line : 0, fmt, args);
    va_end(args);
}
