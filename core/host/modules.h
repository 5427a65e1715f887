/*
 * The load_module statements of a config, carried out.
 */
#ifndef CORE_HOST_MODULES_H
#define CORE_HOST_MODULES_H

#include "conf/tree.h"
#include "module/directory.h"

struct modules_load {
    struct module_directory *directory;
    const char *prefix;
    enum hawser_module_kind
        only; /* load modules of this kind alone, judged by their notes; 0: all */
    void *arg;
    /** Told before each file is opened. May be NULL. */
    void (*before)(void *arg, const struct conf_node *node);
    /** A file is refused. @param err borrowed for the call */
    void (*refused)(void *arg, const struct conf_node *node, const struct hawser_error *err);
};

/** Load every module that a config names; those that are there already are left alone. */
void modules_load_all(const struct modules_load *load, const struct conf_tree *tree);
/** Which file an adapter of a config comes from now, by the notes alone: nothing is loaded. @return
 * 0; -1: none says that it is this adapter */
int modules_identify(const struct conf_tree *tree, const char *prefix, const char *adapter,
                     struct module_identity *out);

#endif
