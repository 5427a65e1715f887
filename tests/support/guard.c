/*
 * Guard pages. See guard.h.
 */
#include "support/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t span(size_t len)
{
    size_t page = page_bytes();
    return (len + page - 1) / page * page;
}

struct hawser_slice guard_copy(const void *bytes, size_t len)
{
    size_t readable = span(len);
    char *base      = mmap(NULL, readable + page_bytes(), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + readable, page_bytes(), PROT_NONE) != 0) {
        abort();
    }
    char *at = base + readable - len;
    if (len > 0) {
        memcpy(at, bytes, len);
    }
    return (struct hawser_slice){at, len};
}

void guard_free(struct hawser_slice copy)
{
    size_t readable = span(copy.len);
    char *base      = (char *)(uintptr_t)copy.data + copy.len - readable;
    if (munmap(base, readable + page_bytes()) != 0) {
        abort();
    }
}
