/*
 * From a file to a module: who may have written it, its ELF note (read before anything of it runs),
 * a private copy, dlopen, the descriptor. Never unloads.
 */
#ifndef CORE_MODULE_LOAD_H
#define CORE_MODULE_LOAD_H

#include "conf/directive.h"
#include "hawser/error.h"
#include "hawser/module.h"

#define MODULE_BUILD_ID_MAX 20u

/** Which file it was: tells whether it was replaced. */
struct module_identity {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t mtime_ns;
    uint8_t build_id[MODULE_BUILD_ID_MAX]; /* zeros where there is none */
    uint32_t build_id_len;
    uint32_t reserved;
};

/** What the note says: all that may be known of a module without running it. */
struct module_description {
    struct hawser_module_note note;
    struct module_identity identity;
};

struct module {
    char *path; /* as given, absolute */
    struct module_description about;
    const struct hawser_module
        *descriptor;              /* inside the mapped object; lives as long as the process */
    struct conf_table directives; /* its rows, ready for conf_check_block */
    void *handle;
};

/**
 * Read the note of a file. Runs nothing of it.
 * @error MODULE_FILE (missing, not a regular file, others than root or this user may write it or
 * its folder), MODULE_FORMAT (not ELF, other machine, truncated, no note). The message says what to
 * do.
 */
int module_describe(const char *path, struct module_description *out,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
/** A description as text for people, `hawser -m`: a line each, and whether this host can use it.
 * @return 0, or -1: out of memory */
int module_describe_print(const struct module_description *about,
                          struct buf *out) HAWSER_MUST_CHECK;
/** May this host use a module of these numbers? @error MODULE_ABI: both versions, and which side to
 * rebuild or upgrade */
int module_abi_check(const struct hawser_module_note *note,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Load a module: describe, judge, copy, open, check the descriptor and the vtable's mandatory
 * slots.
 * @param path      absolute
 * @param copy_dir  folder of private copies, ours alone, made when missing: a copy stays for
 *                  debuggers until a later load finds its process gone; NULL: a temporary one, gone
 *                  when the module is open
 * @return          given, lives as long as the process needs it; NULL with err set
 */
struct module *module_load(const char *path, const char *copy_dir, struct hawser_error *err);
/** Forgets the struct; the code stays mapped. */
void module_forget(struct module *module);
/** @return 1: the file at the module's path is another one now */
int module_was_replaced(const struct module *module);
int module_identity_equal(const struct module_identity *a, const struct module_identity *b);

/**
 * The path of a `load_module` argument: absolute as it is; with a '/' relative to the prefix; a
 * bare name under module_path.
 * @return given, free() it; NULL: out of memory
 */
char *module_resolve(const char *word, const char *prefix, const char *module_path);

#endif
