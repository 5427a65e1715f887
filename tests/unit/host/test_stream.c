/*
 * Streams at one end of a socket pair: pushing costs no allocation and never waits, whatever the
 * client does.
 */
#include "host/stream.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"
#include "hawser/error.h"
#include "support/alloc_count.h"
#include "support/suite.h"

#define PUSHES 50000u

static struct event_base *base;
static struct stream_hub *hub;
static struct stream_feed *feed;
static int client;
static char text[1 << 20];

static void set_up(void)
{
    base = event_base_new();
    hub  = stream_hub_create(base, NULL);
    feed = stream_feed_use(hub, "btc");
    ck_assert_ptr_nonnull(feed);
}

static void tear_down(void)
{
    stream_feed_release(feed);
    stream_hub_destroy(hub);
    event_base_free(base);
    (void)close(client); /* the test is over */
}

static void attach(const char *session, const char *pattern)
{
    int fds[2];
    json_t *request = json_pack("{s:i, s:{s:s, s:s*}}", "id", 1, "params", "session", session,
                                "pattern", pattern);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    client = fds[1];
    stream_attach(hub, fds[0], request);
    json_decref(request);
}

static void turn(void)
{
    (void)event_base_loop(base, EVLOOP_NONBLOCK); /* what it did is seen at the client's end */
}

static const char *receive(void)
{
    ssize_t got             = recv(client, text, sizeof(text) - 1, MSG_DONTWAIT);
    text[got < 0 ? 0 : got] = '\0';
    return text;
}

static void push(const char *channel)
{
    struct hawser_record record = {.struct_size = sizeof(record),
                                   .flags       = HAWSER_DELIVERY_JSON,
                                   .sequence    = 1,
                                   .session     = SLICE_LITERAL("btc"),
                                   .channel     = slice_of(channel),
                                   .data        = SLICE_LITERAL("{\"price\":1}")};
    stream_feed_push(feed, &record);
}

START_TEST(the_answer_comes_first_and_the_records_that_match_follow)
{
    attach("btc", "tick*");
    push("trades.X");
    push("ticker.X");
    turn();
    ck_assert_str_eq(receive(),
                     "{\"result\":{\"session\":\"btc\",\"pattern\":\"tick*\"},\"jsonrpc\":\"2.0\","
                     "\"id\":1}\n{\"time\":0,\"session\":\"btc\",\"epoch\":0,\"seq\":1,"
                     "\"channel\":\"ticker.X\",\"data\":{\"price\":1}}\n");
    ck_assert_uint_eq(stream_feed_count(feed), 1);
}
END_TEST

START_TEST(a_session_that_is_not_there_is_refused_and_the_connection_ends)
{
    char byte;
    attach("eth", NULL);
    ck_assert_ptr_nonnull(strstr(receive(), "no session \\\"eth\\\""));
    ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
}
END_TEST

START_TEST(pushing_allocates_nothing_and_never_waits_for_a_client_that_does_not_read)
{
    attach("btc", "*.X");
    turn();
    alloc_count_start();
    for (unsigned i = 0; i < PUSHES; i++) {
        push("ticker.X");
    }
    ck_assert_uint_eq(alloc_count_stop(), 0);
    ck_assert_uint_eq(stream_feed_count(feed), 1);
}
END_TEST

START_TEST(what_was_dropped_is_told_where_it_is_missing_even_when_nothing_follows)
{
    unsigned lines   = 0;
    unsigned dropped = 0;
    char wanted[64]  = "";
    attach("btc", NULL);
    turn();
    (void)receive();
    for (unsigned i = 0; i < PUSHES; i++) {
        push("ticker.X");
    }
    for (unsigned i = 0; i < 10000 && dropped == 0; i++) {
        turn();
        const char *at = receive();
        for (const char *line = at; (line = strchr(line, '\n')) != NULL; line++) {
            lines++;
        }
        const char *event = strstr(at, "\"event\":\"dropped\"");
        if (event != NULL) {
            ck_assert_ptr_nonnull(strstr(event, "\"count\":"));
            ck_assert_int_eq(sscanf(strstr(event, "\"count\":"), "\"count\":%u", &dropped), 1);
        }
    }
    ck_assert_uint_eq(lines - 1 + dropped, PUSHES);
    (void)snprintf(wanted, sizeof(wanted), "\"count\":%u}\n", dropped);
    ck_assert_str_eq(text + strlen(text) - strlen(wanted), wanted); /* nothing follows */
}
END_TEST

START_TEST(the_end_of_the_session_ends_the_stream_behind_what_is_queued)
{
    char byte;
    attach("btc", NULL);
    push("ticker.X");
    stream_feed_release(feed);
    feed = NULL;
    turn();
    ck_assert_ptr_nonnull(strstr(receive(), "ticker.X"));
    ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
}
END_TEST

START_TEST(a_client_that_went_is_forgotten)
{
    attach("btc", NULL);
    turn();
    (void)close(client); /* that is the test */
    client = -1;
    for (unsigned i = 0; i < 10; i++) {
        turn();
    }
    ck_assert_uint_eq(stream_feed_count(feed), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_answer_comes_first_and_the_records_that_match_follow);
    tcase_add_test(cases, a_session_that_is_not_there_is_refused_and_the_connection_ends);
    tcase_add_test(cases,
                   pushing_allocates_nothing_and_never_waits_for_a_client_that_does_not_read);
    tcase_add_test(cases, what_was_dropped_is_told_where_it_is_missing_even_when_nothing_follows);
    tcase_add_test(cases, the_end_of_the_session_ends_the_stream_behind_what_is_queued);
    tcase_add_test(cases, a_client_that_went_is_forgotten);
    return suite_run("host/stream", cases);
}
