/*
 * The reader of ELF notes, fed with small objects made by hand: right ones, cut ones, lying ones.
 * Each lies against a guard page.
 */
#include <check.h>
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "module/note.h"
#include "support/guard.h"

/* Only what is read: header, two segments, a build id, our note. */
struct object {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[2];
    struct {
        uint32_t head[3];
        char owner[4];
        uint8_t id[20];
    } build;
    struct hawser_module_note note;
};

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static struct object make(void)
{
    struct object o = {
        .header   = __ehdr_start, /* this very program's: class, byte order, machine */
        .segments = {{.p_type = PT_LOAD, .p_filesz = sizeof(o)},
                     {.p_type   = PT_NOTE,
                      .p_align  = 4,
                      .p_offset = offsetof(struct object, build),
                      .p_filesz = sizeof(o.build) + sizeof(o.note)}},
        .build    = {.head = {4, 20, NT_GNU_BUILD_ID}, .owner = "GNU", .id = {1, 2, 3}},
        .note     = {.name_size = sizeof(HAWSER_NOTE_NAME),
                     .desc_size = sizeof(o.note) - offsetof(struct hawser_module_note, magic),
                     .type      = HAWSER_NOTE_TYPE,
                     .owner     = HAWSER_NOTE_NAME,
                     .magic     = HAWSER_MODULE_MAGIC,
                     .abi_major = 1,
                     .kind      = HAWSER_OUTPUT,
                     .name      = "handmade",
                     .version   = "0.9"},
    };
    o.header.e_type      = ET_DYN;
    o.header.e_phoff     = offsetof(struct object, segments);
    o.header.e_phentsize = sizeof(o.segments[0]);
    o.header.e_phnum     = 2;
    o.header.e_shoff     = 0;
    o.header.e_shnum     = 0;
    return o;
}

static struct hawser_error err;
static struct note_found found;

static int read_bytes(const void *bytes, size_t len)
{
    struct hawser_slice copy  = guard_copy(bytes, len);
    struct note_source source = {.bytes = (const uint8_t *)copy.data, .size = len, .fd = -1};
    err                       = (struct hawser_error)HAWSER_ERROR_INIT;
    int rc                    = note_read(&source, &found, &err);
    ck_assert((rc == 0) == (err.code == 0));
    guard_free(copy);
    return rc;
}

static void refused(const struct object *o, const char *says)
{
    ck_assert_int_eq(read_bytes(o, sizeof(*o)), -1);
    ck_assert_uint_eq(err.code, HAWSER_MODULE_FORMAT);
    ck_assert_msg(strstr(err.message, says) != NULL, "\"%s\" is not in: %s", says, err.message);
}

START_TEST(note_and_build_id_are_read)
{
    struct object o = make();
    ck_assert_msg(read_bytes(&o, sizeof(o)) == 0, "%s", err.message);
    ck_assert_str_eq(found.note.name, "handmade");
    ck_assert_str_eq(found.note.version, "0.9");
    ck_assert_uint_eq(found.note.kind, HAWSER_OUTPUT);
    ck_assert_uint_eq(found.build_id_len, 20);
    ck_assert_uint_eq(found.build_id[2], 3);
}
END_TEST

START_TEST(a_file_is_read_as_its_bytes_are)
{
    struct object o = make();
    FILE *file      = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(&o, sizeof(o), 1, file), 1);
    ck_assert_int_eq(fflush(file), 0);
    struct note_source source = {.size = sizeof(o), .fd = fileno(file)};
    ck_assert_int_eq(note_read(&source, &found, &err), 0);
    ck_assert_str_eq(found.note.name, "handmade");
    ck_assert_int_eq(ftruncate(fileno(file), sizeof(o) - 4), 0);
    ck_assert_int_eq(note_read(&source, &found, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "became shorter"));
    (void)fclose(file);
}
END_TEST

START_TEST(an_object_cut_at_any_byte_is_refused)
{
    struct object o = make();
    for (size_t len = 0; len < sizeof(o); len++) {
        ck_assert_int_eq(read_bytes(&o, len), -1);
        ck_assert_uint_eq(err.code, HAWSER_MODULE_FORMAT);
    }
}
END_TEST

