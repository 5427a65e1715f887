/*
 * core/conf/hide: what stands in a config and is secret is masked, as long as its tree lives.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/slice.h"
#include "conf/tree.h"
#include "support/suite.h"

static struct conf_tree *tree;

static void hide(const char *text)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    tree = conf_parse_bytes(slice_of(text), "test", &problems);
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_int_eq(conf_tree_hide(tree), 0);
    ck_assert_int_eq(conf_tree_hide(tree), 0); /* once is enough */
    conf_problems_fini(&problems);
}

static void tear_down(void)
{
    conf_tree_destroy(tree);
    tree = NULL;
}

static const char *masked(const char *text)
{
    static char copy[512];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    secret_mask_text(copy, 0);
    return copy;
}

static void expect_hidden(const char *text)
{
    ck_assert_msg(strcmp(masked(text), "***") == 0, "%s is shown as %s", text, masked(text));
}

static void expect_shown(const char *text)
{
    ck_assert_str_eq(masked(text), text);
}

START_TEST(values_of_headers_that_log_in_are_masked_whole_and_in_parts)
{
    hide("session a { header \"Authorization: Bearer abc.def-123\";"
         " header \"X-Api-Key: k3y!\"; header \"Cookie: sid=0123456789ab; "
         "theme=\\\"dark-theme\\\"\";"
         " header \"OK-ACCESS-SIGN:  c2lnbmVk \"; }");
    expect_hidden("Bearer abc.def-123");
    expect_hidden("abc.def-123");
    expect_hidden("k3y!");
    expect_hidden("0123456789ab");
    expect_hidden("dark-theme");
    expect_hidden("c2lnbmVk");
    expect_shown("Bearer of good news");
}
END_TEST

START_TEST(a_basic_login_is_masked_as_it_is_sent_and_as_it_is_known)
{
    hide("session a { header \"Authorization: Basic dHJhZGVyLTAxOmh1bnRlcjI=\"; }");
    expect_hidden("dHJhZGVyLTAxOmh1bnRlcjI=");
    expect_hidden("trader-01");
    expect_hidden("hunter2");
}
END_TEST

START_TEST(harmless_headers_stay_readable_and_unknown_ones_are_judged_by_length)
{
    hide("session a { header \"User-Agent: hawser-for-trading/1.0\"; header \"X-Desk: market\";"
         " header \"Origin: https://www.exchange.example\"; header \"X-Desk-Pass: "
         "0123456789abcdef\"; }");
    expect_shown("hawser-for-trading/1.0");
    expect_shown("https://www.exchange.example");
    expect_shown("market");
    expect_hidden("0123456789abcdef");
}
END_TEST

START_TEST(logins_and_keys_in_urls_are_masked_as_written_and_decoded)
{
    hide("session a { proxy http://operator:p%40ss%2Fword@proxy:3128;"
         " url wss://host/ws?api_key=0a1b2c3d&depth=20; }"
         "output x y { path data/ticks; }");
    expect_hidden("operator");
    expect_hidden("p%40ss%2Fword");
    expect_hidden("p@ss/word");
    expect_hidden("0a1b2c3d");
    expect_shown("proxy:3128 depth=20 data/ticks");
}
END_TEST

START_TEST(short_user_names_and_what_is_no_secret_stay_readable)
{
    hide("session main { proxy socks5://bob:geheim99@proxy; subscribe ticker.BTC; credentials "
         "file:a.cred; }");
    expect_shown("bob main ticker.BTC file:a.cred");
    expect_hidden("geheim99");
}
END_TEST

START_TEST(a_tree_that_goes_takes_its_secrets_along)
{
    hide("session a { header \"Authorization: token-of-old\"; }");
    struct conf_tree *old = tree;
    hide("session a { header \"Authorization: token-of-old\"; header \"X-Key: new-one\"; }");
    conf_tree_destroy(old);
    expect_hidden("token-of-old"); /* the new one has it, too */
    expect_hidden("new-one");
    tear_down();
    expect_shown("token-of-old");
    expect_shown("new-one");
}
END_TEST

START_TEST(broken_words_do_no_harm)
{
    hide("session a { header \"Authorization:\"; header \"Authorization: Basic ====\"; header "
         "\"nothing\";"
         " header \"X-Key: %\"; proxy http://a:%zz%@b; proxy http://:@; url \"key=\"; proxy "
         "http://@; }");
    expect_hidden("%zz%");
}
END_TEST

START_TEST(problems_do_not_quote_what_is_secret)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    conf_problem(&problems, NULL, "got \"token-of-mine\"");
    hide("session a { header \"Authorization: token-of-mine\"; }");
    conf_problems_mask(&problems);
    conf_problem(&problems, NULL, "again \"token-of-mine\"");
    ck_assert_str_eq(buf_text(&problems.text), "got \"***\"\nagain \"***\"\n");
    conf_problems_fini(&problems);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("hide");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, values_of_headers_that_log_in_are_masked_whole_and_in_parts);
    tcase_add_test(tests, a_basic_login_is_masked_as_it_is_sent_and_as_it_is_known);
    tcase_add_test(tests, harmless_headers_stay_readable_and_unknown_ones_are_judged_by_length);
    tcase_add_test(tests, logins_and_keys_in_urls_are_masked_as_written_and_decoded);
    tcase_add_test(tests, short_user_names_and_what_is_no_secret_stay_readable);
    tcase_add_test(tests, a_tree_that_goes_takes_its_secrets_along);
    tcase_add_test(tests, broken_words_do_no_harm);
    tcase_add_test(tests, problems_do_not_quote_what_is_secret);
    return suite_run("conf/hide", tests);
}
