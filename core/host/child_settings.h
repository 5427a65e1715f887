/*
 * What a child takes from the master with each config: log and, once, privileges
 * and the filter of system calls.
 */
#ifndef CORE_HOST_CHILD_SETTINGS_H
#define CORE_HOST_CHILD_SETTINGS_H

#include <jansson.h>

/**
 * @param about     the body of CHANNEL_CONFIG
 * @param is_first  1: also become the config's user, and filter system calls where it says so
 * @return 0, or -1: the process may not go on (told in the log)
 */
int child_settings_take(const json_t *about, int is_first);

#endif
