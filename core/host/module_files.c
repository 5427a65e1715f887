/*
 * Notes of module files. See module_files.h.
 */
#include "host/module_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "conf/value.h"
#include "host/settings.h"

static void add(struct module_files *files, uint32_t statement, const char *path)
{
    struct module_description about;
    struct hawser_error unused = HAWSER_ERROR_INIT;
    if (path == NULL || module_describe(path, &about, &unused) != 0) {
        return; /* the checker tells what is wrong with it */
    }
    struct module_file *more = realloc(files->items, (files->count + 1) * sizeof(*more));
    if (more == NULL) {
        return;
    }
    files->items             = more;
    struct module_file *file = &files->items[files->count++];
    *file = (struct module_file){.kind      = (enum hawser_module_kind)about.note.kind,
                                 .identity  = about.identity,
                                 .statement = statement};
    (void)snprintf(file->name, sizeof(file->name), "%.*s", (int)sizeof(about.note.name) - 1,
                   about.note.name);
}

void module_files_read(struct module_files *files, const struct conf_tree *tree, const char *prefix)
{
    const struct conf_node *node = NULL;
    const char *word             = settings_main_word(tree, "module_path");
    char *module_path  = conf_value_path(word == NULL ? HAWSER_DEFAULT_MODULE_PATH : word, prefix);
    uint32_t statement = 0;
    module_files_fini(files);
    while (module_path != NULL &&
           (node = conf_find(conf_tree_root(tree), "load_module", node)) != NULL) {
        char *path =
            node->word_count == 2 ? module_resolve(node->words[1], prefix, module_path) : NULL;
        add(files, statement++, path);
        free(path);
    }
    free(module_path);
}

void module_files_fini(struct module_files *files)
{
    free(files->items);
    *files = (struct module_files){0};
}

const struct module_file *module_files_find(const struct module_files *files,
                                            enum hawser_module_kind kind, const char *name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (files->items[i].kind == kind && strcmp(files->items[i].name, name) == 0) {
            return &files->items[i];
        }
    }
    return NULL;
}

const struct conf_node *module_files_place(const struct conf_tree *tree,
                                           const struct module_file *file)
{
    const struct conf_node *node = NULL;
    for (uint32_t i = 0; i <= file->statement; i++) {
        node = conf_find(conf_tree_root(tree), "load_module", node);
        if (node == NULL) {
            return NULL;
        }
    }
    return node;
}

int module_files_differ(const struct module_files *before, const struct module_files *after,
                        enum hawser_module_kind kind, const char *name)
{
    const struct module_file *old = module_files_find(before, kind, name);
    const struct module_file *new = module_files_find(after, kind, name);
    return old != NULL && new != NULL && !module_identity_equal(&old->identity, &new->identity);
}
