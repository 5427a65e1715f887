/*
 * No field of a frozen version ever moves or changes its size, no number its meaning.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"

START_TEST(every_field_and_number_of_1_0_is_where_it_was)
{
    ck_assert_uint_gt(layout_1_0_count, 200);
    for (size_t i = 0; i < layout_1_0_count; i++) {
        const struct layout_row *then = &layout_1_0[i];
        const struct layout_row *now  = NULL;
        for (size_t j = 0; j < layout_now_count && now == NULL; j++) {
            now = strcmp(layout_now[j].name, then->name) == 0 ? &layout_now[j] : NULL;
        }
        ck_assert_msg(now != NULL, "%s is gone", then->name);
        ck_assert_msg(now->offset == then->offset && now->size == then->size,
                      "%s was (%zu, %zu) and is (%zu, %zu)", then->name, then->offset, then->size,
                      now->offset, now->size);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tests = tcase_create("layout");
    tcase_add_test(tests, every_field_and_number_of_1_0_is_where_it_was);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
