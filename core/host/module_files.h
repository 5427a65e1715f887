/*
 * Which files the modules of a config come from, by their notes alone: nothing is loaded. Two such
 * lists tell which modules were replaced.
 */
#ifndef CORE_HOST_MODULE_FILES_H
#define CORE_HOST_MODULE_FILES_H

#include "conf/tree.h"
#include "module/load.h"

struct module_file {
    enum hawser_module_kind kind;
    char name[HAWSER_MODULE_NAME_SIZE];
    struct module_identity identity;
    uint32_t statement; /* the how-manieth load_module of its config, from 0 */
    uint32_t reserved;
};

/** Zero-initialised: none. */
struct module_files {
    struct module_file *items;
    size_t count;
};

/** Read the note of each file that a config loads; what is no module is left out. Short of memory
 * the list is short. Replaces what was there. */
void module_files_read(struct module_files *files, const struct conf_tree *tree,
                       const char *prefix);
void module_files_fini(struct module_files *files);
/** @return borrowed; NULL: none of that name */
const struct module_file *module_files_find(const struct module_files *files,
                                            enum hawser_module_kind kind, const char *name);
/** Its load_module. @param tree the config that the list was read from @return borrowed, or NULL */
const struct conf_node *module_files_place(const struct conf_tree *tree,
                                           const struct module_file *file);
/** Does the module come from another file in `after`? One that is in neither list, or in one alone,
 * was not replaced. @return 1 or 0 */
int module_files_differ(const struct module_files *before, const struct module_files *after,
                        enum hawser_module_kind kind, const char *name);

#endif
