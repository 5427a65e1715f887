/*
 * The table of commands. See verbs.h.
 */
#include "verbs.h"

#include <limits.h>
#include <string.h>

#include "print.h"
#include "tail.h"
#include "top.h"

static json_t *params_of_session(const struct command *command)
{
    return json_pack("{s:s}", "session", command->words[1]);
}

static json_t *params_of_name(const struct command *command)
{
    return json_pack("{s:s}", "name", command->words[1]);
}

static json_t *params_of_call(const struct command *command)
{
    json_t *params =
        json_pack("{s:s, s:s}", "session", command->words[1], "method", command->words[2]);
    if (command->word_count > 3) {
        json_error_t where;
        json_t *given = json_loads(command->words[3], JSON_DECODE_ANY, &where);
        if (given == NULL) {
            fprintf(stderr, "hawserctl: PARAMS is not JSON: %s (at byte %d)\n", where.text,
                    where.position);
            json_decref(params);
            return NULL;
        }
        (void)json_object_set_new(params, "params",
                                  given); /* without memory the host says that something lacks */
    }
    return params;
}

static json_t *params_of_channels(const struct command *command)
{
    json_t *channels = json_array();
    for (int i = 2; i < command->word_count; i++) {
        (void)json_array_append_new(
            channels, json_string(command->words[i])); /* the host refuses what is no name */
    }
    return json_pack("{s:s, s:o}", "session", command->words[1], "channels", channels);
}

#define MANY INT_MAX

static const struct verb VERBS[] = {
    {"status", "host.status", "", "the host, its processes and sessions", 1, 1, NULL, print_status,
     NULL},
    {"sessions", "session.list", "", "the sessions, a line each", 1, 1, NULL, print_sessions, NULL},
    {"session", "session.state", "NAME", "one session with its channels", 2, 2, params_of_session,
     print_session, NULL},
    {"call", "session.call", "NAME METHOD [PARAMS]", "call the exchange; PARAMS is JSON", 3, 4,
     params_of_call, print_value, NULL},
    {"subscribe", "session.subscribe", "NAME CHANNEL ...", "want more channels", 3, MANY,
     params_of_channels, print_value, NULL},
    {"unsubscribe", "session.unsubscribe", "NAME CHANNEL ...", "no longer want channels", 3, MANY,
     params_of_channels, print_value, NULL},
    {"reconnect", "session.reconnect", "NAME", "drop the link and come back; open what was closed",
     2, 2, params_of_session, print_value, NULL},
    {"close", "session.close", "NAME", "leave the exchange, until reconnect or a reload", 2, 2,
     params_of_session, print_value, NULL},
    {"tail", "stream.attach", "NAME [PATTERN]", "follow the session's records, a line each", 2, 3,
     NULL, NULL, tail_run},
    {"top", "host.status", "", "a live table of the sessions", 1, 1, NULL, NULL, top_run},
    {"outputs", "output.list", "", "the outputs, worker by worker", 1, 1, NULL, print_outputs,
     NULL},
    {"modules", "module.list", "", "the modules that are loaded, and who uses them", 1, 1, NULL,
     print_modules, NULL},
    {"reload", "host.reload", "", "load the configuration anew, and wait for the outcome", 1, 1,
     NULL, print_reload, NULL},
    {"plan", "host.plan", "", "what a reload would change; nothing is changed", 1, 1, NULL,
     print_plan, NULL},
    {"release", "host.release", "NAME", "end the quarantine of a session or an adapter", 2, 2,
     params_of_name, print_value, NULL},
};
#define VERB_COUNT (sizeof(VERBS) / sizeof(VERBS[0]))

const struct verb *verbs_find(const struct command *command)
{
    if (command->word_count == 0) {
        fputs("hawserctl: no command; --help lists them\n", stderr);
        return NULL;
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(VERBS[i].name, command->words[0]) != 0) {
            continue;
        }
        if (command->word_count < VERBS[i].min_words || command->word_count > VERBS[i].max_words) {
            fprintf(stderr, "hawserctl: usage: hawserctl %s%s%s\n", VERBS[i].name,
                    VERBS[i].arguments[0] == 0 ? "" : " ", VERBS[i].arguments);
            return NULL;
        }
        return &VERBS[i];
    }
    fprintf(stderr, "hawserctl: unknown command \"%s\"; --help lists them\n", command->words[0]);
    return NULL;
}

void verbs_print_help(FILE *out)
{
    char usage[64];
    for (size_t i = 0; i < VERB_COUNT; i++) {
        (void)snprintf(usage, sizeof(usage), "%s %s", VERBS[i].name, VERBS[i].arguments);
        fprintf(out, "  %-29s %s\n", usage, VERBS[i].help);
    }
}
