/*
 * Credentials: who may be able to read the file, what a broken one says, and who gets what.
 */
#include "host/secrets.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/shard.h"
#include "support/guard.h"
#include "support/suite.h"
#include "trees.h"
#include "unit/conf/conf_fixture.h"

static struct secrets secrets;
static struct conf_problems problems;
static char here[4096];

static void set_up(void)
{
    folder_setup();
    ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
    conf_problems_init(&problems);
    secrets = (struct secrets){0};
}

static void tear_down(void)
{
    secrets_fini(&secrets);
    conf_problems_fini(&problems);
    folder_teardown();
}

static void read_config(const char *text)
{
    struct conf_tree *tree = tree_of(text);
    secrets_read(&secrets, tree, here, &problems);
    conf_tree_destroy(tree);
}

static void write_secret(const char *path, const char *text, mode_t mode)
{
    folder_write(path, text);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* "key=value;..." of a session */
static const char *pairs_of(const struct secrets *from, const char *session)
{
    static char text[4096];
    const char *pairs[2 * SECRETS_MAX_PAIRS];
    size_t count = secrets_of(from, session, pairs, SECRETS_MAX_PAIRS);
    size_t len   = 0;
    text[0]      = '\0';
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%s;", pairs[2 * i],
                                pairs[2 * i + 1]);
    }
    return text;
}

static void expect_problem(const char *part)
{
    const char *text = buf_text(&problems.text);
    ck_assert_uint_eq(problems.count, 1);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
    ck_assert_msg(strncmp(text, "test.conf:1: ", 13) == 0, "%s", text);
    ck_assert_ptr_null(strstr(text, "TOPSECRET"));
    ck_assert_uint_eq(secrets.triples.len, 0);
}

START_TEST(pairs_of_a_file_belong_to_their_session_alone)
{
    write_secret("a.cred", "client_id me;\nclient_secret \"s e;cret\"; # mine\n", 0600);
    write_secret("b.cred", "api_key k;", 0400);
    read_config("session a { credentials file:a.cred; } session b { credentials file:b.cred; } "
                "session c { }");
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_str_eq(pairs_of(&secrets, "a"), "client_id=me;client_secret=s e;cret;");
    ck_assert_str_eq(pairs_of(&secrets, "b"), "api_key=k;");
    ck_assert_str_eq(pairs_of(&secrets, "c"), "");
}
END_TEST

START_TEST(a_file_that_the_owners_group_reads_is_accepted)
{
    write_secret("a.cred", "k v;", 0640);
    read_config("session a { credentials file:a.cred; }");
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_str_eq(pairs_of(&secrets, "a"), "k=v;");
}
END_TEST

static const mode_t OPEN_MODES[] = {0644, 0604, 0602, 0620, 0660, 0601, 0666};

START_TEST(a_file_that_others_can_read_or_change_is_refused_with_what_to_do)
{
    write_secret("a.cred", "k TOPSECRET;", OPEN_MODES[_i]);
    read_config("session a { credentials file:a.cred; }");
    expect_problem("chmod 600 it");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
    read_config("session a { credentials file:none.cred; }");
    expect_problem("none.cred");
}
END_TEST

START_TEST(a_folder_is_no_credentials_file)
{
    ck_assert_int_eq(mkdir("d", 0700), 0);
    read_config("session a { credentials file:d; }");
    expect_problem("not a regular file");
    ck_assert_int_eq(rmdir("d"), 0);
}
END_TEST

START_TEST(a_fifo_is_refused_without_waiting_for_its_writer)
{
    ck_assert_int_eq(mkfifo("f", 0600), 0);
    read_config("session a { credentials file:f; }");
    expect_problem("not a regular file");
    ck_assert_int_eq(unlink("f"), 0);
}
END_TEST

