/*
 * The conf_* functions of the host table: an instance's own block, read through its rows.
 */
#ifndef CORE_MODULE_HOSTAPI_CONF_H
#define CORE_MODULE_HOSTAPI_CONF_H

#include "hawser/host.h"

const char *hostapi_conf_string(struct hawser_instance *self, const char *directive);
int64_t hostapi_conf_number(struct hawser_instance *self, const char *directive);
size_t hostapi_conf_count(struct hawser_instance *self, const char *directive);
size_t hostapi_conf_words(struct hawser_instance *self, const char *directive, size_t n,
                          const char *const **words);

#endif
