/*
 * The built jsonl module through the whole of it: loader, instance, output with its thread, file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/support.h"
#include "base/slice.h"
#include "module/instance.h"
#include "output/output.h"

#define RECORDS 5000u

static struct net_loop loop;
static struct conf_tree *tree;
static struct module *module;
static struct hawser_instance *instance;
static struct output *output;
static struct hawser_error err;

static void set_up(void)
{
    size_t len = 0;
    abi_folder_make();
    loop.base         = event_base_new();
    uint8_t *bytes    = abi_read(JSONL_MODULE, &len);
    const char *place = abi_write("jsonl.so", bytes, len);
    free(bytes);
    module = module_load(place, NULL, &err);
    ck_assert_msg(module != NULL, "%s", err.message);
}

static void tear_down(void)
{
    output_destroy(output);
    instance_destroy(instance);
    conf_tree_destroy(tree);
    module_forget(module);
    event_base_free(loop.base);
    abi_folder_remove();
}

static void start(const char *config)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    tree = conf_parse_bytes(slice_of(config), "test", &problems);
    conf_check_block(conf_tree_root(tree), HAWSER_IN_BLOCK, &module->directives, 1, &problems);
    ck_assert_msg(problems.count == 0, "%s", buf_text(&problems.text));
    conf_problems_fini(&problems);
    struct instance_options options = {.module = module,
                                       .name   = "ticks",
                                       .block  = conf_tree_root(tree),
                                       .prefix = abi_folder,
                                       .loop   = &loop};
    instance                        = instance_create(&options, &err);
    ck_assert_ptr_nonnull(instance);
    const struct hawser_output *vtable = module->descriptor->vtable.output;
    void *object                       = NULL;
    ck_assert_msg(vtable->create(hostapi_table(), instance, &object, &err) == 0, "%s", err.message);
    struct output_options settings = {.name = "ticks"};
    output                         = output_create(&settings, vtable, object, &loop, NULL, &err);
    ck_assert_msg(output != NULL, "%s", err.message);
}

static void on_drained(void *arg, size_t lost)
{
    *(size_t *)arg = lost;
    (void)event_base_loopbreak(loop.base);
}

START_TEST(every_record_becomes_a_line_in_order)
{
    size_t lost = SIZE_MAX;
    char line[256];
    char wanted[256];
    start("path ticks.jsonl; mode 0600;");
    for (uint64_t n = 1; n <= RECORDS; n++) {
        struct hawser_record record = {.struct_size = sizeof(record),
                                       .flags       = HAWSER_DELIVERY_JSON,
                                       .epoch       = 1,
                                       .sequence    = n,
                                       .session     = SLICE_LITERAL("s"),
                                       .channel     = SLICE_LITERAL("c"),
                                       .data        = SLICE_LITERAL("{\"a\":1}")};
        output_push(output, &record);
    }
    output_drain(output, 60000, on_drained, &lost);
    ck_assert_int_ge(event_base_dispatch(loop.base), 0);
    ck_assert_uint_eq(lost, 0);
    FILE *file = fopen(abi_path("ticks.jsonl"), "r");
    ck_assert_ptr_nonnull(file);
    for (unsigned n = 1; n <= RECORDS; n++) {
        ck_assert_int_gt(snprintf(wanted, sizeof(wanted),
                                  "{\"time\":0,\"session\":\"s\",\"epoch\":1,\"seq\":%u,"
                                  "\"channel\":\"c\",\"data\":{\"a\":1}}\n",
                                  n),
                         0);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        ck_assert_str_eq(line, wanted);
    }
    ck_assert_ptr_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
}
END_TEST

START_TEST(a_disk_that_is_full_for_ever_holds_nothing_up)
{
    size_t lost = 0;
    struct output_stats stats;
    start("path /dev/full;");
    struct hawser_record record = {.struct_size = sizeof(record), .data = SLICE_LITERAL("x")};
    output_push(output, &record);
    output_drain(output, 50, on_drained, &lost);
    ck_assert_int_ge(event_base_dispatch(loop.base), 0);
    ck_assert_uint_eq(lost, 1);
    output_get_stats(output, &stats);
    ck_assert_uint_ge(stats.errors, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("together");
    TCase *tests = tcase_create("together");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_record_becomes_a_line_in_order);
    tcase_add_test(tests, a_disk_that_is_full_for_ever_holds_nothing_up);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
