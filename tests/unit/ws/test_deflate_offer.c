/*
 * ws/deflate_offer.c: what is offered, which answers a client takes (RFC 7692 5.1, 7.1), what a
 * server makes of offers.
 */
#include "ws/deflate_offer.h"

#include <check.h>
#include <stdio.h>

#include "base/slice.h"
#include "support/guard.h"
#include "support/suite.h"

/* "server forgets, client forgets, server's bits, client's bits" */
#define SHOWN_BYTES 32

static void show(const struct ws_deflate_params *params, char *out)
{
    (void)snprintf(out, SHOWN_BYTES, "%u %u %u %u", params->server_no_context_takeover,
                   params->client_no_context_takeover, params->server_max_window_bits,
                   params->client_max_window_bits);
}

static const struct {
    struct ws_deflate_params wished;
    const char *text;
} OFFERS[] = {
    {{0, 0, 0, 0}, "permessage-deflate; client_max_window_bits"},
    {{0, 0, 0, 10}, "permessage-deflate; client_max_window_bits=10"},
    {{1, 0, 0, 0}, "permessage-deflate; server_no_context_takeover; client_max_window_bits"},
    {{0, 1, 12, 0},
     "permessage-deflate; client_no_context_takeover; server_max_window_bits=12; "
     "client_max_window_bits"},
    {{1, 1, 15, 15},
     "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
     "server_max_window_bits=15; client_max_window_bits=15"},
};

START_TEST(an_offer_says_what_is_wished)
{
    char text[WS_DEFLATE_OFFER_BYTES];
    ws_deflate_offer(&OFFERS[_i].wished, text);
    ck_assert_str_eq(text, OFFERS[_i].text);
}
END_TEST

#define ANY                                                                                        \
    {                                                                                              \
        0, 0, 0, 0                                                                                 \
    }
#define STRICT                                                                                     \
    {                                                                                              \
        1, 0, 10, 11                                                                               \
    }
#define REFUSED NULL

