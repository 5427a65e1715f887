/*
 * The ELF note of a module, read by hand: libelf is one more dependency, and dlopen runs
 * constructors. What a file must look like is taken from this very program: the same class, byte
 * order and machine.
 */
#include "module/note.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define MOST_SEGMENTS    256u
#define MOST_NOTE_BYTES  (64u * 1024u) /* of one segment of notes; ours has 92 */
#define NOTE_HEADER_SIZE 12u           /* three words, in both classes */

/* The linker puts this program's own ELF header here. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static int read_at(const struct note_source *source, uint64_t offset, void *out, size_t len,
                   struct hawser_error *err)
{
    if (offset > source->size || len > source->size - offset) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "truncated: something should stand at byte %" PRIu64 ", the file has %" PRIu64
                  "; copy it again",
                  offset, source->size);
        return -1;
    }
    if (source->bytes != NULL) {
        memcpy(out, source->bytes + offset, len);
        return 0;
    }
    for (size_t done = 0; done < len;) {
        ssize_t got =
            pread(source->fd, (char *)out + done, len - done, (off_t)(offset + (uint64_t)done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot be read");
            return -1;
        }
        if (got == 0) {
            error_set(err, HAWSER_MODULE_FORMAT, "became shorter while it was read");
            return -1;
        }
        done += (size_t)got;
    }
    return 0;
}

static int check_identification(const unsigned char *ident, struct hawser_error *err)
{
    const unsigned char *ours = __ehdr_start.e_ident;
    if (memcmp(ident, ELFMAG, SELFMAG) != 0) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "not an ELF object: a module is a shared object (cc -shared -fPIC)");
        return -1;
    }
    if (ident[EI_CLASS] != ours[EI_CLASS] || ident[EI_DATA] != ours[EI_DATA]) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "ELF object of another kind of machine: %s-bit %s-endian, this host is %s-bit "
                  "%s-endian; rebuild it for this machine",
                  ident[EI_CLASS] == ELFCLASS64 ? "64" : "32",
                  ident[EI_DATA] == ELFDATA2LSB ? "little" : "big",
                  ours[EI_CLASS] == ELFCLASS64 ? "64" : "32",
                  ours[EI_DATA] == ELFDATA2LSB ? "little" : "big");
        return -1;
    }
    return 0;
}

static int check_header(const ElfW(Ehdr) * header, struct hawser_error *err)
{
    if (header->e_machine != __ehdr_start.e_machine) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "ELF object of another machine (number %u, this host is %u); rebuild it for this "
                  "machine",
                  (unsigned)header->e_machine, (unsigned)__ehdr_start.e_machine);
        return -1;
    }
    if (header->e_type != ET_DYN) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "ELF object, but no shared one (type %u): link it with -shared",
                  (unsigned)header->e_type);
        return -1;
    }
    if (header->e_version != EV_CURRENT || header->e_phentsize != sizeof(ElfW(Phdr)) ||
        header->e_phnum == 0 || header->e_phnum > MOST_SEGMENTS) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "broken ELF header (%u program headers of %u bytes); copy or build it again",
                  (unsigned)header->e_phnum, (unsigned)header->e_phentsize);
        return -1;
    }
    return 0;
}

/* The section headers usually stand last in the file: when they are there, all of it is. */
static int check_length(const struct note_source *source, const ElfW(Ehdr) * header,
                        struct hawser_error *err)
{
    uint64_t bytes = (uint64_t)header->e_shnum * header->e_shentsize;
    if (header->e_shoff > source->size || bytes > source->size - header->e_shoff) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "truncated: its section headers end at byte %" PRIu64 ", the file has %" PRIu64
                  "; copy it again",
                  (uint64_t)header->e_shoff + bytes, source->size);
        return -1;
    }
    return 0;
}

/* Text for people: what is not printable is left out as a whole. */
static void tidy_text(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!isprint((unsigned char)text[i])) {
            text[0] = '\0';
        }
    }
}

/* A later minor may have a longer note, so what is known is taken; a shorter one is broken. */
static int take_note(const struct note_source *source, uint64_t offset, size_t len,
                     struct note_found *out, struct hawser_error *err)
{
    const size_t head = offsetof(struct hawser_module_note, magic);
    const size_t room = sizeof(out->note) - head;
    if (len < offsetof(struct hawser_module_note, name) - head) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "broken Hawser note of %zu bytes: emit it by HAWSER_MODULE_NOTE", len);
        return -1;
    }
    if (out->note_count++ > 0) {
        return 0;
    }
    out->note.name_size = sizeof(HAWSER_NOTE_NAME);
    out->note.desc_size = (uint32_t)len;
    out->note.type      = HAWSER_NOTE_TYPE;
    memcpy(out->note.owner, HAWSER_NOTE_NAME, sizeof(HAWSER_NOTE_NAME));
    if (read_at(source, offset, (char *)&out->note + head, len < room ? len : room, err) != 0) {
        return -1;
    }
    tidy_text(out->note.name, sizeof(out->note.name));
    tidy_text(out->note.version, sizeof(out->note.version));
    return 0;
}

