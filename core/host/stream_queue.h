/*
 * Lines on their way to one reader: bytes in memory taken once, each line in one piece. What has no
 * room is the caller's to drop; nothing is moved and nothing is allocated.
 */
#ifndef CORE_HOST_STREAM_QUEUE_H
#define CORE_HOST_STREAM_QUEUE_H

#include <stddef.h>

struct stream_queue {
    char *bytes;
    size_t capacity;
    size_t head;  /* the oldest byte */
    size_t tail;  /* behind the newest */
    size_t wrap;  /* where the older part ends, while the newer one stands in front of it */
    int is_split; /* there are two parts: head .. wrap, and 0 .. tail */
};

/** @return 0, or -1: no memory */
int stream_queue_init(struct stream_queue *queue, size_t capacity);
void stream_queue_fini(struct stream_queue *queue);
/** Room in one piece. Hot. @return NULL: there is none */
char *stream_queue_reserve(struct stream_queue *queue, size_t bytes);
/** So many bytes of what was reserved last are used. Hot. */
void stream_queue_commit(struct stream_queue *queue, size_t bytes);
/** The oldest bytes that stand in one piece. @return NULL, len 0: it is empty */
const char *stream_queue_front(const struct stream_queue *queue, size_t *len);
/** @param bytes at most what stream_queue_front gave */
void stream_queue_consume(struct stream_queue *queue, size_t bytes);
size_t stream_queue_used(const struct stream_queue *queue);

#endif
