/*
 * Reads a module's ELF note without mapping or running any of the file. Pure: bytes in, note or
 * reason out; every offset in the file is mistrusted.
 */
#ifndef CORE_MODULE_NOTE_H
#define CORE_MODULE_NOTE_H

#include "hawser/error.h"
#include "hawser/module.h"
#include "module/load.h"

/** Where the ELF object is: an open file, or memory when `bytes` is not NULL. */
struct note_source {
    const uint8_t *bytes;
    uint64_t size; /* of the file or the memory [bytes] */
    int fd;
};

/** What was found. */
struct note_found {
    struct hawser_module_note note; /* name and version end in NUL, and are empty where they are no
                                       printable text */
    uint8_t build_id[MODULE_BUILD_ID_MAX];
    uint32_t build_id_len; /* 0: none */
    uint32_t note_count;   /* Hawser notes in the file; the first is in `note` */
};

/**
 * Read the notes of an ELF object of this machine.
 *
 * @error MODULE_FORMAT: not ELF, of another machine, truncated, without a Hawser note or with more
 *        than one; SYSTEM_CALL: the file cannot be read. Numbers in the note are not judged here.
 * @source System V ABI, ELF header, program header and note section
 */
int note_read(const struct note_source *source, struct note_found *out,
              struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
