/*
 * sim/account.c and sim/scope.c: logins, tokens, sessions, expiry, on a fake clock.
 */
#include "sim/account.h"

#include <stdio.h>
#include <string.h>

#include "sim/scope.h"
#include "support/fake_clock.h"
#include "support/suite.h"

#define LIFE_MS 2000

static struct sim_accounts *accounts;

static void setup(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    fake_clock_install();
    accounts = sim_accounts_create(1, LIFE_MS);
    ck_assert_ptr_nonnull(accounts);
    ck_assert_int_eq(sim_accounts_add(accounts, "id:sec:ret", &err), 0);
    ck_assert_int_eq(sim_accounts_add(accounts, "two:other", &err), 0);
}

static void teardown(void)
{
    sim_accounts_destroy(accounts);
    fake_clock_remove();
}

static struct sim_grant *login(uint64_t conn_id, const char *scope)
{
    struct sim_grant *grant     = NULL;
    const struct sim_login with = {.grant_type    = "client_credentials",
                                   .client_id     = "id",
                                   .client_secret = "sec:ret",
                                   .scope         = scope,
                                   .conn_id       = conn_id};
    ck_assert_int_eq(sim_accounts_login(accounts, &with, &grant), 0);
    return grant;
}

static int refresh(const char *token, uint64_t conn_id)
{
    struct sim_grant *grant     = NULL;
    const struct sim_login with = {
        .grant_type = "refresh_token", .refresh_token = token, .conn_id = conn_id};
    return sim_accounts_login(accounts, &with, &grant);
}

START_TEST(credentials_need_an_id_and_a_secret)
{
    static const char *const wrong[] = {"", "id", ":secret", "id:", ":"};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    ck_assert_int_eq(sim_accounts_add(accounts, wrong[_i], &err), -1);
    ck_assert_int_eq((int)err.code, HAWSER_CONF_DIRECTIVE);
}
END_TEST

START_TEST(wrong_logins_get_the_apis_codes)
{
    struct sim_grant *grant = NULL;
    const struct {
        struct sim_login with;
        int code;
    } rows[] = {
        {{.grant_type = "client_credentials", .client_id = "id", .client_secret = "sec"}, 13004},
        {{.grant_type = "client_credentials", .client_id = "id"}, 13004},
        {{.grant_type = "client_credentials", .client_id = "no", .client_secret = "x"}, 13004},
        {{.grant_type = "client_credentials"}, -32602},
        {{.grant_type = "password", .client_id = "id"}, -32602},
        {{.grant_type = "client_signature", .client_id = "id"}, -32602},
        {{.grant_type = "refresh_token"}, -32602},
        {{.grant_type = "refresh_token", .refresh_token = "no"}, 13009},
    };
    ck_assert_int_eq(sim_accounts_login(accounts, &rows[_i].with, &grant), rows[_i].code);
    ck_assert_ptr_null(grant);
}
END_TEST

START_TEST(signature_of_the_published_example_is_right)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct sim_grant *grant = NULL;
    /* The example's timestamp is long gone: the clock is set to it. */
    clock_ns_t at = INT64_C(1576074319000) * CLOCK_NS_PER_MS;
    fake_clock_advance(at - clock_realtime());
    ck_assert_int_eq(sim_accounts_add(accounts, "amanda:AMANDASECRECT", &err), 0);
    struct sim_login with = {
        .grant_type   = "client_signature",
        .client_id    = "amanda",
        .timestamp_ms = INT64_C(1576074319000),
        .nonce        = "1iqt2wls",
        .data         = "",
        .signature    = "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"};
    fake_clock_advance(61 * CLOCK_NS_PER_S);
    ck_assert_int_eq(sim_accounts_login(accounts, &with, &grant), 13004); /* too old */
    fake_clock_advance(-61 * CLOCK_NS_PER_S);
    ck_assert_int_eq(sim_accounts_login(accounts, &with, &grant), 0);
    ck_assert_int_eq(sim_accounts_login(accounts, &with, &grant), 13004); /* nonce used */
}
END_TEST

START_TEST(connection_token_serves_its_connection_and_dies_with_it)
{
    char token[SIM_TOKEN_MAX];
    struct sim_grant *grant = login(5, NULL);
    memcpy(token, grant->access, sizeof(token));
    ck_assert_ptr_eq(sim_accounts_find(accounts, token, 5), grant);
    ck_assert_ptr_null(sim_accounts_find(accounts, token, 6));
    sim_accounts_forget(accounts, 5);
    ck_assert_ptr_null(sim_accounts_find(accounts, token, 5));
}
END_TEST

START_TEST(session_token_serves_every_connection)
{
    const struct sim_grant *grant = login(5, "session:a");
    sim_accounts_forget(accounts, 5);
    ck_assert_ptr_eq(sim_accounts_find(accounts, grant->access, 9), grant);
}
END_TEST

