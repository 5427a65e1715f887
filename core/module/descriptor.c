/*
 * Judges a descriptor once, at load, so that nothing later has to ask whether a slot is there that
 * must be.
 */
#include "module/descriptor.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "hawser/adapter.h"
#include "hawser/output.h"
#include "hawser/telemetry.h"
#include "module/abi.h"

#define MOST_DIRECTIVES     1024u
#define MOST_DIRECTIVE_SIZE 4096u

static int same_as_note(const struct hawser_module *module, const struct hawser_module_note *note,
                        struct hawser_error *err)
{
    const char *what = NULL;
    if (module->magic != note->magic) {
        what = "magic number";
    } else if (module->abi_major != note->abi_major || module->abi_minor != note->abi_minor) {
        what = "ABI version";
    } else if (module->struct_size != note->struct_size) {
        what = "struct_size";
    } else if (module->kind != note->kind) {
        what = "kind";
    } else if (module->name == NULL || strcmp(module->name, note->name) != 0) {
        what = "name";
    } else if (module->version == NULL || strcmp(module->version, note->version) != 0) {
        what = "version";
    }
    if (what != NULL) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "its ELF note and its descriptor differ in %s: begin the descriptor with "
                  "HAWSER_MODULE_HEAD and give HAWSER_MODULE_NOTE the same values",
                  what);
        return -1;
    }
    return 0;
}

static const char *missing_of_adapter(const struct hawser_adapter *table)
{
    return !HAWSER_HAS(table, create)    ? "create"
           : !HAWSER_HAS(table, destroy) ? "destroy"
           : !HAWSER_HAS(table, message) ? "message"
                                         : NULL;
}

static const char *missing_of_output(const struct hawser_output *table)
{
    return !HAWSER_HAS(table, create)    ? "create"
           : !HAWSER_HAS(table, destroy) ? "destroy"
           : !HAWSER_HAS(table, write)   ? "write"
                                         : NULL;
}

static const char *missing_of_telemetry(const struct hawser_telemetry *table)
{
    return !HAWSER_HAS(table, create)                            ? "create"
           : !HAWSER_HAS(table, destroy)                         ? "destroy"
           : !HAWSER_HAS(table, flush)                           ? "flush"
           : table->event_mask != 0 && !HAWSER_HAS(table, event) ? "event (its event_mask is not 0)"
                                                                 : NULL;
}

static int check_vtable(const struct hawser_module *module, struct hawser_error *err)
{
    const char *missing = NULL;
    if (module->vtable.any == NULL) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR, "its descriptor has no vtable: set .vtable.%s",
                  abi_kind_name(module->kind));
        return -1;
    }
    switch (module->kind) {
    case HAWSER_ADAPTER:
        missing = missing_of_adapter(module->vtable.adapter);
        break;
    case HAWSER_OUTPUT:
        missing = missing_of_output(module->vtable.output);
        break;
    default:
        missing = missing_of_telemetry(module->vtable.telemetry);
        break;
    }
    if (missing != NULL) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "its vtable of %" PRIu32 " bytes has no function in the slot `%s`, which every "
                  "%s has: fill it in (and set .struct_size)",
                  *(const uint32_t *)module->vtable.any, missing, abi_kind_name(module->kind));
        return -1;
    }
    return 0;
}

static const char *fault_of_choices(const struct hawser_directive *row)
{
    switch (row->type) {
    case HAWSER_VALUE_CHOICE:
    case HAWSER_VALUE_OPTIONS:
        return row->choices == NULL ? "CHOICE and OPTIONS need `choices`" : NULL;
    case HAWSER_VALUE_NUMBER:
    case HAWSER_VALUE_TIME:
    case HAWSER_VALUE_SIZE:
        return NULL; /* words that stand for 0, or none */
    default:
        return row->choices != NULL ? "`choices` do not belong to its type" : NULL;
    }
}

static const char *fault_of_row(const struct hawser_directive *row, uint32_t allowed)
{
    if (row->contexts == 0 || (row->contexts & ~allowed) != 0) {
        return allowed == HAWSER_IN_SESSION ? "an adapter's directives stand in HAWSER_IN_SESSION"
                                            : "a module's directives stand in HAWSER_IN_BLOCK";
    }
    if (row->type >= HAWSER_VALUE_COUNT) {
        return "its type is unknown to this host";
    }
    if (row->min_args > row->max_args) {
        return "min_args is greater than max_args";
    }
    if (row->min > row->max) {
        return "min is greater than max";
    }
    if ((row->flags & HAWSER_DIRECTIVE_BLOCK) != 0) {
        return "a module's directive cannot be a block";
    }
    return fault_of_choices(row);
}

static const char *row_name(const struct hawser_module *module, uint32_t index)
{
    const char *rows = (const char *)module->directives;
    const char *name = NULL;
    memcpy(&name, rows + (size_t)index * module->directive_size, sizeof(name));
    return name;
}

static int check_row(const struct hawser_module *module, uint32_t index, struct hawser_error *err)
{
    const char *rows            = (const char *)module->directives;
    struct hawser_directive row = {.name = NULL};
    size_t known = module->directive_size < sizeof(row) ? module->directive_size : sizeof(row);
    memcpy(&row, rows + (size_t)index * module->directive_size, known);
    if (row.name == NULL || !abi_name_is_valid(row.name)) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "row %" PRIu32 " of its directives has no usable name ([a-z][a-z0-9_]*): is "
                  "directive_count right?",
                  index);
        return -1;
    }
    const char *fault =
        fault_of_row(&row, module->kind == HAWSER_ADAPTER ? HAWSER_IN_SESSION : HAWSER_IN_BLOCK);
    for (uint32_t i = 0; i < index && fault == NULL; i++) {
        if (strcmp(row_name(module, i), row.name) == 0) {
            fault = "it is there twice";
        }
    }
    if (fault != NULL) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR, "its directive `%s` cannot be used: %s", row.name,
                  fault);
        return -1;
    }
    return 0;
}

static int check_directives(const struct hawser_module *module, struct hawser_error *err)
{
    if (module->directive_count == 0) {
        return 0;
    }
    if (module->directives == NULL || module->directive_count > MOST_DIRECTIVES) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR, "its descriptor has %" PRIu32 " directives %s",
                  module->directive_count,
                  module->directives == NULL ? "and no rows of them" : "(at most 1024)");
        return -1;
    }
    if (module->directive_size < ABI_DIRECTIVE_SIZE ||
        module->directive_size > MOST_DIRECTIVE_SIZE ||
        module->directive_size % _Alignof(struct hawser_directive) != 0) {
        error_set(err, HAWSER_MODULE_DESCRIPTOR,
                  "its directives have %" PRIu32 " bytes each, ABI %u.%u has %zu: begin the "
                  "descriptor with HAWSER_MODULE_HEAD",
                  module->directive_size, (unsigned)module->abi_major, (unsigned)module->abi_minor,
                  ABI_DIRECTIVE_SIZE);
        return -1;
    }
    for (uint32_t i = 0; i < module->directive_count; i++) {
        if (check_row(module, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int descriptor_check(const struct hawser_module *module, const struct hawser_module_note *note,
                     struct hawser_error *err)
{
    if (same_as_note(module, note, err) != 0 || check_vtable(module, err) != 0 ||
        check_directives(module, err) != 0) {
        return -1;
    }
    return 0;
}
