/*
 * One instance of a module (a session, an output, a sink) as the module sees it, and the table of
 * host functions on it.
 */
#ifndef CORE_MODULE_INSTANCE_H
#define CORE_MODULE_INSTANCE_H

#include "module/load.h"
#include "net/loop.h"

struct session;
struct telemetry_writer;

struct instance_options {
    const struct module *module;        /* borrowed */
    const char *name;                   /* copied */
    const struct conf_node *block;      /* borrowed; outlives the instance, or is replaced by
                                           instance_set_block; NULL: empty */
    const char *prefix;                 /* copied; paths are relative to it */
    int is_trial;                       /* 1: of a config check */
    struct net_loop *loop;              /* NULL: no timers (checker) */
    struct telemetry_writer *telemetry; /* NULL: none */
};

/** The functions of host.h, over core/session and friends; one for the process. */
const struct hawser_host *hostapi_table(void);

/** @return given, or NULL with err set */
struct hawser_instance *instance_create(const struct instance_options *options,
                                        struct hawser_error *err);
/**
 * Stops its timers. NULL is allowed. A module with a thread of its own (an output that blocks) may
 * still be inside a call and use it: then nothing of it is freed, and what it asks is answered as
 * from an empty config.
 */
void instance_destroy(struct hawser_instance *instance);
/** The session that adapter functions act on; set before the adapter's create is over. NULL: they
 * are refused and logged. */
void instance_set_session(struct hawser_instance *instance, struct session *session);
/** After a reload: the same config from the new tree. */
void instance_set_block(struct hawser_instance *instance, const struct conf_node *block);
const char *instance_name(const struct hawser_instance *instance);
/** @return what the watch knows it by; 0: it does not */
uint32_t instance_subject(const struct hawser_instance *instance);

#endif
