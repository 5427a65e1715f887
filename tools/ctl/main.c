/*
 * hawserctl: asks a running host over its control socket.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "conf/value.h"
#include "host/control_client.h"
#include "host/options.h"
#include "host/settings.h"
#include "print.h"

#define EXIT_REFUSED     1 /* the host answered with an error, or the reload was refused */
#define EXIT_USAGE       2
#define EXIT_UNREACHABLE 3

static const char HELP[] =
    "Usage: hawserctl [-s SOCKET | -c FILE -p PREFIX] [--json] [--timeout=TIME] COMMAND ...\n"
    "\n"
    "  status                             the host, its processes and sessions\n"
    "  sessions                           the sessions, a line each\n"
    "  session NAME                       one session with its channels\n"
    "  call NAME METHOD [PARAMS]          call the exchange; PARAMS is JSON\n"
    "  subscribe NAME CHANNEL ...         want more channels\n"
    "  unsubscribe NAME CHANNEL ...       no longer want channels\n"
    "  reconnect NAME                     drop the link and come back\n"
    "  release NAME                       end the quarantine of a session or an adapter\n"
    "  reload                             load the configuration anew, and wait for the outcome\n"
    "\n"
    "  -s, --socket=PATH   control socket (default: as the configuration says)\n"
    "  -c, --config=FILE   configuration of the host;  -p, --prefix=PREFIX  its prefix\n"
    "  -j, --json          print the host's answer as it came\n"
    "  -t, --timeout=TIME  how long to wait for it (default 30s)\n"
    "\n"
    "Exit status: 0 done, 1 refused (the reason is printed), 2 usage, 3 no host answers.\n";

struct command {
    const char *socket;
    const char *config;
    const char *prefix;
    int64_t timeout_ms;
    int json;
    char **words; /* the command and its arguments */
    int count;
};

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
    if (command->count > 3) {
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
    for (int i = 2; i < command->count; i++) {
        (void)json_array_append_new(
            channels, json_string(command->words[i])); /* the host refuses what is no name */
    }
    return json_pack("{s:s, s:o}", "session", command->words[1], "channels", channels);
}

static const struct verb {
    const char *name;
    const char *method;
    int min_words;
    int max_words;
    json_t *(*params)(const struct command *command); /* NULL: none */
    void (*print)(const json_t *result);
} VERBS[] = {
    {"status", "host.status", 1, 1, NULL, print_status},
    {"sessions", "session.list", 1, 1, NULL, print_sessions},
    {"session", "session.state", 2, 2, params_of_session, print_session},
    {"call", "session.call", 3, 4, params_of_call, print_value},
    {"subscribe", "session.subscribe", 3, INT_MAX, params_of_channels, print_value},
    {"unsubscribe", "session.unsubscribe", 3, INT_MAX, params_of_channels, print_value},
    {"reconnect", "session.reconnect", 2, 2, params_of_session, print_value},
    {"release", "host.release", 2, 2, params_of_name, print_value},
    {"reload", "host.reload", 1, 1, NULL, print_reload},
};

static const struct verb *find_verb(const struct command *command)
{
    if (command->count == 0) {
        fputs(HELP, stderr);
        return NULL;
    }
    for (size_t i = 0; i < sizeof(VERBS) / sizeof(VERBS[0]); i++) {
        if (strcmp(VERBS[i].name, command->words[0]) != 0) {
            continue;
        }
        if (command->count < VERBS[i].min_words || command->count > VERBS[i].max_words) {
            fprintf(stderr, "hawserctl: wrong number of arguments for \"%s\"; --help lists them\n",
                    VERBS[i].name);
            return NULL;
        }
        return &VERBS[i];
    }
    fprintf(stderr, "hawserctl: unknown command \"%s\"; --help lists them\n", command->words[0]);
    return NULL;
}

static int take_option(struct command *command, int letter, struct hawser_error *err)
{
    switch (letter) {
    case 's':
        command->socket = optarg;
        return 0;
    case 'c':
        command->config = optarg;
        return 0;
    case 'p':
        command->prefix = optarg;
        return 0;
    case 'j':
        command->json = 1;
        return 0;
    case 't':
        return conf_value_time(optarg, &command->timeout_ms, err);
    default:
        error_set(err, HAWSER_CONF_DIRECTIVE, "unknown option; --help lists them");
        return -1;
    }
}

