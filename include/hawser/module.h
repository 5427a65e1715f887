/*
 * The descriptor that a module exports, and the ABI it was built against. A module is one shared
 * object with one exported symbol, `hawser_module`, and an ELF note of the same numbers, which the
 * host reads and judges before it maps the file.
 *
 * ABI change log (the version is this header's, apart from the release of Hawser):
 *   1.0  first
 *   1.1  adapter.h: rate_limits, request_cost; host.h: is_trial
 *   1.2  adapter.h: writable; host.h: record_line, secret_learned, HAWSER_MESSAGE, queued
 */
#ifndef HAWSER_MODULE_H
#define HAWSER_MODULE_H

#include "hawser/base.h"
#include "hawser/directive.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HAWSER_MODULE_MAGIC 0x52535748u /* "HWSR" in a little-endian dump */
#define HAWSER_ABI_MAJOR    1
#define HAWSER_ABI_MINOR    2

/** What a module is, and so which member of `vtable` it fills in. */
enum hawser_module_kind {
    HAWSER_ADAPTER   = 1, /* speaks one exchange's dialect: hawser/adapter.h */
    HAWSER_OUTPUT    = 2, /* takes records: hawser/output.h */
    HAWSER_TELEMETRY = 3  /* takes counters and events: hawser/telemetry.h */
};

struct hawser_adapter;
struct hawser_output;
struct hawser_telemetry;

/**
 * The descriptor. Its first 16 bytes are frozen for ever: they guard the rest. The object must live
 * as long as the process (a `const` at file scope does).
 */
struct hawser_module {
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t struct_size;
    uint32_t kind; /* enum hawser_module_kind */

    const char *name;    /* as in the config: [a-z][a-z0-9_]*, at most 31 bytes */
    const char *version; /* the module's own, at most 31 bytes */
    const struct hawser_directive *directives; /* the module's directives; may be NULL */
    uint32_t directive_count;
    uint32_t directive_size; /* sizeof(struct hawser_directive) where the module was built */
    union {
        const void *any;
        const struct hawser_adapter *adapter;
        const struct hawser_output *output;
        const struct hawser_telemetry *telemetry;
    } vtable;
};
HAWSER_NO_TAIL_PADDING(struct hawser_module, vtable);

/** First line of every descriptor's initialiser. */
#define HAWSER_MODULE_HEAD                                                                         \
    .magic = HAWSER_MODULE_MAGIC, .abi_major = HAWSER_ABI_MAJOR, .abi_minor = HAWSER_ABI_MINOR,    \
    .struct_size = sizeof(struct hawser_module), .directive_size = sizeof(struct hawser_directive)

#define HAWSER_NOTE_NAME        "Hawser"
#define HAWSER_NOTE_TYPE        1u
#define HAWSER_MODULE_NAME_SIZE 32

/** The ELF note `.note.hawser`: what the host may know of a module without running any of it. */
struct hawser_module_note {
    uint32_t name_size; /* sizeof(owner) - 1: with its NUL */
    uint32_t desc_size; /* the bytes after `owner` */
    uint32_t type;      /* HAWSER_NOTE_TYPE */
    char owner[8];      /* HAWSER_NOTE_NAME, padded to 4 */
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t struct_size;
    uint32_t kind;
    char name[HAWSER_MODULE_NAME_SIZE];
    char version[HAWSER_MODULE_NAME_SIZE];
};
HAWSER_NO_TAIL_PADDING(struct hawser_module_note, version);

/** Emits the note. Once a module, at file scope, with what the descriptor says. */
#define HAWSER_MODULE_NOTE(kind_, name_, version_)                                                 \
    __attribute__((section(".note.hawser"), used,                                                  \
                   aligned(4))) static const struct hawser_module_note hawser_module_note_ = {     \
        sizeof(HAWSER_NOTE_NAME),                                                                  \
        sizeof(struct hawser_module_note) - offsetof(struct hawser_module_note, magic),            \
        HAWSER_NOTE_TYPE,                                                                          \
        HAWSER_NOTE_NAME,                                                                          \
        HAWSER_MODULE_MAGIC,                                                                       \
        HAWSER_ABI_MAJOR,                                                                          \
        HAWSER_ABI_MINOR,                                                                          \
        sizeof(struct hawser_module),                                                              \
        kind_,                                                                                     \
        name_,                                                                                     \
        version_}

#ifdef __cplusplus
}
#endif
#endif
