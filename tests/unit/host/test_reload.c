/*
 * The plan of a reload: what each difference of two configs leads to.
 */
#include "host/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/shard.h"
#include "support/suite.h"
#include "trees.h"

static const char *const KINDS[] = {"?", "session", "output", "telemetry"};
static const struct reload_rules NO_RULES;

static char plan_text[4096];

/* `before` NULL: nothing runs yet. @return "remove session a, keep output t", in the plan's order
 */
static const char *plan(const char *before, const char *after, const struct reload_rules *rules)
{
    struct conf_tree *old = before == NULL ? NULL : tree_of(before);
    struct conf_tree *new = tree_of(after);
    struct reload_plan made;
    size_t total = 0;
    size_t len   = 0;
    ck_assert_int_eq(reload_plan_make(old, new, rules, &made), 0);
    plan_text[0] = '\0';
    for (size_t i = 0; i < made.count; i++) {
        const struct reload_change *change = &made.changes[i];
        ck_assert_int_eq(change->before == NULL, change->action == RELOAD_ADD);
        ck_assert_int_eq(change->after == NULL, change->action == RELOAD_REMOVE);
        len += (size_t)snprintf(plan_text + len, sizeof(plan_text) - len, "%s%s %s %s",
                                i == 0 ? "" : ", ", reload_action_name(change->action),
                                KINDS[change->kind], change->name);
    }
    for (size_t kind = 0; kind < sizeof(KINDS) / sizeof(KINDS[0]); kind++) {
        for (size_t action = 0; action < RELOAD_ACTION_COUNT; action++) {
            total += made.totals[kind][action];
        }
    }
    ck_assert_uint_eq(total, made.count);
    reload_plan_fini(&made);
    ck_assert_ptr_null(made.changes);
    conf_tree_destroy(old);
    conf_tree_destroy(new);
    return plan_text;
}

/* One session `s` with these statements before and after. */
static const char *step(const char *before, const char *after)
{
    char old[1024];
    char new[1024];
    snprintf(old, sizeof(old), "session s { adapter a; url ws://h; %s }", before);
    snprintf(new, sizeof(new), "session s { adapter a; url ws://h; %s }", after);
    return plan(old, new, &NO_RULES);
}

START_TEST(at_the_start_everything_is_added_in_the_order_of_the_config)
{
    const char *text = "telemetry statsd { server h:1; } session b { } output jsonl t { path p; } "
                       "session a { }";
    ck_assert_str_eq(plan(NULL, text, &NO_RULES),
                     "add session b, add session a, add output t, add telemetry statsd");
}
END_TEST

START_TEST(an_equal_config_keeps_everything_even_from_other_lines)
{
    const char *a = "session s { url ws://h; subscribe x; } output jsonl t { path p; } telemetry z "
                    "{ server h:1; }";
    const char *b =
        "daemon off;\n\n\nsession s {\n url ws://h;\n subscribe x; }\noutput jsonl t {\n "
        "path p; }\ntelemetry z {\nserver h:1; }";
    ck_assert_str_eq(plan(a, b, &NO_RULES), "keep session s, keep output t, keep telemetry z");
}
END_TEST

START_TEST(what_is_gone_is_removed_before_anything_else)
{
    const char *a = "session s { } session t { } output jsonl o { } telemetry z { }";
    ck_assert_str_eq(plan(a, "session u { } session t { }", &NO_RULES),
                     "remove session s, remove output o, remove telemetry z, add session u, keep "
                     "session t");
}
END_TEST

START_TEST(sessions_outputs_and_sinks_of_one_name_are_not_mixed_up)
{
    ck_assert_str_eq(plan("session x { }", "output jsonl x { } telemetry x { }", &NO_RULES),
                     "remove session x, add output x, add telemetry x");
}
END_TEST

static const char *const IN_PLACE[][2] = {
    {"subscribe a;", "subscribe a b;"},
    {"subscribe a;", "subscribe a; subscribe b;"},
    {"subscribe a;", ""},
    {"", "subscribe a;"},
    {"", "stale_after * 1s;"},
    {"reconnect delay=1s;", "reconnect delay=2s;"},
    {"output t;", "output u;"},
    {"required on;", ""},
    {"connect_timeout 1s;", "connect_timeout 2s;"},
    {"auth_timeout 1s;", "auth_timeout 2s;"},
    {"request_timeout 1s;", "request_timeout 2s;"},
    {"subscribe_timeout 1s;", "subscribe_timeout 2s;"},
    {"credentials file:a;", "credentials file:b;"},
    {"subscribe a; required on;", "required on; subscribe a;"},
};

