/*
 * Scripts of faults. See script.h.
 */
#include "sim/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "sim/command.h"

#define TIME_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

struct entry {
    struct list node;
    struct sim *sim;
    struct event *timer;
    char *command;
};

struct sim_script {
    struct list entries;
    unsigned count;
};

/* 500ms, 5s, 2m, or seconds; fractions are allowed. @return -1: not a time */
static int64_t parse_time(const char *text, size_t len)
{
    char word[32];
    char *end = NULL;
    if (len == 0 || len >= sizeof(word) || text[0] < '0' || text[0] > '9') {
        return -1;
    }
    memcpy(word, text, len);
    word[len]     = '\0';
    double value  = strtod(word, &end);
    double factor = strcmp(end, "ms") == 0                             ? 1
                    : strcmp(end, "s") == 0 || *end == '\0'            ? 1000
                    : strcmp(end, "m") == 0 || strcmp(end, "min") == 0 ? 60000
                                                                       : 0;
    return factor == 0 || value * factor > (double)TIME_MAX_MS ? -1 : (int64_t)(value * factor);
}

int sim_script_parse(const char *line, struct sim_script_line *out, struct hawser_error *err)
{
    const char *at = line + strspn(line, " \t");
    if (*at == '\0' || *at == '#' || *at == '\r' || *at == '\n') {
        return 0;
    }
    size_t word      = strcspn(at, " \t");
    out->is_repeated = word == 5 && memcmp(at, "every", 5) == 0;
    if (!out->is_repeated && (word != 2 || memcmp(at, "at", 2) != 0)) {
        error_set(err, HAWSER_CONF_SYNTAX, "expected `at TIME COMMAND` or `every TIME COMMAND`");
        return -1;
    }
    at += word;
    at += strspn(at, " \t");
    word          = strcspn(at, " \t");
    out->after_ms = parse_time(at, word);
    if (out->after_ms < 0 || (out->is_repeated && out->after_ms == 0)) {
        error_set(err, HAWSER_CONF_SYNTAX, "%.*s: expected a time such as 500ms, 5s or 2m",
                  (int)(word > 32 ? 32 : word), at);
        return -1;
    }
    at += word;
    out->command = at + strspn(at, " \t");
    return sim_command_check(out->command, err) == 0 ? 1 : -1;
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct entry *entry   = arg;
    struct sim_text reply = {.failed = 0};
    sim_command_run(entry->sim, entry->command, &reply);
    const char *text = sim_text_get(&reply);
    sim_note(entry->sim, "script: %s: %.*s", entry->command, (int)strcspn(text, "\n"), text);
    sim_text_fini(&reply);
}

static int add(struct sim_script *script, struct sim *sim, const struct sim_script_line *line)
{
    const struct timeval when = {line->after_ms / 1000,
                                 (suseconds_t)(line->after_ms % 1000 * 1000)};
    struct entry *entry       = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return -1;
    }
    entry->sim = sim;
    list_append(&script->entries, &entry->node);
    script->count++;
    entry->command = strdup(line->command);
    entry->timer   = event_new(sim->base, -1, line->is_repeated ? EV_PERSIST : 0, on_time, entry);
    return entry->command == NULL || entry->timer == NULL ? -1 : event_add(entry->timer, &when);
}

static int read_lines(struct sim_script *script, struct sim *sim, FILE *file,
                      struct hawser_error *err)
{
    char *text  = NULL;
    size_t size = 0;
    int number  = 0;
    int rc      = 0;
    while (rc == 0 && getline(&text, &size, file) > 0) {
        struct sim_script_line line;
        number++;
        text[strcspn(text, "\r\n")] = '\0';
        int found                   = sim_script_parse(text, &line, err);
        if (found > 0 && (script->count == SIM_SCRIPT_MAX || add(script, sim, &line) != 0)) {
            error_set(err, HAWSER_SYSTEM_LIMIT, "too many lines, or out of memory");
            found = -1;
        }
        if (found < 0) {
            error_prefix(err, "%s:%d", sim->options.script, number);
            rc = -1;
        }
    }
    if (rc == 0 && ferror(file)) { /* a folder opens, too */
        error_set_errno(err, HAWSER_CONF_FILE, errno, "%s", sim->options.script);
        rc = -1;
    }
    free(text);
    return rc;
}

struct sim_script *sim_script_create(struct sim *sim, const char *path, struct hawser_error *err)
{
    struct sim_script *script = calloc(1, sizeof(*script));
    FILE *file                = script == NULL ? NULL : fopen(path, "re");
    if (file == NULL) {
        error_set_errno(err, HAWSER_CONF_FILE, errno, "%s", path);
        free(script);
        return NULL;
    }
    list_init(&script->entries);
    int rc = read_lines(script, sim, file, err);
    (void)fclose(file); /* only read from */
    if (rc != 0) {
        sim_script_destroy(script);
        return NULL;
    }
    return script;
}

void sim_script_destroy(struct sim_script *script)
{
    if (script == NULL) {
        return;
    }
    while (!list_is_empty(&script->entries)) {
        struct entry *entry = LIST_ENTRY(script->entries.next, struct entry, node);
        list_remove(&entry->node);
        if (entry->timer != NULL) {
            event_free(entry->timer);
        }
        free(entry->command);
        free(entry);
    }
    free(script);
}
