/*
 * Control requests that a worker answers: its sessions listed, called, subscribed, reconnected.
 */
#ifndef CORE_HOST_COMMANDS_H
#define CORE_HOST_COMMANDS_H

#include "host/runtime.h"

/** The longest channel name that config and commands take; exchanges refuse a request whose size it
 * makes silly, and with it the channels beside it. */
#define COMMANDS_MAX_CHANNEL_BYTES 1024u

struct command_env {
    struct runtime *runtime;
    /** The answer of a command, exactly once, now or later. @param reply taken: {"result": ...} or
     * {"error": {"code", "message"}} */
    void (*reply)(void *arg, uint64_t id, json_t *reply);
    /** Channels of a session changed at run time. @param change taken: {"session", "added": [],
     * "removed": []} */
    void (*channels_changed)(void *arg, json_t *change);
    void *arg;
};

/**
 * Run one command. `env` must stay until every command was answered; the runtime's end answers them
 * all.
 * @param request  borrowed: {"method": ..., "params": {...}}
 */
void command_run(const struct command_env *env, uint64_t id, const json_t *request);

/** {"error": {"code": ..., "message": ...}}. @return given; NULL: no memory */
json_t *command_error(const struct hawser_error *err);

#endif
