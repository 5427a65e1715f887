/*
 * Right modules load, replaced ones beside their old versions, and the golden ones for ever.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/support.h"
#include "base/error.h"
#include "hawser/adapter.h"
#include "module/directory.h"
#include "support/fake_host.h"

static struct hawser_error err = HAWSER_ERROR_INIT;

static struct module *load(const char *path)
{
    struct module *module = module_load(path, NULL, &err);
    ck_assert_msg(module != NULL, "%s", err.message);
    return module;
}

START_TEST(a_module_of_each_kind_loads)
{
    static const char *const names[] = {"?", "adapter", "output", "telemetry"};
    struct module *module            = load(abi_place(names[_i], "m.so"));
    ck_assert_uint_eq(module->descriptor->kind, (uint32_t)_i);
    ck_assert_str_eq(module->descriptor->version, "1.2.3");
    ck_assert_uint_eq(module->directives.count, 1);
    ck_assert_str_eq(module->directives.rows[0].name, "greeting");
    ck_assert_uint_gt(module->about.identity.size, 1000);
    module_forget(module);
}
END_TEST

START_TEST(words_that_stand_for_0_may_belong_to_a_number)
{
    module_forget(load(abi_place("row_off", "m.so")));
}
END_TEST

static size_t count_files(const char *folder, const char *start)
{
    size_t count = 0;
    DIR *dir     = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        count += strncmp(entry->d_name, start, strlen(start)) == 0;
    }
    (void)closedir(dir);
    return count;
}

START_TEST(a_temporary_copy_is_gone_once_the_module_is_open)
{
    ck_assert_int_eq(setenv("TMPDIR", abi_folder, 1), 0);
    module_forget(load(abi_place("adapter", "m.so")));
    ck_assert_ptr_null(module_load(abi_place("no_symbol", "n.so"), NULL, &err));
    ck_assert_uint_eq(count_files(abi_folder, "hawser-"), 0);
}
END_TEST

START_TEST(what_a_process_left_that_died_inside_dlopen_is_swept)
{
    static const char *const folders[] = {"hawser-dead00", "hawser-living", "hawser-empty0",
                                          "hawser-longer-name", "elsewhere"};
    ck_assert_int_eq(setenv("TMPDIR", abi_folder, 1), 0);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        ck_assert_int_eq(mkdir(abi_path(folders[i]), 0700), 0);
    }
    char living[64];
    (void)snprintf(living, sizeof(living), "hawser-living/fixture.%d.1.so", (int)getpid());
    (void)abi_write("hawser-dead00/fixture.2000000000.1.so", "x", 1);
    (void)abi_write(living, "x", 1);
    (void)abi_write("hawser-longer-name/fixture.2000000000.1.so", "x", 1);
    (void)abi_write("elsewhere/fixture.2000000000.1.so", "x", 1);
    ck_assert_int_eq(symlink("elsewhere", abi_path("hawser-symbol")), 0);
    module_forget(load(abi_place("adapter", "m.so")));
    ck_assert_int_ne(access(abi_path("hawser-dead00"), F_OK), 0);
    ck_assert_int_eq(access(abi_path(living), F_OK), 0);
    ck_assert_int_eq(access(abi_path("hawser-empty0"), F_OK), 0);
    ck_assert_uint_eq(count_files(abi_path("hawser-longer-name"), "fixture."), 1);
    ck_assert_uint_eq(count_files(abi_path("elsewhere"), "fixture."), 1);
}
END_TEST

START_TEST(a_copy_in_the_hosts_folder_stays_until_its_process_is_dead)
{
    const char *copies = abi_path("copies");
    struct module *one = module_load(abi_place("adapter", "m.so"), copies, &err);
    ck_assert_msg(one != NULL, "%s", err.message);
    ck_assert_uint_eq(count_files(copies, "fixture."), 1);
    /* No process has this number: it is over the kernel's greatest. */
    (void)abi_write("copies/fixture.2000000000.1.so", "x", 1);
    (void)abi_write("copies/notes.txt", "x", 1);
    struct module *two = module_load(abi_path("m.so"), copies, &err);
    ck_assert_msg(two != NULL, "%s", err.message);
    ck_assert_uint_eq(count_files(copies, "fixture."), 2);
    ck_assert_uint_eq(count_files(copies, "notes.txt"), 1);
    ck_assert_ptr_ne(one->descriptor, two->descriptor);
    module_forget(one);
    module_forget(two);
}
END_TEST

START_TEST(a_copy_folder_that_others_may_write_is_refused)
{
    ck_assert_int_eq(mkdir(abi_path("copies"), 0755), 0);
    ck_assert_int_eq(chmod(abi_path("copies"), 0777), 0);
    ck_assert_ptr_null(module_load(abi_place("adapter", "m.so"), abi_path("copies"), &err));
    ck_assert_uint_eq(err.code, HAWSER_MODULE_FILE);
    ck_assert_uint_eq(count_files(abi_path("copies"), "fixture."), 0);
}
END_TEST

START_TEST(a_replaced_file_is_loaded_beside_its_old_version)
{
    struct module_directory *directory = module_directory_create();
    ck_assert_ptr_nonnull(directory);
    const char *path   = abi_place("adapter", "m.so");
    struct module *one = module_directory_load(directory, path, &err);
    ck_assert_msg(one != NULL, "%s", err.message);
    ck_assert_ptr_eq(module_directory_load(directory, path, &err), one);
    ck_assert_int_eq(module_was_replaced(one), 0);

    (void)abi_place("adapter_again", "m.so");
    ck_assert_int_eq(module_was_replaced(one), 1);
    struct module *two = module_directory_load(directory, path, &err);
    ck_assert_msg(two != NULL, "%s", err.message);
    ck_assert_ptr_ne(one, two);
    ck_assert_ptr_ne(one->descriptor, two->descriptor);
    ck_assert_str_eq(one->descriptor->name, "fixture"); /* the old code is still there */
    ck_assert_ptr_eq(module_directory_find(directory, HAWSER_ADAPTER, "fixture"), two);
    ck_assert_int_eq(module_was_replaced(two), 0);
    module_directory_destroy(directory);
}
END_TEST

