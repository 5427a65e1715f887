/*
 * The names and numbers of a module: grammar of names, kinds as words, and what version 1.0 of the
 * ABI had. module_abi_check itself is declared in load.h.
 */
#ifndef CORE_MODULE_ABI_H
#define CORE_MODULE_ABI_H

#include "hawser/directive.h"
#include "hawser/module.h"

/** Sizes at version 1.0: no struct of this major is ever smaller. */
#define ABI_MODULE_SIZE                                                                            \
    (offsetof(struct hawser_module, vtable) + sizeof(((struct hawser_module *)0)->vtable))
#define ABI_DIRECTIVE_SIZE                                                                         \
    (offsetof(struct hawser_directive, max_args) + sizeof(((struct hawser_directive *)0)->max_args))

/** @return "adapter", "output", "telemetry"; "?" for a number that is none */
const char *abi_kind_name(uint32_t kind);
/** [a-z][a-z0-9_]*, at most 31 bytes. @return 1 or 0 */
int abi_name_is_valid(const char *name);

#endif
