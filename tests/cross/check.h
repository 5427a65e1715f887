/*
 * As much of Check as the unit tests of code without dependencies need, for machines that Check is
 * not built for: no processes, no timeouts, and the first failure ends the program.
 */
#ifndef TESTS_CROSS_CHECK_H
#define TESTS_CROSS_CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CK_NORMAL 0

enum { CROSS_TESTS_MAX = 128 };

typedef void cross_fn(int _i);

/* Check's names for them have no tag. */
#define TCase   struct cross_case
#define Suite   struct cross_suite
#define SRunner struct cross_suite

struct cross_case {
    const char *name;
    struct {
        cross_fn *fn;
        const char *name;
        int first;
        int end;
    } tests[CROSS_TESTS_MAX];
    int count;
    void (*set_up)(void);
    void (*tear_down)(void);
};

struct cross_suite {
    const char *name;
    TCase *cases[8];
    int count;
};

#define START_TEST(test) static void test(int _i __attribute__((unused)))
#define END_TEST

static inline void cross_add(TCase *tcase, cross_fn *fn, const char *name, int first, int end)
{
    if (tcase->count == CROSS_TESTS_MAX) {
        fprintf(stderr, "more tests than there is room for\n");
        exit(EXIT_FAILURE);
    }
    tcase->tests[tcase->count].fn    = fn;
    tcase->tests[tcase->count].name  = name;
    tcase->tests[tcase->count].first = first;
    tcase->tests[tcase->count].end   = end;
    tcase->count++;
}

#define tcase_add_test(tcase, test)                  cross_add(tcase, test, #test, 0, 1)
#define tcase_add_loop_test(tcase, test, first, end) cross_add(tcase, test, #test, first, end)

static inline TCase *tcase_create(const char *name)
{
    TCase *tcase = calloc(1, sizeof(*tcase));
    tcase->name  = name;
    return tcase;
}

static inline void tcase_set_timeout(TCase *tcase, double seconds)
{
    (void)tcase;
    (void)seconds;
}

static inline void tcase_add_checked_fixture(TCase *tcase, void (*set_up)(void),
                                             void (*tear_down)(void))
{
    tcase->set_up    = set_up;
    tcase->tear_down = tear_down;
}

static inline Suite *suite_create(const char *name)
{
    Suite *suite = calloc(1, sizeof(*suite));
    suite->name  = name;
    return suite;
}

static inline void suite_add_tcase(Suite *suite, TCase *tcase)
{
    suite->cases[suite->count++] = tcase;
}

static inline SRunner *srunner_create(Suite *suite)
{
    return suite;
}

static inline void cross_run_case(const TCase *tcase)
{
    for (int i = 0; i < tcase->count; i++) {
        for (int turn = tcase->tests[i].first; turn < tcase->tests[i].end; turn++) {
            if (tcase->set_up != NULL) {
                tcase->set_up();
            }
            tcase->tests[i].fn(turn);
            if (tcase->tear_down != NULL) {
                tcase->tear_down();
            }
        }
        printf("  %s\n", tcase->tests[i].name);
    }
}

static inline void srunner_run_all(SRunner *runner, int mode)
{
    (void)mode;
    printf("%s\n", runner->name);
    for (int i = 0; i < runner->count; i++) {
        cross_run_case(runner->cases[i]);
    }
}

static inline int srunner_ntests_failed(const SRunner *runner)
{
    (void)runner;
    return 0; /* a failure does not come back */
}

static inline void srunner_free(SRunner *runner)
{
    for (int i = 0; i < runner->count; i++) {
        free(runner->cases[i]);
    }
    free(runner);
}

#define ck_assert_msg(truth, ...)                                                                  \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            fprintf(stderr, "%s:%d: " #truth ": ", __FILE__, __LINE__);                            \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fprintf(stderr, "\n");                                                                 \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)
#define ck_abort_msg(...) ck_assert_msg(0, __VA_ARGS__)
#define ck_assert(truth)  ck_assert_msg(truth, "is not true")

#define CROSS_COMPARE(type, a, op, b)                                                              \
    do {                                                                                           \
        type cross_a = (a);                                                                        \
        type cross_b = (b);                                                                        \
        ck_assert_msg(cross_a op cross_b, "%lld and %lld", (long long)cross_a,                     \
                      (long long)cross_b);                                                         \
    } while (0)
#define ck_assert_int_eq(a, b)  CROSS_COMPARE(intmax_t, a, ==, b)
#define ck_assert_int_ne(a, b)  CROSS_COMPARE(intmax_t, a, !=, b)
#define ck_assert_int_lt(a, b)  CROSS_COMPARE(intmax_t, a, <, b)
#define ck_assert_int_gt(a, b)  CROSS_COMPARE(intmax_t, a, >, b)
#define ck_assert_int_ge(a, b)  CROSS_COMPARE(intmax_t, a, >=, b)
#define ck_assert_uint_eq(a, b) CROSS_COMPARE(uintmax_t, a, ==, b)
#define ck_assert_uint_ne(a, b) CROSS_COMPARE(uintmax_t, a, !=, b)
#define ck_assert_uint_lt(a, b) CROSS_COMPARE(uintmax_t, a, <, b)
#define ck_assert_uint_le(a, b) CROSS_COMPARE(uintmax_t, a, <=, b)
#define ck_assert_uint_gt(a, b) CROSS_COMPARE(uintmax_t, a, >, b)

#define ck_assert_ptr_eq(a, b)      ck_assert((a) == (b))
#define ck_assert_ptr_null(a)       ck_assert((a) == NULL)
#define ck_assert_ptr_nonnull(a)    ck_assert((a) != NULL)
#define ck_assert_mem_eq(a, b, len) ck_assert(memcmp(a, b, len) == 0)
#define ck_assert_str_eq(a, b)      ck_assert_msg(strcmp(a, b) == 0, "\"%s\" and \"%s\"", a, b)

#endif
