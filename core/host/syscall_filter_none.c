/*
 * A build without libseccomp. See syscall_filter.h.
 */
#include <stddef.h>

#include "base/error.h"
#include "host/syscall_filter.h"

int syscall_filter_load(struct hawser_error *err)
{
    error_set(err, HAWSER_SYSTEM_CALL,
              "this hawser was built without libseccomp and cannot filter system calls; build it "
              "with libseccomp-dev, or remove the `seccomp` directive");
    return -1;
}

const char *syscall_filter_name(int number)
{
    (void)number;
    return NULL;
}
