/*
 * ws_conn_destroy in every callback of the handler: nothing is called afterwards, nothing is
 * touched after it was freed (the sanitizers look), and the peer sees the end.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ws/client.h"

static const struct peer_step SERVER_CLOSES[] = {
    PEER_STEP(UPGRADE, "\x81\x01"
                       "a\x01\x01"
                       "b"),
    PEER_STEP(SEND, "\x80\x01"
                    "c\x89\x01p\x8a\x01q\x81\x01"
                    "d\x88\x02\x03\xe8"),
    PEER_STEP(EXPECT, "\x8ap"), PEER_STEP(EXPECT, "\x88\x03\xe8"), PEER_STEP(END, "")};
static const struct peer_step SERVER_ERRS[]    = {PEER_STEP(UPGRADE, "\x81\x01"
                                                                        "a\x81\x01\xff"),
                                                  PEER_STEP(EXPECT_ANY_END, "")};
static const struct peer_step SERVER_REFUSES[] = {
    PEER_STEP(READ_HEADER, ""), PEER_STEP(SEND, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    PEER_STEP(EXPECT_ANY_END, "")};
static const struct peer_step SERVER_CUTS[] = {PEER_STEP(UPGRADE, "\x81\x01"
                                                                  "a"),
                                               PEER_STEP(RESET, "")};

static const struct {
    const struct peer_step *steps;
    size_t count;
} SCRIPTS[] = {{SERVER_CLOSES, 5}, {SERVER_ERRS, 2}, {SERVER_REFUSES, 3}, {SERVER_CUTS, 2}};
#define SCRIPT_COUNT ((int)(sizeof(SCRIPTS) / sizeof(SCRIPTS[0])))

static unsigned run_script(int script, unsigned destroy_at, int counts_activity)
{
    struct client client;
    client_init(&client, SCRIPTS[script].steps, SCRIPTS[script].count);
    client.options.closing_timeout_ms = 50;
    client.destroy_at                 = destroy_at;
    client.counts_activity            = counts_activity;
    client_run(&client);
    unsigned events = client.events;
    client_fini(&client);
    return events;
}

START_TEST(the_connection_may_be_destroyed_at_any_event)
{
    int script          = _i / 2;
    int counts_activity = _i % 2;
    unsigned events     = run_script(script, 0, counts_activity);
    ck_assert_uint_ge(events, 4);
    for (unsigned at = 1; at <= events; at++) {
        (void)run_script(script, at, counts_activity);
    }
}
END_TEST

static void close_at_every_event(struct client *client, const char *what)
{
    (void)what;
    ws_conn_close(client->conn, 1000, "enough");
}

START_TEST(the_connection_may_be_closed_at_every_event_and_ends_once)
{
    struct client client;
    client_init(&client, SCRIPTS[_i].steps, SCRIPTS[_i].count);
    client.options.closing_timeout_ms = 50;
    client.on_event                   = close_at_every_event;
    client_run(&client);
    const char *said = client_said(&client);
    ck_assert_ptr_nonnull(strstr(said, "ended="));
    ck_assert_ptr_null(strstr(strstr(said, "ended=") + 1, "ended="));
    client_fini(&client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws conn destroy");
    TCase *tcase = tcase_create("matrix");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_connection_may_be_destroyed_at_any_event, 0, 2 * SCRIPT_COUNT);
    tcase_add_loop_test(tcase, the_connection_may_be_closed_at_every_event_and_ends_once, 0,
                        SCRIPT_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
