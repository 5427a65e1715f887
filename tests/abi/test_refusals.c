/*
 * Each wrong sort of module is refused, with the code of its fault and words that tell what to do.
 */
#include <check.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/support.h"
#include "base/error.h"
#include "module/load.h"

struct refusal {
    const char *fixture;
    enum hawser_code code;
    const char *says;
};

static const struct refusal REFUSALS[] = {
    {"other_major", HAWSER_MODULE_ABI,
     "built for ABI 2.0, this host offers 1.2: rebuild the module against this host's "
     "hawser/module.h, or upgrade hawser"},
    {"newer_minor", HAWSER_MODULE_ABI, "built for ABI 1.7, this host offers 1.2"},
    {"wrong_magic", HAWSER_MODULE_ABI, "magic number is 12345678"},
    {"small_struct", HAWSER_MODULE_ABI, "its descriptor has 24 bytes"},
    {"unknown_kind", HAWSER_MODULE_ABI, "kind 9 is unknown"},
    {"no_note", HAWSER_MODULE_FORMAT, "no Hawser note"},
    {"two_notes", HAWSER_MODULE_FORMAT, "2 Hawser notes"},
    {"name_with_slash", HAWSER_MODULE_DESCRIPTOR, "\"a/../b\" is no name for a module"},
    {"no_symbol", HAWSER_MODULE_DESCRIPTOR, "exports no symbol hawser_module"},
    {"undefined_symbol", HAWSER_MODULE_OPEN, "hawser_fixture_that_nobody_defines"},
    {"other_name", HAWSER_MODULE_DESCRIPTOR, "differ in name"},
    {"no_vtable", HAWSER_MODULE_DESCRIPTOR, "set .vtable.adapter"},
    {"no_message", HAWSER_MODULE_DESCRIPTOR, "in the slot `message`"},
    {"no_write", HAWSER_MODULE_DESCRIPTOR, "in the slot `write`"},
    {"no_flush", HAWSER_MODULE_DESCRIPTOR, "in the slot `flush`"},
    {"short_vtable", HAWSER_MODULE_DESCRIPTOR, "in the slot `destroy`"},
    {"row_without_name", HAWSER_MODULE_DESCRIPTOR, "row 0 of its directives has no usable name"},
    {"row_of_other_kind", HAWSER_MODULE_DESCRIPTOR, "HAWSER_IN_SESSION"},
    {"row_twice", HAWSER_MODULE_DESCRIPTOR, "`greeting` cannot be used: it is there twice"},
    {"row_too_small", HAWSER_MODULE_DESCRIPTOR, "16 bytes each"},
    {"row_choices_missing", HAWSER_MODULE_DESCRIPTOR, "CHOICE and OPTIONS need"},
    {"row_choices_wrong", HAWSER_MODULE_DESCRIPTOR, "`choices` do not belong to its type"},
};

static void refused(const char *path, enum hawser_code code, const char *says)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_ptr_null(module_load(path, NULL, &err));
    ck_assert_msg(err.code == code, "code %u (%s)", err.code, err.message);
    ck_assert_msg(strstr(err.message, says) != NULL, "\"%s\" is not in: %s", says, err.message);
    ck_assert_msg(strstr(err.message, path) != NULL, "the path is not in: %s", err.message);
}

START_TEST(a_wrong_module_is_refused_with_what_to_do)
{
    const struct refusal *refusal = &REFUSALS[_i];
    refused(abi_place(refusal->fixture, "m.so"), refusal->code, refusal->says);
}
END_TEST

START_TEST(describing_a_module_runs_none_of_it)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct module_description about;
    struct buf text  = {0};
    const char *path = abi_place("other_major", "m.so");
    ck_assert_int_eq(module_describe(path, &about, &err), 0);
    ck_assert_uint_eq(about.note.abi_major, 2);
    ck_assert_str_eq(about.note.name, "fixture");
    ck_assert_int_eq(module_describe_print(&about, &text), 0);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "usable    no: built for ABI 2.0"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "version   1.2.3\nkind      adapter\nabi       "));
    buf_fini(&text);
}
END_TEST

START_TEST(a_text_file_an_empty_one_and_a_missing_one_are_told_apart)
{
    refused(abi_write("m.so", "#!/bin/sh\necho I am not a module\n", 33), HAWSER_MODULE_FORMAT,
            "not an ELF object");
    refused(abi_write("m.so", "", 0), HAWSER_MODULE_FORMAT, "not an ELF object");
    refused(abi_path("none.so"), HAWSER_MODULE_FILE, "check load_module's path");
}
END_TEST

START_TEST(a_module_cut_at_any_length_is_refused)
{
    size_t len     = 0;
    uint8_t *bytes = abi_read(abi_place("adapter", "m.so"), &len);
    for (size_t cut = 0; cut < len; cut += cut < 256 ? 1 : 97) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        struct module_description about;
        ck_assert_int_eq(module_describe(abi_write("m.so", bytes, cut), &about, &err), -1);
        ck_assert_uint_eq(err.code, HAWSER_MODULE_FORMAT);
    }
    free(bytes);
}
END_TEST

