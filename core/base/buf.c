/*
 * A growable byte buffer. See buf.h.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/obj.h"

#define FIRST_CAPACITY 256u

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){.max = max_bytes};
}

void buf_fini(struct buf *buf)
{
    free(buf->bytes);
    *buf = (struct buf){.max = buf->max};
}

void buf_cleanse(struct buf *buf)
{
    if (buf->bytes != NULL) {
        explicit_bzero(buf->bytes, buf->capacity);
    }
    buf_fini(buf);
}

void buf_clear(struct buf *buf)
{
    buf->start = 0;
    buf->len   = 0;
}

void buf_wipe(struct buf *buf)
{
    if (buf->len > 0) {
        explicit_bzero(buf->bytes + buf->start, buf->len);
    }
    buf_clear(buf);
}

static int grow(struct buf *buf, size_t need)
{
    size_t capacity = buf->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buf->capacity;
    while (capacity < need) {
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    }
    /* Not realloc: a secret must not stay behind in memory that was given back, and the front is
     * dropped on the way. */
    uint8_t *bytes = malloc(capacity);
    if (bytes == NULL) {
        return -1;
    }
    if (buf->len > 0) {
        memcpy(bytes, buf->bytes + buf->start, buf->len);
        explicit_bzero(buf->bytes + buf->start, buf->len);
    }
    free(buf->bytes);
    buf->bytes    = bytes;
    buf->start    = 0;
    buf->capacity = capacity;
    return 0;
}

uint8_t *buf_reserve(struct buf *buf, size_t more)
{
    if (more > SIZE_MAX - buf->len || (buf->max != 0 && buf->len + more > buf->max)) {
        return NULL;
    }
    if (buf->bytes == NULL || buf->capacity - buf->start - buf->len < more) {
        if (buf->bytes != NULL && buf->capacity - buf->len >= more &&
            buf->start >= buf->capacity / 2) {
            memmove(buf->bytes, buf->bytes + buf->start, buf->len);
            buf->start = 0;
        } else if (grow(buf, buf->len + more) != 0) {
            return NULL;
        }
    }
    return buf->bytes + buf->start + buf->len;
}

void buf_commit(struct buf *buf, size_t more)
{
    OBJ_ASSERT(more <= buf->capacity - buf->start - buf->len);
    buf->len += more;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
    uint8_t *room = buf_reserve(buf, len);
    if (room == NULL) {
        return -1;
    }
    if (len > 0) {
        memcpy(room, bytes, len);
    }
    buf->len += len;
    return 0;
}

int buf_append_slice(struct buf *buf, struct hawser_slice slice)
{
    return buf_append(buf, slice.data, slice.len);
}

int buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

int buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    int rc  = -1;
    if (len >= 0) {
        uint8_t *room = NULL;
        if (buf->max == 0 || buf->len + (size_t)len <= buf->max) {
            struct buf unbounded =
                *buf; /* vsnprintf's NUL is not content, so it may pass the bound */
            unbounded.max = 0;
            room          = buf_reserve(&unbounded, (size_t)len + 1);
            unbounded.max = buf->max;
            *buf          = unbounded;
        }
        if (room != NULL) {
            (void)vsnprintf((char *)room, (size_t)len + 1, fmt, again);
            buf->len += (size_t)len;
            rc = 0;
        }
    }
    va_end(again);
    return rc;
}

int buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int rc = buf_vprintf(buf, fmt, args);
    va_end(args);
    return rc;
}

const char *buf_text(struct buf *buf)
{
    size_t max    = buf->max;
    buf->max      = 0;
    uint8_t *room = buf_reserve(buf, 1);
    buf->max      = max;
    if (room == NULL) {
        return NULL;
    }
    *room = 0;
    return (const char *)buf_data(buf);
}

void buf_consume(struct buf *buf, size_t count)
{
    OBJ_ASSERT(count <= buf->len);
    buf->len -= count;
    buf->start = buf->len == 0 ? 0 : buf->start + count;
}