START_TEST(what_needs_no_new_link_is_applied_in_place)
{
    ck_assert_msg(strcmp(step(IN_PLACE[_i][0], IN_PLACE[_i][1]), "apply session s") == 0,
                  "%s -> %s: %s", IN_PLACE[_i][0], IN_PLACE[_i][1], plan_text);
}
END_TEST

static const char *const ANEW[][2] = {
    {"heartbeat 10s;", "heartbeat 20s;"},
    {"", "header \"X: 1\";"},
    {"header \"X: 1\";", ""},
    {"header \"X: 1\"; header \"Y: 2\";", "header \"Y: 2\"; header \"X: 1\";"},
    {"tls_verify on;", "tls_verify off;"},
    {"bind 127.0.0.1;", "bind 127.0.0.2;"},
    {"compression off;", "compression on;"},
    {"max_message 1m;", "max_message 2m;"},
    {"", "credentials file:a;"},
    {"credentials file:a;", ""},
    {"of_the_adapter 1;", "of_the_adapter 2;"},
    {"subscribe a;", "subscribe b; of_the_adapter 1;"},
    {"subscribe a; of_the_adapter 1;", "subscribe b;"},
};

START_TEST(what_the_link_was_made_with_replaces_the_session)
{
    ck_assert_msg(strcmp(step(ANEW[_i][0], ANEW[_i][1]), "replace session s") == 0, "%s -> %s: %s",
                  ANEW[_i][0], ANEW[_i][1], plan_text);
}
END_TEST

START_TEST(another_url_or_adapter_replaces_the_session)
{
    const char *a = "session s { adapter a; url ws://h; }";
    ck_assert_str_eq(plan(a, "session s { adapter a; url ws://i; }", &NO_RULES),
                     "replace session s");
    ck_assert_str_eq(plan(a, "session s { adapter b; url ws://h; }", &NO_RULES),
                     "replace session s");
}
END_TEST

START_TEST(a_changed_output_or_sink_is_replaced_and_its_sessions_stay)
{
    const char *a =
        "session s { output o; } output jsonl o { path a; } telemetry z { server h:1; }";
    const char *b =
        "session s { output o; } output jsonl o { path b; } telemetry z { server h:2; }";
    ck_assert_str_eq(plan(a, b, &NO_RULES),
                     "keep session s, replace output o, replace telemetry z");
}
END_TEST

START_TEST(an_output_of_another_module_under_the_same_name_is_replaced)
{
    ck_assert_str_eq(plan("output jsonl o { }", "output redis o { }", &NO_RULES),
                     "replace output o");
}
END_TEST

static int of_adapter_b(void *arg, enum hawser_module_kind kind, const struct conf_node *after)
{
    const struct conf_node *adapter = conf_find(after, "adapter", NULL);
    ck_assert_ptr_eq(arg, &plan_text);
    return kind == HAWSER_ADAPTER && adapter != NULL && strcmp(adapter->words[1], "b") == 0;
}

START_TEST(a_module_whose_file_was_replaced_moves_its_sessions_alone)
{
    const char *text = "session s { adapter a; } session t { adapter b; } output jsonl o { }";
    struct reload_rules rules = {.arg = &plan_text, .module_changed = of_adapter_b};
    ck_assert_str_eq(plan(text, text, &rules), "keep session s, replace session t, keep output o");
}
END_TEST

static int of_session_t(void *arg, const char *session)
{
    (void)arg;
    return strcmp(session, "t") == 0;
}

START_TEST(credentials_with_other_words_are_applied_in_place)
{
    const char *text = "session s { credentials file:c; } session t { credentials file:c; }";
    struct reload_rules rules = {.credentials_changed = of_session_t};
    ck_assert_str_eq(plan(text, text, &rules), "keep session s, apply session t");
}
END_TEST

/* A worker of a host with so many workers before and after. */
struct worker {
    uint32_t index;
    uint32_t before;
    uint32_t after;
};

