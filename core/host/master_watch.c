/*
 * What the master sees of a child from outside: what it does in modules, and what it was doing when
 * it died. See master.h.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/master.h"

int master_watch_prepare(struct master_child *child, struct hawser_error *err)
{
    if (child->watch != NULL) {
        watch_clear(child->watch);
        return 0;
    }
    if (watch_make(&child->watch_fd, err) != 0) {
        return -1;
    }
    child->watch = watch_attach(child->watch_fd, err);
    if (child->watch == NULL) {
        (void)close(child->watch_fd); /* nothing is in it */
        child->watch_fd = -1;
        return -1;
    }
    return 0;
}

void master_watch_fini(struct master_child *child)
{
    if (child->watch != NULL) {
        watch_detach(child->watch);
        (void)close(child->watch_fd); /* memory alone */
        child->watch = NULL;
    }
}

const char *master_watch_words(const struct watch_call *call, char *out, size_t size)
{
    static const char *const kinds[] = {"instance", "session", "output", "telemetry"};
    const char *kind = call->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[call->kind] : "?";
    (void)snprintf(out, size, "module %s, %s=%s, in its `%s`", call->module, kind, call->name,
                   watch_slot_name(call->slot)); /* fits */
    return out;
}
