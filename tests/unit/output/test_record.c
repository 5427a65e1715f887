/*
 * Records in flat memory.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "output/record.h"
#include "support/guard.h"

START_TEST(a_stored_record_comes_back_whole_from_a_copy_of_its_bytes)
{
    struct hawser_record in = {.struct_size = sizeof(in),
                               .kind        = HAWSER_RECORD_GAP,
                               .time_ns     = 7,
                               .sequence    = 9,
                               .session     = SLICE_LITERAL("btc"),
                               .channel     = SLICE_LITERAL("ticker.X"),
                               .reason      = SLICE_LITERAL("connection"),
                               .message     = SLICE_LITERAL("reset by peer")};
    size_t size             = output_record_size(&in);
    ck_assert_uint_eq(size % OUTPUT_RECORD_ALIGN, 0);
    void *stored = calloc(1, size);
    ck_assert_ptr_nonnull(stored);
    output_record_store(stored, &in);
    struct hawser_slice copy = guard_copy(stored, size);
    free(stored);
    struct hawser_record out;
    output_record_fetch(copy.data, &out);
    ck_assert_uint_eq(out.kind, HAWSER_RECORD_GAP);
    ck_assert_int_eq(out.time_ns, 7);
    ck_assert_uint_eq(out.sequence, 9);
    ck_assert(slice_equal_text(out.session, "btc"));
    ck_assert(slice_equal_text(out.channel, "ticker.X"));
    ck_assert_uint_eq(out.data.len, 0);
    ck_assert(slice_equal_text(out.reason, "connection"));
    ck_assert(slice_equal_text(out.message, "reset by peer"));
    ck_assert(out.message.data + out.message.len <= copy.data + copy.len);
    guard_free(copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tests = tcase_create("record");
    tcase_add_test(tests, a_stored_record_comes_back_whole_from_a_copy_of_its_bytes);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
