/*
 * Answers of the control socket show no secret, wherever in them it stands.
 */
#include "host/json_mask.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/slice.h"
#include "support/suite.h"

static void expect(const char *before, const char *after)
{
    json_t *json = json_loads(before, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(secret_add(slice_of("12345678")), 0);
    ck_assert_int_eq(json_mask_secrets(json), 0);
    secret_remove(slice_of("12345678"));
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    ck_assert_str_eq(text, after);
    free(text);
    json_decref(json);
}

START_TEST(strings_are_masked_at_any_depth)
{
    expect("\"x12345678y\"", "\"x***y\"");
    expect("{\"a\":[{\"b\":\"12345678\"},\"12345678\"],\"c\":\"other\"}",
           "{\"a\":[{\"b\":\"***\"},\"***\"],\"c\":\"other\"}");
}
END_TEST

START_TEST(member_names_are_masked_and_keep_their_values)
{
    expect("{\"12345678\":{\"b\":\"12345678\"},\"z\":1}", "{\"z\":1,\"***\":{\"b\":\"***\"}}");
}
END_TEST

START_TEST(numbers_stay_numbers)
{
    expect("{\"time\":123456789,\"on\":true,\"none\":null}",
           "{\"time\":123456789,\"on\":true,\"none\":null}");
}
END_TEST

START_TEST(what_is_too_deep_to_look_at_is_not_shown)
{
    char text[1024] = "";
    for (int i = 0; i < 200; i++) {
        text[i]       = '[';
        text[211 + i] = ']';
    }
    memcpy(text + 200, "\"12345678\" ", 11);
    json_t *json = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(json_mask_secrets(json), 0);
    char *after = json_dumps(json, JSON_COMPACT);
    ck_assert_ptr_null(strstr(after, "12345678"));
    ck_assert_ptr_nonnull(strstr(after, "[null]"));
    free(after);
    json_decref(json);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("json_mask");
    tcase_add_test(cases, strings_are_masked_at_any_depth);
    tcase_add_test(cases, member_names_are_masked_and_keep_their_values);
    tcase_add_test(cases, numbers_stay_numbers);
    tcase_add_test(cases, what_is_too_deep_to_look_at_is_not_shown);
    return suite_run("host/json_mask", cases);
}
