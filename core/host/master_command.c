/*
 * What the master hands through: control requests to children and their answers; and what they
 * changed in sessions, for the workers to come. See master.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host/master.h"

/* commands */

static void finish_command(struct master_command *command, json_t *reply)
{
    list_remove(&command->node);
    if (command->deadline != NULL) {
        event_free(command->deadline);
    }
    command->done(command->arg, reply);
    free(command);
}

static json_t *refusal(const char *text)
{
    return json_pack("{s:{s:i, s:s}}", "error", "code", (int)HAWSER_CONTROL_REFUSED, "message",
                     text);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    finish_command(arg, refusal("the worker does not answer: it hangs, or has too much to do"));
}

static int arm_deadline(struct master_command *command, int64_t timeout_ms)
{
    struct timeval after = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000 * 1000)};
    if (timeout_ms == 0) {
        return 0;
    }
    command->deadline = event_new(command->child->master->base, -1, 0, on_deadline, command);
    return command->deadline == NULL ? -1 : event_add(command->deadline, &after);
}

void master_command_send(struct master_child *child, const json_t *request, int64_t timeout_ms,
                         void (*done)(void *arg, json_t *reply), void *arg)
{
    struct master_command *command = calloc(1, sizeof(*command));
    char *text                     = json_dumps(request, JSON_COMPACT);
    struct hawser_error err        = HAWSER_ERROR_INIT;
    if (command == NULL || text == NULL || child->channel == NULL) {
        done(arg,
             refusal(child->channel == NULL ? "the worker is not running; it is being restarted"
                                            : "no memory"));
        goto out;
    }
    *command = (struct master_command){
        .id = ++child->master->next_command, .child = child, .done = done, .arg = arg};
    if (channel_send(child->channel, CHANNEL_COMMAND, command->id,
                     (struct hawser_slice){text, strlen(text)}, -1, &err) != 0) {
        done(arg, refusal(err.message));
        goto out;
    }
    list_append(&child->master->commands, &command->node);
    if (arm_deadline(command, timeout_ms) != 0) {
        finish_command(command, refusal("no memory"));
    }
    command = NULL;
out:
    free(command);
    free(text);
}

void master_command_answered(struct master_child *child, uint64_t id, json_t *reply)
{
    struct list *node;
    list_for_each (node, &child->master->commands) {
        struct master_command *command = LIST_ENTRY(node, struct master_command, node);
        if (command->id == id && command->child == child) {
            finish_command(command, reply);
            return;
        }
    }
    json_decref(reply);
}

void master_commands_swap(struct master_child *a, struct master_child *b)
{
    struct list *node;
    list_for_each (node, &a->master->commands) {
        struct master_command *command = LIST_ENTRY(node, struct master_command, node);
        if (command->child == a || command->child == b) {
            command->child = command->child == a ? b : a;
        }
    }
}

void master_commands_fail(struct master_child *child)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &child->master->commands) {
        struct master_command *command = LIST_ENTRY(node, struct master_command, node);
        if (command->child == child) {
            finish_command(command,
                           refusal("the worker ended before it answered; the outcome is unknown"));
        }
    }
}

/* channels that sessions got or lost at run time */

static void array_add(json_t *array, const json_t *word)
{
    size_t i;
    json_t *there;
    json_array_foreach(array, i, there)
    {
        if (json_equal(there, word)) {
            return;
        }
    }
    (void)json_array_append(
        array,
        (json_t *)(uintptr_t)word); /* short of memory a successor lacks it; the log cannot help */
}

static void array_remove(json_t *array, const json_t *word)
{
    for (size_t i = json_array_size(array); i > 0; i--) {
        if (json_equal(json_array_get(array, i - 1), word)) {
            (void)json_array_remove(array, i - 1); /* it is there */
        }
    }
}

void master_remember_channels(struct master *master, const json_t *change)
{
    const char *name = json_string_value(json_object_get(change, "session"));
    if (name == NULL) {
        return;
    }
    json_t *known = json_object_get(master->channels, name);
    if (known == NULL) {
        known = json_pack("{s:[], s:[]}", "added", "removed");
        (void)json_object_set_new(master->channels, name,
                                  known); /* NULL is refused, and nothing is remembered */
    }
    static const char *const KEYS[2] = {"added", "removed"};
    for (int k = 0; k < 2; k++) {
        size_t i;
        json_t *word;
        json_array_foreach(json_object_get(change, KEYS[k]), i, word)
        {
            array_add(json_object_get(known, KEYS[k]), word);
            array_remove(json_object_get(known, KEYS[!k]), word);
        }
    }
}

void master_remember_closed(struct master *master, const char *session, int is_closed)
{
    if (is_closed) {
        (void)json_object_set_new(master->closed, session,
                                  json_true()); /* short of memory a worker's successor opens it */
    } else {
        (void)json_object_del(master->closed, session); /* it may not be there */
    }
    json_t *request =
        json_pack("{s:s, s:{s:s}}", "method", is_closed ? "session.close" : "session.reconnect",
                  "params", "session", session);
    master_roll_repeat(master, session, request); /* short of memory it does not know */
    json_decref(request);
}
