/*
 * The hosts file, and localhost without one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/hosts.h"

static char path[] = "/tmp/hawser-hosts-XXXXXX";

static void write_hosts(void)
{
    static const char TEXT[] = "# 192.0.2.9 commented\n"
                               "192.0.2.1 one One.Example # two\n"
                               "\t192.0.2.2\ttwo  \n"
                               "2001:db8::1 one\r\n"
                               "not-an-address three\n"
                               "192.0.2.4\n"
                               "\n"
                               "192.0.2.1 one\n"
                               "192.0.2.5 last";
    int fd                   = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, TEXT, sizeof(TEXT) - 1), (int)sizeof(TEXT) - 1);
    ck_assert_int_eq(close(fd), 0);
}

static void remove_hosts(void)
{
    (void)unlink(path);
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
}

static const struct {
    const char *name;
    const char *first;
    size_t count;
} LOOKUPS[] = {
    {"one", "192.0.2.1:80", 2},
    {"ONE.example", "192.0.2.1:80", 1},
    {"two", "192.0.2.2:80", 1},
    {"last", "192.0.2.5:80", 1},
    {"on", "", 0},
    {"three", "", 0},
    {"commented", "", 0},
    {"192.0.2.4", "", 0},
    {"localhost", "[::1]:80", 2},
    {"a.localhost", "[::1]:80", 2},
    {"notlocalhost", "", 0},
};

START_TEST(names_of_the_file_are_found)
{
    struct net_addresses found = {.count = 0};
    char text[NET_ADDRESS_TEXT_SIZE];
    ck_assert_uint_eq(net_hosts_find(path, LOOKUPS[_i].name, 80, &found), LOOKUPS[_i].count);
    ck_assert_uint_eq(found.count, LOOKUPS[_i].count);
    if (found.count > 0) {
        ck_assert_str_eq(net_address_format(&found.items[0], text), LOOKUPS[_i].first);
    }
}
END_TEST

START_TEST(localhost_needs_no_file)
{
    struct net_addresses found = {.count = 0};
    ck_assert_uint_eq(net_hosts_find("/nonexistent/hosts", "localhost", 1, &found), 2);
    ck_assert_uint_eq(net_hosts_find("/nonexistent/hosts", "other", 1, &found), 0);
}
END_TEST

START_TEST(families_are_interleaved_ipv6_first)
{
    static const char *const IN[]  = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "::1", "::2"};
    static const char *const OUT[] = {"[::1]:1", "192.0.2.1:1", "[::2]:1", "192.0.2.2:1",
                                      "192.0.2.3:1"};
    struct net_addresses list      = {.count = 0};
    char text[NET_ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < 5; i++) {
        struct net_address address;
        ck_assert_int_eq(net_address_parse(IN[i], 1, &address), 0);
        net_addresses_add(&list, &address);
    }
    net_addresses_interleave(&list);
    ck_assert_uint_eq(list.count, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_str_eq(net_address_format(&list.items[i], text), OUT[i]);
    }
}
END_TEST

START_TEST(a_list_of_addresses_is_bounded)
{
    struct net_addresses list = {.count = 0};
    for (unsigned i = 0; i < 100; i++) {
        struct net_address address;
        uint8_t bytes[4] = {10, 0, 0, (uint8_t)i};
        net_address_make(AF_INET, bytes, 1, &address);
        net_addresses_add(&list, &address);
    }
    ck_assert_uint_eq(list.count, NET_ADDRESSES_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/hosts");
    TCase *tcase = tcase_create("hosts");
    tcase_add_checked_fixture(tcase, write_hosts, remove_hosts);
    tcase_add_loop_test(tcase, names_of_the_file_are_found, 0,
                        sizeof(LOOKUPS) / sizeof(LOOKUPS[0]));
    tcase_add_test(tcase, localhost_needs_no_file);
    tcase_add_test(tcase, families_are_interleaved_ipv6_first);
    tcase_add_test(tcase, a_list_of_addresses_is_bounded);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
