/*
 * One bundle takes over from another of the same session, as the bundles of two processes do: what
 * one passed on the other does not, and where they do not meet a gap is told.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"
#include "rig.h"
#include "session/bundle.h"
#include "session/overlap.h"
#include "support/suite.h"

#define TEXT_BYTES 4096

struct side {
    struct bundle *bundle;
    struct dialect dialect;
    struct mock_peer *peer;
    char records[TEXT_BYTES]; /* "READY;data a x;GAP a;" */
    uint64_t sequence;        /* of the last record */
    int told;
    struct hawser_error why;
};

static struct rig rig;
static int budget_fd;
static struct side giver;
static struct side taker;
static const char *const CHANNELS[] = {"a"};

static void on_record(void *arg, const struct hawser_record *record)
{
    struct side *side = arg;
    size_t len        = strlen(side->records);
    const char *event = record->kind == HAWSER_RECORD_READY    ? "READY"
                        : record->kind == HAWSER_RECORD_CLOSED ? "CLOSED"
                        : record->kind == HAWSER_RECORD_GAP    ? "GAP"
                                                               : "";
    ck_assert_uint_eq(record->sequence, side->sequence + 1);
    side->sequence = record->sequence;
    (void)snprintf(side->records + len, TEXT_BYTES - len, "%s%.*s;", event, (int)record->data.len,
                   record->data.data == NULL ? "" : record->data.data);
}

static int on_line_open(void *arg, void *like, struct session_env *env, void **context,
                        struct hawser_error *err)
{
    struct side *side = arg;
    (void)like;
    (void)err;
    env->adapter  = &DIALECT_BARE;
    env->instance = (struct hawser_instance *)(void *)&side->dialect;
    *context      = side;
    return 0;
}

static int on_line_made(void *arg, void *context, struct session *line, struct hawser_error *err)
{
    struct side *side = arg;
    (void)context;
    (void)err;
    side->dialect.session = line;
    return 0;
}

static void on_line_close(void *arg, void *context)
{
    (void)arg;
    (void)context;
}

static void on_standing_by(void *arg, const struct hawser_error *why)
{
    struct side *side = arg;
    side->told++;
    side->why = why == NULL ? (struct hawser_error)HAWSER_ERROR_INIT : *why;
}

static void make(struct side *side)
{
    struct hawser_error err       = HAWSER_ERROR_INIT;
    struct bundle_options options = {.session = &rig.options, .takeover_ms = 1000};
    struct bundle_env env         = {.loop        = rig.loop,
                                     .budget      = rig.budget,
                                     .arg         = side,
                                     .record      = on_record,
                                     .line_open   = on_line_open,
                                     .line_made   = on_line_made,
                                     .line_close  = on_line_close,
                                     .standing_by = on_standing_by};
    *side                         = (struct side){0};
    side->bundle                  = bundle_create(&options, &env, &err);
    ck_assert_msg(side->bundle != NULL, "%s", err.message);
}

static void set_up(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    ck_assert_int_eq(budget_make(&budget_fd, &err), 0);
    rig.budget = budget_attach(budget_fd, &err);
    ck_assert_ptr_nonnull(rig.budget);
    budget_set_limits(rig.budget, (struct budget_limits){.overlap = 1});
    rig.options.channels      = CHANNELS;
    rig.options.channel_count = 1;
    make(&giver);
    ck_assert_int_eq(bundle_remember(giver.bundle, &err), 0);
    bundle_start(giver.bundle);
    rig_until(&rig, bundle_state(giver.bundle) == HAWSER_STATE_READY);
    giver.peer        = rig.exchange.peer;
    rig.exchange.peer = NULL;
    make(&taker);
    ck_assert_int_eq(bundle_stand_by(taker.bundle, &err), 0);
}

static void tear_down(void)
{
    bundle_destroy(giver.bundle);
    bundle_destroy(taker.bundle);
    mock_destroy(rig.mock);
    net_loop_destroy(rig.loop);
    budget_detach(rig.budget);
    (void)close(budget_fd); /* memory alone */
}

