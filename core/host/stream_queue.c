/*
 * A ring whose pieces never span its end. See stream_queue.h.
 */
#include "host/stream_queue.h"

#include <stdlib.h>

#include "base/obj.h"

int stream_queue_init(struct stream_queue *queue, size_t capacity)
{
    *queue = (struct stream_queue){.bytes = malloc(capacity), .capacity = capacity};
    return queue->bytes == NULL ? -1 : 0;
}

void stream_queue_fini(struct stream_queue *queue)
{
    free(queue->bytes);
    *queue = (struct stream_queue){0};
}

char *stream_queue_reserve(struct stream_queue *queue, size_t bytes)
{
    if (queue->is_split) {
        return queue->head - queue->tail >= bytes ? queue->bytes + queue->tail : NULL;
    }
    if (queue->capacity - queue->tail >= bytes) {
        return queue->bytes + queue->tail;
    }
    if (queue->head < bytes) {
        return NULL;
    }
    queue->is_split = 1;
    queue->wrap     = queue->tail;
    queue->tail     = 0;
    return queue->bytes;
}

void stream_queue_commit(struct stream_queue *queue, size_t bytes)
{
    size_t end = queue->is_split ? queue->head : queue->capacity;
    OBJ_ASSERT(bytes <= end - queue->tail);
    queue->tail += bytes;
}

const char *stream_queue_front(const struct stream_queue *queue, size_t *len)
{
    *len = (queue->is_split ? queue->wrap : queue->tail) - queue->head;
    return *len == 0 ? NULL : queue->bytes + queue->head;
}

void stream_queue_consume(struct stream_queue *queue, size_t bytes)
{
    size_t len = 0;
    (void)stream_queue_front(queue, &len);
    OBJ_ASSERT(bytes <= len);
    queue->head += bytes;
    if (bytes < len) {
        return;
    }
    if (!queue->is_split) { /* empty: all of it is in one piece again */
        queue->tail = 0;
    }
    queue->is_split = 0;
    queue->head     = 0;
}

size_t stream_queue_used(const struct stream_queue *queue)
{
    return queue->is_split ? queue->wrap - queue->head + queue->tail : queue->tail - queue->head;
}
