/*
 * What an instance consists of. For instance.c, instance_conf.c, instance_secret.c,
 * instance_timer.c and hostapi.c.
 */
#ifndef CORE_MODULE_OBJECT_H
#define CORE_MODULE_OBJECT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/complain.h"
#include "base/list.h"
#include "base/obj.h"
#include "hawser/host.h"
#include "module/instance.h"
#include "module/values.h"

#define INSTANCE_MAGIC     0x1057a7ceu
#define INSTANCE_NAME_SIZE 65u

struct hawser_instance {
    OBJ_MAGIC_FIELD;
    _Atomic int is_over; /* destroyed; kept for a thread of its module's that may still call */
    const struct module *module;
    uint32_t kind;    /* enum hawser_module_kind */
    uint32_t context; /* enum hawser_context: of the module's directives */
    uint32_t subject; /* in the watch; 0: none */
    char name[INSTANCE_NAME_SIZE];
    char *prefix;
    int is_trial;
    struct net_loop *loop;
    struct telemetry_writer *telemetry;
    struct session *session;
    struct instance_secret *secrets; /* learned at run time */
    struct buf conf_secrets;         /* values of its secret directives, each with a NUL behind */
    pthread_t owner;                 /* the loop's thread */
    struct list timers;
    struct list node; /* among those that are over */

    pthread_mutex_t lock; /* of what follows: an output reads its config from its own thread */
    const struct conf_node *block;
    struct values values;
    struct complaint misuse;
};

/** A module broke a rule of host.h: told once, then seldom. */
void instance_misused(struct hawser_instance *instance, const char *function, const char *why);
/** @return 1: called on the loop's thread; 0: told as misuse */
int instance_is_on_loop(struct hawser_instance *instance, const char *function);

/** Mask the words of the block's directives that the module declared to be secret, in place of
 * those of the block before. @return 0, or -1: no memory, both stay masked */
int instance_secrets_configure(struct hawser_instance *instance,
                               const struct conf_node *block) HAWSER_MUST_CHECK;
/** Overwrite what was learned and configured, and mask it no longer. */
void instance_secrets_forget(struct hawser_instance *instance);

/* The functions of host.h on an instance; docstrings there. */
const char *instance_conf_string(struct hawser_instance *self, const char *directive);
int64_t instance_conf_number(struct hawser_instance *self, const char *directive);
size_t instance_conf_count(struct hawser_instance *self, const char *directive);
size_t instance_conf_words(struct hawser_instance *self, const char *directive, size_t n,
                           const char *const **words);
struct hawser_timer *instance_timer_start(struct hawser_instance *self, int64_t delay_ms,
                                          void (*fn)(void *arg), void *arg);
void instance_timer_stop(struct hawser_instance *self, struct hawser_timer *timer);
int instance_secret_learned(struct hawser_instance *self, const char *name,
                            struct hawser_slice value, struct hawser_error *err) HAWSER_MUST_CHECK;
void instance_timers_stop_all(struct hawser_instance *self);

#endif