/** Until it could take over. */
static void stand_by(void)
{
    rig_until(&rig, taker.told == 1);
    ck_assert_int_eq(taker.why.code, HAWSER_OK);
    taker.peer = rig.exchange.peer;
}

static uint64_t messages(const struct side *side)
{
    struct session_info info;
    bundle_get_info(side->bundle, &info);
    return info.messages;
}

static void send_to(struct side *side, const char *text)
{
    uint64_t before = messages(side);
    mock_send_text(side->peer, "%s", text);
    rig_until(&rig, messages(side) == before + 1);
}

static void send_to_both(const char *text)
{
    send_to(&giver, text);
    send_to(&taker, text);
}

static void on_mark(void *arg, const struct bundle_mark *mark)
{
    (void)arg;
    bundle_take_mark(taker.bundle, mark);
}

static void take(void)
{
    struct bundle_total total;
    bundle_yield(giver.bundle, on_mark, NULL, &total);
    ck_assert_uint_eq(total.sequence, giver.sequence);
    ck_assert_str_eq(taker.records, "");
    taker.sequence = total.sequence;
    bundle_take(taker.bundle, &total, "it died");
    ck_assert_int_eq(bundle_is_standing_by(taker.bundle), 0);
}

START_TEST(what_has_numbers_goes_on_behind_the_last_one)
{
    stand_by();
    send_to_both("snap a 1");
    send_to_both("seq a 1 2");
    send_to(&taker, "seq a 2 3"); /* ahead */
    take();
    ck_assert_str_eq(giver.records, "READY;snap a 1;seq a 1 2;");
    ck_assert_str_eq(taker.records, "seq a 2 3;");
    send_to(&taker, "seq a 3 4");
    ck_assert_str_eq(taker.records, "seq a 2 3;seq a 3 4;");
}
END_TEST

static void take_what_comes_late(void)
{
    send_to(&giver, "seq a 1 2");
    take();
    send_to(&taker, "seq a 1 2");
    ck_assert_str_eq(taker.records, "");
    send_to(&taker, "seq a 2 3");
    ck_assert_str_eq(taker.records, "seq a 2 3;");
}

START_TEST(what_has_numbers_and_comes_late_is_not_repeated)
{
    stand_by();
    send_to_both("snap a 1");
    take_what_comes_late();
}
END_TEST

START_TEST(one_that_stood_by_for_long_may_be_a_little_late) /* the patience begins at the mark */
{
    stand_by();
    send_to_both("snap a 1");
    rig_pass_ms(&rig, 1200); /* longer than a line that joins is waited for */
    take_what_comes_late();
}
END_TEST

START_TEST(what_has_no_numbers_is_known_by_its_content)
{
    stand_by();
    send_to_both("data a x");
    send_to_both("data a y");
    send_to(&taker, "data a z");
    take();
    send_to(&taker, "data a x");
    ck_assert_str_eq(giver.records, "READY;data a x;data a y;");
    ck_assert_str_eq(taker.records, "data a z;data a x;");
}
END_TEST

START_TEST(what_has_no_numbers_and_comes_late_is_not_repeated)
{
    stand_by();
    send_to_both("data a x");
    send_to(&giver, "data a y");
    send_to(&giver, "data a z");
    take();
    send_to(&taker, "data a y");
    send_to(&taker, "data a z");
    ck_assert_str_eq(taker.records, "");
    send_to(&taker, "data a y");
    ck_assert_str_eq(taker.records, "data a y;");
}
END_TEST

START_TEST(equal_messages_are_told_apart_by_when_they_came)
{
    stand_by();
    for (int i = 0; i < 5; i++) {
        send_to_both("data a x");
        rig_pass_ms(&rig, 50);
    }
    send_to(&taker, "data a x");
    take();
    ck_assert_str_eq(taker.records, "data a x;");
}
END_TEST