START_TEST(two_files_of_one_kind_and_name_exclude_each_other)
{
    struct module_directory *directory = module_directory_create();
    ck_assert_ptr_nonnull(directory);
    ck_assert_ptr_nonnull(module_directory_load(directory, abi_place("adapter", "m.so"), &err));
    ck_assert_ptr_null(module_directory_load(directory, abi_place("adapter", "n.so"), &err));
    ck_assert_ptr_nonnull(strstr(err.message, "m.so is loaded already as adapter \"fixture\""));
    ck_assert_ptr_nonnull(module_directory_load(directory, abi_place("output", "o.so"), &err));
    ck_assert_ptr_nonnull(module_directory_load(directory, abi_place("golden_1_0", "g.so"), &err));
    struct buf names = {0};
    module_directory_names(directory, HAWSER_ADAPTER, &names);
    ck_assert_str_eq(buf_text(&names), "fixture, golden");
    buf_fini(&names);
    module_directory_destroy(directory);
}
END_TEST

static const struct hawser_message HELLO = {
    .bytes = {"{\"params\":{\"channel\":\"a.b\",\"data\":[1]}}", 39}, .received_ns = 5};

/* What a later host's table looks like to a plugin of today: longer, of a greater minor. */
struct future_host {
    struct hawser_host known;
    void (*later)(void);
};

static void run(const struct module *module, const struct hawser_host *table)
{
    struct fake_host *fake               = fake_host_create(module->descriptor);
    const struct hawser_adapter *adapter = module->descriptor->vtable.adapter;
    void *object                         = NULL;
    int rc = adapter->create(table, fake_host_instance(fake), &object, &err);
    ck_assert_msg(rc == 0, "%s", err.message);
    adapter->message(object, &HELLO);
    ck_assert_uint_eq(fake->delivery_count, 1);
    ck_assert_str_eq(fake->deliveries[0].channel, "a.b");
    ck_assert_str_eq(fake->deliveries[0].data, "[1]");
    adapter->destroy(object);
    ck_assert_uint_eq(fake->broken_rules, 0);
    fake_host_destroy(fake);
}

START_TEST(the_golden_plugin_loads_and_runs)
{
    struct module *module = load(abi_place("golden_1_0", "m.so"));
    ck_assert_uint_eq(module->descriptor->abi_minor, 0);
    run(module, fake_host_table());
    module_forget(module);
}
END_TEST

START_TEST(the_golden_plugin_runs_on_a_host_of_a_later_minor)
{
    struct module *module     = load(abi_place("golden_1_0", "m.so"));
    struct future_host future = {.known = *fake_host_table()};
    future.known.struct_size  = sizeof(future);
    future.known.abi_minor    = 9;
    run(module, &future.known);
    module_forget(module);
}
END_TEST

START_TEST(slots_behind_the_end_of_an_old_vtable_are_absent)
{
    struct module *module                = load(abi_place("golden_1_0_short", "m.so"));
    const struct hawser_adapter *adapter = module->descriptor->vtable.adapter;
    ck_assert(HAWSER_HAS(adapter, message));
    ck_assert(!HAWSER_HAS(adapter, heartbeat)); /* the memory behind it is not NULL */
    run(module, fake_host_table());
    module_forget(module);
}
END_TEST

START_TEST(a_word_of_load_module_becomes_a_path)
{
    static const char *const cases[][4] = {{"/x/m.so", "/p", "/mods", "/x/m.so"},
                                           {"modules/m.so", "/p", "/mods", "/p/modules/m.so"},
                                           {"m.so", "/p", "/mods", "/mods/m.so"},
                                           {"m.so", "/p", "mods", "/p/mods/m.so"},
                                           {"m.so", "/p", NULL, "/p/m.so"}};
    char *path                          = module_resolve(cases[_i][0], cases[_i][1], cases[_i][2]);
    ck_assert_str_eq(path, cases[_i][3]);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("load");
    TCase *tests = tcase_create("load");
    tcase_add_checked_fixture(tests, abi_folder_make, abi_folder_remove);
    tcase_add_loop_test(tests, a_module_of_each_kind_loads, 1, 4);
    tcase_add_test(tests, words_that_stand_for_0_may_belong_to_a_number);
    tcase_add_test(tests, a_temporary_copy_is_gone_once_the_module_is_open);
    tcase_add_test(tests, what_a_process_left_that_died_inside_dlopen_is_swept);
    tcase_add_test(tests, a_copy_in_the_hosts_folder_stays_until_its_process_is_dead);
    tcase_add_test(tests, a_copy_folder_that_others_may_write_is_refused);
    tcase_add_test(tests, a_replaced_file_is_loaded_beside_its_old_version);
    tcase_add_test(tests, two_files_of_one_kind_and_name_exclude_each_other);
    tcase_add_test(tests, the_golden_plugin_loads_and_runs);
    tcase_add_test(tests, the_golden_plugin_runs_on_a_host_of_a_later_minor);
    tcase_add_test(tests, slots_behind_the_end_of_an_old_vtable_are_absent);
    tcase_add_loop_test(tests, a_word_of_load_module_becomes_a_path, 0, 5);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
