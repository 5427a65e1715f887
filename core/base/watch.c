/*
 * The record of one process's calls into modules. See watch.h. Which parts are taken is kept in
 * memory of our own: a module that writes where it should not can spoil the record, not the host.
 */
#include "base/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/shared.h"

#define WATCH_MEMORY_MAGIC UINT64_C(0x6861777365727701)
#define SUBJECT_MASK       0xffffffu

struct subject {
    char module[WATCH_MODULE_SIZE];
    char name[WATCH_NAME_SIZE];
    uint32_t kind;
    uint32_t reserved;
};

struct watch_shared {
    uint64_t magic;
    _Atomic uint64_t ticks;
    _Atomic uint32_t crashed_thread; /* plus 1; 0: not known */
    _Atomic uint32_t crash_signal;
    struct watch_thread threads[WATCH_THREADS_MAX];
    struct subject subjects[WATCH_SUBJECTS_MAX];
};

struct watch {
    struct watch_shared *shared;
};

_Thread_local struct watch_caller watch_caller __attribute__((tls_model("initial-exec")));

/* This process's own record. The lock guards who has which part; calls do not take it. */
static struct {
    pthread_mutex_t lock;
    struct watch_shared *shared;
    uint64_t threads_taken; /* a bit each */
    uint64_t subjects_taken[WATCH_SUBJECTS_MAX / 64];
    uint32_t hint; /* where to look for a free subject */
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const SLOT_NAMES[WATCH_SLOT_COUNT] = {
    "nothing",     "create",  "destroy",   "connected", "authenticate", "restore", "subscribe",
    "unsubscribe", "message", "heartbeat", "leave",     "disconnected", "reply",   "timer",
    "write",       "flush",   "reopen",    "event",     "writable"};

const char *watch_slot_name(enum watch_slot slot)
{
    return (unsigned)slot < WATCH_SLOT_COUNT ? SLOT_NAMES[slot] : "?";
}

/* making and mapping */

static const struct shared_kind WATCH_KIND = {"memory to watch a process", WATCH_MEMORY_MAGIC,
                                              sizeof(struct watch_shared)};

int watch_make(int *fd, struct hawser_error *err)
{
    return shared_make(&WATCH_KIND, fd, err);
}

struct watch *watch_attach(int fd, struct hawser_error *err)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to watch a process");
        return NULL;
    }
    watch->shared = shared_map(&WATCH_KIND, fd, err);
    if (watch->shared == NULL) {
        free(watch);
        return NULL;
    }
    return watch;
}

void watch_detach(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    shared_unmap(&WATCH_KIND, watch->shared);
    free(watch);
}

/* the process that is watched */

static void take_thread(void)
{
    for (uint32_t i = 0; i < WATCH_THREADS_MAX; i++) {
        if ((own.threads_taken >> i & 1) == 0) {
            own.threads_taken |= UINT64_C(1) << i;
            watch_caller = (struct watch_caller){&own.shared->threads[i], 0};
            return;
        }
    }
}

void watch_begin(struct watch *watch)
{
    (void)pthread_mutex_lock(&own.lock); /* fails on broken mutexes alone */
    own.shared        = watch->shared;
    own.threads_taken = 0;
    own.hint          = 1;
    memset(own.subjects_taken, 0, sizeof(own.subjects_taken));
    own.subjects_taken[0] = 1; /* subject 0 is nobody */
    take_thread();
    (void)pthread_mutex_unlock(&own.lock);
}

void watch_end(void)
{
    watch_caller = (struct watch_caller){0};
    (void)pthread_mutex_lock(&own.lock);
    own.shared = NULL;
    (void)pthread_mutex_unlock(&own.lock);
}

void watch_thread_begin(void)
{
    (void)pthread_mutex_lock(&own.lock);
    if (own.shared != NULL) {
        take_thread();
    }
    (void)pthread_mutex_unlock(&own.lock);
}

void watch_thread_end(void)
{
    struct watch_thread *thread = watch_caller.thread;
    watch_caller                = (struct watch_caller){0};
    (void)pthread_mutex_lock(&own.lock);
    if (thread != NULL && own.shared != NULL) {
        atomic_store_explicit(&thread->call, 0, memory_order_relaxed);
        own.threads_taken &= ~(UINT64_C(1) << (thread - own.shared->threads));
    }
    (void)pthread_mutex_unlock(&own.lock);
}

static int is_taken(uint32_t subject)
{
    return (own.subjects_taken[subject / 64] >> subject % 64 & 1) != 0;
}

