/*
 * hawser: what the command line asks for; or, started by ourselves, one of the host's other
 * processes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "conf/directive.h"
#include "host/ask.h"
#include "host/checker.h"
#include "host/child.h"
#include "host/handover.h"
#include "host/master.h"
#include "host/observer.h"
#include "host/privileges.h"
#include "host/sealed.h"
#include "host/worker.h"
#include "module/load.h"

static int fail(const struct hawser_error *err)
{
    fprintf(stderr, "hawser: %s\n", err->message);
    return 1;
}

/* as a child */

static int run_child(const struct child_spec *spec)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char name[32];
    (void)snprintf(name, sizeof(name),
                   spec->role == CHILD_WORKER && spec->index != SHARD_QUARANTINE ? "%s%u" : "%s",
                   spec->index == SHARD_QUARANTINE ? "quarantine" : child_role_name(spec->role),
                   (unsigned)spec->index);
    log_set_process(name);
    log_use_style((int)spec->log_json);
    if (log_open(spec->log_path, (int)spec->log_level, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-007", "%s; writing to standard error", err.message);
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error to handle */
    (void)signal(SIGINT, SIG_IGN);  /* Ctrl-C reaches the whole group; the master decides */
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGQUIT, SIG_IGN);
    (void)signal(SIGUSR1, SIG_IGN);
    switch (spec->role) {
    case CHILD_WORKER:
        return worker_main(spec);
    case CHILD_OBSERVER:
        return observer_main(spec);
    default:
        return checker_main(spec);
    }
}

/* -t, -T and the check before a start */

static void print_problems(const struct conf_problems *problems)
{
    fwrite(buf_data(&problems->text), 1, problems->text.len, stderr);
}

/** Everything: syntax, secrets, modules. @return 0 good, -1 problems (printed) */
static int load_and_check(struct config_load *load, const struct options *options, int print)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    /* What is wrong so far is in its problems; the checker may find more. */
    int rc = config_load_read(load, options);
    if (load->config >= 0) {
        struct checker_order order = {.config     = load->config,
                                      .prefix     = options->prefix,
                                      .timeout_ms = settings_reload_timeout_ms(load->tree)};
        if (checker_run(&order, print, &load->problems, &err) != 0) {
            conf_problem(&load->problems, NULL, "%s", err.message);
        }
    }
    if (load->problems.count > 0) {
        print_problems(&load->problems);
        rc = -1;
    }
    return rc;
}

static int run_test(const struct options *options)
{
    struct config_load load;
    int rc = load_and_check(&load, options, options->action == OPTIONS_PRINT ? STDOUT_FILENO : -1);
    if (rc != 0) {
        fprintf(stderr, "hawser: configuration file %s test failed (%zu problem%s)\n",
                options->config, load.problems.count, load.problems.count == 1 ? "" : "s");
    } else if (!options->quiet && !options->plan) {
        fprintf(stderr, "hawser: configuration file %s test is successful\n", options->config);
    }
    int status = rc != 0 ? 1 : options->plan ? ask_plan(options, load.tree) : 0;
    config_load_fini(&load);
    return status;
}

static int run_host(const struct options *options)
{
    struct config_load load;
    master_signals_hold();
    if (load_and_check(&load, options, -1) != 0) {
        fprintf(stderr, "hawser: configuration file %s is not usable; not starting\n",
                options->config);
        config_load_fini(&load);
        return 1;
    }
    struct master_start start = {
        .tree = load.tree, .config = load.config, .secrets = &load.secrets, .handover_fd = -1};
    load.tree   = NULL;
    load.config = -1;
    int status  = master_run(options, &start);
    config_load_fini(&load);
    return status;
}

/* another binary of a running host */

/** The host that was handed to us is not ours to run: become what it ran with. Returns on failure.
 */
static int give_back(json_t *state, const struct handover *handover, const struct hawser_error *err)
{
    int failure = state == NULL
                      ? EBADF
                      : handover_exec(state, handover->fd, HANDOVER_BACK, NULL, err->message);
    fprintf(stderr, "hawser: %s; cannot give back to the old binary: %s\n", err->message,
            strerror(failure));
    return 1;
}

/** @return given: the config in force, with its secrets; NULL with err set */
static struct conf_tree *read_handed_config(const struct options *options, int config,
                                            struct secrets *secrets, struct hawser_error *err)
{
    struct conf_problems problems;
    struct conf_tree *tree = sealed_read(config, err);
    if (tree == NULL) {
        return NULL;
    }
    conf_problems_init(&problems);
    secrets_read(secrets, tree, options->prefix, &problems);
    if (problems.count > 0) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "%.*s",
                  (int)strcspn((const char *)buf_data(&problems.text), "\n"),
                  (const char *)buf_data(&problems.text));
    }
    conf_problems_fini(&problems);
    return tree;
}

static int take_over(const struct options *options, const struct handover *handover, json_t *state)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct secrets secrets  = {0};
    int is_back             = handover->step == HANDOVER_BACK;
    int config              = handover_fd(state, "config");
    struct conf_tree *tree  = read_handed_config(options, config, &secrets, &err);
    if (tree == NULL || (err.code != 0 && !is_back)) {
        secrets_fini(&secrets);
        conf_tree_destroy(tree);
        return give_back(state, handover, &err);
    }
    struct master_start start = {.tree        = tree,
                                 .config      = config,
                                 .secrets     = &secrets,
                                 .handover    = state,
                                 .handover_fd = handover->fd,
                                 .refusal     = is_back ? handover->reason : NULL};
    return master_run(options, &start);
}

