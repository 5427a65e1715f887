/*
 * What runs in one worker: modules, outputs, sessions of one config generation, and how the next
 * generation takes over. Knows nothing of processes; worker.c drives it.
 */
#ifndef CORE_HOST_RUNTIME_H
#define CORE_HOST_RUNTIME_H

#include <jansson.h>

#include "base/complain.h"
#include "base/list.h"
#include "conf/tree.h"
#include "host/rate.h"
#include "host/secrets.h"
#include "host/shard.h"
#include "module/directory.h"
#include "net/loop.h"
#include "output/output.h"
#include "session/bundle.h"
#include "session/registry.h"

struct budget;
struct stream_feed;
struct stream_hub;
struct summary;
struct telemetry_writer;

/** A config that is in use by somebody. */
struct runtime_config {
    struct conf_tree *tree;
    size_t users;
};

struct runtime;

struct runtime_output {
    struct list node;
    struct runtime *runtime;
    struct runtime_config *config;
    const struct conf_node *block;
    const struct module *module;
    struct hawser_instance *instance;
    struct output *output;
    char *name;
    int retired;  /* draining has begun; until then sessions on their way out use it */
    int finished; /* drained: freed at the next sweep */
};

struct runtime_yield;
struct runtime_take;

struct runtime_session {
    struct list node; /* in runtime->leaving once it was told to leave; else alone */
    struct runtime *runtime;
    struct runtime_config *config;
    const struct conf_node *block;
    const struct module *module;
    struct bundle *bundle;
    struct list lines;              /* struct runtime_line */
    struct runtime_output **routes; /* where its records go; NULL-terminated */
    struct stream_feed *feed;       /* who follows it on the control socket */
    struct rate messages;
    struct rate bytes;
    char *name;
    int closed_by_hand;          /* it stays in CLOSED until it is asked for, or a reload */
    int knows_past;              /* it was told what was wanted of it at run time before */
    int moving;                  /* to lines of the newest settings, since a reload */
    int behind;                  /* it could not: its lines are of older settings */
    struct runtime_yield *yield; /* another process is to take over; NULL: none */
    int yielded;                 /* one did */
    struct runtime_take *take;   /* it takes over, as soon as it has read what is there; NULL: no */
    int leaving;
    int finished; /* CLOSED or FAILED while leaving: freed at the next sweep */
};

/** Sessions that move to new lines, and the outcome of the reload that waits for them. */
struct runtime_moves {
    size_t under_way;
    struct event *timer;
    json_t *report; /* NULL: nobody waits */
    void (*done)(void *arg, json_t *report);
    void *arg;
};

/** What a process of the same index that takes over, or gives, has to hear of a session. */
enum runtime_word {
    RUNTIME_STANDS_BY, /* it could take over: {"session", "first"}, or could not: "why" */
    RUNTIME_MARKS,     /* so far it was passed on: marks_json.h */
    RUNTIME_GONE       /* its links are gone: {"session"} */
};

struct runtime_options {
    struct net_loop *loop;              /* borrowed */
    struct telemetry_writer *telemetry; /* borrowed; NULL: none */
    struct budget *budget;              /* borrowed */
    const char *prefix;                 /* borrowed */
    uint32_t index;                     /* of this worker */
    void (*changed)(void *arg);         /* a session changed its state; NULL: nobody cares */
    void *changed_arg;
    /** To the other process. @param about taken. NULL: there is none ever */
    void (*say)(void *arg, enum runtime_word word, json_t *about);
    void *say_arg;
};

