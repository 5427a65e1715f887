/*
 * Capabilities by the kernel's own calls: five lines of them are not worth a library.
 * See capabilities.h and capabilities(7).
 */
#include "host/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

#define BIT(capability) (UINT64_C(1) << (capability))

uint64_t capabilities_of_master(void)
{
    return BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_KILL);
}

uint64_t capabilities_of_user_change(void)
{
    return BIT(CAP_SETUID) | BIT(CAP_SETGID);
}

/* What no program that we start can get back, however it is marked. Without CAP_SETPCAP there is
 * nothing to give up here; a capability that this kernel does not know ends the row. */
static void drop_bounding(uint64_t kept)
{
    for (unsigned long i = 0; i < 64; i++) {
        if ((kept & BIT(i)) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) {
            return;
        }
    }
}

int capabilities_keep(uint64_t kept, struct hawser_error *err)
{
    struct __user_cap_header_struct head   = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct parts[2] = {{0}, {0}};
    if (syscall(SYS_capget, &head, parts) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot read this process's capabilities");
        return -1;
    }
    drop_bounding(kept);
    /* Fails on kernels that have no ambient set, which then is empty. */
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int i = 0; i < 2; i++) {
        uint32_t part        = (uint32_t)(kept >> (32 * i));
        parts[i].permitted   = parts[i].permitted & part;
        parts[i].effective   = parts[i].permitted;
        parts[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &head, parts) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot give up capabilities");
        return -1;
    }
    return 0;
}