/** Main of a process that another binary of the host became, or asks. */
static int run_handover(const struct handover *handover, int argc, char **argv)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct options options;
    int is_check        = handover->step == HANDOVER_CHECK;
    json_t *state       = is_check ? NULL : handover_read(handover->fd, &err);
    const char *program = json_string_value(json_object_get(state, "program"));
    int known           = handover->step == HANDOVER_BACK && program != NULL
                              ? child_adopt_program(handover_fd(state, "program"), program, &err)
                              : child_remember_program(&err);
    if (known != 0 || options_parse(&options, argc, argv, &err) != 0) {
        return is_check ? fail(&err) : give_back(state, handover, &err);
    }
    int status =
        is_check ? handover_check(&options, handover->fd) : take_over(&options, handover, state);
    options_fini(&options);
    log_close();
    return status;
}

/* -s */

static int send_signal(const struct options *options, const struct settings *settings)
{
    static const struct {
        const char *name;
        int number;
    } SIGNALS[] = {{"stop", SIGTERM}, {"quit", SIGQUIT}, {"reload", SIGHUP}, {"reopen", SIGUSR1}};
    struct hawser_error err = HAWSER_ERROR_INIT;
    pid_t pid               = pidfile_read(settings->pid_path, &err);
    if (pid < 0) {
        return fail(&err);
    }
    for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++) {
        if (strcmp(options->signal, SIGNALS[i].name) == 0 && kill(pid, SIGNALS[i].number) != 0) {
            error_set(&err, HAWSER_SYSTEM_CALL, "cannot signal the host (pid %d): not permitted?",
                      (int)pid);
            return fail(&err);
        }
    }
    return 0;
}

/* Where `control` is wrong nobody can be asked, and a signal would end in silence. @return 1: told
 */
static int control_is_wrong(const struct conf_tree *tree, const struct settings *settings)
{
    const struct conf_node *node = conf_find(conf_tree_root(tree), "control", NULL);
    if (settings->control_path != NULL || node == NULL ||
        (node->word_count > 1 && strcmp(node->words[1], "off") == 0)) {
        return 0;
    }
    fprintf(stderr,
            "hawser: %s:%u: \"control\": expected unix:PATH or off; the host was not asked to "
            "reload\n",
            node->file, node->line);
    return 1;
}

/* Only paths are needed here, so that a host can be stopped while its config is being edited. */
static int run_signal(const struct options *options)
{
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct settings settings = {0};
    struct conf_problems problems;
    int status = 1;
    conf_problems_init(&problems);
    struct conf_tree *tree =
        conf_parse_file(options->config, options->prefix, options->directives, &problems);
    if (tree == NULL ||
        settings_read(&settings, tree, options->prefix, options->error_log, &err) != 0) {
        print_problems(&problems);
        status = fail(&err);
    } else if (strcmp(options->signal, "reload") == 0 && settings.control_path != NULL) {
        status = ask_reload(options, &settings);
    } else if (strcmp(options->signal, "reload") != 0 || !control_is_wrong(tree, &settings)) {
        status = send_signal(options, &settings);
    }
    settings_fini(&settings);
    conf_tree_destroy(tree);
    conf_problems_fini(&problems);
    return status;
}

/* -m */

static int print_description(const struct module_description *about)
{
    struct buf text  = {0};
    const char *line = module_describe_print(about, &text) == 0 ? buf_text(&text) : NULL;
    fputs(line == NULL ? "no memory\n" : line, stdout);
    buf_fini(&text);
    return line == NULL ? -1 : 0;
}

static int run_describe(const struct options *options)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct module_description about;
    char *path = realpath(options->module, NULL); /* from here, as a shell user means it */
    if (path == NULL) {
        error_set_errno(&err, HAWSER_MODULE_FILE, errno, "%s", options->module);
        return fail(&err);
    }
    int described = module_describe(path, &about, &err);
    free(path);
    if (described != 0) {
        return fail(&err);
    }
    return print_description(&about) == 0 && module_abi_check(&about.note, &err) == 0 ? 0 : 1;
}

static int run(const struct options *options)
{
    switch (options->action) {
    case OPTIONS_HELP:
        options_print_help(stdout);
        return 0;
    case OPTIONS_VERSION:
        options_print_version(stderr);
        return 0;
    case OPTIONS_BUILD:
        options_print_build(stderr);
        return 0;
    case OPTIONS_DESCRIBE:
        return run_describe(options);
    case OPTIONS_SIGNAL:
        return run_signal(options);
    case OPTIONS_TEST:
    case OPTIONS_PRINT:
        return run_test(options);
    default:
        return run_host(options);
    }
}

int main(int argc, char **argv)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct child_spec spec;
    struct handover handover;
    struct options options;
    if (privileges_hide_memory(&err) != 0) {
        return fail(&err);
    }
    (void)signal(SIGXFSZ, SIG_IGN); /* a log at its size limit is an error to tell, not a death */
    if (child_role_of_this_process(&spec) != CHILD_NONE) {
        return run_child(&spec);
    }
    handover_of_this_process(&handover);
    if (handover.step != HANDOVER_NONE) {
        return run_handover(&handover, argc, argv);
    }
    if (child_remember_program(&err) != 0 || options_parse(&options, argc, argv, &err) != 0) {
        return fail(&err);
    }
    int status = run(&options);
    options_fini(&options);
    log_close();
    if (fflush(stdout) != 0 || ferror(stdout)) { /* a full disk, or a reader that is gone */
        fprintf(stderr, "hawser: cannot write the answer\n");
        return 1;
    }
    return status;
}
