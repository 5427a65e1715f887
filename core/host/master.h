/*
 * The master: reads the config, starts and watches the other processes, carries reloads out. Never
 * runs a module's code.
 */
#ifndef CORE_HOST_MASTER_H
#define CORE_HOST_MASTER_H

#include <event2/event.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/list.h"
#include "base/watch.h"
#include "conf/tree.h"
#include "host/channel.h"
#include "host/child.h"
#include "host/intensity.h"
#include "host/module_files.h"
#include "host/notify.h"
#include "host/options.h"
#include "host/pidfile.h"
#include "host/secrets.h"
#include "host/settings.h"
#include "host/shard.h"
#include "host/summary.h"
#include "host/suspects.h"
#include "host/watchdog.h"

#define CHILD_ANY_SLOT  UINT32_MAX
#define MASTER_SLOW_MAX 4u
#define MASTER_WORKERS  (SHARD_QUARANTINE + 1u)
_Static_assert(SHARD_QUARANTINE == SETTINGS_MAX_WORKERS, "the quarantine comes behind them all");

struct checker;
struct control;
struct observer;
struct telemetry_writer;
struct upgrade;
struct worker;

/** A function of a module that held up a loop. */
struct master_slow {
    char module[WATCH_MODULE_SIZE];
    enum watch_slot slot;
    struct complaint trouble;
};

/** One child process (or, with master_process off, the same thing inside this one). */
struct master_child {
    struct master *master;
    enum child_role role;
    uint32_t index;
    uint32_t slot;       /* where a worker counts; CHILD_ANY_SLOT: none yet */
    pid_t pid;           /* 0: not running */
    int watch_fd;        /* memory that it writes its calls into; -1: none yet */
    struct watch *watch; /* the same, mapped; NULL: none yet */
    struct watchdog watchdog;
    clock_ns_t aborted_at; /* it hangs, and was told to end; 0: it does not */
    struct master_slow slow[MASTER_SLOW_MAX];
    uint32_t next_slow;
    uint64_t slow_calls;       /* since the host started */
    struct channel *channel;   /* NULL: not running */
    struct worker *worker;     /* master_process off */
    struct observer *observer; /* master_process off */
    struct event *restart;     /* pending: waits before it is started again */
    clock_ns_t started_at;
    struct intensity intensity;
    uint64_t restarts;           /* since the host started */
    uint64_t generation;         /* that it applied last */
    struct module_files modules; /* as they were when it was told its config */
    int wanted;                  /* 0: it may end */
    int again;                   /* when it has ended, start it: it was wanted again meanwhile */
    int was_killed;              /* its last end came from outside, while it ran well */
    int is_old;                  /* started by the binary that handed over to this one */
    int stands_by;               /* a worker of this index runs yet, which it takes over from */
    const char *inherits;   /* why a predecessor's sessions have holes that nobody announced yet;
                               NULL: none */
    struct summary summary; /* of its sessions; zeros: none, or it is not running */
};

/** What a reload has come to. */
enum reload_step { RELOAD_STEP_NONE, RELOAD_STEP_CHECKING, RELOAD_STEP_APPLYING };

struct reload_result {
    uint64_t generation; /* now in force */
    int ok;
    char text[1024]; /* one line */
};

struct reload_waiter {
    struct list node;
    void (*done)(void *arg, const struct reload_result *result);
    void *arg;
    int for_next; /* asked for while another reload ran: waits for the one after it */
};

struct master_reload {
    enum reload_step step;
    int again; /* asked for meanwhile */
    struct conf_tree *tree;
    int config; /* sealed; -1: none */
    struct settings settings;
    struct secrets secrets;
    struct checker *checker;
    clock_ns_t began_at;
    struct event *deadline;
    json_t *errors; /* of workers */
    json_int_t totals[5];
    char others[160]; /* outputs and telemetry that changed, in words; "": none */
    struct list waiters;
    struct reload_result last;
};

/** A control request on its way to a child. */
struct master_command {
    struct list node;
    uint64_t id;
    struct master_child *child;
    struct event *deadline; /* NULL: none */
    void (*done)(void *arg, json_t *reply);
    void *arg;
};

/** Sessions that are kept apart from the others: master_quarantine.c. */
struct master_quarantine {
    struct suspects suspects;
    struct list entries;
    json_t *sessions; /* a member for each; NULL: none */
    json_t *moved;    /* during a move: those that change their worker */
};

/** What the service manager may be told, in this order. */
enum master_phase {
    MASTER_PHASE_STARTING,
    MASTER_PHASE_READY,
    MASTER_PHASE_RELOADING,
    MASTER_PHASE_STOPPING
};

