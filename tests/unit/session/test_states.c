/*
 * Every cell of the transition table is decided, and the few promises that hold for whole rows or
 * columns of it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/states.h"

#define STATE ((enum hawser_state)(_i / SESSION_EVENT_COUNT))
#define EVENT ((enum session_event)(_i % SESSION_EVENT_COUNT))
#define CELLS ((int)HAWSER_STATE_COUNT * (int)SESSION_EVENT_COUNT)

static int has_link(enum hawser_state state)
{
    return (state >= HAWSER_STATE_RESOLVING && state <= HAWSER_STATE_READY) ||
           state == HAWSER_STATE_CLOSING;
}

/*
 * The whole table once more, by hand, so that no cell changes unnoticed. A row a state, a column an
 * event, in the order of the enums: "NN/AA" go to state NN and run action AA, "=AA" stay and run
 * it, "ig" rightly nothing, "!!" cannot happen: logged and counted.
 */
static const char *const MATRIX[HAWSER_STATE_COUNT] = {
    [HAWSER_STATE_IDLE]           = "01/01 !! !! !! !! !! !! !! !! !! !! "
                                    "!! !! ig ig 12/15 !! !! !! ig 11/19 !!",
    [HAWSER_STATE_RESOLVING]      = "ig 09/04 02/00 !! !! !! !! !! !! !! !! "
                                    "!! !! ig 09/13 12/15 !! 11/19 09/14 ig 11/19 !!",
    [HAWSER_STATE_CONNECTING]     = "ig !! ig 03/00 04/00 !! !! !! !! !! !! "
                                    "!! !! ig 09/13 12/15 !! 11/19 09/14 ig 11/19 !!",
    [HAWSER_STATE_TLS]            = "ig !! 02/00 ig 04/00 !! !! !! !! !! !! "
                                    "!! !! ig 09/13 12/15 !! 11/19 09/14 ig 11/19 !!",
    [HAWSER_STATE_UPGRADING]      = "ig !! !! !! !! 05/05 !! !! !! !! !! "
                                    "!! !! ig 09/13 12/15 !! 11/19 09/14 ig 11/19 !!",
    [HAWSER_STATE_OPEN]           = "ig !! !! !! !! !! 06/06 07/08 !! !! !! "
                                    "!! !! ig 09/13 12/15 !! 11/19 !! 01/03 10/16 !!",
    [HAWSER_STATE_AUTHENTICATING] = "ig !! !! !! !! !! !! !! 07/08 !! !! "
                                    "!! 09/13 01/03 09/13 12/15 !! 11/19 09/14 01/03 10/16 !!",
    [HAWSER_STATE_RESTORING]      = "ig !! !! !! !! !! !! !! =07 =09 08/11 "
                                    "ig =06 =06 09/13 12/15 !! 11/19 =10 01/03 10/16 !!",
    [HAWSER_STATE_READY]          = "ig !! !! !! !! !! !! !! =07 !! ig "
                                    "07/12 =06 =06 09/13 12/15 !! 11/19 !! 01/03 10/16 !!",
    [HAWSER_STATE_BACKOFF]        = "ig ig !! !! !! !! !! !! !! !! !! "
                                    "!! !! ig ig 12/15 12/15 !! 01/01 01/01 11/19 !!",
    [HAWSER_STATE_CLOSING]        = "!! !! !! !! !! !! !! !! ig ig ig "
                                    "ig ig ig 11/19 11/19 !! 11/19 =18 ig ig =17",
    [HAWSER_STATE_CLOSED]         = "!! ig !! !! !! !! !! !! !! !! !! "
                                    "!! !! ig ig ig !! !! !! 01/02 ig ig",
    [HAWSER_STATE_FAILED]         = "01/02 ig !! !! !! !! !! !! !! !! !! "
                                    "!! !! 01/02 ig ig !! !! !! 01/02 11/19 !!",
};

static void write_cell(const struct session_step *step, char *out, size_t size)
{
    switch (step->verdict) {
    case SESSION_MOVE:
        (void)snprintf(out, size, "%02u/%02u", step->next, step->action);
        break;
    case SESSION_STAY:
        (void)snprintf(out, size, "=%02u", step->action);
        break;
    default:
        (void)snprintf(out, size, "%s", step->verdict == SESSION_IGNORE ? "ig" : "!!");
        break;
    }
}