/** @return 0, or the exit status + 1 */
static int read_options(struct command *command, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"socket", required_argument, NULL, 's'},  {"config", required_argument, NULL, 'c'},
        {"prefix", required_argument, NULL, 'p'},  {"json", no_argument, NULL, 'j'},
        {"timeout", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0}};
    struct hawser_error err = HAWSER_ERROR_INIT;
    for (int letter; (letter = getopt_long(argc, argv, "s:c:p:jt:hv", LONG, NULL)) != -1;) {
        if (letter == 'h' || letter == 'v') {
            fputs(letter == 'h' ? HELP : "hawserctl/" HAWSER_VERSION "\n", stdout);
            return 1;
        }
        if (take_option(command, letter, &err) != 0) {
            fprintf(stderr, "hawserctl: %s\n", err.message);
            return EXIT_USAGE + 1;
        }
    }
    command->words = argv + optind;
    command->count = argc - optind;
    return 0;
}

/** Where the socket is, by the host's own rules. @return given; NULL with err set */
static char *find_socket(const struct command *command, struct hawser_error *err)
{
    char *words[6]           = {(char *)(uintptr_t) "hawserctl"};
    int count                = 1;
    struct options options   = {0};
    struct settings settings = {0};
    struct conf_problems problems;
    struct conf_tree *tree = NULL;
    char *path             = NULL;
    if (command->config != NULL) {
        words[count++] = (char *)(uintptr_t) "-c";
        words[count++] = (char *)(uintptr_t)command->config;
    }
    if (command->prefix != NULL) {
        words[count++] = (char *)(uintptr_t) "-p";
        words[count++] = (char *)(uintptr_t)command->prefix;
    }
    optind = 1;
    conf_problems_init(&problems);
    if (options_parse(&options, count, words, err) != 0) {
        goto out;
    }
    tree = conf_parse_file(options.config, options.prefix, NULL, &problems);
    if (tree == NULL || access(options.config, R_OK) != 0) {
        error_set(
            err, HAWSER_CONF_FILE,
            "cannot read \"%s\"; name the host's configuration (-c, -p) or its control socket (-s)",
            options.config);
    } else if (settings_read(&settings, tree, options.prefix, NULL, err) == 0) {
        path = settings.control_path == NULL ? NULL : strdup(settings.control_path);
        if (path == NULL) {
            error_set(err, HAWSER_CONF_DIRECTIVE, "the configuration has `control off`");
        }
    }
out:
    settings_fini(&settings);
    conf_tree_destroy(tree);
    conf_problems_fini(&problems);
    options_fini(&options);
    return path;
}

static int show(const struct command *command, const struct verb *verb, const json_t *answer)
{
    const json_t *result = json_object_get(answer, "result");
    const json_t *error  = json_object_get(answer, "error");
    int refused          = result == NULL || json_is_false(json_object_get(result, "ok"));
    if (command->json) {
        (void)json_dumpf(answer, stdout, JSON_COMPACT); /* what was written is checked below */
        printf("\n");
    } else if (result == NULL) {
        const char *message = json_string_value(json_object_get(error, "message"));
        fprintf(stderr, "hawserctl: %s\n", message == NULL ? "the host gave no reason" : message);
    } else {
        verb->print(result);
    }
    if (fflush(stdout) != 0) {
        fprintf(stderr, "hawserctl: cannot write the answer\n");
        return EXIT_REFUSED;
    }
    return refused ? EXIT_REFUSED : 0;
}

static int run(const struct command *command, const struct verb *verb)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *params          = verb->params == NULL ? NULL : verb->params(command);
    if (verb->params != NULL && params == NULL) {
        return EXIT_USAGE;
    }
    char *path = command->socket == NULL ? find_socket(command, &err) : strdup(command->socket);
    if (path == NULL) {
        fprintf(stderr, "hawserctl: %s\n", err.message);
        json_decref(params);
        return EXIT_UNREACHABLE;
    }
    json_t *answer = control_ask(path, verb->method, params, command->timeout_ms, &err);
    int status     = EXIT_UNREACHABLE;
    if (answer == NULL) {
        fprintf(stderr, "hawserctl: %s\n", err.message);
    } else {
        status = show(command, verb, answer);
    }
    json_decref(answer);
    free(path);
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {.timeout_ms = 30000};
    int stop               = read_options(&command, argc, argv);
    if (stop != 0) {
        return stop - 1;
    }
    const struct verb *verb = find_verb(&command);
    return verb == NULL ? EXIT_USAGE : run(&command, verb);
}
