/*
 * Sessions by name: chained hash buckets for look-ups, one list in order of arrival for walks. An
 * entry that is removed while somebody walks stays linked, without its object, until the walk is
 * over.
 */
#include "session/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/list.h"

#define FIRST_BUCKETS 64u

struct entry {
    struct list in_order;
    struct entry *next; /* in its bucket */
    uint64_t hash;
    void *object; /* NULL: removed during a walk */
    char name[];
};

struct registry {
    struct list order;
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    unsigned walks; /* under way */
    int swept_later;
};

struct registry *registry_create(void)
{
    struct registry *registry = calloc(1, sizeof(*registry));
    if (registry == NULL) {
        return NULL;
    }
    list_init(&registry->order);
    registry->bucket_count = FIRST_BUCKETS;
    registry->buckets      = calloc(FIRST_BUCKETS, sizeof(struct entry *));
    if (registry->buckets == NULL) {
        free(registry);
        return NULL;
    }
    return registry;
}

void registry_destroy(struct registry *registry)
{
    if (registry == NULL) {
        return;
    }
    struct list *node  = NULL;
    struct list *after = NULL;
    list_for_each_safe (node, after, &registry->order) {
        free(LIST_ENTRY(node, struct entry, in_order));
    }
    free(registry->buckets);
    free(registry);
}

static struct entry **bucket_of(const struct registry *registry, uint64_t hash)
{
    return &registry->buckets[hash & (registry->bucket_count - 1)];
}

static struct entry **find_link(const struct registry *registry, const char *name, uint64_t hash)
{
    struct entry **link = bucket_of(registry, hash);
    while (*link != NULL && ((*link)->hash != hash || strcmp((*link)->name, name) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

/* A table that could not grow is slower, not wrong. */
static void grow(struct registry *registry)
{
    size_t count           = registry->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(struct entry *));
    if (buckets == NULL) {
        return;
    }
    for (size_t i = 0; i < registry->bucket_count; i++) {
        struct entry *entry = registry->buckets[i];
        while (entry != NULL) {
            struct entry *next = entry->next;
            struct entry **to  = &buckets[entry->hash & (count - 1)];
            entry->next        = *to;
            *to                = entry;
            entry              = next;
        }
    }
    free(registry->buckets);
    registry->buckets      = buckets;
    registry->bucket_count = count;
}

int registry_add(struct registry *registry, const char *name, void *object,
                 struct hawser_error *err)
{
    size_t len    = strlen(name);
    uint64_t hash = hash_bytes(name, len);
    if (*find_link(registry, name, hash) != NULL) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "there is a session \"%s\" already", name);
        return -1;
    }
    struct entry *entry = calloc(1, sizeof(*entry) + len + 1);
    if (entry == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the name of session \"%s\"", name);
        return -1;
    }
    if (registry->count >= registry->bucket_count) {
        grow(registry);
    }
    memcpy(entry->name, name, len + 1);
    entry->hash         = hash;
    entry->object       = object;
    struct entry **link = bucket_of(registry, hash);
    entry->next         = *link;
    *link               = entry;
    list_append(&registry->order, &entry->in_order);
    registry->count++;
    return 0;
}

void *registry_find(const struct registry *registry, const char *name)
{
    struct entry *entry = *find_link(registry, name, hash_bytes(name, strlen(name)));
    return entry == NULL ? NULL : entry->object;
}

void *registry_remove(struct registry *registry, const char *name)
{
    struct entry **link = find_link(registry, name, hash_bytes(name, strlen(name)));
    struct entry *entry = *link;
    if (entry == NULL) {
        return NULL;
    }
    void *object = entry->object;
    *link        = entry->next;
    registry->count--;
    if (registry->walks > 0) {
        entry->object         = NULL;
        registry->swept_later = 1;
    } else {
        list_remove(&entry->in_order);
        free(entry);
    }
    return object;
}

size_t registry_count(const struct registry *registry)
{
    return registry->count;
}

static void sweep(struct registry *registry)
{
    struct list *node  = NULL;
    struct list *after = NULL;
    list_for_each_safe (node, after, &registry->order) {
        struct entry *entry = LIST_ENTRY(node, struct entry, in_order);
        if (entry->object == NULL) {
            list_remove(node);
            free(entry);
        }
    }
    registry->swept_later = 0;
}

void registry_each(struct registry *registry, void (*fn)(void *arg, const char *name, void *object),
                   void *arg)
{
    registry->walks++;
    struct list *node = NULL;
    list_for_each (node, &registry->order) {
        struct entry *entry = LIST_ENTRY(node, struct entry, in_order);
        if (entry->object != NULL) {
            fn(arg, entry->name, entry->object);
        }
    }
    registry->walks--;
    if (registry->walks == 0 && registry->swept_later) {
        sweep(registry);
    }
}
