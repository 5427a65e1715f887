/*
 * The host's settings from the main block. See settings.h.
 */
#include "host/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "conf/directive.h"
#include "conf/value.h"

#define DEFAULT_RELOAD_TIMEOUT_MS 30000
#define MIN_RELOAD_TIMEOUT_MS                                                                      \
    100 /* as the directive's table has it: a checker obeys it before it is checked */
#define MAX_RELOAD_TIMEOUT_MS 3600000

const char *settings_main_word(const struct conf_tree *tree, const char *directive)
{
    return conf_get_string(conf_tree_root(tree), &conf_core_table, 1, HAWSER_IN_MAIN, directive);
}

static int64_t main_number(const struct conf_tree *tree, const char *directive)
{
    return conf_get_number(conf_tree_root(tree), &conf_core_table, 1, HAWSER_IN_MAIN, directive);
}

static uint32_t count_workers(const struct conf_tree *tree)
{
    const char *word = settings_main_word(tree, "worker_processes");
    long count       = 1;
    if (word != NULL && strcmp(word, "auto") == 0) {
        count = sysconf(_SC_NPROCESSORS_ONLN);
    } else if (word != NULL) {
        count = strtol(word, NULL, 10);
    }
    if (count < 1) {
        return 1;
    }
    return count > (long)SETTINGS_MAX_WORKERS ? SETTINGS_MAX_WORKERS : (uint32_t)count;
}

static char *path_of(const char *word, const char *prefix)
{
    return strcmp(word, "stderr") == 0 ? strdup(word) : conf_value_path(word, prefix);
}

static int read_log(struct settings *settings, const struct conf_tree *tree, const char *prefix,
                    const char *override)
{
    const struct conf_node *node = conf_find(conf_tree_root(tree), "error_log", NULL);
    const char *path             = settings_main_word(tree, "error_log");
    settings->log_level          = LOG_NOTICE;
    for (size_t i = 2; node != NULL && i < node->word_count; i++) {
        int level = log_level_parse(node->words[i]);
        if (level >= 0) {
            settings->log_level = level;
        } else {
            settings->log_json = strcmp(node->words[i], "json") == 0;
        }
    }
    settings->log_path = path_of(override != NULL ? override
                                 : path == NULL   ? "stderr"
                                                  : path,
                                 prefix);
    return settings->log_path == NULL ? -1 : 0;
}

static int read_control(struct settings *settings, const struct conf_tree *tree, const char *prefix)
{
    const char *word             = settings_main_word(tree, "control");
    const struct conf_node *node = conf_find(conf_tree_root(tree), "control", NULL);
    settings->control_mode       = 0600;
    if (word == NULL || strcmp(word, "off") == 0) {
        return 0;
    }
    if (strncmp(word, "unix:", 5) != 0) {
        return 0; /* no socket of ours, as the check of the config says */
    }
    settings->control_path = conf_value_path(word + 5, prefix);
    if (node != NULL) {
        const char *mode  = conf_value_option(node->words, node->word_count, "mode");
        const char *group = conf_value_option(node->words, node->word_count, "group");
        if (mode != NULL) {
            settings->control_mode = (uint32_t)strtoul(mode, NULL, 8) & 0777u;
        }
        if (group != NULL) {
            settings->control_group = strdup(group);
        }
    }
    return settings->control_path == NULL ? -1 : 0;
}

/* `most=N within=TIME`, of a checked config. */
static void read_rate(const struct conf_tree *tree, const char *directive, uint32_t *most,
                      clock_ns_t *within)
{
    const struct conf_node *node = conf_find(conf_tree_root(tree), directive, NULL);
    struct hawser_error unused   = HAWSER_ERROR_INIT;
    int64_t within_ms            = 0;
    if (node == NULL) {
        return;
    }
    const char *count = conf_value_option(node->words, node->word_count, "most");
    const char *time  = conf_value_option(node->words, node->word_count, "within");
    *most             = count == NULL ? *most : (uint32_t)strtoul(count, NULL, 10);
    if (time != NULL && conf_value_time(time, &within_ms, &unused) == 0) {
        *within = within_ms * CLOCK_NS_PER_MS;
    }
}