START_TEST(no_byte_can_lead_the_reader_astray)
{
    static const unsigned char values[] = {0x00, 0x01, 0x04, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < sizeof(struct object); i++) {
        for (size_t v = 0; v < sizeof(values); v++) {
            struct object o          = make();
            ((unsigned char *)&o)[i] = values[v];
            (void)read_bytes(&o, sizeof(o)); /* either way, within bounds */
            ck_assert_uint_le(found.build_id_len, MODULE_BUILD_ID_MAX);
            ck_assert_ptr_nonnull(memchr(found.note.name, 0, sizeof(found.note.name)));
        }
    }
}
END_TEST

START_TEST(lying_sizes_are_refused)
{
    struct object o = make();
    o.build.head[0] = UINT32_MAX;
    refused(&o, "broken ELF note");
    o               = make();
    o.build.head[1] = UINT32_MAX - 2;
    refused(&o, "broken ELF note");
    o                      = make();
    o.segments[1].p_offset = (ElfW(Off)) - 16;
    refused(&o, "truncated");
    o                      = make();
    o.segments[1].p_filesz = (ElfW(Xword)) - 1;
    refused(&o, "truncated");
    o                = make();
    o.header.e_phoff = (ElfW(Off)) - 8;
    refused(&o, "broken ELF header");
    o                = make();
    o.header.e_phnum = PN_XNUM;
    refused(&o, "broken ELF header");
    o                = make();
    o.header.e_shoff = sizeof(o) + 1;
    refused(&o, "truncated");
}
END_TEST

START_TEST(a_note_too_short_for_its_numbers_is_refused)
{
    struct object o  = make();
    o.note.desc_size = 12;
    refused(&o, "broken Hawser note of 12 bytes");
}
END_TEST

START_TEST(a_note_longer_than_ours_is_taken_as_far_as_we_know_it)
{
    struct {
        struct object o;
        uint32_t later[4];
    } longer = {.o = make()};
    longer.o.note.desc_size += sizeof(longer.later);
    longer.o.segments[1].p_filesz += sizeof(longer.later);
    ck_assert_msg(read_bytes(&longer, sizeof(longer)) == 0, "%s", err.message);
    ck_assert_str_eq(found.note.version, "0.9");
}
END_TEST

START_TEST(text_that_nobody_can_print_is_left_out)
{
    struct object o = make();
    memset(o.note.name, 'x', sizeof(o.note.name)); /* no end */
    memcpy(o.note.version, "1\033[2J", 6);
    ck_assert_int_eq(read_bytes(&o, sizeof(o)), 0);
    ck_assert_uint_eq(strlen(found.note.name), sizeof(o.note.name) - 1);
    ck_assert_str_eq(found.note.version, "");
}
END_TEST

START_TEST(other_notes_are_passed_over)
{
    struct object o = make();
    memcpy(o.note.owner, "Other\0", 7);
    refused(&o, "no Hawser note");
    o           = make();
    o.note.type = 2;
    refused(&o, "no Hawser note");
}
END_TEST

START_TEST(a_program_is_no_module)
{
    struct object o = make();
    o.header.e_type = ET_REL;
    refused(&o, "link it with -shared");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("note");
    TCase *tests = tcase_create("note");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, note_and_build_id_are_read);
    tcase_add_test(tests, a_file_is_read_as_its_bytes_are);
    tcase_add_test(tests, an_object_cut_at_any_byte_is_refused);
    tcase_add_test(tests, no_byte_can_lead_the_reader_astray);
    tcase_add_test(tests, lying_sizes_are_refused);
    tcase_add_test(tests, a_note_too_short_for_its_numbers_is_refused);
    tcase_add_test(tests, a_note_longer_than_ours_is_taken_as_far_as_we_know_it);
    tcase_add_test(tests, text_that_nobody_can_print_is_left_out);
    tcase_add_test(tests, other_notes_are_passed_over);
    tcase_add_test(tests, a_program_is_no_module);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
