/*
 * The inside of an instance, for instance.c and hostapi.c.
 */
#ifndef CORE_MODULE_INSTANCE_IMPL_H
#define CORE_MODULE_INSTANCE_IMPL_H

#include "base/list.h"
#include "base/obj.h"
#include "hawser/host.h"
#include "module/instance.h"

#define INSTANCE_MAGIC 0x696e7374u

/** A path made absolute: kept, because the module borrows it as long as the instance lives. */
struct instance_path {
    struct list node;
    char text[];
};

struct hawser_instance {
    OBJ_MAGIC_FIELD;
    uint32_t kind; /* enum hawser_module_kind */
    const struct module *module;
    const struct conf_node *block; /* NULL: empty */
    struct net_loop *loop;
    struct telemetry_writer *telemetry;
    struct session *session; /* adapters; NULL: none */
    struct list timers;
    struct list paths;
    char *prefix;
    char *name;
};

/** The instance behind the handle; ends the process when it is none. */
static inline struct hawser_instance *instance_of(struct hawser_instance *self)
{
    return OBJ_CAST(struct hawser_instance, self, INSTANCE_MAGIC);
}

/** Tables and context of the instance's block: the module's rows first, then the core's. */
uint32_t instance_context(const struct hawser_instance *instance);
void instance_tables(const struct hawser_instance *instance, struct conf_table tables[2]);

#endif