int settings_seccomp(const struct conf_tree *tree)
{
    return main_number(tree, "seccomp") != 0;
}

int settings_read(struct settings *settings, const struct conf_tree *tree, const char *prefix,
                  const char *log_override, struct hawser_error *err)
{
    const char *user = settings_main_word(tree, "user");
    const char *pid  = settings_main_word(tree, "pid");
    *settings        = (struct settings){
               .workers             = count_workers(tree),
               .daemon              = main_number(tree, "daemon") != 0,
               .master_process      = main_number(tree, "master_process") != 0,
               .seccomp             = settings_seccomp(tree),
               .shutdown_timeout_ms = main_number(tree, "shutdown_timeout"),
               .reload_timeout_ms   = settings_reload_timeout_ms(tree),
               .worker_timeout_ms   = main_number(tree, "worker_timeout"),
               .callback_budget_ms  = main_number(tree, "callback_budget"),
               .control_timeout_ms  = main_number(tree, "control_timeout"),
               .control_idle_ms     = main_number(tree, "control_idle"),
               .restarts            = {.most = 5, .within = 10 * CLOCK_NS_PER_S},
               .quarantine          = {.most = 3, .within = 600 * CLOCK_NS_PER_S},
               .pid_path            = conf_value_path(pid == NULL ? "run/hawser.pid" : pid, prefix),
               .user                = user == NULL ? NULL : strdup(user),
    };
    read_rate(tree, "worker_restarts", &settings->restarts.most, &settings->restarts.within);
    read_rate(tree, "quarantine", &settings->quarantine.most, &settings->quarantine.within);
    if (settings->pid_path == NULL || (user != NULL && settings->user == NULL) ||
        read_log(settings, tree, prefix, log_override) != 0 ||
        read_control(settings, tree, prefix) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the settings");
        settings_fini(settings);
        return -1;
    }
    return 0;
}

int64_t settings_reload_timeout_ms(const struct conf_tree *tree)
{
    const struct conf_node *node = conf_find(conf_tree_root(tree), "reload_timeout", NULL);
    struct hawser_error unused   = HAWSER_ERROR_INIT;
    int64_t timeout_ms           = 0;
    return node != NULL && node->word_count == 2 &&
                   conf_value_time(node->words[1], &timeout_ms, &unused) == 0 &&
                   timeout_ms >= MIN_RELOAD_TIMEOUT_MS && timeout_ms <= MAX_RELOAD_TIMEOUT_MS
               ? timeout_ms
               : DEFAULT_RELOAD_TIMEOUT_MS;
}

int64_t settings_busy_poll_ms(const struct conf_tree *tree)
{
    const char *word = settings_main_word(tree, "busy_poll");
    return word != NULL && strcmp(word, "on") == 0 ? -1 : main_number(tree, "busy_poll");
}

struct budget_limits settings_connect_budget(const struct conf_tree *tree)
{
    const struct conf_node *node = conf_find(conf_tree_root(tree), "connect_budget", NULL);
    struct budget_limits limits  = {.rate = 5, .burst = 32, .overlap = 4};
    if (node != NULL) {
        const char *rate  = conf_value_option(node->words, node->word_count, "rate");
        const char *burst = conf_value_option(node->words, node->word_count, "burst");
        limits.rate       = rate == NULL ? limits.rate : (uint32_t)strtoul(rate, NULL, 10);
        limits.burst      = burst == NULL ? limits.burst : (uint32_t)strtoul(burst, NULL, 10);
    }
    limits.overlap = (uint32_t)conf_get_number(conf_tree_root(tree), &conf_core_table, 1,
                                               HAWSER_IN_MAIN, "max_overlap");
    return limits;
}

void settings_fini(struct settings *settings)
{
    free(settings->log_path);
    free(settings->pid_path);
    free(settings->control_path);
    free(settings->control_group);
    free(settings->user);
    *settings = (struct settings){0};
}
