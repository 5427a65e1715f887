/*
 * The modules that a process has loaded, by kind and name.
 */
#ifndef CORE_MODULE_DIRECTORY_H
#define CORE_MODULE_DIRECTORY_H

#include "module/load.h"

struct module_directory;

struct module_directory *module_directory_create(void);
void module_directory_destroy(struct module_directory *directory);
/** Where private copies go; copied; NULL, as at first: a temporary folder for each. @return 0, or
 * -1: out of memory */
int module_directory_set_copy_dir(struct module_directory *directory,
                                  const char *path) HAWSER_MUST_CHECK;
/**
 * Load a file unless the same file (by identity) is in already; a replaced file is loaded beside
 * its old version and takes its name.
 * @return borrowed from the directory; NULL with err set (another module of that kind and name from
 * another path is an error)
 */
struct module *module_directory_load(struct module_directory *directory, const char *path,
                                     struct hawser_error *err);
/** The newest module of that kind and name. @return borrowed, or NULL */
struct module *module_directory_find(const struct module_directory *directory,
                                     enum hawser_module_kind kind, const char *name);
/** Names of that kind, for errors: "deribit, generic". */
void module_directory_names(const struct module_directory *directory, enum hawser_module_kind kind,
                            struct buf *out);
void module_directory_each(const struct module_directory *directory,
                           void (*fn)(void *arg, const struct module *module), void *arg);

#endif
