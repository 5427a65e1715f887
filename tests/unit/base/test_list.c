/*
 * core/base/list: intrusive lists.
 */
#include "base/list.h"

#include <check.h>
#include <stdlib.h>

#include "support/suite.h"

struct item {
    int number;
    struct list node;
};

static int sum_in_order(struct list *head)
{
    int sum = 0;
    struct list *node;
    list_for_each (node, head) {
        sum = sum * 10 + LIST_ENTRY(node, struct item, node)->number;
    }
    return sum;
}

START_TEST(a_new_list_is_empty)
{
    struct list head;
    list_init(&head);
    ck_assert(list_is_empty(&head));
    ck_assert_int_eq(sum_in_order(&head), 0);
}
END_TEST

START_TEST(elements_come_in_the_order_they_were_appended)
{
    struct list head;
    list_init(&head);
    struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    for (size_t i = 0; i < 3; i++) {
        list_append(&head, &items[i].node);
    }
    ck_assert(!list_is_empty(&head));
    ck_assert_int_eq(sum_in_order(&head), 123);
}
END_TEST

START_TEST(an_element_can_leave_from_anywhere_and_twice)
{
    struct list head;
    list_init(&head);
    struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    for (size_t i = 0; i < 3; i++) {
        list_append(&head, &items[i].node);
    }
    list_remove(&items[_i].node);
    list_remove(&items[_i].node);
    const int left[3] = {23, 13, 12};
    ck_assert_int_eq(sum_in_order(&head), left[_i]);
    list_append(&head, &items[_i].node);
    ck_assert_int_eq(sum_in_order(&head), left[_i] * 10 + _i + 1);
}
END_TEST

START_TEST(the_safe_walk_lets_the_current_element_be_freed)
{
    struct list head;
    list_init(&head);
    for (int i = 0; i < 5; i++) {
        struct item *item = calloc(1, sizeof(*item));
        ck_assert_ptr_nonnull(item);
        item->number = i;
        list_append(&head, &item->node);
    }
    struct list *node;
    struct list *after;
    int seen = 0;
    list_for_each_safe (node, after, &head) {
        struct item *item = LIST_ENTRY(node, struct item, node);
        ck_assert_int_eq(item->number, seen);
        seen++;
        list_remove(node);
        free(item);
    }
    ck_assert_int_eq(seen, 5);
    ck_assert(list_is_empty(&head));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("list");
    tcase_add_test(cases, a_new_list_is_empty);
    tcase_add_test(cases, elements_come_in_the_order_they_were_appended);
    tcase_add_loop_test(cases, an_element_can_leave_from_anywhere_and_twice, 0, 3);
    tcase_add_test(cases, the_safe_walk_lets_the_current_element_be_freed);
    return suite_run("base/list", cases);
}
