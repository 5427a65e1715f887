/*
 * What a process has beside its sessions, as JSON for the control socket: outputs and modules.
 */
#ifndef CORE_HOST_INVENTORY_H
#define CORE_HOST_INVENTORY_H

#include <jansson.h>

#include "host/runtime.h"

/** @return given: an array, an entry for each output, those that drain included; NULL: no memory */
json_t *inventory_outputs(const struct runtime *runtime);
/** @return given: an array, an entry for each version of a module that is loaded; NULL: no memory
 */
json_t *inventory_modules(const struct runtime *runtime);
/**
 * The same of a process that has no runtime.
 * @param users    how many objects of it there are
 * @param process  "observer"
 */
json_t *inventory_modules_of(const struct module_directory *directory,
                             size_t (*users)(void *arg, const struct module *module), void *arg,
                             const char *process);

#endif
