/*
 * The thread of an output that may block. After a batch it naps for a moment instead of sleeping
 * until it is woken: under load the loop then never pays for a wake-up, and batches grow.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "output/object.h"

#define NAP_MS 1

/* @return 1: it was posted; 0: the time is over */
static int wait_ms(sem_t *semaphore, int64_t ms)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC,
                        &now); /* the clock exists; a fake one cannot be waited for */
    int64_t until        = now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec + ms * CLOCK_NS_PER_MS;
    struct timespec when = {(time_t)(until / CLOCK_NS_PER_S), (long)(until % CLOCK_NS_PER_S)};
    int rc               = 0;
    do {
        rc = sem_clockwait(semaphore, CLOCK_MONOTONIC, &when);
    } while (rc != 0 && errno == EINTR);
    return rc == 0;
}

static void sleep_until_woken(struct output_thread *thread)
{
    atomic_store(&thread->is_asleep, 1);
    /* Whoever put something in after this look sees that we sleep. */
    if (!output_writer_has_work(thread->writer) && !atomic_load(&thread->must_stop)) {
        while (sem_wait(&thread->wake) != 0 && errno == EINTR) {
        }
    }
    atomic_store(&thread->is_asleep, 0);
}

static void tell_drained(struct output_thread *thread)
{
    uint64_t one = 1;
    if (atomic_exchange(&thread->is_draining, 0) == 1 &&
        write(thread->drained_fd, &one, sizeof(one)) != sizeof(one)) {
        log_about(LOG_SUBJECT("output", thread->writer->name), LOG_ERROR, "HW-OUTPUT-006",
                  "cannot tell that it is drained: %s", strerror(errno));
    }
}

static void *run(void *arg)
{
    struct output_thread *thread = arg;
    int worked                   = 0;
    watch_thread_begin();
    while (!atomic_load(&thread->must_stop)) {
        /* Read first: what was put in before the drain was asked for is then seen by the step. */
        int draining          = atomic_load(&thread->is_draining);
        enum writer_step step = output_writer_step(thread->writer);
        if (step == WRITER_RETRY) {
            (void)wait_ms(&thread->wake, thread->writer->retry_ms); /* either way: again */
        } else if (step == WRITER_MORE) {
            worked = 1;
        } else if (draining) {
            tell_drained(thread);
        } else if (worked) {
            (void)wait_ms(&thread->wake, NAP_MS); /* either way: look again */
            worked = 0;
        } else {
            sleep_until_woken(thread);
        }
    }
    watch_thread_end();
    if (atomic_exchange(&thread->is_left, 1) == 1) {
        output_free(thread->output); /* nobody waited so long */
        return NULL;
    }
    (void)sem_post(&thread->ended); /* cannot overflow: posted once */
    return NULL;
}

static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

static int create_thread(struct output_thread *thread)
{
    sigset_t all;
    sigset_t before;
    /* Signals are the loop's, but for those of a crash. The thread inherits the set. */
    (void)sigfillset(&all);
    for (size_t i = 0; i < sizeof(CRASHES) / sizeof(CRASHES[0]); i++) {
        (void)sigdelset(&all, CRASHES[i]);
    }
    int rc = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (rc != 0) {
        return rc;
    }
    rc = pthread_create(&thread->id, NULL, run, thread);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* it was valid a moment ago */
    return rc;
}

int output_thread_start(struct output *output, struct hawser_error *err)
{
    struct output_thread *thread = calloc(1, sizeof(*thread));
    if (thread == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an output's thread");
        return -1;
    }
    thread->output     = output;
    thread->writer     = &output->writer;
    thread->drained_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    (void)sem_init(&thread->wake, 0, 0); /* 0 is a valid value */
    (void)sem_init(&thread->ended, 0, 0);
    if (thread->drained_fd < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "no eventfd for an output's thread");
        goto fail;
    }
    int rc = create_thread(thread);
    if (rc != 0) {
        error_set_errno(err, HAWSER_SYSTEM_LIMIT, rc, "no thread for an output");
        goto fail;
    }
    (void)pthread_setname_np(thread->id, "hawser-output"); /* only a name */
    output->thread = thread;
    return 0;
fail:
    output_thread_free(thread);
    return -1;
}

void output_thread_wake(struct output_thread *thread)
{
    if (atomic_load(&thread->is_asleep) && atomic_exchange(&thread->is_asleep, 0)) {
        (void)sem_post(&thread->wake); /* cannot overflow: one post for each sleep */
    }
}

void output_thread_poke(struct output_thread *thread)
{
    (void)sem_post(&thread->wake); /* cannot overflow: on request of people alone */
}

void output_thread_drain(struct output_thread *thread)
{
    atomic_store(&thread->is_draining, 1);
    output_thread_poke(thread);
}

int output_thread_stop(struct output_thread *thread)
{
    pthread_t id = thread->id;
    atomic_store(&thread->must_stop, 1);
    output_thread_poke(thread);
    if (!wait_ms(&thread->ended, OUTPUT_STOP_MS) && atomic_exchange(&thread->is_left, 1) == 0) {
        (void)pthread_detach(id); /* it exists, and nobody joins it */
        return 0;
    }
    (void)pthread_join(id, NULL); /* it is at its end, or there already */
    return 1;
}

void output_thread_free(struct output_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    if (thread->drained_fd >= 0) {
        (void)close(thread->drained_fd); /* an eventfd keeps nothing */
    }
    (void)sem_destroy(&thread->wake);
    (void)sem_destroy(&thread->ended);
    free(thread);
}