START_TEST(token_expires_to_the_millisecond_and_refresh_renews_it)
{
    char access[SIM_TOKEN_MAX];
    char again[SIM_TOKEN_MAX];
    struct sim_grant *grant = login(5, NULL);
    memcpy(access, grant->access, sizeof(access));
    memcpy(again, grant->refresh, sizeof(again));
    fake_clock_advance((LIFE_MS - 1) * CLOCK_NS_PER_MS);
    ck_assert_ptr_nonnull(sim_accounts_find(accounts, access, 5));
    fake_clock_advance(CLOCK_NS_PER_MS);
    ck_assert_ptr_null(sim_accounts_find(accounts, access, 5));
    ck_assert_ptr_null(sim_accounts_get(accounts, grant->id));
    ck_assert_int_eq(refresh(again, 6), 13009);
    ck_assert_int_eq(refresh(again, 5), 0);
    ck_assert_ptr_nonnull(sim_accounts_get(accounts, grant->id));
    ck_assert_ptr_null(sim_accounts_find(accounts, access, 5));
    ck_assert_int_eq(refresh(again, 5), 13009);
}
END_TEST

START_TEST(second_login_of_a_connection_or_session_ends_the_first)
{
    char first[SIM_TOKEN_MAX];
    memcpy(first, login(5, NULL)->access, sizeof(first));
    (void)login(5, NULL);
    ck_assert_ptr_null(sim_accounts_find(accounts, first, 5));
    memcpy(first, login(5, "session:a")->access, sizeof(first));
    (void)login(6, "session:a");
    ck_assert_ptr_null(sim_accounts_find(accounts, first, 5));
}
END_TEST

START_TEST(the_oldest_of_too_many_sessions_ends)
{
    char tokens[SIM_SESSIONS_MAX + 1][SIM_TOKEN_MAX];
    for (unsigned i = 0; i <= SIM_SESSIONS_MAX; i++) {
        char scope[32];
        (void)snprintf(scope, sizeof(scope), "session:s%u", i);
        memcpy(tokens[i], login(1, scope)->access, SIM_TOKEN_MAX);
    }
    ck_assert_ptr_null(sim_accounts_find(accounts, tokens[0], 1));
    for (unsigned i = 1; i <= SIM_SESSIONS_MAX; i++) {
        ck_assert_ptr_nonnull(sim_accounts_find(accounts, tokens[i], 1));
    }
}
END_TEST

START_TEST(expire_concerns_whom_it_names)
{
    const struct sim_grant *one = login(1, NULL);
    const struct sim_grant *two = login(2, NULL);
    ck_assert_uint_eq(sim_accounts_expire(accounts, sim_accounts_client(accounts, "two"), 0, 0), 0);
    ck_assert_uint_eq(sim_accounts_expire(accounts, NULL, 1, 0), 1);
    ck_assert_ptr_null(sim_accounts_find(accounts, one->access, 1));
    ck_assert_ptr_nonnull(sim_accounts_find(accounts, two->access, 2));
    ck_assert_uint_eq(sim_accounts_expire(accounts, sim_accounts_client(accounts, "id"), 0, 1), 2);
    ck_assert_int_eq(refresh(one->refresh, 1), 13009);
}
END_TEST

static const struct {
    const char *asked;
    const char *given;
} SCOPES[] = {
    {NULL, "account:read_write connection mainaccount trade:read_write wallet:read_write"},
    {"connection", "account:read_write connection mainaccount trade:read_write wallet:read_write"},
    {"trade:read", "account:read connection mainaccount trade:read wallet:read"},
    {"trade:read_write session:x account:none",
     "mainaccount session:x trade:read_write wallet:read"},
    {"  wallet:none  trade:none account:none ip:1.2.3.4", "connection mainaccount"},
};

START_TEST(scopes_are_given_as_asked)
{
    ck_assert_str_eq(login(1, SCOPES[_i].asked)->scope, SCOPES[_i].given);
}
END_TEST

START_TEST(scopes_set_life_and_rights)
{
    const struct sim_grant *grant = login(1, "expires:7 trade:read");
    ck_assert_int_eq(grant->life_ms, 7000);
    ck_assert_int_eq(sim_scope_allows(grant, "trade:read"), 1);
    ck_assert_int_eq(sim_scope_allows(grant, "trade:read_write"), 0);
    ck_assert_int_eq(sim_scope_allows(grant, "account:read"), 1);
    ck_assert_int_eq(sim_scope_allows(grant, "nonsense"), 0);
}
END_TEST

START_TEST(scopes_out_of_bounds_are_refused)
{
    static const char *const wrong[] = {"expires:0", "expires:x", "expires:99999999999", "session:",
                                        "session:0123456789012345678901234567890123456789"};
    struct sim_grant grant           = {.life_ms = 1};
    ck_assert_int_eq(sim_scope_apply(&grant, wrong[_i]), -1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("account");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, credentials_need_an_id_and_a_secret, 0, 5);
    tcase_add_loop_test(cases, wrong_logins_get_the_apis_codes, 0, 8);
    tcase_add_test(cases, signature_of_the_published_example_is_right);
    tcase_add_test(cases, connection_token_serves_its_connection_and_dies_with_it);
    tcase_add_test(cases, session_token_serves_every_connection);
    tcase_add_test(cases, token_expires_to_the_millisecond_and_refresh_renews_it);
    tcase_add_test(cases, second_login_of_a_connection_or_session_ends_the_first);
    tcase_add_test(cases, the_oldest_of_too_many_sessions_ends);
    tcase_add_test(cases, expire_concerns_whom_it_names);
    tcase_add_loop_test(cases, scopes_are_given_as_asked, 0, sizeof(SCOPES) / sizeof(SCOPES[0]));
    tcase_add_test(cases, scopes_set_life_and_rights);
    tcase_add_loop_test(cases, scopes_out_of_bounds_are_refused, 0, 5);
    return suite_run("sim/account", cases);
}
