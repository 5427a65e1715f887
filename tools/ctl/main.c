/*
 * hawserctl: asks a running host over its control socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "host/control_client.h"
#include "options.h"
#include "print.h"
#include "socket.h"
#include "table.h"
#include "verbs.h"

#define LINE_SIZE 4096

/* A configuration that is refused has a line for each of its faults. */
static void print_refusal(const json_t *error)
{
    char text[LINE_SIZE];
    const char *message  = json_string_value(json_object_get(error, "message"));
    const char *problems = json_string_value(
        json_object_get(json_object_get(error, "data"), "problems")); /* each with its newline */
    (void)snprintf(text, sizeof(text), "%s", message == NULL ? "the host gave no reason" : message);
    table_clean(text); /* it may come from the exchange */
    fprintf(stderr, "%shawserctl: %s\n", problems == NULL ? "" : problems, text);
}

static int show(const struct command *command, const struct verb *verb, const json_t *answer)
{
    const json_t *result = json_object_get(answer, "result");
    const json_t *error  = json_object_get(answer, "error");
    int is_reload        = strcmp(verb->method, "host.reload") == 0; /* its refusal is a result */
    int refused = result == NULL || (is_reload && !json_is_true(json_object_get(result, "ok")));
    if (command->json) {
        (void)json_dumpf(answer, stdout, JSON_COMPACT); /* what was written is checked below */
        printf("\n");
    } else if (result == NULL) {
        print_refusal(error);
    } else {
        verb->print(result);
    }
    if (print_end() != 0) {
        fprintf(stderr, "hawserctl: cannot write the answer\n");
        return CTL_REFUSED;
    }
    return refused ? CTL_REFUSED : 0;
}

static int ask(const struct command *command, const struct verb *verb)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *params          = verb->params == NULL ? NULL : verb->params(command);
    if (verb->params != NULL && params == NULL) {
        return CTL_USAGE;
    }
    json_t *answer = control_ask(command->path, verb->method, params, command->timeout_ms, &err);
    if (answer == NULL) {
        fprintf(stderr, "hawserctl: %s\n", err.message);
        return CTL_UNREACHABLE;
    }
    int status = show(command, verb, answer);
    json_decref(answer);
    return status;
}

int main(int argc, char **argv)
{
    struct command command  = {.timeout_ms = 30000, .interval_ms = 1000, .sort = "name"};
    struct hawser_error err = HAWSER_ERROR_INIT;
    int stop                = ctl_options_read(&command, argc, argv);
    if (stop != 0) {
        return stop - 1;
    }
    const struct verb *verb = verbs_find(&command);
    if (verb == NULL) {
        return CTL_USAGE;
    }
    command.path = ctl_socket_find(&command, &err);
    if (command.path == NULL) {
        fprintf(stderr, "hawserctl: %s\n", err.message);
        return CTL_UNREACHABLE;
    }
    int status = verb->run != NULL ? verb->run(&command) : ask(&command, verb);
    free(command.path);
    return status;
}
