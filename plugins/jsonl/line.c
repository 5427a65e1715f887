/*
 * Lines side by side in memory that is used again. What stands in a line is the host's to know.
 */
#include "line.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_BYTES 4096u

static int reserve(struct text *text, size_t more)
{
    if (more > SIZE_MAX / 2 - text->len) {
        return -1;
    }
    size_t need = text->len + more;
    if (need <= text->capacity) {
        return 0;
    }
    size_t capacity = text->capacity == 0 ? FIRST_BYTES : text->capacity;
    while (capacity < need) {
        capacity *= 2;
    }
    char *grown = realloc(text->bytes, capacity);
    if (grown == NULL) {
        return -1;
    }
    text->bytes    = grown;
    text->capacity = capacity;
    return 0;
}

int line_add(struct text *text, const struct hawser_host *host, const struct hawser_record *record)
{
    size_t need = 1;
    do {
        if (reserve(text, need) != 0) {
            return -1;
        }
        need = host->record_line(record, text->bytes + text->len, text->capacity - text->len);
    } while (need > text->capacity - text->len);
    text->len += need;
    return 0;
}

void text_fini(struct text *text)
{
    free(text->bytes);
    *text = (struct text){NULL, 0, 0};
}
