/*
 * The descriptor of a module that is mapped: does it say what the note said, is all there that must
 * be. Reads never past what the module's own sizes tell.
 */
#ifndef CORE_MODULE_DESCRIPTOR_H
#define CORE_MODULE_DESCRIPTOR_H

#include "hawser/error.h"
#include "hawser/module.h"

/**
 * @param note  passed module_abi_check; its name is a valid one
 * @error MODULE_DESCRIPTOR: differs from the note; no vtable or one without a mandatory slot, which
 *        is named; a directive's row that cannot be used, which is named
 */
int descriptor_check(const struct hawser_module *module, const struct hawser_module_note *note,
                     struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
