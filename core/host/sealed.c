/*
 * Sealed configs. See sealed.h.
 */
#include "host/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static int write_all(int fd, struct hawser_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.data, bytes.len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -1;
        }
        bytes.data += done;
        bytes.len -= (size_t)done;
    }
    return 0;
}

int sealed_create(const struct conf_tree *tree, struct hawser_error *err)
{
    struct buf bytes = {0};
    int fd           = -1;
    if (conf_encode(tree, &bytes) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to hand the configuration on");
        goto fail;
    }
    fd = memfd_create("hawser-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write_all(fd, buf_slice(&bytes)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot hand the configuration on");
        goto fail;
    }
    buf_cleanse(&bytes); /* headers and logins at proxies are in it */
    return fd;
fail:
    buf_cleanse(&bytes);
    if (fd >= 0) {
        (void)close(fd); /* memory alone */
    }
    return -1;
}

struct conf_tree *sealed_read(int fd, struct hawser_error *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size <= 0) {
        error_set(err, HAWSER_SYSTEM_CALL, "the configuration did not arrive");
        return NULL;
    }
    size_t len  = (size_t)about.st_size;
    void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot read the configuration");
        return NULL;
    }
    struct conf_tree *tree = conf_decode((struct hawser_slice){bytes, len}, err);
    (void)munmap(bytes, len); /* cannot fail on what was mapped just now */
    if (tree != NULL && conf_tree_hide(tree) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to mask the configuration's secrets");
        conf_tree_destroy(tree);
        return NULL;
    }
    return tree;
}
