/*
 * Bytes that grow, up to a bound that the owner names. The front can be consumed cheaply.
 */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stdarg.h>

#include "hawser/base.h"

/** Zero-initialised it is an empty buffer without a bound; it holds no memory until something is
 * added. */
struct buf {
    uint8_t *bytes; /* the memory; content is bytes[start .. start + len) */
    size_t start;
    size_t len;
    size_t capacity;
    size_t max; /* bound of len [bytes]; 0: none */
};

void buf_init(struct buf *buf, size_t max_bytes);
/** Gives the memory back; the buffer is empty and usable again. */
void buf_fini(struct buf *buf);
/** Overwrites the content before giving the memory back: for secrets. */
void buf_cleanse(struct buf *buf);
void buf_clear(struct buf *buf);
/** Overwrites the content and keeps the memory: for a scratch buffer that secrets go through. */
void buf_wipe(struct buf *buf);

/** Make room for `more` bytes behind the content. @return where they go, or NULL: over the bound or
 * out of memory */
uint8_t *buf_reserve(struct buf *buf, size_t more);
/** Count `more` reserved bytes as content. */
void buf_commit(struct buf *buf, size_t more);
/** @return 0, or -1: over the bound or out of memory; the buffer is unchanged then */
int buf_append(struct buf *buf, const void *bytes, size_t len) HAWSER_MUST_CHECK;
int buf_append_slice(struct buf *buf, struct hawser_slice slice) HAWSER_MUST_CHECK;
int buf_append_text(struct buf *buf, const char *text) HAWSER_MUST_CHECK;
int buf_printf(struct buf *buf, const char *fmt, ...) HAWSER_PRINTF(2, 3) HAWSER_MUST_CHECK;
int buf_vprintf(struct buf *buf, const char *fmt, va_list args) HAWSER_MUST_CHECK;
/** Append a NUL behind the content without counting it. @return the content as a string, or NULL */
const char *buf_text(struct buf *buf);
/** Drop `count` bytes from the front; at most the length. */
void buf_consume(struct buf *buf, size_t count);

static inline const uint8_t *buf_data(const struct buf *buf)
{
    return buf->bytes == NULL ? NULL : buf->bytes + buf->start;
}

static inline struct hawser_slice buf_slice(const struct buf *buf)
{
    return (struct hawser_slice){(const char *)buf_data(buf), buf->len};
}

#endif