START_TEST(a_module_of_another_machine_is_refused)
{
    size_t len       = 0;
    uint8_t *bytes   = abi_read(abi_place("crashes_at_load", "m.so"), &len);
    Elf64_Ehdr *head = (Elf64_Ehdr *)(void *)bytes; /* e_machine lies alike in both classes */
    head->e_machine  = (Elf64_Half)(head->e_machine ^ 1);
    refused(abi_write("m.so", bytes, len), HAWSER_MODULE_FORMAT, "another machine");
    head->e_machine = (Elf64_Half)(head->e_machine ^ 1);
    bytes[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    refused(abi_write("m.so", bytes, len), HAWSER_MODULE_FORMAT, "another kind of machine");
    bytes[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    head->e_type = ET_EXEC;
    refused(abi_write("m.so", bytes, len), HAWSER_MODULE_FORMAT, "link it with -shared");
    free(bytes);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
    static const mode_t modes[] = {0666, 0664, 0646};
    const char *path            = abi_place("crashes_at_load", "m.so");
    ck_assert_int_eq(chmod(path, modes[_i]), 0);
    refused(path, HAWSER_MODULE_FILE, "can be written by others");
    ck_assert_int_eq(chmod(path, 0444), 0);
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct module_description about;
    ck_assert_int_eq(module_describe(path, &about, &err), 0);
}
END_TEST

START_TEST(a_folder_that_others_may_write_is_refused_at_any_depth)
{
    ck_assert_int_eq(mkdir(abi_path("a"), 0755), 0);
    ck_assert_int_eq(mkdir(abi_path("a/b"), 0755), 0);
    const char *path = abi_place("crashes_at_load", "a/b/m.so");
    ck_assert_int_eq(chmod(abi_path("a"), 0775), 0);
    refused(path, HAWSER_MODULE_FILE, "/a can be written by others (mode 0775)");
    ck_assert_int_eq(chmod(abi_path("a"), 0755), 0);
    ck_assert_int_eq(chmod(abi_path("a/b"), 0757), 0);
    refused(path, HAWSER_MODULE_FILE, "/a/b can be written by others");
}
END_TEST

START_TEST(a_link_to_a_folder_leads_no_further_than_its_target_is_trusted)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct module_description about;
    ck_assert_int_eq(mkdir(abi_path("real"), 0755), 0);
    (void)abi_place("crashes_at_load", "real/m.so");
    ck_assert_int_eq(symlink("./nothing/../real", abi_path("broken")), 0);
    ck_assert_int_eq(symlink("real", abi_path("link")), 0);
    ck_assert_int_eq(symlink("loop", abi_path("loop")), 0);
    ck_assert_int_eq(module_describe(abi_path("link/m.so"), &about, &err), 0);
    refused(abi_path("broken/m.so"), HAWSER_MODULE_FILE, "nothing");
    refused(abi_path("loop/m.so"), HAWSER_MODULE_FILE, "too many symbolic links");
    ck_assert_int_eq(chmod(abi_path("real"), 0777), 0);
    refused(abi_path("link/m.so"), HAWSER_MODULE_FILE, "/real can be written by others");
}
END_TEST

START_TEST(a_link_a_folder_and_a_fifo_are_no_modules)
{
    (void)abi_place("crashes_at_load", "m.so");
    ck_assert_int_eq(symlink("m.so", abi_path("link.so")), 0);
    refused(abi_path("link.so"), HAWSER_MODULE_FILE, "name the file it points to");
    ck_assert_int_eq(mkdir(abi_path("folder.so"), 0755), 0);
    refused(abi_path("folder.so"), HAWSER_MODULE_FILE, "not a regular file");
    ck_assert_int_eq(mkfifo(abi_path("fifo.so"), 0644), 0);
    refused(abi_path("fifo.so"), HAWSER_MODULE_FILE, "not a regular file");
}
END_TEST

START_TEST(a_file_or_folder_of_another_user_is_refused)
{
    if (geteuid() != 0) {
        return; /* only root can give files away */
    }
    ck_assert_int_eq(mkdir(abi_path("a"), 0755), 0);
    const char *path = abi_place("crashes_at_load", "a/m.so");
    ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
    refused(path, HAWSER_MODULE_FILE, "belongs to user 12345");
    ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
    ck_assert_int_eq(chown(abi_path("a"), 12345, (gid_t)-1), 0);
    refused(path, HAWSER_MODULE_FILE, "/a belongs to user 12345");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusals");
    TCase *tests = tcase_create("refusals");
    tcase_add_checked_fixture(tests, abi_folder_make, abi_folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_wrong_module_is_refused_with_what_to_do, 0,
                        (int)(sizeof(REFUSALS) / sizeof(REFUSALS[0])));
    tcase_add_test(tests, describing_a_module_runs_none_of_it);
    tcase_add_test(tests, a_text_file_an_empty_one_and_a_missing_one_are_told_apart);
    tcase_add_test(tests, a_module_cut_at_any_length_is_refused);
    tcase_add_test(tests, a_module_of_another_machine_is_refused);
    tcase_add_loop_test(tests, a_file_that_others_may_write_is_refused, 0, 3);
    tcase_add_test(tests, a_folder_that_others_may_write_is_refused_at_any_depth);
    tcase_add_test(tests, a_link_to_a_folder_leads_no_further_than_its_target_is_trusted);
    tcase_add_test(tests, a_link_a_folder_and_a_fifo_are_no_modules);
    tcase_add_test(tests, a_file_or_folder_of_another_user_is_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