static uint32_t find_free(void)
{
    for (uint32_t i = 0; i < WATCH_SUBJECTS_MAX; i++) {
        uint32_t subject = (own.hint + i) % WATCH_SUBJECTS_MAX;
        if (!is_taken(subject)) {
            own.hint = subject + 1;
            own.subjects_taken[subject / 64] |= UINT64_C(1) << subject % 64;
            return subject;
        }
    }
    return 0;
}

static void copy_name(char *to, size_t size, const char *from)
{
    size_t len = strnlen(from, size - 1); /* may be cut */
    memset(to, 0, size);
    memcpy(to, from, len);
}

uint32_t watch_subject_add(const char *module, const char *name, uint32_t kind)
{
    uint32_t number = 0;
    (void)pthread_mutex_lock(&own.lock);
    if (own.shared != NULL && (number = find_free()) != 0) {
        struct subject *subject = &own.shared->subjects[number];
        copy_name(subject->module, sizeof(subject->module), module);
        copy_name(subject->name, sizeof(subject->name), name);
        subject->kind = kind;
    }
    (void)pthread_mutex_unlock(&own.lock);
    return number;
}

void watch_subject_remove(uint32_t subject)
{
    (void)pthread_mutex_lock(&own.lock);
    if (subject != 0 && subject < WATCH_SUBJECTS_MAX) {
        own.subjects_taken[subject / 64] &= ~(UINT64_C(1) << subject % 64);
    }
    (void)pthread_mutex_unlock(&own.lock);
}

void watch_tick(void)
{
    if (own.shared != NULL) {
        (void)atomic_fetch_add_explicit(&own.shared->ticks, 1, memory_order_relaxed);
    }
}

void watch_crashed(int signal_number)
{
    struct watch_shared *shared = own.shared; /* no lock: the thread may hold it */
    if (shared == NULL || watch_caller.thread == NULL) {
        return;
    }
    atomic_store(&shared->crash_signal, (uint32_t)signal_number);
    atomic_store(&shared->crashed_thread, (uint32_t)(watch_caller.thread - shared->threads) + 1);
}

/* the one that watches */

uint64_t watch_ticks(const struct watch *watch)
{
    return atomic_load_explicit(&watch->shared->ticks, memory_order_relaxed);
}

uint64_t watch_loop_call(const struct watch *watch)
{
    return atomic_load_explicit(&watch->shared->threads[0].call, memory_order_relaxed);
}

static void copy_shared_name(char *to, const char *from, size_t size)
{
    memcpy(to, from, size - 1);
    to[size - 1] = 0;
    if (to[0] == 0) {
        to[0] = '?';
        to[1] = 0;
    }
}

static int describe(const struct watch *watch, uint64_t call, struct watch_call *out)
{
    uint32_t number = (uint32_t)(call >> WATCH_SUBJECT_SHIFT) & SUBJECT_MASK;
    uint32_t slot   = (uint32_t)call & ((1u << WATCH_SUBJECT_SHIFT) - 1);
    if (slot == WATCH_NOTHING || slot >= WATCH_SLOT_COUNT || number >= WATCH_SUBJECTS_MAX) {
        return 0;
    }
    const struct subject *subject = &watch->shared->subjects[number];
    *out = (struct watch_call){.id = call, .slot = (enum watch_slot)slot, .kind = subject->kind};
    copy_shared_name(out->module, subject->module, sizeof(out->module));
    copy_shared_name(out->name, subject->name, sizeof(out->name));
    return 1;
}

int watch_describe_loop(const struct watch *watch, struct watch_call *out)
{
    return describe(watch, watch_loop_call(watch), out);
}

int watch_describe_crash(const struct watch *watch, struct watch_call *out)
{
    uint32_t crashed = atomic_load(&watch->shared->crashed_thread);
    if (crashed > 0 && crashed <= WATCH_THREADS_MAX) {
        return describe(watch, atomic_load(&watch->shared->threads[crashed - 1].call), out);
    }
    for (uint32_t i = 0; i < WATCH_THREADS_MAX; i++) {
        if (describe(watch, atomic_load(&watch->shared->threads[i].call), out)) {
            return 1;
        }
    }
    return 0;
}

void watch_clear(struct watch *watch)
{
    struct watch_shared *shared = watch->shared;
    atomic_store(&shared->ticks, 0);
    atomic_store(&shared->crashed_thread, 0);
    atomic_store(&shared->crash_signal, 0);
    for (uint32_t i = 0; i < WATCH_THREADS_MAX; i++) {
        atomic_store(&shared->threads[i].call, 0);
    }
}