struct master_notify {
    struct notify manager;
    struct event *tick; /* NULL: nobody listens */
    enum master_phase told;
    char status[NOTIFY_MAX_BYTES]; /* that was told last */
    clock_ns_t fed_at;             /* the watchdog; 0: not yet */
    struct complaint trouble;
    uint64_t generation; /* whose sessions were counted */
    uint64_t sessions;
};

/** Another binary took over: its children follow one by one. master_roll.c. */
enum roll_step {
    ROLL_NEXT,
    ROLL_BESIDE,   /* the successor is there, and takes the sessions over one by one */
    ROLL_PARTING,  /* it has them all; the old one ends */
    ROLL_DROPPING, /* nothing comes of it; the successor ends */
    /* where two may not run at once */
    ROLL_ENDING,
    ROLL_STARTING,
    ROLL_ASKING,
    ROLL_LOOKING
};

struct master_roll {
    int is_active;
    int is_next; /* a reload that is asked for from here on waits for the next child */
    enum roll_step step;
    struct master_child *child;
    struct master_child other; /* its successor, beside it; then itself, on its way out */
    json_t *waiting;           /* sessions that the old one has yet; true: it was asked to yield */
    json_t *taken;             /* sessions that went over; true: the old one has its links yet */
    uint32_t tries;            /* successors of this child */
    int knows_how;             /* the old binary's workers can yield */
    struct event *look;
    clock_ns_t deadline; /* of the step */
    clock_ns_t began_at;
    uint32_t count;
};

struct master {
    const struct options *options;
    struct event_base *base;
    struct settings settings;
    struct conf_tree *tree;
    int config; /* sealed */
    struct secrets secrets;
    uint64_t generation;
    int telemetry; /* descriptor of the shared area */
    int budget;    /* descriptor of the shared connect budget */
    struct telemetry_area *area;
    struct telemetry_writer *writer; /* the master's own counters */
    struct event *look;              /* at the children, again and again */
    struct pidfile pidfile;
    struct master_notify notify;
    struct master_child workers[MASTER_WORKERS];
    struct master_child observer;
    struct event *signals[8];
    struct master_reload reload;
    struct master_quarantine quarantine;
    struct upgrade *upgrade; /* another binary is asked to take over; NULL: none */
    struct master_roll roll;
    json_t *handover; /* what another binary handed over; NULL: this one started the host */
    int handover_fd;
    int is_given_back; /* by one that could not take over */
    struct list plans; /* being made for control clients */
    struct control *control;
    struct list commands;
    uint64_t next_command;
    json_t *channels; /* changed at run time, by session: what a worker's successor gets */
    json_t *closed;   /* a member for each session that a person closed; until the next reload */
    struct event *stop_deadline;
    struct event *lead; /* pending: workers wait for the observer */
    clock_ns_t started_at;
    int stopping; /* 1 graceful, 2 quick */
    int exit_status;
};

/** What a master begins with. */
struct master_start {
    struct conf_tree *tree;  /* taken: a config that passed the checker */
    int config;              /* taken: the same, sealed */
    struct secrets *secrets; /* taken over */
    json_t *handover;        /* taken: what another binary hands over; NULL: nothing runs yet */
    int handover_fd;         /* taken: the same; -1: none */
    const char *refusal;     /* the other binary gives back, since it could not; NULL: no such */
};

/**
 * Run the host until it is told to stop. One that cannot take over becomes the binary that handed
 * over to it.
 * @return exit status
 */
int master_run(const struct options *options, const struct master_start *start);

/* children: master_child.c */
void master_child_init(struct master_child *child, struct master *master, enum child_role role,
                       uint32_t index);
