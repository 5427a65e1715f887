/*
 * Kept strings.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "module/values.h"

START_TEST(equal_values_are_kept_once)
{
    struct values values     = {NULL, NULL};
    char text[]              = "a";
    const char *words[]      = {text, "b"};
    const char *kept         = values_text(&values, text);
    const char *const *array = values_words(&values, words, 2);
    text[0]                  = 'z';
    ck_assert_str_eq(kept, "a");
    ck_assert_str_eq(array[0], "a");
    ck_assert_ptr_eq(values_text(&values, "a"), kept);
    text[0] = 'a';
    ck_assert_ptr_eq(values_words(&values, words, 2), array);
    ck_assert_ptr_ne(values_words(&values, words, 1), array);
    values_fini(&values);
    values_fini(&values);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("values");
    TCase *tests = tcase_create("values");
    tcase_add_test(tests, equal_values_are_kept_once);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