static const char *const BROKEN[] = {
    "client_secret TOPSECRET",             /* no semicolon */
    "client_secret \"TOPSECRET;",          /* an open quote */
    "client_secret TOP SECRET TOPSECRET;", /* too many words */
    "TOPSECRET;",                          /* a value without a key */
    "key TOPSECRET { a b; }",              /* one with two words */
    "TOPSECRET { a b; }",                  /* a block */
    "k v; } TOPSECRET",                    /* a brace too many */
    "client_secret TOPSECRET\\",           /* an escape at the end */
};

START_TEST(a_broken_file_is_told_without_a_word_of_it)
{
    write_secret("a.cred", BROKEN[_i], 0600);
    read_config("session a { credentials file:a.cred; }");
    expect_problem("credentials");
}
END_TEST

START_TEST(an_empty_file_says_what_was_expected)
{
    write_secret("a.cred", "# nothing\n", 0600);
    read_config("session a { credentials file:a.cred; }");
    expect_problem("client_id ID;");
}
END_TEST

START_TEST(a_file_over_its_bound_is_refused)
{
    static char large[70000];
    memset(large, '#', sizeof(large) - 1);
    write_secret("a.cred", large, 0600);
    read_config("session a { credentials file:a.cred; }");
    expect_problem("larger than");
}
END_TEST

START_TEST(sixteen_pairs_are_taken_and_one_more_is_refused)
{
    char text[1024];
    size_t len = 0;
    for (int i = 0; i < 16; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "k%d v%d;\n", i, i);
    }
    write_secret("a.cred", text, 0600);
    read_config("session a { credentials file:a.cred; }");
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_ptr_nonnull(strstr(pairs_of(&secrets, "a"), "k15=v15;"));
    secrets_fini(&secrets);
    snprintf(text + len, sizeof(text) - len, "k16 v16;\n");
    write_secret("a.cred", text, 0600);
    read_config("session a { credentials file:a.cred; }");
    ck_assert_uint_eq(problems.count, 1);
    ck_assert_ptr_nonnull(strstr(buf_text(&problems.text), "line 17"));
}
END_TEST

START_TEST(a_variable_holds_the_same_text_as_a_file)
{
    ck_assert_int_eq(setenv("HAWSER_TEST_CRED", "client_id me; client_secret s;", 1), 0);
    read_config("session a { credentials env:HAWSER_TEST_CRED; }");
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_str_eq(pairs_of(&secrets, "a"), "client_id=me;client_secret=s;");
}
END_TEST

START_TEST(a_broken_variable_is_told_without_its_value)
{
    ck_assert_int_eq(setenv("HAWSER_TEST_CRED", "client_id TOPSECRET", 1), 0);
    read_config("session a { credentials env:HAWSER_TEST_CRED; }");
    expect_problem("credentials");
}
END_TEST

START_TEST(a_variable_that_is_not_set_is_named)
{
    ck_assert_int_eq(unsetenv("HAWSER_TEST_CRED"), 0);
    read_config("session a { credentials env:HAWSER_TEST_CRED; }");
    expect_problem("HAWSER_TEST_CRED");
}
END_TEST

START_TEST(every_session_that_lacks_its_credentials_is_told)
{
    read_config("session a { credentials file:x; } session b { credentials env:HAWSER_NONE_B; } "
                "session c { credentials what:ever; }"); /* which the check of directives tells */
    ck_assert_uint_eq(problems.count, 2);
    ck_assert_ptr_null(strstr(buf_text(&problems.text), "what:ever"));
}
END_TEST

static void read_hundred(void)
{
    char config[16384];
    size_t len = 0;
    write_secret("a.cred", "k v; l w;", 0600);
    for (int i = 0; i < 100; i++) {
        len += (size_t)snprintf(config + len, sizeof(config) - len,
                                "session s%d { credentials file:a.cred; }\n", i);
    }
    read_config(config);
    ck_assert_uint_eq(problems.count, 0);
}

static const struct shards THREE = {.workers = 3};

