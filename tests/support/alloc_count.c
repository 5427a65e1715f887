/*
 * See alloc_count.h. glibc lets a program define the allocator's functions itself, and then every
 * library in it uses those.
 */
#include "support/alloc_count.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

static _Thread_local int counts;
static _Thread_local uint64_t count;

static void count_one(void)
{
    count += counts != 0;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif

#if defined(UNDER_ASAN)

/* of sanitizer/allocator_interface.h, which not every compiler brings */
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
                                                                       size_t),
                                                     void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *ptr, size_t size)
{
    (void)ptr;
    (void)size;
    count_one();
}

static void on_free(const volatile void *ptr)
{
    (void)ptr;
}

__attribute__((constructor)) static void install(void)
{
    if (__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) == 0) {
        abort();
    }
}

#else

/* glibc's own, under the names that stay when ours take theirs */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t items, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size)
{
    count_one();
    return __libc_calloc(items, size);
}

void *realloc(void *ptr, size_t size)
{
    count_one();
    return __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_one();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    count_one();
    *out = __libc_memalign(alignment, size);
    return *out == NULL ? ENOMEM : 0;
}

#endif

void alloc_count_start(void)
{
    count  = 0;
    counts = 1;
}

uint64_t alloc_count_now(void)
{
    return count;
}

uint64_t alloc_count_stop(void)
{
    counts = 0;
    return count;
}
