/*
 * Intrusive doubly linked lists: the node is a field of the element, so linking never allocates.
 */
#ifndef CORE_BASE_LIST_H
#define CORE_BASE_LIST_H

#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

/** The element that holds `node` as its field `field`. */
#define LIST_ENTRY(node, type, field) ((type *)(void *)((char *)(node)-offsetof(type, field)))

/** Walk a list; the current node must not be removed. */
#define list_for_each(node, head)                                                                  \
    for ((node) = (head)->next; (node) != (head); (node) = (node)->next)

/** Walk a list whose current node may be removed. */
#define list_for_each_safe(node, after, head)                                                      \
    for ((node) = (head)->next, (after) = (node)->next; (node) != (head);                          \
         (node) = (after), (after) = (node)->next)

static inline void list_init(struct list *head)
{
    head->next = head;
    head->prev = head;
}

static inline int list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_append(struct list *head, struct list *node)
{
    node->prev       = head->prev;
    node->next       = head;
    head->prev->next = node;
    head->prev       = node;
}

/** Unlink a node; unlinking it twice is harmless. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#endif
