/*
 * Sessions by name: constant-time look-ups, and walks during which the table changes.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>

#include "session/registry.h"
#include "support/suite.h"

#define MANY 100000

static int objects[MANY];

static void add(struct registry *registry, int i)
{
    char name[32];
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)snprintf(name, sizeof(name), "session-%d", i);
    ck_assert_int_eq(registry_add(registry, name, &objects[i], &err), 0);
}

START_TEST(a_hundred_thousand_sessions_are_found_and_removed)
{
    struct registry *registry = registry_create();
    char name[32];
    for (int i = 0; i < MANY; i++) {
        add(registry, i);
    }
    ck_assert_uint_eq(registry_count(registry), MANY);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "session-%d", i);
        ck_assert_ptr_eq(registry_find(registry, name), &objects[i]);
    }
    for (int i = 0; i < MANY; i += 2) {
        (void)snprintf(name, sizeof(name), "session-%d", i);
        ck_assert_ptr_eq(registry_remove(registry, name), &objects[i]);
        ck_assert_ptr_null(registry_find(registry, name));
    }
    ck_assert_uint_eq(registry_count(registry), MANY / 2);
    registry_destroy(registry);
}
END_TEST

START_TEST(a_name_is_taken_once)
{
    struct registry *registry = registry_create();
    struct hawser_error err   = HAWSER_ERROR_INIT;
    ck_assert_int_eq(registry_add(registry, "btc", &objects[0], &err), 0);
    ck_assert_int_eq(registry_add(registry, "btc", &objects[1], &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_ptr_eq(registry_find(registry, "btc"), &objects[0]);
    ck_assert_ptr_null(registry_remove(registry, "eth"));
    registry_destroy(registry);
}
END_TEST

struct walk {
    struct registry *registry;
    int visits[64];
};

static void remove_all_and_add_one(void *arg, const char *name, void *object)
{
    struct walk *walk = arg;
    (void)name;
    size_t index = (size_t)((int *)object - objects);
    walk->visits[index]++;
    if (index == 3) {
        char other[32];
        for (int i = 0; i < 20; i++) {
            (void)snprintf(other, sizeof(other), "session-%d", i);
            (void)registry_remove(walk->registry, other);
        }
        add(walk->registry, 40);
        add(walk->registry, 5); /* the same name again */
    }
}

START_TEST(a_walk_bears_removals_and_additions)
{
    struct walk walk = {.registry = registry_create()};
    for (int i = 0; i < 20; i++) {
        add(walk.registry, i);
    }
    registry_each(walk.registry, remove_all_and_add_one, &walk);
    for (int i = 0; i < 64; i++) {
        ck_assert_int_le(walk.visits[i], 1);
    }
    for (int i = 0; i <= 3; i++) {
        ck_assert_int_eq(walk.visits[i], 1);
    }
    ck_assert_int_eq(walk.visits[4], 0); /* removed before its turn */
    ck_assert_uint_eq(registry_count(walk.registry), 2);
    ck_assert_ptr_eq(registry_find(walk.registry, "session-5"), &objects[5]);
    registry_destroy(walk.registry);
}
END_TEST

static void walk_again(void *arg, const char *name, void *object)
{
    struct walk *walk = arg;
    (void)object;
    (void)registry_remove(walk->registry, name);
    registry_each(walk->registry, remove_all_and_add_one, walk);
}

START_TEST(a_walk_in_a_walk_frees_nothing_too_early)
{
    struct walk walk = {.registry = registry_create()};
    add(walk.registry, 1);
    add(walk.registry, 2);
    registry_each(walk.registry, walk_again, &walk);
    ck_assert_uint_eq(registry_count(walk.registry), 0);
    registry_destroy(walk.registry);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("registry");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_hundred_thousand_sessions_are_found_and_removed);
    tcase_add_test(cases, a_name_is_taken_once);
    tcase_add_test(cases, a_walk_bears_removals_and_additions);
    tcase_add_test(cases, a_walk_in_a_walk_frees_nothing_too_early);
    return suite_run("session/registry", cases);
}
