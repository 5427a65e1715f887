/*
 * What a process is doing in the code of its modules, kept in memory that its supervisor shares:
 * who is called, which slot, and that the loop still turns. It survives the process. Setting it
 * costs two stores a call, no system call and no look at the clock.
 */
#ifndef CORE_BASE_WATCH_H
#define CORE_BASE_WATCH_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "hawser/error.h"

#define WATCH_MODULE_SIZE   32u
#define WATCH_NAME_SIZE     68u    /* names of sessions have 64 bytes at most */
#define WATCH_SUBJECTS_MAX  16384u /* instances that can be told apart; those beyond are "?" */
#define WATCH_THREADS_MAX   64u    /* the loop, and threads of outputs; those beyond go unwatched */
#define WATCH_SUBJECT_SHIFT 8u
#define WATCH_COUNT_SHIFT   32u

/** What of a module is being called. */
enum watch_slot {
    WATCH_NOTHING,
    WATCH_CREATE,
    WATCH_DESTROY,
    WATCH_CONNECTED,
    WATCH_AUTHENTICATE,
    WATCH_RESTORE,
    WATCH_SUBSCRIBE,
    WATCH_UNSUBSCRIBE,
    WATCH_MESSAGE,
    WATCH_HEARTBEAT,
    WATCH_LEAVE,
    WATCH_DISCONNECTED,
    WATCH_REPLY, /* the function given with a request */
    WATCH_TIMER, /* the function given with a timer */
    WATCH_WRITE,
    WATCH_FLUSH,
    WATCH_REOPEN,
    WATCH_EVENT,
    WATCH_WRITABLE,
    WATCH_SLOT_COUNT
};

/** One process's record, mapped. */
struct watch;

/** One thread's part of it: a count of calls, a subject and a slot in one word; slot 0: none. */
struct watch_thread {
    _Alignas(64) _Atomic uint64_t call;
};

/** The calling thread's way to its part. For the functions below alone. */
struct watch_caller {
    struct watch_thread *thread; /* NULL: nobody watches */
    uint64_t count;
};
extern _Thread_local struct watch_caller watch_caller __attribute__((tls_model("initial-exec")));

/* making and mapping */

/** Make the memory. Its size is sealed. @param fd given, close-on-exec @return 0, or -1 with err
 * set: SYSTEM_CALL */
int watch_make(int *fd, struct hawser_error *err) HAWSER_MUST_CHECK;
/** @param fd borrowed for the call @return given; NULL with err set: SYSTEM_CALL, SYSTEM_MEMORY,
 * SYSTEM_LIMIT (not such memory) */
struct watch *watch_attach(int fd, struct hawser_error *err);
/** NULL is allowed. */
void watch_detach(struct watch *watch);

/* the process that is watched */

/** From now on this process writes there, and the calling thread is its loop. @param watch
 * borrowed until watch_end */
void watch_begin(struct watch *watch);
/** No thread is inside a call any more. */
void watch_end(void);
/** The calling thread is one that calls modules, too. Nothing happens where nobody watches. */
void watch_thread_begin(void);
void watch_thread_end(void);
/** Name an instance of a module for the time of its life. On the loop's thread. @param kind enum
 * hawser_module_kind @return its subject; 0: nobody watches, or no room */
uint32_t watch_subject_add(const char *module, const char *name, uint32_t kind);
/** 0 is allowed. */
void watch_subject_remove(uint32_t subject);
/** The loop turns. */
void watch_tick(void);
/** The calling thread is what ends the process. Async-signal-safe. */
void watch_crashed(int signal_number);

/** A call into a module begins. Hot. @return for watch_leave: calls may be nested */
static inline uint64_t watch_enter(uint32_t subject, enum watch_slot slot)
{
    struct watch_caller *caller = &watch_caller;
    if (caller->thread == NULL) {
        return 0;
    }
    uint64_t before = atomic_load_explicit(&caller->thread->call, memory_order_relaxed);
    uint64_t call   = ++caller->count << WATCH_COUNT_SHIFT |
                    (uint64_t)subject << WATCH_SUBJECT_SHIFT | (uint64_t)slot;
    atomic_store_explicit(&caller->thread->call, call, memory_order_relaxed);
    return before;
}

/** It is over. Hot. */
static inline void watch_leave(uint64_t before)
{
    if (watch_caller.thread != NULL) {
        atomic_store_explicit(&watch_caller.thread->call, before, memory_order_relaxed);
    }
}

/* the one that watches; nothing that the other process wrote is trusted */

/** A call, in words. */
struct watch_call {
    uint64_t id; /* another one for each call; 0: none */
    enum watch_slot slot;
    uint32_t kind; /* enum hawser_module_kind; 0: not known */
    char module[WATCH_MODULE_SIZE];
    char name[WATCH_NAME_SIZE];
};

/** How often watch_tick was called. */
uint64_t watch_ticks(const struct watch *watch);
/** The loop's call under way. Cheap. @return as in struct watch_call, id */
uint64_t watch_loop_call(const struct watch *watch);
/** The same in words. @return 1; 0: the loop is in no call */
int watch_describe_loop(const struct watch *watch, struct watch_call *out);
/** After a crash: the call that the thread which crashed was in; where it is not known which one it
 * was, the loop's or else any. @return 1; 0: in none */
int watch_describe_crash(const struct watch *watch, struct watch_call *out);
/** Forget all: before another process takes it over. */
void watch_clear(struct watch *watch);

/** The slot as a module's author knows it: "message". */
const char *watch_slot_name(enum watch_slot slot);

#endif
