/*
 * A reload's plan in words: what becomes of each, and the statement that is the reason.
 */
#include <string.h>

#include "host/reload.h"
#include "support/suite.h"
#include "trees.h"

static char said[2048];

static void add_text(const char *kind, const char *name, const char *words, struct buf *reason)
{
    size_t len = strlen(said);
    (void)snprintf(said + len, sizeof(said) - len, "%s%s %s: %s: %s", len == 0 ? "" : "\n", kind,
                   name, words, buf_text(reason));
    buf_fini(reason);
}

/* @return a line for each change: KIND NAME: ACTION: REASON */
static const char *explain(const char *before, const char *after, const struct reload_rules *rules)
{
    static const char *const KINDS[] = {"?", "session", "output", "telemetry"};
    struct conf_tree *old            = tree_of(before);
    struct conf_tree *new            = tree_of(after);
    const struct conf_node *module   = conf_find(conf_tree_root(new), "load_module", NULL);
    struct reload_plan plan;
    ck_assert_int_eq(reload_plan_make(old, new, rules, &plan), 0);
    said[0] = 0;
    for (size_t i = 0; i < plan.count; i++) {
        struct buf reason = {0};
        ck_assert_int_eq(reload_change_explain(&plan.changes[i], module, &reason), 0);
        add_text(KINDS[plan.changes[i].kind], plan.changes[i].name,
                 reload_change_words(&plan.changes[i]), &reason);
    }
    reload_plan_fini(&plan);
    conf_tree_destroy(old);
    conf_tree_destroy(new);
    return said;
}

static const struct reload_rules NO_RULES;

#define S(text) "session s { url ws://h;\n" text " }"

static const struct {
    const char *before;
    const char *after;
    const char *said;
} CASES[] = {
    {S("subscribe a;"), S("subscribe a;"), "session s: kept: unchanged"},
    {S("subscribe a;"), S("subscribe b;"),
     "session s: resubscribed in place: test.conf:2: subscribe changed"},
    {S("subscribe a;"), S("subscribe a;\nsubscribe b;"),
     "session s: resubscribed in place: test.conf:3: subscribe added"},
    {S("subscribe a;"), S(""),
     "session s: resubscribed in place: test.conf:2: subscribe is gone (it was here)"},
    {S("subscribe a;"), S("subscribe b;\nrequired;"),
     "session s: applied in place: test.conf:2: subscribe changed; test.conf:3: required added"},
    {S("required;"), S("subscribe b;"),
     "session s: applied in place: test.conf:2: subscribe added; test.conf:2: required is gone (it "
     "was here)"},
    {S("credentials file:a;"), S("credentials file:b;"),
     "session s: re-authenticated in place: test.conf:2: credentials changed"},
    {"session s { url ws://h; }", "session s {\nurl ws://i; }",
     "session s: moved: test.conf:2: url changed"},
    {"session s { required; subscribe a; }", "session s { subscribe a; required; }",
     "session s: applied in place: test.conf:1: the order of its statements changed"},
    {"output jsonl o { path a; }", "output jsonl o { path b; }",
     "output o: restarted: test.conf:1: path changed"},
    {"output jsonl o { }", "output redis o { }",
     "output o: restarted: test.conf:1: its module changed"},
    {"", "\ntelemetry z { }", "telemetry z: added: test.conf:2: telemetry added"},
    {"\n\nsession s { }", "", "session s: removed: test.conf:3: session is gone (it was here)"},
};

START_TEST(each_change_is_named_with_the_statement_that_is_its_reason)
{
    ck_assert_str_eq(explain(CASES[_i].before, CASES[_i].after, &NO_RULES), CASES[_i].said);
}
END_TEST

START_TEST(more_differences_than_anyone_reads_are_counted)
{
    const char *text =
        explain("session s { }", "session s { a; b; c; d; e; f; g; h; i; j; k; }", &NO_RULES);
    ck_assert_ptr_nonnull(strstr(text, "test.conf:1: h added; and 3 more"));
    ck_assert_ptr_null(strstr(text, "i added"));
}
END_TEST

static int always(void *arg, const char *session)
{
    (void)arg;
    return strcmp(session, "s") == 0;
}

static int always_changed(void *arg, enum hawser_module_kind kind, const struct conf_node *after)
{
    (void)arg;
    (void)after;
    return kind == HAWSER_ADAPTER;
}

START_TEST(what_no_statement_shows_is_a_reason_too)
{
    const char *text            = "load_module m.so;\nsession s {\ncredentials file:c; }";
    struct reload_rules secrets = {.credentials_changed = always};
    struct reload_rules module  = {.module_changed = always_changed};
    struct reload_rules worker  = {.worker_changed = always};
    struct reload_rules failed  = {.has_failed = always, .credentials_changed = always};
    ck_assert_str_eq(explain(text, text, &secrets),
                     "session s: re-authenticated in place: test.conf:3: credentials name other "
                     "words than before");
    ck_assert_str_eq(explain(text, text, &module),
                     "session s: moved: test.conf:1: the module's file was replaced");
    ck_assert_str_eq(explain(text, text, &worker), "session s: restarted: another worker runs it");
    ck_assert_str_eq(explain(text, text, &failed),
                     "session s: restarted: test.conf:3: credentials name other words than before; "
                     "it had failed or was closed by hand, and is tried again");
}
END_TEST

static void add_main(void *arg, const struct reload_main_change *change)
{
    struct buf reason = {0};
    (void)arg;
    ck_assert_int_eq(reload_main_explain(change, &reason), 0);
    add_text("host", change->directive, reload_main_words(change), &reason);
}

START_TEST(the_main_block_tells_what_needs_a_restart)
{
    struct conf_tree *old = tree_of("pid a;\nworker_processes 1; session s { }\nload_module m;");
    struct conf_tree *new =
        tree_of("pid b;\nsession t { }\nload_module m;\nload_module n;\nshutdown_timeout 5s;");
    said[0] = 0;
    reload_main_changes(old, new, add_main, NULL);
    ck_assert_str_eq(said, "host pid: needs a restart: test.conf:1: pid changed\n"
                           "host load_module: applied in place: test.conf:4: load_module added\n"
                           "host shutdown_timeout: applied in place: test.conf:5: shutdown_timeout "
                           "added\n"
                           "host worker_processes: applied in place: test.conf:2: worker_processes "
                           "is gone (it was here)");
    said[0] = 0;
    reload_main_changes(old, old, add_main, NULL);
    ck_assert_str_eq(said, "");
    conf_tree_destroy(old);
    conf_tree_destroy(new);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("reload_explain");
    tcase_add_loop_test(cases, each_change_is_named_with_the_statement_that_is_its_reason, 0,
                        (int)(sizeof(CASES) / sizeof(CASES[0])));
    tcase_add_test(cases, more_differences_than_anyone_reads_are_counted);
    tcase_add_test(cases, what_no_statement_shows_is_a_reason_too);
    tcase_add_test(cases, the_main_block_tells_what_needs_a_restart);
    return suite_run("host/reload_explain", cases);
}
