/*
 * Messages between processes: whole, in order, with their descriptors, however the bytes are cut;
 * and the end of a channel, told once.
 */
#include "host/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

/* How a message begins on the wire. */
struct head {
    uint32_t body_bytes;
    uint16_t type;
    uint16_t has_fd;
    uint64_t id;
};

/* One end, and what it was told. */
struct side {
    struct channel *channel;
    char log[65536]; /* "TYPE ID BODY;" or, for bodies over 64 bytes, "TYPE ID #LENGTH;" */
    size_t len;
    int messages;
    int ended;
    char why[512];
    int fds[32];
    int fd_count;
    int destroy_after; /* messages; 0: never */
    int destroy_at_end;
    int answers; /* replies to send from inside `message` */
};

static struct event_base *base;
static struct side left;
static struct side right;
static int raw; /* our end where a test plays the other side itself; -1: none */
static struct hawser_error err;

static void on_message(void *arg, const struct channel_message *message)
{
    struct side *side = arg;
    ck_assert_int_eq(message->body.data[message->body.len], 0);
    side->messages++;
    if (message->body.len > 64) {
        side->len += (size_t)snprintf(side->log + side->len, sizeof(side->log) - side->len,
                                      "%d %llu #%zu;", (int)message->type,
                                      (unsigned long long)message->id, message->body.len);
    } else {
        side->len += (size_t)snprintf(side->log + side->len, sizeof(side->log) - side->len,
                                      "%d %llu %s;", (int)message->type,
                                      (unsigned long long)message->id, message->body.data);
    }
    if (message->fd >= 0) {
        side->fds[side->fd_count++] = message->fd;
    }
    if (side->answers-- > 0) {
        struct hawser_error why = HAWSER_ERROR_INIT;
        ck_assert_int_eq(
            channel_send(side->channel, CHANNEL_REPLY, message->id, message->body, -1, &why), 0);
    }
    if (side->destroy_after == side->messages) {
        channel_destroy(side->channel);
        side->channel = NULL;
    }
}

static void on_ended(void *arg, const struct hawser_error *why)
{
    struct side *side = arg;
    side->ended++;
    snprintf(side->why, sizeof(side->why), "%s", why->message);
    if (side->destroy_at_end) {
        channel_destroy(side->channel);
        side->channel = NULL;
    }
}

static const struct channel_handler HANDLER = {on_message, on_ended};

static void set_up(void)
{
    err   = (struct hawser_error)HAWSER_ERROR_INIT;
    base  = event_base_new();
    raw   = -1;
    left  = (struct side){0};
    right = (struct side){0};
    ck_assert_ptr_nonnull(base);
}

static void close_side(struct side *side)
{
    channel_destroy(side->channel);
    for (int i = 0; i < side->fd_count; i++) {
        (void)close(side->fds[i]); /* of a test */
    }
}

static void tear_down(void)
{
    close_side(&left);
    close_side(&right);
    if (raw >= 0) {
        (void)close(raw); /* of a test */
    }
    event_base_free(base);
}

static void open_both(void)
{
    int fds[2];
    ck_assert_int_eq(channel_pair(fds, &err), 0);
    left.channel  = channel_create(base, fds[0], &HANDLER, &left, &err);
    right.channel = channel_create(base, fds[1], &HANDLER, &right, &err);
    ck_assert_ptr_nonnull(left.channel);
    ck_assert_ptr_nonnull(right.channel);
}

/* The other side is the test: `raw`. */
static void open_one(void)
{
    int fds[2];
    ck_assert_int_eq(channel_pair(fds, &err), 0);
    raw           = fds[0];
    right.channel = channel_create(base, fds[1], &HANDLER, &right, &err);
    ck_assert_ptr_nonnull(right.channel);
}

/* Everything that can happen now, happens. A socket pair has no delay. */
static void run(void)
{
    for (int idle = 0; idle < 3;) {
        size_t before = left.len + right.len + (size_t)(left.ended + right.ended);
        ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
        idle = left.len + right.len + (size_t)(left.ended + right.ended) == before ? idle + 1 : 0;
    }
}

static void send_text(struct side *side, enum channel_type type, uint64_t id, const char *text,
                      int fd)
{
    ck_assert_int_eq(
        channel_send(side->channel, type, id, (struct hawser_slice){text, strlen(text)}, fd, &err),
        0);
}

