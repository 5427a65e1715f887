/*
 * An open module file and what may be known of it: shared by what describes and what loads.
 */
#ifndef CORE_MODULE_DESCRIBE_H
#define CORE_MODULE_DESCRIBE_H

#include "base/buf.h"
#include "module/load.h"

/** As module_describe, but leaves the file open. @return the descriptor, or -1 with err set */
int describe_open(const char *path, struct module_description *out,
                  struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