START_TEST(each_worker_gets_the_credentials_of_its_own_sessions_and_no_others)
{
    int holders[100] = {0};
    read_hundred();
    for (uint32_t worker = 0; worker < 3; worker++) {
        struct buf selected     = {0};
        struct secrets theirs   = {0};
        struct hawser_error err = HAWSER_ERROR_INIT;
        ck_assert_int_eq(secrets_select(&secrets, worker, &THREE, &selected), 0);
        ck_assert_int_eq(secrets_decode(&theirs, buf_slice(&selected), &err), 0);
        for (int i = 0; i < 100; i++) {
            char name[16];
            snprintf(name, sizeof(name), "s%d", i);
            int has = pairs_of(&theirs, name)[0] != '\0';
            ck_assert_int_eq(has, shard_of(name, 3) == worker);
            ck_assert_int_eq(has, secrets_equal(&secrets, &theirs, name));
            holders[i] += has;
        }
        secrets_fini(&theirs);
        buf_cleanse(&selected);
    }
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(holders[i], 1);
    }
}
END_TEST

START_TEST(a_message_cut_anywhere_never_gives_half_a_word_or_half_a_pair)
{
    static const char WHOLE[] = "s\0k\0v\0s\0l\0w"; /* the last NUL is the literal's own */
    for (size_t len = 0; len <= sizeof(WHOLE); len++) {
        struct hawser_error err   = HAWSER_ERROR_INIT;
        struct hawser_slice bytes = guard_copy(WHOLE, len);
        int rc                    = secrets_decode(&secrets, bytes, &err);
        ck_assert_msg((rc == 0) == (len % 2 == 0), "%zu bytes", len);
        ck_assert_int_eq(err.code != 0, rc != 0);
        ck_assert_str_eq(pairs_of(&secrets, "s"), len % 2 != 0 || len < 6 ? ""
                                                  : len < 12              ? "k=v;"
                                                                          : "k=v;l=w;");
        guard_free(bytes);
    }
}
END_TEST

START_TEST(another_value_key_or_number_of_pairs_is_not_equal)
{
    static const struct {
        const char *text;
        size_t len;
    } OTHERS[]              = {{"s\0k\0v", 6},           {"s\0k\0w", 6}, {"s\0l\0v", 6},
                               {"s\0k\0v\0s\0l\0w", 12}, {"", 0},        {"t\0k\0v", 6}};
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(secrets_decode(&secrets, (struct hawser_slice){OTHERS[0].text, 6}, &err), 0);
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        struct secrets other = {0};
        ck_assert_int_eq(
            secrets_decode(&other, (struct hawser_slice){OTHERS[i].text, OTHERS[i].len}, &err), 0);
        ck_assert_int_eq(secrets_equal(&secrets, &other, "s"), i == 0);
        ck_assert_int_eq(secrets_equal(&other, &secrets, "s"), i == 0);
        secrets_fini(&other);
    }
}
END_TEST

START_TEST(a_credential_of_the_service_manager_is_a_file_in_its_folder)
{
    write_secret("deribit", "client_id me; client_secret TOPSECRET;", 0400);
    setenv("CREDENTIALS_DIRECTORY", here, 1);
    read_config("session a { credentials credential:deribit; }");
    unsetenv("CREDENTIALS_DIRECTORY");
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_str_eq(pairs_of(&secrets, "a"), "client_id=me;client_secret=TOPSECRET;");
}
END_TEST

START_TEST(a_credential_without_a_service_manager_says_what_is_missing)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    read_config("session a { credentials credential:deribit; }");
    expect_problem("LoadCredential=deribit:PATH");
}
END_TEST

START_TEST(a_credential_that_others_can_read_is_refused_as_any_file)
{
    write_secret("deribit", "client_secret TOPSECRET;", 0644);
    setenv("CREDENTIALS_DIRECTORY", here, 1);
    read_config("session a { credentials credential:deribit; }");
    unsetenv("CREDENTIALS_DIRECTORY");
    expect_problem("chmod 600 it");
}
END_TEST

START_TEST(a_file_of_another_user_is_refused_with_what_to_do)
{
    if (geteuid() != 0) {
        return; /* only root can give a file away */
    }
    write_secret("a.cred", "client_secret TOPSECRET;", 0600);
    ck_assert_int_eq(chown("a.cred", 4711, (gid_t)-1), 0);
    read_config("session a { credentials file:a.cred; }");
    expect_problem("belongs to user 4711, who can change it: chown it to root");
}
END_TEST

