/*
 * core/base/obj: what travels as a void * is checked, in release builds too.
 */
#include "base/obj.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

#include "support/suite.h"

#define GOOD 0x600du
#define BAD  0xbadu

struct thing {
    OBJ_MAGIC_FIELD;
    int number;
};

START_TEST(an_object_of_the_right_magic_passes)
{
    struct thing thing = {.magic = GOOD, .number = 7};
    void *travelled    = &thing;
    ck_assert_int_eq(OBJ_CAST(struct thing, travelled, GOOD)->number, 7);
}
END_TEST

START_TEST(an_object_of_another_magic_ends_the_process)
{
    struct thing thing = {.magic = BAD, .number = 7};
    void *travelled    = &thing;
    (void)OBJ_CAST(struct thing, travelled, GOOD);
}
END_TEST

START_TEST(a_null_object_ends_the_process)
{
    void *travelled = NULL;
    (void)OBJ_CAST(struct thing, travelled, GOOD);
}
END_TEST

START_TEST(a_broken_invariant_ends_the_process)
{
    volatile int one = 1;
    OBJ_ASSERT(one == 1);
    OBJ_ASSERT(one == 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("obj");
    tcase_add_test(cases, an_object_of_the_right_magic_passes);
    tcase_add_test_raise_signal(cases, an_object_of_another_magic_ends_the_process, SIGABRT);
    tcase_add_test_raise_signal(cases, a_null_object_ends_the_process, SIGABRT);
    tcase_add_test_raise_signal(cases, a_broken_invariant_ends_the_process, SIGABRT);
    return suite_run("base/obj", cases);
}