static int take_build_id(const struct note_source *source, uint64_t offset, size_t len,
                         struct note_found *out, struct hawser_error *err)
{
    out->build_id_len = (uint32_t)(len < sizeof(out->build_id) ? len : sizeof(out->build_id));
    return read_at(source, offset, out->build_id, out->build_id_len, err);
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) / align * align;
}

static int read_segment(const struct note_source *source, const ElfW(Phdr) * segment,
                        struct note_found *out, struct hawser_error *err)
{
    uint64_t align = segment->p_align == 8 ? 8 : 4;
    uint64_t at    = segment->p_offset;
    uint64_t end   = at + segment->p_filesz; /* inside the file: check_segment */
    while (end - at >= NOTE_HEADER_SIZE) {
        uint32_t head[3]; /* size of the owner's name, of the description, type */
        char owner[8] = {0};
        if (read_at(source, at, head, sizeof(head), err) != 0) {
            return -1;
        }
        uint64_t desc = at + round_up((uint64_t)NOTE_HEADER_SIZE + head[0], align);
        if (desc > end || head[1] > end - desc) {
            error_set(err, HAWSER_MODULE_FORMAT,
                      "broken ELF note at byte %" PRIu64 "; copy or build it again", at);
            return -1;
        }
        int rc = read_at(source, at + NOTE_HEADER_SIZE, owner,
                         head[0] < sizeof(owner) ? head[0] : sizeof(owner), err);
        if (rc == 0 && head[0] == sizeof(HAWSER_NOTE_NAME) && head[2] == HAWSER_NOTE_TYPE &&
            memcmp(owner, HAWSER_NOTE_NAME, sizeof(HAWSER_NOTE_NAME)) == 0) {
            rc = take_note(source, desc, head[1], out, err);
        } else if (rc == 0 && head[0] == 4 && head[2] == NT_GNU_BUILD_ID &&
                   memcmp(owner, "GNU", 4) == 0) {
            rc = take_build_id(source, desc, head[1], out, err);
        }
        if (rc != 0) {
            return -1;
        }
        uint64_t next = desc + round_up(head[1], align);
        at            = next < end ? next : end;
    }
    return 0;
}

/* A segment that ends behind the file would be mapped all the same, and kill whoever touches it. */
static int check_segment(const struct note_source *source, const ElfW(Phdr) * segment,
                         struct hawser_error *err)
{
    if (segment->p_type != PT_LOAD && segment->p_type != PT_NOTE) {
        return 0;
    }
    if (segment->p_offset > source->size || segment->p_filesz > source->size - segment->p_offset) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "truncated: a segment of %" PRIu64 " bytes begins at byte %" PRIu64
                  ", the file has %" PRIu64 "; copy it again",
                  (uint64_t)segment->p_filesz, (uint64_t)segment->p_offset, source->size);
        return -1;
    }
    if (segment->p_type == PT_NOTE && segment->p_filesz > MOST_NOTE_BYTES) {
        error_set(err, HAWSER_MODULE_FORMAT, "its ELF notes have %" PRIu64 " bytes, at most %u",
                  (uint64_t)segment->p_filesz, MOST_NOTE_BYTES);
        return -1;
    }
    return 0;
}

static int read_segments(const struct note_source *source, const ElfW(Ehdr) * header,
                         struct note_found *out, struct hawser_error *err)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        if (header->e_phoff > source->size) {
            error_set(err, HAWSER_MODULE_FORMAT, "broken ELF header; copy or build it again");
            return -1;
        }
        if (read_at(source, header->e_phoff + (uint64_t)i * sizeof(segment), &segment,
                    sizeof(segment), err) != 0 ||
            check_segment(source, &segment, err) != 0) {
            return -1;
        }
        if (segment.p_type == PT_NOTE && read_segment(source, &segment, out, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int note_read(const struct note_source *source, struct note_found *out, struct hawser_error *err)
{
    ElfW(Ehdr) header;
    unsigned char ident[EI_NIDENT];
    *out = (struct note_found){.note_count = 0};
    if (source->size < sizeof(ident)) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "not an ELF object: a module is a shared object (cc -shared -fPIC)");
        return -1;
    }
    if (read_at(source, 0, ident, sizeof(ident), err) != 0 ||
        check_identification(ident, err) != 0 ||
        read_at(source, 0, &header, sizeof(header), err) != 0 || check_header(&header, err) != 0 ||
        check_length(source, &header, err) != 0 || read_segments(source, &header, out, err) != 0) {
        return -1;
    }
    if (out->note_count == 0) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "no Hawser note: not a Hawser module, or HAWSER_MODULE_NOTE is missing in it");
        return -1;
    }
    if (out->note_count > 1) {
        error_set(err, HAWSER_MODULE_FORMAT,
                  "%u Hawser notes: HAWSER_MODULE_NOTE stands once in a module", out->note_count);
        return -1;
    }
    return 0;
}
