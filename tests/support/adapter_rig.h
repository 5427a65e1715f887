/*
 * An adapter under test on a fake host: made, driven slot by slot, fed messages from guard pages.
 */
#ifndef TESTS_SUPPORT_ADAPTER_RIG_H
#define TESTS_SUPPORT_ADAPTER_RIG_H

#include "hawser/adapter.h"
#include "support/fake_host.h"

struct adapter_rig {
    struct fake_host *fake;
    const struct hawser_adapter *adapter;
    void *object;                /* NULL until adapter_rig_start */
    struct hawser_module module; /* the module's, with the core's directives of a session added */
    struct hawser_directive *rows;
};

/** @param module  linked into the test; heartbeat is 30s until the test sets another */
void adapter_rig_init(struct adapter_rig *rig, const struct hawser_module *module);
/** Make the adapter's object and tell it that the link is open. The config is complete by now. */
void adapter_rig_start(struct adapter_rig *rig);
/** The link breaks: waiting requests end, then `disconnected`. */
void adapter_rig_break(struct adapter_rig *rig);
/** Destroys the object, after a break when requests wait; fails when a rule of the host was broken.
 */
void adapter_rig_fini(struct adapter_rig *rig);

/** One text message, from memory that ends at an unreadable page. */
void adapter_rig_receive(struct adapter_rig *rig, const char *text);
/** The same with its length, and binary when asked. */
void adapter_rig_receive_bytes(struct adapter_rig *rig, const void *bytes, size_t len, int binary);
/** `subscribe` and `unsubscribe` with channels up to a NULL. */
void adapter_rig_subscribe(struct adapter_rig *rig, ...);
void adapter_rig_unsubscribe(struct adapter_rig *rig, ...);
/** How many lines of the fake host's events begin with this text. */
size_t adapter_rig_count(const struct adapter_rig *rig, const char *line_start);

#endif
