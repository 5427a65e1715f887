/*
 * A module whose note tells of a descriptor smaller than any that ever was.
 */
#include <stdlib.h>

#include "hawser/module.h"

__attribute__((section(".note.hawser"), used,
               aligned(4))) static const struct hawser_module_note note = {
    .name_size   = sizeof(HAWSER_NOTE_NAME),
    .desc_size   = sizeof(struct hawser_module_note) - offsetof(struct hawser_module_note, magic),
    .type        = HAWSER_NOTE_TYPE,
    .owner       = HAWSER_NOTE_NAME,
    .magic       = HAWSER_MODULE_MAGIC,
    .abi_major   = HAWSER_ABI_MAJOR,
    .struct_size = 24,
    .kind        = HAWSER_ADAPTER,
    .name        = "small",
    .version     = "1.2.3",
};

__attribute__((constructor)) static void crash(void)
{
    abort();
}
