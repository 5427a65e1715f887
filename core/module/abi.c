/*
 * May this host use a module of these numbers, and if not, who has to do what.
 */
#include "module/abi.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "module/load.h"

static const char *const KINDS[] = {
    [HAWSER_ADAPTER] = "adapter", [HAWSER_OUTPUT] = "output", [HAWSER_TELEMETRY] = "telemetry"};
#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

const char *abi_kind_name(uint32_t kind)
{
    return kind < KIND_COUNT && KINDS[kind] != NULL ? KINDS[kind] : "?";
}

int abi_name_is_valid(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[0] >= 'a' && name[0] <= 'z' && name[len] == '\0' && len < HAWSER_MODULE_NAME_SIZE;
}

static int check_version(const struct hawser_module_note *note, struct hawser_error *err)
{
    int newer = note->abi_major > HAWSER_ABI_MAJOR ||
                (note->abi_major == HAWSER_ABI_MAJOR && note->abi_minor > HAWSER_ABI_MINOR);
    if (note->abi_major == HAWSER_ABI_MAJOR && !newer) {
        return 0;
    }
    error_set(err, HAWSER_MODULE_ABI,
              "built for ABI %u.%u, this host offers %u.%u: rebuild the module against this host's "
              "hawser/module.h%s",
              (unsigned)note->abi_major, (unsigned)note->abi_minor, (unsigned)HAWSER_ABI_MAJOR,
              (unsigned)HAWSER_ABI_MINOR, newer ? ", or upgrade hawser" : "");
    return -1;
}

int module_abi_check(const struct hawser_module_note *note, struct hawser_error *err)
{
    if (note->magic != HAWSER_MODULE_MAGIC) {
        error_set(err, HAWSER_MODULE_ABI,
                  "magic number is %08" PRIx32 ", not %08x: emit it by HAWSER_MODULE_NOTE and "
                  "HAWSER_MODULE_HEAD",
                  note->magic, HAWSER_MODULE_MAGIC);
        return -1;
    }
    if (check_version(note, err) != 0) {
        return -1;
    }
    if (note->struct_size < ABI_MODULE_SIZE) {
        error_set(err, HAWSER_MODULE_ABI,
                  "its descriptor has %" PRIu32 " bytes, ABI %u.%u has at least %zu: rebuild the "
                  "module against this host's hawser/module.h",
                  note->struct_size, (unsigned)note->abi_major, (unsigned)note->abi_minor,
                  ABI_MODULE_SIZE);
        return -1;
    }
    if (strcmp(abi_kind_name(note->kind), "?") == 0) {
        error_set(err, HAWSER_MODULE_ABI,
                  "kind %" PRIu32 " is unknown to this host: adapter is %d, output %d, telemetry "
                  "%d",
                  note->kind, HAWSER_ADAPTER, HAWSER_OUTPUT, HAWSER_TELEMETRY);
        return -1;
    }
    return 0;
}
