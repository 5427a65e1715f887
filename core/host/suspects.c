/*
 * Who is named in crashes. See suspects.h.
 */
#include "host/suspects.h"

#include <stdio.h>
#include <string.h>

/* Counts the crashes of a module, of one session of it or of all; or forgets them. */
static uint32_t each(struct suspects *suspects, const char *module, const char *session,
                     clock_ns_t since, int forget)
{
    uint32_t count = 0;
    for (size_t i = 0; i < SUSPECTS_CRASHES_MAX; i++) {
        struct suspects_crash *crash = &suspects->crashes[i];
        if (crash->at != 0 && crash->at >= since && strcmp(crash->module, module) == 0 &&
            (session == NULL || strcmp(crash->session, session) == 0)) {
            count++;
            crash->at = forget ? 0 : crash->at;
        }
    }
    return count;
}

enum suspects_verdict suspects_note(struct suspects *suspects, const struct suspects_limits *limits,
                                    const char *module, const char *session, clock_ns_t now)
{
    struct suspects_crash *crash = &suspects->crashes[suspects->next++ % SUSPECTS_CRASHES_MAX];
    clock_ns_t since             = now - limits->within;
    *crash                       = (struct suspects_crash){.at = now};
    (void)snprintf(crash->module, sizeof(crash->module), "%s", module); /* fit */
    (void)snprintf(crash->session, sizeof(crash->session), "%s", session);
    if (limits->most == 0) {
        return SUSPECTS_NOBODY;
    }
    if (each(suspects, module, session, since, 0) >= limits->most) {
        (void)each(suspects, module, session, 0, 1); /* how many does not matter */
        return SUSPECTS_SESSION;
    }
    if (each(suspects, module, NULL, since, 0) >= limits->most) {
        (void)each(suspects, module, NULL, 0, 1);
        return SUSPECTS_ADAPTER;
    }
    return SUSPECTS_NOBODY;
}
