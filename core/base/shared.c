/*
 * Sealed shared memory. See shared.h.
 */
#include "base/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

int shared_make(const struct shared_kind *kind, int *fd, struct hawser_error *err)
{
    *fd = memfd_create("hawser", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* sealed, for a process that shrank it would kill all others at their next access */
    if (*fd < 0 || ftruncate(*fd, (off_t)kind->size) != 0 ||
        pwrite(*fd, &kind->magic, sizeof(kind->magic), 0) != (ssize_t)sizeof(kind->magic) ||
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot make the memory of the %s",
                        kind->name);
        if (*fd >= 0) {
            (void)close(*fd); /* nothing is in it */
        }
        *fd = -1;
        return -1;
    }
    return 0;
}

static int check_memory(const struct shared_kind *kind, int fd, struct hawser_error *err)
{
    struct stat status;
    uint64_t magic = 0;
    if (fstat(fd, &status) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot look at the memory of the %s",
                        kind->name);
        return -1;
    }
    if (status.st_size != (off_t)kind->size ||
        pread(fd, &magic, sizeof(magic), 0) != (ssize_t)sizeof(magic) || magic != kind->magic) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "descriptor %d is no %s of this version", fd,
                  kind->name);
        return -1;
    }
    return 0;
}

void *shared_map(const struct shared_kind *kind, int fd, struct hawser_error *err)
{
    if (check_memory(kind, fd, err) != 0) {
        return NULL;
    }
    void *memory = mmap(NULL, kind->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot map the memory of the %s",
                        kind->name);
        return NULL;
    }
    return memory;
}

void shared_unmap(const struct shared_kind *kind, void *memory)
{
    (void)munmap(memory, kind->size); /* fails only for what was never mapped */
}