START_TEST(every_cell_is_as_it_was_decided)
{
    char row[256];
    char cell[16];
    char *rest = NULL;
    (void)snprintf(row, sizeof(row), "%s", MATRIX[STATE]);
    const char *expected = strtok_r(row, " ", &rest);
    for (int i = 0; i < (int)EVENT && expected != NULL; i++) {
        expected = strtok_r(NULL, " ", &rest);
    }
    write_cell(session_step_of(STATE, EVENT), cell, sizeof(cell));
    ck_assert_msg(expected != NULL && strcmp(cell, expected) == 0, "%s x %s: %s, not %s",
                  session_state_name(STATE), session_event_name(EVENT), cell,
                  expected == NULL ? "nothing" : expected);
}
END_TEST

START_TEST(every_cell_is_decided)
{
    const struct session_step *step = session_step_of(STATE, EVENT);
    ck_assert_msg(step->verdict != SESSION_UNDECIDED, "%s x %s", session_state_name(STATE),
                  session_event_name(EVENT));
    ck_assert_uint_lt(step->action, SESSION_ACTION_COUNT);
    ck_assert_uint_lt(step->next, HAWSER_STATE_COUNT);
}
END_TEST

START_TEST(a_cell_that_ignores_its_event_says_why)
{
    const struct session_step *step = session_step_of(STATE, EVENT);
    ck_assert_int_eq(step->verdict == SESSION_IGNORE, strlen(step->why) > 0);
    if (step->verdict == SESSION_IGNORE || step->verdict == SESSION_ILLEGAL) {
        ck_assert_uint_eq(step->action, SESSION_DO_NOTHING);
    }
}
END_TEST

START_TEST(only_these_cells_dial)
{
    const struct session_step *step = session_step_of(STATE, EVENT);
    int dials = step->action == SESSION_DO_DIAL || step->action == SESSION_DO_DIAL_ANEW ||
                step->action == SESSION_DO_REDIAL;
    ck_assert_int_eq(dials, step->verdict == SESSION_MOVE && step->next == HAWSER_STATE_RESOLVING);
    if (dials && has_link(STATE)) {
        ck_assert_uint_eq(step->action, SESSION_DO_REDIAL); /* never two links at once */
    }
    if (dials && !has_link(STATE)) {
        ck_assert_uint_ne(step->action, SESSION_DO_REDIAL);
    }
}
END_TEST

START_TEST(a_link_that_breaks_leads_to_backoff_from_every_state_that_has_one)
{
    const struct session_step *step = session_step_of(STATE, SESSION_LOST);
    if (!has_link(STATE)) {
        ck_assert_uint_ne(step->verdict, SESSION_MOVE);
    } else if (STATE == HAWSER_STATE_CLOSING) {
        ck_assert_uint_eq(step->next, HAWSER_STATE_CLOSED);
    } else {
        ck_assert_uint_eq(step->next, HAWSER_STATE_BACKOFF);
        ck_assert_uint_eq(step->action, SESSION_DO_BACK_OFF);
    }
}
END_TEST

START_TEST(a_second_break_while_waiting_changes_nothing)
{
    ck_assert_uint_eq(session_step_of(HAWSER_STATE_BACKOFF, SESSION_LOST)->verdict, SESSION_IGNORE);
    ck_assert_uint_eq(session_step_of(HAWSER_STATE_BACKOFF, SESSION_DEADLINE)->next,
                      HAWSER_STATE_RESOLVING);
}
END_TEST

START_TEST(what_needs_a_person_fails_in_every_state_before_the_goodbye)
{
    const struct session_step *step = session_step_of(STATE, SESSION_DENIED);
    if (STATE <= HAWSER_STATE_BACKOFF) {
        ck_assert_uint_eq(step->next, HAWSER_STATE_FAILED);
        ck_assert_uint_eq(step->action, SESSION_DO_GIVE_UP);
    } else {
        ck_assert_uint_ne(step->next, HAWSER_STATE_FAILED);
    }
}
END_TEST

START_TEST(leaving_ends_in_closed_from_every_state)
{
    const struct session_step *step = session_step_of(STATE, SESSION_LEAVE);
    if (STATE == HAWSER_STATE_CLOSING || STATE == HAWSER_STATE_CLOSED) {
        ck_assert_uint_eq(step->verdict, SESSION_IGNORE);
    } else if (STATE >= HAWSER_STATE_OPEN && STATE <= HAWSER_STATE_READY) {
        ck_assert_uint_eq(step->next, HAWSER_STATE_CLOSING);
    } else {
        ck_assert_uint_eq(step->next, HAWSER_STATE_CLOSED);
    }
}
END_TEST

