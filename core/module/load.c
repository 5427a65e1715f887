/*
 * From a file to a module: describe, judge, copy, open, check. Until dlopen nothing of the file
 * runs; after it nothing is closed again, because what a constructor left behind (threads,
 * thread-local destructors, callbacks) may still need the code.
 */
#include "module/load.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "module/abi.h"
#include "module/copy.h"
#include "module/describe.h"
#include "module/descriptor.h"
#include "module/note.h"

/* The copy is what will run, so the copy is what has to pass. */
static int check_copy(const struct copy *copy, const struct module_description *about,
                      struct hawser_error *err)
{
    struct note_found found;
    struct note_source source = {.size = about->identity.size,
                                 .fd   = open(copy->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (source.fd < 0) {
        error_set(err, HAWSER_MODULE_FILE, "its copy %s cannot be opened", copy->path);
        return -1;
    }
    int rc = note_read(&source, &found, err);
    (void)close(source.fd); /* read only */
    if (rc == 0 && memcmp(&found.note, &about->note, sizeof(found.note)) != 0) {
        error_set(err, HAWSER_MODULE_FILE,
                  "changed while it was copied: install modules by renaming a finished file");
        rc = -1;
    }
    return rc;
}

/* The user knows the module's path, not its copy's, which dlerror begins with. */
static const char *open_failure(const struct copy *copy)
{
    const char *text = dlerror();
    size_t len       = strlen(copy->path);
    if (text == NULL) {
        return "no reason given";
    }
    if (strncmp(text, copy->path, len) == 0 && strncmp(text + len, ": ", 2) == 0) {
        text += len + 2;
    }
    return text;
}

static int open_copy(struct module *module, const struct copy *copy, struct hawser_error *err)
{
    module->handle = dlopen(copy->path, RTLD_NOW | RTLD_LOCAL);
    if (module->handle == NULL) {
        error_set(err, HAWSER_MODULE_OPEN,
                  "%s (`ldd -r %s` lists what it does not find; link modules with -Wl,-z,defs)",
                  open_failure(copy), module->path);
        return -1;
    }
    module->descriptor = dlsym(module->handle, "hawser_module");
    if (module->descriptor == NULL) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "exports no symbol hawser_module: define `HAWSER_EXPORT const struct "
                  "hawser_module hawser_module`");
        return -1;
    }
    return descriptor_check(module->descriptor, &module->about.note, err);
}

static int copy_and_open(struct module *module, int fd, const char *copy_dir,
                         struct hawser_error *err)
{
    struct copy copy;
    if (!abi_name_is_valid(module->about.note.name)) { /* it becomes part of a path */
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "\"%s\" is no name for a module: [a-z][a-z0-9_]*, at most 31 bytes",
                  module->about.note.name);
        return -1;
    }
    if (copy_make(fd, module->about.identity.size, copy_dir, module->about.note.name, &copy, err) !=
        0) {
        return -1;
    }
    if (check_copy(&copy, &module->about, err) != 0 || open_copy(module, &copy, err) != 0) {
        copy_discard(&copy);
        return -1;
    }
    copy_opened(&copy);
    return 0;
}

struct module *module_load(const char *path, const char *copy_dir, struct hawser_error *err)
{
    int fd                = -1;
    struct module *module = calloc(1, sizeof(*module));
    if (module == NULL || (module->path = strdup(path)) == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a module");
        goto fail;
    }
    fd = describe_open(path, &module->about, err);
    if (fd < 0) {
        goto fail;
    }
    if (module_abi_check(&module->about.note, err) != 0 ||
        copy_and_open(module, fd, copy_dir, err) != 0) {
        error_prefix(err, "%s", path);
        goto fail;
    }
    module->directives = (struct conf_table){
        .rows     = module->descriptor->directives,
        .count    = module->descriptor->directive_count,
        .row_size = module->descriptor->directive_size,
    };
    (void)close(fd); /* read only */
    return module;
fail:
    if (fd >= 0) {
        (void)close(fd); /* read only */
    }
    module_forget(module);
    return NULL;
}

void module_forget(struct module *module)
{
    if (module == NULL) {
        return;
    }
    free(module->path);
    free(module); /* not its handle: see the top */
}

static char *join(const char *folder, const char *name)
{
    char *joined = NULL;
    if (asprintf(&joined, "%s/%s", folder, name) < 0) {
        return NULL;
    }
    return joined;
}

char *module_resolve(const char *word, const char *prefix, const char *module_path)
{
    if (word[0] == '/') {
        return strdup(word);
    }
    if (strchr(word, '/') != NULL || module_path == NULL) {
        return join(prefix, word);
    }
    if (module_path[0] == '/') {
        return join(module_path, word);
    }
    char *folder = join(prefix, module_path);
    char *path   = folder == NULL ? NULL : join(folder, word);
    free(folder);
    return path;
}