static size_t wire_message(char *out, uint16_t type, uint64_t id, const char *body)
{
    struct head head = {(uint32_t)strlen(body), type, 0, id};
    memcpy(out, &head, sizeof(head));
    memcpy(out + sizeof(head), body, strlen(body));
    return sizeof(head) + strlen(body);
}

START_TEST(messages_arrive_whole_and_in_order_both_ways)
{
    open_both();
    send_text(&left, CHANNEL_CONFIG, 1, "{\"workers\":2}", -1);
    send_text(&left, CHANNEL_QUIT, UINT64_MAX, "", -1);
    send_text(&right, CHANNEL_APPLIED, 1, "{}", -1);
    run();
    ck_assert_str_eq(right.log, "3 1 {\"workers\":2};6 18446744073709551615 ;");
    ck_assert_str_eq(left.log, "7 1 {};");
    ck_assert_int_eq(left.ended + right.ended, 0);
}
END_TEST

static dev_t inode_of(int fd)
{
    struct stat about;
    ck_assert_int_eq(fstat(fd, &about), 0);
    return about.st_ino;
}

START_TEST(descriptors_arrive_with_their_own_messages)
{
    int pipes[2][2];
    open_both();
    ck_assert_int_eq(pipe(pipes[0]), 0);
    ck_assert_int_eq(pipe(pipes[1]), 0);
    send_text(&left, CHANNEL_COMMAND, 1, "none", -1);
    send_text(&left, CHANNEL_CONFIG, 2, "first", pipes[0][0]);
    send_text(&left, CHANNEL_COMMAND, 3, "none", -1);
    send_text(&left, CHANNEL_CONFIG, 4, "second", pipes[1][0]);
    run();
    ck_assert_str_eq(right.log, "4 1 none;3 2 first;4 3 none;3 4 second;");
    ck_assert_int_eq(right.fd_count, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(inode_of(right.fds[i]), inode_of(pipes[i][0]));
        ck_assert_int_ne(right.fds[i], pipes[i][0]);
        ck_assert_int_eq(fcntl(right.fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        (void)close(pipes[i][0]); /* of this test */
        (void)close(pipes[i][1]);
    }
}
END_TEST

START_TEST(a_descriptor_may_be_closed_by_its_sender_at_once)
{
    int ends[2];
    open_both();
    ck_assert_int_eq(pipe(ends), 0);
    send_text(&left, CHANNEL_CONFIG, 1, "x", ends[0]);
    (void)close(ends[0]); /* of this test */
    run();
    ck_assert_int_eq(right.fd_count, 1);
    ck_assert_int_eq(write(ends[1], "y", 1), 1);
    char got = 0;
    ck_assert_int_eq(read(right.fds[0], &got, 1), 1);
    ck_assert_int_eq(got, 'y');
    (void)close(ends[1]); /* of this test */
}
END_TEST

START_TEST(messages_cut_at_every_byte_are_the_same)
{
    char wire[256];
    size_t len = wire_message(wire, CHANNEL_REPLY, 7, "{\"result\":1}");
    len += wire_message(wire + len, CHANNEL_CHANNELS, 8, "");
    len += wire_message(wire + len, CHANNEL_REPLY, 9, "end");
    for (size_t cut = 0; cut <= len; cut++) {
        open_one();
        ck_assert_int_eq(send(raw, wire, cut, 0), (ssize_t)cut);
        run();
        ck_assert_int_eq(send(raw, wire + cut, len - cut, 0), (ssize_t)(len - cut));
        run();
        ck_assert_str_eq(right.log, "8 7 {\"result\":1};9 8 ;8 9 end;");
        ck_assert_int_eq(right.ended, 0);
        (void)close(raw); /* of this test */
        raw = -1;
        close_side(&right);
        right = (struct side){0};
    }
}
END_TEST

START_TEST(messages_that_come_byte_by_byte_are_the_same)
{
    char wire[64];
    size_t len = wire_message(wire, CHANNEL_REPLY, 7, "slow");
    open_one();
    for (size_t i = 0; i < len; i++) {
        ck_assert_str_eq(right.log, "");
        ck_assert_int_eq(send(raw, wire + i, 1, 0), 1);
        run();
    }
    ck_assert_str_eq(right.log, "8 7 slow;");
}
END_TEST

START_TEST(more_than_the_socket_holds_is_queued_and_arrives)
{
    static char body[3000000];
    memset(body, 'x', sizeof(body));
    open_both();
    for (uint64_t id = 1; id <= 3; id++) {
        struct hawser_slice bytes = {body, sizeof(body)};
        ck_assert_int_eq(channel_send(left.channel, CHANNEL_COMMAND, id, bytes, -1, &err), 0);
    }
    for (int turn = 0; turn < 100000 && right.messages < 3; turn++) {
        ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
    }
    ck_assert_str_eq(right.log, "4 1 #3000000;4 2 #3000000;4 3 #3000000;");
}
END_TEST

START_TEST(a_body_over_the_bound_is_not_sent)
{
    open_both();
    struct hawser_slice body = {"", (size_t)CHANNEL_MAX_MESSAGE_BYTES + 1};
    ck_assert_int_eq(channel_send(left.channel, CHANNEL_COMMAND, 1, body, -1, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    send_text(&left, CHANNEL_COMMAND, 2, "fine", -1);
    run();
    ck_assert_str_eq(right.log, "4 2 fine;");
}
END_TEST

START_TEST(its_descriptor_is_lent_only_between_messages)
{
    static char body[3000000];
    char wire[64];
    size_t len = wire_message(wire, CHANNEL_REPLY, 7, "slow");
    open_one();
    ck_assert_int_ge(channel_idle_fd(right.channel), 0);
    ck_assert_int_eq(send(raw, wire, len - 1, 0), (ssize_t)len - 1);
    run();
    ck_assert_int_eq(channel_idle_fd(right.channel), -1);
    ck_assert_int_eq(send(raw, wire + len - 1, 1, 0), 1);
    run();
    ck_assert_int_ge(channel_idle_fd(right.channel), 0);
    struct hawser_slice bytes = {body, sizeof(body)}; /* more than the socket holds */
    ck_assert_int_eq(channel_send(right.channel, CHANNEL_COMMAND, 1, bytes, -1, &err), 0);
    ck_assert_int_eq(channel_idle_fd(right.channel), -1);
}
END_TEST

static const struct head WRONG[] = {
    {.body_bytes = CHANNEL_MAX_MESSAGE_BYTES + 1, .type = CHANNEL_REPLY},
    {.body_bytes = UINT32_MAX, .type = CHANNEL_REPLY},
    {.type = 0},
    {.type = CHANNEL_TYPE_COUNT},
    {.type = UINT16_MAX},
    {.type = CHANNEL_REPLY, .has_fd = 1}, /* and none came with it */
};

START_TEST(what_is_no_message_ends_the_channel_once)
{
    open_one();
    ck_assert_int_eq(send(raw, &WRONG[_i], sizeof(WRONG[_i]), 0), (ssize_t)sizeof(WRONG[_i]));
    run();
    ck_assert_int_eq(send(raw, &WRONG[_i], sizeof(WRONG[_i]), 0), (ssize_t)sizeof(WRONG[_i]));
    run();
    ck_assert_int_eq(right.messages, 0);
    ck_assert_int_eq(right.ended, 1);
    ck_assert_int_ne(right.why[0], '\0');
}
END_TEST

START_TEST(good_messages_in_front_of_a_bad_one_are_handed_on)
{
    char wire[128];
    open_one();
    size_t len = wire_message(wire, CHANNEL_REPLY, 1, "good");
    memset(wire + len, 0, sizeof(struct head));
    ck_assert_int_eq(send(raw, wire, len + sizeof(struct head), 0),
                     (ssize_t)(len + sizeof(struct head)));
    run();
    ck_assert_str_eq(right.log, "8 1 good;");
    ck_assert_int_eq(right.ended, 1);
}
END_TEST

START_TEST(a_peer_that_went_is_told_once)
{
    open_both();
    channel_destroy(left.channel);
    left.channel = NULL;
    run();
    ck_assert_int_eq(right.ended, 1);
    ck_assert_ptr_nonnull(strstr(right.why, "gone"));
    run();
    ck_assert_int_eq(right.ended, 1);
}
END_TEST

START_TEST(what_a_peer_said_before_it_went_still_arrives)
{
    char wire[64];
    open_one();
    size_t len = wire_message(wire, CHANNEL_REPLY, 1, "last");
    ck_assert_int_eq(send(raw, wire, len, 0), (ssize_t)len);
    (void)close(raw); /* of this test */
    raw = -1;
    run();
    ck_assert_str_eq(right.log, "8 1 last;");
    ck_assert_int_eq(right.ended, 1);
}
END_TEST

START_TEST(sending_on_an_ended_channel_does_not_tell_its_end_again)
{
    open_both();
    channel_destroy(left.channel);
    left.channel = NULL;
    run();
    ck_assert_int_eq(right.ended, 1);
    int rc = channel_send(right.channel, CHANNEL_REPLY, 1, (struct hawser_slice){"x", 1}, -1, &err);
    run();
    ck_assert_int_eq(right.ended, 1);
    ck_assert_int_eq(rc, -1);
    ck_assert_uint_ne(err.code, 0);
}
END_TEST

START_TEST(a_channel_destroyed_in_its_message_hands_on_no_more)
{
    open_both();
    right.destroy_after = 1;
    for (uint64_t id = 1; id <= 3; id++) {
        send_text(&left, CHANNEL_COMMAND, id, "x", -1);
    }
    run();
    ck_assert_str_eq(right.log, "4 1 x;");
    ck_assert_int_eq(right.ended, 0);
    ck_assert_int_eq(left.ended, 1);
}
END_TEST

START_TEST(descriptors_that_nobody_took_are_closed_with_the_channel)
{
    int ends[2];
    open_both();
    right.destroy_after = 1;
    ck_assert_int_eq(pipe(ends), 0);
    send_text(&left, CHANNEL_COMMAND, 1, "x", -1);
    send_text(&left, CHANNEL_CONFIG, 2, "y", ends[1]);
    (void)close(ends[1]); /* of this test: the channel holds the only copies now */
    run();
    close_side(&left);
    left.channel = NULL;
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    char got;
    ck_assert_int_eq(read(ends[0], &got, 1), 0); /* no writer is left */
    (void)close(ends[0]);                        /* of this test */
}
END_TEST

START_TEST(a_channel_may_be_destroyed_where_its_end_is_told)
{
    open_both();
    right.destroy_at_end = 1;
    send_text(&right, CHANNEL_REPLY, 1, "unsent", -1);
    channel_destroy(left.channel);
    left.channel = NULL;
    run();
    ck_assert_int_eq(right.ended, 1);
    ck_assert_ptr_null(right.channel);
}
END_TEST

START_TEST(answers_may_be_sent_where_a_message_is_handled)
{
    open_both();
    right.answers = 2;
    send_text(&left, CHANNEL_COMMAND, 5, "ask", -1);
    send_text(&left, CHANNEL_COMMAND, 6, "again", -1);
    run();
    ck_assert_str_eq(left.log, "8 5 ask;8 6 again;");
}
END_TEST

START_TEST(a_pair_is_closed_at_exec)
{
    int fds[2];
    ck_assert_int_eq(channel_pair(fds, &err), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        (void)close(fds[i]); /* of this test */
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("channel");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, messages_arrive_whole_and_in_order_both_ways);
    tcase_add_test(cases, descriptors_arrive_with_their_own_messages);
    tcase_add_test(cases, a_descriptor_may_be_closed_by_its_sender_at_once);
    tcase_add_test(cases, messages_cut_at_every_byte_are_the_same);
    tcase_add_test(cases, messages_that_come_byte_by_byte_are_the_same);
    tcase_add_test(cases, more_than_the_socket_holds_is_queued_and_arrives);
    tcase_add_test(cases, a_body_over_the_bound_is_not_sent);
    tcase_add_test(cases, its_descriptor_is_lent_only_between_messages);
    tcase_add_loop_test(cases, what_is_no_message_ends_the_channel_once, 0,
                        (int)(sizeof(WRONG) / sizeof(WRONG[0])));
    tcase_add_test(cases, good_messages_in_front_of_a_bad_one_are_handed_on);
    tcase_add_test(cases, a_peer_that_went_is_told_once);
    tcase_add_test(cases, what_a_peer_said_before_it_went_still_arrives);
    tcase_add_test(cases, sending_on_an_ended_channel_does_not_tell_its_end_again);
    tcase_add_test(cases, a_channel_destroyed_in_its_message_hands_on_no_more);
    tcase_add_test(cases, descriptors_that_nobody_took_are_closed_with_the_channel);
    tcase_add_test(cases, a_channel_may_be_destroyed_where_its_end_is_told);
    tcase_add_test(cases, answers_may_be_sent_where_a_message_is_handled);
    tcase_add_test(cases, a_pair_is_closed_at_exec);
    return suite_run("host/channel", cases);
}
