/*
 * minimal.c on a fake host: no exchange, no network, no Hawser running. The fake host is
 * tests/support/fake_*.c of the sources; it needs nothing but the public headers.
 */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <support/fake_host.h>

#include "hawser/adapter.h"

extern const struct hawser_module hawser_module;

static struct fake_host *fake;
static const struct hawser_adapter *adapter;
static void *object;

static void receive(const char *text)
{
    struct hawser_message message = {.bytes = {text, strlen(text)}, .received_ns = 42};
    adapter->message(object, &message);
}

static void channels_are_asked_for_one_by_one(void)
{
    const struct hawser_slice channels[] = {{"trades", 6}, {"tick\"er", 7}};
    adapter->subscribe(object, channels, 2);
    assert(fake->sent_count == 1);
    assert(strcmp(fake_host_last_sent(fake), "{\"op\":\"subscribe\",\"channel\":\"trades\"}") == 0);
    assert(fake_host_saw(fake, "refused tick\"er"));
}

static void answers_confirm_refuse_and_end_channels(void)
{
    receive("{\"op\":\"subscribed\",\"channel\":\"trades\"}");
    receive("{\"op\":\"error\",\"channel\":\"ticker\",\"text\":\"not today\"}");
    receive("{\"op\":\"unsubscribed\",\"channel\":\"trades\"}");
    assert(fake_host_saw(fake, "confirmed trades"));
    assert(fake_host_saw(fake, "refused ticker 302 not today"));
    assert(fake_host_saw(fake, "gone trades"));
}

static void data_is_delivered_with_its_number(void)
{
    receive("{\"op\":\"data\",\"channel\":\"trades\",\"seq\":7,\"data\":{\"price\":1.5}}");
    assert(fake->delivery_count == 1);
    assert(strcmp(fake->deliveries[0].data, "{\"price\":1.5}") == 0);
    assert(fake->deliveries[0].as.sequence == 7);
    assert(fake->deliveries[0].as.flags == (HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SEQUENCED));
}

static void a_heartbeat_is_answered_by_pong(void)
{
    adapter->heartbeat(object);
    assert(strcmp(fake_host_last_sent(fake), "{\"op\":\"ping\"}") == 0);
    assert(!fake_host_saw(fake, "alive"));
    receive("{\"op\":\"pong\"}");
    assert(fake_host_saw(fake, "alive"));
}

static void garbage_is_told_and_survived(void)
{
    static const char *const TEXTS[] = {"",
                                        "{",
                                        "[]",
                                        "{\"op\":7}",
                                        "{\"op\":\"data\"}",
                                        "{\"op\":\"data\",\"channel\":\"a\"}",
                                        "{\"op\":\"what\",\"channel\":\"a\"}"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        fake_host_forget_events(fake);
        receive(TEXTS[i]);
        assert(fake_host_saw(fake, "unexpected "));
    }
}

int main(void)
{
    static void (*const TESTS[])(void) = {
        channels_are_asked_for_one_by_one, answers_confirm_refuse_and_end_channels,
        data_is_delivered_with_its_number, a_heartbeat_is_answered_by_pong,
        garbage_is_told_and_survived};
    for (size_t i = 0; i < sizeof(TESTS) / sizeof(TESTS[0]); i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        fake                    = fake_host_create(&hawser_module);
        adapter                 = hawser_module.vtable.adapter;
        assert(adapter->create(fake_host_table(), fake_host_instance(fake), &object, &err) == 0);
        TESTS[i]();
        adapter->destroy(object);
        fake_host_destroy(fake);
    }
    puts("all well");
    return 0;
}
