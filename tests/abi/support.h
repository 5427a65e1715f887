/*
 * Fixtures on disk: each test works on copies in a folder of its own, since the build tree may be
 * writable by others, which is what the loader refuses.
 */
#ifndef TESTS_ABI_SUPPORT_H
#define TESTS_ABI_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/** Make the folder; abi_folder is its path from then on. */
void abi_folder_make(void);
/** Remove it with everything in it. */
void abi_folder_remove(void);
extern char abi_folder[64];

/** @return the path of NAME in the folder; good for eight calls */
const char *abi_path(const char *name);
/** Copy the fixture `name` (without .so) into the folder as `as`. @return its path */
const char *abi_place(const char *name, const char *as);
/** Write a file of these bytes, mode 0644, by rename as an installer does. @return its path */
const char *abi_write(const char *as, const void *bytes, size_t len);
/** The bytes of a file. @return given, free() it */
uint8_t *abi_read(const char *path, size_t *len);

#endif
