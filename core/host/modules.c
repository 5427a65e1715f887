/*
 * load_module. See modules.h.
 */
#include "host/modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "conf/value.h"
#include "host/settings.h"

/* Judged by the note: nothing of a module that is not ours runs in this process. */
static int is_wanted(const struct modules_load *load, const char *path)
{
    struct module_description about;
    struct hawser_error err = HAWSER_ERROR_INIT;
    return load->only == 0 ||
           (module_describe(path, &about, &err) == 0 && about.note.kind == (uint32_t)load->only);
}

static void load_one(const struct modules_load *load, const struct conf_node *node,
                     const char *module_path)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char *path              = module_resolve(node->words[1], load->prefix, module_path);
    if (path == NULL) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "no memory to load \"%s\"", node->words[1]);
        load->refused(load->arg, node, &err);
        return;
    }
    if (load->before != NULL) {
        load->before(load->arg, node);
    }
    if (is_wanted(load, path) && module_directory_load(load->directory, path, &err) == NULL) {
        load->refused(load->arg, node, &err);
    }
    free(path);
}

void modules_load_all(const struct modules_load *load, const struct conf_tree *tree)
{
    const struct conf_node *node = NULL;
    const char *word             = settings_main_word(tree, "module_path");
    char *module_path =
        conf_value_path(word == NULL ? HAWSER_DEFAULT_MODULE_PATH : word, load->prefix);
    while ((node = conf_find(conf_tree_root(tree), "load_module", node)) != NULL) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        if (module_path == NULL) {
            error_set(&err, HAWSER_SYSTEM_MEMORY, "no memory for module_path");
            load->refused(load->arg, node, &err);
        } else if (node->word_count == 2) { /* else the tables say it */
            load_one(load, node, module_path);
        }
    }
    free(module_path);
}

static int is_adapter(const char *path, const char *adapter, struct module_identity *out)
{
    struct module_description about;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (path == NULL || module_describe(path, &about, &err) != 0 ||
        about.note.kind != HAWSER_ADAPTER ||
        strncmp(about.note.name, adapter, sizeof(about.note.name)) != 0) {
        return 0;
    }
    *out = about.identity;
    return 1;
}

int modules_identify(const struct conf_tree *tree, const char *prefix, const char *adapter,
                     struct module_identity *out)
{
    const struct conf_node *node = NULL;
    const char *word             = settings_main_word(tree, "module_path");
    char *module_path = conf_value_path(word == NULL ? HAWSER_DEFAULT_MODULE_PATH : word, prefix);
    int found         = 0;
    while (!found && (node = conf_find(conf_tree_root(tree), "load_module", node)) != NULL) {
        char *path =
            node->word_count == 2 ? module_resolve(node->words[1], prefix, module_path) : NULL;
        found = is_adapter(path, adapter, out);
        free(path);
    }
    free(module_path);
    return found ? 0 : -1;
}