/** Start it (again), and send it the config in force. */
void master_child_start(struct master_child *child);
/** Where it waits to be started again: the wait is over. */
void master_child_hurry(struct master_child *child);
/** The same, but where it fails it is not tried again. @return 0, or -1 with err set */
int master_child_launch(struct master_child *child, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Two of one index change their places: each is what the other was. */
void master_child_swap(struct master_child *a, struct master_child *b);
/** Send the config in force. @return 0, or -1 with err set */
int master_child_configure(struct master_child *child, struct hawser_error *err) HAWSER_MUST_CHECK;
/** @param timeout_ms 0: quick */
void master_child_quit(struct master_child *child, int64_t timeout_ms);
/** Go on with a child that another binary of this process started. @param fd taken: our end of its
 * channel @return 0, or -1 with err set */
int master_child_attach(struct master_child *child, int fd,
                        struct hawser_error *err) HAWSER_MUST_CHECK;
/** Start it again, sooner or later: as its deaths so far allow. */
void master_child_start_later(struct master_child *child);
int master_child_is_running(const struct master_child *child);
/** "worker 3", "observer"; borrowed until the next call. */
const char *master_child_name(const struct master_child *child);
void master_child_fini(struct master_child *child);

/* their ends: master_end.c */
/** Children ended: find out which. */
void master_children_reap(struct master *master);
/** It is gone: clean up after it, and start it again if it is wanted. */
void master_child_bury(struct master_child *child);

/* requests to them: master_command.c */
/**
 * Send a control request to a child. `done` is called exactly once: with the answer, or with an
 * error object of ours.
 *
 * @param request     borrowed
 * @param timeout_ms  0: wait as long as the child lives
 */
void master_command_send(struct master_child *child, const json_t *request, int64_t timeout_ms,
                         void (*done)(void *arg, json_t *reply), void *arg);

/** A reply came. @param reply taken */
void master_command_answered(struct master_child *child, uint64_t id, json_t *reply);
/** What waits for one waits for the other. */
void master_commands_swap(struct master_child *a, struct master_child *b);
/** The child is gone: its commands end with a refusal. */
void master_commands_fail(struct master_child *child);
/** Channels that a session got or lost at run time: for its worker's successor. */
void master_remember_channels(struct master *master, const json_t *change);
/** A person closed a session, or opened it again. */
void master_remember_closed(struct master *master, const char *session, int is_closed);

/* quarantine: master_quarantine.c */
void master_quarantine_init(struct master *master);
void master_quarantine_fini(struct master *master);
struct shards master_shards(const struct master *master);
/** Does the config, or the quarantine, have work for it? @param index below MASTER_WORKERS */
int master_worker_is_used(const struct master *master, uint32_t index);
/** A worker died: was it again the same session or adapter? Then that is moved out of the way.
 * Before the worker is started again. */
void master_quarantine_judge(struct master_child *child, int status);
/** A new config is in force: who stays in quarantine? Then the children are configured, then
 * master_quarantine_reloaded. */
void master_quarantine_reload(struct master *master);
void master_quarantine_reloaded(struct master *master);
/** Start the quarantine's worker where it is needed. */
void master_quarantine_start_worker(struct master *master);
/** @param name of a session, or an adapter @return 0; -1: it is not in quarantine */
int master_quarantine_release(struct master *master, const char *name);
/** @return given: [{"name", "scope", "module", "since", "sessions": []}] */
json_t *master_quarantine_json(struct master *master);

/** @param list  what master_quarantine_json gave */
void master_quarantine_restore(struct master *master, const json_t *list);

/* signals: master_signals.c */
/** From here on all but those that end at once wait until master_signals_let_in. */
void master_signals_hold(void);
/** The same for every signal. */
void master_signals_hold_all(void);
void master_signals_let_in(void);
/** @return 0; -1: they cannot be watched */
int master_signals_watch(struct master *master) HAWSER_MUST_CHECK;
void master_signals_fini(struct master *master);

/* another binary: master_upgrade.c, master_takeover.c, master_roll.c */
/** SIGUSR2: ask the binary at our path whether it can take over, and hand over. */
void master_upgrade_start(struct master *master);
/** Is it to happen as soon as no reload runs? */
int master_upgrade_is_waiting(const struct master *master);
void master_upgrade_fini(struct master *master);
/** Counters, budget and numbers that were handed over. @return 0, or -1 with err set */
int master_takeover_memory(struct master *master, struct hawser_error *err) HAWSER_MUST_CHECK;
/** The pid file and the control socket. @return 0, or -1 with err set */
int master_takeover_files(struct master *master, struct hawser_error *err) HAWSER_MUST_CHECK;
/** The children; lets signals in. @return 0, or -1 with err set */
int master_takeover_children(struct master *master, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Let our own children follow one by one. @return 0; -1: no memory */
int master_roll_begin(struct master *master) HAWSER_MUST_CHECK;
void master_roll_fini(struct master *master);
/** Nothing more comes of it: all workers are to end. */
void master_roll_drop(struct master *master);
/** Two processes of one worker run: a reload has to wait. */
int master_roll_is_beside(const struct master *master);
/** The worker that has the session. */
struct master_child *master_worker_of(struct master *master, const char *session);
/** A session was changed by this request: its worker's successor does the same, if there is one,
 * also where the worker was asked before. @param request NULL: none */
void master_roll_repeat(struct master *master, const char *session, const json_t *request);
/** The same for channels that a session got or lost at run time. */
void master_roll_channels(struct master_child *child, const json_t *change);

/* between master_child.c, master_roll.c and master_beside.c */
/** Start a successor beside it. @return 0; -1: it has to end first; the log says why */
int master_roll_begin_beside(struct master_child *child);
void master_roll_look_beside(struct master *master);
void master_roll_applied(struct master_child *child, const json_t *report);
/** One of the two has something to tell the other. */
void master_roll_told(struct master_child *child, const struct channel_message *message,
                      const json_t *about);
/** @return 1: its successor has its place, and nothing is to be started */
int master_roll_old_gone(struct master_child *child);
void master_roll_other_gone(struct master *master);

/* watching: master_watch.c */
#define MASTER_WATCH_WORDS 192u
/** Empty memory to watch a child that is about to start. @return 0, or -1 with err set */
int master_watch_prepare(struct master_child *child, struct hawser_error *err) HAWSER_MUST_CHECK;
void master_watch_fini(struct master_child *child);
/** The looks at all children: until master_watch_end, from the first master_watch_again on. */
int master_watch_begin(struct master *master, struct hawser_error *err) HAWSER_MUST_CHECK;
void master_watch_again(struct master *master);
void master_watch_end(struct master *master);
/** Add 1 to a counter of the master's. @param session NULL: none */
void master_count(struct master *master, const char *metric, const char *session);
/** A call in words: "module NAME, session=NAME, in its `message`". @return out */
const char *master_watch_words(const struct watch_call *call, char *out, size_t size);

/* reload: master_reload.c */
void master_reload_init(struct master *master);
/** Start a reload, or one more after the one that runs. @param done may be NULL */
void master_reload_start(struct master *master,
                         void (*done)(void *arg, const struct reload_result *result), void *arg);
/** Begin what was asked for while it could not begin. */
void master_reload_resume(struct master *master);
/** Can this master carry the settings of this tree out? @param problems gets what it cannot */
void master_reload_check(const struct master *master, const struct conf_tree *tree,
                         const struct settings *settings, struct conf_problems *problems);
/** A child applied a generation. */
void master_reload_applied(struct master_child *child, uint64_t generation, const json_t *report);
/** A child died: a reload does not wait for it. */
void master_reload_child_gone(struct master *master);
void master_reload_fini(struct master *master);

/* a reload in words: master_outcome.c */

/** Has it still to apply the generation in force? One that is down gets it when it starts. */
int master_child_is_behind(const struct master_child *child);
/** Before the new config is in force: tell the log each change, and count those that workers do not
 * report. */
void master_outcome_foresee(struct master *master);
/** Which processes have not applied it: "worker 1 did not ...". */
void master_outcome_of_those_behind(const struct master *master, char *out, size_t size);
/** Write the line that says what was done. @param trouble what is missing; NULL: nothing */
void master_outcome_describe(struct master *master, const char *trouble);

/* plans: master_plan.c */

/** What a plan goes from this master's state to. */
struct master_candidate {
    const struct conf_tree *tree;
    const struct secrets *secrets;
    uint32_t workers;
    const json_t *states; /* by session: its state; NULL: unknown */
};

/** @return given: [{"kind", "name", "action", "reason"}], removed ones first; NULL: no memory */
json_t *master_plan_json(struct master *master, const struct master_candidate *candidate);
/**
 * Check the config file as a reload would, and plan the step to it. Nothing is applied.
 * @param sessions  borrowed: what session.list says
 * @param done      called once, now or later: with the answer of host.plan (taken)
 */
void master_plan_start(struct master *master, const json_t *sessions,
                       void (*done)(void *arg, json_t *answer), void *arg);
void master_plans_fini(struct master *master);

/* the service manager: master_notify.c */
/** Before the process becomes a daemon. @return 0, also where there is none; -1 with err set */
int master_notify_begin(struct master *master, struct hawser_error *err) HAWSER_MUST_CHECK;
/** The start, a reload or the stop has come a step further: tell it. */
void master_notify_look(struct master *master);
/** Another process goes on in this one's place. */
void master_notify_successor(struct master *master, pid_t pid);
void master_notify_end(struct master *master);

/** Start the workers that do not run yet: the observer is ready, or took too long. */
void master_start_workers(struct master *master);
/** All are told; the loop ends when all are gone. */
void master_stop(struct master *master, int graceful);
/** Ends the loop when nothing is left to wait for. */
void master_check_stopped(struct master *master);

/** Parse, collect problems, read secrets, seal: what both start and reload begin with. */
struct config_load {
    struct conf_tree *tree;
    struct secrets secrets;
    int config;
    struct conf_problems problems;
};
/** @return 0 when there are no problems so far, else -1. Release with config_load_fini in both
 * cases. */
int config_load_read(struct config_load *load, const struct options *options) HAWSER_MUST_CHECK;
void config_load_fini(struct config_load *load);

#endif