START_TEST(ready_is_reached_only_when_every_channel_is_there)
{
    const struct session_step *step = session_step_of(STATE, EVENT);
    if (step->verdict == SESSION_MOVE && step->next == HAWSER_STATE_READY) {
        ck_assert_int_eq(STATE, HAWSER_STATE_RESTORING);
        ck_assert_int_eq(EVENT, SESSION_COMPLETE);
    }
    if (step->verdict == SESSION_MOVE && STATE == HAWSER_STATE_AUTHENTICATING &&
        step->next == HAWSER_STATE_RESTORING) {
        ck_assert_int_eq(EVENT, SESSION_AUTHENTICATED); /* a failed login restores nothing */
    }
}
END_TEST

START_TEST(waiting_for_the_turn_to_dial_is_a_backoff)
{
    const struct session_step *step = session_step_of(STATE, SESSION_HELD);
    if (STATE == HAWSER_STATE_RESOLVING) {
        ck_assert_uint_eq(step->next, HAWSER_STATE_BACKOFF);
        ck_assert_uint_eq(step->action, SESSION_DO_HOLD);
    } else {
        ck_assert_uint_ne(step->verdict, SESSION_MOVE);
    }
}
END_TEST

START_TEST(closed_ends_when_a_person_asks_for_it_and_by_nothing_else)
{
    const struct session_step *step = session_step_of(HAWSER_STATE_CLOSED, EVENT);
    ck_assert_int_eq(step->verdict == SESSION_MOVE, EVENT == SESSION_RECONNECT);
}
END_TEST

START_TEST(a_deadline_means_something_in_every_state_that_sets_one)
{
    static const enum hawser_state TIMED[] = {
        HAWSER_STATE_RESOLVING, HAWSER_STATE_CONNECTING,     HAWSER_STATE_TLS,
        HAWSER_STATE_UPGRADING, HAWSER_STATE_AUTHENTICATING, HAWSER_STATE_RESTORING,
        HAWSER_STATE_BACKOFF,   HAWSER_STATE_CLOSING};
    for (size_t i = 0; i < sizeof(TIMED) / sizeof(TIMED[0]); i++) {
        uint8_t verdict = session_step_of(TIMED[i], SESSION_DEADLINE)->verdict;
        ck_assert(verdict == SESSION_MOVE || verdict == SESSION_STAY);
    }
}
END_TEST

START_TEST(every_state_and_event_has_a_name_of_its_own)
{
    for (int i = 0; i < HAWSER_STATE_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(session_state_name((enum hawser_state)i),
                             session_state_name((enum hawser_state)j));
        }
    }
    for (int i = 0; i < SESSION_EVENT_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(session_event_name((enum session_event)i),
                             session_event_name((enum session_event)j));
        }
    }
    ck_assert_str_eq(session_state_name(HAWSER_STATE_READY), "READY");
    ck_assert_str_eq(session_state_name(HAWSER_STATE_COUNT), "?");
    ck_assert_str_eq(session_event_name(SESSION_EVENT_COUNT), "?");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session states");
    TCase *cells = tcase_create("cells");
    tcase_add_loop_test(cells, every_cell_is_decided, 0, CELLS);
    tcase_add_loop_test(cells, every_cell_is_as_it_was_decided, 0, CELLS);
    tcase_add_loop_test(cells, a_cell_that_ignores_its_event_says_why, 0, CELLS);
    tcase_add_loop_test(cells, only_these_cells_dial, 0, CELLS);
    tcase_add_loop_test(cells, a_link_that_breaks_leads_to_backoff_from_every_state_that_has_one, 0,
                        CELLS);
    tcase_add_loop_test(cells, what_needs_a_person_fails_in_every_state_before_the_goodbye, 0,
                        CELLS);
    tcase_add_loop_test(cells, waiting_for_the_turn_to_dial_is_a_backoff, 0, CELLS);
    tcase_add_loop_test(cells, leaving_ends_in_closed_from_every_state, 0, CELLS);
    tcase_add_loop_test(cells, ready_is_reached_only_when_every_channel_is_there, 0, CELLS);
    tcase_add_loop_test(cells, closed_ends_when_a_person_asks_for_it_and_by_nothing_else, 0,
                        SESSION_EVENT_COUNT);
    suite_add_tcase(suite, cells);
    TCase *rows = tcase_create("rows");
    tcase_add_test(rows, a_second_break_while_waiting_changes_nothing);
    tcase_add_test(rows, a_deadline_means_something_in_every_state_that_sets_one);
    tcase_add_test(rows, every_state_and_event_has_a_name_of_its_own);
    suite_add_tcase(suite, rows);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* 273 cells: no process for each */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