static const struct {
    struct ws_deflate_params wished;
    const char *answer;
    const char *agreed; /* "": declined; NULL: refused */
} ANSWERS[] = {
    {ANY, "", ""},
    {ANY, " , ", ""},
    {ANY, "permessage-deflate", "0 0 15 15"},
    {ANY, "  permessage-deflate\t", "0 0 15 15"},
    {ANY, "permessage-deflate; server_no_context_takeover", "1 0 15 15"},
    {ANY, "permessage-deflate;client_no_context_takeover", "0 1 15 15"},
    {ANY, "permessage-deflate; server_max_window_bits=8", "0 0 8 15"},
    {ANY, "permessage-deflate; server_max_window_bits=15", "0 0 15 15"},
    {ANY, "permessage-deflate; client_max_window_bits=8", "0 0 15 8"},
    {ANY, "permessage-deflate; client_max_window_bits=\"9\"", "0 0 15 9"},
    {ANY, "permessage-deflate; client_max_window_bits=\"1\\0\"", "0 0 15 10"},
    {ANY, "permessage-deflate ; client_max_window_bits = 9 ;server_no_context_takeover",
     "1 0 15 9"},
    {ANY,
     "permessage-deflate; server_max_window_bits=9; client_no_context_takeover; "
     "client_max_window_bits=10; server_no_context_takeover",
     "1 1 9 10"},
    {{0, 1, 0, 0}, "permessage-deflate", "0 1 15 15"}, /* we may forget all the same */
    {{0, 0, 0, 11}, "permessage-deflate", "0 0 15 11"},
    {STRICT,
     "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; "
     "client_max_window_bits=11",
     "1 0 10 11"},
    {STRICT, "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
     "1 0 9 11"},
    /* not known, twice, wrong, beyond the offer */
    {ANY, "permessage-deflate; x", REFUSED},
    {ANY, "permessage-deflate; x=1", REFUSED},
    {ANY, "permessage-deflate; Server_no_context_takeover", REFUSED},
    {ANY, "permessage-deflate;", REFUSED},
    {ANY, "permessage-deflate; ; client_no_context_takeover", REFUSED},
    {ANY, "permessage-deflate; server_no_context_takeover; server_no_context_takeover", REFUSED},
    {ANY, "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", REFUSED},
    {ANY, "permessage-deflate; server_no_context_takeover=1", REFUSED},
    {ANY, "permessage-deflate; client_no_context_takeover=", REFUSED},
    {ANY, "permessage-deflate; server_max_window_bits", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits", REFUSED},
    {ANY, "permessage-deflate; server_max_window_bits=", REFUSED},
    {ANY, "permessage-deflate; server_max_window_bits=7", REFUSED},
    {ANY, "permessage-deflate; server_max_window_bits=16", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=0", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=010", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=+9", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=1e1", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=99999999999999999999", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=\"9", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=\"9\\\"", REFUSED},
    {ANY, "permessage-deflate; client_max_window_bits=9 9", REFUSED},
    {ANY, "permessage-deflate, permessage-deflate", REFUSED},
    {ANY, "permessage-deflate, x", REFUSED},
    {ANY, "x", REFUSED},
    {STRICT, "permessage-deflate", REFUSED},
    {STRICT, "permessage-deflate; server_max_window_bits=10", REFUSED},
    {STRICT, "permessage-deflate; server_no_context_takeover", REFUSED},
    {STRICT, "permessage-deflate; server_no_context_takeover; server_max_window_bits=11", REFUSED},
    {STRICT,
     "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; "
     "client_max_window_bits=12",
     REFUSED},
};

START_TEST(an_answer_is_taken_only_as_the_rfc_allows)
{
    char shown[SHOWN_BYTES] = "";
    struct ws_deflate_params agreed;
    struct hawser_error err   = HAWSER_ERROR_INIT;
    const char *text          = ANSWERS[_i].answer;
    struct hawser_slice value = guard_copy(text, strlen(text));
    int rc                    = ws_deflate_check(value, &ANSWERS[_i].wished, &agreed, &err);
    if (rc == 1) {
        show(&agreed, shown);
    }
    ck_assert_int_eq(rc == -1, err.code == HAWSER_WS_HANDSHAKE);
    if (ANSWERS[_i].agreed == NULL) {
        ck_assert_msg(rc == -1, "\"%s\" was taken: %s", text, shown);
    } else {
        ck_assert_msg(rc >= 0, "\"%s\": %s", text, err.message);
        ck_assert_str_eq(shown, ANSWERS[_i].agreed);
    }
    guard_free(value);
}
END_TEST

static const struct {
    struct ws_deflate_params own;
    const char *offers;
    const char *answer; /* NULL: none taken */
    const char *agreed;
} CHOICES[] = {
    {ANY, "", NULL, NULL},
    {ANY, "x-webkit-deflate-frame", NULL, NULL},
    {ANY, "permessage-deflate", "permessage-deflate", "0 0 15 15"},
    {ANY, "permessage-deflate; client_max_window_bits", "permessage-deflate", "0 0 15 15"},
    {ANY, "permessage-deflate; client_max_window_bits=15", "permessage-deflate", "0 0 15 15"},
    {ANY, "permessage-deflate; client_max_window_bits=9",
     "permessage-deflate; client_max_window_bits=9", "0 0 15 9"},
    {ANY, "permessage-deflate; server_max_window_bits=10",
     "permessage-deflate; server_max_window_bits=10", "0 0 10 15"},
    {ANY, "permessage-deflate; server_max_window_bits=15",
     "permessage-deflate; server_max_window_bits=15", "0 0 15 15"},
    {ANY, "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
     "permessage-deflate; server_no_context_takeover; client_no_context_takeover", "1 1 15 15"},
    {ANY,
     "x, permessage-deflate; y, permessage-deflate; server_max_window_bits, permessage-deflate",
     "permessage-deflate", "0 0 15 15"},
    {ANY, "permessage-deflate; client_max_window_bits=7", NULL, NULL},
    {ANY, "permessage-deflate; client_max_window_bits; client_max_window_bits", NULL, NULL},
    {ANY, "permessage-deflate; server_no_context_takeover=true", NULL, NULL},
    {{1, 1, 12, 11},
     "permessage-deflate; client_max_window_bits",
     "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
     "server_max_window_bits=12; client_max_window_bits=11",
     "1 1 12 11"},
    {{0, 0, 12, 11},
     "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8",
     "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8",
     "0 0 9 8"},
    {{0, 0, 0, 11}, "permessage-deflate", "permessage-deflate", "0 0 15 15"},
};

START_TEST(a_server_takes_the_first_offer_that_it_can_keep)
{
    char shown[SHOWN_BYTES];
    char answer[WS_DEFLATE_OFFER_BYTES];
    struct ws_deflate_params agreed;
    struct hawser_slice offers = guard_copy(CHOICES[_i].offers, strlen(CHOICES[_i].offers));
    int rc                     = ws_deflate_choose(offers, &CHOICES[_i].own, &agreed, answer);
    ck_assert_int_eq(rc, CHOICES[_i].answer != NULL);
    if (rc == 1) {
        show(&agreed, shown);
        ck_assert_str_eq(answer, CHOICES[_i].answer);
        ck_assert_str_eq(shown, CHOICES[_i].agreed);
    }
    guard_free(offers);
}
END_TEST

START_TEST(both_sides_of_ours_agree_on_the_same)
{
    for (unsigned bits = 0; bits < 16; bits = bits == 0 ? 8 : bits + 1) {
        const struct ws_deflate_params wished = {bits & 1u, bits >> 1 & 1u, (uint8_t)bits,
                                                 (uint8_t)(bits == 0 ? 0 : 23 - bits)};
        struct ws_deflate_params servers;
        struct ws_deflate_params clients;
        struct hawser_error err = HAWSER_ERROR_INIT;
        char offer[WS_DEFLATE_OFFER_BYTES];
        char answer[WS_DEFLATE_OFFER_BYTES];
        ws_deflate_offer(&wished, offer);
        ck_assert_int_eq(ws_deflate_choose(slice_of(offer), &wished, &servers, answer), 1);
        ck_assert_int_eq(ws_deflate_check(slice_of(answer), &wished, &clients, &err), 1);
        ck_assert_mem_eq(&servers, &clients, sizeof(servers));
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("deflate offer");
    tcase_add_loop_test(cases, an_offer_says_what_is_wished, 0, sizeof(OFFERS) / sizeof(OFFERS[0]));
    tcase_add_loop_test(cases, an_answer_is_taken_only_as_the_rfc_allows, 0,
                        sizeof(ANSWERS) / sizeof(ANSWERS[0]));
    tcase_add_loop_test(cases, a_server_takes_the_first_offer_that_it_can_keep, 0,
                        sizeof(CHOICES) / sizeof(CHOICES[0]));
    tcase_add_test(cases, both_sides_of_ours_agree_on_the_same);
    return suite_run("ws/deflate_offer", cases);
}
