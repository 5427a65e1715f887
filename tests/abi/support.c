/*
 * Fixtures on disk. See support.h.
 */
#include "abi/support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char abi_folder[64];

void abi_folder_make(void)
{
    (void)umask(022);
    memcpy(abi_folder, "/tmp/hawser-abi-XXXXXX", sizeof("/tmp/hawser-abi-XXXXXX"));
    if (mkdtemp(abi_folder) == NULL) {
        abort();
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void abi_folder_remove(void)
{
    if (nftw(abi_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0) {
        abort();
    }
}

const char *abi_path(const char *name)
{
    static char paths[8][256];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    int n      = snprintf(path, sizeof(paths[0]), "%s/%s", abi_folder, name);
    if (n < 0 || (size_t)n >= sizeof(paths[0])) {
        abort();
    }
    return path;
}

uint8_t *abi_read(const char *path, size_t *len)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        abort();
    }
    *len           = (size_t)st.st_size;
    uint8_t *bytes = malloc(*len + 1);
    if (bytes == NULL || fread(bytes, 1, *len, file) != *len) {
        abort();
    }
    (void)fclose(file); /* read only */
    return bytes;
}

const char *abi_write(const char *as, const void *bytes, size_t len)
{
    const char *path = abi_path(as);
    const char *part = abi_path("part");
    FILE *file       = fopen(part, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0 ||
        rename(part, path) != 0) {
        abort();
    }
    return path;
}

const char *abi_place(const char *name, const char *as)
{
    char from[512];
    size_t len = 0;
    int n      = snprintf(from, sizeof(from), "%s/%s.so", ABI_FIXTURES, name);
    if (n < 0 || (size_t)n >= sizeof(from)) {
        abort();
    }
    uint8_t *bytes   = abi_read(from, &len);
    const char *path = abi_write(as, bytes, len);
    free(bytes);
    return path;
}
