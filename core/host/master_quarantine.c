/*
 * Sessions whose adapter crashes worker after worker: moved to a worker of their own, so that the
 * others are left in peace, and back again. See master.h; suspects.c says who it is.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/log.h"
#include "host/master.h"
#include "host/modules.h"

/** One that is in quarantine: a session, or all that use an adapter. */
struct entry {
    struct list node;
    char module[WATCH_MODULE_SIZE];
    char session[WATCH_NAME_SIZE]; /* "": every one of the adapter's */
    clock_ns_t since;              /* CLOCK_REALTIME */
    int is_known;                  /* which file the module is */
    struct module_identity identity;
};

static struct entry *entry_of(struct list *node)
{
    return LIST_ENTRY(node, struct entry, node);
}

static const char *name_of(const struct entry *entry)
{
    return entry->session[0] == 0 ? entry->module : entry->session;
}

void master_quarantine_init(struct master *master)
{
    list_init(&master->quarantine.entries);
}

static void drop(struct entry *entry)
{
    list_remove(&entry->node);
    free(entry);
}

void master_quarantine_fini(struct master *master)
{
    while (!list_is_empty(&master->quarantine.entries)) {
        drop(entry_of(master->quarantine.entries.next));
    }
    json_decref(master->quarantine.sessions);
    master->quarantine.sessions = NULL;
}

struct shards master_shards(const struct master *master)
{
    return (struct shards){master->settings.workers, master->quarantine.sessions};
}

int master_worker_is_used(const struct master *master, uint32_t index)
{
    return index < master->settings.workers ||
           (index == SHARD_QUARANTINE && master->workers[index].wanted);
}

/* which sessions */

static int covers(const struct entry *entry, const struct conf_node *session)
{
    const struct conf_node *adapter = conf_find(session, "adapter", NULL);
    return session->word_count == 2 && adapter != NULL && adapter->word_count == 2 &&
           strcmp(adapter->words[1], entry->module) == 0 &&
           (entry->session[0] == 0 || strcmp(session->words[1], entry->session) == 0);
}

/* @return given: a member for each session that an entry (NULL: any) covers; NULL: no memory */
static json_t *list_sessions(struct master *master, const struct entry *only)
{
    const struct conf_node *session = NULL;
    json_t *sessions                = json_object();
    while ((session = conf_find(conf_tree_root(master->tree), "session", session)) != NULL) {
        struct list *node;
        list_for_each (node, &master->quarantine.entries) {
            if ((only == NULL || only == entry_of(node)) && covers(entry_of(node), session)) {
                (void)json_object_set_new(sessions, session->words[1],
                                          json_true()); /* short of memory it stays where it is */
            }
        }
    }
    return sessions;
}

static void add_missing(json_t *out, json_t *from, json_t *other)
{
    const char *name;
    json_t *ignored;
    json_object_foreach(from, name, ignored)
    {
        if (json_object_get(other, name) == NULL) {
            (void)json_object_set_new(out, name, json_true()); /* short of memory: not announced */
        }
    }
}

/* Takes over which sessions are in quarantine now. @return given: those that move */
static json_t *update(struct master *master)
{
    json_t *before = master->quarantine.sessions;
    json_t *after  = list_sessions(master, NULL);
    json_t *moved  = json_object();
    if (after == NULL) {
        return moved; /* all stay where they are */
    }
    add_missing(moved, before, after);
    add_missing(moved, after, before);
    master->quarantine.sessions = after;
    json_decref(before);
    return moved;
}

/* moving them */

static void configure(struct master_child *child)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (child->wanted && child->channel != NULL && master_child_configure(child, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-031", "%s does not learn of the quarantine: %s",
                  master_child_name(child), err.message);
    }
}

void master_quarantine_start_worker(struct master *master)
{
    struct master_child *child = &master->workers[SHARD_QUARANTINE];
    if (json_object_size(master->quarantine.sessions) > 0 && !child->wanted) {
        child->inherits = "the session came from another worker";
        master_child_start(child);
    }
}

/* Those that give sessions up hear it first. */
static void move(struct master *master)
{
    master->quarantine.moved = update(master);
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        configure(&master->workers[i]);
    }
    configure(&master->roll.other);
    master_child_hurry(&master->workers[SHARD_QUARANTINE]);
    master_quarantine_start_worker(master);
    json_decref(master->quarantine.moved);
    master->quarantine.moved = NULL;
}

/* into quarantine */

static void put(struct master *master, enum suspects_verdict verdict, const struct watch_call *call)
{
    const struct suspects_limits *limits = &master->settings.quarantine;
    struct entry *entry                  = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        log_write(LOG_ALERT, "HW-HOST-032", "no memory to put %s in quarantine", call->name);
        return;
    }
    entry->since = clock_realtime();
    memcpy(entry->module, call->module, sizeof(entry->module));
    if (verdict == SUSPECTS_SESSION) {
        memcpy(entry->session, call->name, sizeof(entry->session));
    }
    entry->is_known = modules_identify(master->tree, master->options->prefix, call->module,
                                       &entry->identity) == 0;
    list_append(&master->quarantine.entries, &entry->node);
    log_write(LOG_ALERT, "HW-HOST-033",
              "%s \"%s\" goes into quarantine: workers died in it %u times within %lld s; it runs "
              "in a worker of its own until module %s is replaced and the host reloaded, or "
              "`hawserctl release %s`",
              verdict == SUSPECTS_SESSION ? "session" : "every session of adapter", name_of(entry),
              (unsigned)limits->most, (long long)(limits->within / CLOCK_NS_PER_S), entry->module,
              name_of(entry));
}

