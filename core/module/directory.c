/*
 * The modules of a process. A replaced file becomes one more entry; the newest of a name counts.
 */
#include "module/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "module/abi.h"

#define MOST_MODULES 1024u /* each reload of a replaced file adds one, for the process's life */

struct module_directory {
    struct module **modules; /* in the order of loading */
    size_t count;
    char *copy_dir;
};

struct module_directory *module_directory_create(void)
{
    return calloc(1, sizeof(struct module_directory));
}

void module_directory_destroy(struct module_directory *directory)
{
    if (directory == NULL) {
        return;
    }
    for (size_t i = 0; i < directory->count; i++) {
        module_forget(directory->modules[i]);
    }
    free(directory->modules);
    free(directory->copy_dir);
    free(directory);
}

int module_directory_set_copy_dir(struct module_directory *directory, const char *path)
{
    char *copy = path == NULL ? NULL : strdup(path);
    if (path != NULL && copy == NULL) {
        return -1;
    }
    free(directory->copy_dir);
    directory->copy_dir = copy;
    return 0;
}

static struct module *find_same(const struct module_directory *directory,
                                const struct module_identity *identity)
{
    for (size_t i = directory->count; i > 0; i--) {
        if (module_identity_equal(&directory->modules[i - 1]->about.identity, identity)) {
            return directory->modules[i - 1];
        }
    }
    return NULL;
}

static int check_room(const struct module_directory *directory, const char *path,
                      const struct hawser_module_note *note, struct hawser_error *err)
{
    if (directory->count >= MOST_MODULES) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "%s: %u modules are loaded already", path,
                  MOST_MODULES);
        return -1;
    }
    const struct module *other =
        module_directory_find(directory, (enum hawser_module_kind)note->kind, note->name);
    if (other != NULL && strcmp(other->path, path) != 0) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "%s: %s is loaded already as %s \"%s\"; load one of the two", path, other->path,
                  abi_kind_name(note->kind), note->name);
        return -1;
    }
    return 0;
}

static int add(struct module_directory *directory, struct module *module, struct hawser_error *err)
{
    struct module **grown =
        realloc(directory->modules, (directory->count + 1) * sizeof(struct module *));
    if (grown == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a module");
        return -1;
    }
    directory->modules                     = grown;
    directory->modules[directory->count++] = module;
    return 0;
}

struct module *module_directory_load(struct module_directory *directory, const char *path,
                                     struct hawser_error *err)
{
    struct module_description about;
    if (module_describe(path, &about, err) != 0) {
        return NULL;
    }
    struct module *module = find_same(directory, &about.identity);
    if (module != NULL) {
        return module;
    }
    if (check_room(directory, path, &about.note, err) != 0) {
        return NULL;
    }
    module = module_load(path, directory->copy_dir, err);
    if (module == NULL) {
        return NULL;
    }
    if (add(directory, module, err) != 0) {
        module_forget(module);
        return NULL;
    }
    return module;
}

struct module *module_directory_find(const struct module_directory *directory,
                                     enum hawser_module_kind kind, const char *name)
{
    for (size_t i = directory->count; i > 0; i--) {
        struct module *module = directory->modules[i - 1];
        if (module->about.note.kind == (uint32_t)kind &&
            strcmp(module->about.note.name, name) == 0) {
            return module;
        }
    }
    return NULL;
}

void module_directory_names(const struct module_directory *directory, enum hawser_module_kind kind,
                            struct buf *out)
{
    const char *separator = "";
    for (size_t i = 0; i < directory->count; i++) {
        const struct module *module = directory->modules[i];
        if (module->about.note.kind != (uint32_t)kind ||
            module_directory_find(directory, kind, module->about.note.name) != module) {
            continue; /* of replaced ones the newest stands for all */
        }
        if (buf_printf(out, "%s%s", separator, module->about.note.name) != 0) {
            return; /* the list only helps an error along */
        }
        separator = ", ";
    }
}

void module_directory_each(const struct module_directory *directory,
                           void (*fn)(void *arg, const struct module *module), void *arg)
{
    for (size_t i = 0; i < directory->count; i++) {
        fn(arg, directory->modules[i]);
    }
}