START_TEST(where_the_two_do_not_meet_a_gap_is_told_first)
{
    static const char *const GIVEN[] = {"snap a 1", "data a x"};
    static const char *const TAKEN[] = {"snap a 5", "data a z"};
    stand_by();
    send_to(&giver, GIVEN[_i]);
    rig_pass_ms(&rig, 5);
    send_to(&taker, TAKEN[_i]);
    take();
    ck_assert_ptr_nonnull(strstr(taker.records, "GAP;"));
    ck_assert_str_eq(strstr(taker.records, TAKEN[_i]), _i == 0 ? "snap a 5;" : "data a z;");
    ck_assert(strstr(taker.records, "GAP;") < strstr(taker.records, TAKEN[_i]));
}
END_TEST

static void on_first(void *arg, const struct bundle_mark *first)
{
    *(int *)arg = bundle_has_reached(giver.bundle, first);
}

START_TEST(one_that_is_behind_has_not_reached_what_the_other_holds)
{
    static const char *const TEXTS[] = {"snap a 5", "data a x"};
    int reached                      = -1;
    stand_by();
    bundle_each_first(taker.bundle, on_first, &reached);
    ck_assert_int_eq(reached, -1); /* nothing is held */
    send_to(&taker, TEXTS[_i]);
    bundle_each_first(taker.bundle, on_first, &reached);
    ck_assert_int_eq(reached, 0);
    send_to(&giver, TEXTS[_i]);
    bundle_each_first(taker.bundle, on_first, &reached);
    ck_assert_int_eq(reached, 1);
}
END_TEST

START_TEST(a_silent_channel_that_was_listened_to_has_no_gap)
{
    stand_by();
    take();
    send_to(&taker, "data a x");
    ck_assert_str_eq(taker.records, "data a x;");
}
END_TEST

START_TEST(a_channel_that_was_not_listened_to_for_long_has_a_gap)
{
    rig_until(&rig, rig.exchange.peer != NULL && rig.exchange.subscribes == 2 &&
                        bundle_state(taker.bundle) == HAWSER_STATE_READY);
    taker.peer = rig.exchange.peer;
    take();
    send_to(&taker, "data a x");
    ck_assert_str_eq(taker.records, "GAP;data a x;");
}
END_TEST

START_TEST(what_came_before_a_break_is_not_passed_on_behind_it)
{
    stand_by();
    send_to_both("snap a 1");
    rig.exchange.peer = NULL;
    mock_cut(taker.peer);
    rig_until(&rig, rig.exchange.peer != NULL && rig.exchange.subscribes == 3 &&
                        bundle_state(taker.bundle) == HAWSER_STATE_READY);
    taker.peer = rig.exchange.peer;
    send_to(&giver, "seq a 1 2");
    send_to(&giver, "seq a 2 3");
    send_to(&taker, "snap a 2");
    send_to(&taker, "seq a 2 3");
    take();
    send_to(&taker, "seq a 3 4");
    ck_assert_str_eq(taker.records, "seq a 3 4;");
}
END_TEST

START_TEST(after_a_death_a_gap_comes_and_then_what_is_surely_new_or_whole)
{
    static const char *const FIRST[] = {"snap a 1", "data a x"};
    stand_by();
    send_to_both(FIRST[_i]);
    bundle_take(taker.bundle, NULL, "it died");
    send_to(&taker, "data a y");
    ck_assert_str_eq(taker.records, _i == 0 ? "GAP;snap a 1;data a y;" : "GAP;data a y;");
}
END_TEST

START_TEST(a_gap_that_was_owed_is_told_by_the_other)
{
    stand_by();
    send_to_both("data a x");
    rig.exchange.upgrade = 503;
    mock_cut(giver.peer);
    rig_until(&rig, strstr(giver.records, "CLOSED;") != NULL);
    take();
    send_to(&taker, "data a y");
    ck_assert_str_eq(giver.records, "READY;data a x;CLOSED;");
    ck_assert_str_eq(taker.records, "GAP;data a y;");
}
END_TEST