struct runtime {
    struct runtime_options options;
    struct module_directory *modules;
    struct runtime_config *config; /* of the newest generation; NULL: none yet */
    struct shards shards;
    struct secrets secrets;
    struct registry *sessions; /* struct runtime_session by name */
    struct list leaving;       /* sessions on their way out */
    struct list outputs;       /* in use */
    struct list draining;      /* no longer in use, not yet empty */
    struct stream_hub *streams;
    json_t *closed;  /* a member for each session that a person closed; NULL: none */
    json_t *yielded; /* a member for each that another process took over: it never comes back */
    json_t
        *standby; /* sessions made now stand by, but for the members of "taken"; NULL: none does */
    struct event *sweep;
    struct event *sample;                         /* each second, for the rates */
    struct event *retry;                          /* of outputs that could not be opened */
    char output_error[HAWSER_ERROR_MESSAGE_SIZE]; /* of the one that could not be opened last */
    struct runtime_moves moves;
    struct complaint output_trouble;
    void (*stopped)(void *arg); /* set while stopping */
    void *stopped_arg;
};

struct runtime *runtime_create(const struct runtime_options *options, struct hawser_error *err);
/** At once: sessions without goodbye, outputs with what their destroy still writes. NULL is
 * allowed. */
void runtime_destroy(struct runtime *runtime);

/**
 * Take over a config that the checker accepted: keep, change, add, remove.
 *
 * @param tree     taken
 * @param shards   copied: decides with the index which sessions are ours
 * @param secrets  taken over (moved out of)
 * @param report   a JSON object, filled: "kept", "applied", "replaced", "added", "removed"
 * (sessions), "outputs", "errors": [texts]
 */
void runtime_apply(struct runtime *runtime, struct conf_tree *tree, const struct shards *shards,
                   struct secrets *secrets, json_t *report);
/** Which sessions a person closed; before runtime_apply. @param names borrowed: an object with a
 * member for each; NULL: none */
void runtime_set_closed(struct runtime *runtime, json_t *names);
/** A person closes a session: it leaves, and stays. */
void runtime_session_close(struct runtime_session *session);
/** It comes (back) at once, whatever it waits for. @return 0, or -1 with err set: it is on its way
 * out */