START_TEST(a_file_of_the_user_that_the_host_becomes_is_accepted)
{
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || nobody == NULL) {
        return; /* only root can give a file away */
    }
    write_secret("a.cred", "k v;", 0600);
    ck_assert_int_eq(chown("a.cred", nobody->pw_uid, (gid_t)-1), 0);
    read_config("user nobody; session a { credentials file:a.cred; }");
    ck_assert_uint_eq(problems.count, 0);
    ck_assert_str_eq(pairs_of(&secrets, "a"), "k=v;");
}
END_TEST

START_TEST(behind_a_link_the_file_itself_is_judged)
{
    write_secret("open.cred", "client_secret TOPSECRET;", 0644);
    ck_assert_int_eq(symlink("open.cred", "a.cred"), 0);
    read_config("session a { credentials file:a.cred; }");
    expect_problem("chmod 600 it");
    ck_assert_int_eq(unlink("a.cred"), 0);
}
END_TEST

START_TEST(values_are_masked_from_reading_to_forgetting)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    write_secret("a.cred", "client_id short; client_secret TOPSECRET; user longenough;", 0600);
    read_config("session a { credentials file:a.cred; }");
    error_set(&err, HAWSER_SYSTEM_CALL, "short TOPSECRET longenough");
    ck_assert_str_eq(err.message, "short *** ***");
    secrets_fini(&secrets);
    error_set(&err, HAWSER_SYSTEM_CALL, "short TOPSECRET longenough");
    ck_assert_str_eq(err.message, "short TOPSECRET longenough");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    TCase *cases = tcase_create("secrets");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, pairs_of_a_file_belong_to_their_session_alone);
    tcase_add_test(cases, a_file_that_the_owners_group_reads_is_accepted);
    tcase_add_loop_test(cases, a_file_that_others_can_read_or_change_is_refused_with_what_to_do, 0,
                        COUNT(OPEN_MODES));
    tcase_add_test(cases, a_file_that_is_not_there_is_named);
    tcase_add_test(cases, a_folder_is_no_credentials_file);
    tcase_add_test(cases, a_fifo_is_refused_without_waiting_for_its_writer);
    tcase_add_loop_test(cases, a_broken_file_is_told_without_a_word_of_it, 0, COUNT(BROKEN));
    tcase_add_test(cases, an_empty_file_says_what_was_expected);
    tcase_add_test(cases, a_file_over_its_bound_is_refused);
    tcase_add_test(cases, sixteen_pairs_are_taken_and_one_more_is_refused);
    tcase_add_test(cases, a_variable_holds_the_same_text_as_a_file);
    tcase_add_test(cases, a_broken_variable_is_told_without_its_value);
    tcase_add_test(cases, a_variable_that_is_not_set_is_named);
    tcase_add_test(cases, every_session_that_lacks_its_credentials_is_told);
    tcase_add_test(cases, each_worker_gets_the_credentials_of_its_own_sessions_and_no_others);
    tcase_add_test(cases, a_message_cut_anywhere_never_gives_half_a_word_or_half_a_pair);
    tcase_add_test(cases, another_value_key_or_number_of_pairs_is_not_equal);
    tcase_add_test(cases, a_credential_of_the_service_manager_is_a_file_in_its_folder);
    tcase_add_test(cases, a_credential_without_a_service_manager_says_what_is_missing);
    tcase_add_test(cases, a_credential_that_others_can_read_is_refused_as_any_file);
    tcase_add_test(cases, a_file_of_another_user_is_refused_with_what_to_do);
    tcase_add_test(cases, a_file_of_the_user_that_the_host_becomes_is_accepted);
    tcase_add_test(cases, behind_a_link_the_file_itself_is_judged);
    tcase_add_test(cases, values_are_masked_from_reading_to_forgetting);
    return suite_run("host/secrets", cases);
}
