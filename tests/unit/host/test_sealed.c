/*
 * A config in a sealed descriptor: the same text for everyone, and nobody changes it.
 */
#include "host/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/suite.h"
#include "trees.h"

static struct hawser_error err;

static void set_up(void)
{
    err = (struct hawser_error)HAWSER_ERROR_INIT;
}

START_TEST(every_reader_gets_an_equal_tree_with_files_and_lines)
{
    struct conf_tree *tree = tree_of("daemon off;\nsession s {\n  subscribe a \"b c\";\n}\n");
    int fd                 = sealed_create(tree, &err);
    ck_assert_int_ge(fd, 0);
    for (int reader = 0; reader < 2; reader++) { /* no reader moves anything for the next one */
        struct conf_tree *copy = sealed_read(fd, &err);
        ck_assert_ptr_nonnull(copy);
        ck_assert(conf_node_equal(conf_tree_root(tree), conf_tree_root(copy)));
        const struct conf_node *subscribe = block_of(copy, "session")->first_child;
        ck_assert_str_eq(subscribe->file, "test.conf");
        ck_assert_uint_eq(subscribe->line, 3);
        conf_tree_destroy(copy);
    }
    (void)close(fd); /* a memfd */
    conf_tree_destroy(tree);
}
END_TEST

START_TEST(nobody_can_write_grow_or_shrink_it)
{
    struct conf_tree *tree = tree_of("daemon off;");
    int fd                 = sealed_create(tree, &err);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, 0), -1);
    ck_assert_int_eq(ftruncate(fd, 1 << 20), -1);
    ck_assert_ptr_eq(mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    (void)close(fd); /* a memfd */
    conf_tree_destroy(tree);
}
END_TEST

START_TEST(what_is_no_config_is_refused)
{
    int fd = memfd_create("junk", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_null(sealed_read(fd, &err)); /* empty */
    ck_assert_uint_ne(err.code, 0);
    ck_assert_int_eq(write(fd, "no config at all", 16), 16);
    set_up();
    ck_assert_ptr_null(sealed_read(fd, &err));
    ck_assert_uint_ne(err.code, 0);
    (void)close(fd); /* a memfd */
    set_up();
    ck_assert_ptr_null(sealed_read(-1, &err));
    ck_assert_uint_ne(err.code, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("sealed");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, every_reader_gets_an_equal_tree_with_files_and_lines);
    tcase_add_test(cases, nobody_can_write_grow_or_shrink_it);
    tcase_add_test(cases, what_is_no_config_is_refused);
    return suite_run("host/sealed", cases);
}