START_TEST(one_that_cannot_connect_says_so_and_does_when_the_other_is_gone)
{
    rig.exchange.upgrade = 429;
    rig_until(&rig, taker.told == 1);
    ck_assert_int_ne(taker.why.code, HAWSER_OK);
    send_to(&giver, "data a x");
    take();
    rig.exchange.upgrade = 0;
    bundle_alone(taker.bundle);
    rig_until(&rig, bundle_state(taker.bundle) == HAWSER_STATE_READY);
    taker.peer = rig.exchange.peer;
    send_to(&taker, "data a y");
    ck_assert_str_eq(taker.records, "READY;GAP;data a y;");
    ck_assert_int_eq(taker.told, 1);
}
END_TEST

/** @return 1: another process could have a connection more `after_s` from now */
static int could_take_place(int64_t after_s)
{
    struct overlap other = {0};
    unsigned port        = 0;
    clock_ns_t at        = clock_monotonic() + after_s * CLOCK_NS_PER_S;
    ck_assert_int_eq(sscanf(rig.options.url, "ws://127.0.0.1:%u", &port), 1);
    int taken = overlap_take(&other, rig.budget, budget_key("127.0.0.1", port), at, at + 1);
    overlap_give(&other);
    return taken;
}

START_TEST(a_place_that_is_held_by_a_process_that_died_is_soon_free)
{
    stand_by();
    ck_assert_int_eq(could_take_place(0), 0);
    rig_pass_ms(&rig, 2500);
    ck_assert_int_eq(could_take_place(8), 0); /* it lives */
    ck_assert_int_eq(could_take_place(11), 1);
}
END_TEST

START_TEST(a_place_is_given_back_when_the_other_is_gone)
{
    stand_by();
    take();
    ck_assert_int_eq(could_take_place(0), 0);
    bundle_alone(taker.bundle);
    ck_assert_int_eq(could_take_place(0), 1);
}
END_TEST

START_TEST(one_that_is_closed_meanwhile_has_nothing_to_wait_for)
{
    bundle_leave(taker.bundle, HAWSER_CLOSE_NORMAL, "closed by hand");
    rig_until(&rig, taker.told == 1);
    take();
    bundle_alone(taker.bundle);
    rig_pass_ms(&rig, 50);
    ck_assert_int_eq(bundle_state(taker.bundle), HAWSER_STATE_CLOSED);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("standby");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, what_has_numbers_goes_on_behind_the_last_one);
    tcase_add_test(cases, what_has_numbers_and_comes_late_is_not_repeated);
    tcase_add_test(cases, one_that_stood_by_for_long_may_be_a_little_late);
    tcase_add_test(cases, what_has_no_numbers_is_known_by_its_content);
    tcase_add_test(cases, what_has_no_numbers_and_comes_late_is_not_repeated);
    tcase_add_test(cases, equal_messages_are_told_apart_by_when_they_came);
    tcase_add_loop_test(cases, where_the_two_do_not_meet_a_gap_is_told_first, 0, 2);
    tcase_add_loop_test(cases, one_that_is_behind_has_not_reached_what_the_other_holds, 0, 2);
    tcase_add_test(cases, a_silent_channel_that_was_listened_to_has_no_gap);
    tcase_add_test(cases, a_channel_that_was_not_listened_to_for_long_has_a_gap);
    tcase_add_test(cases, what_came_before_a_break_is_not_passed_on_behind_it);
    tcase_add_loop_test(cases, after_a_death_a_gap_comes_and_then_what_is_surely_new_or_whole, 0,
                        2);
    tcase_add_test(cases, a_gap_that_was_owed_is_told_by_the_other);
    tcase_add_test(cases, one_that_cannot_connect_says_so_and_does_when_the_other_is_gone);
    tcase_add_test(cases, a_place_that_is_held_by_a_process_that_died_is_soon_free);
    tcase_add_test(cases, a_place_is_given_back_when_the_other_is_gone);
    tcase_add_test(cases, one_that_is_closed_meanwhile_has_nothing_to_wait_for);
    return suite_run("session/standby", cases);
}
