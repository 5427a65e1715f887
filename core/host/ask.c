/*
 * Questions to a running host. See ask.h.
 */
#include "host/ask.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "host/control_client.h"

static int fail(const struct hawser_error *err, int status)
{
    fprintf(stderr, "hawser: %s\n", err->message);
    return status;
}

int ask_reload(const struct options *options, const struct settings *settings)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *answer =
        control_ask(settings->control_path, "host.reload", NULL, options->wait_ms, &err);
    json_t *result   = json_object_get(answer, "result");
    int ok           = json_is_true(json_object_get(result, "ok"));
    const char *text = json_string_value(json_object_get(result, "text"));
    if (answer == NULL) {
        return fail(&err, 1);
    }
    if (text == NULL) {
        text = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
    }
    if (!ok || !options->quiet) {
        fprintf(ok ? stdout : stderr, "hawser: %s\n",
                text == NULL ? "the host gave no reason" : text);
    }
    json_decref(answer);
    return ok ? 0 : 1;
}

/* the plan */

static int is_kept(const json_t *change)
{
    const char *action = json_string_value(json_object_get(change, "action"));
    return action != NULL && strcmp(action, "kept") == 0;
}

static const char *text_of(const json_t *change, const char *key)
{
    const char *text = json_string_value(json_object_get(change, key));
    return text == NULL ? "?" : text;
}

static void print_plan(const json_t *result)
{
    const json_t *changes = json_object_get(result, "changes");
    size_t kept           = 0;
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        if (is_kept(change)) {
            kept++;
        } else {
            printf("%s %s: %s: %s\n", text_of(change, "kind"), text_of(change, "name"),
                   text_of(change, "action"), text_of(change, "reason"));
        }
    }
    printf("hawser: generation %lld runs; a reload would keep %zu and change %zu\n",
           (long long)json_integer_value(json_object_get(result, "generation")), kept,
           json_array_size(changes) - kept);
}

/* A control socket that two configs share would answer for the other one. */
static int is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &other) == 0 &&
                                 one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

static int show_refusal(const json_t *answer)
{
    const json_t *error  = json_object_get(answer, "error");
    const char *problems = json_string_value(
        json_object_get(json_object_get(error, "data"), "problems")); /* each with its newline */
    fprintf(stderr, "%shawser: %s\n", problems == NULL ? "" : problems, text_of(error, "message"));
    return 1;
}

static int show_plan(const struct options *options, const json_t *answer)
{
    const json_t *result = json_object_get(answer, "result");
    const char *config   = text_of(result, "config");
    if (result == NULL) {
        return show_refusal(answer);
    }
    if (!is_same_file(config, options->config)) {
        fprintf(stderr, "hawser: the host on this control socket runs with %s, not with %s\n",
                config, options->config);
        return 1;
    }
    if (options->json) {
        return json_dumpf(result, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF ? 0 : 1;
    }
    print_plan(result);
    return 0;
}

int ask_plan(const struct options *options, const struct conf_tree *tree)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct settings settings;
    if (settings_read(&settings, tree, options->prefix, options->error_log, &err) != 0) {
        return fail(&err, 1);
    }
    if (settings.control_path == NULL) {
        error_set(&err, HAWSER_CONF_DIRECTIVE,
                  "`control off`: a running host cannot be asked for a plan");
        settings_fini(&settings);
        return fail(&err, ASK_EXIT_UNREACHABLE);
    }
    json_t *answer = control_ask(settings.control_path, "host.plan", NULL, options->wait_ms, &err);
    int status     = answer == NULL ? fail(&err, ASK_EXIT_UNREACHABLE) : show_plan(options, answer);
    settings_fini(&settings);
    json_decref(answer);
    return status;
}
