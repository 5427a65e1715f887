/*
 * core/base/watch: what a process does in modules can be read from outside, also when it is gone,
 * and what it scribbled there harms nobody.
 */
#include "base/watch.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

static struct watch *make(int *fd)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_msg(watch_make(fd, &err) == 0, "%s", err.message);
    struct watch *watch = watch_attach(*fd, &err);
    ck_assert_msg(watch != NULL, "%s", err.message);
    return watch;
}

static void drop(struct watch *watch, int fd)
{
    watch_end();
    watch_detach(watch);
    ck_assert_int_eq(close(fd), 0);
}

START_TEST(without_a_watcher_calls_go_on_unseen)
{
    uint64_t before = watch_enter(watch_subject_add("deribit", "main", 1), WATCH_MESSAGE);
    watch_leave(before);
    watch_tick();
    watch_crashed(SIGSEGV);
    watch_thread_begin();
    watch_thread_end();
    ck_assert_uint_eq(before, 0);
}
END_TEST

START_TEST(a_call_is_named_while_it_runs_and_not_afterwards)
{
    int fd;
    struct watch_call call;
    struct watch *watch = make(&fd);
    watch_begin(watch);
    uint32_t subject = watch_subject_add("deribit", "main", 1);
    ck_assert_int_eq(watch_describe_loop(watch, &call), 0);
    uint64_t before = watch_enter(subject, WATCH_MESSAGE);
    ck_assert_int_eq(watch_describe_loop(watch, &call), 1);
    ck_assert_str_eq(call.module, "deribit");
    ck_assert_str_eq(call.name, "main");
    ck_assert_str_eq(watch_slot_name(call.slot), "message");
    ck_assert_uint_eq(call.kind, 1);
    watch_leave(before);
    ck_assert_int_eq(watch_describe_loop(watch, &call), 0);
    ck_assert_uint_eq(watch_loop_call(watch), 0);
    drop(watch, fd);
}
END_TEST

START_TEST(an_inner_call_gives_way_to_the_outer_one_again)
{
    int fd;
    struct watch *watch = make(&fd);
    watch_begin(watch);
    uint32_t subject     = watch_subject_add("deribit", "main", 1);
    uint64_t outside     = watch_enter(subject, WATCH_MESSAGE);
    uint64_t outer       = watch_loop_call(watch);
    uint64_t inner_begin = watch_enter(subject, WATCH_REPLY);
    ck_assert_uint_ne(watch_loop_call(watch), outer);
    watch_leave(inner_begin);
    ck_assert_uint_eq(watch_loop_call(watch), outer);
    watch_leave(outside);
    drop(watch, fd);
}
END_TEST

START_TEST(the_same_call_made_again_is_another_call)
{
    int fd;
    struct watch *watch = make(&fd);
    watch_begin(watch);
    uint64_t before = watch_enter(1, WATCH_MESSAGE);
    uint64_t first  = watch_loop_call(watch);
    watch_leave(before);
    before = watch_enter(1, WATCH_MESSAGE);
    ck_assert_uint_ne(watch_loop_call(watch), first);
    watch_leave(before);
    drop(watch, fd);
}
END_TEST

START_TEST(the_record_outlives_the_process_and_names_its_last_call)
{
    int fd, status;
    struct watch_call call;
    struct watch *watch = make(&fd);
    pid_t child         = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        watch_begin(watch_attach(fd, &err));
        (void)watch_enter(watch_subject_add("deribit", "main", 1), WATCH_CONNECTED);
        (void)raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(watch_describe_crash(watch, &call), 1);
    ck_assert_str_eq(call.name, "main");
    ck_assert_int_eq(call.slot, WATCH_CONNECTED);
    watch_clear(watch);
    ck_assert_int_eq(watch_describe_crash(watch, &call), 0);
    drop(watch, fd);
}
END_TEST

static void *crash_in_a_thread(void *subject)
{
    watch_thread_begin();
    (void)watch_enter(*(uint32_t *)subject, WATCH_WRITE);
    watch_crashed(SIGSEGV);
    return NULL;
}