/* Ended from outside, it may have been in a module's code by chance. */
static int is_to_blame(const struct master_child *child, int status)
{
    static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    if (child->aborted_at != 0 || !WIFSIGNALED(status)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(CRASHES) / sizeof(CRASHES[0]); i++) {
        if (WTERMSIG(status) == CRASHES[i]) {
            return 1;
        }
    }
    return 0;
}

void master_quarantine_judge(struct master_child *child, int status)
{
    struct master *master = child->master;
    struct watch_call call;
    if (child->role != CHILD_WORKER || child->index == SHARD_QUARANTINE || child->watch == NULL ||
        master->stopping || !child->wanted || !is_to_blame(child, status) ||
        !watch_describe_crash(child->watch, &call) || call.kind != HAWSER_ADAPTER) {
        return;
    }
    enum suspects_verdict verdict =
        suspects_note(&master->quarantine.suspects, &master->settings.quarantine, call.module,
                      call.name, clock_monotonic());
    if (verdict != SUSPECTS_NOBODY) {
        put(master, verdict, &call);
        child->intensity = (struct intensity){0}; /* what killed it is gone from there */
        move(master);
    }
}

/* out of it */

static int was_replaced(struct master *master, const struct entry *entry)
{
    struct module_identity now;
    return !entry->is_known ||
           modules_identify(master->tree, master->options->prefix, entry->module, &now) != 0 ||
           !module_identity_equal(&entry->identity, &now);
}

void master_quarantine_reload(struct master *master)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &master->quarantine.entries) {
        struct entry *entry = entry_of(node);
        json_t *sessions    = list_sessions(master, entry);
        int is_empty        = json_object_size(sessions) == 0;
        json_decref(sessions);
        if (is_empty || was_replaced(master, entry)) {
            log_write(LOG_NOTICE, "HW-HOST-034", "\"%s\" leaves quarantine: %s", name_of(entry),
                      is_empty ? "there is no such session any more" : "its module was replaced");
            drop(entry);
        }
    }
    json_decref(master->quarantine.moved);
    master->quarantine.moved = update(master);
}

void master_quarantine_reloaded(struct master *master)
{
    master_quarantine_start_worker(master);
    json_decref(master->quarantine.moved);
    master->quarantine.moved = NULL;
}

int master_quarantine_release(struct master *master, const char *name)
{
    struct list *node, *after;
    int released = 0;
    list_for_each_safe (node, after, &master->quarantine.entries) {
        struct entry *entry = entry_of(node);
        if (strcmp(name_of(entry), name) == 0) {
            log_write(LOG_NOTICE, "HW-HOST-035", "\"%s\" leaves quarantine: a person released it",
                      name);
            drop(entry);
            released = 1;
        }
    }
    if (released) {
        move(master);
    }
    return released ? 0 : -1;
}

void master_quarantine_restore(struct master *master, const json_t *list)
{
    size_t i;
    json_t *about;
    json_array_foreach(list, i, about)
    {
        const char *module = json_string_value(json_object_get(about, "module"));
        const char *name   = json_string_value(json_object_get(about, "name"));
        const char *scope  = json_string_value(json_object_get(about, "scope"));
        struct entry *entry =
            module == NULL || name == NULL || scope == NULL ? NULL : calloc(1, sizeof(*entry));
        if (entry == NULL) {
            continue; /* it is found out again, if it still kills workers */
        }
        (void)snprintf(entry->module, sizeof(entry->module), "%s", module);
        if (strcmp(scope, "session") == 0) {
            (void)snprintf(entry->session, sizeof(entry->session), "%s", name);
        }
        entry->since = (clock_ns_t)json_integer_value(json_object_get(about, "since"));
        entry->is_known =
            modules_identify(master->tree, master->options->prefix, module, &entry->identity) == 0;
        list_append(&master->quarantine.entries, &entry->node);
    }
    json_decref(update(master));
}

json_t *master_quarantine_json(struct master *master)
{
    json_t *list = json_array();
    struct list *node;
    list_for_each (node, &master->quarantine.entries) {
        const struct entry *entry = entry_of(node);
        json_t *names             = json_array();
        json_t *sessions          = list_sessions(master, entry);
        const char *name;
        json_t *ignored;
        json_object_foreach(sessions, name, ignored)
        {
            (void)json_array_append_new(names, json_string(name)); /* short of memory: shorter */
        }
        json_decref(sessions);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", name_of(entry), "scope",
                            entry->session[0] == 0 ? "adapter" : "session", "module", entry->module,
                            "since", (json_int_t)entry->since, "sessions", names));
    }
    return list;
}