int runtime_session_reopen(struct runtime_session *session,
                           struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Hand the report of runtime_apply on, once the sessions that move have moved, or could not (then
 * it is among the errors), or after `longest_ms` ("moving" tells how many are left).
 * @param report  taken, and given to `done`, which may be called before this returns
 */
void runtime_moves_await(struct runtime *runtime, json_t *report, int64_t longest_ms,
                         void (*done)(void *arg, json_t *report), void *arg);
/** Hand on a report that waits, as it is. */
void runtime_moves_tell(struct runtime *runtime);
/** Channels that a predecessor had at run time: wanted from now on by the sessions that were made
 * since the last call. What was wished of the others meanwhile is newer. @param changes {"session":
 * {"added": [], "removed": []}}; NULL: none */
void runtime_restore_channels(struct runtime *runtime, const json_t *changes);
/** A predecessor died, or made room: what its sessions missed is announced by ours. After
 * runtime_apply and runtime_restore_channels, before the loop runs. @param why borrowed */
void runtime_inherit(struct runtime *runtime, const char *why);
/** The same for those of the sessions named that run here now. @param names an object with a member
 * for each */
void runtime_inherit_some(struct runtime *runtime, const json_t *names, const char *why);
/** Another process will take over: remember what is passed on. */
void runtime_remember(struct runtime *runtime);
/** Another process is there for this session: bring it to a stop, say how far it was, and let it
 * leave. @param about {"session", "first": where that one begins, marks_json.h} */
void runtime_yield(struct runtime *runtime, const json_t *about);
/** Sessions that are made from here on stand by for another process. Before runtime_apply. @param
 * standby {"taken": a member for each that does not}; NULL: none does */
void runtime_set_standby(struct runtime *runtime, const json_t *standby);
/** @return given: names of those that stand by; NULL: no memory */
json_t *runtime_standing_by(const struct runtime *runtime);
/** The other process said how far a session was: go on from there, once all is read that came
 * meanwhile. */
void runtime_take(struct runtime *runtime, const json_t *marks);
/** The other process has no link of this session any more. */
void runtime_go_on_alone(struct runtime *runtime, const json_t *about);
/** Ask every output to open its files anew. */
void runtime_reopen(struct runtime *runtime);
/**
 * Stop: sessions leave (graceful: adapter's goodbye and close handshake), then outputs are drained,
 * then `stopped` is called from the loop.
 */
void runtime_stop(struct runtime *runtime, int graceful, int64_t timeout_ms,
                  void (*stopped)(void *arg), void *arg);
/** Count the sessions by their condition. @param summary zeros, filled */
void runtime_summarize(struct runtime *runtime, struct summary *summary);
/** @return borrowed; NULL: no such session here */
struct runtime_session *runtime_find(const struct runtime *runtime, const char *name);

/* between runtime*.c and apply.c */
struct runtime_config *runtime_config_use(struct runtime_config *config);
void runtime_config_release(struct runtime_config *config);
/** When an output that a session wants is not there, try to open it again after a while, until it
 * is. */
void runtime_retry_outputs(struct runtime *runtime);
/** The event behind it. */
void runtime_on_retry(evutil_socket_t fd, short what, void *arg);
/** Free what is finished, from the loop. */
void runtime_sweep_soon(struct runtime *runtime);
struct runtime_output *runtime_output_create(struct runtime *runtime, const struct conf_node *block,
                                             struct hawser_error *err);
struct runtime_output *runtime_output_find(const struct runtime *runtime, const char *name);
/** No session uses it any more: drain, then free. */
void runtime_output_retire(struct runtime_output *output, int64_t timeout_ms);
void runtime_output_destroy(struct runtime_output *output);
/** Made and started, and in the registry. */
struct runtime_session *runtime_session_create(struct runtime *runtime,
                                               const struct conf_node *block,
                                               struct hawser_error *err);
/** New options for a running one, from its block in the newest config. */
int runtime_session_apply(struct runtime_session *session, const struct conf_node *block,
                          struct hawser_error *err) HAWSER_MUST_CHECK;
/** Point a kept session to the newest config and its outputs. */
int runtime_session_rebase(struct runtime_session *session, const struct conf_node *block,
                           struct hawser_error *err) HAWSER_MUST_CHECK;
/** The same, but its lines go on as they were made. */
int runtime_session_point(struct runtime_session *session, const struct conf_node *block,
                          struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * What lines are made of changed: make new ones, and let them take over. Without an overlap where
 * there may be none, or nothing is served. @return 0, or -1 with err set: the old ones go on
 */
int runtime_session_move(struct runtime_session *session, const struct conf_node *block,
                         struct hawser_error *err) HAWSER_MUST_CHECK;
/** Instead of its start. @return 0: it is to start */
int runtime_session_stand_by(struct runtime_session *session);
/** For struct bundle_env. */
void runtime_on_standing_by(void *session, const struct hawser_error *why);
/** It is passed on no more, and still here: what is asked of it now might be lost. */
int runtime_session_is_going(const struct runtime_session *session);
/** End of a yield, done or not. */
void runtime_yield_free(struct runtime_session *session);
/** Where it is about to go on, it does so now. */
void runtime_take_now(struct runtime_session *session);
void runtime_say_gone(struct runtime *runtime, const char *name);
/** For struct bundle_env. */
void runtime_on_moved(void *session, const struct hawser_error *why);
/** The move, if there is one, is no more. */
void runtime_move_ended(struct runtime_session *session);
void runtime_moves_fini(struct runtime *runtime);
/** Out of the registry, and told to leave. */
void runtime_session_leave(struct runtime_session *session, const char *reason);
void runtime_session_destroy(struct runtime_session *session);
/** What one line of a session needs of the host: for struct bundle_env. */
int runtime_line_open(void *session, void *like, struct session_env *env, void **line,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
int runtime_line_made(void *session, void *line, struct session *made,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
void runtime_line_close(void *session, void *line);
/** After a reload: the lines of the newest settings read the same from the new tree. */
void runtime_lines_rebase(struct runtime_session *session, const struct runtime_config *old);
/** Does this config's session send its records to this output? */
int runtime_session_uses(const struct conf_node *session, const char *output);

#endif