START_TEST(the_thread_that_crashed_is_named_and_not_the_loop)
{
    int fd;
    pthread_t thread;
    struct watch_call call;
    struct watch *watch = make(&fd);
    watch_begin(watch);
    uint32_t subject = watch_subject_add("jsonl", "disk", 2);
    uint64_t before  = watch_enter(watch_subject_add("deribit", "main", 1), WATCH_MESSAGE);
    ck_assert_int_eq(pthread_create(&thread, NULL, crash_in_a_thread, &subject), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(watch_describe_crash(watch, &call), 1);
    ck_assert_str_eq(call.module, "jsonl");
    ck_assert_int_eq(watch_describe_loop(watch, &call), 1);
    ck_assert_str_eq(call.module, "deribit");
    watch_leave(before);
    drop(watch, fd);
}
END_TEST

START_TEST(a_subject_is_free_again_when_its_instance_is_gone)
{
    int fd;
    char name[WATCH_NAME_SIZE];
    struct watch *watch = make(&fd);
    watch_begin(watch);
    uint32_t last = 0;
    for (unsigned i = 1; i < WATCH_SUBJECTS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "s%u", i);
        last = watch_subject_add("deribit", name, 1);
        ck_assert_uint_ne(last, 0);
    }
    ck_assert_uint_eq(watch_subject_add("deribit", "one too many", 1), 0);
    watch_subject_remove(last);
    ck_assert_uint_eq(watch_subject_add("deribit", "the next", 1), last);
    drop(watch, fd);
}
END_TEST

START_TEST(names_that_are_too_long_are_cut)
{
    int fd;
    char name[200];
    struct watch_call call;
    struct watch *watch = make(&fd);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    watch_begin(watch);
    uint64_t before = watch_enter(watch_subject_add(name, name, 1), WATCH_TIMER);
    ck_assert_int_eq(watch_describe_loop(watch, &call), 1);
    ck_assert_uint_eq(strlen(call.module), WATCH_MODULE_SIZE - 1);
    ck_assert_uint_eq(strlen(call.name), WATCH_NAME_SIZE - 1);
    watch_leave(before);
    drop(watch, fd);
}
END_TEST

START_TEST(whatever_stands_in_the_memory_is_read_within_its_bounds)
{
    int fd;
    struct watch_call call;
    struct watch *watch = make(&fd);
    off_t size          = lseek(fd, 0, SEEK_END);
    uint8_t *bytes      = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(bytes, MAP_FAILED);
    for (int fill = 0; fill < 256; fill++) {
        memset(bytes, fill, (size_t)size);
        (void)watch_describe_loop(watch, &call);
        if (watch_describe_crash(watch, &call)) {
            ck_assert_uint_lt(strlen(call.module), WATCH_MODULE_SIZE);
            ck_assert_uint_lt(strlen(call.name), WATCH_NAME_SIZE);
            ck_assert_str_ne(watch_slot_name(call.slot), "?");
        }
    }
    ck_assert_int_eq(munmap(bytes, (size_t)size), 0);
    drop(watch, fd);
}
END_TEST

START_TEST(other_memory_is_refused)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int fd                  = memfd_create("other", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_null(watch_attach(fd, &err));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("watch");
    tcase_add_test(cases, without_a_watcher_calls_go_on_unseen);
    tcase_add_test(cases, a_call_is_named_while_it_runs_and_not_afterwards);
    tcase_add_test(cases, an_inner_call_gives_way_to_the_outer_one_again);
    tcase_add_test(cases, the_same_call_made_again_is_another_call);
    tcase_add_test(cases, the_record_outlives_the_process_and_names_its_last_call);
    tcase_add_test(cases, the_thread_that_crashed_is_named_and_not_the_loop);
    tcase_add_test(cases, a_subject_is_free_again_when_its_instance_is_gone);
    tcase_add_test(cases, names_that_are_too_long_are_cut);
    tcase_add_test(cases, whatever_stands_in_the_memory_is_read_within_its_bounds);
    tcase_add_test(cases, other_memory_is_refused);
    return suite_run("base/watch", cases);
}
