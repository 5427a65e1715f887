/*
 * Sessions by name. O(1); may change while it is walked.
 */
#ifndef CORE_SESSION_REGISTRY_H
#define CORE_SESSION_REGISTRY_H

#include "hawser/error.h"

struct registry;

struct registry *registry_create(void);
/** The objects in it are not touched. */
void registry_destroy(struct registry *registry);
/** @param name copied. @param object borrowed until it is removed. @return 0, or -1: the name is
 * taken, or no memory */
int registry_add(struct registry *registry, const char *name, void *object,
                 struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return the object, or NULL */
void *registry_find(const struct registry *registry, const char *name);
/** @return the object removed, or NULL */
void *registry_remove(struct registry *registry, const char *name);
size_t registry_count(const struct registry *registry);
/** Call fn for each object; fn may add and remove any. Objects added meanwhile may be visited or
 * not; none twice. */
void registry_each(struct registry *registry, void (*fn)(void *arg, const char *name, void *object),
                   void *arg);

#endif