static int is_of_worker(void *arg, enum hawser_module_kind kind, const struct conf_node *node,
                        int is_after)
{
    const struct worker *worker = arg;
    return kind != HAWSER_ADAPTER ||
           shard_of(node->words[1], is_after ? worker->after : worker->before) == worker->index;
}

static char many[8192];

static void write_many(void)
{
    size_t len = 0;
    for (int i = 0; i < 100; i++) {
        len += (size_t)snprintf(many + len, sizeof(many) - len, "session s%d { url ws://h; }\n", i);
    }
}

START_TEST(when_workers_are_added_each_session_leaves_one_worker_and_comes_to_one)
{
    size_t totals[RELOAD_ACTION_COUNT] = {0};
    write_many();
    struct conf_tree *tree = tree_of(many);
    for (uint32_t i = 0; i < 4; i++) {
        struct worker worker      = {i, 2, 4};
        struct reload_rules rules = {.arg = &worker, .is_ours = is_of_worker};
        struct reload_plan made;
        ck_assert_int_eq(reload_plan_make(i < 2 ? tree : NULL, tree, &rules, &made), 0);
        for (size_t action = 0; action < RELOAD_ACTION_COUNT; action++) {
            totals[action] += made.totals[HAWSER_ADAPTER][action];
        }
        reload_plan_fini(&made);
    }
    ck_assert_uint_eq(totals[RELOAD_ADD], totals[RELOAD_REMOVE]);
    ck_assert_uint_eq(totals[RELOAD_KEEP] + totals[RELOAD_ADD], 100);
    ck_assert_uint_gt(totals[RELOAD_ADD], 20);
    ck_assert_uint_lt(totals[RELOAD_ADD], 80);
    ck_assert_uint_eq(totals[RELOAD_APPLY] + totals[RELOAD_REPLACE], 0);
    conf_tree_destroy(tree);
}
END_TEST

static int is_after_only(void *arg, enum hawser_module_kind kind, const struct conf_node *node,
                         int is_after)
{
    (void)arg;
    (void)kind;
    (void)node;
    return is_after;
}

START_TEST(a_changed_session_that_comes_from_another_worker_is_added_here)
{
    struct reload_rules rules = {.is_ours = is_after_only};
    ck_assert_str_eq(plan("session s { subscribe a; }", "session s { subscribe b; }", &rules),
                     "add session s");
}
END_TEST

START_TEST(an_empty_config_removes_everything)
{
    ck_assert_str_eq(plan("session s { } telemetry z { }", "daemon off;", &NO_RULES),
                     "remove session s, remove telemetry z");
    ck_assert_str_eq(plan(NULL, "daemon off;", &NO_RULES), "");
}
END_TEST

START_TEST(actions_have_names_and_other_numbers_none)
{
    ck_assert_str_eq(reload_action_name(RELOAD_APPLY), "apply");
    ck_assert_str_eq(reload_action_name(RELOAD_ACTION_COUNT), "?");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    TCase *cases = tcase_create("reload");
    tcase_add_test(cases, at_the_start_everything_is_added_in_the_order_of_the_config);
    tcase_add_test(cases, an_equal_config_keeps_everything_even_from_other_lines);
    tcase_add_test(cases, what_is_gone_is_removed_before_anything_else);
    tcase_add_test(cases, sessions_outputs_and_sinks_of_one_name_are_not_mixed_up);
    tcase_add_loop_test(cases, what_needs_no_new_link_is_applied_in_place, 0, COUNT(IN_PLACE));
    tcase_add_loop_test(cases, what_the_link_was_made_with_replaces_the_session, 0, COUNT(ANEW));
    tcase_add_test(cases, another_url_or_adapter_replaces_the_session);
    tcase_add_test(cases, a_changed_output_or_sink_is_replaced_and_its_sessions_stay);
    tcase_add_test(cases, an_output_of_another_module_under_the_same_name_is_replaced);
    tcase_add_test(cases, a_module_whose_file_was_replaced_moves_its_sessions_alone);
    tcase_add_test(cases, credentials_with_other_words_are_applied_in_place);
    tcase_add_test(cases, when_workers_are_added_each_session_leaves_one_worker_and_comes_to_one);
    tcase_add_test(cases, a_changed_session_that_comes_from_another_worker_is_added_here);
    tcase_add_test(cases, an_empty_config_removes_everything);
    tcase_add_test(cases, actions_have_names_and_other_numbers_none);
    return suite_run("host/reload", cases);
}
